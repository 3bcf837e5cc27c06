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
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from discharge import wording
from discharge.clocks import Clock
from discharge.review.model import Review

Urgency: TypeAlias = Literal["now", "today", "soon", "watch", "clear"]
URGENCIES: tuple[Urgency, ...] = ("now", "today", "soon", "watch", "clear")

AT_ONCE = timedelta(hours=2)
SOON = timedelta(hours=72)
FIRST_DAY = timedelta(hours=24)

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


def next_steps(review: Review) -> list[Step]:
    """Return what is asked of people, the first first; at least one step, of urgency ``clear`` if nothing is."""
    found = [*_level_of_care(review), *_clocks(review), *_risks(review), *_gaps(review)]
    if not review.stay.is_in_house:
        found = [_on_paper(step, review.as_of) for step in found]
    return sorted(found, key=Step.key) or [
        Step("clear", "Nothing is asked now.", "no deadline, risk or gap is open")
    ]


def _on_paper(step: Step, now: datetime) -> Step:
    """A step for a stay that is over: a deadline that has passed presses nobody any more."""
    due = step.due_at if step.due_at is not None and step.due_at > now else None
    lower: Urgency = "soon" if due is not None and due - now <= SOON else "watch"
    return Step(lower, step.text, step.why, due, step.loss_usd)


def _by_due(review: Review, due: datetime | None, otherwise: Urgency) -> Urgency:
    """Urgency of a deadline that is not kept yet."""
    if due is None:
        return otherwise
    now, zone = review.as_of, ZoneInfo(review.provenance.zone)
    if due - now <= AT_ONCE:
        return "now"
    if due.astimezone(zone).date() <= now.astimezone(zone).date():
        return "today"
    return "soon" if due - now <= SOON else "watch"


def _level_of_care(review: Review) -> Iterator[Step]:
    care, stay = review.level_of_care, review.stay
    loss = review.denial.summary.expected_loss_usd or Decimal(0)
    if not stay.is_in_house:
        if care.admission == "not_met":
            yield Step(
                "watch",
                "Have the physician advisor look at the admission.",
                "admission criteria are not met",
                None,
                loss,
            )
        return
    if care.discharge_ready == "met":
        where = review.plan.recommended_title or "the next place of care"
        yield Step(
            "today", f"Arrange the discharge to {where}.", "ready for discharge and still here", None, loss
        )
    if stay.status != "inpatient":
        return
    young = review.review_type == "admission"
    if care.admission == "not_met":
        yield Step(
            "today",
            "Ask the physician advisor to look at the admission.",
            "admission criteria are not met",
            None,
            loss,
        )
    elif care.admission == "unknown":
        first = care.missing.get("admission", [])
        asked = f" Chart: {wording.joined(first[0], 3)}." if first else ""
        yield Step(
            "today" if young else "soon",
            f"Settle the level of care.{asked}",
            "admission can't be told yet",
            None,
            loss,
        )
    if not young and care.continued_stay == "not_met" and care.discharge_ready != "met":
        yield Step(
            "today",
            "Ask the physician what keeps the patient in hospital.",
            "continued stay is not met",
            None,
            loss,
        )
    elif not young and care.continued_stay == "unknown":
        yield Step(
            "soon",
            "Complete the charting for the continued stay.",
            "continued stay can't be told",
            None,
            loss,
        )


def _clocks(review: Review) -> Iterator[Step]:
    for clock in review.clocks:
        if clock.met_at is not None or clock.status not in ("running", "late"):
            continue
        urgency = _by_due(review, clock.due_at, "watch")
        if clock.warning == "urgent" and urgency in ("soon", "watch"):
            urgency = "today"
        yield Step("now" if clock.status == "late" else urgency, _ask(clock), _why(clock), clock.due_at)


def _why(clock: Clock) -> str:
    late = "overdue; " if clock.status == "late" else ""
    return late + clock.consequence.rstrip(".")


def _ask(clock: Clock) -> str:
    if clock.form:
        return f"Give the {clock.title} ({clock.form})."
    if clock.owner == "payer":
        return f"Ask the payer for its decision ({clock.title})."
    return _ASKED.get(clock.clock_id, f"See to it: {clock.title}") + "."


def _risks(review: Review) -> Iterator[Step]:
    """A cause that only can't be ruled out asks for nothing sooner than ``soon``, whatever its deadline."""
    for risk in review.denial.risks:
        if not risk.modifiable:
            continue
        if risk.state == "present":
            urgency = _by_due(review, risk.due_at, "soon")
        else:
            urgency = "soon" if _by_due(review, risk.due_at, "watch") != "watch" else "watch"
        is_over = not review.stay.is_in_house and risk.exposure_kind == "days_beyond"
        text = "Have the physician document what each day was for." if is_over else risk.fix
        yield Step(urgency, text, risk.title, risk.due_at, risk.expected_loss_usd or Decimal(0))


def _gaps(review: Review) -> Iterator[Step]:
    for gap in review.gaps:
        yield Step("watch", gap.question, f"not charted: {gap.ask}")
