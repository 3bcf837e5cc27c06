"""Columns of facts, made ready for asking: each is looked at once, however many criteria ask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discharge.criteria.kleene import BoolArray, FloatArray, StatusArray, status

_FEW = 1000  # below this, pandas takes longer to get going than Python to finish


class FactsLike(Protocol):
    """The part of a fact table that evaluation needs; ``t`` is the reference moment of each stay."""

    @property
    def index(self) -> pd.Index[Any]: ...
    @property
    def t(self) -> pd.Series[Any]: ...
    def column(self, fact: str) -> Any | None: ...
    def evidence(self, fact: str, stay_id: str) -> Sequence[Any]: ...


class Columns:
    """Access to the facts of many stays at once. Days are those of ``zone``."""

    def __init__(self, facts: FactsLike, zone: str) -> None:
        self.facts = facts
        self.zone = zone
        self.size = len(facts.index)
        self._cache: dict[tuple[str, str], Any] = {}
        self._numbers: dict[str, FloatArray] = {}
        self._missing: dict[str, BoolArray] = {}
        self._none = np.full(self.size, None, dtype=object)

    def _once(self, kind: str, fact: str, make: Callable[[], Any]) -> Any:
        key = (kind, fact)
        known = self._cache.get(key)
        if known is None:
            known = self._cache[key] = make()
        return known

    def _objects(self, fact: str) -> NDArray[Any]:
        """Return a column as Python objects; None throughout if there is no such column."""
        column = self.facts.column(fact)
        return self._none if column is None else np.asarray(column, dtype=object)

    def numbers(self, fact: str) -> FloatArray:
        """Return a number or a flag (1, 0) as float64, NaN where not charted."""
        known = self._numbers.get(fact)
        if known is None:
            column = self.facts.column(fact)
            known = np.full(self.size, np.nan) if column is None else np.asarray(column, np.float64)
            self._numbers[fact] = known
        return known

    def is_missing(self, fact: str) -> BoolArray:
        """Return True where the fact is not charted."""
        known = self._missing.get(fact)
        if known is None:
            column = self._none if (found := self.facts.column(fact)) is None else found
            is_float = column.dtype == np.float64
            known = np.isnan(self.numbers(fact)) if is_float else np.asarray(pd.isna(column), np.bool_)
            self._missing[fact] = known
        return known

    def word(self, fact: str, row: int) -> str | None:
        """Return the text of one row, None where not charted."""
        column = self.facts.column(fact)
        found = None if column is None else column[row]
        return found if isinstance(found, str) else None

    def text_matches(self, fact: str, test: Callable[[str], bool]) -> StatusArray:
        """Ask ``test`` once per distinct text; unknown where not charted."""
        places, words = self.words(fact)
        table = np.array([*(test(word) for word in words), False], np.bool_)
        return status(table[places], places < 0)  # -1, not charted, looks at the last

    def words(self, fact: str) -> tuple[NDArray[np.intp], Sequence[str]]:
        """Return, for each row, the place of its text in the distinct ones (-1: not charted), and those."""

        def make() -> Any:
            return _distinct(self._objects(fact))

        found: tuple[NDArray[np.intp], Sequence[str]] = self._once("words", fact, make)
        return found

    def any_code_matches(self, fact: str, test: Callable[[str], bool]) -> StatusArray:
        """Ask ``test`` once per distinct code; met where one code of the row passes, unknown where not charted."""
        rows, places, codes, absent = self._codes(fact)
        table = np.array([*(test(code) for code in codes), False], np.bool_)
        found = np.zeros(self.size, np.bool_)
        found[rows[table[places]]] = True
        return status(found, absent)

    def _codes(self, fact: str) -> tuple[NDArray[np.intp], NDArray[np.intp], Sequence[str], BoolArray]:
        def make() -> Any:
            listed = self._objects(fact).tolist()
            absent = np.array([not isinstance(codes, tuple) for codes in listed], np.bool_)
            lengths = [len(codes) if isinstance(codes, tuple) else 0 for codes in listed]
            flat = np.array(
                [code for codes in listed if isinstance(codes, tuple) for code in codes], dtype=object
            )
            return np.repeat(np.arange(self.size), lengths), *_distinct(flat), absent

        found: tuple[NDArray[np.intp], NDArray[np.intp], Sequence[str], BoolArray] = self._once(
            "codes", fact, make
        )
        return found

    def times(self, fact: str) -> NDArray[np.datetime64]:
        """Return moments (UTC, NaT where not charted); ``t`` is the reference moment."""

        def make() -> NDArray[np.datetime64]:
            column = self.facts.t if fact == "t" else self.facts.column(fact)
            if column is None:
                return np.full(self.size, np.datetime64("NaT"), dtype="datetime64[us]")
            moments: NDArray[np.datetime64] = column.to_numpy("datetime64[us]")
            return moments

        found: NDArray[np.datetime64] = self._once("time", fact, make)
        return found

    def days(self, fact: str) -> NDArray[np.datetime64]:
        """Return the local day of each moment (datetime64[D])."""

        def make() -> NDArray[np.datetime64]:
            moments = self.times(fact)
            if np.isnat(moments).all():
                return moments.astype("datetime64[D]")
            local = pd.DatetimeIndex(moments, tz="UTC").tz_convert(self.zone).tz_localize(None)
            return local.to_numpy().astype("datetime64[D]")

        found: NDArray[np.datetime64] = self._once("day", fact, make)
        return found

    def elapsed(self, start: str, end: str, unit: str) -> FloatArray:
        """Return time from ``start`` to ``end``: hours, or (unit d) calendar days between local dates."""

        def make() -> FloatArray:
            if unit == "h":
                return _as_float(self.times(end) - self.times(start)) / 3.6e9  # microseconds
            return _as_float(self.days(end) - self.days(start))

        found: FloatArray = self._once(f"elapsed {unit}", f"{start} {end}", make)
        return found


def _as_float(lengths: NDArray[Any]) -> FloatArray:
    found = lengths.astype(np.int64).astype(np.float64)
    found[np.isnat(lengths)] = np.nan
    return found


def _distinct(words: NDArray[Any]) -> tuple[NDArray[np.intp], list[str]]:
    """Number the distinct texts; -1 where there is none."""
    if len(words) > _FEW:
        places, found = pd.factorize(words)
        return places, [str(word) for word in found]
    numbers: dict[str, int] = {}
    listed = [
        numbers.setdefault(word, len(numbers)) if isinstance(word, str) else -1 for word in words.tolist()
    ]
    return np.array(listed, dtype=np.intp), list(numbers)
