"""A slot for each distinct tree of some packs, and which leaves are answered all at once for few stays.

For one stay, starting numpy takes longer than its work: hundreds of leaves asked one by one are hundreds of starts.
Asked as a table, a row per leaf and a column per stay, they are a dozen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from discharge.criteria import kleene
from discharge.criteria.columns import Columns
from discharge.criteria.kleene import StatusArray
from discharge.criteria.perpacks import once_per_packs
from discharge.packs import Packs
from discharge.packs.tree import (
    All,
    AnyOf,
    AtLeast,
    CriterionLeaf,
    FlagLeaf,
    KnownLeaf,
    Not,
    NumberLeaf,
    Op,
    RoleLeaf,
    ScoreLeaf,
    Tree,
)

MOST_STAYS = 1000  # beyond, leaf by leaf takes no longer and less memory

Slots: TypeAlias = list[StatusArray | None]
_Asked: TypeAlias = list[tuple[int, float, int]]  # place of the fact, what it is compared with, slot


@dataclass(frozen=True)
class Group:
    """Leaves that one comparison answers: places of their facts, what they are compared with, and their slots."""

    facts: NDArray[np.intp]
    limits: NDArray[np.float64]  # a column
    slots: tuple[int, ...]

    @classmethod
    def of(cls, asked: _Asked) -> Group:
        facts, limits, slots = zip(*asked, strict=True) if asked else ((), (), ())
        return cls(np.array(facts, np.intp), np.array(limits, np.float64).reshape(-1, 1), slots)

    def fill(self, table: NDArray[np.int8], slots: Slots) -> None:
        """Put the rows of ``table`` into the slots."""
        for slot, row in zip(self.slots, table, strict=True):
            slots[slot] = row


@dataclass
class Plan:
    """``slots``: id of a tree, wherever it stands, -> its slot; equal trees share one. ``size``: how many slots.

    ``single`` are the leaves about one number or flag (``flags``, ``known`` and ``numbers`` by operator).
    """

    slots: dict[int, int] = field(default_factory=dict)
    size: int = 0
    single: list[tuple[int, Tree]] = field(default_factory=list)
    facts: tuple[str, ...] = ()
    flags: Group = field(default_factory=lambda: Group.of([]))
    known: Group = field(default_factory=lambda: Group.of([]))
    numbers: list[tuple[Op, Group]] = field(default_factory=list)
    trees: list[Tree] = field(default_factory=list)  # kept, or an id would come to be another's

    def answer(self, columns: Columns, slots: Slots) -> None:
        """Fill the slots of all single leaves."""
        if not self.facts:
            return
        values = np.concatenate([columns.numbers(fact) for fact in self.facts]).reshape(
            len(self.facts), columns.size
        )
        missing = np.isnan(values)
        asked, wanted = self.flags.facts, self.flags.limits
        self.flags.fill(kleene.status(values[asked] == wanted, missing[asked]), slots)
        self.known.fill(kleene.status(~missing[self.known.facts]), slots)
        for op, group in self.numbers:
            group.fill(kleene.compare(values[group.facts], op, group.limits, missing[group.facts]), slots)


@once_per_packs
def plan_of(packs: Packs) -> Plan:
    """Return the plan of all criteria and scores."""
    planner = _Planner(packs)
    for criterion in packs.criteria.values():
        planner.visit(criterion.tree)
    for full_id in packs.scores:
        planner.score(full_id)
    planner.group()
    return planner.plan


class _Planner:
    def __init__(self, packs: Packs) -> None:
        self.packs = packs
        self.plan = Plan()
        self._equal: dict[Tree, int] = {}
        self._scores: set[str] = set()

    def visit(self, tree: Tree) -> int:
        """Give a tree and all below it their slots; return the tree's."""
        plan = self.plan
        if id(tree) in plan.slots:
            return plan.slots[id(tree)]
        plan.trees.append(tree)
        slot = self._alias(tree)
        if slot is None:
            slot = self._equal.get(tree)
        if slot is None:
            slot = self._equal[tree] = plan.size
            plan.size += 1
            if self._is_single(tree):
                plan.single.append((slot, tree))
        plan.slots[id(tree)] = slot
        return slot

    def score(self, full_id: str) -> None:
        if full_id not in self._scores:
            self._scores.add(full_id)
            score = self.packs.scores[full_id]
            for tree in score.trees:
                self.visit(tree)
            for other in score.scores:
                self.score(other)

    def _alias(self, tree: Tree) -> int | None:
        """Visit what a tree needs; return the slot of the criterion for which it stands, if it does."""
        match tree:
            case All(of=of) | AnyOf(of=of) | AtLeast(of=of) | Not(of=of):
                for child in of:
                    self.visit(child)
            case ScoreLeaf(score=score):
                self.score(score)
            case RoleLeaf(role=role):
                for file in self.packs.condition_files:
                    if role in file.roles:
                        self.visit(self.packs.criteria[file.roles[role]].tree)
            case CriterionLeaf(criterion=full_id):
                return self.visit(self.packs.criteria[full_id].tree)
            case _:
                pass
        return None

    def _is_single(self, tree: Tree) -> bool:
        if not isinstance(tree, (FlagLeaf, KnownLeaf, NumberLeaf)):
            return False
        if isinstance(tree, NumberLeaf) and (tree.threshold.parameter or tree.threshold.value is None):
            return False
        described = self.packs.names.facts.get(tree.fact)
        return described is not None and described.type in ("number", "flag")

    def group(self) -> None:
        """Sort the single leaves by what answers them together."""
        places: dict[str, int] = {}
        flags: _Asked = []
        known: _Asked = []
        numbers: dict[Op, _Asked] = {}
        for slot, leaf in self.plan.single:
            match leaf:
                case FlagLeaf(fact=fact, wanted=wanted):
                    flags.append((places.setdefault(fact, len(places)), float(wanted), slot))
                case KnownLeaf(fact=fact):
                    known.append((places.setdefault(fact, len(places)), 0.0, slot))
                case NumberLeaf(fact=fact, threshold=threshold):
                    asked = (places.setdefault(fact, len(places)), float(threshold.value or 0), slot)
                    numbers.setdefault(threshold.op, []).append(asked)
                case _:
                    pass
        self.plan.facts = tuple(places)
        self.plan.flags, self.plan.known = Group.of(flags), Group.of(known)
        self.plan.numbers = [(op, Group.of(asked)) for op, asked in numbers.items()]
