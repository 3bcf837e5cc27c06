"""Days lost and their price; waiting for payers after readiness: no hour twice, and unknown stays unknown."""

from datetime import date
from decimal import Decimal

import pytest
from workkit import asked, at, case, decided, denied, review, seen, shipped

from discharge.casework.events.utilization import AppealFiled, AvoidableDayRecorded, DelayAttributed
from discharge.casework.work.delays import payer_delay, payer_delays, priced, reasons
from discharge.costs.amounts import Range

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

READY, NOT_READY = {"discharge_ready": "met"}, {"discharge_ready": "not_met"}
PRICE = {"payer": Decimal("100.00"), "patient": Decimal("20.00"), "hospital": Decimal("800.00")}
PRICED = READY | {"avoidable_day_usd": PRICE}


def lost(when, day, reason="placement", record_id=None, **parts):
    made = AvoidableDayRecorded(
        record_id=record_id or f"r{day}", day=date(2026, 6, day), reason=reason, **parts
    )
    return when, made


def attributed(start, end, to="payer", record_id="x"):
    span = DelayAttributed(
        record_id=record_id, to=to, reason="said", start=at(start), end=at(end) if end else None
    )
    return end or start, span


def no_waiting(**more):
    return review(waiting=None, **more)


# --- avoidable days ---------------------------------------------------------------------------------------------


def test_days_lost_have_reason_owner_and_price():
    state = case(
        seen("2026-06-03T10:00", PRICED),
        lost("2026-06-04T09:00", 4, days=Decimal("0.5")),
        lost("2026-06-03T09:00", 3, "payer_authorization", owner="Ms. Owner"),
    )
    found = priced(state, no_waiting())
    assert [(one.day.day, one.area, one.owner) for one in found.records] == [
        (3, "payer", "Ms. Owner"),
        (4, "placement", "case_manager"),
    ]
    assert (found.days, found.by_area) == (Decimal("1.5"), {"payer": Decimal(1), "placement": Decimal("0.5")})
    assert found.records[1].usd["hospital"].expected == Decimal("400.00")
    assert found.usd == {
        "payer": Decimal("150.00"),
        "patient": Decimal("30.00"),
        "hospital": Decimal("1200.00"),
    }
    assert found.total_usd == Decimal("1380.00")


def test_the_review_prices_low_and_high_where_it_can():
    one = review()
    assert one.waiting is not None
    ranges = {"payer": Range(), "patient": Range(), "hospital": Range(low="10", expected="20", high="30")}
    one = one.model_copy(update={"waiting": one.waiting.model_copy(update={"avoidable_day": ranges})})
    found = priced(case(lost("2026-06-04T09:00", 4, days=Decimal(2))), one)
    assert found.records[0].usd["hospital"] == Range(low="20.00", expected="40.00", high="60.00")
    assert (found.usd["payer"], found.usd["hospital"], found.total_usd) == (None, Decimal("40.00"), None)
    assert found.exposure_usd == one.money.exposures["days_beyond"].amount_usd


def test_with_no_price_on_record_days_stay_unpriced():
    found = priced(case(lost("2026-06-04T09:00", 4)), no_waiting())
    assert (found.days, found.total_usd, found.usd["hospital"]) == (Decimal(1), None, None)
    nothing = priced(case(), no_waiting())
    assert (nothing.days, nothing.total_usd) == (Decimal(0), Decimal("0.00"))


def test_a_medical_reason_is_no_lost_day():
    assert priced(case(lost("2026-06-04T09:00", 4, "clinical")), no_waiting()).records == []
    assert reasons()["clinical"].area is None and reasons()["housing"].owner == "social_work"


# --- waiting for payers -----------------------------------------------------------------------------------------


def waited(*said, when="2026-06-06T10:00", one=None):
    return payer_delay(case(*said), one or no_waiting(as_of="2026-06-02T10:00"), shipped(), at(when))


SNF = asked("2026-06-03T10:00", service="snf", urgency="expedited")


@pytest.mark.parametrize(
    ("said", "hours", "overdue"),
    [
        ([SNF, seen("2026-06-04T10:00", READY)], 48.0, 0.0),  # asked before readiness: counts from readiness
        ([SNF, seen("2026-06-02T12:00", READY)], 72.0, 0.0),  # ready before: counts from the request
        ([SNF, seen("2026-06-04T10:00", READY), decided("2026-06-05T10:00")], 24.0, 0.0),
        ([SNF, seen("2026-06-04T10:00", READY), decided("2026-06-05T10:00", "pended")], 48.0, 0.0),
        ([SNF, seen("2026-06-04T10:00", READY), decided("2026-06-05T10:00", "cancelled")], 24.0, 0.0),
        ([SNF, seen("2026-06-04T10:00", READY), seen("2026-06-05T10:00", NOT_READY)], 24.0, 0.0),
        (
            [
                SNF,
                seen("2026-06-04T10:00", READY),
                seen("2026-06-05T10:00", {}),
                seen("2026-06-06T04:00", READY),
            ],
            30.0,
            0.0,
        ),
        ([SNF, seen("2026-06-04T10:00", NOT_READY)], 0.0, 0.0),
        (
            [asked("2026-06-03T10:00"), seen("2026-06-02T12:00", READY)],
            None,
            None,
        ),  # the stay itself holds nobody
        (
            [asked("2026-06-02T10:00", service="snf", urgency="expedited"), seen("2026-06-04T10:00", READY)],
            48.0,
            24.0,
        ),
    ],
)
def test_hours_waited_after_readiness(said, hours, overdue):
    rows = waited(*said)
    assert [(one.hours, one.overdue_hours) for one in rows] == ([] if hours is None else [(hours, overdue)])


