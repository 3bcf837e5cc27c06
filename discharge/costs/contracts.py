"""What a contract pays for an inpatient stay, by its basis; what isn't known is said, never guessed to a point."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from discharge.costs.amounts import ONE, ZERO, Range, Usd, cents
from discharge.costs.early import early_transfer
from discharge.costs.inpatient import (
    CostToCharge,
    Hospital,
    IppsPayment,
    ipps_payment,
    is_burn_group,
    outlier_payment,
)
from discharge.costs.rates import Rate, planning_table
from discharge.costs.terms import Terms
from discharge.drg import Drg
from discharge.payers.contract import InpatientContract
from discharge.stayview import Result

NO_CHARGES = "charges are not in the chart"


class MoneyComponent(Result):
    """One part of an amount."""

    name: str
    amount_usd: Usd
    note: str | None = None


class Transfer(Result):
    """How an early transfer to post-acute or acute care changes the payment (42 CFR 412.4)."""

    fraction: Decimal
    full_usd: Usd
    paid_usd: Usd


@dataclass(frozen=True)
class Stay:
    """What the payment of a stay depends on. ``icu_days`` and ``charges`` None: not known.

    ``disposition`` is set once the patient has left; until then ``is_open``. ``status`` is the patient discharge
    status code where one is charted: it says more than the place. ``home_health_days``: after how many days home
    health starts, None: not known.
    """

    drg: Drg
    day: date
    los_days: int | None
    disposition: str | None = None
    icu_days: int | None = None
    charges: Decimal | None = None
    status: str | None = None
    home_health_days: int | None = None

    @property
    def is_open(self) -> bool:
        return self.drg.status == "working"

    @property
    def mean_days(self) -> Decimal | None:
        """The days that the stay is expected to last: never fewer than it has lasted."""
        if self.los_days is None:
            return None
        so_far = Decimal(max(self.los_days, 1))
        if self.is_open and self.drg.gmlos_days is not None:
            return max(so_far, self.drg.gmlos_days)
        return so_far


class Payment(NamedTuple):
    """What payer and patient together pay; ``reason`` says why it can't be told."""

    amount: Range = Range()
    components: tuple[MoneyComponent, ...] = ()
    assumptions: tuple[str, ...] = ()
    placeholders: tuple[str, ...] = ()
    transfer: Transfer | None = None
    reason: str | None = None


def payment(stay: Stay, terms: Terms | None) -> Payment:
    """Return what the contract pays for a stay."""
    if terms is None:
        return Payment(reason="no payer profile matched, so the payer's terms are not known")
    if terms.basis == "self_pay":
        return Payment(reason="no payer; what is collected or written off as charity is not known")
    if terms.basis == "unknown":
        return Payment(reason="the payer profile states no basis of payment")
    if terms.basis == "fee_schedule":
        return Payment(
            reason="paid service by service by a fee schedule; the services billed are not in the chart"
        )
    if terms.basis == "percent_of_charges":
        found = _percent(stay, terms)
    elif terms.basis == "per_diem":
        found = _per_diem(stay, terms)
    elif terms.basis == "case_rate":
        found = _case_rate(stay, terms)
    else:
        found = _by_drg(stay, terms)
    if found.reason is not None or terms.inpatient is None:
        return found
    return _clauses(found, stay, terms.inpatient, terms)


# By MS-DRG ------------------------------------------------------------------------------------------------------


def _by_drg(stay: Stay, terms: Terms) -> Payment:
    drg = stay.drg
    if drg.weight is None or drg.gmlos_days is None:
        return Payment(reason=drg.unknown_because or "the MS-DRG has no weight")
    early = early_transfer(
        drg,
        stay.day,
        stay.los_days,
        stay.disposition,
        terms,
        status=stay.status,
        home_health_days=stay.home_health_days,
    )
    fraction = early.fraction
    own = terms.inpatient.base_rate_usd if terms.inpatient else None
    found = _base_rate(stay, terms, own, fraction) if own is not None else _medicare(stay, terms, fraction)
    if found.reason is not None:
        return found
    if early.is_open and found.transfer is not None:
        amount = Range(low=found.amount.low, expected=found.amount.expected, high=found.transfer.full_usd)
        found = found._replace(amount=amount)
    assumptions = [*found.assumptions, *drg.assumptions, *early.said]
    if stay.is_open:
        assumptions.append("working MS-DRG from the codes charted so far")
    placeholders = list(found.placeholders)
    if drg.is_placeholder:
        placeholders.append(f"weight and mean stay of {drg.weights_from}, not of the stay's own year")
    if terms.contract_placeholder:
        placeholders.append("the plan's base rate" if own is not None else "the plan's contract multiplier")
    return found._replace(assumptions=tuple(assumptions), placeholders=tuple(placeholders))


