"""Days lost: avoidable days with their price, and what waiting for payers after clinical readiness cost.

A day counts once, however many things were waited for. What can't be told stays None and is counted as untold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, Literal, TypeAlias

from pydantic import Field

from discharge.casework.state.model import CaseState
from discharge.casework.work.answers import STAY_SERVICES, answer, answer_clock, withdrawn
from discharge.casework.work.appeals import appeal_clocks
from discharge.casework.work.clocks import payer_class_of
from discharge.casework.work.found import Reach, common, hours, ready_spans, union, without, zone_of
from discharge.costs.amounts import Range, Usd, cents
from discharge.payers import PayerProfile
from discharge.reference import load_yaml
from discharge.review.model import Review
from discharge.stayview import Result

Purse: TypeAlias = Literal["payer", "patient", "hospital"]
PURSES: tuple[Purse, ...] = ("payer", "patient", "hospital")
Case: TypeAlias = tuple[CaseState, Review | None, PayerProfile | None]
_HUNDREDTH = Decimal("0.01")
_STAY = frozenset({*STAY_SERVICES, "unknown"})


class Reason(Result):
    """A reason of ``reference/avoidable_days.yaml``: whose it is, and who can usually change it."""

    reason: str
    title: str
    area: str | None
    owner: str | None


class AvoidableDayPriced(Result):
    """One record of days lost. ``usd`` is low, expected and high for each purse; None where it can't be told."""

    record_id: str
    day: date
    days: Decimal
    reason: str
    title: str
    area: str | None
    owner: str | None
    usd: dict[Purse, Range]
    total_usd: Usd | None = Field(
        description="expected, of all three purses; None where one of them isn't known"
    )


class AvoidableDays(Result):
    """All days lost of a case. Sums are None where a part of them isn't known."""

    records: list[AvoidableDayPriced]
    days: Decimal
    by_area: dict[str, Decimal]
    usd: dict[Purse, Usd | None]
    total_usd: Usd | None
    price_basis: str
    exposure_usd: Usd | None = Field(description="what a denial of the days beyond the usual ones would take")
    exposure_basis: str | None


class DelaySpan(Result):
    """Time waited for a payer, with what was waited for. Spans of one case do not overlap."""

    start: datetime
    end: datetime
    because: list[str]


class PayerDelay(Result):
    """What one case waited for one payer after readiness; ``days`` None where readiness isn't on record.

    ``overdue_hours`` is the part after the payer's own deadline had passed.
    """

    case_id: str
    payer_profile: str | None
    hours: float | None
    overdue_hours: float | None
    days: Decimal | None
    usd: dict[Purse, Usd | None]
    total_usd: Usd | None
    spans: list[DelaySpan]


class PayerDelays(Result):
    """All cases of one payer together. Sums are of the cases that can be told; the others are counted beside them."""

    payer_profile: str | None
    cases: int = Field(description="with a request to the payer, or time attributed to it")
    waiting_cases: int
    unknown_cases: int = Field(description="readiness is not on record, so no day is counted")
    unpriced_cases: int = Field(description="waited, and one purse's price of a day isn't known")
    hours: float
    overdue_hours: float
    days: Decimal
    usd: dict[Purse, Usd]
    total_usd: Usd


# --- avoidable days ---------------------------------------------------------------------------------------------


@cache
def reasons() -> Mapping[str, Reason]:
    """Return the reasons of avoidable days by id; ``clinical`` is there too, and is none."""
    table: Any = load_yaml("avoidable_days.yaml")
    found = {"clinical": Reason(reason="clinical", title=table["clinical"]["title"], area=None, owner=None)}
    for area, row in table["areas"].items():
        for reason, said in row["reasons"].items():
            found[reason] = Reason(reason=reason, title=said["title"], area=area, owner=row["owner"])
    return found


