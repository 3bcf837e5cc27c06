"""Laws that hold for any chart."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from chartkit import chart, stay, value
from hypothesis import given, settings
from hypothesis import strategies as st

from discharge.facts import extract

pytestmark = [pytest.mark.slow, pytest.mark.content]

AS_OF = pd.Timestamp("2026-04-12T12:00:00Z")
# Eight stays in every chart, of which the even ones are over: one extraction tests them all.
STAYS = [f"s{number}" for number in range(1, 9)]
_MINUTES = st.integers(0, 5 * 24 * 60)
_READINGS = st.lists(
    st.tuples(
        st.sampled_from(STAYS),
        st.sampled_from(["spo2", "heart_rate", "sodium", "ph_venous"]),
        st.integers(1, 40),
        _MINUTES,
    ),
    max_size=80,
)
_DOSES = st.lists(
    st.tuples(
        st.sampled_from(STAYS),
        st.sampled_from(["ceftriaxone", "furosemide", "albuterol", None]),
        st.sampled_from(["iv", "oral", "inhaled", None]),
        _MINUTES,
    ),
    max_size=40,
)


def _tables(readings: list[Any], doses: list[Any]) -> dict[str, list[dict[str, Any]]]:
    base = pd.Timestamp("2026-04-08T12:00:00Z")
    observations = [
        {
            "encounter_id": who,
            "concept": concept,
            "value": float(number),
            "effective_at": base + pd.Timedelta(minutes=at),
        }
        for who, concept, number, at in readings
    ]
    medications = [
        {
            "encounter_id": who,
            "kind": "administration",
            "name": drug or "zzyzx",
            "route": route,
            "status": "completed",
            "start": base + pd.Timedelta(minutes=at),
        }
        for who, drug, route, at in doses
    ]
    return {
        name: rows for name, rows in (("observations", observations), ("medications", medications)) if rows
    }


def _facts(tables: dict[str, list[dict[str, Any]]]) -> Any:
    encounters = [
        stay(encounter_id=name, patient_id=f"p{place}", end=None if place % 2 else "2026-04-11T12:00:00Z")
        for place, name in enumerate(STAYS, 1)
    ]
    return extract(chart(encounters, **tables), as_of=AS_OF, zone="America/New_York")


@settings(max_examples=6, deadline=None)
@given(_READINGS, _DOSES)
def test_lowest_is_at_most_latest_is_at_most_highest(readings: list[Any], doses: list[Any]) -> None:
    values = _facts(_tables(readings, doses)).values
    for name in ("spo2", "heart_rate"):
        low, last, high = (values[f"vitals.{name}_{stat}"] for stat in ("min_24h", "last", "max_24h"))
        assert (low.isna() == last.isna()).all() and (high.isna() == last.isna()).all()
        assert ((low <= last) & (last <= high) | last.isna()).all()


@settings(max_examples=6, deadline=None)
@given(_READINGS, _DOSES, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(readings: list[Any], doses: list[Any], random: Any) -> None:
    first = _facts(_tables(readings, doses))
    readings, doses = random.sample(readings, len(readings)), random.sample(doses, len(doses))
    second = _facts(_tables(readings, doses))
    pd.testing.assert_frame_equal(first.values, second.values)


@settings(max_examples=6, deadline=None)
@given(_READINGS)
def test_the_row_behind_a_value_holds_the_value(readings: list[Any]) -> None:
    table = _facts(_tables(readings, []))
    for stay_id in table.values.index:
        for name in (
            "vitals.spo2_min_24h",
            "vitals.heart_rate_admit_max",
            "labs.sodium_last_stay",
            "labs.ph_first",
        ):
            known, rows = value(table, name, stay_id), table.evidence(name, stay_id)
            assert len(rows) == (known is not None)
            assert all(f" {known:g} " in row.text for row in rows)


@settings(max_examples=6, deadline=None)
@given(_READINGS, _DOSES)
def test_a_stay_alone_has_the_facts_that_it_has_among_others(readings: list[Any], doses: list[Any]) -> None:
    together = _facts(_tables(readings, doses))
    mine = _tables([row for row in readings if row[0] == "s1"], [row for row in doses if row[0] == "s1"])
    alone = extract(chart([stay()], **mine), as_of=AS_OF, zone="America/New_York")
    pd.testing.assert_frame_equal(together.values.loc[["s1"]], alone.values)
