"""Names of rules that Python code asks for itself. A test looks for names in the code that are not listed here."""

from __future__ import annotations

# Criteria that a review shows under fixed keys (discharge/review/parts.py).
CRITERIA_ASKED = (
    "level_of_care.summary.admission",
    "level_of_care.summary.continued_stay",
    "level_of_care.summary.discharge_ready",
    "level_of_care.two_midnight_benchmark.benchmark",
    "level_of_care.two_midnight_presumption.presumption",
)

# Packs whose scores a review shows for their own sake.
SCORES_SHOWN_OF = ("instruments",)

# Value sets that modules of discharge/facts ask for by name.
VALUE_SETS_ASKED = ("ventilator_dependence",)
