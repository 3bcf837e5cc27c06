"""Notices, decision clocks and appeals of a stay: when each opens, is due, and where it stands.

What a clock is, stands in ``reference/clocks.yaml``; this room only counts. Times are aware datetimes in the
facility's zone. A met time that isn't charted is not a missed one: past its due time such a clock is ``unknown``,
and ``late`` only where the chart keeps that kind of record.
"""

from __future__ import annotations

from discharge.clocks.asked import Deadline, deadlines
from discharge.clocks.counting import due_on, extended, moment_after, next_workday
from discharge.clocks.running import Clock, ClockStatus, Warning_, authorization_answer, clocks
from discharge.clocks.table import ClockRule, ClockTable, CountRule, ExtensionRule, FixedDay, clock_table

__all__ = [
    "Clock",
    "ClockRule",
    "ClockStatus",
    "ClockTable",
    "CountRule",
    "Deadline",
    "ExtensionRule",
    "FixedDay",
    "Warning_",
    "authorization_answer",
    "clock_table",
    "clocks",
    "deadlines",
    "due_on",
    "extended",
    "moment_after",
    "next_workday",
]
