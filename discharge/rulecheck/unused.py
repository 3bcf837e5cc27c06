"""Criteria, scores and value sets that nothing uses. Citations and parameters are looked at when a file is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from discharge.packs import Packs
from discharge.packs.tree import SetLeaf
from discharge.reference import load_tables
from discharge.rulecheck.asked import CRITERIA_ASKED, SCORES_SHOWN_OF, VALUE_SETS_ASKED
from discharge.rulecheck.finding import Finding, fault
from discharge.rulecheck.walk import every_node, referred, scores_in, trees_in

CHECK = "unused"


def check_unused(packs: Packs) -> Iterator[Finding]:
    """Yield criteria and scores that no rule, role, explanation, review or used criterion leads to."""
    used = _used(packs)
    for file in packs.files.values():
        for name, criterion in file.criteria.items():
            if ("criterion", criterion.id) not in used:
                todo = "let a rule, a role or another criterion use it, or take it out"
                yield fault(
                    CHECK, file.path, ("criteria", name), f"nothing uses the criterion '{name}'", todo
                )
        for name, score in file.scores.items():
            if ("score", score.id) not in used:
                todo = "let a criterion ask for it, or take it out"
                yield fault(CHECK, file.path, ("scores", name), f"nothing uses the score '{name}'", todo)


def _used(packs: Packs) -> set[tuple[str, str]]:
    todo = list(_first(packs))
    used: set[tuple[str, str]] = set()
    while todo:
        thing = todo.pop()
        if thing in used:
            continue
        used.add(thing)
        kind, name = thing
        if kind == "criterion" and name in packs.criteria:
            todo.extend(referred(packs, packs.criteria[name].tree))
        elif kind == "score" and name in packs.scores:
            todo.extend(("score", other) for other in scores_in(packs, name))
            for _, tree in trees_in(packs.scores[name], ()):
                todo.extend(referred(packs, tree))
    return used


def _first(packs: Packs) -> Iterator[tuple[str, str]]:
    """Yield what is used for its own sake."""
    yield from (("criterion", name) for name in CRITERIA_ASKED)
    for file in packs.files.values():
        yield from (subject for subject in file.subjects if subject[0] == "criterion")
        yield from (("criterion", name) for name in file.roles.values())
        if file.explain and file.criteria:
            yield "criterion", next(iter(file.criteria.values())).id
        if file.denial_cause is not None and "cause" in file.criteria:
            yield "criterion", file.criteria["cause"].id
        if file.pack in SCORES_SHOWN_OF:
            yield from (("score", score.id) for score in file.scores.values())


def check_value_sets(packs: Packs) -> Iterator[Finding]:
    """Yield the shipped value sets that no rule, fact or module uses."""
    used = set(VALUE_SETS_ASKED)
    for file in packs.files.values():
        used |= {leaf.value_set for _, leaf in every_node(file) if isinstance(leaf, SetLeaf)}
        if file.applies.condition is not None:
            used.add(file.applies.condition)
    used |= set(_texts(load_tables("facts")))
    for name, where in value_set_files().items():
        if name not in used:
            yield fault(
                CHECK,
                where,
                ("value_sets", name),
                f"nothing uses the value set '{name}'",
                "use it, or take it out",
            )


def value_set_files() -> dict[str, str]:
    """Return the file of every shipped value set, as shown to people."""
    from discharge.resources import reference_files
    from discharge.yaml import load

    found: dict[str, str] = {}
    for path in reference_files("value_sets"):
        where = f"discharge/reference/value_sets/{path.name}"
        table: Any = load(path.read_bytes(), where=where)
        found |= dict.fromkeys(table.get("value_sets", {}), where)
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _texts(one)
