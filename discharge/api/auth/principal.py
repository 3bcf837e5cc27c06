"""Who speaks: the dependencies that every route stands behind.

A browser sends the cookie ``discharge_session``, and with every writing request the header ``X-CSRF-Token``; a machine
sends ``Authorization: Bearer dsc_...`` and needs no such header. Where both come, the token counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from discharge.api.auth.limits import RateLimit
from discharge.api.auth.policy import permission_of_route
from discharge.api.auth.policy_pages import NOT_USE
from discharge.api.auth.settings import AuthSettings
from discharge.casework.accounts import access, sessions, tokens
from discharge.casework.accounts.model import Account
from discharge.casework.accounts.rights import Permission
from discharge.casework.events.base import Actor
from discharge.casework.storage.engine import Store
from discharge.errors import ForbiddenError, NotSignedInError

if TYPE_CHECKING:
    from discharge.api.auth.oidc import Oidc

SESSION_COOKIE = "discharge_session"
CSRF_HEADER = "X-CSRF-Token"
FOUND = "discharge.principal"
FORM = "discharge.form"
CSRF_ENTRY = "csrf_token"
_OF_PATIENTS = frozenset({"cases:read", "released:read"})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})

_cookie = APIKeyCookie(name=SESSION_COOKIE, auto_error=False, scheme_name="session")
_bearer = HTTPBearer(auto_error=False, scheme_name="token")


@dataclass
class Auth:
    """What signing in needs, kept at ``app.state.auth``; ``now`` is the one clock."""

    store: Store
    settings: AuthSettings
    now: Callable[[], datetime]
    by_login: RateLimit
    by_address: RateLimit
    oidc: Oidc | None


@dataclass(frozen=True)
class Principal:
    """The account that speaks, as it stands at this moment, and what it may do by this door."""

    account: Account
    actor: Actor
    token_id: str | None
    session_hash: str | None
    permissions: frozenset[Permission]

    @property
    def payer_ids(self) -> tuple[str, ...] | None:
        """Return the payer profiles that the account is held to; None for people of the hospital."""
        return self.account.payer_ids if "payer" in self.account.roles else None

    def may(self, permission: Permission) -> bool:
        """Tell whether the account, by this door, may."""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raise ForbiddenError unless the account, by this door, may."""
        if permission in self.permissions:
            return
        if self.token_id is not None and permission in self.account.permissions:
            raise ForbiddenError(f"this token was not given the scope {permission}; ask for one that has it")
        raise ForbiddenError(f"your role does not include {permission}; an administrator can change roles")


def auth_of(request: Request) -> Auth:
    """Return the app's :class:`Auth`."""
    found: Auth = request.app.state.auth
    return found


def signed_in(
    request: Request,
    cookie: Annotated[str | None, Depends(_cookie)] = None,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None,
) -> Principal:
    """Return who speaks.

    Raises:
        NotSignedInError: nobody, or a session, token or account that no longer holds.
        ForbiddenError: a writing request with a cookie and without the session's CSRF token.
    """
    known: Principal | None = request.scope.get(FOUND)
    if known is not None:  # found before, by `guarded`
        return known
    auth = auth_of(request)
    if bearer is not None:
        found = _by_token(auth, bearer.credentials)
    elif cookie is not None:
        found = _by_session(auth, request, cookie)
    else:
        raise NotSignedInError("sign in first: POST /v1/session, or send a token as Authorization: Bearer")
    request.scope[FOUND] = found
    return found


def _by_token(auth: Auth, written: str) -> Principal:
    with auth.store.read() as connection:
        found = tokens.find(connection, written, now=auth.now())
    if found is None:
        raise NotSignedInError(
            "the token is not valid: mistyped, expired, revoked, or its account is disabled"
        )
    token, account = found
    return Principal(
        account, account.actor(is_machine=True), token.id, None, account.permissions & token.scopes
    )


def _by_session(auth: Auth, request: Request, secret: str) -> Principal:
    is_use = getattr(request.scope.get("route"), "name", "") not in NOT_USE
    idle = auth.settings.session_idle
    found = sessions.find(auth.store, secret, idle=idle, now=auth.now(), is_use=is_use)
    if found is None:
        raise NotSignedInError("the session has ended; sign in again")
    session, account = found
    if request.method not in _READING and not sessions.is_csrf(session, _csrf(request)):
        raise ForbiddenError(
            f"a writing request with a cookie needs the header {CSRF_HEADER}; GET /v1/session gives its value"
        )
    return Principal(account, account.actor(), None, session.id_hash, account.permissions)


def _csrf(request: Request) -> str | None:
    """Return the CSRF token that came: in the header, or as an entry of a form."""
    form: Mapping[str, list[str]] = request.scope.get(FORM, {})
    return request.headers.get(CSRF_HEADER) or next(iter(form.get(CSRF_ENTRY, ())), None)


SignedIn = Annotated[Principal, Depends(signed_in)]


def needs(permission: Permission) -> Callable[..., Principal]:
    """Return the dependency that asks for ``permission`` and gives the :class:`Principal`."""

    def allowed(request: Request, principal: SignedIn) -> Principal:
        _ask(request, principal, permission)
        return principal

    return allowed


def guarded(
    request: Request,
    cookie: Annotated[str | None, Depends(_cookie)] = None,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None,
) -> None:
    """Hold a request to the table of routes; given to ``FastAPI(dependencies=[Depends(guarded)])``.

    A route that the table does not name is closed to all.
    """
    asked = permission_of_route(getattr(request.scope.get("route"), "name", ""))
    if asked == "open":
        return
    principal = signed_in(request, cookie, bearer)
    if asked is None:
        raise ForbiddenError("this route is not in the table of permissions")
    if asked != "signed-in":
        _ask(request, principal, asked)


def _ask(request: Request, principal: Principal, permission: Permission) -> None:
    try:
        principal.require(permission)
    except ForbiddenError:
        case_id = request.path_params.get("case_id")
        if isinstance(case_id, str) and access.is_case_id(case_id):
            log_read(request, principal, case_id, allowed=False)
        elif permission in _OF_PATIENTS:
            log_read(request, principal, [], allowed=False)
        raise


def log_read(
    request: Request, principal: Principal, read: str | Sequence[str], *, allowed: bool = True
) -> None:
    """Write into the access log that ``principal`` read a case, or a list of cases (an empty one too).

    To be called before the answer leaves, so that nothing is shown that is not on record.
    """
    auth = auth_of(request)
    route = getattr(request.scope.get("route"), "name", request.url.path)
    with auth.store.write() as connection:
        access.write(
            connection,
            account_id=principal.account.id,
            token_id=principal.token_id,
            action=str(route),
            read=read,
            allowed=allowed,
            request_id=getattr(request.state, "request_id", None),
            now=auth.now(),
        )
