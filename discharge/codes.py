"""Codes and what they mean: observation concepts, coding systems, drugs, routes, destinations and value sets.

The tables are data (``reference/*.yaml``), each with its source. Everything here is a look-up that answers None for
what it does not know, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Literal

from discharge import units
from discharge.drugs import drug_ingredients, drugs_of_class
from discharge.reference import load_tables, load_yaml

__all__ = [
    "Concept",
    "ValueSet",
    "concept_for",
    "concepts",
    "convert",
    "discharge_status",
    "discharge_statuses",
    "disposition",
    "drug_ingredients",
    "route_name",
    "scale_for",
    "system_name",
    "undotted",
    "value_set",
    "value_sets",
]

_SYSTEMS = ("loinc", "snomed")


@dataclass(frozen=True)
class Concept:
    """What is observed. ``unit`` is UCUM; ``low`` and ``high`` bound what can be real, in that unit.

    ``codes`` are (system, code) pairs; ``group`` is vitals, labs, respiratory, neuro, function, social or other.
    """

    name: str
    title: str
    unit: str | None
    kind: Literal["number", "coded"]
    codes: tuple[tuple[str, str], ...]
    low: float | None
    high: float | None
    group: str = "other"
    same_as: tuple[str, ...] = ()
    through: Mapping[str, Any] | None = field(default=None, hash=False)
    decimals: int | None = None

    def is_possible(self, value: float) -> bool:
        """Say whether ``value``, in the concept's unit, lies inside the physically possible range."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


@cache
def concepts() -> Mapping[str, Concept]:
    """Return every concept by name."""
    return {name: _concept(name, row) for name, row in load_yaml("concepts.yaml")["concepts"].items()}


def _concept(name: str, row: Mapping[str, Any]) -> Concept:
    codes = [(system, code) for system in _SYSTEMS for code in row.get(system, ())]
    codes += [(system, code) for system, code in row.get("local", ())]
    low, high = (None if row.get(end) is None else float(row[end]) for end in ("low", "high"))
    return Concept(
        name=name,
        title=row["title"],
        unit=row.get("unit"),
        kind=row.get("kind", "number"),
        codes=tuple(codes),
        low=low,
        high=high,
        group=row["group"],
        same_as=tuple(row.get("same_as", ())),
        through=row.get("through"),
        decimals=row.get("decimals"),
    )


@cache
def _by_code() -> dict[tuple[str, str], Concept]:
    return {code: concept for concept in concepts().values() for code in concept.codes}


@cache
def concept_for(system: str | None, code: str | None) -> Concept | None:
    """Return the concept that (system, code) stands for; ``system`` is a URI or a name of :func:`system_name`.

    >>> concept_for("http://loinc.org", "2708-6").name
    'spo2'
    >>> concept_for("http://example.org/local", "2708-6") is None
    True
    """
    if not system or not code:
        return None
    return _by_code().get((system, code)) or _by_code().get((system_name(system) or system, code))


@cache
def scale_for(unit: str | None, name: str) -> units.Scale | None:
    """Return the scale from ``unit`` into the concept ``name``'s own unit; None if it doesn't convert.

    A value without a unit converts only where the concept has none in nature (a score, INR, pH).
    """
    concept = concepts()[name]
    if concept.unit is None:
        return None
    own = units.bare(concept.unit)
    if own in ("", "[pH]"):
        plain = (
            unit is None or units.bare(units.ucum(unit)) in ("", "1", "[pH]") or unit.lower() in ("ph", "inr")
        )
        return units.SAME if plain else None
    if unit is None or not unit.strip():
        return None
    given = units.ucum(unit)
    if given in concept.same_as or units.bare(given) in concept.same_as:
        return units.SAME
    if concept.through is not None and units.bare(given) == units.bare(concept.through["unit"]):
        return _through(given, concept)  # of another dimension: no need to load the units library to say so
    return units.scale(given, concept.unit) or _through(given, concept)


def _through(given: str, concept: Concept) -> units.Scale | None:
    """Cross from one dimension to another by the concept's own factor (mmol/L of glucose to mg/dL)."""
    if concept.through is None:
        return None
    first = units.scale(given, concept.through["unit"])
    if first is None:
        return None
    times = concept.through.get("times")
    factor = float(times) if times is not None else 1 / float(concept.through["divide"])
    return units.Scale(first.times * factor, first.plus * factor)


def convert(value: float, unit: str | None, concept: Concept) -> float | None:
    """Return ``value`` of ``unit`` in the concept's own unit; None if the unit doesn't convert.

    Ten significant digits are kept, so that 7 mmol/L of urea is 19.6 and not 19.599999999999998 mg/dL.
    Temperatures from Fahrenheit are kept to one decimal (clinical.md 7).

    >>> convert(100.4, "[degF]", concepts()["temperature"])
    38.0
    >>> convert(7.0, "mmol/L", concepts()["bun"])
    19.6
    >>> convert(13814.0, "/uL", concepts()["wbc"])
    13.814
    >>> convert(97.0, "mg/dL", concepts()["spo2"]) is None
    True
    """
    found = scale_for(unit, concept.name)
    if found is None:
        return None
    if found == units.SAME:
        return value
    result = float(f"{value * found.times + found.plus:.10g}")
    return round(result, concept.decimals) if concept.decimals is not None else result


