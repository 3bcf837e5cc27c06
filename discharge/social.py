"""What the chart says of a patient's life that has a code, and what a person must look at in private.

Codes are suggestions: a clinician documents, a coder codes. Safety flags are for a person only. They come from
confidential packs (see :mod:`discharge.packs`), and no paper, worklist or explanation reads them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache

from discharge import yaml
from discharge.dated import Citation, Strict
from discharge.needs import Because, EvidenceSeen, because_of, evidence, facts_behind
from discharge.packs import Packs
from discharge.packs.conclusions import SafetyFlag
from discharge.resources import reference_file
from discharge.stayview import ConclusionLike, Result, StayView


class ZCode(Strict):
    """One code: its title, and whether it counted as a complication or comorbidity (CC) in the table's year."""

    title: str
    is_cc: bool = False


class ZCodeTable(Strict):
    """The whole of ``z_codes.yaml``: codes undotted; ``start`` and ``end`` are the days for which they were read."""

    citations: dict[str, Citation]
    fiscal_year: str
    start: date
    end: date
    codes: dict[str, ZCode]


class SuggestedCode(Result):
    """A code that the chart supports. ``is_cc`` is of ``fiscal_year``; ``is_current``: the table covers that day."""

    code: str
    title: str
    is_cc: bool
    fiscal_year: str
    is_current: bool
    is_coded: bool
    because: list[Because]
    evidence: list[EvidenceSeen]
    rule: str
    version: str


class SafetySeen(Result):
    """What was observed, and whom to call. State law decides on reporting, and no rule of a State was checked."""

    flag: str
    category: str
    title: str
    who_to_call: str
    observed: list[EvidenceSeen]
    state_rule_unverified: bool = True
    rule: str
    version: str


@cache
def z_codes() -> ZCodeTable:
    """Return the codes that rules may suggest."""
    path = reference_file("z_codes.yaml")
    return ZCodeTable.model_validate(yaml.load(path.read_bytes(), where="reference/z_codes.yaml"))


def dotted(code: str) -> str:
    """Return an ICD-10-CM code as it is written.

    >>> dotted("Z5941"), dotted("Z602")
    ('Z59.41', 'Z60.2')
    """
    return f"{code[:3]}.{code[3:]}" if len(code) > 3 else code


def suggested_codes(view: StayView, packs: Packs) -> list[SuggestedCode]:
    """Return the codes concluded for a stay, in the order of the table, each once."""
    table = z_codes()
    day = view.local(view.t).date()
    charted = set(view.codes("diagnosis.codes") or ())
    found: dict[str, SuggestedCode] = {}
    for one in view.concluded("code_suggestion"):
        code = str(getattr(one.payload, "code", ""))
        if code in found or code not in table.codes:
            continue
        row = table.codes[code]
        found[code] = SuggestedCode(
            code=dotted(code),
            title=row.title,
            is_cc=row.is_cc,
            fiscal_year=table.fiscal_year,
            is_current=table.start <= day <= table.end,
            is_coded=code in charted,
            because=because_of(one.because),
            evidence=_behind(view, packs, one),
            rule=one.file_id,
            version=one.version,
        )
    return [found[code] for code in table.codes if code in found]


def safety_flags(view: StayView, conclusions: Iterable[ConclusionLike], packs: Packs) -> list[SafetySeen]:
    """Return what a person must look at; ``conclusions`` are all of the stay, those of confidential packs too."""
    return [
        SafetySeen(
            flag=one.payload.flag,
            category=one.payload.category,
            title=one.payload.title,
            who_to_call=one.payload.call,
            observed=_behind(view, packs, one),
            rule=one.file_id,
            version=one.version,
        )
        for one in conclusions
        if isinstance(one.payload, SafetyFlag)
    ]


def _behind(view: StayView, packs: Packs, one: ConclusionLike) -> list[EvidenceSeen]:
    """The facts charted behind a conclusion; of yes-or-no facts those that are so."""
    criteria = [name for name, word in one.because if word == "met" and name in packs.criteria]
    facts = dict.fromkeys(fact for name in criteria for fact in facts_behind(packs, name))
    kinds = packs.names.facts
    return [
        seen
        for fact in facts
        if view.is_known(fact) and not (kinds[fact].type == "flag" and view.flag(fact) is False)
        for seen in evidence(view, fact)
    ]
