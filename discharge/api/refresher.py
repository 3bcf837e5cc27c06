"""Reviews cases again while nobody waits: those whose chart changed, and those whose next review has come due."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from discharge.api.idempotency import forget_replies
from discharge.api.problems import place_of
from discharge.api.state import Desk
from discharge.casework.intake import refresh
from discharge.casework.intake.reviewer import Reviewer
from discharge.errors import DischargeError

LOG = logging.getLogger("discharge.api.refresh")
AT_ONCE = 25
"""Cases of one round, so that an end of the server waits for a few at most."""
FORGET_EVERY = timedelta(hours=6)


class Refresher:
    """One thread that works in rounds of a few cases and stops between two; reviews are made in a process beside it."""

    def __init__(self, desk: Desk, seconds: float) -> None:
        self._desk = desk
        self._seconds = seconds
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._work, name="discharge-refresh", daemon=True)
        self._forgotten_at = desk.now() - FORGET_EVERY
        self._reviewer: Reviewer | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, seconds: float = 30.0) -> None:
        """Ask the thread to end and wait for it. What it is at is written in one transaction or not at all."""
        self._ends.set()
        self._thread.join(seconds)

    def _work(self) -> None:
        while not self._ends.is_set():
            done = self._round()
            if done < AT_ONCE:
                self._ends.wait(self._seconds)
        self._end_reviewer()

    def _end_reviewer(self) -> None:
        """End the process that reviews; the next round that needs one starts another."""
        if self._reviewer is not None:
            self._reviewer.__exit__(None, None, None)
            self._reviewer = None

    def _round(self) -> int:
        """Do a few cases and return how many; a failure is logged by kind and place and tried again later."""
        try:
            now = self._desk.now()
            desk = self._desk
            self._reviewer = self._reviewer or Reviewer(desk.library, apart=True)
            done = refresh(
                desk.store, desk.library, as_of=now, now=desk.now, limit=AT_ONCE, reviewer=self._reviewer
            )
            if now - self._forgotten_at >= FORGET_EVERY:
                forget_replies(self._desk, now)
                self._forgotten_at = now
        except DischargeError as error:
            LOG.error("refresh %s: %s", error.problem, place_of(error))
            self._end_reviewer()
            return 0
        except Exception as error:  # noqa: BLE001 - the thread has to live on; the message may quote a chart
            LOG.error("refresh: defect %s", place_of(error))
            self._end_reviewer()
            return 0
        if done:
            LOG.info("refresh: %d cases reviewed again", done)
        return done
