"""Guards of what goes between hospital and payer: authorizations, decisions, calls, denials, appeals, paused clocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from discharge.casework.events import ADVERSE_DECISIONS, Actor
from discharge.casework.events.utilization import (
    AppealDecided,
    AppealFiled,
    AuthorizationRequested,
    ClockPaused,
    ClockResumed,
    DaysAuthorized,
    DecisionReceived,
    DenialReceived,
    PayerAnswered,
    PayerAsked,
    PeerToPeerHeld,
    PeerToPeerScheduled,
)
from discharge.casework.guards.framework import Context, guard
from discharge.casework.guards.utilization import nearest, new_id, on_record
from discharge.casework.state.model import CaseState
from discharge.casework.work.appeals import levels_of
from discharge.casework.work.clocks import case_clocks, payer_class_of
from discharge.casework.work.conventions import conventions
from discharge.casework.work.counted import CaseClock, base_of
from discharge.clocks import clock_table
from discharge.errors import Fault
from discharge.payers.schema import Service

_GIVES_DAYS = ("approved", "modified", "partial")
_WAS_HELD = ("overturned", "partly_overturned", "upheld")


def _of_own_member(
    state: CaseState, authorization_id: str | None, actor: Actor, context: Context
) -> Iterator[Fault]:
    """A payer's user speaks only of requests that were made to that payer."""
    if "payer" not in actor.roles:
        return
    one = state.authorizations.get(authorization_id or "")
    asked = one.payer_profile if one is not None else None
    if asked is None:
        asked = context.review.payer.profile if context.review is not None else None
    if asked not in actor.payer_ids:
        yield Fault(
            "$.authorization_id", "this request was not made to your payer", "a request of your own members"
        )


@guard("authorization_requested")
def authorization_requested(
    state: CaseState, payload: AuthorizationRequested, actor: Actor, context: Context
) -> Iterator[Fault]:
    """What is asked for is a service as payer profiles name them."""
    if payload.service not in get_args(Service):
        yield Fault("$.service", "no such service", nearest(payload.service, get_args(Service)))


@guard("decision_received")
def decision_received(
    state: CaseState, payload: DecisionReceived, actor: Actor, context: Context
) -> Iterator[Fault]:
    """A payer's own user gives a reason and a clinician's name for an adverse decision.

    A fax or a portal's answer that the hospital records without them is kept, and told as such.
    """
    adverse = payload.decision in ADVERSE_DECISIONS
    if "payer" in actor.roles:
        yield from on_record(
            "$.authorization_id", payload.authorization_id, state.authorizations, "authorization"
        )
        yield from _of_own_member(state, payload.authorization_id, actor, context)
        if adverse and payload.reason is None:
            why = conventions().cited("reasons").title
            yield Fault("$.reason", "an adverse decision needs its reason", f"say it in words ({why})")
        if adverse and payload.clinician is None:
            why = conventions().cited("clinician").title
            yield Fault("$.clinician", "an adverse decision needs a named clinician", f"who decided? ({why})")
        elif adverse and payload.clinician is not None and payload.clinician.credentials is None:
            why = conventions().cited("clinician").title
            yield Fault(
                "$.clinician.credentials",
                "a licensed clinician decides",
                f"credentials of the license ({why})",
            )
    if payload.decision == "denied" and payload.days_approved:
        yield Fault("$.days_approved", "a denial approves no days", "partial, where a part is approved")
    first, last = payload.valid_from, payload.valid_through
    if first is not None and last is not None and last < first:
        yield Fault("$.valid_through", "the last day is before the first", "a later day")


@guard("days_authorized")
def days_authorized(
    state: CaseState, payload: DaysAuthorized, actor: Actor, context: Context
) -> Iterator[Fault]:
    """Days are added to an authorization that stands."""
    yield from on_record(
        "$.authorization_id", payload.authorization_id, state.authorizations, "authorization"
    )
    one = state.authorizations.get(payload.authorization_id)
    if one is not None and one.status not in _GIVES_DAYS:
        yield Fault(
            "$.authorization_id",
            f"this authorization is {one.status}, so it has no days to add to",
            "record the payer's decision",
        )


