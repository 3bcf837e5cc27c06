"""A questionnaire as a page asks it: each question with its conditions, what was answered, and what it charts."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from discharge.api.pages.case.file import CaseFile
from discharge.casework.assessments import UNKNOWN, Item, Known, Questionnaire, enabled
from discharge.casework.assessments.model import EnableWhen
from discharge.casework.events.planning import AssessmentAnswered
from discharge.facts import catalogue
from discharge.packs import Packs
from discharge.wording import UNITS, value

Kind: TypeAlias = Literal[
    "group", "display", "yes_no", "choice", "several", "number", "date", "moment", "line", "area"
]
ASIDES = ((UNKNOWN[0], "asked, not known"), (UNKNOWN[1], "asked, declined"))
_KINDS: Mapping[str, Kind] = {
    "group": "group",
    "display": "display",
    "boolean": "yes_no",
    "integer": "number",
    "decimal": "number",
    "date": "date",
    "dateTime": "moment",
    "string": "line",
    "text": "area",
}
_TESTS = {
    "=": "is",
    "!=": "is not",
    ">": "is more than",
    "<": "is less than",
    ">=": "is at least",
    "<=": "is at most",
}


@dataclass(frozen=True)
class Told:
    """An answer that was given, in words; ``value`` None where it was taken back."""

    value: str | None
    at: datetime
    by: str
    respondent: str


@dataclass(frozen=True)
class Question:
    """One question, or a group of them.

    ``chosen`` are the values that are set (one, or several); ``aside`` is the answer of somebody who does not know or
    does not say, where the question is not a choice. ``when`` is the condition for the script,
    ``condition`` for people.
    """

    link_id: str
    text: str
    kind: Kind
    is_required: bool
    options: tuple[tuple[str, str], ...]
    chosen: tuple[str, ...]
    aside: str
    unit: str
    limits: str
    condition: str
    when: str
    is_any: bool
    is_open: bool
    now: Told | None
    earlier: tuple[Told, ...]
    charts: tuple[str, ...]
    scores: tuple[str, ...]
    settles: bool
    items: tuple[Question, ...]

    @property
    def is_long(self) -> bool:
        """Tell whether a choice is better made from a list than from buttons."""
        return len(self.options) > 7


@dataclass(frozen=True)
class Asking:
    """What all questions of a page are made from."""

    file: CaseFile
    questionnaire: Questionnaire
    answers: Mapping[str, Known]
    open: frozenset[str]
    told: Mapping[str, tuple[Told, ...]]
    missing: frozenset[str]
    scores: Mapping[str, tuple[str, ...]]


def questions(file: CaseFile, questionnaire: Questionnaire, missing: Sequence[str]) -> tuple[Question, ...]:
    """Return the questions of a questionnaire with the answers of a case; ``missing`` are facts the review misses."""
    said = file.state.assessments.get(questionnaire.id)
    answers = said.answers if said is not None else {}
    asking = Asking(
        file,
        questionnaire,
        answers,
        frozenset(enabled(questionnaire, answers)),
        told_before(file, questionnaire),
        frozenset(missing),
        score_titles(file.desk.library.packs),
    )
    return tuple(_question(asking, one) for one in questionnaire.item)


def kind_of(item: Item) -> Kind:
    """Return how a question is entered."""
    if item.type == "choice":
        return "several" if item.repeats else "choice"
    return _KINDS[item.type]


def _question(asking: Asking, item: Item) -> Question:
    kind, answer = kind_of(item), asking.answers.get(item.link_id)
    told = asking.told.get(item.link_id, ())
    is_aside = isinstance(answer, str) and answer in UNKNOWN
    in_list = kind in ("yes_no", "choice", "several")
    facts = dict.fromkeys(
        [*([item.fact] if item.fact else []), *(name for one in item.answer_option for name in one.facts)]
    )
    return Question(
        link_id=item.link_id,
        text=item.text,
        kind=kind,
        is_required=item.required,
        options=_options(item, kind),
        chosen=_chosen(answer, kind, ZoneInfo(asking.file.desk.settings.zone))
        if in_list or not is_aside
        else (),
        aside=str(answer) if is_aside and not in_list else "",
        unit=UNITS.get(item.unit or "", (item.unit or "").replace("{", "").replace("}", "")),
        limits=_limits(item),
        condition=_condition(item, asking.questionnaire),
        when=json.dumps([_test(one) for one in item.enable_when]) if item.enable_when else "",
        is_any=item.enable_behavior == "any",
        is_open=item.link_id in asking.open,
        now=told[-1] if told and told[-1].value is not None else None,
        earlier=tuple(reversed(told[:-1] if told and told[-1].value is not None else told)),
        charts=tuple(catalogue()[name].title if name in catalogue() else name for name in facts),
        scores=tuple(dict.fromkeys(title for name in facts for title in asking.scores.get(name, ()))),
        settles=bool(asking.missing.intersection(facts)),
        items=tuple(_question(asking, one) for one in item.item),
    )


def _options(item: Item, kind: Kind) -> tuple[tuple[str, str], ...]:
    if kind == "yes_no":
        return (("true", "Yes"), ("false", "No"))
    return tuple((one.code, one.display) for one in item.answer_option)


def _chosen(answer: Known | None, kind: Kind, zone: ZoneInfo) -> tuple[str, ...]:
    """Return an answer as the values that a form holds."""
    if answer is None:
        return ()
    if isinstance(answer, bool):
        return ("true" if answer else "false",)
    if isinstance(answer, list):
        return tuple(answer)
    if isinstance(answer, float):
        return (f"{answer:g}",)
    if kind == "moment":
        try:
            return (datetime.fromisoformat(str(answer)).astimezone(zone).strftime("%Y-%m-%dT%H:%M"),)
        except ValueError:
            return (str(answer),)
    return (str(answer),)


def _limits(item: Item) -> str:
    least, most = item.least, item.most
    if least is not None and most is not None:
        return f"{least} to {most}"
    if least is not None:
        return f"at least {least}"
    return f"at most {most}" if most is not None else ""


def _test(when: EnableWhen) -> dict[str, object]:
    answer = float(when.answer) if isinstance(when.answer, Decimal) else when.answer
    return {"question": when.question, "operator": when.operator, "answer": answer}


def _condition(item: Item, whole: Questionnaire) -> str:
    """When a question is asked, in words; empty where it always is."""
    joined = " or " if item.enable_behavior == "any" else " and "
    return joined.join(_when_words(one, whole) for one in item.enable_when)


def _when_words(when: EnableWhen, whole: Questionnaire) -> str:
    other = whole.flat[when.question]
    asked = f"\u201c{other.text.rstrip('?:.')}\u201d"
    if when.operator == "exists":
        return f"{asked} is {'answered' if when.answer else 'not answered'}"
    return f"{asked} {_TESTS[when.operator]} {said(other, _known(when.answer))}"


def _known(answer: bool | int | Decimal | str) -> Known:
    return float(answer) if isinstance(answer, (int, Decimal)) and not isinstance(answer, bool) else answer


def said(item: Item, answer: Known) -> str:
    """Return an answer in words, with the unit of its question."""
    if isinstance(answer, str) and answer in UNKNOWN:
        return dict(ASIDES)[answer]
    if item.type == "choice":
        names = {one.code: one.display for one in item.answer_option}
        return ", ".join(
            names.get(one, one) for one in (answer if isinstance(answer, list) else [str(answer)])
        )
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return value(answer, item.unit)


def told_before(file: CaseFile, questionnaire: Questionnaire) -> Mapping[str, tuple[Told, ...]]:
    """Return everything that was answered to each question, the first first; corrected answers are left out."""
    found: dict[str, list[Told]] = {}
    for event in file.events:
        payload = event.payload
        if not isinstance(payload, AssessmentAnswered) or payload.questionnaire != questionnaire.id:
            continue
        if event.event_id in file.state.corrected:
            continue
        for link_id, answer in payload.answers.items():
            item = questionnaire.flat.get(link_id)
            words = said(item, answer) if item is not None and answer is not None else None
            found.setdefault(link_id, []).append(
                Told(words, event.occurred_at, event.actor.name, payload.respondent)
            )
    return {name: tuple(told) for name, told in found.items()}


_SCORES: OrderedDict[str, Mapping[str, tuple[str, ...]]] = OrderedDict()


def score_titles(packs: Packs) -> Mapping[str, tuple[str, ...]]:
    """Return the titles of the scores that look at each fact; worked out once for an edition of the rules."""
    known = _SCORES.get(packs.digest)
    if known is None:
        found: dict[str, dict[str, None]] = {}
        for name, score in packs.scores.items():
            for fact in packs.facts_of_score(name):
                found.setdefault(fact, {})[score.title] = None
        known = _SCORES[packs.digest] = {fact: tuple(titles) for fact, titles in found.items()}
        while len(_SCORES) > 2:
            _SCORES.popitem(last=False)
    return known


def all_of(items: Sequence[Question]) -> Iterator[Question]:
    """Yield questions and groups, depth first."""
    for one in items:
        yield one
        yield from all_of(one.items)
