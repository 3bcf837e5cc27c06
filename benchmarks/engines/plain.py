"""The reference: each rule of each admission, one after the other, in strong Kleene logic; plainly right."""

from __future__ import annotations

import operator
import platform
from typing import Any

from trees import Leaf, Tree

COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
NOT_MET, UNKNOWN, MET = 0, 1, 2


def status(tree: Tree, admission: dict[str, Any]) -> int:
    """Return 0 not met, 1 unknown, 2 met."""
    if isinstance(tree, Leaf):
        return leaf_status(tree, admission[tree.fact])
    children = [status(child, admission) for child in tree.of]
    if tree.word == "all":
        return min(children)
    if tree.word == "any":
        return max(children)
    if tree.word == "not":
        return MET - children[0]
    if children.count(MET) >= tree.count:
        return MET
    return UNKNOWN if len(children) - children.count(NOT_MET) >= tree.count else NOT_MET


def leaf_status(leaf: Leaf, value: Any) -> int:
    """Return the status of one question; unknown where the value is missing."""
    if value is None:
        return UNKNOWN
    if leaf.op == "is":
        held = value is leaf.value
    elif leaf.op == "in":
        held = value in leaf.value
    else:
        held = COMPARE[leaf.op](value, leaf.value)
    return MET if held else NOT_MET


class Engine:
    """Input: a dict for each admission, None where a value is missing. Answers: a list of statuses for each."""

    version = platform.python_version()

    def __init__(self, rules: dict[str, Tree], two_valued: bool) -> None:
        self.trees = list(rules.values())

    def load(self, admissions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return admissions

    def decide(self, admissions: list[dict[str, Any]]) -> list[list[int]]:
        return [[status(tree, admission) for tree in self.trees] for admission in admissions]

    def answers(self, decided: list[list[int]]) -> list[list[int]]:
        return decided
