"""What every step of the extraction works with: the stays of a chart with their times, and the columns found so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from discharge.chart import Chart, Scope
from discharge.facts.chartrows import Evidence

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Objects: TypeAlias = npt.NDArray[np.object_]

NEVER = np.iinfo(np.int64).min  # NaT as a number
HOUR = 3_600_000_000
DAY = 24 * HOUR


def microseconds(times: pd.Series[Any]) -> Ints:
    """Return UTC times as whole microseconds, :data:`NEVER` for NaT."""
    return np.asarray(pd.DatetimeIndex(times).as_unit("us").asi8)


def as_times(moments: Ints) -> pd.DatetimeIndex:
    """Return whole microseconds as UTC times; NaT for :data:`NEVER`."""
    return pd.DatetimeIndex(moments.view("datetime64[us]")).tz_localize("UTC")


@dataclass
class Stays:
    """The stays of ``chart`` at ``as_of``: ids sorted, and aligned with them arrival, start, end and t (us)."""

    chart: Chart
    as_of: pd.Timestamp
    zone: str
    heads: pd.DataFrame  # the encounter row of each stay
    head_rows: npt.NDArray[np.int32]  # its place in the table of encounters
    scope: Scope
    _places: dict[str, npt.NDArray[np.int32]] = field(default_factory=dict)

    @cached_property
    def ids(self) -> pd.Index[Any]:
        return pd.Index(self.heads["stay_id"].astype("str"), name="stay_id")

    def __len__(self) -> int:
        return len(self.heads)

    @cached_property
    def moment(self) -> int:
        return int(self.as_of.value) // 1000  # value is in nanoseconds whatever the unit

    @cached_property
    def start(self) -> Ints:
        return microseconds(self.heads["start"])

    @cached_property
    def end(self) -> Ints:
        """End of the stay, NEVER where it isn't known to have ended by as_of."""
        end = microseconds(self.heads["end"])
        return np.where((end != NEVER) & (end <= self.moment), end, NEVER)

    @cached_property
    def t(self) -> Ints:
        return np.where(self.end != NEVER, self.end, self.moment)

    @cached_property
    def arrival(self) -> Ints:
        encounters = self.chart["encounters"]
        place, start = self.place("encounters"), microseconds(encounters["start"])
        first = self.start.copy()
        inside = (place >= 0) & (start != NEVER)
        np.minimum.at(first, place[inside], start[inside])
        return first

    def place(self, table: str) -> npt.NDArray[np.int32]:
        """Return for each row of ``table`` the place of its stay, -1 for none."""
        if table not in self._places:
            self._places[table] = self.ids.get_indexer(pd.Index(self.chart[table]["stay_id"])).astype(
                np.int32
            )
        return self._places[table]

    def patient_places(self, table: str, keep: Flags | None = None) -> tuple[Ints, Ints]:
        """Return (row, place) pairs: every row of ``table`` (of those kept) with every stay of its patient."""
        people = self.chart[table]["patient_id"]
        chosen = people.notna().to_numpy() if keep is None else keep & people.notna().to_numpy()
        rows = pd.DataFrame({"patient_id": people[chosen], "row": np.flatnonzero(chosen)})
        mine = pd.DataFrame({"patient_id": self.heads["patient_id"], "place": np.arange(len(self))})
        pairs = rows.merge(mine, on="patient_id").sort_values(["place", "row"])
        return pairs["row"].to_numpy(np.int64), pairs["place"].to_numpy(np.int64)

    def local_day(self, moments: Ints) -> Floats:
        """Return the day of each moment in the facility's zone, as a day number; NaN for NEVER."""
        local = as_times(moments).tz_convert(self.zone).tz_localize(None).normalize()
        days = local.as_unit("us").asi8 // DAY
        return np.where(moments == NEVER, np.nan, days.astype(np.float64))

    def head_evidence(self) -> Evidence:
        return Evidence("encounters", self.head_rows)


@dataclass
class Columns:
    """Facts found so far: arrays by fact name, and the rows behind each."""

    size: int
    values: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, tuple[Evidence, ...]] = field(default_factory=dict)
    because: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def put(self, name: str, column: Any, *evidence: Evidence, because: Iterable[str] = ()) -> None:
        """Set the fact ``name``. ``because``: facts whose rows are its evidence."""
        self.values[name] = column
        if evidence:
            self.rows[name] = evidence
        if because:
            self.because[name] = tuple(because)

    def number(self, name: str) -> Floats:
        """Return a number or flag found before, NaN throughout if it wasn't."""
        found = self.values.get(name)
        return np.full(self.size, np.nan) if found is None else np.asarray(found, dtype=np.float64)


def flag(yes: Flags, no: Flags) -> Floats:
    """Return 1 where ``yes``, else 0 where ``no``, else NaN."""
    return np.where(yes, 1.0, np.where(no, 0.0, np.nan))


def nothing(size: int) -> npt.NDArray[np.int32]:
    return np.full(size, -1, dtype=np.int32)


def only(keep: Flags, values: Objects) -> Objects:
    """Return ``values`` where ``keep``, None elsewhere."""
    chosen: Objects = np.full(len(values), None, dtype=object)
    chosen[keep] = values[keep]
    return chosen


def at_rows(rows: npt.NDArray[Any], values: Objects) -> Objects:
    """Return ``values`` at ``rows``, None where a row is -1."""
    chosen: Objects = np.full(len(rows), None, dtype=object)
    chosen[rows >= 0] = values[rows[rows >= 0]]
    return chosen


def pick(size: int, place: Ints, rows: Ints) -> npt.NDArray[np.int32]:
    """Return per stay the last of its ``rows`` in the order given, -1 for none."""
    chosen = nothing(size)
    chosen[place] = rows  # later ones overwrite
    return chosen


def spread(table: str, size: int, place: Ints, rows: Ints) -> Evidence:
    """Return evidence of several rows per stay."""
    order = np.lexsort((rows, place))
    bounds = np.searchsorted(place[order], np.arange(size + 1)).astype(np.int32)
    return Evidence(table, rows[order].astype(np.int32), bounds)


def tuples(size: int, place: Ints, items: Iterable[str], known: Flags) -> Objects:
    """Return per stay the sorted distinct items as a tuple; None where not ``known`` and none is there."""
    found: dict[int, set[str]] = {}
    for where, item in zip(place.tolist(), items, strict=True):
        found.setdefault(where, set()).add(item)
    column = np.empty(size, dtype=object)
    for where in range(size):
        if where in found or known[where]:
            column[where] = tuple(sorted(found.get(where, ())))
    return column
