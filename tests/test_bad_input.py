"""Bad input, through the real command line: what is said, the exit code, what is left, and that the rest goes on."""

from __future__ import annotations

import csv
import errno
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import pytest
from small_feed import AS_OF, fhir, tables, write_fhir, write_tables

from discharge.cli import main
from discharge.resources import data_folder

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

SECRET = "Zyxwvut"
GOOD = {"reviewed": 3, "not_yet_known": 1}
FILES = ["rejects.csv", "reviews.ndjson", "run.json", "worklist.csv", "worklist.parquet"]


def encounter(name: str, **changed: Any) -> dict[str, Any]:
    whole = {"resourceType": "Encounter", "id": name, "status": "in-progress", "class": {"code": "IMP"},
             "subject": {"reference": "Patient/p1"}, "period": {"start": "2026-05-01T08:00:00-04:00"}}  # fmt: skip
    return {key: value for key, value in {**whole, **changed}.items() if value is not None}


def observation(name: str, **changed: Any) -> dict[str, Any]:
    whole = {"resourceType": "Observation", "id": name, "status": "final",
             "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
             "subject": {"reference": "Patient/p1"}, "encounter": {"reference": "Encounter/s1"},
             "effectiveDateTime": "2026-06-14T09:00:00Z", "valueQuantity": {"value": 80, "code": "/min"}}  # fmt: skip
    return {key: value for key, value in {**whole, **changed}.items() if value is not None}


# What stands in the feed beside good records, and the code of its reject.
RECORDS: list[tuple[str, Any]] = [
    ("invalid_json", f'{{"resourceType": "Patient", "id": "{SECRET}", broken'),
    ("not_utf8", f'{{"resourceType": "Patient", "id": "{SECRET}\udcf6"}}'),
    ("not_an_object", f'["{SECRET}"]'),
    ("unknown_resource_type", {"resourceType": SECRET, "id": "u1"}),
    ("missing_id", encounter("x0", id=None)),
    ("encounter_without_period", encounter("x1", period=None)),
    ("end_before_start", encounter("x2", period={"start": "2026-06-13", "end": "2026-06-12"})),
    ("future_date", encounter("x3", period={"start": "2199-01-01T00:00:00Z"})),
    ("future_date", observation("y1", effectiveDateTime="2199-01-01T00:00:00Z")),
    ("future_date", {"resourceType": "Patient", "id": "p9", "birthDate": "2199-01-01"}),
    ("observation_without_unit", observation("y2", valueQuantity={"value": 80})),
    ("value_not_numeric", observation("y3", valueQuantity={"value": "pending", "code": "/min"})),
    ("value_not_numeric", observation("y4", valueQuantity=None, valueString=SECRET)),
    ("unit_not_convertible", observation("y5", valueQuantity={"value": 80, "code": SECRET})),
    ("bad_date", observation("y6", effectiveDateTime=SECRET)),
    ("duplicate_conflict", observation("y7")),
    ("duplicate_conflict", observation("y7", valueQuantity={"value": 55, "code": "/min"})),
    ("unknown_encounter", observation("y8", encounter={"reference": "Encounter/x1"})),
]


def account_of(out: Path) -> dict[str, Any]:
    """Return run.json after checking that it adds up, of records and of stays, and that only whole files are left."""
    run: dict[str, Any] = json.loads((out / "run.json").read_text())
    used = run["records_used"] + run["records_rejected"] + sum(run["records_not_used"].values())
    assert run["records_read"] == used
    stays = ("reviewed", "rejected", "not_yet_known", "not_in_house")
    assert run["encounters_read"] == sum(run[one] for one in stays)
    assert sorted(path.name for path in out.iterdir()) == FILES
    return run


