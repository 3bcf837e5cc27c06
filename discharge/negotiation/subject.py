"""Which place is negotiated, and what happens without an agreement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from discharge.costs.catalog import option_table
from discharge.negotiation.table import arrangement_table
from discharge.options import Option
from discharge.stayview import RANK


@dataclass(frozen=True)
class Baseline:
    """What happens without an agreement, and the rule's own words for it."""

    option: Option
    reason: str


def subject(ranked: Sequence[Option]) -> Option | None:
    """Return the place to negotiate: it fits or may fit, meets a need that calls for it, and isn't covered.

    Of several the cheapest in all; one that only may fit counts where no place outside the hospital surely does. None
    where a covered place that fits costs no more, and for a patient who can simply go home: visits to a clinic keep
    nobody in the hospital.
    """
    sure = {one.id for one in ranked if one.id != "stay" and one.fit.status == "met"}
    found = [one for one in ranked if _is_open(one) and (one.id in sure or not sure)]
    if not found or "home" in sure:
        return None
    best = min(found, key=lambda one: (-RANK[one.fit.status], *_dear(one)))
    covered = _covered(ranked)
    if covered is None:
        return best
    mine, other = best.cost.total_expected_usd, covered.cost.total_expected_usd
    if mine is None or other is None:
        return best if best.fit.status == "met" else None
    return best if mine < other else None


def baseline(ranked: Sequence[Option]) -> Baseline | None:
    """Return what happens without an agreement, by the rule of the table; None where staying is no option any more."""
    text = arrangement_table().baseline.text
    covered = _covered(ranked)
    if covered is not None:
        title = covered.title[:1].lower() + covered.title[1:]
        return Baseline(covered, text["covered_and_fits"].format(title=title))
    stay = next((option for option in ranked if option.id == "stay"), None)
    if stay is None:
        return None
    open_ = [one for one in ranked if _is_outside(one) and "not_met" not in _both(one)]
    return Baseline(stay, text["stay_unsure" if open_ else "stay"])


def maybe_covered(ranked: Sequence[Option]) -> list[Option]:
    """Return the places that fit and whose coverage is still open."""
    return [one for one in ranked if _is_outside(one) and _both(one) == ("met", "unknown")]


def _covered(ranked: Sequence[Option]) -> Option | None:
    """The covered place outside the hospital that fits and costs least in all."""
    found = [one for one in ranked if _is_outside(one) and _both(one) == ("met", "met")]
    return min(found, key=_dear, default=None)


def _both(option: Option) -> tuple[str, str]:
    return option.fit.status, option.coverage.status


def _is_outside(option: Option) -> bool:
    return option.id not in ("stay", "home")


def _is_open(option: Option) -> bool:
    if not _is_outside(option) or option.id == "outpatient":
        return False
    if option.fit.status == "not_met" or option.coverage.status != "not_met":
        return False
    called_for = option_table().options[option.id].called_for_by
    if called_for:
        return bool(set(option.meets) & set(called_for))
    return option.fit.status == "met"


def _dear(option: Option) -> tuple[bool, object, int]:
    total = option.cost.total_expected_usd
    return total is None, total or 0, option.rank
