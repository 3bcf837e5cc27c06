"""API tokens: ``dsc_<id>_<secret>``, shown once, kept as SHA-256; they may what account AND scopes allow."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discharge.casework.accounts import passwords, people
from discharge.casework.accounts.limits import LIMITS
from discharge.casework.accounts.model import Account, Token, account_of, token_of
from discharge.casework.accounts.rights import EVERY_PERMISSION, Permission
from discharge.casework.events import Actor
from discharge.casework.storage.tables import ACCOUNTS, TOKENS
from discharge.errors import Fault, NotAllowedError, NotFoundError

PREFIX = "dsc"


def issue(
    connection: Connection, account: Account, *, name: str, scopes: Iterable[Permission], by: Actor, now: datetime,
    expires_at: datetime | None = None,
) -> tuple[Token, str]:  # fmt: skip
    """Give ``account`` a token; return it and the text that is shown once and never again.

    Without ``expires_at`` it ends after the house's usual time.

    Raises:
        NotAllowedError: a scope that the account has no right to, no scope at all, or an end that is past.
    """
    wanted = sorted(set(scopes))
    ends = expires_at or now + LIMITS.token_life
    _check(account, wanted, ends, now)
    token_id, secret = secrets.token_hex(8), passwords.new_secret()
    connection.execute(
        sa.insert(TOKENS).values(
            id=token_id,
            secret_hash=passwords.digest(secret),
            account_id=account.id,
            name=name,
            scopes=json.dumps(wanted),
            created_at=now,
            expires_at=ends,
        )
    )
    people.tell(connection, account, "token_issued", by=by, now=now, scopes=tuple(wanted), expires_at=ends)
    return get(connection, token_id), f"{PREFIX}_{token_id}_{secret}"


def find(connection: Connection, written: str, *, now: datetime) -> tuple[Token, Account] | None:
    """Return the token that was sent and its account; None unless both hold now."""
    prefix, _, rest = written.partition("_")
    token_id, _, secret = rest.partition("_")
    if prefix != PREFIX or not token_id or not secret:
        return None
    row = connection.execute(sa.select(TOKENS).where(TOKENS.c.id == token_id)).mappings().first()
    if row is None or not hmac.compare_digest(passwords.digest(secret), row["secret_hash"]):
        return None
    token = token_of(row)
    of = connection.execute(sa.select(ACCOUNTS).where(ACCOUNTS.c.id == token.account_id)).mappings().first()
    if of is None or not of["is_active"] or not token.is_valid(now):
        return None
    return token, account_of(of)


def revoke(connection: Connection, token_id: str, *, by: Actor, now: datetime) -> Token:
    """Take a token back; doing it again changes nothing."""
    token = get(connection, token_id)
    holds = (TOKENS.c.id == token_id) & TOKENS.c.revoked_at.is_(None)
    if connection.execute(sa.update(TOKENS).where(holds).values(revoked_at=now)).rowcount:
        account = people.get(connection, token.account_id)
        people.tell(connection, account, "token_revoked", by=by, now=now, scopes=tuple(sorted(token.scopes)))
    return get(connection, token_id)


def get(connection: Connection, token_id: str) -> Token:
    """Return a token.

    Raises:
        NotFoundError: no such token.
    """
    row = connection.execute(sa.select(TOKENS).where(TOKENS.c.id == token_id)).mappings().first()
    if row is None:
        raise NotFoundError("no such token")
    return token_of(row)


def listed(connection: Connection, account_id: str | None = None) -> list[Token]:
    """Return the tokens of an account, or of all, newest first; those that ended too."""
    question = sa.select(TOKENS).order_by(TOKENS.c.created_at.desc(), TOKENS.c.id)
    if account_id is not None:
        question = question.where(TOKENS.c.account_id == account_id)
    return [token_of(row) for row in connection.execute(question).mappings()]


def _check(account: Account, scopes: list[Permission], ends: datetime, now: datetime) -> None:
    faults = [] if scopes else [Fault("scopes", "a token without a scope can do nothing", "at least one")]
    for one in scopes:
        if one not in EVERY_PERMISSION:
            faults.append(Fault("scopes", "no such scope", ", ".join(EVERY_PERMISSION)))
        elif one not in account.permissions:
            faults.append(Fault("scopes", f"the account itself has no right to {one}"))
    if not now < ends <= now + timedelta(days=3660):
        faults.append(Fault("expires_at", "not a moment ahead, within ten years"))
    if faults:
        raise NotAllowedError(faults)
