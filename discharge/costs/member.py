"""What the patient pays of a covered service, step by step.

A plan: the deductible, copays, coinsurance, then the out-of-pocket maximum; what lies beyond the benefit's limits in
days or visits isn't covered. Original Medicare: its own law (:mod:`sharing`). All functions are pure; where several
services follow each other, each is given the standing that the one before left.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

from discharge.costs.amounts import ZERO, cents
from discharge.costs.ledger import Three
from discharge.costs.sharing import inpatient_share, part_b_share, snf_share
from discharge.costs.spent import NOTHING_KNOWN, Balance, Spent, Standing, spent, standing
from discharge.costs.terms import Benefit, Terms

__all__ = [
    "NOTHING_KNOWN",
    "Balance",
    "Share",
    "Shares",
    "Spent",
    "Standing",
    "Unit",
    "Use",
    "further_days",
    "medicare_share",
    "plan_share",
    "shares",
    "spent",
    "standing",
]

Unit: TypeAlias = Literal["day", "visit", "stay", "fill", "month"]

_HOSPITAL = ("irf", "ltch", "inpatient_acute")
_FREE = ("home_health", "hospice", "hospice_home", "hospice_inpatient")  # 42 CFR 409.80 ff., 418.400
_PART_B = (
    "outpatient",
    "outpatient_therapy",
    "infusion_suite",
    "home_infusion",
    "long_acting",
    "behavioural",
    "behavioural_partial",
    "dme",
    "observation",
)


class Use(NamedTuple):
    """What is used of a service: the amount allowed for it, in how many units; ``days`` where the unit is no day."""

    allowed: Decimal
    units: int
    unit: Unit
    days: int | None = None

    @property
    def length(self) -> int | None:
        return self.units if self.unit == "day" else self.days


class Share(NamedTuple):
    """Who pays what of an allowed amount: member + payer + not_covered is all of it.

    ``not_covered`` lies beyond the benefit's limits: the patient's too, and not counted towards any maximum.
    """

    member: Decimal
    payer: Decimal
    not_covered: Decimal
    units_covered: int
    after: Balance
    steps: tuple[str, ...]

    @property
    def patient(self) -> Decimal:
        return self.member + self.not_covered


class Shares(NamedTuple):
    """The shares of a low, an expected and a high use; ``after`` is the standing for the next service."""

    low: Share
    expected: Share
    high: Share
    after: Standing
    assumptions: tuple[str, ...] = ()
    placeholders: tuple[str, ...] = ()

    @property
    def member(self) -> Three:
        return Three(self.low.member, self.expected.member, self.high.member)

    @property
    def payer(self) -> Three:
        return Three(self.low.payer, self.expected.payer, self.high.payer)

    @property
    def not_covered(self) -> Three:
        return Three(self.low.not_covered, self.expected.not_covered, self.high.not_covered)

    @property
    def patient(self) -> Three:
        return Three(self.low.patient, self.expected.patient, self.high.patient)


def shares(
    terms: Terms, service: str, day: date, uses: tuple[Use, Use, Use], before: Standing
) -> Shares | None:
    """Return the patient's and the payer's shares of a covered service; None where the profile doesn't say.

    ``service`` is the id of a benefit. Whether it is covered at all is the caller's question.
    """
    benefit = terms.benefit(service, day)
    by_law = terms.is_medicare and service in (*_HOSPITAL, *_FREE, *_PART_B, "snf")
    found = []
    for use, balance in zip(uses, before.cases, strict=True):
        if by_law:
            one = medicare_share(terms, service, day, use, balance)
        elif terms.is_medicare:
            one = _part_d(benefit, use, balance)
        else:
            one = plan_share(benefit, use, balance, is_snf=service == "snf")
        if one is None:
            return None
        found.append(one)
    low, expected, high = found
    topics = _topics(service, terms, by_law=by_law, after_deductible=benefit.after_deductible, high=high)
    all_of_it = Shares(
        low,
        expected,
        high,
        before.then(low.after, expected.after, high.after),
        before.assumptions(*topics),
        before.placeholders(*topics),
    )
    if by_law:
        all_of_it = _to_last_day(terms, day, topics, max(use.length or 0 for use in uses), all_of_it)
    if not by_law and benefit.placeholder:
        all_of_it = all_of_it._replace(placeholders=(*all_of_it.placeholders, "the plan's member cost"))
    return _second(terms, day, all_of_it, by_law=by_law)


def _to_last_day(terms: Terms, day: date, topics: tuple[str, ...], days: int, found: Shares) -> Shares:
    """Note the Part A deductible of the last of ``days`` days, where it is a stand-in: daily amounts come from it."""
    last = terms.rate("part_a.deductible", day + timedelta(days=max(0, days - 1)))
    if not last.placeholder or last.label in found.placeholders or not {"snf", "inpatient"} & set(topics):
        return found
    return found._replace(placeholders=(*found.placeholders, last.label))


def _topics(
    service: str, terms: Terms, *, by_law: bool, after_deductible: bool, high: Share
) -> tuple[str, ...]:
    """Return what the assumptions that bear on a service are about."""
    if by_law:
        own = "snf" if service == "snf" else "inpatient" if service in _HOSPITAL else "part_b"
        return () if service in _FREE else (own, "second")
    topics: tuple[str, ...] = ("snf",) if service == "snf" else ()
    if terms.is_medicare:
        return ("part_d",) if service == "oral_drugs" else ()
    if high.member > 0:
        topics = (*topics, "limit", *(("deductible",) if after_deductible else ()))
    return topics


def plan_share(benefit: Benefit, use: Use, balance: Balance, *, is_snf: bool = False) -> Share | None:
    """Return the member's share under a plan's benefit; None where it states no copay and no coinsurance."""
    if not benefit.is_known:
        return None
    steps: list[str] = []
    units = _units_covered(benefit, use, balance.snf_days if is_snf else 0, steps)
    covered = use.allowed if units == use.units else cents(use.allowed * units / use.units)
    due = min(balance.deductible, covered) if benefit.after_deductible else ZERO
    if due:
        steps.append(f"deductible: {_usd(due)} of the {_usd(balance.deductible)} left")
    copay = _copay(benefit, use, units, steps, balance.snf_days if is_snf else 0)
    if copay > covered - due:
        copay = covered - due
        steps.append(f"no more than is allowed: {_usd(copay)}")
    part = cents((benefit.coinsurance or ZERO) * (covered - due - copay))
    if benefit.coinsurance is not None:
        share = _percent(benefit.coinsurance)
        steps.append(f"coinsurance: {share} of {_usd(covered - due - copay)} is {_usd(part)}")
    member = due + copay + part
    limit = balance.out_of_pocket
    if limit is not None and member > limit:
        steps.append(_at_most(limit, member))
        member = limit
    after = balance._replace(
        deductible=balance.deductible - due,
        out_of_pocket=None if limit is None else limit - member,
        snf_days=balance.snf_days + (units if is_snf and use.unit == "day" else 0),
    )
    return Share(member, covered - member, use.allowed - covered, units, after, tuple(steps))


def _part_d(benefit: Benefit, use: Use, balance: Balance) -> Share | None:
    """A drug plan beside Original Medicare: it has a deductible and a maximum of its own."""
    own = Balance(deductible=balance.drug_deductible, out_of_pocket=balance.drug_out_of_pocket)
    found = plan_share(benefit, use, own)
    if found is None:
        return None
    left = found.after
    after = balance._replace(drug_deductible=left.deductible, drug_out_of_pocket=left.out_of_pocket)
    return found._replace(after=after)


def _units_covered(benefit: Benefit, use: Use, used: int, steps: list[str]) -> int:
    """Return how many of the units lie within the benefit's limits."""
    limit = benefit.visits_limit if use.unit == "visit" else benefit.days_limit if use.unit == "day" else None
    if limit is None:
        return use.units
    covered = max(0, min(use.units, limit - used))
    if covered < use.units:
        steps.append(
            f"limit: {covered} of {use.units} {use.unit}s are covered (at most {limit}, {used} used)"
        )
    return covered


