"""The head of every page of a case: who, where, payer, day, status, clocks, and whose case it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from discharge import wording
from discharge.api.pages.case.file import CaseFile
from discharge.api.pages.forms import Form, form
from discharge.api.pages.plainly import plainly
from discharge.api.pages.words import day_of_stay, number
from discharge.casework.accounts import people
from discharge.casework.accounts.model import Account
from discharge.casework.work.counted import CaseClock
from discharge.errors import NotFoundError
from discharge.review.model import Review, Stay
from discharge.worklist.steps import Step

_MOST_CLOCKS = 3
_COUNTS = ("running", "late", "paused", "unknown")
_SIDES = {"payer": "the payer's", "patient": "the patient's", "qio": "the QIO's"}


@dataclass(frozen=True)
class ClockSeen:
    """A deadline that is open. ``said`` is what is to be known of it beside its time, if anything."""

    title: str
    due_at: datetime | None
    is_over: bool
    said: str
    why: str


@dataclass(frozen=True)
class HeaderPage:
    """What the head prints; a text that is not known says so itself, None leaves a part out."""

    name: str
    person: str
    place: str
    payer: str
    payer_note: str
    is_payer_known: bool
    day: str
    usual: str
    drg: str
    status: str
    midnights: str
    readiness: str | None
    expected_discharge_at: datetime | None
    expected_basis: str
    discharged_at: datetime | None
    step: Step
    clocks: tuple[ClockSeen, ...]
    more_clocks: int
    is_stale: bool
    reviewed_at: datetime | None
    holder: str | None
    is_mine: bool
    review_now: Form | None
    take: Form | None
    give: Form | None
    give_up: Form | None
    hand_over: str | None


def header_of(file: CaseFile, here: str) -> HeaderPage:
    """Return the head of the case; ``here`` is the path of the page, to which its forms come back."""
    review, state = file.review, file.state
    stay = review.stay if review is not None else None
    clocks = [_clock(one, file.now) for one in file.work.clocks if _is_open(one, file.now)]
    holder = state.assignee
    return HeaderPage(
        name=(review.patient.name if review is not None else file.row.name) or "Name not known",
        person=_person(review, file.row.mrn),
        place=_place(stay),
        payer=_payer(review),
        payer_note=_payer_note(review),
        is_payer_known=review is not None and review.payer.matched,
        day=_day(stay, file.now),
        usual=_usual(stay),
        drg=f"MS-DRG {stay.ms_drg}" if stay is not None and stay.ms_drg else "",
        status=_status(stay),
        midnights=_midnights(stay),
        readiness=_readiness(review),
        expected_discharge_at=stay.expected_discharge.at if stay is not None else None,
        expected_basis=stay.expected_discharge.basis if stay is not None else "there is no review yet",
        discharged_at=stay.discharged if stay is not None else None,
        step=told_steps(file)[0],
        give_up=_give_up(file, here),
        clocks=tuple(clocks[:_MOST_CLOCKS]),
        more_clocks=max(0, len(clocks) - _MOST_CLOCKS),
        is_stale=state.is_stale and not file.is_past,  # an earlier moment is reviewed as of itself
        reviewed_at=review.as_of if review is not None else None,
        holder=_name_of(file, holder),
        is_mine=holder == file.who.account.id,
        review_now=_review_now(file, here),
        take=_take(file, here),
        give=_give(file, here),
        hand_over=file.path() + "#hand-over" if file.may_write and holder == file.who.account.id else None,
    )


def told_steps(file: CaseFile) -> list[Step]:
    """Return what is asked of people, the first first, without names of facts and rule files that only we know."""
    files = file.review.provenance.files if file.review is not None else None
    return [
        replace(one, text=plainly(one.text, files), why=plainly(one.why, files)) for one in file.work.steps()
    ]


def _person(review: Review | None, mrn: str | None) -> str:
    if review is None:
        return f"MRN {mrn}" if mrn else "MRN not known"
    patient = review.patient
    age = "age not known" if patient.age_years is None else f"{int(patient.age_years)} y"
    parts = [age, patient.sex or "sex not known", f"MRN {patient.mrn}" if patient.mrn else "MRN not known"]
    if patient.language and not patient.language.lower().startswith("en"):
        parts.append(f"language {patient.language}")
    return ", ".join(parts)


def _place(stay: Stay | None) -> str:
    if stay is None:
        return "place not known"
    parts = [stay.unit or "unit not known", wording.bed(stay.bed), stay.service or ""]
    return ", ".join(one for one in parts if one)


def _payer(review: Review | None) -> str:
    if review is None:
        return "not known"
    return review.payer.title or "no payer profile matched"


def _payer_note(review: Review | None) -> str:
    """Why no profile matched; nothing where one did, whose title says whether it is fictional."""
    if review is None:
        return "the stay was not reviewed yet"
    payer = review.payer
    if not payer.matched:
        return payer.reason
    is_told = "fictional" in (payer.title or "").lower()
    return "fictional" if payer.is_fictional and not is_told else ""


def _day(stay: Stay | None, now: datetime) -> str:
    """Return the day of the stay as the worklist counts it, or the length of one that is over."""
    begun = None if stay is None else stay.admitted or stay.arrival
    if stay is None or begun is None or stay.days is None:
        return "day not known"
    return f"day {day_of_stay(begun, now)}" if stay.is_in_house else f"{number(stay.days)} days"


def _usual(stay: Stay | None) -> str:
    if stay is None or stay.gmlos_days is None:
        return "usual stay not known"
    return f"usual {number(stay.gmlos_days)}"


def _status(stay: Stay | None) -> str:
    if stay is None or stay.status == "unknown":
        return "status not known"
    return stay.status


def _readiness(review: Review | None) -> str | None:
    """Whether the patient is ready to leave; nothing to be said of one who has left."""
    if review is None:
        return "unknown"
    return None if review.stay.discharged is not None else review.level_of_care.discharge_ready


def _midnights(stay: Stay | None) -> str:
    if stay is None or stay.benchmark_midnights is None:
        return "midnights not known"
    return wording.plural(int(stay.benchmark_midnights), "midnight")


def _is_open(clock: CaseClock, now: datetime) -> bool:
    """Whether a clock runs, or its time is over and nothing on record says that it was kept."""
    if clock.status not in _COUNTS or clock.met_at is not None or clock.due_at is None:
        return False
    is_over = clock.due_at < now
    if clock.status == "unknown":
        return is_over
    return is_over or clock.opens_at is None or clock.opens_at <= now


def _clock(clock: CaseClock, now: datetime) -> ClockSeen:
    is_over = clock.due_at is not None and clock.due_at < now
    said = _SIDES.get(clock.side, "")
    if clock.status == "paused":
        said = "stands still" + (f": {clock.pause_reason}" if clock.pause_reason else "")
    elif clock.status == "unknown":
        said = "not on record"
    return ClockSeen(
        clock.title, clock.due_at, is_over and clock.status != "unknown", said, clock.consequence
    )


# --- whose case -------------------------------------------------------------------------------------------------


def _name_of(file: CaseFile, account_id: str | None) -> str | None:
    if account_id is None:
        return None
    with file.desk.store.read() as connection:
        try:
            return _signed(people.get(connection, account_id))
        except NotFoundError:
            return "somebody whose account is gone"


def colleagues(file: CaseFile, *, of_all: bool = False) -> list[tuple[str, str]]:
    """Return id and name of the people who may work on cases; ``of_all``: of everybody."""
    with file.desk.store.read() as connection:
        found = people.listed(connection)
    return [
        (one.id, _signed(one))
        for one in found
        if of_all or (one.is_active and "cases:write" in one.permissions)
    ]


def _signed(account: Account) -> str:
    return f"{account.name}, {account.credentials}" if account.credentials else account.name


def _assigned(file: CaseFile, here: str, **more: Any) -> Form:
    return form("assigned", f"{base(file)}/record", back=here, version=file.version, **more)


def _take(file: CaseFile, here: str) -> Form | None:
    me, holder = file.who.account.id, file.state.assignee
    is_free = holder is None or file.who.may("assign:write")
    if not file.may_write or holder == me or not is_free:
        return None
    values = {"assignee": me, "basis": "by_hand"}
    return _assigned(file, here, values=values, hide=tuple(values), id="take-case", button="Take the case")


def _give(file: CaseFile, here: str) -> Form | None:
    if not file.may_write or not file.who.may("assign:write"):
        return None
    choices = [one for one in colleagues(file) if one[0] != file.state.assignee]
    return _assigned(
        file,
        here,
        values={"basis": "by_hand"},
        hide=("basis",),
        choices={"assignee": choices},
        id="give-case",
        button="Give the case",
    )


def _give_up(file: CaseFile, here: str) -> Form | None:
    if not file.may_write or file.state.assignee != file.who.account.id:
        return None
    values = {"assignee": "", "basis": "by_hand"}
    return _assigned(file, here, values=values, hide=tuple(values), id="give-up-case", button="Give it up")


def _review_now(file: CaseFile, here: str) -> Form | None:
    if not file.may_write:
        return None
    return form("review_run", f"{base(file)}/review", back=here, version=file.version, id="review-now")


def base(file: CaseFile) -> str:
    """Return the address of the case itself, whatever moment is shown."""
    return f"/cases/{file.case_id}"
