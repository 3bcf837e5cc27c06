"""Findings and rules to conclusions, by durable_rules inside its fence. The only importer of durable_rules.

Stages run in their order; inside one, every rule sees the same findings and the conclusions of earlier stages, so
the order of rules never matters. Rules look at a few statuses only, and stays with equal statuses have equal
conclusions: each distinct row is decided once and remembered. Rules that share no status are decided apart.

The fence (each line was measured, see docs/decisions): one ruleset per part of a
rule file, made once per process; one flat
fact of words with an explicit id, in the default session; tests of equality only; a catch-all rule; actions that
only note the rule; the fact retracted whatever happens; one lock; none of the engine's own threads.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from threading import Lock
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discharge import plain_rules
from discharge.criteria import MET, WORDS, Findings
from discharge.criteria.perpacks import once_per_packs
from discharge.errors import EngineError
from discharge.packs import STAGES, Packs, Payload, Rule, RuleFile, RulePart
from discharge.packs.when import Alternative

Engine: TypeAlias = Literal["durable", "plain"]

_REMEMBERED = 100_000  # distinct rows kept per process
_YES_NO = ("no", "yes")
_TABLE = 4096  # most keys whose outcomes are listed in a table, if there are as many stays


@dataclass(frozen=True)
class Conclusion:
    """What one rule concluded. ``because`` is the (name, status) pairs that made it fire."""

    name: str
    kind: str
    payload: Payload
    stage: str
    file_id: str
    rule_index: int
    version: str
    because: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Block:
    """What one part of a file concluded: ``groups`` has the place of each row's outcome in ``outcomes``."""

    groups: NDArray[np.integer[Any]]
    outcomes: list[tuple[Conclusion, ...]]

    def where(self, name: str) -> NDArray[np.bool_] | None:
        """Return the rows on which a conclusion was drawn; None if on no row."""
        says = [any(one.name == name for one in outcome) for outcome in self.outcomes]
        return np.array(says)[self.groups] if any(says) else None


class Conclusions:
    """Conclusions per stay, in the order of ``index``; stays with equal statuses share their objects.

    ``engine`` is the one that ran: ``plain`` stands in where durable_rules can't be imported.
    """

    def __init__(self, index: pd.Index[Any], engine: Engine, files: Sequence[Sequence[_Block]]) -> None:
        self.index = index
        self.engine = engine
        self._files = files
        self._known: dict[bytes, tuple[Conclusion, ...]] = {}

    @cached_property
    def _table(self) -> NDArray[np.int32]:
        """The outcomes' places, a row per stay and a column per block: made when the first stay is asked for."""
        columns = [block.groups for blocks in self._files for block in blocks]
        table = np.empty((len(self.index), len(columns)), np.int32)
        for place, column in enumerate(columns):
            table[:, place] = column
        return table

    @cached_property
    def rows(self) -> list[tuple[Conclusion, ...]]:
        """The conclusions of every stay, each by stage, file and rule."""
        return [self._row(place) for place in range(len(self.index))]

    def of(self, stay_id: str) -> tuple[Conclusion, ...]:
        """Return the conclusions of one stay (KeyError if it isn't there)."""
        place = self.index.get_loc(stay_id)
        if not isinstance(place, int):
            raise KeyError(stay_id)
        return self._row(place)

    def concluded(self, name: str) -> NDArray[np.bool_]:
        """Return, for every stay, whether the conclusion ``name`` was drawn."""
        found = np.zeros(len(self.index), np.bool_)
        for blocks in self._files:
            for block in blocks:
                rows = block.where(name)
                if rows is not None:
                    found |= rows
        return found

    def _row(self, place: int) -> tuple[Conclusion, ...]:
        key = self._table[place].tobytes()
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = tuple(self._gather(self._table[place].tolist()))
        return known

    def _gather(self, numbers: list[int]) -> Iterator[Conclusion]:
        turn = iter(numbers)
        for blocks in self._files:
            said = [one for block in blocks for one in block.outcomes[next(turn)]]
            yield from sorted(said, key=lambda one: one.rule_index)


