"""The paper of 42 CFR 482.43: what a patient reads, and that it recommends nobody."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date

import pypdf
import pytest
from paper_kit import NOW, need, option, review, text_of
from provider_kit import ZIP, directory, payer, provider

from discharge.documents.choice_list import choice_list, indicated_kinds
from discharge.documents.paper import PaperContext, to_html, to_pdf
from discharge.providers import NO_DIRECTORY, Place, Quality, load_directory
from discharge.resources import reference_file

HERE = Place(ZIP, "MA")
STARS = Quality("Overall", "4 of 5", date(2026, 4, 1))
SPENDING = Quality("Medicare spending", "0.97", date(2026, 4, 1), "resource")


def page(found, stay=None, pays=None):
    made = choice_list(stay or review(), PaperContext(found, HERE, pays or payer()))
    assert made is not None
    return made


def said(made):
    return text_of(to_html("choice_list", made))


def homes(count, **more):
    return [provider(f"{225000 + n}", ccn=f"{225000 + n}", miles=1 + n / 10, **more) for n in range(count)]


def test_a_list_is_made_for_kinds_that_fit_and_for_no_others():
    options = [
        option("stay", 1), option("irf", 2), option("snf", 3), option("home_health", 4, "unknown"),
        option("ltch", 5, "not_met"), option("hospice_home", 6), option("home", 7),
    ]  # fmt: skip
    assert indicated_kinds(review(options=options)) == ["irf", "snf"]
    assert choice_list(review(options=[option("home")]), PaperContext(directory(*homes(2)), HERE)) is None


@pytest.mark.parametrize("found", [None, NO_DIRECTORY])
def test_without_a_directory_there_is_no_paper(found):
    assert choice_list(review(), PaperContext(found, HERE)) is None


def test_it_says_what_the_rule_asks():
    found = directory(
        provider("225001", ccn="225001", phone="781-555-0100", address="1 Hill St", city="Medford",
                 has_financial_interest=True, quality=(STARS, SPENDING), networks=frozenset({"plan_a"}),
                 accepting=True, reported_at=NOW, languages=frozenset({"es", "ko"})),
        provider("225002", ccn="225002", has_financial_interest=False, networks=frozenset()),
        provider("225003", ccn="225003"),
    )  # fmt: skip
    text = said(page(found))
    for part in (
        "The choice is yours",
        "must not limit your choice",
        "Check with your plan",
        "Overall 4",
        "0.97",
        "Network",
        "1.00 is the national figure",
        "1 Apr 2026",
        "They do not set the order",
        "The hospital has a financial interest in Provider 225001",
        "For 1 of the 3 listed the hospital has not noted",
        "drawn from the day and the stay",
        "781-555-0100",
        "Also speaks Spanish, Korean",
        "Given by (name, role)",
        "First choice",
        "Signature of patient or representative",
        "another area",
        "42 CFR 482.43",
    ):
        assert part in text, part
    assert "recommend" not in text.lower() and "best choice" not in text.lower()


def test_where_nobody_has_ratings_or_interests_that_is_said_too():
    text = said(page(directory(*homes(2, has_financial_interest=False))))
    assert "No ratings were loaded" in text and "No provider on this list is marked" in text
    assert "has not noted" not in text and "◆" not in text


def test_a_list_on_record_is_told_to_the_case_manager():
    stay = review()
    assert "given already" not in said(page(directory(*homes(1)), stay))
    stay.plan.choice_list_given = "met"
    assert "given already" in said(page(directory(*homes(1)), stay))


def test_the_network_is_for_plans_only():
    found = directory(*homes(2))
    original = review()
    original.payer.payer_class, original.payer.title = "medicare_ffs", "Original Medicare"
    text = said(page(found, original, payer("medicare_ffs")))
    assert "It has no network" in text and "Network" not in text
    unmatched = review()
    unmatched.payer.matched = False
    assert "does not know your insurance" in said(page(found, unmatched))


def test_home_health_agencies_are_said_to_have_asked():
    agency = provider("227001", "home_health", ccn="227001")
    text = said(page(directory(agency), review(options=[option("home_health")])))
    assert "listed when they ask the hospital" in text


def test_the_rest_of_a_long_list_is_counted_and_nobody_is_hidden():
    text = said(page(directory(*homes(40))))
    assert "25 more are in the area" in text and "you may choose any of them" in text
    assert len(re.findall(r"Provider 2250\d\d", text)) == 15


def test_a_kind_of_which_nobody_is_known_is_said_to_be_open():
    made = page(directory(), review(options=[option("irf")]))
    assert made.lists[0].rows == [] and "knows of none here" in said(made)


def test_needs_of_the_patient_keep_off_who_cannot_meet_them():
    listed = [replace(one, capabilities={"dialysis": n != 0}) for n, one in enumerate(homes(2))]
    made = page(directory(*listed), review(needs=[need("dialysis", "Dialysis")]))
    assert [row.name for row in made.lists[0].rows] == ["Provider 225001"]
    assert "1 left out: said that it cannot give care this patient needs." in made.lists[0].notes


def grade(text):
    """The Flesch-Kincaid grade; syllables are groups of vowels, a silent e at the end left out."""
    sentences = max(1, len(re.findall(r"[.!?:](?:\s|$)", text)))
    words = re.findall(r"[A-Za-z']+", text)
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", re.sub(r"e$", "", word.lower())))) for word in words)
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59


def test_its_words_can_be_read_at_the_eighth_grade():
    made = page(directory(*homes(3)))
    words = " ".join([*made.freedom, made.plan, made.quality, made.interest, *made.lists[0].notes])
    assert grade("Utilization determinations necessitate multidisciplinary documentation.") > 20
    assert grade(words) <= 8


def test_four_lists_fit_on_three_letter_pages_in_readable_type_and_one_on_two():
    shipped = load_directory([reference_file("providers/own_list.example.csv")])
    all_kinds = [option(name, rank) for rank, name in enumerate(("snf", "irf", "home_health", "ltch"), 1)]
    for options, most in ((all_kinds, 3), ([option("snf")], 2)):
        html = to_html("choice_list", page(shipped, review(options=options)))
        made = [to_pdf(html, title="Choice", made_at="2026-06-15T07:00:00-04:00") for _ in range(2)]
        assert made[0] == made[1]
        assert len(pypdf.PdfReader(io.BytesIO(made[0])).pages) <= most


def test_the_shipped_extract_asks_to_be_checked_before_it_is_given():
    text = said(page(load_directory()))
    assert "extract of unknown year" in text and "day not stated" in text


def test_no_zip_of_the_patient_and_names_are_escaped():
    stay = review()
    stay.patient.name = "<b>O'Hara & Sons</b>"
    html = to_html("choice_list", page(directory(*homes(1)), stay))
    assert "<b>O'Hara" not in html and html.count("<h1>") == 1 and 'scope="col"' in html
    assert ZIP not in html
