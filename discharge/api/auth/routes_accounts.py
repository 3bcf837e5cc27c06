"""Accounts, for administrators. Nobody but the owner ever knows a password: it is set by a one-time link."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from discharge.api.auth.principal import Principal, auth_of, needs
from discharge.api.bodies import Body, IdPath
from discharge.api.problems import problems
from discharge.casework.accounts import links, people
from discharge.casework.accounts.limits import LIMITS
from discharge.casework.accounts.model import Account
from discharge.casework.accounts.people import AccountChange, NewAccount
from discharge.casework.events.base import Role

router = APIRouter(prefix="/accounts", tags=["accounts"])

Administrator = Annotated[Principal, Depends(needs("accounts:write"))]


class AccountIn(NewAccount, Body):
    """A new account."""


class AccountChangeIn(AccountChange, Body):
    """What is to be changed; what is left out stays."""


class AccountShown(BaseModel):
    """An account; nothing secret is in it."""

    account_id: str
    login: str
    name: str
    credentials: str | None
    roles: list[Role]
    payer_ids: list[str]
    units: list[str]
    specialties: list[str]
    capacity: int | None
    is_active: bool
    is_locked: bool = Field(description="for a while, after too many wrong passwords")
    has_password: bool
    has_sign_on: bool = Field(description="tied to a person of the hospital's sign-on provider")
    created_at: datetime


class AccountsShown(BaseModel):
    accounts: list[AccountShown]


class LinkShown(BaseModel):
    """A one-time link; it is shown this once."""

    link: str
    secret: str = Field(description="what POST /v1/setup takes as link")
    expires_at: datetime


@router.get("", name="accounts", responses=problems())
def accounts(request: Request, principal: Administrator) -> AccountsShown:
    """List all accounts by login, the disabled ones too."""
    auth = auth_of(request)
    with auth.store.read() as connection:
        found = people.listed(connection)
    return AccountsShown(accounts=[_shown(one, auth.now()) for one in found])


@router.post("", name="add_account", status_code=201, responses=problems(409))
def add_account(
    request: Request, response: Response, principal: Administrator, body: AccountIn
) -> AccountShown:
    """Add an account. It can sign in once its owner set a password by a link, or by hospital sign-on."""
    auth = auth_of(request)
    with auth.store.write() as connection:
        account = people.add(connection, body, by=principal.actor, now=auth.now())
    response.headers["Location"] = f"/v1/accounts/{account.id}"
    return _shown(account, auth.now())


@router.get("/{account_id}", name="account", responses=problems(404))
def account(request: Request, principal: Administrator, account_id: IdPath) -> AccountShown:
    """Show one account."""
    auth = auth_of(request)
    with auth.store.read() as connection:
        return _shown(people.get(connection, account_id), auth.now())


@router.patch("/{account_id}", name="change_account", responses=problems(404, 409))
def change_account(
    request: Request, principal: Administrator, account_id: IdPath, body: AccountChangeIn
) -> AccountShown:
    """Change the fields that are sent. A change of rights holds at once, for open sessions too."""
    auth = auth_of(request)
    with auth.store.write() as connection:
        changed = people.change(connection, account_id, body, by=principal.actor, now=auth.now())
    return _shown(changed, auth.now())


@router.delete("/{account_id}", name="disable_account", responses=problems(404, 409))
def disable_account(request: Request, principal: Administrator, account_id: IdPath) -> AccountShown:
    """Disable an account. It stays on record; its sessions end and its tokens stop at once."""
    auth = auth_of(request)
    with auth.store.write() as connection:
        disabled = people.disable(connection, account_id, by=principal.actor, now=auth.now())
    return _shown(disabled, auth.now())


@router.post("/{account_id}/link", name="account_link", status_code=201, responses=problems(404, 409))
def account_link(
    request: Request, response: Response, principal: Administrator, account_id: IdPath
) -> LinkShown:
    """Make a one-time link by which the owner of the account sets a password."""
    auth, now = auth_of(request), auth_of(request).now()
    with auth.store.write() as connection:
        of = people.get(connection, account_id)
        secret = links.make_for(connection, of, now=now)
        people.tell(connection, of, "link_issued", by=principal.actor, now=now)
    response.headers["Cache-Control"] = "no-store"
    link = links.link_to(auth.settings.public_url, secret)
    return LinkShown(link=link, secret=secret, expires_at=now + LIMITS.link_life)


def _shown(account: Account, now: datetime) -> AccountShown:
    return AccountShown(
        account_id=account.id,
        login=account.login,
        name=account.name,
        credentials=account.credentials,
        roles=list(account.roles),
        payer_ids=list(account.payer_ids),
        units=list(account.units),
        specialties=list(account.specialties),
        capacity=account.capacity,
        is_active=account.is_active,
        is_locked=account.locked_until is not None and now < account.locked_until,
        has_password=account.has_password,
        has_sign_on=account.oidc_subject is not None,
        created_at=account.created_at,
    )
