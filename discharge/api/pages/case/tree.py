"""Criteria of a review as trees: what each rests on, how its parts are joined, and which of them settle nothing yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from discharge.api.pages.case.evidence import FactLine, fact_line
from discharge.packs import Packs
from discharge.packs.tree import All, AnyOf, AtLeast, CriterionLeaf, Not, ScoreLeaf, Tree, facts_of
from discharge.review.model import Finding, Review


@dataclass(frozen=True)
class Source:
    """What a criterion rests on; ``url`` None: no address is on record."""

    title: str
    url: str | None
    is_checked: bool
    read_on: str | None


@dataclass(frozen=True)
class Node:
    """A criterion in its place of a tree.

    ``joint`` says how its parts are joined, empty where that is not known. ``must_not``: what it is part of asks that
    it does not hold. ``told``: it stands in full further up. ``is_open``: it is not settled in favour.
    """

    criterion: str
    title: str
    status: str
    joint: str
    must_not: bool
    told: bool
    is_open: bool
    facts: tuple[FactLine, ...]
    parts: tuple[Node, ...]
    elsewhere: tuple[tuple[str, str], ...]
    sources: tuple[Source, ...]
    file: str

    @property
    def is_checked(self) -> bool:
        """Tell whether every source was checked."""
        return all(one.is_checked for one in self.sources)

    def count(self) -> int:
        """Return how many criteria stand here in full, this one too."""
        return (0 if self.told else 1) + sum(one.count() for one in self.parts)


@dataclass(frozen=True)
class Shape:
    """What a rule file says of a criterion: how it is joined, and what it asks not to hold."""

    joint: str
    negated: frozenset[str]


_NO_SHAPE = Shape("", frozenset())


class Trees:
    """Builds the trees of one review. What stands once in full is only named where it comes again."""

    def __init__(self, review: Review, packs: Packs) -> None:
        self._review = review
        self._packs = packs
        self.findings: Mapping[str, Finding] = {one.criterion: one for one in review.findings}
        self._told: set[str] = set()

    def roots(self, names: Iterable[str], within: frozenset[str] | None = None) -> tuple[Node, ...]:
        """Return the trees of criteria; of parts that are not in ``within`` only the names."""
        return tuple(self._node(name, within, must_not=False) for name in names)

    def shape(self, finding: Finding) -> Shape:
        """Return how a criterion is joined, if the rules in memory are of the edition that it was found with."""
        file = self._review.provenance.files.get(finding.rule_file)
        known = self._packs.criteria.get(finding.criterion)
        pack = self._packs.packs.get(file.pack) if file is not None else None
        if file is None or known is None or pack is None or pack.version != file.version:
            return _NO_SHAPE
        return _shape(known.tree)

    def _node(self, name: str, within: frozenset[str] | None, *, must_not: bool) -> Node:
        finding = self.findings[name]
        told = name in self._told
        self._told.add(name)
        shape = self.shape(finding)
        known = [part for part in finding.parts if part in self.findings] if not told else []
        here = [part for part in known if within is None or part in within]
        is_settled = finding.status == ("not_met" if must_not else "met")
        return Node(
            criterion=name,
            title=finding.title,
            status=finding.status,
            joint=shape.joint if len(finding.parts) + len(finding.facts) > 1 else "",
            must_not=must_not,
            told=told and bool(finding.parts or finding.facts),
            is_open=not is_settled and not told,
            facts=()
            if told
            else tuple(fact_line(one, must_not=one.name in shape.negated) for one in finding.facts),
            parts=tuple(self._node(part, within, must_not=part in shape.negated) for part in here),
            elsewhere=tuple((part, self.findings[part].title) for part in known if part not in here),
            sources=() if told else self._sources(finding),
            file=finding.rule_file,
        )

    def _sources(self, finding: Finding) -> tuple[Source, ...]:
        cited = self._review.provenance.citations
        found = (cited[key] for key in finding.citations if key in cited)
        return tuple(Source(one.title, one.url, one.verified, one.read_on) for one in found)


@cache
def _shape(tree: Tree) -> Shape:
    """Return how the parts of a criterion are joined, and the parts and facts that must not hold."""
    top, is_turned = tree, False
    while isinstance(top, Not) and len(top.of) == 1:
        top, is_turned = top.of[0], not is_turned
    joint = ""
    if isinstance(top, All):
        joint = "not all of" if is_turned else "needs all of"
    elif isinstance(top, AnyOf):
        joint = "none of" if is_turned else "needs one of"
    elif isinstance(top, AtLeast) and not is_turned:
        joint = f"needs at least {top.count} of"
    plain, turned = _by_sign(tree, is_turned=False)
    return Shape(joint, frozenset(turned - plain))


def _by_sign(tree: Tree, *, is_turned: bool) -> tuple[set[str], set[str]]:
    """Return the names of parts and facts that a tree asks to hold, and not to hold."""
    if isinstance(tree, (All, AnyOf, AtLeast, Not)):
        inner = is_turned != isinstance(tree, Not)
        plain, turned = set[str](), set[str]()
        for child in tree.of:
            more = _by_sign(child, is_turned=inner)
            plain |= more[0]
            turned |= more[1]
        return plain, turned
    names = set(facts_of(tree))
    if isinstance(tree, CriterionLeaf):
        names = {tree.criterion}
    elif isinstance(tree, ScoreLeaf):
        names = {tree.score}
    return (set(), names) if is_turned else (names, set())


def below(review: Review, roots: Iterable[str]) -> frozenset[str]:
    """Return the criteria that some rest on, however deep, and these themselves."""
    known = {one.criterion: one for one in review.findings}
    waiting, seen = [one for one in roots if one in known], set[str]()
    while waiting:
        here = waiting.pop()
        if here not in seen:
            seen.add(here)
            waiting += [part for part in known[here].parts if part in known]
    return frozenset(seen)
