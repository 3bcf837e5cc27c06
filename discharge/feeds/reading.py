"""Reads a feed: first pass over the files (in processes, if wished), second pass over the spool."""

from __future__ import annotations

import errno
import gc
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from threading import Thread

import duckdb
import pandas as pd

from discharge.errors import FeedEmptyError, OutputError, UsageError
from discharge.feeds.database import open_database
from discharge.feeds.duplicates import find_duplicates
from discharge.feeds.fhir import is_document, read_block, read_document, read_file_head
from discharge.feeds.files import Block, FeedFile, blocks, find_files
from discharge.feeds.finish import finish
from discharge.feeds.known import KnownSource
from discharge.feeds.lists import table, words
from discharge.feeds.record import Reading
from discharge.feeds.rejects import CODES, RecordFault, message
from discharge.feeds.resolve import resolve
from discharge.feeds.spool import Account, Spool, count_stays
from discharge.feeds.staging import Sink
from discharge.feeds.tabular import read_table_file
from discharge.feeds.tabular_plan import TableSource, TabularPlan, plan_tables

FORMATS = ("auto", "fhir", "tabular")
_FUTURE_DAYS = 366
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_REASONS = 3
_CONSEQUENCES = ("unknown_patient", "unknown_encounter")


@dataclass(frozen=True, slots=True)
class _Task:
    """A piece of work for one process: a block of lines, a whole document, or a tabular file."""

    file: FeedFile
    block: Block
    form: str  # lines, document, table
    source: TableSource | None = None


@dataclass(slots=True)
class _Tally:
    read: int = 0
    not_used: Counter[str] = field(default_factory=Counter)


