"""What waiting costs: further hospital days purse by purse, and the day on which waiting for a place stops paying.

Nothing here advises to delay or hasten a discharge for payment: what fits the patient comes first. The transfer
policy's effect on the stay's payment is left out for that reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Literal, Protocol, TypeAlias

from pydantic import Field

from discharge.costs.amounts import ZERO, Range, Usd
from discharge.costs.further import further, hospital_day
from discharge.costs.horizon import price
from discharge.costs.inputs import StayPrices
from discharge.costs.ledger import PURSES, OptionCost, Purse
from discharge.costs.member import Spent
from discharge.costs.services import PriceInputs
from discharge.costs.stay import StayMoney
from discharge.costs.terms import Terms
from discharge.stayview import Result, Status, StayView

AnyPurse: TypeAlias = Literal["payer", "patient", "hospital", "all"]
LAST_DAY = 14
NO_ADVICE = "What fits the patient comes first: no discharge is hastened or delayed for payment."
_SELF_PAID = ("home_infusion", "home_infusion_self", "infusion_suite")
_ALL: tuple[AnyPurse, ...] = (*PURSES, "all")
_TENTH = Decimal("0.1")
_WHO: dict[AnyPurse, str] = {
    "payer": "For the payer",
    "patient": "For the patient",
    "hospital": "For the hospital",
    "all": "For all three together",
}


class WaitingPoint(Result):
    """Cumulative cost of staying ``day`` more days; None where a purse can't be told."""

    day: int
    payer: Usd | None
    patient: Usd | None
    hospital: Usd | None


class BreakEven(Result):
    """From which day waiting for one place costs a purse more than taking another now.

    ``days`` is the number of days at which both cost the same, to a tenth; ``day`` the first whole day on which
    waiting costs more; both None where that doesn't happen within the days looked at, or can't be told, as
    ``sentence`` says.
    """

    wait_for: str
    instead: str
    purse: AnyPurse
    day: int | None
    days: Decimal | None
    sentence: str


class WaitingCost(Result):
    """What further days cost each purse, what one avoidable day is worth, and where waiting stops paying.

    ``avoidable_day``: of the hospital's low is the low marginal cost, expected the middle one, high the average cost.
    """

    points: list[WaitingPoint]
    avoidable_day: dict[Purse, Range]
    break_even: list[BreakEven]
    assumptions: list[str] = Field(default_factory=list)
    sentence: str


class _Days(Protocol):
    @property
    def expected(self) -> int: ...


class _Judged(Protocol):
    @property
    def status(self) -> Status: ...


