"""The patient's own plan: plain, in the patient's language, with nothing sensitive and nothing made up."""

from __future__ import annotations

import html
import io
import re

import pandas as pd
import pypdf
import pytest
from reading_grade import grade
from small_feed import AS_OF, ZONE, tables

from discharge.documents import Printer, language
from discharge.documents.language import LANGUAGES, words_in
from discharge.documents.paper import to_html, to_pdf
from discharge.documents.patient_plan import patient_plan, patient_plans
from discharge.documents.patient_words import dose_shown, how_often
from discharge.feeds import chart_from_tables
from discharge.packs import load_packs
from discharge.payers import load_payers
from discharge.plan.model import MedicationLine
from discharge.resources import data_folder
from discharge.review import evaluate_facts, review

MOMENT = pd.Timestamp(AS_OF, tz=ZONE).tz_convert("UTC")
SENSITIVE = (
    "abuse",
    "neglect",
    "suspect",
    "homeless",
    "inject",
    "denial",
    "expected loss",
    "hiv",
    "drug use",
)
SCRIPTS = {"ja": "\u3040-\u30ff\u4e00-\u9fff", "ko": "\uac00-\ud7a3", "hi": "\u0900-\u097f"}
# What stays as it is in every language: names, drugs, units, ids, numbers to call, the paper's and body's names.
ALLOWED = {
    *("iv", "inr", "qio", "mg", "g", "kg", "f", "c", "id", "prn", "po", "case"),
    *("important", "message", "from", "medicare"),
    *("lisinopril", "apixaban", "vancomycin", "rivera", "ana", "grey"),
}
BONE = {
    "stay.is_in_house": True,
    "stay.is_inpatient": True,
    "stay.admitted_at": "2026-06-09T10:00:00-04:00",
    "stay.expected_discharge_at": "2026-06-17T11:00:00-04:00",
    "diagnosis.principal": "M86171",
    "diagnosis.codes": ["M86171"],
    "patient.age_years": 70,
    "treatment.iv_antibiotics": ["vancomycin"],
    "treatment.iv_drugs": ["vancomycin"],
    "treatment.planned_iv_days_left": 21,
    "treatment.iv_doses_a_day": 2,
    "function.walks_independently": True,
    "social.has_caregiver": True,
    "social.caregiver_trained": True,
    "social.home_is_safe_for_infusion": True,
    "social.has_refrigeration": True,
    "social.has_phone": True,
    "social.injects_drugs": False,
    "documents.opat_plan": True,
    "documents.opat_monitor_named": True,
    "function.barthel_last": 95,
}
DRUGS = [
    ("Lisinopril", "community", 10, 1, "oral"),
    ("Lisinopril", "discharge", 20, 1, "oral"),
    ("Apixaban", "discharge", 5, 2, "oral"),
    ("Vancomycin", "inpatient", 1000, 2, "iv"),
]


@pytest.fixture(scope="module")
def content():
    return load_packs(data_folder("rules"), with_cases=False), load_payers(data_folder("payer_profiles"))


@pytest.fixture(scope="module")
def charted(content):
    """Stays from a feed, with a medication list, an attending, and a patient who reads Spanish."""
    frames = {name: pd.DataFrame(rows).replace("", None) for name, rows in tables().items()}
    frames["medications"] = pd.DataFrame(
        [
            {
                "encounter_id": "s1",
                "kind": "request",
                "name": name,
                "dose": dose,
                "dose_unit": "mg",
                "times_per_day": times,
                "route": route,
                "category": category,
                "status": "active",
                "start": "2026-06-13T18:00:00-04:00",
            }
            for name, category, dose, times, route in DRUGS
        ]
    )
    frames["assessments"] = pd.DataFrame(
        [
            {"encounter_id": "s1", "item": item, "value": 1, "assessed_at": "2026-06-14T10:00:00-04:00"}
            for item in ("social.is_homeless", "social.injects_drugs", "safety.afraid_of_caregiver")
        ]
    )
    frames["patients"]["language"] = "es-MX"
    frames["patients"].loc[0, ["family", "given"]] = ["Rivera", "Ana"]
    packs, payers = content
    done = review(chart_from_tables(frames), as_of=MOMENT, packs=packs, payers=payers, zone=ZONE)
    return {one.encounter_id: one for one in done.reviews}


@pytest.fixture(scope="module")
def bone(content):
    """A bone infection known by facts alone: no name, no list of medicines."""
    packs, payers = content
    found = evaluate_facts([BONE], "original_medicare", as_of=MOMENT, packs=packs, payers=payers, zone=ZONE)
    return found.reviews[0]


