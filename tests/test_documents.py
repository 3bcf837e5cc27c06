"""The papers: what a payer's nurse and the care team read, and what they must not."""

from __future__ import annotations

import html
import io
import re

import pandas as pd
import pypdf
import pytest
from small_feed import AS_OF, ZONE, tables

from discharge.documents import Printer, file_safe, payer_summary, plan_paper
from discharge.documents.common import barrier_names, barrier_title
from discharge.documents.paper import to_html, to_pdf
from discharge.errors import OutputError
from discharge.feeds import chart_from_tables
from discharge.packs import load_packs
from discharge.payers import load_payers
from discharge.resources import data_folder
from discharge.review import review

SOCIAL = [
    {"encounter_id": "s1", "item": item, "value": 1, "assessed_at": "2026-06-14T10:00:00-04:00"}
    for item in ("social.lives_alone", "social.is_homeless", "social.injects_drugs")
]


@pytest.fixture(scope="module")
def reviews():
    frames = {name: pd.DataFrame(rows).replace("", None) for name, rows in tables().items()}
    frames["assessments"] = pd.DataFrame(SOCIAL)
    frames["patients"].loc[0, "family"] = "<b>O'Hara & Sons</b>"
    done = review(
        chart_from_tables(frames),
        as_of=pd.Timestamp(AS_OF, tz=ZONE).tz_convert("UTC"),
        packs=load_packs(data_folder("rules"), with_cases=False),
        payers=load_payers(data_folder("payer_profiles")),
        zone=ZONE,
    )
    return {one.encounter_id: one for one in done.reviews}


def text_of(page):
    return html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<style.*?</style>", "", page, flags=re.S)))


def test_the_summary_says_what_a_payer_needs(reviews):
    said = text_of(to_html("payer_summary", payer_summary(reviews["s1"])))
    member = ["1EG4TE5MK73", "Original Medicare", "13 Jun 2026 14:10 EDT", "J18.9"]
    evidence = ["86 %", "below 90 %", "✓ met"]
    asked = ["Inpatient", "2 days, 15 Jun to 17 Jun 2026", "charted by the clinicians"]
    rules = ["conditions.pneumonia", "2026.2.0", "Not yet checked against their sources", "decision support"]
    for part in (*member, *evidence, *asked, *rules):
        assert part in said, part


def test_the_summary_holds_the_minimum_only(reviews):
    said = text_of(to_html("payer_summary", payer_summary(reviews["s1"]))).lower()
    for part in ("homeless", "lives alone", "injects", "denial", "expected loss", "marginal cost", "$"):
        assert part not in said, part


def test_what_is_not_charted_is_neither_met_nor_not_met(reviews):
    page = payer_summary(reviews["s2"])
    assert page.unknown and all(row.value != "not known" for row in (*page.severity, *page.intensity))
    assert page.request[1].value == "Not stated"
    assert page.plan[0].value == "not known"


def test_a_discharged_stay_is_asked_for_as_a_whole(reviews):
    page = payer_summary(reviews["s3"])
    assert page.request[1].value == "3 days, 10 Jun to 13 Jun 2026"


def test_the_plan_compares_places_and_leaves_room_for_people(reviews):
    said = text_of(to_html("discharge_plan", plan_paper(reviews["s1"])))
    left_open = ["Patient's goals and preferences", "Choice list given"]
    for part in (
        "Places compared",
        "Payer pays",
        "Patient pays",
        "Important Message from Medicare",
        *left_open,
    ):
        assert part in said, part
    assert "expected loss" not in said.lower() and "denial" not in said.lower()


def test_names_are_escaped_and_pages_are_semantic(reviews):
    page = to_html("payer_summary", payer_summary(reviews["s1"]))
    assert "<b>O'Hara" not in page and "&lt;b&gt;O&#39;Hara &amp; Sons" in page
    assert (
        '<html lang="en">' in page
        and 'scope="col"' in page
        and 'scope="row"' in page
        and page.count("<h1>") == 1
    )


