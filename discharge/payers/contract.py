"""What hospital, providers and payer agreed on: the basis of an inpatient stay's payment and schedules of fees."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from discharge.dated import Strict
from discharge.payers.amounts import AmountGroup, Amounts, QuotedDecimal, only

InpatientBasis: TypeAlias = Literal[
    "ms_drg", "per_diem", "case_rate", "percent_of_charges", "fee_schedule", "self_pay"
]
LevelOfCare: TypeAlias = Literal["icu", "ward"]

POST_ACUTE = (
    "snf_per_diem_usd",
    "snf_stay_usd",
    "irf_per_diem_usd",
    "irf_stay_usd",
    "ltch_per_diem_usd",
    "ltch_stay_usd",
    "home_health_visit_usd",
    "home_health_period_usd",
    "home_infusion_per_diem_usd",
    "home_infusion_visit_usd",
    "infusion_suite_visit_usd",
    "long_acting_visit_usd",
    "hospice_home_day_usd",
    "hospice_inpatient_day_usd",
    "behavioural_partial_day_usd",
    "behavioural_residential_day_usd",
    "medical_respite_day_usd",
)
FEES = (
    "share_of_medicare",
    "office_visit_usd",
    "therapy_visit_usd",
    "laboratory_draw_usd",
    "line_insertion_usd",
    "oxygen_month_usd",
    "wound_pump_month_usd",
    "hospital_bed_month_usd",
    "wheelchair_month_usd",
    "wheelchair_ride_usd",
    "stretcher_ride_usd",
    "ambulance_ride_usd",
    "ambulatory_ride_usd",
)


class Tier(Strict):
    """A day rate for some days of the stay (the first is day 1), or for a level of care."""

    usd: QuotedDecimal
    from_day: int = Field(default=1, ge=1)
    through_day: int | None = Field(default=None, ge=1)
    level: LevelOfCare | None = None


class StopLoss(Strict):
    """Once charges pass a limit the payer pays a share of them.

    ``of`` says of which charges: all of them (from the first dollar, in place of the contract's other payment), or of
    those above the limit, in addition to it.
    """

    charges_above_usd: QuotedDecimal
    share_of_charges: QuotedDecimal
    of: Literal["all", "excess"]


class InpatientContract(Strict):
    """How an inpatient stay is paid.

    ms_drg: ``multiplier`` times Medicare's own payment or, with ``base_rate_usd``, times that rate times the weight.
    per_diem: ``per_diem_usd`` and/or ``per_diem_tiers``. case_rate: ``case_rates_usd`` by MS-DRG, else
    ``case_rate_usd``. percent_of_charges: ``multiplier`` is the share paid. fee_schedule: by service, so the stay as
    a whole has no rate. ``cost_to_charge`` estimates charges from the cost of a day where the chart has none.
    """

    basis: InpatientBasis
    multiplier: QuotedDecimal | None = None
    base_rate_usd: QuotedDecimal | None = None
    applies_transfer_policy: bool | None = Field(
        default=None,
        description="early transfers pay less, as Medicare's; unless told, where Medicare's payment counts",
    )
    per_diem_usd: QuotedDecimal | None = None
    per_diem_tiers: list[Tier] = Field(default_factory=list)
    case_rate_usd: QuotedDecimal | None = None
    case_rates_usd: dict[str, QuotedDecimal] = Field(default_factory=dict)
    cost_to_charge: QuotedDecimal | None = None
    at_most_charges: bool = Field(default=False, description="never pays more than the charges")
    stop_loss: StopLoss | None = None
    cite: str | None = None
    placeholder: bool = False
    note: str | None = None

    @model_validator(mode="after")
    def _has_rate(self) -> InpatientContract:
        if self.basis == "per_diem" and self.per_diem_usd is None and not self.per_diem_tiers:
            raise ValueError("basis per_diem needs per_diem_usd or per_diem_tiers")
        if self.basis in ("ms_drg", "percent_of_charges") and self.multiplier is None:
            raise ValueError(f"basis {self.basis} needs multiplier")
        if self.basis == "case_rate" and self.case_rate_usd is None and not self.case_rates_usd:
            raise ValueError("basis case_rate needs case_rate_usd or case_rates_usd")
        for drg in self.case_rates_usd:
            if not (len(drg) == 3 and drg.isdigit()):
                raise ValueError(f"case_rates_usd: '{drg}' is no MS-DRG of three digits")
        if self.cost_to_charge is not None and not 0 < self.cost_to_charge <= 2:
            raise ValueError("cost_to_charge is cost divided by charges, such as '0.25'")
        return self

    @model_validator(mode="after")
    def _tiers_are_plain(self) -> InpatientContract:
        by_day = sorted(
            (tier for tier in self.per_diem_tiers if tier.level is None), key=lambda one: one.from_day
        )
        for tier in by_day:
            if tier.through_day is not None and tier.through_day < tier.from_day:
                raise ValueError(f"per_diem_tiers: day {tier.through_day} comes before day {tier.from_day}")
        for tier, later in pairwise(by_day):
            if tier.through_day is None or tier.through_day >= later.from_day:
                raise ValueError(f"per_diem_tiers: day {later.from_day} is in two tiers")
        return self


class Contract(Strict):
    """Rates that the payer agreed on with the hospital, with post-acute providers, and by service."""

    inpatient: InpatientContract | None = None
    post_acute: Annotated[Amounts, only(*POST_ACUTE)] = AmountGroup()
    fee_schedule: Annotated[Amounts, only(*FEES)] = AmountGroup()
