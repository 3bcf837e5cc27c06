"""Coverages active at t. What a payer profile says is filled in by the payers' room."""

from __future__ import annotations

import numpy as np
import pandas as pd

from discharge.facts.chartrows import Evidence
from discharge.facts.money import money
from discharge.facts.status import texts
from discharge.facts.stays import (
    DAY,
    NEVER,
    Columns,
    Flags,
    Ints,
    Stays,
    at_rows,
    flag,
    microseconds,
    nothing,
)

VOID = ("draft", "entered-in-error")


def is_active(coverages: pd.DataFrame, t: Ints) -> Flags:
    """Return whether each row is in force at its own moment ``t`` (UTC microseconds, one per row)."""
    start, end = microseconds(coverages["start"]), microseconds(coverages["end"])
    ended = coverages["status"].eq("cancelled").fillna(False).to_numpy(bool) & (end == NEVER)
    void = coverages["status"].isin(VOID).to_numpy() | ended
    found: Flags = ~void & ((start == NEVER) | (start <= t)) & ((end == NEVER) | (end + DAY > t))
    return found


def coverage(stays: Stays, columns: Columns) -> None:
    """Set has_coverage, is_active, payer_id, secondary_payer_id and member_id_on_file; then :mod:`money`.

    Coverage is by day: active from its start to the end of its last day. A cancelled one was active up to the day it
    ended; without that day it counts as never active. The primary is the lowest priority number; without numbers the
    one that began last, then by row.
    """
    table = stays.chart["coverages"]
    row, place = stays.patient_places("coverages")
    start = microseconds(table["start"])[row]
    active = is_active(table.iloc[row], stays.t[place])
    rank = np.nan_to_num(table["priority"].to_numpy(np.float64)[row], nan=np.inf)
    order = np.lexsort((row, -np.where(start == NEVER, 0, start), rank, place))
    order = order[active[order]]
    primary, secondary = nothing(len(stays)), nothing(len(stays))
    first = np.unique(place[order], return_index=True)[1]
    primary[place[order][first]] = row[order][first]
    rest = np.setdiff1d(np.arange(len(order)), first)
    second = rest[np.unique(place[order][rest], return_index=True)[1]]
    secondary[place[order][second]] = row[order][second]
    on_file = np.isin(np.arange(len(stays)), place)
    found = flag(primary >= 0, on_file)
    evidence = Evidence("coverages", primary)
    columns.put("coverage.has_coverage", found, evidence)
    columns.put("coverage.is_active", found, evidence)
    payer = texts(table["payer_id"])
    for name, rows in (("payer_id", primary), ("secondary_payer_id", secondary)):
        columns.put(f"coverage.{name}", at_rows(rows, payer), Evidence("coverages", rows))
    has_number = table["member_id"].notna().to_numpy()
    numbered = has_number[np.maximum(primary, 0)] if len(table) else np.zeros(len(stays), bool)
    columns.put("coverage.member_id_on_file", flag((primary >= 0) & numbered, primary >= 0), evidence)
    money(stays, columns, primary.astype(np.int64))
