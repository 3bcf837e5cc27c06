"""Whether an option can be had: who is near the patient, in the network, able, and said that it takes patients.

That nobody is listed never means that nobody is there. ``not_met`` needs the hospital's word that its own list is
complete.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

import pandas as pd

from discharge.payers import PayerProfile
from discharge.providers.geography import zip_digits
from discharge.providers.matching import (
    Near,
    asked_capabilities,
    can_accept,
    fits,
    in_network,
    near,
    network_status,
)
from discharge.providers.model import Availability, Capability, Directory, Kind, Place
from discharge.providers.table import finding_table
from discharge.stayview import Status, StayView, kleene_all

NOBODY_NEEDED = Availability(
    status="met",
    known=0,
    in_network=None,
    can_accept=None,
    nearest_miles=None,
    note="No other provider has to take the patient.",
)


def availability(directory: Directory, view: StayView, option_id: str, place: Place) -> Availability:
    """Return what is known of providers of ``option_id`` for the patient of ``view``, who lives at ``place``.

    Distances are from the middle of the patient's ZIP. Capacity is what providers reported before the review's moment
    and not longer ago than ``report_hours``.
    """
    kinds = finding_table().options.get(option_id)
    if kinds is None:
        if option_id in finding_table().options:
            return NOBODY_NEEDED
        return NOBODY_NEEDED.model_copy(update={"status": "unknown", "note": "No kind of provider is known."})
    return _found(
        directory,
        tuple(kinds),
        Place(zip_digits(place.postal_code), place.state),
        _Payer(view.payer),
        asked_capabilities(view),
        _moment(view.as_of),
    )


def _moment(moment: pd.Timestamp) -> datetime:
    stamp = moment.tz_localize(UTC) if moment.tzinfo is None else moment
    return stamp.to_pydatetime(warn=False)


class _Payer:
    """A profile that can stand in a key: two of one id and digest are the same."""

    def __init__(self, profile: PayerProfile | None) -> None:
        self.profile = profile
        self.mark = None if profile is None else (profile.id, profile.digest)

    def __hash__(self) -> int:
        return hash(self.mark)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Payer) and self.mark == other.mark


@lru_cache(maxsize=16384)
def _found(
    directory: Directory,
    kinds: tuple[Kind, ...],
    place: Place,
    payer: _Payer,
    asked: tuple[Capability, ...],
    now: datetime,
) -> Availability:
    around = [two for kind in kinds for two in near(directory, kind, place)]
    complete = directory.complete.issuperset(kinds)
    networks = [in_network(two.provider, payer.profile) for two in around]
    accepting = [can_accept(two.provider, now) for two in around]
    pays = payer.profile
    verdicts = [
        (two.provider.is_own, _verdict(two, pays, asked, accepts))
        for two, accepts in zip(around, accepting, strict=True)
        if accepts or two.provider.is_own  # nobody else can make it met or not met
    ]
    distances = [two.miles for two in around if two.miles is not None]
    counted = _counted(networks), _counted(accepting)
    status = _status(verdicts, complete)
    return Availability(
        status=status,
        known=len(around),
        in_network=counted[0],
        can_accept=counted[1],
        nearest_miles=Decimal(f"{min(distances):.1f}") if distances else None,
        note=_note(directory, kinds, place, around, asked, counted, complete),
    )


def _verdict(
    two: Near, payer: PayerProfile | None, asked: Sequence[Capability], accepts: bool | None
) -> Status:
    """Whether this provider can take this patient."""
    said: Status = "unknown" if accepts is None else "met" if accepts else "not_met"
    return kleene_all(network_status(two.provider, payer), fits(two.provider, asked), said)


def _status(verdicts: Sequence[tuple[bool, Status]], complete: bool) -> Status:
    """Met by one that can; not met only where a complete list of the hospital's own has nobody who may.

    ``verdicts`` come with whether the provider is of the hospital's own list.
    """
    if any(verdict == "met" for _, verdict in verdicts):
        return "met"
    refused = all(verdict == "not_met" for is_own, verdict in verdicts if is_own)
    return "not_met" if complete and refused else "unknown"


def _counted(answers: Sequence[bool | None]) -> int | None:
    """How many said yes; None where nobody said anything."""
    return None if all(answer is None for answer in answers) else sum(answer is True for answer in answers)


def _note(
    directory: Directory,
    kinds: Sequence[Kind],
    place: Place,
    around: Sequence[Near],
    asked: Sequence[Capability],
    counted: tuple[int | None, int | None],
    complete: bool,
) -> str:
    table = finding_table()
    miles = max(table.kinds[kind].miles for kind in kinds)
    placed = any(two.miles is not None for two in around)
    rows = [table.kinds[kind] for kind in kinds]
    words = " and ".join(row.one if len(around) == 1 else row.many.lower() for row in rows)
    where = f"within {miles} miles of the patient's ZIP (approximate)" if placed else _unplaced(place)
    if not directory.providers:
        return "No directory of providers was given."
    parts = [f"{len(around)} {words} known {where}" if around else f"No {words} known {where}"]
    if around:
        parts.append("network not stated" if counted[0] is None else f"{counted[0]} in the network")
        lately = f"in the last {table.report_hours.value} hours"
        parts.append(
            f"nobody reported capacity {lately}"
            if counted[1] is None
            else f"{counted[1]} said {lately} that they take patients"
        )
        wanted = [name for name in asked if set(kinds) & set(table.capabilities[name].kinds)]
        if wanted:
            able = sum(fits(two.provider, wanted) == "met" for two in around)
            parts.append(
                f"{able} known to give {', '.join(table.capabilities[name].title for name in wanted)}"
            )
    if complete:
        parts.append("the hospital says its own list is complete")
    elif not around:
        parts.append("that none is listed does not mean that there is none")
    return "; ".join(parts) + "."


def _unplaced(place: Place) -> str:
    """How the area is called where the patient's ZIP could not be placed, or nobody has a distance."""
    if place.postal_code is None and place.state is None:
        return "(the patient's address is not charted)"
    return "in the patient's area (distance not known)"
