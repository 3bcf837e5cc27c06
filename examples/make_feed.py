"""Make the example feed: patients in the house at 7 in the morning of 15 June 2026.

    python examples/make_feed.py CLINOSIM_FOLDER [--out examples/feed]

CLINOSIM_FOLDER holds the FHIR R4 NDJSON of one simulated hospital year (`clinosim simulate`, PyPI
package clinosim 0.6.5, seed 20260101, MIT). Clinical content is left as the simulator wrote it.
What this script changes:

- each patient's last stay of a day or more is moved in time by whole days, so that it is under way
  at the review time; every other date of that patient moves with it, the date of birth too, and
  coverage periods become the calendar year;
- what would only be known later is cut off: later rows, end, disposition, length, discharge
  diagnosis and orders;
- times are written in the hospital's own zone;
- the simulated hospital has 48 beds, so unit and bed are given anew over eight units;
- every third member of the employer plan is given to a fictional HMO, so that all seven payer profiles occur.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

Resource = dict[str, Any]

ZONE = ZoneInfo("America/New_York")
REVIEW = datetime(2026, 6, 15, 7, 0, tzinfo=ZONE)
HISTORY_DAYS = 400
BY_ENCOUNTER = ("Condition", "MedicationAdministration", "MedicationRequest", "Observation", "Procedure")
MEASURED = ("Observation", "MedicationAdministration")
WHOLE = ("Organization", "Practitioner")
UNITS = {
    "Cardiology": ("5 East Cardiac", "5 West Telemetry"),
    "General Surgery": ("3 East Surgical",),
    "Orthopedic Surgery": ("3 East Surgical",),
    "Primary Care": ("2 East Mother-Baby",),
    "Internal Medicine": ("4 East Medical", "4 West Medical", "3 West Medical", "5 West Telemetry"),
    "Gastroenterology": ("4 East Medical", "3 West Medical"),
}
INTENSIVE_CARE = "Intensive Care Unit"
EMPLOYER, HMO = "payer-US-EMPLGRP", "payer-EXAMPLE-HMO"
_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d")
_DAY = re.compile(r"^\d{4}-\d\d-\d\d$")


def main() -> None:
    """Read the simulated year, write the feed."""
    raw = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    options.add_argument("source", type=Path)
    options.add_argument("--out", type=Path, default=Path(__file__).parent / "feed")
    given = options.parse_args()
    year = {path.name.split(".")[0]: list(_read(path)) for path in sorted(given.source.glob("*.ndjson.gz"))}
    feed = example(year)
    shutil.rmtree(given.out, ignore_errors=True)
    given.out.mkdir(parents=True)
    for name, resources in sorted(feed.items()):
        _write(given.out / f"{name}.ndjson.gz", resources)
    shutil.copyfile(given.source / "LICENSE", given.out / "LICENSE")
    size = sum(path.stat().st_size for path in given.out.iterdir()) / 1e6
    resources_made = sum(map(len, feed.values()))
    print(f"{len(feed['Patient'])} patients in the house, {resources_made} resources, {size:.1f} MB")


def example(year: dict[str, list[Resource]]) -> dict[str, list[Resource]]:
    """Return the feed's resources by type."""
    moves = {stay["subject"]["reference"]: _move(stay) for stay in _current_stays(year["Encounter"])}
    current = {stay["id"] for stay in _current_stays(year["Encounter"])}
    feed: dict[str, list[Resource]] = {name: year[name] for name in WHOLE}
    feed["Organization"] = [*year["Organization"], _hmo()]
    feed["Patient"] = [
        _shifted(patient, moves[f"Patient/{patient['id']}"])
        for patient in year["Patient"]
        if f"Patient/{patient['id']}" in moves
    ]
    encounters = _encounters(year["Encounter"], moves, current)
    feed["Location"] = _place(encounters, current)
    feed["Encounter"] = encounters
    recent = {encounter["id"] for encounter in encounters}
    for name in BY_ENCOUNTER:
        feed[name] = list(_rows(year[name], moves, recent, current))
    feed["Coverage"] = _coverages(year["Coverage"], moves)
    return feed


def _current_stays(encounters: list[Resource]) -> list[Resource]:
    """Each patient's last inpatient stay of at least a day, ordered by id."""
    last: dict[str, Resource] = {}
    for encounter in encounters:
        if encounter["class"]["code"] != "IMP" or _days(encounter) < 1.0:
            continue
        patient = encounter["subject"]["reference"]
        if patient not in last or last[patient]["period"]["start"] < encounter["period"]["start"]:
            last[patient] = encounter
    return sorted(last.values(), key=lambda stay: str(stay["id"]))


