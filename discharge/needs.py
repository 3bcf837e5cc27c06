"""What the patient will need after the stay, from ``need`` conclusions, each with the chart rows behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache

import pandas as pd
from pydantic import Field

from discharge import yaml
from discharge.dated import Strict
from discharge.facts import catalogue
from discharge.packs import Packs
from discharge.packs.tree import CriterionLeaf, ScoreLeaf, facts_of, leaves
from discharge.resources import reference_file
from discharge.stayview import Result, Status, StayView


class OrderRow(Strict):
    """The order or paper that arranges a need, and the fact that says it is there."""

    fact: str
    title: str


class DetailRow(Strict):
    """One thing to know of a need; any of ``facts`` tells it. ``rows``: shown in the words of its chart rows."""

    label: str
    facts: list[str]
    rows: bool = False


class NeedRow(Strict):
    """One need of ``needs.yaml``. ``vital``: a place that leaves it unmet isn't safe by itself."""

    title: str
    for_payer: bool
    vital: bool = False
    order: OrderRow | None = None


class NeedTable(Strict):
    """The whole of ``needs.yaml``."""

    needs: dict[str, NeedRow]
    details: dict[str, list[DetailRow]]


class EvidenceSeen(Result):
    """A fact behind a need and the chart row it was taken from; ``row_id`` None where no row is known."""

    fact: str
    value: str
    at: datetime | None = None
    source: str | None = None
    row_id: str | None = None
    text: str | None = None


class Because(Result):
    """A criterion that a conclusion rests on."""

    criterion: str
    status: Status


class NeedDetail(Result):
    """One thing to know of a need, such as dose or line. ``value`` is None where none of ``facts`` is charted."""

    label: str
    value: str | None
    unit: str | None
    is_known: bool
    facts: list[str]
    evidence: list[EvidenceSeen]


class Need(Result):
    """A need that a rule concluded. ``unknown`` names facts that its criteria also ask for and that aren't charted.

    ``details`` is what whoever arranges it has to know, charted or not.
    """

    need: str
    title: str
    for_payer: bool
    because: list[Because]
    evidence: list[EvidenceSeen]
    unknown: list[str]
    rule: str
    version: str
    details: list[NeedDetail] = Field(default_factory=list)


class OpenNeed(Result):
    """A need that can't be told from the chart; ``missing`` facts would settle it."""

    need: str
    title: str
    missing: list[str]


@cache
def need_table() -> NeedTable:
    """Return the table of needs, read once."""
    path = reference_file("needs.yaml")
    return NeedTable.model_validate(yaml.load(path.read_bytes(), where="reference/needs.yaml"))


def need_words(names: Sequence[str]) -> str:
    """Return the titles of needs as they stand inside a sentence."""
    rows = need_table().needs
    return ", ".join(rows[name].title[:1].lower() + rows[name].title[1:] for name in names if name in rows)


def needs(view: StayView, packs: Packs) -> list[Need]:
    """Return the needs concluded for a stay, in the order of the table; a need concluded twice is shown once."""
    found: dict[str, Need] = {}
    rows = need_table().needs
    for conclusion in view.concluded("need"):
        name = str(getattr(conclusion.payload, "need", ""))
        if name in found:
            continue
        names = tuple(criterion for criterion, _ in conclusion.because if criterion in packs.criteria)
        asked = tuple(dict.fromkeys(fact for criterion in names for fact in facts_behind(packs, criterion)))
        found[name] = Need(
            need=name,
            title=rows[name].title,
            for_payer=rows[name].for_payer,
            because=because_of(conclusion.because),
            evidence=[seen for fact in asked if view.is_known(fact) for seen in evidence(view, fact)],
            unknown=[fact for fact in asked if not view.is_known(fact)],
            rule=conclusion.file_id,
            version=conclusion.version,
            details=[_detail(view, row) for row in need_table().details.get(name, ())],
        )
    return [found[name] for name in rows if name in found]


def _detail(view: StayView, row: DetailRow) -> NeedDetail:
    known = [fact for fact in row.facts if view.is_known(fact)]
    if row.rows and known:
        known = known[:1]
    seen = [one for fact in known for one in evidence(view, fact)]
    texts = dict.fromkeys(one.text for one in seen if one.text) if row.rows else {}
    return NeedDetail(
        label=row.label,
        value="; ".join(texts) or _said(view, known),
        unit=catalogue()[known[0]].unit if len(known) == 1 and not texts else None,
        is_known=bool(known),
        facts=row.facts,
        evidence=seen,
    )


