"""The discharge plan: needs, the chosen place and the others, what must be ordered, who clears what, and by when.

It collects what rules and people concluded. It never orders anything: services are named with what the chart says
of them, and whatever the chart doesn't say is listed as unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from discharge.clocks import Clock
from discharge.costs.amounts import Range
from discharge.costs.catalog import option_table
from discharge.costs.inputs import iv_days_left
from discharge.costs.stay import StayMoney
from discharge.needs import Need, OpenNeed, need_table, need_words
from discharge.options import Option, OptionBarrier, Recommendation, recommend
from discharge.stayview import Result, Status, StayView, status_of


class PlannedDischarge(Result):
    """When the stay is expected to end and what that rests on; ``at`` None where nothing tells."""

    at: datetime | None
    basis: str
    is_estimate: bool


class Service(Result):
    """A service the plan counts on. ``start`` and ``detail`` are given only where the chart says so."""

    need: str
    title: str
    from_option: str | None
    start: datetime | None
    detail: str | None


class OrderNeeded(Result):
    """An order or paper without which a service can't start; ``status`` met when it is charted."""

    title: str
    for_: str
    fact: str
    status: Status


class PlanBarrier(Result):
    """A barrier of the chosen place: who removes it, how, and by when."""

    barrier: OptionBarrier
    owner: str | None
    due_at: datetime | None


class Advice(Result):
    """A rule's sentence for the reader."""

    text: str
    rule: str


class Plan(Result):
    """The plan of one stay. ``recommended`` is the destination; ``stay_on`` says whether hospital care goes on first.

    ``unknown`` lists in words what would have to be charted for a fuller plan.
    """

    recommended: str | None
    recommended_title: str | None
    reason: str
    likely: str | None
    stay_on: Status
    alternatives: list[str]
    goals: Status
    choice_list_given: Status
    needs: list[str]
    services: list[Service]
    orders_needed: list[OrderNeeded]
    barriers: list[PlanBarrier]
    notices: list[str]
    contingency: list[str]
    advice: list[Advice]
    payer_cost: Range
    patient_cost: Range
    horizon_days: int | None
    expected_discharge: PlannedDischarge
    unknown: list[str]


def plan(
    view: StayView,
    found_needs: Sequence[Need],
    ranked: Sequence[Option],
    found_clocks: Sequence[Clock],
    money: StayMoney,
    *,
    open_needs: Sequence[OpenNeed] = (),
    recommendation: Recommendation | None = None,
) -> Plan:
    """Return the plan from what the other rooms found; ``recommendation`` is made from ``ranked`` if not given."""
    advised = recommendation or recommend(view, ranked)
    chosen = next((option for option in ranked if option.id == advised.destination), None)
    stay = next((option for option in ranked if option.id == "stay"), None)
    leaving = planned_discharge(view, money)
    return Plan(
        recommended=advised.destination,
        recommended_title=advised.destination_title,
        reason=advised.reason,
        likely=advised.likely,
        stay_on=stay.fit.status if stay else "not_met",
        alternatives=_alternatives(ranked, chosen),
        goals=status_of(view.flag("documents.goals_recorded")),
        choice_list_given=status_of(view.flag("documents.choice_list_given")),
        needs=[need.need for need in found_needs],
        services=_services(view, found_needs, chosen, leaving),
        orders_needed=_orders(view, found_needs, chosen),
        barriers=_plan_barriers(view, chosen, leaving),
        notices=[clock.clock_id for clock in found_clocks if clock.status != "met"],
        contingency=_contingency(ranked, chosen),
        advice=[
            Advice(text=str(getattr(one.payload, "text", "")), rule=one.file_id)
            for one in view.concluded("advice")
        ],
        payer_cost=chosen.cost.payer if chosen else Range(),
        patient_cost=chosen.cost.patient if chosen else Range(),
        horizon_days=chosen.cost.horizon_days if chosen else None,
        expected_discharge=leaving,
        unknown=_unknown(view, ranked, open_needs, leaving, money),
    )


