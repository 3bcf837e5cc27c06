"""One batch of patients, from chart to a sorted piece of each result. Runs in this process or in a worker."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from discharge.denial_history import history_or_none
from discharge.documents import PaperContext, Printer
from discharge.inference import Engine
from discharge.packs import load_packs
from discharge.payers import load_payers
from discharge.providers import Place, load_directory
from discharge.review import review
from discharge.run.folder import writing
from discharge.worklist import table_of

if TYPE_CHECKING:
    import pyarrow as pa

    from discharge.feeds import Spool
    from discharge.review.model import Review

COUNTED = (
    "admission",
    "continued_stay",
    "discharge_ready",
    "two_midnight_benchmark",
    "two_midnight_presumption",
)


@dataclass(frozen=True)
class RunSettings:
    """What a run is asked to do, beside feed and folder."""

    as_of: pd.Timestamp
    zone: str
    rules: Path
    payers: Path
    denial_history: Path | None = None
    providers: tuple[Path, ...] = ()
    format: str = "auto"
    mapping: Path | None = None
    encoding: str | None = None
    delimiter: str | None = None
    documents: tuple[str, ...] = ()
    papers: tuple[str, ...] = ()
    workers: int = 1
    in_house: bool = False
    engine: Engine = "durable"


@dataclass(frozen=True)
class BatchDone:
    """What is kept of a batch: slim rows, and where the review of each stay lies in the batch's file."""

    number: int
    encounter_ids: list[str]
    lengths: list[int]
    rows: pa.Table
    stays: int
    not_yet_known: int
    not_in_house: int
    findings: dict[str, Counter[str]]


class BatchWorker:
    """Holds what is loaded once per process: rules, payers, templates."""

    def __init__(self, settings: RunSettings) -> None:
        self.settings = settings
        self.packs = load_packs(settings.rules, with_cases=False)
        self.payers = load_payers(settings.payers)
        self.history = history_or_none(settings.denial_history, self.packs, self.payers)
        self.directory = load_directory(settings.providers, zone=settings.zone)
        self.scratch = Path()
        self.documents: Path | None = None
        self.printer: Printer | None = None

    def write_to(self, scratch: Path, documents: Path | None) -> None:
        """Say where reviews and documents go, before the first batch."""
        self.scratch, self.documents = scratch, documents
        if documents is not None:
            self.printer = Printer(documents, self.settings.documents, self.settings.papers)

    def work(self, spool: Spool, number: int) -> BatchDone:
        """Review batch ``number`` of ``spool``; its reviews go to ``scratch/NUMBER.ndjson``, by encounter_id."""
        asked = self.settings
        chart = spool.chart(spool.batches()[number])
        stays = len(chart.stays)
        made = review(
            chart,
            as_of=asked.as_of,
            packs=self.packs,
            payers=self.payers,
            zone=asked.zone,
            history=self.history,
            directory=self.directory,
            engine=asked.engine,
            scope=spool.scope,
        )
        done = made.reviews
        kept = sorted(
            (one for one in done if one.stay.is_in_house or not asked.in_house),
            key=lambda one: one.encounter_id,
        )
        lengths = self._write(number, kept, made.places)
        return BatchDone(
            number=number,
            encounter_ids=[one.encounter_id for one in kept],
            lengths=lengths,
            rows=table_of(kept),
            stays=stays,
            not_yet_known=stays - len(done),
            not_in_house=len(done) - len(kept),
            findings={name: Counter(getattr(one.level_of_care, name) for one in kept) for name in COUNTED},
        )

    def _write(self, number: int, reviews: list[Review], places: Mapping[str, Place]) -> list[int]:
        """Write reviews and documents; return the length of each line in bytes."""
        lengths = []
        with writing("reviews.ndjson"), (self.scratch / f"{number}.ndjson").open("wb") as file:
            for one in reviews:
                lengths.append(file.write(one.model_dump_json().encode() + b"\n"))
        if self.printer is not None:
            with writing("documents"):
                for one in reviews:
                    self.printer.print(one, self._context(one, places))
        return lengths

    def _context(self, review: Review, places: Mapping[str, Place]) -> PaperContext:
        """What papers need beside the review."""
        payer = self.payers.profiles.get(review.payer.profile or "")
        return PaperContext(self.directory, places.get(review.encounter_id), payer)


_worker: BatchWorker | None = None
_spool: Spool | None = None


def start(settings: RunSettings, scratch: Path, documents: Path | None, spool: Spool) -> None:
    """Prepare a worker process. Ctrl-C is the parent's to answer."""
    global _worker, _spool
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _worker, _spool = BatchWorker(settings), spool
    _worker.write_to(scratch, documents)


def work(number: int) -> BatchDone:
    """Review batch ``number`` in this worker process."""
    if _worker is None or _spool is None:
        raise RuntimeError("the worker process was not started")
    return _worker.work(_spool, number)
