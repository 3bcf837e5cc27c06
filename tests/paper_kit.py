"""A stand-in for a review, with what the papers about providers read of one; tests of whole runs use real ones."""

from __future__ import annotations

import html
import re
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

ZONE = "America/New_York"
NOW = datetime(2026, 6, 15, 7, 0, tzinfo=ZoneInfo(ZONE))


def option(name: str, rank: int = 1, fit: str = "met", meets: tuple[str, ...] = ()) -> Any:
    return SimpleNamespace(id=name, rank=rank, fit=SimpleNamespace(status=fit), meets=list(meets))


def need(name: str, title: str, evidence: tuple[Any, ...] = ()) -> Any:
    return SimpleNamespace(need=name, title=title, evidence=list(evidence))


def seen(fact: str, value: str) -> Any:
    return SimpleNamespace(
        fact=fact, value=value, at=NOW, source="chart.csv", row_id="r", text="row text never shown"
    )


def fact(name: str, title: str, value: Any, unit: str | None = None) -> Any:
    return SimpleNamespace(name=name, title=title, value=value, unit=unit, at=NOW)


def finding(*facts: Any) -> Any:
    return SimpleNamespace(facts=list(facts))


def review(**changes: Any) -> Any:
    """Make one; ``changes`` replace its fields."""
    given = {
        "encounter_id": "enc-1",
        "as_of": NOW,
        "diagnosis": "Osteomyelitis of the femur (M86.651)",
        "patient": SimpleNamespace(
            name="Rossi, Anna", birth_date=date(1948, 2, 3), age_years=78.4, sex="female", mrn="MRN-SECRET"
        ),
        "payer": SimpleNamespace(
            matched=True,
            title="Example plan",
            payer_class="medicare_advantage",
            member_id="M-1",
            profile="plan_a",
        ),
        "stay": SimpleNamespace(
            inpatient_order=NOW,
            admitted=NOW,
            arrival=NOW,
            expected_discharge=SimpleNamespace(at=None, basis="not charted"),
        ),
        "provenance": SimpleNamespace(zone=ZONE),
        "options": [option("snf")],
        "needs": [],
        "findings": [],
        "plan": SimpleNamespace(services=[], choice_list_given="not_met"),
    }
    return SimpleNamespace(**{**given, **changes})


def text_of(page: str) -> str:
    """The words of an HTML page."""
    plain = re.sub(r"<[^>]+>", " ", re.sub(r"<style.*?</style>", "", page, flags=re.DOTALL))
    return " ".join(html.unescape(plain).split())