def infer(packs: Packs, findings: Findings, *, engine: Engine = "durable") -> Conclusions:
    """Run all stages over all stays.

    Raises:
        EngineError: the rules engine failed, or answered something impossible.
    """
    used: Engine = "plain" if engine == "plain" or durable_engine() is None else "durable"
    files: list[list[_Block]] = []
    said: dict[str, NDArray[np.bool_]] = {}
    asked = _asked(packs)
    for stage in STAGES:
        here = [
            [_decide(file, part, findings, said, used) for part in file.parts] for file in packs.stage(stage)
        ]
        for block in (block for blocks in here for block in blocks):
            names = {one.name for outcome in block.outcomes for one in outcome}
            for name in names & asked:
                rows = block.where(name)
                if rows is not None:
                    said[name] = said[name] | rows if name in said else rows
        files.extend(here)
    return Conclusions(findings.index, used, files)


@once_per_packs
def _asked(packs: Packs) -> frozenset[str]:
    """Return the conclusions that some rule looks at; of the others nobody asks on which rows they were drawn."""
    subjects = (subject for file in packs.files.values() for subject in file.subjects)
    return frozenset(name for kind, name in subjects if kind != "criterion")


def _decide(
    file: RuleFile, part: RulePart, findings: Findings, said: Mapping[str, NDArray[np.bool_]], engine: Engine
) -> _Block:
    """Decide each distinct row of statuses that a part looks at; rows to which the file does not apply get nothing."""
    size = len(findings.index)
    here = findings.applies[file.id] == MET
    if not here.any():
        return _Block(np.zeros(size, np.int8), [()])
    nobody = np.zeros(size, np.bool_)
    columns: list[NDArray[Any]] = [
        findings.status[name] if kind == "criterion" else said.get(name, nobody)
        for kind, name in part.subjects
    ]
    words = [WORDS if kind == "criterion" else _YES_NO for kind, _ in part.subjects]
    groups, codes = _groups(columns, [len(one) for one in words], here)
    outcomes = [() if row is None else _outcome(file, part, _said(words, row), engine) for row in codes]
    return _Block(groups, outcomes)


def _said(words: Sequence[Sequence[str]], codes: Sequence[int]) -> tuple[str, ...]:
    return tuple(one[code] for one, code in zip(words, codes, strict=True))


_Codes: TypeAlias = list[tuple[int, ...] | None]


def _groups(
    columns: Sequence[NDArray[Any]], bases: Sequence[int], here: NDArray[np.bool_]
) -> tuple[NDArray[np.integer[Any]], _Codes]:
    """Number the distinct rows of some columns of small numbers (each below its base), of the rows ``here`` only.

    Returns the number of each row, and what the rows of each number hold: None where they are not ``here``, and for
    a number that no row has.
    """
    room = math.prod(bases)
    if room > min(_TABLE, len(here)):
        return _listed(columns, here)
    small = np.min_scalar_type(-room - 1)
    key = columns[0].view(np.int8).astype(small, copy=False)
    for column, base in zip(columns[1:], bases[1:], strict=True):
        key = key * small.type(base)
        key += column
    if not here.all():
        key = np.where(here, key, small.type(room))
    seen = np.bincount(key, minlength=room).tolist()
    every = product(*(range(base) for base in bases))  # in the order of their keys
    return key, [*(row if count else None for count, row in zip(seen, every, strict=False)), None]


def _listed(
    columns: Sequence[NDArray[Any]], here: NDArray[np.bool_]
) -> tuple[NDArray[np.integer[Any]], _Codes]:
    """Number distinct rows as :func:`_groups` does, a row at a time: for few rows, and for very many possible ones."""
    numbers: dict[tuple[int, ...] | None, int] = {}
    rows = zip(here.tolist(), zip(*(column.tolist() for column in columns), strict=True), strict=True)
    groups = [numbers.setdefault(row if is_here else None, len(numbers)) for is_here, row in rows]
    return np.array(groups, np.int32), list(numbers)


# Outcomes of distinct rows, per process. The key holds everything that an outcome depends on.
_Key: TypeAlias = tuple[str, str, str, Engine, tuple[str, ...]]
_outcomes: OrderedDict[_Key, tuple[Conclusion, ...]] = OrderedDict()
_outcomes_lock = Lock()


def _outcome(
    file: RuleFile, part: RulePart, words: tuple[str, ...], engine: Engine
) -> tuple[Conclusion, ...]:
    """Return what a part of a file concludes from the statuses of its subjects; remembered."""
    key: _Key = (part.id, file.digest, file.version, engine, words)
    with _outcomes_lock:
        known = _outcomes.get(key)
        if known is not None:
            _outcomes.move_to_end(key)
            return known
    found = _conclude(file, part, words, engine)
    with _outcomes_lock:
        _outcomes[key] = found
        if len(_outcomes) > _REMEMBERED:
            _outcomes.popitem(last=False)
    return found


