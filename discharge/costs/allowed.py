"""What services of a destination allow: quantity over the horizon times the payer's rate, or Medicare's as a stand-in.

Each function returns low, expected and high amounts with the quantities, or None where no rate is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from discharge.costs.amounts import ZERO, cents, middle
from discharge.costs.catalog import Groups, option_table
from discharge.costs.home import home_health_period, home_infusion_visits
from discharge.costs.inpatient import rehabilitation_payment
from discharge.costs.ledger import Ledger, Three, same
from discharge.costs.rates import Rate, planning_rate, planning_table
from discharge.costs.snf import snf_rates, snf_stay
from discharge.costs.terms import Terms


@dataclass(frozen=True)
class PriceInputs:
    """Everything the price of a destination depends on. Hashable: equal inputs are priced once.

    ``iv_days`` are the days of IV treatment still planned, None when not charted. ``used_days`` are the inpatient
    days of this stay. ``transfer_loss`` is by how much leaving now cuts the hospital's payment, None if not known.
    """

    option: str
    terms: Terms | None
    day: date
    horizon_days: int
    coverage: str
    kind: str
    needs: frozenset[str] = frozenset()
    iv_days: int | None = None
    used_days: int | None = None
    in_house: bool = True
    waiting_days: tuple[int, int, int] = (0, 0, 0)
    transfer_loss: Decimal | None = ZERO

    @property
    def needs_iv(self) -> bool:
        return bool(self.needs & {"iv_therapy", "home_infusion_drug"})


class Days(NamedTuple):
    """Low, expected and high number of days or visits."""

    low: int
    expected: int
    high: int

    def text(self, unit: str) -> str:
        if self.low == self.high:
            return f"{self.expected} {unit}"
        return f"{self.low} to {self.high} {unit}, {self.expected} expected"

    def weekly(self) -> Days:
        """One visit a week, the first on the first day."""
        return Days(*(-(-days // 7) for days in self))


class Allowed(NamedTuple):
    """An amount and the quantity behind it (days or visits)."""

    amount: Three
    quantity: Days
    unit: str
    is_per_day: bool

    @property
    def text(self) -> str:
        return self.quantity.text(self.unit)


def quantity(ledger: Ledger, day: date, name: str, cap: int, *, unit_high: int | None = None) -> Days:
    """Return a planning quantity ``planning.NAME`` with its ``_low`` and ``_high``, none above ``cap``."""
    book = [f"planning.{name}_low", f"planning.{name}", f"planning.{name}_high"]
    values = []
    for index, key in enumerate(book):
        if index == 2 and unit_high is not None:
            values.append(unit_high)
            continue
        found = planning_rate(key, day)
        ledger.used(found)
        values.append(int(found.value or 0))
    return Days(*(min(value, cap) for value in values))


def iv_days(ledger: Ledger, inputs: PriceInputs) -> Days:
    """Return days of IV treatment within the horizon: as planned, or a judged range when none is charted."""
    if inputs.iv_days is not None:
        days = max(0, min(inputs.iv_days, inputs.horizon_days))
        return Days(days, days, days)
    ledger.assume("the days of IV treatment left are not charted")
    return quantity(ledger, inputs.day, "iv_days", inputs.horizon_days, unit_high=inputs.horizon_days)


def snf(ledger: Ledger, inputs: PriceInputs) -> Allowed | None:
    only_iv = inputs.needs_iv and not inputs.needs & {"pt", "ot", "slp", "skilled_nursing", "wound_care"}
    if only_iv:
        days = iv_days(ledger, inputs)
    else:
        days = quantity(ledger, inputs.day, "snf_days", inputs.horizon_days, unit_high=inputs.horizon_days)
    per_diem = _contract(ledger, inputs, "snf_per_diem_usd")
    if per_diem is not None:
        return Allowed(Three(*(cents(per_diem * n) for n in days)), days, "d", True)
    _stand_in(ledger, inputs.terms)
    ledger.assume(
        "urban facility, wage index 1.0", f"PDPM groups judged for a patient of kind '{inputs.kind}'"
    )
    ledger.note([f"PDPM groups for {inputs.kind} patients (judged before assessment)"])
    groups: Groups = option_table().case_mix[inputs.kind]
    amounts = []
    for group, count in zip((groups.low, groups.expected, groups.high), days, strict=True):
        rates = snf_rates(inputs.day, group.case_mix(), tables=planning_table, look_up=planning_rate)
        if rates is None:
            return None
        ledger.note(rates.placeholders)
        amounts.append(snf_stay(rates, count))
    return Allowed(Three(*amounts), days, "d", True)


def irf(ledger: Ledger, inputs: PriceInputs) -> Allowed | None:
    impairment = option_table().rehabilitation_weights.get(inputs.kind)
    names = [impairment] if impairment else ["stroke", "hip_fracture"]
    low = min(_weight(ledger, f"{name}_low", inputs.day) for name in names)
    high = max(_weight(ledger, f"{name}_high", inputs.day) for name in names)
    ledger.assume(
        "wage index 1.0", "case-mix weight taken from a planning range, the patient isn't assessed yet"
    )
    _stand_in(ledger, inputs.terms)
    amounts = []
    for weight in (low, (low + high) / 2, high):
        found = rehabilitation_payment(inputs.day, weight, look_up=planning_rate)
        if found is None:
            return None
        ledger.used(*found[1])
        amounts.append(found[0])
    return Allowed(Three(*amounts), Days(1, 1, 1), "stay", False)


def home_health(ledger: Ledger, inputs: PriceInputs) -> Allowed | None:
    visits = quantity(ledger, inputs.day, "home_health_visits", 60)
    per_visit = _contract(ledger, inputs, "home_health_visit_usd")
    if per_visit is not None:
        return Allowed(Three(*(cents(per_visit * n) for n in visits)), visits, "visits", False)
    _stand_in(ledger, inputs.terms)
    ledger.assume(
        "one 30-day period, wage index 1.0", "home health weight judged, the patient isn't assessed yet"
    )
    amounts = []
    for name in ("home_health_weight_low", "home_health_weight", "home_health_weight_high"):
        weight = planning_rate(f"planning.{name}", inputs.day)
        found = home_health_period(inputs.day, weight.value or ZERO, look_up=planning_rate)
        if found is None:
            return None
        ledger.used(weight, *found[1])
        amounts.append(found[0])
    return Allowed(Three(*amounts), visits, "visits", False)


def home_infusion(ledger: Ledger, inputs: PriceInputs) -> Allowed | None:
    days = iv_days(ledger, inputs)
    visits = days.weekly()
    if inputs.terms is not None and inputs.terms.is_medicare and inputs.coverage != "not_met":
        ledger.leave_out("drug, pump and supplies")
        ledger.assume("one nursing visit a week, Part B category 1")
        amounts = []
        for count in visits:
            found = home_infusion_visits(inputs.day, 1, count, tables=planning_table)
            if found is None:
                return None
            ledger.used(*found[1])
            amounts.append(found[0])
        return Allowed(Three(*amounts), visits, "visits", False)
    return _infusion_per_diem(ledger, inputs, days, visits)


def _infusion_per_diem(ledger: Ledger, inputs: PriceInputs, days: Days, visits: Days) -> Allowed | None:
    """Pharmacy per diem plus a weekly nurse, as commercial plans and patients pay it."""
    ledger.leave_out("drug")
    ledger.assume("one nursing visit a week")
    per_diem = _contract(ledger, inputs, "home_infusion_per_diem_usd")
    if per_diem is None:
        low = planning_rate("infusion.per_diem_low", inputs.day)
        high = planning_rate("infusion.per_diem_high", inputs.day)
        if low.value is None or high.value is None:
            return None
        ledger.used(low, high)
        daily = Three(low.value, middle(low.value, high.value), high.value)
    else:
        daily = same(per_diem)
    nurse = _contract(ledger, inputs, "home_health_visit_usd") or _private(
        ledger, "private.nurse_visit", inputs.day
    )
    if nurse is None:
        return None
    pharmacy = Three(*(cents(each * n) for each, n in zip(daily, days, strict=True)))
    return Allowed(pharmacy.plus(Three(*(cents(nurse * n) for n in visits))), days, "d", True)


def infusion_suite(ledger: Ledger, inputs: PriceInputs) -> Allowed | None:
    days = iv_days(ledger, inputs)
    ledger.leave_out("drug")
    ledger.assume("one visit of an hour a day")
    own = _contract(ledger, inputs, "infusion_suite_visit_usd")
    fee = own if own is not None else _medicare(ledger, inputs, "opps.infusion_first_hour")
    return None if fee is None else Allowed(Three(*(cents(fee * n) for n in days)), days, "visits", False)


def clinic(ledger: Ledger, inputs: PriceInputs, name: str) -> Allowed | None:
    """Office visits after discharge: one follow-up, or a course of outpatient care."""
    if name == "clinic_visits":
        visits = quantity(ledger, inputs.day, name, 60)
        if inputs.needs & {"pt", "ot", "slp"}:
            ledger.leave_out("outpatient therapy sessions")
    else:
        once = planning_rate("planning.office_visits", inputs.day)
        ledger.used(once)
        visits = Days(*[int(once.value or 0)] * 3)
    fee = _medicare(ledger, inputs, "pfs.office_visit")
    return None if fee is None else Allowed(Three(*(cents(fee * n) for n in visits)), visits, "visits", False)


def home_care(ledger: Ledger, inputs: PriceInputs) -> Allowed | None:
    """Help at home that no health insurance covers, paid privately; none of it where the family does it."""
    hour = _private(ledger, "private.home_care_hour", inputs.day)
    expected = planning_rate("planning.home_care_hours_day", inputs.day)
    high = planning_rate("planning.home_care_hours_day_high", inputs.day)
    if hour is None or expected.value is None or high.value is None:
        return None
    ledger.used(expected, high)
    days = inputs.horizon_days
    hours = Days(0, int(expected.value) * days, int(high.value) * days)
    return Allowed(Three(*(cents(hour * n) for n in hours)), hours, "h", False)


def private_stay(ledger: Ledger, inputs: PriceInputs, days: Days) -> Three | None:
    """A nursing home paid privately: semi-private room, at most a private one."""
    low = _private(ledger, "private.snf_day", inputs.day)
    high = _private(ledger, "private.snf_day_private_room", inputs.day)
    if low is None or high is None:
        return None
    return Three(cents(low * days.low), cents(low * days.expected), cents(high * days.high))


def private_nursing(ledger: Ledger, inputs: PriceInputs, visits: Days) -> Three | None:
    nurse = _private(ledger, "private.nurse_visit", inputs.day)
    return None if nurse is None else Three(*(cents(nurse * n) for n in visits))


def _private(ledger: Ledger, name: str, day: date) -> Decimal | None:
    """A private price; before the survey's own first day it stands in, as a placeholder."""
    found = planning_rate(name, day)
    if found.value is not None:
        ledger.used(found)
        return found.value
    later = planning_rate(name, date(2025, 7, 1))
    ledger.note([f"{name} (2025 survey, used for an earlier day)"])
    return later.value


def _medicare(ledger: Ledger, inputs: PriceInputs, name: str) -> Decimal | None:
    _stand_in(ledger, inputs.terms)
    found: Rate = planning_rate(name, inputs.day)
    ledger.used(found)
    return found.value


def _contract(ledger: Ledger, inputs: PriceInputs, name: str) -> Decimal | None:
    """A rate that hospital or agency agreed with the payer, None where the profile is silent."""
    if inputs.terms is None:
        return None
    found = inputs.terms.post_acute.get(name)
    if found is not None and name in inputs.terms.post_acute.placeholders:
        ledger.note([f"the plan's {name}"])
    return found


def _stand_in(ledger: Ledger, terms: Terms | None) -> None:
    if terms is None or not terms.is_medicare:
        ledger.note(["Original Medicare's amount stands in for the payer's own"])


def _weight(ledger: Ledger, name: str, day: date) -> Decimal:
    found = planning_rate(f"planning.irf_weight_{name}", day)
    ledger.used(found)
    return found.value or ZERO
