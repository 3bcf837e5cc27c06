"""Chart rows as plain values: how they are kept, compared and turned into frames again.

A row is a tuple in the order of :data:`COLUMNS`; times are microseconds since 1970 in UTC, missing is None. ``source``
(the file's name) is kept and is no part of any comparison: the same row from another file is the same row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import orjson
import pandas as pd

from discharge.chart import DTYPES, TABLES, Kind

Row: TypeAlias = tuple[Any, ...]
Rows: TypeAlias = dict[str, dict[str, Row]]
"""Rows by table and row_id."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    table: (*columns, "on_ward") if table == "encounters" else tuple(columns)
    for table, columns in TABLES.items()
}
PLACE: Mapping[str, Mapping[str, int]] = {
    table: {name: place for place, name in enumerate(names)} for table, names in COLUMNS.items()
}
_NO_TIME = np.iinfo("int64").min


def kind_of(table: str, column: str) -> Kind:
    """Return the kind of a column; ``on_ward`` of encounters is a flag."""
    return "flag" if column == "on_ward" else TABLES[table][column].kind


def plain_rows(table: str, frame: pd.DataFrame, names: Sequence[str] | None = None) -> list[Row]:
    """Return the frame's rows as tuples of plain values, of ``names`` (the table's columns)."""
    if frame.empty:
        return []
    lists = [
        plain(frame[name], kind_of(table, name) if name in PLACE[table] else "text")
        if name in frame
        else [None] * len(frame)
        for name in names or COLUMNS[table]
    ]
    return list(zip(*lists, strict=True))


def plain(series: pd.Series[Any], kind: Kind) -> list[Any]:
    """Return a column's values: microseconds, floats, booleans or text, None where missing."""
    if kind in ("time", "date"):
        utc = series.dt.tz_convert("UTC").dt.tz_localize(None) if kind == "time" else series
        numbers = utc.to_numpy(dtype="datetime64[us]").astype("int64").tolist()
        return [None if number == _NO_TIME else number for number in numbers]
    values: list[Any] = series.to_numpy(dtype=object, na_value=None).tolist()  # type: ignore[call-overload]
    return [None if value is None else bool(value) for value in values] if kind == "flag" else values


def frame_of(table: str, rows: Iterable[Row]) -> pd.DataFrame:
    """Return a frame with the table's columns and types."""
    names = COLUMNS[table]
    columns = list(zip(*rows, strict=True))
    if not columns:
        return _empty(table)
    return pd.DataFrame(
        {name: _series(values, kind_of(table, name)) for name, values in zip(names, columns, strict=True)}
    )


@lru_cache(maxsize=len(TABLES))
def _empty(table: str) -> pd.DataFrame:
    return pd.DataFrame({name: _series((), kind_of(table, name)) for name in COLUMNS[table]})


def _series(values: Sequence[Any], kind: Kind) -> pd.Series[Any]:
    if kind in ("time", "date"):
        numbers = np.array([_NO_TIME if value is None else value for value in values], dtype="int64")
        times = pd.Series(numbers.view("datetime64[us]"))
        return times.dt.tz_localize("UTC") if kind == "time" else times
    return pd.Series(list(values), dtype=DTYPES[kind])


def without_source(table: str, row: Row) -> Row:
    """Return what is compared of a row."""
    place = PLACE[table]["source"]
    return row[:place] + row[place + 1 :]


def digest_of(content: object) -> str:
    """Return the SHA-256 of plain values."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def feed_digest(rows: Rows, retracted: Iterable[str]) -> str:
    """Return what stands for everything that a feed holds of one patient."""
    said = {
        table: [without_source(table, by_id[row_id]) for row_id in sorted(by_id)]
        for table, by_id in rows.items()
        if by_id
    }
    return digest_of([said, sorted(retracted)])
