"""Days lost: avoidable days with reason, owner and price, and whose the waiting was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from discharge.api.pages.case.file import CaseFile
from discharge.api.pages.case.making import Maker
from discharge.api.pages.case.payer.offers import delay, delay_reasons
from discharge.api.pages.case.payer.said import option
from discharge.api.pages.forms import Form
from discharge.casework.state.model import AvoidableDay, Delay
from discharge.casework.work.delays import (
    AvoidableDayPriced,
    AvoidableDays,
    PayerDelay,
    payer_delay,
    priced,
    reasons,
)

_MOST_DAYS = 60


@dataclass(frozen=True)
class LostSeen:
    """A record of avoidable days: as priced, and as it was recorded."""

    priced: AvoidableDayPriced
    record: AvoidableDay


@dataclass(frozen=True)
class DelaySeen:
    """A span that a person attributed; ``change`` says it again, such as with its end."""

    delay: Delay
    to: str
    reason: str
    about: str | None
    change: Form | None


@dataclass(frozen=True)
class PayerWait:
    """What the stay waited for one payer after it was ready."""

    delay: PayerDelay
    title: str


@dataclass(frozen=True)
class Lost:
    """All days lost of a case, with the forms that add to them."""

    days: AvoidableDays
    basis: str
    rows: list[LostSeen]
    delays: list[DelaySeen]
    waits: list[PayerWait]
    day_form: Form | None
    why_no_form: str
    delay_form: Form | None


def lost_of(file: CaseFile, maker: Maker) -> Lost:
    """Return what was lost of the stay up to the page's moment."""
    found = priced(file.state, file.review)
    day_form, why = _day_form(file, maker)
    return Lost(
        days=found,
        basis=_basis(file, found),
        rows=[LostSeen(one, file.state.avoidable_days[one.record_id]) for one in found.records],
        delays=[_delay(file, maker, id, one) for id, one in file.state.delays.items()],
        waits=[_wait(file, one) for one in payer_delay(file.state, file.review, file.profile, file.now)],
        day_form=day_form,
        why_no_form=why,
        delay_form=delay(maker, "days") if file.may_write else None,
    )


def _basis(file: CaseFile, found: AvoidableDays) -> str:
    """Say what the prices rest on, with the moment as pages write it."""
    said, _, moment = found.price_basis.partition("review of ")
    if said or not moment:
        return found.price_basis
    at = datetime.fromisoformat(moment).astimezone(file.work.zone)
    return f"Priced by the review of {at:%b} {at.day}, {at:%H:%M %Z}"


def _day_form(file: CaseFile, maker: Maker) -> tuple[Form | None, str]:
    """Return the form for a day of the stay, the last day first; or why there is none."""
    if not file.may_write:
        return None, ""
    stay = file.review.stay if file.review is not None else None
    began = (stay.arrival or stay.admitted) if stay is not None else None
    if stay is None or began is None:
        return None, "When the stay began is not known, so no day can be counted."
    zone = file.work.zone
    first = began.astimezone(zone).date()
    last = (stay.discharged or file.now).astimezone(zone).date()
    count = (last - first).days + 1
    days = [last - timedelta(days=place) for place in range(min(count, _MOST_DAYS))]
    choices = [(one.isoformat(), f"{one:%a %b} {one.day} (day {(one - first).days + 1})") for one in days]
    named = [
        (one.reason, f"{_area(one.area)}: {one.title}") for one in reasons().values() if one.area is not None
    ]
    owners = sorted({one.owner for one in reasons().values() if one.owner})
    made = maker.make(
        "avoidable_day_recorded", "days", values={"days": 1},
        choices={"day": choices, "reason": named, "owner": [(one, _area(one)) for one in owners]},
    )  # fmt: skip
    return made, ""


def _area(name: str | None) -> str:
    return (name or "").replace("_", " ").capitalize()


def _delay(file: CaseFile, maker: Maker, id: str, one: Delay) -> DelaySeen:
    known = reasons().get(one.reason)
    about = file.state.authorizations.get(one.authorization_id or "")
    change = None
    if file.may_write:
        values: dict[str, object] = {
            "record_id": id,
            "to": one.to,
            "reason": one.reason,
            "start": one.start.astimezone(file.work.zone),
            "end": one.end.astimezone(file.work.zone) if one.end is not None else None,
        }
        if one.authorization_id is not None:
            values["authorization_id"] = one.authorization_id
        choices = list(delay_reasons())
        choices += [] if known is not None else [(one.reason, one.reason)]
        title = "Change or end it"
        made = maker.make("delay_attributed", "days", title=title, values=values, choices={"reason": choices})
        change = made
    return DelaySeen(
        one,
        option("delay_attributed", "to", one.to),
        known.title if known is not None else one.reason,
        option("authorization_requested", "service", about.service) if about is not None else None,
        change,
    )


def _wait(file: CaseFile, one: PayerDelay) -> PayerWait:
    profile = file.desk.library.payers.profiles.get(one.payer_profile or "")
    return PayerWait(one, profile.title if profile is not None else one.payer_profile or "Payer not known")
