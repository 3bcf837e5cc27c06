"""Authorizations: days asked, approved, used, left in the facility's zone, late answers, what to look at."""

from datetime import UTC, date, datetime

import pytest
from workkit import ONE, asked, at, case, decided, payer, review, shipped

from discharge.casework.events.utilization import DaysAuthorized
from discharge.casework.work.authorizations import authorizations

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

FIRST = date(2026, 6, 1)


def standing(state, when="2026-06-04T10:00", one=None, profile=None):
    found = authorizations(state, one or review(), profile or shipped(), at(when))
    return {row.authorization_id: row for row in found}


def approved(**parts):
    return case(asked("2026-06-01T14:00", days_asked=5), decided("2026-06-01T16:00", **parts))


def test_a_request_waits_and_its_answer_is_due():
    row = standing(case(asked("2026-06-01T14:00", days_asked=3, first_day=FIRST)), "2026-06-02T10:00")["a1"]
    assert (row.status, row.days_asked, row.days_approved) == ("requested", 3, None)
    assert (row.answer_clock, row.answer_due_at) == ("MA-EXP/a1", at("2026-06-04T14:00"))
    assert (row.is_answer_late, row.answer_late_hours, row.decided_at) == (False, None, None)
    assert (row.days_used, row.days_left, row.valid_through) == (None, None, None)
    late = standing(case(asked("2026-06-01T14:00")), "2026-06-05T02:30")["a1"]
    assert (late.is_answer_late, late.answer_late_hours) == (True, 12.5)


def test_an_answer_after_its_time_stays_late():
    state = case(asked("2026-06-01T14:00"), decided("2026-06-04T15:30"))
    row = standing(state, "2026-06-20T10:00")["a1"]
    assert (row.is_answer_late, row.answer_late_hours, row.answered_at) == (True, 1.5, at("2026-06-04T15:30"))


@pytest.mark.parametrize(
    ("when", "used", "left", "beyond"),
    [
        ("2026-06-01T23:59", 0, 3, 0),
        ("2026-06-02T00:00", 1, 2, 0),  # midnight makes the night
        ("2026-06-04T10:00", 3, 0, 0),
        ("2026-06-06T10:00", 3, 0, 2),
    ],
)
def test_nights_used_and_left(when, used, left, beyond):
    row = standing(approved(days_approved=3, valid_from=FIRST), when)["a1"]
    assert (row.days_used, row.days_left, row.days_beyond) == (used, left, beyond)
    assert row.valid_through == at("2026-06-03T23:59")


def test_midnight_is_the_facilitys_not_greenwichs():
    state = approved(days_approved=3, valid_from=FIRST)
    moment = datetime(2026, 6, 2, 2, 0, tzinfo=UTC)  # 22:00 in New York on the first day
    row = authorizations(state, review(), shipped(), moment)[0]
    assert row.days_used == 0


def test_nights_end_with_the_stay():
    gone = review(stay={"discharged": at("2026-06-02T11:00"), "is_in_house": False})
    row = standing(approved(days_approved=3, valid_from=FIRST), "2026-06-20T10:00", gone)["a1"]
    assert (row.days_used, row.days_left, row.days_beyond) == (1, 2, 0)


def test_without_a_first_day_the_order_begins_the_days_and_without_a_number_the_last_day_ends_them():
    row = standing(approved(days_approved=2))["a1"]
    assert (row.first_day, row.days_used, row.days_beyond) == (FIRST, 2, 1)
    row = standing(approved(valid_through=date(2026, 6, 5)))["a1"]
    assert (row.days_approved, row.days_used, row.days_left) == (None, 3, 2)
    bare = standing(approved())["a1"]
    assert (bare.days_approved, bare.days_used, bare.days_left, bare.valid_through) == (
        None,
        None,
        None,
        None,
    )


def test_more_days_add_up():
    more = ("2026-06-03T10:00", DaysAuthorized(authorization_id="a1", days=2, valid_through=date(2026, 6, 5)))
    state = case(
        asked("2026-06-01T14:00"), decided("2026-06-01T16:00", days_approved=3, valid_from=FIRST), more
    )
    row = standing(state)["a1"]
    assert (row.days_approved, row.days_left, row.valid_through) == (5, 2, at("2026-06-05T23:59"))
    again = case(
        asked("2026-06-01T14:00"),
        decided("2026-06-01T16:00", days_approved=3, valid_from=FIRST),
        decided("2026-06-03T16:00", days_approved=1),
    )
    assert standing(again)["a1"].days_approved == 4


@pytest.mark.parametrize(
    ("decision", "days", "approved_days", "refused"),
    [("partial", 2, 2, 3), ("modified", 4, 4, 1), ("denied", None, 0, 5), ("approved", 5, 5, None)],
)
def test_days_refused(decision, days, approved_days, refused):
    row = standing(approved(decision=decision, days_approved=days))["a1"]
    assert (row.status, row.days_approved, row.days_refused) == (decision, approved_days, refused)


def test_a_denial_authorizes_nothing_through_any_day():
    row = standing(approved(decision="denied", valid_through=date(2026, 6, 9)))["a1"]
    assert row.valid_through is None and row.days_left == 0


def test_what_comes_after_the_hospital_uses_no_night_of_it():
    state = case(asked("2026-06-03T14:00", service="snf"), decided("2026-06-03T16:00", days_approved=7))
    row = standing(state)["a1"]
    assert (row.days_approved, row.days_used, row.days_left) == (7, None, None)


def test_several_authorizations_stand_side_by_side():
    state = case(
        asked("2026-06-01T14:00"),
        asked("2026-06-03T14:00", "a2", "snf", urgency="standard"),
        decided("2026-06-01T16:00"),
    )
    rows = standing(state)
    assert [(one.status, one.service) for one in rows.values()] == [
        ("approved", "inpatient_acute"),
        ("requested", "snf"),
    ]
    assert rows["a2"].answer_due_at == at("2026-06-10T23:59")


def test_a_decision_without_a_request_says_so():
    row = standing(case(decided("2026-06-01T16:00", days_approved=2)))["a1"]
    assert (row.requested_at, row.answer_due_at, row.is_answer_late) == (None, None, None)
    assert any("no request" in flag for flag in row.flags)


def test_an_adverse_decision_without_a_name_or_reason_is_kept_and_told():
    nameless = standing(approved(decision="denied"))["a1"].flags
    assert any("No clinician named" in flag and "422.566(d)" in flag for flag in nameless)
    assert any("No reason" in flag for flag in nameless)
    assert standing(approved(decision="denied", reason="not necessary", clinician=ONE))["a1"].flags == []
    assert standing(approved())["a1"].flags == []


def test_a_plan_that_takes_back_an_approved_admission_is_told():
    said = [asked("2026-06-01T14:00"), decided("2026-06-01T16:00")]
    later = decided("2026-06-05T16:00", "denied", reason="r", clinician=ONE)
    assert any(
        "refused later" in flag for flag in standing(case(*said, later), "2026-06-06T10:00")["a1"].flags
    )
    flags = standing(
        case(*said, later), "2026-06-06T10:00", review(payer_class="medicaid"), payer("medicaid")
    )["a1"].flags
    assert flags == []
    first_no = case(
        said[0], decided("2026-06-01T16:00", "denied", reason="r", clinician=ONE), decided("2026-06-02T16:00")
    )
    assert standing(first_no)["a1"].flags == []
