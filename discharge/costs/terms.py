"""What a payer profile says about money, as plain hashable values; one object per profile and version.

A term that the profile doesn't give is None here. It is never taken for zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypeAlias

from discharge.dated import Dated
from discharge.payers import PayerProfile
from discharge.payers import schema as payers

Basis: TypeAlias = Literal["ms_drg", "per_diem", "percent_of_charges", "self_pay", "unknown"]

MEDICARE = ("medicare_ffs", "dual")


@dataclass(frozen=True, eq=False)
class Benefit:
    """One service under a plan. Money in dollars; ``coinsurance`` is a share."""

    covered: bool | None = None
    prior_authorization: bool | None = None
    copay_day: Decimal | None = None
    copay_visit: Decimal | None = None
    copay_stay: Decimal | None = None
    coinsurance: Decimal | None = None
    copay_from_day: int = 1
    copay_through_day: int | None = None
    days_limit: int | None = None
    placeholder: bool = False


@dataclass(frozen=True, eq=False)
class Terms:
    """Terms of one profile. Compared by identity, so that priced options can be kept by it."""

    profile: str
    payer_class: str
    basis: Basis
    multiplier: Decimal = Decimal(1)
    per_diem: Decimal | None = None
    contract_placeholder: bool = False
    post_acute: payers.AmountGroup = field(default_factory=payers.AmountGroup)
    benefits: Mapping[str, Benefit] = field(default_factory=dict)
    cost_sharing: Mapping[str, Dated] = field(default_factory=dict)

    @property
    def is_medicare(self) -> bool:
        """Original Medicare pays, alone or with Medicaid."""
        return self.payer_class in MEDICARE


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
    return Terms(
        profile=payer.id,
        payer_class=payer.payer_class,
        basis=basis,
        multiplier=(inpatient.multiplier if inpatient else None) or Decimal(1),
        per_diem=inpatient.per_diem_usd if inpatient else None,
        contract_placeholder=bool(inpatient and inpatient.placeholder),
        post_acute=payer.contract.post_acute,
        benefits={str(name): _benefit(one) for name, one in payer.benefits.items()},
        cost_sharing=payer.cost_sharing,
    )


def _benefit(one: payers.Benefit) -> Benefit:
    cost = one.member_cost
    first, last = cost.get("copay_from_day"), cost.get("copay_through_day")
    return Benefit(
        covered=one.covered,
        prior_authorization=one.prior_authorization,
        copay_day=cost.get("copay_usd_per_day"),
        copay_visit=cost.get("copay_usd_per_visit"),
        copay_stay=cost.get("copay_usd_per_stay"),
        coinsurance=cost.get("coinsurance"),
        copay_from_day=int(first) if first is not None else 1,
        copay_through_day=int(last) if last is not None else None,
        days_limit=one.days_limit,
        placeholder=one.placeholder or bool(cost.placeholders),
    )
