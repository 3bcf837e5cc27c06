"""The trees that criteria are made of, as read from rule files.

Every node and leaf is frozen and hashable. Two leaves that ask the same are equal, in whichever file they stand:
``text``, ``cites`` and ``path`` are left out of the comparison, so that each question is evaluated once. Names of
criteria, scores and parameters are full (``pack.file.name``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Literal, TypeAlias

Op: TypeAlias = Literal["<", "<=", ">", ">=", "==", "!="]
RoleName: TypeAlias = Literal["admission", "continued_stay", "discharge_ready"]

OPS: tuple[Op, ...] = ("<", "<=", ">", ">=", "==", "!=")
ROLES: tuple[RoleName, ...] = ("admission", "continued_stay", "discharge_ready")


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What a reader is told about a node; no part of what it asks."""

    text: str | None = field(default=None, compare=False)
    cites: tuple[str, ...] = field(default=(), compare=False)

    def __init_subclass__(cls, **kwargs: object) -> None:
        # Trees are keys of every evaluation: each works out its hash once. A class that brings its own is left alone
        # by dataclass; the hash is of this process (text is hashed with a salt), so it does not travel with a pickle.
        super().__init_subclass__(**kwargs)
        cls.__hash__ = _hash_once  # type: ignore[method-assign, assignment]

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name != "_hash"}


def _hash_once(node: _Told) -> int:
    known: int | None = node.__dict__.get("_hash")
    if known is None:
        asked = tuple(node.__dict__[one.name] for one in fields(node) if one.compare)
        known = node.__dict__["_hash"] = hash((type(node).__name__, asked))
    return known


@dataclass(frozen=True)
class Threshold:
    """What a number is compared with: a value of its own, or a dated parameter (full name)."""

    op: Op
    unit: str
    value: Decimal | None = None
    parameter: str | None = None


@dataclass(frozen=True)
class NumberLeaf(_Told):
    """A numeric fact against a threshold in the fact's own unit."""

    fact: str
    threshold: Threshold


@dataclass(frozen=True)
class OtherLeaf(_Told):
    """A numeric fact against another of the same unit."""

    fact: str
    op: Op
    other: str


@dataclass(frozen=True)
class TextLeaf(_Told):
    """A text fact is (or, negated, is not) one of some words."""

    fact: str
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True)
class FlagLeaf(_Told):
    """A yes-or-no fact."""

    fact: str
    wanted: bool


@dataclass(frozen=True)
class SetLeaf(_Told):
    """A code, or any of several codes, lies in a value set."""

    fact: str
    value_set: str


@dataclass(frozen=True)
class KnownLeaf(_Told):
    """The fact is charted at all; never unknown itself."""

    fact: str


@dataclass(frozen=True)
class ElapsedLeaf(_Told):
    """Time from one moment to another: hours (unit h), or calendar days between local dates (unit d)."""

    start: str
    end: str  # a time fact, or "t", the reference moment
    threshold: Threshold


@dataclass(frozen=True)
class ScoreLeaf(_Told):
    """A score (full name) against a threshold, on the interval of its possible totals."""

    score: str
    threshold: Threshold


@dataclass(frozen=True)
class CriterionLeaf(_Told):
    """Another criterion (full name)."""

    criterion: str


@dataclass(frozen=True)
class RoleLeaf(_Told):
    """What the condition files that apply say in one role."""

    role: RoleName
    combine: Literal["any", "all"]


@dataclass(frozen=True)
class ConditionsApplyLeaf(_Told):
    """At least one condition file applies."""


@dataclass(frozen=True)
class All(_Told):
    of: tuple[Tree, ...]


@dataclass(frozen=True)
class AnyOf(_Told):
    of: tuple[Tree, ...]


@dataclass(frozen=True)
class Not(_Told):
    of: tuple[Tree]


@dataclass(frozen=True)
class AtLeast(_Told):
    of: tuple[Tree, ...]
    count: int


FactLeaf: TypeAlias = NumberLeaf | OtherLeaf | TextLeaf | FlagLeaf | SetLeaf | KnownLeaf | ElapsedLeaf
RefLeaf: TypeAlias = ScoreLeaf | CriterionLeaf | RoleLeaf | ConditionsApplyLeaf
Leaf: TypeAlias = FactLeaf | RefLeaf
Node: TypeAlias = All | AnyOf | Not | AtLeast
Tree: TypeAlias = Leaf | Node


def leaves(tree: Tree) -> Iterator[Leaf]:
    """Yield the leaves of ``tree`` from left to right, as often as they stand there."""
    if isinstance(tree, (All, AnyOf, Not, AtLeast)):
        for child in tree.of:
            yield from leaves(child)
    else:
        yield tree


def facts_of(leaf: Leaf) -> tuple[str, ...]:
    """Return the facts that a leaf itself looks at (not those of what it refers to)."""
    match leaf:
        case OtherLeaf(fact=fact, other=other):
            return (fact, other)
        case ElapsedLeaf(start=start, end=end):
            return (start,) if end == "t" else (start, end)
        case NumberLeaf() | TextLeaf() | FlagLeaf() | SetLeaf() | KnownLeaf():
            return (leaf.fact,)
        case _:
            return ()
