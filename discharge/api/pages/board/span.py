"""The board's figures of a span of days: denials and overturns, avoidable days, waiting for payers, readmissions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from discharge.api.pages.board.figures import Figure, Figures
from discharge.api.pages.board.reading import Row
from discharge.casework.events import ADVERSE_DECISIONS
from discharge.casework.state.model import CaseState, Denial
from discharge.casework.work.conventions import conventions
from discharge.casework.work.delays import AvoidableDayPriced, PayerDelay
from discharge.casework.work.outcomes import Share, share

_OVERTURNED = ("overturned", "partly_overturned")
_WORDS_THAT_SETTLE = ADVERSE_DECISIONS | {"approved"}
_READMISSION = timedelta(days=30)
NO_PAYER, NO_CAUSE = "No payer known", "Cause not recorded"


@dataclass(frozen=True)
class DenialRow:
    """Denials that came in the span. ``answered`` are cases with any answer, ``denied`` those with a denial of them.

    ``overturned``, ``upheld`` and ``open`` share out the denials. ``untold`` are those whose dollars aren't known.
    """

    name: str
    answered: Figure | None
    denied: Figure
    rate: Share | None
    denials: Figure
    overturned: Figure
    upheld: Figure
    open: Figure
    share: Share
    usd: Figure
    untold: Figure


@dataclass(frozen=True)
class AvoidableRow:
    """Days lost for a reason; ``unpriced`` are days whose price isn't known, which are not in ``usd``."""

    name: str
    area: str
    days: Figure
    usd: Figure
    unpriced: Figure


@dataclass(frozen=True)
class DelayRow:
    """Waiting for a payer after readiness. ``unknown``: readiness is not on record, so no day is counted."""

    name: str
    waited: Figure
    days: Figure
    overdue_days: Figure
    usd: Figure
    unpriced: Figure
    unknown: Figure


@dataclass(frozen=True)
class ReadmissionRow:
    """Stays that ended in the span, by whether the patient came back within 30 days."""

    ended: Figure
    back: Figure
    not_back: Figure
    too_early: Figure
    unknown: Figure


@dataclass(frozen=True)
class OneDenial:
    """A denial with whose it is and what became of it."""

    case_id: str
    payer: str | None
    cause: str | None
    usd: Decimal | None
    fate: str


def is_within(moment: datetime | None, since: datetime, until: datetime) -> bool:
    """Tell whether a moment lies in the span."""
    return moment is not None and since <= moment <= until


def denials_of(row: Row, state: CaseState, since: datetime, until: datetime) -> list[OneDenial]:
    """Return the denials of a case that were received in the span."""
    return [
        OneDenial(row.case_id, _payer(row, state, one), one.cause, one.amount_usd, _fate(state, key, one))
        for key, one in state.denials.items()
        if is_within(one.received.at, since, until)
    ]


def _payer(row: Row, state: CaseState, one: Denial) -> str | None:
    asked = state.authorizations.get(one.authorization_id or "")
    return asked.payer_profile if asked is not None else row.payer_profile


def _fate(state: CaseState, denial_id: str, one: Denial) -> str:
    """Return overturned (in whole or in part), upheld or open; an appeal counts, and a call about its authorization."""
    outcomes = [each.outcome for each in state.appeals.values() if each.denial_id == denial_id]
    if one.authorization_id is not None:
        outcomes += [
            call.outcome
            for call in state.calls.values()
            if call.authorization_id == one.authorization_id
            and call.held is not None
            and call.held.at >= one.received.at
        ]
    if any(each in _OVERTURNED for each in outcomes):
        return "overturned"
    waits = any(each.decided is None for each in state.appeals.values() if each.denial_id == denial_id)
    return "upheld" if "upheld" in outcomes and not waits else "open"


def answered_payers(row: Row, state: CaseState, since: datetime, until: datetime) -> set[str | None]:
    """Return the payers that gave any answer on a case in the span: a decision, a denial, or payment in the end."""
    found = {
        one.payer_profile
        for one in state.authorizations.values()
        for said in one.decisions
        if said.decision in _WORDS_THAT_SETTLE and is_within(said.made.at, since, until)
    }
    found |= {one.payer for one in denials_of(row, state, since, until)}
    if state.outcome is not None and is_within(state.outcome.made.at, since, until):
        found.add(row.payer_profile)
    return found


