"""Reads the ``when`` of rules into alternatives: a rule fires when every test of one alternative holds.

A test is an equality between a status and a word, which is all that the rules engine does reliably; hence no ``not``
(say ``not_met`` or ``unknown``, which are two different things).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any, Literal, TypeAlias

from discharge.packs.context import FileContext
from discharge.packs.names import nearest
from discharge.yaml import YamlPath

MAX_ALTERNATIVES = 32  # of one rule; more than that nobody reads, and the engine slows with each


@dataclass(frozen=True, order=True)
class Test:
    """``kind`` criterion: the criterion ``name`` has the status ``word``; conclusion: ``word`` is yes or no."""

    kind: Literal["criterion", "conclusion"]
    name: str
    word: str

    @property
    def subject(self) -> tuple[str, str]:
        return (self.kind, self.name)


Alternative: TypeAlias = frozenset[Test]
When: TypeAlias = tuple[Alternative, ...]

_LEAVES = {
    "met": "met",
    "not_met": "not_met",
    "unknown": "unknown",
    "concluded": "yes",
    "not_concluded": "no",
}
_SHAPES = (*_LEAVES, "all", "any")


def read_when(context: FileContext, value: object, path: YamlPath) -> When | None:
    """Return the alternatives at ``path``, smallest first, or None after faults."""
    found = _read(context, value, path)
    if found is None:
        return None
    possible = {option for option in found if len({test.subject for test in option}) == len(option)}
    if not possible:
        context.reader.fault(path, "this can never hold: one criterion would need two statuses at once")
        return None
    smallest = [option for option in possible if not any(other < option for other in possible)]
    return tuple(sorted(smallest, key=lambda option: (len(option), sorted(option))))


def _read(context: FileContext, value: object, path: YamlPath) -> list[Alternative] | None:
    node = context.reader.mapping(value, path)
    if node is None:
        return None
    if "not" in node:
        hint = "say {not_met: NAME}, or {any: [{not_met: NAME}, {unknown: NAME}]}"
        context.reader.fault((*path, "not"), "'not' isn't possible in when", hint)
        return None
    if len(node) != 1 or next(iter(node)) not in _SHAPES:
        wrong = next((key for key in node if key not in _SHAPES), None)
        what = f"unknown key '{wrong}'" if wrong is not None else "exactly one key belongs here"
        context.reader.fault(path, what, nearest(wrong, _SHAPES) if wrong is not None else "")
        return None
    ((shape, inner),) = node.items()
    here = (*path, shape)
    return (
        _branches(context, shape, inner, here)
        if shape in ("all", "any")
        else _leaf(context, shape, inner, here)
    )


def _branches(context: FileContext, shape: str, inner: Any, path: YamlPath) -> list[Alternative] | None:
    listed = context.reader.items(inner, path, what="conditions")
    parts = [_read(context, child, (*path, place)) for place, child in enumerate(listed)]
    known = [part for part in parts if part is not None]
    if not parts or len(known) < len(parts):
        return None
    count = sum(map(len, known))
    if shape == "all":
        count = 1
        for part in known:
            count *= len(part)
    if count > MAX_ALTERNATIVES:
        what = f"{count} ways to hold, where {MAX_ALTERNATIVES} is the most"
        context.reader.fault(path, what, "make it a criterion, or several rules")
        return None
    if shape == "any":
        return [option for part in known for option in part]
    return [frozenset().union(*choice) for choice in product(*known)]


def _leaf(context: FileContext, shape: str, name: Any, path: YamlPath) -> list[Alternative] | None:
    word = _LEAVES[shape]
    if shape in ("concluded", "not_concluded"):
        if not isinstance(name, str):
            context.reader.fault(path, "the name of a conclusion belongs here, such as need.oxygen")
            return None
        context.references.append((path, "conclusion", name))
        return [frozenset({Test("conclusion", name, word)})]
    full = context.full(name, path, "criterion")
    return [frozenset({Test("criterion", full, word)})] if full is not None else None
