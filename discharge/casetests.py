"""Runs the cases that stand beside rules and in payer profiles.

``python -m discharge.casetests [RULES [PAYERS]] [FILE ...]`` loads, checks and runs everything in two folders (the
shipped ones by default) and prints what is wrong in words; with FILEs, only what concerns those.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from discharge.criteria import WORDS, Findings, evaluate_criteria, missing_facts
from discharge.criteria.columns import FactsLike
from discharge.criteria.scorecheck import range_faults
from discharge.errors import FactError, Fault, FaultsError, UsageError
from discharge.inference import Conclusions, infer
from discharge.packs import Case, Packs, RuleFile, Score, read_packs
from discharge.packs.cases import NOT_VALID
from discharge.packs.graph import depends_on_outside
from discharge.payers import PayerProfile, Payers, answer, read_payers
from discharge.resources import data_folder

_SAME = 1e-6  # totals of formulas are written out with a few digits
ZONE = "UTC"  # cases name days and moments without zone


@dataclass(frozen=True)
class CaseResult:
    """How one case went; ``wrong`` is empty if it holds. ``where`` is ``file:line``."""

    file_id: str
    name: str
    where: str
    wrong: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.wrong

    @property
    def detail(self) -> str:
        """What is not as expected, in one line."""
        return "; ".join(self.wrong)


def run_cases(packs: Packs, *, files: Iterable[str] | None = None) -> list[CaseResult]:
    """Run the cases beside rules (of all ``files`` ids, or of some), all cases of one ``as_of`` at once."""
    wanted = set(packs.files if files is None else files)
    by_moment: dict[str, list[tuple[RuleFile, Case]]] = defaultdict(list)
    for file in packs.files.values():
        for case in file.cases if file.id in wanted else ():
            by_moment[case.as_of].append((file, case))
    results: dict[tuple[str, str], CaseResult] = {}
    for as_of, cases in by_moment.items():
        for (file, case), wrong in zip(cases, _run(packs, as_of, cases), strict=True):
            results[file.id, case.name] = CaseResult(file.id, case.name, f"{file.path}:{case.line}", wrong)
    order = [(file.id, case.name) for file in packs.files.values() for case in file.cases]
    return [results[key] for key in order if key in results]


def _run(packs: Packs, as_of: str, cases: Sequence[tuple[RuleFile, Case]]) -> list[tuple[str, ...]]:
    from discharge.facts import FactTable

    moment = pd.Timestamp(as_of)
    moment = moment.tz_localize(ZONE) if moment.tzinfo is None else moment.tz_convert(ZONE)
    try:
        facts: FactsLike = FactTable.from_named([dict(case.given) for _, case in cases], moment)
    except FactError as error:
        if len(cases) == 1:
            return [tuple(f"given: {fault.what} {fault.expected}".strip() for fault in error.faults)]
        return [wrong for case in cases for wrong in _run(packs, as_of, [case])]
    findings = evaluate_criteria(packs, facts, zone=ZONE)
    conclusions = infer(packs, findings)
    return [
        tuple(_compare(_Outcome(packs, facts, findings, conclusions, place), file, case))
        for place, (file, case) in enumerate(cases)
    ]


@dataclass(frozen=True)
class _Outcome:
    """What came out for the case in row ``place``."""

    packs: Packs
    facts: FactsLike
    findings: Findings
    conclusions: Conclusions
    place: int

    def status(self, full_id: str) -> str:
        return WORDS[self.findings.status[full_id][self.place]]

    def missing(self, full_id: str) -> list[frozenset[str]]:
        stay_id = str(self.findings.index[self.place])
        return missing_facts(self.packs, self.findings, self.facts, full_id, stay_id)


def _compare(outcome: _Outcome, file: RuleFile, case: Case) -> Iterable[str]:
    """Yield a sentence for everything that is not as the case expects."""
    concluded = {one.name for one in outcome.conclusions.rows[outcome.place] if one.file_id == file.id}
    for key, wanted in case.expect.items():
        if key == "concludes":
            yield from (f"'{name}' is not concluded" for name in wanted if name not in concluded)
            if not wanted and concluded:
                yield "nothing should be concluded, but this is: " + ", ".join(sorted(concluded))
        elif key == "not_concludes":
            yield from (f"'{name}' is concluded" for name in wanted if name in concluded)
        elif key == "band":
            yield from _compare_bands(outcome, file, wanted)
        elif key in file.scores or key in outcome.packs.scores:
            yield from _compare_score(outcome, file, key, wanted)
        else:
            status = WORDS[outcome.findings.applies[file.id][outcome.place]] if key == "applies" else None
            found = status or outcome.status(file.criteria[key].id)
            if found != wanted:
                yield f"'{key}' is {found}, expected {wanted}"
    yield from _compare_missing(outcome, file, case)


def _score_of(outcome: _Outcome, file: RuleFile, name: str) -> tuple[Score, float, float]:
    """Return a score of the file, or one named in full, with its interval."""
    score = file.scores[name] if name in file.scores else outcome.packs.scores[name]
    low, high = (float(ends[outcome.place]) for ends in outcome.findings.scores[score.id])
    return score, low, high


def _compare_score(outcome: _Outcome, file: RuleFile, key: str, wanted: Any) -> Iterable[str]:
    score, low, high = _score_of(outcome, file, key)
    found = "not valid" if low != low else f"{low:g} to {high:g}"
    if wanted == NOT_VALID or low != low:
        if wanted != NOT_VALID or low == low:
            yield f"score '{key}' is {found}, expected {wanted}"
        return
    expected = list(wanted) if isinstance(wanted, list) else [wanted, wanted]
    if any(abs(one - other) > _SAME for one, other in zip((low, high), expected, strict=True)):
        yield f"score '{key}' is {found}, expected {expected[0]} to {expected[1]}"
    if score.range is not None and low == high and not score.range.low <= Decimal(low) <= score.range.high:
        yield f"score '{key}' is {found}, outside its published range {score.range.low} to {score.range.high}"


def _compare_bands(outcome: _Outcome, file: RuleFile, wanted: Mapping[str, Any]) -> Iterable[str]:
    """Each score's band by name, `unknown` where the interval is in none; a set's, by the set's name."""
    for name, bands in wanted.items():
        score, low, high = _score_of(outcome, file, name)
        found = {"": score.band_of(low, high), **score.band_sets_of(low, high)}
        for set_name, band in (bands if isinstance(bands, dict) else {"": bands}).items():
            if (found[set_name] or "unknown") != band:
                of = f" ({set_name})" if set_name else ""
                yield f"the band{of} of '{name}' is {found[set_name] or 'unknown'}, expected {band}"


