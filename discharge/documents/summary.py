"""The payer summary: what a payer's nurse needs to act on a request, and no more (minimum necessary).

Left out on purpose: social and safety findings, the problem list, the hospital's costs, denial risks, internal tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from discharge import wording
from discharge.documents.common import (
    Cell,
    Column,
    Evidence,
    Grid,
    Line,
    Note,
    banner,
    capped,
    evidence,
    footer,
    packs_used,
    sources,
    stay_lines,
)
from discharge.documents.plan_care import service_words
from discharge.options import Option
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
UNKNOWN_SHOWN = 10
ALTERNATIVES_SHOWN = 6
JOINTS = "level_of_care.summary"  # joins generic and condition criteria; its own parts say nothing new
SCORE_PARTS = (
    "level_of_care.early_warning"  # the score's own row stands for its parts; only those that count are shown
)
PRIVATE = ("social.", "condition.psychiatric")  # not for a payer, whatever rests on them
SERVICES = (Column("Service", 30), Column("What is planned", 42), Column("What is not charted", 28))
CONSIDERED = (Column("Level of care", 30), Column("Result", 18), Column("Why", 52))
FIT = {"met": "✓ fits", "not_met": "✗ does not fit", "unknown": "? not known"}
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
    criteria_left_out: int
    unknown: list[str]
    plan: list[Line]
    considered: Grid
    services: Grid
    rules: list[Line]
    sources: list[Line]


def payer_summary(review: Review) -> PayerSummary:
    """Return the payer summary of a review."""
    zone = review.provenance.zone
    shown = list(_walk(review))
    files = {finding.rule_file for finding in shown}
    facts = [fact for fact in _distinct(shown) if fact.test != "charted"]
    criteria = list(_criteria(review))
    needed = [pair for pair in criteria if _is_needed(pair[1], review)]
    unknown = dict.fromkeys(
        f.title for f in facts if f.value is None and (_is_severity(f) or _is_intensity(f))
    )
    return PayerSummary(
        title="Clinical summary for the payer",
        encounter_id=review.encounter_id,
        footer=footer(review),
        line=f"{ASKED[review.review_type]}, from the chart as it was on {wording.when(review.as_of, zone)}",
        banner=_banner(review, files),
        member=_member(review),
        stay=stay_lines(review),
        request=_request(review),
        severity=_rows(_most_telling(facts, _is_severity), zone),
        intensity=_rows(_most_telling(facts, _is_intensity), zone),
        criteria=_questions([line for line, _ in needed]),
        criteria_left_out=len(criteria) - len(needed),
        unknown=capped(list(unknown), UNKNOWN_SHOWN),
        plan=_plan(review),
        considered=_considered(review),
        services=_services(review),
        rules=packs_used(review, files, with_ids=True),
        sources=sources(review, (finding for _, finding in needed)),
    )


def _is_intensity(fact: FactSeen) -> bool:
    return fact.name.startswith(SUPPORT) or fact.name.partition(".")[0] in INTENSITY


def _is_severity(fact: FactSeen) -> bool:
    return not _is_intensity(fact) and fact.name.partition(".")[0] in SEVERITY


def _most_telling(facts: list[FactSeen], wanted: Callable[[FactSeen], bool]) -> list[FactSeen]:
    """Charted facts of one kind: all tests that are met, and the first of the other facts, each once."""
    kept = [fact for fact in facts if wanted(fact) and fact.value is not None]
    met = [fact for fact in kept if fact.status == "met"]
    shown = {fact.name for fact in met}
    others = {fact.name: fact for fact in reversed(kept) if fact.name not in shown}
    return met + list(reversed(others.values()))[:NOT_MET_SHOWN]


def _rows(facts: list[FactSeen], zone: str) -> list[Evidence]:
    """One row for each value; where several criteria ask for it, they stand together."""
    rows: dict[tuple[str, str, str, str], Evidence] = {}
    for fact in facts:
        row = evidence(fact, zone)
        key = (row.what, row.value, row.when, row.status)
        seen = rows.get(key)
        rows[key] = row if seen is None else replace(seen, test=f"{seen.test}; {row.test}")
    return list(rows.values())


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
    counted = (fact for finding in findings for fact in finding.facts if _counts(finding, fact))
    for fact in sorted(counted, key=lambda fact: order[fact.status]):
        if (fact.name, fact.test) not in seen:
            seen.add((fact.name, fact.test))
            yield fact


def _counts(finding: Finding, fact: FactSeen) -> bool:
    """Whether a fact tells the payer something: parts of the early-warning score do where they score by themselves."""
    is_part = finding.rule_file == SCORE_PARTS and "news2" not in fact.name
    return fact.status == "met" or not is_part


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


def _is_needed(line: Finding, review: Review) -> bool:
    """Leave out a part that isn't met of a question that is: another part answered it."""
    if line.role is not None or line.status == "met":
        return True
    askers = [one for one in review.findings if one.role is not None and line.criterion in one.parts]
    return any(one.status != "met" for one in askers)


