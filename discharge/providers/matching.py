"""Who is near a patient, and what each provider can do for this one: network, capabilities, capacity."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from discharge.payers import PayerProfile
from discharge.providers.geography import Position, miles_to_all, position_of, position_of_zip, zip_digits
from discharge.providers.model import CAPABILITIES, Capability, Directory, Kind, Place, Provider
from discharge.providers.table import CapabilityRow, finding_table
from discharge.stayview import Status, StayView, kleene_all, status_of


class Near(NamedTuple):
    """A provider and how far it is from the patient's ZIP; None where one of the two places isn't known."""

    provider: Provider
    miles: float | None


@lru_cache(maxsize=4096)
def near(directory: Directory, kind: Kind, place: Place) -> tuple[Near, ...]:
    """Return the providers of a kind that serve the patient's area, nearest first, those of unknown distance last.

    Without a ZIP that can be placed these are the providers of the patient's State. Of the hospital's own list those
    whose distance isn't known are near: the hospital works with them. Who says which ZIPs it serves is asked that.
    """
    home = position_of_zip(directory, place.postal_code)
    digits = zip_digits(place.postal_code)
    everyone, places = _placed(directory, kind)
    if home is None:
        distances: list[float | None] = [None] * len(everyone)
    else:
        distances = [
            None if math.isnan(miles) else miles for miles in miles_to_all(home[:2], places).tolist()
        ]
    found = [
        Near(one, miles)
        for one, miles in zip(everyone, distances, strict=True)
        if _is_near(one, miles, kind, home, place.state, digits)
    ]
    return tuple(sorted(found, key=lambda two: (two.miles is None, two.miles or 0.0, two.provider.key)))


@lru_cache(maxsize=64)
def _placed(directory: Directory, kind: Kind) -> tuple[tuple[Provider, ...], NDArray[np.float64]]:
    """The providers of a kind with their latitudes and longitudes (NaN where not known), found once."""
    everyone = directory.by_kind.get(kind, ())
    places = [position_of(directory, one) or (np.nan, np.nan) for one in everyone]
    return everyone, np.array([place[:2] for place in places], dtype=np.float64).reshape(-1, 2)


def _is_near(
    one: Provider,
    miles: float | None,
    kind: Kind,
    home: Position | None,
    state: str | None,
    digits: str | None,
) -> bool:
    if one.serves is not None and digits is not None and len(digits) == 5:
        return digits in one.serves
    if miles is not None:
        return miles <= finding_table().kinds[kind].miles
    if one.is_own:
        return True
    return home is None and state is not None and one.state == state


def in_network(one: Provider, payer: PayerProfile | None) -> bool | None:
    """Return whether a provider is in the payer's network, None where nobody says.

    Original Medicare has no network: whoever Medicare certified takes part.
    """
    if payer is None:
        return None
    listed: Iterable[str] | None = payer.network.get(one.kind)
    by_payer = None if listed is None else bool({one.ccn, one.own_id} & set(listed))
    by_list = None if one.networks is None else payer.id in one.networks
    if by_payer is not None or by_list is not None:
        return bool(by_payer) or bool(by_list)
    if payer.payer_class == "medicare_ffs" and one.ccn and finding_table().kinds[one.kind].medicare:
        return True
    return None


def network_status(one: Provider, payer: PayerProfile | None) -> Status:
    """Return the network as a status; who pays alone has none to mind."""
    if payer is not None and payer.payer_class == "self_pay":
        return "met"
    return status_of(in_network(one, payer))


def can_accept(one: Provider, now: datetime) -> bool | None:
    """Return whether a provider said, lately enough, that it takes patients; None where it did not."""
    if one.reported_at is None or one.reported_at > now:
        return None
    if now - one.reported_at > timedelta(hours=float(finding_table().report_hours.value)):
        return None
    if one.accepting is False or one.beds_available == 0:
        return False
    return True if one.accepting or one.beds_available else None


def fits(one: Provider, asked: Iterable[Capability]) -> Status:
    """Return whether a provider has every capability asked of its kind."""
    rows = finding_table().capabilities
    return kleene_all(
        *(status_of(one.capabilities.get(name)) for name in asked if one.kind in rows[name].kinds)
    )


def asked_capabilities(view: StayView) -> tuple[Capability, ...]:
    """Return the capabilities that a stay's needs and facts ask for."""
    needed = {str(getattr(one.payload, "need", "")) for one in view.concluded("need")}
    rows = finding_table().capabilities
    return tuple(name for name in CAPABILITIES if name in rows and _is_asked(rows[name], needed, view))


def capabilities_of(needs: Iterable[str]) -> tuple[Capability, ...]:
    """Return the capabilities that needs alone ask for."""
    needed, rows = set(needs), finding_table().capabilities
    return tuple(name for name in CAPABILITIES if name in rows and needed.intersection(rows[name].needs))


def _is_asked(row: CapabilityRow, needed: set[str], view: StayView) -> bool:
    if needed.intersection(row.needs) or any(view.flag(fact) for fact in row.facts):
        return True
    number = None if row.number is None else view.number(row.number.fact)
    return row.number is not None and number is not None and number >= float(row.number.at_least)