class RankedOption(Protocol):
    """What this room reads of an option of the room ``options``."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def fit(self) -> _Judged: ...
    @property
    def coverage(self) -> _Judged: ...
    @property
    def cost(self) -> OptionCost: ...
    @property
    def waiting_days(self) -> _Days: ...


def waiting_cost(view: StayView, ranked: Sequence[RankedOption], money: StayMoney) -> WaitingCost | None:
    """Return what waiting costs; None for a patient who has left.

    The best place that is known to fit is compared with every other that fits and takes no longer to arrange, with
    staying, and with an infusion that the payer doesn't cover.
    """
    if not ranked or view.flag("stay.is_in_house") is False or view.time("stay.discharged_at") is not None:
        return None
    prices = StayPrices.of(view, money)
    common = prices.common
    days = _Waited(common.terms, common.day, common.used_days, common.spent)
    best = next((one for one in ranked if one.id != "stay" and one.fit.status == "met"), None)
    compared = list(_compared(prices, days, best, ranked)) if best is not None else []
    return WaitingCost(
        points=days.points(),
        avoidable_day=days.avoidable(),
        break_even=compared,
        assumptions=days.assumptions(by_vein=common.needs_iv and common.iv_days is not None),
        sentence=_sentence(days, best, compared),
    )


class _Waited:
    """Further days of one stay; what is asked twice is kept by :func:`further`."""

    def __init__(self, terms: Terms | None, day: date, used_days: int | None, record: Spent) -> None:
        self.key = (terms, day, used_days, record)

    def cost(self, days: int) -> dict[Purse, Decimal | None]:
        return _cost(*self.key, days)

    def points(self) -> list[WaitingPoint]:
        return _points(*self.key)

    def avoidable(self) -> dict[Purse, Range]:
        return _avoidable(*self.key)

    def assumptions(self, *, by_vein: bool) -> list[str]:
        said = [
            "a further day costs the hospital its marginal cost, the middle of the range",
            "the place's own cost does not change with the wait"
            if not by_vein
            else "each day of waiting is a day of treatment by vein less afterwards",
            "the transfer policy is left out: no discharge is delayed for payment",
        ]
        return [*said, *further(*self.key[:3], 1, self.key[3]).assumptions]


@lru_cache(maxsize=16384)
def _cost(
    terms: Terms | None, day: date, used_days: int | None, record: Spent, days: int
) -> dict[Purse, Decimal | None]:
    if days == 0:
        return dict.fromkeys(PURSES, ZERO)
    found = further(terms, day, used_days, days, record)
    amounts = {"payer": found.payer, "patient": found.patient, "hospital": found.hospital}
    return {purse: None if (one := amounts[purse]) is None else one.expected for purse in PURSES}


@lru_cache(maxsize=2048)
def _points(terms: Terms | None, day: date, used_days: int | None, record: Spent) -> list[WaitingPoint]:
    points = []
    for count in range(LAST_DAY + 1):
        cost = _cost(terms, day, used_days, record, count)
        points.append(
            WaitingPoint(day=count, payer=cost["payer"], patient=cost["patient"], hospital=cost["hospital"])
        )
    return points


@lru_cache(maxsize=2048)
def _avoidable(terms: Terms | None, day: date, used_days: int | None, record: Spent) -> dict[Purse, Range]:
    found, cost = further(terms, day, used_days, 1, record), hospital_day(terms, day)
    ranges: dict[Purse, Range] = {}
    for purse, amount in (("payer", found.payer), ("patient", found.patient)):
        whole = (
            Range() if amount is None else Range(low=min(amount), expected=amount.expected, high=max(amount))
        )
        ranges["payer" if purse == "payer" else "patient"] = whole
    ranges["hospital"] = (
        Range()
        if cost is None
        else Range(low=cost.marginal.low, expected=cost.marginal.expected, high=cost.average)
    )
    return ranges


# Comparing -------------------------------------------------------------------------------------------------------


def _compared(
    prices: StayPrices, days: _Waited, best: RankedOption, ranked: Sequence[RankedOption]
) -> Iterator[BreakEven]:
    if best.waiting_days.expected == 0:
        return
    mine = [_at(prices, days, best, count) for count in range(LAST_DAY + 1)]
    for other in ranked:
        if other.id == best.id or not _is_alternative(prices, best, other):
            continue
        now = _at(prices, days, other, other.waiting_days.expected)
        for purse in _ALL:
            yield _break_even(best, other, purse, [_of(cost, purse) for cost in mine], _of(now, purse))


def _is_alternative(prices: StayPrices, best: RankedOption, other: RankedOption) -> bool:
    """Fits and takes no longer to arrange; or is to stay for the treatment; or the way that the payer covers.

    Where the best place is an infusion that nobody covers, the facility that the payer would pay is compared though
    it may not fit, and so the other way about: these are the choices that are talked over.
    """
    if other.id == "stay":
        return prices.common.needs_iv and prices.common.iv_days is not None
    if best.id in _SELF_PAID and best.coverage.status == "not_met" and other.id == "snf":
        return other.coverage.status != "not_met"
    if other.fit.status == "not_met":
        return False
    if other.id in _SELF_PAID and other.coverage.status == "not_met":
        return True
    return other.fit.status == "met" and other.waiting_days.expected <= best.waiting_days.expected


def _at(prices: StayPrices, days: _Waited, option: RankedOption, count: int) -> dict[Purse, Decimal | None]:
    """Return what an option costs each purse when it starts after ``count`` days of waiting."""
    if option.id == "stay":
        return _expected(option.cost)
    own = _own(prices, option, count)
    waited = days.cost(count)
    total: dict[Purse, Decimal | None] = {}
    for purse in PURSES:
        service, further_days = own[purse], waited[purse]
        total[purse] = None if service is None or further_days is None else service + further_days
    return total


def _own(prices: StayPrices, option: RankedOption, count: int) -> dict[Purse, Decimal | None]:
    """The option's cost without waiting and transfer policy; by vein, with ``count`` days of treatment less."""
    inputs = prices.inputs(option.id, option.coverage.status)
    if inputs.iv_days is None or count == 0:
        return _without_waiting(option.cost)
    return _priced(_later(inputs, count))


