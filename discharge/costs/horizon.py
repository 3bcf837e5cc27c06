"""Prices a destination over a horizon that is the same for all, for payer, patient and hospital.

Where coverage isn't settled, the range runs from covered to not covered and the expected amount is priced as
covered; the assumption says so. What no source prices is named in ``not_priced``.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Literal, cast

from discharge.costs import allowed as services
from discharge.costs.allowed import Allowed, PriceInputs
from discharge.costs.amounts import ZERO, Range, cents
from discharge.costs.catalog import option_table
from discharge.costs.ledger import NOTHING, PURSES, Ledger, OptionCost, Three, same
from discharge.costs.rates import planning_rate
from discharge.costs.sharing import after_sequester, inpatient_share, part_b_share, snf_share
from discharge.costs.stay import day_cost
from discharge.costs.terms import NO_BENEFIT, Benefit, Terms

_NAMES = {
    "snf": "skilled nursing facility",
    "irf": "rehabilitation stay",
    "home_health": "home health",
    "home_infusion": "home infusion",
    "infusion_suite": "infusion visits",
    "outpatient": "outpatient visits",
    "home": "follow-up visit",
    "stay": "further hospital days",
}
_COMMUNITY_SERVICES = ("home_health", "home_infusion", "infusion_suite")
_BENEFIT = {"home": "outpatient"}
NOT_PRICED_YET = "not priced: this version has no prices for this kind of place"
_COPAY_DAYS = 5
_TRANSFERRED = {"snf", "irf", "home_health"}


@lru_cache(maxsize=65536)
def price(inputs: PriceInputs) -> OptionCost:
    """Return the cost of one destination; the same object for equal inputs."""
    ledger = Ledger()
    if inputs.option == "stay":
        _further_days(ledger, inputs)
    elif not option_table().options[inputs.option].priced:
        for purse in PURSES:
            ledger.lose(purse, NOT_PRICED_YET)
    else:
        _service(ledger, inputs, inputs.option, inputs.coverage)
        if inputs.option in _COMMUNITY_SERVICES:
            _service(ledger, inputs, "home", "met" if inputs.terms else "unknown")
        _home_care(ledger, inputs)
        _waiting(ledger, inputs)
        _transfer(ledger, inputs)
    return _closed(ledger, inputs)


def _service(ledger: Ledger, inputs: PriceInputs, option: str, coverage: str) -> None:
    """Add what ``option``'s own service costs payer and patient."""
    found = _allowed(ledger, inputs, option)
    name = _NAMES[option]
    if found is None:
        ledger.lose("payer", f"{name}: no rate is known for this day")
        ledger.lose("patient", f"{name}: no rate is known for this day")
        return
    private = _private(ledger, inputs, option, found)
    if inputs.terms is None:
        ledger.lose("payer", f"{name}: the payer is not known")
        ledger.lose("patient", f"{name}: the payer is not known")
        return
    if inputs.terms.payer_class == "self_pay" or coverage == "not_met":
        ledger.add("patient", f"{name}, not covered", private, found.text)
        return
    share = _patient_share(ledger, inputs, option, found)
    if share is None:
        ledger.lose("patient", f"{name}: the member's share is not in the payer profile")
        ledger.add("payer", name, _unsettled(found.amount, coverage), found.text)
        return
    paid = found.amount.minus(share)
    ledger.add("payer", name, _unsettled(paid, coverage), found.text)
    patient = Three(min(share), share.expected, max(*share, *private)) if coverage == "unknown" else share
    ledger.add("patient", f"{name}, the patient's share", patient, found.text)
    if coverage == "unknown":
        ledger.assume(
            f"coverage of {name} is not settled: expected amounts as covered, range up to not covered"
        )


def _unsettled(paid: Three, coverage: str) -> Three:
    return Three(ZERO, paid.expected, max(paid)) if coverage == "unknown" else paid


def _allowed(ledger: Ledger, inputs: PriceInputs, option: str) -> Allowed | None:
    if option == "snf":
        return services.snf(ledger, inputs)
    if option == "irf":
        return services.irf(ledger, inputs)
    if option == "home_health":
        return services.home_health(ledger, inputs)
    if option == "home_infusion":
        return services.home_infusion(ledger, inputs)
    if option == "infusion_suite":
        return services.infusion_suite(ledger, inputs)
    return services.clinic(ledger, inputs, "clinic_visits" if option == "outpatient" else "office_visits")


