"""Rates as data: dated, cited, placeholders shown, nothing known where nothing was published."""

from datetime import date
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
        if any(word in (value.note or "").lower() for word in words) or name.startswith("planning."):
            assert value.placeholder, (name, start)


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