def test_readiness_that_nobody_can_tell_is_unknown_not_zero():
    row = waited(SNF)[0]
    assert (row.hours, row.days, row.total_usd, row.spans) == (None, None, None, [])
    row = waited(SNF, seen("2026-06-04T10:00", {}))[0]
    assert row.hours is None


def test_it_ends_with_the_stay():
    gone = no_waiting(
        as_of="2026-06-02T10:00", stay={"discharged": at("2026-06-05T04:00"), "is_in_house": False}
    )
    assert waited(SNF, seen("2026-06-04T10:00", READY), one=gone)[0].hours == 18.0


def test_overlapping_waits_count_once_and_in_dollars():
    second = asked("2026-06-04T22:00", "a2", service="dme", urgency="expedited")
    row = waited(
        SNF, second, seen("2026-06-04T10:00", PRICED), attributed("2026-06-04T16:00", "2026-06-05T04:00")
    )[0]
    assert (row.hours, row.days, row.payer_profile) == (48.0, Decimal("2.00"), "example_ma_plan")
    assert (row.usd["hospital"], row.total_usd) == (Decimal("1600.00"), Decimal("1840.00"))
    assert len(row.spans) == 1 and "attributed by a person" in row.spans[0].because


def test_time_that_a_person_gave_to_others_is_not_the_payers():
    row = waited(
        SNF, seen("2026-06-04T10:00", READY), attributed("2026-06-04T10:00", "2026-06-04T22:00", to="family")
    )[0]
    assert row.hours == 36.0
    both = waited(
        SNF,
        seen("2026-06-04T10:00", READY),
        attributed("2026-06-04T10:00", "2026-06-04T22:00", to="family"),
        attributed("2026-06-04T16:00", "2026-06-04T22:00", record_id="y"),
    )[0]
    assert both.hours == 42.0  # what a person gave to the payer is the payer's


def test_an_attributed_span_needs_no_other_readiness_and_lasts_while_open():
    row = waited(attributed("2026-06-04T10:00", None))[0]
    assert row.hours == 48.0
    assert waited(attributed("2026-06-04T10:00", None, to="family")) == []


def test_two_payers_share_no_hour():
    other = asked("2026-06-04T10:00", "a2", service="dme", payer_profile="second_payer")
    rows = waited(SNF, other, seen("2026-06-04T22:00", READY))
    assert {one.payer_profile: one.hours for one in rows} == {"example_ma_plan": 36.0, "second_payer": 0.0}


def test_a_late_answer_to_an_appeal_of_a_place_counts():
    said = [
        asked("2026-05-20T10:00", service="snf"),
        decided("2026-05-20T11:00", "denied"),
        denied("2026-05-20T11:00", "2026-05-20T11:00", authorization_id="a1"),
        (
            "2026-06-02T10:00",
            AppealFiled(appeal_id="p", denial_id="d1", level="reconsideration", is_expedited=True),
        ),
        seen("2026-06-03T10:00", READY),
    ]
    row = waited(*sorted(said, key=lambda one: one[0]))[0]
    assert (row.hours, row.overdue_hours) == (24.0, 24.0)  # due 72 h after filing


def test_payers_side_by_side():
    waits = case(SNF, seen("2026-06-04T10:00", PRICED))
    unpriced = case(SNF, seen("2026-06-05T10:00", READY))
    untold = case(SNF)
    quick = case(SNF, decided("2026-06-03T11:00"), seen("2026-06-04T10:00", READY))
    one = no_waiting(as_of="2026-06-02T10:00")
    found = payer_delays(
        [(state, one, shipped()) for state in (waits, unpriced, untold, quick)], at("2026-06-06T10:00")
    )
    assert len(found) == 1
    row = found[0]
    assert (row.cases, row.waiting_cases, row.unknown_cases, row.unpriced_cases) == (4, 2, 1, 1)
    assert (row.hours, row.days, row.total_usd) == (72.0, Decimal("3.00"), Decimal("1840.00"))
