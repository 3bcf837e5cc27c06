"""Some patients at a moment: what a feed brought is kept, and the stays that need it are reviewed.

Reads from one snapshot, reviews with no transaction open, writes everything in one transaction. What somebody else
changed in between is left out of that and done again.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discharge.casework.events import ENGINE, FEED, Draft
from discharge.casework.events.record import FactsReceived, ReviewRun, StayOpened
from discharge.casework.intake.deltas import AT_ONCE, Head, heads, stored_rows
from discharge.casework.intake.in_force import Now, put_in_force, require_scope, scope_of
from discharge.casework.intake.merge import Delta, apply, difference
from discharge.casework.intake.reviewer import Made, Reviewer, of_patients
from discharge.casework.intake.rows import PLACE, Rows
from discharge.casework.intake.seen import (
    CaseSeen,
    PatientSeen,
    patients_of,
    see,
    states_of,
    versions,
)
from discharge.casework.intake.visible import StaySeen, chart_of, stays_seen
from discharge.casework.ledger import append_many, events_of, require_version
from discharge.casework.library import Library
from discharge.casework.projection import Case, project_many
from discharge.casework.state import fold
from discharge.casework.storage import blobs
from discharge.casework.storage.engine import Store
from discharge.casework.storage.tables import CHART_DELTAS, EVENTS, HEAD, STAYS
from discharge.casework.work.found import found
from discharge.chart import Chart, Scope
from discharge.errors import NotFoundError, StoreError, UsageError

Reason: TypeAlias = Literal["new", "facts", "edition", "due", "casework", "asked"]
PATIENTS_AT_ONCE = 100
_TRIES = 5


@dataclass(frozen=True)
class Arrival:
    """What a feed holds of one patient."""

    rows: Rows
    retracted: tuple[str, ...]
    digest: str


@dataclass
class Outcome:
    """What became of the stays of some patients. ``moved`` were changed by somebody else meanwhile."""

    stays: Counter[str] = field(default_factory=Counter)  # new, changed, unchanged, not_yet_known
    reasons: Counter[str] = field(default_factory=Counter)
    patients_changed: int = 0
    rows: int = 0
    moved: list[str] = field(default_factory=list)

    @property
    def seen(self) -> int:
        """Return how many stays are known at the moment."""
        return self.stays["new"] + self.stays["changed"] + self.stays["unchanged"]

    def add(self, other: Outcome) -> None:
        """Add the counts of another portion."""
        self.stays.update(other.stays)
        self.reasons.update(other.reasons)
        self.patients_changed += other.patients_changed
        self.rows += other.rows


@dataclass(frozen=True)
class ByHand:
    """A review that somebody asked for: on the version of the case that was seen, under an id of its own.

    Asked for again with the same id and version, it finds the case changed, by the review itself.
    """

    case_id: str
    version: int
    event_id: str


@dataclass(frozen=True)
class Round:
    """What all portions of one ingest, refresh or request have in common."""

    store: Store
    reviewer: Reviewer
    as_of: datetime
    clock: Now
    ingest_id: str
    scope: Scope = field(default_factory=Scope)  # what feeds have brought so far
    asked: Mapping[str, Reason] | None = None  # cases that are reviewed whatever holds, and no others
    by_hand: ByHand | None = None

    @property
    def moment(self) -> pd.Timestamp:
        """Return ``as_of`` as the engine takes it."""
        return pd.Timestamp(self.as_of).tz_convert("UTC").as_unit("us")


@dataclass(frozen=True)
class _Due:
    """A stay as it stands, and why it is to be reviewed, if it is."""

    stay: StaySeen
    case: CaseSeen | None
    standing: str  # new, changed, unchanged
    reason: Reason | None  # None: it is not reviewed


def review_cases(
    store: Store,
    library: Library,
    case_ids: Iterable[str],
    *,
    as_of: datetime,
    now: Now,
    reason: Reason,
    by_hand: ByHand | None = None,
) -> int:
    """Review cases whatever holds, as of ``as_of``; return how many reviews were written.

    Raises:
        ConflictError: the case of ``by_hand`` is at another version.
        NotFoundError: no such case.
        UsageError: ``as_of`` is earlier than what the store knows already.
        StoreError: others kept changing the cases; nothing is lost, ask again.
    """
    wanted: dict[str, Reason] = dict.fromkeys(case_ids, reason)
    with store.read() as connection:
        patients = patients_of(connection, wanted)
    if missing := [case_id for case_id in wanted if case_id not in patients]:
        raise NotFoundError(f"there is no case {missing[0]}")
    check_moment(store, as_of)
    put_in_force(store, library, as_of=as_of, now=now)
    this = Round(store, Reviewer(library), as_of, now, uuid.uuid4().hex, scope_of(store), wanted, by_hand)
    done = run_all(this, dict.fromkeys(sorted(set(patients.values()))))
    if done.moved:
        raise StoreError("others kept changing the cases while they were reviewed; try again")
    return done.reasons.total()


def check_moment(store: Store, as_of: datetime) -> None:
    """Raise UsageError where the store knows what came later than ``as_of``: history is not written backwards."""
    with store.read() as connection:
        last = last_moment(connection)
    if last is not None and as_of < last:
        raise UsageError(
            f"the moment {as_of.isoformat()} is earlier than {last.isoformat()}, up to which the store has"
            " been told what was known; give that moment or a later one"
        )


def last_moment(connection: Connection) -> datetime | None:
    """Return the latest moment for which facts were received or a review was made."""
    kinds = ("facts_received", "review_run")
    asked = sa.select(EVENTS.c.occurred_at).where(EVENTS.c.kind.in_(kinds)).order_by(EVENTS.c.seq.desc())
    moments: list[datetime | None] = [
        connection.scalar(asked.limit(1)),
        connection.scalar(sa.select(sa.func.max(CHART_DELTAS.c.known_from))),
    ]
    return max((one for one in moments if one is not None), default=None)


def run_all(this: Round, arrivals: Mapping[str, Arrival | None]) -> Outcome:
    """Do all patients of ``arrivals``, in portions; those changed by others meanwhile again, a few times."""
    total = Outcome()
    waiting = dict(arrivals)
    for _ in range(_TRIES):
        names, again = sorted(waiting), list[str]()
        for start in range(0, len(names), PATIENTS_AT_ONCE):
            done = run(this, {name: waiting[name] for name in names[start : start + PATIENTS_AT_ONCE]})
            total.add(done)
            again += done.moved
        if not again:
            return total
        waiting = dict.fromkeys(again)
    total.moved = sorted(waiting)
    return total


def run(this: Round, arrivals: Mapping[str, Arrival | None]) -> Outcome:
    """Do one portion of patients; None for one of whom nothing arrived."""
    done = Outcome()
    with this.store.read() as connection:
        patients = see(connection, arrivals)
        for name in [name for name, one in patients.items() if _is_quiet(one, arrivals[name], this)]:
            quiet = patients.pop(name)
            done.stays["unchanged"] += len(quiet.cases)
        for name, rows in stored_rows(connection, patients).items():
            patients[name].rows = rows
            patients[name].states = states_of(connection, patients[name])
    deltas = _deltas(patients, arrivals)
    chart = chart_of(
        (one.rows for one in patients.values()),
        (state for one in patients.values() for state in one.states),
        zone=this.reviewer.library.zone,
    )
    stays = [
        _looked_at(this, stay, patients, deltas) for stay in stays_seen(chart.as_of(this.moment), this.scope)
    ]
    due = [one for one in stays if one.reason is not None]
    made: dict[str, Made] = {}
    if due:
        some = of_patients(chart, {one.stay.patient_id for one in due})
        made = this.reviewer.review(some, {one.stay.encounter_id for one in due}, this.moment, this.scope)
    if due or deltas:
        with this.store.write() as connection:
            done.moved = _write(connection, this, patients, arrivals, deltas, due, made)
    _count(done, chart, stays, deltas)
    return done


def _count(done: Outcome, chart: Chart, stays: Iterable[_Due], deltas: Mapping[str, Delta]) -> None:
    """Count what was done; of patients to be done again only what they brought."""
    done.patients_changed = len(deltas)
    done.rows = sum(delta.size for delta in deltas.values())
    all_stays = chart.stays
    done.stays["not_yet_known"] += int((~all_stays["patient_id"].isin(done.moved)).sum())
    for one in stays:
        if one.stay.patient_id not in done.moved:
            done.stays["not_yet_known"] -= 1
            done.stays[one.standing] += 1
            if one.reason is not None:
                done.reasons[one.reason] += 1


def _is_quiet(patient: PatientSeen, arrival: Arrival | None, this: Round) -> bool:
    """Tell whether a patient need not be looked at: the same rows at the same moment, and all reviewed then."""
    if arrival is None or patient.head.feed_digest != arrival.digest or not patient.cases:
        return False
    place = PLACE["encounters"]["start"]
    until = int(this.as_of.timestamp() * 1_000_000)
    if any(row[place] > until for row in arrival.rows.get("encounters", {}).values()):
        return False
    edition = this.reviewer.library.edition.edition
    return all(
        case.reviewed_as_of == this.as_of
        and not case.is_stale
        and (case.edition == edition or not case.is_in_house)
        for case in patient.cases.values()
    )


def _deltas(patients: Mapping[str, PatientSeen], arrivals: Mapping[str, Arrival | None]) -> dict[str, Delta]:
    """Return what is new or changed of each patient, and apply it to the rows that are known."""
    found_: dict[str, Delta] = {}
    for name, patient in patients.items():
        arrival = arrivals[name]
        if arrival is not None and arrival.digest != patient.head.feed_digest:
            delta = difference(patient.rows, arrival.rows, arrival.retracted)
            if delta.size:
                apply(patient.rows, delta)
                found_[name] = delta
    return found_


def _looked_at(
    this: Round, stay: StaySeen, patients: Mapping[str, PatientSeen], deltas: Mapping[str, Delta]
) -> _Due:
    """Return how a stay stands, and why it is to be reviewed, if it is."""
    patient = patients[stay.patient_id]
    case = patient.cases.get(stay.encounter_id) or _continued(stay, patient)
    if case is None:
        return _Due(stay, None, "new", "new" if this.asked is None else None)
    is_changed = case.visible_digest != stay.digest or case.encounter_id != stay.encounter_id
    standing = "changed" if is_changed else "unchanged"
    if this.asked is not None:
        return _Due(stay, case, standing, this.asked.get(case.case_id))
    reason: Reason | None = None
    if is_changed:
        reason = "casework" if case.is_stale and stay.patient_id not in deltas else "facts"
    elif case.is_stale:
        reason = "casework"
    elif case.is_in_house and case.edition != this.reviewer.library.edition.edition:
        reason = "edition"
    elif _is_due(case, this.as_of):
        reason = "due"
    return _Due(stay, case, standing, reason)


def _is_due(case: CaseSeen, as_of: datetime) -> bool:
    """Tell whether the payer's cadence asks for a review that was not made yet."""
    due, last = case.next_review_at, case.reviewed_as_of
    return due is not None and due <= as_of and (last is None or last < due)