def _base_rate(stay: Stay, terms: Terms, base: Decimal, fraction: Decimal) -> Payment:
    weight = stay.drg.weight or ZERO
    whole = cents(base * weight * terms.multiplier)
    total = cents(whole * fraction)
    note = f"{base:,.2f} x weight {weight}" + (f" x {terms.multiplier}" if terms.multiplier != 1 else "")
    transfer = Transfer(fraction=fraction, full_usd=whole, paid_usd=total) if fraction < 1 else None
    return Payment(
        Range(low=total, expected=total, high=total),
        (MoneyComponent(name="contract base rate", amount_usd=total, note=note),),
        transfer=transfer,
    )


def _medicare(stay: Stay, terms: Terms, fraction: Decimal) -> Payment:
    """Medicare's own payment times the contract's multiplier."""
    weight = stay.drg.weight or ZERO
    hospital, assumptions, sources = hospital_of(terms, stay.day)
    whole = ipps_payment(stay.day, weight, hospital=hospital, look_up=terms.rate)
    paid = ipps_payment(stay.day, weight, hospital=hospital, fraction=fraction, look_up=terms.rate)
    if whole is None or paid is None:
        return Payment(reason="no inpatient rate is known for the day of discharge")
    added, more, used = _additions(stay, terms, paid, hospital, fraction)
    before = paid.total + sum((one.amount_usd for one in added), ZERO)
    total = cents(before * terms.multiplier)
    components = [
        MoneyComponent(name="operating", amount_usd=paid.operating),
        MoneyComponent(name="capital", amount_usd=paid.capital),
        *added,
    ]
    if terms.multiplier != 1:
        components.append(
            MoneyComponent(name="contract", amount_usd=total - before, note=f"x {terms.multiplier}")
        )
    transfer = None
    if fraction < 1:
        full = cents((whole.total + before - paid.total) * terms.multiplier)
        transfer = Transfer(fraction=fraction, full_usd=full, paid_usd=total)
    return Payment(
        Range(low=total, expected=total, high=total),
        tuple(components),
        (*assumptions, *more),
        _labels((*paid.rates, *sources, *used)),
        transfer,
    )


def hospital_of(terms: Terms, day: date) -> tuple[Hospital, tuple[str, ...], tuple[Rate, ...]]:
    """Return the hospital's factors as the profile gives them, what is assumed of the others, and those used."""
    index = terms.rate("hospital.wage_index", day)
    if index.value is None:
        index = terms.rate("planning.wage_index", day)
    names = ("ime_operating", "dsh_operating", "ime_capital", "dsh_capital")
    found = {name: terms.rate(f"hospital.{name}", day) for name in names}
    factors = {name: one.value or Decimal(0) for name, one in found.items()}
    hospital = Hospital(
        wage_index=index.value if index.value is not None else ONE,
        ime_operating=factors["ime_operating"],
        dsh_operating=factors["dsh_operating"],
        ime_capital=factors["ime_capital"],
        dsh_capital=factors["dsh_capital"],
    )
    said = [f"wage index {hospital.wage_index}"]
    if all(one.value is None for one in found.values()):
        said.append("no teaching or disproportionate-share addition")
    used = tuple(one for one in (index, *found.values()) if one.name in terms.planning)
    return hospital, (", ".join(said),), used


def _additions(
    stay: Stay, terms: Terms, paid: IppsPayment, hospital: Hospital, fraction: Decimal
) -> tuple[list[MoneyComponent], tuple[str, ...], tuple[Rate, ...]]:
    """Return uncompensated care and the cost outlier, as far as the profile and the chart let them be told."""
    care = terms.rate("hospital.uncompensated_care", stay.day)
    operating, capital = (terms.rate(f"hospital.ccr_{part}", stay.day) for part in ("operating", "capital"))
    components = []
    if care.value:
        components.append(MoneyComponent(name="uncompensated care", amount_usd=care.value))
    if stay.charges is None:
        return components, ("no outlier: the charges are not known",), (care,)
    if operating.value is None or capital.value is None:
        return components, ("no outlier: the hospital's cost-to-charge ratios are not known",), (care,)
    outlier = outlier_payment(
        stay.day,
        paid,
        stay.charges,
        CostToCharge(operating.value, capital.value),
        hospital=hospital,
        fraction=fraction,
        uncompensated_care=care.value or ZERO,
        is_burn=is_burn_group(stay.day, stay.drg.ms_drg or "", tables=planning_table),
        look_up=terms.rate,
    )
    if outlier is None:
        return components, ("no outlier: the year's threshold is not known",), (care,)
    if outlier.total > 0:
        note = f"charges {stay.charges:,.2f}"
        components.append(MoneyComponent(name="cost outlier", amount_usd=outlier.total, note=note))
    threshold = terms.rate("ipps.outlier_threshold", stay.day)
    return components, (), (care, operating, capital, threshold)


