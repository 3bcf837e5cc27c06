"""Says who pays a bundle of services: payer, patient by the benefit's terms, or the patient alone.

Coverage that isn't settled runs from covered to not covered; the expected amount is as covered.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from discharge.costs.amounts import ZERO
from discharge.costs.ledger import NOTHING, Purse, Three
from discharge.costs.member import Standing, Use, shares, standing
from discharge.costs.services.case import Bundle, Case, Part
from discharge.costs.terms import Terms
from discharge.stayview import Status

_ASSUMED_COVERED = ("outpatient",)
NEVER_COVERED = "not covered"


class Settler:
    """Settles the bundles of one destination, one after the other: each leaves less of the deductible to the next."""

    def __init__(self, case: Case, before: Standing | None = None) -> None:
        self.case = case
        self.ledger = case.ledger
        self.standing = before

    def settle(self, bundle: Bundle) -> None:
        """Add a bundle to the purses of those who pay it."""
        terms = self.case.inputs.terms
        if bundle.cover in ("patient", "hospital"):
            purse: Purse = "patient" if bundle.cover == "patient" else "hospital"
            for part in bundle.parts:
                self.ledger.add(purse, part.name, part.amount, part.text, group=part.group, rates=part.rates)
            return
        if terms is None:
            self.ledger.lose("payer", f"{bundle.name}: the payer is not known")
            self.ledger.lose("patient", f"{bundle.name}: the payer is not known")
            return
        status = self.coverage(bundle, terms)
        if status == "not_met":
            self._uncovered(bundle, terms)
            return
        self._covered(bundle, terms, status)

    def _uncovered(self, bundle: Bundle, terms: Terms) -> None:
        for part in bundle.parts:
            amount = part.private or part.amount
            name = f"{part.name}, {NEVER_COVERED}"
            self.ledger.add("patient", name, amount, part.text, group=part.group, rates=part.rates)
        if bundle.cover == "ride" and terms.is_medicare and self.case.inputs.needs_stretcher == "unknown":
            part = bundle.parts[0]
            high = Three(ZERO, ZERO, part.amount.high)
            self.ledger.add("payer", part.name, high, part.text, group=part.group, rates=part.rates)
            self.ledger.assume("Original Medicare pays an ambulance where no other ride is safe, and no van")

    def coverage(self, bundle: Bundle, terms: Terms) -> Status:
        """Return whether the payer pays for a bundle at all."""
        inputs = self.case.inputs
        if terms.payer_class == "self_pay":
            return "not_met"
        if bundle.cover == "option":
            return (
                "met"
                if inputs.coverage == "met"
                else "not_met"
                if inputs.coverage == "not_met"
                else "unknown"
            )
        if bundle.cover == "labs":
            return "met"
        if terms.is_medicare:
            if bundle.cover == "ride":
                return "met" if inputs.needs_stretcher == "met" else "not_met"
            return "unknown" if bundle.service == "oral_drugs" else "met"
        covered = terms.benefit(bundle.service, inputs.day).covered
        if covered is None:
            return "met" if bundle.service in _ASSUMED_COVERED else "unknown"
        return "met" if covered else "not_met"

    def _covered(self, bundle: Bundle, terms: Terms, status: Status) -> None:
        share = self._share(bundle, terms)
        if share is None:
            reason = f"{bundle.name}: the member's share is not in the payer profile"
            if bundle.cover == "option":
                self.ledger.lose("patient", reason)
            else:
                self.ledger.leave_out(reason)
        self._payer(bundle.parts, share or NOTHING, status)
        if share is not None:
            self._patient(bundle, share, status)
        if status == "unknown":
            self.ledger.assume(
                f"coverage of {bundle.name} is not settled: expected amounts as covered, range up to not covered"
            )

    def _payer(self, parts: Sequence[Part], share: Three, status: Status) -> None:
        """What the payer pays of each part: the patient's share is taken from the first part, then the next.

        At most it is the high amount less the patient's low share.
        """
        left = share
        for part in parts:
            taken = Three(*(min(mine, whole) for mine, whole in zip(left, part.amount, strict=True)))
            left = left.minus(taken)
            paid = part.amount.minus(taken)
            paid = paid._replace(high=max(paid.high, part.amount.high - taken.low))
            if status == "unknown":
                paid = Three(ZERO, paid.expected, max(paid))
            self.ledger.add("payer", part.name, paid, part.text, group=part.group, rates=part.rates)

    def _patient(self, bundle: Bundle, share: Three, status: Status) -> None:
        if status == "unknown":
            whole = max(_private_total(bundle))
            share = Three(min(share), share.expected, max(*share, whole))
        if share == NOTHING and status == "met":
            return
        first = bundle.parts[0]
        rates = [name for part in bundle.parts for name in part.rates]
        text = "; ".join(dict.fromkeys(part.text for part in bundle.parts[:1]))
        name = f"{bundle.name}, the patient's share"
        self.ledger.add("patient", name, share, text, group=first.group, rates=dict.fromkeys(rates))

    def _share(self, bundle: Bundle, terms: Terms) -> Three | None:
        """The patient's share of a covered bundle; blood tests carry none but a plan's coinsurance."""
        if bundle.cover == "labs":
            if terms.is_medicare:
                return NOTHING
            benefit = terms.benefit("outpatient", self.case.inputs.day)
            if benefit.coinsurance is None:
                self.ledger.assume("blood tests carry no copay of their own")
                return NOTHING
        day = self.case.inputs.day
        by_part_b = bundle.cover == "labs" or (bundle.cover == "ride" and terms.is_medicare)
        service = "outpatient" if by_part_b else bundle.service
        found = shares(terms, service, day, _uses(bundle), self._standing(terms))
        if found is None:
            return None
        self.standing = found.after
        self.ledger.assume(*found.assumptions)
        self.ledger.note(found.placeholders)
        return found.patient

    def _standing(self, terms: Terms) -> Standing:
        if self.standing is None:
            inputs = self.case.inputs
            self.standing = standing(terms, inputs.day, inputs.spent, inputs.used_days)
        return self.standing

    def within_maximum(self, amount: Three) -> Three:
        """Return an amount of the patient's, cut to what is left of the out-of-pocket maximum in each case."""
        terms = self.case.inputs.terms
        if terms is None:
            return amount
        limits = [balance.out_of_pocket for balance in self._standing(terms).cases]
        low, expected, high = (
            each if limit is None else min(each, limit) for each, limit in zip(amount, limits, strict=True)
        )
        return Three(low, expected, high)


def _uses(bundle: Bundle) -> tuple[Use, Use, Use]:
    days = bundle.days or (None, None, None)
    low, expected, high = (
        Use(amount, count, bundle.unit, length)
        for amount, count, length in zip(bundle.amount, bundle.units, days, strict=True)
    )
    return low, expected, high


def _private_total(bundle: Bundle) -> tuple[Decimal, Decimal, Decimal]:
    totals = [ZERO, ZERO, ZERO]
    for part in bundle.parts:
        for place, amount in enumerate(part.private or part.amount):
            totals[place] += amount
    return totals[0], totals[1], totals[2]
