"""Checks of rules that are well formed: can they fire, do they agree, is everything used, tested and cited?"""

from discharge.rulecheck.check import check_all, check_reference, check_rules, in_files
from discharge.rulecheck.coverage import coverage_of
from discharge.rulecheck.finding import Finding

__all__ = ["Finding", "check_all", "check_reference", "check_rules", "coverage_of", "in_files"]
