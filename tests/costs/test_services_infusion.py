"""Treatment by vein after the stay, by hand: pharmacy, nurse, drug, blood tests, line."""

from datetime import date
from decimal import Decimal as D

from profiles import profile

from discharge import yaml
from discharge.costs.amounts import cents
from discharge.costs.horizon import price
from discharge.costs.opat import opat_labs, weekly_tests
from discharge.costs.rates import rate_book
from discharge.costs.services import PriceInputs
from discharge.costs.terms import payer_terms
from discharge.resources import data_folder

DAY = date(2026, 6, 15)
DRG = {"inpatient": {"basis": "ms_drg", "multiplier": "1.00"}}
MEDICARE = payer_terms(profile(contract=DRG))
VEIN = frozenset({"iv_therapy"})


def cost(option, terms=MEDICARE, coverage="met", **more):
    inputs = {
        "day": DAY,
        "horizon_days": 30,
        "kind": "intravenous",
        "needs": VEIN,
        "iv_days": 21,
        "drugs": ("acyclovir",),
        "has_line": True,
    }
    return price(PriceInputs(option=option, terms=terms, coverage=coverage, **(inputs | more)))


def expected(found, purse, group=None):
    return {c.name: c.expected for c in found.components if c.purse == purse and group in (None, c.group)}


def test_a_pump_drug_at_home_under_part_b():
    found = cost("home_infusion")
    visits = D("230.95") + 8 * D("189.88")  # three a week for three weeks
    pump, supplies, drug = 21 * D("9.00"), 21 * D("25.00"), 21 * D("37.77")
    share = cents((visits + pump + supplies + drug) * D("0.2"))
    paid = expected(found, "payer")
    assert expected(found, "patient")["home infusion, the patient's share"] == share
    assert paid["home infusion visits"] == visits - share
    assert (paid["infusion pump"], paid["infusion supplies"], paid["drug: acyclovir"]) == (
        pump,
        supplies,
        drug,
    )
    assert any("estimate" in label for label in found.placeholders)


def test_self_administered_doses_need_fewer_visits():
    found = cost("home_infusion_self")
    visits = D("230.95") + 4 * D("189.88")  # two to teach, then one a week
    share = expected(found, "patient")["home infusion, the patient's share"]
    assert expected(found, "payer")["home infusion visits"] == visits - share
    assert found.total_expected_usd < cost("home_infusion").total_expected_usd


def test_antibiotics_at_home_without_cover_are_the_patients():
    found = cost("home_infusion", coverage="not_met", drugs=("ceftriaxone",))
    assert expected(found, "patient") == {
        "home infusion pharmacy, per diem, not covered": 21 * D("115.00"),
        "nurse visits, not covered": 9 * D("160.00"),
        "drug: ceftriaxone, not covered": 21 * D("11.00"),
        "follow-up visit, the patient's share": D("25.04"),
    }
    assert any("Part D" in text for text in found.assumptions)
    assert not any(c.group in ("pharmacy", "drug") for c in found.components if c.purse == "payer")


def test_a_drug_that_is_not_named_is_a_range():
    found = cost("home_infusion", coverage="not_met", drugs=())
    drug = next(c for c in found.components if c.group == "drug")
    assert (drug.low, drug.high) == (21 * 5, 21 * 140)
    assert any("not named" in text for text in found.assumptions)


def test_a_drug_without_a_price_is_named_and_left_out():
    found = cost("home_infusion", coverage="not_met", drugs=("anidulafungin", "ceftriaxone"))
    assert "anidulafungin: no price is known for this day" in found.not_priced
    assert "drug: ceftriaxone, not covered" in expected(found, "patient")


def test_several_drugs_are_added():
    found = cost("home_infusion", coverage="not_met", drugs=("ceftriaxone", "vancomycin"))
    assert expected(found, "patient", "drug") == {
        "drug: ceftriaxone, vancomycin, not covered": 21 * (D("11.00") + D("19.00"))
    }


def test_a_suite_visit_every_day_from_an_offices_to_a_hospitals_fee():
    found = cost("infusion_suite", drugs=("ertapenem",))
    own = next(c for c in found.components if c.name == "infusion suite, the patient's share")
    assert own.expected == cents(21 * (D("210.69") + D("40.42")) * D("0.2"))
    assert own.low == cents(21 * (D("57.90") + D("20.83")) * D("0.2"))


