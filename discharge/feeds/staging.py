"""What readers write on the first pass: rows with references unresolved, as Parquet parts in the spool folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from discharge.chart import TABLES, Kind
from discharge.feeds.rejects import RecordFault

# Times are UTC without saying so: DuckDB needs an extension for times with a zone.
ARROW: Mapping[Kind, Any] = {
    "text": pa.string(),
    "number": pa.float64(),
    "time": pa.timestamp("us"),
    "date": pa.timestamp("us"),
    "flag": pa.bool_(),
}
_PLACE = [("file", pa.int32()), ("line", pa.int32()), ("sub", pa.int32())]
_LATER = {"patient_id", "encounter_id", "source", "row_id", "part_of"}  # found on the second pass

# References that wait for the second pass, by table.
_EXTRA: Mapping[str, tuple[str, ...]] = {
    "patients": (),
    "encounters": ("part_of_ref", "attending_ref", "facility_ref", "form"),
    "segments": ("location_ref", "physical", "bed", "place_status"),
    "coverages": ("payer_ref",),
    "medications": ("medication_ref", "request_ref"),
    "authorizations": ("request_ref", "payer_ref"),
}


def _chart_schema(table: str) -> Any:
    fields = [("record", pa.string()), *_PLACE, ("part", pa.int32())]
    fields += [("patient_ref", pa.string()), ("encounter_ref", pa.string())]
    fields += [(name, pa.string()) for name in _EXTRA.get(table, ())]
    fields += [(name, ARROW[column.kind]) for name, column in TABLES[table].items() if name not in _LATER]
    return pa.schema(fields)


def _own(*texts: str, **typed: Any) -> Any:
    fields = [("record", pa.string()), *_PLACE, *((name, pa.string()) for name in texts), *typed.items()]
    return pa.schema(fields)


SCHEMAS: Mapping[str, Any] = {
    **{table: _chart_schema(table) for table in TABLES},
    "records": _own("type", hash=pa.int64(), updated=pa.timestamp("us"), version=pa.int64()),
    "aliases": _own("alias"),
    "uses": _own("condition_ref", "use", rank=pa.float64()),
    "places": _own("name", "physical", "kinds", "part_of_ref"),
    "organizations": _own("name", "identifier", "part_of_ref", is_department=pa.bool_()),
    "practitioners": _own("name"),
    "drugs": _own("code", "system", "name", "ingredients"),
    "requests": _own(created=pa.timestamp("us")),
    "retracted": _own("patient_ref"),
    "rejects": _own("field", "code", "message", whole=pa.bool_()),
}


@dataclass
class Sink:
    """Collects the rows of one block and writes them as Parquet parts; counts what was read."""

    file: int
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in SCHEMAS})
    read: int = 0
    not_used: dict[str, int] = field(default_factory=dict)
    line: int | None = None
    sub: int = 0
    skipped: bool = False
    added: list[str] = field(default_factory=list)  # the tables of the rows since the last mark

    def add(self, table: str, record: str, **values: Any) -> None:
        """Add a row of the record being read."""
        values["record"], values["file"], values["line"], values["sub"] = (
            record,
            self.file,
            self.line,
            self.sub,
        )
        self.rows[table].append(values)
        self.added.append(table)

    def reject(self, fault: RecordFault, record: str = "", *, whole: bool = True) -> None:
        """Write a reject; ``whole`` when the record itself is lost, not a part of it."""
        self.add("rejects", record, field=fault.field, code=fault.code, message=fault.message, whole=whole)

    def skip(self, kind: str) -> None:
        """Count a record that is of no use here."""
        self.not_used[kind] = self.not_used.get(kind, 0) + 1
        self.skipped = True

    def mark(self) -> int:
        """Return a mark for :meth:`undo`."""
        self.added.clear()
        return len(self.added)

    def digest(self, mark: int) -> int:
        """Return a number that stands for what was read since ``mark``, wherever it was read.

        Two versions of a record that differ only in what is not read here are the same.
        """
        ends: dict[str, int] = {}
        content = []
        for table in reversed(self.added[mark:]):
            ends[table] = ends.get(table, 0) + 1
            values = list(self.rows[table][-ends[table]].values())
            content.append((table, values[:-3]))  # all but file, line and sub
        return int.from_bytes(blake2b(orjson.dumps(content), digest_size=8).digest(), "big", signed=True)

    def undo(self, mark: int) -> None:
        """Take back every row since ``mark``: the record failed half way."""
        for table in reversed(self.added[mark:]):
            self.rows[table].pop()
        del self.added[mark:]

    def write(self, folder: Path, name: str) -> None:
        """Write one Parquet part per table that has rows."""
        for table, rows in self.rows.items():
            if rows:
                target = folder / table
                target.mkdir(parents=True, exist_ok=True)
                pq.write_table(_columns(rows, SCHEMAS[table]), target / f"{name}.parquet", compression="lz4")
                rows.clear()


def _columns(rows: list[dict[str, Any]], schema: Any) -> Any:
    arrays = []
    for column in schema:
        name = column.name
        values = [row.get(name) for row in rows]
        if pa.types.is_timestamp(column.type):
            arrays.append(pa.array(values, pa.int64()).cast(column.type))
        else:
            arrays.append(pa.array(values, column.type))
    return pa.Table.from_arrays(arrays, schema=schema)
