"""What follows from rule packs alone, worked out once per packs and kept as long as they are."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from discharge.packs import Packs

T = TypeVar("T")


def once_per_packs(make: Callable[[Packs], T]) -> Callable[[Packs], T]:
    """Remember what ``make`` returns, by the very object: part of some packs has the digest of the whole.

    What is returned must not refer to the packs themselves, or they would never be dropped.
    """
    known: dict[int, tuple[weakref.ref[Packs], T]] = {}

    @wraps(make)
    def remembered(packs: Packs) -> T:
        here = known.get(id(packs))
        if here is not None and here[0]() is packs:
            return here[1]
        key, made = id(packs), make(packs)
        known[key] = weakref.ref(packs, lambda gone: _forget(key, gone)), made
        return made

    def _forget(key: int, gone: weakref.ref[Packs]) -> None:
        if key in known and known[key][0] is gone:  # the id may be another's by now
            del known[key]

    return remembered
