"""What hospital and payer said of a request, of a denial, or of neither: in order, with who wrote it down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from discharge import wording
from discharge.api.pages.case.file import CaseFile
from discharge.api.pages.case.payer.days import Mark
from discharge.api.pages.forms import wordings
from discharge.api.pages.words import usd, words
from discharge.casework.events.base import Clinician
from discharge.casework.events.utilization import AuthorizationRequested
from discharge.casework.state.model import Authorization, Trace

LETTERS: Mapping[str, str] = {
    "R": "request",
    "D": "decision of the payer",
    "+": "days added",
    "Q": "question of the payer",
    "A": "answer to the payer",
    "P": "peer-to-peer call",
    "N": "denial notice",
    "L": "appeal",
    "S": "summary released to the payer",
}
ADVERSE_FORM = "No clinician is named."


@dataclass(frozen=True)
class Entry:
    """One thing said. ``by`` recorded it; ``recorded_at`` only where that was later than it happened."""

    at: datetime
    letter: str
    by_payer: bool
    what: str
    details: tuple[str, ...]
    by: str
    recorded_at: datetime | None
    authorization_id: str | None
    denial_id: str | None = None

    @property
    def mark(self) -> Mark:
        """Return the entry as it stands on the drawing."""
        return Mark(self.at, self.letter, self.what, self.by_payer, self.authorization_id)


def option(kind: str, name: str, value: str) -> str:
    """Return the words of a choice as its form has them."""
    fields: Mapping[str, Mapping[str, Mapping[str, str]]] = wordings()[kind].get("fields") or {}
    return str((fields.get(name) or {}).get("options", {}).get(value, words(value)))


def entries(file: CaseFile) -> list[Entry]:
    """Return everything that was said between hospital and payer, the first first."""
    found = [*_requests(file), *_questions(file), *_calls(file), *_denials(file), *_releases(file)]
    return sorted(found, key=lambda one: one.at)


def person(one: Clinician | None) -> str:
    """Return a clinician by name and credentials; nothing for none.

    >>> person(Clinician(name="Ana Diaz", credentials="MD"))
    'Ana Diaz, MD'
    """
    return "" if one is None else f"{one.name}, {one.credentials}" if one.credentials else one.name


def _entry(
    made: Trace,
    letter: str,
    what: str,
    *details: str | None,
    by_payer: bool = False,
    authorization_id: str | None = None,
    denial_id: str | None = None,
) -> Entry:
    is_late = abs((made.recorded_at - made.at).total_seconds()) >= 60
    return Entry(
        made.at, letter, by_payer, what, tuple(one for one in details if one), made.by,
        made.recorded_at if is_late else None, authorization_id, denial_id,
    )  # fmt: skip


def _requests(file: CaseFile) -> Iterator[Entry]:
    for id, one in file.state.authorizations.items():
        asked = one.requested
        if asked is not None:
            answered = [*(said.made.at for said in one.decisions), *(more.made.at for more in one.additions)]
            if any(at < asked.at for at in answered):
                yield from _earlier(file, id, asked)
            yield _asked(asked, id, one.days_asked, one.first_day, one.urgency)
        yield from _answers(id, one)


def _asked(made: Trace, id: str, days: int | None, first: date | None, urgency: str) -> Entry:
    asked = "number of days not named" if days is None else wording.plural(days, "day")
    return _entry(
        made,
        "R",
        f"Asked: {asked}" + (f" from {_day(first)}" if first is not None else ""),
        "Kind: " + option("authorization_requested", "urgency", urgency).lower(),
        authorization_id=id,
    )


def _earlier(file: CaseFile, id: str, last: Trace) -> Iterator[Entry]:
    """Requests under the same number before the last one, which the state has no more."""
    for event in file.events:
        said = event.payload
        if not isinstance(said, AuthorizationRequested) or said.authorization_id != id:
            continue
        if event.event_id != last.event_id and event.event_id not in file.state.corrected:
            made = Trace(
                event_id=event.event_id,
                at=event.occurred_at,
                recorded_at=event.recorded_at,
                by=event.actor.name,
                by_id=event.actor.id,
            )
            yield _asked(made, id, said.days_asked, said.first_day, said.urgency)


def _answers(id: str, one: Authorization) -> Iterator[Entry]:
    for said in one.decisions:
        is_adverse = said.decision in ("denied", "partial", "modified")
        reason = " ".join(
            part for part in (said.reason_code and f"({said.reason_code})", said.reason) if part
        )
        yield _entry(
            said.made,
            "D",
            option("decision_received", "decision", said.decision)
            + (f", {wording.plural(said.days_approved, 'day')}" if said.days_approved is not None else ""),
            _reach(said.valid_from, said.valid_through),
            f"Number {said.number}" if said.number else None,
            f"Reason: {reason}" if reason else "No reason is given." if is_adverse else None,
            f"Decided by {person(said.clinician)}"
            if said.clinician
            else ADVERSE_FORM
            if is_adverse
            else None,
            by_payer=True,
            authorization_id=id,
        )
    for more in one.additions:
        what = f"{wording.plural(more.days, 'day')} added"
        reach = _reach(more.valid_from, more.valid_through)
        yield _entry(more.made, "+", what, reach, by_payer=True, authorization_id=id)


def _reach(first: date | None, last: date | None) -> str | None:
    parts = [f"from {_day(first)}" if first else "", f"through {_day(last)}" if last else ""]
    told = " ".join(one for one in parts if one)
    return told[:1].upper() + told[1:] if told else None


def _questions(file: CaseFile) -> Iterator[Entry]:
    for one in file.state.payer_questions.values():
        id = one.authorization_id
        yield _entry(one.asked, "Q", f"The payer asks: {one.text}", by_payer=True, authorization_id=id)
        if one.answered is not None:
            yield _entry(one.answered, "A", f"Answered: {one.answer}", authorization_id=id)


def _calls(file: CaseFile) -> Iterator[Entry]:
    for one in file.state.calls.values():
        who = [f"Hospital: {one.physician}" if one.physician else None]
        who += [f"Payer: {one.payer_physician}" if one.payer_physician else None]
        id = one.authorization_id
        if one.held is not None:
            told = option("peer_to_peer_held", "outcome", one.outcome or "")
            note = f"Note: {one.note}" if one.note else None
            yield _entry(one.held, "P", f"Peer-to-peer call. {told}", *who, note, authorization_id=id)
        elif one.scheduled is not None:
            yield _entry(one.scheduled, "P", "Peer-to-peer call set", *who, authorization_id=id)


def _denials(file: CaseFile) -> Iterator[Entry]:
    for id, one in file.state.denials.items():
        yield _entry(
            one.received,
            "N",
            "Denial notice: " + option("denial_received", "of", one.of).lower(),
            f"CARC {one.carc}" if one.carc else None,
            f"{wording.plural(one.days, 'day')} denied" if one.days is not None else None,
            f"{usd(one.amount_usd)} named on the notice" if one.amount_usd is not None else None,
            f"Signed by {person(one.clinician)}" if one.clinician else ADVERSE_FORM,
            by_payer=True,
            authorization_id=one.authorization_id,
            denial_id=id,
        )
    for appeal in file.state.appeals.values():
        denial = file.state.denials.get(appeal.denial_id)
        about = denial.authorization_id if denial is not None else None
        level = option("appeal_filed", "level", appeal.level.strip().lower())
        speed = "Expedited" if appeal.is_expedited else None
        yield _entry(
            appeal.filed,
            "L",
            f"Appeal filed: {level}",
            speed,
            authorization_id=about,
            denial_id=appeal.denial_id,
        )
        if appeal.decided is not None:
            won = _recovered(appeal.amount_usd)
            told = option("appeal_decided", "outcome", appeal.outcome or "")
            yield _entry(
                appeal.decided, "L", f"{level} decided. {told}", won,
                by_payer=True, authorization_id=about, denial_id=appeal.denial_id,
            )  # fmt: skip


def _recovered(amount: Decimal | None) -> str | None:
    return f"{usd(amount)} recovered" if amount is not None else None


def _releases(file: CaseFile) -> Iterator[Entry]:
    for one in file.state.releases.values():
        yield _entry(one.made, "S", f"Released to the payer: {words(one.paper)}")


def _day(value: date) -> str:
    return f"{value:%b} {value.day}"
