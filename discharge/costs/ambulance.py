"""Ambulance fee schedule (42 CFR 414.610): base by level of service, geography, mileage, temporary additions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias, get_args

from discharge.costs.amounts import ONE, ZERO, cents
from discharge.costs.priced import Desk, LookUp, Priced, TableLookUp, none_if_not_known
from discharge.costs.rates import rate, table

Area: TypeAlias = Literal["none", "urban", "rural", "super_rural"]
AREAS: tuple[str, ...] = get_args(Area)


@none_if_not_known
def ambulance_trip(
    day: date,
    level: str,
    *,
    practice_index: Decimal = ONE,
    miles: Decimal = ZERO,
    area: Area = "urban",
    conversion_factor: Decimal | None = None,
    mileage: Decimal | None = None,
    look_up: LookUp = rate,
    tables: TableLookUp = table,
) -> Priced:
    """Return what one ground trip allows; None where a factor is neither given nor known.

    ``level`` is the code of the service (A0428 basic non-emergency, A0429 basic emergency, A0426 and A0427
    advanced, A0433, A0434). ``practice_index`` is the locality's practice expense index. ``area`` chooses the
    temporary addition: the super-rural one is on the base alone, the others on base and mileage.
    """
    desk = Desk(day, look_up, tables)
    units, share = desk.row("ambulance.relative_value", level), desk.value("ambulance.practice_share")
    factor = desk.value("ambulance.conversion_factor") if conversion_factor is None else conversion_factor
    figures = f"{units} x {factor} x ({share} x {practice_index} + {1 - share})"
    base = desk.step("base", figures, cents(units * factor * (share * practice_index + 1 - share)))
    each = ZERO
    if miles:
        each = desk.value("ambulance.mileage") if mileage is None else mileage
    ride = desk.step("mileage", f"{miles} x {each}", cents(miles * each))
    if area != "none":
        added = 1 + desk.row("ambulance.addition", area)
        base = desk.step("base with addition", f"{base} x {added}", cents(base * added))
        if area != "super_rural":
            ride = desk.step("mileage with addition", f"{ride} x {added}", cents(ride * added))
    return desk.priced(desk.step("trip", f"{base} + {ride}", base + ride))
