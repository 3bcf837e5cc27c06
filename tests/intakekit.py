"""Small feeds for tests of intake: the made feed of four stays, changed here and there, and the store as plain rows."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from small_feed import ZONE, fhir

from discharge.casework.events import Actor, Event
from discharge.casework.events.planning import AssessmentAnswered
from discharge.casework.events.record import ReviewRun
from discharge.casework.intake import IngestAccount, IngestSettings, find_case, ingest
from discharge.casework.ledger import events_of
from discharge.casework.library import Library, load_library
from discharge.casework.service import Casework
from discharge.casework.storage.engine import Store
from discharge.casework.storage.tables import FEED_RUNS, KEPT
from discharge.resources import data_folder

MOMENT = datetime(2026, 6, 15, 11, 0, tzinfo=UTC)  # 7:00 in the facility's zone
HOUR = timedelta(hours=1)
NURSE = Actor(id="nurse-1", name="Nina Nurse", roles=("case_manager",), credentials="RN")

Resource = dict[str, Any]


@lru_cache(maxsize=4)
def library(rules: Path | None = None, payers: Path | None = None) -> Library:
    """Return the shipped library, or one with a copied folder in place of a shipped one."""
    return load_library(
        rules=rules or data_folder("rules"), payers=payers or data_folder("payer_profiles"), zone=ZONE
    )


def feed(without: Iterable[str] = (), **changed: Resource | None) -> list[Resource]:
    """Return the made feed; ``changed`` replaces fields of a resource by id, None leaves it out."""
    found = []
    for resource in copy.deepcopy(fhir()):
        name = resource["id"]
        if name in without or (name in changed and changed[name] is None):
            continue
        resource.update(changed.get(name) or {})
        found.append(resource)
    return found


def coverage(payer: str = "CMS-MEDICARE") -> Resource:
    """Return p1's coverage."""
    return {"resourceType": "Coverage", "id": "cov1", "status": "active", "beneficiary": {"reference": "Patient/p1"},
            "payor": [{"identifier": {"value": payer}, "display": payer}]}  # fmt: skip


def lab(name: str, value: float, at: str, stay: str = "s1", patient: str = "p1", **more: Any) -> Resource:
    """Return an oxygen saturation."""
    return {"resourceType": "Observation", "id": name, "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "59408-5"}]},
            "subject": {"reference": f"Patient/{patient}"}, "encounter": {"reference": f"Encounter/{stay}"},
            "effectiveDateTime": at, "valueQuantity": {"value": value, "unit": "%", "code": "%",
            "system": "http://unitsofmeasure.org"}, **more}  # fmt: skip


def written(folder: Path, resources: Iterable[Resource], name: str = "feed") -> Path:
    """Write resources as one NDJSON file and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.ndjson"
    path.write_text("".join(json.dumps(one) + "\n" for one in resources), encoding="utf-8")
    return path


def take_in(
    store: Store, path: Path, at: datetime = MOMENT, using: Library | None = None, workers: int = 1
) -> IngestAccount:
    """Ingest a file on a simulated day: the machine's clock says what the hospital's says."""
    settings = IngestSettings(zone=ZONE, as_of=at, workers=workers)
    return ingest(store, [path], settings, using or library(), now=lambda: at)


def answer(store: Store, encounter: str, at: datetime, **answers: bool | str) -> None:
    """Record answers of the social history."""
    said = AssessmentAnswered(questionnaire="social_history", version="1.0", answers=answers)
    Casework(store, library()).record(find_case(store, encounter), [said], actor=NURSE, now=at)


def events(store: Store, encounter: str) -> list[Event]:
    """Return the events of a stay's case."""
    with store.read() as connection:
        return events_of(connection, find_case(store, encounter))


def runs(store: Store, encounter: str) -> list[ReviewRun]:
    """Return the reviews recorded of a stay."""
    return [event.payload for event in events(store, encounter) if isinstance(event.payload, ReviewRun)]


def reasons(store: Store, encounter: str) -> list[str]:
    """Return why each review of a stay was made."""
    return [run.reason for run in runs(store, encounter)]


def kept(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table that is kept, but for the log of feeds, which has a line for each."""
    with store.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
            for table in KEPT
            if table is not FEED_RUNS
        }
