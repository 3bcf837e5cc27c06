"""When the benefit doesn't cover the place that fits: what each party pays under each arrangement, and where all gain.

Everything is made from the prices of the options, for the same horizon. Nothing is sent, offered or promised here.
"""

from __future__ import annotations

from collections.abc import Sequence

from discharge.clocks import authorization_answer
from discharge.costs.amounts import Range
from discharge.costs.catalog import option_table
from discharge.costs.inputs import StayPrices
from discharge.costs.ledger import PURSES, OptionCost
from discharge.costs.stay import StayMoney
from discharge.negotiation import words
from discharge.negotiation.arrange import Case, agreements, other_place, per_unit
from discharge.negotiation.course import course
from discharge.negotiation.limits import advice, freed_days, joint, patient_ceiling, pay_lost
from discharge.negotiation.model import (
    Arrangement,
    ArrangementLine,
    Ceiling,
    Course,
    IfCovered,
    Missing,
    Negotiation,
    Party,
    Unit,
    Zone,
)
from discharge.negotiation.others import first_open, if_covered
from discharge.negotiation.pricing import bill, days_for, kept, taken_apart
from discharge.negotiation.subject import Baseline, baseline, subject
from discharge.negotiation.table import arrangement_table, person
from discharge.negotiation.zone import joint_zone, zone
from discharge.options import Option
from discharge.stayview import StayView

__all__ = [
    "Arrangement",
    "ArrangementLine",
    "Ceiling",
    "Course",
    "IfCovered",
    "Missing",
    "Negotiation",
    "Party",
    "Zone",
    "joint_zone",
    "negotiate",
    "zone",
]

_STAY_LENGTH = "how many more days the patient would stay"


def negotiate(view: StayView, ranked: Sequence[Option], money: StayMoney) -> Negotiation | None:
    """Return what can be negotiated for a stay; None where the place that fits is covered, or nobody knows who pays."""
    is_here = any(one.id == "stay" for one in ranked)  # staying is an option only for who is in the house
    option = subject(ranked) if is_here and view.payer is not None else None
    without = baseline(ranked) if option is not None else None
    if option is None or without is None:
        return None
    prices = StayPrices.of(view, money)
    priced = taken_apart(prices, option.id)
    days = days_for(prices)
    units = days or 1
    case = Case(
        prices=prices,
        option=option,
        priced=priced,
        units=units,
        floor=per_unit(priced.price, units),
        base_id=without.option.id,
        base=_base(without, days),
        pay_lost=pay_lost(prices, without.option, option),
        payer_class=view.payer_class,
    )
    places = [one for one in ranked if _is_shown(one, option, without)]
    ways = [*agreements(case), *(other_place(case, one) for one in places)]
    return _packet(view, case, ranked, without, days, ways)


def _is_shown(one: Option, option: Option, without: Baseline) -> bool:
    """Other places that fit or may fit and aren't the one negotiated; staying always."""
    if one.id in ("stay", without.option.id):
        return True
    return one.id not in ("home", option.id) and one.fit.status != "not_met"


def _base(without: Baseline, days: int | None) -> dict[Party, Range]:
    """What each party pays without an agreement; unknown where nobody knows how long the patient would stay."""
    if without.option.id == "stay" and days is None:
        return dict.fromkeys(PURSES, Range())
    return bill(without.option.cost).parties


def _assumptions(costs: Sequence[OptionCost]) -> list[str]:
    """What the comparison rests on: its own first, then those of the prices."""
    table = arrangement_table()
    own = [table.left_out.text, table.minor.text, *table.assumes]
    return list(dict.fromkeys([*own, *kept(text for cost in costs for text in cost.assumptions)]))


def _rates(ways: Sequence[Arrangement], places: Sequence[OptionCost]) -> list[str]:
    """Names of the rates behind every amount shown."""
    names = {name for way in ways for line in way.lines for name in line.rates}
    names |= {name for cost in places for line in bill(cost).lines for name in line.rates}
    return sorted(names)


def _packet(
    view: StayView,
    case: Case,
    ranked: Sequence[Option],
    without: Baseline,
    days: int | None,
    ways: list[Arrangement],
) -> Negotiation:
    opening = first_open(ways)
    unit: Unit = "day" if days is not None else "course"
    clock, answer_by = authorization_answer(view)
    lacking = {(one.figure, one.ask): one for way in ways for one in way.missing}
    if without.option.id == "stay" and days is None:
        lacking[_STAY_LENGTH, ""] = Missing(figure=_STAY_LENGTH, ask=person("physician"))
    shown = {way.option for way in ways}
    places = [one.cost for one in ranked if one.id in shown]
    costs = [case.priced.uncovered.cost, case.priced.covered.cost, without.option.cost]
    return Negotiation(
        option=case.option.id,
        option_title=case.option.title,
        service=option_table().options[case.option.id].service,
        why=case.option.coverage.notes[0] if case.option.coverage.notes else "it is not covered",
        course=course(view, case, days),
        baseline=without.option.id,
        baseline_title=without.option.title,
        baseline_reason=without.reason,
        unit=unit,
        units=case.units,
        horizon_days=case.priced.uncovered.cost.horizon_days,
        floor=case.floor if case.priced.service else None,
        price=case.priced.price if case.priced.service else Range(),
        arrangements=ways,
        opening=opening.id if opening else None,
        joint_zone=joint(case),
        if_covered=list(if_covered(case, ranked, unit)),
        patient_ceiling=patient_ceiling(view, case),
        payer_saving=opening.saving["payer"] if opening else Range(),
        days_freed=freed_days(case, without.option, days),
        pay_lost=case.pay_lost,
        answer_by=answer_by,
        answer_clock=clock,
        sentence=words.summary(case.option, opening, ways, unit),
        advice=advice(view, case, without.option),
        assumptions=_assumptions(costs),
        placeholders=sorted(kept({text for cost in (*costs, *places) for text in cost.placeholders})),
        missing=list(lacking.values()),
        rates=_rates(ways, places),
    )
