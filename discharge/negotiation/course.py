"""The treatment after the stay, as far as it is charted."""

from __future__ import annotations

from datetime import timedelta

from discharge.costs.opat import opat_labs, weekly_tests
from discharge.negotiation.arrange import Case
from discharge.negotiation.model import Course
from discharge.negotiation.table import arrangement_table
from discharge.stayview import StayView, status_of


def course(view: StayView, case: Case, days: int | None) -> Course:
    """Return drug, days, line and weekly tests; only dates for a place that isn't for treatment by vein."""
    first = view.day + timedelta(days=case.option.waiting_days.expected)
    if not case.prices.common.needs_iv:
        return Course(first_day=first)
    drugs = list(view.codes("treatment.iv_antibiotics") or view.codes("treatment.iv_drugs") or ())
    table = opat_labs().tests
    return Course(
        drugs=drugs,
        days=days,
        first_day=first,
        last_day=None if days is None else first + timedelta(days=days - 1),
        line=next((name for fact, name in arrangement_table().lines.items() if view.flag(fact)), None),
        tests=[table[one.test].title for one in weekly_tests(drugs)] if drugs else [],
        plan_written=status_of(view.flag("documents.opat_plan")),
        monitor_named=status_of(view.flag("documents.opat_monitor_named")),
    )
