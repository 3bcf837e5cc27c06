"""Makes the arrangements: for each way to pay, what every party pays, gains, and the range of rates that suits all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from discharge.costs.amounts import ZERO, Range
from discharge.costs.catalog import option_table
from discharge.costs.inputs import StayPrices
from discharge.costs.ledger import PURSES, CostComponent
from discharge.negotiation import words
from discharge.negotiation.model import Arrangement, ArrangementLine, Missing, Party, Standing, Zone
from discharge.negotiation.pricing import (
    NOTHING,
    Bill,
    Priced,
    bill,
    kept,
    minus,
    of_party,
    plus,
    shares,
    taken_apart,
    total,
)
from discharge.negotiation.table import ArrangementRow, PersonId, arrangement_table, person
from discharge.negotiation.zone import zone
from discharge.options import Option

_CENT = Decimal("0.01")
_AT_HOME = ("home_infusion", "home_health")


@dataclass(frozen=True)
class Case:
    """What all arrangements of a stay have in common.

    ``base`` are the parties' costs without an agreement; ``pay_lost`` is what the hospital is no longer paid when the
    patient leaves, where it is paid by the day. ``floor`` is the least per unit that the provider works for.
    """

    prices: StayPrices
    option: Option
    priced: Priced
    units: int
    floor: Decimal
    base_id: str
    base: Mapping[Party, Range]
    pay_lost: Range
    payer_class: str | None


def agreements(case: Case) -> Iterator[Arrangement]:
    """Yield the ways to pay for the place that isn't covered, in the order of the table."""
    for name, row in arrangement_table().arrangements.items():
        if row.payer_classes and case.payer_class not in row.payer_classes:
            continue
        if row.options and case.option.id not in row.options:
            continue
        groups = {one.group for one in case.priced.service}
        if row.only_with and not (groups & set(row.only_with) and groups - set(row.only_with)):
            continue
        yield _agreement(case, name, row)


def other_place(case: Case, option: Option) -> Arrangement:
    """Return another place as it would be paid: covered, or by the patient alone."""
    whole = bill(option.cost)
    is_stay = option.id == "stay"
    return _closed(
        case,
        Arrangement(
            id=option.id,
            title=option.title,
            kind="stay" if is_stay else "other_place",
            option=option.id,
            option_title=option.title,
            text=words.place(option),
            plain=words.plain_place(option),
            ask=[] if is_stay else [person("facility"), person("patient")],
            payer=whole.of("payer"),
            patient=whole.of("patient"),
            hospital=whole.of("hospital"),
            provider=Range() if is_stay else _received(case, option),
            providers=[],
            saving={},
            standing="not_known",
            worse_off=[],
            sentence="",
            missing=missing(option.cost.not_priced),
        ),
    )


def _received(case: Case, option: Option) -> Range:
    """What the place's own providers get: all of its service, whoever pays."""
    priced = taken_apart(case.prices, option.id)
    service = priced.service if option.coverage.status == "not_met" else priced.covered_service
    return total(service) if service else Range()


def _agreement(case: Case, name: str, row: ArrangementRow) -> Arrangement:
    parts, rest = _parts(case, row)
    paid = {party: _paid(rest.of(party), parts, party) for party in PURSES}
    return _closed(
        case,
        Arrangement(
            id=name,
            title=row.title,
            kind=row.kind,
            option=case.option.id,
            option_title=case.option.title,
            text=row.text,
            plain=row.plain,
            ask=[person(one) for one in row.ask],
            letters=_letters(case, row),
            payer=paid["payer"],
            patient=paid["patient"],
            hospital=paid["hospital"],
            provider=total(one for one, _ in parts) if parts else Range(),
            providers=list(dict.fromkeys(_provider(one, case) for one, _ in parts)),
            saving={},
            standing="not_known",
            worse_off=[],
            sentence="",
            notes=row.notes,
            lines=[
                *(_line(one, party, _provider(one, case)) for one, party in parts),
                *(_line(one, one.purse, None) for one in rest.lines),
            ],
            missing=missing(rest.cost.not_priced),
        ),
        _zones(case, row, parts, rest),
    )


def _parts(case: Case, row: ArrangementRow) -> tuple[list[tuple[CostComponent, Party]], Bill]:
    """Each part of the service with the party that pays it, and the rest of the bill.

    Parts of the rest whose group the way to pay names go over to the party that it names.
    """
    priced = case.priced
    if row.price == "covered":
        return [(one, one.purse) for one in priced.covered_service], priced.covered.without(
            priced.covered_service
        )
    rest = priced.uncovered.without(priced.service)
    moved = [one for one in rest.lines if one.group in row.pays and row.pays[one.group] != one.purse]
    named = row.pays
    parts = [(one, named.get(one.group, named.get("rest", "patient"))) for one in priced.service]
    parts += [(one, named[one.group]) for one in moved]
    return parts, rest.without(moved)


def _letters(case: Case, row: ArrangementRow) -> list[str]:
    service = option_table().options[case.option.id].service
    services = arrangement_table().letters_for
    return [name for name in row.letters if not services[name] or service in services[name]]


