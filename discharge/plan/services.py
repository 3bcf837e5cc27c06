"""The services a plan counts on and the orders they wait for, with what the chart itself says of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from discharge.costs.catalog import option_table
from discharge.costs.inputs import iv_days_left
from discharge.needs import Need, need_table
from discharge.options import Option
from discharge.plan.model import OrderNeeded, PlannedDischarge, Service
from discharge.stayview import StayView, status_of

_LATER = ("follow_up", "monitoring_labs")  # begin on a day of their own after discharge
_WEEKLY_HOURS = {
    "intensive_rehab": "function.therapy_hours_a_week",
    "behavioural_programme": "orders.behavioural_hours_a_week",
}


class _Said(NamedTuple):
    """What the chart says of one service; None where it says nothing."""

    frequency: str | None = None
    days: int | None = None
    detail: str | None = None
    per_day: float | None = None
    per_week: float | None = None
    hours: float | None = None
    hours_a_week: float | None = None


def services(
    view: StayView, found_needs: Sequence[Need], chosen: Option | None, leaving: PlannedDischarge
) -> list[Service]:
    """Return a service for each need. None of them starts on a day that is only an estimate."""
    start = leaving.at if not leaving.is_estimate else None
    found = []
    for need in found_needs:
        is_met = chosen is not None and need.need in chosen.meets
        said = _said(view, need.need)
        found.append(
            Service(
                need=need.need,
                title=need.title,
                from_option=chosen.id if chosen and is_met else None,
                start=start if is_met and need.need not in _LATER else None,
                frequency=said.frequency,
                duration=None if said.days is None else _days(said.days),
                detail=said.detail,
                days=said.days,
                per_day=said.per_day,
                per_week=said.per_week,
                hours=said.hours,
                hours_a_week=said.hours_a_week,
            )
        )
    return found


def _said(view: StayView, need: str) -> _Said:
    """What the chart itself says about a service; nothing is made up."""
    if need == "iv_therapy":
        return _infusion(view)
    if need == "oxygen":
        flow = view.number("respiratory.oxygen_flow_last")
        return _Said(detail=f"{flow:g} L/min now" if flow is not None else None)
    if need == "skilled_nursing":
        return _nursing(view)
    if need in _WEEKLY_HOURS:
        hours = view.number(_WEEKLY_HOURS[need])
        return _Said(frequency=None if hours is None else f"{hours:g} hours a week", hours_a_week=hours)
    return _Said()


def _infusion(view: StayView) -> _Said:
    drugs = view.codes("treatment.iv_antibiotics")
    days = iv_days_left(view)
    doses = view.number("treatment.iv_doses_a_day")
    said = [", ".join(drugs)] if drugs else []
    said += [f"{days} d left as planned"] if days is not None else []
    often = None if doses is None else "once a day" if doses == 1 else f"{doses:g} doses a day"
    return _Said(frequency=often, days=days, detail="; ".join(said) or None, per_day=doses)


def _nursing(view: StayView) -> _Said:
    times = view.number("orders.home_nursing_days_a_week")
    hours = view.number("orders.home_nursing_hours_a_day")
    days = view.number("orders.home_nursing_for_days")
    words = [f"{times:g} days a week"] if times is not None else []
    words += [f"{hours:g} hours a day"] if hours is not None else []
    return _Said(
        frequency=", ".join(words) or None,
        days=None if days is None else int(days),
        per_week=times,
        hours=hours,
    )


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def orders(view: StayView, found_needs: Sequence[Need], chosen: Option | None) -> list[OrderNeeded]:
    """Return the orders that the chosen place and the needs wait for, each once."""
    found: dict[str, OrderNeeded] = {}
    if chosen is not None:
        wanted = option_table().options[chosen.id].order
        if wanted is not None:
            found[wanted.title] = _order(view, wanted.title, chosen.title, wanted.fact)
    for need in found_needs:
        order = need_table().needs[need.need].order
        if order is not None and order.title not in found:
            found[order.title] = _order(view, order.title, need.title, order.fact)
    return list(found.values())


def _order(view: StayView, title: str, for_: str, fact: str) -> OrderNeeded:
    return OrderNeeded(title=title, for_=for_, fact=fact, status=status_of(view.flag(fact)))
