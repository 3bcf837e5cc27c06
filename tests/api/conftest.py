"""An application over a store with a small feed in it, on each kind of database; a token for every role."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from apikit import LATER, Door, Seed, TestClient, seed
from fastapi import FastAPI
from storekit import (  # noqa: F401 - fixtures
    _postgresql_template,
    _run,
    _shared,
    _sqlite_template,
    new_database,
    postgresql,
)

from discharge.api.app import create_app
from discharge.api.auth.limits import RateLimit
from discharge.api.settings import ServeSettings
from discharge.api.state import Desk
from discharge.casework.library import Library, load_library
from discharge.casework.service import Casework
from discharge.casework.storage.engine import open_store
from discharge.resources import data_folder

_NUMBERS = itertools.count(1)
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def library() -> Library:
    """The shipped rules and payer profiles."""
    return load_library(
        rules=data_folder("rules"), payers=data_folder("payer_profiles"), zone="America/New_York"
    )


@pytest.fixture(scope="session")
def _seeded_sqlite(tmp_path_factory: pytest.TempPathFactory, library: Library) -> tuple[str, Seed]:
    folder = tmp_path_factory.mktemp("seeded")
    file = folder / "seeded.db"
    with open_store(file) as store:
        found = seed(store, library, folder / "feed")
    return str(file), found


@pytest.fixture(scope="session")
def _seeded_postgresql(
    postgresql: Callable[[str], str],  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
    library: Library,
) -> tuple[str, Seed]:
    name = f"seeded_{_WORKER}"
    _run(postgresql, f"CREATE DATABASE {name}")
    with open_store(postgresql(name)) as store:
        found = seed(store, library, tmp_path_factory.mktemp("seeded") / "feed")
    return name, found


@pytest.fixture
def seeded(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[str], tuple[str, Seed]]]:
    """Makes a copy of the seeded store of a kind, and returns its path or URL with what is in it."""
    made: list[str] = []

    def make(kind: str) -> tuple[str, Seed]:
        source, found = request.getfixturevalue(f"_seeded_{kind}")
        if kind == "sqlite":
            shutil.copy(source, tmp_path / "store.db")
            return str(tmp_path / "store.db"), found
        urls = request.getfixturevalue("postgresql")
        name = f"api_{_WORKER}_{next(_NUMBERS)}"
        _run(urls, f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY file_copy")
        made.append(name)
        return urls(name), found

    yield make
    for name in made:
        _run(request.getfixturevalue("postgresql"), f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def _app(_seeded_sqlite: tuple[str, Seed], library: Library) -> Iterator[FastAPI]:
    """The application that most tests share, since making one takes longer than a test: each puts its store in."""
    app = create_app(_settings(_seeded_sqlite[0]), library=library)
    app.state.desk.store.close()
    yield app


def _settings(database: str, **others: Any) -> ServeSettings:
    told = {
        "zone": "America/New_York",
        "rules": data_folder("rules"),
        "payers": data_folder("payer_profiles"),
        "database": database,
        "refresh_seconds": None,
        "clock": lambda: LATER,
    }
    return ServeSettings(**{**told, **others})


@pytest.fixture
def open_door(
    seeded: Callable[[str], tuple[str, Seed]], library: Library, _app: FastAPI
) -> Iterator[Callable[..., Door]]:
    """Makes an application over a copy of the seeded store, with a client."""
    doors: list[Door] = []

    def make(kind: str = "sqlite", **others: Any) -> Door:
        database, found = seeded(kind)
        settings = _settings(database, **others)
        if others:
            app = create_app(settings, library=library)
        else:
            app, store = _app, open_store(database)
            app.state.desk = Desk(settings, store, library, Casework(store, library))
            auth = app.state.auth
            # A test's sign-ins are its own.
            by_login = RateLimit(auth.settings.tries_per_minute)
            by_address = RateLimit(auth.settings.tries_per_minute_of_address)
            app.state.auth = replace(auth, store=store, by_login=by_login, by_address=by_address)
        doors.append(Door(app, TestClient(app), database, found))
        return doors[-1]

    yield make
    for one in doors:
        one.client.close()
        one.app.state.desk.store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def door(request: pytest.FixtureRequest, open_door: Callable[..., Door]) -> Door:
    """The application, once over each kind of database."""
    return open_door(request.param)


@pytest.fixture
def sqlite_door(open_door: Callable[..., Door]) -> Door:
    """The application over SQLite alone, for what does not touch the database."""
    return open_door("sqlite")
