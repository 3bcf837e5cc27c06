"""The expected course of a condition: what usually happens when. Shown beside the condition; it concludes nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from discharge.dated import Strict
from discharge.packs.conclusions import NeedId, OptionId
from discharge.packs.context import FileContext


class CourseDays(Strict):
    """Usual days in hospital."""

    low: int | Decimal
    high: int | Decimal
    unit: Literal["d"]
    cite: str


class Course(Strict):
    """``days`` is left out where nothing can be cited; ``text`` then says why."""

    days: CourseDays | None = None
    steps: list[str] = Field(min_length=1)
    usual_destinations: list[OptionId]
    typical_needs: list[NeedId] = Field(default_factory=list)
    follow_up: str | None = None
    text: str | None = None
    cite: str | list[str]

    @property
    def cites(self) -> tuple[str, ...]:
        """Its citations (keys of the file)."""
        return (self.cite,) if isinstance(self.cite, str) else tuple(self.cite)


def read_course(context: FileContext, value: object, condition: str | None) -> Course | None:
    """Return the course under ``course``, or None after faults."""
    reader = context.reader
    course = reader.model(Course, value, ("course",))
    if condition is None:
        reader.fault(("course",), "a course in a file that is about no condition", "add applies_to.condition")
    if course is None:
        return None
    context.cites(course.cite, ("course", "cite"))
    if course.days is not None:
        context.cites(course.days.cite, ("course", "days", "cite"))
        if course.days.low > course.days.high or course.days.low < 0:
            reader.fault(
                ("course", "days"), f"{course.days.low} to {course.days.high} days", "low, then high"
            )
    for key in ("steps", "follow_up", "text"):
        given = getattr(course, key)
        for place, sentence in enumerate(given if isinstance(given, list) else [given]):
            if sentence is not None and not sentence.strip():
                reader.fault(
                    ("course", key) if isinstance(given, str) else ("course", key, place), "an empty text"
                )
    return course
