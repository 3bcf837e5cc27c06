"""CLIPS through clipspy: a template, a fact per admission, two rules for each of ours, run, read, retract.

Missing slots keep their default, nil, and every comparison asks first whether there is a number. A rule that fires adds
its bit to a global, which is read once per admission: of the ways tried (a Python function called by the rule, a fact
for each answer, a list) this was the fastest. `two_valued`: only the first rule; where it does not fire, not met.
"""

from __future__ import annotations

from typing import Any

import clips
from trees import OPPOSITE, Expression, Test, Tree, certain, facts_of, written

NOT_MET, UNKNOWN, MET, LOST = 0, 1, 2, 3


def prefix(word: str, parts: list[str]) -> str:
    return f"({word} {' '.join(parts)})"


def test(asked: Test) -> str:
    """Write one question as a CLIPS expression over the variable of its slot."""
    leaf, slot = asked.leaf, f"?{asked.leaf.fact}"
    if leaf.op == "is":
        return f"(eq {slot} {'yes' if leaf.value is asked.holds else 'no'})"
    if leaf.op == "in":
        member = f"(member$ {slot} (create$ {' '.join(leaf.value)}))" if isinstance(leaf.value, tuple) else ""
        return f"(neq FALSE {member})" if asked.holds else f"(and (neq {slot} nil) (not {member}))"
    op = leaf.op if asked.holds else OPPOSITE[leaf.op]
    return f"(and (numberp {slot}) ({op} {slot} {leaf.value}))"


def rule(name: str, tree: Tree, asked: Expression, bit: int) -> str:
    """Write a rule that adds ``bit`` to the global."""
    slots = " ".join(f"({fact} ?{fact})" for fact in facts_of(tree))
    condition = written(asked, test, prefix)
    return f"(defrule {name} (admission {slots}) (test {condition}) => (bind ?*fired* (+ ?*fired* {bit})))"


class Engine:
    """Input: a dict of slots for each admission. Answers: a number for each, whose bits are the rules that fired."""

    def __init__(self, rules: dict[str, Tree], two_valued: bool) -> None:
        self.size, self.silent = len(rules), NOT_MET if two_valued else UNKNOWN
        self.environment = clips.Environment()
        slots = dict.fromkeys(fact for tree in rules.values() for fact in facts_of(tree))
        self.environment.build(f"(deftemplate admission {' '.join(f'(slot {slot})' for slot in slots)})")
        self.environment.build("(defglobal ?*fired* = 0)")
        for place, (name, tree) in enumerate(rules.items()):
            self.environment.build(rule(f"{name}_met", tree, certain(tree, True), 2 ** (2 * place)))
            if not two_valued:
                text = rule(f"{name}_not_met", tree, certain(tree, False), 2 ** (2 * place + 1))
                self.environment.build(text)
        self.environment.reset()

    def load(self, admissions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {fact: value_of(value) for fact, value in admission.items() if value is not None}
            for admission in admissions
        ]

    def decide(self, admissions: list[dict[str, Any]]) -> list[int | None]:
        template = self.environment.find_template("admission")
        fired = self.environment.find_global("fired")
        run = self.environment.run
        found: list[int | None] = []
        for admission in admissions:
            try:
                fact = template.assert_fact(**admission)
                run()
                found.append(fired.value)
                fact.retract()
            except clips.CLIPSError:
                found.append(None)
            fired.value = 0
        return found

    def answers(self, decided: list[int | None]) -> list[list[int]]:
        return [
            [LOST if bits is None else self.status(bits >> (2 * place)) for place in range(self.size)]
            for bits in decided
        ]

    def status(self, bits: int) -> int:
        return (self.silent, MET, NOT_MET, LOST)[bits & 3]


def value_of(value: float | bool | str) -> float | clips.Symbol:
    """Return a value as CLIPS has it: numbers, and symbols for words and flags."""
    if isinstance(value, bool):
        return clips.Symbol("yes" if value else "no")
    return clips.Symbol(value) if isinstance(value, str) else value
