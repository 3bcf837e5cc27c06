"""A case at an earlier moment: which moment is meant, what was on record by then, and the review of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.responses import Response

from discharge.api.auth.principal import FOUND
from discharge.api.bodies import FIRST_YEAR, LAST_YEAR
from discharge.api.pages.case.dear import Dear
from discharge.api.pages.frame import shown
from discharge.api.state import Desk
from discharge.casework.events import Event, ReviewRun
from discharge.casework.intake import replay
from discharge.errors import NotFoundError
from discharge.review.model import Review

_SHAPE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?")


class NotThenError(NotFoundError):
    """The case can't be shown at the moment that was asked for; answered by a page that says why."""

    def __init__(self, case_id: str, why: str, since: datetime | None = None, status: int = 200) -> None:
        super().__init__("the case can't be shown at this moment")
        self.case_id = case_id
        self.why = why
        self.since = since
        self.status = status


@dataclass(frozen=True)
class ThenPage:
    """Why the case can't be shown at a moment, and where to go on."""

    why: str
    since: datetime | None
    known_path: str | None
    now_path: str
    entry: datetime


def not_then_page(request: Request, error: Exception) -> Response:
    """Return the page of :class:`NotThenError`."""
    assert isinstance(error, NotThenError)
    base = f"/cases/{error.case_id}"
    known = None if error.since is None else f"{base}?at={stamp(error.since)}"
    now = request.app.state.desk.now()
    page = ThenPage(error.why, error.since, known, base, error.since or now)
    title = "Not at this moment"
    return shown(request, request.scope.get(FOUND), "case/then.html", page, title=title, status=error.status)


def moment_of(text: str, zone: str) -> datetime | None:
    """Return the moment that ``?at=`` names, in UTC; without an offset it is of ``zone``. None: it is none.

    >>> moment_of("2026-06-15T07:00", "America/New_York").isoformat()
    '2026-06-15T11:00:00+00:00'
    >>> moment_of("yesterday", "America/New_York") is None
    True
    """
    # A plus sign that was not escaped arrives as a space.
    found = text.strip().replace(" ", "+")
    if not _SHAPE.fullmatch(found):
        return None
    try:
        told = datetime.fromisoformat(found)
    except ValueError:
        return None
    if not FIRST_YEAR < told.year < LAST_YEAR:
        return None
    return (told.replace(tzinfo=ZoneInfo(zone)) if told.tzinfo is None else told).astimezone(UTC)


def stamp(moment: datetime) -> str:
    """Return a moment as addresses write it: in UTC, to the microsecond only where it has any.

    >>> stamp(datetime(2026, 6, 15, 11, tzinfo=UTC))
    '2026-06-15T11:00:00Z'
    """
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def known_by(events: Sequence[Event], at: datetime) -> list[Event]:
    """Return the events on record by ``at``, as :func:`discharge.casework.intake.replay` cuts them.

    What came later in the ledger was not known, whatever time it names. Reviews as of ``at`` itself are among them:
    they are what the page shows.
    """
    runs = [one for one in events if isinstance(one.payload, ReviewRun) and one.payload.as_of == at]
    if runs:
        return [one for one in events if one.seq <= runs[-1].seq]
    known = []
    for event in events:
        if event.known_at > at:
            break
        known.append(event)
    return known


_THEN: Dear[Review] = Dear(16)
"""Reviews that were run again for an earlier moment; each takes a second."""


def review_then(desk: Desk, case_id: str, events: Sequence[Event], at: datetime) -> tuple[Review, str | None]:
    """Return the review of a moment with its digest: the one on record where there is one, else run again (None).

    ``events`` are those known by then.

    Raises:
        NotThenError: the case was not known at ``at``.
    """
    last = events[-1].payload if events else None
    if isinstance(last, ReviewRun) and last.as_of == at:
        found = desk.casework.review(case_id, last.review_digest)
        if found is not None:
            return found, last.review_digest
    try:
        key = (case_id, events[-1].hash, at)
        return _THEN.once(
            key, lambda: Review.model_validate_json(replay(desk.store, case_id, at).content)
        ), None
    except NotFoundError:
        raise NotThenError(case_id, "Of the case as it was then there was nothing to review yet.") from None
