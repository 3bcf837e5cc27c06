"""What the cases beside rules reach: every status of a criterion, every branch, rule, score item and band."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from discharge.criteria import kleene
from discharge.criteria.kleene import MET, NOT_MET, UNKNOWN, WORDS, StatusArray
from discharge.packs import Packs, Rule, RuleFile
from discharge.packs.model import Applies
from discharge.packs.tree import All, AnyOf, AtLeast, Tree
from discharge.packs.when import Test
from discharge.rulecheck.caserun import CaseRun
from discharge.rulecheck.scorereach import score_branches
from discharge.rulecheck.walk import children, every_node
from discharge.rulecheck.worlds import World
from discharge.yaml import YamlPath

Kind: TypeAlias = Literal[
    "applies",
    "criterion",
    "branch",
    "rule",
    "condition of a rule",
    "score item",
    "score band",
    "denial cause",
]
_SAID = {"met": "met", "not_met": "not met", "unknown": "unknown", "yes": "concluded", "no": "not concluded"}


@dataclass(frozen=True)
class Branch:
    """One thing that a case should reach, and whether one does. ``missing`` says what case there should be."""

    kind: Kind
    file: RuleFile
    path: YamlPath
    missing: str
    is_reached: bool


def branches(run: CaseRun, files: Iterable[RuleFile] | None = None) -> list[Branch]:
    """Return everything that the cases of each file (all, or some) should reach."""
    chosen = run.packs.files.values() if files is None else files
    return [branch for file in chosen for branch in file_branches(run, file)]


def file_branches(run: CaseRun, file: RuleFile) -> Iterator[Branch]:
    """Yield what the cases of one file should reach; cases of other files don't count."""
    yield from _applies(run, file)
    for name, criterion in file.criteria.items():
        statuses = run.statuses(criterion.tree, file)
        for code, word in ((MET, "met"), (NOT_MET, "not met")):
            reached = bool((statuses == code).any())
            if reached or code == MET or run.worlds.can_be(criterion.tree, code):
                said = f"no case in which '{name}' is {word}"
                yield Branch("criterion", file, ("criteria", name), said, reached)
        unknown = bool((statuses == UNKNOWN).any())
        blank = run.findings.status[criterion.id][run.empty] == UNKNOWN
        if unknown or blank or run.worlds.can_be_unknown(criterion.id):
            said = f"no case in which '{name}' is unknown"
            yield Branch("criterion", file, ("criteria", name), said, unknown)
    for path, tree in every_node(file):
        yield from _deciding(run, file, path, tree)
    for rule in file.rules:
        yield from _rule(run, file, rule)
    for name, score in file.scores.items():
        for kind, path, missing, reached in score_branches(run, file, name, score):
            yield Branch(kind, file, path, missing, reached)
    if file.denial_cause is not None and "cause" in file.criteria:
        present = run.held_together(
            frozenset({Test("criterion", file.criteria["cause"].id, "met")}), file
        ).any()
        said = f"no case in which the danger '{file.denial_cause.id}' is there"
        yield Branch("denial cause", file, ("denial_cause",), said, bool(present))


def _applies(run: CaseRun, file: RuleFile) -> Iterator[Branch]:
    if file.applies.payer_class is None and file.applies.condition is None:
        return
    found = run.applies(file)
    for code, said in ((MET, "to which this file applies"), (NOT_MET, "to which this file does not apply")):
        yield Branch("applies", file, ("applies_to",), f"no case {said}", bool((found == code).any()))


def _deciding(run: CaseRun, file: RuleFile, path: YamlPath, tree: Tree) -> Iterator[Branch]:
    """Yield a branch for each child of a node that joins some: did it decide the outcome by itself in a case?"""
    decides = _DECIDES.get(type(tree))
    below = list(children(tree, path))
    if decides is None or len(below) < 2:
        return
    statuses = [run.statuses(child, file) for _, child in below]
    whole = run.statuses(tree, file)
    for place, (here, _) in enumerate(below):
        reached, missing = bool(decides(tree, *_apart(statuses, place)).any()), _wanted(tree)
        if not reached and is_redundant(run, tree, place):
            code = NOT_MET if isinstance(tree, All) else MET
            alike = (statuses[place] == code) & (whole == code)
            opens = (statuses[place] == UNKNOWN) & (whole == UNKNOWN)
            for other in (one for at, one in enumerate(statuses) if at != place):
                opens &= other == MET - code
            reached = bool((alike | opens).any())
            missing = (
                f"no case in which this part is {_SAID[WORDS[code]]} as the whole is, or alone holds it open"
            )
        yield Branch("branch", file, here, missing, reached)


