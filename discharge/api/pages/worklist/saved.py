"""Keep a filter under a name, and take one away."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from discharge.api.auth.principal import Principal
from discharge.api.pages.frame import is_htmx, shown
from discharge.api.pages.sent import last, sent_form
from discharge.api.pages.worklist.asked import Asked, asked_of
from discharge.api.pages.worklist.page import Reader, answer
from discharge.api.state import Desk, OurDesk
from discharge.casework import saved_filters
from discharge.casework.saved_filters import SavedFilter
from discharge.errors import NotAllowedError, NotFoundError

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Views:
    """The filters that the account keeps."""

    saved: list[SavedFilter]
    fault: str = ""


@router.post("/worklist/filters", name="page_filter_save")
def save(request: Request, desk: OurDesk, who: Reader) -> Response:
    """Keep what is asked for under a name; never the words searched for."""
    sent = sent_form(request)
    asked = replace(asked_of(sent), search="")
    try:
        with desk.store.write() as connection:
            saved_filters.save(connection, who.account.id, last(sent, "name"), asked.query, now=desk.now())
    except NotAllowedError as error:
        fault = error.faults[0]
        told = f"{fault.what}: {fault.expected}.".capitalize()
        return (
            _views(request, desk, who, told)
            if is_htmx(request)
            else answer(request, desk, who, asked, fault=told)
        )
    return _back(request, desk, who, asked)


@router.post("/worklist/filters/{filter_id}/drop", name="page_filter_drop")
def drop(filter_id: str, request: Request, desk: OurDesk, who: Reader) -> Response:
    """Take away a filter of one's own."""
    with desk.store.write() as connection:
        if not saved_filters.drop(connection, who.account.id, filter_id):
            raise NotFoundError("no such filter")
    return _back(request, desk, who, Asked())


def _back(request: Request, desk: Desk, who: Principal, asked: Asked) -> Response:
    return _views(request, desk, who) if is_htmx(request) else RedirectResponse(asked.path, 303)


def _views(request: Request, desk: Desk, who: Principal, fault: str = "") -> Response:
    with desk.store.read() as connection:
        page = Views(saved_filters.listed(connection, who.account.id), fault)
    status = 422 if fault else 200
    return shown(request, who, "_worklist_views.html", page, title="Worklist", status=status)
