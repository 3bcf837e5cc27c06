"""Midnights of the two-midnight benchmark: where care begins, and what is left out."""

from __future__ import annotations

from typing import Any

import pytest
from chartkit import facts, side_by_side, stay, value

pytestmark = pytest.mark.content  # arithmetic: the wheel changes nothing

END = "2026-04-12T15:00:00Z"  # 11:00 in New York; the stay began on 9 April at 08:00, so three midnights


def charted(**items: Any) -> list[dict[str, Any]]:
    """Assessments of s1 by fact, on the last morning."""
    return [
        {
            "encounter_id": "s1",
            "item": name.replace("__", "."),
            "value" if isinstance(answer, int) else "value_text": answer,
            "assessed_at": "2026-04-12T12:00:00Z",
        }
        for name, answer in items.items()
    ]


COUNTED: list[tuple[dict[str, Any], int]] = [
    ({}, 3),
    ({"stay__care_started_at": "2026-04-09T23:59:00-04:00"}, 3),
    ({"stay__care_started_at": "2026-04-10T00:00:00-04:00"}, 2),  # waited until midnight
    ({"stay__sending_care_started_at": "2026-04-08T23:59:00-04:00"}, 4),
    ({"stay__sending_care_started_at": "2026-04-09T00:00:00-04:00"}, 3),
    ({"stay__delay_midnights": 1}, 2),
    ({"stay__delay_midnights": 3}, 0),
    ({"stay__delay_midnights": 5}, 0),
    ({"stay__delay_midnights": 0}, 3),
    (
        {
            "stay__sending_care_started_at": "2026-04-08T20:00:00-04:00",
            "stay__care_started_at": "2026-04-09T09:00:00-04:00",
            "stay__delay_midnights": 2,
        },
        2,
    ),
]


def test_the_benchmark_counts_care_and_leaves_out_delay() -> None:
    table, ids = side_by_side(
        "2026-04-20T00:00:00Z",
        *({"encounters": [stay(end=END)], "assessments": charted(**items)} for items, _ in COUNTED),
    )
    for one, (items, midnights) in zip(ids, COUNTED, strict=True):
        assert value(table, "stay.benchmark_midnights", one) == midnights, items
        assert (
            value(table, "stay.presumption_midnights", one) == 3
        )  # neither a wait nor another hospital changes it


def test_another_stay_keeps_its_own_count() -> None:
    encounters = [stay(end=END), stay(encounter_id="s2", patient_id="p2", end=END)]
    table = facts("2026-04-20T00:00:00Z", encounters, assessments=charted(stay__delay_midnights=2))
    assert value(table, "stay.benchmark_midnights") == 1
    assert value(table, "stay.benchmark_midnights", "s2") == 3


def test_the_evidence_names_what_changed_the_count() -> None:
    table = facts("2026-04-20T00:00:00Z", [stay(end=END)], assessments=charted(stay__delay_midnights=2))
    assert "assessments" in {row.table for row in table.evidence("stay.benchmark_midnights", "s1")}


@pytest.mark.parametrize(
    ("start", "end", "midnights"),
    [
        ("2026-03-08T04:30:00Z", "2026-03-09T05:00:00Z", 2),
        ("2026-11-01T03:30:00Z", "2026-11-02T05:30:00Z", 2),
    ],
)
def test_a_day_of_23_or_25_hours_has_one_midnight(start: str, end: str, midnights: int) -> None:
    rows = charted(stay__care_started_at=start)
    rows[0]["assessed_at"] = end
    table = facts("2026-12-01T00:00:00Z", [stay(start=start, end=end)], assessments=rows)
    assert value(table, "stay.benchmark_midnights") == midnights
