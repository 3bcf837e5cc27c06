"""What is to be done for a case: derived from clocks, barriers, plan, rules, gaps and what people asked of each other.

Nothing of it is kept. A task is open while its cause is there; it is settled by a person (done, or set aside with a
reason) or because the cause went away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from discharge.casework.assessments import questionnaires, standing
from discharge.casework.state.model import CaseState
from discharge.casework.work.answers import STAY_SERVICES
from discharge.casework.work.causes import CaseTask, Cause, tasks_of
from discharge.casework.work.counted import CaseClock
from discharge.casework.work.tasks_planning import planning_causes
from discharge.payers import PayerProfile
from discharge.reference import load_yaml
from discharge.review.model import Review

__all__ = ["CaseTask", "case_tasks"]

_ASKED = {
    "NOTIFY": "Tell the payer of the admission.",
    "AUTH-END": "Ask the payer for more days before the authorized ones end.",
    "REVIEW": "Send the payer the next clinical review.",
}
_SAID_OTHERWISE = {"ADVISOR", "PAYER-QUESTION"}
"""Clocks of the house whose task is the referral or question itself."""
_WAITS = ("running", "paused", "late")
SAFETY_SCREEN = "safety_screen"
_ORDER = {"open": 0, "set_aside": 1, "done": 2}


def case_tasks(
    state: CaseState,
    review: Review | None,
    clocks: Sequence[CaseClock],
    profile: PayerProfile | None,
    at: datetime,
) -> list[CaseTask]:
    """Return the tasks of a case at ``at`` (aware): open ones first, the nearest due time first.

    ``clocks`` are the case's own (:func:`discharge.casework.work.clocks.case_clocks`).
    """
    payer = profile.title if profile is not None else "the payer"
    causes = [
        *_clocks(state, clocks, payer, at),
        *_barriers(state, review),
        *_rules(review),
        *_gaps(state, review),
        *_questions(state, review, clocks),
        *planning_causes(state, review, at),
        *_assessments(state, review),
        *_safety(state, review),
        *_people(state),
    ]
    found: dict[str, CaseTask] = {}
    for cause in causes:
        for task in tasks_of(cause, state):
            found.setdefault(task.task_id, task)
    return sorted(found.values(), key=_order)


def _order(task: CaseTask) -> tuple[int, bool, float, str]:
    due = task.due_at.timestamp() if task.due_at is not None else 0.0
    return _ORDER[task.state], task.due_at is None, due, task.task_id


def _clocks(state: CaseState, clocks: Sequence[CaseClock], payer: str, at: datetime) -> Iterator[Cause]:
    """The hospital's deadlines are to be kept; the payer's are to be asked for. Those of others ask nothing of us.

    What was said to be done, and still is not on record when its time is over, is asked for again.
    """
    for clock in clocks:
        if clock.side not in ("hospital", "payer") or clock.clock_id in _SAID_OTHERWISE:
            continue
        if clock.met_at is None and clock.status not in _WAITS:
            continue
        is_over = clock.due_at is not None and at > clock.due_at
        since = clock.due_at if is_over else clock.opens_at
        yield Cause(
            f"clock:{clock.clock}",
            "clock",
            _clock_title(clock, payer),
            why=clock.consequence.rstrip("."),
            owner_role="case_manager" if clock.side == "payer" else _role(clock.owner),
            due_at=clock.due_at,
            urgent_at=clock.warn_urgent_at,
            since=since,
            gone_at=clock.met_at or _asked_for_more(state, clock),
        )


def _asked_for_more(state: CaseState, clock: CaseClock) -> datetime | None:
    """Return when more days of the stay were asked for since the authorized ones were said: the rest is the payer's."""
    if clock.clock_id != "AUTH-END" or clock.opens_at is None:
        return None
    asked = (
        one.requested.at
        for one in state.authorizations.values()
        if one.requested and one.service in STAY_SERVICES
    )
    return max((at for at in asked if at > clock.opens_at), default=None)


def _clock_title(clock: CaseClock, payer: str) -> str:
    if clock.side == "payer":
        return f"Ask {payer} for its decision ({clock.title})."
    if clock.owner == "facility":
        return f"Remind the next place of care: {clock.title}."
    if clock.form:
        return f"Give the {clock.title} ({clock.form})."
    return _ASKED.get(clock.clock_id, f"See to it: {clock.title}.")


def _role(owner: str | None) -> str:
    """What lies with the next place of care is followed by the case manager."""
    return "case_manager" if owner in (None, "facility", "the") else owner


def _barriers(state: CaseState, review: Review | None) -> Iterator[Cause]:
    titles: dict[str, str] = load_yaml("barriers.yaml")["barriers"]
    day_usd = _day_of_waiting(review)
    found = review.plan.barriers if review is not None else []
    for one in found:
        name = f"{one.barrier.option}/{one.barrier.cause}"
        known = state.barriers.get(name)
        title = titles.get(one.barrier.cause, one.barrier.cause)
        yield Cause(
            f"barrier:{name}",
            "barrier",
            one.barrier.remedy or f"Clear the barrier: {title}.",
            why=title,
            owner_role=_role(one.owner),
            due_at=one.due_at,
            gone_at=known.cleared.at if known is not None and known.cleared is not None else None,
            weight_usd=day_usd,
        )
    for name, barrier in state.barriers.items():
        if barrier.opened is not None:
            yield Cause(
                f"barrier:{name}",
                "barrier",
                f"Clear the barrier: {barrier.text}",
                why=titles.get(barrier.cause or "", barrier.cause),
                owner_role=_role(barrier.owner),
                due_at=barrier.due_at,
                since=barrier.opened.at,
                gone_at=barrier.cleared.at if barrier.cleared is not None else None,
                weight_usd=day_usd,
            )