@guard("payer_asked")
def payer_asked(state: CaseState, payload: PayerAsked, actor: Actor, context: Context) -> Iterator[Fault]:
    """The payer asks about a request on record."""
    yield from new_id("$.question_id", payload.question_id, state.payer_questions)
    if payload.authorization_id is not None:
        yield from on_record(
            "$.authorization_id", payload.authorization_id, state.authorizations, "authorization"
        )
    yield from _of_own_member(state, payload.authorization_id, actor, context)


@guard("payer_answered")
def payer_answered(
    state: CaseState, payload: PayerAnswered, actor: Actor, context: Context
) -> Iterator[Fault]:
    """An answer answers an open question of the payer."""
    yield from on_record("$.question_id", payload.question_id, state.payer_questions, "question of the payer")
    question = state.payer_questions.get(payload.question_id)
    if question is not None and question.answered is not None:
        yield Fault("$.question_id", "this question is answered", "correct the answer")


@guard("peer_to_peer_scheduled")
def peer_to_peer_scheduled(
    state: CaseState, payload: PeerToPeerScheduled, actor: Actor, context: Context
) -> Iterator[Fault]:
    """A call is about an authorization on record, and lies ahead."""
    if payload.authorization_id is not None:
        yield from on_record(
            "$.authorization_id", payload.authorization_id, state.authorizations, "authorization"
        )
    yield from _of_own_member(state, payload.authorization_id, actor, context)
    call = state.calls.get(payload.call_id)
    if call is not None and call.held is not None:
        yield Fault("$.call_id", "this call was held", "give a new id for another call")


@guard("peer_to_peer_held")
def peer_to_peer_held(
    state: CaseState, payload: PeerToPeerHeld, actor: Actor, context: Context
) -> Iterator[Fault]:
    """A call between physicians is held by a physician, once."""
    call = state.calls.get(payload.call_id)
    if call is not None and call.held is not None:
        yield Fault("$.call_id", "this call was held", "correct its outcome")
    if payload.outcome in _WAS_HELD and not payload.physician.is_physician:
        yield Fault(
            "$.physician.credentials", "this must be a physician", "name a doctor by credentials, MD or DO"
        )


@guard("denial_received")
def denial_received(
    state: CaseState, payload: DenialReceived, actor: Actor, context: Context
) -> Iterator[Fault]:
    """A denial has its own id, and came on or after the date that stands on it."""
    yield from new_id("$.denial_id", payload.denial_id, state.denials)
    if payload.authorization_id is not None:
        yield from on_record(
            "$.authorization_id", payload.authorization_id, state.authorizations, "authorization"
        )
    if payload.notice_at > context.occurred_at:
        yield Fault("$.notice_at", "the notice is dated after it came", "the date on the notice")


@guard("appeal_filed")
def appeal_filed(state: CaseState, payload: AppealFiled, actor: Actor, context: Context) -> Iterator[Fault]:
    """An appeal is against a denial on record, at a level that the payer's class has, once at a time."""
    yield from new_id("$.appeal_id", payload.appeal_id, state.appeals)
    yield from on_record("$.denial_id", payload.denial_id, state.denials, "denial")
    level = payload.level.strip().lower()
    payer_class = payer_class_of(context.review, context.profile)
    known = levels_of(payer_class)
    denial = state.denials.get(payload.denial_id)
    if denial is not None and denial.received.at > context.occurred_at:
        yield Fault("$.denial_id", "the appeal was filed before this denial came", "a later moment")
    if not payload.is_expedited and not _is_reached(state, payload.denial_id, level, payer_class, context):
        yield Fault(
            "$.level",
            "the level below is not decided, nor past its time",
            "record its decision, or file there first",
        )
    if level not in known:
        yield Fault("$.level", "this payer has no such level of appeal", nearest(level, known))
    for one in state.appeals.values():
        if one.denial_id == payload.denial_id and one.level.strip().lower() == level and one.decided is None:
            yield Fault("$.level", "an appeal at this level is open", "wait for its decision, or record it")


