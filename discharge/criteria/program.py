"""A criterion written out for one-stay questions: what it refers to in its place, down to atoms.

Roles become the trees of the condition files, scores their items; equal parts are shared. Evaluation itself works on
whole columns and never writes trees out; this serves the search for missing facts.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from discharge.criteria.perpacks import once_per_packs
from discharge.packs import Packs, RuleFile
from discharge.packs.model import ScoreItem
from discharge.packs.tree import (
    All,
    AnyOf,
    AtLeast,
    ConditionsApplyLeaf,
    CriterionLeaf,
    ElapsedLeaf,
    FactLeaf,
    KnownLeaf,
    Not,
    NumberLeaf,
    RoleLeaf,
    ScoreLeaf,
    TextLeaf,
    Threshold,
    Tree,
    facts_of,
)

POSITIVE, NEGATIVE = 1, 2  # more of it makes the criterion met; not met; both bits: either


@dataclass(frozen=True)
class ConditionAtom:
    """A diagnosis lies in a value set: the principal one, else the admission's, else any."""

    value_set: str


@dataclass(frozen=True)
class BandsAtom:
    """A score item whose points follow from one numeric fact."""

    item: ScoreItem


Atom: TypeAlias = FactLeaf | ConditionAtom | BandsAtom


@dataclass(frozen=True)
class AtomNode:
    place: int  # in Program.atoms


@dataclass(frozen=True)
class GateNode:
    """At least ``count`` of ``of`` (node numbers): AND is all of them, OR one."""

    of: tuple[int, ...]
    count: int


@dataclass(frozen=True)
class NotNode:
    of: int


@dataclass(frozen=True)
class TotalNode:
    """A score against a threshold: (points, node) items; a banded item has no points of its own."""

    items: tuple[tuple[float | None, int], ...]
    threshold: Threshold


ProgramNode: TypeAlias = AtomNode | GateNode | NotNode | TotalNode


@dataclass
class Program:
    """Nodes in an order in which each comes after what it needs; the last one is the criterion.

    ``below`` has a bit per atom under each node; ``polarity`` a word per atom (POSITIVE, NEGATIVE or both).
    """

    atoms: list[Atom] = field(default_factory=list)
    nodes: list[ProgramNode] = field(default_factory=list)
    below: list[int] = field(default_factory=list)
    polarity: list[int] = field(default_factory=list)

    @cached_property
    def parameters(self) -> list[str]:
        """The dated parameters that are asked."""
        asked = [atom.threshold for atom in self.atoms if isinstance(atom, (NumberLeaf, ElapsedLeaf))]
        asked += [node.threshold for node in self.nodes if isinstance(node, TotalNode)]
        return sorted({one.parameter for one in asked if one.parameter is not None})

    @cached_property
    def facts(self) -> frozenset[str]:
        """The facts that atoms look at."""
        return frozenset(fact for atom in self.atoms for fact in facts_of_atom(atom))

    @cached_property
    def known_mask(self) -> int:
        """The atoms that ask whether something is known, as bits."""
        return sum(1 << place for place, atom in enumerate(self.atoms) if isinstance(atom, KnownLeaf))


def facts_of_atom(atom: Atom) -> tuple[str, ...]:
    """Return the facts that decide an atom."""
    if isinstance(atom, ConditionAtom):
        return ("diagnosis.principal", "diagnosis.admission", "diagnosis.codes")
    if isinstance(atom, BandsAtom):
        return (atom.item.fact or "",)
    return facts_of(atom)


def write_out(packs: Packs, full_id: str) -> Program:
    """Return a criterion written out; done once, so it is to be read only."""
    known = _written(packs)
    program = known.get(full_id)
    if program is None:
        program = known[full_id] = _write_out(packs, full_id)
    return program


@once_per_packs
def _written(_: Packs) -> dict[str, Program]:
    return {}


def _write_out(packs: Packs, full_id: str) -> Program:
    writer = _Writer(packs)
    writer.criterion(full_id)
    writer.set_polarity()
    return writer.program