def page(one, tag="en"):
    return to_html("patient_plan", patient_plan(one, words_in(tag)))


def text_of(made, english=True):
    body = re.sub(r"<style.*?</style>|<title>.*?</title>", "", made, flags=re.S)
    if not english:
        body = re.sub(r'<(p|span) class="gloss" lang="en">.*?</\1>', "", body, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body))).strip()


def speaking(one, tag):
    return one.model_copy(update={"patient": one.patient.model_copy(update={"language": tag})})


def test_what_a_patient_asks_is_answered_from_the_chart(bone):
    said = text_of(page(bone))
    for part in (
        "When: we expect June 17, 2026. This can change.",
        "IV medicine 2 times a day 21 days June 17, 2026",
        "Who gives it is not chosen yet. You choose from a list",
        "Amount of vancomycin in your blood",
        "7 to 14 days after you leave (by July 1, 2026)",
        "The skin at your IV line is red",
        "Call 911 right away if",
        "Quality Improvement Organization",
        "Important Message from Medicare",
        "You choose who gives your care.",
        "walk on your own",
    ):
        assert part in said, part


def test_what_it_may_cost_is_a_range_and_no_bill(bone):
    said = text_of(page(bone))
    low, high = bone.plan.patient_cost.low, bone.plan.patient_cost.high
    assert f"You may pay about ${low:,.0f} to ${high:,.0f}" in said
    assert "This is a guess, not a bill." in said


def test_medicines_are_listed_as_charted_and_instruct_nothing(charted):
    said = text_of(page(charted["s1"]))
    assert "Lisinopril 20 mg by mouth once a day Not the same as you took at home." in said
    assert "Apixaban 5 mg by mouth 2 times a day New for you." in said
    assert "In the hospital you also got: Vancomycin." in said
    assert "Do not start or stop a medicine because of this paper." in said
    assert "You take a blood thinner and hit your head" in said


def test_what_is_not_charted_is_said_to_be_unknown(bone):
    said = text_of(page(bone))
    for part in (
        "We have no list of your own medicines yet.",
        "What matters most to you. Please tell us.",
        "The day and time of your visits.",
        "Which language you like to read and speak.",
    ):
        assert part in said, part


def test_without_a_destination_nothing_is_promised(content):
    packs, payers = content
    facts = {"stay.is_in_house": True, "stay.is_inpatient": True}
    found = evaluate_facts([facts], None, as_of=MOMENT, packs=packs, payers=payers, zone=ZONE).reviews[0]
    said = text_of(page(found))
    assert found.plan.recommended is None
    for part in (
        "We do not know yet where you will go.",
        "When: no day is set yet.",
        "We do not know yet how you will travel.",
        "We do not know yet what you would pay.",
    ):
        assert part in said, part
    assert "$" not in said and "Quality Improvement" not in said


@pytest.mark.parametrize("tag", LANGUAGES)
def test_nothing_sensitive_is_printed(charted, tag):
    said = text_of(page(charted["s1"], tag)).lower()
    assert [part for part in SENSITIVE if part in said] == []


def test_needs_from_sensitive_rule_files_are_left_out(bone):
    one = bone.needs[0]
    files = {
        name: file.model_copy(update={"is_sensitive": name == one.rule})
        for name, file in bone.provenance.files.items()
    }
    hidden = bone.model_copy(update={"provenance": bone.provenance.model_copy(update={"files": files})})
    title = '<th scope="row">IV medicine</th>'
    assert one.need == "iv_therapy"
    assert title in page(bone) and title not in page(hidden)


@pytest.mark.parametrize("tag", [tag for tag in LANGUAGES if tag != "en"])
def test_no_english_is_left_in_a_translated_page(charted, bone, tag):
    """Every line that the English page has too stands there by its numbers, names or allowed words alone."""
    for one in (charted["s1"], bone):
        said, english = text_of(page(one, tag), english=False), text_of(page(one))
        if tag in SCRIPTS:
            left = {word for word in re.findall(r"[a-z]+", said.lower()) if len(word) > 1}
            assert left <= ALLOWED | {"s"}, left - ALLOWED
        else:
            common = {
                "the",
                "you",
                "your",
                "and",
                "of",
                "to",
                "we",
                "not",
                "know",
                "yet",
                "with",
                "ask",
                "care",
            }
            assert not common & set(re.findall(r"[a-zñç]+", said.lower()))
        assert said != english


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_page_says_its_language_and_that_nobody_checked_it(bone, tag):
    made = page(bone, tag)
    assert f'<html lang="{tag}">' in made
    warned = "A trained translator must check it" in made
    assert warned is (tag != "en")
    kept = words_in(tag).say("This paper has private facts about your health. Keep it safe.")
    assert kept in text_of(made)


