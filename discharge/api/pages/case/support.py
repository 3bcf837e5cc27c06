"""What is needed to support today: what speaks for it, what is missing, and the questions that would settle it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from discharge import wording
from discharge.api.pages.case.criteria import areas_of, criterion_path
from discharge.api.pages.case.evidence import FactLine
from discharge.api.pages.case.file import CaseFile
from discharge.api.pages.case.header import base
from discharge.api.pages.case.tree import Node, Trees
from discharge.api.pages.forms import Form, form
from discharge.casework.state.model import Question
from discharge.facts import catalogue
from discharge.review.model import Gap, Review

_TITLES = {
    "admission": "Admission",
    "continued_stay": "Another hospital day",
    "discharge_ready": "Ready to leave",
    "two_midnight_benchmark": "Two-midnight benchmark",
    "two_midnight_presumption": "Two-midnight presumption",
}
_SETTLES = {
    "admission": "whether the admission is supported",
    "continued_stay": "whether another hospital day is supported",
    "discharge_ready": "whether the patient is ready to leave",
    "two_midnight_benchmark": "whether the two-midnight benchmark is met",
    "two_midnight_presumption": "whether the two-midnight presumption holds",
}
_OF_NOW = ("continued_stay", "discharge_ready")
"""Asked of a patient who is still here."""
_FIRST = ("vitals", "labs", "respiratory", "neuro", "treatment", "score", "trend", "condition")
_MOST_SHOWN = 6
_PHYSICIAN = ("physician", None)
_NOT_SUPPORTED = {
    "admission": "What did the patient need on arrival that could not be given outside a hospital, and what was feared"
    " would happen without it? Please chart it with times.",
    "continued_stay": "What does the patient need today that can't be given at a lower level of care? Please chart it"
    " with times, or plan the discharge.",
}


@dataclass(frozen=True)
class Level:
    """One of the questions that a reviewer asks first; ``applies`` is False where its rule does not hold here."""

    title: str
    status: str
    applies: bool
    path: str | None


@dataclass(frozen=True)
class Draft:
    """A question that would settle something, ready to be recorded; or who was asked it already.

    ``sets`` are the facts, each line enough by itself, ``settles`` what they would tell.
    """

    id: str
    sets: tuple[str, ...]
    settles: str
    question: str
    form: Form | None
    asked: Question | None


@dataclass(frozen=True)
class Asked:
    """A question to somebody other than the physician."""

    question: str
    of: str


@dataclass(frozen=True)
class Support:
    """The first card of Today. ``supported`` says what the evidence is for, ``others`` is asked of other people.

    Of a stay that is over (not ``is_here``) the questions of its last day are ``others``: nobody has to ask them now.
    """

    title: str
    statement: str
    levels: tuple[Level, ...]
    supported: str
    evidence: tuple[tuple[FactLine, str], ...]
    more_evidence: int
    nothing: str
    settled: bool
    missing: tuple[Draft, ...]
    drafts: tuple[Draft, ...]
    others: tuple[Asked, ...]
    is_here: bool


def support_of(file: CaseFile, review: Review) -> Support:
    """Return what is needed to support today, or the stay that is over."""
    role = _role(review)
    trees = Trees(review, file.desk.library.packs)
    found = list(_evidence(trees, review, role))
    missing, levels = tuple(_missing(file, review)), tuple(_levels(file, review))
    covered = {fact for sets in review.level_of_care.missing.values() for one in sets for fact in one}
    gaps = [one for one in review.gaps if one.ask not in covered]
    is_here = bool(review.stay.is_in_house)
    return Support(
        title="What is needed to support today" if is_here else "What supports this stay",
        statement=review.level_of_care.statement,
        levels=levels,
        supported=_TITLES[role].lower(),
        evidence=tuple(found[:_MOST_SHOWN]),
        more_evidence=max(0, len(found) - _MOST_SHOWN),
        nothing=f"Nothing that is charted speaks for it ({_TITLES[role].lower()}).",
        settled=all(one.status != "unknown" for one in levels),
        missing=missing,
        drafts=(*_unsupported(file, review), *(_gaps(file, gaps) if is_here else ())),
        others=tuple(
            Asked(one.question, wording.who(one.of or "physician"))
            for one in gaps
            if one.of not in _PHYSICIAN or not is_here
        ),
        is_here=is_here,
    )


def _role(review: Review) -> str:
    """Return the question of the day: of a stay under way another day, else the admission."""
    return "continued_stay" if review.review_type == "concurrent" else "admission"


def _levels(file: CaseFile, review: Review) -> Iterator[Level]:
    care, areas = review.level_of_care, areas_of(review)
    for name, title in _TITLES.items():
        is_left_out = name.startswith("two_midnight") and name in care.does_not_apply
        if is_left_out or (name in _OF_NOW and not review.stay.is_in_house):
            continue
        own = next((one.criterion for one in review.findings if one.role == name), None)
        yield Level(
            title,
            getattr(care, name),
            name not in care.does_not_apply,
            criterion_path(file, own, areas) if own is not None else None,
        )


# --- what speaks for it -----------------------------------------------------------------------------------------


def _evidence(trees: Trees, review: Review, role: str) -> Iterator[tuple[FactLine, str]]:
    """Yield the facts that are met under the question of the day, each with the criterion that it meets."""
    top = next((one.criterion for one in review.findings if one.role == role), None)
    if top is None:
        return
    found = [pair for node in trees.roots([top]) for pair in _speaking(node)]
    seen = set[tuple[str, str]]()
    for line, title in sorted(found, key=lambda pair: _rank(pair[0])):
        if (line.name, line.value) not in seen:
            seen.add((line.name, line.value))
            yield line, title


def _rank(line: FactLine) -> int:
    group = line.name.partition(".")[0]
    return _FIRST.index(group) if group in _FIRST else len(_FIRST)


def _speaking(node: Node) -> Iterator[tuple[FactLine, str]]:
    """Go down where it holds as asked: what must not hold, and doesn't, is no evidence by itself."""
    if node.status != "met" or node.must_not:
        return
    for one in node.facts:
        if one.status == "met" and not one.must_not and one.is_tested:
            yield one, node.title
    for part in node.parts:
        yield from _speaking(part)


