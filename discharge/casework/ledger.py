"""The ledger: events appended one after another, each chained to the one before it by its hash.

Nothing here changes or removes an event. A writer takes his turn at the head row, so places have no gaps and the chain
has one order; :func:`verify` proves from the stored bytes alone that it still has.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from discharge.casework.events import FIRST_HASH, KINDS, Actor, Draft, Event, canonical, chained
from discharge.casework.storage import blobs
from discharge.casework.storage.tables import EVENTS, HEAD
from discharge.errors import (
    ConflictError,
    Fault,
    LedgerBrokenError,
    NotAllowedError,
    NotFoundError,
    StoreError,
)

Progress: TypeAlias = Callable[[str, int, int | None], None]
"""Called with what is being done, how many are done, and of how many (None: not known)."""
Batch: TypeAlias = Sequence[tuple[str, Sequence[Draft]]]
"""Drafts by stream, in the order in which they are to stand."""

_IN_ONE_QUESTION = 500
_AT_ONCE = 5_000
_MOST_CHANGES = 50
_SAME_IN_BOTH = (
    "seq", "event_id", "stream", "version", "occurred_at", "recorded_at", "previous_hash", "hash",
)  # fmt: skip
_BLOB_FIELDS = ("delta", "review_digest", "files", "document")
_KEPT_HERE = {
    "facts_received": {"delta"},
    "review_run": {"review_digest"},
    "edition_in_force": {"files"},
    "released": {"document", "review_digest"},
}
"""Fields that name a blob which must be there. A digest given by a person may be of a paper kept elsewhere."""


class Head(NamedTuple):
    """Place and hash of the last event: whoever keeps it elsewhere can prove that nothing before it was changed."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


class Break(NamedTuple):
    """The first place at which the ledger is not what was written, and what is wrong there."""

    seq: int
    what: str


class Verification(NamedTuple):
    """What :func:`verify` found: events that hold, the last of them, and the first break, None where all holds."""

    events: int
    head: Head
    first_break: Break | None


def append(
    connection: Connection, stream: str, drafts: Sequence[Draft], *, now: datetime, expected_version: int | None = None
) -> list[Event]:  # fmt: skip
    """Write the drafts at the end of ``stream`` and return them as they stand in the ledger.

    A draft whose ``event_id`` is there already with the same content is not written again: the old event is returned,
    so a writer who does not know whether he was heard may ask twice. ``expected_version`` is the stream's version
    that the writer has seen; None writes whatever came between.

    Raises:
        ConflictError: the stream is at another version; says which events came between.
        NotAllowedError: an ``event_id`` is there with other content.
    """
    return _write(connection, [(stream, drafts)], now, expected_version, is_read_back=True)


def append_many(connection: Connection, batch: Batch, *, now: datetime) -> list[Event]:
    """Write drafts of many streams in the order given; as :func:`append`, without versions to compare.

    For the sake of speed payloads come back as they were given: keys of their mappings may stand in another order than
    :func:`events_of` gives them.
    """
    return _write(connection, batch, now, None)


def version_of(connection: Connection, stream: str) -> int:
    """Return the version of a stream: that of its last event, 0 where it has none."""
    return _versions(connection, [stream]).get(stream, 0)


def require_version(connection: Connection, stream: str, seen: int) -> None:
    """Refuse a writer who saw another version of a stream, where what is written can't be compared by :func:`append`.

    Raises:
        ConflictError: says which events came between.
    """
    found = version_of(connection, stream)
    if found != seen:
        raise _conflict(connection, stream, seen, found)


def events_of(connection: Connection, stream: str, after: int = 0) -> list[Event]:
    """Return a stream's events behind version ``after``, in their order."""
    asked = sa.select(EVENTS).where(EVENTS.c.stream == stream, EVENTS.c.version > after)
    return [_event(row) for row in connection.execute(asked.order_by(EVENTS.c.version))]


def all_events(connection: Connection, after: int = 0, chunk: int = 10_000) -> Iterator[Event]:
    """Give all events behind place ``after``, in their order, ``chunk`` of them in memory at a time."""
    for rows in _chunks(connection, after, chunk):
        yield from map(_event, rows)


def event(connection: Connection, event_id: str) -> Event:
    """Return one event.

    Raises:
        NotFoundError: there is none of this id.
    """
    row = connection.execute(sa.select(EVENTS).where(EVENTS.c.event_id == event_id)).first()
    if row is None:
        raise NotFoundError("the ledger holds no event of this id")
    return _event(row)


def head(connection: Connection) -> Head:
    """Return place and hash of the last event; place 0 where there is none.

    Raises:
        LedgerBrokenError: the head row was removed.
    """
    return _head(connection, sa.select(HEAD.c.seq, HEAD.c.hash).where(HEAD.c.id == 1))