def _continued(stay: StaySeen, patient: PatientSeen) -> CaseSeen | None:
    """Return the case of an encounter that has since become part of this stay, as an emergency visit does."""
    earlier = [case for name, case in patient.cases.items() if name in stay.members]
    return min(earlier, key=lambda case: (case.opened_at, case.case_id), default=None)


def _write(
    connection: Connection,
    this: Round,
    patients: Mapping[str, PatientSeen],
    arrivals: Mapping[str, Arrival | None],
    deltas: Mapping[str, Delta],
    due: list[_Due],
    made: Mapping[str, Made],
) -> list[str]:
    """Write everything of one portion, but reviews of patients whose cases somebody else changed: return those."""
    seq = connection.scalar(sa.select(HEAD.c.seq).where(HEAD.c.id == 1).with_for_update())
    if this.by_hand is not None:
        require_version(connection, this.by_hand.case_id, this.by_hand.version)
    require_scope(connection, this.scope)
    touched = {one.stay.patient_id for one in due} | deltas.keys()
    current = heads(connection, touched)
    if any(current.get(name, Head()).number != patients[name].head.number for name in touched):
        if deltas:
            raise StoreError("another ingest wrote to this store meanwhile; run this one again")
        return sorted(touched)
    now = this.clock()
    _keep(connection, this, patients, arrivals, deltas, seq or 0, now)
    there = versions(connection, [case for name in touched for case in patients[name].versions])
    moved = {
        name
        for name in touched
        if any(there.get(case, 0) != version for case, version in patients[name].versions.items())
    }
    _record(connection, this, [one for one in due if one.stay.patient_id not in moved], made, patients, now)
    return sorted(moved)