def _is_reached(
    state: CaseState, denial_id: str, level: str, payer_class: str | None, context: Context
) -> bool:
    """Whether a level of appeal is open: the one below is decided, or its time to decide is over."""
    steps = conventions().levels.get(payer_class or "", {})
    step = steps.get(level)
    if step is None or step.against == "initial":
        return True
    below = {name for name, one in steps.items() if one.leaves == step.against}
    mine = [one for one in state.appeals.values() if one.denial_id == denial_id]
    if any(one.level.strip().lower() in below and one.decided is not None for one in mine):
        return True
    return any(
        clock.subject_id == denial_id
        and clock.side == "payer"
        and clock.status == "late"
        and clock.met_at is None
        for clock in _clocks(state, context)
    )


@guard("appeal_decided")
def appeal_decided(
    state: CaseState, payload: AppealDecided, actor: Actor, context: Context
) -> Iterator[Fault]:
    """A decision is on an open appeal."""
    yield from on_record("$.appeal_id", payload.appeal_id, state.appeals, "appeal")
    appeal = state.appeals.get(payload.appeal_id)
    if appeal is not None and appeal.decided is not None:
        yield Fault(
            "$.appeal_id", "this appeal is decided", "correct the decision, or file at the next level"
        )


# --- clocks that stand still ------------------------------------------------------------------------------------


@guard("clock_paused")
def clock_paused(state: CaseState, payload: ClockPaused, actor: Actor, context: Context) -> Iterator[Fault]:
    """A clock stands still only where its own rule lets it, and while it still runs."""
    clock = _clock(state, payload.clock, context)
    allowed = conventions().pauses.get(base_of(payload.clock))
    if clock is None:
        names = [one.clock for one in _clocks(state, context)]
        yield Fault("$.clock", "no such clock runs on this case", nearest(payload.clock, names))
    elif allowed is None:
        yield Fault(
            "$.clock",
            f"this clock runs on: {clock.citation} knows no pause",
            "clocks that can be paused: " + ", ".join(sorted(conventions().pauses)),
        )
    elif _is_excluded(state, clock):
        yield Fault("$.clock", "no extension for this kind of case", allowed.when)
    elif clock.paused_since is not None:
        yield Fault("$.clock", "this clock is paused already", "resume it first")
    elif clock.status != "running":
        yield Fault(
            "$.clock",
            f"this clock is {clock.status.replace('_', ' ')}",
            "a pause counts only when noticed before the due time",
        )


def _clocks(state: CaseState, context: Context) -> list[CaseClock]:
    return case_clocks(state, context.review, context.profile, context.occurred_at)


def _clock(state: CaseState, name: str, context: Context) -> CaseClock | None:
    return next((one for one in _clocks(state, context) if one.clock == name), None)


def _is_excluded(state: CaseState, clock: CaseClock) -> bool:
    """Some extensions are only for requests before the service; a denied claim is after it."""
    rule = clock_table().clocks[clock.clock_id]
    denial = state.denials.get(clock.subject_id or "")
    kinds = rule.extension.only_for if rule.extension is not None else None
    return kinds is not None and "post_service" not in kinds and denial is not None and denial.of == "claim"


@guard("clock_resumed")
def clock_resumed(state: CaseState, payload: ClockResumed, actor: Actor, context: Context) -> Iterator[Fault]:
    """Only a clock that stands still can run again."""
    pauses = state.pauses.get(payload.clock, [])
    if not pauses or pauses[-1].ended is not None:
        paused = [name for name, mine in state.pauses.items() if mine and mine[-1].ended is None]
        yield Fault("$.clock", "this clock is not paused", nearest(payload.clock, paused))
    elif pauses[-1].started.at > context.occurred_at:
        yield Fault("$.clock", "resumed before it was paused", "a later moment")
