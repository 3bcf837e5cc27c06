"""The first page of each role, and the help page."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from discharge.api.auth.principal import Principal, SignedIn
from discharge.api.pages.frame import shown
from discharge.api.pages.terms import terms
from discharge.casework.events.base import Role

router = APIRouter(include_in_schema=False)
_FIRST: tuple[tuple[Role, str], ...] = (
    ("case_manager", "/worklist"),
    ("physician_advisor", "/advisor"),
    ("supervisor", "/board"),
    ("payer", "/payer"),
    ("auditor", "/admin/audit"),
    ("administrator", "/admin/people"),
)


@dataclass(frozen=True)
class HelpPage:
    """Every special term with what it means."""

    terms: list[tuple[str, str]]


def first_page(who: Principal) -> str:
    """Return where the account's work begins; somebody without a role has their account alone."""
    return next((path for role, path in _FIRST if role in who.account.roles), "/account")


@router.get("/", name="page_home")
def home(who: SignedIn) -> Response:
    """Go to the first page of the account's role."""
    return RedirectResponse(first_page(who), 303)


@router.get("/help", name="page_help")
def help_page(request: Request, who: SignedIn) -> Response:
    """Show what the special terms mean, and the keys."""
    page = HelpPage(sorted(terms().items(), key=lambda one: one[0].lower()))
    return shown(request, who, "help.html", page, title="Help")
