"""The Review: everything concluded about one stay, with the reasons and the chart rows behind them.

One line of ``reviews.ndjson`` is one Review; ``discharge schema review`` prints its JSON Schema. Times carry the
offset of the facility's zone, in which days and midnights are counted. Money is decimal text in dollars.
``None`` always means "not known", never zero or no.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from discharge.clocks import Clock
from discharge.costs.ledger import RateSeen
from discharge.costs.stay import StayMoney
from discharge.costs.waiting import WaitingCost
from discharge.denial import DenialRisk, DenialSummary
from discharge.needs import Need
from discharge.negotiation import Negotiation
from discharge.options import Option
from discharge.plan import Plan
from discharge.social import SafetySeen, SuggestedCode

Status: TypeAlias = Literal["met", "not_met", "unknown"]
Scalar: TypeAlias = bool | float | str | list[str] | None
ReviewType: TypeAlias = Literal["admission", "concurrent", "retrospective"]

ROLES = ("admission", "continued_stay", "discharge_ready")


def _is_none(value: object) -> bool:
    return value is None


def _is_empty(value: object) -> bool:
    return value == []


_LEFT_OUT: Any = Field(default=None, exclude_if=_is_none, description="left out where no chart row is known")


class Model(BaseModel):
    """Base of the review's parts: closed and unchangeable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Patient(Model):
    """Who: as the feed names them."""

    patient_id: str | None
    mrn: str | None
    name: str | None
    sex: str | None
    language: str | None = Field(description="preferred language, BCP 47")
    birth_date: date | None
    age_years: float | None


class ExpectedDischarge(Model):
    """When the stay is expected to end and what that rests on; both None where nothing is charted."""

    at: datetime | None
    basis: str


class Stay(Model):
    """Where and since when. Midnights are counted in the facility's zone."""

    arrival: datetime | None
    admitted: datetime | None
    inpatient_order: datetime | None
    discharged: datetime | None
    unit: str | None
    bed: str | None
    service: str | None
    class_code: str | None
    status: Literal["inpatient", "observation", "emergency", "outpatient", "unknown"]
    is_in_house: bool | None
    days: float | None = Field(description="elapsed days in hospital up to the reference time")
    benchmark_midnights: float | None
    presumption_midnights: float | None
    ms_drg: str | None
    gmlos_days: float | None
    expected_discharge: ExpectedDischarge


class Payer(Model):
    """The payer profile that the stay's coverage matched, or why none did."""

    matched: bool
    profile: str | None
    title: str | None
    is_fictional: bool | None
    payer_class: str | None
    payer_id: str | None
    member_id: str | None
    reason: str


class Request(Model):
    """What the payer would be asked for, and on which basis. Words, since what is not known is said so."""

    status: str
    status_basis: str
    days: str
    days_basis: str
    authorization: str | None


class CourseDaysSeen(Model):
    """Usual days in hospital."""

    low: float
    high: float
    unit: str
    cite: str


class CourseSeen(Model):
    """The expected course of a condition, from its rule file."""

    days: CourseDaysSeen | None
    steps: list[str]
    usual_destinations: list[str]
    typical_needs: list[str]
    follow_up: str | None
    text: str | None
    cite: list[str]


class Condition(Model):
    """A condition whose criteria apply, and the code or text that says so."""

    id: str
    title: str
    matched_on: list[str]
    course: CourseSeen | None = Field(description="what usually happens; nothing is concluded from it")


class LevelOfCare(Model):
    """The findings a reviewer asks first, and the smallest sets of facts that would settle what is unknown."""

    admission: Status
    continued_stay: Status
    discharge_ready: Status
    two_midnight_benchmark: Status
    two_midnight_presumption: Status
    statement: str
    does_not_apply: list[str] = Field(description="findings whose rule does not hold for this payer")
    missing: dict[str, list[list[str]]] = Field(description="per unknown finding: sets of facts, each enough")


class FactSeen(Model):
    """One test of a criterion and the chart row that it looked at."""

    name: str
    title: str
    value: Scalar
    unit: str | None
    test: str
    status: Status
    at: datetime | None = _LEFT_OUT
    source: str | None = _LEFT_OUT
    row_id: str | None = _LEFT_OUT
    charted: str | None = Field(default=None, exclude_if=_is_none, description="the row in words")


