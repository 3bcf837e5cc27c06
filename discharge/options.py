"""Where the patient can go from here: what each place meets and leaves, whether it fits, who pays, and its price.

Ranked by safety first (fit, then needs left unmet), then by what can be had (eligibility and coverage), then by cost.
A place that has no price yet neither wins nor loses by that: among equals its usual wait places it.
An option that fails on payment alone stays in the list, with its price for the patient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from itertools import groupby
from typing import Literal

from pydantic import Field

from discharge.clocks import authorization_answer
from discharge.costs.catalog import OptionRow, option_table
from discharge.costs.horizon import NOT_PRICED_YET, price
from discharge.costs.inputs import StayPrices
from discharge.costs.ledger import OptionCost
from discharge.costs.stay import StayMoney
from discharge.facts import catalogue
from discharge.needs import Because, Need, because_of, need_table, need_words
from discharge.stayview import RANK, ConclusionLike, Result, Status, StayView, kleene_all

_ANSWERS: dict[str, Status] = {"met": "met", "not_met": "not_met"}
_FACTS_NAMED = 4
_APPROVED_FACTS = {
    "snf",
    "irf",
    "home_health",
    "home_infusion",
    "ltch",
    "hospice",
    "behavioural",
}


class OptionBarrier(Result):
    """What stands between the patient and an option, and who can remove it."""

    option: str
    cause: str
    carc: str | None
    who: str | None
    remedy: str | None
    because: list[Because]
    rule: str
    version: str


class Judged(Result):
    """A status with the rules it comes from; ``notes`` are the rules' own words."""

    status: Status
    notes: list[str] = Field(default_factory=list)
    because: list[Because] = Field(default_factory=list)
    rules: list[str] = Field(default_factory=list)


class PriorAuthorization(Result):
    """Whether the payer wants to be asked first, what it has answered, and by when it must if asked now."""

    required: bool | None
    approved: Status
    clock_id: str | None = None
    answer_by: datetime | None = None


class Waiting(Result):
    """Days that arranging the place usually takes; judged, not measured."""

    low: int
    expected: int
    high: int
    is_placeholder: bool


class Option(Result):
    """One place. ``leaves`` are needs it doesn't meet; ``coverage`` is what the payer would pay for, all told."""

    id: str
    title: str
    meets: list[str]
    leaves: list[str]
    fit: Judged
    eligibility: Judged
    coverage: Judged
    prior_authorization: PriorAuthorization | None
    barriers: list[OptionBarrier]
    cost: OptionCost
    waiting_days: Waiting
    rank: int
    reason: str


class Recommendation(Result):
    """What the options come to. ``option`` is the first choice, ``destination`` the first choice outside the hospital.

    Both are None where nothing can be recommended; ``reason`` then says what is missing. ``likely`` is a rule's own
    guess, where one makes it.
    """

    option: str | None
    destination: str | None
    destination_title: str | None
    reason: str
    likely: str | None = None


def options(view: StayView, found_needs: Sequence[Need], money: StayMoney) -> list[Option]:
    """Return the places for a stay, ranked; none for a patient who died or left against advice."""
    if has_no_destination(view):
        return []
    stay = _Stay.of(view, tuple(need.need for need in found_needs), money)
    made = [
        _option(stay, option_id, row)
        for option_id, row in option_table().options.items()
        if _is_shown(stay, option_id, row)
    ]
    return [
        option.model_copy(update={"rank": place, "reason": _reason(option)})
        for place, option in enumerate(_ranked(made), 1)
    ]


@dataclass(frozen=True)
class _Stay:
    """What all options of a stay have in common, read once. ``said`` holds conclusions by kind and option."""

    view: StayView
    needed: tuple[str, ...]
    prices: StayPrices
    said: Mapping[tuple[str, str], tuple[ConclusionLike, ...]]
    answer: tuple[str | None, datetime | None]

    @classmethod
    def of(cls, view: StayView, needed: tuple[str, ...], money: StayMoney) -> _Stay:
        said: dict[tuple[str, str], tuple[ConclusionLike, ...]] = {}
        for one in view.conclusions:
            option = getattr(one.payload, "option", None)
            if option is not None:
                key = (one.kind, option)
                said[key] = (*said.get(key, ()), one)
        return cls(view, needed, StayPrices.of(view, money), said, authorization_answer(view))

    def judged(self, kind: Literal["fit", "eligibility"], option_id: str) -> Judged:
        return _judged(self.said.get((kind, option_id), ()))


def has_no_destination(view: StayView) -> bool:
    """Return whether the patient died or left against advice, so that there is no place to find."""
    gone = view.text("stay.discharge_disposition") in ("expired", "ama")
    return gone or view.flag("stay.died") is True or view.flag("stay.left_ama") is True