# By the day, the case, the charges ------------------------------------------------------------------------------


def days_payment(terms: Terms, used_days: int, days: Decimal | int) -> Decimal | None:
    """Return what the contract pays for ``days`` more ward days after ``used_days``; None where it isn't known.

    Nothing under an MS-DRG or case rate. Part of a day pays that part of the day's rate.
    """
    if terms.basis in ("ms_drg", "case_rate"):
        return ZERO
    contract = terms.inpatient
    if terms.basis != "per_diem" or contract is None:
        return None
    total, day, left = Decimal(0), used_days + 1, Decimal(days)
    while left > 0:
        rate = _day_rate(contract, day)
        if rate is None:
            return None
        total += rate * min(left, ONE)
        left, day = left - ONE, day + 1
    return cents(total)


def _day_rate(contract: InpatientContract, day: int) -> Decimal | None:
    for tier in contract.per_diem_tiers:
        last = tier.through_day if tier.through_day is not None else day
        if tier.level in (None, "ward") and tier.from_day <= day <= last:
            return tier.usd
    return contract.per_diem_usd


def _per_diem(stay: Stay, terms: Terms) -> Payment:
    contract, days, mean = terms.inpatient, stay.los_days, stay.mean_days
    if contract is None or days is None or mean is None:
        return Payment(reason="the per diem or the days of the stay are not known")
    days = max(days, 1)
    intensive = next((tier.usd for tier in contract.per_diem_tiers if tier.level == "icu"), None)
    assumptions = []
    in_icu = 0 if intensive is None else min(stay.icu_days or 0, days)
    if in_icu:
        assumptions.append("days in intensive care count as the first days of the stay")
    ward = days_payment(terms, in_icu, days - in_icu)
    later = days_payment(terms, days, mean - days)
    if ward is None or later is None:
        return Payment(reason=f"the contract has no rate for every one of the stay's {days} days")
    care = cents((intensive or ZERO) * in_icu)
    so_far, expected = ward + care, ward + care + later
    high = expected
    if intensive is not None and stay.icu_days is None:
        assumptions.append(
            "days in intensive care are not known: none expected, the high amount has all of them so"
        )
        high = max(expected, cents(intensive * mean))
    if mean > days:
        assumptions.append("the stay lasts the geometric mean of its working MS-DRG")
    components = [MoneyComponent(name="per diem", amount_usd=ward, note=f"{days - in_icu} d so far")]
    if in_icu:
        components.append(
            MoneyComponent(name="per diem, intensive care", amount_usd=care, note=f"{in_icu} d so far")
        )
    if later:
        components.append(MoneyComponent(name="per diem to come", amount_usd=later, note=f"{mean - days} d"))
    labels = ("the plan's per diem",) if terms.contract_placeholder else ()
    amount = Range(low=so_far, expected=expected, high=high)
    return Payment(amount, tuple(components), tuple(assumptions), labels)


def _case_rate(stay: Stay, terms: Terms) -> Payment:
    contract, group = terms.inpatient, stay.drg.ms_drg
    if contract is None:
        return Payment(reason="the payer profile states no case rate")
    rate, note = contract.case_rates_usd.get(group or ""), f"MS-DRG {group}"
    if rate is None:
        rate, note = contract.case_rate_usd, "any case"
        if contract.case_rates_usd and group is None:
            return Payment(
                reason=stay.drg.unknown_because or "the MS-DRG that picks the case rate is not known"
            )
    if rate is None:
        return Payment(reason=f"the contract has no case rate for MS-DRG {group}")
    by_group = bool(contract.case_rates_usd)
    assumptions = [*stay.drg.assumptions] if by_group else []
    if by_group and stay.is_open:
        assumptions.append("working MS-DRG from the codes charted so far")
    labels = ("the plan's case rate",) if terms.contract_placeholder else ()
    component = MoneyComponent(name="case rate", amount_usd=rate, note=note)
    return Payment(Range(low=rate, expected=rate, high=rate), (component,), tuple(assumptions), labels)


