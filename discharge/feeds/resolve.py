"""Second pass: references become ids, orphans become rejects, look-ups become names; rows get their batch."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pandas as pd

from discharge.chart import TABLES
from discharge.codes import drug_ingredients
from discharge.feeds.database import KEPT
from discharge.feeds.known import Known, KnownSource, stage_known
from discharge.feeds.lists import is_intensive_name, is_ward_name, words

_ROW_TABLES = [name for name in TABLES if name not in ("patients", "encounters", "segments")]
_NAMES = """
CREATE TABLE names AS
SELECT alias, min(record) AS record FROM (SELECT a.* FROM staged_aliases a ANTI JOIN dropped d USING (file, line, sub))
GROUP BY alias HAVING min(record) = max(record)
"""


def resolve(
    db: duckdb.DuckDBPyConnection, *, patients_may_be_absent: bool, known: KnownSource | None = None
) -> Known:
    """Make ``known_TABLE`` for every chart table and ``orphans`` (file, line, sub, record, field, code).

    ``patients_may_be_absent``: a tabular feed without a patients table names its patients by their ids alone.
    ``known`` looks up patients and encounters that the feed refers to and does not hold; returns what it found.
    """
    db.execute(_NAMES)
    db.execute(
        "CREATE TABLE orphans (file INTEGER, line INTEGER, sub INTEGER, record VARCHAR, field VARCHAR, code VARCHAR)"
    )
    found = stage_known(db, known)
    _patients(db, patients_may_be_absent)
    _encounters(db)
    for table in _ROW_TABLES:
        _rows(db, table)
    _places(db)
    _organizations(db)
    _drugs(db)
    return found


def _named(ref: str) -> str:
    """SQL for the key that a reference column means."""
    return f"coalesce((SELECT n.record FROM names n WHERE n.alias = t.{ref}), t.{ref})"


def _patients(db: duckdb.DuckDBPyConnection, may_be_absent: bool) -> None:
    db.execute(
        f"CREATE TABLE known_patients AS SELECT *, substr(record, 9) AS patient_id FROM ({KEPT.format('patients')})"
    )
    if may_be_absent:
        refs = " UNION ".join(
            f"SELECT patient_ref, min((file, line, sub)) FROM staged_{t} WHERE patient_ref IS NOT NULL GROUP BY 1"
            for t in TABLES
            if t not in ("patients", "segments")
        )
        db.execute(
            "INSERT INTO known_patients BY NAME SELECT patient_ref AS record, substr(patient_ref, 9) AS patient_id, "
            f"min(NULL::INTEGER) AS file FROM ({refs}) GROUP BY 1, 2"
        )
        db.execute("DELETE FROM known_patients WHERE record IN (SELECT record FROM stored_patients)")
    db.execute(
        "CREATE VIEW any_patients AS SELECT record, patient_id FROM known_patients "
        "UNION ALL SELECT record, patient_id FROM stored_patients"
    )


def _encounters(db: duckdb.DuckDBPyConnection) -> None:
    db.execute(
        f"CREATE TABLE all_encounters AS SELECT t.*, coalesce(n.record, t.patient_ref) AS patient, "
        f"coalesce(m.record, t.part_of_ref) AS above FROM ({KEPT.format('encounters')}) t "
        "LEFT JOIN names n ON n.alias = t.patient_ref LEFT JOIN names m ON m.alias = t.part_of_ref"
    )
    db.execute(
        "CREATE TABLE known_encounters AS SELECT e.*, substr(e.record, 11) AS encounter_id, p.patient_id, "
        "substr(e.above, 11) AS part_of FROM all_encounters e JOIN any_patients p ON p.record = e.patient"
    )
    db.execute(
        "INSERT INTO orphans SELECT file, line, sub, record, 'Encounter.subject', "
        "if(patient IS NULL, 'missing_required_value', 'unknown_patient') "
        "FROM all_encounters e ANTI JOIN any_patients p ON p.record = e.patient"
    )
    db.execute(
        "CREATE VIEW any_encounters AS SELECT record, encounter_id, patient_id FROM known_encounters "
        "UNION ALL SELECT record, encounter_id, patient_id FROM stored_encounters"
    )
    db.execute(
        f"CREATE TABLE known_segments AS SELECT t.*, e.encounter_id, e.patient_id FROM ({KEPT.format('segments')}) t "
        "JOIN any_encounters e ON e.record = t.encounter_ref"
    )
    db.execute(
        "INSERT INTO orphans SELECT file, line, sub, t.record, 'encounter_id', 'unknown_encounter' "
        f"FROM ({KEPT.format('segments')}) t ANTI JOIN any_encounters e ON e.record = t.encounter_ref "
        "WHERE t.record <> t.encounter_ref"
    )


def _rows(db: duckdb.DuckDBPyConnection, table: str) -> None:
    """Resolve who the rows of one table belong to; what belongs to nobody known is an orphan."""
    db.execute(
        f"CREATE TABLE found AS SELECT t.*, p.patient_id AS own, e.encounter_id, e.patient_id AS theirs, CASE "
        "WHEN t.encounter_ref IS NOT NULL AND e.record IS NULL THEN 'unknown_encounter' "
        "WHEN t.patient_ref IS NOT NULL AND p.record IS NULL THEN 'unknown_patient' "
        "WHEN t.patient_ref IS NULL AND t.encounter_ref IS NULL THEN 'missing_required_value' "
        "WHEN p.patient_id <> e.patient_id THEN 'patient_mismatch' END AS fault "
        f"FROM ({KEPT.format(table)}) t "
        "LEFT JOIN names n ON n.alias = t.patient_ref LEFT JOIN names m ON m.alias = t.encounter_ref "
        "LEFT JOIN any_patients p ON p.record = coalesce(n.record, t.patient_ref) "
        "LEFT JOIN any_encounters e ON e.record = coalesce(m.record, t.encounter_ref)"
    )
    db.execute(
        "INSERT INTO orphans SELECT DISTINCT file, line, sub, record, "
        "if(fault IN ('unknown_encounter', 'patient_mismatch'), 'encounter', 'subject'), fault "
        "FROM found WHERE fault IS NOT NULL"
    )
    db.execute(
        f"CREATE TABLE known_{table} AS SELECT * EXCLUDE (own, theirs, fault), coalesce(own, theirs) AS patient_id "
        "FROM found WHERE fault IS NULL"
    )
    db.execute("DROP TABLE found")


def _frame(db: duckdb.DuckDBPyConnection, sql: str) -> pd.DataFrame:
    return db.execute(sql).df()


def _places(db: duckdb.DuckDBPyConnection) -> None:
    """Make ``wards``: for each Location the unit and bed that it stands for, and whether it is a ward."""
    places = _frame(
        db,
        f"SELECT record, name, physical, kinds, {_named('part_of_ref')} AS above FROM ({KEPT.format('places')}) t",
    )
    places = places.drop_duplicates("record").astype({"record": "str", "name": "str", "above": "str"})
    by_record = places.set_index("record")
    kinds = places["kinds"].fillna("").str.split().map(set)
    is_bed = places["physical"].isin(words("bed_types"))
    parent = by_record["name"].reindex(places["above"].to_numpy()).set_axis(places.index)
    unit = parent.where(is_bed & parent.notna(), places["name"].where(~is_bed))
    # The building is no unit: "Community Hospital" says nothing about where in it the patient lies.
    is_unit = ~places["physical"].isin(["bu", "si"])
    on_ward = places["physical"].isin(words("bed_types") | words("ward_types")) & kinds.map(
        lambda codes: not codes & words("not_ward_types")
    )
    wards = pd.DataFrame(
        {
            "record": places["record"],
            "unit": unit.where(is_unit),
            "bed": places["name"].where(is_bed),
            "on_ward": on_ward & unit.map(is_ward_name, na_action="ignore").eq(True),
            "is_intensive": kinds.map(lambda codes: bool(codes & words("intensive_types")))
            | unit.map(is_intensive_name, na_action="ignore").eq(True),
        }
    )
    db.register("wards_frame", wards)
    db.execute(
        "CREATE TABLE wards AS SELECT record, unit::VARCHAR AS unit, bed::VARCHAR AS bed, on_ward, is_intensive "
        "FROM wards_frame"
    )
    db.unregister("wards_frame")


def _organizations(db: duckdb.DuckDBPyConnection) -> None:
    """Make ``houses``: for each Organization its name, identifier, and the hospital that a department belongs to."""
    db.execute(
        "CREATE TABLE units AS "
        f"SELECT t.record, t.name, t.identifier, t.is_department, {_named('part_of_ref')} AS above "
        f"FROM ({KEPT.format('organizations')}) t QUALIFY row_number() OVER (PARTITION BY t.record ORDER BY t.name) = 1"
    )
    db.execute(
        "CREATE TABLE houses AS SELECT u.record, u.name, u.identifier, "
        "coalesce(if(u.is_department, h.name, NULL), u.name) AS hospital "
        "FROM units u LEFT JOIN units h ON h.record = u.above"
    )


def _drugs(db: duckdb.DuckDBPyConnection) -> None:
    """Make ``drugs``: code, system and name of each Medication; a mixture has the names of its parts."""
    drugs = _frame(
        db,
        "SELECT DISTINCT ON (record) record, code, system, name, ingredients "
        f"FROM ({KEPT.format('drugs')}) ORDER BY record, name",
    )
    names: Mapping[str, str] = dict(zip(drugs["record"], drugs["name"], strict=True))

    def mixed(row_name: object, refs: object) -> str | None:
        parts = [names.get(ref) for ref in refs.split()] if isinstance(refs, str) else []
        known = [part for part in parts if isinstance(part, str)]
        return row_name if isinstance(row_name, str) else " / ".join(known) or None

    drugs["name"] = [mixed(n, r) for n, r in zip(drugs["name"], drugs["ingredients"], strict=True)]
    db.register("drugs_frame", drugs.astype("str"))
    db.execute("CREATE TABLE drugs AS SELECT record, code, system, name FROM drugs_frame")
    db.unregister("drugs_frame")


def ingredients_table(db: duckdb.DuckDBPyConnection, source: str) -> None:
    """Make ``ingredients``: canonical ingredients of each distinct (system, code, name) of ``source``."""
    found = _frame(db, f"SELECT DISTINCT system, code, name FROM {source}")
    plain = [
        tuple(v if isinstance(v, str) else None for v in row)
        for row in found.itertuples(index=False, name=None)
    ]
    found = found.astype("str").assign(
        found=pd.Series([drug_ingredients(*row) for row in plain], dtype="str")
    )
    db.register("ingredients_frame", found)
    db.execute("CREATE OR REPLACE TABLE ingredients AS SELECT * FROM ingredients_frame")
    db.unregister("ingredients_frame")
