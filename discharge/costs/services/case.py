"""One destination being priced: what its price depends on, the rates it looked up, and the bundles it is made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

from discharge.costs.amounts import ONE, ZERO, cents, middle
from discharge.costs.ledger import Group, Ledger, Three
from discharge.costs.member import NOTHING_KNOWN, Spent, Unit
from discharge.costs.priced import LookUp, Priced
from discharge.costs.rates import Rate, RateTable, planning_rate
from discharge.costs.terms import Terms
from discharge.stayview import Status

Cover: TypeAlias = Literal["option", "benefit", "labs", "ride", "patient", "hospital"]
"""Who may pay: as the destination's own service is covered, by the bundle's own benefit, ..., or never a payer."""

SURVEY_DAY = date(2025, 7, 1)
IV_NEEDS = frozenset({"iv_therapy", "home_infusion_drug"})
THERAPIES = ("pt", "ot", "slp")


@dataclass(frozen=True)
class PriceInputs:
    """Everything the price of a destination depends on. Hashable: equal inputs are priced once.

    ``iv_days`` are the days of IV treatment still planned, ``drugs`` the IV drugs charted (none: not named),
    ``used_days`` the inpatient days of this stay; None where not charted. ``acute_group`` are weight and mean stay of
    the MS-DRG. ``transfer_loss`` is by how much leaving now cuts the hospital's payment, None if not known.
    ``readmission`` is the share that comes back within 30 days (low, expected, high).
    """

    option: str
    terms: Terms | None
    day: date
    horizon_days: int
    coverage: str
    kind: str
    needs: frozenset[str] = frozenset()
    iv_days: int | None = None
    drugs: tuple[str, ...] = ()
    has_line: bool | None = None
    needs_stretcher: Status = "unknown"
    used_days: int | None = None
    ltch_standard: Status = "unknown"
    acute_group: tuple[Decimal, Decimal] | None = None
    in_house: bool = True
    waiting_days: tuple[int, int, int] = (0, 0, 0)
    transfer_loss: Decimal | None = ZERO
    readmission: tuple[Decimal, Decimal, Decimal] | None = None
    spent: Spent = NOTHING_KNOWN

    @property
    def needs_iv(self) -> bool:
        return bool(self.needs & IV_NEEDS)

    @property
    def is_insured(self) -> bool:
        return self.terms is not None and self.terms.payer_class != "self_pay"


class Days(NamedTuple):
    """Low, expected and high number of days, visits or sessions."""

    low: int
    expected: int
    high: int

    def text(self, unit: str) -> str:
        if self.low == self.high:
            return f"{self.expected} {unit.removesuffix('s') if self.expected == 1 else unit}"
        return f"{self.low} to {self.high} {unit}, {self.expected} expected"

    def weekly(self, least: int = 1, most: int = 1) -> Days:
        """``least`` to ``most`` times a week, the first on the first day; the expected number is the least."""
        weeks = [-(-days // 7) for days in self]
        return Days(weeks[0] * least, weeks[1] * least, weeks[2] * most)

    def times(self, low: int, expected: int, high: int) -> Days:
        return Days(self.low * low, self.expected * expected, self.high * high)

    def plus(self, other: Days) -> Days:
        return Days(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def priced(self, each: Three) -> Three:
        """Return the amount at ``each`` apiece: low by low, high by high."""
        return Three(*(cents(price * count) for price, count in zip(each, self, strict=True)))


ONCE = Days(1, 1, 1)


class Part(NamedTuple):
    """One line of a bundle. ``private``: what it costs somebody without cover, None: the same."""

    name: str
    group: Group
    amount: Three
    text: str
    rates: tuple[str, ...] = ()
    private: Three | None = None


class Bundle(NamedTuple):
    """Parts that one benefit pays together: the member's share is reckoned once, on their sum."""

    name: str
    service: str
    parts: tuple[Part, ...]
    units: Days
    unit: Unit
    cover: Cover = "option"
    days: Days | None = None

    @property
    def amount(self) -> Three:
        total = Three(ZERO, ZERO, ZERO)
        for part in self.parts:
            total = total.plus(part.amount)
        return total