@lru_cache(maxsize=4096)
def _later(inputs: PriceInputs, count: int) -> PriceInputs:
    left = max(0, (inputs.iv_days or 0) - count)
    return replace(inputs, iv_days=left, waiting_days=(0, 0, 0), transfer_loss=ZERO)


def _priced(inputs: PriceInputs) -> dict[Purse, Decimal | None]:
    return _expected(price(inputs))


def _expected(cost: OptionCost) -> dict[Purse, Decimal | None]:
    return {
        "payer": cost.payer.expected,
        "patient": cost.patient.expected,
        "hospital": cost.hospital.expected,
    }


def _without_waiting(cost: OptionCost) -> dict[Purse, Decimal | None]:
    found = _expected(cost)
    for one in cost.components:
        amount = found[one.purse]
        if amount is not None and one.group in ("hospital_days", "payment"):
            found[one.purse] = amount - one.expected
    return found


def _of(cost: dict[Purse, Decimal | None], purse: AnyPurse) -> Decimal | None:
    if purse != "all":
        return cost[purse]
    total = ZERO
    for amount in cost.values():
        if amount is None:
            return None
        total += amount
    return total


def _break_even(
    best: RankedOption,
    other: RankedOption,
    purse: AnyPurse,
    mine: Sequence[Decimal | None],
    now: Decimal | None,
) -> BreakEven:
    day, days, words = None, None, f"{_WHO[purse]}, "
    wait, instead = f"waiting for {_name(best)}", _name(other)
    if other.id != "stay" and other.fit.status == "not_met":
        instead += " (which does not fit what is charted)"
    known = [amount for amount in mine if amount is not None]
    if now is None or len(known) < len(mine):
        words += f"it can't be told from which day {wait} costs more than {instead}: not all of it is priced."
    else:
        day = next((count for count, amount in enumerate(known) if amount > now), None)
        if day is None:
            words += f"{wait} up to {LAST_DAY} days does not cost more than {instead}."
        elif day == 0:
            days = Decimal("0.0")
            words += f"{_name(best)} costs more than {instead} even without waiting."
        else:
            days = _crossing(known, now, day)
            words += (
                f"{wait} costs more than {instead} from day {day} of waiting (both cost the same at {days})."
            )
    return BreakEven(wait_for=best.id, instead=other.id, purse=purse, day=day, days=days, sentence=words)


def _crossing(amounts: Sequence[Decimal], now: Decimal, day: int) -> Decimal:
    """Where the line between the day before and ``day`` crosses ``now``, to a tenth of a day."""
    before, after = amounts[day - 1], amounts[day]
    return (day - 1 + (now - before) / (after - before)).quantize(_TENTH)


def _name(option: RankedOption) -> str:
    if option.id == "stay":
        return "staying for the whole treatment"
    return option.title[:1].lower() + option.title[1:]


# Words -----------------------------------------------------------------------------------------------------------


def _sentence(days: _Waited, best: RankedOption | None, compared: Sequence[BreakEven]) -> str:
    value = days.avoidable()
    said = [
        f"One more day costs the hospital {_about(value['hospital'])}, the payer {_plain(value['payer'])} "
        f"and the patient {_plain(value['patient'])}."
    ]
    if best is None:
        said.append("No place is known to fit yet, so there is no wait to compare.")
    elif best.waiting_days.expected == 0:
        said.append(f"{best.title} can usually start without a wait.")
    elif not compared:
        said.append(f"No other place that fits is usually ready as soon as {_name(best)}.")
    else:
        said += [one.sentence for one in compared if one.purse == "all"][:2]
    return " ".join([*said, NO_ADVICE])


def _about(value: Range) -> str:
    if value.low is None or value.expected is None or value.high is None:
        return "an amount that isn't known"
    return (
        f"about ${value.expected:,.0f} (at least ${value.low:,.0f}; ${value.high:,.0f} at its average cost)"
    )


def _plain(value: Range) -> str:
    if value.expected is None:
        return "an amount that isn't known"
    if value.expected < 0:
        return f"${-value.expected:,.0f} less"
    return "nothing more" if value.expected == 0 else f"${value.expected:,.0f}"
