"""Tests, visits, teaching, transport and contacts: from the tables, or not known."""

from __future__ import annotations

import pytest
from profiles import profile
from views import conclude, view

from discharge.clocks import clocks
from discharge.costs.stay import stay_money
from discharge.facts import catalogue
from discharge.needs import Need, need_table
from discharge.options import options
from discharge.packs import load_packs
from discharge.plan import MedicationLine, MedicationLists, plan
from discharge.plan.tables import education_table, monitoring_table
from discharge.resources import data_folder

HERE = {"stay.is_in_house": 1.0, "stay.is_inpatient": 1.0, "diagnosis.principal": "M8618"}
MEDICARE = profile()


def need(name):
    return Need(
        need=name, title=name, for_payer=True, because=[], evidence=[], unknown=[], rule="r", version="1"
    )


def made(*fits, facts=None, needs=(), payer=MEDICARE, drugs=(), conditions=(), attending=None):
    said = [conclude("fit", option=option, status="met") for option in fits]
    one = view(HERE | (facts or {}), *said, payer=payer)
    wanted = [need(name) for name in needs]
    money = stay_money(one)
    lines = tuple(
        MedicationLine(name=name, drug=name, dose=None, route=None, frequency=None, status=status)
        for name, status in drugs
    )
    ranked = options(one, wanted, money)
    return plan(
        one,
        wanted,
        ranked,
        clocks(one),
        money,
        medications=MedicationLists(lines),
        conditions=conditions,
        attending=attending,
    )


def watched(found):
    return {line.test: line.frequency for line in found.monitoring}


def test_weekly_tests_follow_the_drug_given_by_vein():
    found = made(needs=["iv_therapy"], facts={"treatment.iv_antibiotics": ("vancomycin",)})
    assert watched(found) == {
        "cbc": "once a week",
        "bmp": "1 to 2 times a week",
        "vancomycin_level": "once a week",
    }
    assert found.monitoring[0].is_reader_named == "unknown"
    assert "who reads the tests during infusion" in found.unknown


def test_a_drug_without_a_row_makes_up_no_tests():
    assert made(needs=["iv_therapy"], facts={"treatment.iv_antibiotics": ("unheard of",)}).monitoring == []
    assert made(facts={"treatment.iv_antibiotics": ("vancomycin",)}).monitoring == []


@pytest.mark.parametrize(
    ("status", "is_there"), [("discharge", True), ("home", True), ("inpatient", False), ("stopped", False)]
)
def test_warfarin_is_watched_only_where_it_goes_home_and_without_a_made_up_frequency(status, is_there):
    found = made(drugs=[("warfarin", status)])
    assert watched(found) == ({"inr": None} if is_there else {})
    assert any("how often to test" in line for line in found.unknown) is is_there


def test_oxygen_is_looked_at_again():
    assert watched(made(needs=["oxygen"])) == {"oxygen_check": "within 90 days of discharge"}


def test_visits_come_from_the_conditions_the_earliest_first():
    found = made(conditions=["conditions.stroke", "conditions.cellulitis", "conditions.unheard_of"])
    assert [(one.who, one.from_days, one.within_days, one.at) for one in found.appointments] == [
        ("doctor", 2, 3, None),
        ("stroke", 7, 14, None),
    ]
    assert found.appointments_booked == "unknown"


def test_a_follow_up_without_a_condition_has_no_window():
    found = made(needs=["follow_up"])
    assert [(one.who, one.within_days) for one in found.appointments] == [("doctor", None)]
    assert made().appointments == []


@pytest.mark.parametrize(
    ("facts", "mode"),
    [
        ({}, None),
        ({"function.walks_independently": 1.0}, "car"),
        ({"function.walks_independently": 0.0}, None),
        ({"function.cannot_walk": 1.0, "function.cannot_sit_in_chair": 0.0}, "wheelchair_van"),
        ({"function.cannot_walk": 1.0}, None),
        ({"function.other_transport_unsafe": 1.0, "function.walks_independently": 1.0}, "ambulance"),
        (
            {f"function.{one}": 1.0 for one in ("cannot_get_up_alone", "cannot_walk", "cannot_sit_in_chair")},
            "ambulance",
        ),
    ],
)
def test_how_the_patient_travels(facts, mode):
    found = made(facts=facts)
    assert found.transport.mode == mode
    assert ("how the patient travels" in found.unknown) is (mode is None)


