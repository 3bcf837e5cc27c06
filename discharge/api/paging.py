"""Pages of lists: ``limit`` and an opaque ``cursor``; the total, and a Link header to the next page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from discharge.api.problems import Refusal
from discharge.errors import Fault

MOST = 200
Item = TypeVar("Item")

Limit = Annotated[int, Query(ge=1, le=MOST, description="rows of a page")]
Cursor = Annotated[
    str | None,
    Query(max_length=400, description="`next_cursor` of the page before; nothing else is understood"),
]

LINK_DOC = {"Link": {"description": 'the next page, as <...>; rel="next"', "schema": {"type": "string"}}}


class Listing(BaseModel, Generic[Item]):
    """A page of a list."""

    items: list[Item]
    total: int = Field(ge=0, description="of all pages together")
    next_cursor: str | None = Field(default=None, description="none: this is the last page")


def offset_of(cursor: str | None) -> int:
    """Return the place where the page of ``cursor`` begins.

    Raises:
        Refusal: a cursor that this server did not give.
    """
    if cursor is None:
        return 0
    try:
        offset = int(base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True))
    except (ValueError, UnicodeEncodeError, binascii.Error):
        offset = -1
    if not 0 <= offset < 2**31:
        raise bad_cursor()
    return offset


def bad_cursor() -> Refusal:
    """Return the refusal of a cursor that nobody gave."""
    fault = Fault("query.cursor", "not a cursor of this list", "next_cursor of the page before, or none")
    return Refusal(422, "invalid", "1 fault", [fault])


def cursor_at(offset: int) -> str:
    """Return the cursor of the page that begins at ``offset``.

    >>> offset_of(cursor_at(50))
    50
    """
    return base64.urlsafe_b64encode(str(offset).encode()).decode()


def sliced(items: Sequence[Item], limit: int, cursor: str | None) -> tuple[list[Item], str | None]:
    """Return the page of a list that is at hand whole, and the cursor of the next."""
    start = offset_of(cursor)
    end = start + limit
    return list(items[start:end]), cursor_at(end) if end < len(items) else None


def link_next(request: Request, response: Response, cursor: str | None) -> None:
    """Set the Link header (RFC 8288), relative to the server, where there is a next page."""
    if cursor is not None:
        kept = [(key, value) for key, value in request.query_params.multi_items() if key != "cursor"]
        response.headers["Link"] = (
            f'<{request.url.path}?{urlencode([*kept, ("cursor", cursor)])}>; rel="next"'
        )
