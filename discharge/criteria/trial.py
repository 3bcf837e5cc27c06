"""Tries values of missing facts on a written-out criterion: can these facts make it met, or not met?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, product
from typing import TypeAlias

import numpy as np

from discharge.criteria import kleene
from discharge.criteria.kleene import MET, NOT_MET, UNKNOWN
from discharge.criteria.pattern import Pattern
from discharge.criteria.program import (
    NEGATIVE,
    POSITIVE,
    AmountAtom,
    Atom,
    AtomNode,
    ConditionAtom,
    GateNode,
    NotNode,
    Program,
    ProgramNode,
    ScoreNode,
    TotalNode,
)
from discharge.criteria.scores import total_of
from discharge.packs import Packs
from discharge.packs.amounts import Ends, FactAmount, FromFact, FromWord, Steps, Words
from discharge.packs.tree import FlagLeaf, KnownLeaf, NumberLeaf, SetLeaf, TextLeaf, Tree

Answers: TypeAlias = dict[int, float]  # by place of the atom: a status, or an amount

_COMBINATIONS = 2048  # tried per set of facts; beyond them the tree's own word is taken
_SETS_COMBINED = 4  # value sets asked of one list of codes of which every combination is tried


class Trial:
    """One pattern of one criterion, with the possible answers of each missing fact.

    ``base`` is the status of every node as things are; ``open_facts`` the facts (as bits) that change anything.
    """

    def __init__(self, packs: Packs, program: Program, pattern: Pattern) -> None:
        self._packs = packs
        self._program = program
        self._pattern = pattern
        self._groups: dict[int, list[int]] = {}
        for place, needed in enumerate(pattern.needed):
            if needed:
                self._groups.setdefault(needed, []).append(place)
        bits = 0
        for needed in self._groups:
            bits |= needed
        self.open_facts = [1 << place for place in range(bits.bit_length()) if bits >> place & 1]
        self.base = [kleene.UNKNOWN] * len(program.nodes)
        self.tried = Tried(program, pattern, self.base, {}, {})
        for place in range(len(program.nodes)):
            self.tried.answer(place)
        self._answers: dict[tuple[int, int], list[Answers]] = {}

    def can_be(self, target: int, facts: int) -> bool:
        """Say whether some values of ``facts`` give the criterion the status ``target``."""
        choices = [self._answers_of(group, target) for group in self._groups if group & facts == group]
        total = 1
        for choice in choices:
            total *= len(choice)
        for combination in islice(product(*choices), _COMBINATIONS):
            given: Answers = {}
            for answers in combination:
                given.update(answers)
            mask = sum(1 << place for place in given)
            if self._statuses(given, mask)[-1] == target:
                return True
        return total > _COMBINATIONS

    def _answers_of(self, group: int, target: int) -> list[Answers]:
        """Return the answers of a group of facts that are not outdone by others on the way to ``target``."""
        key = (group, target)
        if key not in self._answers:
            listed = self._groups[group]
            found = self._possible(listed) if group.bit_count() == 1 else _free(listed, self._program)
            self._answers[key] = self._best(list(found), target)
        return self._answers[key]

    def _best(self, found: list[Answers], target: int) -> list[Answers]:
        """Drop answers that another matches or betters for every atom that pulls one way."""
        sign = 1.0 if target == MET else -1.0
        rows = [
            tuple(self._pull(place) * sign * value for place, value in answers.items()) for answers in found
        ]
        both = [tuple(v for p, v in answers.items() if not self._pull(p)) for answers in found]
        kept: list[int] = []
        for place in range(len(found)):
            outdone = any(
                both[other] == both[place]
                and all(a >= b for a, b in zip(rows[other], rows[place], strict=True))
                and (rows[other] != rows[place] or other < place)
                for other in range(len(found))
                if other != place
            )
            if not outdone:
                kept.append(place)
        return [found[place] for place in kept]

    def _pull(self, place: int) -> float:
        return {POSITIVE: 1.0, NEGATIVE: -1.0}.get(self._program.polarity[place], 0.0)

    def _possible(self, listed: Sequence[int]) -> Iterable[Answers]:
        """Return the answers that one fact can give to all that is asked of it."""
        atoms = self._program.atoms
        charted: Answers = {place: MET for place in listed if isinstance(atoms[place], KnownLeaf)}
        asked = [place for place in listed if place not in charted]
        if not asked:
            return [charted]
        kinds = {_kind(atoms[place]) for place in asked}
        if len(asked) == 1:
            found: Iterable[Answers] = _free(asked, self._program)
        elif kinds == {FlagLeaf}:
            found = self._flag(asked)
        elif kinds <= {TextLeaf, SetLeaf, ConditionAtom, FromWord}:
            found = self._words(asked)
        elif kinds <= {NumberLeaf, FromFact}:
            found = self._numbers(asked)
        else:
            found = _free(asked, self._program)
        return ({**charted, **answers} for answers in found)

    def _flag(self, asked: Sequence[int]) -> Iterator[Answers]:
        for value in (True, False):
            yield {
                place: MET if getattr(self._program.atoms[place], "wanted", None) is value else NOT_MET
                for place in asked
            }

    def _words(self, asked: Sequence[int]) -> Iterator[Answers]:
        """Words that are asked for, another word, and codes in (combinations of) the value sets asked for."""
        atoms = self._program.atoms
        words = {word for place in asked for word in _words_of(atoms[place])}
        sets = [place for place in asked if isinstance(atoms[place], (SetLeaf, ConditionAtom))]
        for word in sorted(words):
            yield {place: self._word_answer(place, word) for place in asked}
        none: Answers = {place: self._word_answer(place, "") for place in asked}
        if len(sets) <= _SETS_COMBINED:
            for combination in product((NOT_MET, MET), repeat=len(sets)):
                yield {**none, **dict(zip(sets, combination, strict=True))}
            return
        yield none
        for inside in sets:
            yield {**none, inside: MET}
        yield {**none, **dict.fromkeys(sets, MET)}

    def _word_answer(self, place: int, word: str) -> float:
        """Answer with a word; the empty one is in no value set and no list."""
        atom = self._program.atoms[place]
        if isinstance(atom, AmountAtom) and isinstance(atom.amount, FromWord):
            return atom.amount.by.ends(word)[0]
        if isinstance(atom, TextLeaf):
            return MET if (word in atom.values) != atom.negated else NOT_MET
        value_set = self._packs.names.value_sets[getattr(atom, "value_set", "")]
        return MET if word and value_set.matches(word) else NOT_MET

    def _numbers(self, asked: Sequence[int]) -> Iterator[Answers]:
        """Values at, between, below and above every limit that is asked of the number."""
        limits = sorted({limit for place in asked for limit in self._limits(place)})
        if not limits or any(np.isnan(limits)):
            yield from _free(asked, self._program)
            return
        middles = [(one + other) / 2 for one, other in pairwise(limits)]
        values = np.array([limits[0] - 1, *limits, *middles, limits[-1] + 1])
        columns = {place: self._answer_column(place, values) for place in asked}
        for turn in range(len(values)):
            yield {place: float(column[turn]) for place, column in columns.items()}

    def _limits(self, place: int) -> Iterator[float]:
        atom = self._program.atoms[place]
        if isinstance(atom, AmountAtom) and isinstance(atom.amount, FromFact):
            yield from atom.amount.by.limits
        elif isinstance(atom, NumberLeaf):
            yield self._pattern.limit(atom.threshold)

    def _answer_column(self, place: int, values: kleene.FloatArray) -> kleene.FloatArray:
        atom = self._program.atoms[place]
        if isinstance(atom, NumberLeaf):
            found = kleene.compare(values, atom.threshold.op, self._pattern.limit(atom.threshold))
            return found.astype(np.float64)
        if isinstance(atom, AmountAtom) and isinstance(atom.amount, FromFact):
            by = atom.amount.by
            return np.array([by.ends(value, value)[0] for value in values.tolist()])
        return values

    def _statuses(self, given: Answers, mask: int) -> list[int]:
        """Return the status of every node with ``given`` answers; ``mask`` has the atoms whose nodes may differ."""
        tried = Tried(self._program, self._pattern, self.base.copy(), dict(self.tried.totals), given)
        for place, below in enumerate(self._program.below):
            if below & mask:
                tried.answer(place)
        return tried.found


@dataclass
class Tried:
    """What comes of some answers: the status of every node (``found``), the interval of every score (``totals``)."""

    program: Program
    pattern: Pattern
    found: list[int]
    totals: dict[int, Ends]
    given: Answers

    def answer(self, place: int) -> None:
        """Work out one node; those below it are known."""
        node = self.program.nodes[place]
        if isinstance(node, ScoreNode):
            self.totals[place] = total_of(self.program.tables[node.score], self)
        else:
            self.found[place] = self._node(node)

    def _node(self, node: ProgramNode) -> int:
        match node:
            case GateNode(of=of, count=count):
                inner = [self.found[child] for child in of]
                if inner.count(MET) >= count:
                    return MET
                return NOT_MET if len(inner) - inner.count(NOT_MET) < count else UNKNOWN
            case AtomNode(place=atom):
                return int(self.given.get(atom, self.pattern.status[atom]))
            case NotNode(of=child):
                return MET - self.found[child]
            case TotalNode(of=score, threshold=threshold):
                return kleene.compare_ends(*self.totals[score], threshold.op, self.pattern.limit(threshold))
            case _:
                return UNKNOWN

    def status(self, tree: Tree) -> int:
        return self.found[self.program.trees[tree]]

    def amount(self, amount: FactAmount) -> Ends:
        place = self.program.amounts[amount]
        known = self.given.get(place)
        return self.pattern.points[place] if known is None else (known, known)

    def total(self, full_id: str) -> Ends:
        return self.totals[self.program.scores[full_id]]


def _kind(atom: Atom) -> type[object]:
    return type(atom.amount) if isinstance(atom, AmountAtom) else type(atom)


def _words_of(atom: Atom) -> tuple[str, ...]:
    if isinstance(atom, AmountAtom):
        return tuple(atom.amount.by.table) if isinstance(atom.amount, FromWord) else ()
    return atom.values if isinstance(atom, TextLeaf) else ()


def _free(listed: Sequence[int], program: Program) -> Iterator[Answers]:
    """Every combination of answers, as if the questions had nothing to do with one another."""
    for combination in product(*[_ends_of(program.atoms[place]) for place in listed]):
        yield dict(zip(listed, combination, strict=True))


def _ends_of(atom: object) -> tuple[float, ...]:
    if isinstance(atom, AmountAtom):
        by = atom.amount.by
        if isinstance(by, Words):
            return tuple(sorted({*by.table.values(), *by.widest}))
        return tuple(sorted(set(by.points if isinstance(by, Steps) else by.widest)))
    return (MET,) if isinstance(atom, KnownLeaf) else (MET, NOT_MET)