def _copay(benefit: Benefit, use: Use, units: int, steps: list[str], used: int) -> Decimal:
    if units == 0:
        return ZERO
    if benefit.copay_stay is not None:
        steps.append(f"copay: {_usd(benefit.copay_stay)} for the stay")
        return benefit.copay_stay
    each, count, what = benefit.copay_visit, units, use.unit
    if use.unit == "fill" and benefit.copay_fill is not None:
        each = benefit.copay_fill
    elif benefit.copay_day is not None and (use.unit == "day" or each is None):
        last = used + units if benefit.copay_through_day is None else benefit.copay_through_day
        first = max(used, benefit.copay_from_day - 1)
        each, count, what = benefit.copay_day, max(0, min(used + units, last) - first), "day"
    if each is None:
        return ZERO
    steps.append(f"copay: {count} {what}{'' if count == 1 else 's'} x {_usd(each)} is {_usd(each * count)}")
    return cents(each * count)


def medicare_share(terms: Terms, service: str, day: date, use: Use, balance: Balance) -> Share | None:
    """Return the beneficiary's share under Parts A and B; None where the year's amounts aren't known.

    Years whose amounts aren't published are reckoned with the last known ones (``terms.rate``).
    """
    if service in _FREE:
        return Share(
            ZERO, use.allowed, ZERO, use.units, balance, ("no cost sharing under Original Medicare",)
        )
    if service == "snf":
        return _snf(terms, day, use, balance)
    if service in _HOSPITAL:
        return _hospital(terms, day, use, balance)
    member = part_b_share(day, use.allowed, deductible_left=balance.part_b_deductible, look_up=terms.rate)
    if member is None:
        return None
    due = min(use.allowed, balance.part_b_deductible)
    steps = [f"Part B deductible: {_usd(due)}"] if due else []
    share = terms.rate("part_b.coinsurance", day).value or ZERO
    steps.append(f"coinsurance: {_percent(share)} of {_usd(use.allowed - due)} is {_usd(member - due)}")
    after = balance._replace(part_b_deductible=balance.part_b_deductible - due)
    return Share(member, use.allowed - member, ZERO, use.units, after, tuple(steps))


