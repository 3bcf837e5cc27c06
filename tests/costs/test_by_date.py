"""Days that cross a change of rates, counts that can't be, and the transfer rule as both doors apply it."""

from datetime import date
from decimal import Decimal as D

import pytest
from profiles import profile
from views import view

from discharge.codes import discharge_status
from discharge.costs.catalog import option_table
from discharge.costs.contracts import Stay, payment
from discharge.costs.early import HOME_HEALTH_STARTS, early_transfer
from discharge.costs.home import home_health, home_infusion
from discharge.costs.horizon import price
from discharge.costs.hospice import hospice_days
from discharge.costs.inputs import StayPrices
from discharge.costs.irf import Facility, irf_stay
from discharge.costs.ltch import AcuteGroup, ltch_short_stay, ltch_standard
from discharge.costs.partb import Locality, RelativeValue, relative_value_fee
from discharge.costs.services import PriceInputs
from discharge.costs.sharing import inpatient_share, snf_coinsurance, snf_share
from discharge.costs.snf import CaseMix, ancillary_group, snf_days, snf_rates, snf_run, snf_stay
from discharge.costs.spans import spans
from discharge.costs.stay import stay_money, transfer_loss
from discharge.costs.terms import payer_terms
from discharge.costs.transfer import Group, transfer_fraction, transfer_of
from discharge.drg import Drg, drg_table

pytestmark = pytest.mark.content  # arithmetic: the wheel changes nothing

DRG = {"inpatient": {"basis": "ms_drg", "multiplier": "1.00"}}
PAYER = profile(contract=DRG)
MEDICARE = payer_terms(PAYER)
FAPE1 = CaseMix("TF", "SA", "CBC1", "NE")
OCTOBER, DECEMBER = date(2026, 9, 15), date(2025, 12, 15)
FEBRUARY = date(2026, 2, 1)


# ---- by the date of each day


def test_a_run_is_split_where_a_rate_changes_and_nowhere_else():
    found = spans(OCTOBER, 60, ("snf.urban",))
    assert [(one.day, one.days, one.before) for one in found] == [
        (OCTOBER, 16, 0),
        (date(2026, 10, 1), 44, 16),
    ]
    assert len(spans(OCTOBER, 16, ("snf.urban",))) == 1
    assert len(spans(OCTOBER, 17, ("snf.urban",))) == 2
    assert len(spans(OCTOBER, 60, ("part_a.deductible",))) == 1
    assert spans(OCTOBER, 0, ("snf.urban",)) == ()


def test_nursing_facility_days_across_october():
    found = snf_days(OCTOBER, FAPE1, 60)
    assert found.amount == D("37514.52")
    assert any(one.placeholder for one in found.seen)  # the proposed rates of the new year
    total, placeholders = snf_run(OCTOBER, FAPE1, 60)
    assert total == D("37514.52")
    assert any("proposed" in one for one in placeholders)
    assert not any(one.placeholder for one in snf_days(OCTOBER, FAPE1, 16).seen)


def test_a_day_after_the_last_known_rate_leaves_the_run_unknown():
    assert snf_days(date(2027, 9, 30), FAPE1, 1) is not None
    assert snf_days(date(2027, 9, 30), FAPE1, 2) is None
    assert hospice_days(date(2027, 9, 30), 2) is None


def test_hospice_days_across_october():
    assert hospice_days(OCTOBER, 60).amount == D("14083.44")  # 16 x 230.83 + 44 x 236.14
    assert hospice_days(OCTOBER, 60, first_day=45).amount == 16 * D("230.83") + 44 * D("186.12")
    inpatient = hospice_days(date(2026, 9, 30), 2, level="general_inpatient")
    assert inpatient.amount == D("1199.86") + D("1227.46")


def test_part_a_days_across_the_year():
    assert snf_share(DECEMBER, 60) == (D("8680.00"), 0)  # all 40 coinsurance days lie in 2026
    assert snf_coinsurance(DECEMBER, 20, used_days=20) == ((17, D("209.50")), (3, D("217.00")))
    assert inpatient_share(DECEMBER, 80) == D("10356.00")  # 1,676 of 2025, 20 x 434 of 2026
    assert inpatient_share(date(2025, 12, 31), 2, used_days=60) == D("419.00") + D("434.00")
    assert snf_share(date(2026, 12, 31), 2, used_days=20) is None  # 2027 is not known
    assert snf_share(date(2026, 12, 31), 2) == (0, 0)


