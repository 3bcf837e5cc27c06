"""The tables behind the plan: ``reference/monitoring.yaml`` and ``reference/education.yaml``, read once."""

from __future__ import annotations

from functools import cache

from pydantic import Field

from discharge import yaml
from discharge.dated import Citation, Strict
from discharge.plan.model import Mode
from discharge.resources import reference_file


class Watched(Strict):
    """A test or check, and the drug, need or condition that calls for it."""

    test: str
    title: str
    reads: str
    cite: str
    drug: str | None = None
    need: str | None = None
    condition: str | None = None
    from_days: int | None = None
    within_days: int | None = None


class Visit(Strict):
    """A visit that a condition asks for, in days after discharge."""

    who: str
    within_days: int
    from_days: int | None = None


class MonitoringTable(Strict):
    """The whole of ``monitoring.yaml``."""

    title: str
    citations: dict[str, Citation]
    clinics: dict[str, str]
    readers: dict[str, str]
    watched: list[Watched]
    visits: dict[str, list[Visit]]


class Topic(Strict):
    """Something to be taught, what calls for it, and the signs to call about, in the patient's words.

    ``always`` topics are for everybody. ``urgent`` signs are for the emergency number, the others for the care team.
    """

    title: str
    cite: str
    always: bool = False
    needs: list[str] = Field(default_factory=list)
    options: list[str] = Field(default_factory=list)
    conditions: list[str] = Field(default_factory=list)
    drug_class: str | None = None
    signs: list[str] = Field(default_factory=list)
    urgent: list[str] = Field(default_factory=list)


class RideRow(Strict):
    """A way to travel: it is the way when all facts of one of ``when`` are as said. The first row that holds wins."""

    mode: Mode
    title: str
    why: str
    when: list[dict[str, bool]]
    cite: str


class ContactRow(Strict):
    """A role to call; ``options``, ``needs`` and ``payers`` say for whom it matters (empty: everybody)."""

    title: str
    for_: str = Field(alias="for")
    words: str
    options: list[str] = Field(default_factory=list)
    needs: list[str] = Field(default_factory=list)
    payers: list[str] = Field(default_factory=list)


class PlaceWords(Strict):
    """A place in the patient's words: its name, and what it is like."""

    title: str
    about: str


class PatientWords(Strict):
    """Names of the chart's things in the patient's words. All are message ids of the catalogues."""

    places: dict[str, PlaceWords]
    needs: dict[str, str]
    clinics: dict[str, str]
    tests: dict[str, str]
    routes: dict[str, str]
    rides: dict[str, str]
    readers: dict[str, str]


class EducationTable(Strict):
    """The whole of ``education.yaml``."""

    title: str
    citations: dict[str, Citation]
    topics: dict[str, Topic]
    transport: list[RideRow]
    contacts: dict[str, ContactRow]
    patient: PatientWords


@cache
def monitoring_table() -> MonitoringTable:
    """Return what is watched after a stay."""
    raw = reference_file("monitoring.yaml").read_bytes()
    return MonitoringTable.model_validate(yaml.load(raw, where="reference/monitoring.yaml"))


@cache
def education_table() -> EducationTable:
    """Return what is taught, how patients travel, whom they call, and the words for it."""
    raw = reference_file("education.yaml").read_bytes()
    return EducationTable.model_validate(yaml.load(raw, where="reference/education.yaml"))
