"""Facts charted by discharge planning: plan, choice, referrals, appointments, rides, goals, services watched."""

from __future__ import annotations

from collections.abc import Iterator

from discharge.casework.charting.lines import Line
from discharge.casework.state.model import CaseState, ReferralOut, Trace
from discharge.costs.catalog import option_table

_OTHERS = ("family", "caregiver", "representative")
_SAID_NO = ("declined", "withdrawn")
_ASKED_FOR = {
    "hospice": "orders.hospice_referral",
    "ltch": "orders.ltch_referral",
    "behavioural": "orders.behavioural_referral",
    "medical_respite": "orders.medical_respite_referral",
}
_ACCEPTED = {"medical_respite": "social.respite_accepts", "dialysis": "orders.dialysis_unit"}
_RIDES = {
    "private_car": "car",
    "taxi": "car",
    "wheelchair_van": "wheelchair_van",
    "stretcher_van": "stretcher",
    "ambulance": "ambulance",
}
_EQUIPMENT = ("dme", "equipment", "oxygen")


def planning_lines(state: CaseState) -> Iterator[Line]:
    """Yield what discharge planning charts."""
    yield from _plans(state)
    yield from _choices(state)
    yield from _referrals(state)
    yield from _appointments(state)
    for ride in state.rides.values():
        if ride.appointment_id is None and ride.mode in _RIDES:
            yield Line("orders.transport_kind", _RIDES[ride.mode], ride.made)
    for goal in state.goals.values():
        yield Line("documents.goals_recorded", True, goal.made)
    for seen in state.monitored.values():
        if seen.service in _EQUIPMENT and seen.is_given is not None:
            yield Line("readiness.equipment_delivered", seen.is_given, seen.made)


def _plans(state: CaseState) -> Iterator[Line]:
    for plan in state.plans.values():
        for changed in plan.changes:
            yield Line("documents.discharge_plan_reevaluated", True, changed)
        said = [plan.agreed[by] for by in _OTHERS if by in plan.agreed]
        if said and plan.agreements:
            yield Line("readiness.family_agrees", all(said), plan.agreements[-1])


def _choices(state: CaseState) -> Iterator[Line]:
    for choice in state.choices:
        yield Line("documents.choice_list_given", True, choice.made)
        told = {
            "documents.quality_data_shared": choice.quality_data_shared,
            "documents.told_to_check_network": choice.network_told,
            "documents.financial_interest_disclosed": choice.financial_interest_disclosed,
        }
        for fact, value in told.items():
            if value is not None:
                yield Line(fact, value, choice.made)


def is_place(service: str) -> bool:
    """Tell whether a service is a place after the hospital or what an authorization for one is called."""
    options = option_table().options
    return service in options or any(row.service == service for row in options.values())


def _referrals(state: CaseState) -> Iterator[Line]:
    """One acceptance is a destination; none is known to be missing before everybody asked has said no."""
    places: list[ReferralOut] = []
    for one in state.referrals_out.values():
        kind = _kind(one.service)
        if kind in _ASKED_FOR:
            yield Line(_ASKED_FOR[kind], True, one.sent)
        if kind in _ACCEPTED and one.answer in ("accepted", *_SAID_NO):
            yield Line(_ACCEPTED[kind], one.answer == "accepted", one.answers[-1])
        if is_place(one.service):
            places.append(one)
    accepted = [one for one in places if one.answer == "accepted"]
    for one in accepted:
        yield Line("readiness.destination_accepted", True, one.answers[-1])
        if one.can_start_at is not None:
            yield Line("readiness.post_acute_start_at", one.can_start_at, one.answers[-1])
    if places and all(one.answer in _SAID_NO for one in places):
        last = max((one.answers[-1] for one in places), key=lambda made: made.at)
        yield Line("readiness.destination_accepted", False, last)


def _kind(service: str) -> str:
    """``hospice_home`` is hospice care, ``behavioural_partial`` a behavioural programme."""
    return next((kind for kind in (*_ASKED_FOR, *_ACCEPTED) if service.startswith(kind)), service)


def _appointments(state: CaseState) -> Iterator[Line]:
    standing = [one for one in state.appointments.values() if one.outcome not in ("cancelled", "missed")]
    for one in standing:
        yield Line("readiness.follow_up_booked", True, one.made)
    if standing:
        first = min(standing, key=lambda one: one.at)
        yield Line("programme.first_visit_at", first.at, _last(first.made, first.settled))
    over = [one for one in state.appointments.values() if one.outcome in ("kept", "missed") and one.settled]
    for one in over:
        assert one.settled is not None
        yield Line("programme.clinic_visit_missed", one.outcome == "missed", one.settled)


def _last(made: Trace, settled: Trace | None) -> Trace:
    return made if settled is None else settled
