"""What can be had: never "no" for want of a list, and "yes" only where somebody said so lately."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import get_args

import pytest
from provider_kit import ZIP, directory, payer, provider
from views import conclude, view

from discharge.facts import catalogue
from discharge.packs.conclusions import OptionId
from discharge.providers import KINDS, NO_DIRECTORY, NOWHERE, Place, availability
from discharge.providers.table import finding_table

HERE = Place(ZIP, "MA")
NOW = datetime(2026, 6, 15, 11, 0, tzinfo=UTC)  # 07:00 in the facility's zone, as in views.view
OPEN = {"accepting": True, "reported_at": NOW - timedelta(hours=1)}
OWN = {"own_id": "own", "ccn": "225001"}


def ask(found, option="snf", *, facts=None, needs=(), pays=None, place=HERE):
    stay = view(facts, *(conclude("need", need=need) for need in needs), payer=pays)
    return availability(found, stay, option, place)


def test_the_table_knows_every_option_kind_and_fact():
    table = finding_table()
    assert set(table.options) == set(get_args(OptionId))
    assert set(table.kinds) == set(KINDS)
    assert {kind for kinds in table.options.values() for kind in kinds or ()} == set(KINDS)
    for row in table.capabilities.values():
        asked = [*row.facts, *([row.number.fact] if row.number else [])]
        assert all(fact in catalogue() for fact in asked)
    figures = [table.report_hours, table.list_size, table.list_size_together, table.miles_from]
    assert all(one.placeholder and one.cite in table.citations for one in figures)


@pytest.mark.parametrize("option", ["home", "outpatient", "oral_step_down", "stay"])
def test_where_nobody_has_to_take_the_patient_it_can_be_had(option):
    assert ask(NO_DIRECTORY, option).status == "met"


@pytest.mark.parametrize("option", ["snf", "irf", "ltch", "home_health", "home_infusion", "medical_respite"])
def test_without_a_directory_nothing_is_known(option):
    found = ask(NO_DIRECTORY, option)
    assert (found.status, found.known, found.in_network, found.can_accept) == ("unknown", 0, None, None)
    assert found.note == "No directory of providers was given."


def test_that_nobody_is_listed_is_unknown_unless_the_list_is_complete():
    assert ask(directory()).status == "unknown"
    assert "does not mean that there is none" in ask(directory()).note
    assert ask(directory(complete=("snf",))).status == "not_met"
    assert ask(directory(complete=("irf",))).status == "unknown"


def test_one_that_said_it_takes_patients_is_enough():
    pays = payer("medicare_ffs")
    full = provider("b", ccn="225002", accepting=False, reported_at=NOW)
    found = ask(directory(provider("a", **OWN, **OPEN), full), pays=pays)
    assert (found.status, found.known, found.in_network, found.can_accept) == ("met", 2, 2, 1)
    assert ask(directory(full), pays=pays).status == "unknown"
    assert ask(directory(replace(full, own_id="x"), complete=("snf",)), pays=pays).status == "not_met"


@pytest.mark.parametrize(
    ("hours", "can"),
    [(0.0, 1), (24.0, 1), (24.01, None), (-0.01, None)],
    ids=["now", "24 h", "older", "later"],
)
def test_capacity_counts_for_so_many_hours_and_never_before_it_was_said(hours, can):
    one = provider("a", **OWN, accepting=True, reported_at=NOW - timedelta(hours=hours))
    assert ask(directory(one)).can_accept == can


@pytest.mark.parametrize(
    ("accepting", "beds", "can"),
    [(True, None, 1), (None, 2, 1), (True, 0, 0), (False, 3, 0), (None, 0, 0), (None, None, None)],
)
def test_free_beds_and_answers_together(accepting, beds, can):
    one = provider("a", **OWN, accepting=accepting, beds_available=beds, reported_at=NOW)
    assert ask(directory(one)).can_accept == can


def test_distance_counts_from_the_zip_and_the_nearest_is_told():
    reach = finding_table().kinds["snf"].miles
    found = ask(
        directory(
            provider("a", miles=3.0), provider("b", miles=reach - 0.1), provider("c", miles=reach + 0.1)
        )
    )
    assert (found.known, found.nearest_miles) == (2, Decimal("3.0"))


def test_a_patient_whose_zip_is_not_known_is_asked_by_state():
    listed = directory(provider("a"), provider("b", state="NY"), provider("c", state=None))
    found = ask(listed, place=Place(None, "MA"))
    assert (found.known, found.nearest_miles, found.status) == (1, None, "unknown")
    assert ask(listed, place=NOWHERE).known == 0
    assert "not charted" in ask(listed, place=NOWHERE).note
    assert ask(listed, place=Place("90210", "CA")).known == 0


def test_of_the_hospitals_own_list_those_of_unknown_distance_are_near():
    listed = directory(provider("a", miles=None, own_id="x"), provider("b", miles=None))
    assert ask(listed).known == 1


def test_an_agency_that_says_where_it_goes_is_asked_that_and_not_its_distance():
    goes = provider("a", "home_health", miles=60.0, serves=frozenset({ZIP}))
    elsewhere = provider("b", "home_health", miles=1.0, serves=frozenset({"02601"}))
    assert ask(directory(goes, elsewhere), "home_health").known == 1


@pytest.mark.parametrize(
    ("payer_class", "network", "networks", "ccn", "count"),
    [
        ("medicare_ffs", None, None, "225001", 1),
        ("medicare_ffs", None, None, None, None),
        ("medicare_advantage", None, None, "225001", None),
        ("medicare_advantage", {"snf": ["225001"]}, None, "225001", 1),
        ("medicare_advantage", {"snf": ["own"]}, None, None, 1),
        ("medicare_advantage", {"snf": ["225999"]}, None, "225001", 0),
        ("medicare_advantage", {"irf": ["225001"]}, None, "225001", None),
        ("medicare_advantage", None, frozenset({"plan_a"}), "225001", 1),
        ("medicare_advantage", None, frozenset({"plan_b"}), "225001", 0),
        ("medicare_advantage", {"snf": []}, frozenset({"plan_a"}), "225001", 1),
        ("commercial", None, frozenset(), "225001", 0),
    ],
)
def test_the_network_is_the_profiles_or_the_lists_and_else_not_known(
    payer_class, network, networks, ccn, count
):
    one = provider("a", own_id="own", ccn=ccn, networks=networks, **OPEN)
    found = ask(directory(one, complete=("snf",)), pays=payer(payer_class, network))
    assert found.in_network == count
    assert found.status == {1: "met", 0: "not_met", None: "unknown"}[count]


def test_who_pays_alone_has_no_network_to_mind():
    assert ask(directory(provider("a", **OWN, **OPEN)), pays=payer("self_pay")).status == "met"


@pytest.mark.parametrize(
    ("capabilities", "status"),
    [({"dialysis": True}, "met"), ({}, "unknown"), ({"dialysis": False}, "not_met")],
)
def test_what_the_patient_needs_has_to_be_known_of_the_provider(capabilities, status):
    one = provider("a", **OWN, **OPEN, capabilities=capabilities)
    listed = directory(one, complete=("snf",))
    assert ask(listed, needs=["dialysis"], pays=payer("medicare_ffs")).status == status
    assert ask(listed, pays=payer("medicare_ffs")).status == "met"


@pytest.mark.parametrize(("bmi", "status"), [(39.9, "met"), (40.0, "unknown")])
def test_a_heavy_patient_needs_a_place_known_for_it(bmi, status):
    listed = directory(provider("a", **OWN, **OPEN))
    assert ask(listed, facts={"function.bmi": bmi}, pays=payer("medicare_ffs")).status == status


def test_ventilation_asks_for_a_ventilator_and_home_health_is_not_asked_for_dialysis():
    listed = directory(
        provider("a", **OWN, **OPEN), provider("h", "home_health", own_id="h", ccn="227001", **OPEN)
    )
    pays = payer("medicare_ffs")
    assert ask(listed, facts={"treatment.weaning_goes_on": 1.0}, pays=pays).status == "unknown"
    assert ask(listed, "home_health", needs=["dialysis"], pays=pays).status == "met"


def test_no_zip_stands_in_what_is_said():
    found = ask(directory(provider("a")), place=Place("02155-1234", "MA"))
    assert "02155" not in found.model_dump_json() and "02155" not in found.note
