"""Criteria as a review shows them: for one stay, each test with its value, its status and the chart row behind it.

A criterion names the criteria that it is made of (``parts``) instead of repeating their tests, so that a reader can
walk from a conclusion down to chart rows and every test stands once in a review.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from discharge import wording
from discharge.criteria import MET, NOT_MET, UNKNOWN, Findings
from discharge.dated import Citation
from discharge.facts import EvidenceRow, FactTable, catalogue
from discharge.packs import Packs, RuleFile
from discharge.packs.tree import (
    All,
    AnyOf,
    AtLeast,
    ConditionsApplyLeaf,
    CriterionLeaf,
    ElapsedLeaf,
    FlagLeaf,
    KnownLeaf,
    Leaf,
    Not,
    NumberLeaf,
    OtherLeaf,
    RoleLeaf,
    ScoreLeaf,
    SetLeaf,
    TextLeaf,
    Threshold,
    Tree,
    facts_of,
    leaves,
)
from discharge.review.model import FactSeen, Finding, Scalar, Score, Status
from discharge.review.scores import ScoreBook

ROWS_SHOWN = 3
_WORDS: tuple[Status, ...] = ("not_met", "unknown", "met")
Rows: TypeAlias = Callable[[str], tuple[Any, ...]]

OPS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least", "==": "exactly", "!=": "other than"}


@dataclass(frozen=True)
class _Shape:
    """What of a criterion is the same for every stay."""

    title: str
    file: RuleFile
    tree: Tree
    leaves: tuple[Leaf, ...]
    scores: tuple[str, ...]
    cites: tuple[str, ...]
    verified: bool


_SHAPES: dict[str, dict[str, _Shape]] = {}  # by digest of the packs: made once per process


@dataclass
class FindingBook:
    """Findings of a batch, looked up stay by stay. Holds nothing of a stay but the evidence read last."""

    packs: Packs
    findings: Findings
    facts: FactTable
    _places: dict[str, int] = field(default_factory=dict)
    _cited: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _open: tuple[str, dict[str, tuple[dict[str, None], list[str]]]] = field(default_factory=lambda: ("", {}))

    def __post_init__(self) -> None:
        self._places = {stay: place for place, stay in enumerate(self.findings.index)}
        self._shapes = _SHAPES.setdefault(self.packs.digest, {})
        self._scores = ScoreBook(self.packs, self.findings)

    def status(self, full_id: str, stay_id: str) -> Status:
        """Return the status of a criterion; unknown where these packs have no such criterion."""
        if full_id not in self.packs.criteria:
            return "unknown"
        return _word(self.findings.status[full_id][self._places[stay_id]])

    def applies(self, file_id: str, stay_id: str) -> Status:
        """Return whether a rule file applies to a stay."""
        found = self.findings.applies.get(file_id)
        return "unknown" if found is None else _word(found[self._places[stay_id]])

    def value(self, fact: str, stay_id: str) -> Any:
        """Return a fact as the table holds it; NaN, NaT or None where unknown."""
        return self.facts.value(fact, stay_id)

    def score_ends(self, full_id: str, stay_id: str) -> tuple[float, float] | None:
        """Return the lowest and highest possible total of a score; None where it isn't valid or not in these packs."""
        if full_id not in self.packs.scores:
            return None
        low, high = (float(end[self._places[stay_id]]) for end in self.findings.scores[full_id])
        return None if math.isnan(low) or math.isnan(high) else (low, high)

    def evidence(self, fact: str, stay_id: str) -> tuple[EvidenceRow, ...]:
        """Return the latest chart rows behind a fact, at most three."""
        return tuple(self.facts.evidence(fact, stay_id)[-ROWS_SHOWN:]) if fact in self.facts.columns else ()

    def open_facts(self, full_id: str, stay_id: str) -> tuple[str, ...]:
        """Return the facts, not charted, that an unknown criterion rests on, through what it refers to."""
        found: dict[str, None] = {}
        waiting, seen = deque([full_id]), {full_id}
        while waiting:
            here = waiting.popleft()
            if here not in self.packs.criteria or self.status(here, stay_id) != "unknown":
                continue
            facts, parts = self._open_here(here, stay_id)
            found.update(facts)
            more = [part for part in parts if part not in seen]
            seen.update(more)
            waiting.extend(more)
        return tuple(found)

    def _open_here(self, full_id: str, stay_id: str) -> tuple[dict[str, None], list[str]]:
        """Return the missing facts that an unknown criterion asks itself, and the criteria it refers to.

        Kept for one stay: needs and causes of denial rest on the same criteria again and again.
        """
        if self._open[0] != stay_id:
            self._open = stay_id, {}
        known = self._open[1].get(full_id)
        if known is None:
            facts: dict[str, None] = {}
            parts: dict[str, None] = {}
            for leaf in self._decisive(self._shape(full_id).tree, self._places[stay_id]):
                names = (
                    self.packs.facts_of_score(leaf.score) if isinstance(leaf, ScoreLeaf) else facts_of(leaf)
                )
                facts.update(dict.fromkeys(name for name in names if _is_missing(self.value(name, stay_id))))
                parts.update(dict.fromkeys(self._parts([leaf], stay_id)))
            known = self._open[1][full_id] = facts, list(parts)
        return known

    def findings_of(
        self, roles: Mapping[str, str], others: Iterable[str], stay_id: str, rows: Rows
    ) -> list[Finding]:
        """Return the criteria named (``roles``: criterion -> role, whole; ``others``) and what decided them.

        Below a criterion come only the parts that its status rests on: of an OR that is met the parts that are, of
        an AND that is not met the parts that aren't, of an unknown one the unknown parts. An unknown criterion that
        no role rests on names its parts only. ``rows`` gives the chart rows behind a fact of this stay.
        """
        found: dict[str, Finding] = {}
        for names, follows_unknown in ((roles, True), (others, False)):
            waiting = deque(name for name in dict.fromkeys(names) if name in self.packs.criteria)
            while waiting:
                here = waiting.popleft()
                if here not in found:
                    found[here] = self._finding(here, stay_id, roles.get(here), rows)
                    if follows_unknown or found[here].status != "unknown":
                        waiting.extend(found[here].parts)
        return list(found.values())

    def _finding(self, full_id: str, stay_id: str, role: str | None, rows: Rows) -> Finding:
        shape = self._shape(full_id)
        place = self._places[stay_id]
        asked = shape.leaves if role is not None else tuple(dict.fromkeys(self._decisive(shape.tree, place)))
        tests = [
            leaf for leaf in asked if not isinstance(leaf, (CriterionLeaf, RoleLeaf, ConditionsApplyLeaf))
        ]
        others = {name for leaf in tests if not isinstance(leaf, KnownLeaf) for name in facts_of(leaf)}
        tests = [leaf for leaf in tests if not (isinstance(leaf, KnownLeaf) and leaf.fact in others)]
        names = dict.fromkeys(name for leaf in tests for name in facts_of(leaf))
        return Finding(
            criterion=full_id,
            title=shape.title,
            rule_file=shape.file.id,
            status=self.status(full_id, stay_id),
            role=role,
            facts=[self._test(leaf, stay_id, rows) for leaf in tests],
            parts=list(dict.fromkeys(self._parts(asked, stay_id))),
            missing=[name for name in names if _is_missing(self.value(name, stay_id))],
            citations=list(shape.cites),
            verified=shape.verified,
        )

    def _decisive(self, tree: Tree, place: int) -> Iterator[Leaf]:
        """Yield the leaves that the status of ``tree`` rests on."""
        if not isinstance(tree, (All, AnyOf, Not, AtLeast)):
            yield tree
            return
        status = self._code(tree, place)
        every = (
            isinstance(tree, Not)
            or (isinstance(tree, All) and status == MET)
            or (isinstance(tree, AnyOf) and status == NOT_MET)
        )
        counts_met = isinstance(tree, AtLeast) and status == UNKNOWN
        for child in tree.of:
            if not every:
                here = self._code(child, place)
                if here != status and not (counts_met and here == MET):
                    continue
            yield from self._decisive(child, place)

    def _code(self, tree: Tree, place: int) -> int:
        evaluator = self.findings.evaluator
        return UNKNOWN if evaluator is None else int(evaluator.tree(tree)[place])

    def _parts(self, asked: Iterable[Leaf], stay_id: str) -> Iterator[str]:
        """Yield the criteria that leaves refer to; of a role, those of condition files that apply."""
        for leaf in asked:
            if isinstance(leaf, CriterionLeaf):
                yield leaf.criterion
            elif isinstance(leaf, RoleLeaf):
                for file in self.packs.condition_files:
                    if leaf.role in file.roles and self.applies(file.id, stay_id) == "met":
                        yield file.roles[leaf.role]

    def scores(self, full_ids: Iterable[str], stay_id: str) -> list[Score]:
        """Return the scores that the criteria ask and the instruments that apply, as intervals."""
        names = [score for full_id in full_ids for score in self._shape(full_id).scores]
        return self._scores.of(names, self._places[stay_id])

    def citations_of(self, full_id: str) -> tuple[str, ...]:
        """Return the sources of a criterion; where it names none, those of the nearest criteria that it rests on."""
        known = self._cited.get(full_id)
        if known is None:
            known = self._cited[full_id] = self._nearest_cites(full_id)
        return known

    def _nearest_cites(self, full_id: str) -> tuple[str, ...]:
        level, seen = [full_id], {full_id}
        while level:
            found: dict[str, None] = {}
            below: dict[str, None] = {}
            for here in level:
                if here in self.packs.criteria:
                    shape = self._shape(here)
                    found.update(dict.fromkeys(shape.cites))
                    asked = (leaf.criterion for leaf in shape.leaves if isinstance(leaf, CriterionLeaf))
                    below.update(dict.fromkeys(name for name in asked if name not in seen))
            if found:
                return tuple(found)
            level = list(below)
            seen.update(level)
        return ()

    def _shape(self, full_id: str) -> _Shape:
        known = self._shapes.get(full_id)
        if known is None:
            known = self._shapes[full_id] = _shape(self.packs, full_id)
        return known

    def _test(self, leaf: Leaf, stay_id: str, evidence: Rows) -> FactSeen:
        status: Status = _WORDS[self._code(leaf, self._places[stay_id])]
        if isinstance(leaf, ScoreLeaf):
            return self._score_test(leaf, stay_id, status)
        name = facts_of(leaf)[0]
        fact = catalogue()[name]
        value = self.value(name, stay_id)
        rows = () if _is_missing(value) else evidence(name)
        row = rows[-1] if rows else None
        return FactSeen(
            name=name,
            title=fact.title,
            value=scalar(value, fact.type),
            unit=fact.unit,
            test=leaf.text if isinstance(leaf, SetLeaf) and leaf.text else self._asks(leaf, stay_id),
            status=status,
            at=row.at.to_pydatetime() if row is not None and row.at is not None else None,
            source=row.source if row is not None else None,
            row_id=row.row_id if row is not None else None,
            charted=row.text if row is not None else None,
        )

    def _score_test(self, leaf: ScoreLeaf, stay_id: str, status: Status) -> FactSeen:
        low, high = (float(end[self._places[stay_id]]) for end in self.findings.scores[leaf.score])
        shown: Scalar = low if low == high else f"{low:g} to {high:g}"
        if low != low:
            shown = "not valid here"
        title = self.packs.scores[leaf.score].title
        test = self._compared(leaf.threshold, stay_id)
        return FactSeen(name=leaf.score, title=title, value=shown, unit="{score}", test=test, status=status)

    def _asks(self, leaf: Leaf, stay_id: str) -> str:
        match leaf:
            case NumberLeaf(threshold=threshold):
                return self._compared(threshold, stay_id)
            case OtherLeaf(op=op, other=other):
                return f"{OPS[op]} {catalogue()[other].title.lower()}"
            case FlagLeaf(wanted=wanted):
                return "yes" if wanted else "no"
            case TextLeaf(values=values, negated=negated):
                return ("not " if negated else "") + " or ".join(values).replace("_", " ")
            case SetLeaf(value_set=name):
                return f"in the list {name.replace('_', ' ')}"
            case ElapsedLeaf(start=start, end=end, threshold=threshold):
                until = "the review" if end == "t" else catalogue()[end].title.lower()
                return (
                    f"{self._compared(threshold, stay_id)} from {catalogue()[start].title.lower()} to {until}"
                )
            case _:
                return "charted"

    def _compared(self, threshold: Threshold, stay_id: str) -> str:
        value: float | None = float(threshold.value) if threshold.value is not None else None
        if threshold.parameter is not None:
            held = float(self.findings.parameters_used[threshold.parameter][self._places[stay_id]])
            value = None if math.isnan(held) else held
        return f"{OPS[threshold.op]} {wording.value(value, threshold.unit)}"