def _questions(lines: list[CriterionLine]) -> list[CriterionLine]:
    """Name each question once, at its first line."""
    before = [""] + [line.question for line in lines]
    return [
        replace(line, question="") if line.question == last else line
        for line, last in zip(lines, before, strict=False)
    ]


def _plan(review: Review) -> list[Line]:
    expected, zone = review.stay.expected_discharge, review.provenance.zone
    needs = (
        wording.joined([need.title for need in review.needs if need.for_payer])
        or "none found in the chart so far"
    )
    chosen = _chosen(review)
    why = "" if chosen is None else "; ".join(_why(review, chosen))
    return [
        Line("Expected discharge", wording.day(expected.at, zone), expected.basis),
        Line("Expected destination", review.plan.recommended_title or wording.NOT_KNOWN, why),
        Line("Care needed afterwards", needs),
    ]


def _chosen(review: Review) -> Option | None:
    return next((one for one in review.options if one.id == review.plan.recommended), None)


def _why(review: Review, option: Option) -> list[str]:
    """Why this level: the needs it meets, and the criteria met for it; nothing social, no price."""
    titles = _for_payer(review)
    met = [titles[need].lower() for need in option.meets if need in titles]
    known = {finding.criterion: finding for finding in review.findings}
    shown = dict.fromkeys(
        known[one.criterion].title
        for one in option.fit.because
        if one.status == "met" and one.criterion in known and _is_for_payer(review, known[one.criterion])
    )
    because = wording.joined(list(shown), most=4)
    said = [f"meets: {wording.joined(met)}"] if met else []
    return said + ([f"criteria met: {because}"] if because else [])


def _for_payer(review: Review) -> dict[str, str]:
    return {need.need: need.title for need in review.needs if need.for_payer}


def _is_for_payer(review: Review, finding: Finding) -> bool:
    """Whether a criterion may be named to a payer: no private file and nothing social is behind it, however deep."""
    known, files = {one.criterion: one for one in review.findings}, review.provenance.files
    waiting, seen = [finding], {finding.criterion}
    while waiting:
        here = waiting.pop()
        file = files.get(here.rule_file)
        if file is None or file.is_sensitive or any(fact.name.startswith(PRIVATE) for fact in here.facts):
            return False
        parts = [known[part] for part in here.parts if part in known and part not in seen]
        seen.update(part.criterion for part in parts)
        waiting += parts
    return True


def _considered(review: Review) -> Grid:
    """The chosen level and the others that were weighed, with what each would leave unmet."""
    chosen, titles = _chosen(review), _for_payer(review)
    if chosen is None:
        return Grid(CONSIDERED)
    rows = []
    for option in review.options:
        left = [titles[need].lower() for need in option.leaves if need in titles]
        if option.id in ("stay", chosen.id) or not (left or option.fit.status != "not_met"):
            continue
        why = (
            f"would leave unmet: {wording.joined(left)}"
            if left
            else "weighed; ranked after the one asked for"
        )
        rows.append([Cell(option.title), Cell(FIT[option.fit.status]), Cell(why)])
    return Grid(CONSIDERED, rows[:ALTERNATIVES_SHOWN])


def _services(review: Review) -> Grid:
    """Services for needs that concern the payer, with what is charted of them; the others in a line."""
    titles, zone = _for_payer(review), review.provenance.zone
    files = review.provenance.files
    private = {need.need for need in review.needs if need.rule in files and files[need.rule].is_sensitive}
    wanted = [one for one in review.plan.services if one.need in titles.keys() - private and one.from_option]
    said = [(one.title, *service_words(one, zone)) for one in wanted]
    bare = list(dict.fromkeys(title for title, known, _ in said if not known))
    more = f"Start, frequency and duration not charted: {wording.joined(bare)}." if bare else ""
    return Grid(SERVICES, [[Cell(one) for one in line] for line in said if line[1]], more)
