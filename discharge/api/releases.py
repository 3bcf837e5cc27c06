"""What was released to payers, read off the ledger: the only thing that a payer's users can see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discharge.casework.events.utilization import Released
from discharge.casework.storage.tables import EVENTS
from discharge.errors import NotFoundError


@dataclass(frozen=True)
class Release:
    """One release as it stands after corrections."""

    case_id: str
    event_id: str
    released_at: datetime
    said: Released


def releases(connection: Connection, payer_ids: Collection[str]) -> list[Release]:
    """Return the releases to these payer profiles, the newest first."""
    return [one for one in _all(connection) if one.said.payer_profile in payer_ids]


def release(connection: Connection, release_id: str, payer_ids: Collection[str]) -> Release:
    """Return one release.

    Raises:
        NotFoundError: there is none of this id, or it is another payer's; the two are not told apart.
    """
    for one in releases(connection, payer_ids):
        if one.said.release_id == release_id:
            return one
    raise NotFoundError("nothing was released under this id")


def case_of_release(connection: Connection, release_id: str) -> str | None:
    """Return the case of a release to whomever, for the access log; None where there is none of this id."""
    return next((one.case_id for one in _all(connection) if one.said.release_id == release_id), None)


def _all(connection: Connection) -> list[Release]:
    corrected = _corrections(connection)
    asked = sa.select(EVENTS.c.stream, EVENTS.c.event_id, EVENTS.c.occurred_at, EVENTS.c.body)
    found = []
    for row in connection.execute(asked.where(EVENTS.c.kind == "released").order_by(EVENTS.c.seq.desc())):
        payload = corrected.get(row.event_id, orjson.loads(bytes(row.body))["payload"])
        if payload is not None:
            said = Released.model_validate(payload)
            found.append(Release(row.stream, row.event_id, row.occurred_at, said))
    return found


def _corrections(connection: Connection) -> dict[str, Any]:
    """Return what corrections of releases put in their place: a payload, or None for nothing.

    The last correction of an event holds, and corrections can be corrected themselves: as in
    :func:`discharge.casework.state.corrections.resolved`, the events are read from the last to the first.
    """
    streams = sa.select(EVENTS.c.stream).where(EVENTS.c.kind == "released")
    asked = sa.select(EVENTS.c.event_id, EVENTS.c.body).where(
        EVENTS.c.kind == "corrected", EVENTS.c.stream.in_(streams)
    )
    holding: dict[str, Any] = {}
    for row in connection.execute(asked.order_by(EVENTS.c.seq.desc())):
        payload = holding.get(row.event_id, orjson.loads(bytes(row.body))["payload"])
        if payload is not None:
            holding.setdefault(payload["event_id"], payload["replacement"])
    return holding
