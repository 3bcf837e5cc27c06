"""A fact that a criterion looked at, in words: value, what was asked, and the chart row with time and source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from discharge import wording
from discharge.facts import catalogue
from discharge.review.model import FactSeen


@dataclass(frozen=True)
class FactLine:
    """A fact in words. ``asked`` is empty where it is the value itself, or asks only whether it is charted.

    ``is_tested`` tells which. ``moment`` is the value of a fact that is a time. ``source`` is None where no chart row
    is known; ``row`` is that row in words.
    """

    name: str
    title: str
    value: str
    moment: datetime | None
    asked: str
    status: str
    is_known: bool
    is_tested: bool
    must_not: bool
    at: datetime | None
    source: str | None
    row: str | None
    row_id: str | None


def fact_line(fact: FactSeen, *, must_not: bool = False) -> FactLine:
    """Return a fact in words; ``must_not``: the criterion asks that it does not hold."""
    is_charted_only = fact.test == "charted"
    if is_charted_only:
        value = "charted" if fact.status == "met" else "not charted"
    else:
        value = wording.value(fact.value, fact.unit)
    return FactLine(
        name=fact.name,
        title=fact.title,
        value=value,
        moment=_moment(fact),
        asked="" if is_charted_only or fact.test == value else fact.test,
        status=fact.status,
        is_known=fact.value is not None or (is_charted_only and fact.status == "met"),
        is_tested=not is_charted_only,
        must_not=must_not,
        at=fact.at,
        source=fact.source,
        row=fact.charted,
        row_id=fact.row_id,
    )


def _moment(fact: FactSeen) -> datetime | None:
    known = catalogue().get(fact.name)
    if known is None or known.type != "time" or not isinstance(fact.value, str):
        return None
    try:
        found = datetime.fromisoformat(fact.value)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
