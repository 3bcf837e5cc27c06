"""The chart rows behind facts, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from discharge.chart import Chart

Positions: TypeAlias = npt.NDArray[np.int32]

_TOGETHER = 64  # stays whose rows are read at once: cells one by one out of a chart of arrow columns are slow

TIMES = {
    "encounters": "start",
    "segments": "start",
    "coverages": "start",
    "diagnoses": "recorded_at",
    "observations": "effective_at",
    "medications": "start",
    "procedures": "start",
    "orders": "ordered_at",
    "documents": "written_at",
    "assessments": "assessed_at",
    "authorizations": "requested_at",
}
_WORDS = {
    "patients": ("sex", "birth_date", "deceased_at", "language", "state"),
    "encounters": ("class_code", "start", "end", "unit", "admit_source", "discharge_disposition"),
    "segments": ("class_code", "unit", "start", "end"),
    "coverages": ("payer_id", "payer_name", "type_text", "status"),
    "diagnoses": ("code", "display", "role"),
    "observations": ("concept", "code", "value", "unit", "value_text"),
    "medications": ("name", "ingredients", "route", "dose", "dose_unit", "status"),
    "procedures": ("name", "code", "status"),
    "orders": ("name", "code", "status"),
    "documents": ("name", "code", "status"),
    "assessments": ("item", "value", "value_text"),
    "authorizations": ("service", "status", "days_approved", "valid_through"),
}
_CODED = tuple(name for name in _WORDS["observations"] if name != "code")  # the concept says it


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """A chart row that stands behind a fact: where it is, when it was, and its words (code or name, value, unit)."""

    table: str
    row_id: str
    source: str
    at: pd.Timestamp | None
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Rows behind one fact. ``positions`` index the chart table: one per stay (-1 none), or, with ``bounds``
    (stays + 1 numbers), ``positions[bounds[i]:bounds[i + 1]]`` for stay ``i``."""

    table: str
    positions: Positions
    bounds: Positions | None = None

    def of(self, place: int) -> list[int]:
        """Return the positions behind stay ``place``."""
        if self.bounds is None:
            return [int(p) for p in self.positions[place : place + 1] if p >= 0]
        return [int(p) for p in self.positions[self.bounds[place] : self.bounds[place + 1]]]

    def between(self, start: int, end: int) -> Positions:
        """Return the positions behind the stays from ``start`` to before ``end``."""
        if self.bounds is not None:
            end = min(end, len(self.bounds) - 1)
            return self.positions[self.bounds[start] : self.bounds[end]]
        found = self.positions[start:end]
        return found[found >= 0]


class ChartRows:
    """Chart rows by table and position, read for some neighbouring stays at a time and kept until the next ones."""

    def __init__(self, chart: Chart, evidence: Iterable[Evidence]) -> None:
        self._chart = chart
        self._evidence: dict[str, list[Evidence]] = {}
        for one in {id(one): one for one in evidence}.values():
            self._evidence.setdefault(one.table, []).append(one)
        self._block = -1
        self._read: dict[str, _Read] = {}

    def row(self, place: int, table: str, position: int) -> EvidenceRow:
        """Return a row behind a fact of the stay at ``place`` of the evidence."""
        if place // _TOGETHER != self._block:
            self._block, self._read = place // _TOGETHER, {}
        read = self._read.get(table)
        if read is None:
            read = self._read[table] = self._take(table)
        here, columns = read.places[position], read.columns
        words = _CODED if table == "observations" and columns["concept"][here] is not None else _WORDS[table]
        cells = (columns[name][here] for name in words)
        return EvidenceRow(
            table,
            str(columns["row_id"][here]),
            str(columns["source"][here]),
            columns[TIMES[table]][here] if table in TIMES else None,
            " ".join(_text(cell) for cell in cells if cell is not None),
        )

    def _take(self, table: str) -> _Read:
        start = self._block * _TOGETHER
        parts = [one.between(start, start + _TOGETHER) for one in self._evidence[table]]
        positions = np.unique(np.concatenate(parts)).astype(np.intp)
        wanted = {"row_id", "source", TIMES.get(table, "row_id"), *_WORDS[table]}
        columns = {name: _cells(self._chart[table][name].array.take(positions)) for name in wanted}
        return _Read({position: here for here, position in enumerate(positions.tolist())}, columns)


@dataclass(frozen=True, slots=True)
class _Read:
    """Cells of some rows of a table by column, and where in them each position stands."""

    places: dict[int, int]
    columns: dict[str, list[Any]]


def _cells(array: Any) -> list[Any]:
    """Return an array as a list, None where nothing is known."""
    cells = np.asarray(array.astype(object), dtype=object)
    cells[np.asarray(pd.isna(array), np.bool_)] = None
    return list(cells)


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.10g}"
    return value.isoformat() if isinstance(value, pd.Timestamp) else str(value)
