"""A made feed of four stays and a clinic visit, as tables and as FHIR, for tests that go through whole runs.

``s1`` pneumonia under Original Medicare, in the house since Saturday; ``s2`` in the house for some hours, hardly
charted; ``s3`` discharged, no coverage; ``s4`` admitted after the moment of the tests. ``v1`` is a clinic visit.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

AS_OF = "2026-06-15T07:00"
ZONE = "America/New_York"

Rows = list[dict[str, Any]]

_PEOPLE = [
    ("p1", "Rossi", "Anna", "female", "1948-02-03"),
    ("p2", "Okafor", "Ben", "male", "1961-07-30"),
    ("p3", "Silva", "Carla", "female", "1972-11-12"),
    ("p4", "Novak", "Dan", "male", "1990-01-01"),
]
_STAYS = [
    ("s1", "p1", "IMP", "2026-06-13T14:10:00-04:00", "", "4 West", "12"),
    ("s2", "p2", "IMP", "2026-06-15T01:30:00-04:00", "", "2 East", "03"),
    ("s3", "p3", "IMP", "2026-06-10T09:00:00-04:00", "2026-06-13T11:00:00-04:00", "4 West", "07"),
    ("s4", "p4", "IMP", "2026-06-16T09:00:00-04:00", "", "4 West", "02"),
    ("v1", "p1", "AMB", "2026-05-02T10:00:00-04:00", "2026-05-02T10:30:00-04:00", "", ""),
]
_VITALS = [
    # encounter, LOINC, UCUM, value, at
    ("s1", "59408-5", "%", 86, "2026-06-13T14:32:00-04:00"),
    ("s1", "9279-1", "/min", 31, "2026-06-13T14:32:00-04:00"),
    ("s1", "8867-4", "/min", 112, "2026-06-13T14:32:00-04:00"),
    ("s1", "8480-6", "mm[Hg]", 104, "2026-06-13T14:32:00-04:00"),
    ("s1", "8310-5", "Cel", 38.6, "2026-06-13T14:32:00-04:00"),
    ("s1", "59408-5", "%", 93, "2026-06-15T05:00:00-04:00"),
    ("s1", "9279-1", "/min", 22, "2026-06-15T05:00:00-04:00"),
    ("s1", "8867-4", "/min", 88, "2026-06-15T05:00:00-04:00"),
    ("s1", "8480-6", "mm[Hg]", 118, "2026-06-15T05:00:00-04:00"),
    ("s1", "8310-5", "Cel", 37.4, "2026-06-15T05:00:00-04:00"),
    ("s3", "8867-4", "/min", 76, "2026-06-13T08:00:00-04:00"),
]


def tables() -> dict[str, Rows]:
    """The feed as chart tables."""
    patients = [
        {
            "patient_id": one,
            "mrn": f"MRN-{one}",
            "family": family,
            "given": given,
            "sex": sex,
            "birth_date": born,
        }
        for one, family, given, sex, born in _PEOPLE
    ]
    encounters = [
        {"encounter_id": one, "patient_id": patient, "class_code": kind, "status": "in-progress", "start": start,
         "end": end, "unit": unit, "bed": bed, "priority": "EM",
         "inpatient_order_at": start if one in ("s1", "s3") else "",
         "expected_discharge_at": "2026-06-17T12:00:00-04:00" if one == "s1" else "",
         "discharge_disposition": "home" if one == "s3" else ""}
        for one, patient, kind, start, end, unit, bed in _STAYS
    ]  # fmt: skip
    observations = [
        {"encounter_id": stay, "code": code, "system": "loinc", "value": value, "unit": unit, "effective_at": at,
         "status": "final"}
        for stay, code, unit, value, at in _VITALS
    ]  # fmt: skip
    return {
        "patients": patients,
        "encounters": encounters,
        "coverages": [
            {"patient_id": "p1", "payer_id": "CMS-MEDICARE", "member_id": "1EG4TE5MK73", "priority": 1,
             "status": "active"},
            {"patient_id": "p2", "payer_id": "NOBODY-KNOWS", "member_id": "X1", "priority": 1, "status": "active"},
        ],
        "diagnoses": [
            {"encounter_id": "s1", "code": "J18.9", "system": "icd-10-cm", "display": "Pneumonia, unspecified organism",
             "role": "principal", "recorded_at": "2026-06-13T16:00:00-04:00"},
            {"encounter_id": "s3", "code": "M10.9", "system": "icd-10-cm", "display": "Gout, unspecified",
             "role": "principal", "recorded_at": "2026-06-10T16:00:00-04:00"},
        ],
        "observations": observations,
        "medications": [
            {"encounter_id": "s1", "kind": "administration", "name": "ceftriaxone 1 g", "route": "iv",
             "status": "completed", "start": at}
            for at in ("2026-06-13T15:00:00-04:00", "2026-06-14T15:00:00-04:00")
        ],
    }  # fmt: skip


def write_tables(folder: Path, shuffled: bool = False) -> Path:
    """Write the feed as CSV files, one a table; ``shuffled`` turns the order of rows round."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in tables().items():
        with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
            names = list(dict.fromkeys(name for row in rows for name in row))
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(reversed(rows) if shuffled else rows)
    return folder


def fhir() -> Rows:
    """The feed as FHIR R4 resources."""
    loinc, icd = "http://loinc.org", "http://hl7.org/fhir/sid/icd-10-cm"
    act = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    found: Rows = []
    for one, family, given, sex, born in _PEOPLE:
        found.append(
            {"resourceType": "Patient", "id": one, "gender": sex, "birthDate": born,
             "name": [{"family": family, "given": [given]}],
             "identifier": [{"type": {"coding": [{"code": "MR"}]}, "value": f"MRN-{one}"}]}
        )  # fmt: skip
    for one, patient, kind, start, end, _unit, _bed in _STAYS:
        period = {"start": start, **({"end": end} if end else {})}
        found.append(
            {"resourceType": "Encounter", "id": one, "status": "finished" if end else "in-progress",
             "class": {"system": act, "code": kind}, "subject": {"reference": f"Patient/{patient}"}, "period": period}
        )  # fmt: skip
    for place, (stay, code, unit, value, at) in enumerate(_VITALS):
        patient = next(row[1] for row in _STAYS if row[0] == stay)
        found.append(
            {"resourceType": "Observation", "id": f"o{place}", "status": "final",
             "code": {"coding": [{"system": loinc, "code": code}]}, "subject": {"reference": f"Patient/{patient}"},
             "encounter": {"reference": f"Encounter/{stay}"}, "effectiveDateTime": at,
             "valueQuantity": {"value": value, "unit": unit, "code": unit, "system": "http://unitsofmeasure.org"}}
        )  # fmt: skip
    found.append(
        {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"},
         "encounter": {"reference": "Encounter/s1"}, "code": {"coding": [{"system": icd, "code": "J18.9"}]},
         "recordedDate": "2026-06-13T16:00:00-04:00"}
    )  # fmt: skip
    return found


def write_fhir(folder: Path, shuffled: bool = False, lines: list[str] | None = None) -> Path:
    """Write the feed as one NDJSON file; ``lines`` are added as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    written = [json.dumps(row) for row in (reversed(fhir()) if shuffled else fhir())]
    (folder / "feed.ndjson").write_text("\n".join([*written, *(lines or [])]) + "\n", encoding="utf-8")
    return folder
