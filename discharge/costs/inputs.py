"""Takes from a stay what the price of a destination depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from discharge.codes import value_set
from discharge.costs.amounts import ZERO
from discharge.costs.catalog import kind_of_patient, option_table
from discharge.costs.horizon import BY_USED_DAYS, TRANSFERS
from discharge.costs.member import NOTHING_KNOWN, spent
from discharge.costs.rates import period_start, planning_rate
from discharge.costs.services import PriceInputs
from discharge.costs.services.case import IV_NEEDS
from discharge.costs.stay import StayMoney, transfer_loss
from discharge.costs.terms import Terms, payer_terms
from discharge.readmission import readmission_risk
from discharge.stayview import Status, StayView

_CARE = frozenset({"pt", "ot", "slp", "skilled_nursing", "wound_care"})
_HELP = frozenset({"custodial_care", "caregiver_support", "dme", "oxygen", "transport"})
_NEEDS: Mapping[str, frozenset[str]] = {
    "home": _HELP,
    "outpatient": _HELP | {"pt", "ot", "slp"},
    "home_health": _HELP | _CARE,
    "snf": _CARE | IV_NEEDS,
    "stay": IV_NEEDS,
    **dict.fromkeys(
        ("home_infusion", "home_infusion_self", "infusion_suite", "long_acting", "oral_step_down"),
        _HELP | IV_NEEDS,
    ),
    **dict.fromkeys(("hospice_home", "behavioural_partial"), _HELP),
}
_PRICED = _HELP | _CARE | IV_NEEDS
_BY_KIND = ("snf", "irf")
_NEAR_COINSURANCE_DAYS = 40
_COPAYS_END = 5  # of `hospital_day_1_5_usd`: a plan's copays by the day end there
_WITH_RIDE = ("snf", "irf", "ltch", "hospice_inpatient", "behavioural_residential", "medical_respite")
_NO_SCORE_FITS = ("hospice_home", "hospice_inpatient")


def horizon_days(view: StayView) -> int:
    """Return the horizon of all prices of a stay, in days."""
    return _horizon(payer_terms(view.payer), view)


def _horizon(terms: Terms | None, view: StayView) -> int:
    found = (planning_rate if terms is None else terms.rate)("planning.horizon_days", view.day)
    return int(found.value or 30)


def _pricing_day(terms: Terms | None, day: date, horizon: int) -> date:
    """Return the first day with the same rates, so that prices are shared; ``day`` where they change in its horizon."""
    start_of = period_start if terms is None else terms.period_start
    start = start_of(day)
    return start if start_of(day + timedelta(days=horizon - 1)) == start else day


def price_inputs(view: StayView, option: str, coverage: Status, money: StayMoney) -> PriceInputs:
    """Return the inputs of one destination's price; ``coverage`` is that of its service under the payer."""
    return StayPrices.of(view, money).inputs(option, coverage)


@dataclass(frozen=True)
class StayPrices:
    """What the prices of all destinations of one stay have in common, read once."""

    common: PriceInputs
    money: StayMoney

    @classmethod
    def of(cls, view: StayView, money: StayMoney) -> StayPrices:
        """Read a stay."""
        needs = _PRICED.intersection(str(getattr(one.payload, "need", "")) for one in view.concluded("need"))
        needs_iv = bool(needs & IV_NEEDS)
        terms, drg = payer_terms(view.payer), money.drg
        is_grouped = drg.weight is not None and drg.gmlos_days is not None
        horizon = _horizon(terms, view)
        common = PriceInputs(
            option="home",
            terms=terms,
            day=_pricing_day(terms, view.day, horizon),
            horizon_days=horizon,
            coverage="met",
            kind=kind_of_patient(view.text("diagnosis.principal"), needs_iv),
            needs=needs,
            iv_days=iv_days_left(view),
            drugs=iv_drugs(view) if needs_iv else (),
            has_line=view.flag("condition.line_in_place"),
            needs_stretcher=_status(view.findings("cms_medicare.ambulance.necessary")),
            used_days=money.los_days,
            ltch_standard=_status(view.findings("cms_medicare.ltch.standard_rate")),
            acute_group=(drg.weight or ZERO, drg.gmlos_days or ZERO) if is_grouped else None,
            in_house=view.flag("stay.is_in_house") is not False and view.time("stay.discharged_at") is None,
            readmission=_readmission(view),
            spent=NOTHING_KNOWN if terms is None else spent(view),
        )
        return cls(common, money)

    def _used_days(self, option: str) -> int | None:
        """The days of the stay so far, where its price depends on them; days that all cost alike are taken for one."""
        terms, used = self.common.terms, self.common.used_days
        if option in BY_USED_DAYS or used is None:
            return used
        if terms is None or not self.common.in_house:
            return None
        if terms.basis == "per_diem":
            return used
        if terms.is_medicare:
            return used if used >= _NEAR_COINSURANCE_DAYS else None
        return min(used, _COPAYS_END)

    def inputs(self, option: str, coverage: Status) -> PriceInputs:
        """Return the inputs of one destination. What its price doesn't depend on is left out: prices are shared."""
        common = self.common
        waiting: tuple[int, int, int] = (0, 0, 0)
        loss: Decimal | None = ZERO
        if common.in_house:
            days = option_table().options[option].waiting_days
            waiting = (days.low, days.expected, days.high)
            if option in TRANSFERS:
                loss = transfer_loss(
                    self.money.drg, common.terms, common.day, self.money.los_days, TRANSFERS[option]
                )
        needs = common.needs & _NEEDS.get(option, frozenset())
        by_vein = bool(needs & IV_NEEDS)
        return replace(
            common,
            option=option,
            coverage=coverage,
            kind=common.kind if option in _BY_KIND else "medical",
            needs=needs,
            iv_days=common.iv_days if by_vein else None,
            drugs=common.drugs if by_vein and option not in ("snf", "stay") else (),
            has_line=common.has_line if by_vein and option != "stay" else None,
            needs_stretcher=common.needs_stretcher if option in _WITH_RIDE else "unknown",
            used_days=self._used_days(option),
            ltch_standard=common.ltch_standard if option == "ltch" else "unknown",
            acute_group=common.acute_group if option == "ltch" else None,
            waiting_days=waiting,
            transfer_loss=loss,
            readmission=None if option in _NO_SCORE_FITS else common.readmission,
        )


def iv_days_left(view: StayView) -> int | None:
    """Return the days of IV treatment still planned: as charted, else the bone infection's course less days given."""
    planned = view.number("treatment.planned_iv_days_left")
    if planned is not None:
        return int(planned)
    course, given = (
        view.number("condition.bone_infection_course_days"),
        view.number("treatment.iv_antibiotic_days"),
    )
    return max(0, int(course - given)) if course is not None and given is not None else None


def iv_drugs(view: StayView) -> tuple[str, ...]:
    """Return the anti-infectives charted by vein in 24 hours, by name; none where none is named."""
    given = {*(view.codes("treatment.iv_antibiotics") or ()), *(view.codes("treatment.iv_drugs") or ())}
    kept = value_set("anti_infectives")
    return tuple(sorted(name for name in given if kept.matches(name) and "not named" not in name))


def _readmission(view: StayView) -> tuple[Decimal, Decimal, Decimal] | None:
    risk = readmission_risk(view)
    if risk.low is None or risk.expected is None or risk.high is None:
        return None
    return risk.low, risk.expected, risk.high


def _status(word: str) -> Status:
    return "met" if word == "met" else "not_met" if word == "not_met" else "unknown"
