"""Drugs of the treatment, by name where charted: planning ranges of ``drug_prices.yaml``."""

from __future__ import annotations

from discharge.costs.amounts import ZERO, middle
from discharge.costs.drugprices import drug_rates
from discharge.costs.ledger import Three
from discharge.costs.services.case import Case, Days, Part

_OWN = {"planning.iv_drug_day_low", "planning.iv_drug_day_high"}
LONG_ACTING = ("dalbavancin", "oritavancin")


def drug_part(case: Case, days: Days) -> list[Part]:
    """Return the drug of each day: those charted together, or a stated range where none is named."""
    if not case.inputs.drugs or _has_own_price(case):
        each = case.between("planning.iv_drug_day")
        name = ", ".join(case.inputs.drugs) or "not named"
        if not case.inputs.drugs:
            case.ledger.assume("the drug is not named: a range that holds most anti-infectives given by vein")
        if each is None:
            return []
        return [case.part(f"drug: {name}", "drug", days.priced(each), days.text("d"))]
    total, named = Three(ZERO, ZERO, ZERO), list[str]()
    for name in case.inputs.drugs:
        if name in LONG_ACTING:
            case.ledger.leave_out(f"{name}: given once or twice, not by the day")
            continue
        price = _range(case, name)
        if price is None:
            case.ledger.leave_out(f"{name}: no price is known for this day")
            continue
        total = total.plus(price)
        named.append(name)
    if not named:
        return []
    if len(named) > 1:
        case.ledger.assume("every anti-infective given now by vein goes on")
    return [case.part(f"drug: {', '.join(named)}", "drug", days.priced(total), days.text("d"))]


def long_acting_part(case: Case, visits: Days) -> list[Part]:
    """Return the course of a long-acting drug: the one charted, else dalbavancin."""
    name = next((drug for drug in case.inputs.drugs if drug in LONG_ACTING), LONG_ACTING[0])
    price = _range(case, name)
    if price is None:
        case.ledger.leave_out(f"{name}: no price is known for this day")
        return []
    return [case.part(f"drug: {name}, the course", "drug", price, visits.text("visits"))]


def oral_part(case: Case, days: Days) -> list[Part]:
    """Return the drug by mouth of each day; which one isn't known, so a stated range."""
    each = case.between("planning.oral_drug_day")
    if each is None:
        case.ledger.leave_out("drug by mouth: no price is known")
        return []
    case.ledger.assume("the drug by mouth is not named: a range that holds most antibiotics")
    return [case.part("drug by mouth, not named", "drug", days.priced(each), days.text("d"))]


def _range(case: Case, name: str) -> Three | None:
    rates = drug_rates(name, case.inputs.day)
    if rates is None or rates[0].value is None or rates[1].value is None:
        return None
    case.used(*rates)
    return Three(rates[0].value, middle(rates[0].value, rates[1].value), rates[1].value)


def _has_own_price(case: Case) -> bool:
    """The profile gives its own price of a day of the drug, whichever it is."""
    terms = case.inputs.terms
    return terms is not None and terms.planning.keys() >= _OWN
