"""Authorizations asked for and decided.

"None on file" is known only where the feed brings authorizations at all (a row in this chart, or the caller says so).
"""

from __future__ import annotations

import numpy as np

from discharge.facts.chartrows import Evidence, Positions
from discharge.facts.status import texts
from discharge.facts.stays import (
    HOUR,
    NEVER,
    Columns,
    Flags,
    Floats,
    Ints,
    Objects,
    Stays,
    as_times,
    at_rows,
    flag,
    microseconds,
    nothing,
    spread,
)

APPROVED = ("approved", "modified", "partial")
_PENDING = ("requested", "pended", "pending")
_SERVICES = {
    "inpatient": ("inpatient_acute", "inpatient", "acute_inpatient", "inpatient_admission"),
    "snf": ("snf",),
    "irf": ("irf",),
    "home_health": ("home_health",),
    "home_infusion": ("home_infusion",),
    "ltch": ("ltch",),
    "hospice": ("hospice",),
    "behavioural": ("behavioural", "behavioral"),
    "outpatient_therapy": ("outpatient_therapy",),
    "dme": ("dme",),
    "transport": ("transport", "ambulance"),
}
_REFUSED = ("inpatient", "snf", "irf", "home_health", "home_infusion")  # services whose refusal rules ask for


def authorization(stays: Stays, columns: Columns) -> None:
    """Set authorization.*, as they stand at as_of: payers ask and decide after the patient has left as well.

    A decision after as_of is not known yet and counts as still asked for.
    """
    table, place = stays.chart["authorizations"], stays.place("authorizations").astype(np.int64)
    kept = np.full(len(stays), "authorizations" in stays.scope.tables)
    t = stays.moment
    asked, decided = microseconds(table["requested_at"]), microseconds(table["decided_at"])
    open_yet = (decided != NEVER) & (decided > t)
    state = texts(table["status"].str.lower())
    state[open_yet] = "requested"
    decided = np.where(open_yet, NEVER, decided)
    rows = np.flatnonzero((place >= 0) & ((asked == NEVER) | (asked <= t)))
    order = rows[np.lexsort((rows, np.maximum(asked, decided)[rows], place[rows]))]
    service = texts(table["service"].str.lower())
    any_row = np.isin(np.arange(len(stays)), place[rows])
    columns.put(
        "authorization.has_any", flag(any_row, kept), spread("authorizations", len(stays), place[rows], rows)
    )
    for name, services in _SERVICES.items():
        mine = order[np.isin(service[order], services)]
        latest = nothing(len(stays))
        latest[place[mine]] = mine
        status = at_rows(latest, state)
        _flags(columns, name, status, latest, kept)
        if name == "inpatient":
            columns.put("authorization.inpatient_status", status, Evidence("authorizations", latest))
            _inpatient(stays, columns, mine, asked, decided, state, kept)


def _flags(columns: Columns, name: str, status: Objects, latest: Positions, kept: Flags) -> None:
    told = np.array([text is not None for text in status], dtype=bool) | ((latest < 0) & kept)
    evidence = Evidence("authorizations", latest)
    columns.put(f"authorization.{name}_is_approved", flag(np.isin(status, APPROVED), told), evidence)
    if name in _REFUSED:
        columns.put(f"authorization.{name}_is_denied", flag(status == "denied", told), evidence)
    if name == "inpatient":
        columns.put("authorization.inpatient_is_pending", flag(np.isin(status, _PENDING), told), evidence)


def _inpatient(
    stays: Stays, columns: Columns, rows: Ints, asked: Ints, decided: Ints, state: Objects, kept: Flags
) -> None:
    table, place, size = (
        stays.chart["authorizations"],
        stays.place("authorizations").astype(np.int64),
        len(stays),
    )
    evidence = spread("authorizations", size, place[rows], rows)
    first, last = np.full(size, np.iinfo(np.int64).max), np.full(size, NEVER)
    known = rows[asked[rows] != NEVER]
    np.minimum.at(first, place[known], asked[known])
    np.maximum.at(last, place[rows], decided[rows])
    first = np.where(first == np.iinfo(np.int64).max, NEVER, first)
    columns.put("authorization.inpatient_requested_at", as_times(first), evidence)
    columns.put("authorization.hours_to_notice", _hours_to_notice(stays, columns, first, kept), evidence)
    columns.put("authorization.inpatient_decided_at", as_times(last), evidence)
    numbered = np.zeros(size, dtype=bool)
    numbered[place[rows[table["number"].notna().to_numpy()[rows]]]] = True
    columns.put(
        "authorization.inpatient_number_on_file",
        flag(numbered, evidence_any(place[rows], size) | kept),
        evidence,
    )
    approving = rows[np.isin(state[rows], APPROVED)]
    days, through = np.full(size, np.nan), np.full(size, NEVER)
    days[place[approving]] = table["days_approved"].to_numpy(np.float64)[approving]
    through[place[approving]] = microseconds(table["valid_through"])[approving]
    latest = nothing(size)
    latest[place[approving]] = approving
    columns.put("authorization.inpatient_days_approved", days, Evidence("authorizations", latest))
    columns.put(
        "authorization.inpatient_valid_through", as_times(through), Evidence("authorizations", latest)
    )


def _hours_to_notice(stays: Stays, columns: Columns, asked: Ints, kept: Flags) -> Floats:
    """Hours from the inpatient order (else the start of the stay) to the first request, or so far to t."""
    ordered = microseconds(columns.values["stay.inpatient_order_at"])
    begun = np.where(ordered != NEVER, ordered, stays.start)
    until = np.where(asked != NEVER, asked, np.where(kept, stays.t, NEVER))
    told = (begun != NEVER) & (until != NEVER)
    return np.where(told, (until - begun) / HOUR, np.nan)


def evidence_any(place: Ints, size: int) -> Flags:
    """Return whether each stay has a row."""
    found: Flags = np.isin(np.arange(size), place)
    return found
