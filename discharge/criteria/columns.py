"""Columns of facts, made ready for asking: each is looked at once, however many criteria ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discharge.criteria.kleene import BoolArray, FloatArray, StatusArray, status

_FEW = 1000  # below this, pandas takes longer to get going than Python to finish


class FactsLike(Protocol):
    """The part of a fact table that evaluation needs; ``t`` is the reference moment of each stay."""

    @property
    def values(self) -> pd.DataFrame: ...
    @property
    def t(self) -> pd.Series[Any]: ...
    def evidence(self, fact: str, stay_id: str) -> Sequence[Any]: ...


class Columns:
    """Access to the facts of many stays at once. Days are those of ``zone``.

    ``numeric`` names the number and flag facts that will be asked for: taking them from the frame together is much
    cheaper than one by one.
    """

    def __init__(self, facts: FactsLike, zone: str, numeric: Iterable[str] = ()) -> None:
        self.facts = facts
        self.zone = zone
        self.size = len(facts.values)
        self._cache: dict[tuple[str, str], Any] = {}
        self._none = np.full(self.size, None, dtype=object)
        wanted = [name for name in numeric if name in facts.values.columns]
        block = facts.values[wanted].to_numpy(np.float64, na_value=np.nan)
        absent = np.isnan(block)
        for place, name in enumerate(wanted):
            self._cache["number", name] = block[:, place]
            self._cache["missing", name] = absent[:, place]

    def _once(self, kind: str, fact: str, make: Callable[[], Any]) -> Any:
        key = (kind, fact)
        known = self._cache.get(key)
        if known is None:
            known = self._cache[key] = make()
        return known

    def _objects(self, fact: str) -> NDArray[Any]:
        """Return a column as Python objects; None throughout if there is no such column."""
        if fact not in self.facts.values.columns:
            return self._none
        return np.asarray(self.facts.values[fact].array, dtype=object)

    def numbers(self, fact: str) -> FloatArray:
        """Return a number or a flag (1, 0) as float64, NaN where not charted."""

        def make() -> FloatArray:
            if fact not in self.facts.values.columns:
                return np.full(self.size, np.nan)
            return self.facts.values[fact].to_numpy(np.float64, na_value=np.nan)

        found: FloatArray = self._once("number", fact, make)
        return found

    def is_missing(self, fact: str) -> BoolArray:
        """Return True where the fact is not charted."""

        def make() -> BoolArray:
            if ("number", fact) in self._cache:
                return np.isnan(self.numbers(fact))
            return np.asarray(pd.isna(self._objects(fact)), dtype=np.bool_)

        found: BoolArray = self._once("missing", fact, make)
        return found

    def text_matches(self, fact: str, test: Callable[[str], bool]) -> StatusArray:
        """Ask ``test`` once per distinct text; unknown where not charted."""
        places, words = self._words(fact)
        table = np.array([*(test(word) for word in words), False], np.bool_)
        return status(table[places], places < 0)  # -1, not charted, looks at the last

    def _words(self, fact: str) -> tuple[NDArray[np.intp], Sequence[str]]:
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
            if fact != "t" and fact not in self.facts.values.columns:
                return np.full(self.size, np.datetime64("NaT"), dtype="datetime64[us]")
            column = self.facts.t if fact == "t" else self.facts.values[fact]
            return column.to_numpy("datetime64[us]")

        found: NDArray[np.datetime64] = self._once("time", fact, make)
        return found

    def days(self, fact: str) -> NDArray[np.datetime64]:
        """Return the local day of each moment (datetime64[D])."""

        def make() -> NDArray[np.datetime64]:
            local = (
                pd.DatetimeIndex(self.times(fact)).tz_localize("UTC").tz_convert(self.zone).tz_localize(None)
            )
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
