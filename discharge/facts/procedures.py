"""Procedures by group: ventilation, dialysis, transfusion, lines, surgery (``reference/procedures.yaml``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from discharge.codes import system_name
from discharge.facts.chartrows import Evidence
from discharge.facts.listing import catalogue
from discharge.facts.status import texts
from discharge.facts.stays import HOUR, NEVER, Columns, Flags, Ints, Stays, flag, microseconds, nothing
from discharge.facts.words import by_text, matcher
from discharge.reference import load_yaml

_NOT_DONE = ("not-done", "entered-in-error", "preparation", "on-hold")


@dataclass(frozen=True)
class Performed:
    """Procedures done in the stays by t, ordered by (stay, start, row), and which groups each belongs to."""

    place: Ints
    row: Ints
    start: Ints
    end: Ints
    groups: Mapping[str, Flags]

    def within(self, stays: Stays, hours: float | None) -> Flags:
        """Return those of the last ``hours`` up to t (all for None); one that lasts into the window counts."""
        if hours is None:
            return np.ones(len(self.row), dtype=bool)
        return np.asarray(self.end >= stays.t[self.place] - int(hours * HOUR))


@cache
def in_group(group: str, system: str | None, code: str | None) -> bool:
    """Say whether a code is in a group of procedures.yaml."""
    row: dict[str, Any] = load_yaml("procedures.yaml")["groups"][group]
    if code is None:
        return False
    if system in row.get("systems", ()) or (code in row.get("snomed", ()) and system == "snomed"):
        return True
    if system in ("cpt", "hcpcs") and len(code) == 5 and code.isdigit():
        return _in_ranges(code, row.get("cpt", ())) and not _in_ranges(code, row.get("cpt_not", ()))
    if system == "icd-10-pcs":
        return _in_pcs(code, row)
    if system == "icd-9-pcs":
        return code.replace(".", "").startswith(tuple(row.get("icd_9", ())) or ("?",))
    return system not in ("snomed", "cpt") and code in row.get("local", ())


def _in_ranges(code: str, ranges: list[str] | tuple[str, ...]) -> bool:
    return any(low <= code <= high for low, high in (text.split("-") for text in ranges))


def _in_pcs(code: str, row: Mapping[str, Any]) -> bool:
    approaches = row.get("pcs_approaches")
    for prefix in row.get("icd_10_pcs", ()):
        same = all(a in ("@", b) for a, b in zip(prefix, code, strict=False)) and len(code) >= len(prefix)
        if same and (approaches is None or code[4:5] in approaches):
            return True
    return False


def performed(stays: Stays) -> Performed:
    """Return the procedures of the stays done by t."""
    table, place = stays.chart["procedures"], stays.place("procedures").astype(np.int64)
    start, end = microseconds(table["start"]), microseconds(table["end"])
    t = (
        np.where(place >= 0, stays.t[np.maximum(place, 0)], NEVER)
        if len(stays)
        else np.full(len(place), NEVER)
    )
    done = ~table["status"].isin(_NOT_DONE).to_numpy() & (start != NEVER) & (start <= t)
    rows = np.flatnonzero(done)
    rows = rows[np.lexsort((rows, start[rows], place[rows]))]
    chosen = table.iloc[rows]
    pairs = list(zip(texts(chosen["system"]), texts(chosen["code"]), strict=True))
    groups = {}
    for name, row in load_yaml("procedures.yaml")["groups"].items():
        coded = np.array([in_group(name, system_name(s), c) for s, c in pairs], dtype=bool)
        named = by_text(chosen["name"], lambda text, row=row: _named(text, row))  # type: ignore[misc]
        groups[name] = coded | named
    return Performed(
        place[rows],
        rows,
        start[rows],
        np.maximum(np.where(end == NEVER, start, end)[rows], start[rows]),
        groups,
    )


def _named(text: str, row: Mapping[str, Any]) -> bool:
    # Underscores stand for blanks in some feeds.
    words = text.replace("_", " ")
    found = matcher([word.replace("_", " ") for word in row.get("words", ())]).search(words)
    return found is not None and not matcher(row.get("not", ())).search(words)


def procedure_facts(stays: Stays, columns: Columns) -> Performed:
    """Set every fact that says ``performed``; false only where procedures are charted for the stay."""
    found = performed(stays)
    kept = np.bincount(found.place, minlength=len(stays)) > 0
    for fact in catalogue().values():
        if "performed" not in fact.source:
            continue
        how = fact.source["performed"]
        hit = found.within(stays, how.get("hours")) & found.groups[how["group"]]
        rows = nothing(len(stays))
        rows[found.place[hit]] = found.row[hit]
        before = columns.number(fact.name)
        # Charted as drug or as procedure (transfusion): false needs both tables to say so.
        yes, no = (rows >= 0) | (before == 1), kept & ((before == 0) | ("given" not in fact.source))
        columns.put(fact.name, flag(yes, no), *columns.rows.get(fact.name, ()), Evidence("procedures", rows))
    return found
