"""Parts that several papers have: tables, the banner, the rules used, barriers, times and evidence in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from discharge import wording, yaml
from discharge.dated import Strict
from discharge.resources import reference_file
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
class Cell:
    """What stands in a cell; ``note`` stands under it in small print."""

    text: str
    note: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; ``width`` in percent, ``kind`` how its cells are set."""

    title: str
    width: int
    kind: Literal["text", "number", "when"] = "text"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table. The first cell of a row heads it; ``more`` says what was left out."""

    columns: tuple[Column, ...]
    rows: list[list[Cell]] = field(default_factory=list)
    more: str = ""


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


class BarrierNames(Strict):
    """The whole of ``reference/barriers.yaml``."""

    title: str
    barriers: dict[str, str]


@cache
def barrier_names() -> BarrierNames:
    """Return what barriers are called, read once."""
    path = reference_file("barriers.yaml")
    return BarrierNames.model_validate(yaml.load(path.read_bytes(), where="reference/barriers.yaml"))


def barrier_title(cause: str) -> str:
    """Return what a barrier is called; a hospital's own cause that has no name is shown as it is written."""
    named = barrier_names().barriers.get(cause)
    return named if named is not None else cause.replace("_", " ").capitalize()


def capped(items: Sequence[str], most: int, where: str = "in the review") -> list[str]:
    """Return the first items, and how many more there are.

    >>> capped(["a", "b", "c"], 2), capped(["a"], 2)
    (['a', 'b', 'and 1 more in the review'], ['a'])
    """
    if len(items) <= most:
        return list(items)
    return [*items[:most], f"and {len(items) - most} more {where}"]


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


def packs_used(review: Review, files: set[str], *, with_ids: bool = False) -> list[Line]:
    """Return the same by pack, a line for each: its edition and digest, its files, and which aren't checked yet."""
    digests = {pack.pack: pack.digest[:DIGEST_SHOWN] for pack in review.provenance.rules}
    packs: dict[tuple[str, str], list[str]] = {}
    for name, file in review.provenance.files.items():
        if name in files:
            remarks = [*([name] if with_ids else []), *([] if file.verified else ["not yet checked"])]
            said = f"{file.title} ({wording.joined(remarks)})" if remarks else file.title
            packs.setdefault((file.pack, file.version), []).append(said)
    return [
        Line(f"{pack} {version}", f"{'; '.join(titles)}. Digest {digests.get(pack, wording.NOT_KNOWN)}")
        for (pack, version), titles in packs.items()
    ]


def banner(review: Review, files: set[str], first: str) -> list[Note]:
    """Return the banner: what the paper is, that criteria are decision support, and which are not yet checked."""
    used = rules_used(review, files)
    open_ = [line.title for line in used if line.verified != "yes"]
    notes = [Note(f"{first} {DECISION_SUPPORT}", strong=True)]
    if open_:
        which = wording.not_checked(open_, len(used), "the list of rules says which")
        notes.append(Note(which))
    return notes


def sources(review: Review, findings: Iterable[Finding], most: int | None = None) -> list[Line]:
    """Return the citations behind findings: those checked against their sources, and those not yet.

    Of each at most ``most`` are named, and the rest is counted.
    """
    keys = {key for finding in findings for key in finding.citations}
    cited = [review.provenance.citations[key] for key in sorted(keys) if key in review.provenance.citations]
    lines = []
    for label, is_checked in (("Sources checked", True), ("Sources not yet checked", False)):
        titles = dict.fromkeys(source.title for source in cited if source.verified == is_checked)
        if titles:
            named = list(titles) if most is None else capped(list(titles), most)
            lines.append(Line(label, " · ".join(named)))
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