def _keep(
    connection: Connection,
    this: Round,
    patients: Mapping[str, PatientSeen],
    arrivals: Mapping[str, Arrival | None],
    deltas: Mapping[str, Delta],
    seq: int,
    now: datetime,
) -> None:
    """Write the deltas."""
    names = sorted(deltas)
    digests = blobs.put_many(connection, "delta", [deltas[name].to_bytes() for name in names])
    rows = []
    for name, digest in zip(names, digests, strict=True):
        arrival, patient = arrivals[name], patients[name]
        feed_digest = arrival.digest if arrival is not None else ""
        head = Head(patient.head.number + 1, feed_digest, this.ingest_id, digest, deltas[name].size)
        patient.head = head
        rows.append(
            {
                "patient_id": name,
                **head._asdict(),
                "known_from": this.as_of,
                "recorded_at": now,
                "after_seq": seq,
            }
        )
    for start in range(0, len(rows), AT_ONCE):
        connection.execute(CHART_DELTAS.insert(), rows[start : start + AT_ONCE])


def _record(
    connection: Connection,
    this: Round,
    due: list[_Due],
    made: Mapping[str, Made],
    patients: Mapping[str, PatientSeen],
    now: datetime,
) -> None:
    """Write the events of reviewed stays with their reviews, and project the cases."""
    digests = blobs.put_many(connection, "review", [made[one.stay.encounter_id].content for one in due])
    batch: list[tuple[str, list[Draft]]] = []
    for one, digest in zip(due, digests, strict=True):
        case_id = one.case.case_id if one.case is not None else uuid.uuid4().hex
        _name(connection, this, one, case_id)
        drafts = _said(this, one, made[one.stay.encounter_id], digest, patients[one.stay.patient_id].head)
        batch.append((case_id, drafts))
    append_many(connection, batch, now=now)
    cases = [
        Case(fold(events_of(connection, case_id)), made[one.stay.encounter_id].review)
        for one, (case_id, _) in zip(due, batch, strict=True)
    ]
    if cases:
        project_many(connection, cases, this.reviewer.library)


