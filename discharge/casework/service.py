"""The one door to case work, for the API, the pages and the command line.

What is written goes through :meth:`Casework.record`: guards, ledger and projections in one transaction, in which
writers take turns, so that a guard judges the state that the event is written to. What is read comes from projections.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discharge.casework import ledger, query
from discharge.casework.derived import Derived, derived
from discharge.casework.events import Actor, Draft, Event
from discharge.casework.guards import Context, check
from discharge.casework.library import Library
from discharge.casework.projection import profile_of, project, unpacked
from discharge.casework.query import (
    FIRST_PAGE,
    NO_FILTER,
    AuthorizationPage,
    ClockPage,
    Filters,
    Page,
    QueuePage,
    QueueRow,
    TaskPage,
    WorklistPage,
    WorklistRow,
)
from discharge.casework.rebuild import Rebuilt, rebuild
from discharge.casework.state import CaseState, fold
from discharge.casework.storage import blobs
from discharge.casework.storage.engine import Store
from discharge.casework.storage.tables import EVENTS, HEAD, STATES, STAYS
from discharge.casework.work.advisor import queue_items
from discharge.errors import Fault, NotAllowedError, NotFoundError
from discharge.review.model import Review
from discharge.worklist.steps import Step

__all__ = ["CaseView", "Casework", "Filters", "Page", "Recorded"]

_REVIEWS_KEPT = 64  # 1.3 MB each, and 7 ms to read one again


@dataclass(frozen=True)
class Recorded:
    """The events as they stand in the ledger, and the state of the case after them."""

    events: list[Event]
    state: CaseState


@dataclass(frozen=True)
class CaseView:
    """A case: its row in lists, its state, and the version that a writer gives back."""

    row: WorklistRow
    state: CaseState
    version: int


@dataclass
class _Reviews:
    """The last reviews that were read, by digest: parsing one takes longer than all else in a request."""

    kept: OrderedDict[str, Review] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)

    def get(self, connection: Connection, digest: str) -> Review:
        with self.lock:
            if digest in self.kept:
                self.kept.move_to_end(digest)
                return self.kept[digest]
        review = Review.model_validate_json(blobs.get(connection, digest))
        with self.lock:
            self.kept[digest] = review
            while len(self.kept) > _REVIEWS_KEPT:
                self.kept.popitem(last=False)
        return review


class Casework:
    """Case work in one store, with the rules and payers in force. Safe to use from many threads."""

    def __init__(self, store: Store, library: Library) -> None:
        self.store = store
        self.library = library
        self._reviews = _Reviews()

    # --- writing ------------------------------------------------------------------------------------------------

    def record(
        self,
        case_id: str,
        payloads: Sequence[Any],
        *,
        actor: Actor,
        now: datetime,
        occurred_at: datetime | None = None,
        on_behalf_of: str | None = None,
        expected_version: int | None = None,
        event_ids: Sequence[str] | None = None,
    ) -> Recorded:
        """Write what ``actor`` did, all or nothing, and return the events and the state after them.

        ``occurred_at`` is when it happened (``now`` unless given), ``expected_version`` the version of the case that
        the actor has seen (None: whatever it is), ``event_ids`` one for each payload, to make writing twice harmless.

        Raises:
            NotFoundError: no such case.
            ConflictError: the case is at another version; says what came between. Nothing was written.
            NotAllowedError: what the guards say against the first payload that they refuse.
        """
        if event_ids is not None and len(event_ids) != len(payloads):
            raise ValueError("as many event ids as payloads")
        at = occurred_at or now
        ids: Sequence[str | None] = event_ids or [None] * len(payloads)
        drafts = [
            Draft(payload=payload, actor=actor, occurred_at=at, on_behalf_of=on_behalf_of, event_id=one)
            for payload, one in zip(payloads, ids, strict=True)
        ]
        with self.store.write() as connection:
            self._take_turn(connection)
            state = self._state(
                connection, case_id, opens=bool(drafts) and drafts[0].payload.kind == "stay_opened"
            )
            is_behind = expected_version is not None and expected_version != state.version
            if is_behind or self._is_repeated(connection, drafts):
                events = ledger.append(
                    connection, case_id, drafts, now=now, expected_version=expected_version
                )
                return Recorded(events, state)
            events = []
            for place, draft in enumerate(drafts):
                self._guard(connection, state, draft, now, None if len(drafts) == 1 else place)
                new = ledger.append(connection, case_id, [draft], now=now, expected_version=state.version)
                state = fold(new, state, history=lambda: ledger.events_of(connection, case_id))
                events += new
            if events:
                project(connection, state, self._last_review(connection, state), self.library)
            return Recorded(events, state)

    def _guard(
        self, connection: Connection, state: CaseState, draft: Draft, now: datetime, place: int | None
    ) -> None:
        context = Context(
            occurred_at=draft.occurred_at,
            now=now,
            review=lambda: self._last_review(connection, state),
            profile=lambda: profile_of(state, self.library),
            history=lambda: ledger.events_of(connection, state.case_id),
        )
        faults = check(state, draft.payload, draft.actor, context)
        if place is not None:
            faults = [
                Fault(fault.where.replace("$", f"$.payloads[{place}]", 1), fault.what, fault.expected)
                for fault in faults
            ]
        if faults:
            raise NotAllowedError(faults)

    @staticmethod
    def _take_turn(connection: Connection) -> None:
        """Wait until no other writer is at work; SQLite's writer is alone already."""
        connection.execute(sa.select(HEAD.c.seq).where(HEAD.c.id == 1).with_for_update())

    @staticmethod
    def _is_repeated(connection: Connection, drafts: Sequence[Draft]) -> bool:
        """Tell whether all drafts are in the ledger already. If only some are, that is nobody's second attempt."""
        ids = {draft.event_id for draft in drafts if draft.event_id is not None}
        if not ids:
            return False
        asked = sa.select(EVENTS.c.event_id).where(EVENTS.c.event_id.in_(ids))
        known = set(connection.scalars(asked))
        if known and len(known) < len(drafts):
            what = "some of these event ids were used before, others not"
            raise NotAllowedError([Fault("$.event_ids", what, "send the same payloads again, or new ids")])
        return bool(known)

    def refresh_case(self, connection: Connection, case_id: str) -> None:
        """Write the rows of a case again, from its events; within the caller's transaction.

        Raises:
            NotFoundError: no such case.
        """
        state = self._state(connection, case_id)
        project(connection, state, self._last_review(connection, state), self.library)

    def rebuild(self, progress: Callable[[int, int], None] | None = None) -> Rebuilt:
        """Throw all projections away and write them again from the ledger; nobody writes meanwhile.

        ``progress`` is called with the cases and events done so far.
        """
        with self.store.write() as connection:
            self._take_turn(connection)
            return rebuild(connection, self.library, progress)

    # --- one case -----------------------------------------------------------------------------------------------

    def case(self, case_id: str, *, now: datetime | None = None) -> CaseView:
        """Return a case; its row as of ``now``, or as of its last event.

        Raises:
            NotFoundError: no such case.
        """
        with self.store.read() as connection:
            state = self._state(connection, case_id)
            row = query.case_row(connection, case_id, now=now)
        if row is None:
            raise NotFoundError("no case of this id")
        return CaseView(row, state, state.version)

    def find(self, encounter_id: str) -> str:
        """Return the id of the case of a stay.

        Raises:
            NotFoundError: the stay is not known.
        """
        with self.store.read() as connection:
            asked = sa.select(STAYS.c.case_id).where(STAYS.c.encounter_id == encounter_id)
            found = connection.scalar(asked)
        if found is None:
            raise NotFoundError("no case of this encounter")
        return str(found)

    def events(self, case_id: str, after: int = 0) -> list[Event]:
        """Return the events of a case behind version ``after``.

        Raises:
            NotFoundError: no such case.
        """
        with self.store.read() as connection:
            found = ledger.events_of(connection, case_id, after)
            if not found and ledger.version_of(connection, case_id) == 0:
                raise NotFoundError("no case of this id")
        return found

    def review(self, case_id: str, digest: str | None = None) -> Review | None:
        """Return the case's last review, or the one of ``digest``; None where it was never reviewed.

        Raises:
            NotFoundError: no such case, or none of its reviews has this digest.
        """
        with self.store.read() as connection:
            found = self._digest(connection, case_id, digest)
            return self._reviews.get(connection, found) if found else None

    def review_bytes(self, case_id: str, digest: str | None = None) -> bytes | None:
        """Return the same review as the bytes that were recorded."""
        with self.store.read() as connection:
            found = self._digest(connection, case_id, digest)
            return blobs.get(connection, found) if found else None

    def work(self, case_id: str, *, now: datetime) -> Derived:
        """Return clocks, authorizations, tasks and next review of a case as they stand at ``now``.

        Raises:
            NotFoundError: no such case.
        """
        with self.store.read() as connection:
            state = self._state(connection, case_id)
            review = self._last_review(connection, state)
        return derived(state, review, profile_of(state, self.library), now)

    def next_steps(self, case_id: str, *, now: datetime) -> list[Step]:
        """Return what is asked of people for a case at ``now``, the first first.

        Raises:
            NotFoundError: no such case.
        """
        return self.work(case_id, now=now).steps()

    # --- lists --------------------------------------------------------------------------------------------------

    def worklist(self, filters: Filters, *, now: datetime, page: Page = FIRST_PAGE) -> WorklistPage:
        """Return a page of the worklist of ``now``, the most urgent first."""
        with self.store.read() as connection:
            return query.worklist(connection, filters, page, now=now)

    def tasks(
        self,
        filters: Filters,
        *,
        page: Page = FIRST_PAGE,
        state: str | None = "open",
        origin: str | None = None,
        owner_role: str | None = None,
    ) -> TaskPage:
        """Return tasks of the cases that the filters name, the first due first."""
        with self.store.read() as connection:
            return query.tasks(connection, filters, page, state=state, origin=origin, owner_role=owner_role)

    def clocks(
        self,
        filters: Filters,
        *,
        now: datetime,
        page: Page = FIRST_PAGE,
        side: str | None = None,
        status: str | None = None,
    ) -> ClockPage:
        """Return clocks of the cases that the filters name, the first due first."""
        with self.store.read() as connection:
            return query.clocks(connection, filters, page, now=now, side=side, status=status)

    def authorizations(
        self,
        filters: Filters,
        *,
        page: Page = FIRST_PAGE,
        status: str | None = None,
    ) -> AuthorizationPage:
        """Return authorizations of the cases that the filters name, the first to be answered first."""
        with self.store.read() as connection:
            return query.authorizations(connection, filters, page, status=status)

    def advisor_queue(
        self,
        now: datetime,
        filters: Filters = NO_FILTER,
        page: Page = FIRST_PAGE,
    ) -> QueuePage:
        """Return the cases that wait for the physician advisor at ``now``, in the order of the worklist."""
        with self.store.read() as connection:
            found = query.worklist(connection, replace(filters, advisor_queue=True), page, now=now)
            rows = []
            for row in found.rows:
                state = self._state(connection, row.case_id)
                items = queue_items(state, self._last_review(connection, state), now)
                rows.append(QueueRow(case=row, items=items))
        return QueuePage(rows=rows, total=found.total, next_cursor=found.next_cursor)

    # --- parts --------------------------------------------------------------------------------------------------

    @staticmethod
    def _state(connection: Connection, case_id: str, *, opens: bool = False) -> CaseState:
        """Return the state after the last event: the kept one and what came after it.

        ``opens`` says that a case may be new. Raises NotFoundError where there is none.
        """
        kept = connection.scalar(sa.select(STATES.c.state).where(STATES.c.case_id == case_id))
        state = unpacked(kept) if kept is not None else CaseState(case_id=case_id)
        newer = ledger.events_of(connection, case_id, state.version)
        if newer:
            state = fold(newer, state, history=lambda: ledger.events_of(connection, case_id))
        if state.version == 0 and not opens:
            raise NotFoundError("no case of this id")
        return state

    def _last_review(self, connection: Connection, state: CaseState) -> Review | None:
        return self._reviews.get(connection, state.reviews[-1].digest) if state.reviews else None

    def _digest(self, connection: Connection, case_id: str, digest: str | None) -> str | None:
        state = self._state(connection, case_id)
        if digest is None:
            return state.reviews[-1].digest if state.reviews else None
        if all(one.digest != digest for one in state.reviews):
            raise NotFoundError("no review of this case has this digest")
        return digest
