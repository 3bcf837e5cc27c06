"""What a run shows while it works: a bar on a terminal, JSON lines with ``--json``, nothing when piped."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from discharge.run import Progress


class JsonLog:
    """One JSON object a line on stderr: what is being done and how far it is. Counts only, nothing of a patient."""

    def __init__(self) -> None:
        self._step = -1

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        step = 10 * done // total if total else done // 1_000_000
        if done == 0 or step != self._step or done == total:
            self._step = step
            sys.stderr.write(
                json.dumps({"event": "progress", "stage": stage, "done": done, "total": total}) + "\n"
            )


def _silent(stage: str, done: int, total: int | None) -> None:
    """Show nothing."""


@contextmanager
def watching(as_json: bool) -> Iterator[Progress]:
    """Give what a run calls with (stage, done, total or None)."""
    if as_json:
        yield JsonLog()
    elif sys.stderr.isatty():
        with _bars() as bars:
            yield bars
    else:
        yield _silent


@contextmanager
def _bars() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description:<17}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks = {}

        def show(stage: str, done: int, total: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield show
