"""What a payer profile says about money, as plain hashable values; one object per profile and version.

A term that the profile doesn't give is None here. It is never taken for zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from discharge.costs.rates import Rate, period_start, planning_rate
from discharge.dated import Citation, Dated
from discharge.payers import PayerProfile
from discharge.payers import schema as payers
from discharge.payers.amounts import AmountGroup
from discharge.payers.contract import InpatientContract

Basis: TypeAlias = Literal[
    "ms_drg", "per_diem", "case_rate", "percent_of_charges", "fee_schedule", "self_pay", "unknown"
]

MEDICARE = ("medicare_ffs", "dual")


@dataclass(frozen=True, eq=False)
class Benefit:
    """One service under a plan on a day. Money in dollars; ``coinsurance`` is a share.

    ``after_deductible``: the deductible comes before the copay or coinsurance.
    """

    covered: bool | None = None
    prior_authorization: bool | None = None
    copay_day: Decimal | None = None
    copay_visit: Decimal | None = None
    copay_stay: Decimal | None = None
    copay_fill: Decimal | None = None
    coinsurance: Decimal | None = None
    copay_from_day: int = 1
    copay_through_day: int | None = None
    after_deductible: bool = False
    days_limit: int | None = None
    visits_limit: int | None = None
    placeholder: bool = False

    @property
    def is_known(self) -> bool:
        """The profile says what the member pays."""
        amounts = (self.copay_day, self.copay_visit, self.copay_stay, self.copay_fill, self.coinsurance)
        return any(amount is not None for amount in amounts)


class Fee(NamedTuple):
    """A rate that the payer agreed on for a service."""

    name: str
    usd: Decimal
    placeholder: bool

    @property
    def label(self) -> str:
        return f"the plan's {self.name}"


@dataclass(frozen=True, eq=False)
class Terms:
    """Terms of one profile. Compared by identity, so that priced options can be kept by it.

    ``benefits`` are as on the last day dated; :meth:`benefit` gives them on a day. ``planning`` are the profile's own
    values of names in ``reference/rates.yaml``; ask :meth:`rate`.
    """

    profile: str
    payer_class: str
    basis: Basis
    multiplier: Decimal = Decimal(1)
    per_diem: Decimal | None = None
    contract_placeholder: bool = False
    inpatient: InpatientContract | None = None
    post_acute: AmountGroup = field(default_factory=AmountGroup)
    fee_schedule: AmountGroup = field(default_factory=AmountGroup)
    benefits: Mapping[str, Benefit] = field(default_factory=dict)
    cost_sharing: Mapping[str, Dated] = field(default_factory=dict)
    planning: Mapping[str, Dated] = field(default_factory=dict)
    citations: Mapping[str, Citation] = field(default_factory=dict)
    written: Mapping[str, payers.Benefit] = field(default_factory=dict)

    @property
    def is_medicare(self) -> bool:
        """Original Medicare pays, alone or with Medicaid."""
        return self.payer_class in MEDICARE

    @property
    def has_levels(self) -> bool:
        """Days in intensive care have a rate of their own."""
        return self.inpatient is not None and any(
            tier.level == "icu" for tier in self.inpatient.per_diem_tiers
        )

    @property
    def has_transfer_policy(self) -> bool:
        """Early transfers pay less: as the contract says, else wherever it pays a multiple of Medicare's payment."""
        said = self.inpatient.applies_transfer_policy if self.inpatient else None
        by_medicare = self.inpatient is None or self.inpatient.base_rate_usd is None
        return self.basis == "ms_drg" and (by_medicare if said is None else said)

    def rate(self, name: str, day: date) -> Rate:
        """Return the profile's own planning value of ``name`` in force on ``day``, else :func:`planning_rate`.

        A null in the profile takes nothing away: the shipped value holds again.
        """
        dated = self.planning.get(name)
        since = _since(dated, day) if dated is not None else None
        if dated is None or since is None or dated.values[since].value is None:
            return planning_rate(name, day)
        return _own_rate(name, dated, since, self)

    def benefit(self, service: str, day: date) -> Benefit:
        """Return what the plan says of a service on ``day``; :data:`NO_BENEFIT` where it is silent."""
        return _benefit_on(self, service, day)

    def sharing(self, name: str, day: date) -> Rate | None:
        """Return an entry of ``cost_sharing`` in force on ``day``; None where the profile has none or doesn't know."""
        dated = self.cost_sharing.get(name)
        since = _since(dated, day) if dated is not None else None
        if dated is None or since is None or dated.values[since].value is None:
            return None
        return _own_rate(name, dated, since, self)

    def fee(self, name: str, day: date) -> Fee | None:
        """Return a rate of the contract, by its name in ``post_acute`` or ``fee_schedule``; None where silent."""
        for group in (self.post_acute, self.fee_schedule):
            found = group.get(name, day)
            if found is not None:
                return Fee(name, found, name in group.placeholders)
        return None

    def period_start(self, day: date) -> date:
        """Return the first day from which every rate and every dated entry of the profile was as on ``day``."""
        own = [start for start in _starts(self) if start <= day]
        return max([period_start(day), *own])


