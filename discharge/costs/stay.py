"""What a stay pays by its contract, what one more day costs the hospital, and what is at stake in a denial."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Literal, TypeAlias

from pydantic import Field

from discharge.costs.amounts import ZERO, Range, Usd, cents, middle
from discharge.costs.contracts import (
    MoneyComponent,
    Stay,
    Transfer,
    days_payment,
    hospital_of,
    payment,
)
from discharge.costs.early import early_transfer
from discharge.costs.inpatient import ipps_payment
from discharge.costs.rates import period_start, planning_rate, rate
from discharge.costs.terms import Basis, Terms, payer_terms
from discharge.drg import Drg, stay_drg
from discharge.stayview import Result, StayView

__all__ = [
    "DayCost",
    "Exposure",
    "ExposureKind",
    "MoneyComponent",
    "StayMoney",
    "Transfer",
    "day_cost",
    "days_payment",
    "stay_money",
    "transfer_loss",
]

ExposureKind: TypeAlias = Literal["stay_payment", "days_beyond", "post_acute", "rework"]


class Exposure(Result):
    """Dollars at stake. ``amount_usd`` None means that they can't be told, for the reason in ``basis``."""

    amount_usd: Usd | None
    basis: str


class DayCost(Result):
    """What one more day costs the hospital: the average of all days, and the range of what it adds."""

    average_usd: Usd | None
    marginal: Range
    citation: str | None
    is_placeholder: bool


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
    days, intensive = view.number("stay.inpatient_days"), view.number("stay.intensive_care_days")
    charges = view.number("stay.charges_usd")
    final = drg.status == "final"
    terms = payer_terms(view.payer)
    day = (view.time("stay.discharged_at") or view.local(view.t)).date()
    return _money(
        drg=_Same(drg),
        terms=terms,
        day=terms.period_start(day) if terms else period_start(day),
        los_days=int(days) if days is not None else None,
        disposition=view.text("stay.discharge_disposition") if final else None,
        status=view.text("stay.discharge_status") if final else None,
        home_health_days=_home_health_days(view) if final else None,
        icu_days=round(intensive) if intensive is not None and terms and terms.has_levels else None,
        charges=cents(Decimal(str(charges))) if charges is not None else None,
    )


def _home_health_days(view: StayView) -> int | None:
    """After how many days home health starts, if that is charted."""
    left, start = view.time("stay.discharged_at"), view.time("readiness.post_acute_start_at")
    if left is None or start is None or view.text("stay.discharge_disposition") != "home_health":
        return None
    return max(0, (start.date() - left.date()).days)


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
    drg: _Same,
    terms: Terms | None,
    day: date,
    los_days: int | None,
    disposition: str | None,
    icu_days: int | None,
    charges: Decimal | None,
    status: str | None,
    home_health_days: int | None,
) -> StayMoney:
    found = drg.drg
    stay = Stay(found, day, los_days, disposition, icu_days, charges, status, home_health_days)
    paid = payment(stay, terms)
    beyond = None
    if found.gmlos_days is not None and los_days is not None:
        beyond = max(Decimal(0), los_days - found.gmlos_days)
    cost = day_cost(day, terms)
    return StayMoney(
        drg=found,
        basis=terms.basis if terms else "unknown",
        payment=paid.amount,
        components=list(paid.components),
        transfer=paid.transfer,
        day_cost=cost,
        los_days=los_days,
        days_beyond_gmlos=float(beyond) if beyond is not None else None,
        exposures=_exposures(paid.amount, terms, los_days, beyond, cost, paid.reason),
        assumptions=list(paid.assumptions),
        placeholders=list(paid.placeholders),
        unknown_because=paid.reason,
    )


def transfer_loss(
    drg: Drg, terms: Terms | None, day: date, los_days: int | None, disposition: str
) -> Decimal | None:
    """Return by how much a discharge to ``disposition`` now would cut an MS-DRG payment; None where not known.

    Home health is taken to start within three days (:data:`early.HOME_HEALTH_STARTS`).
    """
    if terms is None or not terms.has_transfer_policy:
        return ZERO
    if drg.weight is None or drg.gmlos_days is None or los_days is None:
        return None
    fraction = early_transfer(drg, day, los_days, disposition, terms).fraction
    own = terms.inpatient.base_rate_usd if terms.inpatient else None
    if own is not None:
        whole = cents(own * drg.weight * terms.multiplier)
        return whole - cents(whole * fraction)
    hospital = hospital_of(terms, day)[0]
    full = ipps_payment(day, drg.weight, hospital=hospital, look_up=terms.rate)
    paid = ipps_payment(day, drg.weight, hospital=hospital, fraction=fraction, look_up=terms.rate)
    if full is None or paid is None:
        return None
    return cents(full.total * terms.multiplier) - cents(paid.total * terms.multiplier)


@lru_cache(maxsize=4096)
def day_cost(day: date, terms: Terms | None = None) -> DayCost:
    """Return what a day costs the hospital on average, and what one more day adds (low, middle, high).

    ``terms`` are those of a profile, which may give the hospital's own cost of a day.
    """
    look_up = terms.rate if terms is not None else planning_rate
    average = look_up("hospital.day_average", day)
    low, high = look_up("hospital.marginal_share_low", day), look_up("hospital.marginal_share_high", day)
    if average.value is None or low.value is None or high.value is None:
        return DayCost(average_usd=None, marginal=Range(), citation=None, is_placeholder=True)
    least, most = cents(average.value * low.value), cents(average.value * high.value)
    return DayCost(
        average_usd=average.value,
        marginal=Range(low=least, expected=middle(least, most), high=most),
        citation=average.citation.title if average.citation else None,
        is_placeholder=average.placeholder or low.placeholder or high.placeholder,
    )


def _exposures(
    paid: Range,
    terms: Terms | None,
    los_days: int | None,
    beyond: Decimal | None,
    cost: DayCost,
    reason: str | None,
) -> dict[ExposureKind, Exposure]:
    stay = Exposure(amount_usd=paid.expected, basis=reason or "what the whole stay is expected to pay")
    return {
        "stay_payment": stay,
        "days_beyond": _days_beyond(terms, los_days, beyond, cost),
        "rework": _rework(),
    }


def _days_beyond(
    terms: Terms | None, los_days: int | None, beyond: Decimal | None, cost: DayCost
) -> Exposure:
    if beyond is None or los_days is None:
        return Exposure(amount_usd=None, basis="days beyond the geometric mean are not known")
    days = max(beyond, Decimal(1))
    if terms is not None and terms.basis == "per_diem":
        before = max(0, int(los_days - days))
        paid = days_payment(terms, before, days)
        if paid is not None:
            return Exposure(amount_usd=paid, basis=f"{days} d at the plan's per diem")
    if cost.marginal.expected is None:
        return Exposure(amount_usd=None, basis="the cost of a day is not known")
    basis = f"{days} d (at least one) beyond the geometric mean at the marginal cost of a day"
    return Exposure(amount_usd=cents(days * cost.marginal.expected), basis=basis)


@lru_cache(maxsize=1)
def _rework() -> Exposure:
    found = rate("denial.rework", date(2026, 1, 1))
    return Exposure(amount_usd=found.value, basis="staff cost of working one denial, a placeholder")
