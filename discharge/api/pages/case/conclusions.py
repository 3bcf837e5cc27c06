"""Why: what rules concluded of a stay, in words, with the criteria and the sources that each rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from discharge import wording
from discharge.api.pages.words import words
from discharge.facts import catalogue
from discharge.review.model import ConclusionSeen, Review
from discharge.social import dotted

_KINDS = {
    "denial_risk": "Denial risks",
    "task": "Tasks",
    "documentation_gap": "Questions",
    "clock": "Deadlines",
    "need": "Needs afterwards",
    "fit": "Places and services: what fits",
    "eligibility": "Places and services: what is covered",
    "barrier": "Barriers",
    "advice": "Advice",
    "code_suggestion": "Codes suggested",
}
_FIT = {"met": "fits", "not_met": "does not fit", "unknown": "whether it fits is not known"}
_COVERED = {"met": "covered", "not_met": "not covered", "unknown": "whether it is covered is not known"}


@dataclass(frozen=True)
class Ground:
    """A criterion that a conclusion rests on; ``area`` and ``criterion`` tell where its tree is."""

    title: str
    status: str
    criterion: str
    area: str | None


@dataclass(frozen=True)
class Concluded:
    """One conclusion: what it says, and why."""

    says: str
    file: str
    rule: int
    because: tuple[Ground, ...]
    sources: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Why:
    """Conclusions of one kind."""

    kind: str
    title: str
    conclusions: tuple[Concluded, ...]


@dataclass(frozen=True)
class ScoreLine:
    """A score in words; ``points`` is a range where inputs are missing."""

    title: str
    version: str | None
    points: str
    band: str
    items: tuple[tuple[str, str], ...]
    missing: str


def score_lines(review: Review) -> tuple[ScoreLine, ...]:
    """Return the scores of a review."""
    facts = catalogue()
    return tuple(
        ScoreLine(
            one.title,
            one.version,
            _points(one.low, one.high) if one.valid else "must not be given here",
            words(one.band) if one.band else "",
            tuple((part.name, _points(part.low, part.high)) for part in one.items),
            wording.joined([facts[name].title if name in facts else name for name in one.missing]),
        )
        for one in review.scores
    )


def _points(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return wording.NOT_KNOWN
    return wording.number(low) if low == high else f"{wording.number(low)} to {wording.number(high)}"


def whys(review: Review, areas: Mapping[str, str]) -> tuple[Why, ...]:
    """Return every conclusion by kind; ``areas`` gives the area of each criterion."""
    by_kind: dict[str, list[ConclusionSeen]] = {}
    for one in review.conclusions:
        by_kind.setdefault(one.kind, []).append(one)
    order = [*(kind for kind in _KINDS if kind in by_kind), *sorted(set(by_kind) - set(_KINDS))]
    titles = {one.criterion: one.title for one in review.findings}
    return tuple(
        Why(
            kind,
            _KINDS.get(kind, words(kind).capitalize()),
            tuple(_concluded(review, one, titles, areas) for one in by_kind[kind]),
        )
        for kind in order
    )


def _concluded(
    review: Review, one: ConclusionSeen, titles: Mapping[str, str], areas: Mapping[str, str]
) -> Concluded:
    cited = review.provenance.citations
    return Concluded(
        says=_says(review, one),
        file=one.rule_file,
        rule=one.rule_index + 1,
        because=tuple(
            Ground(titles.get(name, words(name.rpartition(".")[2])), status, name, areas.get(name))
            for name, status in one.because
        ),
        sources=tuple((cited[key].title, cited[key].verified) for key in one.citations if key in cited),
    )


def _says(review: Review, one: ConclusionSeen) -> str:
    """Return a conclusion in words."""
    said = {name: value for name, value in one.payload.items() if value is not None}
    text = {name: str(value) for name, value in said.items()}
    place = _place(review, text.get("option", ""))
    match one.kind:
        case "need":
            known = next((need.title for need in review.needs if need.need == text["need"]), None)
            return known or words(text["need"]).capitalize()
        case "task":
            return f"{text['title']} ({wording.who(text.get('owner'))})"
        case "documentation_gap":
            return f"{text['question']} ({wording.who(text.get('of'))})"
        case "denial_risk":
            known = next((risk.title for risk in review.denial.risks if risk.cause == text["cause"]), None)
            return f"{known or words(text['cause']).capitalize()}: {text.get('because', '')}"
        case "fit":
            return f"{place}: {_FIT.get(text['status'], text['status'])}"
        case "eligibility":
            note = f", {text['note']}" if "note" in text else ""
            return f"{place}: {_COVERED.get(text['status'], text['status'])}{note}"
        case "barrier":
            return f"{place}: {words(text['cause'])}. {text.get('remedy', '')}"
        case "advice":
            return text.get("text", words(text["advice"]))
        case "code_suggestion":
            return _code(review, text["code"])
        case _:
            return ", ".join(f"{words(name)} {words(value)}" for name, value in text.items())


def _place(review: Review, option: str) -> str:
    known = next((one.title for one in review.options if one.id == option), None)
    return known or words(option).capitalize()


def _code(review: Review, code: str) -> str:
    known = next((one for one in review.suggested_codes if one.code.replace(".", "") == code), None)
    return f"{known.code} {known.title}" if known is not None else dotted(code)
