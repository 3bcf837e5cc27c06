"""What was released to payers, read off the ledger: the only thing that a payer's users can see."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from fastapi import Request
from sqlalchemy.engine import Connection

from discharge.api.auth.principal import Principal, log_read
from discharge.api.state import Desk
from discharge.casework.events.utilization import Released
from discharge.casework.state.model import Authorization
from discharge.casework.storage.tables import EVENTS
from discharge.errors import Fault, NotAllowedError, NotFoundError


@dataclass(frozen=True)
class Release:
    """One release as it stands after corrections; ``seq`` is its place in the ledger."""

    case_id: str
    event_id: str
    seq: int
    released_at: datetime
    said: Released


def releases(connection: Connection, payer_ids: Collection[str]) -> list[Release]:
    """Return the releases to these payer profiles, the newest first."""
    return [_read(row, payload) for row, payload in _all(connection) if payload["payer_profile"] in payer_ids]


def release(connection: Connection, release_id: str, payer_ids: Collection[str]) -> Release:
    """Return one release.

    Raises:
        NotFoundError: there is none of this id, or it is another payer's; the two are not told apart.
    """
    for row, payload in _all(connection):
        if payload["release_id"] == release_id and payload["payer_profile"] in payer_ids:
            return _read(row, payload)
    raise NotFoundError("nothing was released under this id")


def case_of_release(connection: Connection, release_id: str) -> str | None:
    """Return the case of a release to whomever, for the access log; None where there is none of this id."""
    found = (row.stream for row, payload in _all(connection) if payload["release_id"] == release_id)
    return next(found, None)


def own_release(desk: Desk, request: Request, release_id: str, who: Principal) -> Release:
    """Return a release to the payers that ``who`` speaks for, once it is on record that it was asked for.

    Raises:
        NotFoundError: there is none of this id, or it is another payer's: refused, on record, as if not there.
    """
    with desk.store.read() as connection:
        try:
            found = release(connection, release_id, who.account.payer_ids)
        except NotFoundError:
            found = None
            others = case_of_release(connection, release_id)
    if found is None:
        log_read(request, who, others or [], allowed=False)  # for none too, so that both take as long
        raise NotFoundError("nothing was released under this id")
    log_read(request, who, found.case_id)
    return found


def asked_of_payer(desk: Desk, found: Release) -> dict[str, Authorization]:
    """Return what the hospital asked this payer to authorize for the stay, by authorization."""
    known = desk.casework.case(found.case_id).state.authorizations
    return {key: one for key, one in known.items() if one.payer_profile == found.said.payer_profile}


def check_authorization(
    desk: Desk, found: Release, authorization_id: str | None, *, where: str, expected: str
) -> None:
    """Refuse an answer about what was asked of another payer, or of nobody.

    Raises:
        NotAllowedError: with ``where`` and ``expected`` as the door that was used tells them.
    """
    if authorization_id is not None and authorization_id not in asked_of_payer(desk, found):
        what = "nothing was asked of this payer under this id"
        raise NotAllowedError([Fault(where, what, expected)])


def _all(connection: Connection) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield the row of each release, the newest first, and its payload as corrections left it."""
    corrected = _corrections(connection)
    columns = sa.select(EVENTS.c.stream, EVENTS.c.event_id, EVENTS.c.seq, EVENTS.c.occurred_at, EVENTS.c.body)
    asked = columns.where(EVENTS.c.kind == "released").order_by(EVENTS.c.seq.desc())
    for row in connection.execute(asked).all():
        payload = corrected.get(row.event_id, orjson.loads(bytes(row.body))["payload"])
        if payload is not None:
            yield row, payload


def _read(row: Any, payload: dict[str, Any]) -> Release:
    return Release(row.stream, row.event_id, row.seq, row.occurred_at, Released.model_validate(payload))


def _corrections(connection: Connection) -> dict[str, Any]:
    """Return what corrections of releases put in their place: a payload, or None for nothing."""
    streams = sa.select(EVENTS.c.stream).where(EVENTS.c.kind == "released")
    asked = sa.select(EVENTS.c.event_id, EVENTS.c.body).where(
        EVENTS.c.kind == "corrected", EVENTS.c.stream.in_(streams)
    )
    rows = connection.execute(asked.order_by(EVENTS.c.seq.desc()))
    return corrections_of((row.event_id, orjson.loads(bytes(row.body))["payload"]) for row in rows)


def corrections_of(latest_first: Iterator[tuple[str, Any]]) -> dict[str, Any]:
    """Return by event what corrections put in its place, from (id, payload) of `corrected` events, the last first.

    The last correction of an event holds, and corrections can be corrected themselves: as in
    :func:`discharge.casework.state.corrections.resolved`, the events are read from the last to the first.
    """
    holding: dict[str, Any] = {}
    for event_id, own in latest_first:
        payload = holding.get(event_id, own)
        if payload is not None:
            holding.setdefault(payload["event_id"], payload["replacement"])
    return holding
