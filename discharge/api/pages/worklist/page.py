"""The page itself, its next rows, and search."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.engine import Connection

from discharge.api.auth.principal import Principal, log_read, needs
from discharge.api.pages.frame import is_htmx, shown
from discharge.api.pages.sent import last, sent_form
from discharge.api.pages.worklist import asked as words
from discharge.api.pages.worklist.asked import Asked, asked_of
from discharge.api.pages.worklist.listing import (
    DUE_WORDS,
    READY_WORDS,
    ROWS,
    WHERE_WORDS,
    Around,
    Listed,
    around,
    listed,
    settled,
)
from discharge.api.pages.worklist.rows import barrier_title, short_payer
from discharge.api.state import Desk, OurDesk
from discharge.casework import saved_filters
from discharge.casework.saved_filters import SavedFilter
from discharge.casework.work.caseload import read_people

router = APIRouter(include_in_schema=False)
Reader = Annotated[Principal, Depends(needs("cases:read"))]
MOST_ROWS = 1000
STYLES, SCRIPTS = ("worklist.css",), ("worklist.js",)


@dataclass(frozen=True)
class Option:
    """One choice of a filter."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class Choice:
    """A filter with its choices; the first, empty one asks for nothing."""

    name: str
    label: str
    options: list[Option]


@dataclass(frozen=True)
class WorklistPage:
    """The whole page. ``people`` can be given cases; ``key`` makes sending the same act twice harmless."""

    listing: Listed
    choices: list[Choice]
    saved: Sequence[SavedFilter]
    may_assign: bool
    people: list[tuple[str, str]]
    key: str
    fault: str = ""


@router.get("/worklist", name="page_worklist")
def worklist(
    request: Request,
    desk: OurDesk,
    who: Reader,
    start: Annotated[int, Query(alias="from", ge=0, lt=10**6)] = 0,
) -> Response:
    """Show the worklist: one's own cases in the house unless something else is asked for."""
    asked = replace(asked_of(request.query_params), search="")
    return answer(request, desk, who, asked, start)


@router.post("/worklist/search", name="page_worklist_search")
def search(request: Request, desk: OurDesk, who: Reader) -> Response:
    """Show what the form asks for. Words searched for come this way alone, so that no log and no history has them."""
    sent = sent_form(request)
    is_part = is_htmx(request)
    size = number_of(sent, "shown") if is_part else 0
    start = 0 if is_part else number_of(sent, "from")
    return answer(request, desk, who, asked_of(sent), start, size=max(size, ROWS))


@router.post("/worklist/rows", name="page_worklist_rows")
def rows(request: Request, desk: OurDesk, who: Reader) -> Response:
    """Show the next rows, behind those that are there already."""
    sent = sent_form(request)
    size = min(max(number_of(sent, "size"), ROWS), MOST_ROWS)
    now = desk.now()
    with desk.store.read() as connection:
        near = around(connection, desk, who, now)
        asked = settled(asked_of(sent), near)
        found = listed(connection, desk, who, asked, near, start=number_of(sent, "from"), size=size)
    log_read(request, who, found.row_ids)
    return shown(request, who, "_worklist_rows.html", found, title="Worklist")


def answer(
    request: Request,
    desk: Desk,
    who: Principal,
    asked: Asked,
    start: int = 0,
    *,
    size: int = ROWS,
    said: str | None = None,
    fault: str = "",
) -> Response:
    """Return the page, or the list alone where htmx asks, on record in the access log."""
    now = desk.now()
    with desk.store.read() as connection:
        near = around(connection, desk, who, now)
        asked = settled(asked, near)
        found = listed(connection, desk, who, asked, near, start=start, size=min(size, MOST_ROWS))
        is_part = is_htmx(request) and request.headers.get("HX-History-Restore-Request") != "true"
        page = None if is_part else whole_page(connection, who, found, near, fault)
    log_read(request, who, found.case_ids)
    if page is not None:
        return shown(
            request,
            who,
            "worklist.html",
            page,
            title="Worklist",
            said=said,
            status=422 if fault else 200,
            styles=STYLES,
            scripts=SCRIPTS,
        )
    headers = {} if _is_here(request, asked) else {"HX-Push-Url": asked.path}
    return shown(request, who, "_worklist_list.html", found, title="Worklist", headers=headers)


