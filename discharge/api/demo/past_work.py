"""What became of stays that ended before: payment, refusal, appeal. Written down on the demonstration's day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from discharge.api.demo.acts import Act, Day, Staff, Stay
from discharge.api.demo.staff import PLAN_PHYSICIAN
from discharge.casework.events.utilization import AppealDecided, AppealFiled, DenialReceived, OutcomeRecorded
from discharge.casework.work.appeals import levels_of

_ANSWERED = timedelta(days=30)
_CAUSES = (
    ("auth_denied", "50"),
    ("no_auth", "197"),
    ("missing_record", "252"),
    ("status_expectation_undocumented", "50"),
)
MOST = 48


def past(stays: Sequence[Stay], staff: Staff, day: Day) -> Iterator[Act]:
    """Stays that ended so long ago that the payer has answered: two of three paid, the others refused at first."""
    ended = [
        one for one in stays if one.row.discharged_at is not None and one.review.payer.profile is not None
    ]
    answered = [one for one in ended if (one.row.discharged_at or day.at(7)) + 2 * _ANSWERED < day.at(7)]
    for place, stay in enumerate(answered[:MOST]):
        left = stay.row.discharged_at or day.at(7)
        told = day.at(16, place)
        amount = stay.review.money.payment.expected

        def act(at: datetime, *says: Any, told: datetime = told, stay: Stay = stay) -> Act:
            return Act(at, stay.case_id, staff.supervisor, says, told)

        if place % 3 != 2:
            yield act(left + _ANSWERED, OutcomeRecorded(outcome="paid", paid_usd=amount))
            continue
        cause, carc = _CAUSES[(place // 3) % len(_CAUSES)]
        denial = DenialReceived(
            denial_id="d-1", of="claim", carc=carc, cause=cause, amount_usd=amount, clinician=PLAN_PHYSICIAN,
            notice_at=left + _ANSWERED, is_receipt_documented=True,
        )  # fmt: skip
        yield act(left + _ANSWERED, denial)
        yield from _appealed(stay, place // 3, carc, amount, left, act)


def _appealed(
    stay: Stay, place: int, carc: str, amount: Decimal | None, left: datetime, act: Any
) -> Iterator[Act]:
    """Three of four refusals are appealed, and two of those won."""
    levels = levels_of(stay.review.payer.payer_class)
    if place % 4 == 3 or not levels:
        yield act(left + 2 * _ANSWERED, OutcomeRecorded(outcome="denied", carc=(carc,), denied_usd=amount))
        return
    filed = AppealFiled(appeal_id="ap-1", denial_id="d-1", level=next(iter(levels)))
    yield act(left + _ANSWERED + timedelta(days=6), filed)
    won = place % 4 != 2
    decided = AppealDecided(
        appeal_id="ap-1", outcome="overturned" if won else "upheld", amount_usd=amount if won else None
    )
    after = left + 2 * _ANSWERED - timedelta(days=2)
    paid = OutcomeRecorded(outcome="paid", paid_usd=amount)
    refused = OutcomeRecorded(outcome="denied", carc=(carc,), denied_usd=amount)
    yield act(after, decided, paid if won else refused)
