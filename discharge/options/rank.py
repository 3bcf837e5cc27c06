"""The order of places, and in words why one stands above the next.

Safety first: fit, staying while hospital care is needed, a rule's guess where fit isn't known, needs left unmet, risk
of coming back. Then what can be had: payment, a place that takes the patient, leave, days to arrange. Then cost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from discharge.costs.ledger import OptionCost
from discharge.needs import need_words
from discharge.options.model import Option
from discharge.stayview import RANK, Status, kleene_all

_FIT = {
    "met": "Fits what is charted",
    "unknown": "Whether it fits is not charted",
    "not_met": "Does not fit what is charted",
}
_PAID = {"met": "covered", "unknown": "coverage still open", "not_met": "not covered"}


class _Step(NamedTuple):
    """One thing looked at: ``key`` is smaller for the better option; ``why`` says it of the better and the other."""

    key: Callable[[Option], Any]
    why: Callable[[Option, Option], str]


def ranked(made: Sequence[Option], guesses: Sequence[str]) -> list[Option]:
    """Return options best first, each with its rank and reason. ``guesses`` are a rule's own, likeliest first."""
    steps = _steps(list(guesses), made)
    ordered = sorted(made, key=lambda option: tuple(step.key(option) for step in steps))
    following: list[Option | None] = [*ordered[1:], None]
    return [
        option.model_copy(update={"rank": place, "reason": _reason(option, after, steps)})
        for place, (option, after) in enumerate(zip(ordered, following, strict=False), 1)
    ]


def _steps(guesses: list[str], made: Sequence[Option]) -> tuple[_Step, ...]:
    known = next((o.readmission.expected for o in made if o.readmission.expected is not None), Decimal(0))

    def guess(option: Option) -> int:
        asked = option.fit.status == "unknown" and option.id in guesses
        return guesses.index(option.id) if asked else len(guesses)

    def risk(option: Option) -> Decimal:
        found = option.readmission.expected
        return known if found is None else found

    return (
        _Step(lambda option: -RANK[option.fit.status], _why_fit),
        _Step(_is_elsewhere, lambda _, __: "hospital care is still needed"),
        _Step(guess, lambda _, __: "a rule of thumb points to it while the chart is thin"),
        _Step(lambda option: len(option.leaves), _why_needs),
        _Step(risk, lambda _, __: "the risk of coming back is lower"),
        _Step(lambda option: -RANK[_paid(option)], _why_paid),
        _Step(_is_full, lambda _, __: "no place is known there that can take the patient"),
        _Step(_lacks_leave, lambda _, __: "the payer's leave is still missing there"),
        _Step(lambda option: option.waiting_days.expected, _why_wait),
        _Step(_price, _why_price),
        _Step(lambda option: option.id, lambda _, __: "nothing else tells them apart"),
    )


def _is_elsewhere(option: Option) -> bool:
    return not (option.id == "stay" and option.fit.status == "met")


def _paid(option: Option) -> Status:
    return kleene_all(option.eligibility.status, option.coverage.status)


def _is_full(option: Option) -> bool:
    return option.availability.status == "not_met"


def _lacks_leave(option: Option) -> bool:
    asked = option.prior_authorization
    return asked is not None and asked.required is True and asked.approved != "met"


def _price(option: Option) -> tuple[bool, Decimal]:
    cost = option.cost.total_expected_usd
    return cost is None, cost if cost is not None else Decimal(0)


def _why_fit(option: Option, _: Option) -> str:
    if option.fit.status == "met":
        return "hospital care is still needed" if option.id == "stay" else "it fits what is charted"
    return "that does not fit what is charted"


def _why_needs(option: Option, other: Option) -> str:
    mine, others = len(option.leaves), len(other.leaves)
    if mine == 0:
        return "it leaves no need unmet"
    return f"it leaves fewer needs unmet ({mine} against {others})"


def _why_paid(option: Option, _: Option) -> str:
    if _paid(option) == "met":
        return "it can be paid for as things stand"
    return "the payer's rules or policy leave that out"


def _why_wait(option: Option, other: Option) -> str:
    mine, others = option.waiting_days.expected, other.waiting_days.expected
    return f"it is usually arranged in {_days(mine)} against {_days(others)}"


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def _why_price(option: Option, other: Option) -> str:
    mine, others = option.cost.total_expected_usd, other.cost.total_expected_usd
    if mine is None or others is None:
        return "its cost is known"
    return "payer, patient and hospital together pay less"


def _name(option: Option) -> str:
    """An option's title inside a sentence."""
    return option.title[:1].lower() + option.title[1:]


def _reason(option: Option, after: Option | None, steps: Sequence[_Step]) -> str:
    """Fit, needs left, who pays and why, the price with the patient's part; and why it stands above the next."""
    left = f", leaves {need_words(option.leaves)} unmet" if option.leaves else ""
    note = option.coverage.notes[0] if option.coverage.notes else ""
    why = f" ({note})" if note and option.coverage.status == "met" else f": {note}" if note else ""
    said = (
        f"{_FIT[option.fit.status]}{left}; {_PAID[option.coverage.status]}{why}; {_cost_words(option.cost)}."
    )
    if after is None:
        return said
    step = next(step for step in steps if step.key(option) != step.key(after))
    return f"{said} Ranks above {_name(after)} because {step.why(option, after)}."


def _cost_words(cost: OptionCost) -> str:
    """The payer's and the patient's part. The hospital's is in no sentence: it would go out with papers."""
    parts = [
        f"about ${amount:,.0f} for the {purse}"
        for purse, amount in (("payer", cost.payer.expected), ("patient", cost.patient.expected))
        if amount is not None
    ]
    if not parts:
        return "cost not known"
    return f"{' and '.join(parts)} over {cost.horizon_days} days"
