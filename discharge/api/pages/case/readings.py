"""What the chart holds of a stay for its trends: readings, oxygen devices and doses, straight from the store.

Putting a whole chart together takes ten times as long as these rows, and a trend needs no more than them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discharge.api.pages.case.dear import Dear
from discharge.casework.intake.deltas import Until, stored_rows
from discharge.casework.intake.rows import PLACE, Row
from discharge.casework.storage.engine import Store
from discharge.casework.storage.tables import CHART_DELTAS
from discharge.drugs import classes_of
from discharge.facts import catalogue
from discharge.facts.answers import meaning_of
from discharge.facts.medications import NOT_GIVEN
from discharge.facts.observations import NOT_OBSERVED

_START = datetime(1970, 1, 1, tzinfo=UTC)
_DEVICE = "oxygen_device"
_BY_VEIN = "treatment.iv_antibiotic_24h"


@dataclass(frozen=True, slots=True)
class Reading:
    """A number that was charted; ``known_at`` is when the hospital knew it."""

    at: datetime
    value: float
    known_at: datetime
    row_id: str
    source: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Something charted that is no number: a device in use, a drug given."""

    at: datetime
    what: str
    known_at: datetime


@dataclass(frozen=True)
class Readings:
    """Of one patient, in order of time: numbers by concept, oxygen devices, and antibiotics by vein."""

    numbers: dict[str, list[Reading]] = field(default_factory=dict)
    devices: list[Mark] = field(default_factory=list)
    antibiotics: list[Mark] = field(default_factory=list)

    def within(self, start: datetime | None, end: datetime, known_by: datetime) -> Readings:
        """Return what is of a stretch of time and was known by a moment."""

        def fits(one: Reading | Mark) -> bool:
            return (start is None or one.at >= start) and one.at <= end and one.known_at <= known_by

        numbers = {name: [one for one in series if fits(one)] for name, series in self.numbers.items()}
        return Readings(
            {name: series for name, series in numbers.items() if series},
            [one for one in self.devices if fits(one)],
            [one for one in self.antibiotics if fits(one)],
        )


_LAST: Dear[Readings] = Dear(48, most_waiting=24)
"""Patients that were read, by the digests of all that was known of them."""


def readings_of(store: Store, patient_id: str, at: datetime | None) -> Readings:
    """Return everything charted of a patient by ``at`` (None: so far) that a trend shows.

    Raises:
        StoreError: what the chart is made from is missing or was altered.
    """
    until = None if at is None else Until(at)
    with store.read() as connection:
        key = (patient_id, *_digests(connection, patient_id, at))
    return _LAST.once(key, lambda: _read(store, patient_id, until))


def _read(store: Store, patient_id: str, until: Until | None) -> Readings:
    with store.read() as connection:
        rows = stored_rows(connection, [patient_id], until)[patient_id]
    observed, drugs = rows.get("observations", {}).values(), rows.get("medications", {}).values()
    return Readings(
        _numbers(observed),
        sorted(_devices(observed), key=lambda one: one.at),
        sorted(_antibiotics(drugs), key=lambda one: one.at),
    )


def _digests(connection: Connection, patient_id: str, at: datetime | None) -> list[str]:
    table = CHART_DELTAS.c
    asked = sa.select(table.digest).where(table.patient_id == patient_id).order_by(table.number)
    if at is not None:
        asked = asked.where(table.known_from <= at)
    return [str(one) for one in connection.scalars(asked)]


def _moment(microseconds: int) -> datetime:
    return _START + timedelta(microseconds=microseconds)


def _known(known: int | None, at: datetime) -> datetime:
    return at if known is None else _moment(known)


def _usable(rows: Any) -> Iterator[tuple[Row, datetime]]:
    place = PLACE["observations"]
    status, effective = place["status"], place["effective_at"]
    for row in rows:
        if row[effective] is not None and row[status] not in NOT_OBSERVED:
            yield row, _moment(row[effective])


def _numbers(rows: Any) -> dict[str, list[Reading]]:
    place = PLACE["observations"]
    concept, value, known = place["concept"], place["value"], place["known_at"]
    row_id, source = place["row_id"], place["source"]
    found: dict[str, list[Reading]] = {}
    for row, at in _usable(rows):
        if row[concept] is not None and row[value] is not None:
            one = Reading(at, row[value], _known(row[known], at), row[row_id] or "", row[source] or "")
            found.setdefault(row[concept], []).append(one)
    for series in found.values():
        series.sort(key=lambda one: (one.at, one.value))
    return found


def _devices(rows: Any) -> Iterator[Mark]:
    place = PLACE["observations"]
    for row, at in _usable(rows):
        if row[place["concept"]] == _DEVICE and row[place["value_text"]]:
            meaning = meaning_of(_DEVICE, row[place["value_text"]])
            if meaning is not None:
                yield Mark(at, meaning, _known(row[place["known_at"]], at))


def _antibiotics(rows: Any) -> Iterator[Mark]:
    """Yield the doses that the fact of antibiotics by vein counts: its classes and routes, given and not withheld."""
    place, how = PLACE["medications"], catalogue()[_BY_VEIN].source["given"]
    classes, routes = frozenset(how["class"]), how["route"]
    for row in rows:
        drug, start = row[place["ingredients"]], row[place["start"]]
        if row[place["kind"]] != "administration" or row[place["status"]] in NOT_GIVEN or start is None:
            continue
        known = classes_of(drug)
        route = row[place["route"]] or ("iv" if "only_iv" in known else None)
        if known & classes and route in routes:
            yield Mark(_moment(start), str(drug), _known(row[place["known_at"]], _moment(start)))
