"""Backup and restore: one file that holds what is kept, whichever database it came from or goes to.

The file's first line says what it is and has the SHA-256 of all that follows: rows as lines of JSON, zstd. Projections
are not in it (they are rebuilt), nor is what may be lost (sessions, replies). It holds patients' data: keep it as such.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, NamedTuple

import orjson
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discharge.casework import ledger
from discharge.casework.events import ENGINE, SYSTEM, Actor, Draft
from discharge.casework.events.record import StoreKept
from discharge.casework.storage import schema
from discharge.casework.storage.engine import FILE_MODE, Store
from discharge.casework.storage.tables import EVENTS, HEAD, KEPT, METADATA, Instant
from discharge.errors import LedgerBrokenError, OutputError, StoreError

MAGIC = b"discharge-backup 1 "
_FIRST_LINE = len(MAGIC) + 64 + 1
_AT_ONCE = 2_000
_PIECE = 1 << 20


class Kept(NamedTuple):
    """What a backup holds: rows by table, and the head of its ledger, which proves what was in it."""

    rows: dict[str, int]
    head: ledger.Head


def backup(
    store: Store,
    target: Path,
    *,
    now: datetime,
    actor: Actor = ENGINE,
    progress: ledger.Progress = ledger.quiet,
) -> Kept:
    """Write everything that is kept to ``target``, as it stood at one moment; others may go on writing meanwhile.

    The file has mode 0600 and appears whole or not at all. The ledger then gets an event that says so.

    Raises:
        OutputError: the file is there already, or can't be written.
        LedgerBrokenError: the ledger does not verify; a backup of it would hide the break.
    """
    if target.exists():
        raise OutputError(f"{target} is there already; give a new name")
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        with _private(unfinished) as file:
            with store.read() as connection:
                _believe(connection, "", progress)
                kept = _write_rows(connection, file, now, progress)
            _seal(file)
        unfinished.rename(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise OutputError(f"{target} can't be written: {error.strerror or type(error).__name__}") from None
    finally:
        unfinished.unlink(missing_ok=True)
    with store.write() as connection:
        said = StoreKept(what="backup", head_seq=kept.head.seq)
        ledger.append(connection, SYSTEM, [Draft(payload=said, actor=actor, occurred_at=now)], now=now)
    return kept


def restore(
    source: Path,
    store: Store,
    *,
    now: datetime,
    actor: Actor = ENGINE,
    progress: ledger.Progress = ledger.quiet,
) -> Kept:
    """Fill an empty ``store`` with what ``source`` holds. Projections are rebuilt afterwards by the caller.

    The file is checked by its digest before a row is read, and the ledger verified before anything is committed.

    Raises:
        StoreError: the file is no backup, was altered, is of a newer version, or the store is not empty.
        LedgerBrokenError: the ledger in the file does not verify. Nothing was written.
    """
    _check(source)
    with store.write() as connection:
        schema.check(connection)
        _refuse_full(connection)
        kept = _read_rows(connection, source, progress)
        _settle_sequences(connection)
        _believe(connection, f"{source}: ", progress)
        if ledger.head(connection) != kept.head:
            raise LedgerBrokenError(f"{source}: its ledger does not end where the backup says")
        said = StoreKept(what="restore", head_seq=kept.head.seq)
        ledger.append(connection, SYSTEM, [Draft(payload=said, actor=actor, occurred_at=now)], now=now)
    return kept


def _believe(connection: Connection, where: str, progress: ledger.Progress) -> None:
    found = ledger.verify(connection, progress=progress).first_break
    if found is not None:
        raise LedgerBrokenError(f"{where}the ledger is broken at event {found.seq}: {found.what}")


# --- writing ----------------------------------------------------------------------------------------------------


def _write_rows(connection: Connection, file: IO[bytes], now: datetime, progress: ledger.Progress) -> Kept:
    head = ledger.head(connection)
    counts = {
        str(table.name): connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        for table in KEPT
    }
    start = {
        "revision": schema.revision(connection),
        "made_at": now.astimezone(UTC).isoformat(),
        "rows": counts,
        "head": list(head),
    }
    file.write(MAGIC + b"0" * 64 + b"\n")
    done, total = 0, sum(counts.values())
    with pa.CompressedOutputStream(pa.PythonFile(_Open(file), mode="w"), "zstd") as packed:
        packed.write(orjson.dumps(start) + b"\n")
        for table in KEPT:
            for rows in _pages(connection, table):
                lines = (orjson.dumps({"t": str(table.name), "r": _out(row)}) for row in rows)
                packed.write(b"\n".join(lines) + b"\n")
                done += len(rows)
                progress("backup", done, total)
    return Kept(counts, head)


def _private(path: Path) -> IO[bytes]:
    """Open a new file that only its owner may read."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, FILE_MODE), "w+b")


