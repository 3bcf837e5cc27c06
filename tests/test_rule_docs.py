"""docs/rules is what the rules say; its links lead somewhere; a nurse finds words, not code."""

from __future__ import annotations

import re
import shutil
from functools import cache
from pathlib import Path

import pytest
from rulekit import write as write_packs

from discharge.packs import Packs, load_packs
from discharge.resources import data_folder, reference_file
from discharge.ruledocs import pages, stale, write

pytestmark = pytest.mark.content
DOCS = Path(__file__).resolve().parent.parent / "docs" / "rules"
_LINK = re.compile(r"\]\(((?!https?:)[^)#]*)(?:#([^)]+))?\)")
_ANCHOR = re.compile(r'<a id="([^"]+)">')


@cache
def shipped() -> Packs:
    return load_packs(data_folder("rules"))


@pytest.mark.skipif(not DOCS.is_dir(), reason="the pages are not part of this installation")
def test_the_pages_are_not_stale() -> None:
    assert stale(shipped(), DOCS) == [], "run: python scripts/rule_docs.py"


def test_the_same_rules_give_the_same_bytes(tmp_path: Path) -> None:
    again = load_packs(shutil.copytree(data_folder("rules"), tmp_path / "rules"))
    assert pages(shipped()) == pages(again)


def test_owners_and_sources_are_named_in_plain_words() -> None:
    private = re.compile(r"\bthe him\b|Owner: him\b|\bHim:|\btag (?:V\d|M|CFG)\b|\((?:V\d|M)\)")
    assert {
        name: found[0] for name, text in pages(shipped()).items() if (found := private.search(text))
    } == {}
    places = [data_folder("payer_profiles"), data_folder("rules"), reference_file("clocks.yaml").parent]
    files = [path for place in places for path in sorted(place.rglob("*.yaml"))]
    assert [path.name for path in files if private.search(path.read_text(encoding="utf-8"))] == []


def test_every_link_leads_to_a_page_and_a_place_in_it() -> None:
    every = pages(shipped())
    anchors = {name: {*_ANCHOR.findall(text), *_headings(text)} for name, text in every.items()}
    broken = []
    for name, text in every.items():
        for target, anchor in _LINK.findall(text):
            page = _beside(name, target) if target else name
            if page not in every or (anchor and anchor not in anchors[page]):
                broken.append(f"{name}: {target}#{anchor}")
    assert broken == []


def _headings(text: str) -> set[str]:
    return {
        line.lstrip("# ").lower().replace(" ", "-") for line in text.splitlines() if line.startswith("## ")
    }


def _beside(name: str, target: str) -> str:
    parts = name.split("/")[:-1]
    for step in target.split("/"):
        parts = parts[:-1] if step == ".." else [*parts, step]
    return "/".join(parts)


BODY = """
title: Low oxygen
summary: Who needs oxygen at home
citations:
  paper: {title: "A paper", url: "https://example.org/paper", read_on: 2026-11-21, verified: true}
  mind: {title: "Judgement of the maintainers", verified: false}
parameters:
  limit: {unit: "%", values: {2020-01-01: {value: 88, cite: paper}, 2026-01-01: {value: 90, cite: paper}}}
criteria:
  low:
    text: Low oxygen, or breathless
    any:
      - {fact: vitals.spo2_admit_min, op: "<", parameter: limit}
      - all: [{known: social.lives_alone}, {fact: social.lives_alone, is: true, cite: mind}]
rules:
  - {when: {any: [{met: low}, {unknown: low}]}, then: {need: {need: oxygen}}, cite: paper}
cases:
  - name: at 89
    as_of: 2026-02-10
    given: {vitals.spo2_admit_min: 89, patient.age_years: 1}
    expect: {low: met, concludes: [need.oxygen]}
"""


def test_a_page_says_in_words_what_a_rule_says(tmp_path: Path) -> None:
    packs = load_packs(write_packs(tmp_path, {"tests/low": BODY}))
    page = pages(packs)["tests/low.md"]
    for line in (
        "Who needs oxygen at home.",
        "- At least one of these:",
        "  - Oxygen saturation by pulse oximetry, lowest in the first 24 h: below the limit of the day"
        " (88 % from 1 Jan 2020, 90 % from 1 Jan 2026)",
        "  - Lives alone: yes, on record [[2]](#source-2)",
        "1. When [Low oxygen, or breathless](#low) is met or can't be told: [[1]](#source-1)",
        "   - **Need**: oxygen at home.",
        '1. <a id="source-1"></a>[A paper](https://example.org/paper): read on 21 Nov 2026,'
        " checked against the original.",
        '2. <a id="source-2"></a>Judgement of the maintainers: a judgement, with no source to read.',
        "- **at 89** (10 Feb 2026). Charted: oxygen saturation by pulse oximetry, lowest in the first 24 h: 89 %; age:"
        " 1 year. Then: “low oxygen, or breathless” met; concluded: “need: oxygen at home”.",
    ):
        assert line in page.splitlines(), line


def test_pages_of_rules_that_are_gone_are_taken_away(tmp_path: Path) -> None:
    packs = load_packs(write_packs(tmp_path, {"tests/low": BODY}))
    out = tmp_path / "out"
    assert write(packs, out) == (3, 3)
    (out / "tests" / "gone.md").write_text("# Gone\n", encoding="utf-8")
    (out / "tests" / "low.md").write_text("# Changed\n", encoding="utf-8")
    assert stale(packs, out) == ["tests/gone.md", "tests/low.md"]
    assert write(packs, out) == (2, 3)
    assert stale(packs, out) == []
