"""Reviews through their public doors: unknown stays unknown, time is an argument, reasons reach the chart."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_feed import AS_OF, ZONE, tables

from discharge.errors import FactError, UsageError
from discharge.explain import explain, summarize
from discharge.feeds import chart_from_tables
from discharge.packs import load_packs
from discharge.payers import load_payers
from discharge.resources import data_folder
from discharge.review import evaluate_facts, review
from discharge.review.model import Review
from discharge.worklist import URGENCIES, next_steps, ranked, table_of

NOW = pd.Timestamp(AS_OF, tz=ZONE).tz_convert("UTC")
PACKS = load_packs(data_folder("rules"), with_cases=False)
PAYERS = load_payers(data_folder("payer_profiles"))
LEVELS = (
    "admission",
    "continued_stay",
    "discharge_ready",
    "two_midnight_benchmark",
    "two_midnight_presumption",
)


def chart():
    return chart_from_tables({name: pd.DataFrame(rows).replace("", None) for name, rows in tables().items()})


def reviewed(as_of=NOW, engine="durable"):
    done = review(chart(), as_of=as_of, packs=PACKS, payers=PAYERS, zone=ZONE, engine=engine)
    return {one.encounter_id: one for one in done.reviews}


def evaluated(facts, payer=None):
    return evaluate_facts([facts], payer, as_of=NOW, packs=PACKS, payers=PAYERS, zone=ZONE).reviews[0]


@pytest.fixture(scope="module")
def reviews():
    return _reviews()


def test_time_selects_what_is_known():
    before = reviewed(NOW - timedelta(days=1))
    assert sorted(before) == ["s1", "s3"]
    assert before["s1"].review_type == "admission"
    first_hour = reviewed(pd.Timestamp("2026-06-13T18:20", tz="UTC"))["s1"]
    assert first_hour.level_of_care.admission == "unknown"
    assert not any(
        fact.row_id for finding in first_hour.findings for fact in finding.facts if "vitals" in fact.name
    )


def test_an_empty_chart_decides_nothing_and_says_what_would():
    empty = evaluated({})
    assert {getattr(empty.level_of_care, name) for name in LEVELS} == {"unknown"}
    assert set(empty.level_of_care.missing) == set(LEVELS)
    assert empty.stay.status == "unknown" and empty.stay.days is None and empty.patient.name is None
    assert empty.request.days == "Not stated"


def test_every_finding_used_can_be_walked_down_to_the_chart(reviews):
    one = reviews["s1"]
    known = {finding.criterion: finding for finding in one.findings}
    seen, waiting = set(), ["level_of_care.summary.admission"]
    while waiting:
        here = waiting.pop()
        if here not in seen:
            seen.add(here)
            waiting += known[here].parts
    rows = {
        fact.row_id for name in seen for fact in known[name].facts if fact.name == "vitals.spo2_admit_min"
    }
    assert rows and None not in rows
    assert {finding.rule_file for finding in one.findings} <= set(one.provenance.files)
    assert {key for finding in one.findings for key in finding.citations} <= set(one.provenance.citations)


def test_every_conclusion_names_its_rule_and_what_it_rests_on(reviews):
    for one in reviews.values():
        findings = {finding.criterion: finding.status for finding in one.findings}
        for conclusion in one.conclusions:
            assert conclusion.rule_file in one.provenance.files
            for name, status in conclusion.because:
                assert findings.get(name, status) == status


def test_a_review_survives_its_json(reviews):
    for one in reviews.values():
        line = one.model_dump_json()
        assert Review.model_validate_json(line) == one
        assert Review.model_validate_json(line).model_dump_json() == line


def test_both_engines_conclude_the_same(reviews):
    plain = reviewed(engine="plain")
    assert {key: one.model_dump_json() for key, one in plain.items()} == {
        key: one.model_dump_json() for key, one in reviews.items()
    }


def test_a_payer_fills_in_but_never_over_what_is_given():
    told = evaluated({"coverage.payer_class": "commercial"}, "original_medicare")
    assert told.payer.profile == "original_medicare"
    assert evaluated({}, "original_medicare").payer.payer_class == "medicare_ffs"
    with pytest.raises(UsageError, match="original_medicare"):
        evaluated({}, "nobody")
    with pytest.raises(FactError):
        evaluated({"vitals.nonsense": 1})


def test_explanations_say_the_chain_and_the_summary_does_not(reviews):
    whole, short = explain(reviews["s1"]), summarize(reviews["s1"])
    assert whole.startswith(short.splitlines()[0]) and len(short) < len(whole)
    for part in ("level_of_care.summary.admission", "source:", "charted 13 Jun 2026 14:32 EDT", "CONCLUSION"):
        assert part in whole


def test_ready_and_still_here_is_for_today(reviews):
    ready = reviews["s1"].level_of_care.model_copy(update={"discharge_ready": "met"})
    steps = next_steps(reviews["s1"].model_copy(update={"level_of_care": ready, "clocks": []}))
    assert steps[0].urgency == "today" and steps[0].text.startswith("Arrange the discharge")


def test_a_clock_that_is_late_comes_first(reviews):
    one = next(stay for stay in reviews.values() if stay.clocks and stay.stay.is_in_house)
    late = one.clocks[0].model_copy(
        update={"status": "late", "met_at": None, "due_at": one.as_of - timedelta(hours=3)}
    )
    changed = one.model_copy(update={"clocks": [late]})
    assert next_steps(changed)[0].urgency == "now"
    gone = changed.model_copy(update={"stay": changed.stay.model_copy(update={"is_in_house": False})})
    assert all(step.urgency in ("soon", "watch", "clear") for step in next_steps(gone))


def test_nothing_to_do_is_said_so(reviews):
    one = reviews["s1"]
    care = one.level_of_care.model_copy(update=dict.fromkeys(LEVELS, "met") | {"discharge_ready": "not_met"})
    denial = one.denial.model_copy(update={"risks": []})
    idle = one.model_copy(update={"level_of_care": care, "clocks": [], "gaps": [], "denial": denial})
    assert [step.urgency for step in next_steps(idle)] == ["clear"]


@given(st.permutations(["s1", "s2", "s3"]), st.integers(0, 3))
def test_the_ranking_does_not_depend_on_order_or_batches(order, cut):
    every = _reviews()
    pieces = [
        table_of([every[stay] for stay in order[:cut]]),
        table_of([every[stay] for stay in order[cut:]]),
    ]
    expected = ranked([table_of(list(every.values()))])
    assert ranked(pieces).equals(expected)
    places = [URGENCIES.index(one) for one in expected["urgency"].to_pylist()]
    assert places == sorted(places)


@cache
def _reviews():
    return reviewed()


def test_a_diagnosis_may_be_written_with_its_dot():
    who = {"patient.age_years": 71, "patient.sex": "male"}
    dotted, plain = (
        evaluated({**who, "diagnosis.principal": code}, "original_medicare") for code in ("J18.9", "J189")
    )
    assert dotted.stay.ms_drg is not None and dotted.stay.ms_drg == plain.stay.ms_drg
