"""Units of measure: UCUM text -> factor and offset into a concept's own unit.

The units library (pint with UCUM names from ucumvert) takes about two seconds to load, so it is loaded only for a
pair of units that ``reference/concepts.yaml`` does not list, and each pair is worked out once per process.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

from discharge.reference import load_yaml


class Scale(NamedTuple):
    """``value_in_own_unit = value * times + plus``."""

    times: float
    plus: float


SAME = Scale(1.0, 0.0)
_ANNOTATION = re.compile(r"/?\{[^}]*\}$|\{[^}]*\}")


@cache
def ucum(unit: str) -> str:
    """Return ``unit`` as UCUM, with hospitals' own ways of writing replaced.

    >>> ucum("mmHg"), ucum("°F"), ucum("K/uL"), ucum("mg/dL")
    ('mm[Hg]', '[degF]', '10*3/uL', 'mg/dL')
    """
    aliases: dict[str, str] = load_yaml("concepts.yaml")["unit_aliases"]
    text = " ".join(unit.split())
    return aliases.get(text) or aliases.get(text.lower()) or text


def bare(unit: str) -> str:
    """Return ``unit`` without its annotations, which UCUM gives no meaning.

    >>> bare("mL/min/{1.73_m2}"), bare("{copies}/mL"), bare("ug/mL{FEU}"), bare("{score}")
    ('mL/min', '/mL', 'ug/mL', '')
    """
    return _ANNOTATION.sub("", unit)


@cache
def scale(given: str, wanted: str) -> Scale | None:
    """Return how a value in ``given`` becomes one in ``wanted`` (both UCUM); None if it doesn't.

    >>> scale("/uL", "10*3/uL")
    Scale(times=0.001, plus=0.0)
    >>> scale("kg", "mg/dL") is None
    True
    """
    if given == wanted or bare(given) == bare(wanted):
        return SAME
    return _known().get((bare(given), bare(wanted))) or calculated(bare(given), bare(wanted))


@cache
def _known() -> dict[tuple[str, str], Scale]:
    rows = load_yaml("concepts.yaml")["known_factors"]
    return {(row["from"], row["to"]): Scale(float(row["times"]), float(row.get("plus", 0))) for row in rows}


@cache
def calculated(given: str, wanted: str) -> Scale | None:
    """Return the same as :func:`scale`, always worked out by the units library."""
    if not given or not wanted:
        return None
    parsed = _parse(given), _parse(wanted)
    if parsed[0] is None or parsed[1] is None:
        return None
    registry, errors = _registry()
    try:
        # 0 and 1 of a unit: enough for any scale with an offset (Fahrenheit).
        zero, one = (
            registry.Quantity(number * parsed[0].magnitude, parsed[0].units).to(parsed[1].units).magnitude
            / parsed[1].magnitude
            for number in (0.0, 1.0)
        )
    except errors:
        return None
    return Scale(float(one - zero), float(zero))


@cache
def _registry() -> tuple[Any, tuple[type[Exception], ...]]:
    import pint
    from lark.exceptions import LarkError
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry(), (pint.errors.PintError, LarkError, ZeroDivisionError)


def _parse(unit: str) -> Any:
    registry, errors = _registry()
    try:
        quantity = registry.from_ucum(unit)
    except errors:
        return None
    return quantity if hasattr(quantity, "magnitude") else None
