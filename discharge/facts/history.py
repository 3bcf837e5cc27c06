"""What came before this stay: admissions, emergency visits, the last discharge.

An absent earlier encounter says "none" only where the feed demonstrably covers the period asked for: no week of it
is without an encounter of somebody (:class:`discharge.chart.Scope`). A feed of one patient doesn't, nor does a small
one whose dates were shifted apart patient by patient (MIMIC-IV demo).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from discharge.codes import disposition
from discharge.facts.chartrows import Evidence
from discharge.facts.status import texts
from discharge.facts.stays import (
    DAY,
    NEVER,
    Columns,
    Flags,
    Ints,
    Stays,
    as_times,
    flag,
    microseconds,
    nothing,
    spread,
)


def history(stays: Stays, columns: Columns) -> None:
    """Set admissions_12mo, ed_visits_6mo, days_since_last_discharge and is_readmission_30d."""
    encounters = stays.chart["encounters"]
    row, place = stays.patient_places("encounters")
    start, end = microseconds(encounters["start"]), microseconds(encounters["end"])
    is_stay = encounters["is_stay"].to_numpy(bool)
    other = stays.place("encounters")[row] != place
    earlier = other & (start[row] != NEVER) & (start[row] < stays.arrival[place])
    emergency = encounters["class_code"].eq("EMER").fillna(False).to_numpy(bool)
    reach = stays.scope.since(stays.arrival)
    _count(stays, columns, "stay.admissions_12mo", row, place, earlier & is_stay[row], start, 12, reach)
    _count(
        stays,
        columns,
        "stay.ed_visits_6mo",
        row,
        place,
        earlier & emergency[row] & ~is_stay[row],
        start,
        6,
        reach,
    )
    ended = earlier & is_stay[row] & (end[row] != NEVER) & (end[row] <= stays.start[place])
    _last(stays, columns, row[ended], place[ended], end, reach)


def _months_before(moments: Ints, months: int) -> Ints:
    return microseconds(pd.Series(as_times(moments) - pd.DateOffset(months=months)))


def _count(
    stays: Stays,
    columns: Columns,
    name: str,
    row: Ints,
    place: Ints,
    keep: Flags,
    start: Ints,
    months: int,
    reach: Ints,
) -> None:
    since = _months_before(stays.arrival, months)
    inside = keep & (start[row] >= since[place])
    found = np.bincount(place[inside], minlength=len(stays)).astype(np.float64)
    rows = spread("encounters", len(stays), place[inside], row[inside])
    columns.put(name, np.where(reach <= since, found, np.nan), rows)


def _last(stays: Stays, columns: Columns, row: Ints, place: Ints, end: Ints, reach: Ints) -> None:
    order = np.lexsort((end[row], place))
    rows = nothing(len(stays))
    rows[place[order]] = row[order]
    left = np.where(rows >= 0, end[rows], NEVER)
    days = stays.local_day(stays.start) - stays.local_day(left)
    evidence = Evidence("encounters", rows)
    columns.put("stay.days_since_last_discharge", days, evidence)
    went = texts(stays.chart["encounters"]["discharge_disposition"])
    transfer = np.array(
        [p >= 0 and went[p] is not None and disposition(went[p]) == "acute_transfer" for p in rows], bool
    )
    again = (days <= 30) & ~transfer
    none = (days > 30) | transfer | (np.isnan(days) & (reach <= stays.start - 31 * DAY))
    columns.put("stay.is_readmission_30d", flag(again, none), evidence)
