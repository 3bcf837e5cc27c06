"""Places after the hospital side by side: fit, needs, eligibility, coverage, providers, barriers, risk, cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from discharge.api.pages.case.file import CaseFile
from discharge.api.pages.case.plan.money import PurseView, purse_views
from discharge.api.pages.forms import Form, form
from discharge.casework.state.model import CaseState, Trace
from discharge.needs import need_table
from discharge.options import Option
from discharge.options.model import Judged, OptionBarrier
from discharge.reference import load_yaml
from discharge.review.model import Review

COLUMNS = 4
STAY = "stay"


@dataclass(frozen=True)
class RuleSeen:
    """A rule that says so; ``cites`` are the titles of its sources."""

    title: str
    version: str
    is_checked: bool
    cites: tuple[str, ...]


@dataclass(frozen=True)
class Said:
    """A status in the rules' own words, with the rules."""

    status: str
    notes: tuple[str, ...]
    rules: tuple[RuleSeen, ...]


@dataclass(frozen=True)
class BarrierSeen:
    """What stands in the way of a place. ``id`` is that of the event that clears it; ``cleared`` when it did."""

    id: str
    title: str
    who: str | None
    remedy: str | None
    carc: str | None
    rule: RuleSeen | None
    cleared: Trace | None
    how: str | None


@dataclass(frozen=True)
class PlaceCard:
    """One place. ``marks`` are words such as `recommended` and `planned`."""

    id: str
    title: str
    marks: tuple[str, ...]
    reason: str
    fit: Said
    meets: tuple[str, ...]
    leaves: tuple[str, ...]
    eligibility: Said
    coverage: Said
    leave: str
    leave_due: datetime | None
    availability: str
    availability_note: str
    barriers: tuple[BarrierSeen, ...]
    risk_low: Decimal | None
    risk: Decimal | None
    risk_high: Decimal | None
    risk_basis: str
    waiting: str
    is_waiting_estimate: bool
    purses: tuple[PurseView, ...]
    total_usd: Decimal | None
    horizon_days: int
    rests_on: tuple[tuple[str, tuple[str, ...]], ...]
    draft: Form | None


@dataclass(frozen=True)
class PlaceLine:
    """A place that is not among the columns: why not, and the way to put it beside them."""

    title: str
    fit: str
    why: str
    expected: tuple[Decimal | None, ...]
    path: str


@dataclass(frozen=True)
class Places:
    """The columns, and the places that are folded below."""

    columns: tuple[PlaceCard, ...]
    rest: tuple[PlaceLine, ...]
    added: str | None


def places(file: CaseFile, review: Review, added: str | None) -> Places:
    """Return the places of a review; ``added`` is one that was asked to stand among the columns."""
    planned = next((one.option for one in reversed(file.state.plans.values()) if one.option), None)
    shown = chosen(review, planned, added)
    kept = {one.id for one in shown}
    return Places(
        columns=tuple(_card(file, review, one, planned) for one in shown),
        rest=tuple(_line(file, one) for one in review.options if one.id not in kept),
        added=added if added in kept else None,
    )


def chosen(review: Review, planned: str | None, added: str | None) -> list[Option]:
    """Return the columns: the recommended place, the planned one, staying while in the house, then by rank."""
    known = {one.id: one for one in review.options}
    wanted = [review.plan.recommended, planned, added, STAY]
    first = [known[name] for name in dict.fromkeys(wanted) if name is not None and name in known]
    rest = [one for one in review.options if one not in first]
    found = [*first, *rest[: max(0, COLUMNS - len(first))]][:COLUMNS]
    best = {review.plan.recommended: 0, planned: 1}
    return sorted(found, key=lambda one: (best.get(one.id, 2), one.id == STAY, one.rank))


def _card(file: CaseFile, review: Review, option: Option, planned: str | None) -> PlaceCard:
    asked = option.prior_authorization
    risk = option.readmission
    return PlaceCard(
        id=option.id,
        title=option.title,
        marks=_marks(review, option, planned),
        reason=option.reason,
        fit=_said(review, option.fit),
        meets=_needs(option.meets),
        leaves=_needs(option.leaves),
        eligibility=_said(review, option.eligibility),
        coverage=_said(review, option.coverage),
        leave=_leave(option),
        leave_due=asked.answer_by if asked is not None and asked.required is not False else None,
        availability=option.availability.status,
        availability_note=option.availability.note,
        barriers=barriers_of(file.state, review, option.barriers),
        risk_low=risk.low,
        risk=risk.expected,
        risk_high=risk.high,
        risk_basis=risk.basis,
        waiting=_waiting(option),
        is_waiting_estimate=option.waiting_days.is_placeholder,
        purses=purse_views(review, option.cost),
        total_usd=option.cost.total_expected_usd,
        horizon_days=option.cost.horizon_days,
        rests_on=_rests_on(option),
        draft=draft_form(file, option.id, f"draft-{option.id}") if option.id != STAY else None,
    )


