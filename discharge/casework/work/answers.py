"""When a payer must answer a request, and when the days that it authorized end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple, TypeAlias

from discharge.casework.events import ADVERSE_DECISIONS
from discharge.casework.state.model import Authorization, CaseState, DaysAdded, DecisionSeen
from discharge.casework.work.conventions import Answer, conventions
from discharge.casework.work.counted import CaseClock, due_by_row, made, row_of, term
from discharge.clocks import moment_after
from discharge.clocks.counting import later
from discharge.payers import PayerProfile
from discharge.review.model import Review

STAY_SERVICES = ("inpatient_acute", "inpatient", "observation")
"""Services that are the hospital stay itself: their days are the stay's nights, and no one waits for them to leave."""
ANSWERS = frozenset({"approved", "denied", "modified", "partial"})
_GIVES_DAYS = frozenset({"approved", "modified", "partial"})
_ENDS = frozenset({"denied", "cancelled"})
_TERMS = {"standard": "prior_authorization_standard", "expedited": "prior_authorization_expedited"}
_OF_ANOTHER = "Of another payer than the stay's: its terms are not known here."
_LAST_MINUTE = time(23, 59)

Word: TypeAlias = DecisionSeen | DaysAdded


class AuthorizedEnd(NamedTuple):
    """The end of the last authorized day of the stay, and when the payer said so."""

    authorization_id: str
    ends_at: datetime
    said_at: datetime


def is_adverse(authorization: Authorization) -> bool:
    """Tell whether the payer's last word is a denial, wholly or in part."""
    return authorization.status in ADVERSE_DECISIONS


def answer(authorization: Authorization) -> DecisionSeen | None:
    """Return the payer's first answer to the request; pending is none. None while there is none."""
    asked = authorization.requested.at if authorization.requested is not None else None
    said = (one for one in authorization.decisions if one.decision in ANSWERS)
    return next((one for one in said if asked is None or one.made.at >= asked), None)


def withdrawn(authorization: Authorization) -> DecisionSeen | None:
    """Return the word that the request was cancelled; None where it stands."""
    last = authorization.decisions[-1] if authorization.decisions else None
    return last if last is not None and last.decision == "cancelled" else None


def answer_clocks(
    state: CaseState,
    review: Review | None,
    profile: PayerProfile | None,
    payer_class: str | None,
    now: datetime,
) -> Iterator[CaseClock]:
    """Yield the payer's clock for each request, and the clock that a missed one starts."""
    for authorization_id in state.authorizations:
        clock = answer_clock(state, authorization_id, profile, payer_class, now)
        if clock is None:
            continue
        yield clock
        missed = conventions().missed.get(payer_class or "")
        if (
            missed is not None
            and clock.status == "late"
            and clock.met_at is None
            and clock.due_at is not None
        ):
            due = due_by_row(missed, clock.due_at, profile)
            yield made(row_of(missed), authorization_id, opens_at=clock.due_at, due_at=due, at=now)


def answer_clock(
    state: CaseState,
    authorization_id: str,
    profile: PayerProfile | None,
    payer_class: str | None,
    now: datetime,
) -> CaseClock | None:
    """Return the clock on which the payer answers this request; None where there was none, or nothing says when.

    A payer that is not the stay's own is bound by its own class and contract, which aren't known here.
    """
    one = state.authorizations[authorization_id]
    if one.requested is None:
        return None
    start = one.requested.at.astimezone(now.tzinfo)
    is_own = one.payer_profile is None or profile is None or one.payer_profile == profile.id
    if is_own:
        clock_id, due, note = _bound(state, one, profile, payer_class, start)
        lacking = _incomplete(state, authorization_id, clock_id, start, profile)
        clock_id, due = lacking or (clock_id, due)
    else:
        clock_id, due, note = "AUTH-ANSWER", None, _OF_ANOTHER
    if due is None and is_own:
        return None
    said, dropped = answer(one), withdrawn(one)
    return made(
        row_of(clock_id),
        authorization_id,
        opens_at=start,
        due_at=due,
        at=now,
        met_at=said.made.at.astimezone(now.tzinfo) if said is not None else None,
        is_stopped=dropped is not None,
        pauses=state.pauses.get(f"{clock_id}/{authorization_id}", ()),
        notes=[note, "The request was cancelled." if dropped is not None else None],
    )


