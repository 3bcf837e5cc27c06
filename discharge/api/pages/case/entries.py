"""Entries of the ledger in words: what each kind of event says, field by field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from pydantic import BaseModel

from discharge import wording
from discharge.api.pages.forms import label
from discharge.api.pages.words import filters, usd
from discharge.casework.events import Clinician
from discharge.facts import catalogue
from discharge.reference import load_yaml

_DIGEST = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[0-9a-f]{32}")
_SHORT = 12
_PEOPLE = frozenset({"assignee", "to"})
_LEVELS = frozenset({"admission", "continued_stay", "discharge_ready"})
_NAMES = re.compile(r"[a-z]+(_[a-z0-9]+)+")


@dataclass(frozen=True)
class Said:
    """One field of a payload: its name and value in words; ``whole`` is what a shortened value stands for."""

    name: str
    text: str
    whole: str | None = None


@cache
def kind_words() -> Mapping[str, str]:
    """Return what is said of each kind of event."""
    found: dict[str, str] = load_yaml("ledger_words.yaml")
    return found


def told(kind: str) -> str:
    """Return what is said of a kind of event.

    >>> told("note_added")
    'A note was added'
    """
    return kind_words().get(kind, kind.replace("_", " ").capitalize())


def fields_of(payload: BaseModel, zone: str, names: Mapping[str, str]) -> list[Said]:
    """Return the fields of a payload that say something; ``names`` gives the names of accounts."""
    kind = str(getattr(payload, "kind", ""))
    write = _Writer(zone, names)
    found = []
    for name in type(payload).model_fields:
        value = getattr(payload, name)
        if name == "kind" or value is None or value == () or value == {} or value == []:
            continue
        if kind == "corrected" and name in ("event_id", "replacement"):
            continue  # told beside it, as links and in words
        found.append(write.said(label(kind, name), name, value))
    return found


@dataclass(frozen=True)
class _Writer:
    """Writes values for people, in the facility's zone."""

    zone: str
    names: Mapping[str, str]

    def said(self, title: str, name: str, value: Any) -> Said:
        if isinstance(value, str) and (_DIGEST.fullmatch(value) or _ID.fullmatch(value)):
            known = self.names.get(value)
            return Said(title, known, None) if known else Said(title, value[:_SHORT], value)
        return Said(title, self.text(name, value))

    def text(self, name: str, value: Any) -> str:
        """Return a value as text."""
        simple: Sequence[tuple[type, Callable[[Any], str]]] = (
            (bool, lambda one: "yes" if one else "no"),
            (datetime, self._when),
            (date, lambda one: f"{one:%b} {one.day}, {one:%Y}"),
            (Clinician, lambda one: ", ".join(part for part in (one.name, one.credentials) if part)),
        )
        for kind, write in simple:
            if isinstance(value, kind):
                return write(value)
        if isinstance(value, (int, float, Decimal)):
            return (
                usd(value)
                if name.endswith("usd")
                else f"{value:,g}"
                if isinstance(value, float)
                else f"{value:,}"
            )
        if isinstance(value, BaseModel):
            inner = ((part, getattr(value, part)) for part in type(value).model_fields)
            return "; ".join(self._pairs(inner, name))
        if isinstance(value, Mapping):
            return "; ".join(self._pairs(value.items(), name))
        if isinstance(value, (list, tuple)):
            return wording.joined([self.text(name, one) for one in value])
        return self._word(name, str(value))

    def _pairs(self, pairs: Any, of: str) -> Iterator[str]:
        """Yield names with their values; amounts by purse are amounts."""
        facts = catalogue()
        for name, value in pairs:
            if value is not None and value != {}:
                title = facts[name].title if name in facts else str(name).replace("_", " ")
                yield f"{title}: {self.text(of if of.endswith('usd') else str(name), value)}"

    def _word(self, name: str, value: str) -> str:
        if name in _PEOPLE and value in self.names:
            return self.names[value]
        if value in catalogue():
            return catalogue()[value].title
        if name in _LEVELS:
            return wording.status(value)
        return value.replace("_", " ") if _NAMES.fullmatch(value) else value

    def _when(self, value: datetime) -> str:
        return str(filters(self.zone)["when_full"](value))
