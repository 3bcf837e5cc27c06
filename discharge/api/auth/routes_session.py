"""Sign in, say who is signed in, sign out; the one-time link; hospital sign-on."""

from __future__ import annotations

import hmac
import math
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field, SecretStr

from discharge.api.auth.oidc import SignedOn
from discharge.api.auth.principal import SESSION_COOKIE, Auth, Principal, SignedIn, auth_of
from discharge.api.auth.settings import is_loopback
from discharge.api.bodies import Body
from discharge.api.problems import open_problems, problems
from discharge.casework.accounts import links, passwords, people, sessions, signin
from discharge.casework.accounts.limits import LIMITS
from discharge.casework.accounts.model import Account
from discharge.casework.accounts.rights import Permission
from discharge.casework.events.base import Role
from discharge.errors import Fault, NotAllowedError, NotFoundError, NotSignedInError

router = APIRouter(tags=["session"])

STATE_COOKIE = "discharge_oidc"
_OIDC_PATH = "/v1/oidc"
_MOST = 1000


class SignInRequest(Body):
    login: str = Field(min_length=1, max_length=200, examples=["ana.diaz@example.org"])
    password: SecretStr = Field(min_length=1, max_length=_MOST)


class SetupRequest(Body):
    """The secret of a one-time link and a password; the first administrator names login and name too."""

    link: SecretStr = Field(min_length=1, max_length=_MOST)
    password: SecretStr = Field(min_length=1, max_length=_MOST)
    login: str | None = Field(default=None, min_length=1, max_length=200)
    name: str | None = Field(default=None, min_length=1, max_length=200)


class PasswordRequest(Body):
    password: SecretStr = Field(min_length=1, max_length=_MOST)
    new_password: SecretStr = Field(min_length=1, max_length=_MOST)


class SessionShown(BaseModel):
    """Who is signed in and what may be done by this door."""

    account_id: str
    login: str
    name: str
    credentials: str | None
    roles: list[Role]
    payer_ids: list[str]
    permissions: list[Permission]
    token_id: str | None = Field(description="the API token that speaks; none in a browser")
    csrf_token: str | None = Field(
        description="goes into the header X-CSRF-Token of every writing request; none for a token"
    )


@router.post("/session", name="sign_in", responses=open_problems(401, 422, 429))
def sign_in(request: Request, response: Response, body: SignInRequest) -> SessionShown:
    """Sign in with login and password. The answer sets the cookie of the session."""
    auth = auth_of(request)
    hold_back(request, body.login)
    account = signin.verify_password(auth.store, body.login, body.password.get_secret_value(), now=auth.now())
    return start_session(request, response, account)


@router.get("/session", name="session", responses=problems())
def session(request: Request, principal: SignedIn) -> SessionShown:
    """Say who is signed in, what the account may do here, and the session's CSRF token."""
    secret = request.cookies.get(SESSION_COOKIE) if principal.token_id is None else None
    return _shown(principal, secret)


@router.delete("/session", name="sign_out", status_code=204, responses=problems(409))
def sign_out(request: Request, response: Response, principal: SignedIn) -> None:
    """End the session."""
    id_hash = _of_browser(principal)
    with auth_of(request).store.write() as connection:
        sessions.end(connection, id_hash)
    response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="lax", secure=is_secure(request))


@router.put("/session/password", name="change_password", status_code=204, responses=problems(409, 429))
def change_password(request: Request, principal: SignedIn, body: PasswordRequest) -> None:
    """Change one's own password. All other sessions of the account end."""
    id_hash, account, auth = _of_browser(principal), principal.account, auth_of(request)
    hold_back(request, account.login)
    signin.verify_password(auth.store, account.login, body.password.get_secret_value(), now=auth.now())
    kept = passwords.hashed(body.new_password.get_secret_value())
    with auth.store.write() as connection:
        people.set_password(connection, account.id, kept, by=principal.actor, now=auth.now(), keep=id_hash)


@router.post("/setup", name="set_up", responses=open_problems(401, 409, 422, 429))
def set_up(request: Request, response: Response, body: SetupRequest) -> SessionShown:
    """Spend a one-time link: make the first administrator, or set the password of one's account; then sign in."""
    auth = auth_of(request)
    hold_back(request, "")
    account = links.set_up(
        auth.store,
        body.link.get_secret_value(),
        body.password.get_secret_value(),
        login=body.login,
        name=body.name,
        now=auth.now(),
    )
    return start_session(request, response, account)


_GOES: dict[int | str, dict[str, Any]] = {303: {"description": "The browser is sent on"}}


@router.get(
    "/oidc/login",
    name="oidc_login",
    status_code=303,
    response_class=RedirectResponse,
    responses=_GOES | open_problems(401, 404, 422, 429),
)
def oidc_login(
    request: Request,
    after: Annotated[str, Query(alias="next", max_length=_MOST, description="page to come back to")] = "/",
) -> RedirectResponse:
    """Send the browser to the hospital's sign-on provider."""
    auth = auth_of(request)
    hold_back(request, "")
    if auth.oidc is None:
        raise NotFoundError("no sign-on provider is set up here; sign in with login and password")
    nonce, verifier, now = passwords.new_secret(), passwords.new_secret(), auth.now()
    data = {"nonce": nonce, "verifier": verifier, "next": _local(after)}
    with auth.store.write() as connection:
        state = links.make(connection, "oidc", data, life=LIMITS.sign_on_life, now=now)
    answer = RedirectResponse(auth.oidc.login_url(_callback(auth), state, nonce, verifier, now=now), 303)
    _set_cookie(request, answer, STATE_COOKIE, state, LIMITS.sign_on_life, path=_OIDC_PATH)
    return answer


