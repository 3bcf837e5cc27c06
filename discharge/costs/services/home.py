"""Services at home: home health, visits, therapy, and what goes with any place: help, equipment, rides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import cycle, islice

from discharge.costs.home import home_health_period, low_utilization
from discharge.costs.ledger import Three, same
from discharge.costs.rates import planning_rate, planning_table
from discharge.costs.services.case import ONCE, THERAPIES, Bundle, Case, Days, Part

FACILITY_OPTIONS = ("snf", "irf", "ltch", "hospice_inpatient", "behavioural_residential", "medical_respite")
_STAYS = ("snf", "irf", "ltch", "behavioural_residential", "medical_respite")
_HOSPICE = ("hospice_home", "hospice_inpatient")
_AT_HOME = (
    "home_health",
    "home_infusion",
    "home_infusion_self",
    "infusion_suite",
    "long_acting",
    "oral_step_down",
)
_DME = {
    "equipment.walker": None,
    "equipment.wheelchair_month": "wheelchair_month_usd",
    "equipment.hospital_bed_month": "hospital_bed_month_usd",
}
_VISITED = ("outpatient", "infusion_suite", "long_acting", "behavioural_partial")


def home(case: Case) -> tuple[Bundle, ...] | None:
    """Home with a follow-up visit."""
    found = follow_up(case, "option")
    return None if found is None else (found,)


def outpatient(case: Case) -> tuple[Bundle, ...] | None:
    """Visits to a clinic, and sessions of each therapy that is needed."""
    visits = case.days("clinic_visits", most=60)
    fee = _office_fee(case)
    if fee is None:
        return None
    part = case.part("outpatient visits", "visits", visits.priced(fee), visits.text("visits"))
    bundles = [Bundle("outpatient visits", "outpatient", (part,), visits, "visit")]
    needed = [name for name in THERAPIES if name in case.inputs.needs]
    therapy = _therapy(case, needed) if needed else None
    return (*bundles, *([therapy] if therapy else []))


def _therapy(case: Case, needed: list[str]) -> Bundle | None:
    """Sessions of each discipline, by contract or a stated range of the fee schedule's."""
    each = case.days("therapy_sessions", most=60)
    sessions = each.times(len(needed), len(needed), len(needed))
    fee = case.fee("therapy_visit_usd", side=True)
    price = same(fee) if fee is not None else case.between("therapy.session")
    if price is None:
        case.ledger.leave_out("therapy sessions: no price is known for this day")
        return None
    if fee is None:
        price = case.stand_in(price, side=True)
    part = case.part("therapy sessions", "visits", sessions.priced(price), sessions.text("sessions"))
    return Bundle("therapy sessions", "outpatient_therapy", (part,), sessions, "visit", "benefit")


def follow_up(case: Case, cover: str) -> Bundle | None:
    """The follow-up visit after discharge."""
    count = int(case.number("planning.office_visits"))
    fee = _office_fee(case)
    if fee is None:
        return None
    visits = Days(count, count, count)
    part = case.part("follow-up visit", "visits", visits.priced(fee), visits.text("visits"))
    return Bundle(
        "follow-up visit",
        "outpatient",
        (part,),
        visits,
        "visit",
        "option" if cover == "option" else "benefit",
    )


def _office_fee(case: Case) -> Three | None:
    fee = case.fee("office_visit_usd", side=True)
    if fee is not None:
        return same(fee)
    found = case.value("pfs.office_visit")
    return None if found is None else case.stand_in(same(found), side=True)


def home_health(case: Case) -> tuple[Bundle, ...] | None:
    """Home health by 30-day period, or by the visit where they are few; by the contract's own rates if it has any."""
    visits = case.days("home_health_visits", most=60)
    private = None
    if case.may_be_private:
        nurse = case.private("private.nurse_visit")
        private = None if nurse is None else visits.priced(same(nurse))
    if case.is_uncovered and private is not None:
        amount: Three | None = private
    else:
        amount = _home_health_contract(case, visits) or _periods(case, visits)
    if amount is None:
        return None
    part = case.part("home health", "visits", amount, visits.text("visits"), private=private)
    return (Bundle(case.name, "home_health", (part,), visits, "visit"),)


def _home_health_contract(case: Case, visits: Days) -> Three | None:
    each = case.fee("home_health_visit_usd")
    if each is not None:
        return visits.priced(same(each))
    period = case.fee("home_health_period_usd")
    return None if period is None else same(period * _period_count(case))


