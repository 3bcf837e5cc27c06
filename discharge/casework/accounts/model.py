"""What an account, a token and a session are once read from their tables. No secret and no hash is in them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import RowMapping

from discharge.casework.accounts.rights import Permission, permissions_of
from discharge.casework.events.base import Actor, Role


@dataclass(frozen=True, slots=True)
class Account:
    """A person or a machine that may sign in. ``login`` is in lower case; ``id`` never changes."""

    id: str
    login: str
    name: str
    credentials: str | None
    roles: tuple[Role, ...]
    payer_ids: tuple[str, ...]
    units: tuple[str, ...]
    specialties: tuple[str, ...]
    capacity: int | None
    is_active: bool
    created_at: datetime
    locked_until: datetime | None
    has_password: bool
    oidc_subject: str | None

    @property
    def permissions(self) -> frozenset[Permission]:
        """Return what the roles allow; nothing for a disabled account."""
        return permissions_of(self.roles) if self.is_active else frozenset()

    def actor(self, *, is_machine: bool = False) -> Actor:
        """Return the account as the ledger names it; ``is_machine`` where a token speaks for it."""
        return Actor(
            id=self.id,
            name=self.name,
            kind="machine" if is_machine else "person",
            roles=self.roles,
            credentials=self.credentials,
            payer_ids=self.payer_ids,
        )


@dataclass(frozen=True, slots=True)
class Token:
    """An API token without its secret."""

    id: str
    account_id: str
    name: str
    scopes: frozenset[Permission]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_valid(self, now: datetime) -> bool:
        """Tell whether the token is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class Session:
    """A person's sign-in in a browser; ``ends_at`` is the earlier of the idle and the absolute end."""

    id_hash: str
    account_id: str
    created_at: datetime
    ends_at: datetime
    csrf_hash: str


def account_of(row: RowMapping) -> Account:
    """Make the account of a row of ACCOUNTS."""
    return Account(
        id=row["id"],
        login=row["login"],
        name=row["name"],
        credentials=row["credentials"],
        roles=cast("tuple[Role, ...]", _texts(row["roles"])),
        payer_ids=_texts(row["payer_ids"]),
        units=_texts(row["units"]),
        specialties=_texts(row["specialties"]),
        capacity=row["capacity"],
        is_active=row["is_active"],
        created_at=row["created_at"],
        locked_until=row["locked_until"],
        has_password=row["password_hash"] is not None,
        oidc_subject=row["oidc_subject"],
    )


def token_of(row: RowMapping) -> Token:
    """Make the token of a row of TOKENS."""
    return Token(
        id=row["id"],
        account_id=row["account_id"],
        name=row["name"],
        scopes=cast("frozenset[Permission]", frozenset(_texts(row["scopes"]))),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )


def _texts(written: str) -> tuple[str, ...]:
    return tuple(str(one) for one in json.loads(written))
