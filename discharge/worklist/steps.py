"""What must happen next for a stay, by when, and how urgent that is.

Urgency of a stay in the house:

``now``
    a deadline has passed and what it asks is not done, or it falls within 2 hours
``today``
    a deadline by the end of the facility's day, or one of which 80% of the time is gone; the patient is ready for
    discharge and still here; criteria of an inpatient are not met; the level of care can't be told in the first day
``soon``
    a deadline or a denial risk that can still be cured within 72 hours; a continued stay that can't be told
``watch``
    something open that presses nobody yet
``clear``
    nothing is asked of anybody

A stay already discharged is never above ``soon``: its deadlines are those of paper. Steps are ordered by urgency,
time due (none is last), weight (dollars expected to be lost) and text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from discharge import wording
from discharge.clocks import Clock
from discharge.review.model import Review

Urgency: TypeAlias = Literal["now", "today", "soon", "watch", "clear"]
URGENCIES: tuple[Urgency, ...] = ("now", "today", "soon", "watch", "clear")

AT_ONCE = timedelta(hours=2)
SOON = timedelta(hours=72)
_NEXT = timedelta(microseconds=1)

_ASKED = {
    "NOTIFY": "Tell the payer of the admission",
    "AUTH-END": "Ask the payer for more days before the authorized ones end",
    "REVIEW": "Send the payer the next clinical review",
}


@dataclass(frozen=True)
class Step:
    """One thing to do: an imperative sentence, why, by when, and how urgent."""

    urgency: Urgency
    text: str
    why: str
    due_at: datetime | None = None
    loss_usd: Decimal = Decimal(0)

    def key(self) -> tuple[int, bool, float, Decimal, str]:
        """Return what steps are ordered by."""
        due = self.due_at.timestamp() if self.due_at else 0.0
        return (URGENCIES.index(self.urgency), self.due_at is None, due, -self.loss_usd, self.text)


@dataclass(frozen=True)
class Asked:
    """Something asked of people, whose urgency grows by the hour.

    ``base`` is how urgent it is whatever the time, ``most`` how urgent it can become by time. ``urgent_at`` is when 80%
    of the time to ``due_at`` is gone. A clock (``is_clock``) past its due time is overdue. Of a stay that is over
    (``is_paper``) a deadline that has passed presses nobody.
    """

    text: str
    why: str
    base: Urgency = "watch"
    due_at: datetime | None = None
    loss_usd: Decimal = Decimal(0)
    most: Urgency = "now"
    urgent_at: datetime | None = None
    is_clock: bool = False
    is_paper: bool = False
    is_for_advisor: bool = False

    def turns(self, zone: ZoneInfo) -> list[tuple[datetime, Urgency]]:
        """Return the moments from which it is at least as urgent as said with each."""
        return [] if self.due_at is None else list(_turns(self.due_at, self.urgent_at, self.most, zone))

    def changes(self, zone: ZoneInfo) -> list[datetime]:
        """Return the moments at which :meth:`step` may change."""
        if self.due_at is None:
            return []
        return [*(at for at, _ in self.turns(zone)), self.due_at, self.due_at + _NEXT]

    def step(self, now: datetime, zone: ZoneInfo) -> Step:
        """Return the step that it is at ``now``."""
        if self.is_paper:
            due = self.due_at if self.due_at is not None and self.due_at > now else None
            lower: Urgency = "soon" if due is not None and due - now <= SOON else "watch"
            return Step(lower, self.text, self._why(now), due, self.loss_usd)
        reached = [URGENCIES.index(urgency) for at, urgency in self.turns(zone) if at <= now]
        urgency = URGENCIES[min([URGENCIES.index(self.base), *reached])]
        return Step(urgency, self.text, self._why(now), self.due_at, self.loss_usd)

    def _why(self, now: datetime) -> str:
        is_over = self.is_clock and self.due_at is not None and now > self.due_at
        return f"overdue; {self.why}" if is_over else self.why


@lru_cache(maxsize=4096)
def _turns(
    due: datetime, urgent_at: datetime | None, most: Urgency, zone: ZoneInfo
) -> tuple[tuple[datetime, Urgency], ...]:
    day_begins = datetime.combine(due.astimezone(zone).date(), time(), zone)
    found: list[tuple[datetime, Urgency]] = [
        (due - AT_ONCE, "now"),
        (day_begins, "today"),
        (due - SOON, "soon"),
    ]
    if urgent_at is not None:
        found.append((urgent_at, "today"))
    highest = URGENCIES.index(most)
    return tuple(
        (at.astimezone(UTC), URGENCIES[max(highest, URGENCIES.index(urgency))]) for at, urgency in found
    )


NOTHING = Asked("Nothing is asked now.", "no deadline, risk or gap is open", "clear")


def next_steps(review: Review, now: datetime | None = None) -> list[Step]:
    """Return what is asked of people, the first first; at least one step, of urgency ``clear`` if nothing is.

    ``now`` is the review's own moment unless a later one is given, for a review that nothing came after.
    """
    at, zone = now or review.as_of, ZoneInfo(review.provenance.zone)
    return sorted((one.step(at, zone) for one in asked(review) or [NOTHING]), key=Step.key)


def asked(review: Review, *, is_all: bool = True) -> list[Asked]:
    """Return everything that a review asks of people, in no order.

    Not ``is_all``: without clocks and what is not charted, of which the tasks of a case know more.
    """
    found = [*_level_of_care(review), *_risks(review)]
    if is_all:
        found += [*_clocks(review), *_gaps(review)]
    return found if review.stay.is_in_house else [replace(one, is_paper=True) for one in found]


def _level_of_care(review: Review) -> Iterator[Asked]:
    care, stay = review.level_of_care, review.stay
    loss = review.denial.summary.expected_loss_usd or Decimal(0)

    def ask(base: Urgency, text: str, why: str, *, is_for_advisor: bool = False) -> Asked:
        return Asked(text, why, base, loss_usd=loss, is_for_advisor=is_for_advisor)

    if not stay.is_in_house:
        if care.admission == "not_met":
            text = "Have the physician advisor look at the admission."
            yield ask("watch", text, "admission criteria are not met", is_for_advisor=True)
        return
    if care.discharge_ready == "met":
        where = review.plan.recommended_title or "the next place of care"
        yield ask("today", f"Arrange the discharge to {where}.", "ready for discharge and still here")
    if stay.status != "inpatient":
        return
    young = review.review_type == "admission"
    if care.admission == "not_met":
        text = "Ask the physician advisor to look at the admission."
        yield ask("today", text, "admission criteria are not met", is_for_advisor=True)
    elif care.admission == "unknown":
        first = care.missing.get("admission", [])
        missing = f" Chart: {wording.joined(first[0], 3)}." if first else ""
        text = f"Settle the level of care.{missing}"
        yield ask("today" if young else "soon", text, "admission can't be told yet")
    if not young and care.continued_stay == "not_met" and care.discharge_ready != "met":
        text = "Ask the physician what keeps the patient in hospital."
        yield ask("today", text, "continued stay is not met")
    elif not young and care.continued_stay == "unknown":
        text = "Complete the charting for the continued stay."
        yield ask("soon", text, "continued stay can't be told")


def _clocks(review: Review) -> Iterator[Asked]:
    for clock in review.clocks:
        if clock.met_at is None and clock.status in ("running", "late"):
            yield Asked(
                _ask(clock),
                clock.consequence.rstrip("."),
                due_at=clock.due_at,
                urgent_at=clock.warn_urgent_at,
                is_clock=True,
            )


def _ask(clock: Clock) -> str:
    if clock.form:
        return f"Give the {clock.title} ({clock.form})."
    if clock.owner == "payer":
        return f"Ask the payer for its decision ({clock.title})."
    return _ASKED.get(clock.clock_id, f"See to it: {clock.title}") + "."


def _risks(review: Review) -> Iterator[Asked]:
    """A cause that only can't be ruled out asks for nothing sooner than ``soon``, whatever its deadline."""
    for risk in review.denial.risks:
        if not risk.modifiable:
            continue
        is_present = risk.state == "present"
        is_over = not review.stay.is_in_house and risk.exposure_kind == "days_beyond"
        text = "Have the physician document what each day was for." if is_over else risk.fix
        yield Asked(
            text,
            risk.title,
            "soon" if is_present and risk.due_at is None else "watch",
            risk.due_at,
            risk.expected_loss_usd or Decimal(0),
            most="now" if is_present else "soon",
        )


def _gaps(review: Review) -> Iterator[Asked]:
    for gap in review.gaps:
        yield Asked(gap.question, f"not charted: {gap.ask}")