NO_BENEFIT = Benefit()
_DEFAULT_BASIS: Mapping[str, Basis] = {
    "medicare_ffs": "ms_drg",
    "dual": "ms_drg",
    "self_pay": "self_pay",
}
_SEEN: dict[tuple[str, str], Terms] = {}


def payer_terms(payer: PayerProfile | None) -> Terms | None:
    """Return the terms of a payer profile, None without one. Equal profiles give the very same object."""
    if payer is None:
        return None
    key = (payer.id, payer.digest)
    if key not in _SEEN:
        _SEEN[key] = _read(payer)
    return _SEEN[key]


def _read(payer: PayerProfile) -> Terms:
    inpatient = payer.contract.inpatient
    basis: Basis = inpatient.basis if inpatient else _DEFAULT_BASIS.get(payer.payer_class, "unknown")
    written = {str(name): one for name, one in payer.benefits.items()}
    return Terms(
        profile=payer.id,
        payer_class=payer.payer_class,
        basis=basis,
        multiplier=(inpatient.multiplier if inpatient else None) or Decimal(1),
        per_diem=inpatient.per_diem_usd if inpatient else None,
        contract_placeholder=bool(inpatient and inpatient.placeholder),
        inpatient=inpatient,
        post_acute=payer.contract.post_acute,
        fee_schedule=payer.contract.fee_schedule,
        benefits={name: _benefit(one, date.max) for name, one in written.items()},
        cost_sharing={str(name): one for name, one in payer.cost_sharing.items()},
        planning=payer.planning,
        citations=payer.citations,
        written=written,
    )


@lru_cache(maxsize=4096)
def _benefit_on(terms: Terms, service: str, day: date) -> Benefit:
    one = terms.written.get(service)
    return terms.benefits.get(service, NO_BENEFIT) if one is None else _benefit(one, day)


def _benefit(one: payers.Benefit, day: date) -> Benefit:
    cost = one.member_cost
    first, last = cost.get("copay_from_day", day), cost.get("copay_through_day", day)
    coinsurance = cost.get("coinsurance", day)
    return Benefit(
        covered=one.covered,
        prior_authorization=one.prior_authorization,
        copay_day=cost.get("copay_usd_per_day", day),
        copay_visit=cost.get("copay_usd_per_visit", day),
        copay_stay=cost.get("copay_usd_per_stay", day),
        copay_fill=cost.get("copay_usd_per_fill", day),
        coinsurance=coinsurance,
        copay_from_day=int(first) if first is not None else 1,
        copay_through_day=int(last) if last is not None else None,
        after_deductible=coinsurance is not None if one.after_deductible is None else one.after_deductible,
        days_limit=one.days_limit,
        visits_limit=one.visits_limit,
        placeholder=one.placeholder or bool(cost.placeholders),
    )


@lru_cache(maxsize=1024)
def _starts(terms: Terms) -> tuple[date, ...]:
    groups = (terms.post_acute, terms.fee_schedule, *(one.member_cost for one in terms.written.values()))
    dated = [one.dated for group in groups for one in group.amounts.values() if one.dated is not None]
    dated += [*terms.planning.values(), *terms.cost_sharing.values()]
    return tuple(sorted({start for one in dated for start in one.values}))


def _since(dated: Dated, day: date) -> date | None:
    return max((start for start in dated.values if start <= day), default=None)


def _own_rate(name: str, dated: Dated, since: date, terms: Terms) -> Rate:
    found = dated.values[since]
    value = Decimal(found.value) if isinstance(found.value, (int, Decimal)) else None
    note = f"the plan's own; {found.note}" if found.note else "the plan's own"
    citation = terms.citations.get(found.cite) if found.cite else None
    return Rate(name, value, dated.unit or "", since, citation, found.placeholder, note)