def _private(ledger: Ledger, inputs: PriceInputs, option: str, found: Allowed) -> Three:
    """What the patient pays where nobody covers it; the allowed amount stands in where there is no private price."""
    if option == "snf":
        return services.private_stay(ledger, inputs, found.quantity) or found.amount
    if option == "home_health":
        return services.private_nursing(ledger, inputs, found.quantity) or found.amount
    return found.amount


def _patient_share(ledger: Ledger, inputs: PriceInputs, option: str, found: Allowed) -> Three | None:
    terms = cast(Terms, inputs.terms)
    if terms.payer_class == "dual":
        ledger.assume("Medicaid pays Medicare's cost sharing")
        return NOTHING
    if terms.payer_class == "medicare_ffs":
        return _medicare_share(ledger, inputs, option, found)
    return _member_share(ledger, terms.benefits.get(_BENEFIT.get(option, option), NO_BENEFIT), found)


def _medicare_share(ledger: Ledger, inputs: PriceInputs, option: str, found: Allowed) -> Three | None:
    if option == "home_health":
        return NOTHING
    if option == "snf":
        ledger.assume("no SNF day used yet in this benefit period")
        ledger.used(planning_rate("part_a.deductible", inputs.day))
        shares = [snf_share(inputs.day, days, look_up=planning_rate) for days in found.quantity]
        return None if None in shares else Three(*(share[0] for share in shares if share))
    if option == "irf":
        ledger.assume("the rehabilitation stay falls in the hospital stay's benefit period, within 60 days")
        return NOTHING
    ledger.assume("the Part B deductible was met during the stay; the high amount has it still due")
    ledger.used(planning_rate("part_b.deductible", inputs.day))
    met = [part_b_share(inputs.day, amount, deductible_left=ZERO) for amount in found.amount]
    due = part_b_share(inputs.day, found.amount.high, look_up=planning_rate)
    if due is None or met[0] is None or met[1] is None:
        return None
    return Three(met[0], met[1], due)


def _member_share(ledger: Ledger, benefit: Benefit, found: Allowed) -> Three | None:
    """Copays and coinsurance of the plan; None where the profile says nothing about them."""
    if benefit.placeholder:
        ledger.note(["the plan's member cost"])
    days = found.quantity
    if benefit.copay_stay is not None:
        return same(benefit.copay_stay)
    if benefit.copay_day is not None and found.is_per_day:
        return Three(*(cents(benefit.copay_day * _copay_days(benefit, n)) for n in days))
    if benefit.copay_visit is not None:
        return Three(*(cents(benefit.copay_visit * n) for n in days))
    if benefit.copay_day is not None:
        return Three(*(cents(benefit.copay_day * n) for n in days))
    if benefit.coinsurance is not None:
        return found.amount.times(benefit.coinsurance)
    return None


def _copay_days(benefit: Benefit, days: int) -> int:
    last = days if benefit.copay_through_day is None else min(days, benefit.copay_through_day)
    return max(0, last - benefit.copay_from_day + 1)


def _home_care(ledger: Ledger, inputs: PriceInputs) -> None:
    if inputs.option in ("snf", "irf") or not inputs.needs & {"custodial_care", "caregiver_support"}:
        return
    found = services.home_care(ledger, inputs)
    if found is None:
        ledger.leave_out("help at home")
        return
    ledger.add("patient", "help at home, paid privately", found.amount, found.text)
    ledger.assume("the low amount has the family giving all the help at home")


def _further_days(ledger: Ledger, inputs: PriceInputs) -> None:
    """Stay on: as long as IV treatment is planned to last, or one more day."""
    days = services.Days(1, 1, 1)
    if inputs.needs_iv and inputs.iv_days is not None:
        count = max(1, min(inputs.iv_days, inputs.horizon_days))
        days = services.Days(count, count, count)
    else:
        ledger.assume("one further day; what follows it is not priced")
    count = days.expected
    cost = day_cost(inputs.day).marginal
    _hospital_days(ledger, cost, (count, count, count), _NAMES["stay"])
    terms, text = inputs.terms, days.text("d")
    if terms is None:
        ledger.lose("payer", "further hospital days: the payer is not known")
        ledger.lose("patient", "further hospital days: the payer is not known")
        return
    if terms.basis == "ms_drg":
        ledger.add("payer", "further hospital days under an MS-DRG", NOTHING, text)
    elif terms.basis == "per_diem" and terms.per_diem is not None:
        ledger.add("payer", _NAMES["stay"], same(cents(terms.per_diem * count)), text)
    elif terms.payer_class == "self_pay":
        ledger.add("payer", _NAMES["stay"], NOTHING, text)
    else:
        ledger.lose("payer", "further hospital days: the contract's rate is not known")
    _patient_days(ledger, inputs, terms, count)


