"""Rates as data: dated, cited, placeholders shown, nothing known where nothing was published."""

from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.costs.rates import period_start, planning_rate, planning_table, rate, rate_book, table


def entries():
    book = rate_book()
    for name, dated in [*book.rates.items(), *book.tables.items()]:
        for start, value in dated.values.items():
            yield name, start, value


def is_known(value):
    return getattr(value, "value", None) is not None or getattr(value, "rows", None) is not None


def test_every_known_amount_is_cited():
    book = rate_book()
    assert all(value.cite in book.citations for _, _, value in entries() if is_known(value))
    assert {value.cite for _, _, value in entries() if value.cite} == set(book.citations)


def test_what_is_not_final_is_a_placeholder():
    words = ("proposed", "estimate", "judge")
    for name, start, value in entries():
        if not is_known(value):
            continue
        if any(word in (value.note or "").lower() for word in words) or name.startswith("planning."):
            assert value.placeholder, (name, start)


def test_a_judged_figure_is_a_placeholder():
    for name, start, value in entries():
        if value.cite == "judgement":
            assert value.placeholder, (name, start)


def test_nothing_that_is_verified_is_a_placeholder():
    book = rate_book()
    marked = [(name, start) for name, start, value in entries() if value.placeholder]
    assert len(marked) > 40
    for name, start, value in entries():
        if value.placeholder:
            assert not book.citations[value.cite].verified, (name, start)


def test_low_is_not_above_high():
    book = rate_book()
    pairs = [name for name in book.rates if name.endswith("_low") and f"{name[:-4]}_high" in book.rates]
    assert {"supplies.infusion_day_low", "transport.ambulance_bls_low", "readmission.cost_low"} <= set(pairs)
    for name in pairs:
        day = date(2026, 6, 1)
        assert planning_rate(name, day).value <= planning_rate(f"{name[:-4]}_high", day).value, name


NEW_YEARS = [
    # name, last day of one rate year, its value, value of the next day
    ("ipps.operating", date(2025, 9, 30), "6624.39", "6752.61"),
    ("ipps.operating", date(2026, 9, 30), "6752.61", "6848.00"),
    ("ipps.operating", date(2027, 9, 30), "6848.00", None),
    ("ipps.capital", date(2025, 9, 30), "512.14", "524.15"),
    ("ipps.outlier_threshold", date(2025, 9, 30), "46217.00", "40397.00"),
    ("irf.conversion_factor", date(2024, 9, 30), "18541.00", "18907.00"),
    ("irf.outlier_threshold", date(2025, 9, 30), "12043.00", "10062.00"),
    ("irf.outlier_threshold", date(2026, 9, 30), "10062.00", None),
    ("ltch.standard", date(2025, 9, 30), "49383.26", "50824.51"),
    ("ltch.site_neutral_factor", date(2026, 9, 30), "0.954", "1"),
    ("hospice.cap", date(2026, 9, 30), "35361.44", "36174.75"),
    ("home_health.period", date(2025, 12, 31), "2057.35", "2038.22"),
    ("home_health.period", date(2026, 12, 31), "2038.22", None),
    ("home_health.fixed_loss_ratio", date(2025, 12, 31), "0.35", "0.37"),
    ("part_b.deductible", date(2025, 12, 31), "257.00", "283.00"),
    ("part_b.premium", date(2025, 12, 31), "185.00", "202.90"),
    ("part_d.cap", date(2026, 12, 31), "2100.00", "2400.00"),
    ("pfs.conversion_factor", date(2025, 12, 31), "32.3465", "33.4009"),
    ("opps.conversion_factor", date(2025, 12, 31), "89.169", "91.415"),
    ("ambulance.conversion_factor", date(2025, 12, 31), None, "284.56"),
    ("private.home_care_hour", date(2025, 6, 30), "33.00", "35.00"),
]


@pytest.mark.parametrize(("name", "last", "before", "after"), NEW_YEARS)
def test_a_rate_changes_on_its_first_day(name, last, before, after):
    values = [rate(name, last).value, rate(name, last + timedelta(days=1)).value]
    assert values == [None if one is None else D(one) for one in (before, after)]


@pytest.mark.parametrize(
    ("name", "row", "last", "before", "after"),
    [
        ("hospice.daily", "routine_first", date(2025, 9, 30), "224.62", "230.83"),
        ("hospice.daily", "routine_first", date(2026, 9, 30), "230.83", "236.14"),
        ("snf.urban", "pt", date(2025, 9, 30), "73.25", "75.73"),
        ("snf.rural", "pt", date(2026, 9, 30), "86.33", "88.29"),
        ("home_health.visit", "sn", date(2025, 12, 31), "172.73", "176.96"),
        ("infusion.first_visit", "1", date(2025, 12, 31), "226.42", "230.95"),
    ],
)
def test_a_table_changes_on_its_first_day(name, row, last, before, after):
    days = last, last + timedelta(days=1)
    assert [(table(name, day).rows or {})[row] for day in days] == [D(before), D(after)]


def test_every_rate_has_a_unit():
    book = rate_book()
    assert all(dated.unit for dated in [*book.rates.values(), *book.tables.values()])


@pytest.mark.parametrize(
    ("day", "value", "placeholder"),
    [
        (date(2024, 12, 31), None, False),
        (date(2025, 12, 31), D("1676.00"), False),
        (date(2026, 1, 1), D("1736.00"), False),
        (date(2026, 12, 31), D("1736.00"), False),
        (date(2027, 1, 1), None, False),
    ],
)
def test_the_deductible_by_day(day, value, placeholder):
    found = rate("part_a.deductible", day)
    assert (found.value, found.placeholder) == (value, placeholder)


def test_planning_carries_forward_and_says_so():
    found = planning_rate("part_a.deductible", date(2027, 6, 1))
    assert (found.value, found.placeholder) == (D("1736.00"), True)
    assert "carried forward from 2026-01-01" in found.label
    assert planning_rate("part_a.deductible", date(2024, 6, 1)).value is None  # nothing is carried backward
    assert planning_rate("part_a.deductible", date(2026, 6, 1)).placeholder is False
    rows = planning_table("snf.urban", date(2028, 1, 1))
    assert rows.placeholder
    assert "proposed; carried forward from 2026-10-01" in rows.label
    assert table("snf.urban", date(2028, 1, 1)).rows is None


def test_verified_means_that_the_source_was_read():
    assert rate("irf.conversion_factor", date(2025, 1, 1)).verified
    assert not rate("irf.conversion_factor", date(2026, 1, 1)).verified
    assert not rate("part_a.deductible", date(2024, 1, 1)).verified


@given(st.dates(date(2024, 10, 1), date(2200, 1, 1)), st.sampled_from(sorted(rate_book().rates)))
def test_days_of_one_period_are_priced_alike(day, name):
    assert rate(name, period_start(day)) == rate(name, day)
