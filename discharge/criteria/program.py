"""A criterion written out for one-stay questions: what it refers to in its place, down to atoms.

Roles become the trees of the condition files, scores their items; equal parts are shared. Evaluation itself works on
whole columns and never writes trees out; this serves the search for missing facts.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from discharge.criteria.perpacks import once_per_packs
from discharge.packs import Packs, RuleFile, Score
from discharge.packs.amounts import (
    Amount,
    Choice,
    Count,
    FactAmount,
    FromFact,
    FromWord,
    Line,
    Mean,
    OfScore,
    Steps,
    bounds_of,
    fact_amounts,
)
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
BOTH = POSITIVE | NEGATIVE


@dataclass(frozen=True)
class ConditionAtom:
    """A diagnosis lies in a value set: the principal one, else the admission's, else any."""

    value_set: str


@dataclass(frozen=True)
class AmountAtom:
    """A part of a score that follows from one fact; its answers are amounts."""

    amount: FactAmount


Atom: TypeAlias = FactLeaf | ConditionAtom | AmountAtom


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
class ScoreNode:
    """A score (full name): what it comes to is an interval. ``of``: its trees, its facts and the scores in it."""

    score: str
    of: tuple[int, ...]


@dataclass(frozen=True)
class TotalNode:
    """A score (its node) against a threshold."""

    of: int
    threshold: Threshold


_REMEMBERED = 300  # programs of one set of packs

ProgramNode: TypeAlias = AtomNode | GateNode | NotNode | ScoreNode | TotalNode


@dataclass
class Program:
    """Nodes in an order in which each comes after what it needs; the last one is the criterion.

    ``below`` has a bit per atom under each node; ``polarity`` a word per atom (POSITIVE, NEGATIVE or both).
    ``trees``, ``amounts`` and ``scores`` say where what scores ask is to be found: nodes of trees and scores, places
    of the atoms of amounts.
    """

    atoms: list[Atom] = field(default_factory=list)
    nodes: list[ProgramNode] = field(default_factory=list)
    below: list[int] = field(default_factory=list)
    polarity: list[int] = field(default_factory=list)
    trees: dict[Tree, int] = field(default_factory=dict)
    amounts: dict[FactAmount, int] = field(default_factory=dict)
    scores: dict[str, int] = field(default_factory=dict)
    tables: dict[str, Score] = field(default_factory=dict)

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
    if isinstance(atom, AmountAtom):
        return (atom.amount.fact,)
    return facts_of(atom)


def write_out(packs: Packs, full_id: str, foreign: frozenset[str] = frozenset()) -> Program:
    """Return a criterion written out; done once, so it is to be read only.

    ``foreign`` are condition files that apply to nobody asked about: their roles change nothing and are left out.
    """
    known = _written(packs)
    program = known.get((full_id, foreign))
    if program is None:
        if len(known) >= _REMEMBERED:
            known.clear()
        program = known[full_id, foreign] = _write_out(packs, full_id, foreign)
    return program


@once_per_packs
def _written(_: Packs) -> dict[tuple[str, frozenset[str]], Program]:
    return {}


def _write_out(packs: Packs, full_id: str, foreign: frozenset[str]) -> Program:
    writer = _Writer(packs, foreign)
    writer.criterion(full_id)
    writer.set_polarity()
    return writer.program


class _Writer:
    def __init__(self, packs: Packs, foreign: frozenset[str]) -> None:
        self.packs = packs
        # A gate needs a part: where all are foreign, the first stands for them.
        files = packs.condition_files
        self.conditions = [file for file in files if file.id not in foreign] or list(files[:1])
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
                return self.gate([self.applies(file) for file in self.conditions], 1)
            case ScoreLeaf(score=score, threshold=threshold):
                return self.node(TotalNode(self.score(score), threshold))
            case _:
                return self.atom(tree)

    def score(self, full_id: str) -> int:
        program = self.program
        known = program.scores.get(full_id)
        if known is not None:
            return known
        score = program.tables[full_id] = self.packs.scores[full_id]
        of = [self.score(other) for other in score.scores]
        for tree in score.trees:
            program.trees[tree] = self.tree(tree)
            of.append(program.trees[tree])
        for part in score.parts:
            for amount in fact_amounts(part.amount):
                of.append(self.atom(AmountAtom(amount)))
                program.amounts[amount] = self._places[AmountAtom(amount)]
        program.scores[full_id] = self.node(ScoreNode(full_id, tuple(of)))
        return program.scores[full_id]

    def role(self, role: str, combine: str) -> int:
        parts = []
        with_role = [file for file in self.packs.condition_files if role in file.roles]
        for file in [file for file in self.conditions if role in file.roles] or with_role[:1]:
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
            elif isinstance(node, TotalNode):
                way = _flipped(pull) if node.threshold.op in ("<", "<=") else pull
                pulls[node.of] |= BOTH if node.threshold.op in ("==", "!=") else way
            else:
                for child, way in self.pulled(node, pull):
                    pulls[child] |= way

    def pulled(self, node: ScoreNode, pull: int) -> Iterator[tuple[int, int]]:
        """Yield the nodes that a score rests on, and which way each pulls."""
        score = self.packs.scores[node.score]
        if score.formula is not None:
            yield from ((child, BOTH) for child in node.of)
            return
        if score.valid_when is not None:
            yield self.program.trees[score.valid_when], BOTH
        for item in score.items:
            yield from self.moved(item.amount, pull)

    def moved(self, amount: Amount, pull: int) -> Iterator[tuple[int, int]]:
        match amount:
            case FromFact() | FromWord():
                yield self._made[AtomNode(self.program.amounts[amount])], pull
            case Choice(tree=tree, then=then, otherwise=otherwise):
                (low, high), (least, most) = bounds_of(then), bounds_of(otherwise)
                way = pull if low >= most else _flipped(pull) if high <= least else BOTH
                yield self.program.trees[tree], way
                yield from self.moved(then, pull)
                yield from self.moved(otherwise, pull)
            case Count(trees=trees, by=by):
                yield from ((self.program.trees[tree], _by(by, pull)) for tree in trees)
            case OfScore(score=score, by=by):
                yield self.program.scores[score], _by(by, pull)
            case Mean(of=of):
                for one in of:
                    yield from self.moved(one, pull)
            case _:
                pass


def _by(by: Steps | Line | None, pull: int) -> int:
    direction = 1 if by is None else by.direction
    return pull if direction > 0 else _flipped(pull) if direction < 0 else BOTH


def _flipped(pull: int) -> int:
    return (POSITIVE if pull & NEGATIVE else 0) | (NEGATIVE if pull & POSITIVE else 0)


def _children(node: ProgramNode) -> Sequence[int]:
    match node:
        case GateNode(of=of):
            return of
        case NotNode(of=child):
            return (child,)
        case ScoreNode(of=of):
            return of
        case TotalNode(of=child):
            return (child,)
        case _:
            return ()