class _Open:
    """A file that pyarrow writes to but does not close."""

    closed = False

    def __init__(self, file: IO[bytes]) -> None:
        self.write = file.write
        self.flush = file.flush

    def close(self) -> None:
        """Leave the file open: its first line is still to be written."""


def _pages(connection: Connection, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    """Give a table's rows in the order of its key, some at a time."""
    key = list(table.primary_key.columns)
    last: tuple[Any, ...] | None = None
    while True:
        asked = sa.select(table).order_by(*key).limit(_AT_ONCE)
        if last is not None:
            asked = asked.where(sa.tuple_(*key) > sa.tuple_(*last) if len(key) > 1 else key[0] > last[0])
        rows = [dict(row) for row in connection.execute(asked).mappings()]
        if not rows:
            return
        yield rows
        last = tuple(rows[-1][column.name] for column in key)


def _out(row: dict[str, Any]) -> dict[str, Any]:
    return {
        str(name): base64.b64encode(value).decode() if isinstance(value, (bytes, memoryview)) else value
        for name, value in row.items()
    }


def _seal(file: IO[bytes]) -> None:
    """Write the digest of what follows into the first line, and all of it to the disk."""
    file.flush()
    digest = _digest_of_rest(file)
    file.seek(len(MAGIC))
    file.write(digest)
    file.flush()
    os.fsync(file.fileno())


def _digest_of_rest(file: IO[bytes]) -> bytes:
    file.seek(_FIRST_LINE)
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    return digest.hexdigest().encode()


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


# --- reading ----------------------------------------------------------------------------------------------------


def _check(source: Path) -> None:
    """Refuse a file that is no backup or was altered."""
    try:
        with source.open("rb") as file:
            first = file.read(_FIRST_LINE)
            if not first.startswith(MAGIC) or not first.endswith(b"\n"):
                raise StoreError(f"{source} is no backup of Discharge, or of a newer version of it")
            if _digest_of_rest(file) != first[len(MAGIC) : -1]:
                raise StoreError(f"{source} was altered or cut off after it was made; nothing was restored")
    except OSError as error:
        raise StoreError(f"{source} can't be read: {error.strerror or type(error).__name__}") from None


def _refuse_full(connection: Connection) -> None:
    for table in KEPT:
        if (
            table is not HEAD
            and connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first()
        ):
            raise StoreError(
                f"the store is not empty (there are rows in {table.name}); restore into a new one"
            )


def _read_rows(connection: Connection, source: Path, progress: ledger.Progress) -> Kept:
    with source.open("rb") as file:
        file.seek(_FIRST_LINE)
        lines = _lines(file)
        start = orjson.loads(next(lines))
        if start["revision"] not in schema.known():
            raise StoreError(f"{source} was made by a newer version of Discharge; upgrade the program")
        counts: dict[str, int] = start["rows"]
        done, total = 0, sum(counts.values())
        connection.execute(HEAD.delete())
        waiting: list[dict[str, Any]] = []
        table: sa.Table = EVENTS
        for line in lines:
            said = orjson.loads(line)
            if waiting and (said["t"] != table.name or len(waiting) >= _AT_ONCE):
                done += _put(connection, table, waiting)
                progress("restore", done, total)
            table = METADATA.tables[said["t"]]
            waiting.append(_in(table, said["r"]))
        done += _put(connection, table, waiting)
    if done != total:
        raise StoreError(f"{source} holds {done} rows where it says {total}; nothing was restored")
    return Kept(counts, ledger.Head(*start["head"]))


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    with pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd") as unpacked:
        while piece := unpacked.read(_PIECE):
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole
    if rest:
        yield rest


def _in(table: sa.Table, row: dict[str, Any]) -> dict[str, Any]:
    for name, value in row.items():
        kind = table.c[name].type
        if value is not None and isinstance(kind, sa.LargeBinary):
            row[name] = base64.b64decode(value)
        elif value is not None and isinstance(kind, Instant):
            row[name] = datetime.fromisoformat(value)
    return row


def _put(connection: Connection, table: sa.Table, rows: list[dict[str, Any]]) -> int:
    count = len(rows)
    if rows:
        connection.execute(table.insert(), rows)
        rows.clear()
    return count


def _settle_sequences(connection: Connection) -> None:
    """Have PostgreSQL number on behind the rows that were put with their numbers."""
    if connection.dialect.name != "postgresql":
        return
    for table in KEPT:
        column = table.autoincrement_column
        if column is not None:
            newest = connection.scalar(sa.select(sa.func.max(column)))
            if newest is not None:
                name = sa.func.pg_get_serial_sequence(table.name, column.name)
                connection.execute(sa.select(sa.func.setval(name, newest)))
