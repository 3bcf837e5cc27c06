"""What rules, profile and directory say of one place: fit, eligibility, coverage, authorization, barriers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Literal

from discharge.clocks import authorization_answer
from discharge.costs.catalog import OptionRow, option_table
from discharge.costs.inputs import StayPrices
from discharge.costs.stay import StayMoney
from discharge.needs import because_of, need_table, need_words
from discharge.options.model import Judged, OptionBarrier, PriorAuthorization, Waiting
from discharge.readmission import HOSPICE, NOT_DISCHARGED, ReadmissionRisk, readmission_risk
from discharge.stayview import ConclusionLike, Status, StayView, kleene_all

_ANSWERS: dict[str, Status] = {"met": "met", "not_met": "not_met"}
_APPROVED_FACTS = {"snf", "irf", "home_health", "home_infusion", "ltch", "hospice", "behavioural"}
_HOSPICE = {"hospice_home", "hospice_inpatient"}


@dataclass(frozen=True)
class StayAsked:
    """What all options of a stay have in common, read once. ``said`` holds conclusions by kind and option."""

    view: StayView
    needed: tuple[str, ...]
    prices: StayPrices
    said: Mapping[tuple[str, str], tuple[ConclusionLike, ...]]
    answer: tuple[str | None, datetime | None]
    guesses: tuple[str, ...]
    risk: ReadmissionRisk

    @classmethod
    def of(cls, view: StayView, needed: tuple[str, ...], money: StayMoney) -> StayAsked:
        """Read a stay."""
        said: dict[tuple[str, str], tuple[ConclusionLike, ...]] = {}
        for one in view.conclusions:
            option = getattr(one.payload, "option", None)
            if option is not None:
                key = (one.kind, option)
                said[key] = (*said.get(key, ()), one)
        return cls(
            view,
            needed,
            StayPrices.of(view, money),
            said,
            authorization_answer(view),
            guesses(view),
            readmission_risk(view),
        )

    def judged(self, kind: Literal["fit", "eligibility"], option_id: str) -> Judged:
        """Return the worst of what rules concluded; unknown where none did."""
        return _judged(self.said.get((kind, option_id), ()))

    def readmission(self, option_id: str) -> ReadmissionRisk:
        """Return the patient's risk after leaving for a place."""
        if option_id == "stay":
            return NOT_DISCHARGED
        return HOSPICE if option_id in _HOSPICE else self.risk


def guesses(view: StayView) -> tuple[str, ...]:
    """Return the places that rules guess while the chart is thin: advice ``likely_<option>``, then ``next_likely_``."""
    names = sorted(str(getattr(one.payload, "advice", "")) for one in view.concluded("advice"))
    options = option_table().options
    found = (
        name.removeprefix(prefix)
        for prefix in ("likely_", "next_likely_")
        for name in names
        if name.startswith(prefix)
    )
    return tuple(dict.fromkeys(name for name in found if name in options))


def is_shown(stay: StayAsked, option_id: str, row: OptionRow) -> bool:
    """Places that nothing calls for are left out; staying is one only while the patient is in the house."""
    if option_id == "stay":
        return stay.prices.common.in_house
    if not row.called_for_by or set(stay.needed).intersection(row.called_for_by):
        return True
    return option_id in stay.guesses or stay.judged("fit", option_id).status == "met"


def safe(fit: Judged, leaves: Sequence[str]) -> Judged:
    """Return ``fit``, or a refusal where the place by itself would leave a vital need unmet."""
    rows = need_table().needs
    vital = [need for need in leaves if need in rows and rows[need].vital]
    if not vital or fit.status == "not_met":
        return fit
    note = f"by itself it leaves {need_words(vital)} unmet"
    return fit.model_copy(update={"status": "not_met", "notes": [note]})


@cache
def waiting(option_id: str) -> Waiting:
    """Return the days that arranging a place usually takes."""
    days = option_table().options[option_id].waiting_days
    return Waiting(low=days.low, expected=days.expected, high=days.high, is_placeholder=days.placeholder)


@lru_cache(maxsize=16384)
def _judged(found: tuple[ConclusionLike, ...]) -> Judged:
    if not found:
        return Judged(status="unknown")
    words = [_ANSWERS.get(str(getattr(one.payload, "status", "")), "unknown") for one in found]
    worst = kleene_all(*words)
    decisive = [one for one, word in zip(found, words, strict=True) if word == worst]
    notes = dict.fromkeys(str(note) for one in decisive if (note := getattr(one.payload, "note", None)))
    pairs = dict.fromkeys(pair for one in decisive for pair in one.because)
    rules = dict.fromkeys(f"{one.file_id} {one.version}" for one in decisive)
    return Judged(status=worst, notes=list(notes), because=because_of(tuple(pairs)), rules=list(rules))


def eligibility(stay: StayAsked, option_id: str) -> Judged:
    """Return whether the payer's coverage rules allow a place."""
    judged = stay.judged("eligibility", option_id)
    if option_id == "home" and not judged.rules:
        return Judged(status="met", notes=["no payer's leave is needed"])
    return judged


def coverage(view: StayView, option_id: str, row: OptionRow, eligible: Judged) -> Judged:
    """Return whether the payer would pay: the policy covers the service, and its coverage rules are met."""
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
    return eligible


def prior_authorization(stay: StayAsked, option_id: str, row: OptionRow) -> PriorAuthorization | None:
    """Return what the payer asks before the service; None where there is no service or no payer to ask."""
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
def barriers(said: tuple[ConclusionLike, ...]) -> list[OptionBarrier]:
    """Return what stands in the way of a place, each once."""
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
