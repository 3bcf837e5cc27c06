"""Rules to conclusions: stages, provenance, and durable_rules against the plain evaluator."""

from __future__ import annotations

import itertools
import random
import resource
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rulekit import packs_of

from discharge import inference, plain_rules
from discharge.criteria import Findings
from discharge.errors import EngineError
from discharge.inference import Conclusion, durable_engine, infer
from discharge.packs import Packs, RulePart

pytestmark = pytest.mark.content  # reads what the test itself writes: the wheel changes nothing

needs_durable = pytest.mark.skipif(
    durable_engine() is None, reason="durable_rules can't be imported on this Python"
)

CRITERIA = [f"c{place}" for place in range(5)]
BODY = "criteria: {" + ", ".join(f"{name}: {{known: vitals.spo2}}" for name in CRITERIA) + "}\n"
_NEEDS = ["pt", "ot", "slp", "oxygen", "dme", "food"]


def findings_of(packs: Packs, rows: list[dict[str, int]], applies: list[int] | None = None) -> Findings:
    """Findings as given: {criterion name: status} per stay; unknown where left out, the same for every file."""
    index = pd.Index([f"s{place}" for place in range(len(rows))])
    status = {
        one.id: np.array([row.get(one.name, 1) for row in rows], np.int8) for one in packs.criteria.values()
    }
    whole = np.array(applies if applies is not None else [2] * len(rows), np.int8)
    return Findings(index, "UTC", status=status, applies=dict.fromkeys(packs.files, whole))


def whole(packs: Packs, file_id: str) -> RulePart:
    """All rules of a file as one part."""
    file = packs.files[file_id]
    return RulePart(file_id, file.digest, file.rules, file.subjects)


def names(conclusions: tuple[Conclusion, ...]) -> list[str]:
    return [one.name for one in conclusions]


TWO_STAGES = {
    "a/first": BODY
    + """
rules:
  - {when: {met: c0}, then: {barrier: {option: snf, cause: no_stay, carc: "A6"}}}
  - {when: {any: [{unknown: c0}, {all: [{not_met: c1}, {met: c2}]}]}, then: {need: {need: oxygen}}}
""",
    "a/second": "stage: denial\n"
    + BODY
    + """
rules:
  - {when: {concluded: barrier.snf.no_stay}, then: {need: {need: pt}}}
  - {when: {not_concluded: barrier.snf.no_stay}, then: [{need: {need: ot}}, {advice: {advice: x, text: Look}}]}
  - {when: {all: [{concluded: need.oxygen}, {met: a.first.c3}]}, then: {clock: {clock: moon}}}
""",
}


@pytest.mark.parametrize("engine", ["durable", "plain"])
def test_later_stages_see_earlier_conclusions(engine: Any, tmp_path: Path) -> None:
    packs = packs_of(tmp_path, TWO_STAGES)
    rows = [{"c0": 2}, {"c0": 0, "c1": 0, "c2": 2, "c3": 2}, {"c0": 0}, {"c3": 2}]
    found = infer(packs, findings_of(packs, rows), engine=engine)
    assert [names(row) for row in found.rows] == [
        ["barrier.snf.no_stay", "need.pt"],
        ["need.oxygen", "need.ot", "advice.x", "clock.moon"],
        ["need.ot", "advice.x"],
        ["need.oxygen", "need.ot", "advice.x", "clock.moon"],
    ]
    first = found.of("s0")[0]
    assert (first.kind, first.stage, first.file_id, first.rule_index) == (
        "barrier",
        "level_of_care",
        "a.first",
        0,
    )
    assert (first.version, first.because) == ("2026.1.0", (("a.first.c0", "met"),))
    assert first.payload.model_dump()["carc"] == "A6"
    assert found.of("s1")[0].because == (("a.first.c1", "not_met"), ("a.first.c2", "met"))


def test_a_file_that_does_not_surely_apply_concludes_nothing(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, {"a/first": TWO_STAGES["a/first"]})
    found = infer(packs, findings_of(packs, [{"c0": 2}] * 3, applies=[0, 1, 2]))
    assert [names(row) for row in found.rows] == [[], [], ["barrier.snf.no_stay"]]


