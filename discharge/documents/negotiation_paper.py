"""The negotiation packet, for the case manager alone: every way to pay, the rates that suit all, what is missing.

It shows the hospital's own cost and the payer's contract, so it leaves the hospital in no form.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from discharge import wording
from discharge.costs.amounts import Range
from discharge.documents.common import Line, Note, footer
from discharge.negotiation import Arrangement, IfCovered, Negotiation, Party, Zone
from discharge.negotiation.words import WHO, listed, usd, zone_sentence
from discharge.review.model import Review

INTERNAL = (
    "Draft for the case manager. Internal: it shows what the hospital bears and what the payer's contract pays. "
    "Do not send it to payer, provider or patient; each has a letter of its own."
)

LETTERS = {
    "payer": "the payer",
    "pharmacy": "the infusion pharmacy",
    "home_health": "the home health agency",
    "patient": "the patient",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """An amount, its range, and what it is against no agreement."""

    amount: str
    between: str
    gain: str = ""


@dataclass(frozen=True, slots=True)
class WayLine:
    """One arrangement in the table by party."""

    title: str
    text: str
    payer: Cell
    patient: Cell
    hospital: Cell
    provider: Cell


@dataclass(frozen=True, slots=True)
class ZoneLine:
    """One arrangement's range of rates."""

    title: str
    share: str
    ask: str
    expected: str
    cautious: str
    if_empty: str


@dataclass(frozen=True, slots=True)
class OtherLine:
    """The comparison with a place whose coverage is still open taken as covered."""

    title: str
    payer: Cell
    patient: Cell
    saving: str
    ceiling: str
    sentence: str


@dataclass(frozen=True, slots=True)
class PartLine:
    """One part of the price of the service or of what goes with it."""

    name: str
    party: str
    provider: str
    quantity: str
    amount: Cell


@dataclass(frozen=True, slots=True)
class RateLine:
    """A rate that amounts rest on."""

    name: str
    value: str
    since: str
    source: str
    checked: str


@dataclass(frozen=True, slots=True)
class NegotiationPaper:
    """Everything that ``negotiation.html`` prints."""

    title: str
    encounter_id: str
    footer: str
    line: str
    banner: list[Note]
    about: list[Line]
    bounds: list[Line]
    sentence: str
    steps: list[str]
    ways: list[WayLine]
    zones: list[ZoneLine]
    zones_note: str
    joint: str
    others: list[OtherLine]
    empty_note: str
    parts_title: str
    parts: list[PartLine]
    advice: list[str]
    assumptions: list[str]
    rates: list[RateLine]
    placeholders: str


def negotiation_paper(review: Review) -> NegotiationPaper | None:
    """Return the packet of a review; None where there is nothing to negotiate."""
    found = review.negotiation
    if found is None:
        return None
    return NegotiationPaper(
        title="Negotiation packet (internal draft)",
        encounter_id=review.encounter_id,
        footer=footer(review),
        line=f"From the chart as it was on {wording.when(review.as_of, review.provenance.zone)}",
        banner=[Note(INTERNAL, strong=True)],
        about=_about(review, found),
        bounds=_bounds(review, found),
        sentence=found.sentence,
        steps=list(_steps(review, found)),
        ways=[_way(one) for one in found.arrangements],
        zones=[_zone(one, found) for one in found.arrangements if one.zone is not None],
        zones_note=_zones_note(found),
        joint=_joint(found),
        others=[_other(one) for one in found.if_covered],
        empty_note=_empty_note(found),
        parts_title=_opening(found).title if found.arrangements else "",
        parts=list(_parts(found)),
        advice=[_sentence(one) for one in (*found.advice, *_notes(found))],
        assumptions=[_sentence(one) for one in found.assumptions],
        rates=list(_rates(review, found)),
        placeholders=_placeholders(found),
    )


def _steps(review: Review, found: Negotiation) -> Iterator[str]:
    """What the case manager does now, in order: whom to ask for what, which letters, by when."""
    first = next((one for one in found.arrangements if one.id == found.opening), None)
    if first is not None:
        rate = _range(first.zone, found.unit)
        yield (
            f"Ask {listed(first.ask)} for: {_lower(first.title)}, at a rate from {rate}. "
            f"Price expected: {_each(found) or 'not known'}."
        )
    asks: dict[str, list[str]] = {}
    for one in found.missing:
        asks.setdefault(one.ask, []).append(one.figure)
    for who, figures in asks.items():
        yield f"Ask {who} for what is missing: {'; '.join(figures)}."
    letters = _letters(first, found)
    if letters:
        yield f"Check, complete and sign each draft letter: to {listed(letters)}. Nothing is sent by itself."
    if found.answer_by is not None and "the payer" in letters:
        yield f"The plan owes an answer by {wording.when(found.answer_by, review.provenance.zone)} if asked now."