def denial_rows(
    book: Figures,
    denials: Sequence[OneDenial],
    answered: dict[str | None, list[str]],
    titles: dict[str, str],
    until: datetime,
) -> list[DenialRow]:
    """Return a row for each payer that answered in the span, the most denials first."""
    mine: dict[str | None, list[OneDenial]] = {payer: [] for payer in answered}
    for one in denials:
        mine.setdefault(one.payer, []).append(one)
    found = []
    for payer, some in mine.items():
        name = titles.get(payer, payer) if payer is not None else NO_PAYER
        asked = book.cases(
            f"answered/{payer or 'none'}", f"With an answer of {name}", answered.get(payer, [])
        )
        found.append(_denials(book, f"payer/{payer or 'none'}", name, some, asked, until))
    return sorted(found, key=lambda one: (-one.denials.value, one.name))


def denial_causes(
    book: Figures, denials: Sequence[OneDenial], titles: Mapping[str, str], until: datetime
) -> list[DenialRow]:
    """Return a row for each cause, the most denials first; ``titles`` are what the rules call the causes."""
    mine: dict[str | None, list[OneDenial]] = defaultdict(list)
    for one in denials:
        mine[one.cause].append(one)
    found = [
        _denials(book, f"cause/{cause or 'none'}", _named(cause, titles), some, None, until)
        for cause, some in mine.items()
    ]
    return sorted(found, key=lambda one: (-one.denials.value, one.name))


def _named(cause: str | None, titles: Mapping[str, str]) -> str:
    return NO_CAUSE if cause is None else titles.get(cause) or cause.replace("_", " ").capitalize()


def _denials(
    book: Figures, key: str, name: str, some: Sequence[OneDenial], answered: Figure | None, until: datetime
) -> DenialRow:
    enough = int(conventions().number("enough_cases", until.date()))

    def counted(what: str, title: str, of: Iterable[OneDenial]) -> Figure:
        return book.sums(
            f"{what}/{key}", f"{title}: {name}", "denials", ((one.case_id, Decimal(1)) for one in of)
        )

    denied = book.cases(f"denied/{key}", f"Denied: {name}", sorted({one.case_id for one in some}))
    overturned = counted("overturned", "Overturned", (one for one in some if one.fate == "overturned"))
    denials = counted("denials", "Denials", some)
    return DenialRow(
        name=name,
        answered=answered,
        denied=denied,
        rate=None if answered is None else share(denied.count, answered.count, enough),
        denials=denials,
        overturned=overturned,
        upheld=counted("upheld", "Upheld", (one for one in some if one.fate == "upheld")),
        open=counted("open", "Not settled yet", (one for one in some if one.fate == "open")),
        share=share(int(overturned.value), int(denials.value), enough),
        usd=book.sums(
            f"denied-usd/{key}",
            f"Dollars denied: {name}",
            "usd",
            ((one.case_id, one.usd) for one in some if one.usd is not None),
        ),
        untold=counted("untold", "Dollars not known", (one for one in some if one.usd is None)),
    )


def avoidable_rows(book: Figures, found: Sequence[tuple[str, AvoidableDayPriced]]) -> list[AvoidableRow]:
    """Return a row for each reason, the most days first; ``found`` pairs a case with a record of days lost."""
    mine: dict[str, list[tuple[str, AvoidableDayPriced]]] = defaultdict(list)
    for case_id, one in found:
        mine[one.reason].append((case_id, one))
    rows = [_avoidable(book, reason, some[0][1], some) for reason, some in mine.items()]
    return sorted(rows, key=lambda one: (-one.days.value, one.name))


