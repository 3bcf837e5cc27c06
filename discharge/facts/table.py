"""Facts of many stays as columns, each with the chart rows that it came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from discharge.chart import Chart
from discharge.facts.chartrows import ChartRows, Evidence, EvidenceRow
from discharge.facts.listing import FactType, catalogue

_EARLIEST = pd.Timestamp.min.tz_localize("UTC")

DTYPES: Mapping[FactType, str] = {
    "number": "float64",
    "flag": "float64",
    "text": "object",
    "codes": "object",
    "time": "datetime64[us, UTC]",
}


@dataclass(frozen=True)
class FactTable:
    """``columns``: an array per fact of the catalogue, in its order, each in the order of ``index`` (stay ids, sorted).

    Arrays by type: number and flag float64 (NaN unknown; flags 1 and 0), text object (None unknown), codes object
    (tuple of str, None unknown), time datetime64[us, UTC] (NaT unknown). They are to be read: change a column by
    :meth:`with_columns`, never in place. ``t``: the moment looked at, per stay.
    """

    index: pd.Index[Any]
    columns: Mapping[str, Any] = field(repr=False)
    t: pd.Series[Any]
    chart: Chart | None = field(default=None, repr=False)
    rows: Mapping[str, tuple[Evidence, ...]] = field(default_factory=dict, repr=False)
    because: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    places: npt.NDArray[np.int64] | None = field(
        default=None, repr=False
    )  # of each stay in the evidence arrays

    @cached_property
    def values(self) -> pd.DataFrame:
        """The columns as a frame, a row per stay: made when first asked for, as a frame of 500 columns is dear."""
        columns = {
            name: pd.Series(array, index=self.index, dtype=object) if array.dtype == object else array
            for name, array in self.columns.items()
        }
        return pd.DataFrame(columns, index=self.index, copy=False)

    def column(self, fact: str) -> Any | None:
        """Return the array of a fact; None if there is no such fact."""
        return self.columns.get(fact)

    @cached_property
    def charted(self) -> tuple[str, ...]:
        """The facts known of at least one stay, by name."""
        absent: dict[int, bool] = {}  # columns that are unknown throughout share one array
        found = []
        for name, array in self.columns.items():
            if id(array) not in absent:
                absent[id(array)] = bool(np.asarray(pd.isna(array)).all())
            if not absent[id(array)]:
                found.append(name)
        return tuple(sorted(found))

    def known(self, stay_id: str) -> Iterator[tuple[str, Any]]:
        """Yield what is known of one stay, by name."""
        here = self._here[stay_id]
        for name, cells in self._charted_cells:
            value = cells[here]
            if value is not None and value == value:  # NaN and NaT are not themselves
                yield name, value

    @cached_property
    def _charted_cells(self) -> list[tuple[str, list[Any]]]:
        return [(name, self._listed(self.columns[name])) for name in self.charted]

    def value(self, fact: str, stay_id: str) -> Any:
        """Return one fact of one stay in Python's own types; NaN, NaT or None where unknown (KeyError if not there)."""
        cells = self._cells.get(fact)
        if cells is None:
            cells = self._cells[fact] = self._listed(self.columns[fact])
        return cells[self._here[stay_id]]

    @cached_property
    def _cells(self) -> dict[str, list[Any]]:
        """Columns as lists, as they are asked for: a cell of a list is found many times faster."""
        return {}

    def _listed(self, array: Any) -> list[Any]:
        """Return an array as a list; arrays are shared by columns that are unknown throughout."""
        known = self._lists.get(id(array))
        if known is None:
            known = self._lists[id(array)] = array.tolist()
        return known

    @cached_property
    def _lists(self) -> dict[int, list[Any]]:
        return {}

    def evidence(self, fact: str, stay_id: str) -> list[EvidenceRow]:
        """Return the chart rows behind ``fact`` of one stay, earliest first; none where nothing is known.

        A fact worked out of other facts shows their rows.

        Raises:
            KeyError: no such fact or stay.
        """
        if stay_id not in self._here:
            raise KeyError(f"no stay {stay_id} in this table")
        value = self.value(fact, stay_id)
        if self._chart_rows is None or value is None or value is pd.NaT or value != value:
            return []
        here = self._here[stay_id]
        place = here if self.places is None else int(self.places[here])
        found = {(e.table, position) for e in self._sources(fact) for position in e.of(place)}
        rows = [self._chart_rows.row(place, table, position) for table, position in found]
        return sorted(rows, key=lambda row: (row.at or _EARLIEST, row.table, row.row_id))

    @cached_property
    def _chart_rows(self) -> ChartRows | None:
        return None if self.chart is None else ChartRows(self.chart, chain.from_iterable(self.rows.values()))

    @cached_property
    def _here(self) -> Mapping[str, int]:
        return {stay: place for place, stay in enumerate(self.index)}

    def _sources(self, fact: str) -> Iterable[Evidence]:
        yield from self.rows.get(fact, ())
        for other in self.because.get(fact, ()):
            yield from self._sources(other)

    def with_columns(self, **columns: object) -> FactTable:
        """Return the table with columns replaced; names as in the catalogue, each a full column of its type.

        Names hold a dot, so call it as ``with_columns(**{"coverage.payer_class": column})``.
        """
        typed = {
            name: typed_column(catalogue()[name].type, column, self.index) for name, column in columns.items()
        }
        return replace(self, columns={**self.columns, **typed})

    def take(self, stay_ids: Iterable[str]) -> FactTable:
        """Return the table of the stays named, in that order."""
        index = pd.Index(list(stay_ids), dtype=self.index.dtype, name=self.index.name)
        here = self.index.get_indexer(index)
        if (here < 0).any():
            raise KeyError(f"{int((here < 0).sum())} stays are not in this table")
        places = here if self.places is None else self.places[here]
        # Columns that are unknown throughout share one array.
        taken = {id(array): array[here] for array in {id(one): one for one in self.columns.values()}.values()}
        return replace(
            self,
            index=index,
            columns={name: taken[id(array)] for name, array in self.columns.items()},
            t=self.t.iloc[here],
            places=np.asarray(places, np.int64),
        )

    @classmethod
    def from_named(
        cls, rows: list[dict[str, object]], as_of: pd.Timestamp | Sequence[pd.Timestamp]
    ) -> FactTable:
        """Return a table of one row per mapping of fact name to value, for `evaluate` and the cases beside rules.

        A number is given bare in the fact's own unit, or as ``{"value": 1.3, "unit": "mg/dL"}``; a flag as true or
        false; a time as an ISO text (without zone: UTC) or a date; codes as a list. null is unknown. t is ``as_of``,
        or ``stay.discharged_at`` where that is given and earlier; several ``as_of`` are one for each row. Stays are
        named ``case-0001`` and so on.

        Raises:
            FactError: every fault at once: unknown names (with the nearest right one), types, units.
        """
        from discharge.facts.named import named_values

        values = named_values(rows)
        index = pd.Index(
            [f"case-{number + 1:04d}" for number in range(len(rows))], dtype="str", name="stay_id"
        )
        each = [as_of] * len(rows) if isinstance(as_of, pd.Timestamp) else list(as_of)
        moments = pd.DatetimeIndex(
            [one.tz_localize("UTC") if one.tzinfo is None else one.tz_convert("UTC") for one in each]
        ).as_unit("us")
        columns = typed_columns(values, index)
        left = pd.DatetimeIndex(columns["stay.discharged_at"])
        t = left.where(left < moments, moments)
        if values.get("stay.reviewed_at") is None:
            columns["stay.reviewed_at"] = moments.array
        return cls(index, columns, pd.Series(t, index=index))


def typed_columns(columns: Mapping[str, object], index: pd.Index[Any]) -> dict[str, Any]:
    """Return the array of every fact, typed; those that are unknown throughout share one array per type."""
    unknown = {kind: typed_array(kind, None, len(index)) for kind in DTYPES}
    return {
        name: unknown[fact.type]
        if columns.get(name) is None
        else typed_column(fact.type, columns[name], index)
        for name, fact in catalogue().items()
    }


def typed_column(kind: FactType, column: object, index: pd.Index[Any]) -> Any:
    """Return ``column`` (array, list, series or None for unknown) as an array of the type's dtype."""
    if isinstance(column, pd.Series) and not column.index.equals(index):
        column = column.reindex(index)
    return typed_array(kind, column, len(index))


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
