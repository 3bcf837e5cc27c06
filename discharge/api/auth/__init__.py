"""Signing in and rights at the HTTP door.

How the app uses it::

    app = FastAPI(dependencies=[Depends(auth.guarded)])      # every route is held to policy.POLICY by its name
    auth.install(app, store, auth.auth_settings(public_url), now=settings.clock)   # app.state.auth and our routes
    link = auth.first_link(store, public_url, now=...)       # printed by `discharge serve`; None once accounts exist

    @router.get("/cases/{case_id}", name="case")             # the name stands in POLICY
    def case(request: Request, principal: auth.SignedIn, case_id: str): ...
        auth.log_read(request, principal, case_id)           # before the answer leaves; a list: the case ids

``principal.actor`` goes into events, ``principal.payer_ids`` (None: no limit) restricts a payer's user,
``principal.require(permission)`` asks for one more right (``rights.permission_to_write(kind)`` for an event).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fastapi import FastAPI

from discharge.api.auth import routes_accounts, routes_session, routes_tokens
from discharge.api.auth.limits import RateLimit
from discharge.api.auth.oidc import Oidc
from discharge.api.auth.policy import POLICY
from discharge.api.auth.principal import (
    Auth,
    Principal,
    SignedIn,
    auth_of,
    guarded,
    log_read,
    needs,
    signed_in,
)
from discharge.api.auth.settings import AuthSettings, OidcSettings, auth_settings
from discharge.casework.accounts import links
from discharge.casework.storage.engine import Store


def install(app: FastAPI, store: Store, settings: AuthSettings, *, now: Callable[[], datetime]) -> None:
    """Give ``app`` its sign-in: ``app.state.auth`` and the routes for sessions, accounts, tokens and access log."""
    app.state.auth = Auth(
        store=store,
        settings=settings,
        now=now,
        by_login=RateLimit(settings.tries_per_minute),
        by_address=RateLimit(settings.tries_per_minute_of_address),
        oidc=None if settings.oidc is None else Oidc(settings.oidc),
    )
    for one in (routes_session, routes_accounts, routes_tokens):
        app.include_router(one.router, prefix="/v1")


def first_link(store: Store, public_url: str, *, now: datetime) -> str | None:
    """Return the address at which the first administrator is made, or None once there is any account.

    Links given earlier end. Our log holds no query; a proxy's may, but the link is good once and for a day.
    """
    secret = links.make_first(store, now=now)
    return None if secret is None else links.link_to(public_url, secret)


__all__ = [
    "POLICY",
    "Auth",
    "AuthSettings",
    "OidcSettings",
    "Principal",
    "SignedIn",
    "auth_of",
    "auth_settings",
    "first_link",
    "guarded",
    "install",
    "log_read",
    "needs",
    "signed_in",
]