def _head(connection: Connection, asked: sa.Select[Any]) -> Head:
    row = connection.execute(asked).first()
    if row is None:
        raise LedgerBrokenError("the ledger's head row was removed; run `discharge audit verify`")
    return Head(int(row.seq), str(row.hash))


# --- writing ----------------------------------------------------------------------------------------------------


def _write(
    connection: Connection, batch: Batch, now: datetime, expected_version: int | None, *, is_read_back: bool = False
) -> list[Event]:  # fmt: skip
    # On PostgreSQL the row is locked until the transaction ends; on SQLite the writer is alone already.
    last = _head(connection, sa.select(HEAD.c.seq, HEAD.c.hash).where(HEAD.c.id == 1).with_for_update())
    known = _known(connection, batch)
    versions = _versions(connection, [stream for stream, _ in batch])
    if expected_version is not None:
        ((stream, drafts),) = batch
        found = versions.get(stream, 0)
        if found != expected_version and any(draft.event_id not in known for draft in drafts):
            raise _conflict(connection, stream, expected_version, found)
    written: list[Event] = []
    rows: list[dict[str, Any]] = []
    chain = _Chain(last, versions, now.astimezone(UTC))
    for stream, drafts in batch:
        for draft in drafts:
            old = known.get(draft.event_id or "")
            if old is not None:
                written.append(_same(old, stream, draft))
                continue
            row, new = chain.add(stream, draft)
            if is_read_back:
                new = _read(row["body"], row["previous_hash"], row["hash"])
            rows.append(row)
            written.append(new)
            if draft.event_id is not None:
                known[draft.event_id] = new
    if rows:
        _insert(connection, rows)
        connection.execute(
            HEAD.update().where(HEAD.c.id == 1).values(seq=chain.last.seq, hash=chain.last.hash)
        )
    return written


class _Chain:
    """Gives each draft its place, and remembers the last."""

    def __init__(self, last: Head, versions: dict[str, int], now: datetime) -> None:
        self.last = last
        self._versions = versions
        self._now = now
        self._actor: Actor | None = None
        self._said_actor: dict[str, Any] = {}

    def add(self, stream: str, draft: Draft) -> tuple[dict[str, Any], Event]:
        """Return the row and the event of a draft at the next place."""
        if draft.actor is not self._actor:
            self._actor, self._said_actor = draft.actor, draft.actor.model_dump(mode="json")
        seq = self.last.seq + 1
        version = self._versions[stream] = self._versions.get(stream, 0) + 1
        occurred_at = draft.occurred_at.astimezone(UTC)
        # Ids that we give begin with the place, so that their index grows at its end and stays quick.
        event_id = draft.event_id or f"{seq:012x}{secrets.token_hex(10)}"
        body = canonical(
            {
                "seq": seq,
                "event_id": event_id,
                "stream": stream,
                "version": version,
                "payload": draft.payload.model_dump(mode="json"),
                "actor": self._said_actor,
                "on_behalf_of": draft.on_behalf_of,
                "occurred_at": occurred_at,
                "recorded_at": self._now,
            }
        )
        previous, self.last = self.last.hash, Head(seq, chained(self.last.hash, body))
        row = {
            "seq": seq,
            "event_id": event_id,
            "stream": stream,
            "version": version,
            "kind": draft.payload.kind,
            "actor_id": draft.actor.id,
            "occurred_at": occurred_at,
            "recorded_at": self._now,
            "body": body,
            "previous_hash": previous,
            "hash": self.last.hash,
        }
        new = {name: row[name] for name in _SAME_IN_BOTH}
        new |= {"payload": draft.payload, "actor": draft.actor, "on_behalf_of": draft.on_behalf_of}
        return row, _made(new)


