"""Corrections: what each event says once all later corrections of it, and corrections of those, are heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from discharge.casework.events import PAYLOAD, Event
from discharge.casework.events.record import Corrected
from discharge.casework.state.framework import traced
from discharge.casework.state.model import Trace


class Said(NamedTuple):
    """What an event comes to: its payload or the one that replaces it, None where it counts as not happened."""

    payload: Any | None
    made: Trace


class Corrections(NamedTuple):
    """``said`` in the order of the events; ``by`` has, by the id of a corrected event, the event that corrects it."""

    said: list[Said]
    by: dict[str, str]


def resolved(events: Sequence[Event]) -> Corrections:
    """Return what ``events`` of one case come to. The last correction of an event holds.

    A record of a replaced payload keeps the id and time of its event, and the moment and name of who corrected it:
    nobody knew it earlier, and nobody else said it.
    """
    holding: dict[str, tuple[Corrected, Event]] = {}
    said: list[Said] = []
    for event in reversed(events):
        payload, made = _heard(event, holding.get(event.event_id))
        if isinstance(payload, Corrected):
            holding.setdefault(payload.event_id, (payload, event))
        said.append(Said(payload, made))
    return Corrections(said[::-1], {event_id: event.event_id for event_id, (_, event) in holding.items()})


def _heard(event: Event, correction: tuple[Corrected, Event] | None) -> tuple[Any | None, Trace]:
    made = traced(event)
    if correction is None:
        return event.payload, made
    said, by = correction
    made = made.model_copy(update={"recorded_at": by.recorded_at, "by": by.actor.name, "by_id": by.actor.id})
    return (None if said.replacement is None else replaced(said.replacement)), made


def replaced(replacement: Mapping[str, object]) -> Any:
    """Return the payload that a correction puts in place of another; ValidationError where it is none."""
    return PAYLOAD.validate_python(dict(replacement))