def test_many_stays_at_once_conclude_what_each_does_alone(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, TWO_STAGES)
    rows = [
        dict(zip(CRITERIA, row, strict=True)) for row in itertools.product(range(3), repeat=len(CRITERIA))
    ]
    applies = [place % 3 for place in range(len(rows))]
    together = infer(packs, findings_of(packs, rows, applies))
    alone = [infer(packs, findings_of(packs, [row], [one])) for row, one in zip(rows, applies, strict=True)]
    assert together.rows == [one.rows[0] for one in alone]
    concluded = {name for row in together.rows for name in names(row)}
    assert concluded
    for name in concluded:
        assert together.concluded(name).tolist() == [bool(one.concluded(name)[0]) for one in alone]


def test_equal_stays_share_their_conclusions(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, TWO_STAGES)
    found = infer(packs, findings_of(packs, [{"c0": 2}, {"c0": 0}, {"c0": 2}]))
    assert found.rows[0] is found.rows[2]


def test_a_rule_that_looks_at_very_many_statuses(tmp_path: Path) -> None:
    criteria = [f"d{place}" for place in range(30)]
    body = "criteria: {" + ", ".join(f"{name}: {{known: vitals.spo2}}" for name in criteria) + "}\n"
    when = ", ".join(f"{{met: {name}}}" for name in criteria)
    packs = packs_of(
        tmp_path, {"a/a": f"{body}rules: [{{when: {{all: [{when}]}}, then: {{need: {{need: pt}}}}}}]\n"}
    )
    rows = [dict.fromkeys(criteria, 2) for _ in range(31)]
    for place, name in enumerate(criteria):
        rows[place][name] = place % 2
    found = infer(packs, findings_of(packs, rows))
    assert found.concluded("need.pt").tolist() == [False] * 30 + [True]


def test_rules_that_share_no_status_are_decided_apart(tmp_path: Path) -> None:
    rules = [
        f"  - {{when: {{met: c{place % 4}}}, then: {{advice: {{advice: a{place}, text: x}}}}}}\n"
        for place in range(8)
    ]
    tied = "  - {when: {all: [{met: c2}, {unknown: c3}]}, then: {need: {need: pt}}}\n"
    packs = packs_of(tmp_path, {"a/a": BODY + "rules:\n" + "".join(rules) + tied})
    parts = packs.files["a.a"].parts
    assert [[rule.index for rule in part.rules] for part in parts] == [[0, 4], [1, 5], [2, 3, 6, 7, 8]]
    found = infer(packs, findings_of(packs, [{"c0": 2, "c1": 0, "c2": 2, "c3": 1}, {}]))
    assert [one.rule_index for one in found.rows[0]] == [0, 2, 4, 6, 8]
    assert found.rows[1] == ()
    assert found.concluded("need.pt").tolist() == [True, False]
    assert found.concluded("need.ot").tolist() == [False, False]


def test_no_stay_and_no_rule(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, {"a/a": BODY})
    assert infer(packs, findings_of(packs, [])).rows == []
    assert infer(packs, findings_of(packs, [{}])).rows == [()]
    assert (
        infer(
            packs_of(tmp_path / "x", TWO_STAGES), findings_of(packs_of(tmp_path / "x", TWO_STAGES), [])
        ).rows
        == []
    )


def test_without_durable_rules_the_plain_evaluator_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packs = packs_of(tmp_path, TWO_STAGES)
    monkeypatch.setattr(inference, "durable_engine", lambda: None)
    found = infer(packs, findings_of(packs, [{"c0": 2}]))
    assert found.engine == "plain"
    assert names(found.rows[0]) == ["barrier.snf.no_stay", "need.pt"]


LEAF = st.tuples(st.sampled_from(["met", "not_met", "unknown"]), st.sampled_from(CRITERIA)).map(
    lambda pair: f"{{{pair[0]}: {pair[1]}}}"
)
WHEN = st.recursive(
    LEAF,
    lambda inner: st.tuples(st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3)).map(
        lambda pair: f"{{{pair[0]}: [{', '.join(pair[1])}]}}"
    ),
    max_leaves=5,
)
STATUS = st.integers(0, 2)


def pack_text(whens: list[tuple[str, str]], stage: str = "level_of_care") -> str:
    """A file of rules; a `when` that never holds is left to its neighbours (see test_load)."""
    rules = "".join(
        f"  - {{when: {{any: [{when}, {{met: c4}}]}}, then: {{need: {{need: {need}}}}}}}\n"
        for when, need in whens
    )
    return f"stage: {stage}\n{BODY}rules:\n{rules}"


