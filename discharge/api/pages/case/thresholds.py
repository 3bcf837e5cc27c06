"""Thresholds of a stay's trends: those that the review's own criteria hold readings against, and no others."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from discharge.api.pages.case.readings import Reading
from discharge.facts import catalogue
from discharge.facts.observations import STATISTICS
from discharge.packs import Packs
from discharge.packs.tree import All, AnyOf, AtLeast, CriterionLeaf, Not, NumberLeaf, RoleLeaf, Tree
from discharge.review.findings import OPS
from discharge.review.model import FactSeen, Finding, Review
from discharge.review.parts import LEVEL

Span: TypeAlias = Literal["24h", "admit", "stay"]
_DAY = timedelta(days=1)
_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_WORDS = {words: op for op, words in OPS.items() if op in _HOLDS}
_TEST = re.compile(rf"({'|'.join(_WORDS)}) (-?[0-9][0-9,]*(?:\.[0-9]+)?)(?: .*)?")
_OF_CONCEPT: Mapping[str, tuple[str, Span, str]] = {
    "respiratory.spo2_room_air_min_24h": ("spo2", "24h", "lowest"),
}
"""Facts that are a statistic of one concept but are taken by a step of their own."""
_SPANS: Mapping[Span, str] = {"24h": "the last 24 h", "admit": "the first 24 h", "stay": "the stay"}


@dataclass(frozen=True)
class Source:
    """A criterion that holds a reading against the threshold, and what came of it."""

    title: str
    rule: str
    of: str
    status: str


@dataclass(frozen=True)
class Threshold:
    """A line in a chart. ``concern`` tells whether a reading worries by passing the test, or by failing it.

    None: the criterion speaks of neither, or of both. ``how`` is the statistic: the first, last, lowest or highest
    reading from ``start`` to ``end`` is looked at.
    """

    concept: str
    op: str
    value: float
    test: str
    span: str
    how: str
    start: datetime
    end: datetime
    concern: bool | None
    sources: tuple[Source, ...]

    def is_beyond(self, value: float) -> bool:
        """Tell whether a reading of the span lies on the side that worries."""
        return self.concern is not None and _HOLDS[self.op](value, self.value) is self.concern

    def counted(self, series: Sequence[Reading]) -> list[Reading]:
        """Return the readings that the statistic looks at: one, or for lowest and highest all of the span."""
        here = [one for one in series if self.start <= one.at <= self.end]
        if self.how in ("lowest", "highest"):
            return here
        return here[-1:] if self.how == "last" else here[:1]

    @property
    def said(self) -> str:
        """Return how a reading beyond it is told: sign and words."""
        is_high = (self.op in (">", ">=")) is self.concern
        sign = "▲" if is_high else "▼"
        return f"{sign} {self.test}" if self.concern else f"{sign} not {self.test}"


def threshold_of(test: str) -> tuple[str, float] | None:
    """Return operator and number of a test as a review words it; None where it is of another shape.

    >>> threshold_of("below 90 %"), threshold_of("at least 1,000 mL"), threshold_of("charted") is None
    (('<', 90.0), ('>=', 1000.0), True)
    """
    found = _TEST.fullmatch(test)
    return None if found is None else (_WORDS[found[1]], float(found[2].replace(",", "")))


def thresholds(review: Review, packs: Packs, start: datetime, end: datetime) -> dict[str, list[Threshold]]:
    """Return the thresholds by concept that the review's findings hold readings against.

    ``start`` and ``end`` are those of the stay, up to the moment shown. ``packs`` tell what a criterion means for the
    stay; one that they do not know is drawn without saying which side worries.
    """
    found: dict[tuple[str, str, float, str, str], Threshold] = {}
    meant = _concerns(packs)
    for finding in review.findings:
        for fact in finding.facts:
            one = _threshold(review, finding, fact, meant, start, end)
            if one is None:
                continue
            key = (one.concept, one.op, one.value, one.span, one.how)
            known = found.get(key)
            if known is None:
                found[key] = one
            else:
                concern = known.concern if known.concern is not None else one.concern
                found[key] = replace(known, concern=concern, sources=known.sources + one.sources)
    by_concept: dict[str, list[Threshold]] = {}
    for one in found.values():
        by_concept.setdefault(one.concept, []).append(one)
    return {name: sorted(some, key=lambda one: (one.value, one.op)) for name, some in by_concept.items()}


def asked_concepts(review: Review) -> list[str]:
    """Return the concepts that the review's findings ask for in this stay, with a threshold or without."""
    asked = (_concept(fact.name) for finding in review.findings for fact in finding.facts)
    return list(dict.fromkeys(one[0] for one in asked if one is not None))


