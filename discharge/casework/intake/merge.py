"""What a feed changes in what is known of a patient: rows that are new or other, and rows that it takes back.

Nothing is taken back because a later feed leaves it out. A row is superseded by one of the same ``row_id``; parts of a
record (a component of an observation, a ward of an encounter) by the record's next version; a record by word that it
was entered in error. Rows of tables without ``row_id`` are named by their content, so a later file never writes over
other rows; where they grow (a ward gets its end, a request its decision) the one with the same beginning is superseded.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from discharge.casework.intake.rows import COLUMNS, PLACE, Row, Rows, without_source
from discharge.errors import StoreError

_MADE_UP = re.compile(r"[a-z]+/[0-9a-f]{20}")
_BEGINNING: Mapping[str, tuple[str, ...]] = {
    "segments": ("encounter_id", "class_code", "unit", "start"),
    "coverages": ("patient_id", "payer_id", "member_id", "type_code", "start"),
    "medications": ("patient_id", "encounter_id", "kind", "code", "name", "start"),
    "procedures": ("patient_id", "encounter_id", "code", "name", "start"),
    "authorizations": ("patient_id", "encounter_id", "payer_id", "number", "service", "requested_at"),
}


@dataclass(frozen=True)
class Delta:
    """Rows that are new or changed, and ids of rows that hold no longer."""

    rows: Rows = field(default_factory=dict)
    gone: dict[str, list[str]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Return how many rows it adds, changes or takes back."""
        return sum(map(len, self.rows.values())) + sum(map(len, self.gone.values()))

    def to_bytes(self) -> bytes:
        """Return the same bytes for the same content."""
        tables = sorted(table for table, rows in self.rows.items() if rows)
        content = {
            "columns": {table: COLUMNS[table] for table in tables},
            "rows": {
                table: [self.rows[table][name] for name in sorted(self.rows[table])] for table in tables
            },
            "gone": {table: sorted(names) for table, names in self.gone.items() if names},
        }
        return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)

    @staticmethod
    def from_bytes(content: bytes) -> Delta:
        """Return the delta; columns that this version does not know are left out, new ones are missing values.

        Raises:
            StoreError: not a delta.
        """
        try:
            read = orjson.loads(content)
            rows = {
                table: _read(table, read["columns"][table], found) for table, found in read["rows"].items()
            }
            return Delta({table: found for table, found in rows.items() if table in COLUMNS}, read["gone"])
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise StoreError(f"a delta of the chart can't be read ({type(error).__name__})") from None


def _read(table: str, names: list[str], rows: list[list[Any]]) -> dict[str, Row]:
    wanted = COLUMNS.get(table, tuple(names))
    if tuple(names) == wanted:
        place = names.index("row_id")
        return {row[place]: tuple(row) for row in rows}
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return {row["row_id"]: tuple(row.get(name) for name in wanted) for row in found}


def apply(known: Rows, delta: Delta) -> Rows:
    """Change ``known`` by a delta, in place, and return it."""
    for table, names in delta.gone.items():
        for name in names:
            known.get(table, {}).pop(name, None)
    for table, rows in delta.rows.items():
        known.setdefault(table, {}).update(rows)
    return known


def merged(deltas: Iterable[Delta]) -> Rows:
    """Return what is known after deltas in their order."""
    known: Rows = {}
    for delta in deltas:
        apply(known, delta)
    return known


def difference(known: Rows, feed: Rows, retracted: Collection[str] = ()) -> Delta:
    """Return what a feed's rows of one patient change in what is known."""
    changed = {
        table: {
            name: row
            for name, row in rows.items()
            if name not in known.get(table, {})
            or without_source(table, known[table][name]) != without_source(table, row)
        }
        for table, rows in feed.items()
    }
    came = {_record(name) for rows in feed.values() for name in rows}
    taken_back = set(retracted) - came
    gone = {
        table: [
            name
            for name in rows
            if name not in feed.get(table, {}) and (_record(name) in taken_back or _is_lost_part(name, came))
        ]
        + _outgrown(table, rows, feed.get(table, {}))
        for table, rows in known.items()
    }
    return Delta(
        {table: rows for table, rows in changed.items() if rows},
        {table: sorted(set(names)) for table, names in gone.items() if names},
    )


def _record(name: str) -> str:
    """Return the record of which a row is: the row's id up to ``#`` (a part) or ``@`` (a use by an encounter)."""
    return re.split("[#@]", name, maxsplit=1)[0]


def _is_lost_part(name: str, came: Collection[str]) -> bool:
    """Tell whether a row is part of a FHIR record that came again without it."""
    record = _record(name)
    if not record[:1].isupper() or record not in came:
        return False
    if "@" in name:  # Condition/c@ENCOUNTER:use is said by both records together
        return f"Encounter/{name.partition('@')[2].rpartition(':')[0]}" in came
    return True


def _outgrown(table: str, known: Mapping[str, Row], feed: Mapping[str, Row]) -> list[str]:
    """Return known rows, named by content, that a feed's row of the same beginning takes the place of."""
    if table not in _BEGINNING:
        return []
    places = [PLACE[table][name] for name in _BEGINNING[table]]
    begun = {tuple(row[place] for place in places) for name, row in feed.items() if _MADE_UP.fullmatch(name)}
    return [
        name
        for name, row in known.items()
        if name not in feed and _MADE_UP.fullmatch(name) and tuple(row[place] for place in places) in begun
    ]