@router.get(
    "/oidc/callback",
    name="oidc_callback",
    status_code=303,
    response_class=RedirectResponse,
    responses=_GOES | open_problems(401, 404, 422, 429),
)
def oidc_callback(
    request: Request,
    state: Annotated[str, Query(max_length=_MOST)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
) -> RedirectResponse:
    """Take the browser back from the provider and sign in the account that belongs to whoever signed on there."""
    auth = auth_of(request)
    hold_back(request, "")
    if auth.oidc is None:
        raise NotFoundError("no sign-on provider is set up here; sign in with login and password")
    now = auth.now()
    # The cookie binds the state to the browser that began, so nobody is signed in by a link of somebody else.
    if not code or not hmac.compare_digest(request.cookies.get(STATE_COOKIE, "").encode(), state.encode()):
        raise NotSignedInError("this sign-on was not begun in this browser, or was given up; start it again")
    with auth.store.write() as connection:
        data = links.use(connection, "oidc", state, now=now)
    if data is None:
        raise NotSignedInError("this sign-on was used before or took too long; start it again")
    person = auth.oidc.signed_on(_callback(auth), code, data["nonce"], data["verifier"], now=now)
    answer = RedirectResponse(_local(data["next"]), 303)
    start_session(request, answer, _account_of(auth, person, now))
    answer.delete_cookie(
        STATE_COOKIE, path=_OIDC_PATH, httponly=True, samesite="lax", secure=is_secure(request)
    )
    return answer


def hold_back(request: Request, login: str) -> None:
    """Count a try of ``login`` from the caller's address, and refuse one too many with 429."""
    auth, now = auth_of(request), auth_of(request).now()
    address = request.client.host if request.client else ""
    wait = auth.by_address.wait(address, now=now)
    if wait is None and login:
        wait = auth.by_login.wait(f"{people.normal_login(login)} {address}", now=now)
    if wait is not None:
        seconds = max(1, math.ceil(wait.total_seconds()))
        raise HTTPException(429, "Too many tries", headers={"Retry-After": str(seconds)})


def is_secure(request: Request) -> bool:
    """Tell whether cookies are for https alone: always, but for a server that people reach by http on this machine."""
    is_here = request.url.scheme == "http" and is_loopback(request.url.hostname)
    return not is_here or auth_of(request).settings.public_url.startswith("https:")


def _account_of(auth: Auth, person: SignedOn, now: datetime) -> Account:
    """Return the account tied to the person, or tie the one whose login is the verified e-mail. None is ever made."""
    with auth.store.write() as connection:
        account = people.find_sign_on(connection, person.subject)
        if account is None and person.email is not None:
            account = people.find_login(connection, person.email)
            if account is not None and account.is_active and account.oidc_subject is None:
                account = people.tie_sign_on(
                    connection, account.id, person.subject, by=account.actor(), now=now
                )
    if account is None or not account.is_active or account.oidc_subject != person.subject:
        raise NotSignedInError("you signed on, but no account here is yours; ask an administrator for one")
    return account


def start_session(request: Request, response: Response, account: Account) -> SessionShown:
    """Start a session of ``account`` in this browser, in place of the one it had."""
    auth = auth_of(request)
    old = request.cookies.get(SESSION_COOKIE)
    with auth.store.write() as connection:
        if old is not None:  # the browser forgets it, so it must not live on
            sessions.end(connection, passwords.digest(old))
        secret = sessions.start(connection, account.id, life=auth.settings.session_life, now=auth.now())
    _set_cookie(request, response, SESSION_COOKIE, secret, auth.settings.session_life)
    response.headers["Cache-Control"] = "no-store"
    return _shown(Principal(account, account.actor(), None, "", account.permissions), secret)


def _set_cookie(
    request: Request, response: Response, name: str, value: str, life: timedelta, *, path: str = "/"
) -> None:
    seconds = int(life.total_seconds())
    response.set_cookie(
        name, value, max_age=seconds, path=path, secure=is_secure(request), httponly=True, samesite="lax"
    )


def _shown(principal: Principal, secret: str | None) -> SessionShown:
    account = principal.account
    return SessionShown(
        account_id=account.id,
        login=account.login,
        name=account.name,
        credentials=account.credentials,
        roles=list(account.roles),
        payer_ids=list(account.payer_ids),
        permissions=sorted(principal.permissions),
        token_id=principal.token_id,
        csrf_token=None if secret is None else sessions.csrf_token(secret),
    )


def _of_browser(principal: Principal) -> str:
    if principal.session_hash is None:
        raise NotAllowedError(
            [Fault("Authorization", "a token can't do this", "sign in with login and password")]
        )
    return principal.session_hash


def _callback(auth: Auth) -> str:
    return f"{auth.settings.public_url.rstrip('/')}{_OIDC_PATH}/callback"


def _local(path: str) -> str:
    """Return ``path`` if it is a page of ours, else the first page: nobody is sent to a stranger's."""
    is_ours = (
        path.startswith("/") and path[1:2] not in ("/", "\\") and path.isprintable() and "\\" not in path
    )
    return path if is_ours else "/"
