"""The payer summary: what a payer's nurse needs to act on a request, and no more (minimum necessary).

Left out on purpose: social and safety findings, the problem list, the hospital's costs, denial risks, internal tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from discharge import wording
from discharge.documents.common import (
    Evidence,
    Line,
    Note,
    RuleLine,
    banner,
    evidence,
    footer,
    rules_used,
    sources,
    stay_lines,
)
from discharge.review.model import ROLES, FactSeen, Finding, Review

SEVERITY = ("vitals", "labs", "trend", "neuro", "respiratory", "condition", "score")
INTENSITY = ("treatment",)
SUPPORT = (
    "respiratory.on_oxygen",
    "respiratory.oxygen_flow",
    "respiratory.oxygen_device",
    "respiratory.fio2",
    "respiratory.high_flow",
    "respiratory.niv",
    "respiratory.invasive_ventilation",
    "respiratory.new_ventilation",
    "neuro.neuro_checks",
)
NOT_MET_SHOWN = 6
JOINTS = "level_of_care.summary"  # joins generic and condition criteria; its own parts say nothing new
QUESTIONS = {
    "admission": "Admission",
    "continued_stay": "Continued stay",
    "discharge_ready": "Ready for discharge",
}
ASKED = {
    "admission": "Admission review",
    "concurrent": "Continued-stay review",
    "retrospective": "Retrospective review",
}


@dataclass(frozen=True, slots=True)
class CriterionLine:
    """A criterion with its result."""

    question: str
    title: str
    edition: str
    status: str


@dataclass(frozen=True, slots=True)
class PayerSummary:
    """Everything that ``payer_summary.html`` prints."""

    title: str
    encounter_id: str
    footer: str
    line: str
    banner: list[Note]
    member: list[Line]
    stay: list[Line]
    request: list[Line]
    severity: list[Evidence]
    intensity: list[Evidence]
    criteria: list[CriterionLine]
    unknown: list[str]
    plan: list[Line]
    rules: list[RuleLine]
    sources: list[Line]


def payer_summary(review: Review) -> PayerSummary:
    """Return the payer summary of a review."""
    zone = review.provenance.zone
    shown = list(_walk(review))
    files = {finding.rule_file for finding in shown}
    facts = [fact for fact in _distinct(shown) if fact.test != "charted"]
    criteria = list(_criteria(review))
    return PayerSummary(
        title="Clinical summary for the payer",
        encounter_id=review.encounter_id,
        footer=footer(review),
        line=f"{ASKED[review.review_type]}, from the chart as it was on {wording.when(review.as_of, zone)}",
        banner=_banner(review, files),
        member=_member(review),
        stay=stay_lines(review),
        request=_request(review),
        severity=[evidence(fact, zone) for fact in _most_telling(facts, _is_severity)],
        intensity=[evidence(fact, zone) for fact in _most_telling(facts, _is_intensity)],
        criteria=[line for line, _ in criteria],
        unknown=list(
            dict.fromkeys(f.title for f in facts if f.value is None and (_is_severity(f) or _is_intensity(f)))
        ),
        plan=_plan(review),
        rules=rules_used(review, files),
        sources=sources(review, (finding for _, finding in criteria)),
    )


def _is_intensity(fact: FactSeen) -> bool:
    return fact.name.startswith(SUPPORT) or fact.name.partition(".")[0] in INTENSITY


def _is_severity(fact: FactSeen) -> bool:
    return not _is_intensity(fact) and fact.name.partition(".")[0] in SEVERITY


def _most_telling(facts: list[FactSeen], wanted: Callable[[FactSeen], bool]) -> list[FactSeen]:
    """Charted facts of one kind: all tests that are met, and the first of those that are not."""
    kept = [fact for fact in facts if wanted(fact) and fact.value is not None]
    met = [fact for fact in kept if fact.status == "met"]
    return met + [fact for fact in kept if fact.status != "met"][:NOT_MET_SHOWN]


def _walk(review: Review) -> Iterator[Finding]:
    """Yield the criteria behind admission, continued stay and readiness, each once, from the top down."""
    known = {finding.criterion: finding for finding in review.findings}
    waiting = [finding.criterion for role in ROLES for finding in review.findings if finding.role == role]
    seen: set[str] = set()
    while waiting:
        here = waiting.pop(0)
        if here not in seen:
            seen.add(here)
            yield known[here]
            waiting += [part for part in known[here].parts if part in known]


def _distinct(findings: list[Finding]) -> Iterator[FactSeen]:
    """Yield each test once: those met first, then those not met, then what is not known."""
    seen = set()
    order = {"met": 0, "not_met": 1, "unknown": 2}
    for fact in sorted(
        (fact for finding in findings for fact in finding.facts), key=lambda fact: order[fact.status]
    ):
        if (fact.name, fact.test) not in seen:
            seen.add((fact.name, fact.test))
            yield fact


def _banner(review: Review, files: set[str]) -> list[Note]:
    notes = banner(review, files, "Draft for a nurse to check before it is sent.")
    care = review.level_of_care
    if "not_met" in (care.admission, care.continued_stay):
        hold = "Hold: a criterion is not met. Send only after the physician advisor has looked at it."
        notes.insert(1, Note(hold, strong=True))
    return notes


def _member(review: Review) -> list[Line]:
    patient, payer = review.patient, review.payer
    age = "" if patient.age_years is None else f" ({int(patient.age_years)} years)"
    born = (
        wording.NOT_KNOWN
        if patient.birth_date is None
        else f"{patient.birth_date.day} {patient.birth_date:%b %Y}"
    )
    plan = payer.title or "no payer profile matched"
    return [
        Line("Name", patient.name or wording.NOT_KNOWN),
        Line("Date of birth", born + age),
        Line("Sex", patient.sex or wording.NOT_KNOWN),
        Line("Member number", payer.member_id or wording.NOT_KNOWN),
        Line("Plan", plan, "" if payer.matched else payer.reason),
        Line("Authorization number", review.request.authorization or "none on file"),
    ]


def _request(review: Review) -> list[Line]:
    request = review.request
    return [
        Line("Status asked for", request.status, request.status_basis),
        Line("Days requested", request.days, request.days_basis),
    ]


def _criteria(review: Review) -> Iterator[tuple[CriterionLine, Finding]]:
    """Yield the criteria of each question, then the parts that each names itself; mere joints are left out."""
    known = {finding.criterion: finding for finding in review.findings}
    seen: set[str] = set()
    for role in ROLES:
        question = QUESTIONS[role]
        for finding in (one for one in review.findings if one.role == role):
            parts = [known[part] for part in finding.parts if part in known]
            for line in (finding, *(part for part in parts if part.rule_file != JOINTS)):
                if line.criterion not in seen and line.status != "unknown":
                    seen.add(line.criterion)
                    edition = review.provenance.files[line.rule_file]
                    status = wording.status(line.status)
                    yield (
                        CriterionLine(question, line.title, f"{edition.pack} {edition.version}", status),
                        line,
                    )
                    question = ""


def _plan(review: Review) -> list[Line]:
    expected, zone = review.stay.expected_discharge, review.provenance.zone
    needs = (
        wording.joined([need.title for need in review.needs if need.for_payer])
        or "none found in the chart so far"
    )
    return [
        Line("Expected discharge", wording.day(expected.at, zone), expected.basis),
        Line("Expected destination", review.plan.recommended_title or wording.NOT_KNOWN),
        Line("Care needed afterwards", needs),
    ]
