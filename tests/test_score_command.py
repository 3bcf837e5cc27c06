"""`discharge score`, and the scores and courses that a review shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rulekit import write

from discharge.cli import main
from discharge.packs import load_packs
from discharge.payers import Payers
from discharge.review import evaluate_facts
from discharge.review.model import Review

FILES = {
    "instruments/warning": """
        citations: {rcp: {title: "Early warning, made up", url: "https://example.org/w", verified: false}}
        scores:
          signs:
            title: Signs
            version: "2017"
            cite: rcp
            items:
              - {name: age, fact: patient.age_years, unit: a, bands: [{from: 65, points: 1}]}
              - {name: oxygen, fact: vitals.spo2_admit_min, unit: "%", bands: [{below: 90, points: 3}]}
              - {name: alone, when: {fact: social.lives_alone, is: true}, points: 1}
            bands: [{below: 3, name: low}, {from: 3, name: high}]
            band_sets: {local: {cite: rcp, bands: [{below: 1, name: calm}, {from: 1, name: watch}]}}
          skin:
            title: Skin
            cite: rcp
            inputs_only: true
            valid_when: {fact: patient.age_years, op: ">=", value: 18, unit: a, cite: rcp}
            items: [{name: total, fact: vitals.spo2_admit_min, unit: "%", value: true, min: 6, max: 100}]
    """,
    "instruments/chest": """
        applies_to: {condition: {value_set: pneumonia}}
        citations: {k: {title: K, verified: true}}
        scores:
          chest: {title: Chest, cite: k, items: [{name: alone, when: {fact: social.lives_alone, is: true}, points: 1}]}
    """,
    "conditions/pneumonia": """
        applies_to: {condition: {value_set: pneumonia}}
        citations: {k: {title: K, verified: true}, days: {title: Days, verified: true}}
        criteria: {ill: {score: instruments.warning.signs, op: ">=", value: 3, unit: "{score}", cite: k}}
        roles: {admission: ill}
        course:
          days: {low: 3, high: 5, unit: d, cite: days}
          steps: ["Day 1: antibiotics"]
          usual_destinations: [home]
          follow_up: "Visit within 7 days"
          cite: k
    """,
}


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("scores"), FILES)


def score(rules: Path, tmp_path: Path, facts: Any, *more: str) -> int:
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(facts))
    return main(["score", *more, "--facts", str(path), "--as-of", "2026-06-15T07:00", "--rules", str(rules)])


def test_the_list_says_what_there_is(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "--rules", str(rules)]) == 0
    printed = capsys.readouterr().out
    assert "instruments.warning.signs\n    Signs (2017)\n" in printed
    assert "    Skin; the total is taken from the chart, not computed\n" in printed
    assert printed.endswith(
        "3 scores. `discharge score NAME` tells what one asks for; with --facts FILE.json it is worked out.\n"
    )
    assert main(["score", "--rules", str(rules), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(one["id"], one["version"], one["kind"]) for one in listed] == [
        ("instruments.chest.chest", None, "computed"),
        ("instruments.warning.signs", "2017", "computed"),
        ("instruments.warning.skin", None, "inputs only"),
    ]


def test_a_score_is_told_with_its_items_and_what_is_missing(
    rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert score(rules, tmp_path, {"patient.age_years": 70}, "signs") == 0
    assert capsys.readouterr().out.splitlines() == [
        "Signs (2017): 1 to 5, inputs are missing",
        "  by local: watch",
        "  age: 1",
        "  oxygen: 0 to 3",
        "  alone: 0 to 1",
        "  Missing:",
        "    Oxygen saturation by pulse oximetry, lowest in the first 24 h (vitals.spo2_admit_min)",
        "    Lives alone (social.lives_alone)",
        "  Source: Early warning, made up (not yet checked against the source) https://example.org/w",
    ]


def test_each_row_of_facts_gets_its_answer(
    rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        {"patient.age_years": 70, "vitals.spo2_admit_min": 88, "social.lives_alone": False},
        {"vitals.spo2_admit_min": 88},
    ]
    assert score(rules, tmp_path, rows, "instruments.warning.signs", "--json") == 0
    whole, part = json.loads(capsys.readouterr().out)
    assert (whole["low"], whole["high"], whole["total"], whole["band"]) == (4, 4, 4, "high")
    assert whole["missing"] == [] and whole["band_sets"] == {"local": "watch"}
    assert (part["low"], part["high"], part["total"], part["band"]) == (3, 5, None, "high")
    assert [one["fact"] for one in part["missing"]] == ["patient.age_years", "social.lives_alone"]
    assert part["items"][1] == {"name": "oxygen", "low": 3, "high": 3}


def test_a_score_that_is_not_valid_is_not_given(
    rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert score(rules, tmp_path, {"patient.age_years": 3, "vitals.spo2_admit_min": 90}, "skin") == 0
    assert "Skin: not valid for this patient, so no total is given" in capsys.readouterr().out
    assert score(rules, tmp_path, {"vitals.spo2_admit_min": 90}, "skin", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["total"], [one["fact"] for one in answer["missing"]]) == (90, ["patient.age_years"])


@pytest.mark.parametrize(
    ("more", "facts", "code", "said"),
    [
        (["sings"], {}, 2, "there is no score 'sings'; did you mean 'signs'?"),
        ([], {}, 2, "say which score"),
        (["signs"], {"patient.age": 1}, 11, "patient.age"),
        (["signs"], [], 2, "expected an object of named facts"),
    ],
)
def test_what_can_not_be_answered(
    rules: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    facts: Any,
    code: int,
    said: str,
) -> None:
    assert score(rules, tmp_path, facts, *more) == code
    assert said in capsys.readouterr().err


def test_without_facts_it_tells_items_facts_points_and_bands(
    rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", "signs", "--rules", str(rules)]) == 0
    said = capsys.readouterr().out
    for fact in ("patient.age_years", "vitals.spo2_admit_min", "social.lives_alone"):
        assert f"    {fact}: " in said
    assert "Bands: " in said
    assert main(["score", "signs", "--rules", str(rules), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in told["items"]] == ["age", "oxygen", "alone"]
    assert told["items"][1]["facts"] == ["vitals.spo2_admit_min"]
    assert [one["fact"] for one in told["facts"]] == [
        "patient.age_years",
        "vitals.spo2_admit_min",
        "social.lives_alone",
    ]


def reviewed(rules: Path, row: dict[str, Any]) -> Review:
    moment = pd.Timestamp("2026-06-15T07:00", tz="UTC")
    packs = load_packs(rules)
    return evaluate_facts([row], as_of=moment, packs=packs, payers=Payers({}, ""), zone="UTC").reviews[0]


def test_a_review_shows_instruments_that_apply_and_are_charted(rules: Path) -> None:
    def shown(row: dict[str, Any]) -> list[str]:
        return [one.id.rpartition(".")[2] for one in reviewed(rules, row).scores]

    assert shown({"patient.age_years": 70}) == []  # age alone makes no instrument asked for
    assert shown({"social.lives_alone": True}) == ["chest", "signs"]  # whether the first applies is not known
    assert shown({"social.lives_alone": True, "diagnosis.principal": "I50.9"}) == ["signs"]
    # The criteria of the condition ask for the signs, so they come first.
    assert shown({"diagnosis.principal": "J18.9", "social.lives_alone": True}) == ["signs", "chest"]
    assert shown({"diagnosis.principal": "J18.9"}) == ["signs"]


def test_a_review_shows_the_whole_of_a_score_and_the_course(rules: Path) -> None:
    review = reviewed(rules, {"diagnosis.principal": "J18.9", "vitals.spo2_admit_min": 85})
    (signs,) = (one for one in review.scores if one.id.endswith("signs"))
    assert (signs.version, signs.low, signs.high, signs.total, signs.band) == ("2017", 3, 5, None, "high")
    assert signs.band_sets == {"local": "watch"}
    assert [(one.name, one.low, one.high) for one in signs.items] == [
        ("age", 0, 1),
        ("oxygen", 3, 3),
        ("alone", 0, 1),
    ]
    assert signs.missing == ["patient.age_years", "social.lives_alone"]
    assert signs.cite == ["instruments.warning.rcp"]
    course = review.conditions[0].course
    assert course is not None and course.days is not None
    assert (course.days.low, course.days.high, course.days.unit) == (3, 5, "d")
    assert (course.steps, course.follow_up) == (["Day 1: antibiotics"], "Visit within 7 days")
    assert course.cite == ["conditions.pneumonia.k", "conditions.pneumonia.days"]
    assert {"instruments.warning.rcp", "conditions.pneumonia.days"} <= review.provenance.citations.keys()
