"""Payer profiles: what a sound one holds, and every kind of fault in words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from textwrap import dedent

import pytest
from rulekit import packs_of

from discharge.casetests import run_payer_cases
from discharge.errors import PayerError
from discharge.payers import Payers, answer, check_rule_packs, load_payers, read_payers
from discharge.payers.coverage import profile_facts
from discharge.resources import data_folder, reference_file

SOUND = """
    id: example_plan
    title: Example plan (fictional)
    payer_class: medicare_advantage
    fictional: true
    matches: {coverage_payer_ids: [EX-PLAN], coverage_type_codes: ["HMO"]}
    rule_packs: ["cms_medicare >= 2026.1"]
    follows_two_midnight_benchmark: true
    citations:
      cfr: {title: 42 CFR 422.568, read_on: 2026-11-20, verified: true}
      own: {title: Invented for the example, verified: false}
    deadlines:
      prior_authorization_standard:
        {unit: d, values: {2006-01-01: {value: 14, cite: cfr}, 2026-01-01: {value: 7, cite: cfr}}}
    authorizations:
      - {service: inpatient_acute, when: on_admission, notify_within: 24 h, cite: own, placeholder: true}
      - {service: snf, when: before_service}
      - {service: home_health, when: never}
    benefits:
      home_infusion: {covered: true, prior_authorization: true,
                      member_cost: {copay_usd_per_day: "25.00", cite: own, placeholder: true}}
      snf: {covered: null, days_limit: 100}
    contract:
      inpatient: {basis: ms_drg, multiplier: "1.05", cite: own, placeholder: true}
      post_acute: {snf_per_diem_usd: "450.00", home_health_visit_usd: {value: "150.00", cite: cfr},
                   cite: own, placeholder: true}
    review: {cadence_days: {unit: d, values: {2020-01-01: {value: 3, cite: own}}}, submit_to: portal}
    denial_base_rate: {low: 0.05, high: 0.1, cite: own, basis: judged, placeholder: true}
    cost_sharing:
      hospital_day_1_5_usd: {unit: USD, values: {2026-01-01: {value: "390.50", cite: own, placeholder: true}}}
    planning:
      private.nurse_visit: {unit: USD, values: {2026-01-01: {value: "150.00", cite: own, placeholder: true}}}
    network: {snf: ["225201"], home_health: ["227068", OWN-7]}
    cases:
      - {name: own price, as_of: 2026-01-01, ask: planning.private.nurse_visit, expect: {value: "150.00", unit: USD}}
      - {name: network, as_of: 2026-01-01, ask: network.snf, expect: ["225201"]}
      - {name: day before, as_of: 2025-12-31, ask: deadlines.prior_authorization_standard, expect: {value: 14, unit: d}}
      - {name: first day, as_of: 2026-01-01, ask: deadlines.prior_authorization_standard, expect: {value: 7, unit: d}}
      - {name: copay, as_of: 2026-01-01, ask: benefits.home_infusion.member_cost.copay_usd_per_day,
         expect: {value: "25.00"}}
      - {name: covered, as_of: 2026-01-01, ask: benefits.home_infusion.covered, expect: true}
      - {name: snf, as_of: 2026-01-01, ask: authorizations.snf, expect: {when: before_service}}
      - {name: day, as_of: 2026-01-01, ask: cost_sharing.hospital_day_1_5_usd,
         expect: {value: "390.50", placeholder: true}}
