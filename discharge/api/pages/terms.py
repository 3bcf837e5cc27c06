"""Help text of special terms, from ``reference/page_terms.yaml``: shown where a page uses the term."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from discharge.reference import load_yaml


@cache
def terms() -> Mapping[str, str]:
    """Return what each term means, by the term as pages write it."""
    found: dict[str, str] = load_yaml("page_terms.yaml")
    return found