def _days(encounter: Resource) -> float:
    period = encounter["period"]
    if "end" not in period:
        return 0.0
    return (_moment(period["end"]) - _moment(period["start"])).total_seconds() / 86_400


def _move(stay: Resource) -> timedelta:
    """Whole days to move by, so that the review falls on a day of the stay picked by the stay's own id."""
    start = _moment(stay["period"]["start"]).replace(tzinfo=ZONE)
    end = _moment(stay["period"]["end"]).replace(tzinfo=ZONE)
    mornings = []
    day = start.date()
    while (morning := datetime.combine(day, time(7), ZONE)) < end:
        if morning > start:
            mornings.append(morning)
        day += timedelta(days=1)
    if not mornings:
        mornings = [datetime.combine(end.date(), time(7), ZONE)]
    intensive = [morning for morning in mornings if _in_intensive_care(stay, morning.replace(tzinfo=UTC))]
    choices = intensive or mornings
    picked = choices[int(sha256(str(stay["id"]).encode()).hexdigest(), 16) % len(choices)]
    return timedelta(days=(REVIEW.date() - picked.date()).days)


def _in_intensive_care(stay: Resource, moment: datetime) -> bool:
    parts = [part["period"] for part in stay.get("classHistory", []) if part["class"]["code"] == "ACUTE"]
    return any(
        _moment(part["start"]) <= moment and ("end" not in part or moment < _moment(part["end"]))
        for part in parts
    )


def _encounters(encounters: list[Resource], moves: dict[str, timedelta], current: set[str]) -> list[Resource]:
    """Encounters of these patients begun in the 400 days before the review, as known then."""
    kept = []
    for encounter in encounters:
        move = moves.get(encounter["subject"]["reference"])
        if move is None:
            continue
        moved = _shifted(encounter, move)
        start = _moment(moved["period"]["start"])
        if not REVIEW - timedelta(days=HISTORY_DAYS) < start <= REVIEW:
            continue
        kept.append(_unfinished(moved) if moved["id"] in current else moved)
    return kept


def _unfinished(stay: Resource) -> Resource:
    """The stay without what is known only at its end."""
    later = ("length", "statusHistory", "hospitalization")
    known = {key: value for key, value in stay.items() if key not in later}
    known["status"] = "in-progress"
    known["period"] = {"start": stay["period"]["start"]}
    if source := stay.get("hospitalization", {}).get("admitSource"):
        known["hospitalization"] = {"admitSource": source}
    known["diagnosis"] = [role for role in stay.get("diagnosis", []) if _code(role.get("use")) != "DD"]
    known["participant"] = [who for who in stay["participant"] if _code(who["type"][0]) != "DIS"]
    if "classHistory" in stay:
        begun = [part for part in stay["classHistory"] if _moment(part["period"]["start"]) <= REVIEW]
        known["classHistory"] = [_open(part) for part in begun]
    return known


def _code(concept: Resource | None) -> str | None:
    return (concept or {}).get("coding", [{}])[0].get("code")


def _open(part: Resource) -> Resource:
    end = part["period"].get("end")
    if end is None or _moment(end) <= REVIEW:
        return part
    return {**part, "period": {"start": part["period"]["start"]}}


def _place(encounters: list[Resource], current: set[str]) -> list[Resource]:
    """Give each current stay a unit and a bed; return the locations."""
    beds: dict[str, int] = defaultdict(int)
    locations: dict[str, Resource] = {}
    turn: dict[str, int] = defaultdict(int)
    for stay in sorted((e for e in encounters if e["id"] in current), key=lambda stay: str(stay["id"])):
        service = stay["serviceType"]["text"]
        choices = UNITS[service]
        unit = INTENSIVE_CARE if _in_intensive_care(stay, REVIEW) else choices[turn[service] % len(choices)]
        turn[service] += 1
        beds[unit] += 1
        key = unit.lower().replace(" ", "-")
        ward, bed = f"ward-{key}", f"bed-{key}-{beds[unit]:02d}"
        locations[ward] = _location(ward, unit, "wa", None)
        locations[bed] = _location(bed, f"{beds[unit]:02d}", "bd", ward)
        stay["location"] = [
            {"location": {"reference": f"Location/{bed}"}, "status": "active"},
            {"location": {"reference": f"Location/{ward}"}, "status": "active"},
        ]
    for other in encounters:
        if other["id"] not in current:
            other.pop("location", None)
    return list(locations.values())


