"""Services of facilities: skilled nursing, rehabilitation, long-term acute care, hospice, programmes, respite."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal

from discharge.costs.amounts import ONE, cents
from discharge.costs.catalog import Groups, option_table
from discharge.costs.hospice import hospice_days
from discharge.costs.inpatient import Hospital
from discharge.costs.irf import rehabilitation_payment
from discharge.costs.ledger import Group, Three, same
from discharge.costs.ltch import AcuteGroup, ltch_site_neutral, ltch_standard
from discharge.costs.rates import planning_table
from discharge.costs.services.case import ONCE, THERAPIES, Bundle, Case, Days, Part, iv_days
from discharge.costs.snf import snf_run

_SNF_RATES = (
    *(f"snf.index.{name}" for name in ("pt", "ot", "slp", "nursing", "nta")),
    "snf.therapy_factor_from_day",
    "snf.ancillary_factor_from_day",
    "snf.labor_share",
)
_NONE = Days(0, 0, 0)
_DAILY_CARE = {*THERAPIES, "skilled_nursing", "wound_care"}


def snf(case: Case) -> tuple[Bundle, ...] | None:
    """Skilled nursing: the contract's rate, else PDPM day by day; privately a semi-private to a private room."""
    days = iv_days(case) if case.inputs.needs_iv else _NONE
    if not case.inputs.needs_iv or case.inputs.needs & _DAILY_CARE:
        others = case.days_to_horizon("snf_days")
        days = Days(*(max(pair) for pair in zip(days, others, strict=True)))
    private = _private_room(case, days) if case.may_be_private else None
    if case.is_uncovered and private is not None:
        amount: Three | None = private
    else:
        amount = _by_contract(case, "snf", days) or _pdpm(case, days)
    if amount is None:
        return None
    part = case.part("skilled nursing facility", "facility", amount, days.text("d"), private=private)
    return (Bundle(case.name, "snf", (part,), days, "day"),)


def _pdpm(case: Case, days: Days) -> Three | None:
    day, kind = case.inputs.day, case.inputs.kind
    rural = case.number("planning.snf_area") == ONE
    wages = case.wage_index
    case.ledger.assume(
        f"{'rural' if rural else 'urban'} facility, wage index {wages}",
        f"PDPM groups judged for a patient of kind '{kind}'",
    )
    case.ledger.note([f"PDPM groups for {kind} patients (judged before assessment)"])
    groups: Groups = option_table().case_mix[kind]
    amounts = []
    for group, count in zip((groups.low, groups.expected, groups.high), days, strict=True):
        found = snf_run(
            day,
            group.case_mix(),
            count,
            rural=rural,
            wage_index=wages,
            look_up=case.look_up,
            tables=planning_table,
        )
        if found is None:
            return None
        case.ledger.note(found[1])
        amounts.append(found[0])
    case.used_names("snf.rural" if rural else "snf.urban", *_SNF_RATES)
    return case.stand_in(Three(*amounts))


def _private_room(case: Case, days: Days) -> Three | None:
    low, high = case.private("private.snf_day"), case.private("private.snf_day_private_room")
    return None if low is None or high is None else days.priced(Three(low, low, high))


def irf(case: Case) -> tuple[Bundle, ...] | None:
    """Inpatient rehabilitation: one payment for the stay, by a planning range of weights."""
    days = case.days("irf_days")
    amount = _by_contract(case, "irf", days) or _rehabilitation(case)
    if amount is None:
        return None
    case.ledger.assume("the rehabilitation stay falls in the hospital stay's benefit period, within 60 days")
    part = case.part("inpatient rehabilitation stay", "facility", amount, f"1 stay, {days.text('d')}")
    return (Bundle(case.name, "irf", (part,), ONCE, "stay", days=days),)


