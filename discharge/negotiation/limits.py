"""What bounds a negotiation: the patient's ceiling, days freed, pay that the hospital loses; and what to say."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from discharge.costs.amounts import ZERO, Range
from discharge.costs.inputs import StayPrices
from discharge.costs.ledger import PURSES
from discharge.costs.member import spent, standing
from discharge.costs.terms import payer_terms
from discharge.negotiation import words
from discharge.negotiation.arrange import Case
from discharge.negotiation.model import Ceiling, Party, Zone
from discharge.negotiation.pricing import NOTHING, Bill, bill, minus, taken_apart, total
from discharge.negotiation.table import arrangement_table
from discharge.negotiation.zone import joint_zone
from discharge.options import Option
from discharge.stayview import StayView

_CENT = Decimal("0.01")
BY_DAY = "per_diem"
BY_CASE = ("ms_drg", "case_rate")


def rooms(case: Case) -> dict[Party, Range]:
    """Return how much each party may put towards the service and be no worse off than without an agreement."""
    rest = case.priced.uncovered.without(case.priced.service)
    return {party: minus(case.base[party], rest.of(party)) for party in PURSES}


def joint(case: Case) -> Zone | None:
    """Return the rates that some split of the price makes good for all; None where the service has no price."""
    if not case.priced.service:
        return None
    rest = case.priced.uncovered.without(case.priced.service)
    shared = [
        one for one in rest.lines if one.group in arrangement_table().shared and one.purse != "hospital"
    ]
    apart = rest.without(shared)
    found = {party: minus(case.base[party], apart.of(party)).expected for party in PURSES}
    return joint_zone(found, case.units, case.floor, total(shared).expected or ZERO)


def patient_ceiling(view: StayView, case: Case) -> Ceiling:
    """Return the most that the patient can pay and be no worse off, and what is left to the plan's limit."""
    room = rooms(case)["patient"].expected
    left = _out_of_pocket_left(view)
    if room is None:
        said = "The patient's ceiling can't be told: what the patient would pay without an agreement is not known."
        return Ceiling(amount=None, per_unit=None, out_of_pocket_left=left, sentence=said)
    amount = max(ZERO, room)
    each = (amount / case.units).quantize(_CENT, rounding=ROUND_FLOOR)
    if amount == 0:
        said = "Without an agreement the patient would pay no more than now, so every dollar asked is one more to pay."
    else:
        said = (
            f"Up to {words.usd(amount)} for the service the patient pays no more than without an agreement."
        )
    return Ceiling(amount=amount, per_unit=each, out_of_pocket_left=left, sentence=said)


def _out_of_pocket_left(view: StayView) -> Decimal | None:
    """What is on record as left to the plan's yearly limit; None where the record doesn't say."""
    terms = payer_terms(view.payer)
    if terms is None or terms.is_medicare:
        return None
    found = standing(terms, view.day, spent(view))
    known = found.low.out_of_pocket == found.high.out_of_pocket
    return found.expected.out_of_pocket if known else None


def pay_lost(prices: StayPrices, without: Option, option: Option) -> Range:
    """Return what the hospital is no longer paid when the patient leaves; nothing where it is paid by the case."""
    terms = prices.common.terms
    if without.id != "stay" or terms is None or terms.basis in BY_CASE or terms.payer_class == "self_pay":
        return NOTHING
    return minus(_pay(bill(without.cost)), _pay(taken_apart(prices, option.id).uncovered))


def _pay(whole: Bill) -> Range:
    """What payer and patient pay for hospital days."""
    if whole.lost - {"hospital"}:
        return Range()
    return total(one for one in whole.lines if one.group == "hospital_days" and one.purse != "hospital")


def freed_days(case: Case, without: Option, days: int | None) -> int | None:
    """Return the hospital days that an agreement frees, at the expected wait for the place."""
    wait = case.option.waiting_days.expected
    if without.id == "stay":
        return None if days is None else max(0, days - wait)
    return max(0, without.waiting_days.expected - wait)


def advice(view: StayView, case: Case, without: Option) -> list[str]:
    """Return the sentences of the table that hold for a stay."""
    text = arrangement_table().advice
    terms = payer_terms(view.payer)
    found = rooms(case)
    names = ["fit_first"]
    if without.id == "stay" and terms is not None and terms.basis in BY_CASE:
        names += ["payer_saves_nothing", "hospital_gains"]
    elif without.id == "stay":
        lost = case.pay_lost.expected
        names += ["hospital_loses_pay"] if lost is None or lost > 0 else []
    if without.id == "stay":
        names.append("bed_not_counted")
        patient = found["patient"].expected
        names += ["patient_gains_nothing"] if patient is not None and patient <= 0 else []
    if terms is not None and terms.payer_class != "self_pay":
        names.append("out_of_pocket")
    if terms is not None and terms.payer_class in ("medicaid", "dual"):
        names.append("medicaid_member")
    return [text[name] for name in (*names, "charity", "nothing_promised")]