def whole_page(
    connection: Connection, who: Principal, found: Listed, near: Around, fault: str
) -> WorklistPage:
    """Return the page round the list."""
    may_assign = who.may("assign:write")
    people = read_people(connection) if may_assign else []
    return WorklistPage(
        listing=found,
        choices=_choices(found.asked, near),
        saved=saved_filters.listed(connection, who.account.id),
        may_assign=may_assign,
        people=sorted(((one.account_id, one.name) for one in people), key=lambda one: one[1].lower()),
        key=uuid.uuid4().hex,
        fault=fault,
    )


def number_of(sent: Mapping[str, list[str]], name: str) -> int:
    """Return a number that a form sends; 0 where there is none."""
    text = last(sent, name)
    return int(text) if text.isdecimal() and len(text) < 8 else 0


def _is_here(request: Request, asked: Asked) -> bool:
    """Tell whether the browser shows this address already."""
    try:
        here = urlsplit(request.headers.get("HX-Current-URL", ""))
    except ValueError:  # no address at all
        return False
    return (f"{here.path}?{here.query}" if here.query else here.path) == asked.path


def _choices(asked: Asked, near: Around) -> list[Choice]:
    found, me = near.choices, near.known.me
    everybody = sum(found.managers.values())
    managers = [
        (words.MINE, f"Mine ({found.managers.get(me, 0)})"),
        (words.ALL, f"Everybody's ({everybody})"),
    ]
    managers.append((words.NOBODY, f"Nobody's ({found.managers.get(None, 0)})"))
    others = [
        (one, f"{near.names.get(one, 'Somebody no longer here')} ({count})")
        for one, count in found.managers.items()
        if one is not None and one != me
    ]
    managers += sorted(others, key=lambda one: one[1].lower())
    payers = [
        (key, f"{short_payer(found.payer_titles.get(key, key))} ({count})")
        for key, count in found.payers.items()
        if key is not None
    ]
    barriers = [(key, f"{barrier_title(key)} ({count})") for key, count in found.barriers.items()]
    units = [(key, f"{key} ({count})") for key, count in found.units.items() if key is not None]
    return [
        _choice("manager", "Whose", None, managers, asked.manager),
        _choice("unit", "Unit", "All", _sorted(units, found.units.get(None)), asked.unit),
        _choice("payer", "Payer", "All", _sorted(payers, found.payers.get(None)), asked.payer),
        _choice("due", "Due", "Any time", _worded(DUE_WORDS), asked.due),
        _choice("risk", "Denial risk", "All", [(one, one.capitalize()) for one in words.BANDS], asked.risk),
        _choice("ready", "Ready", "All", _worded(READY_WORDS), asked.ready),
        _choice("barrier", "Barrier", "All", _sorted(barriers, None), asked.barrier),
        _choice("where", "Where", None, _worded(WHERE_WORDS), asked.where or "here"),
        _choice("group", "Group by", "Nothing", [(one, _GROUPS[one]) for one in words.GROUPS], asked.group),
    ]


_GROUPS = {
    "unit": "Unit",
    "payer": "Payer",
    "manager": "Whose",
    "urgency": "Urgency",
    "ready": "Ready for discharge",
}


def _sorted(found: list[tuple[str, str]], unknown: int | None) -> list[tuple[str, str]]:
    rest = [(words.NOT_KNOWN, f"Not known ({unknown})")] if unknown else []
    return sorted(found, key=lambda one: one[1].lower()) + rest


def _worded(named: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(value, label[:1].upper() + label[1:]) for value, label in named.items()]


def _choice(name: str, label: str, nothing: str | None, found: list[tuple[str, str]], chosen: str) -> Choice:
    """Return a filter; what is chosen stands in it even if no case is left that has it."""
    if chosen and chosen not in [value for value, _ in found]:
        found = [*found, (chosen, f"{barrier_title(chosen) if name == 'barrier' else chosen} (0)")]
    options = [] if nothing is None else [Option("", nothing, not chosen)]
    return Choice(name, label, options + [Option(value, text, value == chosen) for value, text in found])
