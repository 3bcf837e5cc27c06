"""The forms that make sense now, for each request and each denial: one that comes next, and the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import get_args

from discharge.api.pages.case.file import CaseFile
from discharge.api.pages.case.making import Maker
from discharge.api.pages.case.payer.said import option
from discharge.api.pages.forms import YES_NO, Form
from discharge.casework.events.base import Clinician
from discharge.casework.state.model import Authorization, Call, Denial
from discharge.casework.work.answers import STAY_SERVICES, answer, authorized_end, is_adverse, withdrawn
from discharge.casework.work.appeals import levels_of
from discharge.casework.work.clocks import payer_class_of
from discharge.casework.work.conventions import conventions
from discharge.casework.work.delays import reasons
from discharge.packs import Packs
from discharge.payers.schema import Service

_GIVES_DAYS = ("approved", "modified", "partial")
_SERVICE_OF = {"inpatient": "inpatient_acute", "observation": "observation"}
_SOON = timedelta(hours=24)
_UNHELD = ("not_held", "withdrawn")

Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Offers:
    """The form that comes next (None: nothing presses) with why, and the others that can be asked for."""

    next: Form | None = None
    why: str = ""
    others: tuple[Form, ...] = ()
    is_open: bool = False


NOTHING = Offers()


# --- a request -----------------------------------------------------------------------------------------------------


def first_request(maker: Maker) -> Form | None:
    """Return the form for a request that has no number of its own yet; None where nobody may write."""
    file = maker.file
    if not file.may_write:
        return None
    stay = file.review.stay if file.review is not None else None
    service = _SERVICE_OF.get(stay.status) if stay is not None else None
    has_stay = any(one.service in STAY_SERVICES for one in file.state.authorizations.values())
    guess = None if has_stay else service
    profile = file.profile
    asks = profile.requires_authorization(guess) if profile is not None and guess is not None else None
    first = (stay.inpatient_order or stay.admitted or stay.arrival) if stay is not None else None
    values: dict[str, object] = {
        "service": guess,
        "payer_profile": profile.id if profile is not None else None,
        "urgency": "concurrent" if guess is not None else None,
        "requires_prior_authorization": asks,
        "first_day": first.astimezone(file.work.zone).date()
        if first is not None and guess is not None
        else None,
    }
    title = "Ask the payer for something else" if file.state.authorizations else None
    return maker.make(
        "authorization_requested", "requests", title=title, values=values, hide=("payer_profile",),
        choices={"service": _services(), "requires_prior_authorization": YES_NO},
    )  # fmt: skip


def of_request(maker: Maker, id: str) -> Offers:
    """Return what can be recorded of a request now."""
    file = maker.file
    if not file.may_write:
        return NOTHING
    one = file.state.authorizations[id]
    anchor = f"request-{id}"
    calls = {key: call for key, call in file.state.calls.items() if call.authorization_id == id}
    found = list(_of_request(maker, id, one, anchor, calls))
    kind, why = _next_of_request(file, id, one, calls)
    first = next((made for made in found if made.kind == kind), None)
    return Offers(first, why if first is not None else "", tuple(made for made in found if made is not first))


def _of_request(
    maker: Maker, id: str, one: Authorization, anchor: str, calls: Mapping[str, Call]
) -> Iterator[Form]:
    """Yield every form that this request can take now, in the order in which things usually happen."""
    file, values = maker.file, {"authorization_id": id}
    is_over = withdrawn(one) is not None
    for key, question in file.state.payer_questions.items():
        if question.authorization_id == id and question.answered is None:
            title = f"Answer: {_short(question.text)}"
            yield maker.make("payer_answered", anchor, title=title, values={"question_id": key})
    if not is_over:
        yield maker.make("decision_received", anchor, values=values)
    if one.status in _GIVES_DAYS:
        yield maker.make("days_authorized", anchor, values=values)
    if not is_over:
        yield maker.make("payer_asked", anchor, values=values)
    yield from _held(maker, anchor, calls)
    if not is_over:
        physician = _account(file)
        said = {"physician": f"{physician.name}, {physician.credentials}"} if physician is not None else {}
        yield maker.make("peer_to_peer_scheduled", anchor, values=values | said)
    if is_adverse(one) and not _denials_of(file, id):
        yield _denial(maker, anchor, id, one)
    yield _again(maker, anchor, id, one)
    yield delay(maker, anchor, id)


def _next_of_request(
    file: CaseFile, id: str, one: Authorization, calls: Mapping[str, Call]
) -> tuple[str, str]:
    """Return the kind of what comes next for a request, and why; an empty kind where nothing does."""
    if any(
        question.authorization_id == id and question.answered is None
        for question in file.state.payer_questions.values()
    ):
        return "payer_answered", "The payer waits for an answer."
    planned = [call for call in calls.values() if call.held is None and call.at is not None]
    if any(call.at is not None and call.at <= file.now for call in planned):
        return "peer_to_peer_held", "The time of the call is past."
    if withdrawn(one) is not None:
        return "", ""
    if answer(one) is None:
        return "decision_received", "The payer has not answered."
    if is_adverse(one):
        last = one.decisions[-1].made.at
        held = [call for call in calls.values() if call.held is not None and call.outcome not in _UNHELD]
        spoke = any(call.held is not None and call.held.at >= last for call in held)
        if not planned and not spoke and not _is_late(file, id):
            return "peer_to_peer_scheduled", "A physician can still speak with the payer's."
        if not _denials_of(file, id):
            return "denial_received", "Once the notice is on record, the time to appeal is counted."
        return "", ""
    return _ends(file, id)


def _is_late(file: CaseFile, id: str) -> bool:
    """Whether the time for a call between physicians is over."""
    mine = {id, *_denials_of(file, id)}
    return any(
        one.clock_id == "P2P" and one.subject_id in mine and one.status in ("late", "stopped")
        for one in file.work.clocks
    )


def _ends(file: CaseFile, id: str) -> tuple[str, str]:
    """Days that end within a day, while the patient is still here, are asked for again."""
    end = authorized_end(file.state, file.review, file.now.astimezone(file.work.zone))
    is_here = file.review is not None and file.review.stay.is_in_house is not False
    if end is None or end.authorization_id != id or not is_here or end.ends_at > file.now + _SOON:
        return "", ""
    return "authorization_requested", "The approved days end."


def _held(maker: Maker, anchor: str, calls: Mapping[str, Call]) -> Iterator[Form]:
    for key, call in calls.items():
        if call.held is None:
            when = call.at.astimezone(maker.file.work.zone) if call.at is not None else None
            title = f"Outcome of the call of {when:%b} {when.day}, {when:%H:%M}" if when is not None else None
            values = {"call_id": key, "physician": _named(call.physician) or _account(maker.file)}
            values["payer_physician"] = _named(call.payer_physician)
            yield maker.make("peer_to_peer_held", anchor, title=title, values=values)


def _again(maker: Maker, anchor: str, id: str, one: Authorization) -> Form:
    """More days after an approval are a request of their own: the first one's time, and its days, stay on record."""
    gives_days = one.status in _GIVES_DAYS
    file = maker.file
    end = authorized_end(file.state, file.review, file.now.astimezone(file.work.zone)) if gives_days else None
    values: dict[str, object] = {
        "first_day": end.ends_at.date() + timedelta(days=1)
        if end is not None and end.authorization_id == id
        else None,
        "service": one.service if one.service in get_args(Service) else None,
        "payer_profile": one.payer_profile,
        "urgency": one.urgency,
        "requires_prior_authorization": one.requires_prior_authorization,
        "number": one.number,
    }
    if not gives_days:
        values["authorization_id"] = id
    title = "Ask for more days" if gives_days else "Ask again"
    return maker.make(
        "authorization_requested", anchor, title=title, values=values, hide=("payer_profile",),
        choices={"service": _services(), "requires_prior_authorization": YES_NO},
    )  # fmt: skip