def _compare_missing(outcome: _Outcome, file: RuleFile, case: Case) -> Iterable[str]:
    """Each fact of ``missing`` must be in one of the smallest sets of a criterion expected unknown."""
    if not case.missing:
        return
    asked = [key for key, wanted in case.expect.items() if key in file.criteria and wanted == "unknown"]
    scores = [key for key, wanted in case.expect.items() if key in file.scores and isinstance(wanted, list)]
    if scores and not asked:
        yield from _compare_inputs(outcome, file, case, scores)
        return
    asked = asked or list(file.criteria)[:1]
    named = {fact for key in asked for facts in outcome.missing(file.criteria[key].id) for fact in facts}
    for fact in case.missing:
        if fact not in named:
            listed = ", ".join(sorted(named)) or "nothing"
            yield f"missing '{fact}' would not settle {' or '.join(asked)}; what would: {listed}"


def _compare_inputs(outcome: _Outcome, file: RuleFile, case: Case, scores: Sequence[str]) -> Iterable[str]:
    """Where a score's interval is expected, ``missing`` names inputs of it that are not charted."""
    inputs = {fact for key in scores for fact in outcome.packs.facts_of_score(file.scores[key].id)}
    for fact in case.missing:
        if fact not in inputs:
            yield f"missing '{fact}' is no input of {' or '.join(scores)}"
        elif case.given.get(fact) is not None:
            yield f"missing '{fact}' is given"


