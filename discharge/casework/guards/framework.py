"""What a guard is, and what it may look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

from discharge.casework.events import Actor, Event
from discharge.casework.state.model import CaseState
from discharge.errors import Fault
from discharge.payers import PayerProfile
from discharge.review.model import Review


class Context:
    """What a guard may ask besides the state: the case's last review, the payer's profile, and the moment.

    ``review`` and ``history`` may be given as functions, which are called only if a guard asks. ``occurred_at`` is
    when the act is said to have happened, ``recorded_at`` (given as ``now``) when it is written down; both aware.
    ``history`` are the events of the case on record.
    """

    def __init__(
        self,
        *,
        occurred_at: datetime,
        now: datetime,
        review: Review | Callable[[], Review | None] | None = None,
        profile: PayerProfile | Callable[[], PayerProfile | None] | None = None,
        history: Sequence[Event] | Callable[[], Sequence[Event]] = (),
    ) -> None:
        self.occurred_at = occurred_at
        self.recorded_at = now
        self._review = review
        self._profile = profile
        self._history = history

    @property
    def review(self) -> Review | None:
        """Return the last review of the case; None where there is none yet."""
        if callable(self._review):
            self._review = self._review()
        return self._review

    @property
    def profile(self) -> PayerProfile | None:
        """Return the profile of the stay's payer; None where no payer is known."""
        if callable(self._profile):
            self._profile = self._profile()
        return self._profile

    @property
    def history(self) -> Sequence[Event]:
        """Return the events of the case on record, the first first."""
        if callable(self._history):
            self._history = self._history()
        return self._history

    def as_of(self, event: Event) -> Context:
        """Return the context for what is said in place of ``event``: its moment, and the events before it."""
        return Context(
            occurred_at=event.occurred_at,
            now=self.recorded_at,
            review=self._review,
            profile=self._profile,
            history=[one for one in self.history if one.version < event.version],
        )


Guard: TypeAlias = Callable[[CaseState, Any, Actor, Context], Iterable[Fault]]
AnyGuard = TypeVar("AnyGuard", bound=Callable[..., Iterable[Fault]])

GUARDS: dict[str, Guard] = {}
"""By kind of event; a kind without one asks for nothing but the right to record it."""


def guard(*kinds: str) -> Callable[[AnyGuard], AnyGuard]:
    """Make the function below the guard of ``kinds``: it takes (state, payload, actor, context), yields faults."""

    def register(function: AnyGuard) -> AnyGuard:
        for kind in kinds:
            if kind in GUARDS and GUARDS[kind] is not function:
                raise ValueError(f"two guards for {kind}")
            GUARDS[kind] = function
        return function

    return register
