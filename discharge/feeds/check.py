"""What a feed holds and how well we read it: the figures behind `discharge feed check`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from discharge.chart import TABLES
from discharge.feeds.spool import Account, Spool

_LISTED = 50  # codes listed one by one; the rest is counted


@dataclass(frozen=True)
class FeedReport:
    """The account of a feed, and frames that a person reads; counts only, never a patient's value.

    ``rejects``: code, field, count, remedy, first_source, first_line. ``unrecognised``: system, code, count of
    observations with no concept, most frequent first. ``units``: concept, unit, count, low, median, high.
    ``fill``: table, column, rows, filled (share of rows with a value).
    """

    account: Account
    stays: int
    context_encounters: int
    rejects: pd.DataFrame
    unrecognised: pd.DataFrame
    units: pd.DataFrame
    fill: pd.DataFrame
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values."""
        frames = {name: getattr(self, name) for name in ("rejects", "unrecognised", "units", "fill")}
        account = {name: getattr(self.account, name) for name in self.account.__slots__}
        tables = {
            name: frame.astype(object).where(frame.notna(), None).to_dict("records")
            for name, frame in frames.items()
        }
        counts = {
            "stays": self.stays,
            "context_encounters": self.context_encounters,
            "notes": list(self.notes),
        }
        return {"account": account, **counts, **tables}


def check_feed(spool: Spool) -> FeedReport:
    """Return the report on a feed that was read."""
    db = duckdb.connect()
    try:
        observations = _path(spool.folder / "tables" / "observations.parquet")
        unrecognised = db.execute(
            f"SELECT system, code, count(*) AS count FROM {observations} WHERE concept IS NULL GROUP BY ALL "
            f"ORDER BY count DESC, system, code LIMIT {_LISTED}"
        ).df()
        units = db.execute(
            f"SELECT concept, unit, count(*) AS count, min(value) AS low, median(value) AS median, max(value) AS high "
            f"FROM {observations} WHERE concept IS NOT NULL GROUP BY ALL ORDER BY concept, unit"
        ).df()
        fill = pd.concat([_fill(db, spool, table) for table in TABLES], ignore_index=True)
        rejects = db.execute(
            "SELECT code, field, count(*) AS count, any_value(message) AS message, "
            "first(source ORDER BY source, line) AS first_source, first(line ORDER BY source, line) AS first_line "
            f"FROM {_path(spool.folder / 'rejects.parquet')} GROUP BY code, field ORDER BY count DESC, code, field"
        ).df()
    finally:
        db.close()
    return FeedReport(
        spool.account,
        spool.encounters_read,
        spool.context_encounters,
        rejects,
        unrecognised,
        units,
        fill,
        spool.notes,
    )


def _path(path: Path) -> str:
    text = str(path).replace("'", "''")
    return f"read_parquet('{text}')"


def _fill(db: duckdb.DuckDBPyConnection, spool: Spool, table: str) -> pd.DataFrame:
    counts = ", ".join(f'count("{name}")' for name in TABLES[table])
    row = db.execute(
        f"SELECT count(*), {counts} FROM {_path(spool.folder / 'tables' / f'{table}.parquet')}"
    ).fetchone()
    total, *filled = row or (0,)
    share = [count / total if total else float("nan") for count in filled]
    return pd.DataFrame({"table": table, "column": list(TABLES[table]), "rows": total, "filled": share})