# --- what is missing --------------------------------------------------------------------------------------------


def _missing(file: CaseFile, review: Review) -> Iterator[Draft]:
    """Yield for each thing that can't be told the smallest sets of facts that would settle it, as one question."""
    by_fact = {one.ask: one.question for one in review.gaps}
    for name, sets in review.level_of_care.missing.items():
        is_past = name in _OF_NOW and not review.stay.is_in_house
        if name in review.level_of_care.does_not_apply or is_past or not sets:
            continue
        settles = _SETTLES.get(name, name.replace("_", " "))
        facts = list(dict.fromkeys(fact for one in sets for fact in one))
        known = list(dict.fromkeys(by_fact[one] for one in facts if one in by_fact))
        asked = "; or ".join(" and ".join(_wanted(fact) for fact in one) for one in sets)
        chart = f"Please chart, with the time, what would settle {settles}: {asked}."
        lines = tuple(" and ".join(_title(fact) for fact in one) for one in sets)
        id = f"ask-{name.replace('_', '-')}"
        yield _draft(file, id, tuple(facts), settles, "\n".join([chart, *known]), lines)


def _title(name: str) -> str:
    return catalogue()[name].title if name in catalogue() else name


def _wanted(name: str) -> str:
    """Return a fact with the kind of value that is wanted."""
    fact = catalogue().get(name)
    if fact is None:
        return name
    unit = wording.unit_of(fact.unit or "")
    kind = "yes or no" if fact.type == "flag" else "" if unit in fact.title.lower() else unit
    return f"{fact.title} ({kind})" if kind else fact.title


def _gaps(file: CaseFile, gaps: Iterable[Gap]) -> Iterator[Draft]:
    """Yield the questions of rules to the physician; the same words about several facts are one question."""
    by_words: dict[str, list[str]] = {}
    for one in gaps:
        if one.of in _PHYSICIAN:
            by_words.setdefault(one.question, []).append(one.ask)
    for number, (question, facts) in enumerate(by_words.items(), 1):
        yield _draft(file, f"gap-{number}", tuple(facts), "", question)


def _unsupported(file: CaseFile, review: Review) -> Iterator[Draft]:
    """Yield the question that follows where an inpatient stay is not supported."""
    care = review.level_of_care
    if review.stay.status != "inpatient":
        return
    for name, question in _NOT_SUPPORTED.items():
        is_of_now = name == "admission" or bool(review.stay.is_in_house)
        if is_of_now and getattr(care, name) == "not_met" and name not in care.does_not_apply:
            yield _draft(file, f"why-{name.replace('_', '-')}", (), "", question)


def _draft(
    file: CaseFile, id: str, facts: tuple[str, ...], settles: str, question: str, sets: tuple[str, ...] = ()
) -> Draft:
    asked = _already(file, facts, question)
    offered = file.may_write and (asked is None or asked.answered is not None)
    return Draft(
        id=id,
        sets=sets,
        settles=settles,
        question=question,
        form=_ask(file, id, facts, question) if offered else None,
        asked=asked,
    )


def _already(file: CaseFile, facts: tuple[str, ...], question: str) -> Question | None:
    """Return the last question on record about all of the facts, or with these words."""
    found = [
        one
        for one in file.state.physician_questions.values()
        if (facts and set(facts) <= set(one.asks)) or one.text.strip() == question.strip()
    ]
    return max(found, key=lambda one: one.asked.at, default=None)


def attending(file: CaseFile) -> str | None:
    """Return the attending physician's name, where the chart has it."""
    contacts = file.review.plan.contacts if file.review is not None else ()
    named = (one.name for one in contacts if one.role == "attending" and one.name)
    return next(named, None) or file.row.attending


def _ask(file: CaseFile, id: str, facts: tuple[str, ...], question: str) -> Form:
    return form(
        "physician_asked",
        f"{base(file)}/record",
        back=f"{base(file)}#questions",
        version=file.version,
        values={"to": attending(file), "question": question, "asks": facts},
        hide=("asks",),
        id=id,
    )


def answered_after_review(question: Question, reviewed_at: datetime | None) -> bool:
    """Tell whether an answer came that the last review does not know yet."""
    return question.answered is not None and (
        reviewed_at is None or question.answered.recorded_at > reviewed_at
    )
