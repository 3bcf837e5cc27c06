"""What a discharge plan is made of. ``None`` and ``unknown`` mean "not charted"; nothing is filled in by guess."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from pydantic import Field

from discharge.costs.amounts import Range
from discharge.options import OptionBarrier
from discharge.readmission import ReadmissionRisk
from discharge.stayview import Result, Status

MedicationStatus: TypeAlias = Literal[
    "home", "inpatient", "discharge", "new", "changed", "stopped", "unknown"
]
Mode: TypeAlias = Literal["car", "wheelchair_van", "ambulance"]


class PlannedDischarge(Result):
    """When the stay is expected to end and what that rests on; ``at`` None where nothing tells."""

    at: datetime | None
    basis: str
    is_estimate: bool


class LengthOfStay(Result):
    """Days so far beside the geometric mean of the MS-DRG; ``over_days`` is below zero while the mean lies ahead."""

    days: Decimal | None
    gmlos_days: Decimal | None
    over_days: Decimal | None
    ms_drg: str | None
    is_working: bool


class Goals(Result):
    """Whether the patient's goals are on record, and who should ask for them."""

    recorded: Status
    ask: str


class Service(Result):
    """A service the plan counts on. Start, frequency, duration and detail are given only where the chart says so.

    ``provider`` is None until a person names the one that the patient chose.
    """

    need: str
    title: str
    from_option: str | None
    start: datetime | None
    frequency: str | None = None
    duration: str | None = None
    provider: str | None = None
    detail: str | None
    days: int | None = Field(default=None, description="the duration, where it is a number")
    per_day: float | None = Field(default=None, description="doses or visits a day")
    per_week: float | None = Field(default=None, description="days a week")
    hours: float | None = Field(default=None, description="hours a day")
    hours_a_week: float | None = None


class OrderNeeded(Result):
    """An order or paper without which a service can't start; ``status`` met when it is charted."""

    title: str
    for_: str
    fact: str
    status: Status


class MedicationLine(Result):
    """A drug of the reconciliation list, as charted. It is a list to go through, never an instruction.

    ``home``: on the home list, and no discharge list says what becomes of it. ``discharge``: on the discharge list,
    and either the same at home or the home list is not charted. ``new``, ``changed``: on the discharge list, not on the
    home list or with another dose, route or frequency there. ``stopped``: the chart ends it. ``inpatient``: in hospital
    only. ``unknown``: the chart doesn't say for where it was prescribed.
    """

    name: str
    drug: str = Field(description="canonical ingredients, or the name in lower case where they aren't known")
    dose: str | None
    route: str | None
    frequency: str | None
    status: MedicationStatus
    times_per_day: float | None = None
    before: str | None = Field(default=None, description="dose, route and frequency at home, where changed")
    row_id: str | None = None


class MonitoringLine(Result):
    """A test or check after the stay. ``reads`` names a role; nobody is named unless charted."""

    title: str
    for_: str
    frequency: str | None
    reads: str
    is_reader_named: Status
    test: str = Field(description="key of the test in reference/opat_labs.yaml or monitoring.yaml")
    reader: str = Field(description="key of who reads it in reference/monitoring.yaml")
    per_week: tuple[int, int] | None = Field(default=None, description="times a week, at least and at most")
    from_days: int | None = None
    within_days: int | None = None
    cite: str | None = None
    ask: str | None = Field(default=None, description="what to ask the patient each week")


class Appointment(Result):
    """A visit that is wanted, with its window in days after discharge; ``at`` None while none is booked."""

    title: str
    who: str
    from_days: int | None
    within_days: int | None
    at: datetime | None = None
    because: str
    cite: str | None


class Transport(Result):
    """How the patient can travel, and what says so; ``mode`` None where the chart doesn't tell."""

    mode: Mode | None
    title: str
    why: str
    facts: list[str]
    ordered: Status


class EducationTopic(Result):
    """What patient and caregiver are to be taught. ``topic`` is a key of reference/education.yaml."""

    topic: str
    title: str
    for_: str


class Contact(Result):
    """Whom to call for what; ``name`` only where the chart has it."""

    role: str
    title: str
    for_: str
    name: str | None = None


class PlanBarrier(Result):
    """A barrier of the chosen place: who removes it, how, and by when."""

    barrier: OptionBarrier
    owner: str | None
    due_at: datetime | None


class PlanNotice(Result):
    """A notice that must still be given or a deadline that still runs."""

    clock_id: str
    title: str
    form: str | None
    owner: str | None
    due_at: datetime | None
    status: str


class Advice(Result):
    """A rule's sentence for the reader."""

    text: str
    rule: str


class Plan(Result):
    """The plan of one stay. ``recommended`` is the destination; ``stay_on`` says whether hospital care goes on first.

    ``unknown`` lists in words what would have to be charted for a fuller plan.
    """

    recommended: str | None
    recommended_title: str | None
    reason: str
    likely: str | None
    stay_on: Status
    alternatives: list[str]
    goals: Status
    patient_goals: Goals
    choice_list_given: Status
    needs: list[str]
    open_needs: list[str] = Field(description="needs that can't be told from the chart")
    services: list[Service]
    orders_needed: list[OrderNeeded]
    medications: list[MedicationLine]
    medications_reconciled: Status
    medications_left_out: int = Field(description="hospital drugs beyond those listed")
    monitoring: list[MonitoringLine]
    appointments: list[Appointment]
    appointments_booked: Status
    transport: Transport
    education: list[EducationTopic]
    education_done: Status
    contacts: list[Contact]
    barriers: list[PlanBarrier]
    notices: list[str]
    notices_due: list[PlanNotice]
    contingency: list[str]
    advice: list[Advice]
    payer_cost: Range
    patient_cost: Range
    horizon_days: int | None
    expected_discharge: PlannedDischarge
    length_of_stay: LengthOfStay
    readmission: ReadmissionRisk | None
    unknown: list[str]