def priced(state: CaseState, review: Review | None) -> AvoidableDays:
    """Return the avoidable days of a case with reason, owner and price, the first day first."""
    prices, basis = _prices(state, review)
    records = []
    for record_id, one in sorted(state.avoidable_days.items(), key=lambda item: (item[1].day, item[0])):
        if one.reason == "clinical":
            continue
        known = reasons().get(one.reason)
        usd = {purse: _times(prices[purse], one.days) for purse in PURSES}
        records.append(
            AvoidableDayPriced(
                record_id=record_id,
                day=one.day,
                days=one.days,
                reason=one.reason,
                title=known.title if known is not None else one.reason,
                area=known.area if known is not None else None,
                owner=one.owner or (known.owner if known is not None else None),
                usd=usd,
                total_usd=_sum([usd[purse].expected for purse in PURSES]),
            )
        )
    by_area: dict[str, Decimal] = {}
    for row in records:
        by_area[row.area or "other"] = by_area.get(row.area or "other", Decimal(0)) + row.days
    beyond = review.money.exposures.get("days_beyond") if review is not None else None
    return AvoidableDays(
        records=records,
        days=sum((row.days for row in records), Decimal(0)),
        by_area=by_area,
        usd={purse: _sum([row.usd[purse].expected for row in records]) for purse in PURSES},
        total_usd=_sum([row.total_usd for row in records]),
        price_basis=basis,
        exposure_usd=beyond.amount_usd if beyond is not None else None,
        exposure_basis=beyond.basis if beyond is not None else None,
    )


def _prices(state: CaseState, review: Review | None) -> tuple[dict[Purse, Range], str]:
    """What one day is worth to each purse: by the review, else by the last one made while the patient was here."""
    if review is not None and review.waiting is not None:
        said = review.waiting.avoidable_day
        return {purse: said.get(purse, Range()) for purse in PURSES}, f"review of {review.as_of.isoformat()}"
    for seen in sorted(state.reviews, key=lambda one: one.as_of, reverse=True):
        if seen.found is not None and seen.found.avoidable_day_usd:
            known = seen.found.avoidable_day_usd
            prices = {purse: Range(expected=known.get(purse)) for purse in PURSES}
            return prices, f"review of {seen.as_of.isoformat()}"
    return {purse: Range() for purse in PURSES}, "no review on record prices a day of waiting"


