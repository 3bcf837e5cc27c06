"""Runs reviews, here or in worker processes; only the main process writes to the store."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Collection
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import pandas as pd

from discharge.casework.library import Library, library_of
from discharge.chart import Chart, Scope
from discharge.errors import DischargeError
from discharge.payers import PayerProfile
from discharge.review import review
from discharge.review.model import Review

_WORTH_SENDING = 8
_LESS = 10  # niceness of a process that works beside people


@dataclass(frozen=True)
class Made:
    """A review and its bytes, as they are kept."""

    review: Review
    content: bytes


class Reviewer:
    """Reviews stays of charts with one library; with ``apart`` never in this process, and with less of the machine.

    A server answers people in its own process, which one review would hold up for a tenth of a second.
    """

    def __init__(self, library: Library, workers: int = 1, *, apart: bool = False) -> None:
        self.library = library
        self._pool: ProcessPoolExecutor | None = None
        if (
            workers > 1 or apart
        ):  # spawned, not forked: the rules engine keeps threads, which a fork would break
            self._pool = ProcessPoolExecutor(
                workers, multiprocessing.get_context("spawn"), _start, (library.archive, library.zone, apart)
            )
        self._workers = workers
        self._worth_sending = 1 if apart else _WORTH_SENDING

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def review(
        self, chart: Chart, stays: Collection[str], as_of: pd.Timestamp, scope: Scope
    ) -> dict[str, Made]:
        """Return the review of each of ``stays`` that the chart knows at ``as_of``, by encounter.

        ``scope`` is what feeds have brought: what is known of a stay never hangs on who is beside it.
        """
        if self._pool is None or len(stays) < self._worth_sending:
            return {
                one.encounter_id: Made(one, one.model_dump_json().encode())
                for one in run(self.library, chart, stays, as_of, scope)
            }
        parts = [part for part in _parts(chart, stays, self._workers) if part[1]]
        try:
            done = [self._pool.submit(_work, part, wanted, as_of, scope) for part, wanted in parts]
            contents = [content for future in done for content in future.result()]
        except BrokenProcessPool:
            raise DischargeError(
                "a worker process ended early, perhaps for lack of memory; use fewer --workers"
            ) from None
        made = [Made(Review.model_validate_json(content), content) for content in contents]
        return {one.review.encounter_id: one for one in made}


def run(
    library: Library,
    chart: Chart,
    stays: Collection[str],
    as_of: pd.Timestamp,
    scope: Scope,
    payer: PayerProfile | None = None,
) -> list[Review]:
    """Return the reviews of ``stays`` with a library, where feeds have brought ``scope``; ``payer`` as in `review`."""
    return review(
        chart,
        as_of=as_of,
        packs=library.packs,
        payers=library.payers,
        zone=library.zone,
        history=library.history,
        directory=library.directory,
        stays=stays,
        scope=scope,
        payer=payer,
    ).reviews


def of_patients(chart: Chart, patients: Collection[str]) -> Chart:
    """Return the part of a chart that is about some patients."""
    encounters = chart["encounters"]
    theirs = set(encounters.loc[encounters["patient_id"].isin(patients), "encounter_id"])
    return Chart(
        {
            name: frame[
                frame["patient_id"].isin(patients)
                if "patient_id" in frame
                else frame["encounter_id"].isin(theirs)
            ].reset_index(drop=True)
            for name, frame in chart.tables.items()
        }
    )


def _parts(chart: Chart, stays: Collection[str], count: int) -> list[tuple[Chart, list[str]]]:
    """Cut a chart into ``count`` parts of whole patients with about the same number of stays."""
    encounters = chart["encounters"]
    wanted = encounters[encounters["encounter_id"].isin(stays)]
    patients = sorted(wanted["patient_id"].unique())
    parts = []
    for number in range(count):
        some = set(patients[number::count])
        names = wanted.loc[wanted["patient_id"].isin(some), "encounter_id"].tolist()
        parts.append((of_patients(chart, some), names))
    return parts


_OF_PROCESS: list[Library] = []


def _start(archive: bytes, zone: str, apart: bool) -> None:
    """Prepare a worker process. Ctrl-C is the parent's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if apart:
        os.nice(_LESS)
    _OF_PROCESS.append(library_of(archive, zone=zone))


def _work(chart: Chart, stays: list[str], as_of: pd.Timestamp, scope: Scope) -> list[bytes]:
    return [one.model_dump_json().encode() for one in run(_OF_PROCESS[-1], chart, stays, as_of, scope)]