def _name(connection: Connection, this: Round, one: _Due, case_id: str) -> None:
    """Write which encounter a case is about."""
    stay = one.stay
    if one.case is None:
        values = {"case_id": case_id, "encounter_id": stay.encounter_id, "patient_id": stay.patient_id}
        connection.execute(STAYS.insert().values(**values, opened_at=this.as_of))
    elif one.case.encounter_id != stay.encounter_id:
        changed = STAYS.update().where(STAYS.c.case_id == case_id)
        connection.execute(changed.values(encounter_id=stay.encounter_id))


def _said(this: Round, one: _Due, made: Made, digest: str, head: Head) -> list[Draft]:
    """Return the events of a stay: opened where it is new, facts where they changed, the review."""
    stay, edition = one.stay, this.reviewer.library.edition
    drafts: list[Draft] = []
    if one.case is None or one.case.encounter_id != stay.encounter_id:
        opened = StayOpened(encounter_id=stay.encounter_id, patient_id=stay.patient_id)
        drafts.append(Draft(payload=opened, actor=FEED, occurred_at=this.as_of))
    if one.case is None or one.case.visible_digest != stay.digest:
        is_fresh = head.ingest_id == this.ingest_id
        facts = FactsReceived(
            ingest_id=this.ingest_id,
            delta=head.digest if is_fresh else None,
            rows=head.rows if is_fresh else 0,
            visible_digest=stay.digest,
        )
        drafts.append(Draft(payload=facts, actor=FEED, occurred_at=this.as_of))
    review = made.review
    ran = ReviewRun(
        reason=one.reason or "asked",
        as_of=this.as_of,
        zone=review.provenance.zone,
        review_type=review.review_type,
        review_digest=digest,
        edition=edition.edition,
        rules_digest=edition.rules_digest,
        payer_profile=review.payer.profile,
        payer_digest=review.provenance.payer_digest,
        facts_digest=review.provenance.facts_digest,
        engine_version=edition.engine_version,
        found=found(review),
    )
    event_id = this.by_hand.event_id if this.by_hand is not None else None
    return [*drafts, Draft(payload=ran, actor=ENGINE, occurred_at=this.as_of, event_id=event_id)]
