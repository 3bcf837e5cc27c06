"""Digests of packs, and the record that ties them to versions."""

from __future__ import annotations

from pathlib import Path

import pytest
from rulekit import HEAD, NAMES, packs_of, write

from discharge.packs import check_versions, load_packs, record_versions

pytestmark = pytest.mark.content  # reads what the test itself writes: the wheel changes nothing

BODY = "criteria: {c: {known: vitals.spo2}}"


def test_line_ends_do_not_change_a_digest_but_content_does(tmp_path: Path) -> None:
    one = packs_of(tmp_path / "one", {"a/f": BODY})
    rules = write(tmp_path / "two", {"a/f": BODY})
    path = rules / "a" / "f.yaml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    two = load_packs(rules, names=NAMES)
    assert one.packs["a"].digest == two.packs["a"].digest
    path.write_bytes(path.read_bytes() + b"# more\n")
    assert load_packs(rules, names=NAMES).packs["a"].digest != one.packs["a"].digest


def test_a_change_without_a_new_version_is_a_fault(tmp_path: Path) -> None:
    rules = write(tmp_path, {"a/f": BODY, "b/g": BODY})
    packs = load_packs(rules, names=NAMES)
    assert len(check_versions(packs, rules)) == 2  # nothing recorded yet
    assert record_versions(packs, rules) == []
    assert check_versions(load_packs(rules, names=NAMES), rules) == []
    path = rules / "a" / "f.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("spo2", "heart_rate"), encoding="utf-8")
    changed = load_packs(rules, names=NAMES)
    assert [
        "a/pack.yaml" in str(fault) and "was changed" in str(fault)
        for fault in check_versions(changed, rules)
    ] == [True]
    assert len(record_versions(changed, rules)) == 1
    (rules / "a" / "pack.yaml").write_text(f"id: a\n{HEAD.replace('2026.1.0', '2026.2.0')}", encoding="utf-8")
    raised = load_packs(rules, names=NAMES)
    assert record_versions(raised, rules) == []
    assert check_versions(raised, rules) == []
    recorded = (rules / "digests.yaml").read_text(encoding="utf-8")
    assert '"2026.1.0"' in recorded
    assert '"2026.2.0"' in recorded