@cache
def system_name(uri: str | None) -> str | None:
    """Return the short name of a coding system.

    >>> system_name("http://loinc.org"), system_name("http://hl7.org/fhir/sid/icd-10-cm")
    ('loinc', 'icd-10-cm')
    >>> system_name("http://mimic.mit.edu/fhir/mimic/CodeSystem/mimic-diagnosis-icd9")
    'icd-9-cm'
    >>> system_name("http://example.org/CodeSystem/local-drugs"), system_name(None) is None
    ('local-drugs', True)
    """
    if uri is None or not uri.strip():
        return None
    text = uri.strip().removeprefix("urn:oid:").rstrip("/")
    known: dict[str, str] = load_yaml("systems.yaml")["systems"]
    last = re.split(r"[/:|#]", text)[-1]
    return known.get(text) or known.get(text.lower()) or known.get(last.lower()) or last


def undotted(code: str) -> str:
    """Return an ICD code in upper case without its dot.

    >>> undotted(" j44.1 ")
    'J441'
    """
    return code.replace(".", "").strip().upper()


@cache
def route_name(text_or_code: str | None) -> str | None:
    """Return iv, oral, sc, im, inhaled, topical, rectal, enteral or other; None where nothing is said.

    >>> route_name("47625008"), route_name("PO/NG"), route_name("Intravenous"), route_name("IV DRIP")
    ('iv', 'oral', 'iv', 'iv')
    """
    return _word(text_or_code, _lookup("routes.yaml", "routes"), "other")


@cache
def disposition(text_or_code: str | None) -> str | None:
    """Return where a patient went: home, home_health, snf, irf, ltch, hospice, psych, acute_transfer, ama, expired
    or other; None where nothing is said or the chart says that it isn't known.

    >>> disposition("SKILLED NURSING FACILITY"), disposition("06"), disposition("exp"), disposition(None)
    ('snf', 'home_health', 'expired', None)
    """
    return _word(text_or_code, _lookup("dispositions.yaml", "dispositions"), "other")


@cache
def discharge_status(text_or_code: str | None) -> str | None:
    """Return the patient discharge status code that was charted, or that a word says more plainly than the place.

    >>> discharge_status("61"), discharge_status("3"), discharge_status("Swing bed"), discharge_status("snf")
    ('61', '03', '61', None)
    """
    plain = _plain(text_or_code) if isinstance(text_or_code, str) else ""
    code = plain.zfill(2)
    if plain and code in discharge_statuses():
        return code
    return _lookup("dispositions.yaml", "statuses").get(plain)


@cache
def discharge_statuses() -> tuple[str, ...]:
    """Return the patient discharge status codes (NUBC) of somebody who has left, two digits each."""
    places = _lookup("dispositions.yaml", "dispositions")
    return tuple(
        sorted(word for word, place in places.items() if word.isdigit() and len(word) == 2 and place)
    )


@cache
def _lookup(table: str, key: str) -> dict[str, str | None]:
    """Return {word: canonical name}; words under ``unknown`` mean that nothing was said."""
    rows: dict[str, list[str]] = load_yaml(table)[key]
    return {
        _plain(word): None if name == "unknown" else name for name, words in rows.items() for word in words
    }


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^0-9a-z]+", " ", text.lower()).split())


def _word(text: str | None, table: Mapping[str, str | None], otherwise: str) -> str | None:
    plain = _plain(text) if isinstance(text, str) else ""
    if not plain:
        return None
    return table.get(plain, otherwise)


_REMEMBERED = 2000  # codes of one value set


@dataclass(frozen=True)
class ValueSet:
    """A named set of codes: ICD prefixes (undotted, matched from the start), or exact drug names."""

    name: str
    title: str
    system: str
    codes: tuple[str, ...]
    cite: str
    exclude: tuple[str, ...] = ()

    @cached_property
    def _exact(self) -> frozenset[str]:
        return frozenset(self.codes)

    @cached_property
    def _lengths(self) -> tuple[int, ...]:
        return tuple(sorted({len(code) for code in self.codes}))

    def matches(self, code: str) -> bool:
        """Say whether ``code`` is in the set.

        A code whose seventh character says sequela (S) or a later encounter (D, and for fractures others) is not,
        unless the set says otherwise with ``exclude``.
        """
        known = self._seen.get(code)
        if known is None:
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            known = self._seen[code] = self._holds(code)
        return known

    @cached_property
    def _seen(self) -> dict[str, bool]:
        return {}

    def _holds(self, code: str) -> bool:
        if self.system == "drug":
            return code.lower() in self._exact
        plain = undotted(code)
        if not any(plain[:length] in self._exact for length in self._lengths):
            return False
        return not (len(plain) == 7 and plain[6] in self.exclude)


@cache
def value_sets() -> Mapping[str, ValueSet]:
    """Return every value set by name."""
    table = load_tables("value_sets")
    return {name: _value_set(name, row, table) for name, row in table["value_sets"].items()}


def _value_set(name: str, row: Mapping[str, Any], table: Mapping[str, Any]) -> ValueSet:
    codes = list(row.get("codes", ()))
    for drug_class in row.get("classes", ()):
        codes += drugs_of_class(drug_class)
    return ValueSet(
        name=name,
        title=row["title"],
        system=row.get("system", "icd-10-cm"),
        codes=tuple(sorted(set(codes))),
        cite=row.get("cite", table["cite"]),
        exclude=tuple(row.get("exclude", table["exclude"])),
    )


def value_set(name: str) -> ValueSet:
    """Return the value set ``name``.

    Raises:
        KeyError: no such set; :func:`value_sets` has the names.
    """
    return value_sets()[name]
