"""What a stay pays by its contract, what one more day costs the hospital, and what is at stake in a denial."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Literal, TypeAlias

from pydantic import Field

from discharge.costs.amounts import ZERO, Range, Usd, cents, middle
from discharge.costs.inpatient import IppsPayment, ipps_payment, transfer_fraction
from discharge.costs.rates import Rate, period_start, planning_rate, rate
from discharge.costs.terms import Basis, Terms, payer_terms
from discharge.drg import Drg, stay_drg
from discharge.stayview import Result, StayView

ExposureKind: TypeAlias = Literal["stay_payment", "days_beyond", "post_acute", "rework"]

POST_ACUTE = ("snf", "irf", "ltch", "psych", "home_health", "hospice")
ASSUMED_HOSPITAL = "wage index 1.0, no teaching or disproportionate-share addition, no outlier"


class Exposure(Result):
    """Dollars at stake. ``amount_usd`` None means that they can't be told, for the reason in ``basis``."""

    amount_usd: Usd | None
    basis: str


class MoneyComponent(Result):
    """One part of an amount."""

    name: str
    amount_usd: Usd
    note: str | None = None


class DayCost(Result):
    """What one more day costs the hospital: the average of all days, and the range of what it adds."""

    average_usd: Usd | None
    marginal: Range
    citation: str | None
    is_placeholder: bool


class Transfer(Result):
    """How an early transfer to post-acute or acute care changes the payment (42 CFR 412.4)."""

    fraction: Decimal
    full_usd: Usd
    paid_usd: Usd


class StayMoney(Result):
    """The money of one stay. ``payment`` is what the payer and the patient together pay the hospital for it."""

    drg: Drg
    basis: Basis
    payment: Range
    components: list[MoneyComponent] = Field(default_factory=list)
    transfer: Transfer | None = None
    day_cost: DayCost
    los_days: int | None
    days_beyond_gmlos: float | None
    exposures: dict[ExposureKind, Exposure]
    assumptions: list[str] = Field(default_factory=list)
    placeholders: list[str] = Field(default_factory=list)
    unknown_because: str | None = None


def stay_money(view: StayView, procedures: tuple[str, ...] | None = None) -> StayMoney:
    """Return the money of a stay; ``procedures`` are its ICD-10-PCS codes (see ``drg.procedure_codes``)."""
    drg = stay_drg(view, procedures)
    days = view.number("stay.inpatient_days")
    final = drg.status == "final"
    return _money(
        drg=_Same(drg),
        terms=payer_terms(view.payer),
        day=period_start((view.time("stay.discharged_at") or view.local(view.t)).date()),
        los_days=int(days) if days is not None else None,
        disposition=view.text("stay.discharge_disposition") if final else None,
    )


class _Same:
    """Lets a Drg be part of a key: equal content, equal key."""

    __slots__ = ("_key", "drg")

    def __init__(self, drg: Drg) -> None:
        self.drg = drg
        known = (drg.ms_drg, drg.status, drg.grouper_version, drg.is_placeholder, drg.unknown_because)
        self._key: tuple[object, ...] = (*known, *drg.assumptions)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._key == other._key


@lru_cache(maxsize=65536)
def _money(
    drg: _Same, terms: Terms | None, day: date, los_days: int | None, disposition: str | None
) -> StayMoney:
    found = drg.drg
    payment, transfer, components, assumptions, placeholders, reason = _payment(
        found, terms, day, los_days, disposition
    )
    beyond = None
    if found.gmlos_days is not None and los_days is not None:
        beyond = max(Decimal(0), los_days - found.gmlos_days)
    cost = day_cost(day)
    return StayMoney(
        drg=found,
        basis=terms.basis if terms else "unknown",
        payment=payment,
        components=components,
        transfer=transfer,
        day_cost=cost,
        los_days=los_days,
        days_beyond_gmlos=float(beyond) if beyond is not None else None,
        exposures=_exposures(payment, terms, beyond, cost, reason),
        assumptions=assumptions,
        placeholders=placeholders,
        unknown_because=reason,
    )


_Payment: TypeAlias = tuple[Range, Transfer | None, list[MoneyComponent], list[str], list[str], str | None]


def _payment(
    drg: Drg, terms: Terms | None, day: date, los_days: int | None, disposition: str | None
) -> _Payment:
    if terms is None:
        return _unknown("no payer profile matched, so the payer's terms are not known")
    if terms.basis == "per_diem":
        return _per_diem(drg, terms, los_days)
    if terms.basis == "percent_of_charges":
        return _unknown("paid by a share of charges, and charges are not in the chart")
    if terms.basis == "self_pay":
        return _unknown("no payer; what is collected or written off as charity is not known")
    if terms.basis == "unknown":
        return _unknown("the payer profile states no basis of payment")
    if drg.weight is None or drg.gmlos_days is None:
        return _unknown(drg.unknown_because or "the MS-DRG has no weight")
    return _by_drg(drg, terms, day, los_days, disposition)


def _unknown(reason: str) -> _Payment:
    return Range(), None, [], [], [], reason


def _per_diem(drg: Drg, terms: Terms, los_days: int | None) -> _Payment:
    if terms.per_diem is None or los_days is None:
        return _unknown("the per diem or the days of the stay are not known")
    so_far = cents(terms.per_diem * max(los_days, 1))
    expected = so_far
    assumptions = []
    if drg.status == "working" and drg.gmlos_days is not None and drg.gmlos_days > los_days:
        expected = cents(terms.per_diem * drg.gmlos_days)
        assumptions = ["the stay lasts the geometric mean of its working MS-DRG"]
    component = MoneyComponent(
        name="per diem", amount_usd=terms.per_diem, note=f"{max(los_days, 1)} d so far"
    )
    placeholders = ["the plan's per diem"] if terms.contract_placeholder else []
    payment = Range(low=so_far, expected=expected, high=expected)
    return payment, None, [component], assumptions, placeholders, None


