"""The two worked cases: `docs/cases.md`, the review and the same sums by hand agree to the cent."""

import json
import re
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from discharge.cli import main

ROOT = Path(__file__).resolve().parent.parent
CENT = Decimal("0.01")
pytestmark = pytest.mark.content  # the cases and docs/ lie in the checkout

DAY = (Decimal(3132) * (Decimal("0.15") + Decimal("0.40")) / 2).quantize(
    CENT
)  # marginal cost of a hospital day
TESTS = 3 * (Decimal("7.77") + Decimal("8.46"))  # blood count and creatinine, weekly for 21 days


def cents(amount):
    return Decimal(amount).quantize(CENT, ROUND_HALF_UP)


def by_drg(weight, multiplier):
    """FY2026 operating and capital rate times weight, times the contract."""
    operating, capital = cents(Decimal("6752.61") * weight), cents(Decimal("524.15") * weight)
    return operating, capital, cents((operating + capital) * multiplier)


@pytest.fixture(scope="module")
def reviews(tmp_path_factory):
    out = tmp_path_factory.mktemp("cases") / "out"
    code = main(
        ["review", str(ROOT / "examples" / "cases"), "--as-of", "2026-06-15T07:00", "--out", str(out)]
    )
    assert code == 0
    lines = (out / "reviews.ndjson").read_text("utf-8").splitlines()
    return {one["encounter_id"]: one for one in map(json.loads, lines)}


def option(review, name):
    return next(one for one in review["options"] if one["id"] == name)


def line(review, name, purse, words):
    """The expected amount of one component."""
    found = [
        one
        for one in option(review, name)["cost"]["components"]
        if one["purse"] == purse and words in one["name"]
    ]
    assert len(found) == 1, found
    return Decimal(found[0]["expected"])


def test_the_bone_infection(reviews):
    bone = reviews["bone-1"]
    operating, capital, paid = by_drg(Decimal("2.0065"), Decimal("1.40"))
    assert [bone["money"]["drg"]["ms_drg"], bone["level_of_care"]["discharge_ready"]] == ["494", "met"]
    assert [Decimal(one["amount_usd"]) for one in bone["money"]["components"][:2]] == [operating, capital]
    assert Decimal(bone["money"]["payment"]["expected"]) == paid == Decimal("20441.15")
    assert bone["recommended"] == "home_infusion_self"
    assert option(bone, "home_infusion_self")["coverage"]["status"] == "not_met"
    assert line(bone, "stay", "hospital", "further hospital days") == 21 * DAY == Decimal("18087.30")
    assert Decimal(option(bone, "stay")["cost"]["payer"]["expected"]) == line(
        bone, "stay", "payer", "readmission"
    )
    parts = {"pharmacy": 21 * Decimal(115), "nurse": 5 * Decimal(160), "cefazolin": 21 * Decimal(18)}
    for words, amount in parts.items():
        assert line(bone, "home_infusion_self", "patient", words) == amount
    assert line(bone, "snf", "payer", "skilled nursing facility") == 21 * Decimal(510 - 75)
    assert line(bone, "snf", "patient", "skilled nursing facility") == 21 * Decimal(75)


def test_the_negotiation_of_the_bone_infection(reviews):
    found = reviews["bone-1"]["negotiation"]
    service = Decimal(2415 + 800 + 378)
    by_id = {one["id"]: one for one in found["arrangements"]}
    assert found["baseline"] == "stay" and found["opening"] == "hospital_contribution"
    assert Decimal(by_id["single_case_agreement"]["payer"]["expected"]) == service + TESTS
    assert Decimal(by_id["hospital_contribution"]["hospital"]["expected"]) == DAY + service + TESTS
    zone = by_id["hospital_contribution"]["zone"]
    assert Decimal(zone["high"]) == ((20 * DAY - TESTS) / 21).quantize(CENT, ROUND_DOWN) == Decimal("817.96")
    floor = Decimal(21 * 80 + 4 * 160 + 21 * 6) / 21
    assert Decimal(zone["low"]) - floor < CENT and Decimal(zone["low"]) >= floor
    assert found["days_freed"] == 20


def test_the_stroke(reviews):
    stroke = reviews["stroke-1"]
    operating, capital, paid = by_drg(Decimal("1.0103"), Decimal("1.05"))
    assert [stroke["money"]["drg"]["ms_drg"], stroke["level_of_care"]["discharge_ready"]] == ["065", "met"]
    assert Decimal(stroke["money"]["payment"]["expected"]) == paid == Decimal("7719.30")
    assert operating + capital == Decimal("7351.71")
    ranked = [one["id"] for one in stroke["options"] if one["fit"]["status"] == "met"]
    assert ranked == ["irf", "snf"] and stroke["recommended"] == "irf"
    assert line(stroke, "irf", "payer", "rehabilitation") == 14 * Decimal(1450) - 350
    assert line(stroke, "irf", "patient", "rehabilitation") == 350
    assert line(stroke, "snf", "payer", "skilled nursing facility") == 20 * Decimal(480)
    assert option(stroke, "snf")["leaves"] == ["intensive_rehab"]
    causes = {one["cause"] for one in option(stroke, "irf")["barriers"]}
    assert {"irf_screening_old", "refused_by_plan"} <= causes
    assert option(stroke, "irf")["prior_authorization"]["approved"] == "not_met"
    assert [one["day"] for one in stroke["waiting"]["break_even"] if one["purse"] == "all"] == [0]


def test_every_amount_of_the_page_is_in_a_review(reviews):
    """Amounts with a dollar sign and cents in docs/cases.md; sums on the way have no dollar sign."""
    page = (ROOT / "docs" / "cases.md").read_text("utf-8")
    amounts = {one.replace(",", "") for one in re.findall(r"\$([0-9,]+\.[0-9]{2})", page)}
    text = json.dumps(reviews)
    assert len(amounts) > 15
    assert {one for one in amounts if f'"{one}"' not in text} <= {
        "861.30",
        "14600.82",
        "7351.71",
        "65772.00",
        "3593.00",
    }
