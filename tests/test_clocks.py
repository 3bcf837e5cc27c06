"""The worked clock examples K1-K3, K7 and K10-K12, daylight saving, and what is not charted."""

from datetime import date, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from views import conclude, view

from discharge.clocks import CountRule, clock_table, clocks, due_on, extended, moment_after
from discharge.dated import Dated, DatedValue

NO_REVIEW = SimpleNamespace(cadence_days=None)
NEW_YORK = ZoneInfo("America/New_York")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


def by_id(found, clock_id):
    return next((clock for clock in found if clock.clock_id == clock_id), None)


def medicare(**facts):
    return {
        "coverage.payer_class": "medicare_ffs",
        "stay.is_inpatient": 1.0,
        "stay.is_observation": 0.0,
    } | facts


OBSERVED = {
    "coverage.payer_class": "medicare_ffs",
    "stay.is_inpatient": 0.0,
    "stay.is_observation": 1.0,
    "stay.observation_start_at": "2026-03-10T08:15",
}


def test_observation_notice():  # K1
    moon = by_id(clocks(view(OBSERVED, as_of="2026-03-11T09:00")), "MOON")
    assert moon.opens_at == at("2026-03-11T08:15")
    assert moon.due_at == at("2026-03-11T20:15")
    assert (moon.status, moon.warning) == ("running", "none")


@pytest.mark.parametrize(
    ("as_of", "status", "warning"),
    [
        ("2026-03-11T08:14", "not_started", "none"),
        ("2026-03-11T14:14", "running", "none"),
        ("2026-03-11T14:15", "running", "half"),
        ("2026-03-11T17:51", "running", "urgent"),
        ("2026-03-11T20:15", "running", "urgent"),
        ("2026-03-11T20:16", "unknown", "urgent"),
    ],
)
def test_warnings_and_a_notice_that_is_not_charted(as_of, status, warning):
    moon = by_id(clocks(view(OBSERVED, as_of=as_of)), "MOON")
    assert (moon.status, moon.warning) == (status, warning)
    assert moon.missing == (["documents.moon_given_at"] if status == "unknown" else [])


@pytest.mark.parametrize(
    ("released", "needed"),
    [("2026-03-11T08:00", False), ("2026-03-11T08:15", False), ("2026-03-11T08:16", True)],
)
def test_short_observation_needs_no_notice(released, needed):  # K2
    facts = OBSERVED | {"stay.discharged_at": released}
    moon = by_id(clocks(view(facts, as_of="2026-03-12T00:00")), "MOON")
    assert (moon is not None) == needed
    if moon:
        assert moon.due_at == at(released)


def test_important_message():  # K3
    facts = medicare(
        **{
            "stay.inpatient_order_at": "2026-06-01T13:00",
            "documents.important_message_first_at": "2026-06-01T14:00",
            "stay.expected_discharge_at": "2026-06-05T15:00",
        }
    )
    found = clocks(view(facts, as_of="2026-06-04T08:00"))
    first, second = by_id(found, "IM-1"), by_id(found, "IM-2")
    assert (first.opens_at.date(), first.due_at) == (date(2026, 5, 25), at("2026-06-03T23:59"))
    assert first.status == "met"
    assert (second.opens_at, second.due_at) == (at("2026-06-03T00:00"), at("2026-06-05T11:00"))
    assert (second.status, second.is_expected) == ("running", True)


def test_first_copy_inside_the_last_two_days_is_enough():
    facts = medicare(
        **{
            "stay.inpatient_order_at": "2026-06-01T13:00",
            "documents.important_message_first_at": "2026-06-03T09:00",
            "stay.discharged_at": "2026-06-05T15:00",
        }
    )
    assert by_id(clocks(view(facts, as_of="2026-06-06T00:00")), "IM-2").status == "met"


def test_a_late_copy_is_late():
    facts = medicare(
        **{
            "stay.inpatient_order_at": "2026-06-01T13:00",
            "documents.important_message_first_at": "2026-06-04T00:00",
        }
    )
    assert by_id(clocks(view(facts)), "IM-1").status == "late"


def test_notices_of_a_stay_without_known_payer_are_unknown():
    facts = {"stay.is_inpatient": 1.0, "stay.admitted_at": "2026-06-14T13:00", "stay.is_observation": 0.0}
    found = clocks(view(facts))
    assert by_id(found, "IM-1").status == "unknown"
    assert "coverage.payer_class" in by_id(found, "IM-1").missing
    assert by_id(found, "MOON") is None
    assert by_id(found, "MA-PA") is None


