"""Facts and criteria to findings: columnar evaluation in strong Kleene logic, and its explanation."""

from discharge.criteria.evaluate import Findings, evaluate_criteria
from discharge.criteria.kleene import MET, NOT_MET, UNKNOWN, WORDS
from discharge.criteria.missing import missing_facts
from discharge.criteria.trace import CriterionTrace, TraceRow, explain_criterion

__all__ = [
    "MET",
    "NOT_MET",
    "UNKNOWN",
    "WORDS",
    "CriterionTrace",
    "Findings",
    "TraceRow",
    "evaluate_criteria",
    "explain_criterion",
    "missing_facts",
]