def _patient_days(ledger: Ledger, inputs: PriceInputs, terms: Terms, count: int) -> None:
    if terms.payer_class == "dual":
        share: Decimal | None = ZERO
    elif terms.payer_class == "medicare_ffs":
        share = _medicare_days(ledger, inputs, count)
    else:
        share = _plan_days(ledger, inputs, terms, count)
    if share is None:
        ledger.lose("patient", "further hospital days: the patient's share is not known")
    else:
        ledger.add("patient", f"{_NAMES['stay']}, the patient's share", same(share), f"{count} d")


def _medicare_days(ledger: Ledger, inputs: PriceInputs, count: int) -> Decimal | None:
    if inputs.used_days is None:
        return None
    ledger.used(planning_rate("part_a.deductible", inputs.day))
    ledger.assume("the stay opened its benefit period and its deductible is due already")
    return inpatient_share(
        inputs.day, count, used_days=inputs.used_days, deductible_met=True, look_up=planning_rate
    )


def _plan_days(ledger: Ledger, inputs: PriceInputs, terms: Terms, count: int) -> Decimal | None:
    """A plan's share for further days: none where it takes one amount a stay, a copay on days 1 to 5, or a share."""
    if _plan_amount(ledger, inputs, terms, "hospital_stay_usd") is not None:
        return ZERO
    early = _plan_amount(ledger, inputs, terms, "hospital_day_1_5_usd")
    if early is not None and inputs.used_days is not None:
        return early * max(0, min(_COPAY_DAYS, inputs.used_days + count) - inputs.used_days)
    share = _plan_amount(ledger, inputs, terms, "coinsurance")
    if share is not None and terms.basis == "per_diem" and terms.per_diem is not None:
        return cents(terms.per_diem * count * share)
    return None


def _plan_amount(ledger: Ledger, inputs: PriceInputs, terms: Terms, name: str) -> Decimal | None:
    dated = terms.cost_sharing.get(name)
    found = dated.on(inputs.day) if dated is not None else None
    if found is None or not isinstance(found.value, (int, Decimal)):
        return None
    if found.placeholder:
        ledger.note([f"the plan's {name}"])
    return Decimal(found.value)


def _waiting(ledger: Ledger, inputs: PriceInputs) -> None:
    if inputs.in_house and inputs.waiting_days[2] > 0:
        ledger.note(["waiting days (judged)"])
        _hospital_days(ledger, day_cost(inputs.day).marginal, inputs.waiting_days, "waiting for the place")


def _hospital_days(ledger: Ledger, cost: Range, days: tuple[int, int, int], name: str) -> None:
    if cost.low is None or cost.expected is None or cost.high is None:
        ledger.lose("hospital", f"{name}: the cost of a day is not known")
        return
    amount = Three(cents(cost.low * days[0]), cents(cost.expected * days[1]), cents(cost.high * days[2]))
    ledger.add("hospital", f"{name}, marginal cost", amount, services.Days(*days).text("d"))
    ledger.note(["marginal cost of a hospital day (15% to 40% of the average, carried forward)"])


def _transfer(ledger: Ledger, inputs: PriceInputs) -> None:
    if not inputs.in_house or inputs.option not in _TRANSFERRED:
        return
    loss: Decimal | None = inputs.transfer_loss
    if loss is None:
        ledger.leave_out("effect of the transfer policy on the stay's payment")
    elif loss > 0:
        ledger.add("hospital", "payment lost to the transfer policy", same(loss))
        ledger.add("payer", "payment saved by the transfer policy", same(-loss))
        ledger.assume("leaving now counts as an early transfer; no discharge is delayed for payment")


def _closed(ledger: Ledger, inputs: PriceInputs) -> OptionCost:
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
        horizon_days=inputs.horizon_days,
        rates_since=inputs.day,
        coverage=cast(Literal["met", "not_met", "unknown"], inputs.coverage),
        components=ledger.components,
        assumptions=ledger.assumptions,
        placeholders=sorted(ledger.placeholders),
        not_priced=ledger.not_priced,
        total_expected_usd=ledger.total_expected(),
    )
