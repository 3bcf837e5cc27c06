"""Which clocks concern a stay at all."""

from __future__ import annotations

from discharge.clocks.table import ClockRule
from discharge.stayview import StayView


def concerns(rule: ClockRule, view: StayView, concluded: set[str]) -> bool:
    """Whether the clock is shown at all.

    A quiet clock is asked about only once its start is charted. What can't be told is shown as unknown: a notice while
    the payer isn't known, and a clock whose needs aren't charted where its trigger is.
    """
    known = view.payer_class
    if known is not None and rule.payer_classes is not None and known not in rule.payer_classes:
        return False
    if not _on_record(rule, view) or not _among(rule, view):
        return False
    if any(view.flag(fact) not in (wanted, None) for fact, wanted in rule.needs.items()):
        return False
    started = any(view.is_known(fact) for fact in rule.trigger)
    if not started and any(view.flag(fact) is None for fact in rule.needs):
        return False
    if rule.payer_classes is not None and known is None:
        return rule.form is not None and all(view.flag(fact) is not None for fact in rule.needs)
    if rule.urgency is not None and rule.urgency != urgency(view):
        return False
    if rule.authorization is not None and rule.authorization != _needs_authorization(view):
        return False
    return rule.only_when is None or _called_for(rule, view, concluded)


def _called_for(rule: ClockRule, view: StayView, concluded: set[str]) -> bool:
    """A charted disposition decides alone, for clocks that name dispositions; else any listed conclusion does."""
    assert rule.only_when is not None
    disposition = view.text("stay.discharge_disposition")
    if disposition is not None and rule.only_when.dispositions:
        return disposition in rule.only_when.dispositions
    return bool(concluded.intersection(rule.only_when.concluded))


def _on_record(rule: ClockRule, view: StayView) -> bool:
    if any(view.flag(fact) is not wanted for fact, wanted in rule.if_charted.items()):
        return False
    return not any(view.flag(fact) for fact in rule.unless)


def _among(rule: ClockRule, view: StayView) -> bool:
    for fact, wanted in rule.among.items():
        said = view.text(fact)
        if said not in wanted and not (said is None and rule.first):
            return False
    return True


def urgency(view: StayView) -> str:
    """An admission that isn't known to be elective is asked about as urgent only where it is known to be urgent."""
    return "expedited" if view.flag("stay.is_elective") is False else "standard"


def _needs_authorization(view: StayView) -> bool:
    return view.flag("coverage.requires_prior_authorization_inpatient") is not False
