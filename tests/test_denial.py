"""Denial risks: present and possible causes, likelihood and its basis, dollars, ranking, the sum."""

from decimal import Decimal as D

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import profile
from rulekit import packs_of
from views import conclude, view

from discharge.costs.stay import stay_money
from discharge.denial import DenialRisk, Likelihood, denial_risks, denial_table, summarize

CAUSE = """
title: {title}
stage: denial
citations:
  judgement: {{title: "Judgement", verified: false}}
denial_cause:
  id: {id}
  title: {title}
  carc: ["{carc}"]
  group_code: {group}
  likelihood:
    medicare_advantage: {{low: {low}, high: {high}, basis: "judgement", cite: judgement, placeholder: true}}
    any: {{low: 0.1, high: 0.3, basis: "judgement for others", cite: judgement, placeholder: true}}
  when_unknown: {{value: 0.25, basis: "judged", cite: judgement, placeholder: true}}
  exposure: {exposure}
  modifiable: true
  fix: "Cure {id}."
  owner: case_manager
  deadline: {{hours: 24, from: stay.admitted_at}}
criteria:
  cause: {{fact: social.lives_alone, is: true, text: "{title}"}}
"""


def cause(id_, exposure="stay_payment", low="0.5", high="0.9", carc="197"):
    group = "PR" if carc == "A6" else "CO"
    return CAUSE.format(
        group=group, id=id_, title=id_.replace("_", " "), exposure=exposure, low=low, high=high, carc=carc
    )


@pytest.fixture(scope="module")
def packs(tmp_path_factory):
    files = {
        "denials/no_auth": cause("no_auth"),
        "denials/late": cause("late", low="0.2", high="0.6"),
        "denials/missing_record": cause("missing_record", exposure="rework"),
        "denials/snf_no_three_day": cause(
            "snf_no_three_day", exposure="post_acute", low="0.9", high="1.0", carc="A6"
        ),
        "denials/delay": cause("delay", exposure="days_beyond"),
    }
    return packs_of(tmp_path_factory.mktemp("denials"), files)


PLAN = profile("medicare_advantage", contract={"inpatient": {"basis": "ms_drg", "multiplier": "1.00"}})
SEPSIS = {
    "diagnosis.principal": "A419",
    "diagnosis.stay_codes": ("A419", "J189", "R6520"),
    "patient.age_years": 70.0,
    "patient.sex": "female",
    "stay.inpatient_days": 5.0,
    "stay.admitted_at": "2026-06-10T13:00",
    "stay.is_in_house": 1.0,
}


def found(packs, statuses, facts=SEPSIS, payer=PLAN, *conclusions, **more):
    findings = {f"denials.{name}.cause": status for name, status in statuses.items()}
    others = dict.fromkeys(("no_auth", "late", "missing_record", "snf_no_three_day", "delay"), "not_met")
    findings = {f"denials.{name}.cause": status for name, status in others.items()} | findings
    one = view(facts, *conclusions, payer=payer, findings=findings, **more)
    return denial_risks(one, packs, stay_money(one))


def test_a_present_cause(packs):
    (risk,) = found(packs, {"no_auth": "met"})
    assert (risk.cause, risk.state, risk.carc, risk.group_code) == ("no_auth", "present", ["197"], "CO")
    assert (risk.likelihood.low, risk.likelihood.expected, risk.likelihood.high) == (0.5, 0.7, 0.9)
    assert risk.likelihood.is_placeholder
    assert not risk.likelihood.verified
    assert risk.exposure_usd == D("14135.10")
    assert risk.expected_loss_usd == D("9894.57")
    assert (risk.fix, risk.owner, risk.rule, risk.version) == (
        "Cure no_auth.",
        "case_manager",
        "denials.no_auth",
        "2026.1.0",
    )
    assert risk.due_at.isoformat() == "2026-06-11T13:00:00-04:00"


def test_the_rules_own_sentence_is_shown(packs):
    said = conclude("denial_risk", cause="no_auth", because="None is on file.")
    (risk,) = found(packs, {"no_auth": "met"}, SEPSIS, PLAN, said)
    assert risk.because == "None is on file."


def test_a_cause_that_cannot_be_ruled_out_is_possible(packs):
    (risk,) = found(packs, {"no_auth": "unknown"}, unknown_facts=lambda name: ("social.lives_alone",))
    assert risk.state == "possible"
    assert risk.likelihood.expected == pytest.approx(0.7 * 0.25)
    assert "can't be ruled out" in risk.likelihood.basis
    assert risk.missing == ["social.lives_alone"]


def test_a_cause_that_is_ruled_out_is_no_risk(packs):
    assert found(packs, {}) == []


