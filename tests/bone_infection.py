"""A chronic bone infection, three weeks of treatment by vein to go, and profiles whose every price is pinned here.

So the figures of the tests are reckoned by hand: what is shipped may change without changing them.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from profiles import profile
from views import conclude, view

from discharge.costs.stay import stay_money
from discharge.needs import Need
from discharge.negotiation import negotiate
from discharge.options import options

FIRST = date(2025, 1, 1)
HERE = {
    "stay.is_in_house": 1.0,
    "stay.inpatient_days": 6.0,
    "stay.admitted_at": "2026-06-09T13:00",
    "diagnosis.principal": "M86.68",
    "treatment.planned_iv_days_left": 21.0,
    "treatment.iv_antibiotics": ["ceftriaxone"],
    "treatment.iv_drugs": ["ceftriaxone"],
    "treatment.has_picc": 1.0,
    "condition.line_in_place": 1.0,
}
PRICES = {
    "infusion.per_diem_low": ("USD", "80.00"),
    "infusion.per_diem_high": ("USD", "150.00"),
    "private.nurse_visit": ("USD", "160.00"),
    "planning.nurse_visits_week_low": ("1", "1"),
    "planning.nurse_visits_week": ("1", "1"),
    "planning.nurse_visits_week_high": ("1", "1"),
    "planning.iv_drug_day_low": ("USD/d", "10.00"),
    "planning.iv_drug_day_high": ("USD/d", "20.00"),
    "labs.cbc": ("USD", "10.00"),
    "labs.bmp": ("USD", "10.00"),
    "hospital.day_average": ("USD", "3000.00"),
    "hospital.marginal_share_low": ("1", "0.15"),
    "hospital.marginal_share_high": ("1", "0.40"),
}
BENEFITS = {
    "home_infusion": {"covered": False, "note": "neither drugs nor equipment"},
    "infusion_suite": {"covered": True, "member_cost": {"copay_usd_per_visit": "60.00"}},
    "snf": {"covered": True, "member_cost": {"copay_usd_per_day": "75.00"}},
    "home_health": {"covered": True, "member_cost": {"copay_usd_per_visit": "30.00"}},
    "outpatient": {"covered": True, "member_cost": {"copay_usd_per_visit": "30.00"}},
}
BY_CASE = {"basis": "ms_drg", "multiplier": "1.40"}
BY_DAY = {"basis": "per_diem", "per_diem_usd": "1900.00"}
AT_HOME = {"home_infusion": "met", "stay": "not_met", "home_health": "not_met"}


def dated(unit: str, value: str) -> dict[str, Any]:
    return {"unit": unit, "values": {FIRST: {"value": value}}}


def hmo(inpatient: dict[str, str], payer_class: str = "commercial", **more: Any) -> Any:
    """A policy without home infusion that pays one amount a stay for the hospital."""
    parts: dict[str, Any] = {
        "benefits": BENEFITS,
        "contract": {
            "inpatient": inpatient,
            "post_acute": {"snf_per_diem_usd": "510.00", "infusion_suite_visit_usd": "280.00"},
        },
        "cost_sharing": {"hospital_stay_usd": dated("USD", "750.00")},
        "planning": {name: dated(*value) for name, value in PRICES.items()},
    }
    return profile(payer_class, **(parts | more))


def need(name: str) -> Need:
    return Need(
        need=name, title=name, for_payer=True, because=[], evidence=[], unknown=[], rule="r", version="1"
    )


def story(
    payer: Any,
    fit: dict[str, str],
    eligible: dict[str, str] | None = None,
    needs: tuple[str, ...] = ("iv_therapy",),
    **facts: Any,
) -> Any:
    """Return the negotiation of the story under ``payer``, and its ranked options."""
    said = [conclude("need", need=name) for name in needs]
    said += [conclude("fit", option=name, status=status) for name, status in fit.items()]
    said += [conclude("eligibility", option=name, status=status) for name, status in (eligible or {}).items()]
    given = {key: value for key, value in (HERE | facts).items() if value is not None}
    one = view(given, *said, payer=payer)
    money = stay_money(one)
    ranked = options(one, [need(name) for name in needs], money)
    return negotiate(one, ranked, money), ranked


def way(found: Any, name: str) -> Any:
    return next(one for one in found.arrangements if one.id == name)
