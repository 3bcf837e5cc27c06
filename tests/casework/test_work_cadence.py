"""The next review: admission first, then the payer's rhythm and the moments that always ask for one."""

from datetime import date

import pytest
from workkit import TWO, asked, at, case, decided, denied, payer, review, seen, shipped

from discharge.casework.events.utilization import FirstLevelReviewed, StatusDetermined
from discharge.casework.work.cadence import next_review, reviews_due

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

READY = {"discharge_ready": "met"}


def looked(when, review_type="concurrent"):
    return when, FirstLevelReviewed(outcome="approved", review_type=review_type)


def reasons(state, one=None, profile=None):
    found = reviews_due(state, one or review(), profile or shipped())
    return [(row.review_type, row.due_at.isoformat()[:16]) for row in found]


def test_nothing_is_due_before_anything_is_known_of_the_stay():
    assert next_review(case(), None, shipped()) is None


def test_an_admission_review_is_due_from_the_admission_on():
    row = next_review(case(), review(), shipped())
    assert (row.review_type, row.due_at) == ("admission", at("2026-06-01T08:00"))
    assert row.basis and row.cite and row.verified is False


@pytest.mark.parametrize(
    ("profile", "due", "said"),
    [
        (shipped, "2026-06-06T23:59", "every 2 d"),
        (lambda: payer("medicare_ffs"), "2026-06-07T23:59", "own setting"),
        (
            lambda: payer(
                "commercial",
                citations={"x": {"title": "t", "verified": False}},
                review={
                    "cadence_days": {
                        "unit": "d",
                        "values": {
                            "2020-01-01": {"value": 3, "cite": "x"},
                            "2026-06-04": {"value": 1, "cite": "x"},
                        },
                    }
                },
            ),
            "2026-06-05T23:59",
            "every 1 d",
        ),
    ],
)
def test_the_payers_rhythm_counts_from_the_last_review(profile, due, said):
    row = next_review(case(looked("2026-06-04T09:00")), review(), profile())
    assert (row.review_type, row.due_at) == ("concurrent", at(due))
    assert said in row.basis


@pytest.mark.parametrize(
    ("done", "is_due"),
    [("2026-06-01T23:59", True), ("2026-06-02T00:00", False), ("2026-06-03T00:30", False)],
)
def test_the_planned_second_midnight(done, is_due):
    one = review("2026-06-02T10:00", stay={"benchmark_midnights": 1.0})
    found = reasons(case(looked(done, "admission")), one)
    assert (("concurrent", "2026-06-03T00:00") in found) is is_due


def test_an_unknown_number_of_midnights_plans_none():
    one = review("2026-06-02T10:00", stay={"benchmark_midnights": None})
    assert len(reasons(case(looked("2026-06-01T10:00")), one)) == 1


def test_a_changed_status_asks_at_once():
    change = StatusDetermined(
        status="observation", determined_by=TWO, basis="x", effective_at=at("2026-06-04T11:00")
    )
    state = case(looked("2026-06-04T09:00"), ("2026-06-04T11:00", change))
    row = next_review(state, review(), shipped())
    assert (row.due_at, row.basis) == (at("2026-06-04T11:00"), "the status changed to observation")
    state = case(looked("2026-06-04T09:00"), ("2026-06-04T11:00", change), looked("2026-06-04T12:00"))
    assert next_review(state, review(), shipped()).due_at == at("2026-06-06T23:59")


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ((False, True), True),
        ((True, False), True),
        ((True, True), False),
        ((None, True), False),  # not known where the patient was before
    ],
)
def test_a_move_into_or_out_of_intensive_care(units, expected):
    state = case(
        seen("2026-06-04T07:00", {"in_intensive_care": units[0]}),
        looked("2026-06-04T08:00"),
        seen("2026-06-04T10:00", {"in_intensive_care": units[1]}),
    )
    found = reasons(state, review("2026-06-04T10:00"))
    assert (("concurrent", "2026-06-04T10:00") in found) is expected
    done = case(
        seen("2026-06-04T07:00", {"in_intensive_care": False}),
        seen("2026-06-04T10:00", {"in_intensive_care": True}),
        looked("2026-06-04T11:00"),
    )
    assert ("concurrent", "2026-06-04T10:00") not in reasons(done, review("2026-06-04T10:00"))


