"""What takes a second to make: kept a while, and made one at a time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from discharge.api.pages.kept import Kept, Value
from discharge.api.problems import Refusal

_MOST_WAITING = 6
"""How many requests may wait for one that is made: each holds a thread, and all other pages need threads too."""


@contextmanager
def room_in(queue: BoundedSemaphore) -> Iterator[None]:
    """Hold a place in ``queue``; refuse at once where none is free, so that dear requests can't stop the server.

    Raises:
        Refusal: 429, too many ask for it at this moment.
    """
    if not queue.acquire(blocking=False):
        raise Refusal(429, "too-many", "Too many ask for this at the moment; try again in a few seconds.")
    try:
        yield
    finally:
        queue.release()


class Dear(Kept[Value]):
    """Making one waits for the other, so that a row of dear requests can't take all cores, and none is made twice."""

    def __init__(self, most: int, most_waiting: int = _MOST_WAITING) -> None:
        super().__init__(most)
        self._making = Lock()
        self._queue = BoundedSemaphore(most_waiting)

    def once(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return the result of ``key``, made now if it is not among the last; what ``make`` raises is raised."""
        found = self.get(key)
        if found is not None:
            return found
        with room_in(self._queue), self._making:
            return super().once(key, make)
