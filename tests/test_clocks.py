"""The worked clock examples K1 to K13 and other published checks, daylight saving, and what is not charted.

K14 (midnights) stands in ``tests/facts/test_time.py``, the eligibility checks of K5 beside ``rules/status``.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from views import conclude, view

from discharge.clocks import CountRule, clock_table, clocks, deadlines, due_on, extended, moment_after
from discharge.dated import Dated, DatedValue

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

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
    assert (clock.status, clock.missing) == ("unknown", ["after_stay.snf_admitted_at"])
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


def appealed(payer_class, as_of, **facts):
    """The clocks of a stay whose facts of appeals and authorizations are given by their last name."""
    named = {f"appeals.{name}": value for name, value in facts.items()}
    return clocks(view({"coverage.payer_class": payer_class} | named, as_of=as_of))


@pytest.mark.parametrize(
    ("delivered", "status"), [("2026-07-14T23:59", "met"), ("2026-07-15T10:00", "late"), (None, "running")]
)
def test_notice_of_non_coverage(delivered, status):  # K4
    facts = medicare(
        **{"after_stay.last_covered_at": "2026-07-16T00:00", "documents.nomnc_given_at": delivered}
    )
    as_of = "2026-07-15T12:00" if delivered else "2026-07-14T12:00"
    found = clocks(view(facts, as_of=as_of))
    notice = by_id(found, "NOMNC")
    assert (notice.due_at, notice.status) == (at("2026-07-14T23:59"), status)
    if status == "late":
        assert by_id(found, "NOMNC-COVER").due_at == at("2026-07-17T23:59")
        assert by_id(found, "TERM-ASK").due_at == at("2026-07-16T12:00")


def test_a_notice_of_non_coverage_in_time_ends_coverage_as_planned():
    facts = medicare(
        **{"after_stay.last_covered_at": "2026-07-16T00:00", "documents.nomnc_given_at": "2026-07-12T09:00"}
    )
    cover = by_id(clocks(view(facts, as_of="2026-07-13T09:00")), "NOMNC-COVER")
    assert cover.due_at.date() == date(2026, 7, 16)


def test_a_friday_end_needs_the_notice_on_wednesday():
    assert deadlines("NOMNC", at("2026-07-17T00:00"))[0].due_at == at("2026-07-15T23:59")


def test_short_services_and_rare_visits_have_their_own_notice_clock():
    facts = medicare(
        **{
            "after_stay.last_covered_at": "2026-07-16T00:00",
            "after_stay.service_started_at": "2026-07-15T09:00",
            "after_stay.service_under_two_days": 1.0,
        }
    )
    found = clocks(view(facts, as_of="2026-07-15T10:00"))
    assert by_id(found, "NOMNC") is None
    assert by_id(found, "NOMNC-SHORT").due_at == at("2026-07-15T23:59")
    rare = facts | {
        "after_stay.service_under_two_days": 0.0,
        "after_stay.visits_over_two_days_apart": 1.0,
        "after_stay.next_to_last_visit_at": "2026-07-14T11:00",
    }
    found = clocks(view(rare, as_of="2026-07-13T10:00"))
    assert by_id(found, "NOMNC-VISIT").due_at == at("2026-07-14T23:59")
    assert by_id(found, "NOMNC") is None


def test_status_change_notice_is_due_four_hours_before_release():  # K5
    facts = medicare(
        **{
            "stay.expected_discharge_at": "2026-02-06T10:00",
            "status.reclassified_at": "2026-02-05T14:00",
        }
    )
    wanted = [conclude("clock", clock="MCSN"), conclude("clock", clock="MCSN-ASK")]
    found = clocks(view(facts, *wanted, as_of="2026-02-05T15:00"))
    notice = by_id(found, "MCSN")
    assert (notice.opens_at, notice.due_at) == (at("2026-02-05T14:00"), at("2026-02-06T06:00"))
    assert by_id(found, "MCSN-ASK").due_at == at("2026-02-06T10:00")
    assert by_id(clocks(view(facts, as_of="2026-02-05T15:00")), "MCSN") is None
    given = facts | {"documents.mcsn_given_at": "2026-02-06T06:01"}
    assert by_id(clocks(view(given, *wanted, as_of="2026-02-06T07:00")), "MCSN").status == "late"


def test_published_status_change_check():
    assert deadlines("MCSN", at("2026-10-07T15:00"))[0].due_at == at("2026-10-07T11:00")


@pytest.mark.parametrize(("received", "due"), [(None, "2026-05-17"), ("2026-01-14T00:00", "2026-05-14")])
def test_receipt_is_presumed_five_days_after_the_notice(received, due):  # K6
    found = appealed(
        "medicare_ffs",
        "2026-01-20T00:00",
        level="initial",
        notice_dated_at="2026-01-12T00:00",
        notice_received_at=received,
    )
    clock = by_id(found, "FFS-REDET")
    assert clock.due_at.date() == date.fromisoformat(due)
    assert ("presumed" in (clock.note or "")) == (received is None)
    filed = {"level": "initial", "notice_dated_at": "2026-01-12T00:00", "notice_received_at": received}
    for day, status in ((due, "met"), ((date.fromisoformat(due) + timedelta(days=1)).isoformat(), "late")):
        one = appealed("medicare_ffs", "2026-06-01T00:00", **filed, filed_at=f"{day}T12:00")
        assert by_id(one, "FFS-REDET").status == status


def test_an_illegible_receipt_date_presumes_nothing():
    found = appealed(
        "medicare_ffs",
        "2026-01-20T00:00",
        level="initial",
        notice_dated_at="2026-01-12T00:00",
        receipt_illegible=1.0,
    )
    clock = by_id(found, "FFS-REDET")
    assert (clock.status, clock.due_at, clock.missing) == ("unknown", None, ["appeals.notice_received_at"])


def test_a_deadline_on_a_weekend_stands_and_the_next_workday_is_only_possible():
    found = appealed("medicare_ffs", "2026-01-20T00:00", level="initial", notice_dated_at="2026-01-12T00:00")
    clock = by_id(found, "FFS-REDET")  # 17 May 2026 is a Sunday
    assert (clock.due_at.date(), clock.possible_due_at.date()) == (date(2026, 5, 17), date(2026, 5, 18))
    assert "do not rely" in clock.roll_rule and "do not rely" in clock.note
    weekday = appealed(
        "medicare_ffs", "2026-01-20T00:00", level="initial", notice_dated_at="2026-01-13T00:00"
    )
    assert by_id(weekday, "FFS-REDET").possible_due_at is None


def test_medicare_advantage_appeal():  # K8
    found = appealed(
        "medicare_advantage", "2026-03-10T00:00", level="initial", notice_dated_at="2026-03-02T00:00"
    )
    assert by_id(found, "MA-REC").due_at == at("2026-05-06T23:59")


def test_the_level_of_an_appeal_decides_which_clock_runs():
    notice = {"notice_dated_at": "2026-03-02T00:00"}
    silent = by_id(appealed("medicare_ffs", "2026-03-10T00:00", **notice), "FFS-REDET")
    assert (silent.status, silent.missing) == ("unknown", ["appeals.level"])
    higher = appealed("medicare_ffs", "2026-03-10T00:00", level="redetermination", **notice)
    assert by_id(higher, "FFS-REDET") is None
    assert by_id(higher, "FFS-QIC").due_at == at("2026-09-03T23:59")


def test_an_earlier_filing_does_not_start_the_next_decision():
    facts = {"level": "redetermination", "notice_dated_at": "2026-03-02T00:00"}
    earlier = appealed("medicare_ffs", "2026-03-10T00:00", **facts, filed_at="2026-01-02T00:00")
    assert by_id(earlier, "FFS-QIC-D") is None or by_id(earlier, "FFS-QIC-D").due_at is None
    later = appealed("medicare_ffs", "2026-03-10T00:00", **facts, filed_at="2026-03-09T00:00")
    assert by_id(later, "FFS-QIC-D").due_at == at("2026-05-08T23:59")


@pytest.mark.parametrize(
    ("noticed", "due", "said"),
    [
        ("2026-01-20T23:59", "2026-02-04T23:59", "Extended by 15 days"),
        ("2026-01-21T00:00", "2026-01-20T23:59", "no effect"),
        ("2026-01-22T09:00", "2026-01-20T23:59", "no effect"),
        (None, "2026-01-20T23:59", None),
    ],
)
def test_an_extension_counts_only_when_noticed_in_time(noticed, due, said):  # K9
    facts = {
        "authorization.inpatient_requested_at": "2026-01-05T09:00",
        "authorization.inpatient_extended_at": noticed,
    }
    clock = by_id(plan("commercial", facts, as_of="2026-01-10T00:00"), "ER-PRE")
    assert clock.due_at == at(due)
    assert said is None or said in clock.note


def test_missing_information_stops_the_clock():
    facts = {
        "authorization.inpatient_requested_at": "2026-01-05T09:00",
        "authorization.inpatient_extended_at": "2026-01-12T09:00",
        "authorization.request_is_incomplete": 1.0,
    }
    stopped = by_id(plan("commercial", facts, as_of="2026-02-20T00:00"), "ER-PRE")
    assert (stopped.status, stopped.due_at) == ("stopped", None)
    assert stopped.missing == ["authorization.information_sent_at"]
    answered = facts | {"authorization.information_sent_at": "2026-02-01T10:00"}
    going = by_id(plan("commercial", answered, as_of="2026-02-20T00:00"), "ER-PRE")
    assert (going.status, going.due_at) == (
        "running",
        at("2026-02-24T23:59"),
    )  # 4 Feb and 20 days of standstill


def test_an_expedited_decision_can_be_extended():  # K7
    facts = {
        "authorization.inpatient_requested_at": "2026-01-09T16:40",
        "authorization.inpatient_extended_at": "2026-01-12T16:00",
        "stay.is_elective": 0.0,
    }
    assert by_id(plan("medicare_advantage", facts), "MA-EXP").due_at == at("2026-01-26T16:40")


def test_home_health_clocks_from_the_start_of_care():  # K11
    facts = medicare(
        **{
            "stay.discharged_at": "2026-04-18T10:00",
            "stay.discharge_disposition": "home_health",
            "after_stay.home_health_start_at": "2026-04-20T09:00",
        }
    )
    found = clocks(view(facts, as_of="2026-04-21T00:00"))
    face, assessed, again = (by_id(found, name) for name in ("HH-F2F", "HH-COMP", "HH-RECERT"))
    assert (face.opens_at.date(), face.due_at.date()) == (date(2026, 1, 20), date(2026, 5, 20))
    assert face.note is None or "Assumes" not in face.note
    assert assessed.due_at.date() == date(2026, 4, 25)
    assert (again.opens_at.date(), again.due_at.date()) == (date(2026, 6, 14), date(2026, 6, 18))


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        ("2026-01-19T12:00", "unknown"),
        ("2026-01-20T12:00", "met"),
        ("2026-05-20T12:00", "met"),
        ("2026-05-21T12:00", "late"),
    ],
)
def test_the_face_to_face_window_on_both_sides(seen, status):
    facts = medicare(
        **{
            "stay.discharge_disposition": "home_health",
            "stay.discharged_at": "2026-04-20T10:00",
            "documents.face_to_face_at": seen,
        }
    )
    assert by_id(clocks(view(facts, as_of="2026-06-21T00:00")), "HH-F2F").status == status


INPATIENT = {"stay.inpatient_order_at": "2026-06-01T13:00", "stay.discharged_at": "2026-06-05T15:00"}
REHABILITATION = {"stay.discharged_at": "2026-10-13T09:00", "stay.discharge_disposition": "irf"}
SKILLED = {"stay.discharged_at": "2026-04-12T11:00", "stay.discharge_disposition": "snf"}
DENIED = {
    "coverage.payer_class": "medicare_advantage",
    "appeals.level": "initial",
    "appeals.notice_dated_at": "2026-03-02T00:00",
}
ASKED = {
    "coverage.payer_class": "medicare_advantage",
    "authorization.inpatient_requested_at": "2026-01-09T16:40",
    "stay.is_elective": 0.0,
}


@pytest.mark.parametrize(
    ("clock_id", "facts", "done", "in_time", "too_late"),
    [
        (  # K3
            "IM-1",
            INPATIENT,
            "documents.important_message_first_at",
            "2026-06-03T23:59",
            "2026-06-04T00:00",
        ),
        (
            "IM-2",
            INPATIENT,
            "documents.important_message_followup_at",
            "2026-06-05T11:00",
            "2026-06-05T11:01",
        ),
        (  # K7
            "MA-EXP",
            ASKED,
            "authorization.inpatient_decided_at",
            "2026-01-12T16:40",
            "2026-01-12T16:41",
        ),
        ("MA-REC", DENIED, "appeals.filed_at", "2026-05-06T23:59", "2026-05-07T00:00"),  # K8
        (  # K10
            "SNF-30",
            SKILLED,
            "after_stay.snf_admitted_at",
            "2026-05-12T23:59",
            "2026-05-13T00:00",
        ),
        (  # K12
            "IRF-TEAM",
            REHABILITATION,
            "after_stay.irf_team_met_at",
            "2026-10-16T23:59",
            "2026-10-17T00:00",
        ),
        ("IRF-PAS", REHABILITATION, "documents.irf_screening_at", "2026-10-13T09:00", "2026-10-13T09:01"),
    ],
)
def test_both_sides_of_a_due_time(clock_id, facts, done, in_time, too_late):
    for moment, status in ((in_time, "met"), (too_late, "late")):
        found = clocks(view(medicare(**facts) | {done: moment}, as_of="2026-11-01T00:00"))
        assert by_id(found, clock_id).status == status


@pytest.mark.parametrize(
    ("screened", "status"), [("2026-10-11T08:59", "unknown"), ("2026-10-11T09:00", "met")]
)
def test_a_screening_too_early_does_not_count(screened, status):  # K12
    facts = medicare(**REHABILITATION) | {"documents.irf_screening_at": screened}
    assert by_id(clocks(view(facts, as_of="2026-11-01T00:00")), "IRF-PAS").status == status


def test_capped_rental():  # K13
    assert deadlines("DME-CAP", at("2026-01-10T00:00"))[0].due_at.date() == date(2027, 2, 10)


@pytest.mark.parametrize(
    ("started", "opens", "due"),
    [("2026-06-10", "2026-05-26", "2026-06-12"), ("2026-12-31", "2026-12-16", "2027-01-02")],
)
def test_hospice_certification(started, opens, due):
    one = deadlines("HSP-CERT", at(f"{started}T00:00"))[0]
    assert (one.opens_at.date(), one.due_at.date()) == (date.fromisoformat(opens), date.fromisoformat(due))


def test_hospice_encounter_only_from_the_third_period():
    facts = medicare(**{"after_stay.hospice_period_start_at": "2026-07-01T00:00"})
    assert by_id(clocks(view(facts)), "HSP-F2F") is None
    third = facts | {"after_stay.hospice_third_period_or_later": 1.0}
    assert by_id(clocks(view(third)), "HSP-F2F").opens_at.date() == date(2026, 6, 1)


@pytest.mark.parametrize(
    ("ordered", "due"), [(None, "2026-04-14T11:00"), ("2026-04-16T09:00", "2026-04-16T09:00")]
)
def test_first_home_visit_waits_for_the_ordered_day(ordered, due):
    facts = medicare(
        **{
            "stay.discharged_at": "2026-04-12T11:00",
            "stay.discharge_disposition": "home_health",
            "after_stay.home_health_ordered_start_at": ordered,
        }
    )
    assert by_id(clocks(view(facts, as_of="2026-04-13T00:00")), "HH-INIT").due_at == at(due)


@pytest.mark.parametrize(
    ("filed_on", "amount"),
    [("2025-12-31", 190), ("2026-01-01", 200), ("2026-12-31", 200), ("2027-01-01", None)],
)
def test_the_amount_in_controversy_is_that_of_the_day_of_filing(filed_on, amount):
    found = appealed(
        "medicare_ffs", f"{filed_on}T12:00", level="reconsideration", notice_received_at="2025-12-20T00:00"
    )
    clock = by_id(found, "FFS-ALJ")
    assert clock.amount_usd == (None if amount is None else Decimal(amount))
    assert amount is not None or "not known" in clock.note


@pytest.mark.parametrize(("claimed", "below"), [(199.99, True), (200.0, False), (None, False)])
def test_an_amount_on_record_is_compared(claimed, below):
    found = appealed(
        "medicare_ffs",
        "2026-03-01T12:00",
        level="reconsideration",
        notice_received_at="2026-02-20T00:00",
        amount_usd=claimed,
    )
    assert ("below that" in by_id(found, "FFS-ALJ").note) == below


def test_an_amount_that_changes_before_the_due_day_is_told():
    told = deadlines("FFS-COURT", at("2026-11-20T00:00"))[0].amounts_usd
    assert told == {date(2026, 11, 20): Decimal(1960), date(2027, 1, 1): None}


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-03-10", "2026-07-10"),  # a Friday
        ("2026-03-11", "2026-07-13"),  # 11 July is a Saturday
        ("2026-03-04", "2026-07-06"),  # Independence Day, a Saturday, kept on Friday the third
        ("2026-03-03", "2026-07-06"),  # the third itself is kept as the holiday
        ("2025-10-31", "2026-03-02"),  # no 31 February: first of March, a Sunday
    ],
)
def test_external_review_counts_months_and_rolls(received, due):
    assert deadlines("ACA-FILE", at(f"{received}T00:00"))[0].due_at == at(f"{due}T23:59")


@pytest.mark.parametrize(
    ("received", "due"),
    [("2026-06-12", "2026-06-22"), ("2026-11-20", "2026-11-30"), ("2026-01-05", "2026-01-12")],
)
def test_business_days_leave_out_weekends_and_federal_holidays(received, due):
    assert deadlines("ACA-PRE", at(f"{received}T10:00"))[0].due_at == at(f"{due}T23:59")


def test_a_rebilled_claim_rolls_off_a_holiday():
    facts = medicare(**{"stay.discharged_at": "2025-12-25T10:00"})
    clock = by_id(
        clocks(view(facts, conclude("clock", clock="AB-REBILL"), as_of="2026-03-01T00:00")), "AB-REBILL"
    )
    assert clock.due_at == at("2026-12-28T23:59")  # Christmas is a Friday


def test_the_kind_of_case_decides_the_time_to_decide():
    facts = {"level": "initial", "notice_dated_at": "2026-03-02T00:00", "filed_at": "2026-03-10T09:30"}
    unsaid = by_id(appealed("medicare_advantage", "2026-03-11T00:00", **facts), "MA-REC-D")
    assert (unsaid.status, unsaid.due_at, unsaid.missing) == ("unknown", None, ["appeals.kind"])
    dues = {
        kind: by_id(appealed("medicare_advantage", "2026-03-11T00:00", **facts, kind=kind), "MA-REC-D").due_at
        for kind in ("urgent", "pre_service", "post_service", "part_b_drug")
    }
    assert dues == {
        "urgent": at("2026-03-13T09:30"),
        "pre_service": at("2026-04-09T23:59"),
        "post_service": at("2026-05-09T23:59"),
        "part_b_drug": at("2026-03-17T23:59"),
    }


def test_a_drug_appeal_has_no_extension():
    facts = {
        "level": "initial",
        "notice_dated_at": "2026-03-02T00:00",
        "filed_at": "2026-03-10T09:30",
        "extended_at": "2026-03-12T09:30",
    }
    drug = by_id(appealed("medicare_advantage", "2026-03-11T00:00", **facts, kind="part_b_drug"), "MA-REC-D")
    service = by_id(
        appealed("medicare_advantage", "2026-03-11T00:00", **facts, kind="pre_service"), "MA-REC-D"
    )
    assert drug.due_at == at("2026-03-17T23:59")
    assert service.due_at == at("2026-04-23T23:59")


def test_discharge_appeal():
    facts = {"qio_about": "discharge", "qio_notified_at": "2026-06-05T16:00"}
    found = appealed("medicare_ffs", "2026-06-05T17:00", **facts, patient_told_at="2026-06-07T15:00")
    assert by_id(found, "DND").due_at == at("2026-06-06T12:00")
    assert by_id(found, "QIO-LIABLE").due_at == at("2026-06-08T12:00")
    assert by_id(found, "QIC-ASK").due_at == at("2026-06-08T12:00")
    assert by_id(found, "DENC") is None


def test_benefits_are_kept_to_the_later_day():
    facts = {
        "coverage.payer_class": "medicaid",
        "authorization.is_reduction": 1.0,
        "appeals.level": "initial",
        "appeals.notice_dated_at": "2026-06-01T00:00",
    }
    assert by_id(clocks(view(facts)), "MCD-KEEP").due_at == at("2026-06-11T23:59")
    later = facts | {"authorization.reduction_effective_at": "2026-06-20T00:00"}
    assert by_id(clocks(view(later)), "MCD-KEEP").due_at.date() == date(2026, 6, 20)
    assert by_id(clocks(view(later)), "MCD-CUT").due_at == at("2026-06-10T23:59")


def test_clocks_whose_start_is_not_charted_are_quiet():
    quiet = {name for name, rule in clock_table().clocks.items() if rule.quiet}
    shown = {clock.clock_id for clock in clocks(view(medicare(**{"stay.admitted_at": "2026-06-14T13:00"})))}
    assert len(quiet) > 90
    assert not quiet & shown


def test_every_row_of_the_table_starts_and_ends():
    """Each row comes to a due time from its own trigger, the payer's own terms apart."""
    start = at("2026-10-13T09:00")
    for name, rule in clock_table().clocks.items():
        if rule.due or rule.due_by:
            for one in deadlines(name, start):
                assert one.due_at is not None and (one.opens_at is None or one.due_at >= one.opens_at), name
        assert rule.deadline or rule.cadence or rule.due or rule.due_by, name


