"""Where the patient can go from here: what each place meets and leaves, whether it fits, who pays, and its price.

Ranked by safety first, then by what can be had, then by cost (see :mod:`discharge.options.rank`). An option that
fails on payment alone stays in the list, with its price for the patient. Only what is known to fit is recommended;
where nothing is known, a rule's guess comes first in the list and is marked as one.
"""

from __future__ import annotations

from collections.abc import Sequence

from discharge.costs.catalog import OptionRow, option_table
from discharge.costs.horizon import price
from discharge.costs.stay import StayMoney
from discharge.facts import catalogue
from discharge.needs import Need
from discharge.options import judge
from discharge.options.judge import StayAsked, guesses
from discharge.options.model import (
    Judged,
    Option,
    OptionBarrier,
    PriorAuthorization,
    Recommendation,
    Waiting,
)
from discharge.options.rank import ranked
from discharge.providers import NO_DIRECTORY, NOWHERE, Directory, Place, availability
from discharge.stayview import StayView

__all__ = [
    "Judged",
    "Option",
    "OptionBarrier",
    "PriorAuthorization",
    "Recommendation",
    "Waiting",
    "has_no_destination",
    "options",
    "recommend",
]

_FACTS_NAMED = 4


def options(
    view: StayView,
    found_needs: Sequence[Need],
    money: StayMoney,
    *,
    directory: Directory = NO_DIRECTORY,
    place: Place = NOWHERE,
) -> list[Option]:
    """Return the places for a stay, ranked; none for a patient who died or left against advice.

    ``directory`` and ``place`` (where the patient lives) say what can be had near the patient.
    """
    if has_no_destination(view):
        return []
    stay = StayAsked.of(view, tuple(need.need for need in found_needs), money)
    made = [
        _option(stay, option_id, row, directory, place)
        for option_id, row in option_table().options.items()
        if judge.is_shown(stay, option_id, row)
    ]
    return ranked(made, stay.guesses)


def has_no_destination(view: StayView) -> bool:
    """Return whether the patient died or left against advice, so that there is no place to find."""
    gone = view.text("stay.discharge_disposition") in ("expired", "ama")
    return gone or view.flag("stay.died") is True or view.flag("stay.left_ama") is True


def recommend(view: StayView, ranked: Sequence[Option]) -> Recommendation:
    """Return the recommendation of ranked options: only what is known to fit is recommended."""
    if has_no_destination(view):
        reason = "The patient died or left against advice."
        return Recommendation(option=None, destination=None, destination_title=None, reason=reason)
    likely = next(iter(guesses(view)), None)
    outside = [option for option in ranked if option.id != "stay"]
    fitting = [option for option in outside if option.fit.status == "met"]
    first = ranked[0] if ranked and ranked[0].fit.status == "met" else None
    if fitting:
        best = fitting[0]
        return Recommendation(
            option=first.id if first else best.id,
            destination=best.id,
            destination_title=best.title,
            reason=best.reason,
            likely=likely,
        )
    return Recommendation(
        option=first.id if first else None,
        destination=None,
        destination_title=None,
        reason=_why_none(view, outside),
        likely=likely,
    )


def _why_none(view: StayView, outside: Sequence[Option]) -> str:
    open_ = [option for option in outside if option.fit.status == "unknown"]
    if not open_:
        return "No destination can be recommended: none of the places fits what is charted."
    missing = dict.fromkeys(
        fact
        for option in open_
        for one in option.fit.because
        if one.status == "unknown"
        for fact in view.unknown_facts(one.criterion)
    )
    known = catalogue()
    named = [known[fact].title if fact in known else fact for fact in list(missing)[:_FACTS_NAMED]]
    facts = "; ".join(named) or "function and help at home"
    return f"No destination can be recommended. Not charted: {facts}."


def _option(stay: StayAsked, option_id: str, row: OptionRow, directory: Directory, place: Place) -> Option:
    eligible = judge.eligibility(stay, option_id)
    covered = judge.coverage(stay.view, option_id, row, eligible)
    leaves = [need for need in stay.needed if need not in row.meets]
    return Option(
        id=option_id,
        title=row.title,
        meets=[need for need in stay.needed if need in row.meets],
        leaves=leaves,
        fit=judge.safe(stay.judged("fit", option_id), leaves),
        eligibility=eligible,
        coverage=covered,
        prior_authorization=judge.prior_authorization(stay, option_id, row),
        availability=availability(directory, stay.view, option_id, place),
        barriers=judge.barriers(stay.said.get(("barrier", option_id), ())),
        readmission=stay.readmission(option_id),
        cost=price(stay.prices.inputs(option_id, covered.status)),
        waiting_days=judge.waiting(option_id),
        is_likely=option_id in stay.guesses[:1],
        rank=0,
        reason="",
    )
