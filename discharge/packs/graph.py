"""What criteria, scores and roles depend on: the order of evaluation, and cycles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from discharge.errors import Fault
from discharge.packs.model import Packs, RuleFile
from discharge.packs.tree import CriterionLeaf, RoleLeaf, ScoreLeaf, Tree, leaves

Thing: TypeAlias = tuple[str, str]  # ("criterion" | "score" | "role", full name)


def check_cycles(packs: Packs) -> list[Fault]:
    """Return a fault for each criterion or score that would have to be known before itself."""
    state: dict[Thing, bool] = {}  # False while it is being looked at, True when done
    faults: list[Fault] = []

    def visit(thing: Thing, trail: tuple[Thing, ...]) -> None:
        if state.get(thing) is False:
            ring = [*trail[trail.index(thing) :], thing]
            where = next((_where(packs, one) for one in ring if one[0] != "role"), "")
            faults.append(Fault(where, "a circle: " + " -> ".join(name for _, name in ring)))
        if thing in state:
            return
        state[thing] = False
        for needed in depends_on(packs, thing):
            visit(needed, (*trail, thing))
        state[thing] = True

    for full in packs.criteria:
        visit(("criterion", full), ())
    for full in packs.scores:
        visit(("score", full), ())
    return faults


def depends_on(packs: Packs, thing: Thing) -> Iterator[Thing]:
    """Yield what must be known before ``thing``."""
    kind, name = thing
    if kind == "criterion":
        yield from _named_in(packs.criteria[name].tree)
    elif kind == "score":
        for tree in packs.scores[name].trees:
            yield from _named_in(tree)
        yield from (("score", other) for other in packs.scores[name].scores)
    else:
        for file in packs.condition_files:
            for role, criterion in file.roles.items():
                if role == name:
                    yield ("criterion", criterion)


def _named_in(tree: Tree) -> Iterator[Thing]:
    for leaf in leaves(tree):
        match leaf:
            case CriterionLeaf(criterion=name):
                yield ("criterion", name)
            case ScoreLeaf(score=name):
                yield ("score", name)
            case RoleLeaf(role=role):
                yield ("role", role)
            case _:
                pass


def _where(packs: Packs, thing: Thing) -> str:
    file_id, _, name = thing[1].rpartition(".")
    return f"{packs.files[file_id].path}: {'criteria' if thing[0] == 'criterion' else 'scores'}.{name}"


def depends_on_outside(packs: Packs, file: RuleFile) -> bool:
    """Say whether a file refers to a criterion or score that ``packs`` doesn't hold."""
    needed = [("criterion", name) for kind, name in file.subjects if kind == "criterion"]
    for criterion in file.criteria.values():
        needed += [thing for thing in depends_on(packs, ("criterion", criterion.id)) if thing[0] != "role"]
    for score in file.scores.values():
        needed += [thing for thing in depends_on(packs, ("score", score.id)) if thing[0] != "role"]
    return any(name not in (packs.criteria if kind == "criterion" else packs.scores) for kind, name in needed)
