"""The range of agreement: inside it nobody is worse off, outside it somebody is."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.negotiation.zone import joint_zone, zone

pytestmark = pytest.mark.content  # arithmetic: the wheel changes nothing

PARTIES = ("payer", "patient", "hospital")
CENT = D("0.01")
money = st.decimals(min_value=-20000, max_value=60000, places=2)
rooms = st.fixed_dictionaries(dict.fromkeys(PARTIES, money))
floors = st.decimals(min_value=0, max_value=900, places=2)
units = st.integers(min_value=1, max_value=90)
rates = st.decimals(min_value=0, max_value=4000, places=2)


@st.composite
def shares(draw):
    """Parts of the price to four decimals that add up to 1, often with a party that pays nothing."""
    first = draw(st.sampled_from([D(0), D(1)]) | st.decimals(min_value=0, max_value=1, places=4))
    second = draw(st.decimals(min_value=0, max_value=1, places=4)) * (1 - first)
    return {"payer": first, "patient": second, "hospital": 1 - first - second}


def worse_off(room, share, count, floor, rate):
    """Who loses at a rate, by the definition and not by the formula of the module."""
    losers = [party for party in PARTIES if share[party] * rate * count > room[party]]
    return losers + (["provider"] if rate < floor else [])


@given(rooms, shares(), units, floors, rates)
def test_inside_nobody_is_worse_off_and_outside_somebody_is(room, share, count, floor, rate):
    found = zone(room, share, count, floor)
    inside = bool(found.is_open) and found.low <= rate <= found.high
    assert inside == (worse_off(room, share, count, floor, rate) == [])


@given(rooms, shares(), units, floors)
def test_the_ends_belong_to_the_range_and_one_cent_beyond_does_not(room, share, count, floor):
    found = zone(room, share, count, floor)
    if found.is_open:
        for rate in (found.low, found.high):
            assert worse_off(room, share, count, floor, rate) == []
        assert found.set_by in worse_off(room, share, count, floor, found.high + CENT)
        assert worse_off(room, share, count, floor, found.low - CENT) == ["provider"]
    else:
        assert found.blocked_by
        for party in found.blocked_by:
            assert party in worse_off(room, share, count, floor, max(floor, found.floor))


@given(rooms, units, floors, rates)
def test_the_joint_range_is_where_some_split_leaves_nobody_worse_off(room, count, floor, rate):
    found = joint_zone(room, count, floor)
    inside = bool(found.is_open) and found.low <= rate <= found.high
    left, paid = rate * count, {}
    for party in PARTIES:  # each gives what it can
        paid[party] = min(max(room[party], D(0)), left)
        left -= paid[party]
    possible = left == 0 and rate >= floor and all(paid[party] <= room[party] for party in PARTIES)
    assert inside == possible


def test_the_worked_example():
    """2,100.00 is to be found for 21 days; the payer has 4,620.00 of room, the hospital 900.00, the patient none."""
    room = {"payer": D("4620.00"), "patient": D(0), "hospital": D("900.00")}
    found = zone(room, {"payer": D(1)}, 21, D("100.00"))
    assert (found.is_open, found.low, found.high, found.set_by) == (True, D("100.00"), D("220.00"), "payer")
    halves = zone(room, {"payer": D("0.5"), "hospital": D("0.5")}, 21, D("100.00"))
    assert halves.ceilings == {"payer": D("440.00"), "hospital": D("85.71")}  # 900 / 10.5 = 85.714...
    assert (halves.is_open, halves.low, halves.blocked_by) == (False, None, ["hospital"])
    together = joint_zone(room, 21, D("100.00"))
    assert (together.low, together.high) == (D("100.00"), D("262.85"))  # 5,520 / 21 = 262.857...


def test_a_party_that_pays_nothing_can_still_stand_in_the_way():
    room = {"payer": D(5000), "patient": D("-30.00"), "hospital": D(0)}
    found = zone(room, {"payer": D(1)}, 10, D(1))
    assert (found.is_open, found.blocked_by) == (False, ["patient"])


def test_an_unknown_room_is_not_a_zero():
    room = {"payer": D(5000), "patient": None, "hospital": D(0)}
    found = zone(room, {"payer": D(1)}, 10, D(1))
    assert (found.is_open, found.unknown, found.low, found.high) == (None, ["patient"], None, None)
    assert found.ceilings == {"payer": D("500.00")}
    assert joint_zone(room, 10, D(1)).is_open is None
    known_to_fail = zone(room | {"hospital": D(-1)}, {"payer": D(1)}, 10, D(1))
    assert known_to_fail.is_open is False


@pytest.mark.parametrize("share", [{"payer": D("0.5")}, {"payer": D("1.5"), "patient": D("-0.5")}, {}])
def test_shares_must_add_up(share):
    with pytest.raises(ValueError, match="add up to 1"):
        zone(dict.fromkeys(PARTIES, D(1)), share, 1, D(1))