def recommend(view: StayView, ranked: Sequence[Option]) -> Recommendation:
    """Return the recommendation of ranked options: only what is known to fit is recommended."""
    if has_no_destination(view):
        reason = "The patient died or left against advice."
        return Recommendation(option=None, destination=None, destination_title=None, reason=reason)
    likely = _likely(view)
    outside = [option for option in ranked if option.id != "stay"]
    fitting = [option for option in outside if option.fit.status == "met"]
    first = ranked[0] if ranked and ranked[0].fit.status == "met" else None
    if fitting:
        best = fitting[0]
        return Recommendation(
            option=first.id if first else best.id,
            destination=best.id,
            destination_title=best.title,
            reason=best.reason,
            likely=likely,
        )
    return Recommendation(
        option=first.id if first else None,
        destination=None,
        destination_title=None,
        reason=_why_none(view, outside),
        likely=likely,
    )


def _likely(view: StayView) -> str | None:
    """The destination that an advice named ``likely_<option>`` gives."""
    names = (str(getattr(one.payload, "advice", "")) for one in view.concluded("advice"))
    likely = sorted(name.removeprefix("likely_") for name in names if name.startswith("likely_"))
    return next((name for name in likely if name in option_table().options), None)


def _why_none(view: StayView, outside: Sequence[Option]) -> str:
    open_ = [option for option in outside if option.fit.status == "unknown"]
    if not open_:
        return "No destination can be recommended: none of the places fits what is charted."
    missing = dict.fromkeys(
        fact
        for option in open_
        for one in option.fit.because
        if one.status == "unknown"
        for fact in view.unknown_facts(one.criterion)
    )
    known = catalogue()
    named = [known[fact].title if fact in known else fact for fact in list(missing)[:_FACTS_NAMED]]
    facts = "; ".join(named) or "function and help at home"
    return f"No destination can be recommended. Not charted: {facts}."


def _is_shown(stay: _Stay, option_id: str, row: OptionRow) -> bool:
    """Places that nothing calls for are left out; staying is one only while the patient is in the house."""
    if option_id == "stay":
        return stay.prices.common.in_house
    if not row.called_for_by or set(stay.needed).intersection(row.called_for_by):
        return True
    return stay.judged("fit", option_id).status == "met"


def _option(stay: _Stay, option_id: str, row: OptionRow) -> Option:
    eligibility = _eligibility(stay, option_id)
    coverage = _coverage(stay.view, option_id, row, eligibility)
    leaves = [need for need in stay.needed if need not in row.meets]
    return Option(
        id=option_id,
        title=row.title,
        meets=[need for need in stay.needed if need in row.meets],
        leaves=leaves,
        fit=_safe(stay.judged("fit", option_id), leaves),
        eligibility=eligibility,
        coverage=coverage,
        prior_authorization=_prior_authorization(stay, option_id, row),
        barriers=_barriers(stay.said.get(("barrier", option_id), ())),
        cost=price(stay.prices.inputs(option_id, coverage.status)),
        waiting_days=_waiting(option_id),
        rank=0,
        reason="",
    )


def _safe(fit: Judged, leaves: Sequence[str]) -> Judged:
    """Return ``fit``, or a refusal where the place by itself would leave a vital need unmet."""
    rows = need_table().needs
    vital = [need for need in leaves if need in rows and rows[need].vital]
    if not vital or fit.status == "not_met":
        return fit
    note = f"by itself it leaves {need_words(vital)} unmet"
    return fit.model_copy(update={"status": "not_met", "notes": [note]})


@cache
def _waiting(option_id: str) -> Waiting:
    days = option_table().options[option_id].waiting_days
    return Waiting(low=days.low, expected=days.expected, high=days.high, is_placeholder=days.placeholder)


@lru_cache(maxsize=16384)
def _judged(found: tuple[ConclusionLike, ...]) -> Judged:
    """The worst of what rules concluded about an option; unknown where none did."""
    if not found:
        return Judged(status="unknown")
    words = [_ANSWERS.get(str(getattr(one.payload, "status", "")), "unknown") for one in found]
    worst = kleene_all(*words)
    decisive = [one for one, word in zip(found, words, strict=True) if word == worst]
    notes = dict.fromkeys(str(note) for one in decisive if (note := getattr(one.payload, "note", None)))
    pairs = dict.fromkeys(pair for one in decisive for pair in one.because)
    rules = dict.fromkeys(f"{one.file_id} {one.version}" for one in decisive)
    return Judged(status=worst, notes=list(notes), because=because_of(tuple(pairs)), rules=list(rules))


def _eligibility(stay: _Stay, option_id: str) -> Judged:
    judged = stay.judged("eligibility", option_id)
    if option_id == "home" and not judged.rules:
        return Judged(status="met", notes=["no payer's leave is needed"])
    return judged


