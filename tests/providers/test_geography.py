"""Distances against published ones, and where ZIP codes lie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.providers import Directory, Provider, miles_between, shipped_directory
from discharge.providers.geography import miles_to_all, position_of, position_of_zip, zip_digits

pytestmark = pytest.mark.content  # arithmetic: the wheel changes nothing

PLACES = st.tuples(st.floats(-89, 89), st.floats(-179, 179))


@pytest.mark.parametrize(
    ("one", "other", "miles"),
    [
        # Great-circle distances of cities as gazetteers give them, to half a percent.
        ((40.7128, -74.0060), (34.0522, -118.2437), 2446),  # New York, Los Angeles
        ((42.3601, -71.0589), (40.7128, -74.0060), 190),  # Boston, New York
        ((42.3601, -71.0589), (42.1015, -72.5898), 80),  # Boston, Springfield
        ((51.5074, -0.1278), (48.8566, 2.3522), 213.5),  # London, Paris
        ((0.0, 0.0), (0.0, 1.0), 69.09),  # a degree on the equator
    ],
)
def test_distances_are_those_of_the_gazetteer(one, other, miles):
    assert miles_between(one, other) == pytest.approx(miles, rel=0.005)


@given(one=PLACES, other=PLACES)
def test_a_distance_is_the_same_both_ways_and_never_beyond_half_the_globe(one, other):
    found = miles_between(one, other)
    assert found == pytest.approx(miles_between(other, one)) and 0 <= found < 12_450
    assert miles_between(one, one) == 0


@given(home=PLACES, others=st.lists(PLACES, max_size=5))
def test_many_distances_at_once_are_those_of_one_by_one(home, others):
    many = miles_to_all(home, np.array(others, dtype=np.float64).reshape(-1, 2))
    assert many.tolist() == pytest.approx([miles_between(home, other) for other in others])


@pytest.mark.parametrize(
    ("text", "digits"),
    [("02155", "02155"), ("02155-1234", "02155"), ("021551234", "02155"), ("2155", "02155"),
     ("02100", "021"), ("021**", "021"), ("021", "021"), ("", None), (None, None), ("K1A 0B1", None), ("1", None)],
)  # fmt: skip
def test_zip_codes_as_charts_write_them(text, digits):
    assert zip_digits(text) == digits


def test_a_zip_lies_where_its_providers_lie_else_its_area():
    directory = Directory(
        (
            Provider("a", "snf", "A", postal_code="02155", latitude=42.40, longitude=-71.10),
            Provider("b", "snf", "B", postal_code="02155", latitude=42.42, longitude=-71.12),
            Provider("c", "snf", "C", postal_code="02155", latitude=42.41, longitude=-71.11),
            Provider("d", "snf", "D", postal_code="02101"),
        )
    )
    assert position_of_zip(directory, "02155") == (42.41, -71.11, "zip")
    assert position_of_zip(directory, "02199") == (42.41, -71.11, "area")
    assert position_of(directory, directory.providers[3]) == (42.41, -71.11, "area")
    assert position_of(directory, directory.providers[0])[2] == "provider"
    assert position_of_zip(directory, "90210") is None and position_of_zip(directory, None) is None


def test_zip_codes_of_the_shipped_extract_lie_in_massachusetts():
    for code, latitude, longitude in (
        ("02155", 42.42, -71.11),
        ("01605", 42.27, -71.80),
        ("02601", 41.65, -70.29),
    ):
        found = position_of_zip(shipped_directory(), code)
        assert found is not None
        assert miles_between(found[:2], (latitude, longitude)) < 4