def _paid(rest: Range, parts: list[tuple[CostComponent, Party]], party: Party) -> Range:
    """What a party pays: the rest and its part of the service; unknown where the service has no price at all."""
    return plus(rest, total(one for one, payer in parts if payer == party)) if parts else Range()


@dataclass(frozen=True)
class _Zones:
    expected: Zone | None
    cautious: Zone | None
    if_empty: Zone | None
    share: dict[Party, Decimal]


def _zones(case: Case, row: ArrangementRow, parts: list[tuple[CostComponent, Party]], rest: Bill) -> _Zones:
    """The ranges of the rate for the whole service, all parts of it together, per unit.

    Amounts that a way moves without changing them (the member's copay, tests that another party takes over) are fixed;
    the rate is for the service alone.
    """
    share, fixed = _shared(case, row, parts)
    if share is None:
        return _Zones(None, None, None, {})
    rooms = {party: minus(case.base[party], plus(rest.of(party), fixed[party])) for party in PURSES}
    empty = {**rooms, "hospital": minus(rooms["hospital"], case.pay_lost)}
    has_pay = case.pay_lost.expected is None or case.pay_lost.expected > 0
    floor = case.floor
    if row.price == "covered":
        floor = per_unit(total(case.priced.covered_service), case.units)
    return _Zones(
        expected=zone(_at(rooms, "expected"), share, case.units, floor),
        cautious=zone(_at(rooms, "low"), share, case.units, floor),
        if_empty=zone(_at(empty, "expected"), share, case.units, floor) if has_pay else None,
        share=share,
    )


def _shared(
    case: Case, row: ArrangementRow, parts: list[tuple[CostComponent, Party]]
) -> tuple[dict[Party, Decimal] | None, dict[Party, Range]]:
    """Each party's part of the rate, and what it pays besides whatever the rate."""
    fixed: dict[Party, Range] = dict.fromkeys(PURSES, NOTHING)
    if row.price == "covered":
        lost = "patient" in case.priced.covered.lost
        copays = Range() if lost else of_party(case.priced.covered_service, "patient")
        fixed |= {"payer": minus(NOTHING, copays), "patient": copays}
        return {"payer": Decimal(1)} if parts else None, fixed
    service = {(one.name, one.purse) for one in case.priced.service}
    moved = [(one, party) for one, party in parts if (one.name, one.purse) not in service]
    for party in PURSES:
        fixed[party] = total(one for one, mover in moved if mover == party)
    own = [(one, party) for one, party in parts if (one.name, one.purse) in service]
    return shares({p: total(one for one, q in own if q == p).expected or ZERO for p in PURSES}), fixed


def per_unit(amount: Range, units: int) -> Decimal:
    """Return the low end of an amount per unit, rounded up to the cent."""
    return ((amount.low or ZERO) / units).quantize(_CENT, rounding=ROUND_CEILING)


def _at(rooms: Mapping[Party, Range], end: str) -> dict[Party, Decimal | None]:
    return {party: getattr(room, end) for party, room in rooms.items()}


def _closed(case: Case, made: Arrangement, zones: _Zones | None = None) -> Arrangement:
    """Add the gains, who would be worse off, and the sentence that says so."""
    paid: dict[Party, Range] = {"payer": made.payer, "patient": made.patient, "hospital": made.hospital}
    saving = {party: minus(case.base[party], paid[party]) for party in PURSES}
    losers = [party for party, gain in saving.items() if gain.expected is not None and gain.expected < 0]
    standing: Standing = "nobody_worse"
    if made.id == case.base_id:
        standing, losers = "baseline", []
        saving = {party: NOTHING if paid[party].expected is not None else Range() for party in PURSES}
    elif losers:
        standing = "somebody_worse"
    elif any(gain.expected is None for gain in saving.values()):
        standing = "not_known"
    found = zones or _Zones(None, None, None, {})
    done = made.model_copy(
        update={
            "saving": saving,
            "standing": standing,
            "worse_off": losers,
            "share": found.share,
            "zone": found.expected,
            "cautious_zone": found.cautious,
            "zone_if_empty": found.if_empty,
        }
    )
    return done.model_copy(
        update={"sentence": words.standing(done, has_payer=case.payer_class != "self_pay")}
    )


def _line(one: CostComponent, party: Party, provider: str | None) -> ArrangementLine:
    return ArrangementLine(
        name=words.component(one.name),
        party=party,
        provider=provider,
        low=one.low,
        expected=one.expected,
        high=one.high,
        quantity=one.quantity,
        rates=one.rates,
    )


def _provider(one: CostComponent, case: Case) -> str:
    service = option_table().options[case.option.id].service
    if service not in _AT_HOME and one.group in ("visits", "facility"):
        return case.option.title
    return arrangement_table().providers.get(one.group, case.option.title)


def missing(reasons: list[str]) -> list[Missing]:
    """Return what a price leaves out, with the person to ask; nothing of what stands on neither side."""
    found = []
    for reason in dict.fromkeys(kept(reasons)):
        rows = arrangement_table().missing
        fitting = [row.ask for row in rows if any(word in reason for word in row.words)]
        who: PersonId = fitting[0] if fitting else "payer"
        found.append(Missing(figure=reason, ask=person(who)))
    return found