def _by_drg(drg: Drg, terms: Terms, day: date, los_days: int | None, disposition: str | None) -> _Payment:
    full = full_payment(drg.weight, day)
    if full is None:
        return _unknown("no inpatient rate is known for the day of discharge")
    fraction = _fraction(drg, los_days, disposition)
    paid = ipps_payment(day, drg.weight or ZERO, fraction=fraction, look_up=planning_rate) or full
    total = cents(paid.total * terms.multiplier)
    components = [
        MoneyComponent(name="operating", amount_usd=paid.operating),
        MoneyComponent(name="capital", amount_usd=paid.capital),
    ]
    if terms.multiplier != 1:
        added = total - paid.total
        components.append(MoneyComponent(name="contract", amount_usd=added, note=f"x {terms.multiplier}"))
    transfer = None
    if fraction < 1:
        whole = cents(full.total * terms.multiplier)
        transfer = Transfer(fraction=fraction, full_usd=whole, paid_usd=total)
    assumptions = [ASSUMED_HOSPITAL, *drg.assumptions]
    if drg.status == "working":
        assumptions.append("working MS-DRG from the codes charted so far")
    placeholders = _placeholders(paid.rates)
    if drg.is_placeholder:
        placeholders.append(f"weight and mean stay of {drg.weights_from}, not of the stay's own year")
    if terms.contract_placeholder:
        placeholders.append("the plan's contract multiplier")
    return Range(low=total, expected=total, high=total), transfer, components, assumptions, placeholders, None


@lru_cache(maxsize=16384)
def full_payment(weight: Decimal | None, day: date) -> IppsPayment | None:
    """Return the inpatient payment of a weight on a day without any transfer, carrying the last rates forward."""
    return None if weight is None else ipps_payment(day, weight, look_up=planning_rate)


def transfer_loss(
    drg: Drg, terms: Terms | None, day: date, los_days: int | None, disposition: str
) -> Decimal | None:
    """Return by how much a discharge to ``disposition`` now would cut an MS-DRG payment; None where not known."""
    if terms is None or not terms.is_medicare:
        return ZERO
    full = full_payment(drg.weight, day)
    if full is None or drg.gmlos_days is None or los_days is None:
        return None
    fraction = _fraction(drg, los_days, disposition)
    paid = ipps_payment(day, drg.weight or ZERO, fraction=fraction, look_up=planning_rate)
    return None if paid is None else full.total - paid.total


def _fraction(drg: Drg, los_days: int | None, disposition: str | None) -> Decimal:
    if los_days is None or drg.gmlos_days is None:
        return Decimal(1)
    if disposition == "acute_transfer":
        return transfer_fraction(los_days, drg.gmlos_days)
    if disposition in POST_ACUTE and drg.post_acute_transfer:
        return transfer_fraction(los_days, drg.gmlos_days, special=drg.special_pay is True)
    return Decimal(1)


@lru_cache(maxsize=1024)
def day_cost(day: date) -> DayCost:
    """Return what a day costs the hospital on average, and what one more day adds (low, middle, high)."""
    average = planning_rate("hospital.day_average", day)
    low, high = rate("hospital.marginal_share_low", day), rate("hospital.marginal_share_high", day)
    if average.value is None or low.value is None or high.value is None:
        return DayCost(average_usd=None, marginal=Range(), citation=None, is_placeholder=True)
    least, most = cents(average.value * low.value), cents(average.value * high.value)
    return DayCost(
        average_usd=average.value,
        marginal=Range(low=least, expected=middle(least, most), high=most),
        citation=average.citation.title if average.citation else None,
        is_placeholder=True,
    )


def _exposures(
    payment: Range, terms: Terms | None, beyond: Decimal | None, cost: DayCost, reason: str | None
) -> dict[ExposureKind, Exposure]:
    stay = Exposure(amount_usd=payment.expected, basis=reason or "what the whole stay is expected to pay")
    return {
        "stay_payment": stay,
        "days_beyond": _days_beyond(terms, beyond, cost),
        "rework": _rework(),
    }


def _days_beyond(terms: Terms | None, beyond: Decimal | None, cost: DayCost) -> Exposure:
    if beyond is None:
        return Exposure(amount_usd=None, basis="days beyond the geometric mean are not known")
    days = max(beyond, Decimal(1))
    if terms is not None and terms.basis == "per_diem" and terms.per_diem is not None:
        return Exposure(amount_usd=cents(days * terms.per_diem), basis=f"{days} d at the plan's per diem")
    if cost.marginal.expected is None:
        return Exposure(amount_usd=None, basis="the cost of a day is not known")
    basis = f"{days} d (at least one) beyond the geometric mean at the marginal cost of a day"
    return Exposure(amount_usd=cents(days * cost.marginal.expected), basis=basis)


@lru_cache(maxsize=1)
def _rework() -> Exposure:
    found = rate("denial.rework", date(2026, 1, 1))
    return Exposure(amount_usd=found.value, basis="staff cost of working one denial, a placeholder")


def _placeholders(rates: tuple[Rate, ...]) -> list[str]:
    return sorted({source.label for source in rates if source.placeholder})
