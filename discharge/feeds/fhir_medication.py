"""MedicationAdministration and MedicationRequest -> medications."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from discharge.codes import route_name
from discharge.feeds.lists import table
from discharge.feeds.record import Json, Record, code_of, coded, first, quantity, words_of

_HOURS = re.compile(r"\bQ\s?(\d{1,2})(?:\s?-\s?\d+)?\s?H")
_WORD = re.compile(r"[A-Z]+")
_CONTINUOUS = re.compile(r"\bcontinuous\b|\bdrip\b|\btitrat", re.IGNORECASE)
_INFUSION = re.compile(r"\binfusion\b", re.IGNORECASE)
_PER_DAY = {"s": 86400.0, "min": 1440.0, "h": 24.0, "d": 1.0, "wk": 1 / 7, "mo": 1 / 30, "a": 1 / 365}


def administration(record: Record) -> None:
    """MedicationAdministration -> medications of kind administration, known when given."""
    get = record.resource.get
    start, end = record.happened("effective")
    dosage = get("dosage") or {}
    dose, unit = quantity(dosage.get("dose"))
    rate = dosage.get("rateQuantity") or (first(dosage.get("doseAndRate")) or {}).get("rateQuantity")
    record.add(
        "medications",
        kind="administration",
        **_drug(record),
        patient_ref=record.ref("subject", "Patient"),
        encounter_ref=record.ref("context", "Encounter"),
        request_ref=record.ref("request", "MedicationRequest"),
        route=_route(dosage.get("route")) or _method_route(dosage.get("method"), get("category")),
        dose=dose,
        dose_unit=unit,
        rate_text=dosage.get("text") or _rate(rate),
        is_continuous=_is_continuous(dosage, words_of(dosage.get("method"))),
        category=code_of(first(get("category"))),
        status=get("status"),
        start=start,
        end=end,
        known_at=start,
    )


def request(record: Record) -> None:
    """MedicationRequest -> medications of kind request, known when written."""
    get = record.resource.get
    if get("doNotPerform"):
        record.sink.skip("MedicationRequest not to perform")
        return
    authored = record.time(get("authoredOn"), "authoredOn")
    dosage = first(get("dosageInstruction")) or {}
    amount = first(dosage.get("doseAndRate")) or {}
    dose, unit = quantity(amount.get("doseQuantity"))
    start, end = _ordered_span(record, dosage)
    timing = words_of((dosage.get("timing") or {}).get("code"))
    record.add(
        "medications",
        kind="request",
        **_drug(record),
        patient_ref=record.ref("subject", "Patient"),
        encounter_ref=record.ref("encounter", "Encounter"),
        route=_route(dosage.get("route")),
        dose=dose,
        dose_unit=unit,
        rate_text=dosage.get("text") or timing or _rate(amount.get("rateQuantity")),
        is_continuous=_is_continuous(dosage, timing),
        times_per_day=_times_per_day(dosage, timing),
        category=code_of(first(get("category"))),
        status=get("status"),
        start=start if start is not None else authored,
        end=end,
        known_at=authored,
    )


def _drug(record: Record) -> Json:
    get = record.resource.get
    code, system, text = coded(get("medicationCodeableConcept"), ("rxnorm", "ndc"))
    ref = record.ref("medicationReference", "Medication")
    shown = (get("medicationReference") or {}).get("display")
    return {"code": code, "system": system, "name": text or shown, "medication_ref": ref}


def _route(concept: Any) -> str | None:
    code, _, text = coded(concept)
    found = route_name(code)
    return found if found and found != "other" else route_name(text) or found


def _method_route(method: Any, category: Any) -> str | None:
    """Return the route in an ICU flowsheet's method (``Continuous IV``) or category (``Oral/Gastric Intake``).

    Only a route that is named counts; anything else would be a guess.
    """
    for text in (words_of(method), words_of(first(category))):
        found = re.search(
            r"\b(IV|PO|oral|intravenous|enteral|tube|subcut\w*|inhal\w*)\b", text or "", re.IGNORECASE
        )
        route = route_name(found[0]) if found else None
        if route and route != "other":
            return route
    return None


def _rate(rate: Any) -> str | None:
    number, unit = quantity(rate)
    return None if number is None else f"{number:g} {unit or ''}".strip()


def _is_continuous(dosage: Json, words: str | None) -> bool | None:
    """True where the record says so, False where it gives a duration or a number of times, else unknown."""
    texts = [text for text in (dosage.get("text"), words) if text]
    if any(_CONTINUOUS.search(text) for text in texts):
        return True
    repeat = (dosage.get("timing") or {}).get("repeat") or {}
    if repeat.get("duration") or repeat.get("frequency"):
        return False
    return True if any(_INFUSION.search(text) for text in texts) else None


def _ordered_span(record: Record, dosage: Json) -> tuple[int | None, int | None]:
    validity = (record.resource.get("dispenseRequest") or {}).get("validityPeriod") or {}
    bounds = ((dosage.get("timing") or {}).get("repeat") or {}).get("boundsPeriod") or validity
    start = record.soft_time(bounds.get("start"), "timing.start", bounded=True)
    return start, record.soft_time(bounds.get("end"), "timing.end")


def _times_per_day(dosage: Json, words: str | None) -> float | None:
    repeat = (dosage.get("timing") or {}).get("repeat") or {}
    frequency, period, unit = repeat.get("frequency"), repeat.get("period"), repeat.get("periodUnit")
    if frequency and period and unit in _PER_DAY:
        return float(frequency) / float(period) * _PER_DAY[unit]
    return frequency_of(words) or frequency_of(dosage.get("text"))


@lru_cache(maxsize=10_000)
def frequency_of(text: str | None) -> float | None:
    """Return how often a day the words of a prescription mean.

    >>> frequency_of("4.5g IV Q6H"), frequency_of("10mg PO BID"), frequency_of("as directed") is None
    (4.0, 2.0, True)
    """
    if not text:
        return None
    upper = text.upper()
    hours = _HOURS.search(upper)
    if hours and int(hours[1]):
        return 24 / int(hours[1])
    known = table("times_per_day")
    return next((float(known[word]) for word in _WORD.findall(upper) if word in known), None)