def delay(maker: Maker, anchor: str, id: str | None = None) -> Form:
    """Return the form that says whose a delay is; of a request, the payer is put in."""
    values = {} if id is None else {"authorization_id": id, "to": "payer"}
    return maker.make("delay_attributed", anchor, values=values, choices={"reason": delay_reasons()})


@cache
def delay_reasons() -> Choices:
    """Return the reasons of waiting as choices."""
    return [(one.reason, one.title) for one in reasons().values() if one.reason != "clinical"]


# --- a denial ------------------------------------------------------------------------------------------------------


def of_denial(maker: Maker, id: str) -> Offers:
    """Return what can be recorded of a denial now: an appeal, or the decision on one."""
    file = maker.file
    if not file.may_write:
        return NOTHING
    anchor = f"denial-{id}"
    mine = {key: one for key, one in file.state.appeals.items() if one.denial_id == id}
    decided = [
        maker.make(
            "appeal_decided", anchor, values={"appeal_id": key},
            title=f"Decision on the appeal: {option('appeal_filed', 'level', one.level.strip().lower())}",
        )
        for key, one in mine.items()
        if one.decided is None
    ]  # fmt: skip
    taken = {one.level.strip().lower() for one in mine.values()}
    payer_class = payer_class_of(file.review, file.profile)
    left = [one for one in levels_of(payer_class) if one not in taken]
    filed = _appeal(maker, anchor, id, payer_class, left) if left else None
    is_won = any(one.outcome == "overturned" for one in mine.values())
    if decided:
        return Offers(None, "", (*decided, *([filed] if filed is not None else [])))
    if is_won or filed is None:
        return Offers(None, "", (filed,) if filed is not None else ())
    return Offers(filed, "The denial stands, and no appeal is open.")


