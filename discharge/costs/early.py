"""What an early transfer pays for a stay under a contract: the rule of :mod:`transfer`, asked of a stay."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from discharge.costs.rates import planning_table
from discharge.costs.terms import Terms
from discharge.costs.transfer import CODES, NO_TRANSFER, Group, transfer_of
from discharge.drg import Drg

HOME_HEALTH_STARTS = (
    "home health is taken to start within 3 days for the same condition; if not, nothing is lost"
)
_PLACES = {**CODES, "acute_transfer": CODES["acute"], "hospice": CODES["hospice_home"]}


class EarlyTransfer(NamedTuple):
    """The share of the full payment that an early transfer pays; ``is_open``: it may yet be all, for what is said."""

    fraction: Decimal = NO_TRANSFER
    is_open: bool = False
    said: tuple[str, ...] = ()


def early_transfer(
    drg: Drg,
    day: date,
    los_days: int | None,
    place: str | None,
    terms: Terms,
    *,
    status: str | None = None,
    home_health_days: int | None = None,
) -> EarlyTransfer:
    """Return what a discharge to ``place`` pays by :func:`transfer_of`; all of it where the contract has no such rule.

    ``status`` is the discharge status code where one is charted: it says more than the place. ``home_health_days``
    None: it isn't known when home health starts, so it is taken to start in time.
    """
    code = status or _PLACES.get(place or "")
    if not terms.has_transfer_policy or los_days is None or drg.gmlos_days is None or code is None:
        return EarlyTransfer()
    group = Group(drg.ms_drg, drg.gmlos_days, drg.post_acute_transfer is True, drg.special_pay is True)
    for start in (home_health_days, 0):
        found = transfer_of(
            day, group, los_days, code, home_health_days=start, look_up=terms.rate, tables=planning_table
        )
        if found is not None:
            is_assumed = start != home_health_days
            return EarlyTransfer(found.fraction, is_assumed, (HOME_HEALTH_STARTS,) if is_assumed else ())
    return EarlyTransfer()
