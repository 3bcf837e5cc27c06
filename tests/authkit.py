"""What tests of signing in share: a clock to turn, a small app behind the real sign-in, accounts, and a client."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from argon2 import PasswordHasher
from fastapi import Depends, FastAPI, Request
from sqlalchemy import select

from discharge.api import auth
from discharge.api.auth import policy
from discharge.api.problems import add_problems
from discharge.casework import ledger
from discharge.casework.accounts import people, tokens
from discharge.casework.accounts.model import Account
from discharge.casework.accounts.people import OPERATOR, NewAccount
from discharge.casework.storage.engine import Store, open_store
from discharge.casework.storage.tables import EVENTS

with warnings.catch_warnings():
    warnings.simplefilter(
        "ignore"
    )  # Starlette would rather have another client, which is not among our libraries
    from starlette.testclient import TestClient

BASE = "http://127.0.0.1:8400"
PASSWORD = "correct horse battery staple"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Clock:
    """The present, which moves only when told."""

    def __init__(self) -> None:
        self.at = datetime(2026, 6, 15, 11, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def go(self, **span: float) -> None:
        self.at += timedelta(**span)


_MIGRATED: list[bytes] = []


def new_store(folder: Path) -> Store:
    """Return an empty store in ``folder``. What differs between databases is tested in tests/casework."""
    file = folder / "auth.db"
    if _MIGRATED:
        file.write_bytes(_MIGRATED[0])
    store = open_store(file)
    if not _MIGRATED:
        store.close()  # all of it is in the file then
        _MIGRATED.append(file.read_bytes())
        store = open_store(file)
    return store


def small_app(store: Store, clock: Clock, settings: auth.AuthSettings | None = None) -> FastAPI:
    """Return an app of the sign-in and two routes of a case; the names are those of the table of routes."""
    app = FastAPI(dependencies=[Depends(auth.guarded)], openapi_url=None)
    auth.install(app, store, settings or auth.AuthSettings(public_url=BASE), now=clock)
    add_problems(app)

    @app.get("/v1/cases/{case_id}", name="case")
    def case(request: Request, principal: auth.SignedIn, case_id: str) -> dict[str, str]:
        auth.log_read(request, principal, case_id)
        return {"by": principal.actor.id, "kind": principal.actor.kind}

    @app.post("/v1/cases/{case_id}/events", name="record_events")
    def write(principal: auth.SignedIn, case_id: str) -> dict[str, str]:
        return {"by": principal.actor.id}

    @app.get("/v1/forgotten", name="forgotten")
    def forgotten() -> dict[str, str]:
        return {"shown": "by mistake"}

    assert {"case", "record_events"} <= set(policy.POLICY)
    return app


def client_of(app: FastAPI, base_url: str = BASE) -> TestClient:
    return TestClient(app, base_url=base_url, client=("127.0.0.1", 50000), follow_redirects=False)


def account(store: Store, clock: Clock, login: str, *roles: str, **more: object) -> Account:
    """Add an account with :data:`PASSWORD` (``password=False``: none)."""
    kept = QUICK.hash(PASSWORD) if more.pop("password", True) else None
    new = NewAccount.model_validate({"login": login, "name": login.title(), "roles": roles} | more)
    with store.write() as connection:
        return people.add(connection, new, by=OPERATOR, now=clock(), password_hash=kept)


def token(store: Store, clock: Clock, of: Account, *scopes: str) -> dict[str, str]:
    """Return the header by which a new token of the account speaks; all its rights without ``scopes``."""
    wanted = scopes or tuple(of.permissions)
    with store.write() as connection:
        _, written = tokens.issue(connection, of, name="t", scopes=wanted, by=OPERATOR, now=clock())  # type: ignore[arg-type]
    return {"Authorization": f"Bearer {written}"}


def signed_in(client: TestClient, login: str, password: str = PASSWORD) -> dict[str, str]:
    """Sign the client in and return the header that its writing requests need."""
    answer = client.post("/v1/session", json={"login": login, "password": password})
    assert answer.status_code == 200, answer.text
    return {"X-CSRF-Token": answer.json()["csrf_token"]}


def ledger_text(store: Store) -> str:
    """Return all that the ledger holds, as text."""
    with store.read() as connection:
        bodies = connection.execute(select(EVENTS.c.body)).scalars().all()
    return "\n".join(bytes(one).decode() for one in bodies)


def told(store: Store) -> list[str]:
    """Return what was told of accounts, in order."""
    with store.read() as connection:
        return [one.payload.what for one in ledger.events_of(connection, "system")]


class Heard(logging.Handler):
    """Everything that is logged, of every logger and level."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def hearing() -> Iterator[Heard]:
    """Hear the root logger at its most talkative."""
    root, heard = logging.getLogger(), Heard()
    level = root.level
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    try:
        yield heard
    finally:
        root.removeHandler(heard)
        root.setLevel(level)
