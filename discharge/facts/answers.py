"""Observations whose answer is a code or a word: consciousness, oxygen device, social questions."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np

from discharge.facts.chartrows import Evidence
from discharge.facts.listing import catalogue
from discharge.facts.observations import Readings, number_of
from discharge.facts.stays import Columns, Ints, Stays, microseconds, pick
from discharge.reference import load_yaml


def plain(text: str) -> str:
    """Return an answer in lower case with single blanks: how answers.yaml writes it."""
    return " ".join(re.sub(r"[_\s]+", " ", text.lower()).split())


@cache
def answers(table: str) -> dict[str, str]:
    """Return {answer: meaning} of one list of answers.yaml (or of ``flags.NAME``)."""
    found: Any = load_yaml("answers.yaml")
    for part in table.split("."):
        found = found[part]
    return {plain(str(word)): meaning for meaning, words in found.items() for word in words}


def meaning_of(table: str, text: str) -> str | None:
    """Return what ``text`` (a code, ``system|code``, or words) means; None where the list doesn't say."""
    known = answers(table)
    return known.get(plain(text)) or known.get(plain(re.split(r"[|^]", text)[-1]))


def answered(
    stays: Stays, rows: Ints, concept: Ints, name: str, table: str
) -> tuple[Readings, tuple[str, ...]]:
    """Return readings of the coded concept ``name`` that the list understands, and the meanings that values number.

    Ordered by (stay, time, meaning).
    """
    texts = stays.chart["observations"]["value_text"]
    rows = rows[concept[rows] == number_of(name)]
    words = texts.iloc[rows].to_numpy(dtype=object)
    meanings = tuple(dict.fromkeys(answers(table).values()))
    number = {m: i for i, m in enumerate(meanings)}
    told = {w: number.get(meaning_of(table, w) or "", -1) for w in set(words.tolist()) if isinstance(w, str)}
    value = np.fromiter(
        (told.get(w, -1) if isinstance(w, str) else -1 for w in words), dtype=np.int64, count=len(words)
    )
    rows, value = rows[value >= 0], value[value >= 0]
    stay = stays.place("observations")[rows].astype(np.int64)
    time = microseconds(stays.chart["observations"]["effective_at"].iloc[rows])
    order = np.lexsort((value, time, stay))
    numbers = np.full(len(rows), number_of(name))
    return Readings(stay[order], numbers, time[order], value[order].astype(np.float64), rows[order]), meanings


def latest(readings: Readings, meanings: tuple[str, ...], size: int) -> tuple[np.ndarray[Any, Any], Evidence]:
    """Return the meaning of each stay's latest answer (None for none) and its row."""
    column = np.empty(size, dtype=object)
    for place, value in zip(readings.stay.tolist(), readings.value.tolist(), strict=True):
        column[place] = meanings[int(value)]
    return column, Evidence("observations", pick(size, readings.stay, readings.row))


def answer_flags(stays: Stays, rows: Ints, concept: Ints, columns: Columns) -> None:
    """Set the facts that are a yes or no by the latest coded answer of the stay."""
    for fact in catalogue().values():
        if "answered" not in fact.source:
            continue
        how = fact.source["answered"]
        readings, meanings = answered(stays, rows, concept, how["concept"], f"flags.{how['list']}")
        if not len(readings.stay):
            continue
        column, evidence = latest(readings, meanings, len(stays))
        told = np.array([{"yes": 1.0, "no": 0.0}.get(m, np.nan) for m in column])
        columns.put(fact.name, told, evidence)