def test_the_deductible_is_due_with_the_first_day_of_the_period_unless_told():
    assert inpatient_share(FEBRUARY, 10, used_days=60) == 10 * D("434.00")
    assert inpatient_share(FEBRUARY, 10, used_days=60, deductible_met=False) == D("6076.00")
    assert inpatient_share(FEBRUARY, 10, deductible_met=True) == 0
    assert inpatient_share(FEBRUARY, 10) == D("1736.00")


def test_reserve_days_left_are_those_left_now():
    assert inpatient_share(FEBRUARY, 5, used_days=120, reserve_left=5) == 5 * D("868.00")
    assert inpatient_share(FEBRUARY, 6, used_days=120, reserve_left=5) is None
    assert inpatient_share(FEBRUARY, 30, used_days=120) == 30 * D("868.00")  # 30 of the 60 are gone
    assert inpatient_share(FEBRUARY, 31, used_days=120) is None


def test_options_price_each_day_by_its_date_where_rates_change_in_the_horizon():
    facts = {"stay.is_in_house": 1.0, "stay.inpatient_days": 5.0, "treatment.planned_iv_days_left": 30.0}

    def asked(day):
        one = view(facts, payer=PAYER, as_of=f"{day}T07:00")
        return StayPrices.of(one, stay_money(one)).inputs("hospice_home", "met")

    assert asked("2026-08-15").day == date(2026, 1, 1)  # shared with every day of the same rates
    assert asked("2026-09-01").day == date(2026, 1, 1)  # its 30 days end on the last of September
    assert asked("2026-09-02").day == date(2026, 9, 2)
    found = price(asked("2026-09-15"))
    paid = next(one for one in found.components if one.name == "hospice care at home, routine days")
    assert paid.high == 16 * D("230.83") + 14 * D("236.14")
    assert any("rates change on 2026-10-01" in text for text in found.assumptions)
    assert not any("rates change" in text for text in price(asked("2026-06-15")).assumptions)


def test_options_price_a_nursing_facility_by_date_and_note_the_next_years_stand_ins():
    def cost(day, **more):
        inputs = {
            "horizon_days": 30,
            "kind": "bone_infection",
            "in_house": False,
            "needs": frozenset({"iv_therapy"}),
        }
        return price(
            PriceInputs(option="snf", terms=MEDICARE, coverage="met", day=day, iv_days=30, **(inputs | more))
        )

    kind = next(iter(option_table().case_mix))
    found = cost(OCTOBER, kind=kind)
    group = option_table().case_mix[kind].expected.case_mix()
    payer = next(
        one for one in found.components if one.name == "skilled nursing facility" and one.purse == "payer"
    )
    assert payer.expected == snf_run(OCTOBER, group, 30)[0] - 10 * D("217.00")
    later = cost(date(2026, 12, 20), kind=kind)
    assert any(label.startswith("part_a.deductible") for label in later.placeholders)
    assert not any(label.startswith("part_a.deductible") for label in found.placeholders)


def test_an_option_says_when_home_health_is_taken_to_start():
    def said(option, loss):
        inputs = {"terms": MEDICARE, "day": FEBRUARY, "horizon_days": 30, "kind": "medical"}
        found = price(PriceInputs(option=option, coverage="met", transfer_loss=loss, **inputs))
        return HOME_HEALTH_STARTS in found.assumptions

    assert said("home_health", D("5000.00"))
    assert not said("home_health", D("0.00"))
    assert not said("snf", D("5000.00"))


# ---- the site neutral rate


