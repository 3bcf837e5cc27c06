"""Takes from a stay what the price of a destination depends on."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from discharge.costs.allowed import PriceInputs
from discharge.costs.amounts import ZERO
from discharge.costs.catalog import kind_of_patient, option_table
from discharge.costs.rates import period_start, planning_rate
from discharge.costs.stay import StayMoney, transfer_loss
from discharge.costs.terms import payer_terms
from discharge.stayview import Status, StayView

_PRICED = frozenset(
    {
        "pt",
        "ot",
        "slp",
        "skilled_nursing",
        "wound_care",
        "custodial_care",
        "caregiver_support",
        "iv_therapy",
        "home_infusion_drug",
    }
)

_TRANSFERRED = ("snf", "irf", "home_health")
_FACILITIES = ("snf", "irf")


def horizon_days(view: StayView) -> int:
    """Return the horizon of all prices of a stay, in days."""
    return int(planning_rate("planning.horizon_days", view.day).value or 30)


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
        needs_iv = bool(needs & {"iv_therapy", "home_infusion_drug"})
        common = PriceInputs(
            option="home",
            terms=payer_terms(view.payer),
            day=period_start(view.day),
            horizon_days=horizon_days(view),
            coverage="met",
            kind=kind_of_patient(view.text("diagnosis.principal"), needs_iv),
            needs=needs,
            iv_days=iv_days_left(view),
            used_days=money.los_days,
            in_house=view.flag("stay.is_in_house") is not False and view.time("stay.discharged_at") is None,
        )
        return cls(common, money)

    def inputs(self, option: str, coverage: Status) -> PriceInputs:
        """Return the inputs of one destination. What its price doesn't depend on is left out: prices are shared."""
        common = self.common
        waiting: tuple[int, int, int] = (0, 0, 0)
        loss: Decimal | None = ZERO
        if common.in_house:
            days = option_table().options[option].waiting_days
            waiting = (days.low, days.expected, days.high)
            if option in _TRANSFERRED:
                loss = transfer_loss(self.money.drg, common.terms, common.day, self.money.los_days, option)
        return PriceInputs(
            option=option,
            terms=common.terms,
            day=common.day,
            horizon_days=common.horizon_days,
            coverage=coverage,
            kind=common.kind if option in _FACILITIES else "medical",
            needs=common.needs,
            iv_days=common.iv_days if common.needs_iv else None,
            used_days=common.used_days if option == "stay" else None,
            in_house=common.in_house,
            waiting_days=waiting,
            transfer_loss=loss,
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
