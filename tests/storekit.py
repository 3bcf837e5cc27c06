"""Fixtures of tests that need a store: `database` (both kinds), `store`, `now`. Imported by a conftest.py."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import databases
import psycopg
import pytest
import sqlalchemy as sa

from discharge.casework.storage.engine import Store, open_store

KINDS = ("sqlite", "postgresql")
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of the session share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own


@pytest.fixture(scope="session")
def postgresql(_shared: Path) -> Iterator[Callable[[str], str]]:
    """Gives the URL of a database of the session's server, by the database's name."""
    with databases.postgresql_server(_shared) as pattern:
        yield lambda name: pattern.format(name=name)


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    file = tmp_path_factory.mktemp("template") / "template.db"
    open_store(file).close()
    return file


@pytest.fixture(scope="session")
def _postgresql_template(postgresql: Callable[[str], str]) -> str:
    """The name of a migrated database of this worker, to be copied."""
    # Each folder of tests that takes this fixture in has it anew.
    name = f"template_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{next(_NUMBERS)}"
    _run(postgresql, f"CREATE DATABASE {name}")
    open_store(postgresql(name)).close()
    return name


def _run(postgresql: Callable[[str], str], command: str) -> None:
    with psycopg.connect(postgresql("postgres"), autocommit=True) as connection:
        connection.execute(command)


@pytest.fixture
def new_database(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., str]]:
    """Makes databases: `new_database("postgresql")` is migrated and empty, `..., migrated=False` has no tables.

    `..., template=URL` is a copy of that PostgreSQL database, to which nobody may be connected.
    """
    yield from _making(tmp_path, request)


@pytest.fixture(scope="module")
def new_module_database(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Callable[..., str]]:
    """The same for databases that the tests of one module share, because they leave them as they were."""
    yield from _making(tmp_path_factory.mktemp("stores"), request)


def _making(folder: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., str]]:
    made: list[str] = []
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")

    def make(kind: str, *, migrated: bool = True, template: str | None = None) -> str:
        number = next(_NUMBERS)
        if kind == "sqlite":
            file = folder / f"store_{number}.db"
            if migrated:
                shutil.copy(request.getfixturevalue("_sqlite_template"), file)
                file.chmod(0o600)
            return str(file)
        postgresql = request.getfixturevalue("postgresql")
        if template is not None:
            template = str(sa.make_url(template).database)
        else:
            template = request.getfixturevalue("_postgresql_template") if migrated else "template0"
        name = f"test_{worker}_{number}"
        _run(postgresql, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        made.append(name)
        url: str = postgresql(name)
        return url

    yield make
    for name in made:
        _run(request.getfixturevalue("postgresql"), f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, new_database: Callable[..., str]) -> str:
    """The path or URL of a migrated, empty store; once on each kind of database."""
    return new_database(request.param)


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """That store, open."""
    with open_store(database) as opened:
        yield opened


@pytest.fixture
def now() -> datetime:
    """A moment to write at."""
    return datetime(2026, 6, 15, 11, 0, tzinfo=UTC)