def test_the_site_neutral_rate_goes_by_the_wage_index():
    group = (D("6.4347"), D("12.5"))  # MS-DRG 207
    own = {"planning.wage_index": {"unit": "1", "values": {"2026-01-01": {"value": "0.8"}}}}
    terms = payer_terms(profile(contract=DRG, planning=own))
    found = price(
        PriceInputs(
            option="ltch",
            terms=terms,
            coverage="met",
            day=FEBRUARY,
            horizon_days=30,
            kind="medical",
            in_house=False,
            ltch_standard="not_met",
            acute_group=group,
            used_days=5,
        )
    )
    paid = next(one for one in found.components if one.name == "long-term acute care stay")
    assert paid.expected == D("37081.09")  # 25 days


# ---- rounding by the convention, not inside the formula


def test_rates_times_weight_are_rounded_before_the_wage_index():
    # 19,371 x 3.0729 = 59,525.15; labor 44,286.71 x 0.7904 = 35,004.22; + 15,238.44 (a cent less in one go)
    assert irf_stay(FEBRUARY, D("3.0729"), facility=Facility(D("0.7904"))).amount == D("50242.66")
    # 50,824.51 x 2.2562 = 114,670.26; labor 83,594.62 x 1.3994 = 116,982.31; + 31,075.64 (a cent less in one go)
    assert ltch_standard(FEBRUARY, D("2.2562"), wage_index=D("1.3994")).amount == D("148057.95")


# ---- counts that can't be


@pytest.mark.parametrize(
    "asked",
    [
        lambda: inpatient_share(FEBRUARY, -5),
        lambda: inpatient_share(FEBRUARY, 5, used_days=-1),
        lambda: snf_share(FEBRUARY, -5),
        lambda: snf_share(FEBRUARY, 30, used_days=-4),
        lambda: snf_days(FEBRUARY, FAPE1, -1),
        lambda: snf_days(FEBRUARY, FAPE1, 1, first_day=0),
        lambda: snf_stay(snf_rates(FEBRUARY, FAPE1), -1),
        lambda: hospice_days(FEBRUARY, -1),
        lambda: home_infusion(FEBRUARY, 1, -1),
        lambda: home_health(FEBRUARY, D(1), units={"sn": -1}),
        lambda: transfer_fraction(-1, D(5)),
        lambda: irf_stay(FEBRUARY, D(1), is_transfer=True, los_days=-1, mean_stay_days=D(10)),
        lambda: ltch_short_stay(FEBRUARY, D(1), -1, D(20), AcuteGroup(D(1), D(4))),
        lambda: ancillary_group(-1),
    ],
)
def test_counts_below_zero_are_refused(asked):
    with pytest.raises(ValueError, match="less than 0"):
        asked()


def test_all_wrong_letters_of_a_hipps_code_are_named():
    with pytest.raises(ValueError, match=r"character 1 .*character 2 .*character 5"):
        CaseMix.from_hipps("ZZAA9")


def test_before_its_own_factor_a_qualifying_clinician_is_paid_the_ordinary_one():
    value, place = RelativeValue(D("1"), D("1"), D("1")), Locality()
    assert relative_value_fee(date(2025, 12, 31), value, locality=place, is_apm=True).amount == D("97.04")
    assert relative_value_fee(date(2026, 1, 1), value, locality=place, is_apm=True).amount == D("100.70")
    assert relative_value_fee(date(2027, 1, 1), value, locality=place, is_apm=True) is None


# ---- one transfer rule


def group(code):
    row = drg_table()[code]
    return Drg(
        ms_drg=code,
        status="final",
        weight=row.weight,
        gmlos_days=row.gmlos_days,
        post_acute_transfer=row.post_acute_transfer,
        special_pay=row.special_pay,
    )


def fraction(code, days, place, status=None, start=None):
    drg = group(code)
    return early_transfer(
        drg, FEBRUARY, days, place, MEDICARE, status=status, home_health_days=start
    ).fraction


@pytest.mark.parametrize("status", ["05", "85"])
def test_a_cancer_or_childrens_hospital_is_post_acute_care(status):
    assert fraction("481", 1, "acute_transfer", status) == D("0.7326")  # special pay
    assert fraction("481", 1, "acute_transfer", "02") == D("0.4651")
    assert fraction("189", 1, "acute_transfer", status) == 1  # not on the list
    assert fraction("189", 1, "acute_transfer") == D("0.5714")


