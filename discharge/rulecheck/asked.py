"""Names of rules that Python code asks for itself. A test looks for names in the code that are not listed here."""

from __future__ import annotations

# Criteria that a review shows under fixed keys (discharge/review/parts.py), or that prices ask for (discharge/costs).
CRITERIA_ASKED = (
    "cms_medicare.ambulance.necessary",
    "cms_medicare.ltch.standard_rate",
    "cms_medicare.snf_benefit_days.new_period",
    "level_of_care.summary.admission",
    "level_of_care.summary.continued_stay",
    "level_of_care.summary.discharge_ready",
    "level_of_care.two_midnight_benchmark.benchmark",
    "level_of_care.two_midnight_presumption.presumption",
)

# Packs whose scores a review shows for their own sake.
SCORES_SHOWN_OF = ("instruments",)

# Value sets that modules ask for by name (discharge/facts, discharge/costs).
VALUE_SETS_ASKED = ("anti_infectives", "ventilator_dependence")