def read_feed(
    paths: Sequence[Path | str],
    *,
    format: str = "auto",
    mapping: Path | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    zone: str = "UTC",
    as_of: pd.Timestamp,
    spool: Path,
    workers: int = 1,
    known: KnownSource | None = None,
    progress: Callable[[int], None] | None = None,
) -> Spool:
    """Read a feed into ``spool`` (an empty folder of the caller's, who removes it) and return it.

    ``as_of`` only bounds dates that can be meant (366 days after it). ``zone`` is the facility's, for times without
    offset. ``progress`` is called with the number of records read so far. The result does not depend on the order of
    files or lines, nor on ``workers``. ``known`` looks up patients and encounters of a store to which records may
    refer that the feed does not hold; such a feed needs no stay of its own.

    Raises:
        UsageError: a format that is not read yet.
        FeedNotFoundError, FeedError: no such path; nothing recognised in a folder.
        FeedEmptyError: no record, or no hospital stay, in the whole feed.
        OutputError: the spool can't be written (full disk).
    """
    if format not in FORMATS:
        extra = " (HL7 v2 is not supported yet)" if format == "hl7v2" else ""
        raise UsageError(f"format '{format}' is not one of {', '.join(FORMATS)}{extra}")
    found = find_files([Path(path) for path in paths], format)
    latest = (as_of + pd.Timedelta(days=_FUTURE_DAYS) - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(
        microseconds=1
    )
    reading = Reading(zone, int(latest))
    plan = plan_tables(found, mapping=mapping, encoding=encoding, delimiter=delimiter)
    try:
        tally = _first_pass(plan, reading, spool, workers, progress or (lambda _: None))
        if tally.read == 0 or all(file.path.stat().st_size == 0 for file in plan.files):
            raise FeedEmptyError(
                f"no record in {', '.join(file.source for file in plan.files[:5])}: nothing stands in there; "
                "export the feed again"
            )
        return _second_pass(plan, tally, spool, workers, known)
    except (OSError, duckdb.Error) as error:
        if not _is_disk(error):
            raise
        raise OutputError(
            f"the disk of the spool folder {spool} is full or can't be written ({type(error).__name__}); "
            "a feed takes about twice its packed size there: free some space, or work on another disk "
            "(--out of a review, TMPDIR of a feed check)"
        ) from error


def _is_disk(error: Exception) -> bool:
    """Say whether the disk refused. DuckDB has no error of its own for it where a commit meets a full disk."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    if isinstance(error, duckdb.IOException | duckdb.OutOfMemoryException):
        return True
    return any(os.strerror(number) in str(error) for number in _FULL)


def _tasks(plan: TabularPlan) -> Iterator[_Task]:
    for number, file in enumerate(plan.files):
        nothing = Block(number, 0, 1, b"")
        if number in plan.faults:
            yield _Task(file, Block(number, 0, 1, b"", plan.faults[number]), "lines")
        elif number in plan.sources:
            yield _Task(file, nothing, "table", plan.sources[number])
        elif file.path.stat().st_size == 0:
            yield _Task(file, Block(number, 0, 1, b"", RecordFault("empty_file")), "lines")
        elif is_document(file, read_file_head(file.path)):
            yield _Task(file, nothing, "document")
        else:
            yield from (_Task(file, block, "lines") for block in blocks(number, file))


def _work(task: _Task, reading: Reading, staged: Path) -> tuple[int, dict[str, int]]:
    """Read one task and write its parts; return how many records were read and which kinds were not used."""
    sink = Sink(task.block.file)
    # Rows and JSON hold no cycles; looking for them among a million dicts takes a third of the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        _read_task(task, reading, sink, staged)
        sink.write(staged, f"{task.block.file:06d}-{task.block.number:06d}")
    finally:
        if collecting:
            gc.enable()
    return sink.read, sink.not_used


def _read_task(task: _Task, reading: Reading, sink: Sink, staged: Path) -> None:
    if task.form == "table":
        assert task.source is not None
        read_table_file(task.file, task.source, reading, sink, staged)
    elif task.form == "document":
        read_document(task.file, reading, sink)
    else:
        read_block(task.block, reading, sink)


def _first_pass(
    plan: TabularPlan,
    reading: Reading,
    spool: Path,
    workers: int,
    progress: Callable[[int], None],
) -> _Tally:
    tally = _Tally()
    staged = spool / "staged"

    def count(result: tuple[int, dict[str, int]]) -> None:
        tally.read += result[0]
        tally.not_used.update(result[1])
        progress(tally.read)

    if workers <= 1:
        for task in _tasks(plan):
            count(_work(task, reading, staged))
        return tally
    others = set(active_children())
    pool = ProcessPoolExecutor(workers, mp_context=get_context("forkserver"), initializer=_obey_parent)
    try:
        running: set[Future[tuple[int, dict[str, int]]]] = set()
        for task in _tasks(plan):
            running.add(pool.submit(_work, task, reading, staged))
            if len(running) > 2 * workers:  # no more blocks in memory than that
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    count(future.result())
        for future in running:
            count(future.result())
    except BaseException:  # an interrupt must not wait for blocks that nobody will use
        for child in set(active_children()) - others:
            child.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return tally


def _obey_parent() -> None:
    """Leave Ctrl-C, which goes to the whole group, to the parent; end when the parent ends, however it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()

    def follow() -> None:
        if parent is not None:
            wait_for([parent.sentinel])
            os._exit(1)

    Thread(target=follow, daemon=True).start()


def _second_pass(
    plan: TabularPlan, tally: _Tally, folder: Path, workers: int, known: KnownSource | None
) -> Spool:
    files = plan.files
    db = open_database(folder, workers)
    try:
        sources = pd.DataFrame({"file": range(len(files)), "source": [file.source for file in files]})
        db.register("sources", sources)
        db.execute(
            "CREATE TABLE files AS SELECT file::INTEGER AS file, source::VARCHAR AS source FROM sources"
        )
        copies = find_duplicates(db)
        resolve(db, patients_may_be_absent=plan.without_patients, known=known)
        batches = finish(db, folder / "tables", table("diagnosis_roles"))
        account = _account(db, files, tally, copies, folder)
        spool = Spool(folder, account, batches, notes=plan.notes)
        stays, context = count_stays(spool)
        if stays == 0 and (known is None or not known(_patients(db), frozenset()).patients):
            raise FeedEmptyError(_no_stay(spool))
    finally:
        db.close()
    return Spool(folder, account, batches, stays, context, plan.notes)


def _patients(db: duckdb.DuckDBPyConnection) -> frozenset[str]:
    rows = db.execute("SELECT DISTINCT patient_id FROM any_patients").fetchall()
    return frozenset(row[0] for row in rows)


def _no_stay(spool: Spool) -> str:
    """Say that nothing can be reviewed, and why: the commonest rejects, each with its first place and its remedy."""
    account, rejects = spool.account, spool.rejects()
    said = f"no hospital stay among {account.records_read:,} records of the feed"
    if rejects.empty:
        classes = ", ".join(sorted(words("stay_classes")))
        return f"{said}: expected an encounter of class {classes}, or one with a bed; check the encounters' class"
    said += f"; {len(rejects):,} could not be used:"
    counts = rejects["code"].value_counts(sort=False)
    # What refers to a rejected record is rejected for that alone: not where to begin.
    causes = sorted(counts.index, key=lambda code: (code in _CONSEQUENCES, -counts[code], code))
    for code in causes[:_REASONS]:
        one = rejects[rejects["code"] == code].iloc[0]
        said += f"\n  {code} ({counts[code]:,}), first at {one['source']}:{one['line']}: {one['message']}"
    return said


def _account(
    db: duckdb.DuckDBPyConnection, files: Sequence[FeedFile], tally: _Tally, copies: int, folder: Path
) -> Account:
    """Write the rejects, ordered, and return the account; used records are counted, not inferred."""
    db.execute("CREATE TABLE messages (code VARCHAR, message VARCHAR)")
    db.executemany("INSERT INTO messages VALUES (?, ?)", [[code, message(code)] for code in CODES])
    db.execute(
        "CREATE TABLE lost AS SELECT file, line, sub, record, '' AS field, reason AS code FROM dropped "
        "WHERE reason <> 'duplicate' UNION ALL SELECT DISTINCT ON (file, line, sub) * FROM orphans ORDER BY ALL"
    )
    path = str(folder / "rejects.parquet").replace("'", "''")
    db.execute(
        "COPY (SELECT f.source, r.line, r.record, r.field, r.code, r.message FROM ("
        "SELECT file, line, sub, record, field, code, message FROM staged_rejects UNION ALL "
        "SELECT l.file, l.line, l.sub, l.record, l.field, l.code, m.message FROM lost l JOIN messages m USING (code)"
        f") r JOIN files f USING (file) ORDER BY f.source, r.line, r.sub, r.record, r.field, r.code) "
        f"TO '{path}' (FORMAT parquet)"
    )
    used = _count(
        db,
        "staged_records r ANTI JOIN dropped d USING (file, line, sub) ANTI JOIN orphans o USING (file, line, sub)",
    )
    not_used = Counter(tally.not_used)
    if copies:
        not_used["identical copies"] = copies
    return Account(
        records_read=tally.read,
        records_used=used,
        records_rejected=_count(db, "staged_rejects WHERE whole") + _count(db, "lost"),
        records_not_used=dict(sorted(not_used.items())),
        parts_rejected=_count(db, "staged_rejects WHERE NOT whole"),
        files=len(files),
        bytes=sum(file.path.stat().st_size for file in files),
    )


def _count(db: duckdb.DuckDBPyConnection, what: str) -> int:
    row = db.execute(f"SELECT count(*) FROM {what}").fetchone()
    return int(row[0]) if row else 0


__all__ = ["FORMATS", "read_feed"]
