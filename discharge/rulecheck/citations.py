"""Citations that nobody read for a year, or ever; criteria without any."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from discharge.packs import Packs, RuleFile
from discharge.packs.tree import ElapsedLeaf, NumberLeaf, ScoreLeaf
from discharge.rulecheck.finding import Finding, fault, note
from discharge.rulecheck.walk import nodes, referred

OLD = 365  # days


def check_citations(file: RuleFile, as_of: date) -> Iterator[Finding]:
    """Yield the citations of a file read more than a year before ``as_of``, after it, or never."""
    for key, citation in file.citations.items():
        path = ("citations", key)
        if citation.read_on is None:
            yield note(
                "citation never read", file.path, path, f"no day says when '{key}' was read", "read_on: DAY"
            )
        elif (as_of - citation.read_on).days > OLD:
            said = f"'{key}' was last read on {citation.read_on}, more than a year before {as_of}"
            yield fault(
                "citation old", file.path, path, said, "read it again, mend what changed, and set read_on"
            )
        if citation.verified and citation.read_on is None:
            said = f"'{key}' is called verified, but no day says when it was read"
            yield fault("citation never read", file.path, path, said, "set read_on, or verified: false")


def check_uncited(packs: Packs, file: RuleFile) -> Iterator[Finding]:
    """Yield criteria that rest on no citation: neither their own, nor of what they ask, nor of what asks them."""
    covered = {name for name in file.criteria if is_cited(packs, file.criteria[name].id, set())}
    covered |= {
        test.name.rpartition(".")[2] for rule in file.rules if rule.cites for way in rule.when for test in way
    }
    todo = list(covered)
    while todo:  # a citation of the whole covers its parts
        own = file.criteria.get(todo.pop())
        for kind, name in referred(packs, own.tree) if own is not None else ():
            short = name.rpartition(".")[2]
            if kind == "criterion" and name.startswith(f"{file.id}.") and short not in covered:
                covered.add(short)
                todo.append(short)
    for name in file.criteria:
        if name not in covered:
            said = f"'{name}' rests on no citation: neither its own, nor of what it asks, nor of what asks it"
            yield fault("citation missing", file.path, ("criteria", name), said, "cite: KEY")


def is_cited(packs: Packs, full_id: str, seen: set[str]) -> bool:
    """Say whether a criterion, or what it asks, carries a citation."""
    if full_id in seen or full_id not in packs.criteria:
        return False
    seen.add(full_id)
    tree = packs.criteria[full_id].tree
    if any(_carries(packs, leaf) for _, leaf in nodes(tree, ())):
        return True
    return any(
        is_cited(packs, name, seen) if kind == "criterion" else True for kind, name in referred(packs, tree)
    )


def _carries(packs: Packs, node: Any) -> bool:
    if node.cites:
        return True
    if isinstance(node, (NumberLeaf, ElapsedLeaf, ScoreLeaf)) and node.threshold.parameter is not None:
        return any(one.cite for one in packs.parameters[node.threshold.parameter].values.values())
    return False
