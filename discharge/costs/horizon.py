"""Prices a destination over a horizon that is the same for all, for payer, patient and hospital.

Where coverage isn't settled, the range runs from covered to not covered and the expected amount is priced as
covered; the assumption says so. What no source prices is named in ``not_priced``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple, cast

from discharge.costs.amounts import ZERO, Range, cents
from discharge.costs.catalog import option_table
from discharge.costs.early import HOME_HEALTH_STARTS
from discharge.costs.further import DAY_RATES, FurtherDays, further
from discharge.costs.ledger import NOTHING, Ledger, OptionCost, Purse, Three, same
from discharge.costs.member import Standing
from discharge.costs.rates import period_start
from discharge.costs.services import NO_PUBLIC_PRICE, Case, PriceInputs, bundles_of
from discharge.costs.services.case import Days
from discharge.costs.settle import Settler
from discharge.costs.sharing import after_sequester

__all__ = ["NOT_PRICED_YET", "WAITING", "PriceInputs", "price"]

NOT_PRICED_YET = NO_PUBLIC_PRICE
WAITING = "waiting for the place, marginal cost"
TRANSFERS = {
    "snf": "snf",
    "irf": "irf",
    "ltch": "ltch",
    "home_health": "home_health",
    "hospice_home": "hospice",
    "hospice_inpatient": "hospice",
}
"""Options that are a post-acute transfer (42 CFR 412.4(c)), and the disposition that each is."""

BY_USED_DAYS = ("stay", "irf", "ltch")
"""Options whose own price depends on the days of this stay so far."""

_STAY = "further hospital days"


@lru_cache(maxsize=16384)
def price(inputs: PriceInputs) -> OptionCost:
    """Return the cost of one destination; the same object for equal inputs."""
    used_days = inputs.used_days if inputs.option in BY_USED_DAYS else None
    kept = _services(
        replace(inputs, waiting_days=(0, 0, 0), transfer_loss=ZERO, readmission=None, used_days=used_days)
    )
    case = Case(inputs, kept.title, kept.ledger.copy())
    settler = Settler(case, kept.standing)
    if inputs.option != "stay":
        _waiting(case)
        _transfer(case)
    _readmission(case, settler)
    _change_of_rates(case)
    return _closed(case.ledger, inputs, kept.average)


class _Kept(NamedTuple):
    """The services of a destination, settled: what prices that differ only in wait or risk have in common."""

    title: str
    ledger: Ledger
    standing: Standing | None
    average: Decimal | None


@lru_cache(maxsize=8192)
def _services(inputs: PriceInputs) -> _Kept:
    case = Case(inputs, option_table().options[inputs.option].title)
    average, settler = None, Settler(case)
    if inputs.option == "stay":
        average = _further_days(case)
    else:
        for bundle in bundles_of(case):
            settler.settle(bundle)
    return _Kept(case.title, case.ledger, settler.standing, average)


def _further_days(case: Case) -> Decimal | None:
    """Stay on: as long as IV treatment is planned to last, or one more day. Return the average cost of the days."""
    inputs, ledger = case.inputs, case.ledger
    count = _days_on(inputs)
    if not (inputs.needs_iv and inputs.iv_days is not None):
        ledger.assume("one further day; what follows it is not priced")
    found = further(inputs.terms, inputs.day, inputs.used_days, count, inputs.spent)
    text = f"{count} d"
    if found.hospital is None:
        ledger.lose("hospital", f"{_STAY}: the cost of a day is not known")
    else:
        _add_days(ledger, f"{_STAY}, marginal cost", found.hospital, text)
    if found.average is not None:
        ledger.assume(f"at the average cost of a day the days would cost the hospital ${found.average:,.2f}")
    _payer_days(ledger, found, text)
    if found.patient is None:
        reason = found.payer_reason if inputs.terms is None else "the patient's share is not known"
        ledger.lose("patient", f"{_STAY}: {reason}")
    elif inputs.terms is not None:
        names = _share_names(case)
        name = f"{_STAY}, the patient's share"
        ledger.add("patient", name, found.patient, text, group="hospital_days", rates=names)
    ledger.assume(*found.assumptions)
    ledger.note(found.placeholders)
    return found.average


def _days_on(inputs: PriceInputs) -> int:
    if inputs.needs_iv and inputs.iv_days is not None:
        return max(1, min(inputs.iv_days, inputs.horizon_days))
    return 1


def _payer_days(ledger: Ledger, found: FurtherDays, text: str) -> None:
    if found.payer is None:
        ledger.lose("payer", f"{_STAY}: {found.payer_reason}")
    else:
        ledger.add("payer", found.payer_text or _STAY, found.payer, text, group="hospital_days")


def _share_names(case: Case) -> list[str]:
    terms = case.inputs.terms
    if terms is None or not terms.is_medicare:
        return []
    names = ["part_a.deductible", "part_a.coinsurance_share_61_90", "part_a.coinsurance_share_reserve"]
    case.ledger.used(*(case.look_up(name, case.inputs.day) for name in names))
    return names


def _add_days(ledger: Ledger, name: str, amount: Three, text: str) -> None:
    ledger.add("hospital", name, amount, text, group="hospital_days", rates=DAY_RATES)


def _waiting(case: Case) -> None:
    """Days in the hospital until the place can start: their marginal cost, and what the contract pays for them."""
    inputs, ledger = case.inputs, case.ledger
    days = inputs.waiting_days
    if not inputs.in_house or days[2] <= 0:
        return
    ledger.note(["waiting days (judged)"])
    text = Days(*days).text("d")
    found = [further(inputs.terms, inputs.day, inputs.used_days, count, inputs.spent) for count in days]
    hospital = _each([one.hospital for one in found])
    if hospital is None:
        ledger.lose("hospital", "waiting for the place: the cost of a day is not known")
    else:
        _add_days(ledger, WAITING, hospital, text)
    ledger.note(found[1].placeholders)
    for purse, amounts in (
        ("payer", [one.payer for one in found]),
        ("patient", [one.patient for one in found]),
    ):
        amount = _each(amounts)
        if amount is not None and any(amount):
            whose: Purse = "payer" if purse == "payer" else "patient"
            ledger.add(
                whose, f"waiting for the place, the {purse}'s part", amount, text, group="hospital_days"
            )
            ledger.assume(*found[1].assumptions)


def _each(amounts: Sequence[Three | None]) -> Three | None:
    """Return the low of the first, the expected of the second and the high of the third."""
    low, expected, high = amounts
    if low is None or expected is None or high is None:
        return None
    return Three(low.low, expected.expected, high.high)


def _transfer(case: Case) -> None:
    inputs, ledger = case.inputs, case.ledger
    if not inputs.in_house or inputs.option not in TRANSFERS:
        return
    loss = inputs.transfer_loss
    if loss is None:
        ledger.leave_out("effect of the transfer policy on the stay's payment")
    elif loss > 0:
        names = ("ipps.operating", "ipps.capital")
        ledger.add(
            "hospital", "payment lost to the transfer policy", same(loss), group="payment", rates=names
        )
        ledger.add("payer", "payment saved by the transfer policy", same(-loss), group="payment", rates=names)
        ledger.assume("leaving now counts as an early transfer; no discharge is delayed for payment")
        if inputs.option == "home_health":
            ledger.assume(HOME_HEALTH_STARTS)


def _readmission(case: Case, settler: Settler) -> None:
    """What coming back within the horizon is expected to cost: its chance times what a readmission costs.

    The payer bears it where it pays anew for each stay; the patient's part is the plan's amount for a stay. What the
    hospital earns or loses by it isn't reckoned.
    """
    inputs, ledger = case.inputs, case.ledger
    if inputs.readmission is None:
        ledger.leave_out("expected readmission: no score tells the risk")
        return
    costs = [
        case.value(name) for name in ("readmission.cost_low", "readmission.cost", "readmission.cost_high")
    ]
    rates = case.take()
    low, expected, high = costs
    if low is None or expected is None or high is None:
        ledger.leave_out("expected readmission: its cost is not known")
        return
    out = inputs.horizon_days - (_days_on(inputs) if inputs.option == "stay" else 0)
    share = Decimal(max(0, out)) / inputs.horizon_days
    chance = Three(*inputs.readmission)
    amount = Three(*(cents(p * cost * share) for p, cost in zip(chance, (low, expected, high), strict=True)))
    text = f"{chance.expected * 100:.1f}% within 30 days x ${expected:,.0f}"
    if inputs.option == "stay":
        text += f" x {out} of {inputs.horizon_days} d"
    _readmission_paid(case, settler, amount, chance.times_exact(share), text, rates)


def _readmission_paid(
    case: Case, settler: Settler, amount: Three, chance: Three, text: str, rates: tuple[str, ...]
) -> None:
    inputs, ledger, terms = case.inputs, case.ledger, case.inputs.terms
    name = "expected readmission"
    if terms is None:
        ledger.leave_out(f"{name}: the payer is not known")
        return
    if terms.payer_class == "self_pay":
        ledger.add("patient", f"{name}, not covered", amount, text, group="readmission", rates=rates)
        return
    factor = terms.multiplier if terms.basis == "ms_drg" else Decimal(1)
    whole = amount.times(factor)
    own = terms.sharing("hospital_stay_usd", inputs.day)
    mine = NOTHING
    if terms.is_medicare:
        ledger.assume("a readmission within 60 days falls in the same benefit period: no new deductible")
    elif own is not None and own.value is not None:
        own_share = Three(*(min(cents(own.value * p), part) for p, part in zip(chance, whole, strict=True)))
        mine = settler.within_maximum(own_share)
    else:
        ledger.leave_out(f"the patient's share of an {name}")
    times = f" times the contract's {factor.normalize():f}" if factor != 1 else ""
    ledger.assume(
        f"the payer pays a readmission anew, at about its cost to the hospital{times}; no penalty is counted"
    )
    ledger.add("payer", name, whole.minus(mine), text, group="readmission", rates=rates)
    if mine != NOTHING:
        ledger.add("patient", f"{name}, the patient's share", mine, text, group="readmission", rates=rates)


def _change_of_rates(case: Case) -> None:
    """Say what is priced at whose rates where they change within the horizon."""
    inputs = case.inputs
    start_of = period_start if inputs.terms is None else inputs.terms.period_start
    changed = start_of(inputs.day + timedelta(days=inputs.horizon_days - 1))
    if changed > inputs.day:
        case.ledger.assume(
            f"rates change on {changed.isoformat()}: each day in a nursing facility, in hospice or in the hospital "
            "has the rate of its own date, counted from the day of the review; all else has the rate of that day"
        )


def _closed(ledger: Ledger, inputs: PriceInputs, average: Decimal | None) -> OptionCost:
    payer = ledger.range("payer")
    cut = None
    if inputs.terms is not None and inputs.terms.payer_class == "medicare_ffs" and payer.expected is not None:
        amounts = [
            after_sequester(inputs.day, amount or ZERO) for amount in (payer.low, payer.expected, payer.high)
        ]
        cut = Range(low=amounts[0], expected=amounts[1], high=amounts[2])
    return OptionCost(
        payer=payer,
        payer_after_sequester=cut,
        patient=ledger.range("patient"),
        hospital=ledger.range("hospital"),
        hospital_at_average_usd=average,
        horizon_days=inputs.horizon_days,
        rates_since=inputs.day,
        coverage=cast(Literal["met", "not_met", "unknown"], inputs.coverage),
        components=ledger.components,
        assumptions=ledger.assumptions,
        placeholders=sorted(ledger.placeholders),
        not_priced=ledger.not_priced,
        total_expected_usd=ledger.total_expected(),
        rates=list(dict.fromkeys(name for one in ledger.components for name in one.rates)),
    )
