"""Cases for tests of work and guards: a state folded from payloads, and a review changed in places."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from profiles import profile
from views import view

from discharge.casework.events import ENGINE, FIRST_HASH, Actor, Event, Payload
from discharge.casework.events.base import Clinician
from discharge.casework.events.record import ReviewFound, ReviewRun, StayOpened
from discharge.casework.events.utilization import AuthorizationRequested, DecisionReceived, DenialReceived
from discharge.casework.guards import check
from discharge.casework.guards.framework import Context
from discharge.casework.state import fold
from discharge.casework.state.model import CaseState
from discharge.clocks import clocks
from discharge.packs import load_packs
from discharge.payers import PayerProfile, load_payers
from discharge.resources import data_folder
from discharge.review import evaluate_facts
from discharge.review.model import Review

ZONE = "America/New_York"
NURSE = Actor(id="nurse", name="A. Nurse", roles=("case_manager",), credentials="RN")
ADVISOR = Actor(id="advisor", name="B. Advisor", roles=("physician_advisor",), credentials="MD")
PAYER = Actor(id="payer", name="P. Payer", roles=("payer",), payer_ids=("example_ma_plan",))
ONE = Clinician(name="Dora Advisor", credentials="MD")
TWO = Clinician(name="Egon Second", credentials="D.O.")
ATTENDING = Clinician(name="Flora Attending", credentials="MD")
DIGEST = "d" * 64
LEVELS = ("admission", "continued_stay", "discharge_ready")


def at(text: str) -> datetime:
    """A moment in New York."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE))


@cache
def shipped(name: str = "example_ma_plan") -> PayerProfile:
    """A payer profile that ships."""
    return load_payers(data_folder("payer_profiles")).profiles[name]


def payer(payer_class: str, **parts: Any) -> PayerProfile:
    """A payer profile made for a test."""
    return profile(payer_class, **parts)


@cache
def _base() -> Review:
    packs = load_packs(data_folder("rules"), with_cases=False)
    payers = load_payers(data_folder("payer_profiles"))
    facts = {
        "stay.is_inpatient": True,
        "stay.is_in_house": True,
        "stay.admitted_at": "2026-06-01T12:00:00Z",
        "stay.inpatient_order_at": "2026-06-01T17:00:00Z",
    }
    now = pd.Timestamp("2026-06-04T10:00", tz=ZONE).tz_convert("UTC")
    done = evaluate_facts([facts], "example_ma_plan", as_of=now, packs=packs, payers=payers, zone=ZONE)
    return done.reviews[0]


def review(
    as_of: str = "2026-06-04T10:00",
    *,
    levels: dict[str, str] | None = None,
    stay: dict[str, Any] | None = None,
    payer_class: str | None = None,
    **changes: Any,
) -> Review:
    """A review of an inpatient of the example Medicare Advantage plan since Mon 1 Jun 2026 08:00, changed in places."""
    base = _base()
    parts: dict[str, Any] = {
        "as_of": at(as_of),
        "clocks": [],
        "level_of_care": base.level_of_care.model_copy(update=dict(levels or {})),
        "stay": base.stay.model_copy(update={"benchmark_midnights": 3.0} | dict(stay or {})),
    }
    if payer_class is not None:
        said = {"payer_class": payer_class, "profile": "test_payer"}
        parts["payer"] = base.payer.model_copy(update=said)
    return base.model_copy(update=parts | changes)


def with_clocks(one: Review, facts: dict[str, Any], *conclusions: Any, profile: Any = None) -> Review:
    """The review with the clocks that these facts start."""
    moment = one.as_of.replace(tzinfo=None).isoformat()
    return one.model_copy(
        update={"clocks": clocks(view(facts, *conclusions, as_of=moment, zone=ZONE, payer=profile))}
    )


Said = tuple[str, Payload] | tuple[str, Payload, Actor]


def case(*said: Said) -> CaseState:
    """The state after what was said: (when in New York, payload) or with the actor."""
    events = [event(1, "2026-06-01T08:00", StayOpened(encounter_id="e1", patient_id="p1"))]
    for number, one in enumerate(said, 2):
        events.append(event(number, one[0], one[1], one[2] if len(one) > 2 else NURSE))
    return fold(events)


def event(number: int, when: str, payload: Payload, actor: Actor = NURSE) -> Event:
    """An event of the case, recorded when it happened."""
    return Event(
        seq=number,
        event_id=f"ev-{number}",
        stream="c1",
        version=number,
        payload=payload,
        actor=actor,
        occurred_at=at(when),
        recorded_at=at(when),
        previous_hash=FIRST_HASH,
        hash=FIRST_HASH,
    )


def seen(when: str, found: dict[str, Any] | None = None, **more: Any) -> Said:
    """A review of the engine on record."""
    levels = dict.fromkeys(LEVELS, "unknown") | {"status": "inpatient"} | (found or {})
    run = ReviewRun(
        reason="due",
        as_of=at(when),
        zone=ZONE,
        review_type=more.pop("review_type", "concurrent"),
        review_digest=more.pop("digest", DIGEST),
        edition=DIGEST,
        rules_digest=DIGEST,
        payer_profile=None,
        payer_digest=None,
        facts_digest="f",
        engine_version="1",
        found=ReviewFound(**levels) if found is not None else None,
    )
    return when, run, ENGINE


def asked(when: str, authorization_id: str = "a1", service: str = "inpatient_acute", **parts: Any) -> Said:
    """A request for authorization."""
    parts = {"payer_profile": None} | parts
    return when, AuthorizationRequested(authorization_id=authorization_id, service=service, **parts)


def decided(when: str, decision: str = "approved", authorization_id: str = "a1", **parts: Any) -> Said:
    """A payer's decision."""
    return when, DecisionReceived(authorization_id=authorization_id, decision=decision, **parts)


def denied(when: str, notice: str, denial_id: str = "d1", **parts: Any) -> Said:
    """A denial."""
    parts = {"of": "days", "notice_at": at(notice)} | parts
    return when, DenialReceived(denial_id=denial_id, **parts)


def faults(
    state: CaseState,
    payload: Payload,
    actor: Actor = NURSE,
    *,
    when: str = "2026-06-04T12:00",
    review: Review | None = None,
    profile: PayerProfile | None = None,
) -> Sequence[str]:
    """Where the guards object, one path for each fault."""
    context = Context(occurred_at=at(when), now=at(when), review=review, profile=profile)
    return [one.where for one in check(state, payload, actor, context)]