@dataclass
class Case:
    """The pricing of one destination: inputs, ledger, and the names of the rates looked up since the last part."""

    inputs: PriceInputs
    title: str
    ledger: Ledger = field(default_factory=Ledger)
    _names: dict[str, None] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The destination's title inside a sentence."""
        return self.title[:1].lower() + self.title[1:]

    @cached_property
    def look_up(self) -> LookUp:
        terms = self.inputs.terms
        return planning_rate if terms is None else terms.rate

    @property
    def is_uncovered(self) -> bool:
        """The destination's own service is paid by nobody but the patient."""
        terms = self.inputs.terms
        return self.inputs.coverage == "not_met" or (terms is not None and terms.payer_class == "self_pay")

    @property
    def may_be_private(self) -> bool:
        """What the service costs privately plays a part: nobody covers it, or that is still open."""
        return self.inputs.coverage != "met" or not self.inputs.is_insured

    @property
    def is_medicare(self) -> bool:
        return self.inputs.terms is not None and self.inputs.terms.is_medicare

    def used(self, *sources: Rate | RateTable) -> None:
        """Keep the names of rates for the next part, and show placeholders among them."""
        self._names.update(dict.fromkeys(source.name for source in sources))
        self.ledger.used(*sources)

    def used_names(self, *names: str) -> None:
        """Keep names of rates whose formula doesn't hand them back."""
        self._names.update(dict.fromkeys(names))

    def take(self) -> tuple[str, ...]:
        """Return the names of the rates used since this was last asked."""
        names, self._names = tuple(self._names), {}
        return names

    def value(self, name: str) -> Decimal | None:
        """Return a rate by the profile's own planning value or the public one; None where not known."""
        found = self.look_up(name, self.inputs.day)
        self.used(found)
        return found.value

    def number(self, name: str) -> Decimal:
        """Return a planning quantity that is always known."""
        return self.value(name) or ZERO

    def private(self, name: str) -> Decimal | None:
        """Return a private price; before the survey's own first day it stands in, as a placeholder."""
        found = self.look_up(name, self.inputs.day)
        if found.value is None and self.inputs.day < SURVEY_DAY:
            found = self.look_up(name, SURVEY_DAY)
            self.ledger.note([f"{name} (2025 survey, used for an earlier day)"])
        self.used(found)
        return found.value

    def between(self, name: str) -> Three | None:
        """Return the stated range ``NAME_low`` to ``NAME_high``, the middle as the expected figure."""
        low, high = self.value(f"{name}_low"), self.value(f"{name}_high")
        return None if low is None or high is None else Three(low, middle(low, high), high)

    def days(self, name: str, *, most: int | None = None) -> Days:
        """Return a planning quantity with its ``_low`` and ``_high``, none above the horizon (or ``most``)."""
        cap = self.inputs.horizon_days if most is None else most
        counts = [int(self.number(f"planning.{name}{suffix}")) for suffix in ("_low", "", "_high")]
        return Days(*(min(count, cap) for count in counts))

    def days_to_horizon(self, name: str) -> Days:
        """Return a planning quantity with its ``_low``; at most it lasts to the horizon."""
        low, expected = self.number(f"planning.{name}_low"), self.number(f"planning.{name}")
        most = self.inputs.horizon_days
        return Days(min(int(low), most), min(int(expected), most), most)

    def service(self, own: str, general: str) -> str:
        """Return the benefit that pays: the one of the very place where the profile has it, else the general one."""
        terms = self.inputs.terms
        return own if terms is not None and own in terms.benefits else general

    def fee(self, name: str, *, side: bool = False) -> Decimal | None:
        """Return what payer and provider agreed on; None where the contract is silent or nothing is covered.

        A ``side`` service has its own cover, whatever that of the destination's own service.
        """
        terms = self.inputs.terms
        uncovered = not self.inputs.is_insured if side else self.is_uncovered
        found = terms.fee(name, self.inputs.day) if terms is not None and not uncovered else None
        if found is None:
            return None
        self._names[f"contract.{name}"] = None
        if found.placeholder:
            self.ledger.note([found.label])
        return found.usd

    def stand_in(self, amount: Three, *, side: bool = False) -> Three:
        """Return Medicare's amount as what the payer allows: by the contract's share of it, else as it is."""
        if self.is_medicare:
            return amount
        share = self.fee("share_of_medicare", side=side)
        if share is not None:
            return amount.times(share)
        self.ledger.note(["Original Medicare's amount stands in for the payer's own"])
        return amount

    def priced(self, found: Priced | None) -> Decimal | None:
        """Take in what a formula answered."""
        if found is None:
            return None
        self.used(*found.rates)
        return found.amount

    @property
    def wage_index(self) -> Decimal:
        """The planning wage index, 1 where none is known."""
        return self.value("planning.wage_index") or ONE

    def part(
        self,
        name: str,
        group: Group,
        amount: Three,
        text: str,
        *,
        private: Three | None = None,
        more: Iterable[str] = (),
    ) -> Part:
        """Return a part with the rates looked up since the last one."""
        return Part(name, group, amount, text, tuple(dict.fromkeys((*self.take(), *more))), private)


def iv_days(case: Case) -> Days:
    """Return days of IV treatment within the horizon: as planned, or a judged range when none is charted."""
    planned, horizon = case.inputs.iv_days, case.inputs.horizon_days
    if planned is not None:
        count = max(0, min(planned, horizon))
        return Days(count, count, count)
    case.ledger.assume("the days of IV treatment left are not charted")
    low, expected = case.number("planning.iv_days_low"), case.number("planning.iv_days")
    return Days(min(int(low), horizon), min(int(expected), horizon), horizon)
