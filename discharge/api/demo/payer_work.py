"""What goes between hospital and payers on the demonstration's day: requests, answers, denials, calls, appeals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from discharge.api.demo.acts import Act, Day, Staff, Stay
from discharge.api.demo.staff import PLAN_PHYSICIAN
from discharge.casework.events import Actor, Clinician
from discharge.casework.events.utilization import (
    AppealFiled,
    AuthorizationRequested,
    AvoidableDayRecorded,
    DaysAuthorized,
    Decision,
    DecisionReceived,
    DelayAttributed,
    DenialReceived,
    PayerAnswered,
    PayerAsked,
    PeerToPeerHeld,
    PeerToPeerScheduled,
)
from discharge.casework.work.appeals import levels_of
from discharge.payers import Payers

AUTH, MORE = "a-1", "a-2"
Release = Callable[[Stay], Any]
"""Makes the paper of a stay and returns the payload of its release."""


def authorizations(
    stays: Sequence[Stay], staff: Staff, day: Day, payers: Payers, release: Release
) -> Iterator[Act]:
    """Stays whose payer wants to be asked: each goes one of eight ways. The payer's own people see released papers."""
    place = 0
    for stay in stays:
        profile = payers.profiles.get(stay.review.payer.profile or "")
        if profile is None or not profile.requires_authorization("inpatient_acute"):
            continue
        yield from _Request(stay, staff, day, place, profile.id).acts(release)
        place += 1


