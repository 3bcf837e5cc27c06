"""Accounts added, changed and disabled. None is removed: the ledger names them."""

from __future__ import annotations

import json
import unicodedata
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, TypeAlias, get_args

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.engine import Connection

from discharge.casework import ledger
from discharge.casework.accounts.model import Account, account_of
from discharge.casework.events import SYSTEM, Actor, Draft, Role
from discharge.casework.events.record import AccountChanged
from discharge.casework.storage.tables import ACCOUNTS, HEAD, LINKS, SESSIONS, TOKENS
from discharge.errors import Fault, NotAllowedError, NotFoundError

OPERATOR = Actor(id="operator", name="Operator at the machine")
"""Who acts through `discharge user`: whoever may run commands on the machine of the store."""


Word: TypeAlias = Annotated[str, Field(min_length=1, max_length=200)]


class NewAccount(BaseModel):
    """What an account is made of; a password or a sign-on comes to it later or beside it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    login: str = Field(min_length=1, max_length=200, description="an e-mail address or a short name")
    name: str = Field(min_length=1, max_length=200)
    roles: list[Role] = Field(default_factory=list, max_length=6)
    credentials: str | None = Field(default=None, min_length=1, max_length=200, description="RN, MD, ...")
    payer_ids: list[Word] = Field(
        default_factory=list,
        max_length=200,
        description="payer profiles of whose members a payer's user may know",
    )
    units: list[Word] = Field(default_factory=list, max_length=200, description="units served; none: all")
    specialties: list[Word] = Field(
        default_factory=list,
        max_length=200,
        description="payer profiles, payer classes and services; none: all",
    )
    capacity: int | None = Field(
        default=None, ge=0, le=1000, description="cases at once; none: the usual number"
    )


class AccountChange(BaseModel):
    """What is to be changed; what is left out stays."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(default="", min_length=1, max_length=200)
    roles: list[Role] = Field(default_factory=list, max_length=6)
    credentials: str | None = Field(default=None, min_length=1, max_length=200)
    payer_ids: list[Word] = Field(default_factory=list, max_length=200)
    units: list[Word] = Field(default_factory=list, max_length=200)
    specialties: list[Word] = Field(default_factory=list, max_length=200)
    capacity: int | None = Field(default=None, ge=0, le=1000)
    is_active: bool = True


def normal_login(written: str) -> str:
    """Return a login as it is kept and compared.

    >>> normal_login(" Ana.Diaz@Example.ORG ")
    'ana.diaz@example.org'
    """
    return unicodedata.normalize("NFKC", written).strip().casefold()


def add(
    connection: Connection, new: NewAccount, *, by: Actor, now: datetime, password_hash: str | None = None
) -> Account:
    """Add an account and return it.

    Raises:
        NotAllowedError: the login is taken, or the roles do not go together.
    """
    values: dict[str, Any] = new.model_dump()
    values |= {"id": uuid.uuid4().hex, "login": _login(new.login), "password_hash": password_hash}
    values |= {"is_active": True, "created_at": now, "failed_sign_ins": 0}
    _check(values["roles"], values["payer_ids"])
    # The event first: it takes the ledger's turn, so two first administrators can't be made at once.
    _tell(connection, "user_added", values["id"], by, now, values["roles"], values["payer_ids"],
          credentials=values["credentials"])  # fmt: skip
    if find_login(connection, values["login"]) is not None:
        raise NotAllowedError([Fault("login", "another account has this login", "a login of its own")])
    connection.execute(sa.insert(ACCOUNTS).values(_kept(values)))
    return get(connection, values["id"])


