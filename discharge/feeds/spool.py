"""The spool: a feed as read, on disk, cut into batches of whole patients."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from discharge.chart import DTYPES, TABLES, Chart, Scope
from discharge.feeds.charts import assemble
from discharge.feeds.rejects import COLUMNS
from discharge.feeds.stays import resolve_stays

BatchKey: TypeAlias = int


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the records: ``records_read == records_used + records_rejected + sum(records_not_used)``.

    A reject row stands for a record, or (``parts_rejected`` of them) for a field or component of a record that is
    used without it, so ``len(rejects) == records_rejected + parts_rejected``.
    """

    records_read: int
    records_used: int
    records_rejected: int
    records_not_used: dict[str, int]
    parts_rejected: int
    files: int
    bytes: int

    def __post_init__(self) -> None:
        total = self.records_used + self.records_rejected + sum(self.records_not_used.values())
        if total != self.records_read:
            raise AssertionError(
                f"the account does not add up: {self.records_read} read, {total} accounted for"
            )


@dataclass(frozen=True)
class Spool:
    """A feed on disk. It holds paths and counts only, so it can be sent to worker processes.

    ``encounters_read`` is the number of hospital stays, ``context_encounters`` of all other encounters (clinic visits,
    emergency visits and intensive care parts of stays).
    """

    folder: Path
    account: Account
    batch_count: int
    encounters_read: int = 0
    context_encounters: int = 0
    notes: tuple[str, ...] = field(default=())

    def batches(self) -> list[BatchKey]:
        """Return the keys of the batches, in order."""
        return list(range(self.batch_count))

    def rejects(self) -> pd.DataFrame:
        """Return a row per reject, ordered by source, line, record, field and code."""
        frame: pd.DataFrame = pq.read_table(self.folder / "rejects.parquet").to_pandas()
        return frame[list(COLUMNS)].astype({"line": "Int64"})

    def chart(self, batch: BatchKey) -> Chart:
        """Return the chart of one batch: whole patients, rows ordered by ``row_id``."""
        return assemble({table: self.rows(table, batch) for table in TABLES})

    def rows(self, table: str, batch: BatchKey, columns: list[str] | None = None) -> pd.DataFrame:
        """Return the finished rows of one table and batch, typed."""
        path = self.folder / "tables" / f"{table}.parquet"
        frame: pd.DataFrame = pq.read_table(
            path, columns=columns, filters=[("batch", "=", batch)]
        ).to_pandas()
        frame = frame.drop(columns=["batch", "owner"], errors="ignore")
        types: dict[str, Any] = {name: DTYPES[c.kind] for name, c in TABLES[table].items() if name in frame}
        if "on_ward" in frame:
            types["on_ward"] = "boolean"
        for name, dtype in types.items():
            if dtype == DTYPES["time"]:
                frame[name] = frame[name].dt.tz_localize("UTC")  # spooled as UTC, without saying so
        return frame.astype(types)

    @property
    def scope(self) -> Scope:
        """What the feed brings for all its patients together, of the rows that were used."""
        return _scope(self.folder)

    def segment_owners(self, batch: BatchKey) -> pd.Series[Any]:
        """Return the patient of each segment, by ``row_id``."""
        path = self.folder / "tables" / "segments.parquet"
        table = pq.read_table(path, columns=["row_id", "owner"], filters=[("batch", "=", batch)])
        owners: pd.Series[Any] = table.to_pandas().set_index("row_id")["owner"]
        return owners

    def retracted(self, batch: BatchKey) -> dict[str, list[str]]:
        """Return the records (``Condition/c-1``) that the feed says were entered in error, by patient."""
        path = self.folder / "tables" / "retracted.parquet"
        table = pq.read_table(path, columns=["patient_id", "record"], filters=[("batch", "=", batch)])
        found: dict[str, list[str]] = {}
        for row in table.to_pylist():
            found.setdefault(row["patient_id"], []).append(row["record"])
        return found


@lru_cache(maxsize=4)  # a worker asks for it at every batch
def _scope(folder: Path) -> Scope:
    files = {table: folder / "tables" / f"{table}.parquet" for table in TABLES}
    starts = pq.read_table(files["encounters"], columns=["start"])["start"].drop_null().cast(pa.int64())
    rows = {table: pq.read_metadata(file).num_rows for table, file in files.items()}
    return Scope.of(rows, starts.to_numpy())


def count_stays(spool: Spool) -> tuple[int, int]:
    """Return how many hospital stays and how many other encounters the spool holds."""
    stays = total = 0
    for batch in spool.batches():
        encounters = resolve_stays(spool.rows("encounters", batch), spool.rows("segments", batch))
        stays += int(encounters["is_stay"].sum())
        total += len(encounters)
    return stays, total - stays


def encounters_rejected(spool: Spool) -> int:
    """Return how many encounters were lost as a whole: rejected, and no other version of them used."""
    rejects = spool.rejects()
    record, field = rejects["record"].fillna("").astype(str), rejects["field"].fillna("").astype(str)
    named = set(record[record.str.startswith("Encounter/")])
    if named:
        for batch in spool.batches():
            named -= set(spool.rows("encounters", batch, ["row_id"])["row_id"])
    is_row = (record == "") & ((field == "encounters") | field.str.startswith("encounters."))
    nameless = rejects[is_row | (record == "Encounter")]
    return len(named) + len(nameless)
