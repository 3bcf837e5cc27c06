"""The hospital's own denials go before a payer's rates, and these before the rule file's; each says which it is."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.denial_history import DenialHistory, HistoryError, Share, read_history
from discharge.packs import load_packs
from discharge.payers import load_payers
from discharge.resources import data_folder
from discharge.review import evaluate_facts

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

PACKS = load_packs(data_folder("rules"), with_cases=False)
PAYERS = load_payers(data_folder("payer_profiles"))
HEAD = "cause,payer,stays,denied\n"
STAY = {"stay.is_inpatient": True, "claim.coding_query_open": True}
TAXONOMY = {  # coverage.md 5.7
    "no_auth", "late_notification", "auth_expired", "auth_days_exceeded", "auth_mismatch",
    "status_expectation_undocumented", "expected_under_two_midnights", "delay_convenience_day", "social_custodial",
    "continued_stay_no_intensity", "stable_not_discharged", "snf_no_three_day", "snf_thirty_day_gap",
    "irf_criterion", "hh_not_homebound", "hh_face_to_face", "drug_not_in_benefit", "out_of_network",
    "missing_record", "coding_mismatch", "readmission_30d", "timely_filing", "experimental",
}  # fmt: skip


def risk(history=None, payer="original_medicare", payers=PAYERS):
    found = evaluate_facts(
        [STAY],
        payer,
        as_of=pd.Timestamp("2026-02-10T12:00Z"),
        packs=PACKS,
        payers=payers,
        zone="America/New_York",
        **({"history": history} if history else {}),
    ).reviews[0]
    return next(one for one in found.denial.risks if one.cause == "coding_mismatch"), found


def read(tmp_path, text):
    path = tmp_path / "past.csv"
    path.write_text(text)
    return read_history(path, PACKS, tuple(PAYERS.profiles))


def test_every_cause_of_the_taxonomy_is_there_with_its_codes():
    known = {name.lower(): file.denial_cause for name, file in PACKS.denial_causes.items()}
    assert {name.lower() for name in TAXONOMY} <= set(known)
    for name, cause in known.items():
        assert cause.carc and cause.fix and cause.owner and cause.likelihood, name
        assert "A3" not in cause.review_actions or name != "no_auth"


def test_without_history_the_rule_file_speaks_and_says_that_it_judges():
    found, review = risk()
    assert (found.likelihood.kind, found.likelihood.is_placeholder) == ("judgement", True)
    assert (found.likelihood.low, found.likelihood.high) == (0.1, 0.4)
    assert found.rarc == ["N56"] and review.provenance.denial_history_digest is None


def test_history_of_this_payer_goes_first(tmp_path):
    history = read(tmp_path, HEAD + "coding_mismatch,any,100,50\ncoding_mismatch,medicare_ffs,40,6\n")
    found, review = risk(history)
    assert (found.likelihood.kind, found.likelihood.expected) == ("hospital_history", 0.15)
    assert found.likelihood.low == pytest.approx(0.0706, abs=1e-3)
    assert found.likelihood.high == pytest.approx(0.2907, abs=1e-3)
    assert "6 of 40 stays" in found.likelihood.basis
    assert review.provenance.denial_history_digest == history.digest


def test_history_of_the_profile_goes_before_that_of_its_class_and_any_is_last(tmp_path):
    rows = (
        "coding_mismatch,medicare_ffs,40,6\ncoding_mismatch,original_medicare,10,9\ncoding_mismatch,any,5,1\n"
    )
    history = read(tmp_path, HEAD + rows)
    assert risk(history)[0].likelihood.expected == 0.9
    assert risk(history, "example_ma_plan")[0].likelihood.expected == 0.2


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("coding_mismach,any,10,1\n", "line 2: cause"),
        ("coding_mismatch,nobody,10,1\n", "line 2: payer"),
        ("coding_mismatch,any,10,11\n", "no more denied than stays"),
        ("coding_mismatch,any,0,0\n", "at least one stay"),
        ("coding_mismatch,any,ten,1\n", "whole numbers"),
        ("coding_mismatch,any,10\n", "3 cells"),
        ("coding_mismatch,any,10,1\ncoding_mismatch,any,10,2\n", "twice"),
    ],
)
def test_a_malformed_line_is_named(tmp_path, rows, said):
    with pytest.raises(HistoryError, match=said):
        read(tmp_path, HEAD + rows)


def test_all_faults_come_at_once_and_other_columns_are_refused(tmp_path):
    with pytest.raises(HistoryError) as caught:
        read(tmp_path, HEAD + "x,any,1,1\ny,any,1,1\n")
    assert len(caught.value.faults) == 2
    with pytest.raises(HistoryError, match="other columns"):
        read(tmp_path, "a,b\n")


@given(st.integers(1, 10_000), st.data())
def test_the_interval_holds_the_share_and_narrows_with_more_stays(stays, data):
    denied = data.draw(st.integers(0, stays))
    low, high = Share(stays, denied).limits
    assert 0 <= low <= denied / stays <= high <= 1
    wide = Share(stays * 10, denied * 10).limits
    assert wide[1] - wide[0] < high - low


def test_nothing_known_is_nothing_found():
    assert DenialHistory().find("coding_mismatch", None, "medicare_ffs") is None
