"""Many writers at once, and writers that are killed: nothing lost, nothing doubled, nothing half."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor

import ledgerkit
import pytest
from ledgerkit import MOMENT, PROCESSES, append_with_retries, note, notes
from sqlalchemy import func, select

from discharge.casework import ledger
from discharge.casework.storage.engine import Store, open_store
from discharge.casework.storage.tables import BLOBS, EVENTS

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

WRITERS = 100
SPAWNED = 8
KILLS = 10


def texts_of(store: Store, stream: str) -> list[str]:
    with store.read() as connection:
        assert ledger.verify(connection).first_break is None
        found = ledger.events_of(connection, stream)
    assert [one.version for one in found] == list(range(1, len(found) + 1))
    return [one.payload.text for one in found if one.kind == "note_added"]


def test_a_hundred_threads_on_one_case_lose_nothing(store: Store) -> None:
    wanted = [f"note {number}" for number in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS) as pool:
        lost = sum(pool.map(lambda text: append_with_retries(store, "case-a", text), wanted))
    assert sorted(texts_of(store, "case-a")) == sorted(wanted)
    assert lost > 0


def test_eight_processes_on_one_case_lose_nothing(database: str) -> None:
    wanted = [f"note {number}" for number in range(WRITERS)]
    shares = [wanted[number::SPAWNED] for number in range(SPAWNED)]
    running = [
        PROCESSES.Process(target=ledgerkit.append_some, args=(database, "case-a", share)) for share in shares
    ]
    for one in running:
        one.start()
    for one in running:
        one.join(60)
        assert one.exitcode == 0
    with open_store(database) as store:
        assert sorted(texts_of(store, "case-a")) == sorted(wanted)


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_leaves_all_that_he_reported(database: str) -> None:
    moments = random.Random(20260615)
    reported: list[str] = []
    for number in range(KILLS):
        hears, tells = PROCESSES.Pipe(duplex=False)
        writer = PROCESSES.Process(
            target=ledgerkit.append_for_ever, args=(database, f"case-{number % 3}", 1000 * number, tells)
        )
        writer.start()
        tells.close()
        assert hears.poll(60)
        time.sleep(moments.uniform(0, 0.15))  # the moment itself is what is tested
        writer.kill()
        writer.join(60)
        heard = 0
        try:
            while True:
                reported += hears.recv()
                heard += 1
        except (EOFError, OSError):
            hears.close()
        assert heard > 0
    with open_store(database) as store:
        with store.read() as connection:
            assert ledger.verify(connection).first_break is None
            found = {one.event_id: one for one in ledger.all_events(connection)}
            blobs = connection.scalar(select(func.count()).select_from(BLOBS))
        assert set(reported) <= set(found)
        # At most the one transaction that was committed but not yet told, each of two events and their blob.
        assert len(found) - len(reported) in range(0, 2 * KILLS + 1, 2)
        assert blobs == len(found) // 2
        notes(store, "case-0", "and on it goes")


def test_readers_see_one_moment_while_others_write(store: Store) -> None:
    notes(store, "case-a", "one", "two")
    with store.read() as connection:
        before = ledger.head(connection)
        notes(store, "case-a", "three")
        assert ledger.head(connection) == before
        assert connection.scalar(select(func.count()).select_from(EVENTS)) == 2
    with store.read() as connection:
        assert ledger.head(connection).seq == 3


def test_readers_write_nothing_on_postgresql(store: Store) -> None:
    from sqlalchemy.exc import DBAPIError

    if store.dialect == "sqlite":
        return
    with pytest.raises(DBAPIError, match="read-only"), store.read() as connection:
        ledger.append(connection, "case-a", [note("one")], now=MOMENT)