def run_payer_cases(payers: Payers) -> list[CaseResult]:
    """Run the cases of payer profiles: each asks for one entry on one day."""
    return [
        CaseResult(profile.id, case.name, profile.path, tuple(_compare_payer(profile, case)))
        for profile in payers.profiles.values()
        for case in profile.cases
    ]


def _compare_payer(profile: PayerProfile, case: Any) -> Iterable[str]:
    try:
        found = answer(profile, case.ask, case.as_of)
    except KeyError as error:
        yield f"{case.ask}: the profile has no '{error.args[0]}'"
        return
    wanted = case.expect if isinstance(case.expect, dict) else {"value": case.expect}
    for key, value in wanted.items():
        if key not in found:
            yield f"{case.ask} has no '{key}'"
        elif not _same(found[key], value):
            yield f"{case.ask}: {key} is {found[key]}, expected {value}"


def _same(found: object, wanted: object) -> bool:
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(found, (Decimal, int)) and isinstance(wanted, (Decimal, int)):
        return Decimal(found) == Decimal(wanted)
    return found == wanted or (isinstance(found, Decimal) and str(found) == wanted)


def sound_part(packs: Packs, faults: Sequence[Fault]) -> Packs:
    """Return ``packs`` without files that have faults, and without files that refer to those."""
    bad = {fault.where.split(":")[0] for fault in faults}
    files: Mapping[str, RuleFile] = {name: file for name, file in packs.files.items() if file.path not in bad}
    while True:
        part = replace(packs, files=files)
        kept = {name: file for name, file in files.items() if not depends_on_outside(part, file)}
        if len(kept) == len(files):
            return part
        files = kept


def check(rules: Path, payers: Path, only: Sequence[Path] = ()) -> tuple[list[str], int]:
    """Load, check and run everything; return what is wrong, and the number of cases that were run."""
    packs, rule_faults = read_packs(rules)
    profiles, payer_faults = read_payers(payers) if payers.is_dir() else (Payers({}, ""), [])
    sound = sound_part(packs, rule_faults)
    results = run_cases(sound) + run_payer_cases(profiles)
    lines = [str(fault) for fault in [*rule_faults, *payer_faults, *range_faults(sound)]]
    lines += [f"{one.where}: case '{one.name}': {wrong}" for one in results for wrong in one.wrong]
    if only:
        ends = tuple("/".join(path.resolve().parts[-3:][-_depth(path) :]) for path in only)
        lines = [line for line in lines if line.split(":")[0].endswith(ends)]
        results = [one for one in results if one.where.split(":")[0].endswith(ends)]
    return lines, len(results)


def _depth(path: Path) -> int:
    """Parts that name a file here: payers/x.yaml, rules/pack/x.yaml."""
    return 3 if path.resolve().parts[-3:-2] == ("rules",) else 2


def main(arguments: Sequence[str]) -> int:
    """Print what is wrong; return 0 if nothing is."""
    folders = [Path(one) for one in arguments if Path(one).is_dir()]
    files = [Path(one) for one in arguments if not Path(one).is_dir()]
    try:
        rules = folders[0] if folders else data_folder("rules")
        payers = folders[1] if len(folders) > 1 else data_folder("payer_profiles")
        lines, count = check(rules, payers, files)
    except (UsageError, FaultsError) as error:
        print(error)
        return error.exit_code
    for line in lines:
        print(line)
    print(f"{count} cases run, {len(lines)} things wrong" if lines else f"{count} cases run, all hold")
    return 5 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
