"""A review run again as of a past minute, with the rules, payers and facts of that minute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discharge import __version__
from discharge.casework.events import SYSTEM, Event
from discharge.casework.events.record import EditionInForce, ReviewRun
from discharge.casework.intake.deltas import Until, stored_rows
from discharge.casework.intake.in_force import edition_in_force, scope_by
from discharge.casework.intake.reviewer import run
from discharge.casework.intake.rows import Rows
from discharge.casework.intake.visible import chart_of
from discharge.casework.ledger import events_of
from discharge.casework.library import Library, library_of
from discharge.casework.state import CaseState, fold
from discharge.casework.storage import blobs
from discharge.casework.storage.engine import Store
from discharge.casework.storage.tables import STAYS
from discharge.chart import Scope
from discharge.errors import NotFoundError
from discharge.payers import PayerProfile
from discharge.review.model import Review


@dataclass(frozen=True)
class Replay:
    """A review made again. ``recorded`` is what was recorded as of the same moment; None where nothing was."""

    content: bytes
    recorded: bytes | None
    edition: EditionInForce
    as_of: datetime
    engine_version_then: str

    @property
    def is_equal(self) -> bool | None:
        """Tell whether both are the same, byte for byte; None where nothing was recorded."""
        return None if self.recorded is None else self.recorded == self.content

    @property
    def is_same_engine(self) -> bool:
        """Tell whether this engine is of the version that was in use then."""
        return self.engine_version_then == __version__


@dataclass(frozen=True)
class _Then:
    """Everything that was known of a case at a moment."""

    encounter_id: str
    patient_id: str
    zone: str
    edition: EditionInForce
    archive: bytes
    states: list[CaseState]
    scope: Scope
    recorded: bytes | None


def replay(store: Store, case_id: str, at: datetime) -> Replay:
    """Run the review of a case again as of ``at``; with nothing that came to be known, or was switched on, later.

    Where a review was recorded as of ``at``, history is cut at its place in the ledger: two things of the same minute
    have an order too. Of several as of one moment the last is meant.

    Raises:
        NotFoundError: no such case, or it was not known at ``at``.
        StoreError: what it was made from is missing or was altered.
    """
    then, rows = _known(store, case_id, at)
    made = _made(then, rows, library_of(then.archive, zone=then.zone), at)
    return Replay(
        content=made.model_dump_json().encode(),
        recorded=then.recorded,
        edition=then.edition,
        as_of=at,
        engine_version_then=then.edition.engine_version,
    )


def what_if(
    store: Store, case_id: str, at: datetime, *, edition: str | None = None, payer: str | None = None
) -> Review:
    """Return the review of a case as of ``at`` as it would be with other rules, or for another payer. Nothing is kept.

    ``edition`` is the digest of an edition that was in force once, ``payer`` the id of a profile; None leaves it as
    it was.

    Raises:
        NotFoundError: no such case, edition or profile, or the case was not known at ``at``.
        StoreError: what it is made from is missing or was altered.
        RuleError, PayerError, FaultsError: this engine refuses the files of the edition.
    """
    then, rows = _known(store, case_id, at)
    archive = then.archive
    if edition is not None:
        with store.read() as connection:
            found = _edition(connection, edition)
            if found is None:
                raise NotFoundError("this edition was never in force here")
            archive = blobs.get(connection, found.files)
    library = library_of(archive, zone=then.zone)
    profile = None if payer is None else library.payers.profiles.get(payer)
    if payer is not None and profile is None:
        raise NotFoundError("the edition has no such payer profile")
    return _made(then, rows, library, at, profile)


def find_case(store: Store, name: str) -> str:
    """Return the case of a case id or an encounter id.

    Raises:
        NotFoundError: neither.
    """
    with store.read() as connection:
        asked = sa.select(STAYS.c.case_id)
        found = connection.scalar(asked.where(STAYS.c.case_id == name))
        found = found or connection.scalar(asked.where(STAYS.c.encounter_id == name))
    if found is None:
        raise NotFoundError("the store has no case of this id, and none of this encounter")
    return str(found)


def recorded_moments(store: Store, case_id: str) -> list[datetime]:
    """Return the moments as of which reviews of a case were recorded."""
    with store.read() as connection:
        events = events_of(connection, case_id)
    return [event.payload.as_of for event in events if isinstance(event.payload, ReviewRun)]


def _known(store: Store, case_id: str, at: datetime) -> tuple[_Then, Rows]:
    """Return everything that was known of a case at a moment, and the rows of its patient's chart."""
    with store.read() as connection:
        events = events_of(connection, case_id)
        if not events:
            raise NotFoundError("there is no case of this id")
        then, until = _then(connection, events, at)
        return then, stored_rows(connection, [then.patient_id], until)[then.patient_id]


def _made(
    then: _Then, rows: Rows, library: Library, at: datetime, payer: PayerProfile | None = None
) -> Review:
    moment = pd.Timestamp(at).tz_convert("UTC").as_unit("us")
    chart = chart_of([rows], then.states, zone=then.zone)
    made = run(library, chart, {then.encounter_id}, moment, then.scope, payer)
    if not made:
        raise _not_known(at)
    return made[0]


def _then(connection: Connection, events: Sequence[Event], at: datetime) -> tuple[_Then, Until]:
    runs = [event for event in events if isinstance(event.payload, ReviewRun)]
    same = [event for event in runs if _run(event).as_of == at]
    last = same[-1] if same else None
    until = Until(at, last.seq if last is not None else None)
    known = _cut(events, until)
    if not known:
        raise _not_known(at)
    state = fold(known)
    if state.encounter_id is None or state.patient_id is None:
        raise _not_known(at)
    if last is not None:
        edition = _edition(connection, _run(last).edition)
    else:
        edition = edition_in_force(connection, at)
    if edition is None:
        raise _not_known(at)
    seen = [event for event in runs if event.seq <= known[-1].seq] or runs
    theirs = (
        sa.select(STAYS.c.case_id).where(STAYS.c.patient_id == state.patient_id).order_by(STAYS.c.case_id)
    )
    others = [_cut(events_of(connection, case_id), until) for case_id in connection.scalars(theirs)]
    then = _Then(
        encounter_id=state.encounter_id,
        patient_id=state.patient_id,
        zone=_run(last or seen[-1]).zone,
        edition=edition,
        archive=blobs.get(connection, edition.files),
        states=[fold(one) for one in others if one],
        scope=scope_by(_cut(_of_kind(connection, "feed_keeps"), until)),
        recorded=blobs.get(connection, _run(last).review_digest) if last is not None else None,
    )
    return then, until


def _run(event: Event) -> ReviewRun:
    assert isinstance(event.payload, ReviewRun)
    return event.payload


def _cut(events: Sequence[Event], until: Until) -> list[Event]:
    """Return the events that were known; what came later in the ledger was not, whatever time it names."""
    known = []
    for event in events:
        if event.known_at > until.at if until.seq is None else event.seq >= until.seq:
            break
        known.append(event)
    return known


def _of_kind(connection: Connection, kind: str) -> list[Event]:
    """Return the system's events of a kind."""
    return [event for event in events_of(connection, SYSTEM) if event.kind == kind]


def _edition(connection: Connection, edition: str) -> EditionInForce | None:
    """Return the edition of this digest."""
    payloads = [event.payload for event in events_of(connection, SYSTEM)]
    return next((one for one in payloads if isinstance(one, EditionInForce) and one.edition == edition), None)


def _not_known(at: datetime) -> NotFoundError:
    return NotFoundError(f"the case was not known at {at.isoformat()}; its events say since when it is")
