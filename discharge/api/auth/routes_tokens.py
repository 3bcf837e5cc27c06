"""API tokens, and the access log for auditors."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from discharge.api.auth.principal import Principal, SignedIn, auth_of, needs
from discharge.api.bodies import Body, IdPath, When
from discharge.api.problems import problems
from discharge.casework.accounts import access, people, tokens
from discharge.casework.accounts.access import Asked
from discharge.casework.accounts.model import Account, Token
from discharge.casework.accounts.rights import Permission
from discharge.casework.events.base import Id
from discharge.errors import Fault, ForbiddenError, NotAllowedError, NotFoundError

router = APIRouter()


class TokenRequest(Body):
    """A token for oneself, or by an administrator for an account of a machine."""

    name: str = Field(min_length=1, max_length=200, examples=["Admission feed"])
    scopes: list[Permission] = Field(min_length=1, max_length=20)
    account_id: Id | None = None
    expires_at: When | None = Field(default=None, description="a year from now if not given")


class TokenShown(BaseModel):
    """A token without its secret."""

    token_id: str
    account_id: str
    name: str
    scopes: list[Permission]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class TokenIssued(TokenShown):
    token: str = Field(description="goes into Authorization: Bearer; it is shown this once")


class TokensShown(BaseModel):
    tokens: list[TokenShown]


class ReadShown(BaseModel):
    """Somebody read a case, or a list of cases, or was refused."""

    id: int
    at: datetime
    account_id: str
    token_id: str | None
    action: str = Field(description="name of the route or command")
    case_id: str | None = Field(description="none for a list")
    cases: list[str] | None = Field(description="the cases that a list showed; only with `cases=true`")
    count: int = Field(description="patients shown")
    allowed: bool
    request_id: str | None


class AccessLogShown(BaseModel):
    reads: list[ReadShown]
    next_before: int | None = Field(description="`before` of the next page; none on the last")


@router.get("/tokens", name="tokens", tags=["tokens"], responses=problems(404))
def list_tokens(
    request: Request, principal: SignedIn, account_id: Annotated[Id | None, Query()] = None
) -> TokensShown:
    """List one's own tokens, or with `accounts:write` those of another account."""
    wanted = account_id or principal.account.id
    if wanted != principal.account.id:
        principal.require("accounts:write")
    with auth_of(request).store.read() as connection:
        people.get(connection, wanted)
        return TokensShown(tokens=[_shown(one) for one in tokens.listed(connection, wanted)])


@router.post("/tokens", name="issue_token", tags=["tokens"], status_code=201, responses=problems(404, 409))
def issue_token(request: Request, response: Response, principal: SignedIn, body: TokenRequest) -> TokenIssued:
    """Make a token. A person's tokens are made by that person, signed in; a machine's by an administrator."""
    auth, now = auth_of(request), auth_of(request).now()
    with auth.store.write() as connection:
        account = _for_whom(principal, body, people.get(connection, body.account_id or principal.account.id))
        token, shown_once = tokens.issue(
            connection,
            account,
            name=body.name,
            scopes=body.scopes,
            by=principal.actor,
            now=now,
            expires_at=body.expires_at,
        )
    response.headers["Cache-Control"] = "no-store"
    return TokenIssued(**_shown(token).model_dump(), token=shown_once)


@router.delete("/tokens/{token_id}", name="revoke_token", tags=["tokens"], responses=problems(404))
def revoke_token(request: Request, principal: SignedIn, token_id: IdPath) -> TokenShown:
    """Take back a token of one's own, or with `accounts:write` any. Doing it again changes nothing."""
    auth = auth_of(request)
    with auth.store.write() as connection:
        token = tokens.get(connection, token_id)
        if token.account_id != principal.account.id and not principal.may("accounts:write"):
            raise NotFoundError("no such token")
        if principal.token_id not in (None, token.id):
            principal.require("accounts:write")  # a token that got into wrong hands must not end the others
        return _shown(tokens.revoke(connection, token_id, by=principal.actor, now=auth.now()))


@router.get("/access-log", name="access_log", tags=["audit"], responses=problems())
def access_log(
    request: Request,
    principal: Annotated[Principal, Depends(needs("audit:read"))],
    account_id: Annotated[Id | None, Query()] = None,
    case_id: Annotated[Id | None, Query(description="finds lists that showed it too")] = None,
    allowed: Annotated[bool | None, Query(description="false: refused attempts")] = None,
    since: Annotated[When | None, Query()] = None,
    until: Annotated[When | None, Query()] = None,
    cases: Annotated[bool, Query(description="name the cases of lists")] = False,
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AccessLogShown:
    """Show who read which case, newest first."""
    asked = Asked(account_id, case_id, allowed, since, until)
    with auth_of(request).store.read() as connection:
        rows = access.find(connection, asked, before=before, most=limit)
        shown = [
            ReadShown(
                id=row.id,
                at=row.at,
                account_id=row.account_id,
                token_id=row.token_id,
                action=row.action,
                case_id=row.case_id,
                cases=access.cases_of(connection, row) if cases else None,
                count=row.count,
                allowed=row.allowed,
                request_id=row.request_id,
            )
            for row in rows
        ]
    return AccessLogShown(reads=shown, next_before=rows[-1].id if len(rows) == limit else None)


def _for_whom(principal: Principal, body: TokenRequest, account: Account) -> Account:
    """A token speaks in its account's name, so nobody makes one for another person, and no token makes a wider one."""
    if account.id == principal.account.id:
        if principal.token_id is not None:
            raise ForbiddenError("a token can't make tokens for its own account; sign in first")
        return account
    principal.require("accounts:write")
    if account.has_password or account.oidc_subject is not None:
        fault = Fault(
            "account_id", "the account is a person's, who alone makes its tokens", "a machine's account"
        )
        raise NotAllowedError([fault])
    return account


def _shown(token: Token) -> TokenShown:
    return TokenShown(
        token_id=token.id,
        account_id=token.account_id,
        name=token.name,
        scopes=sorted(token.scopes),
        created_at=token.created_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
    )
