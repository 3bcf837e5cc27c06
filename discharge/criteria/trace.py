"""Why a criterion is as it is, for one stay: every test with its value, threshold, citations and chart rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from discharge.criteria.columns import FactsLike
from discharge.criteria.evaluate import Evaluator, Findings
from discharge.criteria.kleene import WORDS
from discharge.packs import Packs
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
    Op,
    OtherLeaf,
    RoleLeaf,
    ScoreLeaf,
    SetLeaf,
    TextLeaf,
    Threshold,
    Tree,
    facts_of,
)

_OPS: dict[Op, tuple[str, str]] = {  # in words when it holds, and when it does not
    "<": ("below", "not below"),
    "<=": ("at most", "above"),
    ">": ("above", "not above"),
    ">=": ("at least", "below"),
    "==": ("exactly", "not exactly"),
    "!=": ("other than", "exactly"),
}
_UNITS = {"Cel": "°C", "mm[Hg]": "mmHg", "{score}": "points", "1": "", "a": "years", "[pH]": "", "{INR}": ""}


class TraceRow(BaseModel):
    """A chart row behind a value."""

    model_config = ConfigDict(frozen=True)
    fact: str
    table: str
    row_id: str
    source: str
    at: str | None
    text: str


class CriterionTrace(BaseModel):
    """One node. ``text`` is a sentence a nurse reads; ``citations`` are full keys (``pack.file.key``).

    ``kind``: all, any, not, at_least, or leaf; a criterion or role that is referred to has its tree as its child.
    """

    model_config = ConfigDict(frozen=True)
    kind: Literal["all", "any", "not", "at_least", "leaf"]
    status: Literal["not_met", "unknown", "met"]
    text: str
    criterion: str | None = None
    fact: str | None = None
    value: str | None = None
    unit: str | None = None
    op: str | None = None
    threshold: float | None = None
    citations: tuple[str, ...] = ()
    evidence: tuple[TraceRow, ...] = ()
    children: tuple[CriterionTrace, ...] = ()


def explain_criterion(
    packs: Packs, findings: Findings, facts: FactsLike, full_id: str, stay_id: str
) -> CriterionTrace:
    """Return the whole reason for one criterion of one stay (KeyError if there is no such criterion or stay)."""
    if findings.evaluator is None:
        raise ValueError("these findings were not made by evaluate_criteria")
    return _Tracer(packs, findings, findings.evaluator, facts, stay_id).criterion(full_id)


class _Tracer:
    def __init__(
        self, packs: Packs, findings: Findings, evaluator: Evaluator, facts: FactsLike, stay_id: str
    ) -> None:
        self.packs = packs
        self.findings = findings
        self.evaluator = evaluator
        self.facts = facts
        self.stay_id = stay_id
        self.row = findings.position(stay_id)

    def criterion(self, full_id: str, text: str | None = None) -> CriterionTrace:
        criterion = self.packs.criteria[full_id]
        trace = self.tree(criterion.tree, criterion.file_id)
        said = text or criterion.tree.text or criterion.name.replace("_", " ")
        if trace.kind == "leaf" and trace.criterion is None:
            return trace.model_copy(update={"criterion": full_id})
        return trace.model_copy(update={"criterion": full_id, "text": f"{said}: {_say(trace.status)}"})

    def tree(self, tree: Tree, file_id: str) -> CriterionTrace:
        kinds: dict[type[Any], Literal["all", "any", "not", "at_least"]] = {
            All: "all",
            AnyOf: "any",
            Not: "not",
            AtLeast: "at_least",
        }
        if not isinstance(tree, (All, AnyOf, Not, AtLeast)):
            return self.leaf(tree, file_id)
        children = tuple(self.tree(child, file_id) for child in tree.of)
        status = self.status(tree)
        named = {All: "all of these", AnyOf: "one of these", Not: "not this"}
        count = f"at least {tree.count} of these" if isinstance(tree, AtLeast) else named[type(tree)]
        return CriterionTrace(
            kind=kinds[type(tree)],
            status=status,
            text=f"{tree.text or count}: {_say(status)}",
            citations=self.cited(tree.cites, file_id),
            children=children,
        )

    def status(self, tree: Tree) -> Literal["not_met", "unknown", "met"]:
        return WORDS[int(self.evaluator.tree(tree)[self.row])]  # type: ignore[return-value]

    def leaf(self, leaf: Leaf, file_id: str) -> CriterionTrace:
        match leaf:
            case CriterionLeaf(criterion=full_id):
                return self.criterion(full_id, leaf.text)
            case RoleLeaf(role=role):
                children = tuple(
                    self.criterion(full_id)
                    for file in self.packs.condition_files
                    for name, full_id in file.roles.items()
                    if name == role and self.findings.applies[file.id][self.row]
                )
                said = f"{role.replace('_', ' ')} by the criteria of the patient's conditions"
                return self._plain(leaf, said, file_id, children)
            case ConditionsApplyLeaf():
                return self._plain(leaf, "criteria for one of the patient's conditions apply", file_id)
            case ScoreLeaf():
                return self._score(leaf, file_id)
            case _:
                return self._fact(leaf, file_id)

    def _plain(
        self, leaf: Leaf, said: str, file_id: str, children: Sequence[CriterionTrace] = ()
    ) -> CriterionTrace:
        status = self.status(leaf)
        return CriterionTrace(
            kind="leaf",
            status=status,
            text=f"{leaf.text or said}: {_say(status)}",
            citations=self.cited(leaf.cites, file_id),
            children=tuple(children),
        )

    def _score(self, leaf: ScoreLeaf, file_id: str) -> CriterionTrace:
        low, high = (float(end[self.row]) for end in self.findings.scores[leaf.score])
        score = self.packs.scores[leaf.score]
        limit = self.limit(leaf.threshold)
        status = self.status(leaf)
        total = _number(low) if low == high else f"{_number(low)} to {_number(high)}"
        said = f"{total} points" if low == low else "not valid here"
        children = tuple(self.tree(tree, leaf.score.rpartition(".")[0]) for tree in score.trees)
        owner = leaf.score.rpartition(".")[0]
        return CriterionTrace(
            kind="leaf",
            status=status,
            text=f"{leaf.text or score.title} {said}: {_compared(leaf.threshold.op, limit, '', status)}",
            value=total if low == low else None,
            unit="{score}",
            op=leaf.threshold.op,
            threshold=limit,
            citations=(*self.cited(leaf.cites, file_id), *self.cited(score.cites, owner)),
            children=children,
            evidence=tuple(row for fact in score.facts for row in self.evidence(fact)),
        )

    def _fact(self, leaf: Leaf, file_id: str) -> CriterionTrace:
        names = facts_of(leaf)
        status = self.status(leaf)
        threshold = leaf.threshold if isinstance(leaf, (NumberLeaf, ElapsedLeaf)) else None
        limit = self.limit(threshold) if threshold is not None else None
        fact = self.packs.names.facts[names[0]]
        cites = list(self.cited(leaf.cites, file_id))
        if threshold is not None and threshold.parameter is not None:
            cites += self.parameter_cites(threshold.parameter)
        return CriterionTrace(
            kind="leaf",
            status=status,
            text=self.sentence(leaf, status, limit),
            fact=names[0],
            value=self.value(names[0]),
            unit=fact.unit,
            op=threshold.op if threshold is not None else None,
            threshold=limit,
            citations=tuple(dict.fromkeys(cites)),
            evidence=tuple(row for name in names for row in self.evidence(name)),
        )

    def sentence(self, leaf: Leaf, status: str, limit: float | None) -> str:
        """Say in words what was charted and how it compares."""
        names = facts_of(leaf)
        title = self.packs.names.facts[names[0]].title
        shown = self.value(names[0])
        if isinstance(leaf, KnownLeaf):
            return f"{title}: {'charted' if status == 'met' else 'not charted'}"
        gone = [self.packs.names.facts[name].title for name in names if self.value(name) is None]
        if gone:
            return "; ".join(f"{one}: not charted" for one in gone)
        match leaf:
            case NumberLeaf(threshold=threshold):
                return f"{title} {shown}: {_compared(threshold.op, limit, threshold.unit, status)}"
            case OtherLeaf(op=op, other=other):
                words = _OPS[op][0 if status == "met" else 1]
                return f"{title} {shown}: {words} {self.packs.names.facts[other].title} ({self.value(other)})"
            case ElapsedLeaf(start=start, end=end, threshold=threshold):
                length = float(self.evaluator.columns.elapsed(start, end, threshold.unit)[self.row])
                until = "now" if end == "t" else self.packs.names.facts[end].title
                compared = _compared(threshold.op, limit, threshold.unit, status)
                return f"{title} to {until} {_amount(length, threshold.unit)}: {compared}"
            case TextLeaf(values=values, negated=negated):
                inside = (status == "met") != negated
                return f"{title} {shown}: {'is' if inside else 'is not'} {' or '.join(values)}"
            case SetLeaf(value_set=value_set):
                title_of = getattr(self.packs.names.value_sets[value_set], "title", value_set)
                return f"{title}: {'in' if status == 'met' else 'none in'} {title_of}"
            case FlagLeaf():
                return f"{title}: {shown}"
            case _:
                return f"{title}: {_say(status)}"

    def value(self, name: str) -> str | None:
        """Return a fact's value in words, None where not charted."""
        if self.evaluator.columns.is_missing(name)[self.row]:
            return None
        fact = self.packs.names.facts[name]
        column = self.facts.column(name)
        raw: Any = None if column is None else column[self.row]
        if fact.type == "flag":
            return "yes" if raw == 1 else "no"
        if fact.type == "number":
            return _amount(float(raw), fact.unit or "")
        if fact.type == "time":
            return f"{pd.Timestamp(raw).tz_convert(self.findings.zone):%Y-%m-%d %H:%M}"
        return ", ".join(raw) if isinstance(raw, tuple) else str(raw)

    def evidence(self, name: str) -> list[TraceRow]:
        rows = self.facts.evidence(name, self.stay_id)
        return [
            TraceRow(
                fact=name,
                table=row.table,
                row_id=row.row_id,
                source=row.source,
                at=row.at.isoformat() if row.at is not None else None,
                text=row.text,
            )
            for row in rows
        ]

    def limit(self, threshold: Threshold) -> float | None:
        found = self.evaluator.threshold(threshold)
        value = found if isinstance(found, float) else float(found[self.row])
        return None if math.isnan(value) else value

    def cited(self, keys: Sequence[str], file_id: str) -> tuple[str, ...]:
        return tuple(f"{file_id}.{key}" for key in keys)

    def parameter_cites(self, full_id: str) -> list[str]:
        """Return the citation of the value that held on the stay's day."""
        dated = self.packs.parameters[full_id]
        day = self.evaluator.columns.days(dated.by or "t")[self.row]
        if np.isnat(day):
            return []
        found = dated.on(day.item())
        return [f"{full_id.rpartition('.')[0]}.{found.cite}"] if found is not None and found.cite else []


def _compared(op: Op, limit: float | None, unit: str, status: str) -> str:
    if limit is None:
        return "no threshold holds on that day"
    if status == "unknown":
        return f"can't be told whether {_OPS[op][0]} {_amount(limit, unit)}"
    return f"{_OPS[op][0 if status == 'met' else 1]} {_amount(limit, unit)}"


def _amount(value: float, unit: str) -> str:
    return f"{_number(value)} {_UNITS.get(unit, unit)}".rstrip()


def _number(value: float) -> str:
    return f"{round(value, 3):.10g}"


def _say(status: str) -> str:
    return {"met": "met", "not_met": "not met", "unknown": "can't be told yet"}[status]
