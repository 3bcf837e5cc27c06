"""Admissions to decide: the same ones for the same seed, with values near the thresholds of the rules."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from trees import short

SEED = 20260615
MISSING = 0.15
PAYERS = ("medicare_ffs", "medicare_advantage", "dual", "medicaid", "commercial", "self_pay")
SHARES = (30, 30, 8, 10, 20, 2)

Value = float | bool | str


def whole(mean: float, spread: float, low: int, high: int) -> Callable[[random.Random], int]:
    """Draw whole numbers around ``mean``, kept from ``low`` to ``high``."""
    return lambda draw: min(max(round(draw.gauss(mean, spread)), low), high)


def tenths(mean: float, spread: float, low: float, high: float) -> Callable[[random.Random], float]:
    """Draw numbers with one decimal around ``mean``, kept from ``low`` to ``high``."""
    return lambda draw: round(min(max(draw.gauss(mean, spread), low), high), 1)


def flag(share: float) -> Callable[[random.Random], bool]:
    return lambda draw: draw.random() < share


# Means, spreads and shares are chosen so that every rule is met, not met and unknown often; they describe no hospital.
FACTS: dict[str, Callable[[random.Random], Value]] = {
    "patient.age_years": whole(66, 17, 18, 101),
    "vitals.spo2_admit_min": whole(92.5, 4, 62, 100),
    "vitals.respiratory_rate_admit_max": whole(22, 6, 8, 60),
    "vitals.systolic_bp_admit_min": whole(112, 22, 50, 220),
    "vitals.heart_rate_admit_max": whole(98, 20, 35, 200),
    "vitals.temperature_admit_max": tenths(37.4, 1.0, 33.0, 41.5),
    "labs.lactate_admit_max": tenths(1.9, 1.2, 0.4, 15.0),
    "labs.bun_admit_max": whole(24, 14, 3, 150),
    "labs.creatinine_admit_max": tenths(1.5, 1.2, 0.3, 14.0),
    "neuro.altered_mental_status_admit": flag(0.2),
    "respiratory.on_oxygen": flag(0.35),
    "treatment.any_iv_drug_24h": flag(0.6),
    "stay.expected_midnights": whole(2.2, 1.3, 0, 9),
    "coverage.payer_class": lambda draw: draw.choices(PAYERS, SHARES)[0],
}


def admissions(rows: int, *, seed: int = SEED, missing: float = MISSING) -> Iterator[dict[str, Value | None]]:
    """Yield admissions, a dict of all facts each; a fact is missing (None) with the probability ``missing``."""
    draw = random.Random(seed)
    for _ in range(rows):
        yield {short(fact): None if draw.random() < missing else one(draw) for fact, one in FACTS.items()}