def _avoidable(
    book: Figures, reason: str, first: AvoidableDayPriced, some: Sequence[tuple[str, AvoidableDayPriced]]
) -> AvoidableRow:
    priced = [(case_id, one.total_usd) for case_id, one in some if one.total_usd is not None]
    unpriced = [(case_id, one.days) for case_id, one in some if one.total_usd is None]
    days = ((case_id, one.days) for case_id, one in some)
    return AvoidableRow(
        name=first.title,
        area=first.area or "other",
        days=book.sums(f"avoidable-days/{reason}", f"Avoidable days: {first.title}", "days", days),
        usd=book.sums(f"avoidable-usd/{reason}", f"Price of avoidable days: {first.title}", "usd", priced),
        unpriced=book.sums(
            f"avoidable-unpriced/{reason}", f"Avoidable days without a price: {first.title}", "days", unpriced
        ),
    )


def delay_rows(book: Figures, delays: Sequence[PayerDelay], titles: dict[str, str]) -> list[DelayRow]:
    """Return a row for each payer that was waited for, or of which it can't be told, the most days first."""
    mine: dict[str | None, list[PayerDelay]] = defaultdict(list)
    for one in delays:
        mine[one.payer_profile].append(one)
    found = []
    for payer, some in mine.items():
        name = titles.get(payer, payer) if payer is not None else NO_PAYER
        found.append(_delay(book, payer or "none", name, some))
    return sorted(found, key=lambda one: (-one.days.value, one.name))


def _delay(book: Figures, payer: str, name: str, some: Sequence[PayerDelay]) -> DelayRow:
    waited = [(one.case_id, one.days, one) for one in some if one.days]
    late = ((case_id, Decimal(str(one.overdue_hours or 0)) / 24) for case_id, _, one in waited)
    late_days = ((case_id, days.quantize(Decimal("0.01"))) for case_id, days in late if days > 0)
    priced = [(case_id, one.total_usd) for case_id, _, one in waited if one.total_usd is not None]
    return DelayRow(
        name=name,
        waited=book.cases(f"waited/{payer}", f"Waited for {name}", (case_id for case_id, _, _ in waited)),
        days=book.sums(
            f"waited-days/{payer}",
            f"Days waited for {name}",
            "days",
            ((case_id, days) for case_id, days, _ in waited),
        ),
        overdue_days=book.sums(f"waited-late/{payer}", f"Days past the term of {name}", "days", late_days),
        usd=book.sums(f"waited-usd/{payer}", f"Price of waiting for {name}", "usd", priced),
        unpriced=book.cases(
            f"waited-unpriced/{payer}",
            f"Waited for {name}, price not known",
            (case_id for case_id, _, one in waited if one.total_usd is None),
        ),
        unknown=book.cases(
            f"waited-unknown/{payer}",
            f"Asked of {name}, readiness not on record",
            (one.case_id for one in some if one.days is None),
        ),
    )


def readmissions(
    book: Figures, rows: Sequence[Row], said: dict[str, bool | None], since: datetime, until: datetime
) -> ReadmissionRow:
    """Return whether patients who left in the span came back; ``said`` is what outcomes on record say of it.

    Another stay here within 30 days counts, and an outcome that says so. Where neither tells, it is too early or not
    known: the patient may have gone elsewhere.
    """
    begun: dict[str, list[tuple[str, datetime]]] = defaultdict(list)
    for row in rows:
        if row.admitted_at is not None:
            begun[row.patient_id].append((row.case_id, row.admitted_at))
    fate: dict[str, str] = {}
    for row in rows:
        left = row.discharged_at
        if left is None or not is_within(left, since, until):
            continue
        others = (at for case_id, at in begun[row.patient_id] if case_id != row.case_id)
        came = said.get(row.case_id) is True or any(left < at <= left + _READMISSION for at in others)
        told = "not_back" if said.get(row.case_id) is False else "unknown"
        fate[row.case_id] = "back" if came else "too_early" if until < left + _READMISSION else told

    def counted(what: str, title: str) -> Figure:
        return book.cases(f"readmission/{what}", title, (one for one, how in fate.items() if how == what))

    return ReadmissionRow(
        ended=book.cases("readmission/ended", "Left in this time", fate),
        back=counted("back", "Came back within 30 days"),
        not_back=counted("not_back", "Did not come back, as the outcome on record says"),
        too_early=counted("too_early", "Left less than 30 days ago and not back so far"),
        unknown=counted("unknown", "Not known whether they came back elsewhere"),
    )
