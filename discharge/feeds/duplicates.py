"""Records that occur more than once: identical ones are used once; of conflicting versions the newest, else none."""

from __future__ import annotations

import duckdb

# Versions are ordered by meta.lastUpdated where every version has it, else by meta.versionId where every one has it.
_RANKED = """
CREATE TABLE versions AS
WITH twice AS (SELECT record FROM staged_records GROUP BY record HAVING count(*) > 1),
     marked AS (
       SELECT r.*, f.source,
              min(updated IS NOT NULL) OVER w AS has_updated, min(version IS NOT NULL) OVER w AS has_version,
              min(hash) OVER w <> max(hash) OVER w AS differs
       FROM staged_records r JOIN twice USING (record) JOIN files f USING (file)
       WINDOW w AS (PARTITION BY record)),
     stamped AS (
       SELECT *, CASE WHEN has_updated THEN epoch_us(updated) WHEN has_version THEN version END AS stamp FROM marked)
SELECT *, stamp = max(stamp) OVER (PARTITION BY record) AS is_newest FROM stamped
"""
_WINNERS = """
CREATE TABLE winners AS
SELECT record, min(hash) AS hash FROM versions WHERE NOT differs OR is_newest
GROUP BY record HAVING min(hash) = max(hash)
"""
_DROPPED = """
CREATE TABLE dropped AS
SELECT v.record, v.type, v.file, v.line, v.sub,
       CASE WHEN w.record IS NULL THEN 'duplicate_conflict'
            WHEN v.hash <> w.hash THEN 'superseded' ELSE 'duplicate' END AS reason
FROM versions v LEFT JOIN winners w USING (record)
QUALIFY reason <> 'duplicate' OR row_number() OVER (PARTITION BY v.record, reason ORDER BY v.source, v.line, v.sub) > 1
"""


def find_duplicates(db: duckdb.DuckDBPyConnection) -> int:
    """Make the table ``dropped`` (record, type, file, line, sub, reason); return how many were identical copies."""
    for statement in (_RANKED, _WINNERS, _DROPPED):
        db.execute(statement)
    found = db.execute("SELECT count(*) FROM dropped WHERE reason = 'duplicate'").fetchone()
    return int(found[0]) if found else 0
