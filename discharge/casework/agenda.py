"""What a case asks for next, and how that changes by the hour alone, worked out once for all time to come.

A deadline becomes near without any event. So that the worklist of any moment is a look-up, a case keeps its slots: from
when until when which step is the first, with its urgency and deadline.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from discharge.worklist.steps import NOTHING, Asked, Step

FOR_EVER = datetime(9999, 12, 31, tzinfo=UTC)


class Stage(NamedTuple):
    """What is asked from a moment on, until the next stage asks something else."""

    from_at: datetime
    asked: Sequence[Asked]


class Slot(NamedTuple):
    """The step that comes first from a moment until another."""

    from_at: datetime
    until_at: datetime
    step: Step


def slots(stages: Sequence[Stage], zone: ZoneInfo) -> list[Slot]:
    """Return the slots from the first stage on for ever, in order and without gap: at least one.

    At each moment it is the first of what is asked then, in the worklist's order of steps.
    """
    first: list[tuple[datetime, Step]] = []
    for place, stage in enumerate(stages):
        until = stages[place + 1].from_at if place + 1 < len(stages) else FOR_EVER
        for moment, step in _firsts(stage, until, zone):
            if not first or first[-1][1] != step:
                first.append((moment, step))
    ends = [*(moment for moment, _ in first[1:]), FOR_EVER]
    return [Slot(moment, end, step) for (moment, step), end in zip(first, ends, strict=True)]


def _firsts(stage: Stage, until: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, Step]]:
    """Give the moments of a stage at which its first step may change, with that step."""
    at = stage.from_at
    moving: list[tuple[Asked, list[datetime]]] = []
    still: list[Step] = []
    for one in stage.asked or [NOTHING]:
        to_come = [moment for moment in one.changes(zone) if at < moment < until]
        if to_come:
            moving.append((one, to_come))
        else:
            still.append(one.step(at, zone))
    always = [min(still, key=Step.key)] if still else []
    for moment in sorted({at, *(moment for _, to_come in moving for moment in to_come)}):
        yield moment, min([*always, *(one.step(moment, zone) for one, _ in moving)], key=Step.key)