def change(
    connection: Connection, account_id: str, asked: AccountChange, *, by: Actor, now: datetime
) -> Account:
    """Change the named fields of an account (``asked.model_fields_set``) and return it as it is now.

    Raises:
        NotFoundError: no such account.
        NotAllowedError: roles that do not go together, or the last administrator would be gone.
    """
    before = _locked(connection, account_id)
    values = {name: getattr(asked, name) for name in asked.model_fields_set}
    if not values:
        return before
    roles = values.get("roles", list(before.roles))
    payer_ids = values.get("payer_ids", list(before.payer_ids))
    _check(roles, payer_ids)
    is_active = values.get("is_active", before.is_active)
    if not (is_active and "administrator" in roles):
        _keep_one_administrator(connection, before)
    what = "user_disabled" if before.is_active and not is_active else "user_changed"
    if what == "user_disabled":
        connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.account_id == account_id))
    if is_active and not before.is_active:  # whoever comes back starts afresh
        values |= {"failed_sign_ins": 0, "locked_until": None}
    connection.execute(sa.update(ACCOUNTS).where(ACCOUNTS.c.id == account_id).values(_kept(values)))
    after = get(connection, account_id)
    tell(connection, after, what, by=by, now=now)
    return after


def disable(connection: Connection, account_id: str, *, by: Actor, now: datetime) -> Account:
    """Disable an account: its sessions end and its tokens stop at once. Nothing of it is removed."""
    return change(connection, account_id, AccountChange(is_active=False), by=by, now=now)


def set_password(
    connection: Connection,
    account_id: str,
    password_hash: str,
    *,
    by: Actor,
    now: datetime,
    keep: str | None = None,
) -> Account:
    """Give an account a new password and end its sessions, but the one whose hash is ``keep``.

    With its first password a machine's account becomes a person's, and the tokens that others made for it end.
    """
    account = _locked(connection, account_id)
    _end_machine(connection, account, by=by, now=now)
    values = {"password_hash": password_hash, "failed_sign_ins": 0, "locked_until": None}
    connection.execute(sa.update(ACCOUNTS).where(ACCOUNTS.c.id == account_id).values(values))
    others = (SESSIONS.c.account_id == account_id) & (SESSIONS.c.id_hash != (keep or ""))
    connection.execute(sa.delete(SESSIONS).where(others))
    end_links(connection, account_id)
    tell(connection, account, "password_changed", by=by, now=now)
    return get(connection, account_id)


def tie_sign_on(
    connection: Connection, account_id: str, subject: str, *, by: Actor, now: datetime
) -> Account:
    """Tie an account to a person of the sign-on provider: ``subject`` is issuer and subject."""
    account = _locked(connection, account_id)
    _end_machine(connection, account, by=by, now=now)
    connection.execute(sa.update(ACCOUNTS).where(ACCOUNTS.c.id == account_id).values(oidc_subject=subject))
    tell(connection, account, "user_changed", by=by, now=now)
    return get(connection, account_id)


def end_links(connection: Connection, account_id: str) -> None:
    """Forget the links to a password of this account: the last alone holds, and none after a new password."""
    data = json.dumps({"account_id": account_id})
    connection.execute(sa.delete(LINKS).where((LINKS.c.purpose == "password") & (LINKS.c.data == data)))


def _end_machine(connection: Connection, account: Account, *, by: Actor, now: datetime) -> None:
    """Take back the tokens of an account that was nobody's so far: nobody else may go on speaking for its owner."""
    if account.has_password or account.oidc_subject is not None:
        return
    holds = (TOKENS.c.account_id == account.id) & TOKENS.c.revoked_at.is_(None)
    if connection.execute(sa.update(TOKENS).where(holds).values(revoked_at=now)).rowcount:
        tell(connection, account, "token_revoked", by=by, now=now)


def get(connection: Connection, account_id: str) -> Account:
    """Return an account.

    Raises:
        NotFoundError: no such account.
    """
    row = connection.execute(sa.select(ACCOUNTS).where(ACCOUNTS.c.id == account_id)).mappings().first()
    if row is None:
        raise NotFoundError("no such account; GET /v1/accounts or `discharge user list` shows them")
    return account_of(row)


