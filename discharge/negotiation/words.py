"""The sentences of a negotiation."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from discharge.negotiation.model import Arrangement, Party, Zone
from discharge.negotiation.table import arrangement_table
from discharge.options import Option

WHO: dict[Party, str] = {"payer": "the payer", "patient": "the patient", "hospital": "the hospital"}


def usd(amount: Decimal) -> str:
    """Return dollars and cents: a rate is agreed to the cent.

    >>> usd(Decimal("1260")), usd(Decimal("-30"))
    ('$1,260.00', '-$30.00')
    """
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"


def listed(items: Sequence[str]) -> str:
    """Return items as in a sentence.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    if len(items) < 2:
        return "".join(items)
    return ", ".join(items[:-1]) + f" and {items[-1]}"


def parties(names: Sequence[Party]) -> str:
    """Return parties as in a sentence."""
    return listed([WHO[name] for name in names])


def component(name: str) -> str:
    """Return a part's name without what its own price says of coverage, since an arrangement changes that."""
    return name.removesuffix(", not covered")


def place(option: Option) -> str:
    """Say how another place is paid."""
    if option.id == "stay":
        return "Further days in this hospital, paid as the contract says."
    paid = {
        "met": "Covered; the patient pays the plan's share.",
        "not_met": "Not covered; the patient pays all.",
        "unknown": "Whether it is covered is not settled.",
    }[option.coverage.status]
    return paid if option.fit.status == "met" else f"{paid} Whether it fits is not charted."


def plain_place(option: Option) -> str | None:
    """Say another place to the patient, as a sentence after "You"; None for a place without plain words."""
    table = arrangement_table()
    where = table.plain_places.get(option.id)
    if where is None or option.id == "stay":
        return where and f"{where}."
    said = [f"{where}.", table.plain_coverage[option.coverage.status]]
    return " ".join([*said, table.plain_unsure] if option.fit.status != "met" else said)


def standing(one: Arrangement, *, has_payer: bool) -> str:
    """Say who gains and who loses at the expected price."""
    if one.standing == "baseline":
        return "What happens without an agreement."
    there = {party: gain.expected for party, gain in one.saving.items() if party != "payer" or has_payer}
    gains = {party: gain for party, gain in there.items() if gain is not None}
    unknown = [party for party in there if party not in gains]
    said = []
    for party, gain in gains.items():
        if gain < 0:
            said.append(f"{WHO[party]} pays {usd(-gain)} more")
        elif gain > 0:
            said.append(f"{WHO[party]} saves {usd(gain)}")
        else:
            said.append(f"{WHO[party]} pays the same")
    text = listed(said)
    if unknown:
        text = f"{text}; what {parties(unknown)} would pay is not known" if text else "not known"
    return f"Against no agreement, {text}." if text else "Not known."


def zone_sentence(found: Zone, unit: str) -> str:
    """Say the range of rates, or who stands in the way.

    >>> from decimal import Decimal as D
    >>> blocked = Zone(units=21, floor=D("100"), low=None, high=None, blocked_by=["payer"], is_open=False)
    >>> zone_sentence(blocked, "day")
    'No rate suits all: at the least the provider works for, $100.00 a day, the payer would be worse off.'
    """
    per = f"a {unit}"
    if found.is_open and found.low is not None and found.high is not None:
        top = f"; {WHO[found.set_by]} sets the upper end" if found.set_by else ""
        return f"Any rate from {usd(found.low)} to {usd(found.high)} {per} leaves nobody worse off{top}."
    if found.blocked_by:
        least = f"at the least the provider works for, {usd(found.floor)} {per}"
        return f"No rate suits all: {least}, {parties(found.blocked_by)} would be worse off."
    return f"The range can't be told: what {parties(found.unknown)} can bear is not known."


def summary(option: Option, opening: Arrangement | None, ways: Sequence[Arrangement], unit: str) -> str:
    """Say in a few words whether an agreement can make nobody worse off, or who stands in the way."""
    what = option.title[:1].lower() + option.title[1:]
    if opening is not None and opening.zone is not None:
        how = opening.title[:1].lower() + opening.title[1:]
        return f"For {what}, start with: {how}. {zone_sentence(opening.zone, unit)}"
    zones = [one.zone for one in ways if one.zone is not None]
    if not zones:
        return f"For {what} no range can be told: its price is not known."
    if any(found.is_open is None for found in zones):
        open_ = next(found for found in zones if found.is_open is None)
        return f"For {what}: {zone_sentence(open_, unit)}"
    blockers = list(dict.fromkeys(party for found in zones for party in found.blocked_by))
    return f"For {what} no arrangement leaves everybody as well off: {parties(blockers)} would be worse off."
