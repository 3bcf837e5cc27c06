"""Durable medical equipment: what it costs by the month (42 CFR 414.210-230). Planning amounts, US dollars.

The real amounts are those of the quarterly fee schedule of the State; load them as rates of a payer profile.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from discharge.costs.amounts import cents
from discharge.costs.priced import Desk, LookUp, Priced, none_if_not_known
from discharge.costs.rates import rate


@none_if_not_known
def rental(day: date, item: str, months: int, *, look_up: LookUp = rate) -> Priced:
    """Return what ``months`` months of an item allow: ``oxygen``, ``hospital_bed``, ``wheelchair``."""
    desk = Desk(day, look_up)
    monthly = desk.value(f"equipment.{item}_month")
    return desk.priced(desk.step(item, f"{months} x {monthly}", cents(months * monthly)))


@none_if_not_known
def pump_days(day: date, days: int, *, look_up: LookUp = rate) -> Priced:
    """Return what an infusion pump costs over ``days`` days."""
    desk = Desk(day, look_up)
    daily: Decimal = desk.value("equipment.pump_day")
    return desk.priced(desk.step("pump", f"{days} x {daily}", cents(days * daily)))