def test_nothing_points_to_observation_so_no_notice_is_shown():
    facts = {
        "coverage.payer_class": "medicare_ffs",
        "stay.is_inpatient": 1.0,
        "stay.admitted_at": "2026-06-14T13:00",
    }
    assert by_id(clocks(view(facts)), "MOON") is None
    started = facts | {"stay.observation_start_at": "2026-06-13T13:00"}
    moon = by_id(clocks(view(started)), "MOON")
    assert (moon.status, moon.missing) == ("unknown", ["stay.is_observation"])


def plan(payer_class, facts, as_of="2026-01-10T00:00", **terms):
    payer = SimpleNamespace(payer_class=payer_class, deadlines={}, review=NO_REVIEW, **terms)
    return clocks(view({"stay.is_inpatient": 1.0} | facts, as_of=as_of, payer=payer))


def test_expedited_decision():  # K7
    facts = {"authorization.inpatient_requested_at": "2026-01-09T16:40", "stay.is_elective": 0.0}
    clock = by_id(plan("medicare_advantage", facts), "MA-EXP")
    assert clock.due_at == at("2026-01-12T16:40")
    rule = clock_table().clocks["MA-EXP"]
    assert extended(clock.due_at, rule.extension) == at("2026-01-26T16:40")


@pytest.mark.parametrize(
    ("requested", "due"), [("2025-12-31T10:00", "2026-01-14"), ("2026-01-01T10:00", "2026-01-08")]
)
def test_seven_days_from_2026(requested, due):
    facts = {"authorization.inpatient_requested_at": requested, "stay.is_elective": 1.0}
    assert by_id(plan("medicare_advantage", facts), "MA-PA").due_at == at(f"{due}T23:59")


def test_no_prior_authorization_keeps_fourteen_days():
    facts = {
        "authorization.inpatient_requested_at": "2026-01-02T10:00",
        "coverage.requires_prior_authorization_inpatient": 0.0,
    }
    found = plan("medicare_advantage", facts)
    assert by_id(found, "MA-STD").due_at == at("2026-01-16T23:59")
    assert by_id(found, "MA-PA") is None


@pytest.mark.parametrize(
    ("payer_class", "clock_id", "due"),
    [("medicaid", "MCD-AUTH", "2026-01-09T23:59"), ("commercial", "ER-PRE", "2026-01-17T23:59")],
)
def test_standard_decisions_by_payer(payer_class, clock_id, due):
    facts = {"authorization.inpatient_requested_at": "2026-01-02T10:00"}
    assert by_id(plan(payer_class, facts), clock_id).due_at == at(due)


def test_the_payer_profile_goes_first():
    deadline = Dated(unit="d", values={date(2026, 1, 1): DatedValue(value=5)})
    payer = SimpleNamespace(
        payer_class="medicaid", deadlines={"prior_authorization_standard": deadline}, review=NO_REVIEW
    )
    facts = {"authorization.inpatient_requested_at": "2026-01-02T10:00"}
    clock = by_id(clocks(view(facts, as_of="2026-01-03T00:00", payer=payer)), "MCD-AUTH")
    assert clock.due_at == at("2026-01-07T23:59")
    assert "own term" in clock.note


@pytest.mark.parametrize(
    ("has_any", "requested", "status"),
    [
        (1.0, None, "late"),
        (None, None, "unknown"),
        (1.0, "2026-06-11T12:59", "met"),
        (1.0, "2026-06-11T13:01", "late"),
    ],
)
def test_notification(has_any, requested, status):
    facts = {
        "stay.admitted_at": "2026-06-10T13:00",
        "coverage.notification_hours": 24.0,
        "authorization.has_any": has_any,
        "authorization.inpatient_requested_at": requested,
    }
    assert by_id(clocks(view(facts)), "NOTIFY").status == status


def test_next_review_follows_the_rhythm():
    cadence = Dated(unit="d", values={date(2020, 1, 1): DatedValue(value=3)})
    payer = SimpleNamespace(
        payer_class="commercial", deadlines={}, review=SimpleNamespace(cadence_days=cadence)
    )
    facts = {"stay.is_in_house": 1.0, "stay.admitted_at": "2026-06-10T13:00"}
    found = {
        day: by_id(clocks(view(facts, as_of=f"2026-06-{day}T07:00", payer=payer)), "REVIEW").due_at.day
        for day in (10, 13, 14, 16)
    }
    assert found == {10: 13, 13: 13, 14: 16, 16: 16}