def find_login(connection: Connection, login: str) -> Account | None:
    """Return the account with a login, or None."""
    row = (
        connection.execute(sa.select(ACCOUNTS).where(ACCOUNTS.c.login == normal_login(login)))
        .mappings()
        .first()
    )
    return None if row is None else account_of(row)


def find_sign_on(connection: Connection, subject: str) -> Account | None:
    """Return the account tied to an issuer and subject, or None."""
    row = connection.execute(sa.select(ACCOUNTS).where(ACCOUNTS.c.oidc_subject == subject)).mappings().first()
    return None if row is None else account_of(row)


def listed(connection: Connection) -> list[Account]:
    """Return all accounts by login, the disabled ones too."""
    rows = connection.execute(sa.select(ACCOUNTS).order_by(ACCOUNTS.c.login)).mappings()
    return [account_of(row) for row in rows]


def is_empty(connection: Connection) -> bool:
    """Tell whether there is no account at all."""
    return connection.execute(sa.select(ACCOUNTS.c.id).limit(1)).first() is None


def tell(
    connection: Connection, account: Account, what: Any, *, by: Actor, now: datetime, **more: Any
) -> None:
    """Write an event about ``account`` into the system stream, in the caller's transaction."""
    more.setdefault("credentials", account.credentials)
    _tell(connection, what, account.id, by, now, account.roles, account.payer_ids, **more)


def _tell(
    connection: Connection, what: Any, subject: str, by: Actor, now: datetime,
    roles: Iterable[Role], payer_ids: Iterable[str], **more: Any,
) -> None:  # fmt: skip
    payload = AccountChanged(
        what=what, subject=subject, roles=tuple(roles), payer_ids=tuple(payer_ids), **more
    )
    ledger.append(connection, SYSTEM, [Draft(payload=payload, actor=by, occurred_at=now)], now=now)


def _locked(connection: Connection, account_id: str) -> Account:
    """Read an account for changing it. Whoever does takes the ledger's turn first, so it is one at a time."""
    connection.execute(sa.select(HEAD.c.seq).where(HEAD.c.id == 1).with_for_update())
    return get(connection, account_id)


def _login(written: str) -> str:
    login = normal_login(written)
    if not login or not login.isprintable() or any(one.isspace() for one in login):
        raise NotAllowedError(
            [Fault("login", "spaces or signs that can't be seen", "an e-mail address or a name")]
        )
    return login


def _check(roles: Iterable[str], payer_ids: Iterable[str]) -> None:
    """A payer's user is a stranger to the hospital: no role of the hospital beside it, and some payer named."""
    given = set(roles)
    faults = []
    if given - set(get_args(Role)):
        faults.append(Fault("roles", "no such role", ", ".join(get_args(Role))))
    if "payer" in given and len(given) > 1:
        faults.append(Fault("roles", "payer stands beside another role", "payer alone"))
    if "payer" in given and not list(payer_ids):
        faults.append(Fault("payer_ids", "a payer's user without a payer profile", "at least one"))
    if "payer" not in given and list(payer_ids):
        faults.append(Fault("payer_ids", "payer profiles for somebody who is not a payer's user", "none"))
    if faults:
        raise NotAllowedError(faults)


def _keep_one_administrator(connection: Connection, before: Account) -> None:
    if "administrator" not in before.roles or not before.is_active:
        return
    others = (one for one in listed(connection) if one.is_active and one.id != before.id)
    if not any("administrator" in one.roles for one in others):
        raise NotAllowedError([Fault("roles", "this is the last administrator", "make another one first")])


def _kept(values: dict[str, Any]) -> dict[str, Any]:
    lists = {"roles", "payer_ids", "units", "specialties"}
    return {
        name: json.dumps(sorted(set(value))) if name in lists else value for name, value in values.items()
    }


__all__ = [
    "OPERATOR", "AccountChange", "NewAccount", "add", "change", "disable", "end_links", "find_login", "find_sign_on",
    "get", "is_empty", "listed", "normal_login", "set_password", "tell", "tie_sign_on",
]  # fmt: skip
