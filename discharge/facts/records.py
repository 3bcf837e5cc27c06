"""Orders and documents, by their codes and words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from discharge.codes import system_name
from discharge.facts.chartrows import Evidence
from discharge.facts.listing import catalogue
from discharge.facts.status import texts
from discharge.facts.stays import (
    HOUR,
    NEVER,
    Columns,
    Flags,
    Ints,
    Stays,
    as_times,
    flag,
    microseconds,
    nothing,
)
from discharge.facts.words import by_text, matcher

_NOT_STANDING = ("draft", "revoked", "entered-in-error", "cancelled", "unknown")
_NOT_CURRENT = ("entered-in-error",)


def records(stays: Stays, columns: Columns) -> None:
    """Set every fact that says ``ordered`` or ``written``; false only where the chart keeps the table for the stay."""
    rows, place = _known(stays, "orders", "ordered_at", _NOT_STANDING)
    for fact in catalogue().values() if len(rows) else ():
        if "ordered" in fact.source:
            how = fact.source["ordered"]
            hit = _hits(stays, "orders", rows, how)
            if "due_hours" in how:
                hit &= _due(stays, rows, place, how["due_hours"])
            _put_flag(stays, columns, "orders", fact.name, rows, place, hit)
    rows, place = _known(stays, "documents", "written_at", _NOT_CURRENT)
    written = microseconds(stays.chart["documents"]["written_at"])
    for fact in catalogue().values() if len(rows) else ():
        if "written" in fact.source:
            how = fact.source["written"]
            hit = _hits(stays, "documents", rows, how)
            if fact.type == "flag":
                _put_flag(stays, columns, "documents", fact.name, rows, place, hit)
            else:
                _put_time(stays, columns, fact.name, rows[hit], place[hit], written, how["give"])


def _known(stays: Stays, table: str, time: str, void: tuple[str, ...]) -> tuple[Ints, Ints]:
    """Return (row, place) of the table by t, ordered by (stay, time, row); rows without time count as known."""
    frame, place = stays.chart[table], stays.place(table).astype(np.int64)
    at = microseconds(frame[time])
    t = (
        np.where(place >= 0, stays.t[np.maximum(place, 0)], NEVER)
        if len(stays)
        else np.full(len(place), NEVER)
    )
    rows = np.flatnonzero((place >= 0) & (at <= t) & ~frame["status"].isin(void).to_numpy())
    rows = rows[np.lexsort((rows, at[rows], place[rows]))]
    return rows, place[rows]


def _hits(stays: Stays, table: str, rows: Ints, how: Mapping[str, Any]) -> Flags:
    chosen = stays.chart[table].iloc[rows]
    hit = by_text(chosen["name"], lambda text: matcher(how["words"]).search(text) is not None)
    codes = {tuple(pair) for pair in how.get("codes", ())} | {
        ("loinc", code) for code in how.get("loinc", ())
    }
    if codes:
        pairs = zip(texts(chosen["system"]), texts(chosen["code"]), strict=True)
        hit |= np.array([(system_name(system), code) in codes for system, code in pairs], dtype=bool)
    return hit


def _due(stays: Stays, rows: Ints, place: Ints, hours: int) -> Flags:
    """Keep orders still open and due between t and ``hours`` later."""
    table = stays.chart["orders"].iloc[rows]
    due = microseconds(table["due_at"])
    is_open = ~table["status"].isin(["completed"]).to_numpy()
    return np.asarray(
        is_open & (due != NEVER) & (due >= stays.t[place]) & (due <= stays.t[place] + hours * HOUR)
    )


def _put_flag(
    stays: Stays, columns: Columns, table: str, name: str, rows: Ints, place: Ints, hit: Flags
) -> None:
    kept = np.bincount(place, minlength=len(stays)) > 0
    if not kept.any():
        return
    latest = nothing(len(stays))
    latest[place[hit]] = rows[hit]
    columns.put(name, flag(latest >= 0, kept), Evidence(table, latest))


def _put_time(
    stays: Stays, columns: Columns, name: str, rows: Ints, place: Ints, written: Ints, give: str
) -> None:
    """Set the time of the first, last, or second (a later one on its own) document."""
    rows, place = rows[written[rows] != NEVER], place[written[rows] != NEVER]
    if not len(rows):
        return
    rank = np.arange(len(rows)) - np.searchsorted(place, place)
    keep = {"first": rank == 0, "last": np.ones(len(rows), bool), "second": rank >= 1}[give]
    chosen = nothing(len(stays))
    chosen[place[keep]] = rows[keep]
    moments = np.where(chosen >= 0, written[chosen], NEVER)
    columns.put(name, as_times(moments), Evidence("documents", chosen))
