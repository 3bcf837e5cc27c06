"""The list a patient chooses from: who is on it, and that its order steers nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from statistics import mean

from provider_kit import ZIP, directory, payer, provider

from discharge.providers import Place, Quality, choices

HERE, DAY = Place(ZIP, "MA"), date(2026, 6, 15)
STARS = Quality("Overall", "5 of 5", date(2026, 1, 1))


def snfs(count, **more):
    return [provider(f"{225000 + n}", ccn=f"{225000 + n}", miles=1 + n / 10, **more) for n in range(count)]


def listed(found, *, day=DAY, stay="enc-1", kind="snf", needs=(), pays=None, **more):
    return choices(found, pays, HERE, kind, list(needs), day, stay_id=stay, **more)


def keys(found):
    return [one.key for one in found.providers]


def test_the_order_is_the_alphabet_begun_somewhere_else_each_day_and_stay():
    found = directory(*snfs(10))
    straight = sorted(keys(listed(found)))
    for n in range(20):
        order = keys(listed(found, stay=f"enc-{n}"))
        start = straight.index(order[0])
        assert order == straight[start:] + straight[:start]
    firsts = {keys(listed(found, stay=f"enc-{n}"))[0] for n in range(60)}
    assert len(firsts) >= 9
    assert keys(listed(found)) == keys(listed(found)), "the same paper twice is the same paper"
    assert keys(listed(found)) != keys(listed(found, day=DAY + timedelta(days=1))) or keys(
        listed(found)
    ) != keys(listed(found, day=DAY + timedelta(days=2)))


def test_over_many_stays_nobody_stands_higher_for_an_interest_or_for_stars():
    marked = [
        replace(one, has_financial_interest=n % 3 == 0, quality=(STARS,) if n % 2 else ())
        for n, one in enumerate(snfs(12))
    ]
    found = directory(*marked)
    places: dict[str, list[int]] = {}
    for stay in range(400):
        for place, key in enumerate(keys(listed(found, stay=f"enc-{stay}"))):
            places.setdefault(key, []).append(place)
    middle = mean(range(12))
    interested = mean(mean(places[one.key]) for one in marked if one.has_financial_interest)
    starred = mean(mean(places[one.key]) for one in marked if one.quality)
    assert abs(interested - middle) < 0.5 and abs(starred - middle) < 0.5
    assert all(abs(mean(place) - middle) < 1 for place in places.values())


def test_interest_stars_and_languages_change_neither_who_is_listed_nor_the_order():
    plain = snfs(30)
    changed = [
        replace(
            one,
            has_financial_interest=bool(n % 2),
            quality=(STARS,) if n > 20 else (),
            languages=frozenset("es"),
        )
        for n, one in enumerate(plain)
    ]
    for order in ("rotated", "distance"):
        assert keys(listed(directory(*plain), order=order)) == keys(listed(directory(*changed), order=order))


def test_by_distance_the_nearest_is_first():
    found = listed(directory(*reversed(snfs(6))), order="distance")
    assert keys(found) == [f"{225000 + n}" for n in range(6)]
    assert found.order_words == "nearest first"


def test_no_more_than_fit_and_the_rest_is_counted():
    found = listed(directory(*snfs(40)))
    assert len(found.providers) == 15 and found.more == 25
    assert set(keys(found)) == {f"{225000 + n}" for n in range(15)}, "the nearest"
    assert len(listed(directory(*snfs(40)), most=8).providers) == 8


def test_the_plans_network_comes_on_the_list_first_but_the_others_are_not_hidden():
    far = [replace(one, networks=frozenset({"plan_a"})) for one in snfs(40)[35:]]
    near = [replace(one, networks=frozenset({"plan_b"})) for one in snfs(35)]
    found = listed(directory(*near, *far), pays=payer())
    assert {one.key for one in found.providers if one.in_network} == {one.key for one in far}
    assert len(found.providers) == 15 and found.more == 25
    assert found.is_managed and found.network_known
    original = listed(directory(*near), pays=payer("medicare_ffs"))
    assert not original.is_managed


def test_who_is_not_on_the_list_is_said_with_the_reason():
    found = listed(
        directory(
            provider("225001", ccn="225001"),
            provider("x1", own_id="x1"),
            provider("225002", ccn="225002", capabilities={"dialysis": False}),
            provider("225003", ccn="225003", capabilities={"dialysis": True}),
        ),
        needs=["dialysis"],
    )
    assert sorted(keys(found)) == ["225001", "225003"]
    assert found.left_out == [
        "1 left out: no Medicare certification number on record",
        "1 left out: said that it cannot give care this patient needs",
    ]


def test_an_agency_that_did_not_ask_is_not_listed_and_one_that_has_not_said_is():
    found = listed(
        directory(
            provider("227001", "home_health", ccn="227001", asked_to_be_listed=False),
            provider("227002", "home_health", ccn="227002"),
            provider("227003", "home_health", ccn="227003", asked_to_be_listed=True),
        ),
        kind="home_health",
    )
    assert sorted(keys(found)) == ["227002", "227003"]
    assert found.left_out == ["1 left out: did not ask the hospital to be listed"]


def test_figures_come_with_their_day_and_interests_as_they_are_recorded():
    one = provider(
        "225001",
        ccn="225001",
        quality=(STARS,),
        has_financial_interest=True,
        languages=frozenset({"ko", "es"}),
    )
    shown = listed(directory(one, provider("225002", ccn="225002"))).providers
    by_key = {each.key: each for each in shown}
    assert by_key["225001"].figures[0].published == date(2026, 1, 1)
    assert by_key["225001"].has_financial_interest is True and by_key["225001"].languages == ["es", "ko"]
    assert by_key["225002"].has_financial_interest is None and by_key["225002"].figures == []


def test_capacity_is_shown_only_while_it_is_fresh():
    now = datetime(2026, 6, 15, 11, tzinfo=UTC)
    one = provider("225001", ccn="225001", accepting=True, beds_available=3, reported_at=now)
    late = listed(directory(one), now=now + timedelta(hours=25)).providers[0]
    assert (late.can_accept, late.beds_available, late.reported_at) == (None, None, None)
    fresh = listed(directory(one), now=now).providers[0]
    assert (fresh.can_accept, fresh.beds_available) == (True, 3)


def test_nobody_near_is_an_empty_list_and_no_error():
    found = listed(directory())
    assert found.providers == [] and found.more == 0
