"""The word lists of ``lists.yaml``: which classes make a stay, which words name a ward, how often BID is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from discharge.yaml import load


@cache
def _lists() -> Mapping[str, Any]:
    path = Path(__file__).with_name("lists.yaml")
    return cast("Mapping[str, Any]", load(path.read_bytes(), where="discharge/feeds/lists.yaml"))


@cache
def words(name: str) -> frozenset[str]:
    """Return the list ``name`` as a set."""
    return frozenset(_lists()[name])


@cache
def table(name: str) -> Mapping[str, str]:
    """Return the mapping ``name``, its values as text."""
    return {key: str(value) for key, value in _lists()[name].items()}


@cache
def pattern(name: str) -> re.Pattern[str]:
    """Return a pattern that finds any phrase of the list ``name`` as whole words, in lower case text."""
    return re.compile(
        r"(?<![a-z0-9])(?:" + "|".join(re.escape(word) for word in sorted(words(name))) + r")(?![a-z0-9])"
    )


@cache
def class_code(code: str | None) -> str | None:
    """Return an encounter class as HL7 v3 ActCode; a code we don't know stays as it is.

    >>> class_code("I"), class_code("observation"), class_code("OBSENC"), class_code(None)
    ('IMP', 'OBSENC', 'OBSENC', None)
    """
    if code is None or not code.strip():
        return None
    upper = code.strip().upper()
    return table("class_words").get(upper, upper)


@cache
def is_ward_name(name: str | None) -> bool:
    """Say whether a unit of this name can hold a patient overnight (no emergency department, no lounge).

    >>> is_ward_name("Med/Surg"), is_ward_name("Emergency Department"), is_ward_name("ED"), is_ward_name(None)
    (True, False, False, False)
    """
    if name is None or not name.strip():
        return False
    lower = name.strip().lower()
    return lower not in words("not_ward_names") and pattern("not_ward_words").search(lower) is None


@cache
def is_intensive_name(name: str | None) -> bool:
    """Say whether a unit's name is that of an intensive care unit.

    >>> is_intensive_name("Coronary Care Unit (CCU)"), is_intensive_name("4 West"), is_intensive_name("Neuro SICU")
    (True, False, True)
    """
    if name is None:
        return False
    lower = name.lower()
    return (
        pattern("intensive_words").search(lower) is not None
        or pattern("intensive_abbreviations").search(lower) is not None
    )
