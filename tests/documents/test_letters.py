"""The packet and the letters: each reader sees what that reader needs and nothing of the others."""

from __future__ import annotations

import html
import io
import re

import pandas as pd
import pypdf
import pytest
from bone_infection import AT_HOME, BY_CASE, BY_DAY, hmo, story
from reading_grade import grade
from small_feed import AS_OF, ZONE, tables

from discharge.documents import PAPERS, PaperContext
from discharge.documents.letters import letter_home_health, letter_patient, letter_payer, letter_pharmacy
from discharge.documents.negotiation_paper import negotiation_paper
from discharge.documents.paper import to_html, to_pdf
from discharge.feeds import chart_from_tables
from discharge.packs import load_packs
from discharge.payers import load_payers
from discharge.resources import data_folder
from discharge.review import review

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

LETTERS = {
    "letter_payer": letter_payer,
    "letter_pharmacy": letter_pharmacy,
    "letter_home_health": letter_home_health,
    "letter_patient": letter_patient,
}
SUITE = AT_HOME | {"infusion_suite": "met"}
PLANTED = ("Zebulon", "Quartz", "homeless", "injects", "MRN-PLANTED")
SOCIAL = [
    {"encounter_id": "s1", "item": item, "value": 1, "assessed_at": "2026-06-14T10:00:00-04:00"}
    for item in ("social.lives_alone", "social.is_homeless", "social.injects_drugs")
]


@pytest.fixture(scope="module")
def chart_review():
    """A review with a planted name and social findings; each test gives it a negotiation."""
    frames = {name: pd.DataFrame(rows).replace("", None) for name, rows in tables().items()}
    frames["assessments"] = pd.DataFrame(SOCIAL)
    frames["patients"].loc[0, "family"] = "Quartz"
    frames["patients"].loc[0, "given"] = "Zebulon"
    frames["patients"].loc[0, "mrn"] = "MRN-PLANTED"
    done = review(
        chart_from_tables(frames),
        as_of=pd.Timestamp(AS_OF, tz=ZONE).tz_convert("UTC"),
        packs=load_packs(data_folder("rules"), with_cases=False),
        payers=load_payers(data_folder("payer_profiles")),
        zone=ZONE,
    )
    return next(one for one in done.reviews if one.encounter_id == "s1")


def told(chart_review, payer, fit=AT_HOME, eligible=None, **facts):
    found, ranked = story(payer, fit, eligible, **facts)
    return chart_review.model_copy(update={"negotiation": found, "options": ranked})


@pytest.fixture(scope="module")
def by_case(chart_review):
    return told(chart_review, hmo(BY_CASE))


@pytest.fixture(scope="module")
def by_day(chart_review):
    return told(chart_review, hmo(BY_DAY), SUITE)


@pytest.fixture(scope="module")
def with_suite(chart_review):
    return told(chart_review, hmo(BY_CASE), SUITE, {"infusion_suite": "met"})


def page(name, one):
    made = LETTERS[name](one) if name in LETTERS else negotiation_paper(one)
    return to_html(name, made)


def said(name, one):
    text = re.sub(r"<style.*?</style>", "", page(name, one), flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def test_without_a_negotiation_there_is_no_paper_of_it(chart_review):
    none = chart_review.model_copy(update={"negotiation": None})
    assert negotiation_paper(none) is None
    assert [made(none) for made in LETTERS.values()] == [None] * 4
    ours = [paper for paper in PAPERS if paper.name in ("negotiation", *LETTERS)]
    assert len(ours) == 5
    assert all(paper.build(none, PaperContext()) is None for paper in ours)


@pytest.mark.parametrize("name", LETTERS)
def test_every_letter_is_a_draft_for_a_person_to_sign(by_case, name):
    text = said(name, by_case)
    assert text.count("DRAFT. Not sent.") == 1
    assert "name Signature Date and telephone" in text


@pytest.mark.parametrize("name", LETTERS)
def test_no_letter_shows_the_hospitals_cost_or_the_range(by_day, name):
    text = said(name, by_day)
    for part in ("825.00", "17,325", "16,500", "marginal", "1,806.66", "112.86", "worse off", "38,000"):
        assert part not in text, part


@pytest.mark.parametrize("name", [*LETTERS, "negotiation"])
def test_nothing_sensitive_is_in_any_of_them(by_day, name):
    text = said(name, by_day).lower()
    for part in (
        "homeless",
        "injects",
        "lives alone",
        "mrn-planted",
        "denial",
        "expected loss",
        "readmission",
    ):
        assert part not in text, part


def test_the_payer_sees_the_member_the_care_and_its_own_costs(by_day):
    text = said("letter_payer", by_day)
    clinical = ["J18.9", "ceftriaxone", "21 days", "PICC", "16 Jun 2026 to 6 Jul 2026"]
    member = ["Zebulon", "Quartz", "1EG4TE5MK73"]
    costs = ["$39,900.00", "$5,170.00", "pays $34,730.00 less with a single-case agreement"]
    for part in (
        *member,
        *clinical,
        *costs,
        "the provider may bill the member nothing more",
        "how to appeal",
    ):
        assert part in text, part
    assert "the patient pays the pharmacy" not in text.lower()


def test_a_place_still_to_be_approved_is_compared_in_the_payers_letter(by_day):
    text = said("letter_payer", by_day)  # 21 x 220 + 315 + 60 + 1,900 against 5,170.00
    assert "If the plan approves it instead: home with visits to an infusion suite $6,895.00" in text
    assert "it pays $1,725.00 less with a single-case agreement" in text


def test_where_the_payer_saves_nothing_the_letter_says_so(by_case):
    text = said("letter_payer", by_case)
    assert "costs the plan $3,270.00 more than it would pay without one. We claim no saving." in text
    assert "less with" not in text


@pytest.mark.parametrize("name", ["letter_pharmacy", "letter_home_health"])
def test_providers_are_asked_without_name_and_without_anybodys_money(by_day, name):
    text = said(name, by_day)
    assert "$" not in text
    for part in (
        *PLANTED,
        "1EG4TE5MK73",
        "Original Medicare",
        "J18.9",
        "Test payer",
        "1952",
        "infusion suite",
    ):
        assert part not in text, part
    for part in ("ceftriaxone", "21 days", "PICC", "Our reference is s1", "16 Jun 2026"):
        assert part in text, part
    assert "no promise to pay" in text


def test_the_agency_is_told_how_many_visits(by_day):
    assert "Nurse visits 3 visits" in said("letter_home_health", by_day)
    assert "Nurse visits" not in said("letter_pharmacy", by_day)


def test_the_patient_reads_choices_ceiling_and_that_nothing_is_signed_now(with_suite):
    text = said("letter_patient", with_suite)
    for part in (
        "For: Zebulon Quartz",
        "You do not need to sign anything now. You do not need to pay anything now.",
        "It pays for this care. nothing more",
        "You pay for all of this care. about $3,210 from $2,370 to $4,050",
        "You go home and visit a center that gives the drug. Your plan pays its part. about $1,260",
        "If nobody agrees on a price, you would go home and visit a center that gives the drug.",
        "If you pay up to $1,260 for the new care, it costs you no more than that.",
        "not known yet",
        "financial counselor",
    ):
        assert part in text, part
    for part in ("hospital pays", "1EG4TE5MK73", "J18.9", "4,935", "4,995", "235.00"):
        assert part not in text, part


def test_the_patients_ceiling_where_staying_costs_nothing_more(by_case):
    text = said("letter_patient", by_case)
    assert "That would cost you nothing more than you owe now." in text
    assert "You may still want to leave the hospital. That is for you to choose." in text


@pytest.mark.parametrize("story_name", ["by_case", "by_day", "with_suite"])
def test_the_patients_letter_reads_at_grade_eight_or_below(request, story_name):
    made = page("letter_patient", request.getfixturevalue(story_name))
    body = re.sub(r"<style.*?</style>|<title>.*?</title>|<td.*?</td>|<thead.*?</thead>", "", made, flags=re.S)
    body = re.sub(r"</(p|li|th|h1|h2)>", ".", body)
    words = re.sub(r"[.:]\s*\.", ".", re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body))))
    assert grade(words) <= 8


