"""Idempotency-Key: the same POST sent twice is done once, and answered the same.

Two things work together. Events are given ids made of account, key and place, so that the ledger itself knows a
repeated one, even where the server was killed before it could answer. And the answer is kept in the table ``replies``
for a while. Only answers of success are kept: a refused request has left nothing behind and may be tried again.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Header, Request
from pydantic import BaseModel
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from starlette.responses import Response

from discharge.api.problems import Refusal
from discharge.api.state import Desk
from discharge.casework.storage.tables import REPLIES

KEPT_FOR = timedelta(days=7)
_SPACE = uuid.UUID("0f1d3f52-9a37-5d0c-9e55-6f2a0c4a8b11")
_HEADERS = ("etag", "location", "content-type")

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Made by the caller, new for each thing to be done (a UUID). With it a request may safely be sent"
        " again: it is done once and answered the same, with Idempotency-Replayed: true.",
        openapi_examples={"key": {"value": "5b0f8f0e-6c58-4a0e-8f0b-4b0a3c1d2e3f"}},
    ),
]
REPLAYED_DOC = {
    "Idempotency-Replayed": {
        "description": "true where this is the answer of before",
        "schema": {"type": "string"},
    }
}


@dataclass(frozen=True)
class Once:
    """One POST of one account under one key; without a key nothing is remembered."""

    desk: Desk
    account_id: str
    key: str | None
    digest: str

    def event_ids(self, count: int) -> list[str] | None:
        """Return the ids of the events that this request writes; None without a key."""
        if self.key is None:
            return None
        return [uuid.uuid5(_SPACE, f"{self.account_id}\n{self.key}\n{place}").hex for place in range(count)]

    def run(self, work: Callable[[], Response]) -> Response:
        """Return the answer kept, or that of ``work``, which is then kept if it is one of success.

        Raises:
            Refusal: the key was used for another request.
        """
        if self.key is None:
            return work()
        if (kept := self._kept()) is not None:
            return kept
        answer = work()
        if answer.status_code < 300:
            self._keep(answer)
        return answer

    def _kept(self) -> Response | None:
        where = (REPLIES.c.account_id == self.account_id) & (REPLIES.c.key == self.key)
        with self.desk.store.read() as connection:
            row = connection.execute(select(REPLIES).where(where)).one_or_none()
        if row is None:
            return None
        if row.request_digest != self.digest:
            raise reused()
        return replayed(Response(row.body, row.status, json.loads(row.headers)))

    def _keep(self, answer: Response) -> None:
        headers = {name: answer.headers[name] for name in _HEADERS if name in answer.headers}
        row = {
            "account_id": self.account_id,
            "key": self.key,
            "request_digest": self.digest,
            "status": answer.status_code,
            "headers": json.dumps(headers),
            "body": bytes(answer.body),
            "at": self.desk.now(),
        }
        try:
            with self.desk.store.write() as connection:
                connection.execute(insert(REPLIES).values(row))
        except IntegrityError:  # the same request at the same moment; what it did was done once
            return


def once(desk: Desk, request: Request, account_id: str, key: str | None, body: BaseModel | bytes) -> Once:
    """Return the request as one to be done once. Method, address, query and body tell it from others."""
    try:
        content = body if isinstance(body, bytes) else body.model_dump_json().encode()
    except ValueError:  # nested too deep, or half of a surrogate pair in a text
        raise Refusal(
            422, "invalid", "The body is nested too deep, or holds signs that no text has."
        ) from None
    place = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return Once(desk, account_id, key, hashlib.sha256(place + content).hexdigest())


def replayed(answer: Response) -> Response:
    """Mark ``answer`` as one of before."""
    answer.headers["Idempotency-Replayed"] = "true"
    return answer


def reused() -> Refusal:
    """Return the refusal of a key that was used for another request."""
    detail = "This Idempotency-Key was used for a request with another body or address; make a new key."
    return Refusal(422, "key-reused", detail)


def forget_replies(desk: Desk, now: datetime) -> None:
    """Throw away answers that nobody will ask for again."""
    with desk.store.write() as connection:
        connection.execute(delete(REPLIES).where(REPLIES.c.at < now - KEPT_FOR))


def json_answer(content: BaseModel, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return ``content`` as the JSON answer."""
    return Response(content.model_dump_json(), status, dict(headers or {}), "application/json")
