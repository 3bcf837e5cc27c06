"""Folding of what arrives, what the engine concludes, and what people write beside it."""

from __future__ import annotations

from discharge.casework.events.record import (
    Assigned,
    Escalated,
    FactsReceived,
    HandedOver,
    NoteAdded,
    ReportMade,
    ReviewRun,
    StayOpened,
    TaskAdded,
    TaskSettled,
)
from discharge.casework.state.framework import folds
from discharge.casework.state.model import (
    CaseState,
    Escalation,
    HandOver,
    Note,
    ReviewSeen,
    TaskOnRecord,
    Trace,
)


@folds("stay_opened")
def _stay_opened(state: CaseState, payload: StayOpened, made: Trace) -> None:
    state.encounter_id = payload.encounter_id
    state.patient_id = payload.patient_id


@folds("facts_received")
def _facts_received(state: CaseState, payload: FactsReceived, made: Trace) -> None:
    """The rows lie beside the ledger; that they came is kept by ``facts_at`` and ``is_stale``."""


@folds("review_run")
def _review_run(state: CaseState, payload: ReviewRun, made: Trace) -> None:
    state.is_stale = state.facts_at is not None and state.facts_at > payload.as_of
    state.reviews.append(
        ReviewSeen(
            made=made,
            as_of=payload.as_of,
            zone=payload.zone,
            reason=payload.reason,
            review_type=payload.review_type,
            digest=payload.review_digest,
            edition=payload.edition,
            payer_profile=payload.payer_profile,
            facts_digest=payload.facts_digest,
            found=payload.found,
        )
    )


@folds("note_added")
def _note_added(state: CaseState, payload: NoteAdded, made: Trace) -> None:
    state.notes.append(Note(made=made, text=payload.text, about=payload.about))


@folds("assigned")
def _assigned(state: CaseState, payload: Assigned, made: Trace) -> None:
    state.assignee, state.assigned = payload.assignee, made


@folds("handed_over")
def _handed_over(state: CaseState, payload: HandedOver, made: Trace) -> None:
    state.assignee, state.assigned = payload.to, made
    state.hand_overs.append(
        HandOver(made=made, to=payload.to, summary=payload.summary, open_items=list(payload.open_items))
    )


@folds("escalated")
def _escalated(state: CaseState, payload: Escalated, made: Trace) -> None:
    state.escalations.append(
        Escalation(made=made, to_role=payload.to_role, reason=payload.reason, due_at=payload.due_at)
    )


@folds("task_added")
def _task_added(state: CaseState, payload: TaskAdded, made: Trace) -> None:
    state.tasks[payload.task_id] = TaskOnRecord(
        added=made,
        title=payload.title,
        assignee=payload.assignee,
        owner_role=payload.owner_role,
        due_at=payload.due_at,
    )


@folds("task_settled")
def _task_settled(state: CaseState, payload: TaskSettled, made: Trace) -> None:
    task = state.tasks.setdefault(
        payload.task_id,
        TaskOnRecord(added=None, title=None, assignee=None, owner_role=None, due_at=None),
    )
    task.outcome, task.settled, task.reason = payload.outcome, made, payload.reason


@folds("report_made")
def _report_made(state: CaseState, payload: ReportMade, made: Trace) -> None:
    state.reports.append(made)