def _rehabilitation(case: Case) -> Three | None:
    impairment = option_table().rehabilitation_weights.get(case.inputs.kind)
    names = [impairment] if impairment else ["stroke", "hip_fracture"]
    low = min(case.number(f"planning.irf_weight_{name}_low") for name in names)
    high = max(case.number(f"planning.irf_weight_{name}_high") for name in names)
    wages = case.wage_index
    case.ledger.assume(
        f"wage index {wages}", "case-mix weight taken from a planning range, the patient isn't assessed yet"
    )
    amounts = []
    for weight in (low, (low + high) / 2, high):
        found = rehabilitation_payment(case.inputs.day, weight, wage_index=wages, look_up=case.look_up)
        if found is None:
            return None
        case.used(*found[1])
        amounts.append(found[0])
    return case.stand_in(Three(*amounts))


def ltch(case: Case) -> tuple[Bundle, ...] | None:
    """Long-term acute care: the standard rate or the site-neutral one, or from one to the other where open."""
    days = case.days_to_horizon("ltch_days")
    amount = _by_contract(case, "ltch", days) or _long_term(case, days)
    if amount is None:
        return None
    part = case.part("long-term acute care stay", "facility", amount, f"1 stay, {days.text('d')}")
    return (Bundle(case.name, "ltch", (part,), ONCE, "stay", days=days),)


def _long_term(case: Case, days: Days) -> Three | None:
    standard, neutral = _standard_rate(case), _site_neutral(case, days)
    status = case.inputs.ltch_standard
    if status == "met":
        case.ledger.assume("standard rate: the tests of 42 CFR 412.522 are met")
        found = standard
    elif status == "not_met":
        case.ledger.assume("site-neutral rate: the tests of 42 CFR 412.522 are not met")
        found = neutral
    else:
        case.ledger.assume(
            "days of intensive care or ventilation are not charted: from the lower of standard and "
            "site-neutral rate to the higher, expected at the standard rate"
        )
        known = [one for one in (standard, neutral) if one is not None]
        found = None
        if standard is not None:
            found = Three(min(map(min, known)), standard.expected, max(map(max, known)))
    return None if found is None else case.stand_in(found)


def _standard_rate(case: Case) -> Three | None:
    wages = case.wage_index
    case.ledger.assume(
        f"wage index {wages}", "long-term care weight taken from a planning range; no short stay, no outlier"
    )
    amounts = []
    for suffix in ("_low", "", "_high"):
        weight = case.number(f"planning.ltch_weight{suffix}")
        amounts.append(
            case.priced(ltch_standard(case.inputs.day, weight, wage_index=wages, look_up=case.look_up))
        )
    return _three(amounts)


def _site_neutral(case: Case, days: Days) -> Three | None:
    group, daily = case.inputs.acute_group, case.value("hospital.day_average")
    if group is None or daily is None:
        case.ledger.leave_out("site-neutral rate: the MS-DRG's weight and mean stay are not known")
        return None
    acute, hospital = AcuteGroup(*group), Hospital(wage_index=case.wage_index)
    amounts = [
        case.priced(
            ltch_site_neutral(
                case.inputs.day,
                count,
                cents(daily * count),
                acute,
                hospital=hospital,
                look_up=case.look_up,
            )
        )
        for count in days
    ]
    case.ledger.assume("a day of long-term acute care costs what an average hospital day does")
    return _three(amounts)


def hospice_home(case: Case) -> tuple[Bundle, ...] | None:
    """Routine hospice care at home."""
    days = case.days_to_horizon("hospice_days")
    _hospice_said(case)
    amount = _by_day(case, "hospice_home_day_usd", days) or _hospice(case, days, "routine")
    if amount is None:
        return None
    part = case.part("hospice care at home, routine days", "facility", amount, days.text("d"))
    return (Bundle(case.name, case.service("hospice_home", "hospice"), (part,), days, "day"),)


def hospice_inpatient(case: Case) -> tuple[Bundle, ...] | None:
    """General inpatient days for symptoms, then routine days at home."""
    days = case.days("hospice_inpatient_days")
    whole = case.days_to_horizon("hospice_days")
    after = Days(*(max(0, most - first) for most, first in zip(whole, days, strict=True)))
    _hospice_said(case)
    inpatient = _by_day(case, "hospice_inpatient_day_usd", days) or _hospice(case, days, "general_inpatient")
    if inpatient is None:
        return None
    first = case.part("hospice, general inpatient days", "facility", inpatient, days.text("d"))
    routine = _by_day(case, "hospice_home_day_usd", after) or _hospice(case, after, "routine", days)
    if routine is None:
        return None
    second = case.part("hospice care at home, routine days", "facility", routine, after.text("d"))
    service = case.service("hospice_inpatient", "hospice")
    return (Bundle(case.name, service, (first, second), days.plus(after), "day"),)