class _Writer:
    def __init__(self, packs: Packs) -> None:
        self.packs = packs
        self.program = Program()
        self._made: dict[Hashable, int] = {}
        self._places: dict[Atom, int] = {}

    def node(self, node: ProgramNode) -> int:
        """Add a node, or find the equal one."""
        known = self._made.get(node)
        if known is not None:
            return known
        program = self.program
        if isinstance(node, AtomNode):
            below = 1 << node.place
        else:
            below = 0
            for child in _children(node):
                below |= program.below[child]
        program.nodes.append(node)
        program.below.append(below)
        self._made[node] = len(program.nodes) - 1
        return self._made[node]

    def atom(self, atom: Atom) -> int:
        if atom not in self._places:
            self._places[atom] = len(self.program.atoms)
            self.program.atoms.append(atom)
        return self.node(AtomNode(self._places[atom]))

    def gate(self, of: Sequence[int], count: int) -> int:
        return of[0] if len(of) == 1 and count == 1 else self.node(GateNode(tuple(of), count))

    def criterion(self, full_id: str) -> int:
        key = ("criterion", full_id)
        if key not in self._made:
            self._made[key] = self.tree(self.packs.criteria[full_id].tree)
        return self._made[key]

    def tree(self, tree: Tree) -> int:
        match tree:
            case All(of=of):
                return self.gate([self.tree(child) for child in of], len(of))
            case AnyOf(of=of):
                return self.gate([self.tree(child) for child in of], 1)
            case AtLeast(of=of, count=count):
                return self.gate([self.tree(child) for child in of], count)
            case Not(of=(child,)):
                return self.node(NotNode(self.tree(child)))
            case CriterionLeaf(criterion=full_id):
                return self.criterion(full_id)
            case RoleLeaf(role=role, combine=combine):
                return self.role(role, combine)
            case ConditionsApplyLeaf():
                return self.gate([self.applies(file) for file in self.packs.condition_files], 1)
            case ScoreLeaf(score=score, threshold=threshold):
                items = tuple(self.item(item) for item in self.packs.scores[score].items)
                return self.node(TotalNode(items, threshold))
            case _:
                return self.atom(tree)

    def item(self, item: ScoreItem) -> tuple[float | None, int]:
        if item.when is None:
            return (None, self.atom(BandsAtom(item)))
        return (float(item.points), self.tree(item.when))

    def role(self, role: str, combine: str) -> int:
        parts = []
        for file in self.packs.condition_files:
            for name, full_id in file.roles.items():
                if name == role:
                    applies = self.applies(file)
                    guard = applies if combine == "any" else self.node(NotNode(applies))
                    parts.append(self.gate([guard, self.criterion(full_id)], 2 if combine == "any" else 1))
        return self.gate(parts, 1 if combine == "any" else len(parts))

    def applies(self, file: RuleFile) -> int:
        parts = []
        if file.applies.payer_class is not None:
            parts.append(self.atom(TextLeaf("coverage.payer_class", tuple(sorted(file.applies.payer_class)))))
        if file.applies.condition is not None:
            parts.append(self.atom(ConditionAtom(file.applies.condition)))
        return self.gate(parts, len(parts))

    def set_polarity(self) -> None:
        """Work out, from the root down, which way each atom pulls."""
        program = self.program
        pulls = [0] * len(program.nodes)
        pulls[-1] = POSITIVE
        program.polarity = [0] * len(program.atoms)
        for place in range(len(program.nodes) - 1, -1, -1):
            node, pull = program.nodes[place], pulls[place]
            if isinstance(node, AtomNode):
                program.polarity[node.place] |= pull
            elif isinstance(node, GateNode):
                for child in node.of:
                    pulls[child] |= pull
            elif isinstance(node, NotNode):
                pulls[node.of] |= _flipped(pull)
            else:
                for points, child in node.items:
                    way = _flipped(pull) if node.threshold.op in ("<", "<=") else pull
                    way = POSITIVE | NEGATIVE if node.threshold.op in ("==", "!=") else way
                    pulls[child] |= _flipped(way) if points is not None and points < 0 else way


def _flipped(pull: int) -> int:
    return (POSITIVE if pull & NEGATIVE else 0) | (NEGATIVE if pull & POSITIVE else 0)


def _children(node: ProgramNode) -> Sequence[int]:
    match node:
        case GateNode(of=of):
            return of
        case NotNode(of=child):
            return (child,)
        case TotalNode(items=items):
            return [child for _, child in items]
        case _:
            return ()