def test_a_checked_translation_drops_the_warning(bone, monkeypatch):
    words = words_in("es")
    signed = language.Words(words.language, words.texts, words.plural, "A. Translator, 2026-11-22")
    assert "translator must" not in to_html("patient_plan", patient_plan(bone, signed))


@pytest.mark.parametrize(
    ("spoken", "pages"),
    [(None, ["en"]), ("en-US", ["en"]), ("es-MX", ["es", "en"]), ("ja", ["ja", "en"]), ("so", ["en"])],
)
def test_the_chart_names_the_language(bone, spoken, pages):
    made = patient_plans(speaking(bone, spoken))
    assert [one.suffix for one in made] == pages
    assert ("speak Somali" in " ".join(made[-1].banner)) is (spoken == "so")


def test_nobody_who_has_left_gets_a_plan_for_leaving(charted, bone):
    gone = bone.model_copy(update={"stay": bone.stay.model_copy(update={"discharged": bone.as_of})})
    assert patient_plans(gone) is None


def test_files_carry_the_language_and_never_the_name(charted, tmp_path):
    Printer(tmp_path, ("html", "pdf"), ("patient_plan",)).print(charted["s1"])
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"s1.patient_plan.{tag}.{kind}" for tag in ("en", "es") for kind in ("html", "pdf")]


def test_a_language_without_a_font_is_kept_as_html_with_a_note(bone, tmp_path, monkeypatch):
    language.has_font.cache_clear()
    monkeypatch.setattr(language, "_drawn", lambda one, sign: b"box" if one.tag == "ko" else sign.encode())
    try:
        Printer(tmp_path, ("pdf",), ("patient_plan",)).print(speaking(bone, "ko"))
    finally:
        language.has_font.cache_clear()
    names = {path.name.partition(".patient_plan.")[2] for path in tmp_path.iterdir()}
    assert names == {"ko.html", "ko.pdf.missing.txt", "en.pdf"}
    note = next(tmp_path.glob("*.missing.txt")).read_text("utf-8")
    assert "fonts-noto-cjk" in note and "Korean" in note


@pytest.mark.parametrize("tag", LANGUAGES)
def test_pdf_holds_the_letters_of_the_language(bone, tag):
    if not language.has_font(tag):
        pytest.skip(f"no font for {tag} here")
    made = to_pdf(page(bone, tag), title="Plan", made_at="2026-06-15T07:00:00-04:00")
    read = pypdf.PdfReader(io.BytesIO(made))
    assert 2 <= len(read.pages) <= 3
    said = "".join(one.extract_text() for one in read.pages)
    if tag in SCRIPTS:
        assert len(re.findall(f"[{SCRIPTS[tag]}]", said)) > 500
    else:
        assert words_in(tag).say("Your rights") in said


def test_a_person_is_named_as_people_speak(charted):
    assert "For Ana Rivera ·" in text_of(page(charted["s1"]))


@pytest.mark.parametrize(
    ("charted_dose", "english", "spanish"),
    [("50 ug", "50 mcg", "50 mcg"), ("1000 [iU]", "1000 units", "1000 unidades"), ("5 mg", "5 mg", "5 mg")],
)
def test_doses_carry_no_unit_codes(charted_dose, english, spanish):
    assert dose_shown(words_in("en"), charted_dose) == english
    assert dose_shown(words_in("es"), charted_dose) == spanish


def test_as_needed_is_said_in_words(bone):
    line = MedicationLine(
        name="Salbutamol",
        drug="albuterol",
        dose=None,
        route="inhaled",
        frequency="100mcg INH PRN",
        status="home",
    )
    assert how_often(words_in("en"), line) == "when needed: ask your nurse"
    assert how_often(words_in("en"), line.model_copy(update={"frequency": "at noon"})) == "at noon"


def test_rendered_pages_read_at_grade_eight_at_most(charted, bone):
    for one in (bone, *(found for found in charted.values() if patient_plans(found))):
        sections = patient_plan(one, words_in("en")).sections
        lines = [line for section in sections for line in (*section.text, *section.items, *section.after)]
        cells = [cell for section in sections if section.table for row in section.table.rows for cell in row]
        said = " ".join(line if line[-1:] in ".?:" else f"{line}." for line in [*lines, *filter(None, cells)])
        assert grade(said) <= 8.0
