"""One stay as the rooms after inference see it: facts, conclusions, statuses, payer and the moments that count.

Also the base of every result model. A fact that isn't charted is None here, whatever stood for it in the columns.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, Protocol, TypeAlias
from zoneinfo import ZoneInfo

import pandas as pd
from pydantic import BaseModel, ConfigDict

from discharge.packs.conclusions import Payload
from discharge.payers import PayerProfile

Status: TypeAlias = Literal["met", "not_met", "unknown"]

RANK: Mapping[Status, int] = {"not_met": 0, "unknown": 1, "met": 2}
_STATUSES: tuple[Status, ...] = ("not_met", "unknown", "met")


class Result(BaseModel):
    """Base of everything shown to people: fields are closed and don't change once made."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ConclusionLike(Protocol):
    """What this room reads of a conclusion of ``inference.py``."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def payload(self) -> Payload: ...
    @property
    def file_id(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def because(self) -> tuple[tuple[str, str], ...]: ...


class EvidenceLike(Protocol):
    """What this room reads of a chart row behind a fact."""

    @property
    def table(self) -> str: ...
    @property
    def row_id(self) -> Any: ...
    @property
    def source(self) -> Any: ...
    @property
    def at(self) -> Any: ...
    @property
    def text(self) -> str: ...


def _nothing(_: str) -> tuple[Any, ...]:
    return ()


def _everyone(_: str) -> Status:
    return "met"


def _no_score(_: str) -> tuple[float, float] | None:
    return None


@dataclass(frozen=True, slots=True)
class StayView:
    """One stay. ``facts`` maps a fact's name to its value (a missing name is as unknown as a NaN).

    ``findings`` answers a criterion's full name with its status, ``applies`` a rule file's id, ``unknown_facts`` a
    criterion's name with the facts it still needs, ``evidence`` a fact's name with the chart rows behind it,
    ``scores`` a score's full name with its lowest and highest possible total (None where it isn't valid or not there).
    ``t`` is the reference moment, ``zone`` the facility's time zone. ``payer`` is the matched profile, or None.
    """

    stay_id: str
    facts: Mapping[str, Any]
    conclusions: tuple[ConclusionLike, ...]
    findings: Callable[[str], str]
    payer: PayerProfile | None
    t: pd.Timestamp
    as_of: pd.Timestamp
    zone: str
    applies: Callable[[str], str] = _everyone
    unknown_facts: Callable[[str], tuple[str, ...]] = _nothing
    evidence: Callable[[str], tuple[EvidenceLike, ...]] = _nothing
    scores: Callable[[str], tuple[float, float] | None] = _no_score

    def number(self, fact: str) -> float | None:
        """Return a numeric fact, None where unknown."""
        value = self.facts.get(fact)
        if value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NA:
            return None
        return float(value)

    def flag(self, fact: str) -> bool | None:
        """Return a yes-or-no fact, None where unknown."""
        value = self.number(fact)
        return None if value is None else value == 1

    def text(self, fact: str) -> str | None:
        """Return a text fact, None where unknown."""
        value = self.facts.get(fact)
        return value if isinstance(value, str) and value else None

    def codes(self, fact: str) -> tuple[str, ...] | None:
        """Return a fact of several codes, None where unknown."""
        value = self.facts.get(fact)
        return tuple(value) if isinstance(value, (tuple, list)) else None

    def time(self, fact: str) -> datetime | None:
        """Return a time fact in the facility's zone, None where unknown."""
        value = self.facts.get(fact)
        if value is None or value is pd.NaT:
            return None
        return self.local(pd.Timestamp(value))

    def is_known(self, fact: str) -> bool:
        """Return whether the fact is charted at all, whatever its type."""
        value = self.facts.get(fact)
        if value is None or value is pd.NaT or value is pd.NA:
            return False
        return not (isinstance(value, float) and math.isnan(value))

    def local(self, moment: pd.Timestamp) -> datetime:
        """Return a moment as a datetime in the facility's zone; a moment without zone is UTC."""
        stamp = moment.tz_localize(UTC) if moment.tzinfo is None else moment
        return stamp.to_pydatetime(warn=False).astimezone(ZoneInfo(self.zone))

    def local_after(self, moment: datetime, span: timedelta) -> datetime:
        """Return the moment ``span`` of elapsed time later, in the facility's zone."""
        return (moment.astimezone(UTC) + span).astimezone(ZoneInfo(self.zone))

    @property
    def day(self) -> date:
        """The facility's calendar day of the reference moment."""
        return self.local(self.t).date()

    @property
    def payer_class(self) -> str | None:
        """The payer class of the matched profile, else of the facts."""
        return self.payer.payer_class if self.payer else self.text("coverage.payer_class")

    def concluded(self, kind: str) -> Iterator[ConclusionLike]:
        """Yield the conclusions of one kind."""
        return (conclusion for conclusion in self.conclusions if conclusion.kind == kind)


def kleene_all(*statuses: Status) -> Status:
    """Return the strong Kleene conjunction: the worst of all.

    >>> kleene_all("met", "unknown"), kleene_all("unknown", "not_met"), kleene_all()
    ('unknown', 'not_met', 'met')
    """
    return _STATUSES[min((RANK[status] for status in statuses), default=2)]


def status_of(flag: bool | None) -> Status:
    """Return a yes-or-no answer as a status.

    >>> status_of(None), status_of(False)
    ('unknown', 'not_met')
    """
    return "unknown" if flag is None else "met" if flag else "not_met"
