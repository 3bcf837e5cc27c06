"""Treatment by vein after the stay: at home, in a suite, by a long-acting drug; treatment by mouth instead.

The pharmacy's per diem holds pump, supplies and its own service; the drug and the nurse come on top. Part B pays for
a home infusion drug's pump, supplies and drug, and for the days on which a nurse visits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from discharge.costs.amounts import ZERO
from discharge.costs.home import home_infusion_visits
from discharge.costs.ledger import Three, same
from discharge.costs.opat import opat_labs, weekly_tests
from discharge.costs.rates import planning_table
from discharge.costs.services.case import ONCE, Bundle, Case, Days, Part, iv_days
from discharge.costs.services.drug import drug_part, long_acting_part, oral_part

HOME_INFUSIONS = ("home_infusion", "home_infusion_self")
_WITH_LABS = (*HOME_INFUSIONS, "infusion_suite", "long_acting", "oral_step_down")
_WITH_LINE = (*HOME_INFUSIONS, "infusion_suite", "snf")
_CHARTED_DRUG = (*HOME_INFUSIONS, "infusion_suite")
_CATEGORY = 1


def home_infusion(case: Case) -> tuple[Bundle, ...] | None:
    """Home infusion with a nurse who comes several times a week."""
    days = iv_days(case)
    each = case.days("nurse_visits_week", most=7)
    weeks = days.weekly()
    visits = Days(*(min(one, day) for one, day in zip(weeks.times(*each), days, strict=True)))
    return _infusion(case, days, visits)


def home_infusion_self(case: Case) -> tuple[Bundle, ...] | None:
    """Home infusion given by patient or caregiver: visits to teach it, then one a week."""
    days = iv_days(case)
    taught = case.days("teaching_visits", most=7)
    case.ledger.assume("after the teaching visits a nurse comes once a week")
    visits = Days(*(min(one, day) for one, day in zip(days.weekly().plus(taught), days, strict=True)))
    return _infusion(case, days, visits)


def _infusion(case: Case, days: Days, visits: Days) -> tuple[Bundle, ...] | None:
    if case.is_medicare and not case.is_uncovered:
        return _part_b(case, days, visits)
    return _per_diem(case, days, visits)


def _part_b(case: Case, days: Days, visits: Days) -> tuple[Bundle, ...] | None:
    """Part B: the visits by category 1, the drug and its pump and supplies."""
    case.ledger.assume("Part B category 1; days without a visit pay nothing for the service")
    amounts = []
    for count in visits:
        found = home_infusion_visits(case.inputs.day, _CATEGORY, count, tables=planning_table)
        if found is None:
            return None
        case.used(*found[1])
        amounts.append(found[0])
    parts = [case.part("home infusion visits", "visits", Three(*amounts), visits.text("visits"))]
    pump = case.value("equipment.pump_day")
    if pump is not None:
        parts.append(case.part("infusion pump", "equipment", days.priced(same(pump)), days.text("d")))
    supplies = case.between("supplies.infusion_day")
    if supplies is not None:
        parts.append(case.part("infusion supplies", "supplies", days.priced(supplies), days.text("d")))
    parts += drug_part(case, days)
    return (Bundle("home infusion", "home_infusion", tuple(parts), visits, "visit"),)


def _per_diem(case: Case, days: Days, visits: Days) -> tuple[Bundle, ...] | None:
    """Pharmacy per diem, nurse and drug, as plans and patients pay them."""
    fee = case.fee("home_infusion_per_diem_usd")
    daily = same(fee) if fee is not None else case.between("infusion.per_diem")
    if daily is None:
        return None
    pharmacy = case.part("home infusion pharmacy, per diem", "pharmacy", days.priced(daily), days.text("d"))
    nurse = case.fee("home_infusion_visit_usd")
    if nurse is None:
        nurse = case.fee("home_health_visit_usd")
    if nurse is None:
        nurse = case.private("private.nurse_visit")
    if nurse is None:
        return None
    nursing = case.part("nurse visits", "visits", visits.priced(same(nurse)), visits.text("visits"))
    case.ledger.assume("the pharmacy's per diem holds pump and supplies")
    if case.is_medicare:
        case.ledger.assume(
            "a Part D plan may pay for the drug; it isn't known, so the drug is the patient's here"
        )
    parts = (pharmacy, nursing, *drug_part(case, days))
    return (Bundle("home infusion", "home_infusion", parts, days, "day"),)


def infusion_suite(case: Case) -> tuple[Bundle, ...] | None:
    """A visit to an infusion suite every day: the contract's, else from an office's to a hospital's fee."""
    days = iv_days(case)
    fee = _visit_fee(case, "infusion_suite_visit_usd")
    if fee is None:
        return None
    case.ledger.assume("one visit of an hour a day")
    part = case.part("infusion visits", "visits", days.priced(fee), days.text("visits"))
    parts = (part, *drug_part(case, days))
    return (Bundle("infusion suite", "infusion_suite", parts, days, "visit"),)