def _bound(
    state: CaseState,
    one: Authorization,
    profile: PayerProfile | None,
    payer_class: str | None,
    start: datetime,
) -> tuple[str, datetime | None, str | None]:
    """Which clock binds the payer, when it is due, and a word on why."""
    rows = conventions().answers.get(payer_class or "", {})
    row = rows.get(one.urgency)
    if one.urgency == "standard" and not one.requires_prior_authorization:
        row = rows.get("standard_without_authorization", row)
    if row is None:
        name = _TERMS.get(one.urgency, "concurrent_review")
        own = term(profile, name, start)
        return "AUTH-ANSWER", moment_after(start, own) if own is not None else None, None
    clock_id, note = _by_course(state, one, row, start)
    deadline = row.deadline if clock_id == row.clock else None
    return clock_id, due_by_row(clock_id, start, profile, deadline), note


def _incomplete(
    state: CaseState, authorization_id: str, clock_id: str, start: datetime, profile: PayerProfile | None
) -> tuple[str, datetime | None] | None:
    """The clock of a request of which the payer said in time that something is missing; None for any other."""
    rule = conventions().incomplete.get(clock_id)
    until = due_by_row(rule.asked, start, profile) if rule is not None else None
    if rule is None or until is None:
        return None
    asked = [
        one
        for one in state.payer_questions.values()
        if one.authorization_id == authorization_id and start <= one.asked.at <= until
    ]
    if not asked:
        return None
    first = min(asked, key=lambda one: one.asked.at)
    least = conventions().information[state.authorizations[authorization_id].urgency]
    ends = due_by_row(least, first.asked.at.astimezone(start.tzinfo), profile)
    limits = [one for one in (first.due_at, ends) if one is not None]
    answered = [first.answered.at] if first.answered is not None else []
    begins = min([*([max(limits)] if limits else []), *answered], default=None)
    if begins is None:
        return None
    begins = begins.astimezone(start.tzinfo)
    return rule.decided, due_by_row(rule.decided, begins, profile)


def _by_course(state: CaseState, one: Authorization, row: Answer, start: datetime) -> tuple[str, str | None]:
    """A request for more days has its own clock where a course of treatment runs that the payer approved."""
    if row.late is None or row.first is None:
        return row.clock, None
    ends = [
        end
        for other in state.authorizations.values()
        if other is not one
        and other.service == one.service
        and (end := valid_through(other)) is not None
        and other.requested is not None
        and one.requested is not None
        and other.requested.at < one.requested.at
    ]
    own = _told(Given(), _words(one)[0], None, None).through
    if own is not None:
        ends.append(own)
    if not ends:
        return row.first, "No course approved before is on record: counted as urgent."
    close = datetime.combine(max(ends) + timedelta(days=1), time(0, 0), tzinfo=start.tzinfo)
    notice = conventions().hours("course_notice", start.date())
    if later(start, notice) <= close:
        return row.clock, None
    return (
        row.late,
        f"Asked less than {notice.total_seconds() / 3600:g} hours before the authorized days end.",
    )


class Given(NamedTuple):
    """What a payer gave: days (None where no word names a number) and the last authorized day (None: not known).

    ``is_taken_back``: its last word took back what it had given; ``days`` are then those that had been given.
    """

    days: int | None = None
    through: date | None = None
    is_taken_back: bool = False


