"""The expected course of a condition as a review shows it."""

from __future__ import annotations

from discharge.packs import RuleFile
from discharge.review.model import CourseDaysSeen, CourseSeen


def course_seen(file: RuleFile) -> CourseSeen | None:
    """Return the course that a rule file tells, with full citation keys; None if it tells none."""
    course = file.course
    if course is None:
        return None
    days = course.days
    keys = [*course.cites, *([days.cite] if days is not None else [])]
    return CourseSeen(
        days=None
        if days is None
        else CourseDaysSeen(
            low=float(days.low), high=float(days.high), unit=days.unit, cite=f"{file.id}.{days.cite}"
        ),
        steps=list(course.steps),
        usual_destinations=list(course.usual_destinations),
        typical_needs=list(course.typical_needs),
        follow_up=course.follow_up,
        text=course.text,
        cite=[f"{file.id}.{key}" for key in dict.fromkeys(keys)],
    )
