"""Writes the finished rows of every chart table, whole patients together, ordered by batch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from discharge.chart import TABLES
from discharge.feeds.database import KEPT, sql_type
from discharge.feeds.resolve import ingredients_table

ROWS_PER_BATCH = 200_000
_ROW_GROUP = 50_000
# Where `row_id` is not simply the record's key: a component, a segment, a diagnosis used by an encounter.
_PART_ID = "if(t.part > 0, t.record || '#' || t.part, t.record)"

_SEGMENTS = """
CREATE VIEW done_segments AS
SELECT t.* EXCLUDE (unit, is_intensive_care, bed), coalesce(w.unit, t.unit) AS unit,
       coalesce(w.bed, t.bed) AS bed,
       coalesce(w.on_ward, false) OR coalesce(t.physical IN ('wa', 'bd'), false) AS on_ward,
       coalesce(t.is_intensive_care, w.is_intensive, false) AS is_intensive_care,
       if(t.part IS NULL, t.record, t.record || '#' || t.part) AS row_id
FROM known_segments t LEFT JOIN names n ON n.alias = t.location_ref
LEFT JOIN wards w ON w.record = coalesce(n.record, t.location_ref)
"""
# The last place wins; one without period stands at its place in the list.
_WHERE_NOW = """
CREATE VIEW whereabouts AS
SELECT encounter_id, last(unit ORDER BY start NULLS FIRST, part) FILTER (unit IS NOT NULL) AS unit,
       last(bed ORDER BY start NULLS FIRST, part) FILTER (bed IS NOT NULL) AS bed, bool_or(on_ward) AS on_ward
FROM done_segments GROUP BY encounter_id
"""
_ENCOUNTERS = """
CREATE VIEW done_encounters AS
SELECT t.* EXCLUDE (unit, bed, attending, facility), coalesce(t.unit, w.unit) AS unit, coalesce(t.bed, w.bed) AS bed,
       coalesce(t.attending, p.name) AS attending, coalesce(h.hospital, t.facility) AS facility,
       if(t.form IS NULL, coalesce(w.on_ward, false), NULL) AS on_ward, t.record AS row_id
FROM known_encounters t
LEFT JOIN whereabouts w USING (encounter_id)
LEFT JOIN names an ON an.alias = t.attending_ref
LEFT JOIN practitioners p ON p.record = coalesce(an.record, t.attending_ref)
LEFT JOIN names fn ON fn.alias = t.facility_ref LEFT JOIN houses h ON h.record = coalesce(fn.record, t.facility_ref)
"""
_COVERAGES = """
CREATE VIEW done_coverages AS
SELECT t.* EXCLUDE (payer_id, payer_name), coalesce(h.identifier, t.payer_id) AS payer_id,
       coalesce(h.name, t.payer_name) AS payer_name, t.record AS row_id
FROM known_coverages t LEFT JOIN names n ON n.alias = t.payer_ref
LEFT JOIN houses h ON h.record = coalesce(n.record, t.payer_ref)
"""
# An administration without route or drug name takes them from its request.
_DRUG_NAMES = """
CREATE TABLE named_medications AS
SELECT t.* EXCLUDE (code, system, name), coalesce(t.code, d.code) AS code,
       if(t.code IS NULL, d.system, t.system) AS system, coalesce(t.name, d.name) AS name
FROM known_medications t LEFT JOIN names n ON n.alias = t.medication_ref
LEFT JOIN drugs d ON d.record = coalesce(n.record, t.medication_ref)
"""
_REQUESTED = """
CREATE TABLE requested_medications AS
SELECT t.* EXCLUDE (name, route), coalesce(t.name, r.name) AS name, coalesce(t.route, r.route) AS route,
       r.system AS asked_system, r.code AS asked_code, r.name AS asked_name
FROM named_medications t LEFT JOIN names n ON n.alias = t.request_ref
LEFT JOIN (SELECT record, any_value(system) AS system, any_value(code) AS code, any_value(name) AS name,
                  any_value(route) AS route FROM named_medications WHERE kind = 'request' GROUP BY record) r
  ON r.record = coalesce(n.record, t.request_ref)
"""
_MEDICATIONS = """
CREATE VIEW done_medications AS
SELECT t.* EXCLUDE (ingredients), coalesce(t.ingredients, i.found, j.found) AS ingredients, t.record AS row_id
FROM requested_medications t
LEFT JOIN ingredients i ON i.system IS NOT DISTINCT FROM t.system AND i.code IS NOT DISTINCT FROM t.code
     AND i.name IS NOT DISTINCT FROM t.name
LEFT JOIN ingredients j ON j.system IS NOT DISTINCT FROM t.asked_system AND j.code IS NOT DISTINCT FROM t.asked_code
     AND j.name IS NOT DISTINCT FROM t.asked_name
"""
# Encounter.diagnosis gives a condition its role in that encounter; the condition's own row stays where it says more.
_USES = """
CREATE TABLE used_diagnoses AS
SELECT c.* EXCLUDE (encounter_id, role, rank), e.encounter_id, u.use AS use, u.rank AS rank,
       count(*) FILTER (u.use = 'DD') OVER (PARTITION BY e.encounter_id) AS discharge_diagnoses
FROM (SELECT s.record, s.condition_ref, s.use, min(s.rank) AS rank
      FROM staged_uses s ANTI JOIN dropped d USING (file, line, sub) GROUP BY ALL) u
