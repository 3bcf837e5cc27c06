"""How often somebody may try to sign in: counted in the memory of this process, forgotten when it ends.

What must outlast a restart is the lock of an account after failures, and that stands in the database.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from datetime import datetime, timedelta

_MOST_KEYS = 20_000


class RateLimit:
    """At most ``most`` tries of one key in any ``per`` of time."""

    def __init__(self, most: int, per: timedelta = timedelta(minutes=1)) -> None:
        self._most = most
        self._per = per
        self._tries: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, key: str, *, now: datetime) -> timedelta | None:
        """Count a try of ``key``; return how long to wait if it is one too many, else None."""
        with self._lock:
            tries = self._tries.setdefault(key, deque())
            self._tries.move_to_end(key)
            while tries and tries[0] <= now - self._per:
                tries.popleft()
            if len(tries) >= self._most:
                return tries[0] + self._per - now
            tries.append(now)
            while len(self._tries) > _MOST_KEYS:  # the least used go first
                self._tries.popitem(last=False)
            return None
