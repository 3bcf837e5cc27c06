"""ZEN: the twelve rules as one compiled expression, a list of twelve answers; one evaluation per admission.

Nulls are part of the language, but not of its `and`, `or`, `<` (they fail on null), so every comparison asks for
`!= null` first and each rule is `certainly met ? 2 : certainly not met ? 0 : 1`. Of the public ways (one expression a
rule, min and max over numbers, a decision model through `create_decision` or `evaluate_batch`) this was the fastest, by
far. `two_valued`: `certainly met ? 2 : 0`.
"""

from __future__ import annotations

from typing import Any

import zen
from trees import OPPOSITE, Test, Tree, certain, infix, written

LOST = 3


def test(asked: Test) -> str:
    """Write one question in the expression language."""
    leaf = asked.leaf
    if leaf.op == "is":
        return f"{leaf.fact} == {'true' if leaf.value is asked.holds else 'false'}"
    if leaf.op == "in":
        words = ", ".join(f"'{word}'" for word in leaf.value) if isinstance(leaf.value, tuple) else ""
        return f"({leaf.fact} != null and {leaf.fact} {'in' if asked.holds else 'not in'} [{words}])"
    op = leaf.op if asked.holds else OPPOSITE[leaf.op]
    return f"({leaf.fact} != null and {leaf.fact} {op} {leaf.value})"


def rule(tree: Tree, two_valued: bool) -> str:
    """Write one rule, whose value is its status."""
    otherwise = "0" if two_valued else f"({written(certain(tree, False), test, infix)} ? 0 : 1)"
    return f"({written(certain(tree, True), test, infix)} ? 2 : {otherwise})"


class Engine:
    """Input: a dict for each admission, None where a value is missing. Answers: a list of statuses for each."""

    def __init__(self, rules: dict[str, Tree], two_valued: bool) -> None:
        self.size = len(rules)
        self.expression = zen.compile_expression(
            f"[{', '.join(rule(t, two_valued) for t in rules.values())}]"
        )

    def load(self, admissions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return admissions

    def decide(self, admissions: list[dict[str, Any]]) -> list[list[int] | None]:
        evaluate = self.expression.evaluate
        found: list[list[int] | None] = []
        for admission in admissions:
            try:
                found.append(evaluate(admission))
            except RuntimeError:
                found.append(None)
        return found

    def answers(self, decided: list[list[int] | None]) -> list[list[int]]:
        return [[LOST] * self.size if row is None else [int(status) for status in row] for row in decided]
