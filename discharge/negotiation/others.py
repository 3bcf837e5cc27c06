"""The comparison again, with a place whose coverage is still open taken as covered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from discharge.costs.amounts import ZERO, Range
from discharge.negotiation import words
from discharge.negotiation.arrange import Case, agreements
from discharge.negotiation.limits import rooms
from discharge.negotiation.model import Arrangement, IfCovered
from discharge.negotiation.pricing import NOTHING, taken_apart
from discharge.negotiation.subject import maybe_covered
from discharge.options import Option


def if_covered(case: Case, ranked: Sequence[Option], unit: str) -> Iterator[IfCovered]:
    """Yield what an agreement would come to against each such place."""
    for option in maybe_covered(ranked):
        covered = taken_apart(case.prices, option.id).covered
        other = replace(case, base_id=option.id, base=covered.parties, pay_lost=NOTHING)
        ways = list(agreements(other))
        opening = first_open(ways)
        room = rooms(other)["patient"].expected
        yield IfCovered(
            option=option.id,
            option_title=option.title,
            payer=covered.of("payer"),
            patient=covered.of("patient"),
            opening=opening.id if opening else None,
            payer_saving=opening.saving["payer"] if opening else Range(),
            ceiling=None if room is None else max(ZERO, room),
            sentence=words.summary(case.option, opening, ways, unit),
        )


def first_open(ways: Sequence[Arrangement]) -> Arrangement | None:
    """Return the first arrangement with a range of rates that leaves nobody worse off."""
    return next((one for one in ways if one.zone is not None and one.zone.is_open), None)
