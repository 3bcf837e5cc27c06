"""Every case beside every shipped rule and payer profile holds; nothing shipped is malformed or changed unrecorded."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from discharge.casetests import CaseResult, run_cases, run_payer_cases
from discharge.errors import UsageError
from discharge.packs import Packs, check_versions, read_packs
from discharge.payers import Payers, check_rule_packs, read_payers
from discharge.resources import data_folder

pytestmark = pytest.mark.content


def _folder(name: str) -> Path | None:
    try:
        return data_folder(name)
    except UsageError:
        return None


RULES, PAYERS = _folder("rules"), _folder("payer_profiles")
RULE_FILES = sorted(path for path in RULES.glob("*/*.yaml") if path.name != "pack.yaml") if RULES else []
PAYER_FILES = sorted(PAYERS.glob("*.yaml")) if PAYERS else []


@cache
def packs() -> Packs:
    assert RULES is not None
    found, faults = read_packs(RULES)
    assert [str(fault) for fault in faults] == []
    return found


@cache
def payers() -> Payers:
    assert PAYERS is not None
    found, faults = read_payers(PAYERS)
    assert [str(fault) for fault in faults] == []
    return found


@cache
def rule_results() -> dict[str, list[CaseResult]]:
    found: dict[str, list[CaseResult]] = {}
    for result in run_cases(packs()):
        found.setdefault(result.file_id, []).append(result)
    return found


@cache
def payer_results() -> dict[str, list[CaseResult]]:
    found: dict[str, list[CaseResult]] = {}
    for result in run_payer_cases(payers()):
        found.setdefault(result.file_id, []).append(result)
    return found


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_cases_beside_rules(path: Path) -> None:
    results = rule_results()[f"{path.parent.name}.{path.stem}"]
    assert [f"{one.where}: {one.name}: {one.detail}" for one in results if not one.ok] == []


@pytest.mark.parametrize("path", PAYER_FILES, ids=lambda path: path.stem)
def test_cases_of_payer_profiles(path: Path) -> None:
    results = payer_results()[path.stem]
    assert [f"{one.where}: {one.name}: {one.detail}" for one in results if not one.ok] == []


@pytest.mark.skipif(not RULE_FILES, reason="no rules are shipped")
def test_no_pack_was_changed_without_a_new_version() -> None:
    assert RULES is not None
    assert [str(fault) for fault in check_versions(packs(), RULES)] == []


@pytest.mark.skipif(not RULE_FILES or not PAYER_FILES, reason="no rules or no profiles are shipped")
def test_every_rule_pack_that_a_profile_asks_for_is_there() -> None:
    assert [str(fault) for fault in check_rule_packs(payers(), packs())] == []
