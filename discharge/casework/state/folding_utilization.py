"""Folding of utilization review: status, questions, advisor, authorizations, denials, notices, days lost."""

from __future__ import annotations

from discharge.casework.events.utilization import (
    AdvisorDecided,
    AdvisorReferred,
    AppealDecided,
    AppealFiled,
    AuthorizationRequested,
    AvoidableDayRecorded,
    ClockPaused,
    ClockResumed,
    DaysAuthorized,
    DecisionReceived,
    DelayAttributed,
    DenialReceived,
    FirstLevelReviewed,
    NoticeDelivered,
    OutcomeRecorded,
    PayerAnswered,
    PayerAsked,
    PeerToPeerHeld,
    PeerToPeerScheduled,
    PhysicianAnswered,
    PhysicianAsked,
    PractitionerConsulted,
    Released,
    StatusDetermined,
)
from discharge.casework.state.framework import folds
from discharge.casework.state.model import (
    Appeal,
    Authorization,
    AvoidableDay,
    Call,
    CaseState,
    Consultation,
    DaysAdded,
    DecisionSeen,
    Delay,
    Denial,
    FirstLevel,
    NoticeSeen,
    Outcome,
    Pause,
    Question,
    Referral,
    ReleaseSeen,
    StatusSeen,
    Trace,
)

UNKNOWN_SERVICE = "unknown"
"""Service of an authorization that a payer decided with no request on record."""


@folds("status_determined")
def _status_determined(state: CaseState, payload: StatusDetermined, made: Trace) -> None:
    state.statuses.append(
        StatusSeen(
            made=made,
            status=payload.status,
            determined_by=payload.determined_by,
            basis=payload.basis,
            is_condition_code_44=payload.is_condition_code_44,
            effective_at=payload.effective_at,
        )
    )


@folds("first_level_reviewed")
def _first_level_reviewed(state: CaseState, payload: FirstLevelReviewed, made: Trace) -> None:
    state.first_level.append(
        FirstLevel(
            made=made,
            outcome=payload.outcome,
            review_type=payload.review_type,
            comment=payload.comment,
            criteria=dict(payload.criteria),
        )
    )


@folds("advisor_referred")
def _advisor_referred(state: CaseState, payload: AdvisorReferred, made: Trace) -> None:
    state.referrals[payload.referral_id] = Referral(
        asked=made, question=payload.question, reason=payload.reason, due_at=payload.due_at
    )


@folds("practitioner_consulted")
def _practitioner_consulted(state: CaseState, payload: PractitionerConsulted, made: Trace) -> None:
    referral = state.referrals.get(payload.referral_id)
    if referral is not None:
        referral.consultations.append(
            Consultation(made=made, practitioner=payload.practitioner, view=payload.view)
        )


@folds("advisor_decided")
def _advisor_decided(state: CaseState, payload: AdvisorDecided, made: Trace) -> None:
    referral = state.referrals.get(payload.referral_id)
    if referral is not None:
        referral.decision, referral.decided = payload.decision, made
        referral.physician, referral.second_physician = payload.physician, payload.second_physician
        referral.rationale = payload.rationale


@folds("physician_asked")
def _physician_asked(state: CaseState, payload: PhysicianAsked, made: Trace) -> None:
    state.physician_questions[payload.question_id] = Question(
        asked=made, to=payload.to, text=payload.question, asks=list(payload.asks), due_at=payload.due_at
    )


@folds("physician_answered")
def _physician_answered(state: CaseState, payload: PhysicianAnswered, made: Trace) -> None:
    question = state.physician_questions.get(payload.question_id)
    if question is not None:
        question.answered, question.answer = made, payload.answer
        question.answered_by, question.facts = payload.answered_by, dict(payload.facts)


@folds("authorization_requested")
def _authorization_requested(state: CaseState, payload: AuthorizationRequested, made: Trace) -> None:
    earlier = state.authorizations.get(payload.authorization_id)
    state.authorizations[payload.authorization_id] = Authorization(
        requested=made,
        service=payload.service,
        payer_profile=payload.payer_profile,
        days_asked=payload.days_asked,
        first_day=payload.first_day,
        urgency=payload.urgency,
        requires_prior_authorization=payload.requires_prior_authorization,
        number=payload.number or (earlier.number if earlier else None),
        decisions=earlier.decisions if earlier else [],
        additions=earlier.additions if earlier else [],
        days_added=earlier.days_added if earlier else 0,
        valid_through=earlier.valid_through if earlier else None,
    )


def _authorization(state: CaseState, authorization_id: str) -> Authorization:
    """Return the authorization; one that the payer decided unasked is made."""
    if authorization_id not in state.authorizations:
        state.authorizations[authorization_id] = Authorization(
            requested=None,
            service=UNKNOWN_SERVICE,
            payer_profile=state.reviews[-1].payer_profile if state.reviews else None,
            days_asked=None,
            first_day=None,
            urgency="concurrent",
            requires_prior_authorization=True,
            number=None,
        )
    return state.authorizations[authorization_id]


@folds("decision_received")
def _decision_received(state: CaseState, payload: DecisionReceived, made: Trace) -> None:
    authorization = _authorization(state, payload.authorization_id)
    authorization.number = payload.number or authorization.number
    authorization.valid_through = payload.valid_through or authorization.valid_through
    authorization.decisions.append(
        DecisionSeen(
            made=made,
            decision=payload.decision,
            number=payload.number,
            days_approved=payload.days_approved,
            valid_from=payload.valid_from,
            valid_through=payload.valid_through,
            reason_code=payload.reason_code,
            reason=payload.reason,
            clinician=payload.clinician,
        )
    )


