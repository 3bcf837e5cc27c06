"""What routes of one case share: reading it with its review, and writing to it once and only on the version seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from discharge.api.auth.principal import Principal, log_read
from discharge.api.conditional import etag, expected_version
from discharge.api.idempotency import json_answer, once, replayed, reused
from discharge.api.models import RecordedOut
from discharge.api.state import Desk
from discharge.casework import ledger
from discharge.casework.accounts.rights import permission_to_write
from discharge.casework.events import Event
from discharge.casework.events.record import Corrected
from discharge.casework.work.caseload import read_people
from discharge.errors import ConflictError, Fault, NotAllowedError, NotFoundError
from discharge.review.model import Review


@dataclass(frozen=True)
class Reviewed:
    """A case's version and the last review on record."""

    version: int
    digest: str
    review: Review


def reviewed(desk: Desk, case_id: str) -> Reviewed:
    """Return the last review of a case.

    Raises:
        NotFoundError: no such case, or none of its reviews is on record yet.
    """
    seen = desk.casework.case(case_id)
    reviews = seen.state.reviews
    found = desk.casework.review(case_id, reviews[-1].digest) if reviews else None
    if found is None:
        raise NotFoundError("the case has no review yet; POST .../reviews runs one")
    return Reviewed(seen.version, reviews[-1].digest, found)


def written_before(
    desk: Desk, case_id: str, ids: Sequence[str] | None, given: Sequence[Any] = ()
) -> list[Event] | None:
    """Return the events that a request wrote before it could be answered; None where it wrote none.

    ``given`` are the payloads as the caller wrote them, where they are to be compared.

    Raises:
        Refusal: the key of the request was used for something else.
    """
    if not ids:
        return None
    found: list[Event] = []
    with desk.store.read() as connection:
        for event_id in ids:
            try:
                found.append(ledger.event(connection, event_id))
            except NotFoundError:
                break
    if not found:
        return None
    said = [one.model_dump(mode="json") for one in given]
    is_same = len(found) == len(ids) and all(one.stream == case_id for one in found)
    if not is_same or (said and said != [one.payload.model_dump(mode="json") for one in found]):
        raise reused()
    return found


def ask_rights_of_corrections(desk: Desk, case_id: str, payloads: Sequence[Any], who: Principal) -> None:
    """Ask for the right to write what is corrected: a token without the scope may not say it by a correction either."""
    wanted = {one.event_id for one in payloads if one.kind == "corrected"}
    if not wanted:
        return
    by_id = {one.event_id: one.payload for one in desk.casework.events(case_id)}
    for event_id in wanted:
        payload = by_id.get(event_id)
        while isinstance(payload, Corrected):
            payload = by_id.get(payload.event_id)
        if payload is not None:
            who.require(permission_to_write(payload.kind))


_GIVES = {"assigned": "assignee", "handed_over": "to"}
"""Kinds of events that give a case to somebody, each with the field that says to whom."""


def _takers(where: str, said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield where a payload says who is given the case, and who; also one that a correction puts in place."""
    name = _GIVES.get(str(said.get("kind")))
    if name is not None and isinstance(said.get(name), str):
        yield f"{where}.{name}", said[name]
    if said.get("kind") == "corrected" and isinstance(said.get("replacement"), Mapping):
        yield from _takers(f"{where}.replacement", said["replacement"])


def ask_takers(desk: Desk, payloads: Sequence[Any], who: Principal) -> None:
    """Ask that whoever is given the case, other than by taking it, is an active account that takes cases.

    What a correction puts in place of such an event is held to the same.

    Raises:
        NotAllowedError: an account that is gone, disabled, or of a role that has no cases.
    """
    given = [
        found
        for place, one in enumerate(payloads)
        if one.kind in (*_GIVES, "corrected")
        for found in _takers(f"$.payloads[{place}]", one.model_dump())
    ]
    others = [(where, taker) for where, taker in given if taker != who.account.id]
    if not others:
        return
    with desk.store.read() as connection:
        takers = {one.account_id for one in read_people(connection)}
    what, expected = "nobody of this account takes cases", "a case manager or supervisor"
    faults = [Fault(where, what, expected) for where, taker in others if taker not in takers]
    if faults:
        raise NotAllowedError(faults)


@contextmanager
def refusals_logged(request: Request, who: Principal, case_id: str) -> Iterator[None]:
    """Put refusals that tell of the case into the access log; what is written stands in the ledger."""
    try:
        yield
    except (ConflictError, NotAllowedError):
        log_read(request, who, case_id)
        raise


@dataclass(frozen=True)
class Writing:
    """One writing request to one case."""

    desk: Desk
    request: Request
    who: Principal
    case_id: str
    if_match: str | None
    key: str | None
    asked: BaseModel
    occurred_at: datetime | None = None
    on_behalf_of: str | None = None
    needs_version: bool = True
    told: Callable[[Sequence[Event]], BaseModel] | None = None

    def run(self, made: Callable[[], Sequence[Any]], *, count: int, given: Sequence[Any] = ()) -> Response:
        """Record what ``made`` returns (``count`` payloads) and answer 201, with what ``told`` makes of the events.

        ``given`` are the payloads as the caller wrote them, to be compared with those written under the same key.

        Raises:
            Refusal: 428 without If-Match, or a key that was used for something else.
            ConflictError, NotAllowedError, ForbiddenError, NotFoundError: nothing was recorded.
        """
        seen = expected_version(self.if_match) if self.needs_version else None
        single = once(self.desk, self.request, self.who.account.id, self.key, self.asked)
        with refusals_logged(self.request, self.who, self.case_id):
            return single.run(lambda: self._done(single.event_ids(count), made, given, seen))

    def _done(
        self,
        ids: Sequence[str] | None,
        made: Callable[[], Sequence[Any]],
        given: Sequence[Any],
        seen: int | None,
    ) -> Response:
        if (before := self._before(ids, given)) is not None:
            return replayed(self._answer(before))
        payloads = made()
        for one in payloads:
            self._ask_right(one)
        ask_takers(self.desk, payloads, self.who)
        try:
            recorded = self.desk.casework.record(
                self.case_id,
                payloads,
                actor=self.who.actor,
                now=self.desk.now(),
                occurred_at=self.occurred_at,
                on_behalf_of=self.on_behalf_of,
                expected_version=seen,
                event_ids=ids,
            )
        except (ConflictError, NotAllowedError):
            # The same request may have been sent twice at one moment: then the other one has written it.
            if (before := self._before(ids, given)) is not None:
                return replayed(self._answer(before))
            raise
        return self._answer(recorded.events)

    def _ask_right(self, payload: Any) -> None:
        """Ask for the right that this kind of event takes. Taking a case oneself takes none beyond writing."""
        is_own = payload.kind == "assigned" and payload.assignee == self.who.account.id
        if self.needs_version and not is_own:
            self.who.require(permission_to_write(payload.kind))

    def _before(self, ids: Sequence[str] | None, given: Sequence[Any]) -> list[Event] | None:
        return written_before(self.desk, self.case_id, ids, given)

    def _answer(self, events: Sequence[Event]) -> Response:
        if self.told is not None:
            return json_answer(self.told(events), 201)
        version = events[-1].version
        content = RecordedOut(case_id=self.case_id, version=version, events=list(events))
        place = f"/v1/cases/{self.case_id}/events?after={version - len(events)}"
        return json_answer(content, 201, {"ETag": etag(version), "Location": place})
