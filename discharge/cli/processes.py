"""Several processes that answer on one socket, so that people do not wait for one core.

The parent has rules and payers loaded and forks: what is loaded is in memory once. It opens no database and draws no
picture, since neither connections nor the drawing engine's threads live through a fork.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from discharge.errors import DischargeError

_QUICK = 3
"""A process that ends by itself is started again, but not more often than this in a row without one that lives."""


def serve_in(processes: int, answer: Callable[[int], None]) -> None:
    """Run ``answer(number)`` in each of ``processes`` forked processes until Ctrl-C or SIGTERM.

    ``answer`` returns when its process got SIGTERM and has ended its work. One that dies is started again under its
    number. When this process is killed, the others end by themselves.

    Raises:
        DischargeError: they end again and again as soon as they start.
    """
    alive, ends = os.pipe()
    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}

    def started(number: int) -> int:
        return _forked(number, answer, alive, ends, before)

    children = {started(number): number for number in range(processes)}
    ending = False

    def end(_signal: int, _frame: FrameType | None) -> None:
        nonlocal ending
        ending = True
        for child in children:
            os.kill(child, signal.SIGTERM)

    for name in before:
        signal.signal(name, end)
    failures = 0
    while children:
        child, status = os.wait()
        number = children.pop(child, None)
        if number is None or ending:
            continue
        failures = failures + 1 if os.waitstatus_to_exitcode(status) > 0 else 0
        if failures > _QUICK:
            end(signal.SIGTERM, None)
            continue
        children[started(number)] = number
    for name, handler in before.items():
        signal.signal(name, handler)
    os.close(alive)
    os.close(ends)
    if failures > _QUICK:
        raise DischargeError("the processes that answer end as soon as they start; the lines above say where")


def _forked(
    number: int, answer: Callable[[int], None], alive: int, ends: int, handlers: Mapping[signal.Signals, Any]
) -> int:
    """Fork, and return the process id; the child answers and never returns."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.close(ends)
        for name, handler in handlers.items():
            signal.signal(name, handler)
        threading.Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
        answer(number)
        code = 0
    except BaseException as error:  # noqa: BLE001 - nothing may go on in a child as if it were the parent
        where = traceback.extract_tb(error.__traceback__)[-1]
        print(f"discharge: process {number}: {type(error).__name__} at line {where.lineno}", file=sys.stderr)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _end_with_parent(alive: int) -> None:
    """End this process when the parent is gone, however it went: then nobody holds the other end of the pipe."""
    os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGTERM)
