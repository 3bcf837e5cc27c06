"""One-time links: to make the first administrator, to set a password, and to come back from the sign-on provider."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.engine import Connection

from discharge.casework.accounts import passwords, people
from discharge.casework.accounts.limits import LIMITS
from discharge.casework.accounts.model import Account
from discharge.casework.accounts.people import NewAccount
from discharge.casework.events import Actor
from discharge.casework.storage.engine import Store
from discharge.casework.storage.tables import ACCOUNTS, LINKS
from discharge.errors import Fault, NotAllowedError, NotSignedInError

Purpose: TypeAlias = Literal["setup", "password", "oidc"]
_TAKEN = "there are accounts already, so the link no longer holds; ask an administrator"
_SPENT = "the link is not valid: mistyped, used before, or expired; ask for a new one"


def make(
    connection: Connection, purpose: Purpose, data: dict[str, Any], *, life: timedelta, now: datetime
) -> str:
    """Make a link that may be used once within ``life``; return its secret. Links that ended are cleared away."""
    secret = passwords.new_secret()
    connection.execute(sa.delete(LINKS).where(LINKS.c.expires_at <= now))
    connection.execute(
        sa.insert(LINKS).values(
            secret_hash=passwords.digest(secret),
            purpose=purpose,
            data=json.dumps(data),
            expires_at=now + life,
        )
    )
    return secret


def use(connection: Connection, purpose: Purpose, secret: str, *, now: datetime) -> dict[str, Any] | None:
    """Spend a link and return its data; None where it is unknown, spent or expired."""
    one = (LINKS.c.secret_hash == passwords.digest(secret)) & (LINKS.c.purpose == purpose)
    holds = one & LINKS.c.used_at.is_(None) & (LINKS.c.expires_at > now)
    if not connection.execute(sa.update(LINKS).where(holds).values(used_at=now)).rowcount:
        return None
    found: dict[str, Any] = json.loads(connection.execute(sa.select(LINKS.c.data).where(one)).scalar_one())
    return found


def make_first(store: Store, *, now: datetime) -> str | None:
    """Make the link for the first administrator; None once there is any account. Earlier such links end."""
    with store.write() as connection:
        if not people.is_empty(connection):
            return None
        connection.execute(sa.delete(LINKS).where(LINKS.c.purpose == "setup"))
        return make(connection, "setup", {}, life=LIMITS.link_life, now=now)


def make_for(connection: Connection, account: Account, *, now: datetime) -> str:
    """Make a link by which the owner of ``account`` sets a password, so that nobody else ever knows it."""
    if not account.is_active:
        raise NotAllowedError([Fault("account", "the account is disabled", "make it active first")])
    people.end_links(connection, account.id)
    return make(connection, "password", {"account_id": account.id}, life=LIMITS.link_life, now=now)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a link that holds is good for; ``login`` is that of the account whose password it sets."""

    purpose: Literal["setup", "password"]
    login: str | None = None


def look(store: Store, secret: str, *, now: datetime) -> Offer:
    """Return what a link is good for, without spending it.

    Raises:
        NotSignedInError: it is unknown, spent or expired, or what it was made for can be done no more.
    """
    asked = sa.select(LINKS).where(LINKS.c.secret_hash == passwords.digest(secret))
    with store.read() as connection:
        row = connection.execute(asked).first()
        if row is None or row.used_at or row.expires_at <= now:
            raise NotSignedInError(_SPENT)
        if row.purpose == "setup":
            if not people.is_empty(connection):
                raise NotSignedInError(_TAKEN)
            return Offer("setup")
        if row.purpose == "password":
            account = people.get(connection, json.loads(row.data)["account_id"])
            if account.is_active:
                return Offer("password", account.login)
    raise NotSignedInError(_SPENT)


def link_to(public_url: str, secret: str) -> str:
    """Return the address of the page behind a link.

    >>> link_to("https://ur.example.org/", "x1")
    'https://ur.example.org/setup?code=x1'
    """
    return f"{public_url.rstrip('/')}/setup?code={secret}"


def set_up(
    store: Store, secret: str, password: str, *, login: str | None, name: str | None, now: datetime
) -> Account:
    """Spend a link: make the first administrator (who names login and name), or set the password of an account.

    Raises:
        NotSignedInError: the link is unknown, spent or expired.
        NotAllowedError: the password is too short, or login and name are missing. The link is not spent by that.
    """
    purpose = look(store, secret, now=now).purpose  # before the costly hash
    password_hash = passwords.hashed(password)
    with store.write() as connection:
        data = use(connection, purpose, secret, now=now)
        if data is None:
            raise NotSignedInError(_SPENT)
        if purpose == "setup":
            return _first(connection, login, name, password_hash, now)
        account = people.get(connection, data["account_id"])
        if not account.is_active:
            raise NotSignedInError(_SPENT)
        people.tell(connection, account, "setup_link_used", by=account.actor(), now=now)
        return people.set_password(connection, account.id, password_hash, by=account.actor(), now=now)


def _first(
    connection: Connection, login: str | None, name: str | None, password_hash: str, now: datetime
) -> Account:
    if not login or not name:
        missing = [one for one, value in (("login", login), ("name", name)) if not value]
        raise NotAllowedError(
            [Fault(one, "is missing", "the first administrator names it") for one in missing]
        )
    try:
        new = NewAccount(login=login, name=name, roles=["administrator"])
    except ValidationError as error:
        faults = [Fault(str(one["loc"][0]), "is not valid", one["msg"]) for one in error.errors()]
        raise NotAllowedError(faults) from None
    by = Actor(id="setup-link", name="One-time administrator link")
    account = people.add(connection, new, by=by, now=now, password_hash=password_hash)
    if connection.execute(sa.select(sa.func.count()).select_from(ACCOUNTS)).scalar_one() > 1:
        raise NotSignedInError(_TAKEN)
    people.tell(connection, account, "setup_link_used", by=account.actor(), now=now)
    return account
