"""The value of an observation: any value[x] -> number in the concept's unit, or words; with every check."""

from __future__ import annotations

import math
import re
from typing import Any

from discharge.codes import Concept, concept_for, convert, system_name
from discharge.feeds.record import Json, codings, quantity, words_of
from discharge.feeds.rejects import RecordFault

_NUMBER = re.compile(r"([<>]=?)?\s*([+-]?\d+(?:\.\d+)?)")


def pick_code(concept: Any) -> tuple[Concept | None, str | None, str | None]:
    """Return (concept, code, system name): the coding that is in the concept table, else LOINC, else the first."""
    found = codings(concept)
    for coding in found:
        known = concept_for(coding.get("system"), coding.get("code"))
        if known:
            return known, coding["code"], system_name(coding.get("system"))
    names = [(c.get("code"), system_name(c.get("system"))) for c in found]
    code, system = next(
        (entry for entry in names if entry[1] == "loinc"), names[0] if names else (None, None)
    )
    return None, code or (concept.get("text") if isinstance(concept, dict) else None), system


def read_value(holder: Json, concept: Concept | None, field: str) -> Json | None:
    """Return value, unit and value_text of an Observation or component, or None where it has no value.

    Quantity keeps its comparator as text beside the bound. Ratio is divided. Range and Period become words.
    SampledData and Attachment have no single value and count as none.

    Raises:
        RecordFault: no unit, a unit that does not convert, out of range, words where a number is expected.
    """
    if (found := holder.get("valueQuantity")) is not None:
        return _quantity(found, concept, f"{field}.valueQuantity")
    if (found := holder.get("valueInteger")) is not None:
        return checked(float(found), None, concept, f"{field}.valueInteger")
    if (found := holder.get("valueCodeableConcept")) is not None:
        return written(words_of(found), concept, f"{field}.valueCodeableConcept")
    if (found := holder.get("valueString")) is not None:
        return written(str(found), concept, f"{field}.valueString")
    if (found := holder.get("valueBoolean")) is not None:
        return {"value": float(found), "value_text": "true" if found else "false"}
    if (found := holder.get("valueRatio")) is not None:
        return _ratio(found, concept, f"{field}.valueRatio")
    return _rare(holder, concept, field)


def _quantity(found: Any, concept: Concept | None, field: str) -> Json | None:
    """Read a Quantity. FHIR wants a number in it, but feeds write text there: ``"7.2"``, or ``"pending"``."""
    number, unit = quantity(found)
    if number is not None:
        return checked(number, unit, concept, field, found.get("comparator"))
    said = found.get("value")
    return None if said is None else written(str(said), concept, field, unit)


def _rare(holder: Json, concept: Concept | None, field: str) -> Json | None:
    for name in ("valueDateTime", "valueTime"):
        if holder.get(name) is not None:
            return written(str(holder[name]), concept, f"{field}.{name}")
    if (found := holder.get("valueRange")) is not None:
        (low, unit), (high, other) = quantity(found.get("low")), quantity(found.get("high"))
        text = f"{'' if low is None else f'{low:g}'} to {'' if high is None else f'{high:g}'} {unit or other or ''}"
        return written(text.strip(), concept, f"{field}.valueRange")
    if (found := holder.get("valuePeriod")) is not None:
        return written(f"{found.get('start', '')} to {found.get('end', '')}", concept, f"{field}.valuePeriod")
    return None


def _ratio(found: Json, concept: Concept | None, field: str) -> Json | None:
    (top, unit), (bottom, per) = quantity(found.get("numerator")), quantity(found.get("denominator"))
    if top is None or not bottom:
        return None
    both = "1" if unit == per else f"{unit or '1'}/{per}" if per and per != "1" else unit
    if concept is None:
        return {"value": top / bottom, "unit": both, "value_text": f"{top:g}:{bottom:g}"}
    return checked(top / bottom, both if unit or per else None, concept, field)


def checked(
    number: float, unit: str | None, concept: Concept | None, field: str, comparator: str | None = None
) -> Json:
    """Return the number in the concept's unit; without a concept, as it is."""
    if not math.isfinite(number):
        raise RecordFault("value_not_numeric", field)
    if concept is None or concept.kind != "number":
        return {"value": number, "unit": unit, "value_text": comparator}
    value = convert(number, unit, concept)
    if value is None:
        code = "observation_without_unit" if not unit else "unit_not_convertible"
        raise RecordFault(code, field, f"{concept.name} is measured in {concept.unit}")
    if not concept.is_possible(value):
        low, high = ("any" if end is None else f"{end:g}" for end in (concept.low, concept.high))
        raise RecordFault("implausible_value", field, f"{concept.name} from {low} to {high} {concept.unit}")
    return {"value": value, "unit": concept.unit, "value_text": comparator}


def written(text: str | None, concept: Concept | None, field: str, unit: str | None = None) -> Json | None:
    """Return words; for a measured concept the number that they hold.

    A number is never read from a sentence: the whole text must be one, such as ``7.2`` or ``<0.01``.
    """
    if text is None or not text.strip():
        return None
    if concept is None or concept.kind != "number":
        return {"value_text": text.strip()}
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        raise RecordFault("value_not_numeric", field, f"{concept.name} is measured in {concept.unit}")
    return checked(float(match[2]), unit, concept, field, match[1])