def _letters(first: Arrangement | None, found: Negotiation) -> list[str]:
    """Whom letters go to: those of the arrangement to start with, else of all."""
    ways = [first] if first is not None else found.arrangements
    wanted = {letter for one in ways for letter in one.letters}
    return [said for letter, said in LETTERS.items() if letter in wanted]


def _sentence(text: str) -> str:
    """``text`` with a capital, and a full stop at its end."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _about(review: Review, found: Negotiation) -> list[Line]:
    course = found.course
    lines = [
        Line("Encounter", review.encounter_id),
        Line("Plan", review.payer.title or wording.NOT_KNOWN),
        Line("Place that fits", found.option_title, f"not covered: {found.why}"),
    ]
    if course.drugs:
        lines.append(Line("Treatment", ", ".join(course.drugs), course.line or ""))
    lines.append(Line("Counted over", _counted(found), f"all costs over {found.horizon_days} days from now"))
    lines.append(Line("Without an agreement", found.baseline_title, found.baseline_reason))
    return lines


def _counted(found: Negotiation) -> str:
    if found.unit == "course":
        return "the whole course (days not charted)"
    return wording.plural(found.units, "day")


def _bounds(review: Review, found: Negotiation) -> list[Line]:
    ceiling, lost = found.patient_ceiling, found.pay_lost.expected
    left = ceiling.out_of_pocket_left
    lines = [
        Line("Price of the service", _total(found.price), _each(found)),
        Line(
            "Least the provider takes",
            "not known" if found.floor is None else f"{usd(found.floor)} a {found.unit}",
        ),
        Line(
            "Patient's ceiling",
            "not known" if ceiling.amount is None else usd(ceiling.amount),
            ceiling.sentence,
        ),
        Line("Left to the plan's yearly limit", "not on record" if left is None else usd(left)),
        Line("Payer's saving", *_saving(found)),
        Line("Hospital days freed", "not known" if found.days_freed is None else str(found.days_freed)),
    ]
    if lost is None or lost > 0:
        lines.append(Line("Pay the hospital loses", _total(found.pay_lost), "if nobody else takes the bed"))
    asked = (
        "no such clock is known" if found.answer_by is None else "the plan's own clock for a request made now"
    )
    lines.append(Line("Answer due by", wording.when(found.answer_by, review.provenance.zone), asked))
    return lines


def _saving(found: Negotiation) -> tuple[str, str]:
    if found.opening is None:
        return "not known", "no arrangement is known to leave everybody as well off"
    return _gain(found.payer_saving), f"with: {_opening(found).title.lower()}"


def _gain(amount: Range) -> str:
    if amount.expected is None:
        return wording.NOT_KNOWN
    if amount.expected < 0:
        return f"none; {usd(-amount.expected)} more"
    return "none" if amount.expected == 0 else _total(amount)


def _other(one: IfCovered) -> OtherLine:
    return OtherLine(
        title=one.option_title,
        payer=_cell(one.payer),
        patient=_cell(one.patient),
        saving=_gain(one.payer_saving),
        ceiling=wording.NOT_KNOWN if one.ceiling is None else usd(one.ceiling),
        sentence=one.sentence,
    )


def _opening(found: Negotiation) -> Arrangement:
    """The arrangement to start with, else the first."""
    return next((one for one in found.arrangements if one.id == found.opening), found.arrangements[0])


def _total(amount: Range) -> str:
    cell = _cell(amount)
    return f"{cell.amount} ({cell.between})" if cell.between else cell.amount


def _each(found: Negotiation) -> str:
    if found.price.expected is None or found.unit == "course":
        return ""
    return f"{usd(found.price.expected / Decimal(found.units))} a {found.unit}, all parts together"


def _cell(amount: Range) -> Cell:
    if amount.expected is None:
        return Cell("? not known", "")
    if amount.low is None or amount.high is None or amount.low == amount.high:
        return Cell(usd(amount.expected), "")
    return Cell(usd(amount.expected), f"{_whole(amount.low)} to {_whole(amount.high)}")


def _whole(amount: Decimal) -> str:
    """Dollars without cents: the ends of a range are no closer than that."""
    return f"{'-' if amount < 0 else ''}${abs(amount):,.0f}"


def _way(one: Arrangement) -> WayLine:
    return WayLine(
        title=one.title,
        text="What happens without an agreement." if one.standing == "baseline" else one.text,
        payer=_against(one, "payer", one.payer),
        patient=_against(one, "patient", one.patient),
        hospital=_against(one, "hospital", one.hospital),
        provider=Cell("–", "") if one.kind == "stay" else _cell(one.provider),
    )


def _against(one: Arrangement, party: Party, amount: Range) -> Cell:
    """A party's amount with what it saves, or pays more, than without an agreement."""
    cell, gain = _cell(amount), one.saving[party].expected
    if one.standing == "baseline" or gain is None or amount.expected is None:
        return cell
    said = f"saves {usd(gain)}" if gain > 0 else f"{usd(-gain)} more" if gain < 0 else "the same"
    return Cell(cell.amount, cell.between, said)