def test_the_unit_of_the_last_review_counts_too():
    state = case(seen("2026-06-04T07:00", {"in_intensive_care": False}), looked("2026-06-04T08:00"))
    one = review("2026-06-04T10:00", stay={"unit": "Medical ICU"})
    assert ("concurrent", "2026-06-04T10:00") in reasons(state, one)


def test_readiness_asks_for_a_discharge_review_from_when_it_was_first_met():
    one = review(levels=READY)
    state = case(looked("2026-06-03T09:00"), seen("2026-06-03T18:00", READY), seen("2026-06-04T10:00", READY))
    row = next_review(state, one, shipped())
    assert (row.review_type, row.due_at, row.basis) == (
        "discharge",
        at("2026-06-03T18:00"),
        "ready for discharge",
    )
    broken = case(
        looked("2026-06-03T09:00"),
        seen("2026-06-03T18:00", READY),
        seen("2026-06-03T20:00", {}),
        seen("2026-06-04T10:00", READY),
    )
    assert next_review(broken, one, shipped()).due_at == at("2026-06-04T10:00")
    done = case(
        looked("2026-06-03T09:00"), seen("2026-06-03T18:00", READY), looked("2026-06-03T19:00", "discharge")
    )
    assert ("discharge", "2026-06-03T18:00") not in reasons(done, one)


def test_a_discharge_that_is_foretold_asks_on_its_day():
    leaving = review().stay.expected_discharge.model_copy(update={"at": at("2026-06-05T11:00")})
    one = review(stay={"expected_discharge": leaving})
    state = case(looked("2026-06-04T09:00"))
    assert ("discharge", "2026-06-05T11:00") in reasons(state, one)
    before = case(looked("2026-06-04T09:00"), looked("2026-06-04T20:00", "discharge"))
    assert ("discharge", "2026-06-05T11:00") in reasons(before, one)
    that_day = case(looked("2026-06-04T09:00"), looked("2026-06-05T00:00", "discharge"))
    assert ("discharge", "2026-06-05T11:00") not in reasons(that_day, one)


def test_days_are_asked_for_before_the_last_authorized_one_ends():
    state = case(
        asked("2026-06-01T14:00"),
        decided("2026-06-01T16:00", valid_through=date(2026, 6, 5)),
        looked("2026-06-03T09:00"),
    )
    row = next_review(state, review(), shipped())
    assert (row.due_at, row.basis) == (at("2026-06-04T23:59"), "last authorized day is Fri 05 Jun 2026")
    assert ("concurrent", "2026-06-04T23:59") not in reasons(state, review(levels=READY))


def test_after_discharge_a_retrospective_review_or_none():
    gone = review(stay={"discharged": at("2026-06-05T11:00"), "is_in_house": False})
    row = next_review(case(looked("2026-06-04T09:00")), gone, shipped())
    assert (row.review_type, row.due_at) == ("retrospective", at("2026-06-05T11:00"))
    assert next_review(case(looked("2026-06-05T09:00", "discharge")), gone, shipped()) is None
    late = case(
        looked("2026-06-05T09:00", "discharge"),
        denied("2026-06-20T09:00", "2026-06-19T00:00", cause="no_auth"),
    )
    row = next_review(late, gone, shipped())
    assert (row.review_type, row.due_at, row.basis) == (
        "retrospective",
        at("2026-06-20T09:00"),
        "denied: no_auth",
    )
    settled = case(
        denied("2026-06-20T09:00", "2026-06-19T00:00"), looked("2026-06-21T09:00", "retrospective")
    )
    assert next_review(settled, gone, shipped()) is None


def test_a_denial_in_the_house_asks_for_a_review_of_the_stay():
    state = case(looked("2026-06-04T09:00"), denied("2026-06-04T10:00", "2026-06-04T00:00"))
    row = next_review(state, review(), shipped())
    assert (row.review_type, row.due_at) == ("concurrent", at("2026-06-04T10:00"))
