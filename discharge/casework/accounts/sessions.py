"""Sign-ins in a browser. The cookie holds 256 random bits; kept is their hash. A session may be lost: sign in again."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discharge.casework.accounts import passwords
from discharge.casework.accounts.model import Account, Session, account_of
from discharge.casework.storage.engine import Store
from discharge.casework.storage.tables import ACCOUNTS, SESSIONS

_NOTED = timedelta(minutes=1)
"""How often it is written down that a session is in use: one write a minute at most, so idle time is right to that."""


def start(connection: Connection, account_id: str, *, life: timedelta, now: datetime) -> str:
    """Start a session of at most ``life`` and return its secret for the cookie. Ended ones are cleared away."""
    secret = passwords.new_secret()
    connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.expires_at <= now))
    connection.execute(
        sa.insert(SESSIONS).values(
            id_hash=passwords.digest(secret),
            account_id=account_id,
            created_at=now,
            seen_at=now,
            expires_at=now + life,
            csrf_hash=passwords.digest(csrf_token(secret)),
        )
    )
    return secret


def find(
    store: Store, secret: str, *, idle: timedelta, now: datetime, is_use: bool = True
) -> tuple[Session, Account] | None:
    """Return the session of a cookie and its account; None when ended, idle for too long, or the account disabled.

    Not ``is_use``: a page asks by itself, which does not keep the session.
    """
    one = SESSIONS.c.id_hash == passwords.digest(secret)
    question = sa.select(SESSIONS).where(one, SESSIONS.c.expires_at > now, SESSIONS.c.seen_at > now - idle)
    with store.read() as connection:
        row = connection.execute(question).mappings().first()
        if row is None:
            return None
        of = (
            connection.execute(sa.select(ACCOUNTS).where(ACCOUNTS.c.id == row["account_id"]))
            .mappings()
            .first()
        )
    if of is None or not of["is_active"]:
        return None
    if is_use and now - row["seen_at"] >= _NOTED:
        with store.write() as connection:
            connection.execute(sa.update(SESSIONS).where(one).values(seen_at=now))
    ends_at = min(row["expires_at"], now + idle)
    session = Session(row["id_hash"], row["account_id"], row["created_at"], ends_at, row["csrf_hash"])
    return session, account_of(of)


def end(connection: Connection, id_hash: str) -> None:
    """End a session."""
    connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.id_hash == id_hash))


def csrf_token(secret: str) -> str:
    """Return the token that a page of ours sends in a header and a page of others can't know."""
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()


def is_csrf(session: Session, given: str | None) -> bool:
    """Tell whether ``given`` is the session's CSRF token."""
    return given is not None and hmac.compare_digest(passwords.digest(given), session.csrf_hash)
