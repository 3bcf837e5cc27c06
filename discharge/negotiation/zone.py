"""The range of agreement: exact linear arithmetic in Decimal, no chart, no prices of its own.

A party's *room* is how much it may put towards the service and be no worse off than without an agreement: its cost in
the baseline less what else the arrangement costs it. Ceilings are rounded down and floors up to the cent, so that a
rate inside never leaves anybody worse off, not even by part of a cent.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext

from discharge.costs.ledger import PURSES
from discharge.negotiation.model import Party, Zone

_CENT = Decimal("0.01")
_DIGITS = 60


def zone(
    room: Mapping[Party, Decimal | None], share: Mapping[Party, Decimal], units: int, floor: Decimal
) -> Zone:
    """Return the rates per unit that leave nobody worse off and give the provider its ``floor`` per unit.

    ``share`` is each party's part of the service's price, adding up to 1; a party that pays no part may still be worse
    off whatever the rate (its room is below zero), and then it stands in the way.

    Raises:
        ValueError: shares below zero or not adding up to 1, or less than one unit (a defect of the caller).
    """
    if units < 1 or any(part < 0 for part in share.values()) or sum(share.values()) != 1:
        raise ValueError("shares must be at least 0 and add up to 1, over at least one unit")
    low = _up(floor)
    unknown = [party for party in PURSES if room.get(party) is None]
    ceilings: dict[Party, Decimal] = {}
    blocked: list[Party] = []
    for party in PURSES:
        mine, part = room.get(party), share.get(party, Decimal(0))
        if mine is None:
            continue
        if part > 0:
            ceilings[party] = _down(mine, part, units)
            if ceilings[party] < low:
                blocked.append(party)
        elif mine < 0:
            blocked.append(party)
    high = min(ceilings.values(), default=None)
    set_by = next((party for party, most in ceilings.items() if most == high), None)
    return _closed(units, (low, high), ceilings, blocked, unknown, set_by)


def joint_zone(
    room: Mapping[Party, Decimal | None], units: int, floor: Decimal, besides: Decimal = Decimal(0)
) -> Zone:
    """Return the rates for which *some* split of the price leaves nobody worse off: all rooms put together.

    ``besides`` is a fixed amount that the parties share as well.

    Raises:
        ValueError: less than one unit (a defect of the caller).
    """
    if units < 1:
        raise ValueError("at least one unit")
    low = _up(floor)
    known = {party: mine for party in PURSES if (mine := room.get(party)) is not None}
    unknown = [party for party in PURSES if party not in known]
    blocked: list[Party] = [party for party, mine in known.items() if mine < 0]
    ceilings = {party: _down(mine, Decimal(1), units) for party, mine in known.items()}
    high = None if unknown else _down(sum(known.values(), -besides), Decimal(1), units)
    if not blocked and high is not None and high < low:
        blocked = list(known)
    return _closed(units, (low, high), ceilings, blocked, unknown, None)


def _closed(
    units: int,
    limits: tuple[Decimal, Decimal | None],
    ceilings: dict[Party, Decimal],
    blocked: list[Party],
    unknown: list[Party],
    set_by: Party | None,
) -> Zone:
    low, high = limits
    is_open = False if blocked else None if unknown or high is None else True
    return Zone(
        units=units,
        floor=low,
        low=low if is_open else None,
        high=high if is_open else None,
        ceilings=ceilings,
        set_by=set_by,
        blocked_by=blocked,
        unknown=unknown,
        is_open=is_open,
    )


def _down(room: Decimal, part: Decimal, units: int) -> Decimal:
    """Return the highest rate in whole cents whose ``part`` over ``units`` stays within ``room``."""
    with localcontext() as context:
        context.prec, context.rounding = _DIGITS, ROUND_FLOOR
        return (room / (part * units)).quantize(_CENT, rounding=ROUND_FLOOR)


def _up(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, rounding=ROUND_CEILING)
