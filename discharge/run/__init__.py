"""A run: feed -> spool -> batches of patients -> workers -> merged results in the run folder.

The results depend on the feed's content, the moment, rules and payers alone: not on the order of files or lines, the
number of workers or the machine. Only ``run.json`` holds times and sizes of the run itself.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from discharge.errors import DischargeError, OutputError
from discharge.feeds import Spool, read_feed
from discharge.run.account import RunAccount, account_of
from discharge.run.folder import FULL, RunFolder, output_error
from discharge.run.merge import merge_reviews, write_rejects
from discharge.run.work import BatchDone, BatchWorker, RunSettings, start, work
from discharge.worklist import ranked, write_csv, write_parquet

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Progress", "RunAccount", "RunSettings", "run_review"]

DOCUMENTS = "documents"


class Progress(Protocol):
    """Called with what is being done, how far it is, and how far it goes (None: not known yet)."""

    def __call__(self, stage: str, done: int, total: int | None, /) -> None: ...


def _quiet(stage: str, done: int, total: int | None, /) -> None:
    """Show nothing."""


def run_review(
    feeds: Sequence[Path], out: Path, settings: RunSettings, *, progress: Progress = _quiet
) -> tuple[RunAccount, pa.Table]:
    """Review every stay of ``feeds`` into folder ``out`` and return the account and the ranked worklist.

    ``out`` then holds worklist.csv, worklist.parquet, reviews.ndjson, rejects.csv, run.json and, if asked for,
    documents/; all of them whole. On any failure what was there before is still there.

    Raises:
        FeedError, RuleError, PayerError, EngineError: see :mod:`discharge.errors`.
        OutputError: the disk is full, read-only or forbidden.
    """
    began = time.perf_counter()
    worker = BatchWorker(settings)  # faults in rules and payers show before the feed is read
    with RunFolder(out) as folder, _full_disk():
        place = folder.scratch / "spool"
        place.mkdir()
        spool = read_feed(
            list(feeds),
            format=settings.format,
            mapping=settings.mapping,
            encoding=settings.encoding,
            delimiter=settings.delimiter,
            zone=settings.zone,
            as_of=settings.as_of,
            spool=place,
            workers=settings.workers,
            progress=lambda records: progress("records read", records, None),
        )
        documents = folder.folder(DOCUMENTS) if settings.documents else None
        if documents is None:
            folder.drop(DOCUMENTS)  # those of an earlier run would be of another day
        worker.write_to(folder.scratch, documents)
        batches = sorted(_batches(spool, worker, progress), key=lambda batch: batch.number)
        worklist = ranked([batch.rows for batch in batches])
        _write(folder, spool, batches, worklist)
        account = account_of(spool, batches, worklist, settings, worker, time.perf_counter() - began)
        with folder.file("run.json") as part:
            part.write_text(account.model_dump_json(indent=2) + "\n", encoding="utf-8")
        if not account.adds_up():
            raise DischargeError(
                "the account does not add up; nothing was written. This is our fault: please report it"
            )
        folder.publish()
    return account, worklist


def _write(folder: RunFolder, spool: Spool, batches: Sequence[BatchDone], worklist: pa.Table) -> None:
    with folder.file("reviews.ndjson") as part:
        merge_reviews(batches, folder.scratch, part)
    with folder.file("worklist.csv") as part:
        write_csv(worklist, part)
    with folder.file("worklist.parquet") as part:
        write_parquet(worklist, part)
    with folder.file("rejects.csv") as part:
        write_rejects(spool.rejects(), part)


def _batches(spool: Spool, worker: BatchWorker, progress: Progress) -> Iterator[BatchDone]:
    """Review every batch, here or in worker processes, and yield them as they are done."""
    count, total, stays = len(spool.batches()), spool.encounters_read, 0
    progress("stays reviewed", 0, total)
    done: Iterator[BatchDone]
    if min(worker.settings.workers, count) > 1:
        done = _in_processes(spool, worker, count)
    else:
        done = (worker.work(spool, number) for number in range(count))
    for batch in done:
        stays += batch.stays
        progress("stays reviewed", stays, total)
        yield batch


def _in_processes(spool: Spool, worker: BatchWorker, count: int) -> Iterator[BatchDone]:
    """Spawned, not forked: the rules engine keeps threads, which a fork would break."""
    processes = min(worker.settings.workers, count)
    arguments = (worker.settings, worker.scratch, worker.documents, spool)
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), start, arguments)
    try:
        for future in as_completed([pool.submit(work, number) for number in range(count)]):
            yield future.result()
    except BrokenProcessPool:
        raise DischargeError(
            "a worker process ended early, perhaps for lack of memory; use fewer --workers"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _full_disk() -> Iterator[None]:
    """Name a full disk as such, whichever library met it."""
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        if error.errno in FULL:
            raise output_error(error, "the results") from error
        raise
    except Exception as error:
        if "No space left on device" in str(error):
            raise OutputError(
                "cannot write the results: the disk is full; free some space or give --out elsewhere"
            ) from error
        raise