@needs_durable
@settings(max_examples=40, deadline=None)
@given(
    early=st.lists(st.tuples(WHEN, st.sampled_from(_NEEDS)), min_size=1, max_size=6),
    late=st.lists(st.tuples(WHEN, st.sampled_from(_NEEDS)), min_size=1, max_size=4),
    rows=st.lists(st.fixed_dictionaries(dict.fromkeys(CRITERIA, STATUS)), min_size=1, max_size=12),
    seed=st.integers(0, 9999),
)
def test_durable_and_plain_agree_whatever_the_order_of_rules(
    early: list[tuple[str, str]], late: list[tuple[str, str]], rows: list[dict[str, int]], seed: int
) -> None:
    seen = f"{{all: [{{concluded: need.{early[0][1]}}}, {late[0][0]}]}}"
    late = [(seen, "housing"), *late[1:]]
    shuffled = random.Random(seed).sample(early, len(early))
    outcomes = []
    for order in (early, shuffled):
        with TemporaryDirectory() as folder:
            packs = packs_of(Path(folder), {"a/early": pack_text(order), "b/late": pack_text(late, "clocks")})
        findings = findings_of(packs, rows)
        durable, plain = infer(packs, findings), infer(packs, findings, engine="plain")
        assert durable.engine == "durable"
        assert durable.rows == plain.rows
        outcomes.append([{(one.name, one.stage, one.because) for one in row} for row in plain.rows])
    assert outcomes[0] == outcomes[1]


@needs_durable
def test_every_combination_of_statuses_is_decided_alike(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, TWO_STAGES)
    file = whole(packs, "a.first")
    engine = durable_engine()
    assert engine is not None
    for words in itertools.product(("met", "not_met", "unknown"), repeat=len(file.subjects)):
        named = dict(zip(file.subjects, words, strict=True))
        assert engine.fired(file, words) == plain_rules.fired(file, named)


@needs_durable
def test_eight_threads_at_once(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, TWO_STAGES)
    file = whole(packs, "a.first")
    engine = durable_engine()
    assert engine is not None
    rows = list(itertools.product(("met", "not_met", "unknown"), repeat=len(file.subjects)))

    def work(seed: int) -> int:
        wrong = 0
        for words in random.Random(seed).choices(rows, k=400):
            named = dict(zip(file.subjects, words, strict=True))
            wrong += engine.fired(file, words) != plain_rules.fired(file, named)
        return wrong

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8))) == 0


@needs_durable
@pytest.mark.slow
def test_many_evaluations_stay_right_and_small(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, TWO_STAGES)
    file = whole(packs, "a.first")
    engine = durable_engine()
    assert engine is not None
    rows = list(itertools.product(("met", "not_met", "unknown"), repeat=len(file.subjects)))
    wanted = [plain_rules.fired(file, dict(zip(file.subjects, words, strict=True))) for words in rows]
    for words in rows:
        engine.fired(file, words)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for place in range(51_000):
        turn = place % len(rows)
        assert engine.fired(file, rows[turn]) == wanted[turn]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8_000  # KB


@needs_durable
def test_an_engine_that_fails_is_an_engine_error_without_statuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packs = packs_of(tmp_path, {"a/failing": TWO_STAGES["a/first"]})
    file = whole(packs, "a.failing")
    engine = durable_engine()
    assert engine is not None
    words = ("met",) * len(file.subjects)
    wanted = engine.fired(file, words)

    def raising(_: object) -> None:
        raise SystemExit("met")

    rule_set = engine._host.get_ruleset(engine._ruleset(file))
    promise = rule_set._actions["r0"]
    monkeypatch.setattr(promise, "_func", raising)
    with pytest.raises(EngineError) as caught:
        engine.fired(file, words)
    assert "met" not in str(caught.value)
    assert caught.value.__cause__ is None
    monkeypatch.undo()
    assert engine.fired(file, words) == wanted  # what it raised does not stay for later runs


@needs_durable
def test_an_impossible_answer_is_an_engine_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packs = packs_of(tmp_path, {"a/liar": TWO_STAGES["a/first"]})
    monkeypatch.setattr(inference.DurableEngine, "fired", lambda *_: frozenset({0, 1}))
    with pytest.raises(EngineError, match="whose conditions don't hold"):
        infer(packs, findings_of(packs, [{"c0": 2}]))


def test_only_inference_imports_durable_rules() -> None:
    folder = Path(inference.__file__).parent
    importing = [
        path.name
        for path in folder.rglob("*.py")
        if any(
            line.lstrip().startswith(("import durable", "from durable"))
            for line in path.read_text("utf-8").splitlines()
        )
    ]
    assert importing == ["inference.py"]
