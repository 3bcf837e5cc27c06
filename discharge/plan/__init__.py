"""The discharge plan: needs, the chosen place and the others, services, medicines, what follows, who clears what.

It collects what rules and people concluded. It never orders anything: services are named with what the chart says
of them, and whatever the chart doesn't say is listed as unknown.
"""

from __future__ import annotations

from collections.abc import Sequence

from discharge.clocks import Clock
from discharge.costs.amounts import Range
from discharge.costs.stay import StayMoney
from discharge.needs import Need, OpenNeed
from discharge.options import Option, Recommendation, recommend
from discharge.plan.followup import appointments, contacts, education, monitoring, transport
from discharge.plan.leaving import length_of_stay, planned_discharge
from discharge.plan.medications import NO_MEDICATIONS, MedicationLists, medication_lists
from discharge.plan.model import (
    Advice,
    Appointment,
    Contact,
    EducationTopic,
    Goals,
    LengthOfStay,
    MedicationLine,
    MonitoringLine,
    OrderNeeded,
    Plan,
    PlanBarrier,
    PlannedDischarge,
    PlanNotice,
    Service,
    Transport,
)
from discharge.plan.open import unknown
from discharge.plan.services import orders, services
from discharge.readmission import readmission_risk
from discharge.stayview import Status, StayView, status_of

__all__ = [
    "NO_MEDICATIONS",
    "Advice",
    "Appointment",
    "Contact",
    "EducationTopic",
    "Goals",
    "LengthOfStay",
    "MedicationLine",
    "MedicationLists",
    "MonitoringLine",
    "OrderNeeded",
    "Plan",
    "PlanBarrier",
    "PlanNotice",
    "PlannedDischarge",
    "Service",
    "Transport",
    "medication_lists",
    "plan",
    "planned_discharge",
]

ASK_GOALS = "the patient, or who speaks for the patient; the case manager writes the goals down"


def plan(
    view: StayView,
    found_needs: Sequence[Need],
    ranked: Sequence[Option],
    found_clocks: Sequence[Clock],
    money: StayMoney,
    *,
    open_needs: Sequence[OpenNeed] = (),
    recommendation: Recommendation | None = None,
    medications: MedicationLists = NO_MEDICATIONS,
    conditions: Sequence[str] = (),
    attending: str | None = None,
) -> Plan:
    """Return the plan from what the other rooms found; ``recommendation`` is made from ``ranked`` if not given.

    ``conditions`` are the ids of the condition files that apply, ``attending`` the name that the chart gives.
    """
    advised = recommendation or recommend(view, ranked)
    chosen = next((option for option in ranked if option.id == advised.destination), None)
    leaving = planned_discharge(view, money)
    lines, needed = list(medications.lines), [need.need for need in found_needs]
    waiting = [clock for clock in found_clocks if clock.status != "met"]
    made = Plan(
        recommended=advised.destination,
        recommended_title=advised.destination_title,
        reason=advised.reason,
        likely=advised.likely,
        stay_on=next((option.fit.status for option in ranked if option.id == "stay"), "not_met"),
        alternatives=_alternatives(ranked, chosen),
        goals=_flag(view, "documents.goals_recorded"),
        patient_goals=Goals(recorded=_flag(view, "documents.goals_recorded"), ask=ASK_GOALS),
        choice_list_given=_flag(view, "documents.choice_list_given"),
        needs=needed,
        open_needs=[one.need for one in open_needs],
        services=services(view, found_needs, chosen, leaving),
        orders_needed=orders(view, found_needs, chosen),
        medications=lines,
        medications_left_out=medications.left_out,
        medications_reconciled=_flag(view, "readiness.medicines_reconciled"),
        monitoring=monitoring(view, found_needs, lines, conditions),
        appointments=appointments(found_needs, conditions),
        appointments_booked=_flag(view, "readiness.follow_up_booked"),
        transport=transport(view),
        education=education(found_needs, chosen, lines, conditions),
        education_done=_flag(view, "readiness.education_done"),
        contacts=contacts(view, found_needs, chosen, attending),
        barriers=_plan_barriers(view, chosen, leaving),
        notices=[clock.clock_id for clock in waiting],
        notices_due=[_notice(clock) for clock in waiting],
        contingency=_contingency(ranked, chosen),
        advice=_advice(view),
        payer_cost=chosen.cost.payer if chosen else Range(),
        patient_cost=chosen.cost.patient if chosen else Range(),
        horizon_days=chosen.cost.horizon_days if chosen else None,
        expected_discharge=leaving,
        length_of_stay=length_of_stay(view, money),
        readmission=readmission_risk(view),
        unknown=[],
    )
    return made.model_copy(update={"unknown": unknown(view, ranked, open_needs, money, made)})


def _flag(view: StayView, fact: str) -> Status:
    return status_of(view.flag(fact))


def _advice(view: StayView) -> list[Advice]:
    said = view.concluded("advice")
    return [Advice(text=str(getattr(one.payload, "text", "")), rule=one.file_id) for one in said]


def _notice(clock: Clock) -> PlanNotice:
    return PlanNotice(
        clock_id=clock.clock_id,
        title=clock.title,
        form=clock.form,
        owner=clock.owner,
        due_at=clock.due_at,
        status=clock.status,
    )


def _alternatives(ranked: Sequence[Option], chosen: Option | None) -> list[str]:
    """Other places outside the hospital that aren't known to be wrong, best first."""
    return [
        option.id
        for option in ranked
        if option.id != "stay" and option is not chosen and option.fit.status != "not_met"
    ]


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
