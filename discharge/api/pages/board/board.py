"""The board of a moment and a span of days, worked out once a minute, or when something is recorded."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy.engine import Connection

from discharge.api.pages.board import now as present
from discharge.api.pages.board import span
from discharge.api.pages.board.figures import Figure, Figures
from discharge.api.pages.board.reading import Row, priced_by, rows, states
from discharge.api.state import Desk
from discharge.casework import ledger
from discharge.casework.accounts import people as accounts
from discharge.casework.projection import profile_of
from discharge.casework.state.model import CaseState
from discharge.casework.work.caseload import read_cases, read_people
from discharge.casework.work.delays import AvoidableDayPriced, PayerDelay, payer_delay, priced
from discharge.casework.work.found import zone_of

SPANS = (7, 30, 90)
_KEPT = 12


@dataclass(frozen=True)
class Board:
    """Everything on the board. ``in_house`` are rows of the moment, the others of the span."""

    at: datetime
    since: datetime
    days: int
    people: Sequence[present.LoadRow]
    units: Sequence[present.LoadRow]
    stays: Sequence[present.StayRow]
    ended: present.StayRow
    reviews: Sequence[present.ReviewsRow]
    payers: Sequence[span.DenialRow]
    causes: Sequence[span.DenialRow]
    avoidable: Sequence[span.AvoidableRow]
    delays: Sequence[span.DelayRow]
    readmissions: span.ReadmissionRow
    figures: dict[str, Figure]


@dataclass
class _Boards:
    """The last boards, by the ledger's head, the span and the minute."""

    kept: OrderedDict[tuple[str, int, datetime], Board] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)


_BOARDS = _Boards()


def board_of(desk: Desk, days: int) -> Board:
    """Return the board of now, with sums over the last ``days``."""
    now = desk.now()
    with desk.store.read() as connection:
        key = (ledger.head(connection).hash, days, now.replace(second=0, microsecond=0))
        # One works it out, who comes meanwhile waits for that: fifty people press the same link at seven.
        with _BOARDS.lock:
            if key not in _BOARDS.kept:
                _BOARDS.kept[key] = _worked_out(desk, connection, now, days)
                while len(_BOARDS.kept) > _KEPT:
                    _BOARDS.kept.popitem(last=False)
            return _BOARDS.kept[key]


@dataclass
class _Told:
    """What states tell of the span."""

    denials: list[span.OneDenial] = field(default_factory=list)
    answered: dict[str | None, list[str]] = field(default_factory=lambda: defaultdict(list))
    avoidable: list[tuple[str, AvoidableDayPriced]] = field(default_factory=list)
    delays: list[PayerDelay] = field(default_factory=list)
    back: dict[str, bool | None] = field(default_factory=dict)


def _worked_out(desk: Desk, connection: Connection, now: datetime, days: int) -> Board:
    since, book = now - timedelta(days=days), Figures()
    known = rows(connection)
    carried, people = read_cases(connection, now), read_people(connection)
    names = {one.id: one.name for one in accounts.listed(connection)}
    told = _Told()
    for row, state in states(desk.store, connection, known):
        _tell(desk, connection, told, row, state, since, now)
    titles = {key: one.title for key, one in desk.library.payers.profiles.items()}
    named = desk.library.packs.denial_causes
    causes = {key: one.denial_cause.title for key, one in named.items() if one.denial_cause is not None}
    ended = [row for row in known if span.is_within(row.discharged_at, since, now)]
    return Board(
        at=now,
        since=since,
        days=days,
        people=present.loads_of_people(book, carried, people, names, now),
        units=present.loads_of_units(book, carried, now),
        stays=present.stays_now(book, known, now),
        ended=present.stays_ended(book, ended, now),
        reviews=present.reviews_now(book, known, now),
        payers=span.denial_rows(book, told.denials, told.answered, titles, now),
        causes=span.denial_causes(book, told.denials, causes, now),
        avoidable=span.avoidable_rows(book, told.avoidable),
        delays=span.delay_rows(book, told.delays, titles),
        readmissions=span.readmissions(book, known, told.back, since, now),
        figures=book.known,
    )


def _tell(
    desk: Desk,
    connection: Connection,
    told: _Told,
    row: Row,
    state: CaseState,
    since: datetime,
    now: datetime,
) -> None:
    told.denials += span.denials_of(row, state, since, now)
    for payer in span.answered_payers(row, state, since, now):
        told.answered[payer].append(row.case_id)
    if state.outcome is not None:
        told.back[row.case_id] = state.outcome.readmitted_within_30_days
    first = since.astimezone(zone_of(state, None)).date()
    if any(one.day >= first for one in state.avoidable_days.values()):
        review = priced_by(connection, row.review_digest)
        records = priced(state, review).records
        told.avoidable += [(row.case_id, one) for one in records if one.day >= first]
    was_here = row.discharged_at is None or row.discharged_at >= since
    if was_here and (state.authorizations or state.denials or state.delays):
        review = priced_by(connection, row.review_digest)
        told.delays += payer_delay(state, review, profile_of(state, desk.library), now)
