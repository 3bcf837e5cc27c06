"""Whole runs: the account adds up, and the same feed gives the same bytes."""

from __future__ import annotations

import csv
import errno
import json
import shutil
from decimal import Decimal

import pandas as pd
import pytest
from small_feed import AS_OF, ZONE, write_fhir, write_tables

from discharge.errors import OutputError
from discharge.resources import data_folder
from discharge.review.model import Review
from discharge.run import RunSettings, run_review

SAME = ["worklist.csv", "reviews.ndjson", "worklist.parquet"]


def settings(**changed):
    asked = {
        "as_of": pd.Timestamp(AS_OF, tz=ZONE).tz_convert("UTC"),
        "zone": ZONE,
        "rules": data_folder("rules"),
        "payers": data_folder("payer_profiles"),
    }
    return RunSettings(**{**asked, **changed})


def results(out):
    return {name: (out / name).read_bytes() for name in SAME}


@pytest.fixture(scope="module")
def tabular(tmp_path_factory):
    out = tmp_path_factory.mktemp("tabular") / "out"
    account, _ = run_review([write_tables(out.parent / "feed")], out, settings())
    return out, account


def test_every_stay_is_accounted_for(tabular):
    out, account = tabular
    assert account.adds_up()
    assert (account.encounters_read, account.reviewed, account.not_yet_known, account.rejected) == (
        4,
        3,
        1,
        0,
    )
    assert account.context_encounters == 1
    written = json.loads((out / "run.json").read_text())
    assert written["reviewed"] == 3 and written["versions"]["discharge"]
    assert sum(written["findings"]["admission"].values()) == 3


def test_the_reviews_are_of_the_published_shape_and_ordered(tabular):
    reviews = [
        Review.model_validate_json(line) for line in (tabular[0] / "reviews.ndjson").read_text().splitlines()
    ]
    assert [review.encounter_id for review in reviews] == ["s1", "s2", "s3"]
    assert [review.review_type for review in reviews] == ["concurrent", "admission", "retrospective"]
    first, second, third = reviews
    assert first.level_of_care.admission == "met" and first.payer.profile == "original_medicare"
    assert [condition.id for condition in first.conditions] == ["conditions.pneumonia"]
    assert second.level_of_care.admission == "unknown" and second.level_of_care.missing["admission"]
    assert not second.payer.matched and "NOBODY-KNOWS" in second.payer.reason
    assert third.conditions_note is not None and "No condition criteria apply" in third.conditions_note


def test_the_worklist_is_ranked_and_both_its_files_agree(tabular):
    with (tabular[0] / "worklist.csv").open() as file:
        rows = list(csv.DictReader(file))
    frame = pd.read_parquet(tabular[0] / "worklist.parquet")
    assert [row["rank"] for row in rows] == ["1", "2", "3"]
    assert [row["encounter_id"] for row in rows] == frame["encounter_id"].tolist()
    assert list(rows[0]) == list(frame.columns)
    order = ["now", "today", "soon", "watch", "clear"]
    assert [order.index(row["urgency"]) for row in rows] == sorted(
        order.index(row["urgency"]) for row in rows
    )
    assert all(row["next_step"].endswith((".", "?")) for row in rows)
    exposed = frame["exposure_usd"].dropna()
    assert all(isinstance(amount, Decimal) for amount in exposed)


@pytest.mark.content
@pytest.mark.parametrize(
    "changed", [{}, {"workers": 2}, {"engine": "plain"}], ids=["again", "two workers", "plain engine"]
)
def test_the_same_feed_in_another_order_gives_the_same_bytes(tabular, tmp_path, changed):
    feed = write_tables(tmp_path / "feed", shuffled=True)
    run_review([feed], tmp_path / "out", settings(**changed))
    mine, theirs = results(tmp_path / "out"), results(tabular[0])
    # Rows of a table without ids are named by their content, and lines are part of the provenance.
    assert mine["worklist.csv"] == theirs["worklist.csv"]
    assert mine["worklist.parquet"] == theirs["worklist.parquet"]
    assert mine["reviews.ndjson"] == theirs["reviews.ndjson"]


@pytest.mark.content
def test_fhir_lines_in_any_order_give_the_same_bytes(tmp_path):
    for name, shuffled in (("one", False), ("other", True)):
        run_review([write_fhir(tmp_path / name, shuffled)], tmp_path / f"{name}.out", settings())
    one, other = results(tmp_path / "one.out"), results(tmp_path / "other.out")
    assert one["worklist.csv"] == other["worklist.csv"]
    assert one["worklist.parquet"] == other["worklist.parquet"]


@pytest.mark.content
def test_a_broken_line_and_a_rejected_stay_are_counted(tmp_path):
    timeless = {"resourceType": "Encounter", "id": "s9", "status": "in-progress", "class": {"code": "IMP"},
                "subject": {"reference": "Patient/p1"}}  # fmt: skip
    feed = write_fhir(tmp_path / "feed", lines=["{broken", json.dumps(timeless)])
    account, _ = run_review([feed], tmp_path / "out", settings())
    assert account.adds_up() and (account.rejected, account.reviewed, account.encounters_read) == (1, 3, 5)
    with (tmp_path / "out" / "rejects.csv").open() as file:
        rejects = list(csv.DictReader(file))
    assert list(rejects[0]) == ["source", "line", "record", "field", "code", "message"]
    assert {row["code"] for row in rejects} == {"invalid_json", "encounter_without_period"}


@pytest.mark.content
def test_only_patients_in_the_house_where_asked(tmp_path):
    account, worklist = run_review(
        [write_tables(tmp_path / "feed")], tmp_path / "out", settings(in_house=True)
    )
    assert account.adds_up() and account.not_in_house == 1
    assert sorted(worklist["encounter_id"].to_pylist()) == ["s1", "s2"]


def test_documents_are_named_by_encounter_and_replaced_with_the_run(tmp_path):
    feed, out = write_tables(tmp_path / "feed"), tmp_path / "out"
    run_review([feed], out, settings(documents=("html",), papers=("payer_summary", "discharge_plan")))
    assert sorted(path.name for path in (out / "documents").iterdir()) == sorted(
        f"{stay}.{paper}.html" for stay in ("s1", "s2", "s3") for paper in ("payer_summary", "discharge_plan")
    )
    run_review([feed], out, settings())
    assert not (out / "documents").exists()


@pytest.mark.content
def test_a_full_disk_leaves_the_old_whole_files(tabular, tmp_path, monkeypatch):
    feed, out = write_tables(tmp_path / "feed"), tmp_path / "out"
    shutil.copytree(tabular[0], out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("discharge.run.write_parquet", full)
    with pytest.raises(OutputError, match=r"worklist\.parquet: the disk is full"):
        run_review([feed], out, settings())
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