@pytest.mark.parametrize(
    ("place", "status"), [("snf", "61"), ("snf", "89"), ("acute_transfer", "43"), ("acute_transfer", "88")]
)
def test_swing_beds_and_federal_hospitals_are_no_transfer(place, status):
    assert fraction("871", 1, place, status) == 1
    assert fraction("871", 1, place) == D("0.4167")


def test_group_789_is_exempt_in_a_review_too():
    paid = payment(Stay(group("789"), FEBRUARY, 0, "acute_transfer"), MEDICARE)
    assert (paid.amount.expected, paid.transfer) == (D("13114.17"), None)
    assert transfer_loss(group("789"), MEDICARE, FEBRUARY, 0, "acute_transfer") == 0


def test_home_health_of_unknown_start_is_a_range():
    paid = payment(Stay(group("871"), FEBRUARY, 2, "home_health"), MEDICARE)
    assert (paid.amount.expected, paid.amount.high) == (D("8834.44"), D("14135.10"))
    assert HOME_HEALTH_STARTS in paid.assumptions
    known = payment(Stay(group("871"), FEBRUARY, 2, "home_health", home_health_days=3), MEDICARE)
    assert (known.amount.high, HOME_HEALTH_STARTS in known.assumptions) == (D("8834.44"), False)
    late = payment(Stay(group("871"), FEBRUARY, 2, "home_health", home_health_days=4), MEDICARE)
    assert (late.amount.low, late.transfer) == (D("14135.10"), None)
    long = payment(Stay(group("871"), FEBRUARY, 4, "home_health"), MEDICARE)
    assert (long.amount.low, HOME_HEALTH_STARTS in long.assumptions) == (D("14135.10"), False)


SEPSIS = {
    "diagnosis.principal": "A419",
    "diagnosis.stay_codes": ("A419", "J189", "R6520"),
    "patient.age_years": 70.0,
    "patient.sex": "female",
    "stay.inpatient_days": 2.0,
    "stay.discharged_at": "2026-06-10T10:00",
}


def test_a_review_goes_by_the_charted_status_and_the_charted_start():
    def money(**facts):
        return stay_money(view(SEPSIS | {k.replace("__", "."): v for k, v in facts.items()}, payer=PAYER))

    snf = {"stay__discharge_disposition": "snf"}
    assert money(**snf).payment.expected == D("8834.44")
    assert money(**snf, stay__discharge_status="61").payment.expected == D("14135.10")
    home = {"stay__discharge_disposition": "home_health"}
    assert money(**home).payment.high == D("14135.10")
    soon = money(**home, readiness__post_acute_start_at="2026-06-13T23:00")
    assert (soon.payment.expected, soon.payment.high) == (D("8834.44"), D("8834.44"))
    late = money(**home, readiness__post_acute_start_at="2026-06-14T01:00")
    assert late.payment.low == D("14135.10")


def test_both_doors_agree_for_every_status():
    from discharge.codes import discharge_statuses, disposition

    for code in ("871", "481", "189", "789", "470"):
        drg = group(code)
        asked = Group(code, drg.gmlos_days, drg.post_acute_transfer, drg.special_pay)
        for status in discharge_statuses():
            door = transfer_of(FEBRUARY, asked, 1, status, home_health_days=0)
            assert fraction(code, 1, disposition(status), discharge_status(status), 0) == door.fraction


def test_nothing_is_asked_about_home_health_where_nothing_can_be_lost():
    listed = Group("871", D("4.8"), is_listed=True)
    assert transfer_of(FEBRUARY, listed, 4, "home_health").fraction == 1
    assert transfer_of(FEBRUARY, listed, 3, "home_health") is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("61", "61"),
        ("3", "03"),
        ("Swing bed", "61"),
        ("Children's hospital", "05"),
        ("critical access hospital", "66"),
        ("SKILLED NURSING FACILITY", None),
        ("30", None),
        ("99", None),
        (None, None),
    ],
)
def test_the_discharge_status_is_kept_where_one_is_charted(text, code):
    assert discharge_status(text) == code
