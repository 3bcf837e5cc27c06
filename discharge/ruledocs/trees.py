"""Criteria in words, as they stand in the rules: no stay is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from discharge.packs import Packs, RuleFile
from discharge.packs.tree import (
    All,
    AnyOf,
    AtLeast,
    ConditionsApplyLeaf,
    CriterionLeaf,
    ElapsedLeaf,
    FlagLeaf,
    KnownLeaf,
    Not,
    NumberLeaf,
    OtherLeaf,
    RoleLeaf,
    ScoreLeaf,
    SetLeaf,
    TextLeaf,
    Threshold,
    Tree,
    facts_of,
)
from discharge.reference import load_yaml
from discharge.ruledocs.markdown import amount, day, human, listed, lower, plain

OPS = {
    "<": "below",
    "<=": "at most",
    ">": "above",
    ">=": "at least",
    "==": "exactly",
    "!=": "other than",
}
_REVERSED = {"<": "at least", "<=": "above", ">": "at most", ">=": "below", "==": "not", "!=": "exactly"}
PAYERS = {
    "medicare_ffs": "Original Medicare",
    "medicare_advantage": "Medicare Advantage",
    "medicaid": "Medicaid",
    "dual": "Medicare and Medicaid together",
    "commercial": "commercial plans",
    "self_pay": "patients who pay themselves",
    "other": "other payers",
}
_ROLES = {
    "admission": "admission criteria",
    "continued_stay": "continued-stay criteria",
    "discharge_ready": "criteria for being ready to leave",
}


class Teller:
    """Tells the criteria of one file; links lead to criteria on its page or on another."""

    def __init__(self, packs: Packs, file: RuleFile) -> None:
        self.packs = packs
        self.file = file
        self.numbers = {key: place for place, key in enumerate(file.citations, start=1)}

    def title(self, full_id: str) -> str:
        """Return what a criterion is called."""
        criterion = self.packs.criteria[full_id]
        return plain(criterion.tree.text or human(criterion.name))

    def link(self, full_id: str, kind: str = "criteria") -> str:
        """Return a criterion's or a score's name as a link to where it is told."""
        owner, _, name = full_id.rpartition(".")
        title = self.title(full_id) if kind == "criteria" else plain(self.packs.scores[full_id].title)
        anchor = name if kind == "criteria" else f"score-{name}"
        return f"[{title}]({self.page(owner)}#{anchor})"

    def page(self, file_id: str) -> str:
        """Return the way from this page to that of another file; empty for its own."""
        if file_id == self.file.id:
            return ""
        pack, _, name = file_id.partition(".")
        return f"{name}.md" if pack == self.file.pack else f"../{pack}/{name}.md"

    def cited(self, keys: Sequence[str]) -> str:
        """Return the numbers of citations, as links to the sources below."""
        return "".join(
            f" [[{self.numbers[key]}]](#source-{self.numbers[key]})" for key in keys if key in self.numbers
        )

    def lines(
        self, tree: Tree, depth: int = 0, *, is_top: bool = False, on_record: str = ""
    ) -> Iterator[str]:
        """Yield a tree as a list of points, one below the other."""
        mark = "  " * depth + "- "
        parts = parts_of(self.packs, tree)
        if len(parts) == 1 and isinstance(tree, All):  # only "known" beside one question
            child, recorded = parts[0]
            yield from self.lines(_under(tree, child), depth, is_top=is_top, on_record=recorded or on_record)
            return
        said = "" if is_top or not tree.text else f"**{plain(tree.text)}**"
        cites = "" if is_top else self.cited(tree.cites)
        if parts:
            joint = _joint(tree)
            yield mark + (f"{said}{cites}: {lower(joint)}" if said else f"{joint}{cites}") + ":"
            for child, recorded in parts:
                yield from self.lines(child, depth + 1, on_record=recorded)
        else:
            words = self.leaf(tree) + on_record
            yield mark + (f"{said} ({words}){cites}" if said and not _is_link(tree) else f"{words}{cites}")

    def leaf(self, tree: Any) -> str:
        """Return one question as words."""
        if isinstance(tree, Not):
            return self._reversed(tree.of[0])
        match tree:
            case NumberLeaf(fact=fact, threshold=threshold):
                return f"{self.fact(fact)}: {OPS[threshold.op]} {self.limit(threshold)}"
            case OtherLeaf(fact=fact, op=op, other=other):
                return f"{self.fact(fact)}: {OPS[op]} {lower(self.fact(other))}"
            case TextLeaf(fact=fact, values=values, negated=negated):
                return (
                    f"{self.fact(fact)}: {'not ' if negated else ''}{listed([word(one) for one in values])}"
                )
            case FlagLeaf(fact=fact, wanted=wanted):
                return f"{self.fact(fact)}: {'yes' if wanted else 'no'}"
            case SetLeaf(fact=fact, value_set=name):
                return f"{self.fact(fact)}: in the list [{plain(set_title(self.packs, name))}](#list-{name})"
            case KnownLeaf(fact=fact):
                return f"{self.fact(fact)}: charted, whatever it is"
            case ElapsedLeaf(start=start, end=end, threshold=threshold):
                until = "the moment of the review" if end == "t" else lower(self.fact(end))
                return f"Time from {lower(self.fact(start))} to {until}: {OPS[threshold.op]} {self.limit(threshold)}"
            case ScoreLeaf(score=score, threshold=threshold):
                points = self.limit(threshold)
                noun = " point" if points == "1" else " points" if threshold.parameter is None else ""
                return f"{self.link(score, 'score')}: {OPS[threshold.op]} {points}{noun}"
            case CriterionLeaf(criterion=name):
                return self.link(name)
            case RoleLeaf(role=role, combine=combine):
                which = "at least one" if combine == "any" else "every one"
                return f"The {_ROLES[role]} of {which} of the patient's conditions are met"
            case ConditionsApplyLeaf():
                return "There are criteria for one of the patient's conditions"
        raise TypeError(f"no words for {type(tree).__name__}")

    def _reversed(self, tree: Any) -> str:
        """Return the opposite of a question in words."""
        match tree:
            case Not(of=of):
                return self.leaf(of[0])
            case NumberLeaf(fact=fact, threshold=threshold):
                return f"{self.fact(fact)}: {_REVERSED[threshold.op]} {self.limit(threshold)}"
            case FlagLeaf(fact=fact, wanted=wanted):
                return f"{self.fact(fact)}: {'no' if wanted else 'yes'}"
            case KnownLeaf(fact=fact):
                return f"{self.fact(fact)}: not charted"
            case SetLeaf(fact=fact, value_set=name):
                return (
                    f"{self.fact(fact)}: not in the list [{plain(set_title(self.packs, name))}](#list-{name})"
                )
            case _:
                return f"**Not**: {self.leaf(tree)}"

    def fact(self, name: str) -> str:
        title = plain(self.packs.names.facts[name].title)
        return f"{title[:-1]}the time of the review" if title.endswith(" at t") else title

    def limit(self, threshold: Threshold) -> str:
        """Return what is compared with; a value that changes by day with all its days."""
        if threshold.parameter is None:
            return (
                amount(threshold.value, threshold.unit)
                if threshold.value is not None
                else "a value not known"
            )
        dated = self.packs.parameters[threshold.parameter]
        values = [
            f"{_value(one.value, dated.unit)} from {day(start)}"
            for start, one in sorted(dated.values.items())
        ]
        return (
            f"the limit of the day ({', '.join(values)})"
            if len(values) > 1
            else values[0].partition(" from ")[0]
        )


def _value(value: Any, unit: str | None) -> str:
    return "not known" if value is None else amount(value, unit)


def parts_of(packs: Packs, tree: Any) -> list[tuple[Any, str]]:
    """Return the parts of a node as they are told, each with what is added where it counts only when charted.

    ``all: [{known: X}, a question about X]`` is the question, on record. Of a leaf there are none.
    """
    if isinstance(tree, Not) and isinstance(tree.of[0], (All, AnyOf, AtLeast)):
        return parts_of(packs, tree.of[0])
    if not isinstance(tree, (All, AnyOf, AtLeast)):
        return []
    if not isinstance(tree, All):
        return [(child, "") for child in tree.of]
    asking = [child for child in tree.of if not isinstance(child, KnownLeaf)]
    known = {child.fact for child in tree.of if isinstance(child, KnownLeaf)}
    covered: dict[int, set[str]] = {}
    for place, child in enumerate(asking):
        is_simple = not isinstance(_bare(child), (All, AnyOf, AtLeast, CriterionLeaf))
        if is_simple or len(asking) == 1:
            covered[place] = known & facts_within(packs, child)
    left = known - {fact for facts in covered.values() for fact in facts}
    told = [(child, "") for child in tree.of if isinstance(child, KnownLeaf) and child.fact in left]
    return [
        *told,
        *((child, _recorded(packs, child, covered.get(place))) for place, child in enumerate(asking)),
    ]


def _recorded(packs: Packs, child: Any, known: set[str] | None) -> str:
    """Return what is added to a part that counts only when ``known`` facts are charted."""
    if not known:
        return ""
    if known == facts_within(packs, child) or not isinstance(_bare(child), CriterionLeaf):
        return ", on record"
    titles = [lower(packs.names.facts[fact].title) for fact in sorted(known)]
    return f" (counted only when charted: {plain(listed(titles, 'and'))})"


def _bare(tree: Any) -> Any:
    return tree.of[0] if isinstance(tree, Not) else tree


def _under(tree: All, child: Any) -> Any:
    """Return the one part of a node with what the node itself is told by."""
    cites = (*tree.cites, *(key for key in child.cites if key not in tree.cites))
    return replace(child, text=tree.text or child.text, cites=cites)


def facts_within(packs: Packs, tree: Any) -> set[str]:
    """Return every fact that a tree looks at, through the criteria that it names."""
    if isinstance(tree, (All, AnyOf, AtLeast, Not)):
        return {fact for child in tree.of for fact in facts_within(packs, child)}
    if isinstance(tree, CriterionLeaf):
        return facts_within(packs, packs.criteria[tree.criterion].tree)
    return set(facts_of(tree))


def _joint(tree: Any) -> str:
    is_none = isinstance(tree, Not)
    node = tree.of[0] if is_none else tree
    if isinstance(node, AtLeast):
        return f"{'Fewer than' if is_none else 'At least'} {node.count} of these"
    if isinstance(node, All):
        return "Not all of these" if is_none else "All of these"
    return "None of these" if is_none else "At least one of these"


def _is_link(tree: Any) -> bool:
    return isinstance(tree, (CriterionLeaf, RoleLeaf))


def word(value: str) -> str:
    """Return a word of a text fact as people say it: classes of payers and places by their titles."""
    row: Any = load_yaml("options.yaml")["options"].get(value)
    title = PAYERS.get(value) or (lower(str(row["title"])) if isinstance(row, dict) else None)
    return plain(title or value.replace("_", " "))


def set_title(packs: Packs, name: str) -> str:
    """Return the title of a value set."""
    return str(getattr(packs.names.value_sets[name], "title", name))


def sets_in(tree: Tree) -> Iterator[str]:
    """Yield the value sets that a tree asks for."""
    if isinstance(tree, (All, AnyOf, AtLeast, Not)):
        for child in tree.of:
            yield from sets_in(child)
    elif isinstance(tree, SetLeaf):
        yield tree.value_set
