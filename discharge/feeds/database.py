"""DuckDB over the spool: memory is bounded, the rest goes to disk beside the parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from discharge.feeds.staging import ARROW, SCHEMAS

MEMORY_LIMIT = "512MB"
KEPT = "SELECT t.* FROM staged_{0} t ANTI JOIN dropped d USING (file, line, sub)"
_SQL_TYPES = {
    "string": "VARCHAR",
    "double": "DOUBLE",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "bool": "BOOLEAN",
    "timestamp[us]": "TIMESTAMP",
}


def open_database(spool: Path, workers: int) -> duckdb.DuckDBPyConnection:
    """Return a connection with a view ``staged_TABLE`` on the parts of every staged table; empty without parts."""
    scratch = spool / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    settings: dict[str, Any] = {
        "memory_limit": MEMORY_LIMIT,
        "temp_directory": str(scratch),
        "threads": max(1, workers),
        "preserve_insertion_order": False,
    }
    connection = duckdb.connect(str(scratch / "resolve.duckdb"), config=settings)
    for table, schema in SCHEMAS.items():
        parts = spool / "staged" / table
        if parts.is_dir():
            pattern = str(parts / "*.parquet").replace("'", "''")
            connection.execute(f"CREATE VIEW staged_{table} AS SELECT * FROM read_parquet('{pattern}')")
        else:
            columns = ", ".join(f'"{field.name}" {_SQL_TYPES[str(field.type)]}' for field in schema)
            connection.execute(f"CREATE TABLE staged_{table} ({columns})")
    return connection


def sql_type(kind: str) -> str:
    """Return the SQL type of a chart column's kind."""
    return _SQL_TYPES[str(ARROW[kind])]  # type: ignore[index]
