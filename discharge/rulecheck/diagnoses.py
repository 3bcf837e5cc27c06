"""How many stays of a feed have criteria for their principal diagnosis, and which codes have none. Codes only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from discharge.facts import extract
from discharge.packs import Packs
from discharge.rulecheck.codelists import icd_10_cm_title

if TYPE_CHECKING:
    from discharge.chart import Chart
    from discharge.feeds import Spool


@dataclass
class DiagnosisShare:
    """Counts over the stays of one feed. ``left_out``: codes that no condition has, by how many stays.

    A stay has a principal diagnosis (``principal``), or only other ICD-10-CM codes (``other_codes``), of which one that
    matches is enough, or no ICD-10-CM code at all (``no_code``).
    """

    feed: str
    stays: int = 0
    principal: int = 0
    principal_covered: int = 0
    other_codes: int = 0
    other_codes_covered: int = 0
    no_code: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    left_out_others: Counter[str] = field(default_factory=Counter)

    def add(self, principal: str | None, codes: tuple[str, ...], is_covered: Callable[[str], bool]) -> None:
        """Count one stay by its codes."""
        self.stays += 1
        if principal is not None:
            self.principal += 1
            self.principal_covered += is_covered(principal)
            if not is_covered(principal):
                self.left_out[principal] += 1
        elif codes:
            self.other_codes += 1
            found = any(map(is_covered, codes))
            self.other_codes_covered += found
            if not found:
                self.left_out_others.update(set(codes))
        else:
            self.no_code += 1

    def as_dict(self, most: int) -> dict[str, Any]:
        """Return the counts with their shares, and the ``most`` commonest codes left out."""
        return {
            "feed": self.feed,
            "stays": self.stays,
            "principal_diagnosis": self.principal,
            "principal_diagnosis_covered": self.principal_covered,
            "share_of_principal_covered": _share(self.principal_covered, self.principal),
            "other_codes_only": self.other_codes,
            "other_codes_only_covered": self.other_codes_covered,
            "share_of_other_codes_only_covered": _share(self.other_codes_covered, self.other_codes),
            "no_icd_10_cm_code": self.no_code,
            "left_out": _commonest(self.left_out, most),
            "left_out_without_principal": _commonest(self.left_out_others, most),
        }


def diagnosis_share(feed: str, spool: Spool, packs: Packs, as_of: pd.Timestamp, zone: str) -> DiagnosisShare:
    """Count the stays of a feed that was read, as known at ``as_of``."""
    share = DiagnosisShare(feed)
    is_covered = cache(coverage(packs))
    for batch in spool.batches():
        _count(share, spool.chart(batch), as_of, zone, is_covered)
    return share


def coverage(packs: Packs) -> Callable[[str], bool]:
    """Return the test whether some condition file is for a code."""
    names = sorted({str(file.applies.condition) for file in packs.condition_files})
    tests = [packs.names.value_sets[name].matches for name in names]
    return lambda code: any(test(code) for test in tests)


def _count(
    share: DiagnosisShare, chart: Chart, as_of: pd.Timestamp, zone: str, is_covered: Callable[[str], bool]
) -> None:
    facts = extract(chart.as_of(as_of), as_of=as_of, zone=zone)
    columns = [
        facts.columns[name] for name in ("diagnosis.principal", "diagnosis.admission", "diagnosis.stay_codes")
    ]
    for principal, admission, codes in zip(*columns, strict=True):
        own = codes if isinstance(codes, tuple) else ()
        others = (*own, admission) if isinstance(admission, str) else own
        share.add(principal if isinstance(principal, str) else None, others, is_covered)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _commonest(counted: Counter[str], most: int) -> list[dict[str, Any]]:
    ordered = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    return [{"code": code, "title": icd_10_cm_title(code), "stays": stays} for code, stays in ordered[:most]]
