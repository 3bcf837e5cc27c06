"""What folding one kind of event is: a function that changes the state as the event says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from discharge.casework.events import Event
from discharge.casework.state.model import CaseState, Trace

Folding: TypeAlias = Callable[[CaseState, Any, Trace], None]
AnyFolding = TypeVar("AnyFolding", bound=Callable[..., None])

FOLDINGS: dict[str, Folding] = {}
"""By kind of event. What refers to something that is not on record (its event was corrected away) changes nothing."""


def folds(kind: str) -> Callable[[AnyFolding], AnyFolding]:
    """Make the function below fold events of ``kind``: it takes (state, payload, made) and changes the state."""

    def register(function: AnyFolding) -> AnyFolding:
        FOLDINGS[kind] = function
        return function

    return register


def traced(event: Event) -> Trace:
    """Return the trace that a record keeps of the event that made it."""
    return Trace(
        event_id=event.event_id,
        at=event.occurred_at,
        recorded_at=event.recorded_at,
        by=event.actor.name,
        by_id=event.actor.id,
    )
