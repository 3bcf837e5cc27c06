"""The ledger as its writers and readers see it, on both kinds of database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest
import sqlalchemy as sa
from ledgerkit import DOCTOR, MOMENT, NURSE, everything, fill, note, notes, one_of_each_kind
from sqlalchemy.exc import DBAPIError
from storekit import KINDS as KINDS_OF_DATABASE

from discharge.casework import ledger
from discharge.casework.events import FIRST_HASH, KINDS, Draft, Event, canonical, chained
from discharge.casework.events.record import Corrected
from discharge.casework.storage.engine import Store, open_store
from discharge.casework.storage.tables import EVENTS
from discharge.errors import ConflictError, NotAllowedError, NotFoundError

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here


def test_events_are_chained_and_numbered_in_the_ledger_and_in_their_stream(
    store: Store, now: datetime
) -> None:
    notes(store, "case-a", "one", "two")
    notes(store, "case-b", "three")
    notes(store, "case-a", "four")
    with store.read() as connection:
        found = list(ledger.all_events(connection, chunk=2))
        assert ledger.head(connection) == (4, found[-1].hash)
        assert ledger.events_of(connection, "case-a", after=1) == [found[1], found[3]]
        assert [one.seq for one in ledger.all_events(connection, after=2)] == [3, 4]
        assert ledger.version_of(connection, "case-a") == 3
        assert ledger.version_of(connection, "case-z") == 0
    places = [(one.seq, one.stream, one.version) for one in found]
    assert places == [(1, "case-a", 1), (2, "case-a", 2), (3, "case-b", 1), (4, "case-a", 3)]
    assert [one.previous_hash for one in found] == [FIRST_HASH, *(one.hash for one in found[:-1])]


def test_the_hash_is_of_the_bytes_that_stand_there(store: Store) -> None:
    notes(store, "case-a", "one")
    with store.read() as connection:
        row = connection.execute(sa.select(EVENTS)).one()
    body = bytes(row.body)
    assert row.hash == chained(FIRST_HASH, body)
    assert canonical(orjson.loads(body)) == body
    assert set(orjson.loads(body)) == set(Event.model_fields) - {"hash", "previous_hash"}


def test_every_kind_of_event_comes_back_as_it_was_written(store: Store, now: datetime) -> None:
    kinds = one_of_each_kind()
    assert {said.kind for said in kinds} == set(KINDS)
    here = datetime(2026, 6, 15, 7, 0, 0, 5, tzinfo=timezone(timedelta(hours=-4)))
    drafts = [Draft(payload=said, actor=DOCTOR, occurred_at=here, on_behalf_of="nurse-1") for said in kinds]
    with store.write() as connection:
        written = ledger.append(connection, "case-a", drafts, now=now)
    with store.read() as connection:
        read = ledger.events_of(connection, "case-a")
        assert ledger.event(connection, written[7].event_id) == read[7]
    assert read == written
    assert [one.payload for one in read] == kinds
    assert read[0].occurred_at == here
    assert read[0].occurred_at.tzinfo == UTC
    assert read[0].recorded_at == now
    for one in read:
        assert Event.model_validate_json(one.model_dump_json()) == one


def test_many_streams_at_once(store: Store, now: datetime) -> None:
    notes(store, "case-3", "before")
    batch = [(f"case-{number % 600}", [note(f"{number}")]) for number in range(1300)]
    with store.write() as connection:
        written = ledger.append_many(connection, batch, now=now)
    with store.read() as connection:
        assert list(ledger.all_events(connection, after=1)) == written
        assert [one.version for one in ledger.events_of(connection, "case-3")] == [1, 2, 3, 4]
        assert ledger.verify(connection).first_break is None


def test_a_writer_who_is_too_late_is_told_what_changed(store: Store, now: datetime) -> None:
    notes(store, "case-a", "one", "two")
    notes(store, "case-b", "of another case")
    with store.write() as connection:
        ledger.append(connection, "case-a", [note("three", actor=DOCTOR)], now=now, expected_version=2)
    with pytest.raises(ConflictError) as caught, store.write() as connection:
        ledger.append(connection, "case-a", [note("late")], now=now, expected_version=1)
    assert (caught.value.expected, caught.value.found) == (1, 3)
    at = now.isoformat()
    assert list(caught.value.changed) == [
        {"seq": "2", "version": "2", "kind": "note_added", "actor": "nurse-1", "recorded_at": at},
        {"seq": "4", "version": "3", "kind": "note_added", "actor": "doctor-1", "recorded_at": at},
    ]
    assert "note_added by doctor-1" in str(caught.value)
    with pytest.raises(ConflictError) as caught, store.write() as connection:
        ledger.append(connection, "case-a", [note("from the future")], now=now, expected_version=9)
    assert caught.value.changed == ()
    with store.read() as connection:
        assert ledger.head(connection).seq == 4


def test_an_event_written_twice_is_there_once(store: Store, now: datetime) -> None:
    drafts = [note("one", event_id="e-1"), note("two", event_id="e-2")]
    with store.write() as connection:
        first = ledger.append(connection, "case-a", drafts, now=now, expected_version=0)
    with store.write() as connection:
        again = ledger.append(connection, "case-a", drafts, now=now + timedelta(hours=1), expected_version=0)
        assert again == first
        mixed = ledger.append_many(
            connection, [("case-a", [drafts[1], note("three", event_id="e-3"), note("three", event_id="e-3")])],
            now=now,
        )  # fmt: skip
    assert [one.version for one in mixed] == [2, 3, 3]
    with store.read() as connection:
        assert ledger.head(connection).seq == 3


@pytest.mark.parametrize(
    ("stream", "draft"),
    [
        ("case-a", note("other words", event_id="e-1")),
        ("case-b", note("one", event_id="e-1")),
        ("case-a", note("one", event_id="e-1", actor=DOCTOR)),
        ("case-a", note("one", event_id="e-1", at=MOMENT + timedelta(seconds=1))),
        ("case-a", note("one", event_id="e-1").model_copy(update={"on_behalf_of": "x"})),
    ],
)
def test_an_id_used_for_another_event_is_refused(
    store: Store, stream: str, draft: Draft, now: datetime
) -> None:
    with store.write() as connection:
        ledger.append(connection, "case-a", [note("one", event_id="e-1")], now=now)
    with pytest.raises(NotAllowedError, match="e-1") as caught, store.write() as connection:
        ledger.append(connection, stream, [note("new"), draft], now=now)
    assert "other words" not in str(caught.value)
    with store.read() as connection:
        assert ledger.head(connection).seq == 1


def test_a_transaction_that_fails_leaves_nothing(store: Store, now: datetime) -> None:
    notes(store, "case-a", "one")
    with pytest.raises(ZeroDivisionError), store.write() as connection:
        ledger.append(connection, "case-a", [note("two")], now=now)
        raise ZeroDivisionError
    with store.read() as connection:
        assert ledger.head(connection).seq == 1
        assert len(ledger.events_of(connection, "case-a")) == 1


def test_nothing_is_found_under_an_unknown_id(store: Store) -> None:
    with store.read() as connection, pytest.raises(NotFoundError):
        ledger.event(connection, "nobody")


def test_a_correction_keeps_what_it_replaces(store: Store, now: datetime) -> None:
    (wrong,) = notes(store, "case-a", "wrong")
    said = Corrected(
        event_id=wrong.event_id, reason="misheard", replacement={"kind": "note_added", "text": "right"}
    )
    with store.write() as connection:
        ledger.append(connection, "case-a", [Draft(payload=said, actor=NURSE, occurred_at=now)], now=now)
    with store.read() as connection:
        kept, correction = ledger.events_of(connection, "case-a")
    assert kept == wrong
    assert correction.payload == said


@pytest.fixture(scope="module", params=KINDS_OF_DATABASE)
def filled(request: pytest.FixtureRequest, new_module_database: Callable[..., str]) -> Iterator[Store]:
    """A store with rows, which nobody can change."""
    with open_store(new_module_database(request.param)) as store:
        fill(store)
        before = everything(store)
        yield store
        assert everything(store) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET actor_id = 'me' WHERE seq = 1",
        "DELETE FROM events WHERE seq = 1",
        "UPDATE blobs SET kind = 'x'",
        "DELETE FROM blobs",
        "UPDATE chart_deltas SET rows = 0",
        "DELETE FROM chart_deltas",
        "UPDATE access_log SET allowed = NULL",
        "DELETE FROM access_log",
    ],
)
def test_the_database_itself_refuses_changes(filled: Store, statement: str) -> None:
    with pytest.raises(DBAPIError, match="never changed or removed"), filled.write() as connection:
        connection.exec_driver_sql(statement)
