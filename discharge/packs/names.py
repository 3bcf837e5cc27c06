"""The names that rule and payer files may use, and the nearest right one for a misspelt name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from discharge.errors import UsageError
from discharge.resources import reference_file
from discharge.yaml import load

STAGES = ("level_of_care", "continued_stay", "coverage", "denial", "needs", "clocks")
PAYER_CLASSES = (
    "medicare_ffs",
    "medicare_advantage",
    "medicaid",
    "dual",
    "commercial",
    "self_pay",
    "other",
)
STATUSES = ("met", "not_met", "unknown")

_SHOW_ALL = 9  # a list of names is shown whole up to this length


class FactLike(Protocol):
    """What a rule file needs to know of a fact of the catalogue."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def unit(self) -> str | None: ...


class ValueSetLike(Protocol):
    """What evaluation needs to know of a value set."""

    def matches(self, code: str) -> bool: ...


@dataclass(frozen=True)
class Vocabulary:
    """Names known to this installation. ``clocks`` is None where the table of clocks isn't there."""

    facts: Mapping[str, FactLike]
    value_sets: Mapping[str, ValueSetLike]
    clocks: frozenset[str] | None = None

    def facts_of_type(self, *types: str) -> list[str]:
        return [name for name, fact in self.facts.items() if fact.type in types]


@cache
def shipped_vocabulary() -> Vocabulary:
    """Return the names of the fact catalogue and the reference tables that ship with Discharge."""
    from discharge.codes import value_sets
    from discharge.facts import catalogue

    return Vocabulary(catalogue(), value_sets(), _clocks())


def _clocks() -> frozenset[str] | None:
    try:
        path = reference_file("clocks.yaml")
    except UsageError:
        return None
    table = load(path.read_bytes(), where="reference/clocks.yaml")
    entries = table.get("clocks", table) if isinstance(table, dict) else {}
    return frozenset(str(name) for name in entries)


def nearest(name: object, names: Iterable[str]) -> str:
    """Say which of ``names`` was probably meant, or, of a short list, which there are.

    >>> nearest("citatons", ["citations", "criteria", "cases"])
    "did you mean 'citations'?"
    >>> nearest("zzz", ["b", "a"])
    'one of: b, a'
    """
    known = list(names)
    text = str(name)
    # Names with a group in common resemble each other by that alone.
    close = difflib.get_close_matches(text, known, n=1, cutoff=0.8 if "." in text else 0.6)
    if not close and "." in text:  # the right word in the wrong group
        last = text.rpartition(".")[2]
        close = [other for other in known if other.rpartition(".")[2] == last][:1]
    if close:
        return f"did you mean '{close[0]}'?"
    if known and len(known) <= _SHOW_ALL:
        return "one of: " + ", ".join(known)
    return ""
