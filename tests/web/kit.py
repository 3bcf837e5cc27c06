"""The pages in a real browser, on a real server and database: what tests of pages share.

A test takes `site` (the server with its own copy of a demonstration's store) and `page` (a tab that nobody is signed in
on), or `tab(...)` for several people at once:

    def test_takes_a_case(site: Site, page: Page) -> None:
        sign_in(page, "case_manager")
        page.goto("/worklist")
        check(page)

Nothing may leave the machine and nothing may be told on the console: that is asserted after each test. What a test
provokes on purpose (a 422, a 401) it names first: `expect_trouble(page, "422")`.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import orjson
import sqlalchemy as sa
from argon2 import PasswordHasher
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

from discharge.api.auth.limits import RateLimit
from discharge.api.auth.principal import SESSION_COOKIE
from discharge.api.demo.staff import set_password
from discharge.api.demo.store import DemoAsked, fill
from discharge.api.settings import ServeSettings
from discharge.api.state import Desk
from discharge.casework.accounts import passwords, people, sessions
from discharge.casework.events import Event
from discharge.casework.library import Library
from discharge.casework.service import Casework
from discharge.casework.storage.engine import Store, open_store
from discharge.casework.storage.tables import CASES
from discharge.resources import data_folder

ROOT = Path(__file__).resolve().parents[2]
ZONE = "America/New_York"
OPENS = datetime(2026, 6, 15, 7, 0, tzinfo=ZoneInfo(ZONE))
PASSWORD = "correct horse battery"
STAYS = 40
_RECENT = "2026-05-25"
"""Older measurements make the store larger and no page fuller."""
SINCE_FRIDAY = 24
"""How many of them were in the house on the working day before."""
ROLES = (
    "case_manager", "case_manager_2", "physician_advisor", "supervisor", "payer", "payer_2", "auditor", "administrator",
)  # fmt: skip
"""The logins; all but the second ones are the names of their roles."""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
_QUIET_FAULTS = ("net::ERR_ABORTED",)
"""A request that the page itself gave up, by going elsewhere or by a download."""


# --- the store --------------------------------------------------------------------------------------------------


def cut_feed(folder: Path) -> Path:
    """Write the part of the example feed that tells of some patients in the house; return its folder."""
    source = ROOT / "examples" / "feed"
    patients = _some_patients(source)
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(source.glob("*.ndjson.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            kept = [line for line in lines if _is_about(orjson.loads(line), patients)]
        (folder / file.name.removesuffix(".gz")).write_text("".join(kept), encoding="utf-8")
    return folder


def _some_patients(source: Path) -> set[str]:
    """Return the patients of some stays under way, those who came before the working day first."""
    early, late = list[str](), list[str]()
    with gzip.open(source / "Encounter.ndjson.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            one = orjson.loads(line)
            if one["class"]["code"] == "IMP" and "end" not in one["period"]:
                began = datetime.fromisoformat(one["period"]["start"])
                (early if began < OPENS - timedelta(days=3) else late).append(one["subject"]["reference"])
    chosen = [*sorted(early)[:SINCE_FRIDAY], *sorted(late)[: STAYS - SINCE_FRIDAY]]
    return {one.removeprefix("Patient/") for one in chosen}


def _is_about(resource: dict[str, Any], patients: set[str]) -> bool:
    if resource["resourceType"] == "Observation" and resource.get("effectiveDateTime", _RECENT) < _RECENT:
        return False
    if resource["resourceType"] == "Patient":
        return resource["id"] in patients
    for name in ("subject", "beneficiary", "patient"):
        if name in resource:
            return resource[name]["reference"].removeprefix("Patient/") in patients
    return True


def made_from() -> str:
    """Return a digest of what a store may no longer fit after a change: its schema, events, feed, rules, the story."""
    casework = ROOT / "discharge" / "casework"
    folders = [
        casework / "events",
        casework / "state",
        casework / "storage" / "migrations",
        ROOT / "examples" / "feed",
    ]
    folders += [ROOT / "discharge" / "api" / "demo", ROOT / "rules", ROOT / "payer_profiles"]
    files = [
        ROOT / "discharge" / "review" / "model.py",
        *(one for folder in folders for one in folder.rglob("*")),
    ]
    total = hashlib.sha256(f"{STAYS} {SINCE_FRIDAY} {_RECENT}".encode())
    for file in sorted(files):
        if file.is_file() and "__pycache__" not in file.parts:
            total.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return total.hexdigest()


def make_store(database: Path, library: Library, folder: Path) -> None:
    """Make the store that every test gets a copy of: the demonstration, on the cut feed."""
    asked = DemoAsked(cut_feed(folder), OPENS, database, settings_of(database), PASSWORD, workers=1)
    with open_store(database) as store:
        _, refused = fill(store, library, asked)
        assert refused == 0, "the guards refuse what the demonstration's people do"
        kept = passwords.HASHER
        passwords.HASHER = PasswordHasher(
            time_cost=1, memory_cost=8, parallelism=1
        )  # nobody attacks this store
        try:
            set_password(store, PASSWORD, now=OPENS)
        finally:
            passwords.HASHER = kept


def settings_of(database: Path | str, clock: Any = lambda: OPENS) -> ServeSettings:
    """Return how the server of the tests is set up."""
    return ServeSettings(
        zone=ZONE,
        rules=data_folder("rules"),
        payers=data_folder("payer_profiles"),
        database=database,
        refresh_seconds=None,
        clock=clock,
        notice="Demonstration: the patients and the people who work here are made up.",
    )


# --- the server -------------------------------------------------------------------------------------------------


@dataclass
class Clock:
    """What the server takes for the present; a test may put it on."""

    now: datetime = OPENS

    def __call__(self) -> datetime:
        return self.now

    def on(self, **by: float) -> None:
        """Put the clock on: ``clock.on(minutes=20)``."""
        self.now += timedelta(**by)


@dataclass
class Site:
    """A server over a store of its own."""

    app: FastAPI
    url: str
    database: Path
    clock: Clock

    @property
    def desk(self) -> Desk:
        desk: Desk = self.app.state.desk
        return desk

    @property
    def store(self) -> Store:
        return self.desk.store

    @property
    def casework(self) -> Casework:
        return self.desk.casework

    def events(self, case_id: str, kind: str | None = None) -> list[Event]:
        """Return the ledger of a case, of one kind if named."""
        return [one for one in self.casework.events(case_id) if kind in (None, one.kind)]

    def cases(self, **where: Any) -> list[str]:
        """Return the ids of cases by columns of the list: ``site.cases(in_house=True, payer_profile=...)``."""
        asked = sa.select(CASES.c.case_id).order_by(CASES.c.encounter_id)
        for name, value in where.items():
            asked = asked.where(CASES.c[name] == value)
        with self.store.read() as connection:
            return list(connection.scalars(asked))


def put_in(app: FastAPI, database: Path | str, clock: Clock, library: Library) -> None:
    """Give a running application another store, and forget what it counted of sign-ins."""
    store = open_store(database)
    app.state.desk = Desk(settings_of(database, clock), store, library, Casework(store, library))
    auth = app.state.auth
    app.state.auth = replace(
        auth,
        store=store,
        now=clock,
        by_login=RateLimit(auth.settings.tries_per_minute),
        by_address=RateLimit(1000),
    )


# --- the browser ------------------------------------------------------------------------------------------------


_LEFT_BEHIND = ("htmx:sendAbort", "htmx:afterRequest")
"""What htmx says of a question that was still open as its page was left; the browser itself tells real faults."""


@dataclass
class Watch:
    """What the tabs of one person did that they should not do."""

    origin: str
    faults: list[str] = field(default_factory=list)
    expected: list[re.Pattern[str]] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """Listen to everything that happens in a context."""
        context.on("console", self._said)
        context.on("weberror", lambda error: self.faults.append(f"script: {error.error}"))
        context.on("request", self._asked)
        context.on("requestfailed", self._failed)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(_LEFT_BEHIND):
            self.faults.append(f"console {message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if (
            parts.scheme in ("http", "https", "ws", "wss")
            and f"{parts.scheme}://{parts.netloc}" != self.origin
        ):
            self.faults.append(f"left the machine: {request.url}")

    def _failed(self, request: Request) -> None:
        if request.failure not in _QUIET_FAULTS:
            self.faults.append(f"failed: {request.method} {urlsplit(request.url).path} {request.failure}")

    def unexpected(self) -> list[str]:
        """Return the faults that the test did not name."""
        return [one for one in self.faults if not any(known.search(one) for known in self.expected)]


WATCHES: dict[int, Watch] = {}
"""By the context's identity, while a test runs."""