def test_who_has_no_payer_gets_no_letter_to_one(chart_review):
    alone = told(chart_review, hmo(BY_CASE, "self_pay"))
    assert letter_payer(alone) is None
    assert "We want to ask your plan" not in said("letter_patient", alone)
    assert letter_pharmacy(alone) is not None


def test_the_packet_shows_every_party_the_range_and_what_is_missing(by_case):
    text = said("negotiation", by_case)
    for part in (
        "Internal",
        "start with: the hospital pays for the service. Any rate from $112.86 to $782.85 a day",
        "$17,325.00",
        "Patient's ceiling $0.00",
        "Hospital days freed 20",
        "Payer's saving none",
        "the payer saves nothing",
        "none: the payer",
        "the payer's case manager",
        "The follow-up visit and the chance of coming back",
    ):
        assert part in text, part


def test_the_packet_of_a_stay_paid_by_the_day(by_day):
    text = said("negotiation", by_day)
    assert "Pay the hospital loses $38,000.00 ($34,200 to $38,000)" in text
    assert "If the bed stays empty" in text
    assert "If a place whose coverage is open is covered" in text
    assert "saves $34,730.00" in text


def test_the_packet_begins_with_what_to_do(by_case):
    text = said("negotiation", by_case)
    steps = text[text.index("Do now") : text.index("Internal")]
    assert (
        "Ask the hospital's finance office, the hospital's compliance office and the infusion pharmacy"
        in steps
    )
    assert "the hospital pays for the service, at a rate from $112.86 to $782.85 a day" in steps
    assert "for what is missing" in steps
    assert "each draft letter: to the infusion pharmacy" in steps


def test_the_packet_shows_no_code_names(by_case):
    text = said("negotiation", by_case)
    assert not re.findall(r"\b[a-z]+[._][a-z]+_[a-z_]+\b", text)


def test_who_has_no_plan_reads_nothing_of_one(with_suite):
    payer = with_suite.payer.model_copy(update={"matched": False, "payer_class": None, "title": None})
    text = said("letter_patient", with_suite.model_copy(update={"payer": payer}))
    assert "We found no health plan for you" in text
    assert "does not pay for this" not in text and "yearly limit" not in text
    assert "If your plan says no" not in text
    assert "Your plan pays its part. about $1,260" not in text


@pytest.mark.parametrize("name", ["letter_pharmacy", "letter_home_health"])
def test_letters_to_providers_say_by_when_and_what_is_enclosed(by_day, name):
    text = said(name, by_day)
    assert "Please answer by" in text
    assert "To be attached by the person who signs: the order" in text


@pytest.mark.parametrize(
    ("name", "most"), [("letter_payer", 1), ("letter_pharmacy", 1), ("letter_patient", 2)]
)
def test_letters_are_short_and_their_bytes_are_the_same_twice(by_day, name, most):
    text = page(name, by_day)
    made = [to_pdf(text, title="Letter", made_at="2026-06-15T07:00:00-04:00") for _ in range(2)]
    assert made[0] == made[1]
    assert len(pypdf.PdfReader(io.BytesIO(made[0])).pages) <= most
