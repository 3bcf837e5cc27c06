"""HOSPITAL and LACE as shares within 30 days: settled, open, missing."""

from decimal import Decimal

import pytest
from views import view

from discharge.readmission import readmission_risk, risk_table

HOSPITAL = "instruments.readmission.hospital_2016"
LACE = "instruments.readmission.lace"


def risk(as_of="2026-06-15T07:00", **scores):
    names = {"hospital": HOSPITAL, "lace": LACE}
    known = {names[name]: ends for name, ends in scores.items()}
    return readmission_risk(view(scores=known.get, as_of=as_of))


@pytest.mark.parametrize(
    ("points", "share", "band"),
    [
        (0, "0.058", "low"),
        (4, "0.058", "low"),
        (5, "0.119", "intermediate"),
        (6, "0.119", "intermediate"),
        (7, "0.228", "high"),
        (13, "0.228", "high"),
    ],
)
def test_the_classes_of_hospital(points, share, band):
    found = risk(hospital=(points, points))
    assert (found.score, found.low, found.expected, found.high, found.band) == (
        "hospital_2016",
        *[Decimal(share)] * 3,
        band,
    )
    assert found.cite == ["donze_2016_classes"]


def test_lace_at_its_published_ends_and_between():
    assert risk(lace=(0, 0)).expected == Decimal("0.020")
    assert risk(lace=(19, 19)).expected == Decimal("0.437")
    shares = [risk(lace=(points, points)).expected for points in range(20)]
    assert shares == sorted(shares)
    between = risk(lace=(10, 10))
    assert (between.expected, between.band) == (Decimal("0.122"), "high")
    assert "worked out, not published" in between.basis
    assert "worked out" not in risk(lace=(0, 0)).basis


def test_an_open_score_is_a_range_with_the_cohorts_average():
    found = risk(hospital=(3, 9))
    assert (found.low, found.expected, found.high) == (Decimal("0.058"), Decimal("0.097"), Decimal("0.228"))
    assert (found.points_low, found.points_high, found.band) == (3, 9, None)
    assert "still open" in found.basis
    assert set(found.cite) == {"donze_2016", "donze_2016_classes"}


def test_the_average_stays_inside_the_range():
    assert risk(hospital=(5, 9)).expected == Decimal("0.119")


def test_open_points_of_one_class_are_settled():
    assert risk(hospital=(1, 4)).expected == Decimal("0.058")


def test_a_settled_score_goes_before_an_open_one_and_hospital_before_lace():
    assert risk(hospital=(3, 9), lace=(5, 5)).score == "lace"
    assert risk(hospital=(5, 5), lace=(5, 5)).score == "hospital_2016"
    assert risk(hospital=(0, 13), lace=(3, 5)).score == "lace"


def test_no_score_is_no_figure_not_no_risk():
    found = risk()
    assert (found.score, found.low, found.expected, found.high) == (None, None, None, None)
    assert found.basis == "No readmission score can be made from the chart."


def test_a_score_is_not_used_before_it_was_published():
    assert risk(as_of="2016-03-31T07:00", hospital=(5, 5), lace=(5, 5)).score == "lace"
    assert risk(as_of="2016-04-01T12:00", hospital=(5, 5), lace=(5, 5)).score == "hospital_2016"


def test_every_total_has_one_band_and_every_cite_is_there():
    table = risk_table()
    for row, last in ((table.scores["hospital_2016"], 13), (table.scores["lace"], 19)):
        for points in range(last + 1):
            assert sum(band.start <= points < band.below for band in row.bands) == 1
        assert {band.cite for band in row.bands} | {row.mean.cite} <= set(table.citations)
        assert row.band_of(last + 1) is None
