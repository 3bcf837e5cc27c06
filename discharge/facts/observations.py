"""Vital signs, laboratory values and other measured facts: one sort, then every window reduced at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from discharge.codes import concepts
from discharge.facts.chartrows import Evidence
from discharge.facts.listing import catalogue
from discharge.facts.stays import DAY, NEVER, Columns, Flags, Floats, Ints, Stays, microseconds
from discharge.reference import load_tables

NOT_OBSERVED = ("entered-in-error", "cancelled", "registered", "unknown")


@dataclass(frozen=True)
class Readings:
    """Observations of stays up to t, ordered by (stay, concept, time, value).

    ``stay`` places, ``concept`` numbers of :func:`names`, ``time`` us, ``value`` float64 (or numbers of answers),
    ``row`` places in the table of observations.
    """

    stay: Ints
    concept: Ints
    time: Ints
    value: Floats
    row: Ints

    def of(self, *wanted: str) -> Readings:
        """Return the readings of some concepts, ordered by (stay, time, value)."""
        keep = np.isin(self.concept, [number_of(name) for name in wanted])
        part = self.where(keep)
        order = np.lexsort((part.value, part.time, part.stay))
        return part.where(order)

    def where(self, keep: npt.NDArray[Any]) -> Readings:
        return Readings(
            self.stay[keep], self.concept[keep], self.time[keep], self.value[keep], self.row[keep]
        )


_NAMES: list[pd.Index[Any]] = []


def names() -> pd.Index[Any]:
    """Return the concept names; a concept's number is its place here."""
    if not _NAMES:
        _NAMES.append(pd.Index(list(concepts()), dtype="str"))
    return _NAMES[0]


def number_of(name: str) -> int:
    """Return the number of a concept."""
    return int(names().get_indexer(pd.Index([name]))[0])


def usable_rows(stays: Stays) -> tuple[Ints, Ints]:
    """Return rows of observations that count (of a stay, by t, not withdrawn), and the concept of every row."""
    table = stays.chart["observations"]
    place, time = stays.place("observations"), microseconds(table["effective_at"])
    limit = np.where(place >= 0, stays.t[place], NEVER) if len(stays) else np.full(len(place), NEVER)
    withdrawn = table["status"].isin(NOT_OBSERVED).to_numpy()
    keep = (time != NEVER) & (time <= limit) & ~withdrawn
    return np.flatnonzero(keep), names().get_indexer(pd.Index(table["concept"])).astype(np.int64)


def numeric(stays: Stays, rows: Ints, concept: Ints) -> Readings:
    """Return the readings with a number among ``rows``."""
    table = stays.chart["observations"]
    value = table["value"].to_numpy(np.float64)
    rows = rows[(concept[rows] >= 0) & ~np.isnan(value[rows])]
    concept = concept[rows]
    for name, others in load_tables("facts")["also_from"].items():
        extra = np.isin(concept, [number_of(other) for other in others])
        rows = np.concatenate([rows, rows[extra]])
        concept = np.concatenate([concept, np.full(int(extra.sum()), number_of(name))])
    stay = stays.place("observations")[rows].astype(np.int64)
    time = microseconds(table["effective_at"])[rows]
    order = np.lexsort((value[rows], time, concept, stay))
    rows = rows[order]
    return Readings(stay[order], concept[order], time[order], value[rows], rows)


@dataclass(frozen=True)
class Window:
    """First, last, lowest and highest value per stay and concept of one window: matrices (concepts, stays)."""

    first: Floats
    last: Floats
    lowest: Floats
    highest: Floats
    rows: dict[str, npt.NDArray[np.int32]]


def reduce(readings: Readings, keep: Flags, size: int) -> Window:
    """Reduce the readings of one window, all stays and concepts at once."""
    part = readings.where(keep)
    shape = (len(names()), size)
    blank = {how: np.full(shape, np.nan) for how in ("first", "last", "lowest", "highest")}
    rows = {how: np.full(shape, -1, dtype=np.int32) for how in blank}
    if len(part.stay):
        change = (np.diff(part.stay) != 0) | (np.diff(part.concept) != 0)
        begin = np.flatnonzero(np.concatenate([[True], change]))
        ends = np.concatenate([begin[1:], [len(part.stay)]])
        where = (part.concept[begin], part.stay[begin])
        group = np.repeat(np.arange(len(begin)), ends - begin)
        found = {"first": begin, "last": ends - 1}
        for how, reducer in (("lowest", np.minimum), ("highest", np.maximum)):
            hits = np.flatnonzero(part.value == reducer.reduceat(part.value, begin)[group])
            found[how] = hits[np.unique(group[hits], return_index=True)[1]]  # the earliest of equals
        for how, at in found.items():
            blank[how][where] = part.value[at]
            rows[how][where] = part.row[at]
    return Window(**blank, rows=rows)


def windows(stays: Stays, readings: Readings) -> dict[str, Window]:
    """Return the windows of the catalogue: 24 h up to t, the first 24 h, and the stay; exact ends are inside."""
    t, arrival = stays.t[readings.stay], stays.arrival[readings.stay]
    from_arrival = readings.time >= arrival
    return {
        "24h": reduce(readings, readings.time >= t - DAY, len(stays)),
        "admit": reduce(readings, from_arrival & (readings.time <= arrival + DAY), len(stays)),
        "stay": reduce(readings, from_arrival, len(stays)),
    }


STATISTICS = {
    "last": ("24h", "last"),
    "min_24h": ("24h", "lowest"),
    "max_24h": ("24h", "highest"),
    "admit_min": ("admit", "lowest"),
    "admit_max": ("admit", "highest"),
    "last_stay": ("stay", "last"),
    "first": ("stay", "first"),
}


def measure(found: dict[str, Window], columns: Columns) -> None:
    """Set every fact that is a statistic of one concept; one without any value stays unset (all unknown)."""
    charted = {window: np.asarray(~np.isnan(reduced.last).all(axis=1)) for window, reduced in found.items()}
    for fact in catalogue().values():
        if "measured" not in fact.source:
            continue
        taken = fact.source["measured"]
        window, how = STATISTICS[taken["statistic"]]
        number = number_of(taken["concept"])
        if charted[window][number]:
            reduced = found[window]
            rows = Evidence("observations", reduced.rows[how][number])
            columns.put(fact.name, getattr(reduced, how)[number], rows)
