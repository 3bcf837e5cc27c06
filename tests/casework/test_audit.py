"""Whoever alters, removes, adds or reorders is found, at the first place where it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
import sqlalchemy as sa
from ledgerkit import DOCTOR, MOMENT, fill, note, notes, tampering
from sqlalchemy.engine import Connection
from storekit import KINDS

from discharge.casework import ledger
from discharge.casework.events import FIRST_HASH, canonical, chained
from discharge.casework.ledger import Head
from discharge.casework.storage.engine import Store, open_store
from discharge.casework.storage.tables import BLOBS, EVENTS, HEAD
from discharge.cli.entry import main

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

Act = Callable[[Connection], None]
TEXTS = ("one", "two", "three", "four", "five", "six")


def row(connection: Connection, seq: int) -> dict[str, object]:
    return dict(connection.execute(sa.select(EVENTS).where(EVENTS.c.seq == seq)).mappings().one())


def change(connection: Connection, at: int, **values: object) -> None:
    connection.execute(EVENTS.update().where(EVENTS.c.seq == at).values(**values))


def alter_body(connection: Connection) -> None:
    body = bytes(row(connection, 3)["body"])  # type: ignore[arg-type]
    change(connection, 3, body=body.replace(b"three", b"THREE"))


def alter_body_and_hash(connection: Connection) -> None:
    alter_body(connection)
    altered = row(connection, 3)
    change(connection, 3, hash=chained(str(altered["previous_hash"]), bytes(altered["body"])))  # type: ignore[arg-type]


def remove_one(connection: Connection) -> None:
    connection.execute(EVENTS.delete().where(EVENTS.c.seq == 3))


def remove_first(connection: Connection) -> None:
    connection.execute(EVENTS.delete().where(EVENTS.c.seq == 1))


def remove_and_close_the_gap(connection: Connection) -> None:
    connection.execute(EVENTS.delete().where(EVENTS.c.seq == 3))
    for seq in (4, 5, 6):
        change(connection, seq, seq=seq - 1)


def cut_off(connection: Connection) -> None:
    connection.execute(EVENTS.delete().where(EVENTS.c.seq > 4))


def swap(connection: Connection) -> None:
    third, fourth = row(connection, 3), row(connection, 4)
    connection.execute(EVENTS.delete().where(EVENTS.c.seq.in_([3, 4])))
    connection.execute(EVENTS.insert(), [third | {"seq": 4}, fourth | {"seq": 3}])


def swap_versions_too(connection: Connection) -> None:
    third, fourth = row(connection, 3), row(connection, 4)
    places = ("seq", "version", "previous_hash")
    connection.execute(EVENTS.delete().where(EVENTS.c.seq.in_([3, 4])))
    connection.execute(EVENTS.insert(), [third | {name: fourth[name] for name in places}])
    connection.execute(EVENTS.insert(), [fourth | {name: third[name] for name in places}])


def insert_between(connection: Connection) -> None:
    third = row(connection, 3)
    for seq in (6, 5, 4, 3):
        change(connection, seq, seq=seq + 1)
    forged = third | {"seq": 3, "event_id": "forged", "version": 99}
    forged["body"] = bytes(third["body"]).replace(b"three", b"never said")  # type: ignore[arg-type]
    connection.execute(EVENTS.insert(), [forged])


def insert_in_front(connection: Connection) -> None:
    connection.execute(
        EVENTS.insert(), [row(connection, 1) | {"seq": 0, "event_id": "forged", "version": 99}]
    )


def add_behind_the_head(connection: Connection) -> None:
    last = row(connection, 6)
    body = canonical({**_said(last), "seq": 7, "version": 7, "event_id": "forged"})
    forged = last | {
        "seq": 7,
        "version": 7,
        "event_id": "forged",
        "body": body,
        "previous_hash": last["hash"],
    }
    connection.execute(EVENTS.insert(), [forged | {"hash": chained(str(last["hash"]), body)}])


def _said(event: dict[str, object]) -> dict[str, object]:
    import orjson

    return dict(orjson.loads(bytes(event["body"])))  # type: ignore[call-overload]


def alter_column(**values: object) -> Act:
    def act(connection: Connection) -> None:
        change(connection, 3, **values)

    return act


def move_head_back(connection: Connection) -> None:
    connection.execute(HEAD.update().values(seq=4, hash=row(connection, 4)["hash"]))


def rename_head(connection: Connection) -> None:
    connection.execute(HEAD.update().values(hash="f" * 64))


def remove_head(connection: Connection) -> None:
    connection.execute(HEAD.delete())


@pytest.fixture(scope="module", params=KINDS)
def six_events(request: pytest.FixtureRequest, new_module_database: Callable[..., str]) -> Iterator[Store]:
    """A ledger of six events that no test here changes for good."""
    with open_store(new_module_database(request.param)) as store:
        notes(store, "case-a", *TEXTS)
        yield store
        with store.read() as connection:
            assert ledger.verify(connection).first_break is None


@contextmanager
def undone(store: Store) -> Iterator[Connection]:
    """A connection to tamper with, and to verify before all is undone."""

    class Undo(Exception):
        pass

    with suppress(Undo), tampering(store) as connection:
        yield connection
        raise Undo


@pytest.mark.parametrize(
    ("act", "seq", "what"),
    [
        (alter_body, 3, "altered"),
        (alter_body_and_hash, 4, "does not follow"),
        (remove_one, 3, "missing"),
        (remove_first, 1, "missing"),
        (remove_and_close_the_gap, 3, "does not follow"),
        (cut_off, 5, "gone"),
        (swap, 3, "does not follow"),
        (swap_versions_too, 3, "altered"),
        (insert_between, 3, "altered"),
        (insert_in_front, 0, "before the first place"),
        (add_behind_the_head, 7, "behind the head"),
        (move_head_back, 5, "behind the head"),
        (rename_head, 6, "the head names another"),
        (remove_head, 6, "head row"),
        (alter_column(event_id="x"), 3, "column event_id"),
        (alter_column(stream="case-b"), 3, "column stream"),
        (alter_column(version=17), 3, "column version"),
        (alter_column(kind="assigned"), 3, "column kind"),
        (alter_column(actor_id=DOCTOR.id), 3, "column actor_id"),
        (alter_column(occurred_at=MOMENT.replace(year=2025)), 3, "column occurred_at"),
        (alter_column(recorded_at=MOMENT.replace(microsecond=1)), 3, "column recorded_at"),
        (alter_column(hash="0" * 64), 3, "altered"),
        (alter_column(previous_hash="0" * 64), 3, "altered"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_tampering_is_found_at_its_first_place(six_events: Store, act: Act, seq: int, what: str) -> None:
    with undone(six_events) as connection:
        act(connection)
        found = ledger.verify(connection)
    assert found.first_break is not None
    assert found.first_break.seq == seq
    assert what in found.first_break.what


def rewrite_from(connection: Connection, first: int, **changed: str) -> None:
    """What somebody with time does: alter one event and give all later ones new hashes, and the head too."""
    rows = [row(connection, seq) for seq in range(first, 7)]
    previous = str(row(connection, first - 1)["hash"]) if first > 1 else FIRST_HASH
    connection.execute(EVENTS.delete().where(EVENTS.c.seq >= first))
    for number, one in enumerate(rows):
        said = _said(one)
        if number == 0:
            said["payload"] = dict(said["payload"]) | changed  # type: ignore[call-overload]
        one["body"], one["previous_hash"] = canonical(said), previous
        previous = one["hash"] = chained(previous, canonical(said))
    connection.execute(EVENTS.insert(), rows)
    connection.execute(HEAD.update().values(hash=previous))


@pytest.mark.parametrize("kept", [3, 5, 6])
def test_a_ledger_rewritten_hashes_and_all_is_found_by_a_head_kept_elsewhere(
    six_events: Store, kept: int
) -> None:
    with undone(six_events) as connection:
        anchor = Head(kept, str(row(connection, kept)["hash"]))
        rewrite_from(connection, 3, text="THREE")
        assert ledger.verify(connection).first_break is None
        found = ledger.verify(connection, anchor).first_break
    assert found is not None
    assert (found.seq, "anchor" in found.what) == (kept, True)


def test_last_events_cut_off_with_the_head_rewritten_are_found_by_a_head_kept_elsewhere(store: Store) -> None:
    written = notes(store, "case-a", *TEXTS)
    with tampering(store) as connection:
        cut_off(connection)
        move_head_back(connection)
    with store.read() as connection:
        assert ledger.verify(connection).first_break is None
        found = ledger.verify(connection, Head(6, written[5].hash)).first_break
        assert ledger.verify(connection, Head(4, written[3].hash)).first_break is None
    assert found is not None
    assert (found.seq, "gone" in found.what) == (5, True)


def test_a_head_kept_elsewhere_holds_while_the_ledger_grows(store: Store) -> None:
    written = notes(store, "case-a", *TEXTS)
    for one in written:
        with store.read() as connection:
            found = ledger.verify(connection, Head(one.seq, one.hash))
        assert found == (6, (6, written[5].hash), None)


@pytest.mark.parametrize("how", ["bytes", "size", "missing", "swapped"])
def test_an_altered_or_missing_blob_is_found_at_the_first_event_that_names_it(store: Store, how: str) -> None:
    fill(store, cases=4)  # event 1 is the edition; 3, 6, 9, ... name the rows of case 0, 1, 2, ...
    with store.read() as connection:
        named = {
            one.seq: one.payload.delta
            for one in ledger.all_events(connection)
            if one.kind == "facts_received"
        }
    with tampering(store) as connection:
        digest = named[9]
        here = BLOBS.c.digest == digest
        if how == "missing":
            connection.execute(BLOBS.delete().where(here))
        elif how == "size":
            connection.execute(BLOBS.update().where(here).values(size=BLOBS.c.size + 1))
        else:
            other = connection.scalar(sa.select(BLOBS.c.content).where(BLOBS.c.digest == named[12]))
            wrong = b"junk" if how == "bytes" else bytes(other)
            connection.execute(BLOBS.update().where(here).values(content=wrong))
    with store.read() as connection:
        found = ledger.verify(connection).first_break
        assert ledger.verify(connection, with_blobs=False).first_break is None
    assert found is not None
    assert found.seq == 9
    assert digest in found.what


def test_a_break_before_an_altered_blob_is_named_first(store: Store) -> None:
    fill(store)
    with tampering(store) as connection:
        connection.execute(BLOBS.update().values(content=b"junk"))
        change(connection, 5, actor_id="x")
    with store.read() as connection:
        assert ledger.verify(connection).first_break.seq == 1  # the edition's blob
        assert ledger.verify(connection, with_blobs=False).first_break.seq == 5


def test_the_command_line_says_head_and_first_break(
    store: Store, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    notes(store, "case-a", *TEXTS)
    at = ["--database", database]
    assert main(["audit", "head", *at]) == 0
    kept = capsys.readouterr().out.strip()
    assert main(["audit", "verify", "--head", kept, *at]) == 0
    assert "6 events hold" in capsys.readouterr().out
    assert main(["audit", "verify", "--head", "six", *at]) == 2
    assert main(["audit", "verify", "--head", "9:" + "a" * 64, *at]) == 13
    assert "event 7" in capsys.readouterr().err
    with tampering(store) as connection:
        alter_body(connection)
    assert main(["audit", "verify", *at]) == 13
    said = capsys.readouterr().err
    assert "broken at event 3" in said
    assert "THREE" not in said
    assert "The 2 events before it hold" in said


def test_the_chain_goes_on_after_a_verification(store: Store) -> None:
    fill(store)
    with store.write() as connection:
        assert ledger.verify(connection).first_break is None
        ledger.append(connection, "case-1", [note("more")], now=MOMENT)
        assert ledger.verify(connection).events == 17
