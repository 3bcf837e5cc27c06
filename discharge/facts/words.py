"""Matching words in names: orders, documents, procedures, units and admit sources."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from discharge.reference import load_yaml

_INTENSIVE = re.compile(
    r"\b(?:intensive|critical|coronary) care\b|\b(?:[a-z]{0,4}icu|ccu|csru|tsicu|burn unit)\b", re.IGNORECASE
)


def matcher(words: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern that finds any of ``words`` as whole words, in any case.

    >>> bool(matcher(["picc"]).search("PICC line placement")), bool(matcher(["moon"]).search("mooney"))
    (True, False)
    """
    options = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<![0-9a-z])(?:{options})(?![0-9a-z])" if options else r"(?!)", re.IGNORECASE)


def by_text(texts: pd.Series[Any], test: Callable[[str], bool]) -> npt.NDArray[np.bool_]:
    """Return ``test`` of each text, asked once per distinct one; False where there is none."""
    codes, distinct = pd.factorize(texts)
    hits = np.array([bool(test(str(text))) for text in distinct] + [False])
    return np.asarray(hits[codes], dtype=bool)


def is_intensive_name(unit: str) -> bool:
    """Say whether a unit's name says intensive care.

    >>> [is_intensive_name(name) for name in ("Medical ICU", "MICU", "Coronary Care Unit (CCU)", "Ward 4E")]
    [True, True, True, False]
    """
    return _INTENSIVE.search(unit) is not None


def admit_source(text: str) -> str | None:
    """Return the canonical source of an admission; None where the chart says that it isn't known."""
    return _sources().get(" ".join(re.findall(r"[0-9a-z]+", text.lower())), "other")


@cache
def _sources() -> dict[str, str | None]:
    rows: dict[str, list[str]] = load_yaml("answers.yaml")["admit_sources"]
    return {
        " ".join(re.findall(r"[0-9a-z]+", word.lower())): None if name == "unknown" else name
        for name, words in rows.items()
        for word in words
    }