"""


def folder_of(tmp_path: Path, *bodies: str) -> Path:
    folder = tmp_path / "payer_profiles"
    folder.mkdir(exist_ok=True)
    for body in bodies:
        text = dedent(body).strip() + "\n"
        (folder / f"{text.splitlines()[0].removeprefix('id: ')}.yaml").write_text(text, encoding="utf-8")
    return folder


def sound(tmp_path: Path) -> Payers:
    return load_payers(folder_of(tmp_path, SOUND))


def test_a_sound_profile_is_read_whole(tmp_path: Path) -> None:
    profile = sound(tmp_path).profiles["example_plan"]
    assert profile.contract.inpatient is not None
    assert profile.contract.inpatient.multiplier == Decimal("1.05")
    assert profile.contract.post_acute.get("snf_per_diem_usd") == Decimal("450.00")
    assert profile.contract.post_acute.placeholders == ["snf_per_diem_usd", "home_health_visit_usd"]
    assert profile.contract.post_acute.amounts["home_health_visit_usd"].cite == "cfr"
    assert profile.benefits["home_infusion"].member_cost.get("copay_usd_per_day") == Decimal("25.00")
    notice = profile.authorization("inpatient_acute")
    assert notice is not None
    assert notice.notify_within == 24
    asked = {
        service: profile.requires_authorization(service)
        for service in ("snf", "home_health", "home_infusion", "irf")
    }
    assert asked == {"snf": True, "home_health": False, "home_infusion": True, "irf": None}
    assert len(profile.digest) == 64


def test_a_member_cost_may_change_on_a_day(tmp_path: Path) -> None:
    values = '{2026-01-01: {value: "25.00", cite: own}, 2026-07-01: {value: null}}'
    changed = SOUND.replace(
        'copay_usd_per_day: "25.00"', f"copay_usd_per_day: {{unit: USD, values: {values}}}"
    )
    assert changed != SOUND
    group = (
        load_payers(folder_of(tmp_path, changed))
        .profiles["example_plan"]
        .benefits["home_infusion"]
        .member_cost
    )
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1)]
    assert [group.get("copay_usd_per_day", day) for day in days] == [None, Decimal(25), Decimal(25), None]


def test_the_shipped_network_names_providers_of_the_shipped_directory() -> None:
    shipped = reference_file("providers/shipped.csv").read_text(encoding="utf-8")
    listed = {tuple(line.split(",")[:2]) for line in shipped.splitlines()}
    network = load_payers(data_folder("payer_profiles")).profiles["example_ma_plan"].network
    assert network
    assert {(kind, ccn) for kind, several in network.items() for ccn in several} <= listed


def test_services_after_the_hospital_have_benefits_authorizations_and_rates(tmp_path: Path) -> None:
    more = SOUND.replace(
        "      home_infusion: {covered",
        "      hospice: {covered: true, prior_authorization: false, cite: cfr}\n"
        "      outpatient_therapy: {covered: true, visits_limit: 30, cite: cfr}\n"
        "      home_infusion: {covered",
    )
    assert more != SOUND
    profile = load_payers(folder_of(tmp_path, more)).profiles["example_plan"]
    assert profile.requires_authorization("hospice") is False
    assert profile.requires_authorization("ltch") is None
    assert profile.benefits["outpatient_therapy"].visits_limit == 30
    assert profile.service_denial_rates == {}
    facts = profile_facts(profile)
    assert facts["coverage.hospice_covered"] is True
    assert facts["coverage.requires_prior_authorization_hospice"] is False
    assert facts["coverage.requires_prior_authorization_ltch"] is None


def test_the_shipped_profiles_speak_of_every_service_after_the_hospital() -> None:
    services = {"ltch", "hospice", "behavioural", "outpatient_therapy", "dme", "transport", "infusion_suite"}
    services |= {"oral_drugs", "long_acting", "medical_respite", "behavioural_residential"}
    for profile in load_payers(data_folder("payer_profiles")).profiles.values():
        assert services <= set(profile.benefits), profile.id


def test_its_cases_hold_and_a_wrong_one_does_not(tmp_path: Path) -> None:
    assert [result.detail for result in run_payer_cases(sound(tmp_path)) if not result.ok] == []
    wrong = SOUND.replace("expect: {value: 7, unit: d}", "expect: {value: 14, unit: d}").replace(
        "expect: true", "expect: false"
    )
    failed = [result for result in run_payer_cases(load_payers(folder_of(tmp_path, wrong))) if not result.ok]
    assert [(one.name, one.detail) for one in failed] == [
        ("first day", "deadlines.prior_authorization_standard: value is 7, expected 14"),
        ("covered", "benefits.home_infusion.covered: value is True, expected False"),
    ]


def test_what_is_not_there_is_a_key_error(tmp_path: Path) -> None:
    profile = sound(tmp_path).profiles["example_plan"]
    for ask in ("deadlines.appeal", "benefits.irf.covered", "title.x", "authorizations.dme"):
        with pytest.raises(KeyError):
            answer(profile, ask, date(2026, 1, 1))
    with pytest.raises(KeyError, match="2005-12-31"):
        answer(profile, "deadlines.prior_authorization_standard", date(2005, 12, 31))


BAD = [
    ("coverage_payer_ids: [EX-PLAN]", "coverage_payer_ids: [87726]", 'quote it: "87726"'),
    ("payer_class: medicare_advantage", "payer_class: medicare_advantages", "'medicare_advantage'"),
    ("matches:", "match:", "did you mean 'matches'"),
    ('copay_usd_per_day: "25.00"', "copay_usd_per_day: 25.00", 'write "25.00"'),
    ('multiplier: "1.05"', 'multiplier: "1,05"', "no decimal number"),
    ('multiplier: "1.05", ', "", "needs multiplier"),
    ("notify_within: 24 h", "notify_within: 24", "no duration"),
    ("service: snf", "service: snff", "'snf'"),
    ("home_infusion: {covered", "home_infusions: {covered", "home_infusion"),
    ("true, prior_authorization", "true, prior_authorisation", "did you mean 'prior_authorization'"),
    ("value: 14, cite: cfr", "value: 14, cite: cfrr", "no citation 'cfrr'"),
    ("value: 14, cite: cfr", "value: 14", "without citation"),
    ("{unit: d, values: {2006", "{values: {2006", "a number without unit"),
    ("own: {title", "unused: {title: X, verified: false}\n      own: {title", "'unused' is never used"),
    ('rule_packs: ["cms_medicare >= 2026.1"]', 'rule_packs: ["cms medicare"]', "such as cms_medicare >= 2026.1"),
    ('value: "390.50"', "value: 390.50", "without quotes"),
    ("name: first day", "name: day before", "two cases are named 'day before'"),
    ("low: 0.05", "low: 5", "less than or equal to 1"),
    ("id: example_plan", "id: example_plan\n    digest: x", "unknown key 'digest'"),
    ("private.nurse_visit", "private.nurse_visits", "did you mean 'private.nurse_visit'?"),
    ("private.nurse_visit", "part_a.deductible", "'part_a.deductible' is set by law"),
    ("private.nurse_visit: {unit: USD", "private.nurse_visit: {unit: d", "the unit d is not that of"),
    ('value: "150.00", cite: own', 'value: "150.00"', "without citation"),
    ('value: "150.00", cite: own', "value: true, cite: own", "is a number, or null"),
    ('snf: ["225201"]', "snf: [225201]", 'quote it: "225201"'),
    ("network: {snf:", "network: {snff:", "'snf'"),
    ("copay_usd_per_day", "copay_usd_per_days", "did you mean 'copay_usd_per_day'?"),
    ("snf_per_diem_usd", "snf_perdiem_usd", "did you mean 'snf_per_diem_usd'?"),
    ("hospital_day_1_5_usd:", "hospital_day_1_6_usd:", "did you mean 'hospital_day_1_5_usd'?"),
    ("basis: ms_drg, multiplier", "basis: case_rate, multiplier", "case_rate_usd or case_rates_usd"),
    ("basis: ms_drg, multiplier", "basis: per_diem, multiplier", "per_diem_usd or per_diem_tiers"),
    ("basis: ms_drg", "basis: ms_drgs", "'ms_drg'"),
    ('multiplier: "1.05"', 'multiplier: "1.05", cost_to_charge: "25"', "cost divided by charges"),
    ('multiplier: "1.05"', 'multiplier: "1.05", case_rates_usd: {"47": "1.00"}', "no MS-DRG of three digits"),
    ('multiplier: "1.05"', 'multiplier: "1.05", per_diem_tiers: [{usd: "1.00", from_day: 3, through_day: 2}]',
     "day 2 comes before day 3"),
    ('multiplier: "1.05"', 'multiplier: "1.05", per_diem_tiers: [{usd: "1.00", through_day: 3}, '
     '{usd: "2.00", from_day: 3}]', "day 3 is in two tiers"),
    ('multiplier: "1.05"', 'multiplier: "1.05", per_diem_tiers: [{usd: 1.00}]', "without quotes"),
    ('multiplier: "1.05"', 'multiplier: "1.05", stop_loss: {charges_above_usd: "1.00", share_of_charges: "0.5"}',
     "the key 'of' is missing"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "part"), BAD)
def test_a_faulty_profile_is_refused_in_words(old: str, new: str, part: str, tmp_path: Path) -> None:
    assert old in SOUND
    _, faults = read_payers(folder_of(tmp_path, SOUND.replace(old, new, 1)))
    said = [str(fault) for fault in faults]
    assert any(part in sentence for sentence in said), said
    assert all(sentence.startswith("payer_profiles/example_plan.yaml") for sentence in said)


def test_all_faults_of_all_profiles_come_at_once(tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path,
        SOUND.replace("fictional: true", "fictional: yes"),
        SOUND.replace("id: example_plan", "id: other"),
    )
    (folder / "empty.yaml").write_text("", encoding="utf-8")
    (folder / "misnamed.yaml").write_text(dedent(SOUND).strip(), encoding="utf-8")
    (folder / "notes.txt").write_text("x", encoding="utf-8")
    with pytest.raises(PayerError) as caught:
        load_payers(folder)
    places = {fault.where.split(":")[0].removeprefix("payer_profiles/") for fault in caught.value.faults}
    assert places == {"example_plan.yaml", "empty.yaml", "misnamed.yaml", "notes.txt"}
    with pytest.raises(PayerError, match="no such folder"):
        load_payers(tmp_path / "nowhere")


def test_two_profiles_cannot_claim_one_payer(tmp_path: Path) -> None:
    other = (
        SOUND.replace("id: example_plan", "id: other")
        .replace("[EX-PLAN]", "[ex-plan]")
        .replace('["HMO"]', '["PPO"]')
    )
    _, faults = read_payers(folder_of(tmp_path, SOUND, other))
    assert ["'ex-plan' is matched by example_plan already" in str(fault) for fault in faults] == [True]


def test_matching_goes_by_payer_id_then_type_and_says_why_not(tmp_path: Path) -> None:
    payers = sound(tmp_path)
    profile = payers.profiles["example_plan"]
    assert payers.match("ex-plan").profile == profile
    assert payers.match("OTHER", "hmo").profile == profile
    assert payers.match(None, "HMO").reason == "matched by type of coverage HMO"
    assert payers.match("OTHER").reason == "payer OTHER has no profile"
    assert payers.match(None).reason == "the coverage names no payer that has a profile"
    assert payers.match(None, has_coverage=False).reason == "no coverage in the chart"
    assert payers.match("EX-PLAN-2").profile is None


def test_rule_packs_asked_for_must_be_there_and_new_enough(tmp_path: Path) -> None:
    payers = sound(tmp_path)
    packs = packs_of(tmp_path / "one", {"cms_medicare/a": "criteria: {c: {known: vitals.spo2}}"})
    assert check_rule_packs(payers, packs) == []
    other = packs_of(tmp_path / "two", {"cms_medicares/a": "criteria: {c: {known: vitals.spo2}}"})
    assert "no rule pack" in str(check_rule_packs(payers, other)[0])
    newer = load_payers(folder_of(tmp_path, SOUND.replace(">= 2026.1", ">= 2026.2")))
    assert "is 2026.1.0" in str(check_rule_packs(newer, packs)[0])
