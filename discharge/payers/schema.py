"""What a payer profile says. Money and ratios are quoted decimals in the file and ``Decimal`` here."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from discharge.dated import Citation, Dated, DatedValue, Strict
from discharge.packs.conclusions import Number

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
]

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(h|d)")
_AMOUNT_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ABOUT = ("cite", "placeholder", "note")


def _quoted(value: object) -> object:
    """Accept a decimal written as text; a bare number could lose its digits on the way."""
    if isinstance(value, str):
        try:
            return Decimal(value)
        except InvalidOperation:
            raise ValueError(f"'{value}' is no decimal number") from None
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        raise ValueError(f'an amount without quotes: write "{value}"')
    return value


def _hours(value: object) -> object:
    """Turn '24 h' or '2 d' into hours."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"'{value}' is no duration such as 24 h or 2 d")
    return Decimal(match[1]) * (24 if match[2] == "d" else 1)


def _money_dated(value: Any) -> Any:
    """Turn quoted amounts of a dated value into decimals."""
    if isinstance(value, Dated) or not isinstance(value, dict) or not isinstance(value.get("values"), dict):
        return value
    if value.get("unit") is None:
        raise ValueError("an amount without unit: the key 'unit' is missing (USD, or 1 for a ratio)")
    values = {
        day: {**one, "value": _quoted(one["value"])} if isinstance(one, dict) and "value" in one else one
        for day, one in value["values"].items()
    }
    return {**value, "values": values}


def _dated_number(value: Dated) -> Dated:
    if value.unit is None:
        raise ValueError("a number without unit: the key 'unit' is missing")
    return value


QuotedDecimal = Annotated[Decimal, BeforeValidator(_quoted)]
MoneyDated = Annotated[Dated, BeforeValidator(_money_dated)]
Hours = Annotated[Decimal, BeforeValidator(_hours)]


class Amount(Strict):
    """One figure; ``value`` None says that it isn't known."""

    value: QuotedDecimal | None
    cite: str | None = None
    placeholder: bool = False
    note: str | None = None


def _amounts(value: Any) -> Any:
    """Read {name: "1.00", ..., cite, placeholder}: what the group says of itself holds for each amount."""
    if not isinstance(value, dict) or "amounts" in value:
        return value
    about = {key: value[key] for key in _ABOUT if key in value}
    amounts = {}
    for name, one in value.items():
        if name in _ABOUT:
            continue
        if not isinstance(name, str) or not _AMOUNT_NAME.fullmatch(name):
            raise ValueError(f"'{name}' is no name of an amount")
        if not isinstance(one, dict):
            _quoted(one)
        amounts[name] = {**about, **(one if isinstance(one, dict) else {"value": one})}
    return {"amounts": amounts}


class AmountGroup(Strict):
    """Named amounts (names end in their unit: ``copay_usd_per_day``, ``coinsurance``)."""

    amounts: dict[str, Amount] = Field(default_factory=dict)

    def get(self, name: str) -> Decimal | None:
        """Return an amount, None where the profile is silent or doesn't know."""
        found = self.amounts.get(name)
        return None if found is None else found.value

    @property
    def placeholders(self) -> list[str]:
        """Names of amounts that are proposed, estimated or judged."""
        return [name for name, one in self.amounts.items() if one.placeholder]


Amounts = Annotated[AmountGroup, BeforeValidator(_amounts)]


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
    member_cost: Amounts = AmountGroup()
    days_limit: int | None = None
    visits_limit: int | None = Field(default=None, description="visits a year")
    note: str | None = None
    cite: str | None = None
    placeholder: bool = False


class InpatientContract(Strict):
    """How an inpatient stay is paid."""

    basis: Literal["ms_drg", "per_diem", "percent_of_charges", "self_pay"]
    multiplier: QuotedDecimal | None = None
    per_diem_usd: QuotedDecimal | None = None
    cite: str | None = None
    placeholder: bool = False
    note: str | None = None

    @model_validator(mode="after")
    def _has_rate(self) -> InpatientContract:
        if self.basis == "per_diem" and self.per_diem_usd is None:
            raise ValueError("basis per_diem needs per_diem_usd")
        if self.basis in ("ms_drg", "percent_of_charges") and self.multiplier is None:
            raise ValueError(f"basis {self.basis} needs multiplier")
        return self


class Contract(Strict):
    """Rates that hospital and payer agreed on."""

    inpatient: InpatientContract | None = None
    post_acute: Amounts = AmountGroup()


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
    cost_sharing: dict[str, MoneyDated] = Field(default_factory=dict)
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
