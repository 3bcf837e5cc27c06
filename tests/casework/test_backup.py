"""Backup and restore, from each kind of database into the other."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from ledgerkit import MOMENT, fill, note, notes, put, rows_of, tampering
from storekit import KINDS

from discharge.casework import ledger
from discharge.casework.storage import backup as backups
from discharge.casework.storage import schema
from discharge.casework.storage.backup import backup, restore
from discharge.casework.storage.engine import Store, open_store
from discharge.casework.storage.tables import ACCESS_LOG, EVENTS, HEAD, KEPT, METADATA, PASSING, PROJECTED
from discharge.cli.entry import main
from discharge.errors import LedgerBrokenError, OutputError, StoreError

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

KEPT_BUT_HEAD = [table for table in KEPT if table is not HEAD]
OTHER = {"sqlite": "postgresql", "postgresql": "sqlite"}


@pytest.fixture
def filled(store: Store) -> Store:
    """A store with something in every table that is kept."""
    fill(store)
    return store


@pytest.fixture
def empty(store: Store, new_database: Callable[..., str]) -> Iterator[Store]:
    """An empty store of the other kind."""
    with open_store(new_database(OTHER[store.dialect])) as opened:
        yield opened


def is_empty(store: Store) -> bool:
    with store.read() as connection:
        return not any(rows_of(store, *KEPT_BUT_HEAD).values()) and ledger.head(connection).seq == 0


def test_a_backup_is_restored_into_the_other_kind_of_database(
    filled: Store, empty: Store, tmp_path: Path
) -> None:
    before = rows_of(filled, *KEPT_BUT_HEAD)
    assert all(before.values()), "a table that is kept has no row to prove it"
    with filled.read() as connection:
        head = ledger.head(connection)
    made = backup(filled, tmp_path / "backup", now=MOMENT)
    assert made == restore(tmp_path / "backup", empty, now=MOMENT)
    assert made.head == head
    assert made.rows["events"] == 16
    after = rows_of(empty, *KEPT_BUT_HEAD)
    said = after["events"].pop()
    assert after == before
    assert (said["kind"], said["stream"]) == ("store_kept", "system")
    with empty.read() as connection:
        assert ledger.verify(connection, head).first_break is None
    with (
        empty.write() as connection
    ):  # numbers of rows and versions of streams go on behind what was restored
        put(connection, ACCESS_LOG, MOMENT, [{"account_id": "u9"}])
        (new,) = ledger.append(connection, "case-1", [note("more")], now=MOMENT)
    assert new.version == 4
    assert [row["id"] for row in rows_of(empty, ACCESS_LOG)["access_log"]] == [1, 2, 3]


def test_more_rows_than_one_page(
    store: Store, empty: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "_AT_ONCE", 3)
    monkeypatch.setattr(backups, "_PIECE", 100)
    fill(store, cases=7)
    before = rows_of(store, *KEPT_BUT_HEAD)
    restore(tmp_path / "backup", empty, now=MOMENT) if backup(
        store, tmp_path / "backup", now=MOMENT
    ) else None
    after = rows_of(empty, *KEPT_BUT_HEAD)
    after["events"].pop()
    assert after == before


def test_the_backup_is_private_whole_and_told_in_the_ledger(filled: Store, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    made = backup(filled, file, now=MOMENT)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir() if "backup" in one.name] == ["backup"]
    with filled.read() as connection:
        last = ledger.events_of(connection, "system")[-1]
    assert (last.payload.what, last.payload.head_seq) == ("backup", made.head.seq)
    with pytest.raises(OutputError, match="there already"):
        backup(filled, file, now=MOMENT)
    with pytest.raises(OutputError, match="can't be written"):
        backup(filled, tmp_path / "none" / "backup", now=MOMENT)


def test_an_altered_backup_is_refused(filled: Store, empty: Store, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    backup(filled, file, now=MOMENT)
    whole = file.read_bytes()
    start = len(backups.MAGIC)
    altered = [whole[:-1], whole + b"\0", whole[:start], b""]
    for place in (0, start - 1, start, start + 63, start + 64, start + 65, len(whole) // 2, len(whole) - 1):
        altered.append(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    for content in altered:
        file.write_bytes(content)
        with pytest.raises(StoreError, match=r"no backup|altered"):
            restore(file, empty, now=MOMENT)
    assert is_empty(empty)
    file.write_bytes(whole)
    restore(file, empty, now=MOMENT)


def test_a_store_that_is_not_empty_is_left_alone(filled: Store, empty: Store, tmp_path: Path) -> None:
    backup(filled, tmp_path / "backup", now=MOMENT)
    notes(empty, "case-z", "work of today")
    with pytest.raises(StoreError, match="not empty"):
        restore(tmp_path / "backup", empty, now=MOMENT)
    with empty.read() as connection:
        assert ledger.head(connection).seq == 1


def test_a_broken_ledger_is_neither_backed_up_nor_restored(
    filled: Store, empty: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tampering(filled) as connection:
        connection.execute(EVENTS.update().where(EVENTS.c.seq == 5).values(actor_id="x"))
    with pytest.raises(LedgerBrokenError, match="event 5"):
        backup(filled, tmp_path / "backup", now=MOMENT)
    assert not any("backup" in one.name for one in tmp_path.iterdir())
    with monkeypatch.context() as blind:
        blind.setattr(backups, "_believe", lambda *_: None)
        backup(filled, tmp_path / "backup", now=MOMENT)
    with pytest.raises(LedgerBrokenError, match="event 5"):
        restore(tmp_path / "backup", empty, now=MOMENT)
    assert is_empty(empty)


def test_a_backup_of_a_newer_version_is_refused(
    filled: Store, empty: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as newer:
        newer.setattr(schema, "revision", lambda _: "9999")
        backup(filled, tmp_path / "backup", now=MOMENT)
    with pytest.raises(StoreError, match="newer version"):
        restore(tmp_path / "backup", empty, now=MOMENT)
    assert is_empty(empty)


def test_a_backup_made_while_others_write_is_of_one_moment(store: Store, tmp_path: Path) -> None:
    fill(store)
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with store.write() as connection:
                ledger.append_many(connection, [(f"case-{number % 7}", [note(f"{number}")] * 3)], now=MOMENT)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [backup(store, tmp_path / f"backup-{number}", now=MOMENT) for number in range(3)]
    finally:
        stop.set()
        writer.join(60)
    assert made[0].head.seq < made[1].head.seq < made[2].head.seq
    for number, one in enumerate(made):
        assert one.rows["events"] == one.head.seq
        with open_store(tmp_path / f"restored-{number}.db") as restored:
            restore(tmp_path / f"backup-{number}", restored, now=MOMENT)
            with restored.read() as connection, store.read() as origin:
                assert ledger.verify(connection, one.head).events == one.head.seq + 1
                assert ledger.verify(origin, one.head).first_break is None


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_line_backs_up_and_restores(
    kind: str, new_database: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = new_database(kind), new_database(OTHER[kind])
    file = str(tmp_path / "backup")
    with open_store(source) as store:
        fill(store)
    assert main(["store", "backup", file, "--database", source, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["rows"]["events"] == 16
    assert main(["store", "restore", file, "--database", target]) == 0
    assert "16 events" in capsys.readouterr().out
    assert main(["audit", "verify", "--head", said["head"], "--database", target]) == 0
    assert main(["store", "restore", file, "--database", target]) == 12
    assert main(["store", "backup", file, "--database", source]) == 7
    with open_store(target) as store, store.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(ACCESS_LOG)) == 2


def test_every_table_is_kept_rebuilt_or_may_be_lost() -> None:
    named = [table.name for table in (*KEPT, *PROJECTED, *PASSING)]
    assert sorted(named) == sorted(METADATA.tables)
