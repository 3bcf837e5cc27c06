"""Truth tables of strong Kleene logic, and comparisons at their boundaries."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.criteria import kleene
from discharge.packs.tree import OPS, Op

pytestmark = pytest.mark.content  # arithmetic: the wheel changes nothing

N, U, M = 0, 1, 2

AND = {(M, M): M, (M, U): U, (M, N): N, (U, U): U, (U, N): N, (N, N): N}
OR = {(M, M): M, (M, U): M, (M, N): M, (U, U): U, (U, N): U, (N, N): N}


def column(*statuses: int) -> kleene.StatusArray:
    return np.array(statuses, np.int8)


@pytest.mark.parametrize(("a", "b"), list(product((N, U, M), repeat=2)))
def test_and_or(a: int, b: int) -> None:
    key = (max(a, b), min(a, b))
    assert kleene.all_of([column(a), column(b)]).tolist() == [AND[key]]
    assert kleene.any_of([column(a), column(b)]).tolist() == [OR[key]]


def test_not() -> None:
    assert kleene.negated(column(N, U, M)).tolist() == [M, U, N]


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("statuses", list(product((N, U, M), repeat=3)))
def test_at_least_says_what_every_way_to_settle_the_unknown_says(
    count: int, statuses: tuple[int, ...]
) -> None:
    settled = product(*[(N, M) if one == U else (one,) for one in statuses])
    outcomes = {sum(one == M for one in way) >= count for way in settled}
    wanted = U if len(outcomes) == 2 else (M if outcomes == {True} else N)
    assert kleene.at_least(count, [column(one) for one in statuses]).tolist() == [wanted]


TABLE: dict[Op, tuple[int, int, int]] = {  # below, at, above the threshold
    "<": (M, N, N),
    "<=": (M, M, N),
    ">": (N, N, M),
    ">=": (N, M, M),
    "==": (N, M, N),
    "!=": (M, N, M),
}


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("threshold", [38.3, 0.1, 90.0, 0.0, -2.5, 7.35, 1e6])
def test_comparisons_at_their_boundaries(op: Op, threshold: float) -> None:
    step = max(abs(threshold), 1.0) * 1e-6
    values = np.array([threshold - step, threshold, threshold + step, np.nan])
    assert kleene.compare(values, op, threshold).tolist() == [*TABLE[op], U]
    assert kleene.compare(values[:3], op, np.full(3, np.nan)).tolist() == [U, U, U]


def test_a_converted_value_equals_its_threshold() -> None:
    fahrenheit = (95.54 - 32) * 5 / 9
    assert fahrenheit != 35.3
    assert kleene.compare(np.array([fahrenheit]), ">=", 35.3).tolist() == [M]
    assert kleene.compare(np.array([fahrenheit]), ">", 35.3).tolist() == [N]
    assert kleene.compare(np.array([fahrenheit]), "<", 35.3).tolist() == [N]
    assert kleene.compare(np.array([0.1 + 0.2]), ">", 0.3).tolist() == [N]


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_opposite_operators_always_disagree(value: float, threshold: float) -> None:
    for one, other in (("<", ">="), ("<=", ">"), ("==", "!=")):
        found = [kleene.compare(np.array([value]), op, threshold)[0] for op in (one, other)]  # type: ignore[arg-type]
        assert sorted(found) == [N, M]


@pytest.mark.parametrize("op", OPS)
@given(low=st.integers(-3, 9), width=st.integers(0, 6), threshold=st.integers(-3, 9))
def test_an_interval_says_what_its_totals_say(op: Op, low: int, width: int, threshold: int) -> None:
    totals = np.linspace(low, low + width, width * 2 + 1)  # halves as well: points may be halves
    outcomes = set(kleene.compare(totals, op, float(threshold)).tolist())
    wanted = U if len(outcomes) == 2 else outcomes.pop()
    assert kleene.compare_ends(float(low), float(low + width), op, float(threshold)) == wanted
    ends = np.array([float(low)]), np.array([float(low + width)])
    assert kleene.compare_interval(*ends, op, float(threshold)).tolist() == [wanted]


def test_a_threshold_that_no_value_holds_for_leaves_all_unknown() -> None:
    values = np.array([1.0, 2.0])
    for op in OPS:
        assert kleene.compare(values, op, float("nan")).tolist() == [U, U]
        assert kleene.compare_ends(1.0, 1.0, op, float("nan")) == U
        assert kleene.compare_interval(values, values, op, float("nan")).tolist() == [U, U]


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.sampled_from(OPS))
def test_one_number_is_compared_like_many(value: float, threshold: float, op: Op) -> None:
    assert kleene.holds_one(value, op, threshold) == kleene.holds(np.array([value]), op, threshold)[0]
