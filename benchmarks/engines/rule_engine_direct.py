"""rule-engine (PyPI): two rules for each of ours, with typed symbols; the second is asked only where the first fails.

The library has null and short-circuit `and`/`or`, but `<` fails on null, so every comparison asks for `!= null` first.
`two_valued`: only the first rule; where it does not match, not met.
"""

from __future__ import annotations

from typing import Any

from rule_engine import Context, DataType, EngineError, Rule, type_resolver_from_dict
from trees import OPPOSITE, Leaf, Node, Test, Tree, certain, infix, written

NOT_MET, UNKNOWN, MET, LOST = 0, 1, 2, 3


def test(asked: Test) -> str:
    """Write one question in the library's language."""
    leaf = asked.leaf
    if leaf.op == "is":
        return f"({leaf.fact} == {'true' if leaf.value is asked.holds else 'false'})"
    if leaf.op == "in":
        words = ", ".join(f"'{word}'" for word in leaf.value) if isinstance(leaf.value, tuple) else ""
        said = f"{leaf.fact} in [{words}]"
        return f"({leaf.fact} != null and {said if asked.holds else f'not ({said})'})"
    op = leaf.op if asked.holds else OPPOSITE[leaf.op]
    return f"({leaf.fact} != null and {leaf.fact} {op} {leaf.value})"


def types_of(tree: Tree) -> dict[str, Any]:
    """Return the type of each fact of a tree."""
    if isinstance(tree, Node):
        return {fact: kind for child in tree.of for fact, kind in types_of(child).items()}
    kinds = {"is": DataType.BOOLEAN, "in": DataType.STRING}
    return {tree.fact: kinds.get(tree.op, DataType.FLOAT)} if isinstance(tree, Leaf) else {}


class Engine:
    """Input: a dict for each admission, None where a value is missing. Answers: a list of statuses for each."""

    def __init__(self, rules: dict[str, Tree], two_valued: bool) -> None:
        types = {fact: kind for tree in rules.values() for fact, kind in types_of(tree).items()}
        context = Context(type_resolver=type_resolver_from_dict(types))
        self.two_valued = two_valued
        self.pairs = [
            tuple(Rule(written(certain(tree, way), test, infix), context=context) for way in (True, False))
            for tree in rules.values()
        ]

    def load(self, admissions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return admissions

    def decide(self, admissions: list[dict[str, Any]]) -> list[list[int]]:
        return [[self.status(met, not_met, one) for met, not_met in self.pairs] for one in admissions]

    def status(self, met: Rule, not_met: Rule, admission: dict[str, Any]) -> int:
        try:
            if met.matches(admission):
                return MET
            return NOT_MET if self.two_valued or not_met.matches(admission) else UNKNOWN
        except EngineError:
            return LOST

    def answers(self, decided: list[list[int]]) -> list[list[int]]:
        return decided
