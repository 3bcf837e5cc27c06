"""Small stay views for tests of the rooms after inference: facts and conclusions given by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from discharge.packs.conclusions import KINDS, Payload
from discharge.stayview import StayView


@dataclass(frozen=True)
class GivenConclusion:
    """A conclusion as inference makes them."""

    name: str
    kind: str
    payload: Payload
    file_id: str = "test.rules"
    version: str = "1"
    because: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class GivenEvidence:
    """A chart row behind a fact."""

    table: str
    row_id: str
    source: str
    at: pd.Timestamp | None
    text: str


def conclude(kind: str, *, on: tuple[tuple[str, str], ...] = (), **payload: Any) -> GivenConclusion:
    """Make a conclusion, e.g. ``conclude("need", need="oxygen")``."""
    made = KINDS[kind](**payload)
    return GivenConclusion(f"{kind}.{made.subject}", kind, made, because=on)


def view(
    facts: Mapping[str, Any] | None = None,
    *conclusions: GivenConclusion,
    as_of: str = "2026-06-15T07:00",
    zone: str = "America/New_York",
    payer: Any = None,
    findings: Mapping[str, str] | None = None,
    **more: Any,
) -> StayView:
    """Make a view; times in ``facts`` are local text under names ending in ``_at``, statuses default to unknown."""
    given = dict(facts or {})
    for name, value in given.items():
        if name.endswith(("_at", "_through")) and isinstance(value, str):
            given[name] = pd.Timestamp(value).tz_localize(zone).tz_convert("UTC")
    moment = pd.Timestamp(as_of).tz_localize(zone).tz_convert("UTC")
    t = given.get("stay.discharged_at", moment)
    statuses = dict(findings or {})
    return StayView(
        stay_id="E1",
        facts=given,
        conclusions=tuple(conclusions),
        findings=lambda name: statuses.get(name, "unknown"),
        payer=payer,
        t=min(t, moment),
        as_of=moment,
        zone=zone,
        **more,
    )
