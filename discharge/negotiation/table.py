"""The table of arrangements: ``reference/arrangements.yaml``."""

from __future__ import annotations

from functools import cache
from typing import Literal, TypeAlias

from pydantic import Field

from discharge import yaml
from discharge.costs.ledger import Group, Purse
from discharge.dated import Citation, Strict
from discharge.payers.schema import PayerClass
from discharge.resources import reference_file
from discharge.stayview import Status

PersonId: TypeAlias = Literal[
    "payer",
    "pharmacy",
    "home_health",
    "facility",
    "patient",
    "physician",
    "finance",
    "compliance",
    "financial_counselor",
]
LetterId: TypeAlias = Literal["payer", "pharmacy", "home_health", "patient"]
PaidGroup: TypeAlias = Literal[Group, "rest"]


class Person(Strict):
    """Who can be asked for a figure or an agreement."""

    title: str


class ArrangementRow(Strict):
    """One way to pay; see the head of ``arrangements.yaml``."""

    title: str
    text: str
    plain: str | None = None
    kind: Literal["agreement"]
    pays: dict[PaidGroup, Purse]
    price: Literal["not_covered", "covered"] = "not_covered"
    payer_classes: list[PayerClass] = Field(default_factory=list)
    options: list[str] = Field(default_factory=list)
    only_with: list[Group] = Field(default_factory=list)
    ask: list[PersonId]
    letters: list[LetterId]
    notes: list[str] = Field(default_factory=list)
    cite: str


class BaselineRow(Strict):
    """What happens without an agreement."""

    prefer: Literal["covered_and_fits"]
    otherwise: Literal["stay"]
    text: dict[Literal["covered_and_fits", "stay", "stay_unsure"], str]
    cite: str


class LeftOut(Strict):
    """What every discharge brings alike: cost groups, and beginnings of components' names."""

    groups: list[Group]
    names: list[str]
    text: str
    cite: str


class Minor(Strict):
    """Beginnings of names of side services; the whole of one counts with the payer where the member's share is open."""

    names: list[str]
    text: str


class MissingRow(Strict):
    """Whom to ask for a figure: the first row with one of its words in what a price says that it leaves out."""

    words: list[str]
    ask: PersonId


class ArrangementTable(Strict):
    """The whole of ``arrangements.yaml``."""

    title: str
    citations: dict[str, Citation]
    people: dict[PersonId, Person]
    baseline: BaselineRow
    left_out: LeftOut
    assumes: list[str]
    minor: Minor
    shared: list[Group]
    providers: dict[Group, str]
    plain_places: dict[str, str]
    plain_coverage: dict[Status, str]
    plain_unsure: str
    letters_for: dict[LetterId, list[str]]
    lines: dict[str, str]
    arrangements: dict[str, ArrangementRow]
    missing: list[MissingRow]
    advice: dict[str, str]


@cache
def arrangement_table() -> ArrangementTable:
    """Return the table of arrangements, read once."""
    path = reference_file("arrangements.yaml")
    return ArrangementTable.model_validate(yaml.load(path.read_bytes(), where="reference/arrangements.yaml"))


def person(name: PersonId) -> str:
    """Return a person's name in words."""
    return arrangement_table().people[name].title
