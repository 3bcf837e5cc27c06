"""Hours, days and local midnights of a stay (42 CFR 412.3(d): benchmark and presumption; inpatient days for 409.30)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from discharge.facts.stays import DAY, HOUR, NEVER, Columns, Floats, Ints, Stays, microseconds


def midnights(stays: Stays, columns: Columns) -> None:
    """Set what is counted in time. A midnight is a change of the local date, so a day of 23 or 25 hours has one."""
    head = stays.head_evidence()
    elapsed = (stays.t - stays.arrival).astype(np.float64)
    columns.put("stay.hours_in_hospital", elapsed / HOUR, head)
    columns.put("stay.days_in_hospital", elapsed / DAY, head)
    columns.put("stay.benchmark_midnights", _crossed(stays, stays.arrival), because=["stay.arrival_at"])
    inpatient_from: Ints = columns.values["_inpatient_from"]
    crossed = _crossed(stays, inpatient_from)
    outpatient = columns.number("stay.is_inpatient") == 0
    status = ["stay.is_inpatient", "stay.inpatient_order_at"]
    columns.put("stay.presumption_midnights", np.where(outpatient, 0.0, crossed), because=status)
    columns.put("stay.inpatient_days", np.where(outpatient, 0.0, np.maximum(crossed, 1.0)), because=status)
    columns.put(
        "stay.hours_in_observation", _observation(stays, columns), because=["stay.observation_start_at"]
    )


def benchmark(stays: Stays, columns: Columns) -> None:
    """Count the benchmark anew where care is charted as begun at another time, here or at the sending hospital.

    Midnights charted as delay or convenience are left out. Waits for the assessments, which bring all three facts.
    """
    starts = ("stay.sending_care_started_at", "stay.care_started_at")
    charted = [name for name in starts if name in columns.values]
    if not charted and "stay.delay_midnights" not in columns.values:
        return
    begin = stays.arrival
    for name in reversed(charted):
        told = microseconds(pd.Series(columns.values[name]))
        begin = np.where(told != NEVER, told, begin)
    delay = np.nan_to_num(columns.number("stay.delay_midnights"))
    counted = np.maximum(_crossed(stays, begin) - np.maximum(delay, 0.0), 0.0)
    because = ["stay.arrival_at", *charted, *(["stay.delay_midnights"] if delay.any() else [])]
    columns.put("stay.benchmark_midnights", counted, because=because)


def _crossed(stays: Stays, begin: Ints) -> Floats:
    """Return local midnights after ``begin`` and by t; NaN where it never began."""
    return stays.local_day(stays.t) - stays.local_day(begin)


def _observation(stays: Stays, columns: Columns) -> Floats:
    begin: Ints = columns.values["_observed_from"]
    inpatient_from: Ints = columns.values["_inpatient_from"]
    until = np.where(inpatient_from != NEVER, inpatient_from, stays.t)
    hours = np.maximum(until - np.where(begin == NEVER, until, begin), 0) / HOUR
    never = (begin == NEVER) & (inpatient_from != NEVER) & (inpatient_from <= stays.start)
    return np.where(begin != NEVER, hours, np.where(never, 0.0, np.nan))
