"""What every page shares: who is signed in, where one can go, the time and its zone, the content policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from discharge.api.auth.principal import SESSION_COOKIE, Principal
from discharge.api.pages.static import asset
from discharge.api.pages.terms import terms
from discharge.api.pages.words import filters
from discharge.api.state import desk_of
from discharge.casework.accounts import sessions
from discharge.casework.accounts.rights import Permission
from discharge.resources import data_folder

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""No inline script and no inline style, nothing from elsewhere."""


@dataclass(frozen=True)
class Place:
    """Somewhere one can go from every page."""

    title: str
    path: str
    asks: Permission
    is_here: bool = False


PLACES = (
    Place("Worklist", "/worklist", "cases:read"),
    Place("Advisor queue", "/advisor", "cases:read"),
    Place("Board", "/board", "reports:read"),
    Place("Assign", "/assign", "assign:write"),
    Place("Released to us", "/payer", "released:read"),
    Place("People", "/admin/people", "accounts:write"),
    Place("Feeds", "/admin/feeds", "feeds:write"),
    Place("Rules and payers", "/rules", "rules:read"),
    Place("Audit", "/admin/audit", "audit:read"),
)


@dataclass(frozen=True)
class Frame:
    """What the layout prints round a page. ``csrf`` goes into every form and, by script, into every request."""

    title: str
    who: Principal | None
    places: tuple[Place, ...]
    csrf: str
    zone: str
    now: datetime
    said: str | None
    notice: str | None
    styles: tuple[str, ...]
    scripts: tuple[str, ...]

    def may(self, permission: Permission) -> bool:
        """Tell whether whoever looks may."""
        return self.who is not None and self.who.may(permission)


@cache
def environment(zone: str) -> Environment:
    """Return the templates of pages: autoescaped, and an unknown name is an error, never an empty place."""
    made = Environment(
        loader=FileSystemLoader(data_folder("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(filters(zone))
    made.globals.update(asset=asset, terms=terms())
    return made


def frame_of(
    request: Request,
    who: Principal | None,
    title: str,
    *,
    said: str | None = None,
    styles: tuple[str, ...] = (),
    scripts: tuple[str, ...] = (),
) -> Frame:
    """Return what stands round a page that ``who`` sees; None: nobody is signed in."""
    from discharge.api.pages.forms import done_words

    desk = desk_of(request)
    path = request.url.path
    secret = request.cookies.get(SESSION_COOKIE) if who is not None and who.token_id is None else None
    return Frame(
        title=title,
        who=who,
        places=tuple(
            Place(one.title, one.path, one.asks, path == one.path or path.startswith(one.path + "/"))
            for one in PLACES
            if who is not None and who.may(one.asks)
        ),
        csrf=sessions.csrf_token(secret) if secret else "",
        zone=desk.settings.zone,
        now=desk.now(),
        said=said or done_words(request.query_params.get("done")),
        notice=desk.settings.notice,
        styles=styles,
        scripts=scripts,
    )


def shown(
    request: Request,
    who: Principal | None,
    template: str,
    page: Any,
    *,
    title: str,
    status: int = 200,
    said: str | None = None,
    styles: tuple[str, ...] = (),
    scripts: tuple[str, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Return ``templates/pages/TEMPLATE`` filled from ``page`` (a dataclass of its own), with the frame round it.

    A template that extends ``pages/_layout.html`` is a whole page; one that does not is a part that htmx puts in.
    ``styles`` and ``scripts`` are names of files in ``templates/static`` beyond the common ones.
    """
    frame = frame_of(request, who, title, said=said, styles=styles, scripts=scripts)
    html = environment(frame.zone).get_template(f"pages/{template}").render(frame=frame, page=page)
    return HTMLResponse(html, status, {"Content-Security-Policy": POLICY, **(headers or {})})


def is_htmx(request: Request) -> bool:
    """Tell whether htmx asks, which puts the answer into the page that is open."""
    return request.headers.get("HX-Request") == "true"
