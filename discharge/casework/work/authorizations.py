"""Where each authorization stands: asked, approved, used, left, and whether the payer answered in time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from pydantic import Field

from discharge.casework.events import ADVERSE_DECISIONS
from discharge.casework.state.model import Authorization, CaseState
from discharge.casework.work.answers import (
    STAY_SERVICES,
    Given,
    answer,
    answer_clock,
    first_day,
    given,
    given_since,
    stay_begins,
)
from discharge.casework.work.clocks import payer_class_of
from discharge.casework.work.conventions import conventions
from discharge.casework.work.counted import CaseClock
from discharge.casework.work.found import zone_of
from discharge.payers import PayerProfile
from discharge.review.model import Review
from discharge.stayview import Result

_LAST_MINUTE = time(23, 59)


class AuthorizationStanding(Result):
    """One authorization at a moment. None is never zero: it says that the record does not tell.

    ``status`` is ``requested`` or the payer's last decision. ``valid_through`` is the last minute of the last
    authorized day, in the facility's zone. ``days_used`` are nights of the stay that this authorization covers,
    ``days_beyond`` nights after them; both only for the hospital stay itself. ``answer_late_hours`` is how much too
    late the answer came, or is by now. ``flags`` say what a person should look at.
    """

    authorization_id: str
    service: str
    payer_profile: str | None
    number: str | None
    status: str
    requested_at: datetime | None
    decided_at: datetime | None
    answered_at: datetime | None
    answer_clock: str | None
    answer_due_at: datetime | None
    is_answer_late: bool | None
    answer_late_hours: float | None
    days_asked: int | None
    days_approved: int | None
    days_refused: int | None
    days_used: int | None
    days_left: int | None
    days_beyond: int | None
    first_day: date | None
    valid_through: datetime | None
    flags: list[str] = Field(default_factory=list)


def authorizations(
    state: CaseState, review: Review | None, profile: PayerProfile | None, at: datetime
) -> list[AuthorizationStanding]:
    """Return the authorizations of a case as they stand at ``at``, in the order in which they became known."""
    now = at.astimezone(zone_of(state, review))
    return [_standing(state, one, review, profile, now) for one in state.authorizations]


def _standing(
    state: CaseState,
    authorization_id: str,
    review: Review | None,
    profile: PayerProfile | None,
    now: datetime,
) -> AuthorizationStanding:
    one = state.authorizations[authorization_id]
    payer_class = payer_class_of(review, profile)
    clock = answer_clock(state, authorization_id, profile, payer_class, now)
    told = given(one, stay_begins(one, review))
    approved, last, begin = _approved(one, told), told.through, first_day(one, review)
    nights = _nights(one, begin, review, now)
    used = _used(nights, approved, begin, last)
    said = answer(one)
    late = _late_hours(clock, now)
    return AuthorizationStanding(
        authorization_id=authorization_id,
        service=one.service,
        payer_profile=one.payer_profile,
        number=one.number,
        status=one.status,
        requested_at=one.requested.at.astimezone(now.tzinfo) if one.requested is not None else None,
        decided_at=one.decisions[-1].made.at.astimezone(now.tzinfo) if one.decisions else None,
        answered_at=said.made.at.astimezone(now.tzinfo) if said is not None else None,
        answer_clock=clock.clock if clock is not None else None,
        answer_due_at=clock.due_at if clock is not None else None,
        is_answer_late=None if clock is None or clock.due_at is None else late is not None,
        answer_late_hours=late,
        days_asked=one.days_asked,
        days_approved=approved,
        days_refused=_refused(one),
        days_used=used,
        days_left=0 if told.is_taken_back and used is not None else _left(approved, used, last, now),
        days_beyond=nights - used if nights is not None and used is not None else None,
        first_day=begin,
        valid_through=datetime.combine(last, _LAST_MINUTE, tzinfo=now.tzinfo) if last is not None else None,
        flags=_flags(one, told, payer_class),
    )


def _approved(one: Authorization, told: Given) -> int | None:
    """Days approved; a denial that names none approves none."""
    if told.days is not None:
        return told.days
    return 0 if one.status == "denied" else None


def _refused(one: Authorization) -> int | None:
    """Days of the last request that the payer did not give."""
    if one.status not in ADVERSE_DECISIONS or one.days_asked is None:
        return None
    got = given_since(one)
    if got is None and one.status != "denied":
        return None
    return max(0, one.days_asked - (got or 0))


def _nights(one: Authorization, begin: date | None, review: Review | None, now: datetime) -> int | None:
    """Nights from the first covered day up to now or to the end of the stay. The night that is to come is none yet."""
    if one.service not in STAY_SERVICES or begin is None or review is None:
        return None
    gone = review.stay.discharged
    until = min(now, gone.astimezone(now.tzinfo)) if gone is not None else now
    return max(0, (until.date() - begin).days)


def _used(nights: int | None, approved: int | None, begin: date | None, last: date | None) -> int | None:
    """Nights that the approved days, or the last authorized day where no number was named, cover."""
    if nights is None:
        return None
    if approved is not None:
        return min(nights, approved)
    if last is not None and begin is not None:
        return min(nights, max(0, (last - begin).days + 1))
    return None


def _left(approved: int | None, used: int | None, last: date | None, now: datetime) -> int | None:
    if approved is not None and used is not None:
        return approved - used
    return max(0, (last - now.date()).days + 1) if approved is None and used is not None and last else None


def _late_hours(clock: CaseClock | None, now: datetime) -> float | None:
    if clock is None or clock.due_at is None or clock.status != "late":
        return None
    end = clock.met_at or now
    return round((end.astimezone(UTC) - clock.due_at.astimezone(UTC)) / timedelta(hours=1), 2)


def _flags(one: Authorization, told: Given, payer_class: str | None) -> list[str]:
    """What a person should look at, in words with the source."""
    cited = conventions().cited
    flags = []
    adverse = [said for said in one.decisions if said.decision in ADVERSE_DECISIONS]
    if one.requested is None:
        flags.append("Decided with no request on record.")
    if any(said.clinician is None for said in adverse):
        flags.append(f"No clinician named on an adverse decision ({cited('clinician').title}).")
    if any(said.reason is None and said.reason_code is None for said in adverse):
        flags.append(f"No reason given for an adverse decision ({cited('reasons').title}).")
    if payer_class == "medicare_advantage" and one.service in STAY_SERVICES[:2] and told.is_taken_back:
        flags.append(
            "An approved admission was refused later: open to appeal, but for obvious error or fraud "
            f"({cited('ma_reopening').title})."
        )
    if one.decisions and one.requested is not None and one.decisions[-1].made.at < one.requested.at:
        flags.append("Asked again, and not answered since.")
    if one.status == "pended":
        flags.append("Pended is no answer: the payer's clock runs on.")
    return flags