def _location(key: str, name: str, kind: str, part_of: str | None) -> Resource:
    system = "http://terminology.hl7.org/CodeSystem/location-physical-type"
    location: Resource = {"resourceType": "Location", "id": key, "status": "active", "name": name}
    location["physicalType"] = {"coding": [{"system": system, "code": kind}]}
    if part_of:
        location["partOf"] = {"reference": f"Location/{part_of}"}
    return location


def _rows(
    rows: list[Resource], moves: dict[str, timedelta], recent: set[str], current: set[str]
) -> Iterator[Resource]:
    """Rows of these patients known at the review; older measurements are left out for size."""
    for row in rows:
        move = moves.get(row["subject"]["reference"])
        encounter = (row.get("encounter") or row.get("context") or {}).get("reference", "").split("/")[-1]
        if move is None or (encounter and encounter not in recent):
            continue
        moved = _shifted(row, move)
        if _known_at(moved) > REVIEW or _is_discharge_order(moved, current):
            continue
        if row["resourceType"] in MEASURED and _too_old(moved, encounter, current):
            continue
        if row["resourceType"] == "Condition" and encounter in current:
            moved.pop("abatementDateTime", None)
            moved["clinicalStatus"] = {"coding": [{**moved["clinicalStatus"]["coding"][0], "code": "active"}]}
        yield moved


def _too_old(row: Resource, encounter: str, current: set[str]) -> bool:
    return encounter not in current and _known_at(row) < REVIEW - timedelta(days=15)


def _is_discharge_order(row: Resource, current: set[str]) -> bool:
    category = row["category"][0] if isinstance(row.get("category"), list) and row["category"] else None
    encounter = row.get("encounter", {}).get("reference", "").split("/")[-1]
    return encounter in current and _code(category) == "discharge"


def _known_at(row: Resource) -> datetime:
    """The moment at which the hospital knew the row."""
    for key in ("recordedDate", "issued", "effectiveDateTime", "authoredOn", "performedDateTime"):
        if key in row:
            return _moment(row[key])
    for key in ("effectivePeriod", "performedPeriod"):
        if "start" in row.get(key, {}):
            return _moment(row[key]["start"])
    return REVIEW


def _coverages(coverages: list[Resource], moves: dict[str, timedelta]) -> list[Resource]:
    """Coverages of these patients for the calendar year; every third employer member goes to the HMO."""
    kept = []
    employer = 0
    for coverage in sorted(coverages, key=lambda row: str(row["id"])):
        if coverage["beneficiary"]["reference"] not in moves:
            continue
        row = {**coverage, "period": {"start": f"{REVIEW.year}-01-01", "end": f"{REVIEW.year}-12-31"}}
        if row["payor"][0]["reference"].endswith(EMPLOYER):
            employer += 1
            if employer % 3 == 0:
                row = json.loads(json.dumps(row).replace(EMPLOYER, HMO).replace("US-EMPLGRP", "EXAMPLE-HMO"))
                row["type"] = {"text": "Health maintenance organization (fictional)"}
        kept.append(row)
    return kept


def _hmo() -> Resource:
    payer = "urn:oid:2.16.840.1.113883.3.564.5.10.clinosim.us.payer"
    kind = "http://terminology.hl7.org/CodeSystem/organization-type"
    return {
        "resourceType": "Organization",
        "id": HMO,
        "active": True,
        "identifier": [{"system": payer, "value": "EXAMPLE-HMO"}],
        "type": [{"coding": [{"system": kind, "code": "pay"}]}],
        "name": "Example HMO (fictional)",
    }


def _shifted(value: Any, move: timedelta) -> Any:
    """Return a copy with every date and time moved; times get the hospital's own zone."""
    if isinstance(value, dict):
        return {key: _shifted(part, move) for key, part in value.items() if key != "meta"}
    if isinstance(value, list):
        return [_shifted(part, move) for part in value]
    if isinstance(value, str) and _TIME.match(value):
        local = _moment(value).replace(tzinfo=None) + move
        return local.replace(tzinfo=ZONE, microsecond=0).isoformat()
    if isinstance(value, str) and _DAY.match(value):
        return (date.fromisoformat(value) + move).isoformat()
    return value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=ZONE)


def _read(path: Path) -> Iterator[Resource]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _write(path: Path, resources: list[Resource]) -> None:
    """Write sorted, with no time in the gzip header, so that the same input gives the same bytes."""
    lines = [
        json.dumps(resource, separators=(",", ":"), ensure_ascii=False) + "\n"
        for resource in sorted(resources, key=lambda resource: str(resource["id"]))
    ]
    path.write_bytes(gzip.compress("".join(lines).encode(), compresslevel=9, mtime=0))


if __name__ == "__main__":
    main()
