"""Parts that both papers have: the banner, the rules used, times and evidence in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from discharge import wording
from discharge.review.model import FactSeen, Finding, Review

DIGEST_SHOWN = 12
DECISION_SUPPORT = (
    "Criteria are decision support: advice to people, not a coverage decision and not a medical order."
)


@dataclass(frozen=True, slots=True)
class Line:
    """A label with its value; ``note`` says what the value rests on."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence of the banner."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """One charted finding and the question that looked at it."""

    what: str
    value: str
    when: str
    test: str
    status: str


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule file used."""

    title: str
    file: str
    version: str
    digest: str
    verified: str


def footer(review: Review) -> str:
    """Return the foot of every page. It stands inside a CSS string, so quotes and backslashes are left out."""
    name = "".join(char for char in review.encounter_id if char.isprintable() and char not in "\"\\<>&'")
    return f"{name} · as of {wording.when(review.as_of, review.provenance.zone)} · draft, not sent"


def evidence(fact: FactSeen, zone: str) -> Evidence:
    """Return a fact as a row of an evidence table."""
    at = wording.charted(fact.at, zone)
    return Evidence(
        fact.title, wording.value(fact.value, fact.unit), at, fact.test, wording.status(fact.status)
    )


def rules_used(review: Review, files: set[str]) -> list[RuleLine]:
    """Return the rule files of ``files`` with edition, the pack's digest, and whether their sources were checked."""
    digests = {pack.pack: pack.digest for pack in review.provenance.rules}
    return [
        RuleLine(
            title=file.title,
            file=name,
            version=file.version,
            digest=digests.get(file.pack, "")[:DIGEST_SHOWN],
            verified="yes" if file.verified else "not yet",
        )
        for name, file in review.provenance.files.items()
        if name in files
    ]


def banner(review: Review, files: set[str], first: str) -> list[Note]:
    """Return the banner: what the paper is, that criteria are decision support, and which are not yet checked."""
    used = rules_used(review, files)
    open_ = [line.title for line in used if line.verified != "yes"]
    notes = [Note(f"{first} {DECISION_SUPPORT}", strong=True)]
    if open_:
        which = wording.not_checked(open_, len(used), "the table of rules says which")
        notes.append(Note(which))
    return notes


def sources(review: Review, findings: Iterable[Finding]) -> list[Line]:
    """Return the citations behind findings: those checked against their sources, and those not yet."""
    keys = {key for finding in findings for key in finding.citations}
    cited = [review.provenance.citations[key] for key in sorted(keys) if key in review.provenance.citations]
    lines = []
    for label, is_checked in (("Sources checked", True), ("Sources not yet checked", False)):
        titles = dict.fromkeys(source.title for source in cited if source.verified == is_checked)
        if titles:
            lines.append(Line(label, " · ".join(titles)))
    return lines


def stay_lines(review: Review) -> list[Line]:
    """Return when the stay began, in which status, and how long it lasts."""
    stay, zone = review.stay, review.provenance.zone
    lines = [Line("Encounter", review.encounter_id), Line("Arrived", wording.when(stay.arrival, zone))]
    lines.append(
        Line(
            "Inpatient order",
            "not charted" if stay.inpatient_order is None else wording.when(stay.inpatient_order, zone),
        )
    )
    if stay.discharged is not None:
        lines.append(Line("Discharged", wording.when(stay.discharged, zone)))
    lines.append(Line("In hospital", _duration(review)))
    if review.diagnosis is not None:
        lines.append(Line("Diagnosis", review.diagnosis))
    return lines


def _duration(review: Review) -> str:
    stay = review.stay
    if stay.days is None:
        return wording.NOT_KNOWN
    parts = [f"{stay.days:.1f} days"]
    if stay.benchmark_midnights is not None:
        parts.append(f"{wording.plural(int(stay.benchmark_midnights), 'midnight')} since arrival")
    if stay.presumption_midnights is not None:
        parts.append(f"{int(stay.presumption_midnights)} as an inpatient")
    return wording.joined(parts)
