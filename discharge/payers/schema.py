"""What a payer profile says. Money and ratios are quoted decimals in the file and ``Decimal`` here."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from discharge.dated import Citation, Dated, DatedValue, Strict
from discharge.packs.conclusions import Number
from discharge.payers.amounts import AmountGroup, Amounts, MoneyDated, only
from discharge.payers.contract import Contract

PayerClass: TypeAlias = Literal[
    "medicare_ffs", "medicare_advantage", "medicaid", "dual", "commercial", "self_pay", "other"
]
Service: TypeAlias = Literal[
    "inpatient_acute",
    "observation",
    "snf",
    "irf",
    "ltch",
    "home_health",
    "home_infusion",
    "infusion_suite",
    "hospice",
    "behavioural",
    "outpatient_therapy",
    "dme",
    "transport",
    "long_acting",
    "oral_drugs",
    "medical_respite",
]
BenefitId: TypeAlias = Literal[
    "home_infusion",
    "snf",
    "irf",
    "ltch",
    "home_health",
    "hospice",
    "behavioural",
    "outpatient",
    "outpatient_therapy",
    "infusion_suite",
    "dme",
    "transport",
    "personal_care",
    "meals",
    "oral_drugs",
    "long_acting",
    "behavioural_partial",
    "behavioural_residential",
    "hospice_home",
    "hospice_inpatient",
    "medical_respite",
]
NetworkKind: TypeAlias = Literal[
    "snf",
    "irf",
    "ltch",
    "home_health",
    "hospice",
    "hospice_inpatient",
    "home_infusion",
    "infusion_suite",
    "behavioural_partial",
    "behavioural_residential",
    "medical_respite",
]

CostSharingName: TypeAlias = Literal[
    "deductible_usd",
    "coinsurance",
    "out_of_pocket_limit_usd",
    "hospital_stay_usd",
    "hospital_day_1_5_usd",
    "part_a_deductible_usd",
    "hospital_day_61_90_usd",
    "hospital_reserve_day_usd",
    "snf_day_21_100_usd",
    "part_b_deductible_usd",
    "part_b_coinsurance",
    "patient_share_of_medicare_cost",
]

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(h|d)")


def _hours(value: object) -> object:
    """Turn '24 h' or '2 d' into hours."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"'{value}' is no duration such as 24 h or 2 d")
    return Decimal(match[1]) * (24 if match[2] == "d" else 1)


def _dated_number(value: Dated) -> Dated:
    if value.unit is None:
        raise ValueError("a number without unit: the key 'unit' is missing")
    return value


Hours = Annotated[Decimal, BeforeValidator(_hours)]
MEMBER_COST = (
    "copay_usd_per_day",
    "copay_usd_per_visit",
    "copay_usd_per_stay",
    "copay_usd_per_fill",
    "copay_from_day",
    "copay_through_day",
    "coinsurance",
)


class Matches(Strict):
    """Coverages that this profile is for."""

    coverage_payer_ids: list[str] = Field(default_factory=list)
    coverage_type_codes: list[str] = Field(default_factory=list)


class Authorization(Strict):
    """What must be authorized, and when the payer wants to know."""

    service: Service
    when: Literal["on_admission", "before_service", "never"]
    notify_within: Hours | None = Field(default=None, description="hours")
    cite: str | None = None
    placeholder: bool = False
    note: str | None = None


class Benefit(Strict):
    """What the policy covers; None: the profile doesn't know."""

    covered: bool | None
    prior_authorization: bool | None = None
    member_cost: Annotated[Amounts, only(*MEMBER_COST)] = AmountGroup()
    after_deductible: bool | None = Field(
        default=None,
        description="the deductible comes first; unless told, before coinsurance and not before a copay",
    )
    days_limit: int | None = None
    visits_limit: int | None = Field(default=None, description="visits a year")
    note: str | None = None
    cite: str | None = None
    placeholder: bool = False


class Review(Strict):
    """How often the payer wants a review, and where it goes."""

    cadence_days: Dated | None = None
    submit_to: Literal["portal", "fax", "278"] | None = None
    cite: str | None = None
    note: str | None = None


class BaseRate(Strict):
    """Share of claims that this payer denies at first."""

    low: Number = Field(ge=0, le=1)
    high: Number = Field(ge=0, le=1)
    cite: str
    basis: str
    placeholder: bool = False


class PayerCase(Strict):
    """Asks for one entry (dotted path) on one day."""

    name: str
    as_of: date | datetime | str
    ask: str
    expect: Any


class PayerFile(Strict):
    """One file of ``payer_profiles/``."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    payer_class: PayerClass
    fictional: bool = False
    note: str | None = None
    matches: Matches
    rule_packs: list[str] = Field(default_factory=list)
    follows_two_midnight_benchmark: bool | None = None
    citations: dict[str, Citation] = Field(default_factory=dict)
    deadlines: dict[str, Dated] = Field(default_factory=dict)
    authorizations: list[Authorization] = Field(default_factory=list)
    benefits: dict[BenefitId, Benefit] = Field(default_factory=dict)
    contract: Contract = Contract()
    review: Review = Review()
    denial_base_rate: BaseRate | None = None
    cause_denial_rates: dict[str, BaseRate] = Field(default_factory=dict)
    service_denial_rates: dict[Service, BaseRate] = Field(default_factory=dict)
    cost_sharing: dict[CostSharingName, MoneyDated] = Field(default_factory=dict)
    pays_sharing_of_medicare: bool | None = Field(
        default=None, description="as the second policy it meets the cost sharing of Medicare"
    )
    planning: dict[str, MoneyDated] = Field(
        default_factory=dict, description="own values of names in reference/rates.yaml that no law sets"
    )
    network: dict[NetworkKind, list[str]] = Field(
        default_factory=dict, description="providers by CMS certification number or the hospital's own id"
    )
    cases: list[PayerCase] = Field(min_length=1)

    @model_validator(mode="after")
    def _units(self) -> PayerFile:
        for dated in self.deadlines.values():
            _dated_number(dated)
        return self


class PayerProfile(PayerFile):
    """A profile as loaded: with the digest of its text, and where it stands."""

    digest: str
    path: str

    def authorization(self, service: str) -> Authorization | None:
        """Return what the payer wants for a service, None where the profile is silent."""
        return next((one for one in self.authorizations if one.service == service), None)

    def requires_authorization(self, service: str) -> bool | None:
        """Return whether a service needs authorization; None where the profile is silent."""
        listed = self.authorization(service)
        if listed is not None:
            return listed.when != "never"
        benefit = self.benefits.get(service)  # type: ignore[call-overload]
        return benefit.prior_authorization if benefit is not None else None


def value_on(dated: Dated, day: date) -> DatedValue:
    """Return the value in force on a day; KeyError before the first."""
    found = dated.on(day)
    if found is None:
        raise KeyError(day.isoformat())
    return found
