"""Windows, midnights and days."""

from __future__ import annotations

import pytest
from chartkit import facts, reading, stay, value

pytestmark = pytest.mark.content  # arithmetic: the wheel changes nothing

AS_OF = "2026-04-12T12:00:00Z"


def test_exactly_24_hours_is_inside_and_a_second_more_is_not() -> None:
    inside = facts(AS_OF, observations=[reading("heart_rate", 130, "2026-04-11T12:00:00Z")])
    outside = facts(AS_OF, observations=[reading("heart_rate", 130, "2026-04-11T11:59:59Z")])
    assert value(inside, "vitals.heart_rate_max_24h") == 130
    assert value(outside, "vitals.heart_rate_max_24h") is None


def test_first_24_hours_count_from_arrival_in_the_emergency_department() -> None:
    encounters = [
        stay(part_of="ed"),
        {
            "encounter_id": "ed",
            "patient_id": "p1",
            "class_code": "EMER",
            "status": "finished",
            "start": "2026-04-09T08:00:00Z",
            "end": "2026-04-09T12:00:00Z",
        },
    ]
    rows = [
        reading("spo2", 88, "2026-04-09T08:00:00Z", encounter_id="ed"),
        reading("spo2", 80, "2026-04-10T08:00:01Z"),  # one second after the first 24 h
        reading("spo2", 90, "2026-04-10T08:00:00Z"),
    ]
    table = facts(AS_OF, encounters, observations=rows)
    assert value(table, "vitals.spo2_admit_min") == 88
    assert value(table, "vitals.spo2_admit_max") == 90
    assert value(table, "stay.hours_in_hospital") == 76


def test_what_comes_after_discharge_or_as_of_is_not_seen() -> None:
    rows = [reading("sodium", 130, "2026-04-10T00:00:00Z"), reading("sodium", 140, "2026-04-11T00:00:00Z")]
    left = [stay(end="2026-04-10T12:00:00Z", discharge_disposition="home")]
    assert value(facts(AS_OF, left, observations=rows), "labs.sodium_last_stay") == 130
    assert value(facts("2026-04-10T12:00:00Z", observations=rows), "labs.sodium_last_stay") == 130
    assert value(facts(AS_OF, observations=rows), "labs.sodium_last_stay") == 140


def test_a_discharge_after_as_of_is_not_known() -> None:
    table = facts("2026-04-10T12:00:00Z", [stay(end="2026-04-11T12:00:00Z", discharge_disposition="snf")])
    assert value(table, "stay.is_in_house") == 1
    assert value(table, "stay.discharged_at") is None and value(table, "stay.discharge_disposition") is None
    assert value(table, "stay.died") == 0


def test_a_stay_that_begins_after_as_of_is_not_there() -> None:
    assert facts("2026-04-09T11:59:59Z").values.empty


def test_two_midnight_worked_example_k14() -> None:
    """coverage.md 4.15 K14: ED Sun 23:20, order Mon 10:00, discharge Tue 18:00: benchmark 2, presumption 1."""
    encounters = [
        stay(
            start="2026-04-13T14:00:00Z",
            end="2026-04-14T22:00:00Z",
            inpatient_order_at="2026-04-13T14:00:00Z",
            part_of="ed",
        ),
        {
            "encounter_id": "ed",
            "patient_id": "p1",
            "class_code": "EMER",
            "status": "finished",
            "start": "2026-04-13T03:20:00Z",
            "end": "2026-04-13T14:00:00Z",
        },
    ]
    table = facts("2026-04-20T00:00:00Z", encounters)
    assert value(table, "stay.benchmark_midnights") == 2
    assert value(table, "stay.presumption_midnights") == 1


def test_inpatient_days_worked_example_k10() -> None:
    """coverage.md 4.15 K10: inpatient 9 Apr to 12 Apr 2026 is three days."""
    table = facts("2026-05-01T00:00:00Z", [stay(end="2026-04-12T15:00:00Z")])
    assert value(table, "stay.inpatient_days") == 3


def test_admission_and_discharge_on_one_day_count_as_one_day() -> None:
    table = facts("2026-05-01T00:00:00Z", [stay(end="2026-04-09T20:00:00Z")])
    assert value(table, "stay.inpatient_days") == 1
    assert value(table, "stay.presumption_midnights") == 0


@pytest.mark.parametrize(
    ("start", "end", "midnights", "hours"),
    [
        (
            "2026-03-08T04:00:00Z",
            "2026-03-09T04:30:00Z",
            2,
            24.5,
        ),  # 7 March 23:00 to 9 March 00:30; a day of 23 hours
        (
            "2026-11-01T03:00:00Z",
            "2026-11-02T04:30:00Z",
            1,
            25.5,
        ),  # 31 October 23:00 to 1 November 23:30; 25 hours
    ],
)
def test_days_of_23_and_25_hours_have_one_midnight(
    start: str, end: str, midnights: int, hours: float
) -> None:
    table = facts("2026-12-01T00:00:00Z", [stay(start=start, end=end)])
    assert value(table, "stay.benchmark_midnights") == midnights
    assert value(table, "stay.hours_in_hospital") == hours


def test_the_zone_decides_where_midnight_is() -> None:
    # 23:30 to 00:30 in New York is one date in UTC
    table = facts("2026-12-01T00:00:00Z", [stay(start="2026-04-10T03:30:00Z", end="2026-04-10T04:30:00Z")])
    assert value(table, "stay.benchmark_midnights") == 1


def test_observation_is_not_inpatient_until_the_order() -> None:
    observed = facts(AS_OF, [stay(class_code="OBSENC")])
    assert value(observed, "stay.is_inpatient") == 0 and value(observed, "stay.is_observation") == 1
    assert value(observed, "stay.inpatient_days") == 0
    assert value(observed, "stay.hours_in_observation") == 72
    ordered = facts(AS_OF, [stay(class_code="OBSENC", inpatient_order_at="2026-04-10T12:00:00Z")])
    assert value(ordered, "stay.is_inpatient") == 1 and value(ordered, "stay.is_observation") == 0
    assert value(ordered, "stay.hours_in_observation") == 24
    assert value(ordered, "stay.presumption_midnights") == 2


def test_an_order_after_as_of_is_not_known() -> None:
    table = facts(
        "2026-04-10T00:00:00Z", [stay(class_code="OBSENC", inpatient_order_at="2026-04-10T12:00:00Z")]
    )
    assert value(table, "stay.is_inpatient") == 0 and value(table, "stay.inpatient_order_at") is None


def test_a_short_stay_class_does_not_tell_the_status() -> None:
    table = facts(AS_OF, [stay(class_code="SS")])
    assert value(table, "stay.is_inpatient") is None and value(table, "stay.inpatient_days") is None