def _appeal(maker: Maker, anchor: str, id: str, payer_class: str | None, left: Sequence[str]) -> Form:
    """The next level of the payer's class is chosen already, where the class is known."""
    steps = conventions().levels.get(payer_class or "", {})
    first = next((one for one in steps if one in left), None)
    choices = [(one, option("appeal_filed", "level", one)) for one in left]
    values: dict[str, object] = {"denial_id": id, "level": first}
    return maker.make("appeal_filed", anchor, values=values, choices={"level": choices})


def any_denial(maker: Maker) -> Form | None:
    """Return the form for a denial of something that was never asked for, such as a claim."""
    if not maker.file.may_write:
        return None
    title = "A denial came of something else, such as the claim"
    return _denial(maker, "denials", None, None, title=title)


def _denial(
    maker: Maker, anchor: str, id: str | None, one: Authorization | None, title: str | None = None
) -> Form:
    file = maker.file
    last = one.decisions[-1] if one is not None and one.decisions else None
    values: dict[str, object] = {"clinician": last.clinician if last is not None else None}
    if id is not None:
        values["authorization_id"] = id
    if last is not None and last.reason_code:
        values["carc"] = last.reason_code
    return maker.make(
        "denial_received",
        anchor,
        title=title,
        values=values,
        choices={"cause": _causes(file.desk.library.packs)},
    )


def outcome(maker: Maker) -> Form | None:
    """Return the form for how the stay was paid, once the patient has left."""
    file = maker.file
    is_gone = file.review is not None and file.review.stay.is_in_house is False
    return maker.make("outcome_recorded", "outcome") if file.may_write and is_gone else None


# --- parts ---------------------------------------------------------------------------------------------------------


def unlinked(maker: Maker) -> tuple[Form, ...]:
    """Return answers to questions and outcomes of calls that belong to no request."""
    file = maker.file
    if not file.may_write:
        return ()
    asked = [
        maker.make(
            "payer_answered", "loose", title=f"Answer: {_short(one.text)}", values={"question_id": key}
        )
        for key, one in file.state.payer_questions.items()
        if one.answered is None and one.authorization_id not in file.state.authorizations
    ]
    calls = {
        key: one
        for key, one in file.state.calls.items()
        if one.authorization_id not in file.state.authorizations
    }
    return (*asked, *_held(maker, "loose", calls))


def opened(offers: Iterable[tuple[str, Offers]]) -> dict[str, Offers]:
    """Return the offers with the most pressing next form open, and no other."""
    found = dict(offers)
    order = ("payer_answered", "peer_to_peer_held", "decision_received", "peer_to_peer_scheduled")
    rank = {kind: place for place, kind in enumerate(order)}
    pressing = [key for key, one in found.items() if one.next is not None]
    pressing.sort(key=lambda key: rank.get(_kind(found[key]), len(order)))
    if pressing:
        found[pressing[0]] = replace(found[pressing[0]], is_open=True)
    return found


def _kind(one: Offers) -> str:
    return one.next.kind if one.next is not None else ""


@cache
def _services() -> Choices:
    return [(one, option("authorization_requested", "service", one)) for one in get_args(Service)]


def _causes(packs: Packs) -> Choices:
    known = {
        id: one.denial_cause.title for id, one in packs.denial_causes.items() if one.denial_cause is not None
    }
    return sorted(known.items(), key=lambda one: one[1])


def _denials_of(file: CaseFile, id: str) -> dict[str, Denial]:
    return {key: one for key, one in file.state.denials.items() if one.authorization_id == id}


def _account(file: CaseFile) -> Clinician | None:
    """Return who is signed in, where that is a physician."""
    account = file.who.account
    if not account.credentials:
        return None
    found = Clinician(name=account.name, credentials=account.credentials)
    return found if found.is_physician else None


def _named(text: str | None) -> Clinician | None:
    """Return a clinician as written for a call: `Ana Diaz, MD`.

    >>> _named("Ana Diaz, MD")
    Clinician(name='Ana Diaz', credentials='MD', npi=None)
    """
    name, _, credentials = (text or "").partition(",")
    return Clinician(name=name.strip(), credentials=credentials.strip() or None) if name.strip() else None


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 3].rstrip() + "..."
