"""Condition code 44: what must hold for a change from inpatient to outpatient before discharge, and what does."""

from __future__ import annotations

from datetime import datetime

from discharge.casework.state.model import CaseState
from discharge.casework.work.clocks import UR_NOTICES, discharged_at
from discharge.casework.work.counted import base_of
from discharge.casework.work.second_level import last_views, needs_second
from discharge.review.model import Review
from discharge.stayview import Result, Status


class Condition(Result):
    """One condition of condition code 44, and what the record says of it."""

    name: str
    title: str
    status: Status
    basis: str


def condition_code_44(state: CaseState, review: Review | None, at: datetime) -> list[Condition]:
    """Return the conditions for a change from inpatient to outpatient before discharge, at ``at``.

    The notice to the patient comes after the change; until discharge a missing one is unknown, never not met.
    """
    gone = discharged_at(review)
    return [
        _before_discharge(review, gone, at),
        _inpatient_now(state, review),
        _committee(state),
        _claim(state, review),
        _patient_told(state, gone, at),
    ]


def _before_discharge(review: Review | None, gone: datetime | None, at: datetime) -> Condition:
    if gone is not None:
        status: Status = "not_met" if gone < at else "met"
        return _condition("before_discharge", "Before discharge", status, "discharge is on record")
    known = review is not None and review.stay.is_in_house is True
    basis = "the patient is in the house" if known else "whether the patient is here isn't known"
    return _condition("before_discharge", "Before discharge", "met" if known else "unknown", basis)


def _inpatient_now(state: CaseState, review: Review | None) -> Condition:
    status = status_now(state, review)
    title = "Inpatient now"
    if status is None:
        return _condition("inpatient_now", title, "unknown", "the status isn't known")
    return _condition(
        "inpatient_now", title, "met" if status == "inpatient" else "not_met", f"status {status}"
    )


def status_now(state: CaseState, review: Review | None) -> str | None:
    """Return the patient's status: as last determined since the review, else as the review has it; None unknown."""
    last = max(state.statuses, key=lambda one: one.made.at, default=None)
    seen = review.stay.status if review is not None and review.stay.status != "unknown" else None
    if last is not None and (review is None or seen is None or last.made.at >= review.as_of):
        return last.status
    return seen


def _committee(state: CaseState) -> Condition:
    """A physician of the committee advised the change or made the finding, and a practitioner was asked."""
    title = "A physician of the committee decided, and the treating physician concurs or two decided"
    decided = [
        (one.decided.at, one)
        for one in state.referrals.values()
        if one.decided is not None and one.decision in ("status_change_advised", "not_necessary")
    ]
    if not decided:
        return _condition("committee", title, "unknown", "no advisor's decision for a change is on record")
    _, last = max(decided, key=lambda pair: pair[0])
    if needs_second(last) and last.second_physician is None:
        return _condition("committee", title, "not_met", "one physician, and the practitioner does not agree")
    agrees = any(one.view == "agrees" and one.practitioner.is_physician for one in last_views(last))
    if not agrees and last.second_physician is None:
        return _condition("committee", title, "unknown", "no physician's agreement is on record")
    return _condition("committee", title, "met", "on record, by name")


def _claim(state: CaseState, review: Review | None) -> Condition:
    title = "No claim for the stay was submitted"
    if state.outcome is not None:
        return _condition("no_claim", title, "not_met", "an outcome of the claim is on record")
    for finding in review.findings if review is not None else ():
        for fact in finding.facts:
            if fact.name == "status.claim_submitted" and fact.value is not None:
                return _condition("no_claim", title, "not_met" if fact.value else "met", "charted")
    return _condition(
        "no_claim", title, "unknown", "whether a claim was submitted isn't on record: ask billing"
    )


def _patient_told(state: CaseState, gone: datetime | None, at: datetime) -> Condition:
    title = "Patient told in writing before discharge"
    told = [
        one.made.at
        for one in state.notices
        if base_of(one.clock_id) in UR_NOTICES and one.recipient in ("patient", "representative")
    ]
    if any(gone is None or one <= gone for one in told):
        return _condition("patient_told", title, "met", "delivery is on record")
    if gone is not None and gone <= at:
        return _condition("patient_told", title, "not_met", "no delivery before discharge is on record")
    return _condition("patient_told", title, "unknown", "not delivered yet")


def _condition(name: str, title: str, status: Status, basis: str) -> Condition:
    return Condition(name=name, title=title, status=status, basis=basis)