@folds("days_authorized")
def _days_authorized(state: CaseState, payload: DaysAuthorized, made: Trace) -> None:
    authorization = _authorization(state, payload.authorization_id)
    authorization.days_added += payload.days
    authorization.valid_through = payload.valid_through or authorization.valid_through
    authorization.additions.append(
        DaysAdded(
            made=made,
            days=payload.days,
            valid_from=payload.valid_from,
            valid_through=payload.valid_through,
        )
    )


@folds("payer_asked")
def _payer_asked(state: CaseState, payload: PayerAsked, made: Trace) -> None:
    state.payer_questions[payload.question_id] = Question(
        asked=made,
        to=None,
        text=payload.question,
        authorization_id=payload.authorization_id,
        due_at=payload.due_at,
    )


@folds("payer_answered")
def _payer_answered(state: CaseState, payload: PayerAnswered, made: Trace) -> None:
    question = state.payer_questions.get(payload.question_id)
    if question is not None:
        question.answered, question.answer = made, payload.text


@folds("peer_to_peer_scheduled")
def _peer_to_peer_scheduled(state: CaseState, payload: PeerToPeerScheduled, made: Trace) -> None:
    """A call that is scheduled again moves."""
    state.calls[payload.call_id] = Call(
        scheduled=made,
        at=payload.at,
        authorization_id=payload.authorization_id,
        physician=payload.physician,
        payer_physician=payload.payer_physician,
    )


@folds("peer_to_peer_held")
def _peer_to_peer_held(state: CaseState, payload: PeerToPeerHeld, made: Trace) -> None:
    call = state.calls.setdefault(
        payload.call_id,
        Call(scheduled=None, at=None, authorization_id=None, physician=None, payer_physician=None),
    )
    call.held, call.outcome, call.note = made, payload.outcome, payload.note
    call.physician = payload.physician.name
    if payload.payer_physician is not None:
        call.payer_physician = payload.payer_physician.name


@folds("denial_received")
def _denial_received(state: CaseState, payload: DenialReceived, made: Trace) -> None:
    state.denials[payload.denial_id] = Denial(
        received=made,
        authorization_id=payload.authorization_id,
        of=payload.of,
        carc=payload.carc,
        cause=payload.cause,
        amount_usd=payload.amount_usd,
        days=payload.days,
        clinician=payload.clinician,
        notice_at=payload.notice_at,
        is_receipt_documented=payload.is_receipt_documented,
    )


@folds("appeal_filed")
def _appeal_filed(state: CaseState, payload: AppealFiled, made: Trace) -> None:
    state.appeals[payload.appeal_id] = Appeal(
        filed=made, denial_id=payload.denial_id, level=payload.level, is_expedited=payload.is_expedited
    )


@folds("appeal_decided")
def _appeal_decided(state: CaseState, payload: AppealDecided, made: Trace) -> None:
    appeal = state.appeals.get(payload.appeal_id)
    if appeal is not None:
        appeal.decided, appeal.outcome, appeal.amount_usd = made, payload.outcome, payload.amount_usd


@folds("notice_delivered")
def _notice_delivered(state: CaseState, payload: NoticeDelivered, made: Trace) -> None:
    state.notices.append(
        NoticeSeen(
            made=made,
            clock_id=payload.clock_id,
            recipient=payload.recipient,
            method=payload.method,
            is_signed=payload.is_signed,
            refusal_note=payload.refusal_note,
        )
    )


@folds("clock_paused")
def _clock_paused(state: CaseState, payload: ClockPaused, made: Trace) -> None:
    state.pauses.setdefault(payload.clock, []).append(Pause(started=made, reason=payload.reason))


@folds("clock_resumed")
def _clock_resumed(state: CaseState, payload: ClockResumed, made: Trace) -> None:
    for pause in state.pauses.get(payload.clock, [])[-1:]:
        if pause.ended is None:
            pause.ended = made


@folds("avoidable_day_recorded")
def _avoidable_day_recorded(state: CaseState, payload: AvoidableDayRecorded, made: Trace) -> None:
    state.avoidable_days[payload.record_id] = AvoidableDay(
        made=made,
        day=payload.day,
        days=payload.days,
        reason=payload.reason,
        owner=payload.owner,
        note=payload.note,
    )


@folds("delay_attributed")
def _delay_attributed(state: CaseState, payload: DelayAttributed, made: Trace) -> None:
    """The same record said again replaces it: the end of a span is often known only later."""
    state.delays[payload.record_id] = Delay(
        made=made,
        to=payload.to,
        reason=payload.reason,
        start=payload.start,
        end=payload.end,
        authorization_id=payload.authorization_id,
    )


@folds("released")
def _released(state: CaseState, payload: Released, made: Trace) -> None:
    state.releases[payload.release_id] = ReleaseSeen(
        made=made,
        paper=payload.paper,
        media_type=payload.media_type,
        document=payload.document,
        payer_profile=payload.payer_profile,
        review_digest=payload.review_digest,
    )


@folds("outcome_recorded")
def _outcome_recorded(state: CaseState, payload: OutcomeRecorded, made: Trace) -> None:
    state.outcome = Outcome(
        made=made,
        outcome=payload.outcome,
        carc=list(payload.carc),
        paid_usd=payload.paid_usd,
        denied_usd=payload.denied_usd,
        disposition=payload.disposition,
        readmitted_within_30_days=payload.readmitted_within_30_days,
    )