def test_a_long_acting_drug_in_a_few_visits():
    found = cost("long_acting", coverage="not_met")
    assert expected(found, "patient")["visits for the long-acting drug, not covered"] == 2 * D("210.69")
    assert expected(found, "patient")["drug: dalbavancin, the course, not covered"] == D("7841.95")
    own = cost("long_acting", coverage="not_met", drugs=("oritavancin",))
    assert expected(own, "patient")["drug: oritavancin, the course, not covered"] == D("4950.00")
    daily = cost("home_infusion", coverage="not_met", drugs=("oritavancin",))
    assert "oritavancin: given once or twice, not by the day" in daily.not_priced
    assert not expected(daily, "patient", "drug")


def test_treatment_by_mouth_by_the_fill():
    plan = payer_terms(
        profile(
            "commercial",
            benefits={
                "oral_drugs": {"covered": True, "member_cost": {"copay_usd_per_fill": "15.00"}},
                "outpatient": {"covered": True, "member_cost": {"copay_usd_per_visit": "30.00"}},
            },
            contract=DRG,
        )
    )
    found = cost("oral_step_down", plan)
    assert expected(found, "patient")["treatment by mouth, the patient's share"] == D("15.00")
    assert expected(found, "payer")["drug by mouth, not named"] == 21 * D("7.70") - 15


def test_part_d_is_not_known_under_original_medicare():
    found = cost("oral_step_down")
    assert any("treatment by mouth" in text for text in [*found.not_priced, *found.assumptions])


def test_weekly_blood_tests_are_priced_by_drug():
    weeks = 3
    for drugs, week in (
        (("ceftriaxone",), D("7.77") + D("8.46")),
        (("daptomycin",), D("7.77") + D("8.46") + D("6.51")),
        (("ertapenem",), D("7.77") + D("8.46") + D("8.17")),
        (("vancomycin",), D("7.77") + D("8.46") + D("13.54")),
    ):
        found = cost("home_infusion", drugs=drugs)
        assert expected(found, "payer", "labs") == {"weekly blood tests": weeks * week}
    twice = next(c for c in cost("home_infusion", drugs=("vancomycin",)).components if c.group == "labs")
    assert twice.high == weeks * (D("7.77") + 2 * D("8.46") + D("13.54"))


def test_medicare_charges_no_coinsurance_on_blood_tests_and_a_facility_includes_them():
    assert not expected(cost("home_infusion"), "patient", "labs")
    assert not any(c.group in ("labs", "drug") for c in cost("snf").components)


def test_a_line_is_placed_where_none_is_in():
    line = {"line placed before leaving": D("355.16")}
    assert expected(cost("home_infusion", has_line=False), "hospital", "line") == line
    assert not expected(cost("home_infusion", has_line=True), "hospital", "line")
    unknown = next(c for c in cost("home_infusion", has_line=None).components if c.group == "line")
    assert (unknown.low, unknown.high) == (0, D("355.16"))
    assert not expected(cost("oral_step_down", has_line=False), "hospital", "line")


def test_a_snf_lasts_at_least_as_long_as_the_treatment():
    both = cost("snf", needs=VEIN | {"pt"}, iv_days=28)
    assert next(c.quantity for c in both.components if c.group == "facility") == "28 to 30 d, 28 expected"


def test_the_table_of_blood_tests_says_what_the_rules_say():
    path = data_folder("rules") / "needs" / "opat_labs.yaml"
    rules = yaml.load(path.read_bytes(), where="rules/needs/opat_labs.yaml")
    said = {}
    for rule in rules["rules"]:
        advice = rule["then"]["advice"]["advice"]
        criteria = [one.get("met") for one in rule["when"]["all"]]
        tested = [rules["criteria"][name].get("in_value_set") for name in criteria if name]
        said[advice] = next((one for one in tested if one and one != "anti_infectives"), None)
    del said["labs_ask_pharmacy"]
    table = opat_labs()
    assert {row.advice: row.value_set for row in table.drugs.values()} == said
    for row in table.drugs.values():
        assert set(row.weekly) <= set(table.tests)
        assert row.cite in table.citations
        assert all(0 < low <= high for low, high in row.weekly.values())


def test_tests_of_a_panel_are_not_paid_twice_and_every_price_is_in_the_rates():
    table = opat_labs()
    assert {test.rate for test in table.tests.values() if test.rate} <= set(rate_book().rates)
    found = {one.test: one for one in weekly_tests(["piperacillin / tazobactam"])}
    assert found["potassium"].rows == ("antipseudomonal_penicillin",)
    assert table.tests["potassium"].part_of == "bmp"
    priced = cost("home_infusion", drugs=("piperacillin / tazobactam",))
    assert expected(priced, "payer", "labs") == {"weekly blood tests": 3 * (D("7.77") + D("8.46"))}


def test_no_drug_named_asks_for_the_usual_tests():
    assert [one.test for one in weekly_tests([])] == ["cbc", "bmp"]
    assert [one.test for one in weekly_tests(["micafungin"])] == ["cbc", "bmp"]
