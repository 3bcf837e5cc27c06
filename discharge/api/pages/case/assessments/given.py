"""What the form of a questionnaire sends, turned back into answers: only what was changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from discharge.api.pages.case.assessments.questions import kind_of
from discharge.casework.assessments import UNKNOWN, Item, Known, Questionnaire
from discharge.errors import Fault

Sent: TypeAlias = Mapping[str, list[str]]


def changed_answers(
    questionnaire: Questionnaire, sent: Sent, known: Mapping[str, Known], zone: str
) -> tuple[dict[str, Known | None], list[Fault]]:
    """Return the answers that differ from those on record, None for one that is taken back; and what can't be read.

    A question counts as asked only if the form sent ``asked.ID``: what the script has closed sends nothing at all and
    stays as it was.
    """
    found: dict[str, Known | None] = {}
    faults: list[Fault] = []
    for item in questionnaire.questions:
        if f"asked.{item.link_id}" not in sent:
            continue
        texts = [one.strip() for one in sent.get(f"answers.{item.link_id}", []) if one.strip()]
        aside = next((one for one in sent.get(f"aside.{item.link_id}", []) if one in UNKNOWN), None)
        where = f"$.answers.{item.link_id}"
        if texts and aside is not None:
            faults.append(Fault(where, "an answer, and that there is none", "one of the two"))
            continue
        try:
            answer = aside if aside is not None else _answer(item, texts, ZoneInfo(zone))
        except ValueError as error:
            faults.append(Fault(where, "can't be read", str(error)))
            continue
        if answer != known.get(item.link_id):
            found[item.link_id] = answer
    return found, faults


def _answer(item: Item, texts: list[str], zone: ZoneInfo) -> Known | None:
    """Return what was entered; None where nothing was.

    Raises:
        ValueError: it is not of the question's kind; says what would be.
    """
    if not texts:
        return None
    kind, last = kind_of(item), texts[-1]
    if kind == "several":
        asides = [one for one in texts if one in UNKNOWN]
        if asides and len(texts) > 1:
            raise ValueError("either answers, or that there is none")
        return asides[0] if asides else texts
    if last in UNKNOWN:
        return last
    if kind == "yes_no":
        if last not in ("true", "false"):
            raise ValueError("yes or no")
        return last == "true"
    if kind == "number":
        return _number(last)
    if kind == "moment":
        try:
            moment = datetime.fromisoformat(last)
        except ValueError:
            raise ValueError("a day and a time of day") from None
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).isoformat()
    return last


def _number(text: str) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        raise ValueError("a number") from None
    if number - number != 0:  # infinite, or not a number
        raise ValueError("a number")
    return number
