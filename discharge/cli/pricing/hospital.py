"""Kinds of `discharge price` for a hospital stay: acute, transfer, outlier, rehabilitation, long-term care."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple, cast

from discharge.cli.pricing.answer import (
    LEAST,
    MOST_SHARE,
    MOST_WEIGHT,
    QUALITY,
    WAGE,
    Answer,
    PriceKind,
    Rates,
    answer_of,
)
from discharge.cli.pricing.keys import Key, Values
from discharge.codes import discharge_statuses
from discharge.costs import inpatient, irf, ltch
from discharge.costs import transfer as transfers
from discharge.costs.amounts import cents, four_decimals
from discharge.costs.priced import Step
from discharge.drg import DrgRow, drg_table, table_source

ONE, MOST_MEAN = Decimal(1), Decimal(365)
HOSPITAL = (
    WAGE,
    Key("cola", "number", "cost-of-living factor (Alaska, Hawaii)", "1", least=ONE, most=MOST_SHARE),
    Key("ime", "number", "teaching addition, operating", "0", most=MOST_SHARE),
    Key("dsh", "number", "disproportionate share, operating, before its quarter", "0", most=MOST_SHARE),
    Key("ime_capital", "number", "teaching addition, capital", "0", most=MOST_SHARE),
    Key("dsh_capital", "number", "disproportionate share, capital", "0", most=MOST_SHARE),
    Key("reporting", "word", "quality data and certified records", "both", choices=inpatient.REPORTING),
)
GROUP = (
    Key("drg", "word", "MS-DRG, whose weight is taken from Table 5"),
    Key("weight", "number", "relative weight, instead of drg", least=LEAST, most=MOST_WEIGHT),
)


def _hospital(values: Values) -> inpatient.Hospital:
    return inpatient.Hospital(
        wage_index=values.number("wage_index"),
        cost_of_living=values.number("cola"),
        ime_operating=values.number("ime"),
        dsh_operating=values.number("dsh"),
        ime_capital=values.number("ime_capital"),
        dsh_capital=values.number("dsh_capital"),
        reporting=cast(inpatient.Reporting, values.word("reporting")),
    )


class _Weighed(NamedTuple):
    """A group as the keys and Table 5 give it, and what is to be said of it."""

    weight: Decimal
    gmlos: Decimal | None
    row: DrgRow | None
    notes: list[str]
    estimates: list[str]

    def onto(self, answer: Answer | None) -> Answer | None:
        if answer is not None:
            answer.notes += self.notes
            answer.estimates += self.estimates
        return answer


def _group(day: date, values: Values) -> _Weighed:
    """Weight, and what Table 5 says of the group; keys given go before the table."""
    code, source = values.maybe_word("drg"), table_source()
    weight, gmlos = values.maybe_number("weight"), values.maybe_number("gmlos")
    if code is None:
        if weight is None:
            raise ValueError("give drg, or weight")
        return _Weighed(weight, gmlos, None, [], [])
    row = drg_table().get(code.zfill(3))
    if row is None or row.weight is None:
        raise ValueError(f"drg={code}: Table 5 of FY{source.fiscal_year} has no weight for it")
    own = " as given" if weight is not None else ""
    weight = row.weight if weight is None else weight
    own_days = " as given" if gmlos is not None else ""
    gmlos = row.gmlos_days if gmlos is None else gmlos
    said = f"MS-DRG {row.ms_drg} (FY{source.fiscal_year}): weight {weight}{own}, mean stay {gmlos} days{own_days}"
    in_year = source.effective_from <= day <= source.effective_to
    estimates = [] if in_year else ["weight and mean stay are of another fiscal year than the day"]
    return _Weighed(weight, gmlos, row, [said], estimates)


def _transfer_group(day: date, values: Values, weighed: _Weighed, code: str, rates: Rates) -> transfers.Group:
    """The group as the transfer rule asks for it; whether it is listed and special is asked where that matters."""
    row, gmlos = weighed.row, weighed.gmlos
    if gmlos is None:
        raise ValueError("give gmlos, or drg")
    listed, special = values.maybe_yes("listed"), values.maybe_yes("special")
    if row is not None:
        listed = row.post_acute_transfer if listed is None else listed
        special = row.special_pay if special is None else special
    is_post_acute = code in (rates.table("transfer.post_acute_codes", day).rows or {})
    if is_post_acute and transfers.transfer_fraction(values.count("los"), gmlos) != ONE:
        if listed is None:
            raise ValueError("listed is missing: is the MS-DRG on the post-acute list? give listed, or drg")
        if listed and special is None:
            raise ValueError("special is missing: has the MS-DRG special pay? give special, or drg")
    return transfers.Group(row.ms_drg if row else None, gmlos, listed is True, special is True)


def _fraction(values: Values, answer_notes: list[str]) -> Decimal:
    """The transfer fraction, to four decimals as the rule has it."""
    typed = values.number("fraction")
    rounded = four_decimals(typed)
    if rounded != typed:
        answer_notes.append(f"fraction rounded to {rounded}, as the transfer rule does")
    return rounded


def _ipps(day: date, values: Values, rates: Rates) -> Answer | None:
    weighed = _group(day, values)
    weight = weighed.weight
    additions = inpatient.Additions(
        outlier=values.number("outlier"),
        new_technology=values.number("new_technology"),
        uncompensated_care=values.number("uncompensated_care"),
        purchasing_factor=values.number("vbp"),
        readmission_factor=values.number("hrrp"),
        is_hac_reduced=values.yes("hac"),
    )
    found = inpatient.ipps_claim(
        day,
        weight,
        hospital=_hospital(values),
        fraction=_fraction(values, weighed.notes),
        additions=additions,
        look_up=rates.rate,
        tables=rates.table,
    )
    return weighed.onto(answer_of(found))


def _transfer(day: date, values: Values, rates: Rates) -> Answer | None:
    full = values.maybe_number("full")
    if full is not None:
        values.refuse(("weight", *(key.name for key in HOSPITAL)), "full is the whole payment already")
        values = replace(values, given={**values.given, **({} if values.has("drg") else {"weight": ONE})})
    weighed = _group(day, values)
    weight, to = weighed.weight, values.word("to").lower()
    code = transfers.CODES.get(to, to)
    if code not in discharge_statuses():
        known = ", ".join((*transfers.CODES, *discharge_statuses()))
        raise ValueError(f"to={to}: no destination or discharge status; write one of {known}")
    if code not in transfers.HOME_HEALTH:
        values.refuse(("home_health_days", "condition_codes"), "only home health is judged by it")
    group = _transfer_group(day, values, weighed, code, rates)
    moved = transfers.transfer_of(
        day,
        group,
        values.count("los"),
        to,
        home_health_days=values.maybe_count("home_health_days"),
        condition_codes=values.words("condition_codes"),
        look_up=rates.rate,
        tables=rates.table,
    )
    if moved is None:
        if rates.missing:
            return None
        raise ValueError("home_health_days is missing: after how many days does home health start?")
    step = Step("transfer fraction", moved.reason, moved.fraction)
    if full is not None:
        amount = cents(full * moved.fraction)
        paid = Step("paid", f"{full} x {moved.fraction}", amount)
        return weighed.onto(Answer(amount, [step, paid], rates.seen, also={"full payment": full}))
    hospital = _hospital(values)
    whole = inpatient.ipps_payment(day, weight, hospital=hospital, look_up=rates.rate, tables=rates.table)
    found = inpatient.ipps_claim(
        day, weight, hospital=hospital, fraction=moved.fraction, look_up=rates.rate, tables=rates.table
    )
    answer = weighed.onto(answer_of(found))
    if answer is None or whole is None:
        return None
    answer.steps.insert(0, step)
    answer.also = {"full payment": whole.total, "lost to the transfer": whole.total - answer.amount}
    return answer


def _outlier(day: date, values: Values, rates: Rates) -> Answer | None:
    weighed = _group(day, values)
    weight = weighed.weight
    hospital, fraction = _hospital(values), _fraction(values, weighed.notes)
    paid = inpatient.ipps_payment(
        day, weight, hospital=hospital, fraction=fraction, look_up=rates.rate, tables=rates.table
    )
    if paid is None:
        return None
    ratios = inpatient.CostToCharge(values.number("ccr_operating"), values.number("ccr_capital"))
    if ratios.operating + ratios.capital == 0:
        raise ValueError("ccr_operating and ccr_capital can't both be 0")
    code = values.maybe_word("drg")
    burn = values.maybe_yes("burn")
    if burn is None:
        burn = code is not None and inpatient.is_burn_group(day, code.zfill(3))
    found = inpatient.outlier_payment(
        day,
        paid,
        values.number("charges"),
        ratios,
        hospital=hospital,
        fraction=fraction,
        uncompensated_care=values.number("uncompensated_care"),
        new_technology=values.number("new_technology"),
        is_burn=burn,
        look_up=rates.rate,
    )
    if found is None:
        return None
    also = {"payment before outlier": paid.total, "payment with outlier": paid.total + found.total}
    whole = Step("outlier", f"{found.operating} + {found.capital}", found.total)
    return weighed.onto(Answer(found.total, [*paid.steps, *found.steps, whole], rates.seen, also=also))


def _irf(day: date, values: Values, rates: Rates) -> Answer | None:
    if not values.yes("transfer"):
        values.refuse(("los", "mean_stay"), "only a transfer is paid by its days; give transfer=yes")
    if not values.has("charges"):
        values.refuse(("ccr",), "only charges are turned into cost; give charges")
    place = irf.Facility(
        values.number("wage_index"),
        values.yes("rural"),
        values.number("lip"),
        values.number("teaching"),
        values.yes("quality"),
    )
    cost, charges = None, values.maybe_number("charges")
    if charges is not None:
        ratio = values.maybe_number("ccr")
        cost = irf.irf_cost(day, charges, ratio, is_rural=place.is_rural, look_up=rates.rate)
        if cost is None:
            return None
        rates.missing.clear()
    found = irf.irf_stay(
        day,
        values.number("weight"),
        facility=place,
        los_days=values.maybe_count("los"),
        mean_stay_days=values.maybe_number("mean_stay"),
        is_transfer=values.yes("transfer"),
        cost=cost,
        look_up=rates.rate,
    )
    return answer_of(found, notes=["the case-mix weight is an input: it needs the facility's assessment"])


def _ltch(day: date, values: Values, rates: Rates) -> Answer | None:
    cost, los = values.maybe_number("cost"), values.maybe_count("los")
    hospital = inpatient.Hospital(
        wage_index=values.number("wage_index"), cost_of_living=values.number("cola")
    )
    acute = None
    if values.has("acute_weight") and values.has("acute_gmlos"):
        acute = ltch.AcuteGroup(values.number("acute_weight"), values.number("acute_gmlos"))
    if values.yes("site_neutral"):
        values.refuse(("weight", "mean_stay"), "the site neutral rate doesn't go by it")
        if acute is None or los is None or cost is None:
            raise ValueError("the site neutral rate needs los, cost, acute_weight and acute_gmlos")
        return answer_of(ltch.ltch_site_neutral(day, los, cost, acute, hospital=hospital, look_up=rates.rate))
    weight, mean = values.maybe_number("weight"), values.maybe_number("mean_stay")
    if weight is None:
        raise ValueError("the standard rate needs weight")
    if los is None or mean is None:
        values.refuse(("los", "mean_stay"), "a short stay needs both, los and mean_stay")
        values.refuse(
            ("acute_weight", "acute_gmlos"), "only a short stay (los, mean_stay) or site_neutral=yes uses it"
        )
        return answer_of(
            ltch.ltch_standard(
                day,
                weight,
                wage_index=hospital.wage_index,
                cost_of_living=hospital.cost_of_living,
                cost=cost,
                look_up=rates.rate,
            )
        )
    if acute is None:
        raise ValueError("a short stay is compared with acute care: give acute_weight and acute_gmlos")
    return answer_of(
        ltch.ltch_short_stay(day, weight, los, mean, acute, cost=cost, hospital=hospital, look_up=rates.rate)
    )


FRACTION = Key("fraction", "number", "transfer fraction, if it is one", "1", least=LEAST, most=ONE)
ADDED = (
    Key("uncompensated_care", "number", "uncompensated care of the claim, dollars", "0"),
    Key("new_technology", "number", "new technology payment, dollars", "0"),
)
GMLOS = Key(
    "gmlos", "number", "geometric mean stay in days, instead of drg", least=Decimal("0.1"), most=MOST_MEAN
)

HOSPITAL_KINDS = {
    "ipps": PriceKind(
        "Inpatient stay, operating and capital (IPPS)",
        (
            *GROUP,
            *HOSPITAL,
            FRACTION,
            *ADDED,
            Key("outlier", "number", "cost outlier, dollars", "0"),
            Key("vbp", "number", "value-based purchasing factor", "1", most=MOST_SHARE),
            Key("hrrp", "number", "readmissions factor, never below its floor", "1", most=ONE),
            Key("hac", "yes", "reduced for hospital-acquired conditions", "no"),
        ),
        _ipps,
    ),
    "transfer": PriceKind(
        "Inpatient stay that ends in a transfer",
        (
            *GROUP,
            GMLOS,
            Key("los", "count", "days of the stay", is_required=True),
            Key("to", "word", "destination or discharge status code", is_required=True),
            Key("listed", "yes", "the MS-DRG is on the post-acute list; Table 5 says, if drg is given"),
            Key("special", "yes", "the MS-DRG has special pay; Table 5 if drg is given"),
            Key("home_health_days", "count", "days until home health starts"),
            Key("condition_codes", "words", "condition codes of the claim, such as 42"),
            Key("full", "number", "the full payment, instead of weight"),
            *HOSPITAL,
        ),
        _transfer,
    ),
    "outlier": PriceKind(
        "Cost outlier of an inpatient stay",
        (
            *GROUP,
            Key("charges", "number", "covered charges", is_required=True),
            Key(
                "ccr_operating",
                "number",
                "cost-to-charge ratio, operating",
                is_required=True,
                most=MOST_SHARE,
            ),
            Key("ccr_capital", "number", "cost-to-charge ratio, capital", is_required=True, most=MOST_SHARE),
            FRACTION,
            *ADDED,
            Key("burn", "yes", "a burn MS-DRG, paid at the higher share; known if drg is given"),
            *HOSPITAL,
        ),
        _outlier,
    ),
    "irf": PriceKind(
        "Inpatient rehabilitation facility",
        (
            Key("weight", "number", "case-mix group weight", is_required=True, least=LEAST, most=MOST_WEIGHT),
            WAGE,
            Key("rural", "yes", "rural facility", "no"),
            Key("lip", "number", "low-income addition, a share", "0", most=MOST_SHARE),
            Key("teaching", "number", "teaching addition, a share", "0", most=MOST_SHARE),
            QUALITY,
            Key("transfer", "yes", "goes to another institution", "no"),
            Key("los", "count", "days of the stay, for a transfer"),
            Key("mean_stay", "number", "mean stay of the group, for a transfer", least=ONE, most=MOST_MEAN),
            Key("charges", "number", "covered charges, for the outlier"),
            Key("ccr", "number", "cost-to-charge ratio; the national one if not given", most=MOST_SHARE),
        ),
        _irf,
    ),
    "ltch": PriceKind(
        "Long-term care hospital, standard or site neutral",
        (
            Key(
                "weight",
                "number",
                "long-term care group weight, for the standard rate",
                least=LEAST,
                most=MOST_WEIGHT,
            ),
            WAGE,
            Key("cola", "number", "cost-of-living factor", "1", least=ONE, most=MOST_SHARE),
            Key("los", "count", "days of the stay"),
            Key("mean_stay", "number", "mean stay of the group, for a short stay", least=ONE, most=MOST_MEAN),
            Key("cost", "number", "estimated cost of the stay"),
            Key("site_neutral", "yes", "paid at the site neutral rate", "no"),
            Key("acute_weight", "number", "weight of the acute MS-DRG", least=LEAST, most=MOST_WEIGHT),
            Key(
                "acute_gmlos", "number", "mean stay of the acute MS-DRG", least=Decimal("0.1"), most=MOST_MEAN
            ),
        ),
        _ltch,
    ),
}
