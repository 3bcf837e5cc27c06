"""What the payer told of amounts left and days used, and what was charged: from the feed to the facts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from discharge.facts import FactTable, extract
from discharge.feeds import Spool

pytestmark = pytest.mark.content  # reads what the test itself writes: the wheel changes nothing

Feed = Callable[..., Spool]
Json = dict[str, Any]
AS_OF = pd.Timestamp("2025-06-15T07:00", tz="UTC")


def usd(value: Any, currency: str = "USD") -> Json:
    return {"value": value, "currency": currency}


def benefit(code: str, **amounts: Any) -> Json:
    return {"type": {"coding": [{"code": code}]}, **amounts}


def answer(*items: Json, created: str = "2025-06-10T07:00:00Z", name: str = "r", **insurance: Any) -> Json:
    return {
        "resourceType": "CoverageEligibilityResponse",
        "id": name,
        "status": "active",
        "patient": {"reference": "Patient/p1"},
        "created": created,
        "insurance": [{"coverage": {"reference": "Coverage/c1"}, "item": list(items), **insurance}],
    }


def coverage(name: str = "c1", **more: Any) -> Json:
    return {
        "resourceType": "Coverage",
        "id": name,
        "status": "active",
        "beneficiary": {"reference": "Patient/p1"},
        "payor": [{"identifier": {"value": "HMO"}}],
        **more,
    }


def facts(spool: Spool, as_of: pd.Timestamp = AS_OF) -> FactTable:
    return extract(spool.chart(0), as_of=as_of, zone="America/New_York")


def value(table: FactTable, name: str, stay: str = "e1") -> float | None:
    found = table.values.at[stay, name if "." in name else f"coverage.{name}"]
    return None if pd.isna(found) else float(found)


def side_by_side(make: Any, *answers: Json) -> list[Json]:
    """Return the records of patients p1, p2 ..., each with a stay e1, e2 ..., a coverage and one of the answers."""
    found = []
    for place, one in enumerate(answers, 1):
        text = json.dumps([make.patient(), make.encounter(), coverage(), one])
        for kind, name in (("Patient", "p"), ("Encounter", "e"), ("Coverage", "c")):
            text = text.replace(f'"{kind}/{name}1"', f'"{kind}/{name}{place}"')
            text = text.replace(f'"id": "{name}1"', f'"id": "{name}{place}"')
        found += json.loads(text.replace('"id": "r"', f'"id": "r{place}"'))
    return found


PLAN_WIDE = {"category": {"coding": [{"code": "30"}]}, "unit": {"coding": [{"code": "individual"}]}}
DEDUCTIBLE = PLAN_WIDE | {"benefit": [benefit("deductible", allowedMoney=usd(1250), usedMoney=usd(937.6))]}
MAXIMUM = PLAN_WIDE | {"benefit": [benefit("out-of-pocket", allowedMoney=usd(5000), usedMoney=usd(1200.25))]}


def test_an_eligibility_answer_becomes_what_is_left(feed: Feed, make: Any) -> None:
    snf = {"category": {"coding": [{"code": "AG"}]}, "benefit": [benefit("room", usedUnsignedInt=12)]}
    part_b = {
        "category": {"text": "Part B"},
        "benefit": [benefit("deductible", allowedMoney=usd(257), usedMoney=usd(57))],
    }
    reserve = {"benefit": [benefit("lifetime-reserve", allowedUnsignedInt=60, usedUnsignedInt=4)]}
    spool = feed(
        make.patient(), make.encounter(), coverage(), answer(DEDUCTIBLE, MAXIMUM, snf, part_b, reserve)
    )
    assert spool.account.records_rejected == 0
    table = facts(spool)
    found = {
        name: value(table, name)
        for name in (
            "deductible_usd",
            "deductible_left_usd",
            "out_of_pocket_limit_usd",
            "out_of_pocket_spent_usd",
            "out_of_pocket_left_usd",
            "snf_days_used",
            "part_b_deductible_left_usd",
            "reserve_days_left",
            "inpatient_days_used",
        )
    }
    assert found == {
        "deductible_usd": 1250.0,
        "deductible_left_usd": 312.4,
        "out_of_pocket_limit_usd": 5000.0,
        "out_of_pocket_spent_usd": 1200.25,
        "out_of_pocket_left_usd": 3799.75,
        "snf_days_used": 12.0,
        "part_b_deductible_left_usd": 200.0,
        "reserve_days_left": 56.0,
        "inpatient_days_used": None,
    }
    (row,) = table.evidence("coverage.deductible_left_usd", "e1")
    assert (row.table, row.row_id.split("#")[0]) == ("assessments", "CoverageEligibilityResponse/r")


def test_what_is_not_the_members_own_plan_wide_amount_is_left_aside(feed: Feed, make: Any) -> None:
    items = [
        DEDUCTIBLE | {"unit": {"coding": [{"code": "family"}]}},
        DEDUCTIBLE | {"network": {"coding": [{"code": "out"}]}},
        DEDUCTIBLE | {"category": {"coding": [{"code": "35"}], "text": "Dental care"}},
        PLAN_WIDE | {"benefit": [benefit("copay", allowedMoney=usd(30))]},
    ]
    spool = feed(*side_by_side(make, *map(answer, items)))
    assert spool.account.records_not_used == {"CoverageEligibilityResponse without amounts": 4}
    table = facts(spool)
    assert [value(table, "deductible_left_usd", f"e{place}") for place in range(1, 5)] == [None] * 4


def test_an_amount_that_cannot_be_one_is_rejected_and_the_rest_used(feed: Feed, make: Any) -> None:
    wanted = {
        "value_not_numeric": usd("much"),
        "implausible_value": usd(-5),
        "unit_not_convertible": usd(5, "EUR"),
    }
    broken = [
        PLAN_WIDE | {"benefit": [benefit("deductible", allowedMoney=usd(1250), usedMoney=amount)]}
        for amount in wanted.values()
    ]
    spool = feed(*side_by_side(make, *(answer(one, MAXIMUM) for one in broken)))
    rejects = spool.rejects().sort_values("line")
    assert rejects["code"].tolist() == list(wanted)
    assert set(rejects["field"]) == {"CoverageEligibilityResponse.insurance.item.benefit"}
    table = facts(spool)
    for stay in ("e1", "e2", "e3"):
        assert value(table, "deductible_usd", stay) == 1250.0
        assert value(table, "deductible_left_usd", stay) is None
        assert value(table, "out_of_pocket_left_usd", stay) == 3799.75


def test_an_answer_counts_while_it_says_something(feed: Feed, make: Any) -> None:
    wanted = {
        "2025-06-15T06:59:00Z": 312.4,
        "2025-06-15T07:01:00Z": None,  # not known yet
        "2025-04-11T09:00:00Z": 312.4,  # 60 days before the arrival
        "2025-04-11T07:00:00Z": None,
        "2024-12-20T07:00:00Z": None,
    }
    table = facts(feed(*side_by_side(make, *(answer(DEDUCTIBLE, created=created) for created in wanted))))
    found = [value(table, "deductible_left_usd", f"e{place}") for place in range(1, len(wanted) + 1)]
    assert dict(zip(wanted, found, strict=True)) == wanted


def test_the_newest_answer_about_the_primary_coverage_counts(feed: Feed, make: Any) -> None:
    later = PLAN_WIDE | {"benefit": [benefit("deductible", allowedMoney=usd(1250), usedMoney=usd(1250))]}
    other = answer(DEDUCTIBLE, name="x", created="2025-06-14T07:00:00Z")
    other["insurance"][0]["coverage"] = {"reference": "Coverage/c2"}
    spool = feed(
        make.patient(),
        make.encounter(),
        coverage(order=1),
        coverage("c2", order=2),
        answer(later, name="r2", created="2025-06-12T07:00:00Z"),
        answer(DEDUCTIBLE),
        other,
    )
    assert value(facts(spool), "deductible_left_usd") == 0.0


def test_amounts_of_a_new_year_begin_anew(feed: Feed, make: Any) -> None:
    stay = make.encounter(period={"start": "2025-06-10T08:00:00Z"})
    spool = feed(make.patient(), stay, coverage(), answer(DEDUCTIBLE))
    late = pd.Timestamp("2026-01-01T12:00", tz="UTC")
    assert value(facts(spool, late), "deductible_left_usd") is None


def test_a_coverage_out_of_force_tells_nothing(feed: Feed, make: Any) -> None:
    spool = feed(make.patient(), make.encounter(), coverage(), answer(DEDUCTIBLE, inforce=False))
    assert value(facts(spool), "deductible_left_usd") is None


def test_what_a_policy_costs_may_stand_on_the_coverage(feed: Feed, make: Any) -> None:
    costs = [
        {"type": {"coding": [{"code": "deductible"}]}, "valueMoney": usd(1000)},
        {"type": {"coding": [{"code": "maxoutofpocket"}]}, "valueMoney": usd(4000)},
        {"type": {"coding": [{"code": "gpvisit"}]}, "valueMoney": usd(30)},
    ]
    table = facts(feed(make.patient(), make.encounter(), coverage(costToBeneficiary=costs)))
    assert (value(table, "deductible_usd"), value(table, "out_of_pocket_limit_usd")) == (1000.0, 4000.0)
    assert value(table, "deductible_left_usd") is None
    bad = feed(
        make.patient(),
        make.encounter(),
        coverage(costToBeneficiary=[costs[0] | {"valueMoney": usd(-1)}]),
    )
    assert bad.rejects()["code"].tolist() == ["implausible_value"]


def claim(total: Any, **more: Any) -> Json:
    return {
        "resourceType": "Claim",
        "id": "b",
        "use": "claim",
        "type": {"coding": [{"code": "institutional"}]},
        "patient": {"reference": "Patient/p1"},
        "created": "2025-06-14T10:00:00Z",
        "item": [{"encounter": [{"reference": "Encounter/e1"}]}],
        "total": total,
        **more,
    }


def test_charges_are_the_total_of_the_institutions_claim(feed: Feed, make: Any) -> None:
    gone = make.encounter(
        status="finished", period={"start": "2025-06-10T08:00:00Z", "end": "2025-06-13T10:00:00Z"}
    )
    spool = feed(make.patient(), gone, claim(usd(81234.56)))
    assert value(facts(spool), "stay.charges_usd") == 81234.56  # made out after the patient had left
    before = pd.Timestamp("2025-06-14T09:00", tz="UTC")
    assert value(facts(spool, before), "stay.charges_usd") is None
    doctor = claim(usd(500), type={"coding": [{"code": "professional"}]})
    spool = feed(make.patient(), make.encounter(), doctor)
    assert spool.account.records_not_used == {"Claim": 1}


def test_columns_of_a_table_of_coverages(feed: Feed, tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    rows = {
        "encounters": "encounter_id,patient_id,class_code,start\ne1,p1,IMP,2025-06-10T08:00:00Z\n",
        "coverages": (
            "patient_id,payer_id,priority,deductible_left_usd,out_of_pocket_left_usd,snf_days_used,checked_at\n"
            "p1,HMO,1,250.50,much,12,2025-06-09T08:00:00Z\n"
            "p1,GAP,2,-3,99,,\n"
        ),
        "assessments": "encounter_id,item,value,assessed_at\ne1,stay.charges_usd,40000,2025-06-12T08:00:00Z\n",
    }
    for name, text in rows.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    spool = feed(paths=[folder])
    rejects = spool.rejects()
    assert sorted(zip(rejects["field"], rejects["code"], strict=True)) == [
        ("coverages.deductible_left_usd", "implausible_value"),
        ("coverages.out_of_pocket_left_usd", "value_not_numeric"),
    ]
    table = facts(spool)
    names = ("deductible_left_usd", "out_of_pocket_left_usd", "snf_days_used", "stay.charges_usd")
    assert [value(table, name) for name in names] == [250.5, None, 12.0, 40000.0]
    (row,) = table.evidence("coverage.deductible_left_usd", "e1")
    assert row.table == "coverages"


def test_amounts_checked_long_ago_do_not_count(feed: Feed, tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "encounters.csv").write_text(
        "encounter_id,patient_id,class_code,start\ne1,p1,IMP,2025-06-10T08:00:00Z\n"
    )
    (folder / "coverages.csv").write_text(
        "patient_id,payer_id,deductible_left_usd,deductible_usd,checked_at\np1,HMO,250,1000,2025-01-09T08:00:00Z\n"
    )
    table = facts(feed(paths=[folder]))
    assert (value(table, "deductible_left_usd"), value(table, "deductible_usd")) == (None, 1000.0)