def _coverage(view: StayView, option_id: str, row: OptionRow, eligibility: Judged) -> Judged:
    """Whether the payer would pay: the policy covers the service, and its coverage rules are met."""
    if option_id == "home":
        return Judged(status="met", notes=["nothing to cover but follow-up visits"])
    if view.payer is None:
        return Judged(status="unknown", notes=["no payer profile matched"])
    if view.payer.payer_class == "self_pay":
        return Judged(status="not_met", notes=["there is no payer"])
    benefits = {str(name): one for name, one in view.payer.benefits.items()}
    benefit = benefits.get(option_id) or benefits.get(row.service or "")
    if benefit is not None and benefit.covered is False:
        return Judged(status="not_met", notes=[benefit.note or f"{view.payer.title} does not cover it"])
    return eligibility


def _prior_authorization(stay: _Stay, option_id: str, row: OptionRow) -> PriorAuthorization | None:
    view, service = stay.view, row.service
    if view.payer is None or service is None or option_id == "stay":
        return None
    required = view.payer.requires_authorization(service)
    if required is False:
        return PriorAuthorization(required=False, approved="unknown")
    approved: Status = "unknown"
    if service in _APPROVED_FACTS:
        answer = view.flag(f"authorization.{service}_is_approved")
        approved = "unknown" if answer is None else "met" if answer else "not_met"
    clock_id, answer_by = stay.answer if approved != "met" else (None, None)
    return PriorAuthorization(required=required, approved=approved, clock_id=clock_id, answer_by=answer_by)


@lru_cache(maxsize=16384)
def _barriers(said: tuple[ConclusionLike, ...]) -> list[OptionBarrier]:
    found: dict[str, OptionBarrier] = {}
    for one in said:
        if one.name not in found:
            found[one.name] = OptionBarrier(
                option=str(getattr(one.payload, "option", "")),
                cause=str(getattr(one.payload, "cause", "")),
                carc=getattr(one.payload, "carc", None),
                who=getattr(one.payload, "who", None),
                remedy=getattr(one.payload, "remedy", None),
                because=because_of(one.because),
                rule=one.file_id,
                version=one.version,
            )
    return [found[name] for name in sorted(found)]


def _ranked(made: Sequence[Option]) -> list[Option]:
    """Best first. Where price decides, a place without a price stands before those that take longer to arrange."""
    ranked: list[Option] = []
    for _, equals in groupby(sorted(made, key=_key), key=_key):
        group = sorted(equals, key=_price_key)
        placed = [option for option in group if _has_price(option)]
        for option in sorted((one for one in group if not _has_price(one)), key=_wait_key):
            wait = option.waiting_days.expected
            longer = (i for i, other in enumerate(placed) if other.waiting_days.expected > wait)
            placed.insert(next(longer, len(placed)), option)
        ranked += placed
    return ranked


def _key(option: Option) -> tuple[int, int, int, int]:
    """Safety, then what can be had; staying on comes first of equals while hospital care is needed."""
    return (
        -RANK[option.fit.status],
        0 if option.id == "stay" and option.fit.status == "met" else 1,
        len(option.leaves),
        -RANK[kleene_all(option.eligibility.status, option.coverage.status)],
    )


def _price_key(option: Option) -> tuple[bool, Decimal, str]:
    cost = option.cost.total_expected_usd
    return cost is None, cost if cost is not None else Decimal(0), option.id


def _wait_key(option: Option) -> tuple[int, str]:
    return option.waiting_days.expected, option.id


def _has_price(option: Option) -> bool:
    """Whether places of this kind are priced at all; a price may still be unknown for this stay."""
    return option_table().options[option.id].priced


def _reason(option: Option) -> str:
    """One sentence for the rank: fit, needs left, who pays and why, and the price with the patient's part."""
    fit = {
        "met": "Fits what is charted",
        "unknown": "Whether it fits is not charted",
        "not_met": "Does not fit what is charted",
    }[option.fit.status]
    left = f", leaves {need_words(option.leaves)} unmet" if option.leaves else ""
    note = option.coverage.notes[0] if option.coverage.notes else ""
    paid = {"met": "covered", "unknown": "coverage still open", "not_met": "not covered"}[
        option.coverage.status
    ]
    why = f" ({note})" if note and option.coverage.status == "met" else f": {note}" if note else ""
    return f"{fit}{left}; {paid}{why}; {_cost_words(option.cost)}."


def _cost_words(cost: OptionCost) -> str:
    if NOT_PRICED_YET in cost.not_priced:
        return "not priced"
    if cost.total_expected_usd is None:
        return "cost not fully known"
    words = f"about ${cost.total_expected_usd:,.0f} in all over {cost.horizon_days} days"
    patient = cost.patient.expected
    return words if patient is None else f"{words}, ${patient:,.0f} of it the patient's"