def _zone(one: Arrangement, found: Negotiation) -> ZoneLine:
    share = ", ".join(f"{WHO[party]} {(part * 100).normalize():f}%" for party, part in one.share.items())
    return ZoneLine(
        title=one.title,
        share=share,
        ask=wording.joined([who.removeprefix("the ") for who in one.ask]),
        expected=_range(one.zone, found.unit),
        cautious=_range(one.cautious_zone, found.unit),
        if_empty=_range(one.zone_if_empty, found.unit) if one.zone_if_empty is not None else "",
    )


def _range(zone: Zone | None, unit: str) -> str:
    if zone is None:
        return "? not known"
    if zone.is_open and zone.low is not None and zone.high is not None:
        return f"{usd(zone.low)} to {usd(zone.high)} a {unit}"
    if zone.blocked_by:
        return f"none: {', '.join(WHO[party] for party in zone.blocked_by)}"
    return f"? not known: {', '.join(WHO[party] for party in zone.unknown)}"


def _zones_note(found: Negotiation) -> str:
    return (
        f"The rate is for the whole service by the {found.unit}, all its parts together. Inside a "
        "range payer, patient and hospital are each no worse off than without an agreement, and the provider gets at "
        "least its floor (the low end of the contract or planning price). The cautious range takes every party's room "
        "at its low end. Where there is none, the parties named stand in the way."
    )


def _joint(found: Negotiation) -> str:
    if found.joint_zone is None:
        return ""
    room = ", ".join(f"{WHO[party]} {usd(each)}" for party, each in found.joint_zone.ceilings.items())
    text = zone_sentence(found.joint_zone, found.unit)
    return f"Sharing the price in any way: {text} Most that each could give a {found.unit}: {room}."


def _empty_note(found: Negotiation) -> str:
    """Head of the column for a bed that stays empty; empty where the hospital isn't paid by the day."""
    return "If the bed stays empty" if any(one.zone_if_empty for one in found.arrangements) else ""


def _parts(found: Negotiation) -> Iterator[PartLine]:
    for one in _opening(found).lines:
        amount = Range(low=one.low, expected=one.expected, high=one.high)
        yield PartLine(one.name, WHO[one.party], one.provider or "", one.quantity or "", _cell(amount))


def _notes(found: Negotiation) -> list[str]:
    """What to mind with an arrangement, said once."""
    notes: dict[str, list[str]] = {}
    for one in found.arrangements:
        for note in one.notes:
            notes.setdefault(note, []).append(one.title)
    return [f"{titles[0]}: {note[:1].lower() + note[1:]}" for note, titles in notes.items()]


def _rates(review: Review, found: Negotiation) -> Iterator[RateLine]:
    """Low, expected and high of one rate stand in one line where they share source and day."""
    lines: dict[tuple[str, str, str, str], dict[str, str]] = {}
    for name in found.rates:
        rate = review.provenance.rates.get(name)
        if rate is None:
            continue
        value = wording.NOT_KNOWN if rate.value is None else _rate_value(rate.value, rate.unit)
        since = rate.since.isoformat() if rate.since else ""
        checked = "estimate" if rate.placeholder else "yes" if rate.verified else "not yet"
        stem, end = _end(name)
        source = (rate.source or wording.NOT_KNOWN).replace(f" {review.payer.profile}", "")
        key = (stem, since, source, checked)
        lines.setdefault(key, {})[end] = value
    for (stem, since, source, checked), values in lines.items():
        yield RateLine(_rate_name(stem), _together(values), since, source, checked)


def _end(name: str) -> tuple[str, str]:
    """A rate's name without its end, and which end of the range it is."""
    end = next((one for one in ("low", "high") if name.endswith(f"_{one}")), "")
    return name.removesuffix(f"_{end}") if end else name, end


def _together(values: dict[str, str]) -> str:
    """The values of one rate.

    >>> _together({"": "3", "high": "7", "low": "2"}), _together({"low": "2"}), _together({"": "3"})
    ('2 to 7, 3 expected', 'low 2', '3')
    """
    if "low" in values and "high" in values:
        middle = f", {values['']} expected" if "" in values else ""
        return f"{values['low']} to {values['high']}{middle}"
    return ", ".join(f"{end} {value}".strip() for end, value in values.items())


def _rate_value(value: Decimal, unit: str) -> str:
    if unit in ("USD", "USD/d"):
        return usd(value) + (" a day" if unit == "USD/d" else "")
    return wording.value(float(value), unit)


def _rate_name(name: str) -> str:
    """A rate's name as people say it.

    >>> _rate_name("contract.home_health_visit_usd"), _rate_name("planning.oral_drug_day_high")
    ('contract: home health visit', 'planning: oral drug day high')
    """
    return name.replace("_usd", "").replace(".", ": ").replace("_", " ")


def _placeholders(found: Negotiation) -> str:
    named = [_rate_name(name) for name in found.placeholders if "." not in name.split(" ")[0]]
    return f"Estimates, not final rates: {wording.joined(named)}." if named else ""