def _snf(terms: Terms, day: date, use: Use, balance: Balance) -> Share | None:
    found = snf_share(day, use.length or 0, used_days=balance.snf_days, look_up=terms.rate)
    if found is None:
        return None
    owed, beyond = found
    units = use.units - (beyond if use.unit == "day" else 0)
    covered = use.allowed if not beyond else cents(use.allowed * units / max(1, use.units))
    member = min(owed, covered)
    first = f"days {balance.snf_days + 1} to {balance.snf_days + (use.length or 0)} of the benefit period"
    steps = [f"SNF coinsurance, {first}: {_usd(member)}"]
    if beyond:
        steps.append(f"limit: {beyond} days lie beyond the benefit's days and are not covered")
    after = balance._replace(snf_days=balance.snf_days + (use.length or 0) - beyond)
    return Share(member, covered - member, use.allowed - covered, units, after, tuple(steps))


def _hospital(terms: Terms, day: date, use: Use, balance: Balance) -> Share | None:
    """Hospital care of the same benefit period: its deductible is due already, its days count on."""
    length = use.length or 0
    owed = inpatient_share(
        day,
        length,
        used_days=balance.inpatient_days + (balance.stay_days or 0),
        deductible_met=True,
        reserve_left=balance.reserve_days,
        look_up=terms.rate,
    )
    if owed is None:
        return None
    member = min(owed, use.allowed)
    steps = (f"the benefit period's deductible is due already; daily coinsurance {_usd(member)}",)
    after = balance._replace(inpatient_days=balance.inpatient_days + length)
    return Share(member, use.allowed - member, ZERO, use.units, after, steps)


def further_days(
    terms: Terms, day: date, days: int, allowed: Decimal | None, before: Standing
) -> Shares | None:
    """Return the patient's share of ``days`` more days of the stay; None where it isn't known.

    How long the stay has lasted is in the standing. ``allowed`` is what the contract pays for those days (zero
    under an MS-DRG), None where that isn't known.
    """
    found = []
    for balance in before.cases:
        one = (
            _medicare_days(terms, day, days, balance)
            if terms.is_medicare
            else _plan_days(terms, day, days, allowed, balance)
        )
        if one is None:
            return None
        found.append(one)
    low, expected, high = found
    topics = ("inpatient", "second") if terms.is_medicare else ("limit",) if high.member > 0 else ()
    names = () if terms.is_medicare else ("hospital_stay_usd", "hospital_day_1_5_usd", "coinsurance")
    entries = [terms.sharing(name, day) for name in names]
    labels = [f"the plan's {each.name}" for each in entries if each is not None and each.placeholder]
    all_of_it = Shares(
        low,
        expected,
        high,
        before.then(low.after, expected.after, high.after),
        before.assumptions(*topics),
        (*before.placeholders(*topics), *labels),
    )
    if terms.is_medicare:
        all_of_it = _to_last_day(terms, day, topics, days, all_of_it)
    return _second(terms, day, all_of_it, by_law=terms.is_medicare)


