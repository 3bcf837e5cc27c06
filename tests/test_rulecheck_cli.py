"""The commands that check, count and tell the rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import small_feed
from rulekit import write

from discharge.cli import main
from discharge.rulecheck.diagnoses import DiagnosisShare

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

RULES = """
citations: {paper: {title: "A paper", read_on: 2026-11-21, verified: true}}
applies_to: {condition: {value_set: pneumonia}}
roles: {admission: low}
criteria:
  low: {fact: vitals.spo2_admit_min, op: "<", value: 90, unit: "%", cite: paper}
cases:
  - {name: below, as_of: 2026-02-10, given: {diagnosis.principal: J189, vitals.spo2_admit_min: 89}, expect: {low: met}}
  - {name: at the limit, as_of: 2026-02-10, given: {diagnosis.principal: I509, vitals.spo2_admit_min: 90}, expect: {low: not_met}}
  - {name: not charted, as_of: 2026-02-10, given: {}, expect: {low: unknown}}
"""  # noqa: E501


def test_sound_rules_pass_and_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = str(write(tmp_path, {"tests/one": RULES}))
    assert main(["rules", "check", "--rules", rules, "--as-of", "2026-11-22", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "faults": [], "notes": 0, "findings": []}
    assert main(["rules", "coverage", "--rules", rules, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["totals"]["branches"] == found["totals"]["branches_reached"]
    assert (found["totals"]["cases"], found["totals"]["citations"], found["totals"]["share_verified"]) == (
        3,
        1,
        1,
    )


def test_a_citation_gets_old(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = str(write(tmp_path, {"tests/one": RULES}))
    assert main(["rules", "check", "--rules", rules, "--as-of", "2027-11-21"]) == 0
    assert main(["rules", "check", "--rules", rules, "--as-of", "2027-11-22"]) == 5
    assert "citations.paper: 'paper' was last read on 2026-11-21" in capsys.readouterr().err


def test_one_file_is_told_of_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = RULES.replace("89}", "95}").replace("{low: met}", "{low: not_met}")
    rules = write(tmp_path, {"tests/one": RULES, "tests/two": broken})
    for name, code in (("one", 0), ("two", 5)):
        file = str(rules / "tests" / f"{name}.yaml")
        assert (
            main(["rules", "check", "--rules", str(rules), "--as-of", "2026-11-22", "--file", file]) == code
        )
    capsys.readouterr()
    assert (
        main(["rules", "coverage", "--rules", str(rules), "--file", str(rules / "tests" / "two.yaml")]) == 0
    )
    assert "criteria.low: no case in which 'low' is met" in capsys.readouterr().out


def test_pages_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = str(write(tmp_path, {"tests/one": RULES}))
    assert main(["rules", "docs", "--rules", rules, "--out", str(tmp_path / "docs")]) == 0
    assert (tmp_path / "docs" / "tests" / "one.md").read_text("utf-8").startswith("# one\n")


def test_stays_are_counted_by_what_is_known_of_their_diagnosis() -> None:
    share = DiagnosisShare("a feed")
    for principal, codes in (
        ("J189", ()),
        ("Z000", ("J189",)),
        (None, ("J189", "Z000")),
        (None, ("Z000",)),
        (None, ()),
    ):
        share.add(principal, codes, "J189".__eq__)
    found = share.as_dict(1)
    assert (found["stays"], found["principal_diagnosis"], found["share_of_principal_covered"]) == (5, 2, 0.5)
    assert (found["other_codes_only"], found["share_of_other_codes_only_covered"]) == (2, 0.5)
    assert found["no_icd_10_cm_code"] == 1
    assert [(one["code"], one["stays"]) for one in found["left_out"]] == [("Z000", 1)]


def test_the_share_of_a_feed_names_no_patient(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = str(write(tmp_path, {"tests/one": RULES}))
    feed = str(small_feed.write_tables(tmp_path / "feed"))
    assert main(["rules", "diagnoses", feed, "--rules", rules, "--zone", small_feed.ZONE, "--json"]) == 0
    out = capsys.readouterr().out
    (found,) = json.loads(out)["feeds"]
    assert (found["stays"], found["principal_diagnosis"], found["principal_diagnosis_covered"]) == (4, 2, 1)
    assert found["no_icd_10_cm_code"] == 2
    assert main(["rules", "diagnoses", feed, "--rules", rules, "--zone", small_feed.ZONE]) == 0
    out += capsys.readouterr().out
    assert "2 with an ICD-10-CM principal diagnosis: 1 covered (50.0%)" in out
    assert not any(word in out for word in ("Rossi", "MRN-p1", "s1"))
