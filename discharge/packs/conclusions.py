"""What rules conclude: one typed payload per kind. A conclusion is named ``<kind>.<first value of its payload>``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from discharge.dated import Strict

OptionId: TypeAlias = Literal[
    "home",
    "outpatient",
    "home_health",
    "home_infusion",
    "home_infusion_self",
    "infusion_suite",
    "long_acting",
    "oral_step_down",
    "snf",
    "irf",
    "ltch",
    "hospice_home",
    "hospice_inpatient",
    "behavioural_partial",
    "behavioural_residential",
    "medical_respite",
    "stay",
]
NeedId: TypeAlias = Literal[
    "skilled_nursing",
    "iv_therapy",
    "home_infusion_drug",
    "pt",
    "ot",
    "slp",
    "intensive_rehab",
    "oxygen",
    "dme",
    "wound_care",
    "dialysis",
    "medication_management",
    "caregiver_support",
    "housing",
    "transport",
    "food",
    "language",
    "palliative",
    "monitoring_labs",
    "behavioural",
    "behavioural_programme",
    "long_term_acute",
    "hospice_care",
    "custodial_care",
    "follow_up",
]
Status: TypeAlias = Literal["met", "not_met", "unknown"]

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_RARC = re.compile(r"(?:N[0-9]{1,3}|MA?[0-9]{1,3})")  # remittance advice remark codes: N29, M25, MA01
_CARC = re.compile(r"(?:[AB])?[0-9]{1,3}|P[0-9]{1,2}")  # X12 claim adjustment reason codes: 197, A6, B7, P12


def _identifier(value: object) -> object:
    if isinstance(value, str) and not _IDENTIFIER.fullmatch(value):
        raise ValueError(f"'{value}' is no identifier: letters, digits and _, a letter first")
    return value


def _carc(value: object) -> object:
    if isinstance(value, str) and not _CARC.fullmatch(value):
        raise ValueError(f'\'{value}\' is no claim adjustment reason code (such as "197" or "A6")')
    return value


def _rarc(value: object) -> object:
    if isinstance(value, str) and not _RARC.fullmatch(value):
        raise ValueError(f'\'{value}\' is no remittance advice remark code (such as "N29" or "M25")')
    return value


def _number(value: object) -> object:
    if isinstance(value, str):
        raise ValueError(f"'{value}' is text where a number belongs: take the quotes away")
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


Identifier = Annotated[str, BeforeValidator(_identifier)]
Carc = Annotated[str, BeforeValidator(_carc)]
Rarc = Annotated[str, BeforeValidator(_rarc)]
ReviewAction: TypeAlias = Literal["A1", "A2", "A3", "A4", "A6", "CT", "NA", "C"]
Number = Annotated[Decimal, BeforeValidator(_number)]


class Payload(Strict):
    """Base of payloads; ``subject`` is the second part of the conclusion's name."""

    keys: ClassVar[tuple[str, ...]]

    @property
    def subject(self) -> str:
        return ".".join(str(getattr(self, key)) for key in self.keys)


class Need(Payload):
    """Something the patient will need after the stay."""

    keys = ("need",)
    need: NeedId


class Eligibility(Payload):
    """Whether the payer's coverage rules allow an option."""

    keys = ("option",)
    option: OptionId
    status: Status
    note: str | None = None


class Fit(Payload):
    """Whether an option is clinically right."""

    keys = ("option",)
    option: OptionId
    status: Status


class Barrier(Payload):
    """What stands between the patient and an option, and who can remove it."""

    keys = ("option", "cause")
    option: OptionId
    cause: Identifier
    carc: Carc | None = None
    who: Literal["case_manager", "physician", "payer", "patient", "facility"] | None = None
    remedy: str | None = None


class DenialRisk(Payload):
    """A cause of denial (of pack ``denials``) that is present."""

    keys = ("cause",)
    cause: Identifier
    because: str


class DocumentationGap(Payload):
    """A fact that somebody should chart."""

    keys = ("ask",)
    ask: str
    of: Literal["physician", "nurse", "case_manager", "registration"] | None = None
    question: str | None = None