def _visit_fee(case: Case, *names: str) -> Three | None:
    for name in names:
        fee = case.fee(name)
        if fee is not None:
            return same(fee)
    office, hospital = case.value("pfs.infusion_first_hour"), case.value("opps.infusion_first_hour")
    if office is None or hospital is None:
        return None
    return case.stand_in(Three(office, hospital, hospital))


def long_acting(case: Case) -> tuple[Bundle, ...] | None:
    """One or a few visits for a long-acting drug."""
    visits = case.days("long_acting_visits", most=60)
    fee = _visit_fee(case, "long_acting_visit_usd", "infusion_suite_visit_usd")
    if fee is None:
        return None
    part = case.part("visits for the long-acting drug", "visits", visits.priced(fee), visits.text("visits"))
    parts = (part, *long_acting_part(case, visits))
    return (
        Bundle("long-acting drug", case.service("long_acting", "infusion_suite"), parts, visits, "visit"),
    )


def oral_step_down(case: Case) -> tuple[Bundle, ...] | None:
    """Treatment by mouth for the days that were planned by vein."""
    days = iv_days(case)
    parts = tuple(oral_part(case, days))
    if not parts:
        return ()
    fills = Days(*(max(1, -(-count // 30)) for count in days))
    return (Bundle("treatment by mouth", "oral_drugs", parts, fills, "fill", "benefit"),)


def infusion_sides(case: Case) -> list[Bundle]:
    """Weekly blood tests and the line."""
    if not case.inputs.needs_iv and case.inputs.option not in INFUSIONS:
        return []
    found = []
    if case.inputs.option in _WITH_LABS:
        found.append(_labs(case))
    if case.inputs.option in _WITH_LINE:
        found.append(_line(case))
    return [bundle for bundle in found if bundle is not None]


def _labs(case: Case) -> Bundle | None:
    """The week's tests by drug, least to most often; expected at the least."""
    days, table = iv_days(case), opat_labs()
    drugs = case.inputs.drugs if case.inputs.option in _CHARTED_DRUG else ()
    tests = weekly_tests(drugs)
    names, amounts = {one.test for one in tests}, Three(ZERO, ZERO, ZERO)
    for one in tests:
        test = table.tests[one.test]
        if test.part_of in names:
            continue
        price = case.value(test.rate) if test.rate else None
        if price is None:
            case.ledger.leave_out(f"{test.title}: no price is known")
            continue
        amounts = amounts.plus(days.weekly(one.low, one.high).priced(same(price)))
    shown = ", ".join(table.tests[one.test].title.lower() for one in tests)
    draw = case.fee("laboratory_draw_usd", side=True)
    weeks = days.weekly()
    if draw is not None:
        amounts = amounts.plus(weeks.priced(same(draw)))
    part = case.part("weekly blood tests", "labs", amounts, f"{weeks.text('weeks')}: {shown}")
    return Bundle("weekly blood tests", "laboratory", (part,), weeks, "visit", "labs")


def _line(case: Case) -> Bundle | None:
    """A line placed before the patient leaves, at the hospital's cost; none where one is in."""
    if case.inputs.has_line or not case.inputs.in_house:
        return None
    price = case.value("line.picc_office")
    if price is None:
        case.ledger.leave_out("placing a line: no price is known")
        return None
    case.ledger.assume("a line costs the hospital what an office is paid for placing it")
    amount = same(price)
    if case.inputs.has_line is None:
        case.ledger.assume("whether a line is in is not charted; the low amount has one")
        amount = Three(ZERO, price, price)
    part: Part = case.part("line placed before leaving", "line", amount, "1 line")
    return Bundle("line", "line", (part,), ONCE, "visit", "hospital")


INFUSIONS: Mapping[str, Callable[[Case], tuple[Bundle, ...] | None]] = {
    "home_infusion": home_infusion,
    "home_infusion_self": home_infusion_self,
    "infusion_suite": infusion_suite,
    "long_acting": long_acting,
    "oral_step_down": oral_step_down,
}