class _Request:
    """One request of one stay, and what becomes of it."""

    def __init__(self, stay: Stay, staff: Staff, day: Day, place: int, profile: str) -> None:
        self.stay, self.staff, self.day, self.place, self.profile = stay, staff, day, place, profile
        self.reviewer = staff.payers.get(profile)
        admitted = stay.review.stay.admitted or stay.review.stay.arrival or day.at(7)
        self.admitted = admitted
        self.first_day: date = admitted.astimezone(day.at(7).tzinfo).date()

    def acts(self, release: Release) -> Iterator[Act]:
        """Yield what people of both sides do."""
        asked_at = min(self.admitted + timedelta(hours=5), self.day.at(7, 30))
        told = max(asked_at, self.day.at(7, 30 + self.place))
        yield self._hospital(asked_at, self._request(AUTH, self.first_day, self._days(3)), told=told)
        if self.reviewer is not None:
            yield self._hospital(self._at(8, 30), release(self.stay))
        ways = (
            self._approved, self._overturned, self._waiting, self._asked, self._extended, self._upheld, self._partial,
            self._slow,
        )  # fmt: skip
        yield from ways[self.place % len(ways)]()

    def _request(self, authorization_id: str, first_day: date, days: int) -> AuthorizationRequested:
        return AuthorizationRequested(
            authorization_id=authorization_id,
            service="inpatient_acute",
            payer_profile=self.profile,
            days_asked=days,
            first_day=first_day,
            number=f"DEMO-{4100 + self.stay.number}-{authorization_id[-1]}",
        )

    def _days(self, later: int) -> int:
        """Return how many days there are from the first to so many days after the working day."""
        return (self.day.date - self.first_day).days + 1 + later

    def _at(self, hour: int, minute: int = 0) -> datetime:
        return self.day.at(hour, minute + self.place)

    def _hospital(self, at: datetime, *says: Any, told: datetime | None = None) -> Act:
        return Act(at, self.stay.case_id, self.stay.manager, says, told)

    def _payer(self, at: datetime, *says: Any) -> Act:
        """The payer's own reviewer where one signs in here; else a case manager writes the payer's word down."""
        by: Actor = self.reviewer or self.stay.manager
        return Act(at, self.stay.case_id, by, says)

    def _decision(
        self, decision: Decision, days: int | None = None, reason: str | None = None, of: str = AUTH
    ) -> DecisionReceived:
        adverse = decision in ("denied", "partial")
        return DecisionReceived(
            authorization_id=of,
            decision=decision,
            number=f"{7300 + self.stay.number}",
            days_approved=days,
            valid_from=self.first_day if days else None,
            valid_through=self.first_day + timedelta(days=days - 1) if days else None,
            reason_code="50" if adverse else None,
            reason=reason,
            clinician=PLAN_PHYSICIAN if adverse else None,
        )

    def _approved(self, later: int = 3) -> Iterator[Act]:
        yield self._payer(self._at(10), self._decision("approved", self._days(later)))

    def _extended(self) -> Iterator[Act]:
        yield from self._approved(0)
        first = self.day.date + timedelta(days=1)
        last = first + timedelta(days=3)
        says = DaysAuthorized(authorization_id=AUTH, days=4, valid_from=first, valid_through=last)
        yield self._hospital(self._at(15), says)

    def _more(self, hour: int) -> Iterator[Act]:
        """The first days are approved; the next are asked for at this hour."""
        yield from self._approved(3)
        first = self.day.date + timedelta(days=4)
        yield self._hospital(self._at(hour, 30), self._request(MORE, first, 3))

    def _waiting(self) -> Iterator[Act]:
        yield from self._more(15)

    def _asked(self) -> Iterator[Act]:
        yield from self._more(10)
        asked = PayerAsked(
            question_id="p-1",
            authorization_id=MORE,
            question="Please send vital signs and treatment of the last 24 hours, and the expected length of stay.",
            due_at=self.day.at(17),
        )
        yield self._payer(self._at(12), asked, self._decision("pended", of=MORE))
        text = "The summary of this morning is released to you; page 1 holds vital signs and treatment."
        yield self._hospital(self._at(13), PayerAnswered(question_id="p-1", text=text))

    def _slow(self) -> Iterator[Act]:
        yield from self._more(11)
        asked = PayerAsked(
            question_id="p-1",
            authorization_id=MORE,
            question="Which criteria for another day are met today?",
            due_at=self.day.at(12, days=self.day.to_opening),
        )
        yield self._payer(self._at(14), asked, self._decision("pended", of=MORE))
        waiting = DelayAttributed(
            record_id="w-1",
            to="payer",
            reason="payer_authorization",
            start=self._at(12),
            authorization_id=MORE,
        )
        yield self._hospital(self._at(16), waiting)

    def _partial(self) -> Iterator[Act]:
        reason = "Approved up to tomorrow; further days need a clinical review of each of them."
        yield self._payer(self._at(11), self._decision("partial", self._days(1), reason))
        call = PeerToPeerScheduled(
            call_id="c-1",
            authorization_id=AUTH,
            at=self.day.at(10, 15 * (self.place // 8), days=self.day.to_opening),
            physician=f"{self.staff.advisor.name}, MD",
            payer_physician=f"{PLAN_PHYSICIAN.name}, MD",
        )
        yield self._hospital(self._at(13), call)

    def _denied(self) -> Iterator[Act]:
        reason = "The documents received do not show that care at this level was needed after the first day."
        yield self._payer(self._at(9, 40), self._decision("denied", None, reason))
        denial = DenialReceived(
            denial_id="d-1",
            authorization_id=AUTH,
            of="days",
            carc="50",
            cause="auth_denied",
            amount_usd=_expected(self.stay),
            days=2,
            clinician=PLAN_PHYSICIAN,
            notice_at=self._at(9, 40),
            is_receipt_documented=True,
        )
        yield self._hospital(self._at(10, 10), denial)
        call = PeerToPeerScheduled(
            call_id="c-1",
            authorization_id=AUTH,
            at=self._at(14, 30),
            physician=f"{self.staff.advisor.name}, MD",
            payer_physician=f"{PLAN_PHYSICIAN.name}, MD",
        )
        yield self._hospital(self._at(10, 20), call)

    def _held(self, outcome: Literal["overturned", "upheld"], note: str) -> Act:
        says = PeerToPeerHeld(
            call_id="c-1",
            outcome=outcome,
            physician=Clinician(name=self.staff.advisor.name, credentials=self.staff.advisor.credentials),
            payer_physician=PLAN_PHYSICIAN,
            note=note,
        )
        return Act(self._at(14, 50), self.stay.case_id, self.staff.advisor, (says,))

    def _overturned(self) -> Iterator[Act]:
        yield from self._denied()
        yield self._held("overturned", "The plan's physician had not seen the treatment of the second day.")
        yield self._payer(self._at(15, 30), self._decision("approved", self._days(3)))

    def _upheld(self) -> Iterator[Act]:
        yield from self._denied()
        yield self._held("upheld", "No agreement on whether the care could be given at a lower level.")
        levels = levels_of(self.stay.review.payer.payer_class)
        if levels:
            appeal = AppealFiled(
                appeal_id="ap-1", denial_id="d-1", level=next(iter(levels)), is_expedited=True
            )
            yield self._hospital(self._at(16, 10), appeal)


def days_lost(stays: Sequence[Stay], day: Day) -> Iterator[Act]:
    """A day that a case manager counts as avoidable, on stays that are past the usual length."""
    reasons = (
        "imaging",
        "payer_authorization",
        "placement",
        "consult",
        "therapy_evaluation",
        "family_not_ready",
    )
    notes = (
        "Scan ordered on the day before, done a day later.", "Waited for the plan's answer.",
        "No place answered by the evening.", "Consult asked in the morning, seen the next day.",
        "No therapist on duty for the ward.", "Family asked for a day to settle the home.",
    )  # fmt: skip
    lost = day.date - timedelta(days=1)
    zone = day.at(7).tzinfo
    longer = [
        one
        for one in stays
        if one.review.stay.gmlos_days is not None
        and (one.review.stay.days or 0) > one.review.stay.gmlos_days
        and (began := one.review.stay.arrival or one.review.stay.admitted) is not None
        and began.astimezone(zone).date() < lost
    ]
    for place, stay in enumerate(longer[:18]):
        says = AvoidableDayRecorded(
            record_id="x-1",
            day=lost,
            days=Decimal(1) if place % 3 else Decimal("0.5"),
            reason=reasons[place % len(reasons)],
            note=notes[place % len(notes)],
        )
        yield Act(day.at(15, 2 * place), stay.case_id, stay.manager, (says,))


def _expected(stay: Stay) -> Decimal | None:
    return stay.review.money.payment.expected