def _percent(stay: Stay, terms: Terms) -> Payment:
    labels = ("the plan's share of charges",) if terms.contract_placeholder else ()
    note = f"{(terms.multiplier * 100).normalize():f}% of charges"
    if stay.charges is None:
        return _estimated_percent(stay, terms, labels)
    so_far = cents(stay.charges * terms.multiplier)
    expected, assumptions = so_far, tuple[str, ...]()
    mean, days = stay.mean_days, max(stay.los_days or 0, 1)
    if stay.is_open and mean is not None and mean > days:
        expected = cents(stay.charges * mean / days * terms.multiplier)
        assumptions = ("charges go on at the same pace to the geometric mean of the working MS-DRG",)
    component = MoneyComponent(
        name="share of charges", amount_usd=so_far, note=f"{note} of {stay.charges:,.2f}"
    )
    return Payment(Range(low=so_far, expected=expected, high=expected), (component,), assumptions, labels)


def _estimated_percent(stay: Stay, terms: Terms, labels: tuple[str, ...]) -> Payment:
    """Without charges: the cost of a day over the contract's cost-to-charge ratio, as a range."""
    unknown = Payment(reason=f"paid by a share of charges, and {NO_CHARGES}")
    ratio = terms.inpatient.cost_to_charge if terms.inpatient else None
    average = terms.rate("hospital.day_average", stay.day)
    least = terms.rate("hospital.day_average_for_profit", stay.day)
    if average.name in terms.planning or least.value is None:
        least = average
    if ratio is None or average.value is None or least.value is None or stay.mean_days is None:
        return unknown
    days = Decimal(max(stay.los_days or 0, 1))
    low, most = (one / ratio * terms.multiplier for one in sorted((least.value, average.value)))
    expected = cents((low + most) / 2 * stay.mean_days)
    note = f"{stay.mean_days} d, cost-to-charge ratio {ratio}"
    return Payment(
        Range(low=cents(low * days), expected=expected, high=cents(most * stay.mean_days)),
        (MoneyComponent(name="share of estimated charges", amount_usd=expected, note=note),),
        (
            f"{NO_CHARGES}: estimated from published average costs of a day (for-profit hospitals to all) "
            "and the contract's cost-to-charge ratio",
        ),
        (*labels, *_labels((average, least)), "estimated charges"),
    )


# Clauses --------------------------------------------------------------------------------------------------------


def _clauses(found: Payment, stay: Stay, contract: InpatientContract, terms: Terms) -> Payment:
    """Apply the stop-loss and lesser-of clauses; both need the charges."""
    if contract.stop_loss is None and not contract.at_most_charges:
        return found
    if stay.charges is None:
        names = [
            *(["stop-loss"] if contract.stop_loss else []),
            *(["lesser-of"] if contract.at_most_charges else []),
        ]
        text = f"the contract's {' and '.join(names)} clause is not applied: {NO_CHARGES}"
        return found._replace(assumptions=(*found.assumptions, text))
    clause = contract.stop_loss
    if clause is not None and stay.charges > clause.charges_above_usd:
        found = _stop_loss(found, stay.charges, contract)
        if terms.contract_placeholder:
            found = found._replace(placeholders=(*found.placeholders, "the plan's stop-loss clause"))
    if contract.at_most_charges and found.amount.low is not None and not stay.is_open:
        found = _at_most(found, stay.charges)
    return found


def _stop_loss(found: Payment, charges: Decimal, contract: InpatientContract) -> Payment:
    clause = contract.stop_loss
    assert clause is not None
    base = charges if clause.of == "all" else charges - clause.charges_above_usd
    extra = cents(base * clause.share_of_charges)
    note = f"{(clause.share_of_charges * 100).normalize():f}% of {base:,.2f}"
    if clause.of == "all":
        component = MoneyComponent(name="stop-loss", amount_usd=extra, note=note)
        return found._replace(
            amount=Range(low=extra, expected=extra, high=extra), components=(component,), transfer=None
        )
    component = MoneyComponent(name="stop-loss, in addition", amount_usd=extra, note=note)
    amounts = (found.amount.low, found.amount.expected, found.amount.high)
    low, expected, high = (None if one is None else one + extra for one in amounts)
    return found._replace(
        amount=Range(low=low, expected=expected, high=high), components=(*found.components, component)
    )


def _at_most(found: Payment, charges: Decimal) -> Payment:
    before = found.amount.expected
    amounts = (found.amount.low, found.amount.expected, found.amount.high)
    low, expected, high = (None if one is None else min(one, charges) for one in amounts)
    components = found.components
    if before is not None and before > charges:
        less = MoneyComponent(name="no more than the charges", amount_usd=charges - before)
        components = (*components, less)
    return found._replace(amount=Range(low=low, expected=expected, high=high), components=components)


def _labels(rates: Iterable[Rate]) -> tuple[str, ...]:
    return tuple(
        sorted({source.label for source in rates if source.placeholder and source.value is not None})
    )