def test_snf_care_must_start_within_thirty_days():  # K10
    facts = medicare(**{"stay.discharged_at": "2026-04-12T11:00", "stay.discharge_disposition": "snf"})
    assert by_id(clocks(view(facts, as_of="2026-04-13T00:00")), "SNF-30").due_at == at("2026-05-12T23:59")


def test_home_health_encounter_window():  # K11
    facts = medicare(
        **{"stay.discharged_at": "2026-04-20T10:00", "stay.discharge_disposition": "home_health"}
    )
    clock = by_id(clocks(view(facts, as_of="2026-04-21T00:00")), "HH-F2F")
    assert (clock.opens_at.date(), clock.due_at.date()) == (date(2026, 1, 20), date(2026, 5, 20))


def test_rehabilitation_clocks():  # K12
    facts = medicare(**{"stay.discharged_at": "2026-10-13T09:00", "stay.discharge_disposition": "irf"})
    found = clocks(view(facts, as_of="2026-10-13T10:00"))
    assert by_id(found, "IRF-PAS").opens_at == at("2026-10-11T09:00")
    assert by_id(found, "IRF-PAS").due_at == at("2026-10-13T09:00")
    assert by_id(found, "IRF-TX").due_at == at("2026-10-15T12:00")
    assert by_id(found, "IRF-TEAM").due_at == at("2026-10-16T23:59")


def test_team_meeting_before_october_2026_is_due_in_the_first_week():
    rule = clock_table().clocks["IRF-TEAM"]
    assert due_on(rule, at("2026-09-30T09:00")) == at("2026-10-06T23:59")


def test_what_nobody_charts_is_not_late():
    facts = medicare(**{"stay.discharged_at": "2026-01-12T11:00", "stay.discharge_disposition": "snf"})
    clock = by_id(clocks(view(facts)), "SNF-30")
    assert (clock.status, clock.missing) == ("unknown", [])
    ended = {"authorization.inpatient_valid_through": "2026-06-13T00:00", "stay.is_in_house": 1.0}
    assert by_id(clocks(view(ended)), "AUTH-END").status == "late"


def test_the_charted_disposition_decides_which_post_acute_clocks_run():
    need = conclude("need", need="skilled_nursing")
    here = medicare(**{"stay.expected_discharge_at": "2026-06-17T11:00"})
    assert by_id(clocks(view(here, need)), "SNF-30").is_expected
    gone = medicare(**{"stay.discharged_at": "2026-06-12T11:00", "stay.discharge_disposition": "home"})
    assert by_id(clocks(view(gone, need)), "SNF-30") is None


def test_a_rule_can_start_a_clock():
    facts = medicare(**{"stay.expected_discharge_at": "2026-06-20T10:00"})
    assert by_id(clocks(view(facts)), "IRF-PAS") is None
    assert by_id(clocks(view(facts, conclude("clock", clock="IRF-PAS"))), "IRF-PAS") is not None


@pytest.mark.parametrize(
    ("start", "rule", "due"),
    [
        ("2026-03-07T20:00", CountRule(count="hours", value=24), "2026-03-08T21:00"),
        ("2026-10-31T20:00", CountRule(count="hours", value=24), "2026-11-01T19:00"),
        ("2026-03-07T20:00", CountRule(count="calendar_days", value=1), "2026-03-08T23:59"),
        ("2026-03-07T20:00", CountRule(count="noon_next_day", value=0), "2026-03-08T12:00"),
        ("2026-03-07T20:00", CountRule(count="hours_after_midnight", value=36), "2026-03-09T13:00"),
    ],
)
def test_daylight_saving(start, rule, due):
    assert moment_after(at(start), rule) == at(due)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), st.integers(-200, 200))
def test_hour_clocks_count_elapsed_hours(moment, hours):
    start = moment.replace(tzinfo=NEW_YORK)
    due = moment_after(start, CountRule(count="hours", value=hours))
    assert due.timestamp() - start.timestamp() == hours * 3600


def test_every_clock_names_a_citation():
    table = clock_table()
    assert {rule.cite for rule in table.clocks.values()} <= set(table.citations)