class Finding(Model):
    """A criterion with its status for this stay and everything it looked at."""

    criterion: str
    title: str
    rule_file: str = Field(description="title, pack and version: in provenance.files")
    status: Status
    role: str | None = Field(default=None, exclude_if=_is_none)
    facts: list[FactSeen] = Field(default_factory=list, exclude_if=_is_empty)
    parts: list[str] = Field(default_factory=list, exclude_if=_is_empty, description="criteria it rests on")
    missing: list[str] = Field(default_factory=list, exclude_if=_is_empty)
    citations: list[str] = Field(default_factory=list, exclude_if=_is_empty)
    verified: bool


class ConclusionSeen(Model):
    """What a rule concluded, and the criteria it rests on."""

    name: str
    kind: str
    payload: dict[str, Scalar]
    rule_file: str
    rule_index: int
    version: str
    because: list[tuple[str, Status]]
    citations: list[str] = Field(description="of the rule and of its criteria; keys of provenance.citations")


class ScorePart(Model):
    """One item of a score, or a variable of its formula; None where another score in it is not valid."""

    name: str
    low: float | None
    high: float | None


class Score(Model):
    """A score as an interval: ``low`` and ``high`` are equal when every input that counts is known.

    ``id`` and ``name`` are the same full name. Of a score that must not be given for this stay (``valid`` false) there
    is no number.
    """

    id: str
    name: str
    title: str
    version: str | None
    inputs_only: bool = Field(description="by licence, taken from the chart as a total and never computed")
    valid: bool
    low: float | None
    high: float | None
    total: float | None = Field(description="None unless low and high are equal")
    unit: str
    band: str | None
    band_sets: dict[str, str | None]
    items: list[ScorePart]
    missing: list[str]
    cite: list[str] = Field(description="full citation keys, see provenance.citations")


class Denial(Model):
    """All denial risks of the stay together, the dearest expected loss first. The expected loss is not the exposure."""

    summary: DenialSummary
    risks: list[DenialRisk]


class Gap(Model):
    """A question to be asked so that a finding can be settled."""

    ask: str
    title: str
    of: str | None
    question: str
    rule_file: str


class Task(Model):
    """Something a rule asks a person to do."""

    task: str
    title: str
    owner: str | None
    due_at: datetime | None
    rule_file: str


class PackSeen(Model):
    """A rule pack used."""

    pack: str
    version: str
    digest: str


class FileSeen(Model):
    """A rule file that a finding or conclusion comes from; ``verified`` when all its findings' sources were checked."""

    title: str
    pack: str
    version: str
    verified: bool
    is_sensitive: bool = Field(default=False, description="what it advises stands on no paper")


class CitationSeen(Model):
    """A source that a finding used rests on."""

    title: str
    url: str | None
    read_on: str | None
    verified: bool


class Provenance(Model):
    """What would be needed to run this review again."""

    engine_version: str
    zone: str
    rules: list[PackSeen]
    payer_id: str | None
    payer_digest: str | None
    denial_history_digest: str | None
    providers_digest: str | None = Field(
        description="of the files that the directory of providers was made from"
    )
    facts_digest: str
    files: dict[str, FileSeen]
    citations: dict[str, CitationSeen]
    rates: dict[str, RateSeen] = Field(description="the rates that amounts of options and waiting rest on")


class Review(Model):
    """Everything concluded about one stay as of a moment. Decision support: advice to people, never a denial."""

    encounter_id: str
    patient: Patient
    as_of: datetime
    reference_time: datetime | None
    review_type: ReviewType
    stay: Stay
    payer: Payer
    diagnosis: str | None
    request: Request
    conditions: list[Condition]
    conditions_note: str | None
    level_of_care: LevelOfCare
    findings: list[Finding]
    conclusions: list[ConclusionSeen]
    scores: list[Score]
    denial: Denial
    money: StayMoney
    gaps: list[Gap]
    suggested_codes: list[SuggestedCode]
    safety: list[SafetySeen] = Field(description="for a person only: in no paper, worklist or explanation")
    needs: list[Need]
    options: list[Option]
    waiting: WaitingCost | None = Field(description="None for a patient who has left")
    negotiation: Negotiation | None = Field(description="None where the place that fits is covered")
    recommended: str | None
    plan: Plan
    clocks: list[Clock]
    tasks: list[Task]
    provenance: Provenance
    notices: list[str]
