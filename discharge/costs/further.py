"""What further days in the hospital cost each purse: to stay on, or to wait for a place."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from discharge.costs.amounts import ZERO, cents
from discharge.costs.ledger import Three
from discharge.costs.member import Spent, further_days, standing
from discharge.costs.priced import LookUp
from discharge.costs.rates import planning_rate
from discharge.costs.stay import day_cost, days_payment
from discharge.costs.terms import Terms

DAY_RATES = ("hospital.day_average", "hospital.marginal_share_low", "hospital.marginal_share_high")


class HospitalDay(NamedTuple):
    """What one more day adds to the hospital's cost, and what a day costs on average."""

    marginal: Three
    average: Decimal
    labels: tuple[str, ...]


class FurtherDays(NamedTuple):
    """What ``days`` more days cost. None: can't be told, for ``payer_reason`` or since the profile is silent.

    Payer and patient: what each pays on top of what is due anyway. ``hospital`` is the marginal cost of the days,
    ``average`` their average cost. What the payer pays for them is not taken off the hospital's cost.
    """

    days: int
    payer: Three | None
    patient: Three | None
    hospital: Three | None
    average: Decimal | None
    payer_text: str
    payer_reason: str | None
    assumptions: tuple[str, ...]
    placeholders: tuple[str, ...]


@lru_cache(maxsize=1024)
def hospital_day(terms: Terms | None, day: date) -> HospitalDay | None:
    """Return the cost of a hospital day; None where it isn't known."""
    cost = day_cost(day, terms)
    low, expected, high = cost.marginal.low, cost.marginal.expected, cost.marginal.high
    if cost.average_usd is None or low is None or expected is None or high is None:
        return None
    look_up: LookUp = planning_rate if terms is None else terms.rate
    labels = tuple(found.label for name in DAY_RATES if (found := look_up(name, day)).placeholder)
    return HospitalDay(Three(low, expected, high), cost.average_usd, labels)


@lru_cache(maxsize=16384)
def further(terms: Terms | None, day: date, used_days: int | None, days: int, record: Spent) -> FurtherDays:
    """Return what ``days`` more days cost after ``used_days`` (None: not charted)."""
    cost = hospital_day(terms, day)
    hospital = None if cost is None else cost.marginal.times(days)
    average = None if cost is None else cents(cost.average * days)
    labels = () if cost is None else cost.labels
    if terms is None:
        reason = "the payer is not known"
        return FurtherDays(days, None, None, hospital, average, "", reason, (), labels)
    payer, text, unknown = _payer(terms, day, used_days, days)
    patient, said, noted = _patient(terms, day, used_days, days, payer, record)
    if payer is not None and patient is not None and any(patient):
        payer = payer.minus(patient)
        if payer.expected < 0:
            said = (
                *said,
                "what the patient pays for further days is taken off what Medicare pays for the stay",
            )
    if terms.basis == "ms_drg":
        said = (*said, "no cost outlier is counted")
    contract = ("the plan's inpatient contract",) if terms.contract_placeholder and payer else ()
    return FurtherDays(
        days, payer, patient, hospital, average, text, unknown, said, (*labels, *contract, *noted)
    )


def _payer(terms: Terms, day: date, used_days: int | None, days: int) -> tuple[Three | None, str, str | None]:
    if terms.payer_class == "self_pay":
        return Three(ZERO, ZERO, ZERO), "no payer", None
    if terms.basis in ("ms_drg", "case_rate"):
        name = "an MS-DRG" if terms.basis == "ms_drg" else "a case rate"
        return Three(ZERO, ZERO, ZERO), f"further hospital days under {name}", None
    if terms.basis == "percent_of_charges":
        each = _charges_share(terms, day)
        if each is None:
            return (
                None,
                "",
                "charges are not in the chart and the contract states no ratio of cost to charges",
            )
        return Three(*(cents(each * days),) * 3), "further hospital days by a share of charges", None
    paid = days_payment(terms, used_days or 0, days)
    if paid is None:
        return None, "", "the contract's rate is not known"
    return Three(paid, paid, paid), "further hospital days at the contract's rate a day", None


def _charges_share(terms: Terms, day: date) -> Decimal | None:
    """The share paid of a day's charges, which are estimated from the average cost of a day."""
    ratio = terms.inpatient.cost_to_charge if terms.inpatient is not None else None
    average = terms.rate("hospital.day_average", day).value
    if ratio is None or average is None:
        return None
    return average / ratio * terms.multiplier


def _patient(
    terms: Terms, day: date, used_days: int | None, days: int, payer: Three | None, record: Spent
) -> tuple[Three | None, tuple[str, ...], tuple[str, ...]]:
    if terms.payer_class == "self_pay" or (used_days is None and days > 0):
        return None, (), ()
    allowed = payer.expected if payer is not None and terms.basis not in ("ms_drg", "case_rate") else ZERO
    before = standing(terms, day, record, used_days)
    found = further_days(terms, day, days, None if payer is None else allowed, before)
    if found is None:
        return None, (), ()
    return found.patient, found.assumptions, found.placeholders
