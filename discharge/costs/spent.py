"""What a member has paid and used already, and so what is left to pay: as recorded, or from all met to nothing met."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from discharge.costs.amounts import ZERO, cents
from discharge.costs.rates import Rate
from discharge.costs.terms import Terms
from discharge.stayview import StayView


class Spent(NamedTuple):
    """The record of one member, in dollars and days; None is not on record. Equal records are equal keys.

    ``deductible`` and ``out_of_pocket_limit`` are the policy's own amounts where the coverage states them.
    ``inpatient_days_used`` are those of the benefit period before this stay. ``secondary``: a second policy is in
    force; ``secondary_pays``: it meets the cost sharing of the first.
    """

    deductible_left: Decimal | None = None
    out_of_pocket_left: Decimal | None = None
    out_of_pocket_spent: Decimal | None = None
    deductible: Decimal | None = None
    out_of_pocket_limit: Decimal | None = None
    part_b_deductible_left: Decimal | None = None
    snf_days_used: int | None = None
    inpatient_days_used: int | None = None
    reserve_days_left: int | None = None
    secondary: bool | None = None
    secondary_pays: bool | None = None


NOTHING_KNOWN = Spent()
_NEW_PERIOD = "cms_medicare.snf_benefit_days.new_period"  # sixty days out of care begin the count anew


class Balance(NamedTuple):
    """What is left to pay and what is used, in one case. ``out_of_pocket`` None: no maximum is known.

    ``inpatient_days`` are those of the benefit period before this stay, ``stay_days`` those of this one so far.
    The drug amounts are those of Part D beside Original Medicare; a plan counts drugs with everything else.
    """

    deductible: Decimal = ZERO
    out_of_pocket: Decimal | None = None
    part_b_deductible: Decimal = ZERO
    snf_days: int = 0
    inpatient_days: int = 0
    stay_days: int | None = None
    reserve_days: int | None = None
    drug_deductible: Decimal = ZERO
    drug_out_of_pocket: Decimal | None = None


class Said(NamedTuple):
    """An assumption, or the label of a placeholder, and what it bears on (``snf``, ``deductible``, ...)."""

    topic: str
    text: str
    is_placeholder: bool = False


class Standing(NamedTuple):
    """Three cases: ``low`` has all met, ``high`` nothing met; where the record says, they are the same.

    ``said`` is what was assumed; each service shows what bears on it.
    """

    low: Balance
    expected: Balance
    high: Balance
    said: tuple[Said, ...] = ()
    secondary: bool | None = None
    secondary_pays: bool | None = None

    @property
    def cases(self) -> tuple[Balance, Balance, Balance]:
        return self.low, self.expected, self.high

    def then(self, low: Balance, expected: Balance, high: Balance) -> Standing:
        """Return the standing after a service."""
        return self._replace(low=low, expected=expected, high=high)

    def assumptions(self, *topics: str) -> tuple[str, ...]:
        return tuple(one.text for one in self.said if one.topic in topics and not one.is_placeholder)

    def placeholders(self, *topics: str) -> tuple[str, ...]:
        return tuple(one.text for one in self.said if one.topic in topics and one.is_placeholder)


def spent(view: StayView) -> Spent:
    """Return what the chart says that the member of a stay has paid and used."""

    def usd(name: str) -> Decimal | None:
        found = view.number(f"coverage.{name}_usd")
        return None if found is None or found < 0 else cents(Decimal(str(found)))

    def days(name: str) -> int | None:
        found = view.number(f"coverage.{name}")
        return None if found is None or found < 0 else int(found)

    snf_days = days("snf_days_used")
    if snf_days is not None and view.findings(_NEW_PERIOD) == "met":
        snf_days = 0
    second = view.text("coverage.secondary_payer_id") or view.text("coverage.secondary_payer_class")
    pays = view.flag("coverage.secondary_pays_cost_sharing")
    return Spent(
        deductible_left=usd("deductible_left"),
        out_of_pocket_left=usd("out_of_pocket_left"),
        out_of_pocket_spent=usd("out_of_pocket_spent"),
        deductible=usd("deductible"),
        out_of_pocket_limit=usd("out_of_pocket_limit"),
        part_b_deductible_left=usd("part_b_deductible_left"),
        snf_days_used=snf_days,
        inpatient_days_used=days("inpatient_days_used"),
        reserve_days_left=days("reserve_days_left"),
        secondary=True if second is not None or pays is not None else None,
        secondary_pays=pays,
    )


def standing(terms: Terms, day: date, record: Spent, stay_days: int | None = None) -> Standing:
    """Return what is left to pay under ``terms``; what isn't on record runs from all met to nothing met.

    ``stay_days`` are the inpatient days of the stay so far, None where they aren't known.
    """
    said: list[Said] = []
    found = (_medicare if terms.is_medicare else _plan)(said, terms, day, record)
    low, expected, high = (one._replace(stay_days=stay_days) for one in found)
    second = None
    if terms.payer_class == "medicare_ffs" and record.secondary_pays is True:
        second = "the second policy meets Medicare's cost sharing; what it pays is counted with the payer"
    elif terms.payer_class == "medicare_ffs" and record.secondary and record.secondary_pays is None:
        second = (
            "whether the second policy meets Medicare's cost sharing is not known; the low amount has it so"
        )
    if second:
        said.append(Said("second", second))
    return Standing(low, expected, high, tuple(said), record.secondary, record.secondary_pays)


_Three: TypeAlias = tuple[Balance, Balance, Balance]


def _plan(said: list[Said], terms: Terms, day: date, record: Spent) -> _Three:
    dues, limits = _deductible(said, terms, day, record), _limit(said, terms, day, record)
    if record.snf_days_used is None:
        said.append(Said("snf", "no SNF day used yet in this benefit period"))
    both = Balance(snf_days=record.snf_days_used or 0, inpatient_days=record.inpatient_days_used or 0)
    low, expected, high = (
        both._replace(deductible=due, out_of_pocket=limit) for due, limit in zip(dues, limits, strict=True)
    )
    return low, expected, high


def _deductible(said: list[Said], terms: Terms, day: date, record: Spent) -> tuple[Decimal, Decimal, Decimal]:
    if record.deductible_left is not None:
        return record.deductible_left, record.deductible_left, record.deductible_left
    stated = terms.sharing("deductible_usd", day)
    whole = record.deductible if record.deductible is not None else (stated.value if stated else None)
    if whole is None:
        said.append(Said("deductible", "the payer profile states no deductible; none is counted"))
        return ZERO, ZERO, ZERO
    if record.deductible is None:
        _used(said, "deductible", stated)
    if whole > 0:
        said.append(Said("deductible", _DEDUCTIBLE))
    return ZERO, ZERO, whole


def _limit(said: list[Said], terms: Terms, day: date, record: Spent) -> tuple[Decimal | None, ...]:
    if record.out_of_pocket_left is not None:
        return (record.out_of_pocket_left,) * 3
    stated = terms.sharing("out_of_pocket_limit_usd", day)
    whole = record.out_of_pocket_limit
    if whole is None and stated is not None:
        whole = stated.value
        _used(said, "limit", stated)
    if whole is None:
        said.append(Said("limit", "the payer profile states no out-of-pocket maximum; none is counted"))
        return None, None, None
    if record.out_of_pocket_spent is not None:
        return (max(ZERO, whole - record.out_of_pocket_spent),) * 3
    said.append(Said("limit", _LIMIT))
    return ZERO, whole, whole


_DEDUCTIBLE = (
    "what is left of the deductible is not on record: expected to be met by the hospital stay, "
    "the high amount has all of it due"
)
_LIMIT = (
    "what the member has paid towards the out-of-pocket maximum is not on record: expected nothing, "
    "the low amount has the maximum reached"
)


def _medicare(said: list[Said], terms: Terms, day: date, record: Spent) -> _Three:
    """Under Medicaid too the days and the deductible count: somebody pays them."""
    due = used = None
    for topic in ("snf", "inpatient"):  # their daily amounts are shares of the deductible
        _used(said, topic, terms.rate("part_a.deductible", day))
    if record.part_b_deductible_left is None:
        whole = terms.rate("part_b.deductible", day)
        _used(said, "part_b", whole)
        said.append(
            Said("part_b", "the Part B deductible was met during the stay; the high amount has it still due")
        )
        due = whole.value or ZERO
    if record.snf_days_used is None:
        text = "no SNF day used yet in this benefit period; the high amount has the days in full used up"
        said.append(Said("snf", text))
        used = int(terms.rate("part_a.snf_full_days", day).value or 0)
    if record.inpatient_days_used is None:
        said.append(Said("inpatient", "no inpatient day of this benefit period before this stay"))
    known = Balance(
        part_b_deductible=record.part_b_deductible_left or ZERO,
        snf_days=record.snf_days_used or 0,
        inpatient_days=record.inpatient_days_used or 0,
        reserve_days=record.reserve_days_left,
    )
    known, high = _part_d(said, terms, day, known)
    if due is not None:
        high = high._replace(part_b_deductible=due)
    if used is not None:
        high = high._replace(snf_days=used)
    return known, known, high


def _part_d(said: list[Said], terms: Terms, day: date, known: Balance) -> tuple[Balance, Balance]:
    """Drugs from the pharmacy have a deductible and a maximum of their own; neither is in any record here."""
    due, limit = terms.rate("part_d.deductible", day), terms.rate("part_d.cap", day)
    known = known._replace(drug_out_of_pocket=limit.value)
    if due.value is None:
        return known, known
    said.append(Said("part_d", "the Part D deductible was met; the high amount has it still due"))
    _used(said, "part_d", due)
    _used(said, "part_d", limit)
    return known, known._replace(drug_deductible=due.value)


def _used(said: list[Said], topic: str, source: Rate | None) -> None:
    if source is not None and source.placeholder:
        said.append(Said(topic, source.label, is_placeholder=True))
