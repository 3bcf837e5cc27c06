"""The conventions of utilization work, from ``reference/casework.yaml``, whose head says what they are."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Literal

from pydantic import Field, model_validator

from discharge import yaml
from discharge.clocks.table import clock_table
from discharge.dated import Citation, Dated, Strict
from discharge.resources import reference_file


class Answer(Strict):
    """The clock on which a payer answers, and the name of the payer's own term for it."""

    clock: str
    deadline: str | None = None
    late: str | None = None
    first: str | None = None


class Incomplete(Strict):
    """The clock on which a payer says what a request lacks, and the one on which it then decides."""

    asked: str
    decided: str


class AppealLevel(Strict):
    """A step of appeal: whose decision is appealed, and who made the one that comes of it."""

    against: str
    leaves: str | None = None
    cite: str


class PauseRule(Strict):
    """What a pause does to a clock, and when its rule lets it."""

    effect: Literal["tolls", "extends"]
    when: str
    cite: str


class HouseClock(Strict):
    """A clock of the house itself."""

    title: str
    who: str
    consequence: str
    cite: str


class Said(Strict):
    """Words with their source."""

    title: str
    cite: str


class Practitioners(Strict):
    """Credentials of who may be responsible for a patient's care."""

    credentials: list[str]
    cite: str

    def knows(self, credentials: str) -> bool:
        """Tell whether one of the words is in the list."""
        words = credentials.upper().replace(".", "").replace(",", " ").replace("/", " ").split()
        return bool(set(words) & set(self.credentials))


class CodeRule(Strict):
    """Payers for whose stays condition code 44 exists."""

    payer_classes: list[str]
    cite: str


class Conventions(Strict):
    """The whole of ``casework.yaml``."""

    title: str
    read_on: date
    citations: dict[str, Citation]
    values: dict[str, Dated]
    answers: dict[str, dict[str, Answer]]
    missed: dict[str, str]
    incomplete: dict[str, Incomplete]
    information: dict[str, str]
    levels: dict[str, dict[str, AppealLevel]]
    of_the_patient: list[str]
    pauses: dict[str, PauseRule]
    clocks: dict[str, HouseClock]
    reviews: dict[str, Said]
    decisions: dict[str, Said]
    practitioners: Practitioners
    condition_code_44: CodeRule = Field(description="see casework.work.advisor")

    @model_validator(mode="after")
    def _names(self) -> Conventions:
        cited = {one.cite for rows in (self.pauses, self.clocks, self.reviews) for one in rows.values()}
        cited |= {one.cite for one in self.decisions.values()} | {self.condition_code_44.cite}
        cited.add(self.practitioners.cite)
        cited |= {step.cite for steps in self.levels.values() for step in steps.values()}
        cited |= {one.cite for dated in self.values.values() for one in dated.values.values() if one.cite}
        named = {*self.pauses, *self.missed.values(), *self.information.values()}
        for clock, gap in self.incomplete.items():
            named |= {clock, gap.asked, gap.decided}
        for rows in self.answers.values():
            for row in rows.values():
                named |= {one for one in (row.clock, row.late, row.first) if one}
        unknown = (cited - set(self.citations)) | (named - set(clock_table().clocks))
        if unknown:
            raise ValueError("named but not there: " + ", ".join(sorted(unknown)))
        return self

    def cited(self, key: str) -> Citation:
        """Return a citation by its key."""
        return self.citations[key]

    def number(self, name: str, day: date) -> Decimal:
        """Return the number in force on a day; KeyError where there is none."""
        found = self.values[name].on(day)
        if found is None or not isinstance(found.value, (int, Decimal)):
            raise KeyError(name)
        return Decimal(found.value)

    def hours(self, name: str, day: date) -> timedelta:
        """Return a time in hours that is in force on a day."""
        return timedelta(hours=float(self.number(name, day)))


@cache
def conventions() -> Conventions:
    """Return the conventions, read once."""
    where = "reference/casework.yaml"
    return Conventions.model_validate(yaml.load(reference_file("casework.yaml").read_bytes(), where=where))