def given(one: Authorization, began: date | None = None) -> Given:
    """Return what a payer gave, by all its words in their order; ``began`` is the first day where none is said.

    A refusal takes back what was given since the last request; what an earlier request of the same number brought
    stands.
    """
    before, since = _words(one)
    earlier = _told(Given(), before, began, None)
    return _told(earlier, since, one.first_day or (None if before else began), one.days_asked)


def given_since(one: Authorization) -> int | None:
    """Return the days given in answer to the last request; None where no word names a number."""
    return _told(Given(), _words(one)[1], None, one.days_asked).days


def _words(one: Authorization) -> tuple[list[Word], list[Word]]:
    """What the payer said before the last request, and since; each in order."""
    words: list[Word] = [*one.decisions, *one.additions]
    words.sort(key=lambda word: (word.made.at, word.made.recorded_at))
    asked = one.requested.at if one.requested is not None else None
    before = [word for word in words if asked is not None and word.made.at < asked]
    return before, words[len(before) :]


def _told(base: Given, words: Sequence[Word], first: date | None, asked: int | None) -> Given:
    """Follow the words that answer one request. Days add up, but for those said again after a cut or a refusal."""
    found, was_cut, gave = base, False, False
    for word in words:
        decision = word.decision if isinstance(word, DecisionSeen) else "approved"
        more = word.days_approved if isinstance(word, DecisionSeen) else word.days
        if decision in _ENDS:
            found = Given(found.days, base.through, is_taken_back=gave)
        elif decision in _GIVES_DAYS:
            so_far = (found.days or 0) - (base.days or 0)
            says_again = was_cut and asked is not None and so_far + (more or 0) > asked
            found = _added(base if found.is_taken_back or says_again else found, base, word, more, first)
            was_cut, gave = decision in ADVERSE_DECISIONS, True
    return found


def _added(found: Given, base: Given, word: Word, more: int | None, first: date | None) -> Given:
    """Add the days of a word: up to the day that it names, else from its first day, else after those given before."""
    through = word.valid_through
    if through is None and more:
        start = word.valid_from or (first if found == base else None)
        if start is not None:
            through = start + timedelta(days=more - 1)
        elif found.through is not None:
            through = found.through + timedelta(days=more)
    days = found.days if more is None else (found.days or 0) + more
    return Given(days, through or found.through)


def valid_through(one: Authorization, began: date | None = None) -> date | None:
    """Return the last authorized day: as the payer named it, else counted from the first one.

    None where nothing was approved, or the payer's last word took it back.
    """
    return given(one, began).through


def first_day(one: Authorization, review: Review | None) -> date | None:
    """Return the first day that the payer covers: as it said, else as it was asked, else that of the stay."""
    before, since = _words(one)
    said = [word.valid_from for word in (*before, *since) if word.valid_from is not None]
    if said:
        return min(said)
    return (
        one.first_day
        if one.first_day is not None and not before
        else stay_begins(one, review) or one.first_day
    )


def stay_begins(one: Authorization, review: Review | None) -> date | None:
    """Return the day on which the stay, as it is authorized, began; None for other services, or where not known."""
    if review is None or one.service not in STAY_SERVICES:
        return None
    is_outpatient = one.service == "observation"
    began = review.stay.arrival if is_outpatient else review.stay.inpatient_order or review.stay.admitted
    return began.date() if began is not None else None


def authorized_end(state: CaseState, review: Review | None, now: datetime) -> AuthorizedEnd | None:
    """Return the end of the last day of the stay that any authorization covers, in the zone of ``now``."""
    found = []
    for authorization_id, one in state.authorizations.items():
        day = valid_through(one, stay_begins(one, review)) if one.service in STAY_SERVICES else None
        if day is not None:
            said = max(word.made.at for words in _words(one) for word in words)
            ends = datetime.combine(day, _LAST_MINUTE, tzinfo=now.tzinfo)
            found.append(AuthorizedEnd(authorization_id, ends, said.astimezone(now.tzinfo)))
    return max(found, key=lambda end: end.ends_at, default=None)
