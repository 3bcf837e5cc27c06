"""The shipped rules pass every check, and their cases reach everything."""

from __future__ import annotations

from functools import cache

import pytest

from discharge.errors import UsageError
from discharge.packs import Packs, load_packs
from discharge.resources import data_folder
from discharge.rulecheck import check_reference, check_rules, coverage_of
from discharge.rulecheck.codelists import installed_icd_10_cm

pytestmark = pytest.mark.content


@cache
def packs() -> Packs:
    try:
        return load_packs(data_folder("rules"))
    except UsageError:
        pytest.skip("no rules are shipped")


def test_no_check_of_the_rules_finds_a_fault() -> None:
    """Citations may be a year older than the newest one: the day of this test's run would make every checkout fail."""
    read = [one.read_on for file in packs().files.values() for one in file.citations.values() if one.read_on]
    assert [str(one.as_fault()) for one in check_rules(packs(), max(read)) if one.severity == "fault"] == []


def test_value_sets_are_used_and_their_codes_are_known() -> None:
    found = check_reference(packs(), installed_icd_10_cm())
    assert [str(one.as_fault()) for one in found if one.severity == "fault"] == []


def test_the_cases_reach_every_criterion_branch_rule_and_band() -> None:
    found = coverage_of(packs())
    assert [f"{one['file']}: {one['path']}: {one['missing']}" for one in found["unreached"]] == []
    assert found["cases_unread"] == []
    assert found["totals"]["branches_reached"] == found["totals"]["branches"]