def _times(price: Range, days: Decimal) -> Range:
    low, expected, high = (
        cents(amount * days) if amount is not None else None
        for amount in (price.low, price.expected, price.high)
    )
    return Range(low=low, expected=expected, high=high)


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    """The sum, None where an amount isn't known; nothing at all is zero."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal("0.00")) if len(known) == len(amounts) else None


# --- waiting for payers -----------------------------------------------------------------------------------------


def payer_delay(
    state: CaseState, review: Review | None, profile: PayerProfile | None, at: datetime
) -> list[PayerDelay]:
    """Return what a case waited for each payer after clinical readiness, up to ``at`` or discharge.

    Waited for are authorizations of what comes after the hospital while they are not answered, and decisions on
    appeals of those past their time; also every span that a person attributed to the payer. Time that a person
    attributed to somebody else is left out. Of two payers waited for at once the first asked has the time.
    """
    now = at.astimezone(zone_of(state, review))
    ready = ready_spans(state, review, now)
    others = union(_attributed(state, review, now, to_payer=False))
    own = review.payer.profile if review is not None else profile.id if profile is not None else None
    is_known = bool(ready) or _is_told(state, review)
    prices, _ = _prices(state, review)
    taken: list[Reach] = []
    found = []
    for payer, waits in _waits(state, review, profile, own, now).items():
        derived = {name: common(spans, ready) for name, spans in waits.derived.items()}
        overdue = common(waits.overdue, ready)
        counted = union([*without([one for spans in derived.values() for one in spans], others), *waits.said])
        counted = without(counted, taken)
        taken = union([*taken, *counted])
        if not is_known and not waits.said:
            found.append(_untold(state.case_id, payer))
            continue
        found.append(
            _delay(state.case_id, payer, counted, common(overdue, counted), derived, waits.said, prices)
        )
    return found


class _Waits:
    """What one payer was waited for, before readiness is asked about."""

    def __init__(self) -> None:
        self.derived: dict[str, list[Reach]] = {}
        self.overdue: list[Reach] = []
        self.said: list[Reach] = []


def _waits(
    state: CaseState,
    review: Review | None,
    profile: PayerProfile | None,
    own: str | None,
    now: datetime,
) -> dict[str | None, _Waits]:
    found: dict[str | None, _Waits] = {}
    payer_class = payer_class_of(review, profile)
    asked = [
        (key, one) for key, one in state.authorizations.items() if one.requested and one.service not in _STAY
    ]
    for key, one in sorted(asked, key=lambda item: item[1].requested.at if item[1].requested else now):
        assert one.requested is not None
        waits = found.setdefault(one.payer_profile or own, _Waits())
        said = answer(one) or withdrawn(one)
        end = min(said.made.at, now) if said is not None else now
        waits.derived[f"authorization of {one.service}"] = [Reach(one.requested.at, end)]
        clock = answer_clock(state, key, profile, payer_class, now)
        if clock is not None and clock.due_at is not None and clock.due_at < end:
            waits.overdue.append(Reach(clock.due_at, end))
    for clock in appeal_clocks(state, profile, payer_class, now):
        denial = state.denials.get(clock.subject_id or "")
        about = state.authorizations.get((denial.authorization_id if denial else clock.subject_id) or "")
        late = clock.side == "payer" and clock.status == "late" and clock.due_at is not None
        if late and clock.due_at is not None and about is not None and about.service not in _STAY:
            waits = found.setdefault(about.payer_profile or own, _Waits())
            reach = Reach(clock.due_at, min(clock.met_at or now, now))
            waits.derived.setdefault(clock.title, []).append(reach)
            waits.overdue.append(reach)
    spans = _attributed(state, review, now, to_payer=True)
    if spans:
        found.setdefault(own, _Waits()).said = union(spans)
    return found


def _attributed(state: CaseState, review: Review | None, now: datetime, *, to_payer: bool) -> list[Reach]:
    """Spans that people attributed, to the payer or to others; an open one reaches to discharge or to now."""
    gone = review.stay.discharged if review is not None else None
    last = min(now, gone) if gone is not None else now
    return [
        Reach(one.start, min(one.end or last, last))
        for one in state.delays.values()
        if (one.to == "payer") is to_payer and one.start < last
    ]


def _is_told(state: CaseState, review: Review | None) -> bool:
    """Whether reviews say, of some moment, if the patient was ready."""
    seen = [one.found.discharge_ready for one in state.reviews if one.found is not None]
    seen += [review.level_of_care.discharge_ready] if review is not None else []
    return any(status != "unknown" for status in seen)


def _untold(case_id: str, payer: str | None) -> PayerDelay:
    return PayerDelay(
        case_id=case_id,
        payer_profile=payer,
        hours=None,
        overdue_hours=None,
        days=None,
        usd=dict.fromkeys(PURSES),
        total_usd=None,
        spans=[],
    )


def _delay(
    case_id: str,
    payer: str | None,
    counted: list[Reach],
    overdue: list[Reach],
    derived: dict[str, list[Reach]],
    said: list[Reach],
    prices: dict[Purse, Range],
) -> PayerDelay:
    total = hours(counted)
    days = (Decimal(str(total)) / 24).quantize(_HUNDREDTH)
    usd = {purse: _times(prices[purse], days).expected if days else Decimal("0.00") for purse in PURSES}
    spans = [
        DelaySpan(
            start=one.start,
            end=one.end,
            because=[
                *(name for name, mine in derived.items() if common([one], mine)),
                *(["attributed by a person"] if common([one], said) else []),
            ],
        )
        for one in counted
    ]
    return PayerDelay(
        case_id=case_id,
        payer_profile=payer,
        hours=round(total, 2),
        overdue_hours=round(hours(overdue), 2),
        days=days,
        usd=usd,
        total_usd=_sum([usd[purse] for purse in PURSES]),
        spans=spans,
    )


def payer_delays(cases: Iterable[Case], at: datetime) -> list[PayerDelays]:
    """Return the payer-caused delay of many cases by payer, the most days first."""
    rows: dict[str | None, list[PayerDelay]] = {}
    for state, review, profile in cases:
        for one in payer_delay(state, review, profile, at):
            rows.setdefault(one.payer_profile, []).append(one)
    found = [_together(payer, mine) for payer, mine in rows.items()]
    return sorted(found, key=lambda one: (-one.days, one.payer_profile or ""))


def _together(payer: str | None, rows: list[PayerDelay]) -> PayerDelays:
    told = [one for one in rows if one.days is not None]
    waited = [one for one in told if one.hours]
    usd: dict[Purse, Decimal] = {
        purse: sum((amount for one in waited if (amount := one.usd[purse]) is not None), Decimal("0.00"))
        for purse in PURSES
    }
    return PayerDelays(
        payer_profile=payer,
        cases=len(rows),
        waiting_cases=len(waited),
        unknown_cases=len(rows) - len(told),
        unpriced_cases=sum(one.total_usd is None for one in waited),
        hours=round(sum(one.hours or 0.0 for one in waited), 2),
        overdue_hours=round(sum(one.overdue_hours or 0.0 for one in waited), 2),
        days=sum((one.days for one in waited if one.days is not None), Decimal(0)),
        usd=usd,
        total_usd=sum(usd.values(), Decimal("0.00")),
    )
