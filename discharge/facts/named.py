"""Facts given by name, for a quick question or a rule's case: checked against the catalogue, all faults at once."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from discharge import units
from discharge.codes import concepts, convert, undotted
from discharge.errors import FactError, Fault
from discharge.facts.listing import Fact, FactType, catalogue

_BLANK: Mapping[FactType, Any] = {
    "number": np.nan,
    "flag": np.nan,
    "text": None,
    "time": pd.NaT,
    "codes": None,
}


_DIAGNOSES = frozenset(  # written with or without the dot
    {"diagnosis.principal", "diagnosis.admission", "diagnosis.codes", "diagnosis.stay_codes"}
)


class _WrongError(Exception):
    """A value that is not what its fact wants; carries what was wrong and what is expected, never the value."""


def named_values(rows: list[dict[str, object]]) -> dict[str, list[Any]]:
    """Return {fact: values, one per row} of ``rows`` (fact name -> value), checked and typed.

    Raises:
        FactError: every fault; no message repeats a value.
    """
    faults: list[Fault] = []
    columns: dict[str, list[Any]] = {}
    facts = catalogue()
    for number, row in enumerate(rows):
        for name, value in row.items():
            fact = facts.get(name)
            try:
                if fact is None:
                    raise _WrongError("no such fact", nearest_fact(str(name)))
                known = typed_value(fact, value)
            except _WrongError as wrong:
                place = f"row {number + 1}: " if len(rows) > 1 else ""
                faults.append(Fault(f"{place}{name}", *map(str, wrong.args)))
                continue
            column = columns.get(name)
            if column is None:
                column = columns[name] = [_BLANK[fact.type]] * len(rows)
            column[number] = known
    if faults:
        raise FactError(faults)
    return columns


def nearest_fact(name: str) -> str:
    """Return a hint that names the catalogue's nearest fact, or where to see them all."""
    known = list(catalogue())
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    last = name.rpartition(".")[2]
    close = close or [other for other in known if other.rpartition(".")[2] == last][:1]
    return f"did you mean '{close[0]}'?" if close else "`discharge facts` lists all"


def typed_value(fact: Fact, value: object) -> Any:
    """Return ``value`` as the type of ``fact``; NaN, NaT or None for None."""
    return _BLANK[fact.type] if value is None else _READ[fact.type](fact, value)


def _number(fact: Fact, value: object) -> float:
    unit: object = fact.unit
    if isinstance(value, Mapping):
        extra = sorted(set(map(str, value)) - {"value", "unit"})
        if extra or "value" not in value:
            raise _WrongError("not a quantity", 'a number, or {"value": number, "unit": UCUM}')
        quantity: dict[str, object] = dict(value)
        value, unit = quantity["value"], quantity.get("unit", fact.unit)
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise _WrongError("not a number", f"a number in {fact.unit}")
    number = float(value)
    if not np.isfinite(number):
        raise _WrongError("not a number", "leave an unknown fact out, or give null")
    if unit == fact.unit:
        return number
    if not isinstance(unit, str):
        raise _WrongError("the unit is not text", f"a UCUM unit that converts to {fact.unit}")
    converted = _converted(fact, number, unit)
    if converted is None:
        raise _WrongError(f"the unit '{unit}' does not convert", f"a UCUM unit that converts to {fact.unit}")
    return converted


def _converted(fact: Fact, number: float, unit: str) -> float | None:
    concept = fact.source.get("measured", {}).get("concept")
    if concept is not None:
        return convert(number, unit, concepts()[concept])
    scale = units.scale(units.ucum(unit), fact.unit or "")
    return None if scale is None else float(f"{number * scale.times + scale.plus:.10g}")


def _flag(_: Fact, value: object) -> float:
    if isinstance(value, bool):
        return float(value)
    raise _WrongError("not a flag", "true, false, or null where it isn't known")


def _text(fact: Fact, value: object) -> str:
    if isinstance(value, str) and value.strip():
        return undotted(value) if fact.name in _DIAGNOSES else value
    raise _WrongError("not text", "quoted text, or null where it isn't known")


def _time(_: Fact, value: object) -> pd.Timestamp:
    try:
        if isinstance(value, (str, datetime, date)):
            moment = pd.Timestamp(value)
            if not pd.isna(moment):
                return moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC")
    except ValueError:
        pass
    raise _WrongError("not a time", "ISO 8601, such as 2026-02-10T07:00:00Z")


def _codes(fact: Fact, value: object) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)) and all(isinstance(code, str) and code.strip() for code in value):
        return tuple(undotted(code) for code in value) if fact.name in _DIAGNOSES else tuple(value)
    raise _WrongError("not a list of codes", 'a list of texts, such as ["J189"]')


_READ: Mapping[FactType, Callable[[Fact, object], Any]] = {
    "number": _number,
    "flag": _flag,
    "text": _text,
    "time": _time,
    "codes": _codes,
}
