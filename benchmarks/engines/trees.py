"""The twelve rules as trees, read from the same YAML that Discharge reads, and turned into two-valued questions.

A rule language without an unknown can still give all three answers if it is asked two questions: does the rule
certainly hold, and does it certainly not hold? Where neither is so, it is unknown. :func:`certain` writes both: every
comparison asks first whether the value is there, and ``not`` is pushed down to the comparisons. For rules in which
no fact stands twice with opposite sense this is strong Kleene logic, exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeAlias

OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


@dataclass(frozen=True)
class Leaf:
    """One question about one fact: a comparison with a number, ``is`` with True or False, ``in`` with words."""

    fact: str
    op: str
    value: float | bool | tuple[str, ...]


@dataclass(frozen=True)
class Node:
    """``all``, ``any``, ``not`` or ``at_least`` (with ``count``) over children."""

    word: str
    of: tuple[Tree, ...]
    count: int = 0


Tree: TypeAlias = Leaf | Node


@dataclass(frozen=True)
class Test:
    """A leaf that is known and holds, or (``holds`` False) is known and does not hold."""

    leaf: Leaf
    holds: bool


@dataclass(frozen=True)
class Joined:
    """``and`` or ``or`` over expressions."""

    word: str
    of: tuple[Expression, ...]


Expression: TypeAlias = Test | Joined


def read_tree(raw: dict[str, Any]) -> Tree:
    """Turn the YAML of a criterion into a tree; facts lose their group (``vitals.spo2_admit_min``)."""
    for word in ("all", "any"):
        if word in raw:
            return Node(word, tuple(read_tree(child) for child in raw[word]))
    if "not" in raw:
        return Node("not", (read_tree(raw["not"]),))
    if "at_least" in raw:
        return Node("at_least", tuple(read_tree(child) for child in raw["of"]), raw["at_least"])
    fact = short(raw["fact"])
    if "is" in raw:
        return Leaf(fact, "is", raw["is"])
    if raw["op"] == "in":
        return Leaf(fact, "in", tuple(raw["value"]))
    return Leaf(fact, raw["op"], raw["value"])


def short(fact: str) -> str:
    """Return a fact's name without its group, an identifier in every language.

    >>> short("vitals.spo2_admit_min")
    'spo2_admit_min'
    """
    return fact.rpartition(".")[2]


def certain(tree: Tree, holds: bool) -> Expression:
    """Return when ``tree`` certainly holds, or (``holds`` False) certainly does not."""
    if isinstance(tree, Leaf):
        return Test(tree, holds)
    if tree.word == "not":
        return certain(tree.of[0], not holds)
    children = tuple(certain(child, holds) for child in tree.of)
    if tree.word == "at_least":
        needed = tree.count if holds else len(children) - tree.count + 1
        return Joined("or", tuple(Joined("and", some) for some in combinations(children, needed)))
    return Joined("and" if (tree.word == "all") == holds else "or", children)


def written(
    expression: Expression, test: Callable[[Test], str], join: Callable[[str, list[str]], str]
) -> str:
    """Write an expression in a language, given how it writes a test and a joint."""
    if isinstance(expression, Test):
        return test(expression)
    return join(expression.word, [written(child, test, join) for child in expression.of])


def infix(word: str, parts: list[str]) -> str:
    """Join with ``and`` and ``or`` between the parts, in brackets.

    >>> infix("or", ["a", "b"])
    '(a or b)'
    """
    return "(" + f" {word} ".join(parts) + ")"


def facts_of(tree: Tree) -> list[str]:
    """Return the facts of a tree, each once, in the order in which they stand."""
    if isinstance(tree, Leaf):
        return [tree.fact]
    return list(dict.fromkeys(fact for child in tree.of for fact in facts_of(child)))
