"""Everything on record of a case, the newest first, and the correction of what was recorded wrongly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response

from discharge.api.bodies import CaseId, IdPath
from discharge.api.pages.case.entries import Said, fields_of, told
from discharge.api.pages.case.file import CaseFile, OurCase
from discharge.api.pages.case.record import Writer, refused, write
from discharge.api.pages.case.shell import case_page
from discharge.api.pages.case.then import stamp
from discharge.api.pages.forms import Entry, Form, form, wordings
from discharge.api.pages.sent import last, payload_of, sent_form
from discharge.api.state import OurDesk
from discharge.casework.accounts import people
from discharge.casework.accounts.rights import permission_to_write
from discharge.casework.events import OF_THE_ENGINE, Event
from discharge.casework.events.record import Corrected
from discharge.casework.guards import Context, check, may_record
from discharge.casework.state.corrections import replaced, resolved
from discharge.errors import Fault

router = APIRouter(include_in_schema=False)
_ON_A_PAGE = 30
_ASKS = ("correct.event_id", "correct.reason")


@dataclass(frozen=True)
class Correction:
    """What corrects an entry, or is corrected by one."""

    seq: int
    path: str
    words: str


@dataclass(frozen=True)
class EntrySeen:
    """One event as the page tells it. ``corrected_by`` is the correction that holds; the entry then no longer does."""

    seq: int
    event_id: str
    words: str
    who: str
    role: str
    on_behalf_of: str | None
    occurred_at: datetime
    recorded_at: datetime
    is_late: bool
    fields: tuple[Said, ...]
    corrected_by: Correction | None
    now_says: tuple[Said, ...] | None
    corrects: Correction | None
    hash: str
    then_path: str
    correct_path: str | None


@dataclass(frozen=True)
class CorrectionForms:
    """The forms that correct one entry; ``why_not`` says why none is offered."""

    words: str
    seq: int
    at: datetime
    take_back: Form | None
    say_right: Form | None
    why_not: tuple[str, ...]
    back: str


@dataclass(frozen=True)
class LedgerPage:
    """A page of the ledger with its filters."""

    entries: tuple[EntrySeen, ...]
    total: int
    every: int
    kinds: tuple[tuple[str, str], ...]
    actors: tuple[tuple[str, str], ...]
    kind: str | None
    actor: str | None
    number: int
    pages: int
    newer: str | None
    older: str | None
    correction: CorrectionForms | None


@router.get("/cases/{case_id}/ledger", name="page_ledger")
def ledger(
    file: OurCase,
    kind: Annotated[str, Query(max_length=60)] = "",
    actor: Annotated[str, Query(max_length=64)] = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    correct: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Show the events of the case, filtered by kind and by person, and the form that corrects one (``correct``)."""
    events = file.events
    shown = [one for one in reversed(events) if kind in ("", one.kind) and actor in ("", one.actor.id)]
    pages = max(1, -(-len(shown) // _ON_A_PAGE))
    number = min(page, pages)
    names = _names(file)
    teller = _Teller(file, events, names)
    some = shown[(number - 1) * _ON_A_PAGE : number * _ON_A_PAGE]
    body = LedgerPage(
        entries=tuple(teller.told(one) for one in some),
        total=len(shown),
        every=len(events),
        kinds=_counted((one.kind, told(one.kind)) for one in events),
        actors=_counted((one.actor.id, one.actor.name) for one in events),
        kind=kind or None,
        actor=actor or None,
        number=number,
        pages=pages,
        newer=_path(file, kind, actor, number - 1) if number > 1 else None,
        older=_path(file, kind, actor, number + 1) if number < pages else None,
        correction=_correction(file, events, correct, names) if correct else None,
    )
    return case_page(file, "ledger", "ledger.html", body, styles=("ledger.css",))


def _names(file: CaseFile) -> dict[str, str]:
    with file.desk.store.read() as connection:
        return {one.id: one.name for one in people.listed(connection)}


def _counted(pairs: object) -> tuple[tuple[str, str], ...]:
    """Return each value once with its words and how often it is there, in the order of the words."""
    count = Counter(pairs)  # type: ignore[call-overload]
    return tuple(
        (name, f"{words} ({times})")
        for (name, words), times in sorted(count.items(), key=lambda one: one[0][1])
    )


def _path(file: CaseFile, kind: str, actor: str, number: int) -> str:
    given = {"kind": kind, "actor": actor, "page": str(number) if number > 1 else ""}
    given["at"] = stamp(file.at) if file.at is not None else ""
    query = urlencode({name: value for name, value in given.items() if value})
    return f"/cases/{file.case_id}/ledger" + (f"?{query}" if query else "")


class _Teller:
    """Tells events of one case."""

    def __init__(self, file: CaseFile, events: Sequence[Event], names: Mapping[str, str]) -> None:
        self.file = file
        self.names = names
        self.by_id = {one.event_id: one for one in events}
        self.by = resolved(events).by

    def told(self, event: Event) -> EntrySeen:
        """Return an event with what corrects it and what it corrects."""
        payload, zone = event.payload, self.file.desk.settings.zone
        holding = self.by_id.get(self.by.get(event.event_id, ""))
        corrects = self.by_id.get(payload.event_id) if isinstance(payload, Corrected) else None
        now_says = None
        if holding is not None and isinstance(holding.payload, Corrected) and holding.payload.replacement:
            now_says = tuple(fields_of(replaced(holding.payload.replacement), zone, self.names))
        actor = event.actor
        return EntrySeen(
            seq=event.seq,
            event_id=event.event_id,
            words=told(event.kind),
            who=f"{actor.name}, {actor.credentials}" if actor.credentials else actor.name,
            role=", ".join(role.replace("_", " ") for role in actor.roles) or actor.kind,
            on_behalf_of=event.on_behalf_of,
            occurred_at=event.occurred_at,
            recorded_at=event.recorded_at,
            is_late=(event.recorded_at - event.occurred_at).total_seconds() >= 60,
            fields=tuple(fields_of(payload, zone, self.names)),
            corrected_by=None if holding is None else self._link(holding, _how(holding)),
            now_says=now_says,
            corrects=None if corrects is None else self._link(corrects, told(corrects.kind)),
            hash=event.hash,
            then_path=f"/cases/{self.file.case_id}?at={stamp(event.known_at)}",
            correct_path=self._correct_path(event),
        )

    def _link(self, event: Event, words: str) -> Correction:
        return Correction(event.seq, f"#entry-{event.seq}", words)

    def _correct_path(self, event: Event) -> str | None:
        root = event
        while isinstance(root.payload, Corrected) and root.payload.event_id in self.by_id:
            root = self.by_id[root.payload.event_id]
        may = (
            self.file.may_write
            and root.kind not in OF_THE_ENGINE
            and may_record(root.kind, self.file.who.actor)
        )
        if not may or event.event_id in self.by:
            return None
        return f"{self.file.path('ledger')}?correct={event.event_id}#correct"


def _how(correction: Event) -> str:
    payload = correction.payload
    assert isinstance(payload, Corrected)
    what = "taken back" if payload.replacement is None else "said anew"
    return f"{what} by {correction.actor.name}: {payload.reason}"


def _correction(
    file: CaseFile, events: Sequence[Event], event_id: str, names: Mapping[str, str]
) -> CorrectionForms | None:
    """Return the forms that correct an event, judged as they would be when they are sent."""
    event = next((one for one in events if one.event_id == event_id), None)
    if event is None or not file.may_write:
        return None
    back = _path(file, "", "", 1)
    context = Context(
        occurred_at=file.now, now=file.now, review=file.review, profile=file.profile, history=events
    )
    asked = Corrected(event_id=event_id, reason="asked whether it may be")
    faults = check(file.state, asked, file.who.actor, context)
    why_not = tuple(f"{one.what}; {one.expected}" if one.expected else one.what for one in faults)
    if faults:
        return CorrectionForms(told(event.kind), event.seq, event.occurred_at, None, None, why_not, back)
    take_back = form(
        "corrected",
        f"/cases/{file.case_id}/record",
        back=back,
        version=file.version,
        values={"event_id": event_id},
        hide=("event_id",),
        id="take-back",
    )
    right = _say_right(file, event, back)
    return CorrectionForms(told(event.kind), event.seq, event.occurred_at, take_back, right, (), back)


def _say_right(file: CaseFile, event: Event, back: str) -> Form | None:
    """Return the form of the event's own kind, filled with what it says; None where it can't be entered so."""
    payload = event.payload
    values = {name: getattr(payload, name) for name in type(payload).model_fields if name != "kind"}
    is_plain = not any(isinstance(one, dict) and one for one in values.values())
    if event.kind not in wordings() or event.kind in ("corrected", "released") or not is_plain:
        return None
    kept = {name: value for name, value in values.items() if value is not None and value != {}}
    made = form(
        event.kind,
        f"/cases/{file.case_id}/correct",
        back=back,
        version=file.version,
        values=kept,
        id="say-right",
        button="Record the correction",
    )
    asks = (
        Entry(_ASKS[0], "", "hidden", value=event.event_id),
        Entry(_ASKS[1], "Why it was wrong", "area", required=True),
    )
    entries = tuple(_local(one, file.desk.settings.zone) for one in made.entries if one.name != "occurred_at")
    help = "The entry stays in the ledger; the case then stands as if it had said this."
    return replace(made, title="Say it right", help=help, entries=(*entries, *asks))


def _local(entry: Entry, zone: str) -> Entry:
    """Return an entry whose moment is written as its input takes it."""
    if entry.shape != "moment" or not entry.value:
        return entry
    at = datetime.fromisoformat(entry.value).astimezone(ZoneInfo(zone))
    return replace(entry, value=at.strftime("%Y-%m-%dT%H:%M"))


@router.post("/cases/{case_id}/correct", name="page_correct")
def correct(case_id: CaseId, request: Request, desk: OurDesk, who: Writer) -> Response:
    """Record that an event should have said something else, as its own form now says it; and go back."""
    sent = sent_form(request)
    who.require(permission_to_write("corrected"))
    said = {name: values for name, values in sent.items() if name not in _ASKS}
    payload, faults = payload_of(said, desk.settings.zone)
    reason = last(sent, _ASKS[1])
    if not reason:
        faults = [*faults, Fault(_ASKS[1], "this is missing", "an entry")]
    if payload is None or faults:
        return refused(request, who, faults)
    event_id: IdPath = last(sent, _ASKS[0])
    corrected, faults = payload_of(
        {"kind": ["corrected"], "event_id": [event_id], "reason": [reason]}, desk.settings.zone
    )
    if corrected is None:
        return refused(request, who, faults)
    replacement = payload.model_dump(mode="json")
    return write(request, desk, who, case_id, corrected.model_copy(update={"replacement": replacement}))
