"""Facts of many stays as columns, each with the chart rows that it came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from discharge.chart import Chart
from discharge.facts.listing import FactType, catalogue

Positions: TypeAlias = npt.NDArray[np.int32]

_EARLIEST = pd.Timestamp.min.tz_localize("UTC")

DTYPES: Mapping[FactType, str] = {
    "number": "float64",
    "flag": "float64",
    "text": "object",
    "codes": "object",
    "time": "datetime64[us, UTC]",
}


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """A chart row that stands behind a fact: where it is, when it was, and its words (code or name, value, unit)."""

    table: str
    row_id: str
    source: str
    at: pd.Timestamp | None
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Rows behind one fact. ``positions`` index the chart table: one per stay (-1 none), or, with ``bounds``
    (stays + 1 numbers), ``positions[bounds[i]:bounds[i + 1]]`` for stay ``i``."""

    table: str
    positions: Positions
    bounds: Positions | None = None

    def of(self, place: int) -> list[int]:
        """Return the positions behind stay ``place``."""
        if self.bounds is None:
            return [int(p) for p in self.positions[place : place + 1] if p >= 0]
        return [int(p) for p in self.positions[self.bounds[place] : self.bounds[place + 1]]]


@dataclass(frozen=True)
class FactTable:
    """``values``: a row per stay (index stay_id, sorted), a column per fact of the catalogue.

    Columns by type: number and flag float64 (NaN unknown; flags 1 and 0), text object (None unknown), codes object
    (tuple of str, None unknown), time datetime64[us, UTC] (NaT unknown). ``t``: the moment looked at, per stay.
    """

    values: pd.DataFrame
    t: pd.Series[Any]
    chart: Chart | None = field(default=None, repr=False)
    rows: Mapping[str, tuple[Evidence, ...]] = field(default_factory=dict, repr=False)
    because: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    places: npt.NDArray[np.int64] | None = field(
        default=None, repr=False
    )  # of each stay in the evidence arrays

    def evidence(self, fact: str, stay_id: str) -> list[EvidenceRow]:
        """Return the chart rows behind ``fact`` of one stay, earliest first; none where nothing is known.

        A fact worked out of other facts shows their rows.

        Raises:
            KeyError: no such fact or stay.
        """
        here = self._here.get(stay_id)
        if here is None:
            raise KeyError(f"no stay {stay_id} in this table")
        value = self._values_of(fact)[here]
        if self.chart is None or (not isinstance(value, tuple) and pd.isna(value)):
            return []
        place = here if self.places is None else int(self.places[here])
        found = {(e.table, position) for e in self._sources(fact) for position in e.of(place)}
        rows = [self._row(table, position) for table, position in found]
        return sorted(rows, key=lambda row: (row.at or _EARLIEST, row.table, row.row_id))

    @cached_property
    def _here(self) -> Mapping[str, int]:
        return {stay: place for place, stay in enumerate(self.values.index)}

    def _values_of(self, fact: str) -> Any:
        key = ("", fact)
        if key not in self._arrays:
            self._arrays[key] = self.values[fact].array
        return self._arrays[key]

    @cached_property
    def _arrays(self) -> dict[tuple[str, str], Any]:
        """Columns of the chart, taken out once: a cell of an array is found a hundred times faster than a row."""
        return {}

    def _cell(self, table: str, column: str, position: int) -> Any:
        key = (table, column)
        if key not in self._arrays:
            assert self.chart is not None
            self._arrays[key] = self.chart[table][column].array
        return self._arrays[key][position]

    def _row(self, table: str, position: int) -> EvidenceRow:
        cells = {column: self._cell(table, column, position) for column in _WORDS[table]}
        if table == "observations" and not pd.isna(cells["concept"]):
            del cells["code"]
        at = self._cell(table, TIMES[table], position) if table in TIMES else pd.NaT
        return EvidenceRow(
            table,
            str(self._cell(table, "row_id", position)),
            str(self._cell(table, "source", position)),
            None if pd.isna(at) else at,
            " ".join(_text(value) for value in cells.values() if not pd.isna(value)),
        )

    def _sources(self, fact: str) -> Iterable[Evidence]:
        yield from self.rows.get(fact, ())
        for other in self.because.get(fact, ()):
            yield from self._sources(other)

    def with_columns(self, **columns: object) -> FactTable:
        """Return the table with columns replaced; names as in the catalogue, each a full column of its type.

        Names hold a dot, so call it as ``with_columns(**{"coverage.payer_class": column})``.
        """
        typed = {
            name: typed_column(catalogue()[name].type, column, self.values.index)
            for name, column in columns.items()
        }
        return replace(self, values=self.values.assign(**typed))

    def take(self, stay_ids: Iterable[str]) -> FactTable:
        """Return the table of the stays named, in that order."""
        index = pd.Index(list(stay_ids), dtype=self.values.index.dtype, name=self.values.index.name)
        here = self.values.index.get_indexer(index)
        if (here < 0).any():
            raise KeyError(f"{int((here < 0).sum())} stays are not in this table")
        places = here if self.places is None else self.places[here]
        return replace(
            self, values=self.values.iloc[here], t=self.t.iloc[here], places=np.asarray(places, np.int64)
        )

    @classmethod
    def from_named(cls, rows: list[dict[str, object]], as_of: pd.Timestamp) -> FactTable:
        """Return a table of one row per mapping of fact name to value, for `evaluate` and the cases beside rules.

        A number is given bare in the fact's own unit, or as ``{"value": 1.3, "unit": "mg/dL"}``; a flag as true or
        false; a time as an ISO text (without zone: UTC) or a date; codes as a list. null is unknown. t is ``as_of``,
        or ``stay.discharged_at`` where that is given and earlier. Stays are named ``case-0001`` and so on.

        Raises:
            FactError: every fault at once: unknown names (with the nearest right one), types, units.
        """
        from discharge.facts.named import named_values

        values = named_values(rows)
        index = pd.Index(
            [f"case-{number + 1:04d}" for number in range(len(rows))], dtype="str", name="stay_id"
        )
        moment = as_of.tz_localize("UTC") if as_of.tzinfo is None else as_of.tz_convert("UTC")
        columns = {name: values.get(name) for name in catalogue()}
        frame = frame_of(columns, index)
        left = frame["stay.discharged_at"]
        t = pd.Series(moment, index=index, dtype=DTYPES["time"])
        return cls(frame, t.mask(left < moment, left))


