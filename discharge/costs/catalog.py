"""The table of destinations: ``reference/options.yaml``."""

from __future__ import annotations

from functools import cache
from typing import Literal

from pydantic import Field

from discharge import yaml
from discharge.costs.snf import CaseMix
from discharge.dated import Citation, Strict
from discharge.resources import reference_file


class Waiting(Strict):
    """Days that arranging a place usually takes."""

    low: int
    expected: int
    high: int
    cite: str
    placeholder: bool


class OrderWanted(Strict):
    """The order or document without which the service can't start, and the fact that says it is there."""

    fact: str
    title: str


class OptionRow(Strict):
    """One destination; see the head of ``options.yaml``."""

    title: str
    meets: list[str]
    is_community: bool
    waiting_days: Waiting
    called_for_by: list[str] = Field(default_factory=list)
    service: str | None = None
    order: OrderWanted | None = None
    priced: bool = Field(default=True, description="a public price is known")


class Group(Strict):
    """A PDPM group."""

    therapy: str
    speech: str
    nursing: str
    ancillary: str

    def case_mix(self) -> CaseMix:
        return CaseMix(self.therapy, self.speech, self.nursing, self.ancillary)


class Groups(Strict):
    """Low, expected and high group of one kind of patient."""

    low: Group
    expected: Group
    high: Group


class OptionTable(Strict):
    """The whole of ``options.yaml``."""

    title: str
    citations: dict[str, Citation]
    options: dict[str, OptionRow]
    case_mix: dict[str, Groups]
    kinds: dict[str, list[str]]
    rehabilitation_weights: dict[str, Literal["stroke", "hip_fracture"]]


@cache
def option_table() -> OptionTable:
    """Return the table of destinations, read once."""
    path = reference_file("options.yaml")
    return OptionTable.model_validate(yaml.load(path.read_bytes(), where="reference/options.yaml"))


def kind_of_patient(principal: str | None, needs_iv: bool) -> str:
    """Return which SNF groups a patient is priced with: intravenous, orthopaedic, neurologic or medical."""
    if needs_iv:
        return "intravenous"
    for kind, prefixes in option_table().kinds.items():
        if principal is not None and principal.startswith(tuple(prefixes)):
            return kind
    return "medical"
