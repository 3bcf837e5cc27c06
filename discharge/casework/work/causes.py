"""What makes a task of a case, and how a task is settled and comes again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

from discharge.casework.state.model import CaseState, TaskOnRecord
from discharge.casework.work.planning import planning_table
from discharge.stayview import Result

Origin: TypeAlias = Literal["clock", "barrier", "plan", "rule", "review", "question", "person"]
TaskState: TypeAlias = Literal["open", "done", "set_aside"]


class CaseTask(Result):
    """One thing to do. ``task_id`` stays the same as long as its cause does: ``clock:IM-2``, ``question:<id>``.

    A task that was settled and whose cause came again is another one: ``clock:IM-2#2``. ``reason``: why it was set
    aside. ``weight_usd``: what is lost each day or in all while it is open, where that is known.
    """

    task_id: str
    origin: Origin
    title: str
    why: str | None
    owner_role: str | None
    assignee: str | None
    due_at: datetime | None
    urgent_at: datetime | None
    state: TaskState
    settled_at: datetime | None
    reason: str | None
    weight_usd: Decimal | None


class Cause(NamedTuple):
    """Why something is to be done. ``since``: when the cause began; ``gone_at``: when it ceased, by what was recorded.

    ``is_gone`` without ``gone_at``: it ceased, and no record says when.
    """

    task_id: str
    origin: Origin
    title: str
    why: str | None = None
    owner_role: str | None = "case_manager"
    due_at: datetime | None = None
    urgent_at: datetime | None = None
    since: datetime | None = None
    gone_at: datetime | None = None
    is_gone: bool = False
    assignee: str | None = None
    weight_usd: Decimal | None = None


def tasks_of(cause: Cause, state: CaseState) -> Iterator[CaseTask]:
    """Yield the task of a cause, after those of earlier rounds that a person settled before it began again."""
    number, task_id = 1, cause.task_id
    gone = cause.is_gone or cause.gone_at is not None
    while True:
        said = on_record(state, task_id)
        again = _came_again(said, cause.since) and not gone
        yield _task(cause, task_id, state, said, is_over=gone, is_earlier=again)
        if not again:
            return
        number += 1
        task_id = f"{cause.task_id}#{number}"


def on_record(state: CaseState, task_id: str) -> TaskOnRecord | None:
    """Return what people said of a task; one that a person added may be named with or without ``added:``."""
    found = state.tasks.get(task_id)
    if found is None or found.settled is None:
        found = state.tasks.get(task_id.removeprefix("added:"), found)
    return found


def _came_again(said: TaskOnRecord | None, since: datetime | None) -> bool:
    return said is not None and said.settled is not None and since is not None and since > said.settled.at


def _task(
    cause: Cause,
    task_id: str,
    state: CaseState,
    said: TaskOnRecord | None,
    *,
    is_over: bool,
    is_earlier: bool,
) -> CaseTask:
    settled = said.settled if said is not None else None
    outcome: TaskState = "done" if is_over else "open"
    if settled is not None and said is not None:
        outcome = "set_aside" if said.outcome == "set_aside" else "done"
    mine = state.assignee if cause.owner_role in (None, "case_manager") else None
    return CaseTask(
        task_id=task_id,
        origin=cause.origin,
        title=cause.title,
        why=cause.why,
        owner_role=cause.owner_role,
        assignee=cause.assignee or mine,
        due_at=None if is_earlier else cause.due_at,
        urgent_at=None if is_earlier else _urgent_at(cause),
        state=outcome,
        settled_at=settled.at if settled is not None else cause.gone_at,
        reason=said.reason if said is not None else None,
        weight_usd=cause.weight_usd,
    )


def _urgent_at(cause: Cause) -> datetime | None:
    """Return when most of the time from the cause to the due time is gone."""
    if cause.urgent_at is not None or cause.due_at is None or cause.since is None:
        return cause.urgent_at
    share = planning_table().urgent_share.on(cause.since.date())
    if share is None or not isinstance(share.value, Decimal) or cause.due_at <= cause.since:
        return None
    return cause.since + (cause.due_at - cause.since) * float(share.value)
