"""Opening a store: where it lies, who may read it, what is said of one that can't be used; blobs."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from ledgerkit import MOMENT, fill, note, notes, rows_of, tampering

from discharge.casework import ledger
from discharge.casework.events import FEED, Draft
from discharge.casework.events.record import StayOpened
from discharge.casework.storage import blobs, engine, schema
from discharge.casework.storage.engine import Store, default_database, open_store
from discharge.casework.storage.tables import BLOBS, PROJECTED, STAYS
from discharge.cli.entry import main
from discharge.errors import StoreError

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "deeper" / "store.db"
    before = os.umask(0)
    try:
        with open_store(file) as store:
            notes(store, "case-a", "one")
            assert {mode(one) for one in file.parent.iterdir()} == {0o600}
            assert len(list(file.parent.iterdir())) == 3  # the file, its log, the log's index
    finally:
        os.umask(before)
    assert mode(file.parent) == 0o700


def test_a_sqlite_store_keeps_what_was_committed_through_a_power_cut(tmp_path: Path) -> None:
    with open_store(tmp_path / "store.db") as store, store.write() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in (
            "journal_mode", "synchronous", "busy_timeout",
        )}  # fmt: skip
    assert found == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 30_000}


def test_the_default_is_in_the_users_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_database() == tmp_path / "discharge" / "discharge.db"
    open_store(None).close()
    assert default_database().exists()
    monkeypatch.delenv("DISCHARGE_DATABASE", raising=False)
    assert main(["audit", "verify"]) == 0


def test_the_environment_names_the_store(
    monkeypatch: pytest.MonkeyPatch, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_store(database) as store:
        notes(store, "case-a", "one")
    monkeypatch.setenv("DISCHARGE_DATABASE", database)
    assert main(["audit", "head"]) == 0
    assert capsys.readouterr().out.startswith("1:")


def test_a_store_that_is_not_there_is_not_made_unasked(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no store at"):
        open_store(tmp_path / "none.db", create=False)
    assert not list(tmp_path.iterdir())


def test_an_empty_database_gets_its_tables_only_if_asked(new_database: Callable[..., str]) -> None:
    for kind in ("sqlite", "postgresql"):
        empty = new_database(kind, migrated=False)
        if kind == "sqlite":
            Path(empty).touch()
        with pytest.raises(StoreError, match="holds no store"):
            open_store(empty, create=False)
        open_store(empty).close()
        open_store(empty, create=False).close()


def test_other_files_and_databases_are_left_alone(tmp_path: Path, new_database: Callable[..., str]) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database, but longer than the sixteen bytes that are looked at")
    with pytest.raises(StoreError, match="not a SQLite file"):
        open_store(text)
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    connection.close()
    with pytest.raises(StoreError, match=r"not empty and is no store .*'theirs'"):
        open_store(other)
    url = new_database("postgresql", migrated=False)
    with engine.connect_store(url) as store, store.write() as theirs:
        theirs.exec_driver_sql("CREATE TABLE theirs (a int)")
    with pytest.raises(StoreError, match="not empty and is no store"):
        open_store(url)


@pytest.mark.parametrize(
    ("database", "said"),
    [
        ("mysql://host/name", "mysql"),
        ("sqlite://", "sqlite"),
        ("postgresql://user:secret@localhost:1/none?connect_timeout=3", "failed"),
        ("://", "not a URL"),
    ],
)
def test_an_address_that_can_not_be_used_is_named_without_its_password(database: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as caught:
        open_store(database)
    assert "secret" not in str(caught.value)


def test_what_is_shown_of_an_address_holds_no_password() -> None:
    url = "postgresql://user:secret@host/name?password=secret"
    with engine.connect_store(url) as store:
        assert "secret" not in store.url_shown
        assert "host/name" in store.url_shown


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with open_store(file) as store:
        fill(store)
    content = bytearray(file.read_bytes())
    content[4096:] = b"\x17" * (len(content) - 4096)
    file.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"), open_store(file) as store, store.read() as connection:
        ledger.verify(connection)


def test_many_processes_may_open_an_empty_store_at_once(new_database: Callable[..., str]) -> None:
    for kind in ("sqlite", "postgresql"):
        empty = new_database(kind, migrated=False)
        failed: list[BaseException] = []

        def open_it(database: str = empty, failed: list[BaseException] = failed) -> None:
            try:
                open_store(database).close()
            except BaseException as error:  # noqa: BLE001 - told to the test
                failed.append(error)

        threads = [threading.Thread(target=open_it) for _ in range(6)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(60)
        assert not failed


def test_a_writer_waits_and_is_told_when_the_store_stays_busy(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 1)
    with open_store(database) as one, open_store(database) as other, one.write() as connection:
        ledger.append(connection, "case-a", [], now=datetime.now(tz=UTC))
        with pytest.raises(StoreError, match=r"busy|lock"):
            notes(other, "case-a", "two")
        if one.dialect == "sqlite":
            with pytest.raises(StoreError, match="busy"):
                notes(one, "case-a", "nested, which would wait for itself")


def test_moments_are_kept_to_the_microsecond_in_utc(store: Store) -> None:
    here = datetime(2026, 3, 8, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=-5)))
    stay = {"case_id": "a", "encounter_id": "b", "patient_id": "c", "opened_at": here}
    with store.write() as connection:
        connection.execute(STAYS.insert(), [stay])
    (row,) = rows_of(store, STAYS)["stays"]
    assert row["opened_at"] == here
    assert row["opened_at"].tzinfo == UTC
    with pytest.raises(sa.exc.StatementError, match="without a time zone"), store.write() as connection:
        connection.execute(STAYS.insert(), [stay | {"case_id": "d", "opened_at": here.replace(tzinfo=None)}])


def test_blobs_come_back_and_are_kept_once(store: Store) -> None:
    contents = [b"", b"a", b"\0" * 100_000, "é".encode(), b"a"]
    with store.write() as connection:
        digests = blobs.put_many(connection, "review", contents)
        assert blobs.put(connection, "review", b"a") == digests[1] == digests[4]
    with store.read() as connection:
        assert [blobs.get(connection, digest) for digest in digests] == contents
        assert connection.scalar(sa.select(sa.func.count()).select_from(BLOBS)) == 4
        assert connection.scalar(sa.select(BLOBS.c.size).where(BLOBS.c.digest == digests[2])) == 100_000
        assert blobs.present(connection, [*digests, "none"]) == set(digests)
        with pytest.raises(StoreError, match="no blob"):
            blobs.get(connection, "none")
    with tampering(store) as connection:
        connection.execute(BLOBS.update().where(BLOBS.c.digest == digests[1]).values(content=b"b"))
    with store.read() as connection, pytest.raises(StoreError, match="altered"):
        blobs.get(connection, digests[1])


def test_two_writers_may_put_the_same_blob(store: Store) -> None:
    def put(_: int) -> None:
        with store.write() as connection:
            blobs.put_many(connection, "review", [b"one", b"two"])

    threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert len(rows_of(store, BLOBS)["blobs"]) == 2


def test_writers_of_the_same_blob_do_not_wait_for_each_other_for_ever(store: Store) -> None:
    was_put, was_appended = threading.Event(), threading.Event()
    failed: list[StoreError] = []

    def other() -> None:
        was_put.wait(10)
        try:
            with store.write() as connection:
                ledger.append(connection, "case-b", [note("first the event")], now=MOMENT)
                was_appended.set()
                blobs.put(connection, "document", b"the same paper")
        except StoreError as error:
            failed.append(error)

    thread = threading.Thread(target=other)
    thread.start()
    with store.write() as connection:
        blobs.put(connection, "document", b"the same paper")
        was_put.set()
        was_appended.wait(0.5)  # in vain: he waits for us
        ledger.append(connection, "case-a", [note("then the event")], now=MOMENT)
    thread.join(60)
    assert not failed
    with store.read() as connection:
        assert ledger.verify(connection).events == 2


def test_a_newer_store_is_refused(store: Store, database: str, capsys: pytest.CaptureFixture[str]) -> None:
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for command in (["audit", "verify"], ["store", "migrate"]):
        assert main([*command, "--database", database]) == 12
        said = capsys.readouterr().err
        assert "newer version (9999)" in said
        assert schema.head() in said


def test_projections_thrown_away_are_rebuilt_by_the_command_line(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--database", database]
    with open_store(database) as store:
        for number in range(3):
            opened = StayOpened(encounter_id=f"enc-{number}", patient_id="p")
            with store.write() as connection:
                draft = Draft(payload=opened, actor=FEED, occurred_at=MOMENT)
                ledger.append(connection, f"case-{number}", [draft, note("seen")], now=MOMENT)
        assert main(["store", "rebuild", "--json", *at]) == 0
        assert '"cases": 3, "events": 6' in capsys.readouterr().out
        first = rows_of(store, *PROJECTED)
        assert [row["case_id"] for row in first["cases"]] == ["case-0", "case-1", "case-2"]
        with store.write() as connection:
            for table in PROJECTED:
                connection.execute(table.delete())
        assert main(["store", "rebuild", *at]) == 0
        assert "rebuilt 3 cases from 6 events" in capsys.readouterr().out
        assert rows_of(store, *PROJECTED) == first
