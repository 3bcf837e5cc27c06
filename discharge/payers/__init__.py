"""Payer profiles: loading, matching to coverages, and what they say as facts."""

from discharge.payers.ask import answer
from discharge.payers.coverage import coverage_facts, covered_by, profile_facts, stay_matches
from discharge.payers.load import PayerMatch, Payers, check_rule_packs, load_payers, read_payers
from discharge.payers.schema import PayerProfile

__all__ = [
    "PayerMatch",
    "PayerProfile",
    "Payers",
    "answer",
    "check_rule_packs",
    "coverage_facts",
    "covered_by",
    "load_payers",
    "profile_facts",
    "read_payers",
    "stay_matches",
]
