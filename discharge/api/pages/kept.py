"""What pages read before and need not read again, for as long as what it follows from stays the same."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from discharge.casework.storage.engine import Store

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """The last ``most`` values by key. Safe to use from many threads; a value may be worked out twice at one moment."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Value | None:
        """Return what is kept under ``key``; None where nothing is."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: Hashable, value: Value) -> Value:
        """Keep and return ``value``."""
        with self._lock:
            self._kept[key] = value
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return value

    def once(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return what is kept under ``key``, or what ``make`` gives, which is kept."""
        found = self.get(key)
        return self.put(key, make()) if found is None else found


class KeptByStore(Generic[Value]):
    """A :class:`Kept` for each open store, for keys that mean nothing beyond one: a case and its version."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._of: WeakKeyDictionary[Store, Kept[Value]] = WeakKeyDictionary()
        self._lock = Lock()

    def of(self, store: Store) -> Kept[Value]:
        """Return what is kept of a store."""
        with self._lock:
            if store not in self._of:
                self._of[store] = Kept(self._most)
            return self._of[store]
