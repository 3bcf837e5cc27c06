"""Guards of discharge planning: assessments, plan, choice, referrals, appointments, rides, goals, services."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from discharge.casework.assessments import check_answers, questionnaires
from discharge.casework.events import Actor
from discharge.casework.events.planning import (
    AppointmentMade,
    AppointmentSettled,
    AssessmentAnswered,
    BarrierCleared,
    BarrierOpened,
    ChoiceListGiven,
    GoalSet,
    GoalSettled,
    PlanAgreed,
    PlanApproved,
    PlanChanged,
    PlanDrafted,
    ReferralAnswered,
    ReferralSent,
    ServiceMonitored,
    TransportArranged,
)
from discharge.casework.guards.framework import Context, guard
from discharge.casework.state.model import Appointment, CaseState, PlanOnRecord
from discharge.casework.work.found import zone_of
from discharge.casework.work.planning import ANSWERED, has_concern
from discharge.costs.catalog import option_table
from discharge.errors import Fault
from discharge.packs.names import nearest
from discharge.reference import load_yaml

_OVER = ("kept", "missed", "cancelled")
_STARTS = ("accepted", "waiting_list")


def _new(name: str, known: Collection[str], field: str, what: str) -> Iterator[Fault]:
    if name in known:
        yield Fault(f"$.{field}", f"the case has {what} of this id", "a new id")


def _place(option: str | None) -> Iterator[Fault]:
    known = option_table().options
    if option is not None and option not in known and option != "stay":
        yield Fault("$.option", "no place of this name", nearest(option, known))


def _to_come(moment: datetime | None, field: str, context: Context) -> Iterator[Fault]:
    if moment is not None and moment <= context.occurred_at:
        yield Fault(f"$.{field}", "the time has passed", "a moment after this was done")


@guard("assessment_answered")
def _answered(
    state: CaseState, payload: AssessmentAnswered, actor: Actor, context: Context
) -> Iterator[Fault]:
    questionnaire = questionnaires().get(payload.questionnaire)
    if questionnaire is None:
        hint = nearest(payload.questionnaire, questionnaires())
        yield Fault("$.questionnaire", "no questionnaire of this name", hint or "one of /v1/questionnaires")
        return
    if payload.respondent not in questionnaire.respondents:
        expected = "one of " + ", ".join(questionnaire.respondents)
        yield Fault("$.respondent", "this questionnaire is not for that respondent", expected)
    earlier = state.assessments.get(payload.questionnaire)
    yield from check_answers(
        questionnaire,
        payload.version,
        payload.answers,
        is_complete=payload.is_complete,
        earlier=earlier.answers if earlier is not None else None,
    )


@guard("plan_drafted")
def _drafted(state: CaseState, payload: PlanDrafted, actor: Actor, context: Context) -> Iterator[Fault]:
    yield from _new(payload.plan_id, state.plans, "plan_id", "a plan")
    if payload.review_digest not in {one.digest for one in state.reviews}:
        what = "the case has no review of this digest"
        yield Fault("$.review_digest", what, "that of the review whose plan is taken up")
    yield from _place(payload.option)


def _plan(state: CaseState, plan_id: str) -> PlanOnRecord | Fault:
    found = state.plans.get(plan_id)
    if found is not None:
        return found
    return Fault("$.plan_id", "the case has no plan of this id", "draft it first (plan_drafted)")


@guard("plan_changed")
def _changed(state: CaseState, payload: PlanChanged, actor: Actor, context: Context) -> Iterator[Fault]:
    plan = _plan(state, payload.plan_id)
    if isinstance(plan, Fault):
        yield plan
        return
    yield from _place(payload.option)
    same_place = payload.option is None or payload.option == plan.option
    same_text = payload.text is None or payload.text == plan.text
    if same_place and same_text:
        yield Fault("$", "the plan says this already", "give another place or text")


@guard("plan_agreed")
def _agreed(state: CaseState, payload: PlanAgreed, actor: Actor, context: Context) -> Iterator[Fault]:
    plan = _plan(state, payload.plan_id)
    if isinstance(plan, Fault):
        yield plan


@guard("plan_approved")
def _approved(state: CaseState, payload: PlanApproved, actor: Actor, context: Context) -> Iterator[Fault]:
    """A physician by name approves the plan that stands: not an older one, and not one that was approved as it is."""
    plan = _plan(state, payload.plan_id)
    if isinstance(plan, Fault):
        yield plan
        return
    if payload.plan_id != next(reversed(state.plans)):
        yield Fault("$.plan_id", "another plan was drafted since", "approve the last one")
    if not payload.physician.is_physician:
        what = "a plan is approved by a physician"
        yield Fault("$.physician.credentials", what, "name the physician, with credentials MD or DO")
    if plan.approved is not None:
        yield Fault("$.plan_id", "the plan is approved, and nothing was changed since", "nothing is needed")
    elif context.occurred_at < max([plan.drafted.at, *(one.at for one in plan.changes)]):
        what = "the plan was drafted or changed after this approval"
        yield Fault("$.plan_id", what, "have the physician approve it as it now stands")


@guard("choice_list_given")
def _choice(state: CaseState, payload: ChoiceListGiven, actor: Actor, context: Context) -> Iterator[Fault]:
    if not payload.providers:
        yield Fault("$.providers", "a list without a provider", "the providers that were on the list")
    elif len(set(payload.providers)) < len(payload.providers):
        yield Fault("$.providers", "a provider stands twice", "each provider once")
    if payload.chosen is not None and payload.chosen not in payload.providers:
        expected = "add the one chosen to the list, or leave chosen out"
        yield Fault("$.chosen", "the provider chosen is not on the list", expected)


@guard("referral_sent")
def _sent(state: CaseState, payload: ReferralSent, actor: Actor, context: Context) -> Iterator[Fault]:
    yield from _new(payload.referral_id, state.referrals_out, "referral_id", "a referral")
    yield from _to_come(payload.answer_due_at, "answer_due_at", context)
    for one in state.referrals_out.values():
        if (one.service, one.provider) == (payload.service, payload.provider) and one.answer not in ANSWERED:
            expected = "wait for its answer, or record it"
            yield Fault("$.provider", "this provider has been asked and has not answered", expected)
            return


@guard("referral_answered")
def _answer(state: CaseState, payload: ReferralAnswered, actor: Actor, context: Context) -> Iterator[Fault]:
    sent = state.referrals_out.get(payload.referral_id)
    if sent is None:
        what = "no referral of this id was sent"
        yield Fault("$.referral_id", what, "record that it was sent first (referral_sent)")
        return
    if context.occurred_at < sent.sent.at:
        yield Fault("$.referral_id", "the answer is earlier than the referral", "check occurred_at")
    if payload.can_start_at is not None and payload.answer not in _STARTS:
        what = "only who accepts, or puts on a waiting list, says when it can start"
        yield Fault("$.can_start_at", what, "leave it out")
    known = (sent.answer, sent.can_start_at, sent.reason)
    if known == (payload.answer, payload.can_start_at, payload.reason):
        yield Fault("$.answer", "this answer is on record", "nothing is needed")


@guard("appointment_made")
def _made(state: CaseState, payload: AppointmentMade, actor: Actor, context: Context) -> Iterator[Fault]:
    yield from _new(payload.appointment_id, state.appointments, "appointment_id", "an appointment")
    yield from _after_the_stay(payload.at, context)
    if payload.referral_id is not None and payload.referral_id not in state.referrals_out:
        yield Fault("$.referral_id", "no referral of this id was sent", "leave it out, or record it first")


def _after_the_stay(at: datetime, context: Context) -> Iterator[Fault]:
    found = list(_to_come(at, "at", context))
    gone = context.review.stay.discharged if context.review is not None and not found else None
    if gone is not None and at < gone:
        found.append(
            Fault("$.at", "the patient was still in the hospital then", "a time after the discharge")
        )
    yield from found


def _appointment(state: CaseState, appointment_id: str) -> Appointment | Fault:
    """Return an appointment that is not over yet, or what is wrong."""
    found = state.appointments.get(appointment_id)
    if found is None:
        expected = "record that it was made first (appointment_made)"
        return Fault("$.appointment_id", "the case has no appointment of this id", expected)
    if found.outcome in _OVER:
        return Fault("$.appointment_id", f"this appointment was {found.outcome}", "make a new one")
    return found


@guard("appointment_settled")
def _settled(
    state: CaseState, payload: AppointmentSettled, actor: Actor, context: Context
) -> Iterator[Fault]:
    found = _appointment(state, payload.appointment_id)
    if isinstance(found, Fault):
        yield found
        return
    if payload.outcome == "moved":
        if payload.at is None or payload.at == found.at:
            yield Fault("$.at", "a moved appointment without a new time", "the new time")
        else:
            yield from _after_the_stay(payload.at, context)
    elif payload.at is not None and payload.at != found.at:
        yield Fault("$.at", "a new time, and the appointment was not moved", "outcome moved, or no time")
    if payload.outcome in ("kept", "missed") and context.occurred_at < found.at:
        yield Fault("$.outcome", "its time has not come", "say so when it is over")


@guard("transport_arranged")
def _ride(state: CaseState, payload: TransportArranged, actor: Actor, context: Context) -> Iterator[Fault]:
    known = state.rides.get(payload.transport_id)
    if known is not None and known.appointment_id != payload.appointment_id:
        yield Fault("$.transport_id", "this ride goes elsewhere", "a new id for another ride")
    if payload.appointment_id is not None:
        found = _appointment(state, payload.appointment_id)
        if isinstance(found, Fault):
            yield found
        elif payload.pickup_at is not None and payload.pickup_at >= found.at:
            yield Fault("$.pickup_at", "the ride comes after the appointment begins", "an earlier time")
    if known is None:
        yield from _to_come(payload.pickup_at, "pickup_at", context)


@guard("goal_set")
def _goal(state: CaseState, payload: GoalSet, actor: Actor, context: Context) -> Iterator[Fault]:
    yield from _new(payload.goal_id, state.goals, "goal_id", "a goal")
    today = context.occurred_at.astimezone(zone_of(state, None)).date()
    if payload.target_date is not None and payload.target_date < today:
        yield Fault("$.target_date", "the day has passed", "a day to come, or none")


@guard("goal_settled")
def _goal_over(state: CaseState, payload: GoalSettled, actor: Actor, context: Context) -> Iterator[Fault]:
    goal = state.goals.get(payload.goal_id)
    if goal is None:
        yield Fault("$.goal_id", "the case has no goal of this id", "set it first (goal_set)")
    elif goal.outcome is not None:
        said = goal.outcome.replace("_", " ")
        yield Fault("$.goal_id", f"this goal was {said}", "set a new one, or correct what was said")


@guard("barrier_opened")
def _opened(state: CaseState, payload: BarrierOpened, actor: Actor, context: Context) -> Iterator[Fault]:
    yield from _new(payload.barrier_id, state.barriers, "barrier_id", "a barrier")
    yield from _place(payload.option)
    yield from _to_come(payload.due_at, "due_at", context)
    causes = load_yaml("barriers.yaml")["barriers"]
    if payload.cause is not None and payload.cause not in causes:
        yield Fault("$.cause", "no cause of this name", nearest(payload.cause, causes) or "leave it out")


@guard("barrier_cleared")
def _cleared(state: CaseState, payload: BarrierCleared, actor: Actor, context: Context) -> Iterator[Fault]:
    known = state.barriers.get(payload.barrier_id)
    if known is not None:
        if known.cleared is not None:
            yield Fault("$.barrier_id", "this barrier is cleared", "open a new one if it is back")
        return
    review = context.review
    of_plan = [one.barrier for one in review.plan.barriers] if review is not None else []
    of_options = [one for option in review.options for one in option.barriers] if review is not None else []
    if payload.barrier_id not in {f"{one.option}/{one.cause}" for one in [*of_plan, *of_options]}:
        expected = "the id of one that was opened, or place/cause of one in the review"
        yield Fault("$.barrier_id", "neither the case nor its review has this barrier", expected)


@guard("service_monitored")
def _monitored(
    state: CaseState, payload: ServiceMonitored, actor: Actor, context: Context
) -> Iterator[Fault]:
    yield from _new(payload.record_id, state.monitored, "record_id", "a record")
    if payload.referral_id is not None and payload.referral_id not in state.referrals_out:
        yield Fault("$.referral_id", "no referral of this id was sent", "leave it out, or record it first")
    says = (payload.is_given, payload.is_adequate, payload.concern, payload.settles)
    if all(one is None for one in says):
        yield Fault("$", "nothing is said of the service", "whether it is given, is enough, or what worries")
    if payload.settles is not None:
        earlier = state.monitored.get(payload.settles)
        if earlier is None or not has_concern(earlier):
            yield Fault("$.settles", "no concern was recorded under this id", "the id of the record with it")
        elif earlier.settled is not None:
            yield Fault("$.settles", "this concern is settled", "nothing is needed")