@pytest.mark.parametrize(("applies", "count"), [("met", 1), ("unknown", 1), ("not_met", 0)])
def test_files_that_do_not_apply(packs, applies, count):
    risks = found(packs, {"no_auth": "met"}, applies=lambda name: applies)
    assert len(risks) == count
    if applies == "unknown":
        assert risks[0].state == "possible"


def test_payer_classes_that_are_not_named_use_any(packs):
    (risk,) = found(packs, {"no_auth": "met"}, SEPSIS, profile("commercial"))
    assert risk.likelihood.expected == 0.2
    assert risk.likelihood.basis == "judgement for others"


def test_unknown_dollars_stay_unknown_and_still_rank(packs):
    facts = SEPSIS | {"diagnosis.principal": None}
    risks = found(packs, {"no_auth": "met", "late": "met", "missing_record": "unknown"}, facts)
    assert [risk.cause for risk in risks] == ["no_auth", "late", "missing_record"]
    assert [risk.exposure_usd for risk in risks[:2]] == [None, None]
    assert [risk.expected_loss_usd for risk in risks[:2]] == [None, None]
    total = summarize(risks)
    assert total.unknown_exposures == 2
    assert total.exposure_usd == risks[2].exposure_usd


def test_nothing_known_is_not_zero(packs):
    total = summarize(found(packs, {"no_auth": "met"}, SEPSIS | {"diagnosis.principal": None}))
    assert (total.exposure_usd, total.expected_loss_usd) == (None, None)


def test_ranked_by_expected_loss(packs):
    risks = found(
        packs, dict.fromkeys(("no_auth", "late", "missing_record", "delay", "snf_no_three_day"), "met")
    )
    losses = [risk.expected_loss_usd for risk in risks]
    assert losses == sorted(losses, reverse=True)
    snf = next(risk for risk in risks if risk.cause == "snf_no_three_day")
    assert snf.exposure_usd > 5000
    assert "snf" in snf.exposure_basis


def test_a_barrier_says_which_destination_is_at_stake(packs):
    barrier = conclude("barrier", option="home_health", cause="snf_no_three_day")
    (risk,) = found(packs, {"snf_no_three_day": "met"}, SEPSIS, PLAN, barrier)
    assert "home_health" in risk.exposure_basis


def test_what_falls_to_the_patient_is_priced_as_not_covered(packs):
    barrier = conclude("barrier", option="snf", cause="snf_no_three_day")
    (risk,) = found(packs, {"snf_no_three_day": "met"}, SEPSIS, PLAN, barrier)
    assert risk.group_code == "PR"
    assert risk.exposure_usd == 20 * D("315.00")


def test_the_same_dollars_are_counted_once(packs):
    risks = found(packs, {"no_auth": "met", "late": "met"})
    total = summarize(risks)
    assert total.exposure_usd == D("14135.10")
    assert total.probability.expected == pytest.approx(1 - 0.3 * 0.6)
    assert total.expected_loss_usd == D("11590.78")
    assert (total.band, total.band_is_placeholder) == ("high", True)
    assert "independent" in total.assumption


@pytest.mark.parametrize(
    ("expected", "band"), [(0.5, "high"), (0.4999, "moderate"), (0.2, "moderate"), (0.1999, "low")]
)
def test_bands(packs, expected, band):
    (risk,) = found(packs, {"no_auth": "met"})
    likelihood = risk.likelihood.model_copy(update={"expected": expected})
    assert summarize([risk.model_copy(update={"likelihood": likelihood})]).band == band


def test_no_risk_has_no_band():
    total = summarize([])
    assert (total.band, total.probability.expected, total.exposure_usd) == ("none", 0, None)
    assert denial_table().assumption == total.assumption


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=6))
def test_the_sum_never_falls_below_its_largest_part(packs_shares):
    risks = []
    for place, (first, second) in enumerate(packs_shares):
        low, high = sorted((first, second))
        likelihood = Likelihood(
            low=low,
            expected=(low + high) / 2,
            high=high,
            kind="judgement",
            basis="",
            citation="",
            verified=False,
            is_placeholder=True,
        )
        risks.append(
            DenialRisk.model_construct(
                likelihood=likelihood, exposure_usd=D(100), exposure_kind="x", exposure_basis=str(place)
            )
        )
    total = summarize(risks)
    largest = max((risk.likelihood.expected for risk in risks), default=0)
    assert largest - 1e-3 <= total.probability.expected <= 1
    assert total.probability.low <= total.probability.expected <= total.probability.high
    if total.exposure_usd is not None:
        assert total.expected_loss_usd <= total.exposure_usd


def test_money_and_times_are_json(packs):
    (risk,) = found(packs, {"no_auth": "met"})
    data = risk.model_dump(mode="json")
    assert data["exposure_usd"] == "14135.10"
    assert pd.Timestamp(data["due_at"]).utcoffset() is not None
