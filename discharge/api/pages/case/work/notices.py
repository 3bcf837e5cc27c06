"""Notices that are owed or were given, and all clocks of a case."""

from __future__ import annotations

from dataclasses import dataclass

from discharge.api.pages.case.file import CaseFile
from discharge.api.pages.case.making import Maker
from discharge.api.pages.case.payer.said import option
from discharge.api.pages.forms import Form
from discharge.casework.state.model import NoticeSeen
from discharge.casework.work.clocks import UR_NOTICES, is_notice
from discharge.casework.work.conventions import conventions
from discharge.casework.work.counted import CaseClock, base_of, row_of
from discharge.clocks import clock_table

_OPEN = ("running", "paused", "late")
_SIDES = (("hospital", "The hospital's clocks"), ("payer", "The payer's clocks"), ("", "Clocks of others"))


@dataclass(frozen=True)
class Delivered:
    """A notice that was given, or refused with a witness."""

    title: str
    given: NoticeSeen
    recipient: str
    method: str


@dataclass(frozen=True)
class NoticeOwed:
    """A notice with its clock; ``deliver`` is None where it was given or nobody may write."""

    clock: CaseClock
    given: list[Delivered]
    deliver: Form | None


@dataclass(frozen=True)
class Notices:
    """Notices by whether they are due. ``unsure``: whether they are owed, or were given, is not known."""

    due: list[NoticeOwed]
    unsure: list[NoticeOwed]
    settled: list[NoticeOwed]
    others: list[Delivered]
    another: Form | None


@dataclass(frozen=True)
class ClockSeen:
    """A clock with what can be done to it. ``may_pause`` says when its rule lets it stand still."""

    clock: CaseClock
    pause: Form | None
    resume: Form | None
    may_pause: str | None


@dataclass(frozen=True)
class ClockSide:
    """The clocks of one side: those that count, and those that are over."""

    name: str
    title: str
    running: list[ClockSeen]
    over: list[ClockSeen]


def notices_of(file: CaseFile, maker: Maker) -> Notices:
    """Return the notices of the case at the page's moment."""
    clocks = [one for one in file.work.clocks if is_notice(one.clock_id)]
    owed = [_owed(file, maker, one) for one in clocks]
    named = {one.clock_id for one in clocks}
    others = [_delivered(one) for one in file.state.notices if base_of(one.clock_id) not in named]
    another = None
    if file.may_write:
        choices = [(one, _title(one)) for one in clock_table().clocks if is_notice(one)]
        another = maker.make(
            "notice_delivered", "notices", title="Record another notice",
            values={"recipient": "patient", "method": "in_person"},
            choices={"clock_id": sorted(choices, key=lambda one: one[1])},
        )  # fmt: skip
    return Notices(
        due=[one for one in owed if one.clock.status in (*_OPEN, "not_started") and one.clock.met_at is None],
        unsure=[one for one in owed if one.clock.status == "unknown" and one.clock.met_at is None],
        settled=[one for one in owed if one.clock.met_at is not None or one.clock.status == "stopped"],
        others=others,
        another=another,
    )


def _title(clock_id: str) -> str:
    row = row_of(clock_id)
    return f"{row.title} ({row.form})" if row.form else row.title


def _owed(file: CaseFile, maker: Maker, clock: CaseClock) -> NoticeOwed:
    given = [_delivered(one) for one in file.state.notices if base_of(one.clock_id) == clock.clock_id]
    is_open = clock.met_at is None and clock.status != "stopped"
    return NoticeOwed(clock, given, _deliver(maker, clock) if file.may_write and is_open else None)


def _deliver(maker: Maker, clock: CaseClock) -> Form:
    people: tuple[str, ...] = ("patient", "representative")
    if clock.clock_id in UR_NOTICES:
        people = (*people, "practitioner", "hospital")
    choices = [(one, option("notice_delivered", "recipient", one)) for one in people]
    return maker.make(
        "notice_delivered", "notices", title=f"Record that it was given: {clock.title}",
        values={"clock_id": clock.clock_id, "recipient": "patient", "method": "in_person"},
        hide=("clock_id",), choices={"recipient": choices},
    )  # fmt: skip


def _delivered(one: NoticeSeen) -> Delivered:
    return Delivered(
        _title(base_of(one.clock_id)),
        one,
        option("notice_delivered", "recipient", one.recipient).lower(),
        option("notice_delivered", "method", one.method).lower(),
    )


def clocks_of(file: CaseFile, maker: Maker) -> list[ClockSide]:
    """Return all clocks of the case by whose they are; a side without any is left out."""
    seen = [_clock(file, maker, one) for one in file.work.clocks]
    found = []
    for name, title in _SIDES:
        mine = [
            one for one in seen if (one.clock.side if one.clock.side in ("hospital", "payer") else "") == name
        ]
        over = [one for one in mine if one.clock.met_at is not None or one.clock.status == "stopped"]
        running = [one for one in mine if one not in over]
        if mine:
            found.append(ClockSide(name or "others", title, running, over))
    return found


def _clock(file: CaseFile, maker: Maker, clock: CaseClock) -> ClockSeen:
    allowed = conventions().pauses.get(clock.clock_id)
    when = allowed.when if allowed is not None else None
    pause = resume = None
    values = {"clock": clock.clock}
    if file.may_write and clock.paused_since is not None:
        resume = maker.make("clock_resumed", "clocks", values=values)
    elif file.may_write and allowed is not None and clock.status == "running":
        pause = maker.make("clock_paused", "clocks", values=values, help=_allowed(when))
    return ClockSeen(clock, pause, resume, when)


def _allowed(when: str | None) -> str:
    return f"Its rule lets it stand still when {when}."
