"""Errors as pages: what happened, in plain words, and what to do. Programs under /v1 get problem+json instead."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from discharge.api.auth.principal import FOUND, Principal
from discharge.api.pages.frame import is_htmx, shown
from discharge.api.problems import ProblemFault, request_id_of

_SAYS = {
    "not-found": "There is no such page, or it is not yours to see. Check the address, or go to your first page.",
    "forbidden": "Your account may not do this.",
    "not-signed-in": "Your sign-in has ended. Sign in again; what you entered on the page is still there.",
    "store-failed": "The database does not answer. Nothing was half written. Try again in a minute.",
    "internal": "This is our fault. Nothing was half written. Try again, or tell your administrator the number below.",
    "too-many": "Too many tries. Wait a little, then try again.",
}


@dataclass(frozen=True)
class ProblemPage:
    """An error as it is told."""

    status: int
    name: str
    heading: str
    says: str
    faults: list[ProblemFault]
    request_id: str | None


def is_page(request: Request) -> bool:
    """Tell whether the request is one of a person with a browser."""
    path = request.url.path
    is_api = path == "/v1" or path.startswith("/v1/")
    return not is_api and (is_htmx(request) or "text/html" in request.headers.get("accept", ""))


def problem_page(
    request: Request, status: int, name: str, heading: str, detail: str, faults: list[ProblemFault]
) -> Response:
    """Return an error as a page, or as a part for htmx; whoever is not signed in is sent to sign in."""
    if status == 401 and not is_htmx(request):
        if request.method != "GET":
            return RedirectResponse("/sign-in", 303)
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/sign-in?next={quote(request.url.path + query)}", 303)
    who: Principal | None = request.scope.get(FOUND)
    says = _SAYS.get(name, detail)
    if name == "forbidden":
        says = f"{says} {detail[:1].upper()}{detail[1:]}."
    page = ProblemPage(status, name, heading, says, faults, request_id_of(request))
    template = "_problem.html" if is_htmx(request) else "problem.html"
    return shown(request, who, template, page, title=heading, status=status)