def _period_count(case: Case) -> int:
    return max(1, -(-case.inputs.horizon_days // int(case.number("home_health.period_days") or 30)))


def _periods(case: Case, visits: Days) -> Three | None:
    """Each case of few visits is paid by the visit, the first with its addition; the others by the period's weight."""
    day, wages, periods = case.inputs.day, case.wage_index, _period_count(case)
    least = int(case.number("planning.lupa_visits"))
    case.ledger.assume(
        f"{periods} 30-day period{'' if periods == 1 else 's'}, wage index {wages}",
        "home health weight judged, the patient isn't assessed yet",
    )
    amounts = []
    for count, suffix in zip(visits, ("_low", "", "_high"), strict=True):
        if count < least * periods:
            visited = _disciplines(case, count)
            found = case.priced(
                low_utilization(day, visited, wage_index=wages, look_up=planning_rate, tables=planning_table)
            )
            case.ledger.assume(f"fewer than {least} visits in a period are paid by the visit")
            if found is None:
                return None
            amounts.append(found)
            continue
        weight = case.number(f"planning.home_health_weight{suffix}")
        period = home_health_period(day, weight, wage_index=wages, look_up=planning_rate)
        if period is None:
            return None
        case.used(*period[1])
        amounts.append(period[0] * periods)
    return case.stand_in(Three(*amounts))


def _disciplines(case: Case, count: int) -> list[str]:
    """The visits in turn: nurse first where nursing is needed or no therapy is."""
    therapies = [name for name in THERAPIES if name in case.inputs.needs]
    nursing = not therapies or bool(case.inputs.needs & {"skilled_nursing", "wound_care"})
    return list(islice(cycle([*(["sn"] if nursing else []), *therapies]), count))


def side_bundles(case: Case) -> list[Bundle]:
    """What goes with a place: a follow-up visit, equipment, help at home, a ride."""
    option, needs = case.inputs.option, case.inputs.needs
    found: list[Bundle | None] = []
    if option in _AT_HOME:
        found.append(follow_up(case, "benefit"))
    if option not in _STAYS and option not in _HOSPICE:
        found += [_oxygen(case) if "oxygen" in needs else None, _equipment(case) if "dme" in needs else None]
    if option not in FACILITY_OPTIONS and needs & {"custodial_care", "caregiver_support"}:
        found.append(_help_at_home(case))
    if option in _VISITED and "transport" in needs:
        case.ledger.leave_out("rides to the visits: no public price is known")
    found.append(_ride(case))
    return [bundle for bundle in found if bundle is not None]


def _oxygen(case: Case) -> Bundle | None:
    fee = case.fee("oxygen_month_usd", side=True)
    each = fee if fee is not None else case.value("equipment.oxygen_month")
    if each is None:
        case.ledger.leave_out("home oxygen: no price is known")
        return None
    amount = same(each) if fee is not None else case.stand_in(same(each), side=True)
    part = case.part("oxygen at home", "equipment", amount, "1 month")
    return Bundle("oxygen at home", "dme", (part,), ONCE, "month", "benefit")


def _equipment(case: Case) -> Bundle | None:
    """Which equipment isn't charted: from the least of walker, wheelchair and bed to the most of them."""
    prices = [price for name, fee in _DME.items() if (price := _monthly(case, name, fee)) is not None]
    if not prices:
        case.ledger.leave_out("equipment: no price is known")
        return None
    case.ledger.assume("which equipment is needed is not charted: one item, from wheelchair or walker to bed")
    ordered = sorted(prices)
    amount = Three(ordered[0], ordered[len(ordered) // 2], ordered[-1])
    part = case.part("equipment", "equipment", amount, "1 item, 1 month")
    return Bundle("equipment", "dme", (part,), ONCE, "month", "benefit")


def _monthly(case: Case, name: str, fee: str | None) -> Decimal | None:
    own = case.fee(fee, side=True) if fee is not None else None
    if own is not None:
        return own
    found = case.value(name)
    return None if found is None else case.stand_in(same(found), side=True).expected


def _help_at_home(case: Case) -> Bundle | None:
    """Help at home that no health insurance covers, paid privately; none of it where the family does it."""
    hour = case.private("private.home_care_hour")
    expected, high = (
        case.value("planning.home_care_hours_day"),
        case.value("planning.home_care_hours_day_high"),
    )
    if hour is None or expected is None or high is None:
        case.ledger.leave_out("help at home")
        return None
    days = case.inputs.horizon_days
    hours = Days(0, int(expected) * days, int(high) * days)
    case.ledger.assume("the low amount has the family giving all the help at home")
    part: Part = case.part(
        "help at home, paid privately", "help_at_home", hours.priced(same(hour)), hours.text("h")
    )
    return Bundle("help at home", "personal_care", (part,), hours, "visit", "patient")


def _ride(case: Case) -> Bundle | None:
    """The ride to a facility: a wheelchair van, an ambulance for who must lie down, or between where that is open."""
    if not case.inputs.in_house or case.inputs.option not in FACILITY_OPTIONS:
        return None
    part = _ambulance(case) if case.inputs.needs_stretcher == "met" else _van(case)
    if part is None:
        case.take()
        case.ledger.leave_out("ride to the facility: no price is known")
        return None
    return Bundle("ride to the facility", "transport", (part,), ONCE, "visit", "ride")


def _ambulance(case: Case) -> Part | None:
    """A payer allows what Medicare does; without cover it is the whole range up to a private charge."""
    fee, private = case.fee("ambulance_ride_usd", side=True), case.between("transport.ambulance_bls")
    if private is None:
        return None
    allowed = same(private.low if fee is None else fee)
    return case.part("ride by ambulance", "transport", allowed, "1 ride", private=private)


def _van(case: Case) -> Part | None:
    fee = case.fee("wheelchair_ride_usd", side=True)
    van = same(fee) if fee is not None else case.between("transport.wheelchair_van")
    if van is None or case.inputs.needs_stretcher == "not_met":
        return van and case.part("ride by wheelchair van", "transport", van, "1 ride")
    ambulance = case.between("transport.ambulance_bls")
    if ambulance is None:
        return None
    case.ledger.assume(
        "whether only an ambulance is safe is not charted: a wheelchair van, the high amount an ambulance"
    )
    amount = Three(van.low, van.expected, max(van.high, ambulance.high))
    return case.part("ride by wheelchair van or ambulance", "transport", amount, "1 ride")


HOMES: Mapping[str, Callable[[Case], tuple[Bundle, ...] | None]] = {
    "home": home,
    "outpatient": outpatient,
    "home_health": home_health,
}