class Task(Payload):
    """Something to do; ``due_in`` counts from the reference moment."""

    keys = ("task",)
    task: Identifier
    title: str
    owner: str
    due_in: Number | None = None
    unit: Literal["h", "d"] | None = None
    cite: str | None = None

    @model_validator(mode="after")
    def _whole(self) -> Task:
        if self.due_in is not None and (self.unit is None or self.cite is None):
            raise ValueError("due_in needs unit (h or d) and cite")
        return self


class Advice(Payload):
    """A sentence for the reader."""

    keys = ("advice",)
    advice: Identifier
    text: str


class CodeSuggestion(Payload):
    """A code of ``discharge/reference/z_codes.yaml`` that the chart supports, for a person to confirm and code."""

    keys = ("code",)
    code: Identifier


SafetyCategory: TypeAlias = Literal[
    "abuse", "neglect", "exploitation", "self_neglect", "partner_violence", "child_abuse", "self_harm"
]


class SafetyFlag(Payload):
    """Something a person must look at in private. Only a confidential pack may conclude it, and nothing else."""

    keys = ("flag",)
    flag: Identifier
    category: SafetyCategory
    title: str
    call: str


class Clock(Payload):
    """A clock of ``discharge/reference/clocks.yaml`` runs."""

    keys = ("clock",)
    clock: str


KINDS: Mapping[str, type[Payload]] = {
    "need": Need,
    "eligibility": Eligibility,
    "fit": Fit,
    "barrier": Barrier,
    "denial_risk": DenialRisk,
    "documentation_gap": DocumentationGap,
    "task": Task,
    "advice": Advice,
    "code_suggestion": CodeSuggestion,
    "safety_flag": SafetyFlag,
    "clock": Clock,
}


BasisKind: TypeAlias = Literal["published", "payer_profile", "hospital_history", "judgement"]


class Likelihood(Strict):
    """Probability that a cause leads to a denial; never more than ``basis`` says it is."""

    low: Number = Field(ge=0, le=1)
    high: Number = Field(ge=0, le=1)
    basis: str
    cite: str
    placeholder: bool = False

    @property
    def kind(self) -> BasisKind:
        """A figure that waits for a better one is judged; any other was published."""
        return "judgement" if self.placeholder else "published"

    @model_validator(mode="after")
    def _ordered(self) -> Likelihood:
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


class WhenUnknown(Strict):
    """Factor on the likelihood when a cause can't be ruled out. A bare number in the file is a judged one."""

    value: Number = Field(ge=0, le=1)
    basis: str | None = None
    cite: str | None = None
    placeholder: bool = True


def _when_unknown(value: Any) -> Any:
    return value if isinstance(value, dict) else {"value": value}


class Deadline(Strict):
    """By when a cause must be cured: a clock, or hours from a time fact."""

    clock: str | None = None
    hours: Number | None = None
    start: str | None = Field(default=None, alias="from")
    cite: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Deadline:
        if (self.clock is None) == (self.hours is None) or (self.hours is None) != (self.start is None):
            raise ValueError("a deadline is {clock: ID} or {hours: N, from: TIME FACT}")
        return self


class DenialCause(Strict):
    """A cause of denial, described once; the criterion ``cause`` of its file says whether it is there.

    ``carc`` and ``rarc`` are what a payer's remittance (X12 835) may carry for it, ``review_actions`` what its answer
    to a request (X12 278, HCR01) may. We send none of them.
    """

    id: Identifier
    title: str
    carc: list[Carc]
    rarc: list[Rarc] = Field(default_factory=list)
    review_actions: list[ReviewAction] = Field(default_factory=list)
    group_code: Literal["CO", "PR", "OA", "PI"]
    likelihood: dict[str, Likelihood]
    when_unknown: Annotated[WhenUnknown, BeforeValidator(_when_unknown)]
    exposure: Literal["stay_payment", "days_beyond", "post_acute", "rework"]
    modifiable: bool
    fix: str
    owner: Literal["case_manager", "physician", "physician_advisor", "registration", "him"]
    deadline: Deadline | None = None

    @model_validator(mode="after")
    def _for_all(self) -> DenialCause:
        if "any" not in self.likelihood:
            raise ValueError("likelihood needs an entry 'any' for payer classes that aren't named")
        return self
