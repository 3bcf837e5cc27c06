"""What a negotiation comes to: arrangements purse by purse, the range of agreement, ceilings, what is missing.

Amounts are what each party pays (for the hospital: bears) from today over the common horizon, as low, expected and
high; a Range that is empty can't be told, and ``missing`` says whom to ask. ``saving`` is positive where a party is
better off than without an agreement.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from pydantic import Field

from discharge.costs.amounts import Range, Usd
from discharge.costs.ledger import Purse
from discharge.stayview import Result, Status

Party: TypeAlias = Purse
Unit: TypeAlias = Literal["day", "course"]
Kind: TypeAlias = Literal["agreement", "other_place", "stay"]
Standing: TypeAlias = Literal["baseline", "nobody_worse", "somebody_worse", "not_known"]


class Course(Result):
    """The treatment that goes on after the stay, as far as it is charted: all that a pharmacy or agency must be told.

    ``days`` are those still to come; ``first_day`` is the day on which the place could usually start.
    """

    drugs: list[str] = Field(default_factory=list)
    days: int | None = None
    first_day: date | None = None
    last_day: date | None = None
    line: str | None = None
    tests: list[str] = Field(default_factory=list)
    plan_written: Status = "unknown"
    monitor_named: Status = "unknown"


class Missing(Result):
    """A figure that isn't known, and who can give it."""

    figure: str
    ask: str


class Zone(Result):
    """Rates per unit at which no party is worse off than without an agreement and the provider gets its floor.

    ``ceilings`` holds the highest rate that each paying party can bear at its share; parties that pay no part of the
    service have none. ``is_open`` None: it can't be told, since the room of the parties in ``unknown`` isn't known.
    ``low`` and ``high`` are None unless the range is open. ``blocked_by`` names the parties that stand in the way.
    """

    units: int
    floor: Usd
    low: Usd | None
    high: Usd | None
    ceilings: dict[Party, Usd] = Field(default_factory=dict)
    set_by: Party | None = None
    blocked_by: list[Party] = Field(default_factory=list)
    unknown: list[Party] = Field(default_factory=list)
    is_open: bool | None


class ArrangementLine(Result):
    """One part of an arrangement: what it is, who pays it, who receives it, and the names of its rates."""

    name: str
    party: Party
    provider: str | None
    low: Usd
    expected: Usd
    high: Usd
    quantity: str | None = None
    rates: list[str] = Field(default_factory=list)


class Arrangement(Result):
    """One way to pay for one place.

    ``plain`` says it to the patient; None where nobody should promise it yet. ``share`` is each party's part of the
    service's price where a rate is agreed. ``lines`` are given for agreements; other places have theirs in the options.

    ``zone`` is at expected costs, ``cautious_zone`` with every party's room at its low end. Both count what days cost
    the hospital; ``zone_if_empty`` also counts the pay that it loses when nobody takes the bed, where it is paid by
    the day.
    """

    id: str
    title: str
    kind: Kind
    option: str
    option_title: str
    text: str
    plain: str | None
    ask: list[str]
    letters: list[str] = Field(default_factory=list)
    payer: Range
    patient: Range
    hospital: Range
    provider: Range
    providers: list[str]
    saving: dict[Party, Range]
    share: dict[Party, Decimal] = Field(default_factory=dict)
    zone: Zone | None = None
    cautious_zone: Zone | None = None
    zone_if_empty: Zone | None = None
    standing: Standing
    worse_off: list[Party]
    sentence: str
    notes: list[str] = Field(default_factory=list)
    lines: list[ArrangementLine] = Field(default_factory=list)
    missing: list[Missing] = Field(default_factory=list)


class Ceiling(Result):
    """The most that the patient can pay for the course and be no worse off than without an agreement.

    ``out_of_pocket_left`` is what is left to the plan's yearly limit, None where that isn't known; what a policy
    doesn't cover need not count towards it.
    """

    amount: Usd | None
    per_unit: Usd | None
    out_of_pocket_left: Usd | None
    sentence: str


class IfCovered(Result):
    """What changes if a place that fits, and whose coverage is still open, turns out to be covered.

    The comparison is then with that place in place of the baseline.
    """

    option: str
    option_title: str
    payer: Range
    patient: Range
    opening: str | None
    payer_saving: Range
    ceiling: Usd | None
    sentence: str


class Negotiation(Result):
    """What can be agreed on for the place that fits and isn't covered. Nothing here is sent or promised."""

    option: str
    option_title: str
    service: str | None
    why: str
    course: Course
    baseline: str
    baseline_title: str
    baseline_reason: str
    unit: Unit
    units: int
    horizon_days: int
    floor: Usd | None
    price: Range
    arrangements: list[Arrangement]
    opening: str | None
    joint_zone: Zone | None
    if_covered: list[IfCovered] = Field(default_factory=list)
    patient_ceiling: Ceiling
    payer_saving: Range
    days_freed: int | None
    pay_lost: Range
    answer_by: datetime | None
    answer_clock: str | None
    sentence: str
    advice: list[str] = Field(default_factory=list)
    assumptions: list[str] = Field(default_factory=list)
    placeholders: list[str] = Field(default_factory=list)
    missing: list[Missing] = Field(default_factory=list)
    rates: list[str] = Field(default_factory=list)