def _medicare_days(terms: Terms, day: date, days: int, balance: Balance) -> Share | None:
    if balance.stay_days is None:
        return None
    owed = inpatient_share(
        day,
        days,
        used_days=balance.inpatient_days + balance.stay_days,
        deductible_met=True,
        reserve_left=balance.reserve_days,
        look_up=terms.rate,
    )
    if owed is None:
        return None
    steps = (f"the benefit period's deductible is due already; daily coinsurance {_usd(owed)}",)
    after = balance._replace(stay_days=balance.stay_days + days)
    return Share(owed, ZERO, ZERO, days, after, steps)


def _plan_days(terms: Terms, day: date, days: int, allowed: Decimal | None, balance: Balance) -> Share | None:
    """One amount a stay, already due; or a copay on the first five days; or a share of what the plan pays."""
    early, share = terms.sharing("hospital_day_1_5_usd", day), terms.sharing("coinsurance", day)
    so_far, due = balance.stay_days, ZERO
    if terms.sharing("hospital_stay_usd", day) is not None:
        member, step = ZERO, "one amount a stay, due already: further days add nothing"
    elif early is not None and early.value is not None and so_far is not None:
        count = max(0, min(_COPAY_DAYS, so_far + days) - so_far)
        member = early.value * count
        step = f"copay: {count} of the first {_COPAY_DAYS} days x {_usd(early.value)} is {_usd(member)}"
    elif early is None and share is not None and share.value is not None and allowed is not None:
        due = min(balance.deductible, allowed)
        member = due + cents(share.value * (allowed - due))
        step = f"deductible {_usd(due)}, then {_percent(share.value)} of {_usd(allowed - due)}"
    else:
        return None
    limit, steps = balance.out_of_pocket, [step]
    if limit is not None and member > limit:
        steps.append(_at_most(limit, member))
        member = limit
    after = balance._replace(
        deductible=balance.deductible - due,
        out_of_pocket=None if limit is None else limit - member,
        stay_days=None if so_far is None else so_far + days,
    )
    return Share(member, max(ZERO, (allowed or ZERO) - member), ZERO, days, after, tuple(steps))


_COPAY_DAYS = 5  # of `hospital_day_1_5_usd`, the name of the entry


def _second(terms: Terms, day: date, first: Shares, *, by_law: bool) -> Shares:
    """Let Medicaid or a second policy meet the cost sharing of Original Medicare."""
    if not by_law:
        return first
    if terms.payer_class == "dual":
        kept = terms.sharing("patient_share_of_medicare_cost", day)
        if kept is None or kept.value is None:
            text = "how much of Medicare's cost sharing Medicaid leaves to the patient is not in the profile"
            low = _relieved(first.low, ZERO, "Medicaid")
            return first._replace(low=low, assumptions=(*first.assumptions, text))
        labels = (*first.placeholders, *((kept.label,) if kept.placeholder else ()))
        said = (*first.assumptions, "Medicaid pays Medicare's cost sharing")
        return _replaced(first, kept.value, "Medicaid")._replace(assumptions=said, placeholders=labels)
    if first.after.secondary_pays is True:
        return _replaced(first, ZERO, "the second policy")
    if first.after.secondary and first.after.secondary_pays is None:
        return first._replace(low=_relieved(first.low, ZERO, "the second policy"))
    return first


def _replaced(first: Shares, kept: Decimal, who: str) -> Shares:
    low, expected, high = (_relieved(one, kept, who) for one in (first.low, first.expected, first.high))
    return first._replace(low=low, expected=expected, high=high)


def _relieved(share: Share, kept: Decimal, who: str) -> Share:
    """Move all but ``kept`` of the member's share to ``who``, counted with the payer."""
    member = cents(share.member * kept)
    steps = (*share.steps, f"{who} pays {_usd(share.member - member)} of it") if share.member else share.steps
    return share._replace(member=member, payer=share.payer + share.member - member, steps=steps)


def _at_most(limit: Decimal, member: Decimal) -> str:
    return f"out-of-pocket maximum: {_usd(limit)} left to pay, so {_usd(limit)} of {_usd(member)}"


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}%"


def _usd(amount: Decimal) -> str:
    return f"${amount:,.2f}"
