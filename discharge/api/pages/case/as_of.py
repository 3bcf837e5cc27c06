"""The moments of a case that are worth looking at: when feeds came, when it was reviewed, and now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from discharge.api.pages.case.then import stamp
from discharge.casework.storage.tables import EVENTS

if TYPE_CHECKING:
    from discharge.api.pages.case.file import CaseFile

_WORDS = {"stay_opened": "case opened", "facts_received": "feed received", "review_run": "reviewed"}


@dataclass(frozen=True)
class Stop:
    """A moment to look at; ``value`` is what ``?at=`` takes, empty for the present."""

    at: datetime
    what: str
    value: str
    path: str
    is_here: bool


@dataclass(frozen=True)
class AsOf:
    """The control's stops in order of time, the last is now. ``place`` is the one that is shown."""

    action: str
    stops: tuple[Stop, ...]
    place: int
    is_past: bool

    @property
    def here(self) -> Stop:
        """Return the stop that is shown."""
        return self.stops[self.place]

    @property
    def before(self) -> Stop | None:
        """Return the stop before the one that is shown."""
        return self.stops[self.place - 1] if self.place else None

    @property
    def after(self) -> Stop | None:
        """Return the stop behind the one that is shown."""
        return self.stops[self.place + 1] if self.place + 1 < len(self.stops) else None

    @property
    def first_at(self) -> datetime:
        """Return since when the case is known."""
        return self.stops[0].at

    @property
    def last(self) -> int:
        """Return the place of the present."""
        return len(self.stops) - 1


def as_of(file: CaseFile) -> AsOf:
    """Return the stops of a case. Each leads to the page that is open, at that moment."""
    found = _moments(file)
    now = file.desk.now()
    if file.at is not None and file.at not in found:
        found[file.at] = ["chosen"]
    action = file.request.url.path
    stops = [
        Stop(at, ", ".join(dict.fromkeys(what)), stamp(at), f"{action}?at={stamp(at)}", at == file.at)
        for at, what in sorted(found.items())
    ]
    stops.append(Stop(now, "now", "", action, file.at is None))
    place = next(number for number, one in enumerate(stops) if one.is_here)
    return AsOf(action, tuple(stops), place, file.is_past)


def _moments(file: CaseFile) -> dict[datetime, list[str]]:
    """Return what happened when; of what the engine and feeds write the columns say enough."""
    asked = sa.select(EVENTS.c.kind, EVENTS.c.occurred_at).order_by(EVENTS.c.version)
    asked = asked.where(EVENTS.c.stream == file.case_id, EVENTS.c.kind.in_(_WORDS))
    found: dict[datetime, list[str]] = {}
    with file.desk.store.read() as connection:
        for kind, at in connection.execute(asked):
            found.setdefault(at, []).append(_WORDS[kind])
    return found
