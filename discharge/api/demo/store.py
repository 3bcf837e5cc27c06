"""Makes the store of a demonstration, or opens the one that is there."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from discharge.api.demo import past_work, payer_work, planning_work, review_work
from discharge.api.demo.acts import Act, Day, Staff, Stay, previous_workday, write
from discharge.api.demo.clock import last_written
from discharge.api.demo.staff import (
    Person,
    accounts_by_login,
    add_people,
    is_demonstration,
    is_empty,
    people_of,
    set_password,
)
from discharge.api.documents import sheet
from discharge.api.settings import ServeSettings
from discharge.api.state import Desk
from discharge.casework.events.utilization import Released
from discharge.casework.intake import IngestSettings, ingest, place_of
from discharge.casework.ledger import Progress, quiet
from discharge.casework.library import Library
from discharge.casework.query import Filters, Page
from discharge.casework.service import Casework
from discharge.casework.storage import blobs
from discharge.casework.storage.engine import Store, open_store
from discharge.errors import UsageError
from discharge.providers import NOWHERE, ChoiceList, choices
from discharge.providers.model import Kind

IN_HAND = 60
"""Stays in the house that somebody works on; the others wait for somebody to take them."""
_ON_A_LIST = 12
_ALL = Page(size=1000)


@dataclass(frozen=True)
class DemoAsked:
    """What a demonstration is made from. ``database`` is a file; it is made if it is not there."""

    feed: Path
    as_of: datetime
    database: Path
    settings: ServeSettings
    password: str | None = None
    workers: int = 2


@dataclass(frozen=True)
class Demo:
    """A demonstration that is ready: where its clock begins, who may sign in, and their password."""

    starts: datetime
    people: list[Person]
    password: str
    was_made: bool
    acts: int = 0
    refused: int = 0


def open_demo(asked: DemoAsked, library: Library, *, progress: Progress = quiet) -> Demo:
    """Open the demonstration's store, making it first where there is none.

    It is made beside its place and moved there when it is whole: a start that was broken off leaves nothing behind.

    Raises:
        UsageError: the file holds a store that is no demonstration; it is not touched.
        FeedError, FeedEmptyError, StoreError: as :func:`discharge.casework.intake.ingest`.
    """
    acts = refused = 0
    was_made = not asked.database.exists()
    if was_made:
        acts, refused = _make(asked, library, progress)
    with open_store(asked.database) as store:
        if not is_demonstration(store):
            raise UsageError(
                f"{asked.database} holds a store that is no demonstration, and is left as it is; name another file"
            )
        starts = max(asked.as_of, last_written(store) or asked.as_of)
        password = set_password(store, asked.password, now=starts)
        known = accounts_by_login(store)
        payers = [
            profile for login in ("payer", "payer_2") if login in known for profile in known[login].payer_ids
        ]
    return Demo(starts, people_of(payers), password, was_made, acts, refused)


def _make(asked: DemoAsked, library: Library, progress: Progress) -> tuple[int, int]:
    """Make the store beside its place, and move it there."""
    beside = asked.database.with_name(f"{asked.database.name}.being-made")
    left_over = (beside, beside.with_name(f"{beside.name}-wal"), beside.with_name(f"{beside.name}-shm"))
    for file in left_over:
        file.unlink(missing_ok=True)
    try:
        with open_store(beside) as store:
            done = fill(store, library, asked, progress=progress)
        beside.replace(asked.database)
    finally:
        for file in left_over:
            file.unlink(missing_ok=True)
    return done


def fill(store: Store, library: Library, asked: DemoAsked, *, progress: Progress = quiet) -> tuple[int, int]:
    """Fill an empty store: the feed of the last working day, that day's work, and the feed of the moment.

    Returns how many acts were recorded, and how many the guards refused.
    """
    assert is_empty(store)
    zone = asked.settings.zone
    day = Day(previous_workday(asked.as_of, zone), zone, asked.as_of)
    _take_in(store, library, asked, day.at(7), progress)
    desk = Desk(asked.settings, store, library, Casework(store, library))
    with store.write() as connection:
        add_people(connection, people_of(_payers(desk.casework, library, day.at(7))), now=day.at(7, 15))
    done, refused = write(desk.casework, told(desk, day))
    _take_in(store, library, asked, asked.as_of, progress)
    return done, len(refused)


def _take_in(store: Store, library: Library, asked: DemoAsked, as_of: datetime, progress: Progress) -> None:
    """Take the feed in as it stood at a moment; the ledger has the seconds that it took."""
    began = time.monotonic()

    def now() -> datetime:
        return as_of + timedelta(seconds=time.monotonic() - began) if as_of < asked.as_of else as_of

    settings = IngestSettings(zone=asked.settings.zone, as_of=as_of, workers=asked.workers)
    ingest(store, [asked.feed], settings, library, now=now, progress=progress)


def _payers(casework: Casework, library: Library, now: datetime) -> list[str]:
    """Return the two payers that want to be asked and have most members in the house."""
    rows = casework.worklist(Filters(in_house=True), now=now, page=_ALL).rows
    count = Counter(row.payer_profile for row in rows if row.payer_profile is not None)
    asking = [
        one for one in sorted(count, key=lambda name: (-count[name], name))
        if library.payers.profiles[one].requires_authorization("inpatient_acute")
    ]  # fmt: skip
    return asking[:2]


def told(desk: Desk, day: Day) -> Iterator[Act]:
    """Yield everything that the people of the demonstration do on the working day."""
    staff = _staff(desk.store)
    here = _stays(desk, day, staff, in_house=True)[:IN_HAND]
    gone = _stays(desk, day, staff, in_house=False)
    yield from review_work.assignments(here, staff, day)
    yield from review_work.first_level(here, staff, day)
    yield from review_work.notices(here, day)
    yield from review_work.questions(here, day)
    yield from review_work.beside(here, staff, day)
    yield from payer_work.authorizations(here, staff, day, desk.library.payers, _releasing(desk))
    yield from payer_work.days_lost(here, day)
    yield from planning_work.planning(here, day, _choosing(desk))
    yield from past_work.past(gone, staff, day)


def _staff(store: Store) -> Staff:
    known = {login: one.actor() for login, one in accounts_by_login(store).items()}
    payers = [known[login] for login in ("payer", "payer_2") if login in known]
    return Staff(
        managers=(known["case_manager"], known["case_manager_2"]),
        advisor=known["physician_advisor"],
        supervisor=known["supervisor"],
        payers={profile: one for one in payers for profile in one.payer_ids},
    )


def _stays(desk: Desk, day: Day, staff: Staff, *, in_house: bool) -> list[Stay]:
    """Return the stays with their reviews, the most urgent first; every other unit is one manager's."""
    found = desk.casework.worklist(Filters(in_house=in_house), now=day.at(7), page=_ALL).rows
    units = sorted({row.unit or "" for row in found})
    stays: list[Stay] = []
    for row in found:
        review = desk.casework.review(row.case_id)
        if review is not None and row.review_digest is not None:
            manager = staff.managers[units.index(row.unit or "") % 2]
            state = desk.casework.case(row.case_id).state
            stays.append(Stay(len(stays), row, state, review, row.review_digest, manager))
    return stays


def _releasing(desk: Desk) -> payer_work.Release:
    """Return what makes the payer's summary of a stay and the payload that releases it."""

    def release(stay: Stay) -> Released:
        content = sheet(desk, stay.review, "payer_summary").content("html")
        with desk.store.write() as connection:
            document = blobs.put(connection, "document", content)
        return Released(
            release_id=f"{stay.case_id[:12]}-1",
            paper="payer_summary",
            media_type="text/html",
            document=document,
            payer_profile=stay.review.payer.profile or "",
            review_digest=stay.digest,
        )

    return release


def _choosing(desk: Desk) -> planning_work.Choices:
    """Return what lists the providers near a patient."""

    def listed(stay: Stay, kind: Kind) -> ChoiceList:
        review = stay.review
        place = NOWHERE
        if review.patient.patient_id is not None:
            with desk.store.read() as connection:
                place = place_of(connection, review.patient.patient_id, review.as_of)
        return choices(
            desk.library.directory,
            desk.library.payers.profiles.get(review.payer.profile or ""),
            place,
            kind,
            [need.need for need in review.needs],
            review.as_of.date(),
            stay_id=review.encounter_id,
            now=review.as_of,
            most=_ON_A_LIST,
        )

    return listed
