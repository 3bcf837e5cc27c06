"""What changed since the page was made: rows to be put in place, whether the order holds, and the counts of now.

Asked for every twenty seconds by every open page, so it is cheap where nothing changed: the ledger's head, and the few
slots of the agenda that began meanwhile. It does not count as use of the session (:mod:`discharge.api.auth.policy`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response
from sqlalchemy.engine import Connection

from discharge.api.auth.principal import Principal, log_read
from discharge.api.pages.frame import shown
from discharge.api.pages.sent import last, sent_form
from discharge.api.pages.worklist.asked import Asked, asked_of
from discharge.api.pages.worklist.listing import Listed, around, listed, order_of, row_views, settled
from discharge.api.pages.worklist.page import MOST_ROWS, Reader, number_of
from discharge.api.pages.worklist.rows import Row
from discharge.api.state import Desk, OurDesk
from discharge.casework import ledger
from discharge.casework.census import changed, some
from discharge.wording import plural

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class News:
    """What a page that is open puts in place. ``gone`` are shown cases that the filter no longer has."""

    listing: Listed
    rows: list[Row]
    gone: list[str]
    new: int
    is_order_other: bool
    seq: int
    at: datetime
    since: datetime
    says: str


@router.post("/worklist/news", name="page_worklist_news")
def news(request: Request, desk: OurDesk, who: Reader) -> Response:
    """Say what changed since the page was made; nothing (204) where nothing did that bears on the list."""
    sent = sent_form(request)
    now = desk.now()
    seq, at = number_of(sent, "seq"), _moment(last(sent, "at"), now)
    shown_ids = [one for one in last(sent, "ids").split() if len(one) <= 64][:MOST_ROWS]
    with desk.store.read() as connection:
        head = ledger.head(connection).seq
        ids = changed(connection, seq, at, now)
        if not ids:
            return Response(status_code=204)
        since = _moment(last(sent, "made_at"), now)
        made = changed(connection, number_of(sent, "made_seq"), since, now)
        found = _news(
            connection,
            desk,
            who,
            asked_of(sent),
            shown_ids,
            number_of(sent, "total"),
            ids,
            made,
            since,
            head,
            now,
        )
    if found is None:
        return Response(status_code=204)
    log_read(request, who, list({*(row.case_id for row in found.rows), *found.listing.due_ids}))
    return shown(request, who, "_worklist_news.html", found, title="Worklist")


def _news(
    connection: Connection,
    desk: Desk,
    who: Principal,
    asked: Asked,
    shown_ids: Sequence[str],
    total: int,
    ids: set[str],
    made: set[str],
    since: datetime,
    head: int,
    now: datetime,
) -> News | None:
    """Return what changed of what is listed; None where the cases that changed are none of these."""
    near = around(connection, desk, who, now)
    asked = settled(asked, near)
    present = order_of(connection, desk, who, asked, near, MOST_ROWS)
    is_listed = set(present)
    gone = [one for one in shown_ids if one not in is_listed]
    # A page that shows a part of the list is told of what came into this part.
    part = present if len(shown_ids) >= total else present[: len(shown_ids)]
    new = set(part) - set(shown_ids)
    again = [one for one in shown_ids if one in ids and one in is_listed]
    if not (again or gone or new):
        return None
    is_other = part != list(shown_ids)
    rows = row_views(some(connection, again, now=now), again, near)
    count = len(made & (is_listed | set(shown_ids)))
    return News(
        listing=listed(connection, desk, who, asked, near, size=1),
        rows=rows,
        gone=gone,
        new=len(new),
        is_order_other=is_other,
        seq=head,
        at=now,
        since=since,
        says=plural(count, "patient") + " changed since",
    )


def _moment(text: str, now: datetime) -> datetime:
    """Return a moment that the page was given; the present where it can't be read."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return now
    return found if found.tzinfo is not None else now