def frame_of(columns: Mapping[str, object], index: pd.Index[Any]) -> pd.DataFrame:
    """Return the frame of all facts; a column that is None is unknown throughout and shares one array per type.

    The frame is to be read: write to a column by :meth:`FactTable.with_columns`, never into its values.
    """
    unknown = {kind: _column(kind, None, index) for kind in DTYPES}
    arrays = {
        name: unknown[fact.type] if columns.get(name) is None else _column(fact.type, columns[name], index)
        for name, fact in catalogue().items()
    }
    return pd.DataFrame(arrays, index=index, copy=False)


def _column(kind: FactType, column: object, index: pd.Index[Any]) -> Any:
    """Return an array of the type, text and codes as a series: pandas would make text of an array of objects."""
    if kind in ("text", "codes"):
        return typed_column(kind, column, index)
    return typed_array(kind, column, len(index))


def typed_column(kind: FactType, column: object, index: pd.Index[Any]) -> pd.Series[Any]:
    """Return ``column`` (array, list, series or None for unknown) as a series of the type's dtype."""
    if isinstance(column, pd.Series) and not column.index.equals(index):
        column = column.reindex(index)
    array = typed_array(kind, column, len(index))
    return pd.Series(array, index=index, dtype=object if kind in ("text", "codes") else None)


def typed_array(kind: FactType, column: Any, size: int) -> Any:
    """Return ``column`` as an array of the type's dtype; None is unknown throughout."""
    if kind in ("text", "codes"):
        array = np.empty(size, dtype=object)
        array[:] = [None] * size if column is None else [_known(item) for item in column]
        return array
    if kind == "time":
        if column is None:
            column = np.full(size, np.datetime64("NaT"), dtype="datetime64[us]")
        index = (
            column
            if isinstance(column, pd.DatetimeIndex)
            else pd.DatetimeIndex(pd.to_datetime(column, utc=True))
        )
        return (index.tz_localize("UTC") if index.tz is None else index.tz_convert("UTC")).as_unit("us").array
    return np.full(size, np.nan) if column is None else np.asarray(column, dtype=np.float64)


def _known(item: object) -> object:
    return item if isinstance(item, (str, tuple)) else None


TIMES = {
    "encounters": "start",
    "segments": "start",
    "coverages": "start",
    "diagnoses": "recorded_at",
    "observations": "effective_at",
    "medications": "start",
    "procedures": "start",
    "orders": "ordered_at",
    "documents": "written_at",
    "assessments": "assessed_at",
    "authorizations": "requested_at",
}
_WORDS = {
    "patients": ("sex", "birth_date", "deceased_at", "language", "state"),
    "encounters": ("class_code", "start", "end", "unit", "admit_source", "discharge_disposition"),
    "segments": ("class_code", "unit", "start", "end"),
    "coverages": ("payer_id", "payer_name", "type_text", "status"),
    "diagnoses": ("code", "display", "role"),
    "observations": ("concept", "code", "value", "unit", "value_text"),
    "medications": ("name", "ingredients", "route", "dose", "dose_unit", "status"),
    "procedures": ("name", "code", "status"),
    "orders": ("name", "code", "status"),
    "documents": ("name", "code", "status"),
    "assessments": ("item", "value", "value_text"),
    "authorizations": ("service", "status", "days_approved", "valid_through"),
}


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.10g}"
    return value.isoformat() if isinstance(value, pd.Timestamp) else str(value)