def _apart(statuses: list[StatusArray], place: int) -> tuple[StatusArray, list[StatusArray]]:
    """Return one status, and the others."""
    return statuses[place], [*statuses[:place], *statuses[place + 1 :]]


def is_redundant(run: CaseRun, tree: Tree, place: int) -> bool:
    """Say whether a child of a node can never decide by itself: others always say the same when it does."""
    decides = _DECIDES[type(tree)]
    below = [child for _, child in children(tree, ())]

    def in_world(world: World) -> Any:
        return decides(tree, *_apart([world.status(child) for child in below], place))

    return run.worlds.can([tree], in_world) == "no"


def redundant(run: CaseRun, file: RuleFile) -> Iterator[YamlPath]:
    """Yield the paths of parts that no case shows deciding, and that never can by themselves."""
    for path, tree in every_node(file):
        below = list(children(tree, path))
        decides = _DECIDES.get(type(tree))
        if decides is None or len(below) < 2:
            continue
        statuses = [run.statuses(child, file) for _, child in below]
        for place, (here, _) in enumerate(below):
            if not decides(tree, *_apart(statuses, place)).any() and is_redundant(run, tree, place):
                yield here


def _wanted(tree: Tree) -> str:
    match tree:
        case All():
            return "no case in which this part alone is not met (so that it decides)"
        case AtLeast(count=count):
            return f"no case in which exactly {count} are met, this one among them (so that it decides)"
        case _:
            return "no case in which this part alone is met (so that it decides)"


def _by_all(_: Any, own: StatusArray, others: list[StatusArray]) -> Any:
    return (own == NOT_MET) & (kleene.all_of(others) > NOT_MET)


def _by_any(_: Any, own: StatusArray, others: list[StatusArray]) -> Any:
    return (own == MET) & (kleene.any_of(others) < MET)


def _by_count(tree: AtLeast, own: StatusArray, others: list[StatusArray]) -> Any:
    return (own == MET) & (np.sum([one == MET for one in others], axis=0) == tree.count - 1)


_DECIDES: dict[type[Any], Callable[[Any, StatusArray, list[StatusArray]], Any]] = {
    All: _by_all,
    AnyOf: _by_any,
    AtLeast: _by_count,
}


def _rule(run: CaseRun, file: RuleFile, rule: Rule) -> Iterator[Branch]:
    path: YamlPath = ("rules", rule.index)
    named = " and ".join(one.name for one in rule.then)
    fired = run.fired(rule, file)
    yield Branch("rule", file, path, f"no case in which this rule fires ({named})", bool(fired.any()))
    if not fired.all() or _can_be_silent(run, file, rule):
        yield Branch("rule", file, path, f"no case in which this rule is silent ({named})", not fired.all())
    if len(rule.when) < 2:
        return
    options = [(option, run.held_together(option, file)) for option in rule.when]
    for test in sorted({test for option in rule.when for test in option}):
        reached = any(bool(held.any()) for option, held in options if test in option)
        said = f"no case in which this rule ({named}) fires with '{short(run.packs, test)}'"
        yield Branch("condition of a rule", file, (*path, "when"), said, reached)


def _can_be_silent(run: CaseRun, file: RuleFile, rule: Rule) -> bool:
    """Say whether a rule can be silent: one that names every status of a criterion never is."""
    if file.applies != Applies() or any(kind != "criterion" for kind, _ in rule.subjects):
        return True
    names = sorted(name for _, name in rule.subjects)

    def silent(world: World) -> Any:
        status = {name: world.status(run.packs.criteria[name].tree) for name in names}
        fires = [
            np.all([status[test.name] == WORDS.index(test.word) for test in option], axis=0)
            for option in rule.when
        ]
        return ~np.any(fires, axis=0)

    return run.worlds.can([run.packs.criteria[name].tree for name in names], silent, names) != "no"


def short(packs: Packs, test: Test) -> str:
    """Return a test as people say it: ``admission met``."""
    name = packs.criteria[test.name].name if test.name in packs.criteria else test.name
    return f"{name} {_SAID[test.word]}"
