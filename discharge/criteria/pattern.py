"""One stay as a criterion sees it: the status of each atom, and which facts are not charted.

Stays with the same pattern miss the same facts, so the search is done once per pattern.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from discharge.criteria import kleene
from discharge.criteria.evaluate import Evaluator
from discharge.criteria.program import AmountAtom, Atom, ConditionAtom, facts_of_atom, write_out
from discharge.packs import Packs
from discharge.packs.tree import ElapsedLeaf, KnownLeaf, NumberLeaf, Threshold


@dataclass
class Pattern:
    """``status`` of each atom (of amounts: unused), ``points`` (lowest, highest) of amounts.

    ``needed`` has, for each atom that charting could change, the facts it takes as bits (0 where charting changes
    nothing); bit ``i`` stands for ``facts[i]``.
    """

    status: list[int]
    points: dict[int, tuple[float, float]]
    needed: list[int]
    facts: Sequence[str]
    parameters: dict[str, float]

    def limit(self, threshold: Threshold) -> float:
        """Return the number to compare with; NaN where no value holds."""
        if threshold.parameter is not None:
            return self.parameters[threshold.parameter]
        return float(threshold.value) if threshold.value is not None else math.nan

    def names(self, mask: int) -> frozenset[str]:
        """Return the facts that ``mask`` stands for."""
        return frozenset(fact for place, fact in enumerate(self.facts) if mask >> place & 1)


class PatternTable:
    """Patterns of one criterion for all stays of one evaluation to which the same conditions are foreign."""

    def __init__(self, packs: Packs, evaluator: Evaluator, full_id: str, foreign: frozenset[str]) -> None:
        self.foreign = foreign
        program = self.program = write_out(packs, full_id, foreign)
        self.parameters = program.parameters
        by = {name: packs.parameters[name].by for name in self.parameters}
        self.by = {name: fact for name, fact in by.items() if fact is not None}
        self.facts = sorted(program.facts | set(self.by.values()))
        self._bit = {fact: 1 << place for place, fact in enumerate(self.facts)}
        self._amounts = [place for place, atom in enumerate(program.atoms) if isinstance(atom, AmountAtom)]
        size = evaluator.columns.size
        self._status = _stack([_status(evaluator, atom) for atom in program.atoms], size, np.int8)
        self._missing = _stack([evaluator.columns.is_missing(fact) for fact in self.facts], size, np.bool_)
        ends = [
            end
            for atom in program.atoms
            if isinstance(atom, AmountAtom)
            for end in evaluator.points(atom.amount)
        ]
        self._points = _stack(ends, size, np.float64)
        self._values = _stack([evaluator.parameter(name) for name in self.parameters], size, np.float64)

    def key(self, row: int) -> bytes:
        """Return what tells one pattern from another."""
        parts = (self._status, self._missing, self._points, self._values)
        return b"|".join(part[row].tobytes() for part in parts)

    def pattern(self, row: int) -> Pattern:
        """Return the pattern of one row."""
        ends = self._points[row].tolist()
        missing = sum(1 << place for place in np.flatnonzero(self._missing[row]).tolist())
        found = Pattern(
            status=self._status[row].tolist(),
            points={place: (ends[2 * n], ends[2 * n + 1]) for n, place in enumerate(self._amounts)},
            needed=[],
            facts=self.facts,
            parameters=dict(zip(self.parameters, self._values[row].tolist(), strict=True)),
        )
        found.needed = [
            self._needed(place, atom, found, missing) for place, atom in enumerate(self.program.atoms)
        ]
        return found

    def _needed(self, place: int, atom: Atom, pattern: Pattern, missing: int) -> int:
        if isinstance(atom, KnownLeaf):
            return self._bit[atom.fact] & missing
        if isinstance(atom, AmountAtom):
            return self._bit[atom.amount.fact] & missing
        if pattern.status[place] != kleene.UNKNOWN:
            return 0
        if isinstance(atom, ConditionAtom):
            return self._bit["diagnosis.principal"] & missing
        needed = 0
        for fact in facts_of_atom(atom):
            needed |= self._bit[fact] & missing
        name = atom.threshold.parameter if isinstance(atom, (NumberLeaf, ElapsedLeaf)) else None
        if name is not None and math.isnan(pattern.parameters[name]):
            day = self._bit.get(self.by.get(name, ""), 0) & missing
            return needed | day if day else 0
        return needed


def _stack(columns: list[NDArray[Any]], size: int, dtype: Any) -> NDArray[Any]:
    table = np.column_stack(columns) if columns else np.zeros((size, 0))
    return np.ascontiguousarray(table, dtype=dtype)


def _status(evaluator: Evaluator, atom: Atom) -> kleene.StatusArray:
    if isinstance(atom, AmountAtom):
        return evaluator.constant(kleene.UNKNOWN)
    if isinstance(atom, ConditionAtom):
        return evaluator.condition(atom.value_set)
    return evaluator.tree(atom)