def expect_trouble(page: Page, *patterns: str) -> None:
    """Say that the console may tell of these, e.g. "422": the browser notes every answer of 400 and above there."""
    WATCHES[id(page.context)].expected += [re.compile(one) for one in patterns]


def sign_in(page: Page, login: str) -> Page:
    """Sign in on the page of the sign-in and wait for the place where it leads."""
    page.goto("/sign-in")
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r"^(?!.*/sign-in)"))
    return page


def enter(page: Page, site: Site, login: str) -> Page:
    """Be signed in without the page of the sign-in, for tests that are about something else."""
    with site.store.write() as connection:
        account = people.find_login(connection, login)
        assert account is not None, f"nobody here is called {login}"
        secret = sessions.start(
            connection, account.id, life=site.app.state.auth.settings.session_life, now=site.clock()
        )
    page.context.add_cookies([{"name": SESSION_COOKIE, "value": secret, "url": site.url, "httpOnly": True}])
    return page


def check(page: Page, *, leave_out: tuple[str, ...] = (), only: tuple[str, ...] = ()) -> None:
    """Assert that axe-core finds nothing, and that nothing was told on the console or left the machine so far.

    For what a journey makes of a page: as it first opens, test_pages_all.py looks at every one.

    ``leave_out`` names rules of axe-core, each with a reason beside the call; ``only`` names the rules to run, where a
    page was looked at in full before and only its colors or its width have changed.
    """
    asked: Any = {"type": "rule", "values": list(only)} if only else TAGS
    options: dict[str, Any] = {"runOnly": asked, "resultTypes": ["violations"]}
    if leave_out:
        options["rules"] = {rule: {"enabled": False} for rule in leave_out}
    if not page.evaluate("() => 'axe' in window"):  # a page that was looked at before has it
        page.evaluate(Axe().axe_script)
    found = page.evaluate("(options) => axe.run(options).then((found) => found.violations)", options)
    told = [
        f"{one['id']} ({one['impact']}): {one['help']}\n"
        + "\n".join(f"    {node['html'][:300]}\n    {_why(node)}" for node in one["nodes"][:5])
        for one in found
    ]
    assert not told, f"axe-core at {urlsplit(page.url).path}:\n" + "\n".join(told)
    assert not (faults := WATCHES[id(page.context)].unexpected()), "\n".join(faults)


