"""One browser and one server for a worker, one store for all: made once in a run, copied for every test."""

from __future__ import annotations

import fcntl
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, sync_playwright
from web.kit import (
    BROWSER_OPTIONS,
    ROOT,
    Clock,
    Site,
    chromium,
    enter,
    made_from,
    make_store,
    put_in,
    serve_in_thread,
    settings_of,
    tab_of,
)

from discharge.api.app import create_app
from discharge.casework.library import Library, load_library
from discharge.resources import data_folder


@pytest.fixture(scope="session")
def web_library() -> Library:
    """The shipped rules and payer profiles."""
    return load_library(
        rules=data_folder("rules"), payers=data_folder("payer_profiles"), zone="America/New_York"
    )


@pytest.fixture(scope="session")
def made_store(tmp_path_factory: pytest.TempPathFactory, web_library: Library) -> Path:
    """The demonstration's store, made by whoever comes first after a change of what it is made from."""
    folder = ROOT / ".pytest_cache" / "web"
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / f"{made_from()[:24]}.db"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not database.exists():
            for old in sorted(folder.glob("*.db"), key=lambda one: one.stat().st_mtime)[:-1]:
                old.unlink()
            making = tmp_path_factory.mktemp("making")
            make_store(making / "web.db", web_library, making / "feed")
            shutil.copy(making / "web.db", folder / "being-made")
            (folder / "being-made").rename(database)
    return database


@pytest.fixture(scope="session")
def _server(
    made_store: Path, tmp_path_factory: pytest.TempPathFactory, web_library: Library
) -> Iterator[tuple[FastAPI, str]]:
    """The server that a worker's tests share, since making one takes longer than a test."""
    database = tmp_path_factory.mktemp("server") / "store.db"
    shutil.copy(made_store, database)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        app = create_app(settings_of(database), library=web_library)
        app.state.desk.store.close()
        server, thread = serve_in_thread(app, listening)
        yield app, url
        server.should_exit = True
        thread.join(timeout=20)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=list(BROWSER_OPTIONS))
        yield launched
        launched.close()


@contextmanager
def _site(server: tuple[FastAPI, str], made_store: Path, folder: Path, library: Library) -> Iterator[Site]:
    app, url = server
    database = folder / "store.db"
    shutil.copy(made_store, database)
    clock = Clock()
    put_in(app, database, clock, library)
    yield Site(app, url, database, clock)
    app.state.desk.store.close()


@pytest.fixture
def site(
    _server: tuple[FastAPI, str], made_store: Path, tmp_path: Path, web_library: Library
) -> Iterator[Site]:
    """The server over a copy of the demonstration's store; its clock stands still."""
    with _site(_server, made_store, tmp_path, web_library) as site:
        yield site


@pytest.fixture(scope="module")
def read_only_site(
    _server: tuple[FastAPI, str],
    made_store: Path,
    tmp_path_factory: pytest.TempPathFactory,
    web_library: Library,
) -> Iterator[Site]:
    """The same for a whole file, whose tests write nothing and ask for no other site."""
    with _site(_server, made_store, tmp_path_factory.mktemp("site"), web_library) as site:
        yield site


@pytest.fixture(scope="module")
def seat(browser: Browser, read_only_site: Site) -> Iterator[Callable[[str | None], Page]]:
    """Gives the one tab of a login (None: of nobody signed in) that the tests of a file share."""
    tabs: dict[str | None, Page] = {}
    with ExitStack() as stack:

        def opened(login: str | None) -> Page:
            if login not in tabs:
                tabs[login] = stack.enter_context(tab_of(browser, read_only_site))
                if login is not None:
                    enter(tabs[login], read_only_site, login)
            return tabs[login]

        yield opened


@pytest.fixture
def tab(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Opens a tab of a browser of its own: one for each person of a test. Options are those of a Playwright context."""
    with ExitStack() as stack:

        def opened(**options: Any) -> Page:
            return stack.enter_context(tab_of(browser, site, **options))

        yield opened


@pytest.fixture
def page(tab: Callable[..., Page]) -> Page:
    """A tab on which nobody is signed in."""
    return tab()
