"""Walks through everything in a rule file that asks something, with its path in the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, get_args

from discharge.packs import Packs, RuleFile
from discharge.packs.tree import All, AnyOf, AtLeast, CriterionLeaf, Not, RoleLeaf, ScoreLeaf, Tree
from discharge.yaml import YamlPath

TREES: tuple[type[Any], ...] = get_args(Tree)
_STEPS: dict[type[Any], str] = {All: "all", AnyOf: "any", AtLeast: "of"}


def roots(file: RuleFile) -> Iterator[tuple[YamlPath, Tree]]:
    """Yield the trees of a file's criteria and scores."""
    for name, criterion in file.criteria.items():
        yield ("criteria", name), criterion.tree
    for name, score in file.scores.items():
        yield from trees_in(score, ("scores", name))


def trees_in(thing: Any, path: YamlPath) -> Iterator[tuple[YamlPath, Tree]]:
    """Yield the trees that lie anywhere in a score, an item or a formula (not those inside other trees)."""
    if isinstance(thing, TREES):
        yield path, thing
    elif is_dataclass(thing):
        for field in fields(thing):
            yield from trees_in(getattr(thing, field.name), (*path, field.name))
    elif isinstance(thing, (tuple, list)):
        for place, one in enumerate(thing):
            yield from trees_in(one, (*path, place))
    elif isinstance(thing, Mapping):
        for key, one in thing.items():
            yield from trees_in(one, (*path, str(key)))


def texts_in(thing: Any) -> Iterator[str]:
    """Yield every text inside a score, outside its trees: names of facts and of other scores among them."""
    if isinstance(thing, str):
        yield thing
    elif is_dataclass(thing) and not isinstance(thing, TREES):
        for field in fields(thing):
            yield from texts_in(getattr(thing, field.name))
    elif isinstance(thing, (tuple, list)):
        for one in thing:
            yield from texts_in(one)
    elif isinstance(thing, Mapping):
        for one in thing.values():
            yield from texts_in(one)


def nodes(tree: Tree, path: YamlPath) -> Iterator[tuple[YamlPath, Tree]]:
    """Yield ``tree`` and everything below it, each with its path."""
    yield path, tree
    for here, child in children(tree, path):
        yield from nodes(child, here)


def children(tree: Tree, path: YamlPath) -> Iterator[tuple[YamlPath, Tree]]:
    """Yield the children of a node with their paths; a leaf has none."""
    if isinstance(tree, Not):
        yield (*path, "not"), tree.of[0]
    elif isinstance(tree, (All, AnyOf, AtLeast)):
        for place, child in enumerate(tree.of):
            yield (*path, _STEPS[type(tree)], place), child


def every_node(file: RuleFile) -> Iterator[tuple[YamlPath, Tree]]:
    """Yield every node and leaf of a file."""
    for path, tree in roots(file):
        yield from nodes(tree, path)


def referred(packs: Packs, tree: Tree) -> Iterator[tuple[str, str]]:
    """Yield what a tree refers to: ("criterion" or "score", full name)."""
    for _, leaf in nodes(tree, ()):
        match leaf:
            case CriterionLeaf(criterion=name):
                yield "criterion", name
            case ScoreLeaf(score=name):
                yield "score", name
            case RoleLeaf(role=role):
                for file in packs.condition_files:
                    if role in file.roles:
                        yield "criterion", file.roles[role]
            case _:
                pass


def scores_in(packs: Packs, score_id: str) -> list[str]:
    """Return the other scores that a score counts in."""
    return sorted({text for text in texts_in(packs.scores[score_id]) if text in packs.scores} - {score_id})
