"""The discharge plan for the chart: every part of the plan, what is unknown, three purses, and its pictures."""

from __future__ import annotations

import html
import io
import re

import pandas as pd
import pypdf
import pytest
from small_feed import AS_OF, ZONE, tables

from discharge.documents import payer_summary, plan_paper
from discharge.documents.paper import to_html, to_pdf
from discharge.documents.plan_costs import itemised, rate_words, spread
from discharge.feeds import chart_from_tables
from discharge.packs import load_packs
from discharge.payers import load_payers
from discharge.pictures import cost_picture
from discharge.pictures.words import dollars
from discharge.resources import data_folder
from discharge.review import evaluate_facts, review

MOMENT = pd.Timestamp(AS_OF, tz=ZONE).tz_convert("UTC")
BONE = {
    "stay.is_in_house": True,
    "stay.is_inpatient": True,
    "stay.admitted_at": "2026-06-04T10:00:00-04:00",
    "stay.days_in_hospital": 10.9,
    "diagnosis.principal": "M86661",
    "diagnosis.codes": ["M86661"],
    "patient.age_years": 47,
    "treatment.iv_antibiotics": ["cefazolin"],
    "treatment.iv_drugs": ["cefazolin"],
    "treatment.planned_iv_days_left": 21,
    "treatment.iv_doses_a_day": 3,
    "function.walks_independently": True,
    "social.has_caregiver": True,
    "social.caregiver_trained": True,
    "social.home_is_safe_for_infusion": True,
    "social.has_phone": True,
    "social.has_refrigeration": True,
    "social.injects_drugs": False,
    "documents.opat_plan": True,
}
HEADINGS = [
    "Where to, and why",
    "In the way",
    "To do",
    "Needs after this stay, and the services planned",
    "Medicines to go through (a list to reconcile, not an order)",
    "Watching treatment after the stay",
    "Visits",
    "Arrangements",
    "Questions to ask",
    "Not known yet",
    "Places compared",
    "For people to fill in",
    "Rules used",
    "Costs, for utilization review in this hospital; leave these pages out of copies that go outside",
    "Waiting, and the day it stops paying",
    "Rates used",
]


@pytest.fixture(scope="module")
def content():
    return load_packs(data_folder("rules"), with_cases=False), load_payers(data_folder("payer_profiles"))


@pytest.fixture(scope="module")
def bone(content):
    """A bone infection under a policy without home infusion, known by facts alone."""
    packs, payers = content
    found = evaluate_facts(
        [BONE], "example_commercial_hmo", as_of=MOMENT, packs=packs, payers=payers, zone=ZONE
    )
    return found.reviews[0]


@pytest.fixture(scope="module")
def charted(content):
    """The small feed, with medicines on the lists of home, hospital and discharge."""
    frames = {name: pd.DataFrame(rows).replace("", None) for name, rows in tables().items()}
    listed = [
        ("Lisinopril", "community", 10),
        ("Lisinopril", "discharge", 20),
        ("Ceftriaxone", "inpatient", 1000),
    ]
    frames["medications"] = pd.DataFrame(
        [
            {"encounter_id": "s1", "kind": "request", "name": name, "dose": dose, "dose_unit": "mg", "route": "oral",
             "times_per_day": 1, "category": category, "status": "active", "start": "2026-06-13T18:00:00-04:00"}
            for name, category, dose in listed
        ]
    )  # fmt: skip
    packs, payers = content
    done = review(chart_from_tables(frames), as_of=MOMENT, packs=packs, payers=payers, zone=ZONE)
    return {one.encounter_id: one for one in done.reviews}


def page(one):
    return to_html("discharge_plan", plan_paper(one))


