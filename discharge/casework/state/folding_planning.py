"""Folding of discharge planning: assessments, plan, choice, referrals, appointments, goals, barriers, monitoring."""

from __future__ import annotations

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
from discharge.casework.state.framework import folds
from discharge.casework.state.model import (
    Answers,
    Appointment,
    Barrier,
    CaseState,
    Choice,
    Goal,
    Monitored,
    PlanOnRecord,
    ReferralOut,
    Ride,
    Trace,
)


@folds("assessment_answered")
def _assessment_answered(state: CaseState, payload: AssessmentAnswered, made: Trace) -> None:
    """The latest answer to each question holds; None takes it back, and then the whole is no longer complete."""
    known = state.assessments.setdefault(
        payload.questionnaire,
        Answers(
            version=payload.version,
            answers={},
            answered_at={},
            respondent=payload.respondent,
            is_complete=False,
        ),
    )
    was_complete = known.is_complete and known.version == payload.version
    for link_id, answer in payload.answers.items():
        if answer is None:
            known.answers.pop(link_id, None)
            known.answered_at.pop(link_id, None)
        else:
            known.answers[link_id], known.answered_at[link_id] = answer, made
    kept_whole = was_complete and None not in payload.answers.values()
    known.version, known.respondent = payload.version, payload.respondent
    known.is_complete = payload.is_complete or kept_whole


@folds("plan_drafted")
def _plan_drafted(state: CaseState, payload: PlanDrafted, made: Trace) -> None:
    state.plans[payload.plan_id] = PlanOnRecord(
        drafted=made, review_digest=payload.review_digest, option=payload.option, text=payload.text
    )


@folds("plan_changed")
def _plan_changed(state: CaseState, payload: PlanChanged, made: Trace) -> None:
    """A change takes the approval back; another place also takes back who agreed."""
    plan = state.plans.get(payload.plan_id)
    if plan is None:
        return
    if payload.option is not None and payload.option != plan.option:
        plan.option, plan.agreed = payload.option, {}
    plan.text = payload.text if payload.text is not None else plan.text
    plan.changes.append(made)
    plan.approved = plan.approved_by = None


@folds("plan_agreed")
def _plan_agreed(state: CaseState, payload: PlanAgreed, made: Trace) -> None:
    plan = state.plans.get(payload.plan_id)
    if plan is not None:
        plan.agreed[payload.by] = payload.agrees
        plan.agreements.append(made)


@folds("plan_approved")
def _plan_approved(state: CaseState, payload: PlanApproved, made: Trace) -> None:
    plan = state.plans.get(payload.plan_id)
    if plan is not None:
        plan.approved, plan.approved_by = made, payload.physician


@folds("choice_list_given")
def _choice_list_given(state: CaseState, payload: ChoiceListGiven, made: Trace) -> None:
    state.choices.append(
        Choice(
            made=made,
            service=payload.service,
            providers=list(payload.providers),
            quality_data_shared=payload.quality_data_shared,
            network_told=payload.network_told,
            financial_interest_disclosed=payload.financial_interest_disclosed,
            chosen=payload.chosen,
        )
    )


@folds("referral_sent")
def _referral_sent(state: CaseState, payload: ReferralSent, made: Trace) -> None:
    state.referrals_out[payload.referral_id] = ReferralOut(
        sent=made,
        service=payload.service,
        provider=payload.provider,
        provider_id=payload.provider_id,
        answer_due_at=payload.answer_due_at,
    )


@folds("referral_answered")
def _referral_answered(state: CaseState, payload: ReferralAnswered, made: Trace) -> None:
    referral = state.referrals_out.get(payload.referral_id)
    if referral is not None:
        referral.answers.append(made)
        referral.answer, referral.reason = payload.answer, payload.reason
        referral.can_start_at = payload.can_start_at


@folds("appointment_made")
def _appointment_made(state: CaseState, payload: AppointmentMade, made: Trace) -> None:
    state.appointments[payload.appointment_id] = Appointment(
        made=made,
        with_whom=payload.with_whom,
        purpose=payload.purpose,
        at=payload.at,
        needs_transport=payload.needs_transport,
        referral_id=payload.referral_id,
    )


@folds("appointment_settled")
def _appointment_settled(state: CaseState, payload: AppointmentSettled, made: Trace) -> None:
    appointment = state.appointments.get(payload.appointment_id)
    if appointment is not None:
        appointment.outcome, appointment.settled = payload.outcome, made
        appointment.at = payload.at or appointment.at


@folds("transport_arranged")
def _transport_arranged(state: CaseState, payload: TransportArranged, made: Trace) -> None:
    """The same ride said again replaces it: it is often confirmed only later."""
    state.rides[payload.transport_id] = Ride(
        made=made,
        mode=payload.mode,
        pickup_at=payload.pickup_at,
        vendor=payload.vendor,
        appointment_id=payload.appointment_id,
        is_confirmed=payload.is_confirmed,
    )


@folds("goal_set")
def _goal_set(state: CaseState, payload: GoalSet, made: Trace) -> None:
    state.goals[payload.goal_id] = Goal(
        made=made, text=payload.text, domain=payload.domain, target_date=payload.target_date
    )


@folds("goal_settled")
def _goal_settled(state: CaseState, payload: GoalSettled, made: Trace) -> None:
    goal = state.goals.get(payload.goal_id)
    if goal is not None:
        goal.outcome, goal.settled = payload.outcome, made


@folds("barrier_opened")
def _barrier_opened(state: CaseState, payload: BarrierOpened, made: Trace) -> None:
    state.barriers[payload.barrier_id] = Barrier(
        opened=made,
        text=payload.text,
        cause=payload.cause,
        option=payload.option,
        owner=payload.owner,
        due_at=payload.due_at,
    )


@folds("barrier_cleared")
def _barrier_cleared(state: CaseState, payload: BarrierCleared, made: Trace) -> None:
    """One that the engine found is named ``option/cause`` and has no event that opened it."""
    option, _, cause = payload.barrier_id.partition("/")
    barrier = state.barriers.setdefault(
        payload.barrier_id,
        Barrier(
            opened=None,
            text=None,
            cause=cause or None,
            option=option if cause else None,
            owner=None,
            due_at=None,
        ),
    )
    barrier.cleared, barrier.how = made, payload.how


@folds("service_monitored")
def _service_monitored(state: CaseState, payload: ServiceMonitored, made: Trace) -> None:
    state.monitored[payload.record_id] = Monitored(
        made=made,
        service=payload.service,
        referral_id=payload.referral_id,
        is_given=payload.is_given,
        is_adequate=payload.is_adequate,
        concern=payload.concern,
    )
    settled = state.monitored.get(payload.settles) if payload.settles else None
    if settled is not None:
        settled.settled = made
