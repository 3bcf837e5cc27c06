"""The table of clocks as read from ``reference/clocks.yaml``; the head of that file says what each key means."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache, cached_property
from typing import Literal, TypeAlias

from pydantic import Field, model_validator

from discharge import yaml
from discharge.dated import Citation, Dated, Strict
from discharge.resources import reference_file

Count: TypeAlias = Literal[
    "calendar_days",
    "days_before",
    "hours",
    "noon",
    "noon_next_day",
    "close_of_business",
    "hours_after_midnight",
    "business_days",
    "months",
    "months_or_first",
    "moment",
]
Roll: TypeAlias = Literal["none", "next_workday", "possible"]
Kind: TypeAlias = Literal["urgent", "pre_service", "post_service", "part_b_drug"]
Section: TypeAlias = Literal[
    "notices",
    "status_change",
    "discharge_appeal",
    "service_appeal",
    "claim_appeal",
    "payer_decisions",
    "payer_appeals",
    "post_acute",
    "dme",
]


class CountRule(Strict):
    """How far from its trigger a moment lies; negative counts lie before it."""

    count: Count
    value: int


class ExtensionRule(CountRule):
    """A later due time, once its notice ``by`` is on record before the first one passed."""

    by: str
    only_for: list[Kind] | None = None


class Presumed(Strict):
    """Without a receipt date: so many days after the date of the notice.

    ``unreadable`` is the flag that a receipt date exists and can't be read; then a person must say.
    """

    notice: str
    days: int
    unreadable: str


class Stops(Strict):
    """The clock stands still from one fact until the other, where the flag is on record."""

    from_: str = Field(alias="from")
    until: str
    if_charted: str


class OnlyWhen(Strict):
    """A clock that only concerns some stays: any listed conclusion, or any listed disposition."""

    concluded: list[str] = Field(default_factory=list)
    dispositions: list[str] = Field(default_factory=list)


class NotNeeded(Strict):
    """No clock where the service ended within ``hours``."""

    hours: int
    until: str


class DueBy(Strict):
    """Due times by the kind of case, which the text fact names."""

    fact: str
    values: dict[Kind, dict[date, CountRule]]


class FixedDay(Strict):
    """A day of the calendar that binds payers or hospitals, whatever the stay."""

    title: str
    day: date
    yearly: bool = False
    cite: str


class ClockRule(Strict):
    """One clock of the table."""

    title: str
    section: Section
    starts: str
    who: str
    trigger: list[str] = Field(min_length=1)
    due: dict[date, CountRule] = Field(default_factory=dict)
    due_by: DueBy | None = None
    consequence: str
    cite: str
    form: str | None = None
    payer_classes: list[str] | None = None
    needs: dict[str, bool] = Field(default_factory=dict)
    if_charted: dict[str, bool] = Field(default_factory=dict)
    unless: list[str] = Field(default_factory=list)
    among: dict[str, list[str]] = Field(default_factory=dict)
    first: bool = False
    quiet: bool = False
    urgency: Literal["standard", "expedited"] | None = None
    authorization: bool | None = None
    expected: list[str] = Field(default_factory=list)
    after: str | None = None
    earliest: bool = False
    presumed: Presumed | None = None
    assumes: str | None = None
    only_when: OnlyWhen | None = None
    opens: CountRule | None = None
    opens_at: str | None = None
    extension: ExtensionRule | None = None
    stops: Stops | None = None
    ends_early: list[str] = Field(default_factory=list)
    later_of: list[str] = Field(default_factory=list)
    instead: str | None = None
    then_every: CountRule | None = None
    not_needed_unless_longer: NotNeeded | None = None
    roll: Roll = "none"
    amount: str | None = None
    deadline: str | None = None
    cadence: bool = False
    met_by: str | None = None
    also_met_by: str | None = None
    known_by: str | None = None
    late_when_past: bool = False

    @cached_property
    def starting_facts(self) -> tuple[str, ...]:
        """Facts of which one must be charted before a quiet clock is shown."""
        presumed = [self.presumed.notice] if self.presumed else []
        return (*self.trigger, *self.expected, *presumed)

    def facts(self) -> set[str]:
        """Return every fact that the row names."""
        single = [self.after, self.opens_at, self.instead, self.met_by, self.also_met_by, self.known_by]
        named = {*self.starting_facts, *self.needs, *self.if_charted, *self.unless, *self.among}
        named |= {*self.ends_early, *self.later_of, *(fact for fact in single if fact)}
        named |= {self.due_by.fact} if self.due_by else set()
        named |= {self.extension.by} if self.extension else set()
        named |= {self.presumed.unreadable} if self.presumed else set()
        named |= {self.stops.from_, self.stops.until, self.stops.if_charted} if self.stops else set()
        return named | ({self.not_needed_unless_longer.until} if self.not_needed_unless_longer else set())

    def counts(self, kind: str | None = None) -> dict[date, CountRule]:
        """Return the dated due times of a kind of case (of every kind where the kind makes no difference)."""
        if self.due_by is None:
            return self.due
        return next((dated for name, dated in self.due_by.values.items() if name == kind), {})


class ClockTable(Strict):
    """The whole of ``clocks.yaml``."""

    title: str
    read_on: date
    warn_at: list[Decimal]
    conventions: dict[str, Citation]
    citations: dict[str, Citation]
    amounts: dict[str, Dated]
    days: dict[str, FixedDay]
    clocks: dict[str, ClockRule]

    @model_validator(mode="after")
    def _names(self) -> ClockTable:
        cited = {rule.cite for rule in self.clocks.values()} | {day.cite for day in self.days.values()}
        cited |= {one.cite for dated in self.amounts.values() for one in dated.values.values() if one.cite}
        amounts = {rule.amount for rule in self.clocks.values() if rule.amount}
        unknown = sorted((cited - set(self.citations)) | (amounts - set(self.amounts)))
        if unknown:
            raise ValueError("named but not there: " + ", ".join(unknown))
        return self


@cache
def clock_table() -> ClockTable:
    """Return the table of clocks, read once."""
    path = reference_file("clocks.yaml")
    return ClockTable.model_validate(yaml.load(path.read_bytes(), where="reference/clocks.yaml"))


def midnight(day: date, like: datetime) -> datetime:
    """Return the beginning of ``day`` in the zone of ``like``."""
    return datetime.combine(day, time(0, 0), tzinfo=like.tzinfo)


def days_later(moment: datetime, days: int) -> datetime:
    """Return the same time of day ``days`` calendar days later, in the same zone."""
    return datetime.combine(moment.date() + timedelta(days=days), moment.timetz(), tzinfo=moment.tzinfo)