def _hospice_said(case: Case) -> None:
    case.ledger.assume(
        "hospice pays drugs, equipment and visits for the terminal illness out of its daily rate",
        "hospice days start with this discharge; the rate of days 1 to 60",
    )
    if case.inputs.terms is not None and case.inputs.terms.payer_class == "medicare_advantage":
        case.ledger.assume("Original Medicare pays hospice for members of a Medicare Advantage plan")


def _hospice(case: Case, days: Days, level: str, before: Days = _NONE) -> Three | None:
    """Days of one level, each at its date's rate; they start after ``before`` days of another."""
    wages = case.wage_index
    amounts = [
        case.priced(
            hospice_days(
                case.inputs.day + timedelta(days=first),
                count,
                level="routine" if level == "routine" else "general_inpatient",
                wage_index=wages,
                look_up=case.look_up,
                tables=planning_table,
            )
        )
        for count, first in zip(days, before, strict=True)
    ]
    found = _three(amounts)
    terms = case.inputs.terms
    if found is None or (terms is not None and terms.payer_class == "medicare_advantage"):
        return found
    return case.stand_in(found)


def behavioural_partial(case: Case) -> tuple[Bundle, ...] | None:
    """A day programme: contract, else a stated range between an intensive outpatient and a partial hospital day."""
    days = case.days("partial_days")
    amount = _by_day(case, "behavioural_partial_day_usd", days)
    if amount is None:
        each = case.between("behavioural.partial_day")
        if each is None:
            return None
        amount = days.priced(each)
    return _programme(case, "visits", amount, days, case.service("behavioural_partial", "behavioural"))


def behavioural_residential(case: Case) -> tuple[Bundle, ...] | None:
    """A residential programme; no public price is known, only a contract's or the hospital's own planning value."""
    days = case.days_to_horizon("residential_days")
    amount = _own_price(case, "behavioural_residential_day", days)
    service = case.service("behavioural_residential", "behavioural")
    return None if amount is None else _programme(case, "facility", amount, days, service)


def medical_respite(case: Case) -> tuple[Bundle, ...] | None:
    """Medical respite; no public price is known, and mostly grants pay."""
    days = case.days_to_horizon("respite_days")
    amount = _own_price(case, "medical_respite_day", days)
    return None if amount is None else _programme(case, "facility", amount, days, "medical_respite")


def _programme(case: Case, group: Group, amount: Three, days: Days, service: str) -> tuple[Bundle, ...]:
    part: Part = case.part(case.name, group, amount, days.text("d"))
    return (Bundle(case.name, service, (part,), days, "day"),)


def _own_price(case: Case, name: str, days: Days) -> Three | None:
    found = _by_day(case, f"{name}_usd", days)
    if found is not None:
        return found
    each = case.private(f"private.{name}")
    return None if each is None else days.priced(same(each))


def _by_day(case: Case, name: str, days: Days) -> Three | None:
    each = case.fee(name)
    return None if each is None else days.priced(same(each))


def _by_contract(case: Case, place: str, days: Days) -> Three | None:
    """The contract's amount by day or by stay."""
    stay = case.fee(f"{place}_stay_usd")
    return same(stay) if stay is not None else _by_day(case, f"{place}_per_diem_usd", days)


def _three(amounts: list[Decimal | None]) -> Three | None:
    known = [amount for amount in amounts if amount is not None]
    return Three(*known) if len(known) == len(amounts) else None


FACILITIES: Mapping[str, Callable[[Case], tuple[Bundle, ...] | None]] = {
    "snf": snf,
    "irf": irf,
    "ltch": ltch,
    "hospice_home": hospice_home,
    "hospice_inpatient": hospice_inpatient,
    "behavioural_partial": behavioural_partial,
    "behavioural_residential": behavioural_residential,
    "medical_respite": medical_respite,
}