def _day_of_waiting(review: Review | None) -> Decimal | None:
    """Return what a day of waiting costs the hospital, once the patient could leave."""
    if review is None or review.waiting is None or review.level_of_care.discharge_ready != "met":
        return None
    price = review.waiting.avoidable_day.get("hospital")
    return price.expected if price is not None else None


def _rules(review: Review | None) -> Iterator[Cause]:
    for task in review.tasks if review is not None else []:
        yield Cause(
            f"rule:{task.task}",
            "rule",
            task.title,
            why=task.rule_file,
            owner_role=_role(task.owner),
            due_at=task.due_at,
        )


def _gaps(state: CaseState, review: Review | None) -> Iterator[Cause]:
    """What is not charted is asked for once: by the question to the physician, where one is open."""
    asked = {
        fact
        for question in state.physician_questions.values()
        if question.answered is None
        for fact in question.asks
    }
    for gap in review.gaps if review is not None else []:
        if gap.ask not in asked:
            yield Cause(
                f"ask:{gap.ask}",
                "review",
                gap.question,
                why=f"not charted: {gap.ask}",
                owner_role=_role(gap.of),
            )


def _questions(state: CaseState, review: Review | None, clocks: Sequence[CaseClock]) -> Iterator[Cause]:
    """Questions that wait for an answer, referrals to the physician advisor, calls that are to be held."""
    due = {(one.clock_id, one.subject_id): one for one in clocks if one.clock_id in _SAID_OTHERWISE}
    loss = review.denial.summary.expected_loss_usd if review is not None else None
    for name, question in state.physician_questions.items():
        yield Cause(
            f"question:{name}",
            "question",
            f"Get the answer of {question.to or 'the physician'}.",
            why=question.text,
            due_at=question.due_at,
            since=question.asked.at,
            gone_at=question.answered.at if question.answered is not None else None,
        )
    for name, question in state.payer_questions.items():
        clock = due.get(("PAYER-QUESTION", name))
        yield Cause(
            f"payer_question:{name}",
            "question",
            "Answer what the payer asked.",
            why=question.text,
            due_at=question.due_at or (clock.due_at if clock is not None else None),
            since=question.asked.at,
            gone_at=question.answered.at if question.answered is not None else None,
            weight_usd=loss,
        )
    for name, referral in state.referrals.items():
        clock = due.get(("ADVISOR", name))
        yield Cause(
            f"referral:{name}",
            "question",
            f"Decide as physician advisor: {referral.question}",
            why="More information was asked for." if referral.decision else None,
            owner_role="physician_advisor",
            due_at=referral.due_at or (clock.due_at if clock is not None else None),
            since=referral.asked.at,
            gone_at=referral.decided.at if referral.decided is not None and not referral.is_open else None,
            weight_usd=loss,
        )
    for name, call in state.calls.items():
        yield Cause(
            f"call:{name}",
            "question",
            "Hold the peer-to-peer call and record its outcome.",
            owner_role="physician_advisor",
            due_at=call.at,
            since=call.scheduled.at if call.scheduled is not None else None,
            gone_at=call.held.at if call.held is not None else None,
            weight_usd=loss,
        )


def _assessments(state: CaseState, review: Review | None) -> Iterator[Cause]:
    """Assessments that were begun; what one marked sensitive is about stands in no list of tasks."""
    for one in standing(state, review, only_begun=True):
        if one.state == "not_started":  # everything was taken back
            continue
        is_open, name, said = one.state == "in_progress", one.questionnaire, one.title
        if one.sensitivity != "usual":
            name, said = hashlib.sha256(name.encode()).hexdigest()[:8], "one that is marked sensitive"
        left = len(one.required_open)
        yield Cause(
            f"assessment:{name}",
            "plan",
            f"Finish the assessment: {said}.",
            why=f"{left} questions must still be answered" if left else None,
            since=one.last_answer_at,
            gone_at=None if is_open else one.last_answer_at,
        )


def _safety(state: CaseState, review: Review | None) -> Iterator[Cause]:
    """What may point to abuse goes to a person and into no words of a list; a report ends the task, or a reason."""
    screen = state.assessments.get(SAFETY_SCREEN)
    seen = [
        screen.answered_at[name]
        for name, answer in (screen.answers.items() if screen is not None else ())
        if screen is not None and answer is True and questionnaires()[SAFETY_SCREEN].flat[name].fact
    ]
    if not seen and (review is None or not review.safety):
        return
    last = max(seen, key=lambda made: made.at, default=None)
    reported = [made.at for made in state.reports if last is None or made.at >= last.at]
    yield Cause(
        f"person:{last.event_id if last is not None else 'review'}",
        "person",
        "Open the case and read what is for a person only.",
        why="It stands on no paper; a person decides what follows.",
        since=last.at if last is not None else None,
        gone_at=max(reported, default=None),
    )


def _people(state: CaseState) -> Iterator[Cause]:
    for one in state.escalations:
        yield Cause(
            f"escalation:{one.made.event_id}",
            "person",
            f"Look at the case: {one.reason}",
            why=f"asked by {one.made.by}",
            owner_role=one.to_role,
            due_at=one.due_at,
            since=one.made.at,
        )
    for name, task in state.tasks.items():
        if task.added is not None:
            yield Cause(
                f"added:{name}",
                "person",
                task.title or name,
                why=f"asked by {task.added.by}",
                owner_role=task.owner_role,
                due_at=task.due_at,
                since=task.added.at,
                assignee=task.assignee,
            )
