"""What a question rests on: the criteria at issue with their facts, and points for a call with the payer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from discharge import wording
from discharge.api.pages.case.criteria import criterion_path
from discharge.api.pages.case.evidence import FactLine, fact_line
from discharge.api.pages.case.file import CaseFile
from discharge.api.pages.case.tree import below
from discharge.casework.events import ADVERSE_DECISIONS
from discharge.casework.state.model import CaseState
from discharge.facts import catalogue
from discharge.review.model import Finding, Review

_ORDER = ("not_met", "unknown", "met")
_MOST_POINTS = 12


@dataclass(frozen=True)
class Criterion:
    """A criterion that rests on facts of the chart."""

    criterion: str
    title: str
    status: str
    facts: tuple[FactLine, ...]
    path: str


@dataclass(frozen=True)
class Evidence:
    """The finding at issue and the criteria under it, by status: not met, unknown, met."""

    role: str
    title: str
    status: str
    statement: str
    groups: tuple[tuple[str, tuple[Criterion, ...]], ...]
    missing: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Points:
    """What to say, what the payer holds against it, and what to have at hand, for a call between physicians."""

    against: tuple[str, ...]
    support: tuple[Criterion, ...]
    more_support: int
    weak: tuple[Criterion, ...]
    risks: tuple[tuple[str, str], ...]


def evidence_of(file: CaseFile, review: Review, role: str) -> Evidence | None:
    """Return what the finding of ``role`` rests on; None where the review has no such finding."""
    root = next((one for one in review.findings if one.role == role), None)
    if root is None:
        return None
    found = list(_resting(file, review, root))
    return Evidence(
        role=role,
        title=root.title,
        status=root.status,
        statement=review.level_of_care.statement,
        groups=tuple((status, tuple(one for one in found if one.status == status)) for status in _ORDER),
        missing=tuple(
            tuple(catalogue()[name].title if name in catalogue() else name for name in names)
            for names in review.level_of_care.missing.get(role, [])[:3]
        ),
    )


def _resting(file: CaseFile, review: Review, root: Finding) -> Iterator[Criterion]:
    under = below(review, [root.criterion])
    for one in review.findings:
        if one.criterion in under and one.facts:
            facts = tuple(fact_line(fact) for fact in one.facts)
            yield Criterion(
                one.criterion, one.title, one.status, facts, criterion_path(file, one.criterion, {})
            )


def points_of(file: CaseFile, review: Review, evidence: Evidence | None) -> Points:
    """Return points for a call: the payer's own words first, then what the chart says for and against.

    What is met of the other of the two findings speaks for the stay too.
    """
    by_status = dict(evidence.groups) if evidence is not None else {}
    other = evidence_of(
        file, review, "continued_stay" if evidence and evidence.role == "admission" else "admission"
    )
    found = [*by_status.get("met", ()), *(dict(other.groups)["met"] if other is not None else ())]
    met = tuple({one.criterion: one for one in found}.values())
    return Points(
        against=tuple(_against(file.state)),
        support=met[:_MOST_POINTS],
        more_support=max(0, len(met) - _MOST_POINTS),
        weak=by_status.get("unknown", ())[:_MOST_POINTS],
        risks=tuple((one.title, one.fix) for one in review.denial.risks if one.state == "present")[:5],
    )


def _against(state: CaseState) -> Iterator[str]:
    """Yield what the payer said against the stay, the latest first."""
    for one in state.authorizations.values():
        for decision in reversed(one.decisions):
            if decision.decision in ADVERSE_DECISIONS:
                code = f" (code {decision.reason_code})" if decision.reason_code else ""
                said = decision.reason or "no reason in words on record"
                yield f"{decision.decision.capitalize()}{code}: {said}"
    for denial in state.denials.values():
        what = f"Denial of {denial.of.replace('_', ' ')}"
        carc = f", CARC {denial.carc}" if denial.carc else ""
        yield f"{what}{carc}, {wording.usd(denial.amount_usd)}"
