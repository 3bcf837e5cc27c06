"""What became of cases, joined back to the rules that fired: per rule file, its version, and payer.

Counts stand with what they are out of. A share is given with its number of cases, and says where those are few.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pydantic import Field

from discharge.casework.state.model import CaseState
from discharge.casework.work.conventions import conventions
from discharge.review.model import Review
from discharge.stayview import Result

_OVERTURNED = ("overturned", "partly_overturned")
_REFUSED = ("denied", "partly_denied")


class Share(Result):
    """A share of cases. ``words`` always say of how many; ``is_small`` where they are too few to say much."""

    count: int
    of: int
    share: float | None = Field(description="None where there is no case")
    is_small: bool
    words: str


class Tally(Result):
    """What became of some cases. A case may be denied and overturned; ``settled`` have an outcome or a denial."""

    cases: int = 0
    settled: int = 0
    denied: int = 0
    downgraded: int = 0
    appealed: int = 0
    overturned: int = 0
    paid: int = 0
    written_off: int = 0


class RuleOutcome(Result):
    """One rule file in one version, for one payer (None: the stay's payer matched no profile).

    ``fired`` are cases in which one of its rules concluded something; ``criteria`` tallies the cases by each
    criterion's status (met, not_met, unknown).
    """

    rule_file: str
    title: str
    version: str
    payer_profile: str | None
    cases: Tally
    fired: Tally
    criteria: dict[str, dict[str, Tally]]
    denied_when_fired: Share
    overturned_of_denied: Share


class _Became(Result):
    """What became of one case after its review."""

    settled: bool
    denied: bool
    downgraded: bool
    appealed: bool
    overturned: bool
    paid: bool
    written_off: bool


def review_to_join(state: CaseState) -> str | None:
    """Return the digest of the last admission or concurrent review: the one that advised while it could matter."""
    seen = [one for one in state.reviews if one.review_type in ("admission", "concurrent")]
    return max(seen, key=lambda one: one.as_of).digest if seen else None


def outcomes_by_rule(
    cases: Iterable[tuple[CaseState, Review | None]], day: date | None = None
) -> list[RuleOutcome]:
    """Return what became of the cases in which each rule file had a say, by file, version and payer.

    ``cases`` pair a state with the review of :func:`review_to_join`; cases without one are left out. ``day`` picks
    the dated number below which a share counts as small (today's setting where None: the last one).
    """
    tables: dict[tuple[str, str, str | None], _Table] = {}
    for state, review in cases:
        if review is None:
            continue
        became = _became(state, review)
        for file_id in {one.rule_file for one in review.findings} | {
            one.rule_file for one in review.conclusions
        }:
            seen = review.provenance.files.get(file_id)
            version = seen.version if seen is not None else _version(review, file_id)
            key = (file_id, version, review.payer.profile)
            table = tables.setdefault(key, _Table(seen.title if seen is not None else file_id))
            table.add(review, file_id, became)
    enough = int(conventions().number("enough_cases", day or date.max))
    return [
        table.made(key, enough) for key, table in sorted(tables.items(), key=lambda item: _sorted(item[0]))
    ]


def _sorted(key: tuple[str, str, str | None]) -> tuple[str, str, str]:
    return key[0], key[1], key[2] or ""


def _version(review: Review, file_id: str) -> str:
    return next((one.version for one in review.conclusions if one.rule_file == file_id), "")


def _became(state: CaseState, review: Review) -> _Became:
    """Denials count from the review on: an earlier one was not foretold by it."""
    later = [key for key, one in state.denials.items() if one.received.at >= review.as_of]
    appeals = [one for one in state.appeals.values() if one.denial_id in later]
    outcome = state.outcome.outcome if state.outcome is not None else None
    return _Became(
        settled=outcome is not None or bool(later),
        denied=bool(later) or outcome in _REFUSED,
        downgraded=outcome == "downgraded" or any(state.denials[key].of == "level_of_care" for key in later),
        appealed=bool(appeals),
        overturned=any(one.outcome in _OVERTURNED for one in appeals),
        paid=outcome == "paid",
        written_off=outcome == "written_off",
    )


class _Count:
    """A tally while it is counted."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = dict.fromkeys(Tally.model_fields, 0)

    def add(self, became: _Became) -> None:
        self.counts["cases"] += 1
        for name in _Became.model_fields:
            self.counts[name] += bool(getattr(became, name))

    def made(self) -> Tally:
        return Tally(**self.counts)


class _Table:
    """The counts of one rule file."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.all, self.fired = _Count(), _Count()
        self.criteria: dict[str, dict[str, _Count]] = {}

    def add(self, review: Review, file_id: str, became: _Became) -> None:
        self.all.add(became)
        if any(one.rule_file == file_id for one in review.conclusions):
            self.fired.add(became)
        for finding in review.findings:
            if finding.rule_file == file_id:
                by_status = self.criteria.setdefault(finding.criterion, {})
                by_status.setdefault(finding.status, _Count()).add(became)

    def made(self, key: tuple[str, str, str | None], enough: int) -> RuleOutcome:
        fired, every = self.fired.made(), self.all.made()
        return RuleOutcome(
            rule_file=key[0],
            title=self.title,
            version=key[1],
            payer_profile=key[2],
            cases=every,
            fired=fired,
            criteria={
                name: {status: count.made() for status, count in sorted(by_status.items())}
                for name, by_status in sorted(self.criteria.items())
            },
            denied_when_fired=share(fired.denied, fired.settled, enough),
            overturned_of_denied=share(every.overturned, every.denied, enough),
        )


def share(count: int, of: int, enough: int) -> Share:
    """Return a share that says of how many, and that they are few where they are fewer than ``enough``.

    >>> share(3, 4, 20).words
    '3 of 4 cases; fewer than 20, so the share says little'
    >>> share(15, 60, 20).words
    '15 of 60 cases (25.0%)'
    >>> share(0, 0, 20).words
    'no case yet'
    """
    small = of < enough
    if of == 0:
        words = "no case yet"
    elif small:
        words = f"{count} of {of} cases; fewer than {enough}, so the share says little"
    else:
        words = f"{count} of {of} cases ({count / of:.1%})"
    return Share(count=count, of=of, share=count / of if of else None, is_small=small, words=words)
