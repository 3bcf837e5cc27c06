"""The command line: what each command prints and its exit code, over a small made feed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import BytesIO, TextIOWrapper

import pytest
from rulekit import HEAD
from small_feed import AS_OF, write_fhir, write_tables

from discharge.cli import main

FACTS = {"vitals.spo2_admit_min": 86, "diagnosis.principal": "J189", "stay.is_in_house": True}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run over the small feed: its folder and what it printed."""
    place = tmp_path_factory.mktemp("run")
    feed, out = write_tables(place / "feed"), place / "out"
    command = [sys.executable, "-m", "discharge", "review", str(feed), "--as-of", AS_OF, "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out, done.stdout, done.stderr


def test_a_run_prints_its_account_the_urgent_stays_and_where_the_files_are(run):
    out, printed, errors = run
    assert errors == ""
    assert "4 hospital stays: 3 reviewed, 0 rejected, 1 not yet known then" in printed
    assert "Most urgent 3 stays of 3" in printed and "MRN MRN-p1, 4 West, bed 12" in printed
    assert "worklist.csv" in printed and str(out) in printed
    assert not any(name in printed for name in ("Rossi", "Okafor", "Silva"))


def test_explain_goes_down_to_the_chart_row(run, capsys):
    assert main(["explain", "s1", "--run", str(run[0])]) == 0
    printed = capsys.readouterr().out
    assert "level_of_care.summary.admission" in printed
    assert "86 %" in printed and "observations.csv" in printed and "13 Jun 2026 14:32 EDT" in printed


def test_explain_as_json_is_the_review(run, capsys):
    assert main(["explain", "s1", "--run", str(run[0]), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["encounter_id"] == "s1"


def test_explain_of_a_stay_that_was_not_reviewed(run, capsys):
    assert main(["explain", "nobody", "--run", str(run[0])]) == 2
    assert "worklist.csv lists" in capsys.readouterr().err


def test_evaluate_answers_from_a_file_and_from_standard_input(tmp_path, capsys, monkeypatch):
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(FACTS))
    asked = ["evaluate", "--payer", "original_medicare", "--as-of", AS_OF, "--json", "--facts"]
    assert main([*asked, str(path)]) == 0
    review = json.loads(capsys.readouterr().out)
    assert review["level_of_care"]["admission"] == "met"
    assert review["payer"]["profile"] == "original_medicare"
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(json.dumps(FACTS).encode())))
    assert main([*asked, "-"]) == 0
    assert json.loads(capsys.readouterr().out) == review


def test_evaluate_says_what_would_settle_the_unknown(tmp_path, capsys):
    path = tmp_path / "facts.json"
    path.write_text("{}")
    assert main(["evaluate", "--facts", str(path), "--as-of", AS_OF]) == 0
    printed = capsys.readouterr().out
    assert "would be settled by" in printed and "no payer was named" in printed


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ('{"vitals.spo2_admit_mni": 86}', 11, "vitals.spo2_admit_min"),
        ('{"vitals.spo2_admit_min": "pending"}', 11, "not a number"),
        ("{broken", 2, "not JSON at line 1"),
        ("[]", 2, "expected an object"),
    ],
)
def test_evaluate_refuses_wrong_facts_without_repeating_them(tmp_path, capsys, content, code, said):
    path = tmp_path / "facts.json"
    path.write_text(content)
    assert main(["evaluate", "--facts", str(path), "--as-of", AS_OF]) == code
    error = capsys.readouterr().err
    assert said in error and "pending" not in error and "Traceback" not in error


