"""Kinds of `discharge price` for what the patient owes under Part A: hospital days, nursing facility days."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from discharge.cli.pricing.answer import Answer, PriceKind, Rates
from discharge.cli.pricing.keys import Key, Values
from discharge.costs import sharing
from discharge.costs.priced import Step

DAYS = Key("days", "count", "how many days", is_required=True)
USED = Key("used_days", "count", "days already used in the benefit period", "0")


def _inpatient_days(day: date, values: Values, rates: Rates) -> Answer | None:
    days, used, left = values.count("days"), values.count("used_days"), values.maybe_count("reserve_left")
    told = values.maybe_yes("deductible_met")

    def share(count: int, *, met: bool | None) -> Decimal | None:
        return sharing.inpatient_share(
            day, count, used_days=used, deductible_met=met, reserve_left=left, look_up=rates.rate
        )

    total, daily = share(days, met=told), share(days, met=True)
    if total is None or daily is None:
        if rates.missing:
            return None
        raise ValueError("the days go beyond the benefit period and the reserve days left")
    known = {one.name: one.value for one in rates.seen}
    full = int(known["part_a.full_days"] or 0)
    last = full + int(known["part_a.coinsurance_days"] or 0)
    steps, before, done = [], Decimal(0), 0
    if total != daily:
        steps.append(Step("deductible", "of the benefit period", total - daily))
    for name, end in (
        ("days in full", full),
        ("coinsurance days", last),
        ("reserve days", used + days),
    ):
        count = max(0, min(end, used + days) - used)
        if count > done:
            amount = share(count, met=True) or Decimal(0)
            steps.append(Step(name, f"{count - done} days", amount - before))
            before, done = amount, count
    notes = []
    if used and told is None:
        notes.append("the deductible was due with an earlier day; deductible_met=no counts it here")
    return Answer(total, [*steps, Step("together", f"{days} days", total)], rates.seen, notes)


def _snf_days(day: date, values: Values, rates: Rates) -> Answer | None:
    days, used = values.count("days"), values.count("used_days")
    share = sharing.snf_share(day, days, used_days=used, look_up=rates.rate)
    parts = sharing.snf_coinsurance(day, days, used_days=used, look_up=rates.rate)
    if share is None or parts is None:
        return None
    steps = [Step("coinsurance days", f"{count} x {daily}", count * daily) for count, daily in parts]
    steps.append(Step("together", f"{days} days", share.patient))
    notes = []
    if share.beyond:
        notes.append(f"{share.beyond} of the days lie beyond the benefit: the patient owes what they cost")
    return Answer(share.patient, steps, rates.seen, notes)


OWED_KINDS = {
    "inpatient-days": PriceKind(
        "What the patient owes for hospital days (Part A)",
        (
            DAYS,
            USED,
            Key("deductible_met", "yes", "deductible already paid; if not given: paid if days were used"),
            Key(
                "reserve_left",
                "count",
                "lifetime reserve days left now; if not given, 60 less those among used_days",
                most=Decimal(60),
            ),
        ),
        _inpatient_days,
    ),
    "snf-days": PriceKind(
        "What the patient owes for nursing facility days (Part A)", (DAYS, USED), _snf_days
    ),
}