def planned_discharge(view: StayView, money: StayMoney) -> PlannedDischarge:
    """Return when the stay is expected to end: as it did, as the clinicians charted, else by the mean of its MS-DRG."""
    gone = view.time("stay.discharged_at")
    if gone is not None:
        return PlannedDischarge(at=gone, basis="discharged", is_estimate=False)
    charted = view.time("stay.expected_discharge_at")
    if charted is not None:
        return PlannedDischarge(at=charted, basis="charted by the clinicians", is_estimate=False)
    admitted = view.time("stay.inpatient_order_at") or view.time("stay.admitted_at")
    drg = money.drg
    if admitted is None or drg.gmlos_days is None:
        return PlannedDischarge(at=None, basis="no expected discharge is charted", is_estimate=False)
    at = view.local_after(admitted, timedelta(days=float(drg.gmlos_days)))
    passed = ", already passed" if at < view.local(view.as_of) else ""
    basis = (
        f"geometric mean of {drg.gmlos_days} d for {drg.status} MS-DRG {drg.ms_drg} from admission{passed}"
    )
    return PlannedDischarge(at=at, basis=basis, is_estimate=True)


def _alternatives(ranked: Sequence[Option], chosen: Option | None) -> list[str]:
    """Other places outside the hospital that aren't known to be wrong, best first."""
    return [
        option.id
        for option in ranked
        if option.id != "stay" and option is not chosen and option.fit.status != "not_met"
    ]


def _services(
    view: StayView, found_needs: Sequence[Need], chosen: Option | None, leaving: PlannedDischarge
) -> list[Service]:
    start = leaving.at if not leaving.is_estimate else None
    return [
        Service(
            need=need.need,
            title=need.title,
            from_option=chosen.id if chosen and need.need in chosen.meets else None,
            start=start if chosen and need.need in chosen.meets else None,
            detail=_detail(view, need.need),
        )
        for need in found_needs
    ]


def _detail(view: StayView, need: str) -> str | None:
    """What the chart itself says about a service; nothing is made up."""
    if need == "iv_therapy":
        drugs = view.codes("treatment.iv_antibiotics")
        days = iv_days_left(view)
        said = [", ".join(drugs)] if drugs else []
        said += [f"{days} d left as planned"] if days is not None else []
        return "; ".join(said) or None
    if need == "oxygen":
        flow = view.number("respiratory.oxygen_flow_last")
        return f"{flow:g} L/min now" if flow is not None else None
    return None


def _orders(view: StayView, found_needs: Sequence[Need], chosen: Option | None) -> list[OrderNeeded]:
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


def _plan_barriers(view: StayView, chosen: Option | None, leaving: PlannedDischarge) -> list[PlanBarrier]:
    """Barriers of the chosen place; they must be gone by the day of discharge."""
    due = leaving.at if leaving.at is not None and leaving.at >= view.local(view.as_of) else None
    barriers = chosen.barriers if chosen else []
    return [PlanBarrier(barrier=one, owner=one.who, due_at=due) for one in barriers]


def _contingency(ranked: Sequence[Option], chosen: Option | None) -> list[str]:
    """What to turn to when the chosen place falls through, and why it may."""
    if chosen is None:
        return []
    lines = []
    others = [option for option in ranked if option is not chosen and option.fit.status != "not_met"]
    outside = [option for option in others if option.id != "stay"]
    if outside:
        lines.append(
            f"If {chosen.title.lower()} falls through: {outside[0].title.lower()}. {outside[0].reason}"
        )
    waiting = chosen.waiting_days
    if waiting.high > 1:
        lines.append(f"Arranging it may take up to {waiting.high} days; ask a second place at the same time.")
    if chosen.coverage.status == "not_met":
        lines.append("It is not covered: agree the price with the patient first, or ask for an exception.")
    return lines


def _unknown(
    view: StayView,
    ranked: Sequence[Option],
    open_needs: Sequence[OpenNeed],
    leaving: PlannedDischarge,
    money: StayMoney,
) -> list[str]:
    lines = (
        [f"which of these are needed: {need_words([one.need for one in open_needs])}"] if open_needs else []
    )
    lines += [f"whether {one.title.lower()} fits" for one in ranked if one.fit.status == "unknown"]
    if view.payer is None:
        lines.append("who pays: no payer profile matched")
    if leaving.at is None:
        lines.append("when the patient can leave")
    if money.unknown_because:
        lines.append(f"what the stay pays: {money.unknown_because}")
    for fact, words in (
        ("documents.goals_recorded", "the patient's goals"),
        ("documents.choice_list_given", "whether the list of providers was given"),
    ):
        if not view.is_known(fact):
            lines.append(words)
    return lines
