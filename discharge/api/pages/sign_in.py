"""Sign in and out in a browser, and the page of one's own account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse

from discharge.api.auth.principal import SESSION_COOKIE, SignedIn, auth_of
from discharge.api.auth.routes_session import hold_back, is_secure, start_session
from discharge.api.pages.frame import shown
from discharge.api.pages.sent import last, local, sent_form
from discharge.casework.accounts import passwords, people, sessions, signin
from discharge.casework.accounts.limits import LIMITS
from discharge.errors import Fault, NotAllowedError, NotSignedInError

router = APIRouter(include_in_schema=False)
_MOST = 1000


@dataclass(frozen=True)
class SignInPage:
    """What the sign-in shows; ``fault`` never tells which of the two was wrong."""

    next: str
    login: str
    fault: str
    sign_on: str | None


@dataclass(frozen=True)
class AccountPage:
    """One's own account. ``faults`` are of the form that changes the password, by entry."""

    faults: dict[str, str]
    least: int
    has_password: bool


def _form(request: Request, after: str, *, login: str = "", fault: str = "", status: int = 200) -> Response:
    oidc = auth_of(request).settings.oidc
    page = SignInPage(after, login, fault, None if oidc is None else oidc.title)
    return shown(request, None, "sign_in.html", page, title="Sign in", status=status)


@router.get("/sign-in", name="page_sign_in")
def sign_in(request: Request, after: Annotated[str, Query(alias="next")] = "/") -> Response:
    """Show the form."""
    return _form(request, local(after, "/") if len(after) <= _MOST else "/")


@router.post("/sign-in", name="page_signed_in")
def signed_in(request: Request) -> Response:
    """Sign in and go to the page that was asked for; or say that it did not work."""
    sent, auth = sent_form(request), auth_of(request)
    after, login, password = (
        local(last(sent, "next"), "/"),
        last(sent, "login"),
        sent.get("password", [""])[-1],
    )
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        # A form of another site would sign people in as somebody else, who then reads what they enter.
        return _form(request, after, fault="Sign in on this page itself.", status=403)
    if not login or not password or len(login) > _MOST or len(password) > _MOST:
        return _form(request, after, login=login[:_MOST], fault="Enter login and password.", status=422)
    try:
        hold_back(request, login)
        account = signin.verify_password(auth.store, login, password, now=auth.now())
    except HTTPException as error:
        seconds = (error.headers or {}).get("Retry-After", "60")
        answer = _form(
            request, after, login=login, fault=f"Too many tries. Wait {seconds} seconds.", status=429
        )
        answer.headers["Retry-After"] = seconds
        return answer
    except NotSignedInError as error:
        return _form(request, after, login=login, fault=f"{error}.".capitalize(), status=401)
    answer = RedirectResponse(after, 303)
    start_session(request, answer, account)
    return answer


@router.post("/sign-out", name="page_sign_out")
def sign_out(request: Request, who: SignedIn) -> Response:
    """End the session and show the sign-in."""
    if who.session_hash is not None:
        with auth_of(request).store.write() as connection:
            sessions.end(connection, who.session_hash)
    answer = RedirectResponse("/sign-in", 303)
    answer.headers["Clear-Site-Data"] = (
        '"cache"'  # pictures of a plan may lie in the browser of a shared workstation
    )
    answer.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="lax", secure=is_secure(request))
    return answer


@router.get("/account", name="page_account")
def account(request: Request, who: SignedIn) -> Response:
    """Show one's own account."""
    return _account(request, who, {})


@router.post("/account/password", name="page_change_password")
def change_password(request: Request, who: SignedIn) -> Response:
    """Change one's own password; all other sessions of the account end."""
    sent, auth = sent_form(request), auth_of(request)
    old, new, again = (sent.get(name, [""])[-1][: _MOST + 1] for name in ("old", "new", "again"))
    if new != again:
        return _account(request, who, {"again": "This is not the same as the new password."}, status=422)
    try:
        hold_back(request, who.account.login)
        signin.verify_password(auth.store, who.account.login, old, now=auth.now())
        kept = passwords.hashed(new)
    except HTTPException as error:
        return _account(request, who, {"old": "Too many tries; wait a minute."}, status=error.status_code)
    except NotSignedInError:
        return _account(request, who, {"old": "This is not your present password."}, status=422)
    except NotAllowedError as error:
        return _account(request, who, {"new": _told(error.faults[0])}, status=422)
    with auth.store.write() as connection:
        people.set_password(
            connection, who.account.id, kept, by=who.actor, now=auth.now(), keep=who.session_hash
        )
    return _account(request, who, {}, said="Your password is changed. Other browsers are signed out.")


def _account(
    request: Request, who: SignedIn, faults: dict[str, str], *, said: str | None = None, status: int = 200
) -> Response:
    page = AccountPage(faults, LIMITS.password_least, who.session_hash is not None)
    return shown(request, who, "account.html", page, title="Your account", said=said, status=status)


def _told(fault: Fault) -> str:
    return f"{fault.what}: {fault.expected}".capitalize() + "."