def _insert(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Write rows with SQLAlchemy's SQL but without its look at every value, which takes longer than the database."""
    sql = str(EVENTS.insert().compile(dialect=connection.dialect))
    if connection.dialect.name == "sqlite":
        names = [column.name for column in EVENTS.columns]
        for row in rows:
            for name in ("occurred_at", "recorded_at"):  # as Instant keeps them
                row[name] = row[name].isoformat(" ", "microseconds")[:26]
        connection.exec_driver_sql(sql, [tuple(row[name] for name in names) for row in rows])
    else:
        connection.exec_driver_sql(sql, rows)


def _known(connection: Connection, batch: Batch) -> dict[str, Event]:
    """Return the events that are there already, of those whose id the caller gave."""
    ids = [draft.event_id for _, drafts in batch for draft in drafts if draft.event_id is not None]
    found: dict[str, Event] = {}
    for start in range(0, len(ids), _IN_ONE_QUESTION):
        some = ids[start : start + _IN_ONE_QUESTION]
        for row in connection.execute(sa.select(EVENTS).where(EVENTS.c.event_id.in_(some))):
            found[row.event_id] = _event(row)
    return found


def _same(old: Event, stream: str, draft: Draft) -> Event:
    """Return ``old`` if the draft says the same; place and time of writing are not part of what it says."""
    is_same = (
        old.stream == stream
        and old.occurred_at == draft.occurred_at
        and old.on_behalf_of == draft.on_behalf_of
        and old.actor == draft.actor
        and old.payload.model_dump(mode="json") == draft.payload.model_dump(mode="json")
    )
    if not is_same:
        raise NotAllowedError(
            [Fault(f"event {old.event_id}", "this id was used for another event", "give a new id")]
        )
    return old


def _versions(connection: Connection, streams: Iterable[str]) -> dict[str, int]:
    asked = list(dict.fromkeys(streams))
    found: dict[str, int] = {}
    for start in range(0, len(asked), _IN_ONE_QUESTION):
        some = asked[start : start + _IN_ONE_QUESTION]
        newest = sa.func.max(EVENTS.c.version)
        rows = sa.select(EVENTS.c.stream, newest).where(EVENTS.c.stream.in_(some)).group_by(EVENTS.c.stream)
        found.update((str(stream), int(version)) for stream, version in connection.execute(rows))
    return found


def _conflict(connection: Connection, stream: str, expected: int, found: int) -> ConflictError:
    asked = sa.select(EVENTS).where(EVENTS.c.stream == stream, EVENTS.c.version > expected)
    changed = [
        {
            "seq": str(row.seq),
            "version": str(row.version),
            "kind": row.kind,
            "actor": row.actor_id,
            "recorded_at": row.recorded_at.isoformat(),
        }
        for row in connection.execute(asked.order_by(EVENTS.c.version).limit(_MOST_CHANGES))
    ]
    names = ", ".join(f"{one['kind']} by {one['actor']} at {one['recorded_at']}" for one in changed)
    came = f": {names}" if names else ""
    said = f"{stream} is at version {found}, not {expected}{came}. Read it again before you write."
    return ConflictError(said, expected, found, changed)


# --- reading ----------------------------------------------------------------------------------------------------


def _event(row: Row[Any]) -> Event:
    return _read(row.body, row.previous_hash, row.hash)


def _read(body: bytes, previous_hash: str, own_hash: str) -> Event:
    """Return the event of stored bytes. Payload and actor are checked as ever; the rest was written by us."""
    said = orjson.loads(body)
    kind = KINDS.get(said["payload"]["kind"])
    if kind is None:
        raise StoreError(
            "the ledger holds a kind of event that this program does not know; upgrade the program"
        )
    said["payload"] = kind.model_validate(said["payload"])
    said["actor"] = Actor.model_validate(said["actor"])
    said["occurred_at"] = datetime.fromisoformat(said["occurred_at"])
    said["recorded_at"] = datetime.fromisoformat(said["recorded_at"])
    said["previous_hash"], said["hash"] = previous_hash, own_hash
    return _made(said)


def _made(values: dict[str, Any]) -> Event:
    """Return an event of values that are known to be right: ``Event.model_construct``, six times as fast."""
    new = Event.__new__(Event)
    object.__setattr__(new, "__dict__", values)
    object.__setattr__(new, "__pydantic_fields_set__", set(values))
    object.__setattr__(new, "__pydantic_extra__", None)
    object.__setattr__(new, "__pydantic_private__", None)
    return new


def _chunks(connection: Connection, after: int, chunk: int) -> Iterator[Sequence[Row[Any]]]:
    while True:
        asked = sa.select(EVENTS).where(EVENTS.c.seq > after).order_by(EVENTS.c.seq).limit(chunk)
        rows = connection.execute(asked).all()
        if not rows:
            return
        yield rows
        after = rows[-1].seq


# --- proving ----------------------------------------------------------------------------------------------------


def quiet(stage: str, done: int, total: int | None) -> None:
    """Show nothing."""


def verify(
    connection: Connection,
    anchor: Head | None = None,
    progress: Progress = quiet,
    *,
    with_blobs: bool = True,
) -> Verification:
    """Walk the whole ledger and find the first place where it is not what was written.

    Checks that places follow each other without a gap, each hash is of the bytes that stand there and of the hash
    before, the columns say what the bytes say, versions in each stream have no gap, the head row names the last event,
    and (``with_blobs``) reviews, rows of charts, editions and papers named by events are there unaltered. Somebody who
    rewrites everything from some place on, hashes and all, is found by ``anchor``: a head that was kept elsewhere.
    """
    total = connection.scalar(sa.select(sa.func.count()).select_from(EVENTS))
    last = Head(0, FIRST_HASH)
    versions: dict[str, int] = {}
    blobs_seen: set[str] = set()
    progress("verify", 0, total)
    for rows in _chunks(connection, -(2**62), _AT_ONCE):
        found: Break | None = None
        held: list[tuple[int, dict[str, Any]]] = []
        for row in rows:
            said, found = _wrong(row, last, versions, anchor)
            if found is not None:
                break
            held.append((row.seq, said))
            last = Head(row.seq, row.hash)
        if with_blobs:
            found = _wrong_blob(connection, held, blobs_seen) or found
        if found is not None:
            return Verification(found.seq - 1, last, found)
        progress("verify", last.seq, total)
    return Verification(last.seq, last, _wrong_end(connection, last, anchor))


def _wrong(
    row: Row[Any], last: Head, versions: dict[str, int], anchor: Head | None
) -> tuple[dict[str, Any], Break | None]:
    """Return what the event's bytes say, and what is wrong with it after ``last``."""
    nothing: dict[str, Any] = {}
    if row.seq > last.seq + 1:
        return nothing, Break(last.seq + 1, "the event is missing")
    if row.seq != last.seq + 1:
        return nothing, Break(row.seq, "an event stands before the first place")
    if chained(row.previous_hash, bytes(row.body)) != row.hash:
        return nothing, Break(row.seq, "the event was altered: its bytes do not give its hash")
    if row.previous_hash != last.hash:
        return nothing, Break(row.seq, "the event does not follow the one before it")
    try:
        said = orjson.loads(bytes(row.body))
        differs = [name for name, value in _columns(said).items() if getattr(row, name) != value]
    except (ValueError, KeyError, TypeError):
        return nothing, Break(row.seq, "the event's bytes are not an event")
    if differs:
        return said, Break(row.seq, f"the column {differs[0]} does not say what the event says")
    if row.version != versions.get(row.stream, 0) + 1:
        return said, Break(row.seq, "the event's version does not follow the one before it in its stream")
    versions[row.stream] = row.version
    if anchor is not None and row.seq == anchor.seq and row.hash != anchor.hash:
        what = "another event stood here when the anchor was taken: the ledger was rewritten, here or before"
        return said, Break(row.seq, what)
    return said, None


def _columns(said: Mapping[str, Any]) -> dict[str, object]:
    return {
        "seq": said["seq"],
        "event_id": said["event_id"],
        "stream": said["stream"],
        "version": said["version"],
        "kind": said["payload"]["kind"],
        "actor_id": said["actor"]["id"],
        "occurred_at": datetime.fromisoformat(said["occurred_at"]),
        "recorded_at": datetime.fromisoformat(said["recorded_at"]),
    }


def _wrong_blob(
    connection: Connection, held: Sequence[tuple[int, Mapping[str, Any]]], seen: set[str]
) -> Break | None:
    """Return the first of the events whose blob is missing or altered; each blob is looked at once."""
    named: dict[str, tuple[int, bool]] = {}
    for seq, said in held:
        payload = said["payload"]
        for field in _BLOB_FIELDS:
            digest = payload.get(field)
            if digest is not None and digest not in seen:
                must = field in _KEPT_HERE.get(payload["kind"], ())
                earlier = named.get(digest)
                named[digest] = (earlier[0], earlier[1] or must) if earlier else (seq, must)
    seen.update(digest for digest, (_, must) in named.items() if must)
    breaks = [
        Break(named[digest][0], f"the blob {digest} that the event names {what}")
        for digest, what in blobs.altered(connection, list(named)).items()
        if named[digest][1] or what != "is missing"
    ]
    return min(breaks, default=None)


def _wrong_end(connection: Connection, last: Head, anchor: Head | None) -> Break | None:
    """Compare the last event with the head row and with the anchor."""
    try:
        named = head(connection)
    except LedgerBrokenError:
        return Break(last.seq, "the ledger's head row was removed")
    if named.seq > last.seq:
        return Break(last.seq + 1, f"the events from here to {named.seq}, which the head names, are gone")
    if named.seq < last.seq:
        return Break(named.seq + 1, "the event was added behind the head")
    if named.hash != last.hash:
        return Break(last.seq, "the head names another event than the last one")
    if anchor is not None and anchor.seq > last.seq:
        return Break(last.seq + 1, f"the events from here to {anchor.seq}, which the anchor names, are gone")
    return None
