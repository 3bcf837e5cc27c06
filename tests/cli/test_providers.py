"""`discharge providers` and `--providers`, through the command line as people use it."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest
from small_feed import AS_OF, ZONE, tables, write_tables

from discharge.cli import main
from discharge.feeds import chart_from_tables
from discharge.packs import load_packs
from discharge.payers import load_payers
from discharge.providers import load_directory
from discharge.resources import data_folder, reference_file
from discharge.review import review

EXAMPLE = str(reference_file("providers/own_list.example.csv"))


def test_listing_names_the_nearest_first_and_says_that_the_year_is_not_known(capsys):
    assert main(["providers", "list", "--kind", "snf", "--near", "02155", "--most", "5"]) == 0
    said = capsys.readouterr().out
    miles = [float(found) for found in re.findall(r"^ *([0-9.]+) mi ", said, re.MULTILINE)]
    assert len(miles) == 5 and miles == sorted(miles)
    assert "5 skilled nursing facilities within 25 miles (approximate); 177 more." in said
    assert "The year of the data is not stated" in said


def test_no_rehabilitation_facility_ships_and_the_own_list_brings_them(capsys):
    assert main(["providers", "list", "--kind", "irf", "--near", "02155"]) == 0
    assert "does not mean that there is none" in capsys.readouterr().out
    asked = ["providers", "list", "--kind", "irf", "--near", "02155", "--providers", EXAMPLE]
    assert main([*asked, "--payer", "example_ma_plan", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {one["key"]: one["in_network"] for one in found["providers"]} == {
        "223099": True, "22T999": True, "223098": False
    }  # fmt: skip
    assert found["is_managed"] and found["network_known"] and found["order"] == "distance"


def test_a_zip_of_which_nobody_is_known_is_said_to_have_no_distances(capsys):
    assert main(["providers", "list", "--kind", "snf", "--near", "90210"]) == 0
    assert "distances are not known" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "part"),
    [
        (["--kind", "snff", "--near", "02155"], "is not one of snf"),
        (["--kind", "snf", "--near", "Boston"], "not a ZIP code"),
        (
            ["--kind", "snf", "--near", "02155", "--payer", "exmple_ma_plan"],
            "did you mean 'example_ma_plan'?",
        ),
        (
            ["--kind", "snf", "--near", "02155", "--providers", "missing.csv"],
            "missing.csv: the file can't be read",
        ),
    ],
)
def test_wrong_arguments_are_told_in_a_sentence(capsys, more, part):
    assert main(["providers", "list", *more]) == 2
    said = capsys.readouterr()
    assert part in said.err and "Traceback" not in said.err and said.out == ""


def test_a_zip_is_never_repeated_in_an_error(capsys):
    main(["providers", "list", "--kind", "snf", "--near", "9021O"])
    assert "9021O" not in capsys.readouterr().err


def test_checking_a_good_list_counts_and_a_bad_one_names_every_fault(capsys, tmp_path):
    assert main(["providers", "check", EXAMPLE]) == 0
    assert "3 irf" in capsys.readouterr().out
    bad = tmp_path / "ours.csv"
    bad.write_text(
        "id,kind,name,beds,networks\na,snff,A,,\nb,snf,B,ten,no_such_plan\nc,snf,C,,\n", encoding="utf-8"
    )
    assert main(["providers", "check", str(bad)]) == 10
    said = capsys.readouterr()
    for part in ("line 2: kind", "line 3: beds", "no payer profile 'no_such_plan'", "2 snf; 2 faults."):
        assert part in said.out, part
    assert main(["providers", "check", str(bad), "--json"]) == 10
    found = json.loads(capsys.readouterr().out)
    assert found["kinds"] == {"snf": 2} and len(found["faults"]) == 2
    assert found["unknown_networks"] == ["no_such_plan"]


def test_check_without_a_file_shows_the_columns(capsys):
    assert main(["providers", "check"]) == 0
    assert "financial_interest" in capsys.readouterr().out


def test_a_run_uses_the_files_and_says_how_many_faults_they_have(capsys, tmp_path):
    feed = write_tables(tmp_path / "feed")
    own = tmp_path / "ours.csv"
    own.write_text(
        "# complete: snf\nid,kind,name,ccn,accepting,reported_at\nsnf-1,snf,Ours,225999,yes,2026-06-15T06:30\n"
        "x,y,z,,,\n",
        encoding="utf-8",
    )
    out = tmp_path / "out"
    asked = [
        "review",
        str(feed),
        "--as-of",
        AS_OF,
        "--zone",
        ZONE,
        "--out",
        str(out),
        "--providers",
        str(own),
    ]
    assert main([*asked, "--json"]) == 0
    assert "--providers: 1 fault" in capsys.readouterr().err
    first = json.loads((out / "reviews.ndjson").read_text(encoding="utf-8").splitlines()[0])
    assert first["provenance"]["providers_digest"] == load_directory([own]).digest
    by_option = {option["id"]: option["availability"] for option in first["options"]}
    assert by_option["snf"]["status"] == "met" and by_option["snf"]["can_accept"] == 1
    assert by_option["home"]["status"] == "met"


def test_a_file_that_cannot_be_read_stops_a_run_before_it_begins(capsys, tmp_path):
    feed = write_tables(tmp_path / "feed")
    out = tmp_path / "out"
    asked = [
        "review",
        str(feed),
        "--as-of",
        AS_OF,
        "--out",
        str(out),
        "--providers",
        str(tmp_path / "none.csv"),
    ]
    assert main(asked) == 2
    assert "none.csv" in capsys.readouterr().err and not out.exists()


def test_where_the_patient_lives_reaches_the_options_and_stands_in_no_review():
    frames = {name: pd.DataFrame(rows).replace("", None) for name, rows in tables().items()}
    frames["patients"]["postal_code"], frames["patients"]["state"] = "02155-9876", "MA"
    done = review(
        chart_from_tables(frames),
        as_of=pd.Timestamp(AS_OF, tz=ZONE).tz_convert("UTC"),
        packs=load_packs(data_folder("rules"), with_cases=False),
        payers=load_payers(data_folder("payer_profiles")),
        zone=ZONE,
        directory=load_directory(),
    )
    assert done.places["s1"] == ("02155-9876", "MA") and "02155" not in repr(done)
    snf = next(option for option in done.reviews[0].options if option.id == "snf")
    assert snf.availability.known == 182 and snf.availability.status == "unknown"
    assert snf.availability.nearest_miles is not None and snf.availability.nearest_miles < 1
    assert "9876" not in done.reviews[0].model_dump_json()