def test_facts_are_listed_searched_and_machine_readable(capsys):
    assert main(["facts", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) >= 120
    assert main(["facts", "--search", "oxygen"]) == 0
    assert "respiratory.on_oxygen" in capsys.readouterr().out
    assert main(["facts", "--search", "no such word"]) == 2


def test_rules_are_listed_with_versions_and_digests(capsys):
    assert main(["rules", "list", "--json"]) == 0
    listing = json.loads(capsys.readouterr().out)
    assert {pack["pack"] for pack in listing["packs"]} >= {"level_of_care", "conditions", "denials"}
    assert all(len(one["digest"]) == 64 for kind in ("packs", "rules", "payers") for one in listing[kind])
    assert main(["rules", "list"]) == 0
    assert "original_medicare" in capsys.readouterr().out


@pytest.mark.content
def test_the_shipped_rules_have_no_fault(capsys):
    assert main(["rules", "check"]) == 0
    assert "no fault" in capsys.readouterr().out


def test_a_misspelt_rule_key_is_named_with_the_right_one(tmp_path, capsys):
    pack = tmp_path / "mine"
    pack.mkdir()
    head = 'id: mine\nversion: "2026.1.0"\ntitle: Mine\nlicence: Apache-2.0\nmaintained_by: me\n'
    (pack / "pack.yaml").write_text(head)
    (pack / "one.yaml").write_text("id: mine.one\ntitle: One\nstage: needs\ncritera: {}\n")
    assert main(["rules", "check", "--rules", str(tmp_path)]) == 5
    error = capsys.readouterr().err
    assert "one.yaml" in error and "critera" in error and "criteria" in error


def test_a_payer_profile_that_cannot_be_read_has_its_own_code(tmp_path, capsys):
    payers, pack = tmp_path / "payers", tmp_path / "rules" / "mine"
    for folder in (payers, pack):
        folder.mkdir(parents=True)
    (payers / "mine.yaml").write_text("id: mine\ntitle: Mine\n")
    (pack / "pack.yaml").write_text(f"id: mine\n{HEAD}")
    assert main(["rules", "check", "--rules", str(pack.parent), "--payers", str(payers)]) == 6
    assert "mine.yaml" in capsys.readouterr().err


def test_schemas_are_json(capsys):
    assert main(["schema", "review"]) == 0
    assert "encounter_id" in json.loads(capsys.readouterr().out)["properties"]
    assert main(["feed", "schema", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tables"]["encounters"]["encounter_id"]["required"] is True
    assert main(["feed", "schema"]) == 0
    assert "* encounter_id" in capsys.readouterr().out


def test_a_feed_is_checked(tmp_path, capsys):
    assert main(["feed", "check", str(write_tables(tmp_path / "good")), "--as-of", AS_OF]) == 0
    capsys.readouterr()
    bad = write_fhir(tmp_path / "bad", lines=["{broken"])
    assert main(["feed", "check", str(bad), "--as-of", AS_OF]) == 10
    printed = capsys.readouterr()
    assert (
        "invalid_json" in printed.out
        and "feed.ndjson:22" in printed.out
        and "1 records would be rejected" in printed.err
    )


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["review", "nowhere", "--out", "OUT"], 3, "nowhere"),
        (["review", "FEED", "--out", "OUT", "--as-of", "yesterday"], 2, "not a time"),
        (["review", "FEED", "--out", "OUT", "--zone", "Mars/Olympus"], 2, "no time zone"),
        (["review", "FEED", "--out", "OUT", "--documents", "docx"], 2, "html, pdf"),
        (["review", "FEED", "--out", "OUT", "--format", "hl7v2"], 2, "auto, fhir, tabular"),
        (["review", "FEED", "--out", "OUT", "--rules", "nowhere"], 2, "not a folder"),
        (["review", "FEED"], 2, "--out"),
        (["rewiev"], 2, "review"),
        (["evaluate", "--facts", "nowhere.json"], 3, "nowhere.json"),
        (["explain", "s1", "--run", "OUT"], 3, "reviews.ndjson"),
    ],
)
def test_wrong_arguments_are_told_apart(tmp_path, capsys, arguments, code, said):
    feed = write_tables(tmp_path / "feed")
    given = [{"OUT": str(tmp_path / "out"), "FEED": str(feed)}.get(one, one) for one in arguments]
    assert main(given) == code
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error
    assert not (tmp_path / "out").exists()


def test_errors_are_json_where_json_is_asked_for(tmp_path, capsys):
    assert main(["review", "nowhere", "--out", str(tmp_path / "out"), "--json"]) == 3
    error = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert error["problem"] == "feed-not-found" and error["exit_code"] == 3


def test_the_account_is_json_where_json_is_asked_for(tmp_path, capsys):
    feed, out = write_tables(tmp_path / "feed"), tmp_path / "out"
    assert main(["review", str(feed), "--as-of", AS_OF, "--out", str(out), "--json"]) == 0
    printed = capsys.readouterr()
    account = json.loads(printed.out)
    assert account["reviewed"] == 3 and account == json.loads((out / "run.json").read_text())
    assert all(json.loads(line)["event"] == "progress" for line in printed.err.splitlines())


def test_a_defect_is_told_without_what_the_chart_says(tmp_path, capsys, monkeypatch):
    def broken(*_, **__):
        raise ValueError("Rossi, Anna has a potassium of 9")

    monkeypatch.setattr("discharge.run.run_review", broken)
    assert main(["review", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert "this is our fault: ValueError at" in error and "Rossi" not in error


def test_an_interrupt_has_its_own_code(tmp_path, capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("discharge.run.run_review", interrupted)
    assert main(["review", str(tmp_path), "--out", str(tmp_path / "out")]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_help_is_quick_and_names_the_exit_codes():
    environment = {**os.environ, "PYTHONPROFILEIMPORTTIME": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "discharge", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert "Exit codes:" in done.stdout and "discharge review FEED" in done.stdout
    heavy = [name for name in ("pandas", "pyarrow", "duckdb", "pydantic") if f" {name}\n" in done.stderr]
    assert heavy == []


def test_every_command_has_an_example(capsys):
    commands = ["review", "explain", "evaluate", "facts", "rules check", "rules test", "rules list", "feed check",
                "feed schema", "schema review"]  # fmt: skip
    for command in commands:
        assert main([*command.split(), "--help"]) == 0
        assert "Example" in capsys.readouterr().out


def test_the_version_is_printed(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("discharge ")
