"""The plan that people work on: its text, who agreed, who approved, and the forms for each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from discharge.api.pages.case.file import CaseFile
from discharge.api.pages.case.plan.places import draft_form
from discharge.api.pages.forms import Form, form
from discharge.casework.events import Clinician
from discharge.casework.events.planning import PlanAgreed, PlanChanged
from discharge.casework.work.planning import PlanningView, PlanView
from discharge.costs.catalog import option_table
from discharge.review.model import Review

STATES = {
    "drafted": "drafted; nobody has agreed yet",
    "changed": "changed; to be agreed and approved as it stands now",
    "disagreed": "not everybody agrees",
    "agreed": "agreed; the physician's approval is missing",
    "approved": "approved",
}


@dataclass(frozen=True)
class Change:
    """A change of the plan, and why."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True)
class Agreement:
    """Somebody who agreed, or did not."""

    by: str
    agrees: bool
    at: datetime
    recorded_by: str
    note: str | None


@dataclass(frozen=True)
class PlanNow:
    """The plan on record that was drafted last."""

    view: PlanView
    state: str
    place: str | None
    advised: str | None
    drafted_by: str
    is_of_last_review: bool
    agreements: tuple[Agreement, ...]
    changes: tuple[Change, ...]
    change: Form | None
    agree: Form | None
    approve: Form | None


@dataclass(frozen=True)
class Editor:
    """The plan now, older ones, and the buttons that draft one."""

    now: PlanNow | None
    older: tuple[PlanView, ...]
    advised: str | None
    why: str
    likely: str | None
    unknown: tuple[str, ...]
    draft: Form | None


def editor(file: CaseFile, review: Review | None, planned: PlanningView) -> Editor:
    """Return the editor of a case."""
    plan = review.plan if review is not None else None
    last = planned.plans[-1] if planned.plans else None
    advised = plan.recommended if plan is not None else None
    return Editor(
        now=_now(file, review, last) if last is not None else None,
        older=tuple(reversed(planned.plans[:-1])),
        advised=plan.recommended_title if plan is not None else None,
        why=plan.reason if plan is not None else "The case has no review yet.",
        likely=place_title(plan.likely) if plan is not None and plan.likely != advised else None,
        unknown=tuple(plan.unknown) if plan is not None else (),
        draft=_draft(file, advised, has_plan=last is not None),
    )


def place_title(name: str | None) -> str | None:
    """Return a place in words."""
    row = option_table().options.get(name or "")
    return row.title if row is not None else name


def _draft(file: CaseFile, advised: str | None, *, has_plan: bool) -> Form | None:
    if has_plan:
        return _again(file, advised)
    button = "Draft the plan as recommended" if advised is not None else "Draft a plan without a place"
    return draft_form(file, advised, "draft-plan", button)


def _again(file: CaseFile, advised: str | None) -> Form | None:
    if not file.may_write or file.digest is None:
        return None
    return form(
        "plan_drafted",
        f"/cases/{file.case_id}/plan/draft",
        back=f"/cases/{file.case_id}/plan#plan",
        version=file.version,
        values={"review_digest": file.digest, "option": advised},
        id="draft-again",
        button="Draft it anew from the last review",
    )


def _now(file: CaseFile, review: Review | None, view: PlanView) -> PlanNow:
    record = file.state.plans[view.plan_id]
    said = [one for one in file.events if getattr(one.payload, "plan_id", None) == view.plan_id]
    said = [one for one in said if one.event_id not in file.state.corrected]
    return PlanNow(
        view=view,
        state=STATES[view.state],
        place=place_title(view.option),
        advised=place_title(review.plan.recommended) if review is not None else None,
        drafted_by=record.drafted.by,
        is_of_last_review=file.digest is None or file.digest == view.review_digest,
        agreements=tuple(
            Agreement(one.payload.by, one.payload.agrees, one.occurred_at, one.actor.name, one.payload.note)
            for one in said
            if isinstance(one.payload, PlanAgreed)
        ),
        changes=tuple(
            Change(one.occurred_at, one.actor.name, one.payload.reason)
            for one in said
            if isinstance(one.payload, PlanChanged)
        ),
        change=_change(file, review, view),
        agree=_form(file, "plan_agreed", view),
        approve=None if view.state == "approved" else _form(file, "plan_approved", view, _physician(file)),
    )


def _change(file: CaseFile, review: Review | None, view: PlanView) -> Form | None:
    titles = {name: row.title for name, row in option_table().options.items()}
    ranked = [one.id for one in review.options] if review is not None else []
    names = dict.fromkeys([*ranked, *titles])
    choices = [(name, titles.get(name, name)) for name in names if name != "stay"]
    values: dict[str, object] = {"option": view.option, "text": view.text}
    return _form(file, "plan_changed", view, values, {"option": choices})


def _physician(file: CaseFile) -> dict[str, object]:
    """A physician who is signed in approves as themselves; anybody else names who did."""
    account = file.who.account
    me = Clinician(name=account.name, credentials=account.credentials)
    return {"physician": me} if me.is_physician else {}


def _form(
    file: CaseFile,
    kind: str,
    view: PlanView,
    values: dict[str, object] | None = None,
    choices: dict[str, list[tuple[str, str]]] | None = None,
) -> Form | None:
    if not file.may_write:
        return None
    return form(
        kind,
        f"/cases/{file.case_id}/record",
        back=f"/cases/{file.case_id}/plan#plan",
        version=file.version,
        values={"plan_id": view.plan_id, **(values or {})},
        hide=["plan_id"],
        choices=choices,
    )