def _shape(packs: Packs, full_id: str) -> _Shape:
    criterion = packs.criteria[full_id]
    file = packs.files[criterion.file_id]
    every = tuple(dict.fromkeys(leaves(criterion.tree)))
    cites = tuple(dict.fromkeys(_cites(packs, file, criterion.tree)))
    sources = [citation(packs, key) for key in cites]
    return _Shape(
        title=criterion.tree.text or criterion.name.replace("_", " ").capitalize(),
        file=file,
        tree=criterion.tree,
        leaves=every,
        scores=tuple(leaf.score for leaf in every if isinstance(leaf, ScoreLeaf)),
        cites=cites,
        verified=all(source.verified for source in sources if source is not None),
    )


def citation(packs: Packs, full_key: str) -> Citation | None:
    """Return the citation ``pack.file.key``."""
    file_id, _, key = full_key.rpartition(".")
    file = packs.files.get(file_id)
    return file.citations.get(key) if file is not None else None


def _cites(packs: Packs, file: RuleFile, tree: Tree) -> Iterator[str]:
    """Yield the full keys that a tree and the parameters in it rest on."""
    yield from (f"{file.id}.{key}" for key in tree.cites)
    if isinstance(tree, (All, AnyOf, Not, AtLeast)):
        for child in tree.of:
            yield from _cites(packs, file, child)
    elif isinstance(tree, (NumberLeaf, ElapsedLeaf, ScoreLeaf)) and tree.threshold.parameter is not None:
        owner = tree.threshold.parameter.rpartition(".")[0]
        held = packs.parameters[tree.threshold.parameter].values.values()
        yield from (f"{owner}.{one.cite}" for one in held if one.cite)


def _word(code: np.int8) -> Status:
    return _WORDS[code]


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def scalar(value: object, kind: str) -> Scalar:
    """Return a fact's value as JSON has it: flags true and false, times ISO text, None where unknown."""
    if _is_missing(value):
        return None
    if kind == "flag":
        return value == 1
    if isinstance(value, tuple):
        return [str(one) for one in value]
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return float(value) if isinstance(value, (int, float)) else str(value)
