"""Facts charted directly: table assessments, item = name of the fact. The newer of assessment and chart wins.

How a patient was is looked at up to t, the discharge for one who left. Papers, appeals, follow-up and what comes after
the stay are looked at up to as_of.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from discharge.facts.answers import plain
from discharge.facts.chartrows import TIMES, Evidence
from discharge.facts.listing import Fact, catalogue
from discharge.facts.stays import NEVER, Columns, Ints, Stays, microseconds, nothing
from discharge.facts.table import DTYPES

_YES = ("yes", "true", "y", "1", "373066001", "la33-6")
_NO = ("no", "false", "n", "0", "373067005", "la32-8")
_ON_PAPER = ("after_stay.", "appeals.", "authorization.", "documents.", "programme.", "status.")


def assessments(stays: Stays, columns: Columns, wanted: Collection[str]) -> None:
    """Set or override the assessable facts among ``wanted`` by their latest readable assessment up to t."""
    table, place = stays.chart["assessments"], stays.place("assessments").astype(np.int64)
    at = microseconds(table["assessed_at"])
    t = (
        np.where(place >= 0, stays.t[np.maximum(place, 0)], NEVER)
        if len(stays)
        else np.full(len(place), NEVER)
    )
    on_paper = table["item"].str.startswith(_ON_PAPER).fillna(value=False).to_numpy(bool)
    rows = np.flatnonzero((place >= 0) & (at <= np.where(on_paper, stays.moment, t)))
    rows = rows[np.lexsort((rows, at[rows], place[rows]))]
    items = table["item"].iloc[rows].to_numpy(dtype=object)
    for item in dict.fromkeys(items.tolist()):
        fact = catalogue().get(str(item))
        if fact is not None and fact.is_assessable and fact.name in wanted:
            _override(stays, columns, fact, rows[items == item], place, at)


def _override(stays: Stays, columns: Columns, fact: Fact, rows: Ints, place: Ints, at: Ints) -> None:
    table = stays.chart["assessments"]
    number, words = table["value"].to_numpy(np.float64), table["value_text"]
    latest: dict[int, tuple[int, Any]] = {}
    for row in rows.tolist():
        text = words.iloc[row]
        value = readable(fact, number[row], text if isinstance(text, str) else None, at[row])
        if value is not None:
            latest[int(place[row])] = (row, value)
    column, before = _column(columns, fact, len(stays)), _evidence_time(stays, columns, fact.name)
    chosen = nothing(len(stays))
    for where, (row, value) in latest.items():
        if _unknown(column[where]) or at[row] >= before[where]:
            column[where] = value
            chosen[where] = row
    kept = [_without(evidence, chosen) for evidence in columns.rows.get(fact.name, ())]
    because = columns.because.get(fact.name, ())
    final: Any = pd.Series(list(column), dtype=DTYPES["time"]).array if fact.type == "time" else column
    columns.put(fact.name, final, *kept, Evidence("assessments", chosen), because=because)


def readable(fact: Fact, number: float, text: str | None, at: int) -> Any:
    """Return an answer as the fact's type; None where it can't be read, which leaves the fact as it was."""
    word = plain(text) if text else ""
    if fact.type == "flag":
        if word in _YES or (not word and number == 1):
            return 1.0
        return 0.0 if word in _NO or (not word and number == 0) else None
    if fact.type == "number":
        return None if np.isnan(number) else float(number)
    if fact.type == "time":
        return _moment(text, word, at)
    return (text.strip() or None) if text else None


def _moment(text: str | None, word: str, at: int) -> pd.Timestamp | None:
    """Return the time written, or the time of the assessment where the answer is yes."""
    if word in _YES and at != NEVER:
        return pd.Timestamp(at, unit="us", tz="UTC")
    try:
        moment = pd.Timestamp(text) if text else pd.NaT
    except ValueError:
        return None
    if pd.isna(moment):
        return None
    return moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC")


def _column(columns: Columns, fact: Fact, size: int) -> np.ndarray[Any, Any]:
    found = columns.values.get(fact.name)
    if fact.type in ("number", "flag"):
        return np.full(size, np.nan) if found is None else np.array(found, dtype=np.float64)
    blank: Any = pd.NaT if fact.type == "time" else None
    column = np.empty(size, dtype=object)
    column[:] = [blank] * size if found is None else list(found)
    return column


def _unknown(value: object) -> bool:
    return not isinstance(value, tuple) and bool(pd.isna(value))  # type: ignore[call-overload]


def _evidence_time(stays: Stays, columns: Columns, name: str) -> Ints:
    """Return the time of the newest row behind a fact; NEVER where none has a time."""
    newest = np.full(len(stays), NEVER)
    for evidence in columns.rows.get(name, ()):
        if evidence.table not in TIMES:
            continue
        times = microseconds(stays.chart[evidence.table][TIMES[evidence.table]])
        for place in range(len(stays)):
            newest[place] = max([newest[place], *(times[row] for row in evidence.of(place))])
    for other in columns.because.get(name, ()):
        newest = np.maximum(newest, _evidence_time(stays, columns, other))
    return newest


def _without(evidence: Evidence, chosen: np.ndarray[Any, Any]) -> Evidence:
    """Take the rows away from stays that an assessment decided."""
    taken = chosen >= 0
    if evidence.bounds is None:
        return Evidence(evidence.table, np.where(taken, -1, evidence.positions).astype(np.int32))
    keep = np.repeat(~taken, np.diff(evidence.bounds))
    counts = np.where(taken, 0, np.diff(evidence.bounds))
    bounds = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return Evidence(evidence.table, evidence.positions[keep], bounds)