@pytest.mark.parametrize("stay", ["s1", "s2", "s3"])
def test_the_summary_is_at_most_two_letter_pages_and_its_bytes_are_the_same_twice(reviews, stay):
    page = to_html("payer_summary", payer_summary(reviews[stay]))
    made = [to_pdf(page, title="Summary", made_at="2026-06-15T07:00:00-04:00") for _ in range(2)]
    assert made[0] == made[1]
    read = pypdf.PdfReader(io.BytesIO(made[0]))
    assert len(read.pages) <= 2
    assert [round(float(side)) for side in read.pages[0].mediabox[2:]] == [612, 792]
    assert "Clinical summary for the payer" in read.pages[0].extract_text()


def test_files_are_named_by_encounter_never_by_patient(reviews, tmp_path):
    odd = reviews["s1"].model_copy(update={"encounter_id": "../a b/1"})
    printer = Printer(tmp_path, ("html", "pdf"))
    printer.print(reviews["s1"])
    printer.print(odd)
    names = sorted(path.name for path in tmp_path.iterdir())
    mine = [name.removeprefix("s1.") for name in names if name.startswith("s1.")]
    assert mine == [name.partition(".")[2] for name in names if not name.startswith("s1.")]
    assert {"payer_summary.html", "payer_summary.pdf", "discharge_plan.html", "discharge_plan.pdf"} <= set(
        mine
    )
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) and not name.startswith(".") for name in names)


def test_papers_can_be_chosen_and_one_that_does_not_apply_is_not_written(reviews, tmp_path, monkeypatch):
    from discharge import documents
    from discharge.documents.paper import Paper

    class Leaf:
        title, encounter_id, suffix, footer = "Leaf", "s1", "es", "s1"

    none = Paper("never", lambda review, context: None, "never")
    monkeypatch.setattr(documents, "PAPERS", (*documents.PAPERS, none))
    Printer(tmp_path, ("html",), ("payer_summary", "never")).print(reviews["s1"])
    assert [path.name for path in tmp_path.iterdir()] == ["s1.payer_summary.html"]

    several = Paper("leaf", lambda review, context: [Leaf()], "_page")
    monkeypatch.setattr(documents, "PAPERS", (several,))
    Printer(tmp_path, ("html",)).print(reviews["s1"])
    assert (tmp_path / "s1.leaf.es.html").is_file()


def test_a_wrong_paper_is_refused_with_all_wrong_names_and_what_there_is(capsys):
    from discharge.cli import main

    given = ["review", ".", "--as-of", "2026-06-15T07:00", "--out", "out"]
    assert main([*given, "--documents", "html", "--papers", "discharge_plan,plans,letters"]) == 2
    said = capsys.readouterr().err
    assert "'plans', 'letters'" in said and "payer_summary, discharge_plan" in said
    assert main([*given, "--papers", "discharge_plan"]) == 2
    assert "--documents" in capsys.readouterr().err


def test_every_barrier_of_the_rules_has_a_name_on_paper():
    packs = load_packs(data_folder("rules"), with_cases=False)
    said = [one for file in packs.files.values() for rule in file.rules for one in rule.then]
    causes = {one.payload.cause for one in said if one.kind == "barrier"}
    assert causes == set(barrier_names().barriers)
    assert barrier_title("SNF_no_3day") == "No qualifying three-day inpatient stay for SNF coverage"
    assert barrier_title("our_own_cause") == "Our own cause"


def test_different_encounters_never_share_a_file():
    ids = ["a/b", "a_b", "a b", "A/b", "", "...", "é", "e"]
    assert len({file_safe(one) for one in ids}) == len(ids)


def test_a_machine_without_fonts_is_told_what_to_install(monkeypatch):
    from discharge.documents import paper

    paper._need_fonts.cache_clear()
    monkeypatch.setattr(paper, "_FONT_FOLDERS", ())
    monkeypatch.delenv("FONTCONFIG_PATH", raising=False)
    with pytest.raises(OutputError, match="fonts-dejavu-core"):
        to_pdf("<p>x</p>", title="x", made_at="2026-06-15T07:00:00Z")
    paper._need_fonts.cache_clear()