def _said(view: StayView, known: Sequence[str]) -> str | None:
    """Return what facts say: yes-or-no ones that are so by their title, others by their value."""
    if not known:
        return None
    flags = {fact: view.flag(fact) for fact in known if catalogue()[fact].type == "flag"}
    if len(known) == 1 and flags:
        return "yes" if flags[known[0]] else "no"
    words = [
        catalogue()[fact].title if fact in flags else shown(view, fact)
        for fact in known
        if flags.get(fact, True)
    ]
    return "; ".join(dict.fromkeys(words)) or "none"


def open_needs(view: StayView, packs: Packs) -> list[OpenNeed]:
    """Return the needs that no rule concluded and that aren't ruled out either, with the facts that would tell."""
    concluded = {str(getattr(one.payload, "need", "")) for one in view.concluded("need")}
    rows = need_table().needs
    found = []
    for name, criteria in need_criteria(packs):
        if name in concluded or name not in rows:
            continue
        open_ = [criterion for criterion in criteria if view.findings(criterion) == "unknown"]
        if open_:
            missing = dict.fromkeys(fact for criterion in open_ for fact in view.unknown_facts(criterion))
            found.append(OpenNeed(need=name, title=rows[name].title, missing=list(missing)))
    return found


_CRITERIA: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {}
_FACTS: dict[tuple[str, str], tuple[str, ...]] = {}


def need_criteria(packs: Packs) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return for every need that some rule may conclude the criteria that must be met for it."""
    known = _CRITERIA.get(packs.digest)
    if known is None:
        found: dict[str, dict[str, None]] = {}
        for file in packs.files.values():
            for rule in file.rules:
                asked = {test.name: None for way in rule.when for test in way if test.word == "met"}
                for conclusion in rule.then:
                    if conclusion.kind == "need":
                        found.setdefault(conclusion.payload.subject, {}).update(asked)
        known = _CRITERIA[packs.digest] = tuple((name, tuple(sorted(asked))) for name, asked in found.items())
    return known


def facts_behind(packs: Packs, criterion: str) -> tuple[str, ...]:
    """Return every fact that a criterion looks at, through the criteria and scores it refers to."""
    key = (packs.digest, criterion)
    if key not in _FACTS:
        found: dict[str, None] = {}
        _gather(packs, criterion, found, set())
        _FACTS[key] = tuple(found)
    return _FACTS[key]


def _gather(packs: Packs, criterion: str, found: dict[str, None], seen: set[str]) -> None:
    if criterion in seen or criterion not in packs.criteria:
        return
    seen.add(criterion)
    for leaf in leaves(packs.criteria[criterion].tree):
        found.update(dict.fromkeys(facts_of(leaf)))
        if isinstance(leaf, CriterionLeaf):
            _gather(packs, leaf.criterion, found, seen)
        elif isinstance(leaf, ScoreLeaf):
            found.update(dict.fromkeys(packs.facts_of_score(leaf.score)))


def because_of(pairs: tuple[tuple[str, str], ...]) -> list[Because]:
    """Return what a conclusion rests on, criteria only (not earlier conclusions)."""
    known: dict[str, Status] = {"met": "met", "not_met": "not_met", "unknown": "unknown"}
    return [Because(criterion=name, status=known[word]) for name, word in pairs if word in known]


def evidence(view: StayView, fact: str) -> list[EvidenceSeen]:
    """Return a known fact with the chart rows behind it; the fact alone where no row is known."""
    value = shown(view, fact)
    rows = view.evidence(fact)
    if not rows:
        return [EvidenceSeen(fact=fact, value=value)]
    return [
        EvidenceSeen(
            fact=fact,
            value=value,
            at=view.local(pd.Timestamp(row.at)) if row.at is not None and row.at is not pd.NaT else None,
            source=row.source,
            row_id=row.row_id,
            text=row.text,
        )
        for row in rows
    ]


def shown(view: StayView, fact: str) -> str:
    """Return a fact's value as short text: numbers as written, flags (which end in neither) as 1 and 0."""
    value = view.facts.get(fact)
    if isinstance(value, (tuple, list)):
        return ", ".join(str(item) for item in value)
    if isinstance(value, (int, float)):
        return f"{float(value):g}"
    if isinstance(value, (datetime, pd.Timestamp)):
        return view.local(pd.Timestamp(value)).isoformat(timespec="minutes")
    return str(value)
