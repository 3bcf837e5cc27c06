"""Codes of value sets that the code list of a year, or the table of drugs, does not know."""

from __future__ import annotations

import warnings
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from discharge.rulecheck.finding import Finding, fault, note
from discharge.rulecheck.unused import value_set_files

CHECK = "unknown code"
ICD_10_CM = "icd-10-cm"
YEAR = "FY2026"  # of the list that the package carries; none for FY2027 could be had


@dataclass(frozen=True)
class CodeList:
    """ICD-10-CM of one federal fiscal year: every code and category, undotted and sorted."""

    year: str
    codes: tuple[str, ...]

    def knows(self, prefix: str) -> bool:
        """Say whether some code begins with ``prefix``."""
        place = bisect_left(self.codes, prefix)
        return place < len(self.codes) and self.codes[place].startswith(prefix)


def installed_icd_10_cm() -> CodeList | None:
    """Return the list of the package simple-icd-10-cm (version 1.5 carries FY2026), None where it isn't installed."""
    package = _package()
    if package is None:
        return None
    codes = package.get_all_codes(with_dots=False)
    return CodeList(YEAR, tuple(sorted(code for code in codes if "-" not in code and len(code) > 2)))


def icd_10_cm_title(code: str) -> str | None:
    """Return the title of a code, where the list is installed and has it."""
    package = _package()
    return str(package.get_description(code)) if package is not None and package.is_valid_item(code) else None


@cache
def _package() -> Any | None:
    try:
        with warnings.catch_warnings():  # it reads its list in a way that is going out of use
            warnings.simplefilter("ignore", DeprecationWarning)
            return import_module("simple_icd_10_cm")  # for development only: not among the dependencies
    except ImportError:
        return None


def check_codes(sets: Mapping[str, Any], codes: CodeList | None, drugs: Collection[str]) -> Iterator[Finding]:
    """Yield codes of ``sets`` that are in no list. Without a code list only drug names are looked at."""
    files = value_set_files()
    for name, one in sets.items():
        where = files.get(name, "discharge/reference/value_sets")
        if one.system == ICD_10_CM and codes is not None:
            wrong = [code for code in one.codes if not codes.knows(code)]
            listed = f"the ICD-10-CM list of {codes.year}"
        elif one.system == "drug":
            wrong = [drug for drug in one.codes if drug not in drugs]
            listed = "discharge/reference/drugs.yaml"
        else:
            continue
        for code in wrong:
            yield fault(
                CHECK, where, ("value_sets", name), f"'{code}' is not in {listed}", "mend or remove it"
            )
    where = "discharge/reference/value_sets"
    if codes is None:
        said = "no ICD-10-CM list is installed here, so codes were not looked up"
        yield note(CHECK, where, (), said, "pip install simple-icd-10-cm")
    else:
        said = (
            f"codes were looked up in the ICD-10-CM list of {codes.year}; no list of a later year is at hand"
        )
        yield note(CHECK, where, (), said, "look again when the package carries the next year")
