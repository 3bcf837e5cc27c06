"""Answers "why": conclusion -> rule and edition -> citation -> criteria -> facts -> chart rows."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path

from discharge import wording
from discharge.errors import FeedNotFoundError, UsageError
from discharge.facts import catalogue
from discharge.review.model import ConclusionSeen, FactSeen, Finding, Review

POSSIBLE_SHOWN = 3
WIDTH = 110
TITLES = {
    "admission": "Admission",
    "continued_stay": "Continued stay",
    "discharge_ready": "Ready for discharge",
    "two_midnight_benchmark": "Two-midnight benchmark",
    "two_midnight_presumption": "Two-midnight presumption",
}


def find_review(run: Path, encounter_id: str) -> Review | None:
    """Return the review of ``encounter_id`` in run folder ``run``, None if it has none.

    Raises:
        FeedNotFoundError: there is no such run.
        UsageError: reviews.ndjson is not of this edition.
    """
    path = run / "reviews.ndjson"
    if not path.is_file():
        raise FeedNotFoundError(f"{run} holds no reviews.ndjson; give the --out folder of `discharge review`")
    start = b'{"encounter_id":' + json.dumps(encounter_id, ensure_ascii=False).encode() + b","
    with path.open("rb") as file:
        for line in file:
            if line.startswith(start):
                try:
                    return Review.model_validate_json(line)
                except ValueError:
                    raise UsageError(
                        f"{path} was written by another edition of Discharge; review again"
                    ) from None
    return None


def explain(review: Review) -> str:
    """Return the whole chain of reasons of a review as text of at most 110 columns or so."""
    return "\n".join(_Explainer(review).lines())


def summarize(review: Review) -> str:
    """Return what was concluded, without the chain."""
    return "\n".join(_Explainer(review).summary())


class _Explainer:
    def __init__(self, review: Review) -> None:
        self.review = review
        self.zone = review.provenance.zone
        self.findings = {finding.criterion: finding for finding in review.findings}
        self.shown: set[str] = set()

    def summary(self) -> Iterator[str]:
        review, care = self.review, self.review.level_of_care
        as_of = wording.when(review.as_of, self.zone)
        yield f"Encounter {review.encounter_id}: {review.review_type} review as of {as_of}"
        yield f"  Payer: {review.payer.title or 'no profile matched'} ({review.payer.reason})"
        yield f"  {care.statement}"
        for name, title in TITLES.items():
            yield f"  {title:<26}{self._level(name)}"
            yield from self._missing(name)
        if review.conditions_note:
            yield f"  {review.conditions_note}"
        denial = review.denial.summary
        yield (
            f"  Denial risk {denial.band}: {wording.usd(denial.exposure_usd)} exposed,"
            f" {wording.usd(denial.expected_loss_usd)} expected loss"
        )
        yield from self._risks()
        if review.needs:
            yield "  Needs: " + wording.joined([need.title for need in review.needs])
        yield from (f"  Option {option.title}: {option.reason}" for option in review.options)
        if review.negotiation is not None:
            yield f"  Negotiation: {review.negotiation.sentence}"
        for notice in review.notices:
            yield from textwrap.wrap(f"Note: {notice}", WIDTH, initial_indent="  ", subsequent_indent="  ")

    def lines(self) -> Iterator[str]:
        yield from self.summary()
        for name, title in TITLES.items():
            for finding in self.review.findings:
                if finding.role == name:
                    yield ""
                    yield title.upper()
                    yield from self._finding(finding, "  ")
        for conclusion in self.review.conclusions:
            yield from self._conclusion(conclusion)

    def _level(self, name: str) -> str:
        care = self.review.level_of_care
        if name in care.does_not_apply:
            return "- does not apply to this payer"
        return wording.status(getattr(care, name))

    def _missing(self, name: str) -> Iterator[str]:
        """Yield the shortest missing-fact sets of an unknown finding."""
        sets = self.review.level_of_care.missing.get(name, [])
        for number, one in enumerate(sets):
            start = "    would be settled by " if number == 0 else "    or by "
            titles = [f"{catalogue()[fact].title} ({fact})" for fact in one]
            yield from textwrap.wrap(
                start + wording.joined(titles), WIDTH, subsequent_indent="      ", break_on_hyphens=False
            )

    def _risks(self) -> Iterator[str]:
        """Yield the dangers that are there, and the first few that can't be ruled out."""
        risks = self.review.denial.risks
        possible = [risk for risk in risks if risk.state == "possible"]
        for risk in risks:
            if risk.state == "present" or risk in possible[:POSSIBLE_SHOWN]:
                yield from textwrap.wrap(
                    f"{risk.title} ({risk.state}): {risk.fix}",
                    WIDTH,
                    initial_indent="    ",
                    subsequent_indent="      ",
                )
        if len(possible) > POSSIBLE_SHOWN:
            yield f"    and {len(possible) - POSSIBLE_SHOWN} more that the chart does not rule out (all in --json)"

    def _conclusion(self, conclusion: ConclusionSeen) -> Iterator[str]:
        said = ", ".join(f"{name} {value}" for name, value in conclusion.payload.items() if value is not None)
        yield ""
        yield f"CONCLUSION {conclusion.name}"
        yield from textwrap.wrap(said, WIDTH, initial_indent="  says    ", subsequent_indent="          ")
        yield f"  rule    {conclusion.rule_file}, rule {conclusion.rule_index + 1}, edition {conclusion.version}"
        for name, status in conclusion.because:
            finding = self.findings.get(name)
            if finding is None:
                yield f"  because {name} is {wording.status(status)}"
            else:
                yield from self._finding(finding, "  ")

    def _finding(self, finding: Finding, indent: str) -> Iterator[str]:
        """A criterion, then what it rests on, indented; one that stands further up is only named."""
        file = self.review.provenance.files[finding.rule_file]
        head = f"{wording.status(finding.status)}: {finding.title}"
        if finding.criterion in self.shown and (finding.parts or finding.facts):
            yield f"{indent}{head}  [{finding.criterion}, told above]"
            return
        self.shown.add(finding.criterion)
        yield f"{indent}{head}  [{finding.criterion}, edition {file.version}]"
        for key in finding.citations:
            source = self.review.provenance.citations.get(key)
            if source is not None:
                checked = "checked" if source.verified else "not yet checked against the source"
                yield f"{indent}    source: {source.title} ({checked})"
        for fact in finding.facts:
            yield from self._fact(fact, indent + "    ")
        for part in finding.parts:
            if part in self.findings:
                yield from self._finding(self.findings[part], indent + "    ")
            else:
                yield f"{indent}    rests on {part}"

    def _fact(self, fact: FactSeen, indent: str) -> Iterator[str]:
        if fact.test == "charted":
            sign = "✓ charted" if fact.status == "met" else "✗ not charted"
            yield f"{indent}{sign}: {fact.title}  [{fact.name}]"
        else:
            value = wording.value(fact.value, fact.unit)
            yield f"{indent}{wording.status(fact.status)}: {fact.title}: {value} (asked: {fact.test})  [{fact.name}]"
        if fact.row_id is not None:
            at = f"{wording.when(fact.at, self.zone)}, " if fact.at is not None else ""
            yield f"{indent}    charted {at}{fact.charted}  [{fact.row_id}, {fact.source}]"
