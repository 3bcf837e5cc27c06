"""Units and intensive care, from the parts of the stay and the encounter."""

from __future__ import annotations

import numpy as np

from discharge.facts.chartrows import Evidence, Positions
from discharge.facts.status import texts
from discharge.facts.stays import (
    DAY,
    NEVER,
    Columns,
    Flags,
    Floats,
    Stays,
    at_rows,
    flag,
    microseconds,
    nothing,
    spread,
)
from discharge.facts.words import by_text, is_intensive_name


def places(stays: Stays, columns: Columns) -> None:
    """Set unit, is_in_intensive_care and intensive_care_days."""
    segments, place = stays.chart["segments"], stays.place("segments")
    start, end = microseconds(segments["start"]), microseconds(segments["end"])
    t = (
        np.where(place >= 0, stays.t[np.maximum(place, 0)], NEVER)
        if len(stays)
        else np.full(len(place), NEVER)
    )
    begun = (place >= 0) & (start != NEVER) & (start <= t)
    intensive = _intensive(stays)
    covers = begun & ((end == NEVER) | (end >= t))
    here = np.flatnonzero(covers & (segments["unit"].notna().to_numpy() | ~np.isnan(intensive)))
    here = here[np.lexsort((np.nan_to_num(intensive[here], nan=-1.0), start[here]))]
    rows = nothing(len(stays))
    rows[place[here]] = here
    _now(stays, columns, rows, intensive)
    _days(stays, columns, begun & ~np.isnan(intensive), intensive == 1)


def _intensive(stays: Stays) -> Floats:
    """Return for each segment whether it is intensive care: its mark, else its unit's name; NaN unknown."""
    segments = stays.chart["segments"]
    marked = segments["is_intensive_care"].astype("Float64").to_numpy(np.float64, na_value=np.nan)
    named = by_text(segments["unit"], is_intensive_name).astype(np.float64)
    named[segments["unit"].isna().to_numpy()] = np.nan
    return np.where(np.isnan(marked), named, marked)


def _now(stays: Stays, columns: Columns, rows: Positions, intensive: Floats) -> None:
    unit = texts(stays.heads["unit"])
    named = np.array([np.nan if text is None else float(is_intensive_name(text)) for text in unit])
    found = rows >= 0
    if found.any():
        segment_units = texts(stays.chart["segments"]["unit"])
        at_t = at_rows(rows, segment_units)
        told = np.array([text is not None for text in at_t], dtype=bool)
        unit[told] = at_t[told]
        marked = intensive[np.maximum(rows, 0)]
        named = np.where(found & ~np.isnan(marked), marked, named)
    evidence = (
        Evidence("segments", rows),
        Evidence("encounters", np.where(found, -1, stays.head_rows).astype(np.int32)),
    )
    columns.put("stay.unit", unit, *evidence)
    columns.put("stay.is_in_intensive_care", flag(named == 1, named == 0), *evidence)


def _days(stays: Stays, columns: Columns, known: Flags, intensive: Flags) -> None:
    """Add up the time of intensive parts up to t; parts that overlap count once."""
    segments, place = stays.chart["segments"], stays.place("segments")
    start, end = microseconds(segments["start"]), microseconds(segments["end"])
    days = np.full(len(stays), np.nan)
    days[place[known]] = 0.0
    rows = np.flatnonzero(known & intensive)
    rows = rows[np.lexsort((start[rows], place[rows]))]
    reached: dict[int, int] = {}
    for row in rows.tolist():
        where = int(place[row])
        until = min(int(end[row]) if end[row] != NEVER else int(stays.t[where]), int(stays.t[where]))
        begin = max(int(start[row]), reached.get(where, NEVER))
        days[where] += max(until - begin, 0) / DAY
        reached[where] = max(until, reached.get(where, NEVER))
    evidence = spread("segments", len(stays), place[rows].astype(np.int64), rows.astype(np.int64))
    columns.put("stay.intensive_care_days", days, evidence)
