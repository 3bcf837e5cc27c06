"""A figure of the board and the cases behind it: the figure is the sum of what each case adds, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypeAlias

Unit: TypeAlias = Literal["cases", "points", "tasks", "days", "denials", "usd"]


@dataclass(frozen=True)
class Figure:
    """``parts`` has what each case adds, by case id; ``title`` says what is counted, as a heading."""

    key: str
    title: str
    unit: Unit
    parts: Mapping[str, Decimal]

    @property
    def value(self) -> Decimal:
        """Return the figure itself."""
        return sum(self.parts.values(), Decimal(0))

    @property
    def count(self) -> int:
        """Return how many cases are behind it."""
        return len(self.parts)


@dataclass
class Figures:
    """All figures of a board by key, while they are worked out."""

    known: dict[str, Figure] = field(default_factory=dict)

    def cases(self, key: str, title: str, case_ids: Iterable[str]) -> Figure:
        """Add and return a count of cases."""
        return self._add(Figure(key, title, "cases", dict.fromkeys(case_ids, Decimal(1))))

    def sums(self, key: str, title: str, unit: Unit, parts: Iterable[tuple[str, Decimal]]) -> Figure:
        """Add and return a sum; what a case adds in several parts stands together."""
        found: dict[str, Decimal] = {}
        for case_id, amount in parts:
            found[case_id] = found.get(case_id, Decimal(0)) + amount
        return self._add(Figure(key, title, unit, found))

    def _add(self, one: Figure) -> Figure:
        if one.key in self.known:
            raise ValueError(f"two figures are called {one.key}")
        self.known[one.key] = one
        return one
