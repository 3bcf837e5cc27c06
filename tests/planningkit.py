"""Events of a case in memory, for tests of charting, tasks and guards."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from discharge.casework.events import FIRST_HASH, PAYLOAD, Actor, Event
from discharge.casework.events.base import ENGINE
from discharge.casework.guards import Context, check
from discharge.casework.state import fold
from discharge.casework.state.model import CaseState
from discharge.errors import Fault

NURSE = Actor(id="nurse-1", name="A. Nurse", roles=("case_manager",), credentials="RN")
DOCTOR = Actor(id="doctor-1", name="B. Doctor", roles=("physician_advisor",), credentials="MD")
MD = {"name": "B. Doctor", "credentials": "MD"}
DAY = datetime(2026, 4, 10, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CASE = "case-1"
DIGEST = "a" * 64


def event(kind: str, at: datetime = DAY, /, *, recorded_at: datetime | None = None, **said: Any) -> Event:
    """One event of the case, without its place; :func:`case` numbers it."""
    return Event(
        seq=1,
        event_id="e",
        stream=CASE,
        version=1,
        payload=PAYLOAD.validate_python({"kind": kind, **said}),
        actor=ENGINE if kind in ("stay_opened", "review_run") else NURSE,
        occurred_at=at,
        recorded_at=recorded_at or at,
        previous_hash=FIRST_HASH,
        hash=FIRST_HASH,
    )


def case(*events: Event) -> CaseState:
    """The state after the stay's opening, a review, and ``events``."""
    begun = [
        event("stay_opened", DAY - timedelta(days=1), encounter_id="s1", patient_id="p1"),
        event(
            "review_run",
            DAY - timedelta(days=1),
            reason="new",
            as_of=DAY - timedelta(days=1),
            zone="America/New_York",
            review_type="admission",
            review_digest=DIGEST,
            edition=DIGEST,
            rules_digest=DIGEST,
            payer_profile=None,
            payer_digest=None,
            facts_digest="none",
            engine_version="0",
        ),
    ]
    return fold(_numbered([*begun, *events]))


def _numbered(events: list[Event]) -> Iterator[Event]:
    for number, one in zip(itertools.count(1), events, strict=False):
        yield one.model_copy(update={"seq": number, "version": number, "event_id": f"e{number}"})


def faults(
    state: CaseState,
    kind: str,
    at: datetime = DAY,
    /,
    *,
    actor: Actor = NURSE,
    review: Any = None,
    **said: Any,
) -> list[Fault]:
    """What speaks against an act."""
    payload = PAYLOAD.validate_python({"kind": kind, **said})
    return check(state, payload, actor, Context(occurred_at=at, now=at, review=review))
