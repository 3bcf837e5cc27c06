"""What became of cases, by rule file, version and payer, with what each count is out of."""

import pytest
from workkit import at, case, denied, review, seen

from discharge.casework.events.utilization import AppealDecided, AppealFiled, OutcomeRecorded
from discharge.casework.work.outcomes import outcomes_by_rule, review_to_join

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here


def one_of(criteria, fired=True, version="1.0.0", payer="example_ma_plan"):
    """A review in which file x.rules has these criteria, and concluded something or not."""
    base = review()
    like, said = base.findings[0], base.conclusions[0]
    seen_file = next(iter(base.provenance.files.values())).model_copy(
        update={"title": "Rules X", "version": version}
    )
    findings = [
        like.model_copy(update={"criterion": name, "status": status, "rule_file": "x.rules"})
        for name, status in criteria.items()
    ]
    concluded = [said.model_copy(update={"rule_file": "x.rules"})] if fired else []
    return base.model_copy(
        update={
            "findings": findings,
            "conclusions": concluded,
            "provenance": base.provenance.model_copy(update={"files": {"x.rules": seen_file}}),
            "payer": base.payer.model_copy(update={"profile": payer}),
        }
    )


LATER = denied("2026-06-20T09:00", "2026-06-19T00:00")
WON = [
    LATER,
    ("2026-06-21T09:00", AppealFiled(appeal_id="p", denial_id="d1", level="reconsideration")),
    ("2026-07-01T09:00", AppealDecided(appeal_id="p", outcome="overturned")),
]
PAID = ("2026-08-01T09:00", OutcomeRecorded(outcome="paid"))


def test_counts_stand_with_what_they_are_out_of():
    cases = [
        (case(LATER), one_of({"a": "not_met", "b": "met"})),
        (case(*WON, PAID), one_of({"a": "not_met", "b": "met"})),
        (case(PAID), one_of({"a": "met", "b": "unknown"}, fired=False)),
        (case(), one_of({"a": "met"})),
        (case(("2026-08-01T09:00", OutcomeRecorded(outcome="downgraded"))), one_of({"a": "not_met"})),
        (case(PAID), None),  # never reviewed in the house
    ]
    found = outcomes_by_rule(cases)
    assert [(one.rule_file, one.version, one.payer_profile, one.title) for one in found] == [
        ("x.rules", "1.0.0", "example_ma_plan", "Rules X")
    ]
    row = found[0]
    assert (row.cases.cases, row.cases.settled, row.cases.denied, row.cases.paid) == (5, 4, 2, 2)
    assert (row.cases.appealed, row.cases.overturned, row.cases.downgraded) == (1, 1, 1)
    assert (row.fired.cases, row.fired.settled, row.fired.denied) == (4, 3, 2)
    assert row.criteria["a"]["not_met"].cases == 3 and row.criteria["a"]["not_met"].denied == 2
    assert row.criteria["a"]["met"].settled == 1 and row.criteria["b"]["unknown"].cases == 1


def test_a_share_of_few_cases_says_so_and_none_without_cases():
    row = outcomes_by_rule([(case(LATER), one_of({"a": "met"}))])[0]
    assert row.denied_when_fired.words == "1 of 1 cases; fewer than 20, so the share says little"
    assert row.denied_when_fired.is_small
    none = outcomes_by_rule([(case(), one_of({"a": "met"}))])[0].denied_when_fired
    assert (none.of, none.share, none.words) == (0, None, "no case yet")
    many = [(case(LATER), one_of({"a": "met"}))] * 5 + [(case(PAID), one_of({"a": "met"}))] * 15
    share = outcomes_by_rule(many)[0].denied_when_fired
    assert (share.count, share.of, share.is_small, share.words) == (5, 20, False, "5 of 20 cases (25.0%)")


def test_versions_and_payers_are_kept_apart():
    cases = [
        (case(), one_of({"a": "met"})),
        (case(), one_of({"a": "met"}, version="2.0.0")),
        (case(), one_of({"a": "met"}, payer=None)),
    ]
    assert [(one.version, one.payer_profile) for one in outcomes_by_rule(cases)] == [
        ("1.0.0", None),
        ("1.0.0", "example_ma_plan"),
        ("2.0.0", "example_ma_plan"),
    ]


def test_a_denial_before_the_review_is_not_foretold_by_it():
    early = case(denied("2026-06-02T09:00", "2026-06-01T00:00"))
    row = outcomes_by_rule(
        [(early, one_of({"a": "met"}).model_copy(update={"as_of": at("2026-06-04T10:00")}))]
    )[0]
    assert (row.cases.denied, row.cases.settled) == (0, 0)


def test_the_review_that_could_still_matter_is_joined():
    state = case(
        seen("2026-06-02T09:00", review_type="admission", digest="a" * 64),
        seen("2026-06-03T09:00", review_type="concurrent", digest="b" * 64),
        seen("2026-06-20T09:00", review_type="retrospective", digest="c" * 64),
    )
    assert review_to_join(state) == "b" * 64
    assert review_to_join(case()) is None
