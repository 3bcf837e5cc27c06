"""The state of a case, folded from its events: one small function for each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from discharge.casework.events import BEARS_ON_CHART, OF_THE_SYSTEM, Event
from discharge.casework.state import folding_planning, folding_record, folding_utilization
from discharge.casework.state.corrections import Corrections, resolved
from discharge.casework.state.framework import FOLDINGS, traced
from discharge.casework.state.model import CaseState

__all__ = ["FOLDINGS", "CaseState", "before", "fold"]

_THEMES = (folding_planning, folding_record, folding_utilization)  # each registers its foldings


def fold(
    events: Iterable[Event],
    state: CaseState | None = None,
    *,
    history: Callable[[], Sequence[Event]] | None = None,
) -> CaseState:
    """Return the state after ``events`` of one case, in order; ``state``, where given, is changed and returned.

    A correction among ``events`` needs the events before ``state`` too, which ``history`` returns (all of the case's
    events, or those up to the state's version). What comes after a correction folds onto its result like any other.

    Raises:
        ValueError: no event and no state; an event that does not follow the state; a correction without history.
    """
    found = list(events)
    if any(event.kind == "corrected" for event in found):
        if state is not None:
            if history is None:
                raise ValueError("a correction needs the case's events, not only its state")
            version = state.version
            found = [*(event for event in history() if event.version <= version), *found]
        return _folded(found, resolved(found))
    if state is None:
        if not found:
            raise ValueError("no event to fold")
        state = CaseState(case_id=found[0].stream)
    for event in found:
        _follow(state, event)
        FOLDINGS[event.payload.kind](state, event.payload, traced(event))
    return state


def before(events: Sequence[Event], event_id: str) -> CaseState:
    """Return the state that an event of the case met, with all that was corrected since heard."""
    place = next(place for place, event in enumerate(events) if event.event_id == event_id)
    corrections = resolved(events)
    if place == 0:
        return CaseState(case_id=events[0].stream)
    return _folded(events[:place], Corrections(corrections.said[:place], corrections.by))


def _folded(events: Sequence[Event], corrections: Corrections) -> CaseState:
    state = CaseState(case_id=events[0].stream)
    for event, said in zip(events, corrections.said, strict=True):
        _follow(state, event)
        if said.payload is not None and said.payload.kind != "corrected":
            FOLDINGS[said.payload.kind](state, said.payload, said.made)
    state.corrected = corrections.by
    return state


def _follow(state: CaseState, event: Event) -> None:
    """Note the event's place and time, and that the last review does not know it."""
    kind = event.payload.kind
    if event.stream != state.case_id or event.version != state.version + 1 or kind in OF_THE_SYSTEM:
        raise ValueError(
            f"event {event.version} of {event.stream} does not follow {state.case_id} {state.version}"
        )
    state.version = event.version
    at = event.known_at
    if state.last_event_at is None or at > state.last_event_at:
        state.last_event_at = at
    if kind in BEARS_ON_CHART:
        if state.facts_at is None or at > state.facts_at:
            state.facts_at = at
        state.is_stale = True
