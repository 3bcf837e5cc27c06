"""The page behind a one-time link: it makes the first administrator, or sets the password of an account.

It does what `POST /v1/setup` does, for people with a browser. The form holds the link's secret, so the
address shows it no more once it was sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse

from discharge.api.auth.principal import auth_of
from discharge.api.auth.routes_session import hold_back
from discharge.api.pages.frame import shown
from discharge.api.pages.sent import sent_form
from discharge.casework.accounts import links
from discharge.casework.accounts.limits import LIMITS
from discharge.casework.accounts.links import Offer
from discharge.errors import Fault, NotAllowedError, NotSignedInError

router = APIRouter(include_in_schema=False)
PATH = "/setup"
LARGEST_BODY = 10_000


@dataclass(frozen=True)
class Field:
    """An entry of the form, with what is wrong about it."""

    name: str
    label: str
    type: str
    autocomplete: str
    hint: str = ""
    value: str = ""
    fault: str = ""

    @property
    def described_by(self) -> str:
        """Return the ids of what is said about the entry."""
        said = {"hint": self.hint, "fault": self.fault}
        return " ".join(f"{self.name}-{one}" for one, text in said.items() if text)


_LOGIN = Field(
    "login", "Login", "text", "username", "An e-mail address or a short name. You sign in with it."
)
_NAME = Field("name", "Your name", "text", "name", "As it is to stand in the record of who did what.")
_PASSWORD = Field(
    "password",
    "Password",
    "password",
    "new-password",
    f"At least {LIMITS.password_least} characters; a few words are easy to keep in mind.",
)
_AGAIN = Field("again", "The same password again", "password", "new-password")


@dataclass(frozen=True)
class SetupPage:
    """What the template prints. ``login`` is the account's; None while it is to be chosen."""

    standing: Literal["form", "first", "password", "dead", "wait"]
    title: str
    code: str = field(default="", repr=False)
    login: str | None = None
    fields: tuple[Field, ...] = ()
    public_url: str = ""
    hours: int = int(LIMITS.link_life.total_seconds() // 3600)
    seconds: str = ""

    @property
    def faults(self) -> list[Field]:
        """Return the entries that are not right yet."""
        return [one for one in self.fields if one.fault]


@router.get(PATH, name="setup_page")
def setup_page(request: Request, code: Annotated[str, Query(max_length=1000)] = "") -> HTMLResponse:
    """Show the form that belongs to a one-time link. To look at it does not spend it."""
    try:
        hold_back(request, "")
        offer = links.look(auth_of(request).store, code, now=auth_of(request).now())
    except HTTPException as error:
        return _wait(request, error)
    except NotSignedInError:
        return _dead(request)
    return _shown(request, _form(offer, code, {}, {}), 200)


@router.post(PATH, name="set_up_by_page")
def set_up_by_page(request: Request) -> HTMLResponse:
    """Spend the link with what was entered, or show the form again with what is wrong."""
    sent = {name: values[-1] for name, values in sent_form(request).items()}
    auth, code, password = auth_of(request), sent.get("code", ""), sent.get("password", "")
    try:
        hold_back(request, "")
        offer = links.look(auth.store, code, now=auth.now())
        faults = _faults(offer, sent)
        if faults:
            return _shown(request, _form(offer, code, sent, faults), 422)
        login, name = (sent["login"], sent["name"]) if offer.login is None else (None, None)
        account = links.set_up(auth.store, code, password, login=login, name=name, now=auth.now())
    except HTTPException as error:
        return _wait(request, error)
    except NotSignedInError:
        return _dead(request)
    except NotAllowedError as error:
        return _shown(request, _form(offer, code, sent, _by_field(error.faults)), 422)
    standing: Literal["first", "password"] = "first" if offer.login is None else "password"
    title = "The administrator is made" if standing == "first" else "Your password is set"
    url = auth.settings.public_url.rstrip("/")
    return _shown(request, SetupPage(standing, title, login=account.login, public_url=url), 200)


def _faults(offer: Offer, sent: dict[str, str]) -> dict[str, str]:
    """Return what the page itself can tell is wrong, by entry; the rest is the service's to say."""
    found = {}
    if offer.login is None:
        found = {one: "This is missing." for one in ("login", "name") if not sent.get(one, "").strip()}
        found |= {
            one: "This holds a sign that no text has."
            for one in ("login", "name")
            if "\0" in sent.get(one, "")
        }
    if not LIMITS.password_least <= len(sent.get("password", "")) <= LIMITS.password_most:
        found["password"] = f"Use {LIMITS.password_least} to {LIMITS.password_most} characters."
    elif sent["password"] != sent.get("again", ""):
        found["again"] = "This is not the same as the first."
    return found


def _by_field(faults: tuple[Fault, ...]) -> dict[str, str]:
    return {one.where: f"{one.what}; {one.expected}" if one.expected else one.what for one in faults}


def _form(offer: Offer, code: str, sent: dict[str, str], faults: dict[str, str]) -> SetupPage:
    """Return the form, with what was entered but for passwords."""
    asked = (_LOGIN, _NAME, _PASSWORD, _AGAIN) if offer.login is None else (_PASSWORD, _AGAIN)
    fields = tuple(
        replace(
            one,
            value="" if one.type == "password" else sent.get(one.name, ""),
            fault=faults.get(one.name, ""),
        )
        for one in asked
    )
    title = "Make the first administrator" if offer.login is None else "Set your password"
    return SetupPage("form", title, code, offer.login, fields)


def _dead(request: Request) -> HTMLResponse:
    return _shown(request, SetupPage("dead", "This link does not work"), 404)


def _wait(request: Request, error: HTTPException) -> HTMLResponse:
    seconds = (error.headers or {}).get("Retry-After", "60")
    answer = _shown(request, SetupPage("wait", "Please wait a little", seconds=seconds), error.status_code)
    answer.headers["Retry-After"] = seconds
    return answer


def _shown(request: Request, page: SetupPage, status: int) -> HTMLResponse:
    return shown(request, None, "setup.html", page, title=page.title, status=status)
