"""All checks of rules that load: what they find, file by file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

from discharge.codes import value_sets
from discharge.criteria.scorecheck import range_faults
from discharge.drugs import drugs
from discharge.errors import Fault
from discharge.packs import Packs, RuleFile
from discharge.rulecheck.caserun import run_all
from discharge.rulecheck.citations import check_citations, check_uncited
from discharge.rulecheck.codelists import CodeList, check_codes, installed_icd_10_cm
from discharge.rulecheck.conflicts import check_across, check_contradictions, check_reachable, check_repeated
from discharge.rulecheck.finding import Finding, ordered
from discharge.rulecheck.thresholds import check_thresholds
from discharge.rulecheck.unused import check_unused, check_value_sets

F = TypeVar("F", Finding, Fault)


def check_all(
    packs: Packs, as_of: date, *, is_shipped: bool, files: Iterable[Path] | None = None
) -> list[Finding]:
    """Return what is wrong with rules that load, and (``is_shipped``) with the value sets that ship with them.

    With ``files``, of these rule files only.
    """
    if files:
        ends = tuple(shown_end(path) for path in files)
        only = [file for file in packs.files.values() if file.path.endswith(ends)]
        return check_rules(packs, as_of, only=only)
    found = check_rules(packs, as_of)
    return [*found, *check_reference(packs, installed_icd_10_cm())] if is_shipped else found


def check_rules(packs: Packs, as_of: date, *, only: Sequence[RuleFile] | None = None) -> list[Finding]:
    """Return what is wrong with rules that load (all, or some files), as of a day (citations get old)."""
    files = list(packs.files.values()) if only is None else list(only)
    run = run_all(packs)
    paths = {file.path for file in files}
    found = [one for one in check_unused(packs) if one.file in paths]
    for file in files:
        found += check_thresholds(run, file)
        found += check_reachable(run, file)
        found += check_repeated(file)
        found += check_contradictions(run, file)
        found += check_citations(file, as_of)
        found += check_uncited(packs, file)
    found += [one for one in check_across(run) if one.file in paths]
    for one in range_faults(packs, files):
        where, _, path = one.where.partition(": ")
        found.append(Finding("score range", "fault", where, path, one.what, one.expected))
    return ordered(found)


def check_reference(packs: Packs, codes: CodeList | None) -> list[Finding]:
    """Return what is wrong with the shipped value sets: unused ones, and codes unknown in a code list."""
    return ordered([*check_value_sets(packs), *check_codes(value_sets(), codes, set(drugs()))])


def in_files(found: Sequence[F], files: Iterable[Path] | None) -> list[F]:
    """Return what was found in some files, told by the ends of their paths; all if no file is asked for."""
    if not files:
        return list(found)
    ends = tuple(shown_end(path) for path in files)
    return [one for one in found if _file(one).endswith(ends)]


def shown_end(path: Path) -> str:
    """Return the part of a rule file's path that names it: pack and file."""
    return "/".join(path.resolve().parts[-2:])


def _file(one: Finding | Fault) -> str:
    return one.file if isinstance(one, Finding) else one.where.split(":")[0]
