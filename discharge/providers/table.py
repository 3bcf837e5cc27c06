"""Figures and words for finding providers: ``reference/providers/finding.yaml``."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from pydantic import Field

from discharge import yaml
from discharge.dated import Citation, Strict
from discharge.providers.model import Capability, Kind
from discharge.resources import reference_file


class Figure(Strict):
    """A planning figure with unit and source."""

    value: int | Decimal
    unit: str
    cite: str
    placeholder: bool = False


class FigureSource(Strict):
    """Unit and source that several figures share."""

    unit: str
    cite: str
    placeholder: bool = False


class KindRow(Strict):
    """A kind of provider in words, and how far away still is near."""

    one: str
    many: str
    miles: int
    choice: bool = False
    medicare: bool = False


class Threshold(Strict):
    """A number from which on a capability is asked for."""

    fact: str
    at_least: int | Decimal
    unit: str
    cite: str
    placeholder: bool = False


class CapabilityRow(Strict):
    """When a capability is asked for, and of which kinds."""

    title: str
    needs: list[str] = Field(default_factory=list)
    facts: list[str] = Field(default_factory=list)
    number: Threshold | None = None
    kinds: list[Kind]


class FindingTable(Strict):
    """The whole of the file."""

    title: str
    citations: dict[str, Citation]
    report_hours: Figure
    list_size: Figure
    list_size_together: Figure
    kinds: dict[Kind, KindRow]
    miles_from: FigureSource
    options: dict[str, list[Kind] | None]
    also: dict[str, list[Kind]]
    capabilities: dict[Capability, CapabilityRow]


@cache
def finding_table() -> FindingTable:
    """Return the table, read once."""
    path = reference_file("providers/finding.yaml")
    return FindingTable.model_validate(yaml.load(path.read_bytes(), where="reference/providers/finding.yaml"))