def _concept(name: str) -> tuple[str, Span, str] | None:
    if name in _OF_CONCEPT:
        return _OF_CONCEPT[name]
    fact = catalogue().get(name)
    if fact is None or "measured" not in fact.source:
        return None
    taken = fact.source["measured"]
    span, how = STATISTICS[taken["statistic"]]
    return taken["concept"], span, how  # type: ignore[return-value]


def _threshold(
    review: Review,
    finding: Finding,
    fact: FactSeen,
    meant: Mapping[tuple[str, str, str], bool | None],
    start: datetime,
    end: datetime,
) -> Threshold | None:
    taken, told = _concept(fact.name), threshold_of(fact.test)
    if taken is None or told is None:
        return None
    concept, span, how = taken
    op, value = told
    file = review.provenance.files.get(finding.rule_file)
    return Threshold(
        concept,
        op,
        value,
        fact.test,
        _SPANS[span],
        how,
        max(start, end - _DAY) if span == "24h" else start,
        min(end, start + _DAY) if span == "admit" else end,
        meant.get((finding.criterion, fact.name, op)),
        (Source(finding.title, file.title if file else finding.rule_file, fact.title, fact.status),),
    )


_MEANT: dict[str, Mapping[tuple[str, str, str], bool | None]] = {}


def _concerns(packs: Packs) -> Mapping[tuple[str, str, str], bool | None]:
    """Return, by criterion, fact and operator, whether passing the test keeps a patient in hospital.

    True where it speaks for admission or a continued stay, or against readiness to leave; False the other way round;
    None where both can be read out of the rules.
    """
    if packs.digest not in _MEANT:
        found: dict[tuple[str, str, str], set[bool]] = {}
        waiting = [
            (LEVEL["admission"], True),
            (LEVEL["continued_stay"], True),
            (LEVEL["discharge_ready"], False),
        ]
        seen = set(waiting)
        while waiting:
            name, speaks_for = waiting.pop()
            criterion = packs.criteria.get(name)
            if criterion is None:
                continue
            for leaf, kept in _signed(criterion.tree, speaks_for):
                if isinstance(leaf, NumberLeaf):
                    found.setdefault((name, leaf.fact, leaf.threshold.op), set()).add(kept)
                for other in _below(packs, leaf):
                    if (other, kept) not in seen:
                        seen.add((other, kept))
                        waiting.append((other, kept))
        _MEANT.clear()
        _MEANT[packs.digest] = {
            key: next(iter(ways)) if len(ways) == 1 else None for key, ways in found.items()
        }
    return _MEANT[packs.digest]


def _signed(tree: Tree, speaks_for: bool) -> Iterable[tuple[Tree, bool]]:
    """Yield the leaves of a tree, each with whether it speaks for the stay."""
    if isinstance(tree, (All, AnyOf, AtLeast, Not)):
        for child in tree.of:
            yield from _signed(child, not speaks_for if isinstance(tree, Not) else speaks_for)
    else:
        yield tree, speaks_for


def _below(packs: Packs, leaf: Tree) -> list[str]:
    if isinstance(leaf, CriterionLeaf):
        return [leaf.criterion]
    if isinstance(leaf, RoleLeaf):
        return [file.roles[leaf.role] for file in packs.condition_files if leaf.role in file.roles]
    return []
