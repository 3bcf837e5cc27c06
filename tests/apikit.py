"""A seeded store for tests of the HTTP door: four stays of the small feed, an account and a token for each role."""

from __future__ import annotations

import uuid
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import small_feed
import sqlalchemy as sa
from argon2 import PasswordHasher
from fastapi import FastAPI
from httpx import Response

from discharge.casework.accounts import passwords, people, tokens
from discharge.casework.accounts.people import OPERATOR, NewAccount
from discharge.casework.accounts.rights import permissions_of
from discharge.casework.events import Role
from discharge.casework.intake import IngestSettings, ingest
from discharge.casework.library import Library
from discharge.casework.storage.engine import Store
from discharge.casework.storage.tables import STAYS

with warnings.catch_warnings():  # it asks for a later httpx, which is not what we ship with
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

ZONE = "America/New_York"
NOW = datetime(2026, 6, 15, 11, 0, tzinfo=UTC)
"""When the feed came: seven in the morning in New York."""
LATER = NOW + timedelta(minutes=20)
"""What the application's clock shows."""
PASSWORD = "correct horse battery"
ROLES: tuple[Role, ...] = (
    "case_manager", "physician_advisor", "supervisor", "payer", "auditor", "administrator"
)  # fmt: skip
PAYERS_OF = ("original_medicare",)
OTHER_PAYER = "other_payer"
"""A second payer's user, who has nothing to do with any stay."""


@dataclass(frozen=True)
class Seed:
    """Cases by encounter, tokens and account ids by role (and of the other payer)."""

    cases: dict[str, str]
    tokens: dict[str, str]
    accounts: dict[str, str]


@dataclass
class Door:
    """An application with its client."""

    app: FastAPI
    client: TestClient
    database: str
    seed: Seed

    @property
    def store(self) -> Store:
        store: Store = self.app.state.desk.store
        return store

    def ask(self, method: str, path: str, role: str | None = "case_manager", **rest: Any) -> Response:
        """Send a request as a role; None is nobody. ``/v1`` goes before the path."""
        headers = dict(rest.pop("headers", {}))
        if role is not None:
            headers["Authorization"] = f"Bearer {self.seed.tokens[role]}"
        return self.client.request(method, f"/v1{path}", headers=headers, **rest)

    def get(self, path: str, role: str | None = "case_manager", **rest: Any) -> Response:
        return self.ask("GET", path, role, **rest)

    def case(self, encounter: str = "s1") -> str:
        return self.seed.cases[encounter]

    def version(self, encounter: str = "s1") -> str:
        """The ETag of a case."""
        return self.get(f"/cases/{self.case(encounter)}").headers["etag"]

    def record(
        self,
        *payloads: dict[str, Any],
        encounter: str = "s1",
        role: str = "case_manager",
        tag: str | None = None,
        key: str | None = None,
        **body: Any,
    ) -> Response:
        """Record events on a case, on the version that it has unless ``tag`` says another."""
        headers = {"If-Match": tag or self.version(encounter)}
        if key is not None:
            headers["Idempotency-Key"] = key
        path = f"/cases/{self.case(encounter)}/events"
        return self.ask("POST", path, role, headers=headers, json={"payloads": list(payloads), **body})


def note(text: str = "Daughter comes at three.") -> dict[str, Any]:
    """The payload of a note."""
    return {"kind": "note_added", "text": text}


def seed(store: Store, library: Library, folder: Path) -> Seed:
    """Take in the small feed as of NOW and make an account with a token for each role."""
    feed = small_feed.write_tables(folder)
    ingest(store, [feed], IngestSettings(zone=ZONE, as_of=NOW), library, now=lambda: NOW)
    with store.read() as connection:
        rows = connection.execute(sa.select(STAYS.c.encounter_id, STAYS.c.case_id))
        cases = {str(name): str(case_id) for name, case_id in rows}
    given: dict[str, str] = {}
    accounts: dict[str, str] = {}
    kept = passwords.HASHER
    passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    try:
        for name in (*ROLES, OTHER_PAYER):
            given[name], accounts[name] = _account(store, name)
    finally:
        passwords.HASHER = kept
    return Seed(cases, given, accounts)


def _account(store: Store, name: str) -> tuple[str, str]:
    role: Role = "payer" if name == OTHER_PAYER else name  # type: ignore[assignment]
    payers = {"payer": list(PAYERS_OF), OTHER_PAYER: ["example_ma_plan"]}.get(name, [])
    credentials = {"physician_advisor": "MD", "case_manager": "RN"}.get(name)
    new = NewAccount(login=name, name=f"The {name}", roles=[role], payer_ids=payers, credentials=credentials)
    with store.write() as connection:
        account = people.add(connection, new, by=OPERATOR, now=NOW)
        hashed = passwords.hashed(PASSWORD)
        people.set_password(connection, account.id, hashed, by=OPERATOR, now=NOW)
        scopes = sorted(permissions_of([role]))
        _, secret = tokens.issue(connection, account, name="test", scopes=scopes, by=OPERATOR, now=NOW)
    return secret, account.id


def new_key() -> str:
    """An Idempotency-Key."""
    return str(uuid.uuid4())
