"""Opens the store: a SQLite file, or a PostgreSQL database. All that follows is the same SQL on both.

SQLite: write-ahead log, a full sync at every commit, one writer at a time who takes his turn before he reads
(BEGIN IMMEDIATE). PostgreSQL: READ COMMITTED for writers, who take turns at the ledger's head row; a repeatable
snapshot for readers.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Self

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from discharge.casework.storage import schema
from discharge.errors import StoreError

BUSY_SECONDS = 30
"""How long a writer waits for his turn before he is told that the store is busy."""
FOLDER_MODE = 0o700
FILE_MODE = 0o600
_SQLITE_MAGIC = b"SQLite format 3\x00"


class Store:
    """An open store. Transactions come from :meth:`read` and :meth:`write`; close it when done."""

    dialect: Literal["sqlite", "postgresql"]
    url_shown: str

    def __init__(self, url: URL) -> None:
        self.dialect = "sqlite" if url.get_backend_name() == "sqlite" else "postgresql"
        self.url_shown = url.set(query={}).render_as_string(hide_password=True)
        self._engine = _sqlite_engine(url) if self.dialect == "sqlite" else _postgresql_engine(url)
        # Threads of one process take turns here: SQLite's own waiting is by chance and can leave one out for long.
        self._turn = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one moment of the store, whatever is written meanwhile.

        Raises:
            StoreError: the database can't be reached or read.
        """
        with _telling(), self._engine.connect() as plain:
            options: dict[str, Any] = {}
            if self.dialect == "postgresql":
                options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            connection = plain.execution_options(**options)
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection in one transaction: committed on leaving, undone by an exception.

        Raises:
            StoreError: the store was busy for 30 seconds, is full, or can't be reached. Nothing was written.
        """
        if self.dialect == "sqlite" and not self._turn.acquire(timeout=BUSY_SECONDS):
            raise StoreError(f"the store was busy for {BUSY_SECONDS} seconds; nothing was written, try again")
        try:
            with _telling(), self._engine.connect() as plain:
                connection = plain.execution_options(discharge_writes=True)
                with connection.begin():
                    yield connection
        finally:
            if self.dialect == "sqlite":
                self._turn.release()

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def default_database() -> Path:
    """Return where the store lies unless told otherwise: the user's data folder."""
    import platformdirs

    return platformdirs.user_data_path("discharge") / "discharge.db"


def open_store(database: str | Path | None, *, create: bool = True) -> Store:
    """Open the store at ``database``: a path, a ``sqlite:///`` or a ``postgresql://`` URL; None is the default.

    An empty database gets its tables if ``create``. The file is made for its owner alone.

    Raises:
        StoreError: it can't be opened, is no store, or is of an older or a newer version than this program.
    """
    store = connect_store(database, create=create)
    try:
        if create:
            with store.read() as connection:
                is_empty = schema.revision(connection) is None
            if is_empty:
                with store.write() as connection:
                    schema.create(connection)
        with store.read() as connection:
            schema.check(connection)
    except BaseException:
        store.close()
        raise
    return store


def connect_store(database: str | Path | None, *, create: bool = False) -> Store:
    """Open a store of any version, for migrating it and for restoring into it; :func:`open_store` for all else.

    Raises:
        StoreError: as :func:`open_store`, but for the version.
    """
    url = _url(default_database() if database is None else database)
    if url.get_backend_name() == "sqlite":
        _prepare_file(Path(url.database or ""), create=create)
    return Store(url)


def _url(database: str | Path) -> URL:
    text = str(database)
    if isinstance(database, Path) or "://" not in text:
        return URL.create("sqlite", database=str(Path(text).expanduser().absolute()))
    try:
        url = make_url(text)
    except ArgumentError:
        raise StoreError("the database's address is not a URL; write postgresql://USER@HOST/NAME") from None
    if url.drivername in {"postgresql", "postgres", "postgresql+psycopg"}:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername == "sqlite" and url.database and url.database != ":memory:":
        return url.set(database=str(Path(url.database).expanduser().absolute()))
    raise StoreError(
        f"no store of kind '{url.drivername}'; give the path of a SQLite file or postgresql://USER@HOST/NAME"
    )


def _prepare_file(file: Path, *, create: bool) -> None:
    """Make the file and its folder for the owner alone, and switch it to a write-ahead log."""
    try:
        if not file.exists():
            if not create:
                raise StoreError(f"there is no store at {file}; `discharge ingest` or `serve` makes one")
            if not file.parent.exists():
                file.parent.mkdir(parents=True, mode=FOLDER_MODE)
            os.close(os.open(file, os.O_CREAT | os.O_WRONLY, FILE_MODE))
        with file.open("rb") as opened:
            start = opened.read(len(_SQLITE_MAGIC))
    except OSError as error:
        raise StoreError(f"{file} can't be opened: {error.strerror or type(error).__name__}") from None
    if start not in {b"", _SQLITE_MAGIC}:
        raise StoreError(f"{file} is not a SQLite file; give another path")
    try:
        connection = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                _switch_to_log(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StoreError(f"{file} can't be opened: {error}") from None


def _switch_to_log(connection: sqlite3.Connection) -> None:
    """Switch to a write-ahead log, which SQLite refuses at once, without waiting, while another process does it."""
    pause = threading.Event()
    for _ in range(BUSY_SECONDS * 20):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            pause.wait(0.05)
    raise StoreError(f"the store was busy for {BUSY_SECONDS} seconds; try again")


def _sqlite_engine(url: URL) -> sa.Engine:
    engine = sa.create_engine(
        url, connect_args={"timeout": BUSY_SECONDS}, pool_size=10, max_overflow=40, hide_parameters=True
    )

    @sa.event.listens_for(engine, "connect")
    def settle(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in ("synchronous = FULL", "cache_size = -65536", "trusted_schema = OFF"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("discharge_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql_engine(url: URL) -> sa.Engine:
    settings = f"-c timezone=UTC -c lock_timeout={BUSY_SECONDS}s"
    arguments = {} if "options" in url.query else {"options": settings}
    if "connect_timeout" not in url.query:
        arguments["connect_timeout"] = str(BUSY_SECONDS)
    return sa.create_engine(
        url,
        connect_args=arguments,
        pool_size=10,
        max_overflow=40,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
    )


@contextmanager
def _telling() -> Iterator[None]:
    """Turn what the driver says about reaching, reading and writing the database into a StoreError."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise StoreError(f"the store failed: {_said(error)}") from error
    except PoolTimeoutError:
        raise StoreError(f"no connection to the store was free for {BUSY_SECONDS} seconds") from None
    except DBAPIError as error:
        # "file is not a database", "database disk image is malformed", an unreadable page in PostgreSQL.
        if type(error.orig) is sqlite3.DatabaseError or type(error.orig).__name__ == "DataCorrupted":
            raise StoreError(f"the store is damaged: {_said(error)}; restore a backup") from error
        raise


def _said(error: DBAPIError) -> str:
    """Return the driver's first line. Errors of these kinds name files, hosts and locks, no values of rows."""
    lines = str(error.orig).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error.orig).__name__
