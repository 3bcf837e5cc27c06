"""Tasks of discharge planning: steps of the plan, referrals, appointments, rides, goals, services watched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from discharge.casework.state.model import CaseState
from discharge.casework.work.causes import Cause
from discharge.casework.work.found import zone_of
from discharge.casework.work.planning import (
    ANSWERED,
    has_concern,
    plan_state,
    planning_table,
    review_due,
    searches,
)
from discharge.costs.catalog import option_table
from discharge.review.model import Review

_NO_REFERRAL = ("home", "oral_step_down", "stay")
_MOST_SHOWN = 4


def planning_causes(state: CaseState, review: Review | None, at: datetime) -> Iterator[Cause]:
    """Yield what discharge planning asks for. ``at``: aware."""
    yield from _steps(state, review)
    yield from _plans(state, review)
    yield from _referrals(state)
    yield from _appointments(state)
    yield from _rides(state)
    for name, seen in state.monitored.items():
        if has_concern(seen):
            what = seen.concern or ("it is not given" if seen.is_given is False else "it is not enough")
            yield Cause(
                f"concern:{name}",
                "plan",
                f"Settle the concern about {_words(seen.service)}.",
                why=what,
                since=seen.made.at,
                gone_at=seen.settled.at if seen.settled is not None else None,
            )
    zone = zone_of(state, review)
    for name, goal in state.goals.items():
        if goal.target_date is not None:
            yield Cause(
                f"goal:{name}",
                "plan",
                f"See how the goal stands: {goal.text}",
                due_at=datetime.combine(goal.target_date + timedelta(days=1), time(), zone),
                since=goal.made.at,
                gone_at=goal.settled.at if goal.settled is not None else None,
            )


def _words(service: str) -> str:
    """Return a service in words: a place by its title, another as it was written."""
    row = option_table().options.get(service)
    return row.title[:1].lower() + row.title[1:] if row is not None else service.replace("_", " ")


def _steps(state: CaseState, review: Review | None) -> Iterator[Cause]:
    """What the plan of the review asks for, once people work on a plan or the patient could leave."""
    if review is None or not review.stay.is_in_house:
        return
    if not state.plans and review.level_of_care.discharge_ready != "met":
        return
    plan = review.plan
    for order in plan.orders_needed:
        yield Cause(
            f"plan:order/{order.fact}",
            "plan",
            f"Obtain: {order.title}.",
            why=f"needed for {order.for_}",
            owner_role="physician",
            is_gone=order.status == "met",
        )
    place = _place(state, review)
    if place is not None and place not in _NO_REFERRAL:
        asked = [one for one in state.referrals_out.values() if _is_of(place, one.service)]
        yield Cause(
            f"plan:referral/{place}",
            "plan",
            f"Send referrals: {_words(place)}.",
            gone_at=min((one.sent.at for one in asked), default=None),
        )
    if place in planning_table().choice_list.options:
        given = min((one.made.at for one in state.choices), default=None)
        title = "Give the list of providers to choose from."
        yield Cause("plan:choice", "plan", title, gone_at=given, is_gone=plan.choice_list_given == "met")
    goals = min((one.made.at for one in state.goals.values()), default=None)
    title = "Ask the patient for their goals."
    yield Cause("plan:goals", "plan", title, gone_at=goals, is_gone=plan.patient_goals.recorded == "met")
    yield from _before_leaving(state, review)


def _before_leaving(state: CaseState, review: Review) -> Iterator[Cause]:
    plan = review.plan
    if plan.appointments:
        booked = [one for one in state.appointments.values() if one.outcome not in ("cancelled", "missed")]
        yield Cause(
            "plan:visits",
            "plan",
            "Book the visits after the stay.",
            why=_listed([one.title for one in plan.appointments]),
            is_gone=plan.appointments_booked == "met" or len(booked) >= len(plan.appointments),
        )
    if plan.education:
        yield Cause(
            "plan:teaching",
            "plan",
            "Teach patient and caregiver, and let them say it back.",
            why=_listed([one.title for one in plan.education]),
            owner_role="nurse",
            is_gone=plan.education_done == "met",
        )
    if plan.medications:
        yield Cause(
            "plan:medicines",
            "plan",
            "Have the medicines gone through one by one.",
            owner_role="physician",
            is_gone=plan.medications_reconciled == "met",
        )


def _listed(titles: list[str]) -> str:
    some = list(dict.fromkeys(titles))
    more = f" and {len(some) - _MOST_SHOWN} more" if len(some) > _MOST_SHOWN else ""
    return ", ".join(some[:_MOST_SHOWN]) + more


def _place(state: CaseState, review: Review) -> str | None:
    """Return the place planned for: of the plan that people work on, else the one advised."""
    chosen = next((one.option for one in reversed(state.plans.values()) if one.option), None)
    return chosen or review.plan.recommended


def _is_of(place: str, service: str) -> bool:
    row = option_table().options.get(place)
    return service == place or (row is not None and service == row.service)


def _plans(state: CaseState, review: Review | None) -> Iterator[Cause]:
    """The plan that was drafted last is to be agreed and approved, and looked at again in time."""
    for name, plan in list(state.plans.items())[-1:]:
        since = plan.changes[-1].at if plan.changes else plan.drafted.at
        how = plan_state(plan)
        said = plan.agreements[-1].at if plan.agreements and plan.agreed else None
        if how == "disagreed":
            why = "not everybody agrees"
            yield Cause(
                f"plan:{name}/agree", "plan", "Settle what is not agreed in the plan.", why, since=said
            )
        else:
            title = "Go through the plan with patient and family."
            yield Cause(f"plan:{name}/agree", "plan", title, since=since, gone_at=said)
        approved = plan.approved.at if plan.approved is not None else None
        title = "Have the physician approve the plan."
        changed = "the plan was changed" if plan.changes else None
        yield Cause(
            f"plan:{name}/approve", "plan", title, changed, "physician", since=since, gone_at=approved
        )
        if approved is not None:
            due = review_due(plan, state, review)
            yield Cause(f"plan:{name}/review", "plan", "Look at the plan again.", due_at=due, since=approved)


def _referrals(state: CaseState) -> Iterator[Cause]:
    for name, one in state.referrals_out.items():
        last = one.answers[-1].at if one.answers else None
        wants_more = one.answer == "more_information"
        named = one.provider.rstrip(".")
        yield Cause(
            f"referral_out:{name}",
            "plan",
            f"Send {one.provider} what it asks for." if wants_more else f"Get the answer of {named}.",
            why=one.reason if wants_more else f"asked for {_words(one.service)}",
            due_at=one.answer_due_at,
            since=last if wants_more else one.sent.at,
            gone_at=last if one.answer in ANSWERED else None,
        )
    for search in searches(state):
        if search.is_exhausted:
            mine = [one for one in state.referrals_out.values() if one.service == search.service]
            yield Cause(
                f"search:{search.service}",
                "plan",
                f"Widen the search: everybody asked for {_words(search.service)} has declined.",
                why="; ".join(dict.fromkeys(one.reason for one in mine if one.reason)) or None,
                since=max(one.answers[-1].at for one in mine),
            )


def _appointments(state: CaseState) -> Iterator[Cause]:
    for name, one in state.appointments.items():
        settled = one.settled.at if one.settled is not None else None
        again = one.outcome == "moved"
        yield Cause(
            f"appointment:{name}",
            "plan",
            f"Confirm the appointment with {one.with_whom}.",
            why="it was moved" if again else one.purpose,
            due_at=one.at,
            since=settled if again else one.made.at,
            gone_at=settled if one.outcome is not None and not again else None,
        )
        if one.outcome == "missed" and settled is not None:
            later = [
                other.made.at
                for other in state.appointments.values()
                if other.with_whom == one.with_whom and other.made.at > settled
            ]
            yield Cause(
                f"missed:{name}",
                "plan",
                f"Book the missed appointment with {one.with_whom} again, and ask why it was missed.",
                since=settled,
                gone_at=min(later, default=None),
            )


def _rides(state: CaseState) -> Iterator[Cause]:
    for name, one in state.appointments.items():
        if one.needs_transport and one.outcome in (None, "confirmed", "moved"):
            mine = [ride.made.at for ride in state.rides.values() if ride.appointment_id == name]
            yield Cause(
                f"ride_to:{name}",
                "plan",
                f"Arrange a ride to the appointment with {one.with_whom}.",
                due_at=one.at,
                since=one.made.at,
                gone_at=min(mine, default=None),
            )
    for name, ride in state.rides.items():
        yield Cause(
            f"ride:{name}",
            "plan",
            "Confirm the ride.",
            why=ride.vendor,
            due_at=ride.pickup_at,
            since=ride.made.at,
            gone_at=ride.made.at if ride.is_confirmed else None,
        )
