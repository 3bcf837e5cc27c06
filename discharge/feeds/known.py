"""What is known already, beside the feed: patients and encounters of the store that a feed's records refer to.

They are looked up, never read as records: they stand in no account, and what the feed says of them itself goes first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import TypeAlias

import duckdb
import pandas as pd

from discharge.chart import TABLES
from discharge.feeds.database import KEPT

_PATIENT, _ENCOUNTER = "Patient/", "Encounter/"


@dataclass(frozen=True)
class Known:
    """Patients by id, and the patient of each encounter by its id."""

    patients: Set[str]
    encounters: Mapping[str, str]


KnownSource: TypeAlias = Callable[[Set[str], Set[str]], Known]
"""Asked for patients and encounters by id, returns those known: of an encounter also its patient."""

NOTHING = Known(frozenset(), {})


def stage_known(db: duckdb.DuckDBPyConnection, source: KnownSource | None) -> Known:
    """Make ``stored_patients`` and ``stored_encounters``: what the feed's records refer to and does not hold."""
    db.execute("CREATE TABLE stored_patients (record VARCHAR, patient_id VARCHAR)")
    db.execute("CREATE TABLE stored_encounters (record VARCHAR, encounter_id VARCHAR, patient_id VARCHAR)")
    if source is None:
        return NOTHING
    patients = _referred(db, "patient_ref", [*TABLES, "retracted"], "patients", _PATIENT)
    encounters = _referred(db, "encounter_ref", [*TABLES], "encounters", _ENCOUNTER)
    found = source(patients, encounters)
    named = {*found.patients, *found.encounters.values()}
    _insert(db, "stored_patients", [{"record": f"{_PATIENT}{one}", "patient_id": one} for one in named])
    db.execute(
        f"DELETE FROM stored_patients WHERE record IN (SELECT record FROM ({KEPT.format('patients')}))"
    )
    rows = [
        {"record": f"{_ENCOUNTER}{one}", "encounter_id": one, "patient_id": patient}
        for one, patient in found.encounters.items()
    ]
    _insert(db, "stored_encounters", rows)
    db.execute(
        f"DELETE FROM stored_encounters WHERE record IN (SELECT record FROM ({KEPT.format('encounters')}))"
    )
    return found


def _referred(
    db: duckdb.DuckDBPyConnection, ref: str, tables: list[str], owner: str, prefix: str
) -> frozenset[str]:
    """Return the ids that a reference column names and that no record of the feed has."""
    every = " UNION ".join(f"SELECT {ref} AS ref FROM ({KEPT.format(table)})" for table in tables)
    rows = db.execute(
        f"SELECT DISTINCT coalesce(n.record, r.ref) AS name FROM ({every}) r LEFT JOIN names n ON n.alias = r.ref "
        f"WHERE name LIKE '{prefix}%' AND name NOT IN (SELECT record FROM ({KEPT.format(owner)}))"
    ).fetchall()
    return frozenset(row[0].removeprefix(prefix) for row in rows)


def _insert(db: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, str]]) -> None:
    if rows:
        db.register("stored_frame", pd.DataFrame(rows).astype("str"))
        db.execute(f"INSERT INTO {table} BY NAME SELECT * FROM stored_frame")
        db.unregister("stored_frame")
