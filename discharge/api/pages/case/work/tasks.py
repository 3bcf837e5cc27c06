"""Tasks of a case: open ones with the forms that settle them, and what became of the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from discharge.api.pages.case.file import CaseFile
from discharge.api.pages.case.header import colleagues
from discharge.api.pages.case.making import Maker
from discharge.api.pages.forms import Form
from discharge.casework.work.causes import CaseTask, on_record

_ORIGINS: Mapping[str, str] = {
    "clock": "deadline",
    "barrier": "barrier to leaving",
    "plan": "discharge plan",
    "rule": "rule",
    "review": "not charted",
    "question": "question",
    "person": "asked by a person",
}
_ROLES = (
    ("case_manager", "Case manager"),
    ("physician_advisor", "Physician advisor"),
    ("supervisor", "Supervisor"),
)


@dataclass(frozen=True)
class TaskSeen:
    """A task. ``settled_by`` is None where nobody said so and its cause went away by what was recorded."""

    task: CaseTask
    origin: str
    why: str | None
    whose: str | None
    settled_by: str | None
    done: Form | None
    set_aside: Form | None


@dataclass(frozen=True)
class Tasks:
    """All tasks of a case by what became of them; ``add`` None where nobody may write."""

    open: list[TaskSeen]
    done: list[TaskSeen]
    set_aside: list[TaskSeen]
    add: Form | None


def tasks_of(file: CaseFile, maker: Maker) -> Tasks:
    """Return the tasks of the case at the page's moment."""
    names = dict(colleagues(file, of_all=True))
    seen = [_seen(file, maker, one, names) for one in file.work.tasks]
    return Tasks(
        open=[one for one in seen if one.task.state == "open"],
        done=[one for one in seen if one.task.state == "done"],
        set_aside=[one for one in seen if one.task.state == "set_aside"],
        add=_add(file, maker),
    )


def _seen(file: CaseFile, maker: Maker, task: CaseTask, names: Mapping[str, str]) -> TaskSeen:
    said = on_record(file.state, task.task_id)
    settled = said.settled if said is not None else None
    whose = names.get(task.assignee or "") if task.assignee is not None else None
    is_offered = file.may_write and task.state == "open"
    return TaskSeen(
        task=task,
        origin=_ORIGINS[task.origin],
        why=_why(file, task),
        whose=whose,
        settled_by=settled.by if settled is not None else None,
        done=_settle(maker, task, "done") if is_offered else None,
        set_aside=_settle(maker, task, "set_aside") if is_offered else None,
    )


def _why(file: CaseFile, task: CaseTask) -> str | None:
    """Why it is to be done, in words: a rule by its title; that something is not charted stands there already."""
    if task.origin == "rule" and file.review is not None:
        found = file.review.provenance.files.get(task.why or "")
        return found.title if found is not None else None
    return None if task.origin == "review" else task.why


def _settle(maker: Maker, task: CaseTask, outcome: str) -> Form:
    values: dict[str, object] = {"task_id": task.task_id, "outcome": outcome}
    if outcome == "done":
        named = Markup('Done<span class="sr">: {}</span>').format(task.title)
        return maker.make("task_settled", "tasks", values=values, hide=("reason",), button=named)
    return maker.make("task_settled", "tasks", values=values, must=("reason",))


def _add(file: CaseFile, maker: Maker) -> Form | None:
    if not file.may_write:
        return None
    choices = {"owner_role": _ROLES, "assignee": colleagues(file)}
    return maker.make("task_added", "tasks", choices=choices)
