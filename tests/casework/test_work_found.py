"""What the event of a review keeps of it, and spans of time that do not overlap."""

from decimal import Decimal

import pytest
from workkit import at, case, review, seen

from discharge.casework.work.found import Reach, common, found, hours, ready_spans, union, without, zone_of
from discharge.casework.work.second_level import involved

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here


def span(start, end):
    return Reach(at(f"2026-06-{start:02}T00:00"), at(f"2026-06-{end:02}T00:00"))


def test_an_event_keeps_what_counts_over_time():
    kept = found(review(levels={"discharge_ready": "met"}, stay={"unit": "Surgical ICU"}))
    assert (kept.discharge_ready, kept.status, kept.unit, kept.in_intensive_care) == (
        "met",
        "inpatient",
        "Surgical ICU",
        True,
    )
    assert kept.avoidable_day_usd["hospital"] == Decimal("861.30")
    assert "patient" not in kept.avoidable_day_usd  # not known, so left out
    away = found(review(waiting=None))
    assert (away.unit, away.in_intensive_care, away.avoidable_day_usd) == (None, None, {})


def test_readiness_lasts_until_a_review_that_does_not_find_it():
    met, other = {"discharge_ready": "met"}, {"discharge_ready": "unknown"}
    state = case(
        seen("2026-06-01T00:00", met),
        seen("2026-06-02T00:00", met),
        seen("2026-06-03T00:00", other),
        seen("2026-06-05T00:00", met),
    )
    one = review("2026-06-05T00:00", levels=met)
    assert ready_spans(state, one, at("2026-06-06T00:00")) == [span(1, 3), span(5, 6)]
    gone = review("2026-06-05T00:00", levels=met, stay={"discharged": at("2026-06-02T00:00")})
    assert ready_spans(state, gone, at("2026-06-06T00:00")) == [span(1, 2)]
    assert ready_spans(case(seen("2026-06-01T00:00")), None, at("2026-06-06T00:00")) == []


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (union([span(3, 5), span(1, 2), span(2, 4)]), [span(1, 5)]),
        (union([span(1, 2), span(3, 4), span(4, 4)]), [span(1, 2), span(3, 4)]),
        (common([span(1, 4)], [span(2, 3), span(3, 6)]), [span(2, 4)]),
        (common([span(1, 2)], [span(2, 3)]), []),
        (without([span(1, 6)], [span(2, 3), span(5, 9)]), [span(1, 2), span(3, 5)]),
        (without([span(2, 3)], [span(1, 9)]), []),
    ],
)
def test_spans(made, expected):
    assert made == expected


def test_hours_are_elapsed_ones():
    spring = Reach(at("2026-03-08T00:00"), at("2026-03-09T00:00"))
    assert hours([spring]) == 23.0


def test_the_zone_is_the_reviews_or_the_last_ones():
    assert zone_of(case(), None).key == "UTC"
    assert zone_of(case(seen("2026-06-01T00:00")), None).key == "America/New_York"
    assert zone_of(case(), review()).key == "America/New_York"


def test_the_attending_without_a_name_is_nobody():
    assert involved(case(), review()) == []
