"""durable_rules used directly, as its own documentation shows: numbers compared in `when_all`, a fact per admission.

Two rules for each of ours (certainly met, certainly not met); a missing value is left out of the fact, and a comparison
with it does not match, so where neither rule fires the answer is unknown. `two_valued`: only the first rule; where it
does not fire, not met.
"""

from __future__ import annotations

import functools
import operator
from typing import Any

from durable.lang import assert_fact, get_host, m, retract_fact, ruleset, when_all
from trees import OPPOSITE, Expression, Test, Tree, certain

NOT_MET, UNKNOWN, MET, LOST = 0, 1, 2, 3
COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
JOIN = {"and": operator.and_, "or": operator.or_}


def expression(asked: Expression) -> Any:
    """Write an expression in the library's own operators."""
    if isinstance(asked, Test):
        return test(asked)
    return functools.reduce(JOIN[asked.word], [expression(child) for child in asked.of])


def test(asked: Test) -> Any:
    """Write one question. Words that are not meant are excluded one by one; flags are 1 and 0."""
    leaf, column = asked.leaf, getattr(m, asked.leaf.fact)
    if leaf.op == "is":
        return column == (1 if leaf.value is asked.holds else 0)
    if leaf.op == "in":
        parts = [column == word if asked.holds else column != word for word in leaf.value]
        return functools.reduce(operator.or_ if asked.holds else operator.and_, parts)
    return COMPARE[leaf.op if asked.holds else OPPOSITE[leaf.op]](column, leaf.value)


class Engine:
    """Input: a dict for each admission without its missing values. Answers: the places and statuses that fired."""

    def __init__(self, rules: dict[str, Tree], two_valued: bool) -> None:
        self.size, self.silent = len(rules), NOT_MET if two_valued else UNKNOWN
        self.fired: list[tuple[int, int]] = []
        with ruleset("admissions"):
            for place, tree in enumerate(rules.values()):
                when_all(expression(certain(tree, True)))(self.noting(place, MET))
                if not two_valued:
                    when_all(expression(certain(tree, False)))(self.noting(place, NOT_MET))
            # A fact that matches no rule raises; this one matches every admission.
            when_all(m.kind == "admission")(lambda c: None)
        get_host()

    def noting(self, place: int, status: int) -> Any:
        def action(c: Any) -> None:
            self.fired.append((place, status))

        action.__name__ = f"rule_{place}_{status}"
        return action

    def load(self, admissions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {"kind": "admission", "id": 1}
            | {
                fact: int(value) if isinstance(value, bool) else value
                for fact, value in admission.items()
                if value is not None
            }
            for admission in admissions
        ]

    def decide(self, admissions: list[dict[str, Any]]) -> list[list[tuple[int, int]] | None]:
        found: list[list[tuple[int, int]] | None] = []
        for admission in admissions:
            self.fired = []
            try:
                assert_fact("admissions", admission)
                found.append(self.fired)
            except Exception:  # noqa: BLE001 - it raises bare Exception
                found.append(None)
            finally:
                retract_fact("admissions", admission)
        return found

    def answers(self, decided: list[list[tuple[int, int]] | None]) -> list[list[int]]:
        return [[LOST] * self.size if fired is None else self.row(fired) for fired in decided]

    def row(self, fired: list[tuple[int, int]]) -> list[int]:
        said: dict[int, int] = {}
        for place, status in fired:
            said[place] = LOST if said.get(place, status) != status else status
        return [said.get(place, self.silent) for place in range(self.size)]