def test_teaching_follows_needs_drugs_and_conditions():
    topics = {one.topic for one in made().education}
    assert topics == {"general", "crisis"}
    more = made(needs=["iv_therapy"], drugs=[("apixaban", "new")], conditions=["conditions.heart_failure"])
    assert {one.topic for one in more.education} - topics == {"iv_line", "blood_thinner", "heart_failure"}


def test_contacts_name_nobody_but_the_charted_attending():
    found = made("home_infusion", needs=["iv_therapy"], attending="Dr. Grey")
    named = {one.role: one.name for one in found.contacts}
    assert named["attending"] == "Dr. Grey"
    assert {name for role, name in named.items() if role != "attending"} == {None}
    assert {"agency", "infusion_pharmacy", "qio"} <= set(named)
    assert "qio" not in {one.role for one in made(payer=profile("commercial")).contacts}


def test_services_say_frequency_and_duration_only_where_charted():
    facts = {
        "treatment.iv_antibiotics": ("ceftriaxone",),
        "treatment.planned_iv_days_left": 21.0,
        "treatment.iv_doses_a_day": 1.0,
        "orders.home_nursing_days_a_week": 2.0,
    }
    needs = ["iv_therapy", "skilled_nursing", "pt"]
    services = {one.need: one for one in made("home_infusion", needs=needs, facts=facts).services}
    assert (services["iv_therapy"].frequency, services["iv_therapy"].duration) == ("once a day", "21 days")
    assert (services["skilled_nursing"].frequency, services["skilled_nursing"].duration) == (
        "2 days a week",
        None,
    )
    assert (services["pt"].frequency, services["pt"].duration, services["pt"].provider) == (None, None, None)
    bare = made("home_infusion", needs=needs).services
    assert all(one.frequency is None and one.duration is None and one.start is None for one in bare)


def test_nothing_charted_is_unknown_everywhere():
    found = made()
    assert found.patient_goals.recorded == "unknown" and "patient" in found.patient_goals.ask
    assert found.medications == [] and found.medications_reconciled == "unknown"
    assert found.education_done == "unknown"
    assert found.length_of_stay.days is None and found.length_of_stay.over_days is None
    for line in (
        "the patient's goals",
        "which medicines were taken at home",
        "whether patient and caregiver",
    ):
        assert any(said.startswith(line) for said in found.unknown), line


def test_length_of_stay_stands_beside_the_mean():
    facts = {"diagnosis.principal": "J189", "diagnosis.stay_codes": ("J189",), "patient.age_years": 70.0}
    found = made(facts=facts | {"stay.days_in_hospital": 6.04}).length_of_stay
    assert str(found.days) == "6.0" and found.is_working
    assert found.over_days == found.days - found.gmlos_days


def test_notices_carry_their_due_time():
    found = made(
        facts={"stay.inpatient_order_at": "2026-06-14T13:00", "stay.admitted_at": "2026-06-14T13:00"}
    )
    assert [one.clock_id for one in found.notices_due] == found.notices
    assert any(one.due_at is not None for one in found.notices_due)


@pytest.mark.content
def test_the_tables_name_only_what_exists():
    files = {
        file.id.removeprefix("conditions."): file
        for file in load_packs(data_folder("rules"), with_cases=False).condition_files
    }
    table, taught = monitoring_table(), education_table()
    with_visit = {name for name, file in files.items() if file.course is not None and file.course.follow_up}
    assert set(table.visits) | {row.condition for row in table.watched if row.condition} == with_visit
    assert {visit.who for visits in table.visits.values() for visit in visits} <= set(table.clinics)
    for row in table.watched:
        assert row.reads in table.readers and row.cite in table.citations
        assert row.need is None or row.need in need_table().needs
        assert row.condition is None or row.condition in files
        assert row.test in taught.patient.tests
    for topic in taught.topics.values():
        assert set(topic.needs) <= set(need_table().needs) and set(topic.conditions) <= set(files)
        assert topic.cite in taught.citations
    for ride in taught.transport:
        assert {fact for way in ride.when for fact in way} <= set(catalogue())


@pytest.mark.content
def test_windows_agree_with_the_words_of_the_condition_files():
    """Each window's last day stands in the file's own words, as days or weeks."""
    numbers = {
        3: "3|72 hours",
        7: "7|a week|within a week",
        14: "14|2 weeks|two weeks",
        21: "three weeks",
        28: "4 weeks|four weeks",
    }
    files = {
        file.id.removeprefix("conditions."): file
        for file in load_packs(data_folder("rules"), with_cases=False).condition_files
    }
    for name, visits in monitoring_table().visits.items():
        for visit in visits:
            said = files[name].course.follow_up
            assert any(part in said for part in numbers[visit.within_days].split("|")), (name, said)
