"""A sample of every kind of event, reviews, a library and open cases, for tests of state, projection and service."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from small_feed import AS_OF, ZONE, tables

from discharge.casework.events import ENGINE, FEED, FIRST_HASH, KINDS, PAYLOAD, Actor, Event
from discharge.casework.events.record import EditionInForce
from discharge.casework.library import Library
from discharge.casework.storage import blobs
from discharge.denial_history import history_or_none
from discharge.feeds import chart_from_tables
from discharge.packs import load_packs
from discharge.payers import load_payers
from discharge.providers import load_directory
from discharge.resources import data_folder
from discharge.review import review
from discharge.review.model import Review

NOW = datetime.fromisoformat(AS_OF).replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
DIGEST = "ab" * 32
NURSE = Actor(id="nurse", name="Nora Nurse", roles=("case_manager",), credentials="RN")
OTHER_NURSE = Actor(id="other", name="Otto Nurse", roles=("case_manager",), credentials="RN")
LEAD = Actor(id="lead", name="Sue Lead", roles=("supervisor",))
ADVISOR = Actor(id="advisor", name="Ada Advisor", roles=("physician_advisor",), credentials="MD")
DOCTOR = Actor(id="doctor", name="Dora Doctor", roles=("case_manager",), credentials="MD")
PAYER = Actor(id="payer", name="Pat Payer", roles=("payer",), payer_ids=("example_ma_plan",))
AUDITOR = Actor(id="auditor", name="Ann Auditor", roles=("auditor",))
PHYSICIAN = {"name": "Ada Advisor", "credentials": "MD", "npi": "1234567893"}
AT = "2026-06-15T07:30:00-05:00"

SAMPLES: dict[str, Callable[[int], dict[str, Any]]] = {
    "stay_opened": lambda i: {"encounter_id": f"s{i}", "patient_id": f"p{i}"},
    "facts_received": lambda i: {"ingest_id": f"i{i}", "delta": DIGEST, "rows": i, "visible_digest": DIGEST},
    "review_run": lambda i: {
        "reason": "facts", "as_of": AT, "zone": ZONE, "review_type": "concurrent", "review_digest": DIGEST,
        "edition": DIGEST, "rules_digest": DIGEST, "payer_profile": "example_ma_plan", "payer_digest": DIGEST,
        "facts_digest": "f", "engine_version": "1",
    },
    "note_added": lambda i: {"text": f"note {i}"},
    "assigned": lambda i: {"assignee": f"person{i}"},
    "handed_over": lambda i: {"to": f"person{i}", "summary": "all of it", "open_items": ["ride"]},
    "escalated": lambda i: {"to_role": "supervisor", "reason": "stuck"},
    "task_added": lambda i: {"task_id": f"t{i}", "title": "call the family", "due_at": AT},
    "task_settled": lambda i: {"task_id": f"t{i}", "outcome": "done"},
    "report_made": lambda i: {"of": "elder", "agency": "APS"},
    "status_determined": lambda i: {
        "status": "inpatient", "determined_by": PHYSICIAN, "basis": "two midnights", "effective_at": AT,
    },
    "first_level_reviewed": lambda i: {"outcome": "referred", "review_type": "concurrent", "criteria": {"x": "no"}},
    "advisor_referred": lambda i: {"referral_id": f"r{i}", "question": "needed?", "reason": "not_met"},
    "practitioner_consulted": lambda i: {"referral_id": f"r{i}", "practitioner": PHYSICIAN, "view": "agrees"},
    "advisor_decided": lambda i: {
        "referral_id": f"r{i}", "decision": "approved", "physician": PHYSICIAN, "rationale": "sick",
    },
    "physician_asked": lambda i: {"question_id": f"q{i}", "to": "Dr. X", "question": "oxygen?"},
    "physician_answered": lambda i: {
        "question_id": f"q{i}", "answered_by": PHYSICIAN, "answer": "yes", "facts": {"a": True, "b": 2.5, "c": "x"},
    },
    "authorization_requested": lambda i: {
        "authorization_id": f"a{i}", "service": "inpatient_acute", "payer_profile": "example_ma_plan", "days_asked": 3,
    },
    "decision_received": lambda i: {
        "authorization_id": f"a{i}", "decision": "approved", "number": f"N{i}", "days_approved": 2,
        "valid_through": "2026-06-17",
    },
    "days_authorized": lambda i: {"authorization_id": f"a{i}", "days": 1, "valid_through": "2026-06-18"},
    "payer_asked": lambda i: {"question_id": f"pq{i}", "authorization_id": f"a{i}", "question": "labs?"},
    "payer_answered": lambda i: {"question_id": f"pq{i}", "text": "sent"},
    "peer_to_peer_scheduled": lambda i: {"call_id": f"c{i}", "at": AT, "physician": "Dr. X"},
    "peer_to_peer_held": lambda i: {"call_id": f"c{i}", "outcome": "upheld", "physician": PHYSICIAN},
    "denial_received": lambda i: {
        "denial_id": f"d{i}", "of": "days", "carc": "197", "amount_usd": "1200.50", "days": 2, "notice_at": AT,
    },
    "appeal_filed": lambda i: {"appeal_id": f"ap{i}", "denial_id": f"d{i}", "level": "internal"},
    "appeal_decided": lambda i: {"appeal_id": f"ap{i}", "outcome": "overturned", "amount_usd": "800.00"},
    "notice_delivered": lambda i: {"clock_id": "IM-1", "is_signed": True},
    "clock_paused": lambda i: {"clock": f"MA-EXP/a{i}", "reason": "records asked"},
    "clock_resumed": lambda i: {"clock": f"MA-EXP/a{i}"},
    "avoidable_day_recorded": lambda i: {"record_id": f"ad{i}", "day": "2026-06-15", "reason": "payer_decision"},
    "delay_attributed": lambda i: {"record_id": f"dl{i}", "to": "payer", "reason": "no answer", "start": AT},
    "released": lambda i: {
        "release_id": f"rl{i}", "paper": "payer_summary", "media_type": "text/html", "document": DIGEST,
        "payer_profile": "example_ma_plan", "review_digest": DIGEST,
    },
    "outcome_recorded": lambda i: {"outcome": "paid", "paid_usd": f"{i}000.00"},
    "assessment_answered": lambda i: {
        "questionnaire": "function", "version": "1", "answers": {f"l{i}": True, "x": None}, "is_complete": i == 1,
    },
    "plan_drafted": lambda i: {"plan_id": f"p{i}", "review_digest": DIGEST, "option": "snf"},
    "plan_changed": lambda i: {"plan_id": f"p{i}", "option": "home_health", "reason": "family"},
    "plan_agreed": lambda i: {"plan_id": f"p{i}", "by": "patient", "agrees": True},
    "plan_approved": lambda i: {"plan_id": f"p{i}", "physician": PHYSICIAN},
    "choice_list_given": lambda i: {"service": "snf", "providers": ["015009"], "chosen": "015009"},
    "referral_sent": lambda i: {"referral_id": f"ro{i}", "service": "snf", "provider": "Oak House"},
    "referral_answered": lambda i: {"referral_id": f"ro{i}", "answer": "accepted", "can_start_at": AT},
    "appointment_made": lambda i: {
        "appointment_id": f"ap{i}", "with_whom": "Dr. Y", "purpose": "follow-up", "at": AT,
    },
    "appointment_settled": lambda i: {"appointment_id": f"ap{i}", "outcome": "moved", "at": AT},
    "transport_arranged": lambda i: {"transport_id": f"tr{i}", "mode": "taxi"},
    "goal_set": lambda i: {"goal_id": f"g{i}", "text": "own flat", "domain": "housing"},
    "goal_settled": lambda i: {"goal_id": f"g{i}", "outcome": "met"},
    "barrier_opened": lambda i: {"barrier_id": f"b{i}", "text": "no ramp", "cause": "no_ride"},
    "barrier_cleared": lambda i: {"barrier_id": f"b{i}", "how": "ramp built"},
    "service_monitored": lambda i: {
        "record_id": f"m{i}", "service": "home_health", "is_given": False, "concern": "nobody came",
        "settles": f"m{i - 1}",
    },
}  # fmt: skip
assert set(SAMPLES) | {"corrected", "edition_in_force", "feed_keeps", "account_changed", "store_kept"} == set(
    KINDS
)

STAGE = (
    "stay_opened", "review_run", "authorization_requested", "advisor_referred", "physician_asked", "payer_asked",
    "denial_received", "appeal_filed", "clock_paused", "plan_drafted", "referral_sent", "appointment_made", "goal_set",
)  # fmt: skip
"""What others refer to."""


def payload(kind: str, number: int = 1, **said: Any) -> Any:
    """Return a payload of the kind; those of the same number speak of the same thing."""
    return PAYLOAD.validate_python({"kind": kind} | SAMPLES.get(kind, lambda _: {})(number) | said)


def event(version: int, said: Any, *, actor: Actor | None = None, at: datetime | None = None) -> Event:
    """Return an event as it would stand in the ledger of one case, its id ``e<version>``."""
    moment = at or NOW + timedelta(minutes=version)
    return Event(
        seq=version,
        event_id=f"e{version}",
        stream="case",
        version=version,
        payload=said,
        actor=actor or NURSE,
        occurred_at=moment,
        recorded_at=moment,
        previous_hash=FIRST_HASH,
        hash=FIRST_HASH,
    )


def events(payloads: Iterable[Any]) -> list[Event]:
    """Return payloads as the events of one case."""
    return [event(place, said) for place, said in enumerate(payloads, 1)]


@cache
def library() -> Library:
    """Return the shipped rules and payers, without reading them twice in a process."""
    packs = load_packs(data_folder("rules"), with_cases=False)
    payers = load_payers(data_folder("payer_profiles"))
    edition = EditionInForce(
        edition=DIGEST, rules={}, rules_digest=DIGEST, payers={}, payers_digest=DIGEST, history_digest=None,
        providers_digest=None, engine_version="1", files=DIGEST,
    )  # fmt: skip
    return Library(
        packs=packs,
        payers=payers,
        history=history_or_none(None, packs, payers),
        directory=load_directory([], zone=ZONE),
        zone=ZONE,
        edition=edition,
        archive=b"",
    )


@cache
def reviews(hours: int = 0) -> dict[str, Review]:
    """Return the reviews of the small feed, ``hours`` after its moment, by encounter."""
    chart = chart_from_tables({name: pd.DataFrame(rows).replace("", None) for name, rows in tables().items()})
    asked = pd.Timestamp(NOW + timedelta(hours=hours))
    done = review(chart, as_of=asked, packs=library().packs, payers=library().payers, zone=ZONE)
    return {one.encounter_id: one for one in done.reviews}


def reviewed(one: Review, digest: str) -> Any:
    """Return the payload of a review's event."""
    return payload(
        "review_run",
        as_of=one.as_of,
        review_type=one.review_type,
        payer_profile=one.payer.profile,
        review_digest=digest,
    )


def open_case(casework: Any, case_id: str, one: Review, *, now: datetime = NOW) -> None:
    """Put a case into the store: its stay, its facts and a review."""
    with casework.store.write() as connection:
        digest = blobs.put(connection, "review", one.model_dump_json().encode())
        delta = blobs.put(connection, "delta", b"[]")
    said = payload("stay_opened", encounter_id=one.encounter_id, patient_id=f"p-{one.encounter_id}")
    came = payload("facts_received", delta=delta)
    casework.record(case_id, [said, came], actor=FEED, now=now)
    casework.record(case_id, [reviewed(one, digest)], actor=ENGINE, now=now, occurred_at=one.as_of)
