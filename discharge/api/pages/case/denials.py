"""Denial risk: what threatens the payment of a stay, how likely and how dear, and what would cure it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Response

from discharge import wording
from discharge.api.pages.case.criteria import areas_of, criterion_path
from discharge.api.pages.case.evidence import FactLine, fact_line
from discharge.api.pages.case.file import CaseFile, OurCase
from discharge.api.pages.case.header import base
from discharge.api.pages.case.shell import case_page
from discharge.api.pages.case.support import attending
from discharge.api.pages.forms import Form, form
from discharge.casework.derived import answered_risks
from discharge.casework.work.counted import CaseClock
from discharge.denial import DenialRisk, DenialSummary
from discharge.facts import catalogue
from discharge.review.model import FactSeen, Finding, Review
from discharge.social import SuggestedCode

router = APIRouter(include_in_schema=False)

_LONGEST = 200
_OF_PHYSICIAN = ("physician", "attending", "physician_advisor")
_OWNERS = ("case_manager", "physician_advisor", "supervisor")
_STATES = {"present": "on record now", "possible": "can't be ruled out"}
_FACTS_SHOWN = 6


@dataclass(frozen=True)
class Ground:
    """A criterion that a risk rests on, with where its tree is and the facts that decided it."""

    title: str
    status: str
    path: str
    facts: tuple[FactLine, ...]
    more_facts: int


@dataclass(frozen=True)
class RiskSeen:
    """A cause of denial: why, how likely, how dear, and what to do; ``forms`` do it.

    ``is_appealed``: an appeal on record answers it, so its time to act presses nobody.
    """

    number: int
    risk: DenialRisk
    state: str
    owner: str
    likely: str
    grounds: tuple[Ground, ...]
    missing: tuple[str, ...]
    rule_title: str
    rule_version: str
    rule_path: str | None
    is_appealed: bool
    task: str | None
    task_form: Form | None
    ask_form: Form | None


@dataclass(frozen=True)
class Denials:
    """What the page prints; ``summary`` None: there is no review yet."""

    summary: DenialSummary | None
    range: str
    present: tuple[RiskSeen, ...]
    possible: tuple[RiskSeen, ...]
    codes: tuple[SuggestedCode, ...]
    received: int
    clocks: tuple[CaseClock, ...]


@router.get("/cases/{case_id}/denials", name="page_denials")
def denials(file: OurCase) -> Response:
    """Show every risk of denial with its fix."""
    return case_page(file, "denials", "denials.html", _page(file))


def _page(file: CaseFile) -> Denials:
    review, received = file.review, len(file.state.denials)
    if review is None:
        return Denials(None, "", (), (), (), received, ())
    seen = tuple(_seen(file, review))
    summary = review.denial.summary
    return Denials(
        summary=summary,
        range=_range(summary.probability.low, summary.probability.high),
        present=tuple(one for one in seen if one.risk.state == "present"),
        possible=tuple(one for one in seen if one.risk.state != "present"),
        codes=tuple(review.suggested_codes),
        received=received,
        clocks=tuple(one for one in file.work.clocks if one.subject_id in file.state.denials),
    )


def _range(low: float, high: float) -> str:
    return f"{low * 100:.0f} to {high * 100:.0f}%"


def _seen(file: CaseFile, review: Review) -> Iterator[RiskSeen]:
    areas, findings = areas_of(review), {one.criterion: one for one in review.findings}
    may_read = file.who.may("rules:read")
    appealed = {one.cause for one in answered_risks(file.state, review)}
    for number, one in enumerate(review.denial.risks, 1):
        rule = review.provenance.files.get(one.rule)
        task = _task_on_record(file, one)
        is_asked = one.owner in _OF_PHYSICIAN
        is_appealed = one.cause in appealed
        offers = file.may_write and one.modifiable and not is_appealed
        yield RiskSeen(
            number=number,
            risk=one,
            state=_STATES[one.state],
            owner=wording.who(one.owner),
            likely=_range(one.likelihood.low, one.likelihood.high),
            grounds=tuple(_grounds(file, one, findings, areas)),
            missing=tuple(catalogue()[name].title if name in catalogue() else name for name in one.missing),
            rule_title=rule.title if rule is not None else one.rule,
            rule_version=f"{rule.pack} {rule.version}" if rule is not None else one.version,
            rule_path=f"/rules/{rule.pack}/{one.rule.partition('.')[2]}" if rule and may_read else None,
            is_appealed=is_appealed,
            task=task,
            task_form=_task(file, one, number) if offers and task is None else None,
            ask_form=_ask(file, one, number) if offers and is_asked else None,
        )


def _grounds(
    file: CaseFile, risk: DenialRisk, findings: Mapping[str, Finding], areas: Mapping[str, str]
) -> Iterator[Ground]:
    for one in risk.criteria:
        finding = findings.get(one.criterion)
        if finding is None:
            continue
        facts = [fact_line(fact) for fact in _facts(finding, findings)]
        yield Ground(
            finding.title,
            one.status,
            criterion_path(file, one.criterion, areas),
            tuple(facts[:_FACTS_SHOWN]),
            max(0, len(facts) - _FACTS_SHOWN),
        )


def _facts(top: Finding, findings: Mapping[str, Finding]) -> Iterator[FactSeen]:
    """Yield the charted facts under a criterion, from the top down, each once."""
    waiting, parts, seen = [top], {top.criterion}, set[str]()
    while waiting:
        here = waiting.pop(0)
        for fact in here.facts:
            if fact.row_id is not None and fact.name not in seen:
                seen.add(fact.name)
                yield fact
        below = [part for part in here.parts if part in findings and part not in parts]
        parts.update(below)
        waiting += [findings[part] for part in below]


def _task_on_record(file: CaseFile, risk: DenialRisk) -> str | None:
    """Return how the task for this fix stands, where a person added one."""
    title = risk.fix[:_LONGEST]
    found = next((one for one in file.work.tasks if one.origin == "person" and one.title == title), None)
    return None if found is None else found.state


def _task(file: CaseFile, risk: DenialRisk, number: int) -> Form:
    zone = ZoneInfo(file.desk.settings.zone)
    is_to_come = risk.due_at is not None and risk.due_at > file.now
    due = f"{risk.due_at.astimezone(zone):%Y-%m-%dT%H:%M}" if risk.due_at is not None and is_to_come else None
    return form(
        "task_added",
        f"{base(file)}/record",
        back=f"{base(file)}/denials#risk-{number}",
        version=file.version,
        values={
            "title": risk.fix[:_LONGEST],
            "due_at": due,
            "owner_role": risk.owner if risk.owner in _OWNERS else None,
        },
        hide=("assignee",),
        id=f"task-{number}",
    )


def _ask(file: CaseFile, risk: DenialRisk, number: int) -> Form:
    return form(
        "physician_asked",
        f"{base(file)}/record",
        back=f"{base(file)}/denials#risk-{number}",
        version=file.version,
        values={"to": attending(file), "question": f"{risk.because} {risk.fix}", "asks": risk.missing},
        hide=("asks",),
        id=f"ask-risk-{number}",
    )
