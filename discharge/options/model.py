"""An option as people see it, and what the options come to."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from discharge.costs.ledger import OptionCost
from discharge.needs import Because
from discharge.providers import Availability
from discharge.readmission import ReadmissionRisk
from discharge.stayview import Result, Status


class OptionBarrier(Result):
    """What stands between the patient and an option, and who can remove it."""

    option: str
    cause: str
    carc: str | None
    who: str | None
    remedy: str | None
    because: list[Because]
    rule: str
    version: str


class Judged(Result):
    """A status with the rules it comes from; ``notes`` are the rules' own words."""

    status: Status
    notes: list[str] = Field(default_factory=list)
    because: list[Because] = Field(default_factory=list)
    rules: list[str] = Field(default_factory=list)


class PriorAuthorization(Result):
    """Whether the payer wants to be asked first, what it has answered, and by when it must if asked now."""

    required: bool | None
    approved: Status
    clock_id: str | None = None
    answer_by: datetime | None = None


class Waiting(Result):
    """Days that arranging the place usually takes; judged, not measured."""

    low: int
    expected: int
    high: int
    is_placeholder: bool


class Option(Result):
    """One place. ``leaves`` are needs it doesn't meet; ``coverage`` is what the payer would pay for, all told.

    ``readmission`` is of the patient after leaving for it; ``is_likely`` marks a rule's own guess. ``reason`` ends with
    why it stands above the next one.
    """

    id: str
    title: str
    meets: list[str]
    leaves: list[str]
    fit: Judged
    eligibility: Judged
    coverage: Judged
    prior_authorization: PriorAuthorization | None
    availability: Availability
    barriers: list[OptionBarrier]
    readmission: ReadmissionRisk
    cost: OptionCost
    waiting_days: Waiting
    is_likely: bool
    rank: int
    reason: str


class Recommendation(Result):
    """What the options come to. ``option`` is the first choice, ``destination`` the first choice outside the hospital.

    Both are None where nothing can be recommended; ``reason`` then says what is missing. ``likely`` is a rule's own
    guess, where one makes it.
    """

    option: str | None
    destination: str | None
    destination_title: str | None
    reason: str
    likely: str | None = None
