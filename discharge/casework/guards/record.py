"""Guards of what people write beside the record: assignment, hand-over, escalation, tasks, corrections."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from discharge.casework.derived import derived
from discharge.casework.events import OF_THE_ENGINE, Actor, Event
from discharge.casework.events.record import (
    Assigned,
    Corrected,
    Escalated,
    HandedOver,
    TaskAdded,
    TaskSettled,
)
from discharge.casework.guards.framework import Context, guard
from discharge.casework.guards.rights import rights_faults
from discharge.casework.state import CaseState, before
from discharge.casework.state.corrections import replaced
from discharge.errors import Fault

_CAN_BE_ASKED = ("case_manager", "physician_advisor", "supervisor")


def _leads(actor: Actor) -> bool:
    return actor.kind == "engine" or "supervisor" in actor.roles


@guard("assigned")
def _assigned(state: CaseState, payload: Assigned, actor: Actor, context: Context) -> Iterator[Fault]:
    """Anybody who works on cases takes one that nobody has, or gives up the own; all else is the supervisor's."""
    if payload.assignee == state.assignee:
        who = "this person has" if state.assignee else "nobody has"
        yield Fault("$.assignee", f"{who} the case already", "nothing needs to be done")
    elif not _leads(actor):
        takes = state.assignee is None and payload.assignee == actor.id
        gives_up = state.assignee == actor.id and payload.assignee is None
        if not takes and not gives_up:
            expected = "take a case that nobody has, hand over or give up your own, or ask a supervisor"
            yield Fault("$.assignee", "only a supervisor assigns a case to somebody else", expected)


@guard("handed_over")
def _handed_over(state: CaseState, payload: HandedOver, actor: Actor, context: Context) -> Iterator[Fault]:
    if state.assignee not in (None, actor.id) and not _leads(actor):
        yield Fault("$.to", "somebody else has this case", "only who has it or a supervisor hands it over")
    if payload.to == state.assignee or (state.assignee is None and payload.to == actor.id):
        yield Fault("$.to", "a case is handed over to another person", "name who takes it")


@guard("escalated")
def _escalated(state: CaseState, payload: Escalated, actor: Actor, context: Context) -> Iterator[Fault]:
    if payload.to_role not in _CAN_BE_ASKED:
        expected = f"one of {', '.join(_CAN_BE_ASKED)}"
        yield Fault("$.to_role", "nobody of this role works on cases", expected)
    if payload.due_at is not None and payload.due_at <= context.occurred_at:
        yield Fault("$.due_at", "the time has passed", "a moment to come")


@guard("task_added")
def _task_added(state: CaseState, payload: TaskAdded, actor: Actor, context: Context) -> Iterator[Fault]:
    if payload.task_id in state.tasks:
        yield Fault("$.task_id", "the case has a task of this id", "a new id")


@guard("task_settled")
def _task_settled(state: CaseState, payload: TaskSettled, actor: Actor, context: Context) -> Iterator[Fault]:
    if payload.outcome == "set_aside" and payload.reason is None:
        yield Fault("$.reason", "a task is set aside for a reason", "say why it need not be done")
    work = derived(state, context.review, context.profile, context.recorded_at)
    names = (payload.task_id, f"added:{payload.task_id}")
    task = next((one for one in work.tasks if one.task_id in names), None)
    if task is None:
        yield Fault("$.task_id", "the case has no task of this id", "an id from the case's tasks")
    elif task.state != "open":
        yield Fault("$.task_id", f"this task is {task.state.replace('_', ' ')} already", "an open task")


@guard("corrected")
def _corrected(state: CaseState, payload: Corrected, actor: Actor, context: Context) -> Iterator[Fault]:
    """Who corrects an event needs the right to record it, and what replaces it has to pass the same guard."""
    by_id = {event.event_id: event for event in context.history}
    target = by_id.get(payload.event_id)
    if target is None:
        yield Fault("$.event_id", "the case has no event of this id", "the id of an event of this case")
        return
    root = target
    while isinstance(root.payload, Corrected):  # a correction speaks of what it corrects
        root = by_id[root.payload.event_id]
    if root.kind in OF_THE_ENGINE:
        what = "what a feed brought or the engine concluded is not corrected here"
        yield Fault("$.event_id", what, "correct it at its source, and the next feed brings it")
        return
    refused = list(rights_faults(root.kind, actor))
    if not refused and not _may_answer_for(target, actor):
        expected = "ask who recorded it, a supervisor or a physician advisor"
        refused = [Fault("$.event_id", "somebody else recorded this event", expected)]
    yield from refused
    if payload.replacement is not None and not refused:
        yield from _replacing(payload.replacement, target, actor, context)


def _may_answer_for(event: Event, actor: Actor) -> bool:
    is_own = event.actor.id == actor.id or event.actor.kind == "engine"
    return is_own or bool({"supervisor", "physician_advisor"} & set(actor.roles))


def _replacing(
    replacement: dict[str, object], target: Event, actor: Actor, context: Context
) -> Iterator[Fault]:
    from discharge.casework.guards import check

    try:
        said = replaced(replacement)
    except ValidationError as error:
        for one in error.errors(include_input=False, include_url=False):
            place = "".join(f".{part}" for part in one["loc"] if part != target.kind)
            yield Fault(f"$.replacement{place}", one["msg"], "")
        return
    if said.kind != target.kind:
        yield Fault("$.replacement.kind", f"not {target.kind}", "an event is replaced by one of its kind")
        return
    if said.kind == "released":  # or a payer would be shown whatever bytes the correction names
        yield Fault(
            "$.replacement", "a released paper can't be exchanged", "take it back, and release another"
        )
        return
    was = target.payload
    if isinstance(said, Corrected) and isinstance(was, Corrected) and said.event_id != was.event_id:
        what = "a correction goes on being of the same event"
        yield Fault("$.replacement.event_id", what, "take this one back and correct the other")
        return
    then = before(context.history, target.event_id)
    for fault in check(then, said, actor, context.as_of(target)):
        where = fault.where.replace("$", "$.replacement", 1)
        yield Fault(where, fault.what, fault.expected)
