"""The talk log of a referral: who asked, who was consulted, what was said, in the order of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from discharge.casework.state.model import CaseState, Referral, Trace

VIEWS = {
    "agrees": "agrees that hospital care is not needed",
    "disagrees": "disagrees: hospital care is needed",
    "no_view": "gave no view",
}
DECISIONS = {
    "approved": "Supported",
    "more_information": "More information is needed",
    "status_change_advised": "A change of status is advised",
    "not_necessary": "Found not necessary",
}


@dataclass(frozen=True)
class Talk:
    """One entry; ``at`` is when it happened, ``by`` who wrote it down."""

    at: datetime
    by: str
    what: str
    text: str


def about(referral_id: str) -> str:
    """Return what notes of a referral are about.

    >>> about("r-1")
    'referral:r-1'
    """
    return f"referral:{referral_id}"


def talk_of(state: CaseState, referral_id: str, referral: Referral, notes: dict[str, str]) -> list[Talk]:
    """Return the log of a referral, the first entry first; ``notes`` has the note of each consultation by event."""
    found = [*_asked(referral, notes), *_notes(state, referral_id), *_calls(state)]
    return sorted(found, key=lambda one: one.at)


def _entry(made: Trace, what: str, text: str) -> Talk:
    return Talk(made.at, made.by, what, text)


def _asked(referral: Referral, notes: dict[str, str]) -> Iterator[Talk]:
    yield _entry(referral.asked, "Asked", referral.question)
    for one in referral.consultations:
        said = notes.get(one.made.event_id, "")
        name = ", ".join(part for part in (one.practitioner.name, one.practitioner.credentials) if part)
        yield _entry(one.made, f"{name} {VIEWS.get(one.view, one.view)}", said)
    if referral.decided is not None and referral.decision is not None:
        yield _entry(
            referral.decided, DECISIONS.get(referral.decision, referral.decision), referral.rationale or ""
        )


def _notes(state: CaseState, referral_id: str) -> Iterator[Talk]:
    for one in state.notes:
        if one.about == about(referral_id):
            yield _entry(one.made, "Note", one.text)


def _calls(state: CaseState) -> Iterator[Talk]:
    for one in state.calls.values():
        if one.scheduled is not None:
            with_whom = one.payer_physician or "physician not named"
            yield _entry(one.scheduled, "Peer-to-peer call set", f"With the payer's physician: {with_whom}")
        if one.held is not None:
            outcome = (one.outcome or "outcome not on record").replace("_", " ")
            yield _entry(one.held, f"Peer-to-peer call: {outcome}", one.note or "")
