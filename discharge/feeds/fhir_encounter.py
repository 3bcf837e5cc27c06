"""Encounter -> encounters, segments (classHistory and locations) and uses (Encounter.diagnosis)."""

from __future__ import annotations

from typing import Any

from discharge.feeds.lists import class_code, is_intensive_name, words
from discharge.feeds.record import Json, Record, code_of, coded, codings, first, words_of
from discharge.feeds.rejects import RecordFault

_PLACE_NOT_TAKEN = ("planned", "reserved")


def encounter(record: Record) -> None:
    """Read an Encounter; without period.start it can't be placed in time and is rejected."""
    get = record.resource.get
    start, end = record.span(get("period"), "period")
    if start is None:
        if get("status") in words("not_happened"):
            record.sink.skip("Encounter not held")
            return
        raise RecordFault("encounter_without_period", "Encounter.period.start")
    if get("subject") is None:
        raise RecordFault("missing_required_value", "Encounter.subject")
    code, _, text = _reason(get("reasonCode"))
    history = _class_history(record)
    record.add(
        "encounters",
        patient_ref=record.ref("subject", "Patient"),
        encounter_ref=record.key,
        part_of_ref=record.ref("partOf", "Encounter"),
        **_who_and_where(record),
        identifier=next((i["value"] for i in get("identifier") or () if i.get("value")), None),
        class_code=class_code(_class(get("class"))),
        status=get("status"),
        start=start,
        end=end,
        priority=code_of(get("priority")),
        service=words_of(get("serviceType")),
        reason_code=code,
        reason_text=text,
        observation_start_at=min(
            (at for kind, at in history if kind == "OBSENC" and at is not None), default=None
        ),
        known_at=start,
    )
    _locations(record)
    _uses(record)


def _who_and_where(record: Record) -> Json:
    get = record.resource.get
    hospital = get("hospitalization") or {}
    attending = _attending(get("participant")).get("individual")
    return {
        "attending_ref": record.reference(attending, "Practitioner"),
        "attending": (attending or {}).get("display"),
        "facility_ref": record.ref("serviceProvider", "Organization"),
        "facility": (get("serviceProvider") or {}).get("display"),
        "admit_source": code_of(hospital.get("admitSource")),
        "discharge_disposition": code_of(hospital.get("dischargeDisposition")),
    }


def _class(value: Any) -> str | None:
    """Return the class code: a Coding in R4, a CodeableConcept in exports of newer versions."""
    value = first(value)
    if not isinstance(value, dict):
        return value if isinstance(value, str) else None
    return value.get("code") or code_of(value)


def _reason(reasons: Any) -> tuple[str | None, str | None, str | None]:
    entries = [entry for entry in reasons or () if isinstance(entry, dict)]
    chosen = next((entry for entry in entries if codings(entry)), entries[0] if entries else None)
    return coded(chosen, ("icd-10-cm", "icd-9-cm", "snomed"))


def _attending(participants: Any) -> Json:
    entries = [entry for entry in participants or () if isinstance(entry, dict)]
    for entry in entries:
        if any(c.get("code") == "ATND" for kind in entry.get("type") or () for c in codings(kind)):
            return entry
    return {}


def _class_history(record: Record) -> list[tuple[str | None, int | None]]:
    found = []
    for number, entry in enumerate(record.resource.get("classHistory") or ()):
        if not isinstance(entry, dict):
            continue
        start, end = record.span(entry.get("period"), f"classHistory[{number}].period")
        code = class_code(_class(entry.get("class")))
        display = (entry.get("class") or {}).get("display")
        found.append((code, start))
        if start is not None:
            record.add(
                "segments",
                part=number,
                encounter_ref=record.key,
                class_code=code,
                is_intensive_care=is_intensive_name(display) if display else None,
                start=start,
                end=end,
                known_at=start,
            )
    return found


def _locations(record: Record) -> None:
    for number, entry in enumerate(record.resource.get("location") or ()):
        if not isinstance(entry, dict) or entry.get("status") in _PLACE_NOT_TAKEN:
            continue
        where = f"location[{number}].period"
        try:
            start, end = record.span(entry.get("period"), where)
        except RecordFault as fault:
            record.part_fault(fault)
            continue
        record.add(
            "segments",
            part=1000 + number,
            encounter_ref=record.key,
            location_ref=record.reference(entry.get("location"), "Location"),
            physical=code_of(entry.get("physicalType")),
            unit=(entry.get("location") or {}).get("display"),
            place_status=entry.get("status"),
            start=start,
            end=end,
            known_at=start,
        )


def _uses(record: Record) -> None:
    for entry in record.resource.get("diagnosis") or ():
        if isinstance(entry, dict):
            use = first([c.get("code") for c in codings(entry.get("use"))])
            ref = record.reference(entry.get("condition"), "Condition")
            record.add("uses", condition_ref=ref, use=use, rank=entry.get("rank"))