JOIN known_encounters e ON e.record = u.record LEFT JOIN names n ON n.alias = u.condition_ref
JOIN known_diagnoses c ON c.record = coalesce(n.record, u.condition_ref) AND c.patient_id = e.patient_id
"""
_DIAGNOSES = """
CREATE VIEW done_diagnoses AS
SELECT u.* EXCLUDE (use, discharge_diagnoses), CASE
         WHEN u.use IN ('DD', 'billing') AND (u.rank = 1 OR (u.rank IS NULL AND discharge_diagnoses = 1))
         THEN 'principal' ELSE coalesce(r.role, 'encounter') END AS role,
       record || '@' || encounter_id || ':' || coalesce(u.use, '') AS row_id
FROM used_diagnoses u LEFT JOIN diagnosis_roles r ON r.use = u.use
UNION ALL BY NAME
SELECT t.*, t.record AS row_id FROM known_diagnoses t
ANTI JOIN used_diagnoses u ON u.record = t.record AND u.encounter_id = t.encounter_id
"""
_AUTHORIZATIONS = """
CREATE VIEW done_authorizations AS
SELECT t.* EXCLUDE (requested_at, payer_id), coalesce(t.requested_at, q.created) AS requested_at,
       coalesce(t.payer_id, h.identifier) AS payer_id, t.record AS row_id
FROM known_authorizations t LEFT JOIN names n ON n.alias = t.request_ref
LEFT JOIN (SELECT record, min(created) AS created FROM known_requests GROUP BY record) q
  ON q.record = coalesce(n.record, t.request_ref)
LEFT JOIN names m ON m.alias = t.payer_ref LEFT JOIN houses h ON h.record = coalesce(m.record, t.payer_ref)
"""


def finish(db: duckdb.DuckDBPyConnection, target: Path, roles: Mapping[str, str]) -> int:
    """Write ``target/TABLE.parquet`` for every chart table; return the number of batches.

    A patient's batch is a hash of the patient's id modulo the number of batches, which depends on the number of rows
    alone: neither order nor workers move a patient.
    """
    _lookups(db, roles)
    db.execute(_DRUG_NAMES)
    db.execute(_REQUESTED)
    ingredients_table(
        db,
        "(SELECT system, code, name FROM named_medications UNION SELECT system, code, name FROM requested_medications)",
    )
    for view in (
        _SEGMENTS,
        _WHERE_NOW,
        _ENCOUNTERS,
        _COVERAGES,
        _MEDICATIONS,
        _USES,
        _DIAGNOSES,
        _AUTHORIZATIONS,
    ):
        db.execute(view)
    rows = [db.execute(f"SELECT count(*) FROM known_{table}").fetchone() for table in TABLES]
    batches: int = max(1, -(-sum(row[0] for row in rows if row) // ROWS_PER_BATCH))
    target.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        _write(db, table, target, batches)
    _write_retracted(db, target, batches)
    return batches


def _write_retracted(db: duckdb.DuckDBPyConnection, target: Path, batches: int) -> None:
    """Write ``retracted.parquet``: records said to be entered in error, of patients that are known."""
    path = str(target / "retracted.parquet").replace("'", "''")
    db.execute(
        f"COPY (SELECT DISTINCT t.record, p.patient_id, (md5_number_lower(p.patient_id) % {batches})::INTEGER AS batch "
        "FROM staged_retracted t LEFT JOIN names n ON n.alias = t.patient_ref "
        "JOIN any_patients p ON p.record = coalesce(n.record, t.patient_ref) ORDER BY batch, patient_id, record) "
        f"TO '{path}' (FORMAT parquet)"
    )


def _lookups(db: duckdb.DuckDBPyConnection, roles: Mapping[str, str]) -> None:
    db.execute("CREATE TABLE diagnosis_roles (use VARCHAR, role VARCHAR)")
    db.executemany("INSERT INTO diagnosis_roles VALUES (?, ?)", [list(pair) for pair in roles.items()])
    db.execute(f"CREATE TABLE known_requests AS {KEPT.format('requests')}")
    db.execute(
        "CREATE VIEW practitioners AS SELECT record, min(name) AS name "
        f"FROM ({KEPT.format('practitioners')}) GROUP BY record"
    )


def _write(db: duckdb.DuckDBPyConnection, table: str, target: Path, batches: int) -> None:
    special = ("encounters", "segments", "coverages", "medications", "diagnoses", "authorizations")
    origin = (
        f"done_{table}" if table in special else f"(SELECT t.*, {_PART_ID} AS row_id FROM known_{table} t)"
    )
    columns = [
        f'{"f.source" if name == "source" else f"t.{chr(34)}{name}{chr(34)}"}::{sql_type(column.kind)} AS "{name}"'
        for name, column in TABLES[table].items()
    ]
    if table == "encounters":
        columns.append("t.on_ward AS on_ward")
    if table == "segments":  # they name their encounter alone, which the feed may not hold
        columns.append("t.patient_id AS owner")
    path = str(target / f"{table}.parquet").replace("'", "''")
    where = "WHERE t.start IS NOT NULL" if table == "segments" else ""
    db.execute(
        f"COPY (SELECT {', '.join(columns)}, (md5_number_lower(t.patient_id) % {batches})::INTEGER AS batch "
        f"FROM {origin} t LEFT JOIN files f ON f.file = t.file {where} ORDER BY batch, t.patient_id, row_id) "
        f"TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP})"
    )
