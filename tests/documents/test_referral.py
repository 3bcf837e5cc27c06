"""The referral packet: enough to answer, and nothing that a provider has no need to know."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import get_args

import pandas as pd
import pypdf
import pytest
from paper_kit import NOW, fact, finding, need, option, review, seen, text_of
from small_feed import AS_OF, ZONE, tables

from discharge.documents.choice_list import choice_list
from discharge.documents.paper import PaperContext, to_html, to_pdf
from discharge.documents.referral import consent_wanted, referral_packets, referral_table
from discharge.facts import catalogue
from discharge.feeds import chart_from_tables
from discharge.needs import need_table
from discharge.packs import load_packs
from discharge.packs.conclusions import NeedId
from discharge.payers import load_payers
from discharge.providers import KINDS, Place, load_directory
from discharge.resources import data_folder
from discharge.review import review as run_review

SENSITIVE_GROUPS = ("social.", "safety.", "denials.", "coverage.", "billing.")
SENSITIVE_NEEDS = {"housing", "food", "transport", "caregiver_support", "custodial_care", "behavioural"}

SOCIAL = [
    fact("social.is_homeless", "Homeless", True),
    fact("social.injects_drugs", "Injects drugs", True),
    fact("social.alcohol_use_heavy", "Heavy alcohol use", True),
    fact("social.lives_alone", "Lives alone", True),
    fact("safety.hits_total", "HITS total", 14.0),
    fact("safety.afraid_of_caregiver", "Patient seems afraid of someone", True),
    fact("coverage.authorization_denied", "Denied once", True),
    fact("condition.psychiatric_danger_now", "Danger to self or others now", True),
    fact("diagnosis.codes", "Diagnoses", ["B20", "F11.20", "Z59.0"]),
]


def packets(stay):
    return referral_packets(stay, PaperContext())


def said(stay, place=0):
    made = packets(stay)
    assert made is not None
    return text_of(to_html("referral_packet", made[place]))


def test_the_table_names_kinds_needs_and_facts_that_there_are():
    table = referral_table()
    assert set(table.kinds) == set(KINDS)
    for row in table.kinds.values():
        assert set(row.needs) <= set(get_args(NeedId)) & set(need_table().needs)
        assert set(row.sections) <= set(table.sections)
    for section in table.sections.values():
        assert all(name in catalogue() for name in section.facts)
        assert set(section.ask) <= set(section.facts) and set(section.ask_for) <= set(need_table().needs)
    assert {name for row in table.kinds.values() for name in row.sections} == set(table.sections)
    assert all(row.cite in table.citations for row in table.consent)


def test_no_sensitive_fact_or_need_is_named_for_anybody():
    table = referral_table()
    named = {name for section in table.sections.values() for name in section.facts}
    assert not [name for name in named if name.startswith(SENSITIVE_GROUPS)]
    assert not {name for row in table.kinds.values() for name in row.needs} & SENSITIVE_NEEDS


@pytest.mark.parametrize("kind", ["snf", "irf", "ltch", "home_health", "home_infusion", "infusion_suite",
                                  "hospice_home", "hospice_inpatient", "behavioural_partial",
                                  "behavioural_residential", "medical_respite"])  # fmt: skip
def test_planted_secrets_get_into_no_packet(kind):
    meets = tuple(get_args(NeedId))
    evidence = tuple(seen(one.name, "1") for one in SOCIAL)
    stay = review(
        options=[option(kind, meets=meets)],
        needs=[
            need("housing", "A place to live", evidence),
            need("food", "Food", evidence),
            need("behavioural", "Behavioural health care", evidence),
            need("wound_care", "Wound care", evidence),
            need("iv_therapy", "Intravenous treatment", evidence),
        ],
        findings=[finding(*SOCIAL)],
        denial=SimpleNamespace(risks=["DENIAL-RISK"]),
        money="MARGINAL-COST $9,999",
        safety=["SAFETY"],
        suggested_codes=["Z59.02"],
        conditions=[SimpleNamespace(title="Opioid use disorder")],
        tasks=["INTERNAL-TASK"],
    )
    text = said(stay).lower()
    for secret in (
        "homeless", "injects", "alcohol", "lives alone", "hits", "afraid", "denied", "denial", "danger", "b20",
        "f11", "z59", "place to live", "food", "behavioural health care", "$", "marginal", "opioid", "internal",
        "mrn-secret", "row text", "chart.csv",
    ):  # fmt: skip
        assert secret not in text, secret


def test_it_says_what_a_facility_needs():
    stay = review(
        options=[option("irf", meets=("intensive_rehab", "slp"))],
        needs=[need("intensive_rehab", "Intensive rehabilitation"), need("slp", "Speech and swallowing therapy")],
        findings=[
            finding(
                fact("function.tolerates_3h_therapy", "Tolerates 3 h of therapy a day", True),
                fact("function.barthel_last", "Barthel index, latest", 45.0, "{score}"),
                fact("orders.isolation", "Isolation", False),
            )
        ],
        plan=SimpleNamespace(
            services=[SimpleNamespace(need="intensive_rehab", start=NOW, frequency="15 hours a week", duration=None,
                                      detail=None)]
        ),
    )  # fmt: skip
    text = said(stay)
    for part in (
        "Referral: inpatient rehabilitation facility", "Rossi, Anna", "3 Feb 1948 (78 years)", "Example plan", "M-1",
        "Osteomyelitis of the femur (M86.651)", "Intensive rehabilitation", "15 hours a week", "15 Jun 2026",
        "Tolerates 3 h of therapy a day yes", "Barthel index, latest 45", "Isolation no", "Swallows safely",
        "Nothing is sent by this program", "Allergies",
    ):  # fmt: skip
        assert part in text, part
    assert text.index("Not in this review") < text.index("Swallows safely")


def test_each_kind_of_provider_is_told_its_own_part():
    facts = finding(
        fact("function.barthel_last", "Barthel index, latest", 45.0, "{score}"),
        fact("labs.creatinine_last_stay", "Creatinine, latest", 1.1, "mg/dL"),
        fact("treatment.has_picc", "PICC", True),
    )
    stay = review(
        options=[
            option("home_infusion", 1, meets=("iv_therapy",)),
            option("snf", 2, meets=("iv_therapy", "pt")),
        ],
        needs=[need("iv_therapy", "Intravenous treatment"), need("pt", "Physical therapy")],
        findings=[facts],
    )
    made = packets(stay)
    assert [one.suffix for one in made] == ["home_infusion", "home_health", "snf"]
    pharmacy, facility = said(stay, 0), said(stay, 2)
    assert "Creatinine" in pharmacy and "Barthel" not in pharmacy and "Physical therapy" not in pharmacy
    assert "Barthel" in facility and "Creatinine" not in facility and "Physical therapy" in facility


def test_no_packet_for_places_that_do_not_fit_or_take_nobody():
    options = [option("home"), option("stay"), option("snf", fit="unknown"), option("irf", fit="not_met")]
    assert packets(review(options=options)) is None


def test_at_most_three_packets_and_the_best_places_first():
    names = ("ltch", "irf", "snf", "home_health")
    made = packets(review(options=[option(name, rank) for rank, name in enumerate(names, 1)]))
    assert [one.suffix for one in made] == ["ltch", "irf", "snf"]


@pytest.mark.parametrize(
    ("diagnosis", "held"),
    [
        ("Opioid dependence (F11.20)", "substance use"), ("F10.231", "substance use"), ("B20", "HIV"),
        ("Depression (F33.2)", "mental health"), ("Adult abuse (T74.11XA)", "violence or self-harm"),
        ("Dementia (F03.90)", None), ("Nicotine dependence (F17.210)", None), ("M86.651", None),
        ("Pneumonia without code", None), (None, None),
    ],
)  # fmt: skip
def test_a_diagnosis_that_waits_for_consent_is_held_back(diagnosis, held):
    stay = review(diagnosis=diagnosis)
    assert consent_wanted(stay) == held
    text = said(stay)
    assert ("Hold:" in text) == (held is not None)
    if held is not None:
        assert diagnosis not in text and "left out until the patient consents" in text


def test_a_language_is_named_in_words_and_flags_of_evidence_as_answers():
    spoken = need(
        "language", "Interpreter", (seen("patient.language", "ht"), seen("patient.needs_interpreter", "1"))
    )
    text = said(review(needs=[spoken]))
    assert "Haitian Creole" in text and "Needs an interpreter yes" in text


def test_a_packet_with_every_need_is_at_most_two_letter_pages_and_its_bytes_are_the_same_twice():
    every = [name for section in referral_table().sections.values() for name in section.facts]
    known = [fact(name, catalogue()[name].title, 1.0) for name in every[::2] if name != "patient.language"]
    stay = review(
        options=[option("snf", meets=tuple(get_args(NeedId)))],
        needs=[need(name, row.title) for name, row in need_table().needs.items()],
        findings=[finding(*known)],
    )
    html = to_html("referral_packet", packets(stay)[0])
    made = [to_pdf(html, title="Referral", made_at="2026-06-15T07:00:00-04:00") for _ in range(2)]
    assert made[0] == made[1]
    assert len(pypdf.PdfReader(io.BytesIO(made[0])).pages) <= 2


def test_a_home_infusion_with_nurses_is_asked_of_pharmacy_and_agency_with_its_blood_tests():
    monitoring = [
        SimpleNamespace(test="ck", title="Creatine kinase", frequency="once a week"),
        SimpleNamespace(test="lithium", title="Lithium level", frequency="once a week"),
    ]
    stay = review(
        options=[option("home_infusion", meets=("iv_therapy", "monitoring_labs"))],
        needs=[need("iv_therapy", "Intravenous treatment"), need("monitoring_labs", "Laboratory tests")],
        plan=SimpleNamespace(services=[], monitoring=monitoring),
    )
    assert [one.suffix for one in packets(stay)] == ["home_infusion", "home_health"]
    assert "Creatine kinase once a week" in said(stay) and "Lithium" not in said(stay)
    assert "Dose planned by vein after discharge" in packets(stay)[0].to_add
    assert (
        packets(review(options=[option("snf")]))[0].to_add.count("Dose planned by vein after discharge") == 0
    )


def test_a_whole_run_with_planted_secrets_puts_none_on_either_paper():
    frames = {name: pd.DataFrame(rows).replace("", None) for name, rows in tables().items()}
    planted = [
        "social.lives_alone", "social.is_homeless", "social.injects_drugs", "social.food_insecure",
        "safety.afraid_of_caregiver", "safety.patient_says_harmed", "condition.psychiatric_danger_now",
    ]  # fmt: skip
    frames["assessments"] = pd.DataFrame(
        [{"encounter_id": "s1", "item": item, "value": 1, "assessed_at": "2026-06-14T10:00:00-04:00"}
         for item in planted]
    )  # fmt: skip
    more = [("Z59.02", "Unsheltered homelessness"), ("F11.20", "Opioid dependence"), ("B20", "HIV disease"),
            ("T74.11XA", "Adult physical abuse")]  # fmt: skip
    extra = pd.DataFrame(
        [{"encounter_id": "s1", "code": code, "system": "icd-10-cm", "display": words, "role": "comorbidity",
          "recorded_at": "2026-06-13T16:00:00-04:00"} for code, words in more]
    )  # fmt: skip
    frames["diagnoses"] = pd.concat([frames["diagnoses"], extra], ignore_index=True)
    done = run_review(
        chart_from_tables(frames),
        as_of=pd.Timestamp(AS_OF, tz=ZONE).tz_convert("UTC"),
        packs=load_packs(data_folder("rules"), with_cases=False),
        payers=load_payers(data_folder("payer_profiles")),
        zone=ZONE,
        directory=load_directory(),
    )
    one = next(found for found in done.reviews if found.encounter_id == "s1")
    assert one.safety, "the run did see what the papers must not say"
    fits = [
        each.model_copy(update={"fit": each.fit.model_copy(update={"status": "met"})}) for each in one.options
    ]
    one = one.model_copy(update={"options": fits})
    made = referral_packets(one, PaperContext())
    listed = choice_list(one, PaperContext(load_directory(), Place("02155", "MA")))
    assert made and listed is not None
    pages = [to_html("referral_packet", page) for page in made] + [to_html("choice_list", listed)]
    for page in pages:
        text = text_of(page).lower()
        assert "rossi" in text
        for secret in (
            "homeless", "alone", "inject", "food", "afraid", "harm", "danger", "opioid", "hiv", "abuse", "z59",
            "f11", "b20", "t74", "denial", "expected loss", "$", "mrn-p1",
        ):  # fmt: skip
            assert secret not in text, secret
