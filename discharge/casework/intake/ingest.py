"""A feed into the store: idempotent, incremental, and whole after every portion, whenever it is killed."""

from __future__ import annotations

import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from discharge.casework.intake.account import IngestAccount
from discharge.casework.intake.deltas import known_of
from discharge.casework.intake.feed_runs import log_run, refusals_kept
from discharge.casework.intake.in_force import Now, put_in_force, widen_scope
from discharge.casework.intake.refresh import stale_or_due
from discharge.casework.intake.review_cases import (
    PATIENTS_AT_ONCE,
    Arrival,
    Outcome,
    Round,
    check_moment,
    run_all,
)
from discharge.casework.intake.reviewer import Reviewer
from discharge.casework.intake.rows import PLACE, Rows, feed_digest, plain_rows
from discharge.casework.ledger import Progress, quiet
from discharge.casework.library import Library
from discharge.casework.storage.engine import Store
from discharge.chart import TABLES
from discharge.errors import DischargeError, StoreError
from discharge.feeds import Known, Spool, read_feed
from discharge.feeds.spool import encounters_rejected


@dataclass(frozen=True)
class IngestSettings:
    """What an ingest is asked to do. ``as_of`` stands for "it is now"; None is the moment of the call."""

    zone: str
    as_of: datetime | None = None
    format: str = "auto"
    mapping: Path | None = None
    encoding: str | None = None
    delimiter: str | None = None
    workers: int = 1


def ingest(
    store: Store,
    feeds: Sequence[Path],
    settings: IngestSettings,
    library: Library,
    *,
    now: Now,
    progress: Progress = quiet,
) -> IngestAccount:
    """Take a feed into the store and review the stays that are new, changed or due; return the account.

    Rows that the store knows already are not kept again, and stays of which nothing changed are not reviewed again:
    the same feed twice writes nothing but its line in the log of feeds. What a later feed leaves out stays known. Each
    portion of patients is written in one transaction, so after a kill the next run goes on where this one ended.

    Raises:
        FeedError, FeedEmptyError: the feed can't be read, or holds no stay and nothing about a known patient.
        UsageError: ``as_of`` is earlier than what the store knows already.
        StoreError: the store can't be written, or another ingest writes to it.
    """
    began_at = now()
    as_of = settings.as_of or began_at
    ingest_id = uuid.uuid4().hex
    with refusals_kept(store, ingest_id, began_at, as_of, now=now):
        check_moment(store, as_of)
        this = Round(store, Reviewer(library), as_of, now, ingest_id)
        account = _taken_in(this, feeds, settings, progress)
    log_run(store, ingest_id, began_at, as_of, account, now=now)
    return account


def _taken_in(
    this: Round, feeds: Sequence[Path], settings: IngestSettings, progress: Progress
) -> IngestAccount:
    store, library, as_of, now = this.store, this.reviewer.library, this.as_of, this.clock
    with tempfile.TemporaryDirectory(prefix="discharge-") as folder:
        spool = read_feed(
            list(feeds),
            format=settings.format,
            mapping=settings.mapping,
            encoding=settings.encoding,
            delimiter=settings.delimiter,
            zone=settings.zone,
            as_of=this.moment,
            spool=Path(folder),
            workers=settings.workers,
            known=lambda patients, encounters: _known(store, patients, encounters),
            progress=lambda records: progress("records read", records, None),
        )
        put_in_force(store, library, as_of=as_of, now=now)
        scope = widen_scope(store, spool.scope, ingest_id=this.ingest_id, as_of=as_of, now=now)
        with Reviewer(library, settings.workers) as reviewer:
            this = Round(store, reviewer, as_of, now, this.ingest_id, scope)
            done, patients, others = _ingested(this, spool, progress)
        return _account(this, spool, done, patients, others)


def _known(store: Store, patients: Set[str], encounters: Set[str]) -> Known:
    with store.read() as connection:
        return known_of(connection, patients, encounters)


def _ingested(this: Round, spool: Spool, progress: Progress) -> tuple[Outcome, int, Outcome]:
    """Do the feed's patients, then what is due of others; return both outcomes and the number of patients."""
    total, others, patients = Outcome(), Outcome(), 0
    for arrivals in _portions(spool):
        patients += len(arrivals)
        total.add(_done(this, arrivals))
        progress("stays looked at", total.seen, None)
    with this.store.read() as connection:
        rest = stale_or_due(connection, this.reviewer.library, this.as_of)
    names = sorted(set(rest.values()))
    for start in range(0, len(names), PATIENTS_AT_ONCE):
        others.add(_done(this, dict.fromkeys(names[start : start + PATIENTS_AT_ONCE])))
    return total, patients, others


def _done(this: Round, arrivals: dict[str, Arrival] | dict[str, None]) -> Outcome:
    done = run_all(this, dict(arrivals))
    if done.moved:
        raise StoreError("others kept changing cases while they were reviewed; run this ingest again")
    return done


def _portions(spool: Spool) -> Iterator[dict[str, Arrival]]:
    """Give the feed's patients with all their rows, some at a time; one batch of the spool is in memory."""
    for batch in spool.batches():
        owners = spool.segment_owners(batch)
        rows: dict[str, Rows] = {}
        for table in TABLES:
            frame = spool.rows(table, batch)
            names = frame["patient_id"] if "patient_id" in frame else owners.reindex(frame["row_id"])
            place = PLACE[table]["row_id"]
            for patient, row in zip(names, plain_rows(table, frame), strict=True):
                rows.setdefault(patient, {}).setdefault(table, {})[row[place]] = row
        retracted = spool.retracted(batch)
        every = sorted(rows.keys() | retracted.keys())
        for start in range(0, len(every), PATIENTS_AT_ONCE):
            found = {}
            for name in every[start : start + PATIENTS_AT_ONCE]:
                theirs, back = rows.pop(name, {}), tuple(retracted.get(name, ()))
                found[name] = Arrival(theirs, back, feed_digest(theirs, back))
            yield found


def _account(this: Round, spool: Spool, done: Outcome, patients: int, others: Outcome) -> IngestAccount:
    read, codes = spool.account, Counter(spool.rejects()["code"])
    account = IngestAccount(
        ingest_id=this.ingest_id,
        as_of=this.as_of.isoformat(),
        zone=this.reviewer.library.zone,
        edition=this.reviewer.library.edition.edition,
        records_read=read.records_read,
        records_used=read.records_used,
        records_rejected=read.records_rejected,
        records_not_used=dict(sorted(read.records_not_used.items())),
        reject_codes=dict(sorted(codes.items(), key=lambda item: (-item[1], item[0]))),
        feed_notes=list(spool.notes),
        patients_seen=patients,
        patients_changed=done.patients_changed,
        rows_changed=done.rows,
        encounters_rejected=encounters_rejected(spool),
        stays_seen=done.seen,
        stays_new=done.stays["new"],
        stays_changed=done.stays["changed"],
        stays_unchanged=done.stays["unchanged"],
        stays_not_yet_known=done.stays["not_yet_known"],
        reviewed=(done.reasons + others.reasons).total(),
        reasons=dict(sorted((done.reasons + others.reasons).items())),
        reviewed_outside_feed=others.reasons.total(),
    )
    if not account.adds_up():
        raise DischargeError("the account does not add up. This is our fault: please report it")
    return account


def moment_of(as_of: pd.Timestamp) -> datetime:
    """Return a moment of the command line as the store takes it."""
    found: datetime = as_of.to_pydatetime()
    return found
