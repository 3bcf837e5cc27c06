"""A review beside another: with another payer, with other rules, or of another moment. Nothing of it is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from discharge.api.pages.case.dear import Dear
from discharge.api.pages.case.differences import Differences, differences
from discharge.api.pages.case.file import CaseFile, OurCase
from discharge.api.pages.case.shell import case_page
from discharge.api.pages.case.then import NotThenError, known_by, moment_of, review_then, stamp
from discharge.api.pages.words import filters
from discharge.casework import ledger
from discharge.casework.events import SYSTEM, EditionInForce
from discharge.casework.intake import what_if
from discharge.errors import FaultsError, NotFoundError
from discharge.review.model import Review

router = APIRouter(include_in_schema=False)
_SHORT = 12
_OF_A_PAYER = (
    "The stay is taken as if this were its only coverage. Chart, rules and moment are the same.",
    "What is left of the deductible and the days used were said of the real coverage; here they are not known.",
    "Authorizations on file are left as they are, as if this payer had given the same answers.",
)

_MADE: Dear[Review] = Dear(24)
"""Reviews made for a comparison, by case, its last event, moment, and what was chosen."""


@dataclass(frozen=True)
class Choice:
    """Something to compare with."""

    value: str
    title: str
    is_chosen: bool


@dataclass(frozen=True)
class ComparePage:
    """What can be compared, and the comparison that was asked for. ``trouble`` says why there is none."""

    action: str
    at: str
    as_of: datetime | None
    payers: tuple[Choice, ...]
    editions: tuple[Choice, ...]
    moments: tuple[Choice, ...]
    found: Differences | None
    remarks: tuple[str, ...]
    trouble: str


@router.get("/cases/{case_id}/compare", name="page_compare")
def compare(
    file: OurCase,
    payer: Annotated[str, Query(max_length=80)] = "",
    edition: Annotated[str, Query(max_length=64)] = "",
    then: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Show the review beside the one of another payer, another edition of rules or another moment."""
    found: Differences | None = None
    remarks: tuple[str, ...] = ()
    trouble = ""
    if file.review is not None and (payer or edition or then):
        try:
            found, remarks = _compared(file, file.review, payer, edition, then)
        except (NotFoundError, FaultsError) as error:
            trouble = error.why if isinstance(error, NotThenError) else _trouble(error)
    page = ComparePage(
        action=f"/cases/{file.case_id}/compare",
        at="" if file.at is None else stamp(file.at),
        as_of=None if file.review is None else file.review.as_of,
        payers=_payers(file, payer),
        editions=_editions(file, edition),
        moments=_moments(file, then),
        found=found,
        remarks=remarks,
        trouble=trouble,
    )
    return case_page(file, "compare", "compare.html", page, styles=("compare.css",), scripts=("compare.js",))


def _trouble(error: Exception) -> str:
    if isinstance(error, FaultsError):
        return "This engine can't read the files of that edition any more, so they can't be run again."
    return f"{str(error)[:1].upper()}{str(error)[1:]}."


def _compared(
    file: CaseFile, review: Review, payer: str, edition: str, then: str
) -> tuple[Differences, tuple[str, ...]]:
    """Return the comparison, and what has to be known to read it."""
    here = "As on record" if file.digest is not None else "Run again for this moment"
    if then:
        return _other_moment(file, review, then, here)
    other = _made(file, review, payer, edition)
    if payer:
        return differences(review, other, here, "As if this payer covered the stay"), _OF_A_PAYER
    remarks = (
        "Chart, payer of the stay and moment are the same; rules, payer profiles, denial history and provider lists"
        " are those of the other edition.",
        f"Both are run by the engine of today, {other.provenance.engine_version}.",
    )
    return differences(review, other, here, "With the other edition"), remarks


def _made(file: CaseFile, review: Review, payer: str, edition: str) -> Review:
    """Return the review made with what was chosen; it takes a second, and the last ones are kept."""
    key = (file.case_id, file.events[-1].hash, review.as_of, payer, edition)
    return _MADE.once(
        key,
        lambda: what_if(
            file.desk.store, file.case_id, review.as_of, edition=edition or None, payer=payer or None
        ),
    )


def _other_moment(
    file: CaseFile, review: Review, then: str, here: str
) -> tuple[Differences, tuple[str, ...]]:
    at = moment_of(then, file.desk.settings.zone)
    if at is None:
        raise NotThenError(file.case_id, "This is not a date and a time of day.")
    if at > file.desk.now():
        raise NotThenError(file.case_id, "This moment is still to come.")
    with file.desk.store.read() as connection:
        every = ledger.events_of(connection, file.case_id)
    events = known_by(every, at)
    if not events:
        raise NotThenError(file.case_id, "The case was not known yet at this moment.")
    other, digest = review_then(file.desk, file.case_id, events, at)
    remarks = ("Each side has the chart, the rules and the payer policy of its own moment.",)
    than = "As on record then" if digest is not None else "Run again for that moment"
    return differences(review, other, here, than), remarks


def _payers(file: CaseFile, chosen: str) -> tuple[Choice, ...]:
    """Return the profiles that a coverage could match, but the stay's own."""
    own = file.review.payer.profile if file.review is not None else None
    return tuple(
        Choice(one.id, one.title, one.id == chosen)
        for one in file.desk.library.payers.profiles.values()
        if one.id != own and (one.matches.coverage_payer_ids or one.matches.coverage_type_codes)
    )


def _editions(file: CaseFile, chosen: str) -> tuple[Choice, ...]:
    """Return the editions that were in force here, the last first, but the one that the review was made with."""
    own = next((one.edition for one in reversed(file.state.reviews)), None)
    with file.desk.store.read() as connection:
        events = [
            (one.known_at, one.payload)
            for one in ledger.events_of(connection, SYSTEM)
            if isinstance(one.payload, EditionInForce)
        ]
    when = filters(file.desk.settings.zone)["when_full"]
    by_id = {payload.edition: payload for _, payload in events}
    current = by_id.get(own or "")
    found: dict[str, Choice] = {}
    for since, payload in reversed(events):
        if payload.edition != own and payload.edition not in found:
            said = f"in force from {when(since)}: {_told(payload, current)}"
            found[payload.edition] = Choice(payload.edition, said, payload.edition == chosen)
    return tuple(found.values())


def _told(edition: EditionInForce, current: EditionInForce | None) -> str:
    """Return what of an edition is other than in the one of the review."""
    named = f"edition {edition.edition[:_SHORT]}"
    if current is None:
        return named
    packs = [
        f"{name} {version}" for name, version in edition.rules.items() if current.rules.get(name) != version
    ]
    parts: Sequence[tuple[bool, str]] = (
        (bool(packs), f"rules {', '.join(packs)}"),
        (
            edition.rules_digest != current.rules_digest and not packs,
            "rules of the same versions, other files",
        ),
        (edition.payers_digest != current.payers_digest, "other payer profiles"),
        (edition.history_digest != current.history_digest, "another denial history"),
        (edition.providers_digest != current.providers_digest, "other provider lists"),
        (edition.engine_version != current.engine_version, f"engine {edition.engine_version} then"),
    )
    return "; ".join([named, *(words for is_so, words in parts if is_so)])


def _moments(file: CaseFile, chosen: str) -> tuple[Choice, ...]:
    """Return the moments on record, the last first, but the one of the review itself."""
    when = filters(file.desk.settings.zone)["when_full"]
    own = file.review.as_of if file.review is not None else None
    return tuple(
        Choice(one.value, f"{when(one.at)}, {one.what}", one.value == chosen)
        for one in reversed(file.as_of.stops)
        if one.value and one.at != own
    )