def test_every_fact_of_the_table_is_in_the_catalogue():
    from discharge.facts import catalogue

    kinds = {name: fact.type for name, fact in catalogue().items()}
    for name, rule in clock_table().clocks.items():
        assert rule.facts() <= set(kinds), name
        times = {*rule.starting_facts, *rule.later_of, *rule.ends_early, rule.met_by or "stay.admitted_at"}
        assert {kinds[fact] for fact in times} == {"time"}, name


ZONES = st.sampled_from(
    ["America/New_York", "America/Los_Angeles", "America/Phoenix", "Pacific/Honolulu", "UTC"]
)
CHANGES = st.sampled_from(
    [
        datetime(2025, 3, 9),
        datetime(2025, 11, 2),
        datetime(2026, 3, 8),
        datetime(2026, 11, 1),
        datetime(2027, 3, 14),
    ]
)


@given(CHANGES, st.integers(-96, 48), st.integers(0, 59), st.integers(0, 20), ZONES)
def test_days_are_days_of_the_calendar_over_a_change_of_the_clocks(change, hours, minutes, days, zone):
    wall = change + timedelta(hours=hours, minutes=minutes)
    start = wall.replace(tzinfo=ZoneInfo(zone))
    for count, time in (("calendar_days", "23:59"), ("noon", "12:00"), ("close_of_business", "17:00")):
        due = moment_after(start, CountRule(count=count, value=days))
        assert (due.date() - wall.date()).days == days
        assert f"{due:%H:%M}" == time
        assert due.utcoffset() == due.replace(tzinfo=None).replace(tzinfo=ZoneInfo(zone)).utcoffset()