def rejects_of(out: Path) -> list[dict[str, str]]:
    with (out / "rejects.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def review(feed: Path | list[Path], out: Path, *more: str) -> int:
    feeds = feed if isinstance(feed, list) else [feed]
    return main(["review", *map(str, feeds), "--as-of", AS_OF, "--out", str(out), *more])


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over good records and one of each bad kind, and a gzip file cut short."""
    place = tmp_path_factory.mktemp("spoilt")
    feed = write_fhir(place / "feed")
    lines = [one if isinstance(one, str) else json.dumps(one) for _, one in RECORDS]
    (feed / "spoilt.ndjson").write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
    cut = gzip.compress("\n".join(json.dumps(observation(f"z{n}")) for n in range(9)).encode())[:-9]
    (feed / "cut.ndjson.gz").write_bytes(cut)
    (feed / "empty.ndjson").touch()
    with redirect_stdout(StringIO()) as said, redirect_stderr(StringIO()) as complained:
        assert review(feed, place / "out") == 0
    assert "reviewed" in said.getvalue() and SECRET not in said.getvalue()
    assert complained.getvalue() == ""
    return place / "out"


def test_each_bad_record_is_a_reject_with_place_reason_and_remedy(spoilt: Path) -> None:
    rejects = [row for row in rejects_of(spoilt) if row["source"] == "spoilt.ndjson"]
    assert [row["code"] for row in rejects] == [code for code, _ in RECORDS]
    assert [int(row["line"]) for row in rejects] == list(range(1, len(RECORDS) + 1))
    assert all("; " in row["message"] for row in rejects)
    assert SECRET not in (spoilt / "rejects.csv").read_text()


def test_a_damaged_and_an_empty_file_are_rejects_and_the_rest_goes_on(spoilt: Path) -> None:
    codes = {row["source"]: row["code"] for row in rejects_of(spoilt)}
    assert codes["cut.ndjson.gz"] == "truncated_gzip" and codes["empty.ndjson"] == "empty_file"
    run = account_of(spoilt)
    assert {name: run[name] for name in GOOD} == GOOD
    assert run["rejected"] == 4  # x0 to x3


ROWS = [
    ("encounters", "x1,p1,IMP,in-progress,,,,,,,,", "encounter_without_period"),
    ("encounters", "x2,p1,IMP,in-progress,2026-06-13,2026-06-12,,,,,,", "end_before_start"),
    ("encounters", "x3,p1,IMP,in-progress,2199-01-01,,,,,,,", "future_date"),
    ("encounters", "x4,p1", "wrong_columns"),
    ("encounters", f"x5,{SECRET},IMP,in-progress,2026-06-13,,,,,,,", "unknown_patient"),
    ("patients", f"p9,M,{SECRET},Z,male,2199-01-01", "future_date"),
    ("observations", "s1,8867-4,loinc,pending,/min,2026-06-14,final", "value_not_numeric"),
    ("observations", "s1,8867-4,loinc,80,,2026-06-14,final", "observation_without_unit"),
    ("observations", f"s1,8867-4,loinc,80,/min,{SECRET},final", "bad_date"),
]


@pytest.mark.content
def test_each_bad_row_of_a_table_is_a_reject_and_its_stay_is_counted(tmp_path: Path) -> None:
    feed = write_tables(tmp_path / "feed")
    for table, row, _ in ROWS:
        with (feed / f"{table}.csv").open("a") as file:
            file.write(row + "\n")
    (feed / "orders.xlsx").write_bytes(b"PK, but no workbook")
    (feed / "documents.parquet").write_bytes(b"PAR1, but no table")
    assert review(feed, tmp_path / "out") == 0
    rejects = rejects_of(tmp_path / "out")
    codes = [row["code"] for row in rejects if row["source"].endswith(".csv")]
    assert sorted(codes) == sorted(code for _, _, code in ROWS)
    unread = [row["source"] for row in rejects if row["code"] == "unreadable_file"]
    assert unread == ["documents.parquet", "orders.xlsx"]
    assert SECRET not in (tmp_path / "out" / "rejects.csv").read_text()
    run = account_of(tmp_path / "out")
    assert ({name: run[name] for name in GOOD}, run["rejected"]) == (GOOD, 5)


@pytest.mark.content
@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (None, 3, "no such file or folder"),
        ({}, 3, "looked for FHIR R4"),
        ({"a.ndjson": b""}, 4, "no record in a.ndjson"),
        ({"a.ndjson": b"{broken\n"}, 4, "invalid_json (1), first at a.ndjson:1: not valid JSON"),
        ({"a.ndjson": "{}".encode("utf-16")}, 4, "not_utf8 (1), first at a.ndjson:1"),
        ({"a.ndjson.gz": gzip.compress(b"{}")[:5]}, 4, "truncated_gzip (1)"),
        ({"a.ndjson": json.dumps(fhir()[0]).encode()}, 4, "expected an encounter of class"),
        ({"encounters.csv": b"encounterid,patient_id,start\n"}, 3, "is it encounterid?"),
        ({"census.csv": b"a,b\n"}, 3, "no file has the name of a chart table"),
    ],
)
def test_a_feed_with_nothing_to_review_says_why_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: dict[str, bytes] | None, code: int, said: str
) -> None:
    if content is not None:
        (tmp_path / "feed").mkdir()
        for name, data in content.items():
            (tmp_path / "feed" / name).write_bytes(data)
    assert review(tmp_path / "feed", tmp_path / "out") == code
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error and "our fault" not in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("tables: [\n", "not YAML"),
        ("tabels: {}\n", "no `tables:`"),
        ("tables: {encounter: {}}\n", "did you mean encounters?"),
        ("tables: {encounters: {colums: {}}}\n", "did you mean columns?"),
        ("tables: {encounters: {columns: [start]}}\n", "columns: not a mapping"),
        ("tables: {encounters: {values: {class_code: IMP}}}\n", "values.class_code: not a mapping"),
        ("tables: {encounters: {columns: {start: STRAT}}}\n", "did you mean start?"),
        ("tables: {encounters: {file: encuonters}}\n", "did you mean encounters?"),
        (None, "there is no file"),
    ],
)
def test_a_wrong_mapping_is_refused_with_the_right_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mapping: str | None, said: str
) -> None:
    feed = write_tables(tmp_path / "feed")
    if mapping is not None:
        (tmp_path / "ours.yaml").write_text(mapping)
    assert main(["feed", "check", str(feed), "--mapping", str(tmp_path / "ours.yaml")]) == 3
    assert said in capsys.readouterr().err


@pytest.mark.content
def test_tables_that_a_mapping_leaves_out_are_read_by_their_own_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    feed = write_tables(tmp_path / "feed")
    (feed / "encounters.csv").rename(feed / "adt.csv")
    (feed / "more.csv").write_text("a,b\n1,2\n")
    (tmp_path / "ours.yaml").write_text("tables: {encounters: {file: adt}}\n")
    assert review(feed, tmp_path / "out", "--mapping", str(tmp_path / "ours.yaml")) == 0
    run = account_of(tmp_path / "out")
    assert run["records_read"] == sum(map(len, tables().values()))
    assert run["feed_notes"] == ["more.csv: not in the mapping, not read"]
    assert "more.csv: not in the mapping" in capsys.readouterr().out


@pytest.mark.content
@pytest.mark.parametrize(
    "options", [[], ["--encoding", "latin-1", "--delimiter", ";"]], ids=["found", "given"]
)
def test_an_export_of_another_encoding_and_delimiter_is_read(tmp_path: Path, options: list[str]) -> None:
    feed = write_tables(tmp_path / "feed")
    for path in feed.iterdir():
        text = path.read_text().replace(",", ";").replace("Rossi", "Rössï")
        path.write_bytes(text.encode("latin-1"))
    assert review(feed, tmp_path / "out", *options) == 0
    run = account_of(tmp_path / "out")
    assert (run["records_rejected"], run["reviewed"]) == (0, 3)


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--encoding", "klingon", "no encoding 'klingon'"),
        ("--delimiter", "ab", "one sign"),
        ("--as-of", "yesterday", "not a time"),
        ("--as-of", "2026-13-01", "not a time"),
        ("--rules", ".", "no .yaml file"),
        ("--payers", ".", "no .yaml file"),
    ],
)
def test_a_wrong_option_is_told(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    option: str,
    value: str,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = {"--as-of": AS_OF} | {option: value}
    assert main(["review", ".", "--out", "out", *(one for pair in asked.items() for one in pair)]) == 2
    assert said in capsys.readouterr().err


def edited(folder: str, to: Path, name: str, old: str, new: str, also: str = "") -> Path:
    """Copy one file of a shipped folder, and those that fit ``also``; change the first ``old`` in that one file."""
    shipped = data_folder(folder)
    for path in (shipped / name, *(shipped.glob(also) if also else ())):
        copy = to / path.relative_to(shipped)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    text = (to / name).read_text()
    assert old in text
    (to / name).write_text(text.replace(old, new, 1))
    return to


@pytest.mark.content
@pytest.mark.parametrize("command", ["check", "list"])
def test_a_misspelt_rule_key_is_named_by_every_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    name = "conditions/pneumonia.yaml"
    rules = edited("rules", tmp_path / "rules", name, "criteria:", "critera:", "conditions/pack.yaml")
    assert main(["rules", command, "--rules", str(rules)]) == 5
    error = capsys.readouterr().err
    assert name in error and "did you mean 'criteria'?" in error


@pytest.mark.content
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("coverage_payer_ids: [CMS-MEDICARE]", "coverage_payer_ids: [7]", "coverage_payer_ids[0]"),
        ("level_of_care >= 2026.1", "level_of_care >= 2199.1", "asked for level_of_care >= 2199.1"),
        ("level_of_care >= 2026.1", "level_of_caer >= 2026.1", "no rule pack 'level_of_caer"),
    ],
)
def test_a_faulty_payer_profile_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    payers = edited("payer_profiles", tmp_path / "payers", "original_medicare.yaml", old, new)
    # The heads of the shipped packs, without their rules: a profile asks for packs by name and version.
    head, title = "level_of_care/pack.yaml", "title:"
    rules = edited("rules", tmp_path / "rules", head, title, title, "*/pack.yaml")
    assert main(["rules", "check", "--rules", str(rules), "--payers", str(payers)]) == 6
    error = capsys.readouterr().err
    assert "original_medicare.yaml" in error and said in error


@pytest.mark.content
def test_an_unquoted_code_with_a_leading_zero_keeps_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = "coverage_payer_ids: [CMS-MEDICARE]", "coverage_payer_ids: [CMS-MEDICARE, 01]"
    payers = edited("payer_profiles", tmp_path / "payers", "original_medicare.yaml", old, new)
    feed = write_tables(tmp_path / "feed")
    (feed / "coverages.csv").write_text("patient_id,payer_id,priority,status\np1,01,1,active\n")
    assert review(feed, tmp_path / "out", "--payers", str(payers)) == 0
    assert account_of(tmp_path / "out")["payer_matched"] == 1


def test_several_wrong_facts_are_told_at_once_and_not_repeated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = {"vitals.spo2_admit_mni": 86, "patient.age_years": SECRET, "stay.is_in_house": SECRET,
             "vitals.spo2_admit_min": {"value": 86, "unit": "kg"}}  # fmt: skip
    (tmp_path / "facts.json").write_text(json.dumps(facts))
    assert main(["evaluate", "--facts", str(tmp_path / "facts.json"), "--as-of", AS_OF]) == 11
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 4 and SECRET not in error
    assert "did you mean 'vitals.spo2_admit_min'" in error
    assert main(["evaluate", "--facts", str(tmp_path / "facts.json"), "--payer", "nobody"]) == 2
    assert "original_medicare" in capsys.readouterr().err


@pytest.mark.content
def test_a_disk_that_is_full_while_reading_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise duckdb.TransactionException(f"Failed to commit: {os.strerror(errno.ENOSPC)}")

    monkeypatch.setattr("discharge.feeds.reading.resolve", full)
    assert review(write_tables(tmp_path / "feed"), tmp_path / "out") == 7
    error = capsys.readouterr().err
    assert "is full" in error and "free some space" in error
    assert not (tmp_path / "out").exists()


@pytest.mark.content
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_an_answer_that_does_not_fit_on_its_disk_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "discharge", "feed", "schema"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 7 and "standard output" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.content
def test_a_file_that_may_not_be_read_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = write_fhir(tmp_path / "feed")
    monkeypatch.setattr("discharge.feeds.files.os.access", lambda path, _: Path(path).is_dir())
    assert review(feed, tmp_path / "out") == 3
    assert "no permission to read" in capsys.readouterr().err


@pytest.mark.content
@pytest.mark.slow
@pytest.mark.parametrize(
    ("workers", "written"), [("1", write_tables), ("2", write_fhir)], ids=["tables", "FHIR, two workers"]
)
def test_ctrl_c_half_way_leaves_nothing(
    tmp_path: Path, workers: str, written: Callable[[Path], Path]
) -> None:
    feed, out = written(tmp_path / "feed"), tmp_path / "out"
    command = ["review", str(feed), "--as-of", AS_OF, "--out", str(out), "--workers", workers]
    with subprocess.Popen(
        [sys.executable, "-m", "discharge", *command], stderr=subprocess.PIPE, text=True
    ) as run:
        deadline = time.monotonic() + 60
        while (
            not (out / "work.part" / "spool").exists() and run.poll() is None and time.monotonic() < deadline
        ):
            time.sleep(0.005)
        run.send_signal(signal.SIGINT)
        _, error = run.communicate(timeout=60)
    assert (run.returncode, "Traceback" in error) == (130, False)
    assert "interrupted" in error and not out.exists()


def bundle(kind: str) -> dict[str, Any]:
    """Return the small feed as a Bundle whose entries refer to each other by urn:uuid or by address."""
    names = [f"{one['resourceType']}/{one['id']}" for one in fhir()]
    urls = {
        name: f"urn:uuid:{name.partition('/')[2]}"
        if kind == "transaction"
        else f"https://ehr.example/fhir/{name}"
        for name in names
    }
    text = json.dumps(fhir())
    for name, url in urls.items():
        text = text.replace(f'"reference": "{name}"', f'"reference": "{url}"')
    entries = [
        {"fullUrl": urls[f"{old['resourceType']}/{old['id']}"], "resource": new}
        for old, new in zip(fhir(), json.loads(text), strict=True)
    ]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def worklist(out: Path) -> list[dict[str, str]]:
    with (out / "worklist.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.content
def test_every_form_of_a_fhir_feed_gives_the_same_worklist(tmp_path: Path) -> None:
    forms: dict[str, Path] = {"ndjson": write_fhir(tmp_path / "ndjson")}
    for kind in ("searchset", "transaction"):
        forms[kind] = tmp_path / f"{kind}.json"
        forms[kind].write_text(json.dumps(bundle(kind), indent=1))
    forms["single"] = tmp_path / "single"
    forms["single"].mkdir()
    for number, one in enumerate(fhir()):
        (forms["single"] / f"{number}.json").write_text(json.dumps(one, indent=1))
    found = {}
    for form, feed in forms.items():
        assert review(feed, tmp_path / f"{form}.out") == 0
        assert account_of(tmp_path / f"{form}.out")["records_used"] == len(fhir()), form
        found[form] = worklist(tmp_path / f"{form}.out")
    for form in forms:
        assert found[form] == found["ndjson"], form
