"""Discharge planning of a case as it is shown: plans, goals, referrals, appointments, rides, services watched."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import Literal, TypeAlias

from pydantic import Field

from discharge import yaml
from discharge.casework.state.model import (
    Appointment,
    CaseState,
    Goal,
    Monitored,
    PlanOnRecord,
    ReferralOut,
    Ride,
)
from discharge.casework.work.found import zone_of
from discharge.clocks import CountRule, moment_after
from discharge.dated import Citation, Dated, Strict
from discharge.resources import reference_file
from discharge.review.model import Review
from discharge.stayview import Result

PlanState: TypeAlias = Literal["drafted", "changed", "disagreed", "agreed", "approved"]
ANSWERED = ("accepted", "declined", "withdrawn")
REFUSED = ("declined", "withdrawn")
REVIEW_QUESTIONNAIRE = "care_plan_review"


class ChoiceRule(Strict):
    """Places for which a list of providers is given."""

    options: list[str]
    cite: str


class PlanningTable(Strict):
    """The whole of ``planning.yaml``."""

    title: str
    citations: dict[str, Citation]
    care_plan_review: Dated
    choice_list: ChoiceRule
    urgent_share: Dated


class PlanView(Result):
    """A plan that people work on. ``state`` says how far it is: a change takes the approval back."""

    plan_id: str
    state: PlanState
    option: str | None
    text: str | None
    review_digest: str
    drafted_at: datetime
    changed_at: datetime | None
    agreed: dict[str, bool]
    approved_at: datetime | None
    approved_by: str | None
    review_due_at: datetime | None = Field(description="when it is to be looked at again at the latest")
    differs_from_advice: bool = Field(description="the last review recommends another place")


class GoalView(Result):
    """What the patient wants to reach; ``is_overdue``: its day is over and nobody said how it went."""

    goal_id: str
    text: str
    domain: str
    target_date: date | None
    outcome: str | None
    settled_at: datetime | None
    is_overdue: bool


class ReferralView(Result):
    """A provider or service that was asked. ``is_late``: the time for an answer is over and there is none."""

    referral_id: str
    service: str
    provider: str
    provider_id: str | None
    sent_at: datetime
    answer_due_at: datetime | None
    answer: str | None
    answered_at: datetime | None
    can_start_at: datetime | None
    reason: str | None
    is_open: bool
    is_late: bool


class SearchView(Result):
    """All that were asked for one service. ``is_exhausted``: everybody has declined."""

    service: str
    asked: int
    open: int
    declined: int
    accepted: list[str] = Field(description="providers")
    first_start_at: datetime | None
    is_exhausted: bool


class TransferView(Result):
    """A service that goes from one provider to another, in this city or elsewhere, as after a move."""

    service: str
    from_provider: str
    to_provider: str
    referral_id: str
    sent_at: datetime
    answer: str | None
    starts_at: datetime | None
    is_done: bool


class RideView(Result):
    """A ride to the next place or to an appointment."""

    transport_id: str
    mode: str
    pickup_at: datetime | None
    vendor: str | None
    appointment_id: str | None
    is_confirmed: bool


class AppointmentView(Result):
    """A visit after the hospital. ``needs_ride``: a ride is needed and none is arranged."""

    appointment_id: str
    with_whom: str
    purpose: str
    at: datetime
    outcome: str | None
    referral_id: str | None
    is_open: bool
    is_unconfirmed: bool
    is_unsettled: bool = Field(description="its time is over and nobody said whether it was kept")
    needs_ride: bool
    rides: list[RideView]


class MonitoredView(Result):
    """Whether a service is given and is enough; ``is_open`` while a concern about it is not settled."""

    record_id: str
    service: str
    referral_id: str | None
    at: datetime
    is_given: bool | None
    is_adequate: bool | None
    concern: str | None
    is_open: bool
    settled_at: datetime | None


class ChoiceView(Result):
    """A list of providers that was given."""

    service: str
    given_at: datetime
    providers: list[str]
    chosen: str | None
    quality_data_shared: bool | None
    network_told: bool | None
    financial_interest_disclosed: bool | None


class PlanningView(Result):
    """All planning of a case at a moment."""

    plans: list[PlanView]
    goals: list[GoalView]
    choices: list[ChoiceView]
    referrals: list[ReferralView]
    searches: list[SearchView]
    transfers: list[TransferView]
    appointments: list[AppointmentView]
    rides: list[RideView] = Field(description="to the next place")
    monitored: list[MonitoredView]


@cache
def planning_table() -> PlanningTable:
    """Return the conventions of planning, read once."""
    where = "reference/planning.yaml"
    return PlanningTable.model_validate(yaml.load(reference_file("planning.yaml").read_bytes(), where=where))


def planning(state: CaseState, review: Review | None, at: datetime) -> PlanningView:
    """Return the planning of a case as it stands at ``at`` (aware)."""
    return PlanningView(
        plans=plan_views(state, review),
        goals=[_goal(name, one, at.astimezone(zone_of(state, review))) for name, one in state.goals.items()],
        choices=[
            ChoiceView(given_at=one.made.at, **one.model_dump(exclude={"made"})) for one in state.choices
        ],
        referrals=[_referral(name, one, at) for name, one in state.referrals_out.items()],
        searches=searches(state),
        transfers=transfers(state),
        appointments=appointment_views(state, at),
        rides=[_ride(name, one) for name, one in state.rides.items() if one.appointment_id is None],
        monitored=[_monitored(name, one) for name, one in state.monitored.items()],
    )


def plan_views(state: CaseState, review: Review | None) -> list[PlanView]:
    """Return the plans, the last drafted last."""
    advised = review.plan.recommended if review is not None else None
    return [
        PlanView(
            plan_id=name,
            state=plan_state(one),
            option=one.option,
            text=one.text,
            review_digest=one.review_digest,
            drafted_at=one.drafted.at,
            changed_at=one.changes[-1].at if one.changes else None,
            agreed=one.agreed,
            approved_at=one.approved.at if one.approved else None,
            approved_by=one.approved_by.name if one.approved_by else None,
            review_due_at=review_due(one, state, review),
            differs_from_advice=None not in (advised, one.option) and advised != one.option,
        )
        for name, one in state.plans.items()
    ]


def plan_state(plan: PlanOnRecord) -> PlanState:
    """Return how far a plan is; somebody who does not agree goes before everybody who does."""
    if not all(plan.agreed.values()):
        return "disagreed"
    if plan.approved is not None:
        return "approved"
    if plan.agreed:
        return "agreed"
    return "changed" if plan.changes else "drafted"


def review_due(plan: PlanOnRecord, state: CaseState, review: Review | None) -> datetime | None:
    """Return when an approved plan is to be looked at again: counted from its approval or its last review."""
    if plan.approved is None:
        return None
    said = state.assessments.get(REVIEW_QUESTIONNAIRE)
    seen = [trace.at for trace in said.answered_at.values()] if said is not None and said.is_complete else []
    last = max([plan.approved.at, *seen]).astimezone(zone_of(state, review))
    months = planning_table().care_plan_review.on(last.date())
    if months is None or not isinstance(months.value, int):
        return None
    return moment_after(last, CountRule(count="months", value=months.value))


def _goal(name: str, goal: Goal, now: datetime) -> GoalView:
    is_over = goal.target_date is not None and now.date() > goal.target_date
    return GoalView(
        goal_id=name,
        text=goal.text,
        domain=goal.domain,
        target_date=goal.target_date,
        outcome=goal.outcome,
        settled_at=goal.settled.at if goal.settled else None,
        is_overdue=is_over and goal.outcome is None,
    )


def _referral(name: str, one: ReferralOut, at: datetime) -> ReferralView:
    is_open = one.answer not in ANSWERED
    return ReferralView(
        referral_id=name,
        service=one.service,
        provider=one.provider,
        provider_id=one.provider_id,
        sent_at=one.sent.at,
        answer_due_at=one.answer_due_at,
        answer=one.answer,
        answered_at=one.answers[-1].at if one.answers else None,
        can_start_at=one.can_start_at,
        reason=one.reason,
        is_open=is_open,
        is_late=is_open and one.answer_due_at is not None and at > one.answer_due_at,
    )


def searches(state: CaseState) -> list[SearchView]:
    """Return for each service what came of asking for it."""
    found: dict[str, list[ReferralOut]] = {}
    for one in state.referrals_out.values():
        found.setdefault(one.service, []).append(one)
    return [_search(service, asked) for service, asked in found.items()]


def _search(service: str, asked: list[ReferralOut]) -> SearchView:
    accepted = [one for one in asked if one.answer == "accepted"]
    declined = [one for one in asked if one.answer in REFUSED]
    starts = [one.can_start_at for one in accepted if one.can_start_at is not None]
    return SearchView(
        service=service,
        asked=len(asked),
        open=len(asked) - len(accepted) - len(declined),
        declined=len(declined),
        accepted=[one.provider for one in accepted],
        first_start_at=min(starts, default=None),
        is_exhausted=len(declined) == len(asked),
    )


def transfers(state: CaseState) -> list[TransferView]:
    """Return the services that one provider had accepted when another was asked to take them over."""
    found = []
    asked = sorted(state.referrals_out.items(), key=lambda pair: pair[1].sent.at)
    for name, one in asked:
        before = [
            other
            for _, other in asked
            if other.service == one.service
            and other.provider != one.provider
            and other.answer == "accepted"
            and other.answers[-1].at < one.sent.at
        ]
        if before:
            found.append(
                TransferView(
                    service=one.service,
                    from_provider=before[-1].provider,
                    to_provider=one.provider,
                    referral_id=name,
                    sent_at=one.sent.at,
                    answer=one.answer,
                    starts_at=one.can_start_at,
                    is_done=one.answer == "accepted",
                )
            )
    return found


def appointment_views(state: CaseState, at: datetime) -> list[AppointmentView]:
    """Return the appointments, the earliest first."""
    ordered = sorted(state.appointments.items(), key=lambda pair: (pair[1].at, pair[0]))
    return [_appointment(name, one, state.rides, at) for name, one in ordered]


def _appointment(name: str, one: Appointment, rides: dict[str, Ride], at: datetime) -> AppointmentView:
    mine = [_ride(key, ride) for key, ride in rides.items() if ride.appointment_id == name]
    is_open = one.outcome in (None, "confirmed", "moved")
    return AppointmentView(
        appointment_id=name,
        with_whom=one.with_whom,
        purpose=one.purpose,
        at=one.at,
        outcome=one.outcome,
        referral_id=one.referral_id,
        is_open=is_open,
        is_unconfirmed=one.outcome in (None, "moved"),
        is_unsettled=is_open and at > one.at,
        needs_ride=is_open and one.needs_transport is True and not mine,
        rides=mine,
    )


def _ride(name: str, one: Ride) -> RideView:
    return RideView(transport_id=name, **one.model_dump(exclude={"made"}))


def has_concern(one: Monitored) -> bool:
    """Tell whether a record asks for something: a concern in words, a service not given or not enough."""
    return one.concern is not None or one.is_given is False or one.is_adequate is False


def _monitored(name: str, one: Monitored) -> MonitoredView:
    return MonitoredView(
        record_id=name,
        service=one.service,
        referral_id=one.referral_id,
        at=one.made.at,
        is_given=one.is_given,
        is_adequate=one.is_adequate,
        concern=one.concern,
        is_open=has_concern(one) and one.settled is None,
        settled_at=one.settled.at if one.settled else None,
    )
