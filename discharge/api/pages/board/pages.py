"""The supervisor's board, and the cases behind each of its figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.engine import Connection

from discharge.api.auth.principal import Principal, log_read, needs
from discharge.api.pages.board.board import SPANS, Board, board_of
from discharge.api.pages.board.figures import Figure
from discharge.api.pages.frame import shown
from discharge.api.state import OurDesk
from discharge.casework.storage.tables import CASES
from discharge.errors import NotFoundError

router = APIRouter(include_in_schema=False)
Reader = Annotated[Principal, Depends(needs("reports:read"))]
Days = Annotated[int, Query(description="how far back: 7, 30 or 90")]
_AT_ONCE = 500
_MOST = 500
_OF_PERSON = "load/person/"
WORDS = {
    "cases": "Counts",
    "points": "Points",
    "tasks": "Tasks",
    "days": "Days",
    "denials": "Denials",
    "usd": "Dollars",
}


@dataclass(frozen=True)
class BoardPage:
    """The board, and the spans that can be chosen."""

    board: Board
    spans: tuple[int, ...]


@dataclass(frozen=True)
class CaseLine:
    """A case behind a figure, and what it adds."""

    case_id: str
    name: str | None
    unit: str | None
    bed: str | None
    payer: str | None
    admitted_at: datetime | None
    discharged_at: datetime | None
    holder: str | None
    next_step: str
    amount: Decimal


@dataclass(frozen=True)
class CasesPage:
    """The cases behind a figure, those that add most first; ``left_out`` is how many are not shown.

    ``holder`` is the account whose load it is, where the figure is of one person.
    """

    figure: Figure
    column: str
    days: int
    at: datetime
    lines: tuple[CaseLine, ...]
    left_out: int
    holder: str | None


@router.get("/board", name="page_board")
def board(request: Request, desk: OurDesk, who: Reader, days: Days = 30) -> Response:
    """Show the board: numbers alone, and of no patient."""
    page = BoardPage(board_of(desk, _span(days)), SPANS)
    return shown(request, who, "board.html", page, title="Board", styles=("board.css",))


@router.get("/board/cases", name="page_board_cases")
def board_cases(
    request: Request,
    desk: OurDesk,
    who: Reader,
    figure: Annotated[str, Query(max_length=300)],
    days: Days = 30,
) -> Response:
    """Show the cases that a figure counts, with what each adds."""
    found = board_of(desk, _span(days))
    chosen = found.figures.get(figure)
    if chosen is None:
        raise NotFoundError("the board has no such figure")
    with desk.store.read() as connection:
        lines = _lines(connection, chosen)
    seen = lines[:_MOST]
    log_read(request, who, [one.case_id for one in seen])
    left_out = len(lines) - len(seen)
    holder = figure.removeprefix(_OF_PERSON).split("/")[0] if figure.startswith(_OF_PERSON) else None
    page = CasesPage(chosen, WORDS[chosen.unit], found.days, found.at, tuple(seen), left_out, holder)
    return shown(request, who, "board_cases.html", page, title=chosen.title, styles=("board.css",))


def _span(days: int) -> int:
    """Return the span nearest to the one that is asked for."""
    return min(SPANS, key=lambda one: abs(one - days))


def _lines(connection: Connection, figure: Figure) -> list[CaseLine]:
    from discharge.casework.accounts import people

    names = {one.id: one.name for one in people.listed(connection)}
    ids = list(figure.parts)
    found = []
    for start in range(0, len(ids), _AT_ONCE):
        asked = sa.select(CASES).where(CASES.c.case_id.in_(ids[start : start + _AT_ONCE]))
        for row in connection.execute(asked):
            found.append(
                CaseLine(
                    case_id=row.case_id,
                    name=row.name,
                    unit=row.unit,
                    bed=row.bed,
                    payer=row.payer_title,
                    admitted_at=row.admitted_at,
                    discharged_at=row.discharged_at,
                    holder=names.get(row.assignee or ""),
                    next_step=row.next_step,
                    amount=figure.parts[row.case_id],
                )
            )
    return sorted(found, key=lambda one: (-one.amount, one.unit or "", one.bed or "", one.case_id))
