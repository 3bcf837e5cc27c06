"""What changes when another edition of rules and payers is switched on: file by file, and tried on patients in house.

Compared are editions on record, the one loaded, and a candidate: `discharge serve --next-rules --next-payers`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from threading import BoundedSemaphore
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from discharge import wording
from discharge.api.auth.principal import Principal, log_read, needs
from discharge.api.pages.case.dear import room_in
from discharge.api.pages.case.differences import differences
from discharge.api.pages.frame import shown
from discharge.api.pages.sent import last, sent_form
from discharge.api.state import Desk, OurDesk
from discharge.casework.editions import FileChange, changes, editions, library_on_record
from discharge.casework.intake.trial import Tried, tried
from discharge.casework.library import Library, load_library
from discharge.casework.query import Filters, Page
from discharge.errors import Fault, FaultsError, UsageError
from discharge.review.model import Review

router = APIRouter(include_in_schema=False)
Reader = Annotated[Principal, Depends(needs("rules:read"))]
LOADED, NEXT = "loaded", "next"
MOST_CASES = 25
CHANGES_SHOWN = 40
_TRYING = BoundedSemaphore(1)
"""A trial takes all of a core for many seconds: one at a time, a second one is refused."""


@dataclass(frozen=True)
class Choice:
    """An edition that can be compared."""

    value: str
    title: str


@dataclass(frozen=True)
class ShownChange:
    """A file that differs; ``more`` changes of it are not shown."""

    change: FileChange
    more: int


@dataclass(frozen=True)
class Effect:
    """What came of reviewing some patients in house with both editions, in numbers alone."""

    cases: int
    changed: int
    lines: Sequence[tuple[str, int]]
    loss_before: Decimal
    loss_after: Decimal
    not_told: int


@dataclass(frozen=True)
class ChangePage:
    """Two editions and what differs. ``faults`` are of a candidate that can't be loaded."""

    choices: list[Choice]
    before: str
    after: str
    files: list[ShownChange]
    faults: Sequence[Fault]
    says: str
    effect: Effect | None
    may_try: bool
    most: int


@router.get("/rules/change", name="page_edition_change")
def change(
    request: Request,
    desk: OurDesk,
    who: Reader,
    before: Annotated[str, Query(max_length=64)] = "",
    after: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Show what differs between two editions."""
    return _shown(request, desk, who, before, after, is_tried=False)


@router.post("/rules/change", name="page_edition_try")
def try_change(request: Request, desk: OurDesk, who: Reader) -> Response:
    """Review the most urgent patients in house with both editions and tell in numbers what differs."""
    sent = sent_form(request)
    return _shown(request, desk, who, last(sent, "before"), last(sent, "after"), is_tried=True)


def _shown(
    request: Request, desk: Desk, who: Principal, before: str, after: str, *, is_tried: bool
) -> Response:
    choices = _choices(desk)
    values = [one.value for one in choices]
    before = before or (LOADED if NEXT in values else next((one for one in values if one != LOADED), LOADED))
    after = after or (NEXT if NEXT in values else LOADED)
    files: list[FileChange] = []
    faults: Sequence[Fault] = ()
    effect, says = None, ""
    try:
        old, new = _library(desk, before), _library(desk, after)
        files = changes(old.archive, new.archive)
        if is_tried:
            with room_in(_TRYING):
                effect = _effect(request, desk, who, old, new)
        if not files:
            says = "The two hold the same files, so nothing changes."
    except FaultsError as error:
        faults, says = error.faults[:CHANGES_SHOWN], "One of the two can't be loaded by this engine:"
    page = ChangePage(
        choices=choices,
        before=before,
        after=after,
        files=[_cut(one) for one in files],
        faults=faults,
        says=says,
        effect=effect,
        may_try=bool(files) and not faults,
        most=MOST_CASES,
    )
    title = "What another edition changes"
    return shown(request, who, "admin/change.html", page, title=title, styles=("admin.css",))


def _choices(desk: Desk) -> list[Choice]:
    with desk.store.read() as connection:
        on_record = editions(connection)
    found = [Choice(LOADED, "loaded by this server now")]
    if desk.settings.next_rules or desk.settings.next_payers:
        found.append(Choice(NEXT, "the candidate that this server was started with"))
    for one in {each.edition.edition: each for each in reversed(on_record)}.values():
        if one.edition.edition != desk.library.edition.edition:
            found.append(Choice(one.edition.edition, f"in force from {one.since:%Y-%m-%d %H:%M} UTC"))
    return found


def _library(desk: Desk, value: str) -> Library:
    """Return the library that a choice means.

    Raises:
        NotFoundError: no such edition is on record.
        FaultsError: the candidate is malformed.
    """
    settings = desk.settings
    if value == LOADED:
        return desk.library
    if value == NEXT:
        if not (settings.next_rules or settings.next_payers):
            raise UsageError("this server was started without --next-rules and --next-payers")
        return load_library(
            rules=settings.next_rules or settings.rules,
            payers=settings.next_payers or settings.payers,
            denial_history=settings.denial_history,
            providers=settings.providers,
            zone=settings.zone,
        )
    with desk.store.read() as connection:
        return library_on_record(connection, value, zone=settings.zone)


def _cut(change: FileChange) -> ShownChange:
    values = change.values[:CHANGES_SHOWN]
    kept = FileChange(change.path, change.title, change.kind, values, change.cases)
    return ShownChange(kept, len(change.values) - len(values))


def _effect(request: Request, desk: Desk, who: Principal, old: Library, new: Library) -> Effect:
    now = desk.now()
    rows = desk.casework.worklist(Filters(in_house=True), now=now, page=Page(size=MOST_CASES)).rows
    ids = [one.case_id for one in rows]
    log_read(request, who, ids)
    found = tried(desk.store, ids, old, new, as_of=now)
    lines = [told(one) for one in found]
    losses = [(_loss(one.before), _loss(one.after)) for one in found]
    known = [(one, other) for one, other in losses if one is not None and other is not None]
    return Effect(
        cases=len(found),
        changed=sum(map(bool, lines)),
        lines=Counter(line for one in lines for line in one).most_common(CHANGES_SHOWN),
        loss_before=sum((one for one, _ in known), Decimal(0)),
        loss_after=sum((other for _, other in known), Decimal(0)),
        not_told=len(losses) - len(known),
    )


def told(one: Tried) -> list[str]:
    """Return in words what the other edition concludes otherwise of a case; nothing of the patient."""
    found = differences(one.before, one.after, "before", "after")
    lines = [
        f"{level.title}: {_status(level.left)} becomes {_status(level.right)}"
        for level in found.levels
        if level.differs
    ]
    lines += [f"{line.title}: another" for line in found.plan if line.differs and line.title == "Recommended"]
    lines += [f"Finding: {one.status.title}" for one in (*found.findings, *found.one_sided)]
    lines += [f"Denial risk: {line.title}" for line in found.risks]
    lines += [f"Deadline: {line.title}" for line in found.clocks]
    lines += [f"Place or its costs: {place.title}" for place in found.options]
    return list(dict.fromkeys(lines))


def _status(value: str | None) -> str:
    return "does not apply" if value is None else wording.status(value)


def _loss(review: Review) -> Decimal | None:
    return review.denial.summary.expected_loss_usd
