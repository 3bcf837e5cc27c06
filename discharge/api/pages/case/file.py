"""A case as a page shows it: as it stands, or as it stood at an earlier moment (``?at=``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Request

from discharge.api.auth.principal import Principal, log_read, needs
from discharge.api.bodies import CaseId
from discharge.api.pages.case.as_of import AsOf, as_of
from discharge.api.pages.case.then import NotThenError, known_by, moment_of, review_then, stamp
from discharge.api.state import Desk, OurDesk
from discharge.casework import ledger
from discharge.casework.derived import Derived, derived
from discharge.casework.events import Event
from discharge.casework.query import WorklistRow
from discharge.casework.state import CaseState, fold
from discharge.payers import PayerProfile
from discharge.review.model import Review

Reader = Annotated[Principal, Depends(needs("cases:read"))]


@dataclass(frozen=True)
class CaseFile:
    """One case. ``state`` and ``review`` are those of ``at`` where it is given; ``row`` and ``version`` the present's.

    ``review`` is None where none is on record. ``now`` is ``at`` or the present.
    """

    request: Request
    desk: Desk
    who: Principal
    case_id: str
    row: WorklistRow
    version: int
    state: CaseState
    review: Review | None
    digest: str | None
    at: datetime | None
    now: datetime

    @property
    def is_past(self) -> bool:
        """Tell whether an earlier moment is shown, in which nothing can be written."""
        return self.at is not None

    @property
    def may_write(self) -> bool:
        """Tell whether forms are offered."""
        return not self.is_past and self.who.may("cases:write")

    @property
    def profile(self) -> PayerProfile | None:
        """Return the profile of the payer that the review matched."""
        name = self.review.payer.profile if self.review is not None else None
        return None if name is None else self.desk.library.payers.profiles.get(name)

    @cached_property
    def events(self) -> list[Event]:
        """Return the events of the case, the first first; up to ``at``."""
        with self.desk.store.read() as connection:
            found = ledger.events_of(connection, self.case_id)
        return found if self.at is None else known_by(found, self.at)

    @cached_property
    def as_of(self) -> AsOf:
        """Return the moments of the case that are worth looking at, and the one that is shown."""
        return as_of(self)

    @cached_property
    def work(self) -> Derived:
        """Return clocks, authorizations, tasks and next steps of the case at :attr:`now`."""
        return derived(self.state, self.review, self.profile, self.now)

    def path(self, tab: str = "") -> str:
        """Return the address of a page of this case, for the same moment."""
        base = f"/cases/{self.case_id}" + (f"/{tab}" if tab else "")
        return base if self.at is None else f"{base}?at={stamp(self.at)}"


def case_file(
    request: Request, desk: OurDesk, who: Reader, case_id: CaseId, at: str | None = None
) -> CaseFile:
    """Return the case that the address names, once it is on record that it was read.

    ``at`` is a moment with its offset, or as an entry `datetime-local` writes it; empty is the present.

    Raises:
        NotFoundError: no such case.
        NotThenError: it can't be shown at ``at``, with why.
    """
    now = desk.now()
    seen = desk.casework.case(case_id, now=now)
    log_read(request, who, case_id)
    if not at:
        digest = seen.state.reviews[-1].digest if seen.state.reviews else None
        review = desk.casework.review(case_id, digest) if digest else None
        return CaseFile(
            request, desk, who, case_id, seen.row, seen.version, seen.state, review, digest, None, now
        )
    then = _moment(case_id, at, desk.settings.zone, now)
    with desk.store.read() as connection:
        every = ledger.events_of(connection, case_id)
    events = known_by(every, then)
    if not events:
        raise NotThenError(case_id, "The case was not known yet at this moment.", every[0].known_at)
    review, digest = review_then(desk, case_id, events, then)
    return CaseFile(
        request, desk, who, case_id, seen.row, seen.version, fold(events), review, digest, then, then
    )


def _moment(case_id: str, at: str, zone: str, now: datetime) -> datetime:
    then = moment_of(at, zone)
    if then is None:
        raise NotThenError(case_id, "This is not a date and a time of day.", status=422)
    if then > now:
        raise NotThenError(case_id, "This moment is still to come.", status=422)
    return then


OurCase = Annotated[CaseFile, Depends(case_file)]
