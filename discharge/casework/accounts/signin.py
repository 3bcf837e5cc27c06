"""A login and a password become an account, or not. Too many failures lock the account for a while."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from discharge.casework.accounts import passwords
from discharge.casework.accounts.limits import LIMITS
from discharge.casework.accounts.model import Account, account_of
from discharge.casework.accounts.people import normal_login
from discharge.casework.storage.engine import Store
from discharge.casework.storage.tables import ACCOUNTS
from discharge.errors import NotSignedInError

_REFUSED = (
    "login or password is wrong, or the account is disabled or locked for a while; an administrator can give"
    " a link for a new password"
)


def verify_password(store: Store, login: str, password: str, *, now: datetime) -> Account:
    """Return the account whose login and password these are.

    Every refusal reads the same and takes one hash, so that nobody learns which logins exist or are locked. A wrong
    password counts towards the lock, a right one clears the count; while locked, nothing is counted.

    Raises:
        NotSignedInError: unknown, wrong, disabled or locked.
    """
    question = sa.select(ACCOUNTS).where(ACCOUNTS.c.login == normal_login(login))
    with store.read() as connection:
        row = connection.execute(question).mappings().first()
    kept: str | None = None if row is None else row["password_hash"]
    is_right = passwords.is_right(password, kept)
    if row is None or not row["is_active"] or _is_locked(row["locked_until"], now):
        raise NotSignedInError(_REFUSED)
    if kept is None or not is_right:
        _count(store, row["id"], now)
        raise NotSignedInError(_REFUSED)
    if row["failed_sign_ins"] or row["locked_until"] is not None or passwords.is_outdated(kept):
        _clear(store, row["id"], password, kept)
    return account_of(row)


def _is_locked(until: datetime | None, now: datetime) -> bool:
    return until is not None and now < until


def _count(store: Store, account_id: str, now: datetime) -> None:
    """Count a failure; tries that come side by side are counted one by one."""
    one = ACCOUNTS.c.id == account_id
    with store.write() as connection:
        question = sa.select(ACCOUNTS.c.failed_sign_ins).where(one).with_for_update()
        failures = int(connection.execute(question).scalar_one()) + 1
        values: dict[str, object] = {"failed_sign_ins": failures}
        if failures >= LIMITS.failures:
            values = {"failed_sign_ins": 0, "locked_until": now + LIMITS.lock}
        connection.execute(sa.update(ACCOUNTS).where(one).values(values))


def _clear(store: Store, account_id: str, password: str, kept: str) -> None:
    values: dict[str, object] = {"failed_sign_ins": 0, "locked_until": None}
    if passwords.is_outdated(kept):
        values["password_hash"] = passwords.HASHER.hash(passwords.normal(password))
    # Not if the password was changed meanwhile.
    one = (ACCOUNTS.c.id == account_id) & (ACCOUNTS.c.password_hash == kept)
    with store.write() as connection:
        connection.execute(sa.update(ACCOUNTS).where(one).values(values))