def draft_form(file: CaseFile, option: str | None, id: str, button: str | None = None) -> Form | None:
    """Return the button that drafts a plan for a place; None where nothing can be written or a plan is there."""
    if not file.may_write or file.digest is None or (file.state.plans and option is not None):
        return None
    return form(
        "plan_drafted",
        f"/cases/{file.case_id}/plan/draft",
        back=f"/cases/{file.case_id}/plan#plan",
        version=file.version,
        values={"review_digest": file.digest, "option": option},
        id=id,
        button=button,
    )


def _marks(review: Review, option: Option, planned: str | None) -> tuple[str, ...]:
    marks = []
    if option.id == review.plan.recommended:
        marks.append("recommended")
    if option.id == planned:
        marks.append("planned")
    if option.is_likely and option.id != review.plan.recommended:
        marks.append("likely by rule of thumb")
    return tuple(marks)


def _needs(names: Sequence[str]) -> tuple[str, ...]:
    rows = need_table().needs
    return tuple(rows[name].title if name in rows else name.replace("_", " ") for name in names)


def _said(review: Review, judged: Judged) -> Said:
    named = [one.partition(" ") for one in judged.rules]
    return Said(
        judged.status,
        tuple(judged.notes),
        tuple(rule_seen(review, name, version) for name, _, version in named),
    )


def rule_seen(review: Review, name: str, version: str) -> RuleSeen:
    """Return a rule file by its title, with the sources that its conclusions cite."""
    told = review.provenance.files.get(name)
    keys = dict.fromkeys(key for one in review.conclusions if one.rule_file == name for key in one.citations)
    cites = (review.provenance.citations.get(key) for key in keys)
    return RuleSeen(
        title=told.title if told is not None else name,
        version=version,
        is_checked=told is not None and told.verified,
        cites=tuple(dict.fromkeys(one.title for one in cites if one is not None)),
    )


def barriers_of(state: CaseState, review: Review, found: Sequence[OptionBarrier]) -> tuple[BarrierSeen, ...]:
    """Return the barriers of a place in words, with what people did about each."""
    names = load_yaml("barriers.yaml")["barriers"]
    made = []
    for one in found:
        known = state.barriers.get(f"{one.option}/{one.cause}")
        made.append(
            BarrierSeen(
                id=f"{one.option}/{one.cause}",
                title=str(names.get(one.cause, one.cause.replace("_", " "))),
                who=one.who,
                remedy=one.remedy,
                carc=one.carc,
                rule=rule_seen(review, one.rule, one.version),
                cleared=known.cleared if known is not None else None,
                how=known.how if known is not None else None,
            )
        )
    return tuple(made)


def _leave(option: Option) -> str:
    """The payer's leave in words."""
    asked = option.prior_authorization
    if asked is None:
        return "No leave of a payer to ask for"
    if asked.required is False:
        return "Not needed"
    given = {"met": "given", "not_met": "not given", "unknown": "no answer on record"}[asked.approved]
    return f"Needed; {given}" if asked.required else f"Not known whether it is needed; {given}"


def _waiting(option: Option) -> str:
    days = option.waiting_days
    if days.high == 0:
        return "Can usually start at once"
    if days.expected == 0:
        return f"Usually the same day (up to {days.high} {'day' if days.high == 1 else 'days'})"
    usual = "1 day" if days.expected == 1 else f"{days.expected} days"
    return f"Usually {usual} to arrange ({days.low} to {days.high})"


def _rests_on(option: Option) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What the amounts assume, leave out, and which figures in them are estimates."""
    cost = option.cost
    guessed = sorted({text.replace("_", " ") for text in cost.placeholders})
    found = (
        ("Assumed", tuple(cost.assumptions)),
        ("Not priced, so not in the sums", tuple(cost.not_priced)),
        ("Estimates and proposed figures, not final rates", tuple(guessed)),
    )
    return tuple((title, texts) for title, texts in found if texts)


def _line(file: CaseFile, option: Option) -> PlaceLine:
    if option.fit.status == "not_met" and option.fit.notes:
        why = "; ".join(option.fit.notes)
    else:
        why = option.reason
    base = file.path("plan")
    return PlaceLine(
        title=option.title,
        fit=option.fit.status,
        why=why[:1].upper() + why[1:],
        expected=(option.cost.payer.expected, option.cost.patient.expected, option.cost.hospital.expected),
        path=f"{base}{'&' if '?' in base else '?'}beside={option.id}#places",
    )
