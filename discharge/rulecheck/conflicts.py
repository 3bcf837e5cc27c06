"""Rules that can never fire, say what another says already, or contradict one another."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product

from discharge.criteria.kleene import MET, NOT_MET
from discharge.packs import Packs, Rule, RuleFile
from discharge.packs.model import Conclusion
from discharge.packs.when import Alternative
from discharge.rulecheck.branches import redundant, short
from discharge.rulecheck.caserun import CaseRun
from discharge.rulecheck.finding import Finding, fault, note
from discharge.rulecheck.worlds import Worlds
from discharge.yaml import YamlPath

DECIDED = ("eligibility", "fit")  # kinds with a status: two at once contradict one another
ACROSS_FILES = (
    "fit",
)  # one file alone says whether an option fits; eligibility is joined from several files


def check_reachable(run: CaseRun, file: RuleFile) -> Iterator[Finding]:
    """Yield rules that can't fire, and conditions of rules that can't hold; what a case reaches needs no proof."""
    for rule in file.rules:
        if run.fired(rule, file).any():
            continue
        if all(run.worlds.joint(option) == "no" for option in rule.when):
            said = "this rule can never fire: no facts make its conditions hold together"
            yield fault("unreachable", file.path, _path(rule), said, "mend its 'when', or take it out")
    for name, criterion in file.criteria.items():
        statuses = run.statuses(criterion.tree, file)
        if not (statuses == MET).any() and not run.worlds.can_be(criterion.tree, MET):
            said = f"'{name}' can never be met, whatever is charted"
            yield fault("unreachable", file.path, ("criteria", name), said, "mend it, or take it out")
        if not (statuses == NOT_MET).any() and not run.worlds.can_be(criterion.tree, NOT_MET):
            said = f"'{name}' can never be not met, whatever is charted"
            yield note("always met", file.path, ("criteria", name), said, "mean it, or mend it")
    for path in redundant(run, file):
        said = "this part can never decide by itself: whenever it would, another says the same"
        yield note("redundant", file.path, path, said, "take it out, unless the source names it apart")


def check_repeated(file: RuleFile) -> Iterator[Finding]:
    """Yield rules that add nothing to another rule of the file: they say the same, and only where it says it."""
    for one, other in combinations(file.rules, 2):
        if one.then != other.then:
            continue
        for weak, strong in ((other, one), (one, other)):
            if all(any(wide <= option for wide in strong.when) for option in weak.when):
                said = f"this rule says nothing that rule {strong.index} does not say already"
                yield fault("repeated", file.path, _path(weak), said, "take one out")
                break


def check_contradictions(run: CaseRun, file: RuleFile) -> Iterator[Finding]:
    """Yield pairs of rules of one file that can fire together and say different things of one subject."""
    for one, other in combinations(file.rules, 2):
        for first, second in _differing(one, other):
            yield from _together(run, file, (one, first), (other, second))


def check_across(run: CaseRun) -> Iterator[Finding]:
    """Yield pairs of rules of different files that contradict one another."""
    rules = [
        (file, rule)
        for file in run.packs.files.values()
        for rule in file.rules
        if any(said.kind in ACROSS_FILES for said in rule.then)
    ]
    for (file, one), (other_file, other) in combinations(rules, 2):
        if file.id == other_file.id or _apart(file, other_file):
            continue
        for first, second in _differing(one, other):
            if first.kind in ACROSS_FILES:
                yield from _together(run, file, (one, first), (other, second), other_file)


def _differing(one: Rule, other: Rule) -> Iterator[tuple[Conclusion, Conclusion]]:
    for first, second in product(one.then, other.then):
        if first.name == second.name and first.payload != second.payload:
            yield first, second


def _apart(one: RuleFile, other: RuleFile) -> bool:
    """Say whether two files never apply to one stay, by the payer's class."""
    classes = one.applies.payer_class, other.applies.payer_class
    return classes[0] is not None and classes[1] is not None and not set(classes[0]) & set(classes[1])


def _together(
    run: CaseRun,
    file: RuleFile,
    one: tuple[Rule, Conclusion],
    other: tuple[Rule, Conclusion],
    other_file: RuleFile | None = None,
) -> Iterator[Finding]:
    (rule, first), (second_rule, second) = one, other
    statuses = getattr(first.payload, "status", None), getattr(second.payload, "status", None)
    is_contradiction = first.kind in DECIDED and statuses[0] != statuses[1]
    if first.kind in DECIDED and not is_contradiction:
        return  # the same status with another note
    found = [
        (answer, left | right)
        for left, right in product(rule.when, second_rule.when)
        if (answer := _answer(run.worlds, left | right)) != "no"
    ]
    if not found:
        return
    sure = [tests for answer, tests in found if answer == "yes"]
    where = f"rule {second_rule.index}" + (f" of {other_file.path}" if other_file else "")
    how = _words(run.packs, (sure or [tests for _, tests in found])[0])
    if is_contradiction:
        said = f"contradicts {where}: {first.name} {statuses[0]} and {statuses[1]} at once"
        make = fault if sure else note
        doubt = "" if sure else " (perhaps: too many combinations to try them all)"
        yield make(
            "contradiction", file.path, _path(rule), f"{said}, with {how}{doubt}", "let one 'when' exclude it"
        )
    elif sure:
        said = (
            f"can fire together with {where}, and both conclude {first.name} in different words, with {how}"
        )
        yield note(
            "overlap", file.path, _path(rule), said, "let one 'when' exclude it, or give it another name"
        )


def _answer(worlds: Worlds, tests: Alternative) -> str:
    if len({test.subject for test in tests}) < len(tests):
        return "no"
    return worlds.joint(tests)


def _words(packs: Packs, tests: Alternative) -> str:
    return ", ".join(short(packs, test) for test in sorted(tests))


def _path(rule: Rule) -> YamlPath:
    return ("rules", rule.index)