@given(CHANGES, st.integers(-96, 48), st.integers(1, 96), ZONES)
def test_hours_are_elapsed_hours_over_a_change_of_the_clocks(change, hours, count, zone):
    start = (change + timedelta(hours=hours)).replace(tzinfo=ZoneInfo(zone))
    due = moment_after(start, CountRule(count="hours", value=count))
    assert due.timestamp() - start.timestamp() == count * 3600
    one = deadlines("MA-EXP", start)[0]
    assert one.warn_half_at.timestamp() - start.timestamp() == 36 * 3600
    assert one.warn_urgent_at.timestamp() - start.timestamp() == pytest.approx(57.6 * 3600)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["clocks", "moon", "--from", "2026-03-10T08:15"], "Wed 11 Mar 2026 20:15 EDT"),
        (["clocks", "MA-EXP", "--from", "2026-10-30T14:00"], "Mon 02 Nov 2026 13:00 EST"),
        (["clocks", "MA-EXP", "--from", "2026-10-30T14:00", "--zone", "America/Phoenix"], "14:00 MST"),
        (
            ["clocks", "FFS-REDET", "--from", "2026-01-12", "--notice"],
            "Mon 18 May 2026 23:59 EDT, do not rely",
        ),
        (["clocks", "NOTIFY", "--from", "2026-01-12"], "not set by this table"),
        (["clocks", "ER-PRE"], "authorization.inpatient_extended_at until authorization.information_sent_at"),
        (["clocks", "--search", "hospice"], "HSP-F2F"),
        (["clocks"], "CMS0057-METRICS"),
        (["clocks", "MOON", "--json"], '"form": "CMS-10611"'),
    ],
)
def test_the_command(arguments, said, capsys):
    from discharge.cli import main

    assert main(arguments) == 0
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["clocks", "NONE"], "no clock 'NONE'"),
        (["clocks", "MOON", "--from", "soon"], "is not a time"),
        (["clocks", "MOON", "--from", "2026-03-10", "--notice"], "receipt is not presumed"),
        (["clocks", "--from", "2026-03-10"], "belongs to one clock"),
        (["clocks", "--search", "zzz"], "no clock has 'zzz'"),
    ],
)
def test_wrong_questions_to_the_command(arguments, said, capsys):
    from discharge.cli import main

    assert main(arguments) == 2
    assert said in capsys.readouterr().err