def text_of(made):
    body = re.sub(r"<style.*?</style>|<svg.*?</svg>", " ", made, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def headings(made):
    return [html.unescape(one) for one in re.findall(r"<h2>(.*?)</h2>", made)]


def test_the_paper_has_every_part_of_the_plan_in_the_order_in_which_it_is_read(bone):
    found = [one for one in headings(page(bone)) if one in HEADINGS]
    assert found == [one for one in HEADINGS if one in found]
    assert set(HEADINGS) - set(found) <= {"Questions to ask"}


def test_the_plan_of_the_review_is_on_the_paper(bone):
    plan, said = bone.plan, text_of(page(bone))
    assert plan.recommended_title in said and plan.reason in said
    for need in bone.needs:
        assert need.title in said
    for part in (*plan.monitoring, *plan.appointments, *plan.education, *plan.contacts):
        assert part.title in said
    for line in (*plan.contingency, plan.transport.title, plan.patient_goals.ask):
        assert line in said
    chart, _, internal = said.partition("leave these pages out of copies that go outside")
    assert bone.negotiation.sentence in internal and bone.negotiation.sentence not in chart
    assert plan.readmission.basis in said


def test_a_barrier_has_a_name_an_owner_and_a_remedy(bone):
    rows = plan_paper(bone).barriers.rows
    first = [cell.text for cell in rows[0]]
    assert first[0] == "Service not in the plan's benefits"
    assert (
        first[1].startswith("the chosen one")
        and "single-case agreement" in first[2]
        and first[3] == "payer, day not set"
    )
    assert not any("_" in cell.text for row in rows for cell in row)


def test_what_is_not_charted_is_said_so(charted):
    said = text_of(page(charted["s2"]))
    assert "nothing yet" in said and "No need is shown by what is charted so far" in said
    assert (
        "Patient's goals ? not charted" in said
        and "No home or discharge list of medicines is charted" in said
    )
    services = [row[2] for row in plan_paper(charted["s1"]).needs.rows]
    assert all(cell.text or "not charted" in cell.note for cell in services)


def test_medicines_are_sorted_by_what_changes_and_hospital_drugs_stand_apart(charted):
    found = plan_paper(charted["s1"]).medicines
    assert [[cell.text for cell in row] for row in found.rows] == [
        ["Lisinopril", "20 mg, oral, once a day", "changed"]
    ]
    assert found.rows[0][2].note.startswith("before: 10 mg")
    assert found.more == "Given in hospital only: Ceftriaxone."


def test_the_purses_are_the_reviews_and_lines_add_up(bone):
    paper = plan_paper(bone)
    places = itemised(bone)
    assert places[0].id == bone.plan.recommended and "stay" in [one.id for one in places]
    sums = [row for row in paper.money.items.rows if row[0].strong]
    for option, row in zip(places, sums, strict=True):
        for purse, cell in zip(
            (option.cost.payer, option.cost.patient, option.cost.hospital), row[1:], strict=True
        ):
            assert (cell.text, cell.note) == (dollars(purse.expected), spread(purse.low, purse.high))
    first = places[0]
    shown = sum(len([cell for cell in row[1:] if cell.text]) for row in _lines_of(paper.money.items.rows)[0])
    assert shown == len([one for one in first.cost.components if one.low or one.expected or one.high])


def _lines_of(rows):
    groups = []
    for row in rows:
        if row[0].strong:
            groups.append([])
        else:
            groups[-1].append(row)
    return groups


def test_each_rate_is_shown_with_value_day_source_and_whether_it_was_checked(bone):
    lines = plan_paper(bone).money.rates
    said = " ".join(f"{line.label} ({line.note}): {line.value}" for line in lines)
    names = {name for option in itemised(bone) for name in option.cost.rates}
    assert names and names <= set(bone.provenance.rates)
    for name in names:
        rate = bone.provenance.rates[name]
        assert rate_words(rate) in said and (rate.source or "source not known") in said
        assert rate.since is None or rate.since.isoformat() in said
    assert {line.note for line in lines} <= {"checked", "not yet checked", "estimate"}


def test_the_pictures_are_in_page_and_pdf_and_nothing_is_fetched(bone):
    made = page(bone)
    assert cost_picture(bone).svg in made
    assert made.count('role="img"') == made.count("<svg ") == 3
    assert not re.search(r"<(script|link|img)|https?://(?!www.w3.org/2000/svg)", made)
    data = to_pdf(made, title="Plan", made_at="2026-06-15T07:00:00-04:00")
    assert data == to_pdf(page(bone), title="Plan", made_at="2026-06-15T07:00:00-04:00")
    printed = " ".join(one.extract_text() for one in pypdf.PdfReader(io.BytesIO(data)).pages)
    assert "Hospital bears" in printed and "further days in hospital" in printed


def test_no_heading_stands_alone_at_the_end_of_a_page(bone, charted):
    for one in (bone, *charted.values()):
        made = page(one)
        data = to_pdf(made, title="Plan", made_at="2026-06-15T07:00:00-04:00")
        for sheet in pypdf.PdfReader(io.BytesIO(data)).pages:
            lines = [line.strip() for line in sheet.extract_text().splitlines() if line.strip()]
            body = [line for line in lines if "draft, not sent" not in line and not line.startswith("page ")]
            assert body[-1] not in headings(made)


def test_denial_risks_and_safety_stay_off_the_paper(bone):
    said = text_of(page(bone)).lower()
    for word in ("denial", "expected loss", "abuse", "injects"):
        assert word not in said, word


def test_long_lists_are_cut_with_a_count(bone):
    many = bone.model_copy(
        update={
            "gaps": [
                bone.gaps[0].model_copy(update={"question": f"Question {n}?", "of": "nurse"})
                for n in range(9)
            ]
        }
    )
    (asked,) = plan_paper(many).questions
    assert asked.who == "nurse" and asked.questions[-1] == "and 6 more in the review"


def test_the_payer_sees_why_this_level_and_what_else_was_weighed_and_no_price(bone):
    paper = payer_summary(bone)
    said = text_of(to_html("payer_summary", paper))
    assert paper.plan[1].value == bone.plan.recommended_title
    assert paper.plan[1].note.startswith("meets: intravenous treatment")
    assert "Other levels of care weighed" in said and paper.considered.rows
    assert "cefazolin" in paper.services.rows[0][1].text
    assert "$" not in said
    for social in ("has a caregiver", "caregiver trained", "refrigera", "injects", "home is safe"):
        assert social not in said.lower()


def test_of_the_early_warning_score_only_what_counts_is_shown_to_the_payer(charted):
    paper = payer_summary(charted["s1"])
    parts = [row for row in paper.severity if row.status != "✓ met"]
    names = [row.what for row in parts]
    assert len(names) == len(set(names))
    assert not [one for one in parts if "at most 8" in one.test or "at least 131" in one.test]
