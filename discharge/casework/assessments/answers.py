"""Answers to a questionnaire: which questions are open to one, whether each fits, and what facts they chart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from discharge.casework.assessments.model import (
    UNKNOWN,
    EnableWhen,
    FactValue,
    Item,
    Known,
    Questionnaire,
)
from discharge.errors import Fault
from discharge.packs.names import nearest

_EXPECTED = {
    "boolean": "true or false",
    "decimal": "a number",
    "integer": "a whole number",
    "date": "a day, YYYY-MM-DD",
    "dateTime": "a time with its offset, YYYY-MM-DDTHH:MM:SS+00:00",
    "string": "words",
    "text": "words",
}


def is_unknown(answer: object) -> bool:
    """Tell whether a person was asked and could or would not say."""
    return isinstance(answer, str) and answer in UNKNOWN


def enabled(questionnaire: Questionnaire, answers: Mapping[str, Known]) -> set[str]:
    """Return the linkIds that may be asked, given ``answers``; what stands in a closed group is closed.

    A condition looks at earlier items only, so one pass in order is enough.
    """
    found: set[str] = set()
    for link_id, item in questionnaire.flat.items():
        parent = questionnaire.parents.get(link_id)
        if parent is not None and parent not in found:
            continue
        tests = [_holds(when, answers, found, questionnaire) for when in item.enable_when]
        if not tests or (any(tests) if item.enable_behavior == "any" else all(tests)):
            found.add(link_id)
    return found


def _holds(
    when: EnableWhen, answers: Mapping[str, Known], open_: set[str], questionnaire: Questionnaire
) -> bool:
    answer: Any = answers.get(when.question) if when.question in open_ else None
    if is_unknown(answer):
        answer = None
    if when.operator == "exists":
        return (answer is not None) == when.answer
    if answer is None:
        return False
    wanted: Any = when.answer
    if when.operator in ("=", "!="):
        same = wanted in answer if isinstance(answer, list) else answer == wanted
        return same == (when.operator == "=")
    kind = questionnaire.flat[when.question].type
    if kind in ("date", "dateTime"):
        answer, wanted = _moment(kind, answer), _moment(kind, wanted)
        if answer is None or wanted is None:
            return False
    return bool(
        {">": answer > wanted, "<": answer < wanted, ">=": answer >= wanted, "<=": answer <= wanted}[
            when.operator
        ]
    )


def _moment(kind: str, text: object) -> date | datetime | None:
    if not isinstance(text, str):
        return None
    try:
        if kind == "date":
            return date.fromisoformat(text) if len(text) == 10 else None
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def check_answers(
    questionnaire: Questionnaire,
    version: str,
    answers: Mapping[str, Known | None],
    *,
    is_complete: bool,
    earlier: Mapping[str, Known] | None = None,
) -> list[Fault]:
    """Return everything wrong with ``answers``, given those on record (``earlier``); empty where they may be kept.

    A part may be answered now and another later; None takes an earlier answer back. Only when said to be complete
    must every required question that is open have an answer. ``where`` is a path in the event (``$.answers.pain``).
    """
    if version != questionnaire.version:
        return [
            Fault(
                "$.version",
                f"version {version} of this questionnaire is not the one in use",
                f"read version {questionnaire.version} and answer that",
            )
        ]
    merged: dict[str, Known] = dict(earlier or {})
    for link_id, answer in answers.items():
        if answer is None:
            merged.pop(link_id, None)
        else:
            merged[link_id] = answer
    open_ = enabled(questionnaire, merged)
    faults = [
        fault
        for link_id, answer in answers.items()
        for fault in _faults(questionnaire, link_id, answer, open_)
    ]
    if not answers and not is_complete:
        faults.append(Fault("$.answers", "no answer", "answer at least one question"))
    if is_complete:
        for item in questionnaire.questions:
            if item.required and item.link_id in open_ and item.link_id not in merged:
                what = "not answered, and the questionnaire is said to be complete"
                faults.append(Fault(f"$.answers.{item.link_id}", what, f"an answer, or {UNKNOWN[0]}"))
    return faults


def _faults(
    questionnaire: Questionnaire, link_id: str, answer: Known | None, open_: set[str]
) -> Iterator[Fault]:
    where = f"$.answers.{link_id}"
    item = questionnaire.flat.get(link_id)
    if item is None:
        yield Fault(
            "$.answers",
            "a question that this questionnaire does not have",
            nearest(link_id, questionnaire.flat),
        )
    elif not item.is_question:
        yield Fault(where, f"a {item.type} takes no answer", "answer the questions in it")
    elif answer is None:
        return
    elif link_id not in open_:
        yield Fault(where, "not asked, given the other answers", "change those, or leave it out")
    else:
        wrong = misfit(item, answer)
        if wrong is not None:
            yield Fault(where, "an answer of the wrong kind", wrong)


def misfit(item: Item, answer: Known) -> str | None:
    """Return what answer ``item`` wants where ``answer`` won't do; None where it will."""
    if is_unknown(answer):
        return None
    if item.type == "choice":
        codes = [option.code for option in item.answer_option]
        if item.repeats:
            fits = (
                isinstance(answer, list) and len(set(answer)) == len(answer) > 0 and set(answer) <= set(codes)
            )
        else:
            fits = isinstance(answer, str) and answer in codes
        several = "a list of " if item.repeats else "one of "
        return None if fits else several + ", ".join(codes)
    if item.type == "boolean":
        return None if isinstance(answer, bool) else _EXPECTED["boolean"]
    if item.type in ("integer", "decimal"):
        return _number(item, answer)
    if item.type in ("date", "dateTime"):
        return None if _moment(item.type, answer) is not None else _EXPECTED[item.type]
    fits = isinstance(answer, str) and bool(answer.strip()) and len(answer) <= 4000
    return None if fits else _EXPECTED[item.type]


def _number(item: Item, answer: Known) -> str | None:
    if not isinstance(answer, (int, float)) or isinstance(answer, bool):
        return _EXPECTED[item.type]
    if item.type == "integer" and answer != int(answer):
        return _EXPECTED["integer"]
    least, most = item.least, item.most
    if (least is not None and answer < least) or (most is not None and answer > most):
        bounds = [f"at least {least}"] * (least is not None) + [f"at most {most}"] * (most is not None)
        return " and ".join(bounds)
    return None


def facts_of(questionnaire: Questionnaire, answers: Mapping[str, Known]) -> dict[str, FactValue]:
    """Return the facts that ``answers`` chart, by name. What is closed, unknown or unreadable charts nothing."""
    return {fact: value for _, fact, value in charted_items(questionnaire, answers)}


def charted_items(
    questionnaire: Questionnaire, answers: Mapping[str, Known]
) -> Iterator[tuple[str, str, FactValue]]:
    """Yield (linkId, fact, value) for what ``answers`` chart; days and times as they were written."""
    open_ = enabled(questionnaire, answers)
    for item in questionnaire.questions:
        answer = answers.get(item.link_id)
        if answer is None or item.link_id not in open_ or is_unknown(answer) or misfit(item, answer):
            continue
        chosen = answer if isinstance(answer, list) else [answer]
        for option in item.answer_option:
            if option.code in chosen:
                for fact, value in option.facts.items():
                    yield item.link_id, fact, value if isinstance(value, (bool, str)) else float(value)
        if item.fact is not None and not isinstance(answer, list):
            yield item.link_id, item.fact, answer
