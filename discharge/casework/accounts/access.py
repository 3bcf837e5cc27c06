"""The access log: who read which patient, when and by which route. Rows are only ever added."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discharge.casework.storage import blobs
from discharge.casework.storage.tables import ACCESS_LOG

_CASE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Read:
    """A row of the log; ``cases`` are the cases shown in a list (empty for a single case)."""

    id: int
    at: datetime
    account_id: str
    token_id: str | None
    action: str
    case_id: str | None
    count: int
    cases_digest: str | None
    allowed: bool
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows are asked for; None asks for all."""

    account_id: str | None = None
    case_id: str | None = None
    allowed: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


def is_case_id(text: str) -> bool:
    """Tell whether ``text`` can be a case id at all."""
    return _CASE_ID.fullmatch(text) is not None


def write(
    connection: Connection, *, account_id: str, token_id: str | None, action: str, read: str | Sequence[str],
    now: datetime, allowed: bool = True, request_id: str | None = None,
) -> None:  # fmt: skip
    """Add a row: of one case (its id), or of a list (the ids shown; they lie in a blob)."""
    is_list = not isinstance(read, str)
    digest = blobs.put(connection, "access", orjson.dumps(sorted(read))) if is_list and read else None
    connection.execute(
        sa.insert(ACCESS_LOG).values(
            at=now,
            account_id=account_id,
            token_id=token_id,
            action=action[:80],
            case_id=None if is_list else read,
            count=len(read) if is_list else 1,
            cases_digest=digest,
            allowed=allowed,
            request_id=request_id,
        )
    )


def cases_of(connection: Connection, row: Read) -> list[str]:
    """Return the cases that a row is about."""
    if row.case_id is not None:
        return [row.case_id]
    if row.cases_digest is None:
        return []
    return [str(one) for one in orjson.loads(blobs.get(connection, row.cases_digest))]


def find(connection: Connection, asked: Asked, *, before: int | None = None, most: int = 100) -> list[Read]:
    """Return at most ``most`` rows, newest first, that come before row ``before``.

    Asked for a case, lists that showed it are found too.
    """
    found: list[Read] = []
    shown: dict[str, bool] = {}
    for row in _rows(connection, asked, before):
        if asked.case_id is not None and row.case_id != asked.case_id:
            digest = row.cases_digest or ""
            if digest not in shown:
                shown[digest] = asked.case_id in cases_of(connection, row)
            if not shown[digest]:
                continue
        found.append(row)
        if len(found) == most:
            break
    return found


def _rows(connection: Connection, asked: Asked, before: int | None) -> Iterator[Read]:
    log = ACCESS_LOG.c
    question = sa.select(ACCESS_LOG).order_by(log.id.desc()).limit(_AT_ONCE)
    if asked.account_id is not None:
        question = question.where(log.account_id == asked.account_id)
    if asked.case_id is not None:
        question = question.where((log.case_id == asked.case_id) | log.cases_digest.is_not(None))
    if asked.allowed is not None:
        question = question.where(log.allowed == asked.allowed)
    if asked.since is not None:
        question = question.where(log.at >= asked.since)
    if asked.until is not None:
        question = question.where(log.at < asked.until)
    while True:
        some = question if before is None else question.where(log.id < before)
        rows = [Read(**row) for row in connection.execute(some).mappings()]
        yield from rows
        if len(rows) < _AT_ONCE:
            return
        before = rows[-1].id
