"""Names of facts and rule files in a sentence of the engine, put in a nurse's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from discharge.facts import catalogue
from discharge.review.model import FileSeen

_NAME = re.compile(r"\b[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\b")


def plainly(text: str, files: Mapping[str, FileSeen] | None = None) -> str:
    """Return ``text`` with the titles of the facts, and of the rule ``files`` of a review, that it names.

    >>> plainly("Settle the level of care. Chart: condition.pregnant.")
    'Settle the level of care. Chart: Pregnant.'
    """
    return _NAME.sub(lambda found: _title(found[0], files), text)


def _title(name: str, files: Mapping[str, FileSeen] | None) -> str:
    known = _fact(name)
    if known is not None:
        return known
    return files[name].title if files is not None and name in files else name


@lru_cache(maxsize=4096)
def _fact(name: str) -> str | None:
    found = catalogue().get(name)
    return found.title if found is not None else None
