"""What follows from a case's state, its review and a moment, all together; and what of it asks for a next step."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from discharge.casework.agenda import Stage
from discharge.casework.events import ADVERSE_DECISIONS
from discharge.casework.state.model import CaseState
from discharge.casework.work.advisor import QueueItem, queue_items, referral_due
from discharge.casework.work.authorizations import AuthorizationStanding, authorizations
from discharge.casework.work.cadence import NextReview, next_review
from discharge.casework.work.clocks import case_clocks
from discharge.casework.work.counted import CaseClock
from discharge.casework.work.found import zone_of
from discharge.casework.work.tasks import CaseTask, case_tasks
from discharge.denial import DenialRisk
from discharge.payers import PayerProfile
from discharge.review.model import Review
from discharge.worklist.steps import NOTHING, Asked, Step, asked

_NEXT = timedelta(microseconds=1)
_REFUSED = "auth_denied"
"""The cause of denial that an appeal answers."""


@dataclass(frozen=True)
class Derived:
    """The work of a case as it stands at ``at``. ``asked`` is what the worklist's next step is chosen from."""

    at: datetime
    zone: ZoneInfo
    clocks: list[CaseClock]
    authorizations: list[AuthorizationStanding]
    next_review: NextReview | None
    queue: list[QueueItem]
    tasks: list[CaseTask]
    asked: list[Asked]

    def steps(self) -> list[Step]:
        """Return what is asked of people, the first first; at least one step, of urgency ``clear`` if nothing is."""
        return sorted((one.step(self.at, self.zone) for one in self.asked or [NOTHING]), key=Step.key)


def derived(state: CaseState, review: Review | None, profile: PayerProfile | None, at: datetime) -> Derived:
    """Return the work of a case at ``at`` (aware)."""
    clocks = case_clocks(state, review, profile, at)
    tasks = case_tasks(state, review, clocks, profile, at)
    return Derived(
        at=at,
        zone=zone_of(state, review),
        clocks=clocks,
        authorizations=authorizations(state, review, profile, at),
        next_review=next_review(state, review, profile),
        queue=queue_items(state, review, at),
        tasks=tasks,
        asked=_asked(state, review, clocks, tasks, at),
    )


def stages(
    state: CaseState, review: Review | None, profile: PayerProfile | None, work: Derived
) -> list[Stage]:
    """Return what will be asked from ``work.at`` on if nothing happens: clocks open, and run out.

    Nothing else of the work asks for other things as time goes by.
    """
    waiting = [
        one
        for one in work.clocks
        if one.met_at is None
        and one.side in ("hospital", "payer")
        and one.status not in ("stopped", "unknown")
    ]
    opens = {one.opens_at for one in waiting if one.opens_at is not None}
    ends = {one.due_at + _NEXT for one in waiting if one.due_at is not None}
    found = [Stage(work.at, work.asked)]
    for moment in sorted(one for one in opens | ends if one > work.at):
        clocks = case_clocks(state, review, profile, moment)
        tasks = case_tasks(state, review, clocks, profile, moment)
        found.append(Stage(moment.astimezone(UTC), _asked(state, review, clocks, tasks, moment)))
    return found


def _asked(
    state: CaseState,
    review: Review | None,
    clocks: Sequence[CaseClock],
    tasks: Sequence[CaseTask],
    at: datetime,
) -> list[Asked]:
    """Open tasks ask, and what the review asks beside them; a step that was done or set aside asks no more."""
    is_over = review is not None and not review.stay.is_in_house
    still = {f"clock:{one.clock}" for one in clocks if one.status == "paused"}
    told = {task.title for task in tasks}
    of_review = [one for one in asked(review, is_all=False) if one.text not in told] if review else []
    if referral_due(state, review, at) is None:  # the advisor was asked, or has answered
        of_review = [one for one in of_review if not one.is_for_advisor]
    answered = {one.fix for one in answered_risks(state, review)}
    of_review = [one for one in of_review if one.text not in answered]
    return [*of_review, *(_of_task(task, still, is_over) for task in tasks if task.state == "open")]


def answered_risks(state: CaseState, review: Review | None) -> list[DenialRisk]:
    """Return the risks that an appeal on record answers, filed since the last refusal: its own clocks run from then."""
    refused = [
        said.made.at
        for one in state.authorizations.values()
        for said in one.decisions
        if said.decision in ADVERSE_DECISIONS
    ]
    filed = [one.filed.at for one in state.appeals.values()]
    if review is None or not refused or not filed or max(filed) < max(refused):
        return []
    return [one for one in review.denial.risks if one.cause == _REFUSED]


def _of_task(task: CaseTask, still: Set[str], is_over: bool) -> Asked:
    """The deadline of a clock that stands still presses nobody."""
    is_still = task.task_id.partition("#")[0] in still
    return Asked(
        task.title,
        task.why or "",
        due_at=None if is_still else task.due_at,
        loss_usd=task.weight_usd or Decimal(0),
        urgent_at=None if is_still else task.urgent_at,
        is_clock=task.origin == "clock",
        is_paper=is_over,
    )
