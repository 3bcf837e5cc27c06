"""The list of post-acute providers that a patient chooses from, as 42 CFR 482.43 asks, in an order that doesn't steer.

Who is on it depends on distance, network and what the patient needs, and never on ratings or on the hospital's
financial interest. The order is alphabetical, begun at a place that day and stay alone decide; or by distance.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

from pydantic import Field

from discharge.payers import PayerProfile
from discharge.providers.matching import Near, can_accept, capabilities_of, fits, in_network, near
from discharge.providers.model import Directory, Kind, Place, Provider
from discharge.providers.table import finding_table
from discharge.stayview import Result

Order: TypeAlias = Literal["rotated", "distance"]
MANAGED = ("medicare_advantage", "commercial", "medicaid", "dual", "other")
ORDERS: dict[Order, str] = {
    "rotated": "alphabetical; which name comes first was drawn from the day and the stay, and says nothing of quality",
    "distance": "nearest first",
}


class Figure(Result):
    """A published figure and the day of its file (None: not stated)."""

    name: str
    value: str
    published: date | None
    use: Literal["quality", "resource"]


class Listed(Result):
    """A provider on the list. ``None`` means that nobody has said."""

    key: str
    name: str
    address: str
    phone: str | None
    miles: Decimal | None
    in_network: bool | None
    can_accept: bool | None
    beds_available: int | None
    reported_at: datetime | None
    has_financial_interest: bool | None
    languages: list[str]
    figures: list[Figure]


class ListSource(Result):
    """A file that the list was made from."""

    title: str
    as_of: date | None
    is_placeholder: bool


class ChoiceList(Result):
    """Providers of one kind to choose from. ``more`` are those near that the paper has no room for.

    ``left_out`` says in words who near the patient is not on it, and why.
    """

    kind: Kind
    title: str
    radius_miles: int
    providers: list[Listed]
    more: int
    left_out: list[str] = Field(default_factory=list)
    order: Order
    order_words: str
    is_managed: bool = Field(description="the payer is one whose network the patient has to mind")
    network_known: bool
    sources: list[ListSource]


class _Sorted(NamedTuple):
    """Who near may be listed, and how many may not, by reason."""

    kept: list[Near]
    left_out: list[str]


def choices(
    directory: Directory,
    payer: PayerProfile | None,
    place: Place,
    kind: Kind,
    needs: Sequence[str],
    day: date,
    *,
    stay_id: str = "",
    now: datetime | None = None,
    order: Order = "rotated",
    most: int | None = None,
) -> ChoiceList:
    """Return the list of one kind for a patient at ``place`` whose stay has ``needs``.

    ``day`` and ``stay_id`` turn the order; ``now`` (aware) says which reports of capacity are late enough, None that
    none is shown. ``most`` providers are listed: those of the payer's network first, then the nearest.
    """
    sorted_ = _who(directory, payer, place, kind, needs)
    room = int(finding_table().list_size.value) if most is None else most
    turned = _turned(sorted_.kept, day, stay_id, kind)
    ranked = sorted(turned, key=lambda two: (_network_place(two, payer), two.miles is None, two.miles or 0.0))
    chosen = ranked[:room]
    shown = (
        [two for two in turned if two in chosen]
        if order == "rotated"
        else sorted(chosen, key=lambda two: (two.miles is None, two.miles or 0.0))
    )
    row = finding_table().kinds[kind]
    return ChoiceList(
        kind=kind,
        title=row.many,
        radius_miles=row.miles,
        providers=[_listed(two, payer, now) for two in shown],
        more=len(sorted_.kept) - len(chosen),
        left_out=sorted_.left_out,
        order=order,
        order_words=ORDERS[order],
        is_managed=payer is not None and payer.payer_class in MANAGED,
        network_known=any(in_network(two.provider, payer) is not None for two in sorted_.kept),
        sources=_sources(directory, shown),
    )


def _who(
    directory: Directory, payer: PayerProfile | None, place: Place, kind: Kind, needs: Sequence[str]
) -> _Sorted:
    """Those near who take part in Medicare, asked to be listed where they have to, and aren't known to be unable."""
    kept: list[Near] = []
    without_ccn = unasked = unable = 0
    asked = capabilities_of(needs)
    row = finding_table().kinds[kind]
    for two in near(directory, kind, place):
        if row.medicare and two.provider.ccn is None:
            without_ccn += 1
        elif kind == "home_health" and two.provider.asked_to_be_listed is False:
            unasked += 1
        elif fits(two.provider, asked) == "not_met":
            unable += 1
        else:
            kept.append(two)
    said = [
        (without_ccn, "no Medicare certification number on record"),
        (unasked, "did not ask the hospital to be listed"),
        (unable, "said that it cannot give care this patient needs"),
    ]
    return _Sorted(kept, [f"{count} left out: {words}" for count, words in said if count])


def _turned(found: Sequence[Near], day: date, stay_id: str, kind: Kind) -> list[Near]:
    """Return providers by name, begun at a place that day, stay and kind alone decide."""
    by_name = sorted(found, key=lambda two: (two.provider.name.casefold(), two.provider.key))
    if not by_name:
        return []
    seed = hashlib.sha256(f"{day.isoformat()}\n{stay_id}\n{kind}".encode()).digest()
    first = int.from_bytes(seed[:8], "big") % len(by_name)
    return by_name[first:] + by_name[:first]


def _network_place(two: Near, payer: PayerProfile | None) -> int:
    """0 in the payer's network, 1 where nobody says, 2 outside of it."""
    return {True: 0, None: 1, False: 2}[in_network(two.provider, payer)]


def _listed(two: Near, payer: PayerProfile | None, now: datetime | None) -> Listed:
    one = two.provider
    accepts = None if now is None else can_accept(one, now)
    return Listed(
        key=one.key,
        name=one.name,
        address=_address(one),
        phone=one.phone,
        miles=None if two.miles is None else Decimal(f"{two.miles:.1f}"),
        in_network=in_network(one, payer),
        can_accept=accepts,
        beds_available=None if accepts is None else one.beds_available,
        reported_at=None if accepts is None else one.reported_at,
        has_financial_interest=one.has_financial_interest,
        languages=sorted(one.languages or ()),
        figures=[
            Figure(name=figure.name, value=figure.value, published=figure.published, use=figure.use)
            for figure in one.quality
        ],
    )


def _address(one: Provider) -> str:
    town = " ".join(part for part in (one.state, one.postal_code) if part)
    return ", ".join(part for part in (one.address, one.city, town) if part)


def _sources(directory: Directory, shown: Sequence[Near]) -> list[ListSource]:
    """The files behind the list; one of unknown year only where it alone names a provider."""
    used = {title for two in shown for title in two.provider.sources}
    alone = {two.provider.sources[0] for two in shown if len(two.provider.sources) == 1}
    return [
        ListSource(title=source.title, as_of=source.as_of, is_placeholder=source.is_placeholder)
        for source in directory.sources
        if source.title in (alone if source.is_placeholder else used) or not shown
    ]
