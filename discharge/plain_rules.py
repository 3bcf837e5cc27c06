"""Evaluates rules directly: the oracle of the rules engine, and its stand-in where it can't be imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from discharge.packs import Rule, RulePart
from discharge.packs.when import Alternative

Words: TypeAlias = Mapping[
    tuple[str, str], str
]  # (kind, name) of what rules look at -> met, not_met, unknown, yes, no


def fired(part: RulePart, words: Words) -> frozenset[int]:
    """Return the indexes of the rules of ``part`` that fire on these statuses."""
    return frozenset(rule.index for rule in part.rules if alternative_held(rule, words) is not None)


def alternative_held(rule: Rule, words: Words) -> Alternative | None:
    """Return the first alternative of ``rule`` of which every test holds, or None."""
    for option in rule.when:
        if all(words[test.subject] == test.word for test in option):
            return option
    return None
