"""Scores as a review shows them: those that its criteria ask for, and the instruments of which something is charted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from discharge.criteria import NOT_MET, UNKNOWN, Findings
from discharge.criteria.evaluate import Evaluator
from discharge.criteria.perpacks import once_per_packs
from discharge.packs import Packs
from discharge.packs import Score as Table
from discharge.packs.tree import facts_of, leaves
from discharge.review.model import Score

INSTRUMENTS = "instruments"  # the pack
_WHO = "patient."  # facts that every stay has, and that make no instrument asked for


@dataclass(frozen=True)
class Asked:
    """What instruments ask of the chart: (score, file, facts) of each; ``all``: the facts of every score."""

    scores: tuple[tuple[str, str, frozenset[str]], ...]
    all: tuple[str, ...]


@once_per_packs
def instrument_facts(packs: Packs) -> Asked:
    """Return the facts of each instrument, without those that every stay has."""
    scores = tuple(
        (score.id, file.id, frozenset(packs.facts_of_score(score.id)) - _who(packs))
        for file in packs.files.values()
        if file.pack == INSTRUMENTS
        for score in file.scores.values()
    )
    return Asked(
        scores, tuple(sorted({fact for name in packs.scores for fact in packs.facts_of_score(name)}))
    )


def _who(packs: Packs) -> frozenset[str]:
    return frozenset(fact for fact in packs.names.facts if fact.startswith(_WHO))


@dataclass
class ScoreBook:
    """Scores of a batch, looked up by the row of a stay."""

    packs: Packs
    findings: Findings
    _last: tuple[int, frozenset[str]] = (-1, frozenset())

    def of(self, full_ids: Iterable[str], row: int) -> list[Score]:
        """Return the scores named (those asked for), then the instruments that apply and are not empty."""
        hidden = self.packs.confidential_files
        names = dict.fromkeys([*full_ids, *self._instruments(row)])
        return [self.score(name, row) for name in names if name.rpartition(".")[0] not in hidden]

    def _instruments(self, row: int) -> Iterator[str]:
        """Yield the instruments that apply, or may, and of which an input is charted."""
        asked = instrument_facts(self.packs)
        charted = self._charted(row)
        for score, file_id, facts in asked.scores:
            if not facts.isdisjoint(charted) and self.findings.applies[file_id][row] != NOT_MET:
                yield score

    @property
    def _evaluator(self) -> Evaluator:
        evaluator = self.findings.evaluator
        if evaluator is None:
            raise ValueError("these findings were not made by evaluate_criteria")
        return evaluator

    def score(self, full_id: str, row: int) -> Score:
        """Return one score of one stay."""
        table = self.packs.scores[full_id]
        low, high = (float(end[row]) for end in self.findings.scores[full_id])
        is_valid = low == low
        owner = full_id.rpartition(".")[0]
        items = self._evaluator.items(full_id, row) if is_valid else {}
        return Score.model_validate(
            {  # one validation for the whole, as a review may have dozens of items
                "id": full_id,
                "name": full_id,
                "title": table.title,
                "version": table.version,
                "inputs_only": table.inputs_only,
                "valid": is_valid,
                "low": low if is_valid else None,
                "high": high if is_valid else None,
                "total": low if low == high else None,
                "unit": table.unit,
                "band": table.band_of(low, high),
                "band_sets": table.band_sets_of(low, high),
                "items": [
                    {"name": name, "low": _number(ends[0]), "high": _number(ends[1])}
                    for name, ends in items.items()
                ],
                "missing": self.missing(table, row),
                "cite": [f"{owner}.{key}" for key in _cites(table)],
            }
        )

    def missing(self, table: Table, row: int) -> list[str]:
        """Return the inputs that are not charted and may move the total, or say whether it is valid."""
        low, high = (float(end[row]) for end in self.findings.scores[table.id])
        if low != low:
            return []
        evaluator = self._evaluator
        facts: Iterable[str] = self.packs.facts_of_score(table.id) if low != high else ()
        if low == high and table.valid_when is not None and evaluator.tree(table.valid_when)[row] == UNKNOWN:
            facts = dict.fromkeys(fact for leaf in leaves(table.valid_when) for fact in facts_of(leaf))
        charted = self._charted(row)
        return [fact for fact in facts if fact not in charted]

    def _charted(self, row: int) -> frozenset[str]:
        """Return what of the inputs of all scores is charted."""
        if self._last[0] != row:
            missing = self._evaluator.columns.is_missing
            known = (fact for fact in instrument_facts(self.packs).all if not missing(fact)[row])
            self._last = row, frozenset(known)
        return self._last[1]


def _number(value: float) -> float | None:
    return None if value != value else value


def _cites(table: Table) -> tuple[str, ...]:
    keys: list[Any] = [*table.cites, *(key for one in table.band_sets.values() for key in one.cites)]
    return tuple(dict.fromkeys(keys))