def _why(node: dict[str, Any]) -> str:
    """Return what axe-core says of a node, in one line."""
    return " ".join(str(node.get("failureSummary", "")).split())


def scrolls_sideways(page: Page) -> str | None:
    """Return what sticks out where the page as a whole scrolls sideways; None where it does not."""
    found: str | None = page.evaluate(
        """() => {
          const wide = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= wide + 1) return null;
          const inBox = (one) => {
            for (let at = one.parentElement; at; at = at.parentElement) {
              if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(at).overflowX)) return true;
            }
            return false;
          };
          const out = [...document.body.querySelectorAll("*")]
            .filter((one) => one.getBoundingClientRect().right > wide + 1 && !inBox(one))
            .map((one) => one.outerHTML.slice(0, 160));
          return `${document.documentElement.scrollWidth} of ${wide} px: ` + (out[0] || "something");
        }"""
    )
    return found


@contextmanager
def tab_of(browser: Any, site: Site, **options: Any) -> Iterator[Page]:
    """Give a tab of a browser of its own; ``options`` are Playwright's of a context."""
    given: dict[str, Any] = {
        "base_url": site.url,
        "viewport": {"width": 1280, "height": 900},
        "locale": "en-US",
        "reduced_motion": "reduce",  # or a color on its way to another would be judged
    }
    context: BrowserContext = browser.new_context(**(given | {"timezone_id": ZONE} | options))
    context.set_default_timeout(30_000)
    watch = WATCHES[id(context)] = Watch(site.url)
    watch.over(context)
    try:
        yield context.new_page()
        assert not (faults := watch.unexpected()), "\n".join(faults)
    finally:
        context.close()
        del WATCHES[id(context)]


def chromium() -> str:
    """Return the browser of this machine. Playwright downloads none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        raise AssertionError("no Chromium on this machine: as root, apt-get install -y chromium")
    return found


BROWSER_OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--force-color-profile=srgb",
)  # fmt: skip


def serve_in_thread(app: FastAPI, listening: Any) -> tuple[Any, threading.Thread]:
    """Start the server in a thread; return it with the thread, to be ended by ``server.should_exit = True``."""
    import uvicorn

    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, server_header=False, lifespan="off")
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    return server, thread