def _conclude(
    file: RuleFile, part: RulePart, words: tuple[str, ...], engine: Engine
) -> tuple[Conclusion, ...]:
    named = dict(zip(part.subjects, words, strict=True))
    durable = durable_engine() if engine == "durable" else None
    fired = durable.fired(part, words) if durable is not None else plain_rules.fired(part, named)
    found: list[Conclusion] = []
    for rule in part.rules:
        if rule.index not in fired:
            continue
        held = plain_rules.alternative_held(rule, named)
        if held is None:
            raise EngineError(f"the rules engine fired rule {rule.id}, whose conditions don't hold")
        found.extend(_concluded(file, rule, held))
    return tuple(found)


def _concluded(file: RuleFile, rule: Rule, held: Alternative) -> list[Conclusion]:
    because = tuple((test.name, test.word) for test in sorted(held))
    return [
        Conclusion(said.name, said.kind, said.payload, file.stage, file.id, rule.index, file.version, because)
        for said in rule.then
    ]


@cache
def durable_engine() -> DurableEngine | None:
    """Return the process's one engine, or None where durable_rules can't be imported (Python 3.13 and later)."""
    try:
        from durable import engine
    except ImportError:
        return None
    # Asked only for the age of actions, which are over at once; time stands still instead of reading a clock.
    engine._unix_now = lambda: 0.0

    class QuietHost(engine.Host):  # type: ignore[misc]
        """Without the engine's timer threads: they would run actions outside our lock."""

        def _run(self) -> None:
            return

    return DurableEngine(QuietHost())


class DurableEngine:
    """One durable_rules host; every use of it goes through one lock."""

    def __init__(self, host: Any) -> None:
        self._host = host
        self._lock = Lock()
        self._names: dict[tuple[str, str], str] = {}
        self._noted: list[int] = []

    def fired(self, part: RulePart, words: tuple[str, ...]) -> frozenset[int]:
        """Return the indexes of the rules of ``part`` that fire on the statuses of its subjects.

        Raises:
            EngineError: the engine failed. Its own message is dropped, because it quotes the fact.
        """
        fact = {"id": 1, "any": "row"} | {f"p{place}": word for place, word in enumerate(words)}
        with self._lock:
            name = self._ruleset(part)
            self._noted.clear()
            try:
                failed = self._run(name, fact)
            except Exception:  # noqa: BLE001 - it raises bare Exception, with the whole fact in the message
                failed = True
            noted = list(self._noted)
        # A rule fires once per alternative that holds.
        most = {_CATCH_ALL: 1} | {rule.index: len(rule.when) for rule in part.rules}
        too_often = any(noted.count(index) > most[index] for index in set(noted))
        if failed or _CATCH_ALL not in noted or too_often:
            raise EngineError(f"the rules engine failed on {part.id}; try --engine plain and report this")
        return frozenset(noted) - {_CATCH_ALL}

    def _run(self, name: str, fact: dict[str, Any]) -> bool:
        """Assert and retract one fact; return True if an action raised."""
        try:
            self._host.assert_fact(name, dict(fact))
        finally:
            self._host.retract_fact(name, dict(fact))
        state = self._host.get_state(name)
        if "exception" not in state:
            return False
        del state["exception"]
        self._host.update_state(name, state)
        return True

    def _ruleset(self, part: RulePart) -> str:
        """Return the name of the part's ruleset, made at first use."""
        key = (part.id, part.digest)
        if key not in self._names:
            name = f"rules_{len(self._names)}"
            places = {subject: f"p{place}" for place, subject in enumerate(part.subjects)}
            definition = {f"r{rule.index}": self._rule(rule, places) for rule in part.rules}
            definition["rest"] = {"all": [{"m": {"any": "row"}}], "run": self._note(_CATCH_ALL)}
            self._host.register_rulesets({name: definition})
            self._names[key] = name
        return self._names[key]

    def _rule(self, rule: Rule, places: dict[tuple[str, str], str]) -> dict[str, Any]:
        options = [
            _joined("$and", [{places[test.subject]: test.word} for test in sorted(option)])
            for option in rule.when
        ]
        return {"all": [{"m": _joined("$or", options)}], "run": self._note(rule.index)}

    def _note(self, index: int) -> Callable[[Any], None]:
        def action(_: Any) -> None:
            self._noted.append(index)

        return action


_CATCH_ALL = -1


def _joined(word: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    return parts[0] if len(parts) == 1 else {word: parts}
