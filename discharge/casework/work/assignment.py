"""Who gets which case. A suggestion: a supervisor records it (``assigned`` with basis ``balanced``).

A person takes a case who serves its unit, and whose specialties, where any are named, name its payer profile, payer
class or service. Of those with room the case goes

1. to who had it before, or else another stay of the patient (the latest first);
2. else to who carries least, where a specialist counts as lighter by some points (``reference/casework_load.yaml``).

Nobody is given more cases than the capacity. Cases that few can take come first, then heavy ones; where room runs out,
a case suggested before moves on to another who can take it, so that none is left over that could be placed. The same
people and cases give the same answer, in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from discharge.casework.work.caseload import Carried, Load, Loads, Person, load, points, weight_of

__all__ = ["Carried", "Load", "Loads", "Person", "Suggested", "hand_over", "load", "suggest"]


@dataclass(frozen=True, slots=True)
class Suggested:
    """A case and who should get it; ``assignee`` None where nobody can. ``why`` says so in both cases."""

    case_id: str
    assignee: str | None
    why: str
    weight: Decimal


def suggest(cases: Sequence[Carried], people: Sequence[Person], now: datetime) -> list[Suggested]:
    """Return who should get each case that nobody has, by the rules above, in the order of ``case_id``.

    ``cases`` are all open cases: those that somebody has are that person's load, and stay where they are.
    """
    sharing = _Sharing(people, now)
    sharing.count_carried(cases)
    return sharing.share_out([one for one in cases if one.assignee is None])


def hand_over(cases: Sequence[Carried], of: str, to: Sequence[Person], now: datetime) -> list[Suggested]:
    """Return to whom each case of the account ``of`` should go at the end of a shift.

    ``cases`` are all open cases; ``to`` are those who are there next (``of`` is left out). Recorded as
    ``handed_over``. Cases that nobody has are not touched.
    """
    sharing = _Sharing([one for one in to if one.account_id != of], now)
    sharing.count_carried(cases)
    return sharing.share_out([replace(one, assignee=None) for one in cases if one.assignee == of])


@dataclass(slots=True)
class _Desk:
    """A person while cases are being shared out."""

    person: Person
    weight: Decimal = Decimal(0)
    count: int = 0
    given: dict[str, Carried] = field(default_factory=dict)

    @property
    def has_room(self) -> bool:
        return self.count < self.person.capacity


class _Sharing:
    """Cases being shared out among desks."""

    def __init__(self, people: Sequence[Person], now: datetime) -> None:
        self._now = now
        self._desks = {one.account_id: _Desk(one) for one in sorted(people, key=lambda one: one.account_id)}
        self._able: dict[str, list[_Desk]] = {}
        self._moved: set[str] = set()
        self._weights: dict[str, Decimal] = {}

    def count_carried(self, cases: Sequence[Carried]) -> None:
        """Count what each person carries already."""
        for case in cases:
            desk = self._desks.get(case.assignee or "")
            if desk is not None:
                desk.weight += self._weight(case)
                desk.count += 1

    def share_out(self, free: Sequence[Carried]) -> list[Suggested]:
        """Give each of ``free`` to a desk, as far as there is room."""
        self._able = {
            case.case_id: [one for one in self._desks.values() if one.person.takes(case)] for case in free
        }
        for case in sorted(free, key=self._order):
            chosen = self._former(case) or self._lightest(case)
            if chosen is not None:
                self._give(case, chosen)
            elif any(one.has_room for one in self._desks.values()):  # else whatever moves, there is none
                self._make_room(case, set())
        holder = {case_id: desk for desk in self._desks.values() for case_id in desk.given}
        by_id = sorted(free, key=lambda one: one.case_id)
        return [self._suggested(case, holder.get(case.case_id)) for case in by_id]

    def _order(self, case: Carried) -> tuple[bool, int, Decimal, str]:
        """Whom somebody knows comes first, then whom few can take, then the heavy."""
        is_known = self._former(case) is not None
        return (not is_known, len(self._able[case.case_id]), -self._weight(case), case.case_id)

    def _former(self, case: Carried) -> _Desk | None:
        """Return who had the case or the patient before, can take it and has room."""
        able = {one.person.account_id: one for one in self._able[case.case_id] if one.has_room}
        return next((able[one] for one in case.before if one in able), None)

    def _lightest(self, case: Carried) -> _Desk | None:
        bonus = points().specialist

        def heaviness(desk: _Desk) -> tuple[Decimal, Decimal, int, str]:
            counted = desk.weight - (bonus if desk.person.is_specialist(case) else 0)
            return (counted, desk.weight, desk.count, desk.person.account_id)

        return min((one for one in self._able[case.case_id] if one.has_room), key=heaviness, default=None)

    def _make_room(self, case: Carried, asked: set[str]) -> bool:
        """Give the case to a full desk from which another moves on, and so forth; ``asked`` were tried before."""
        desks = [one for one in self._able[case.case_id] if one.person.account_id not in asked]
        roomy = min(
            (one for one in desks if one.has_room),
            key=lambda one: (one.weight, one.person.account_id),
            default=None,
        )
        if roomy is not None:
            self._give(case, roomy)
            self._moved.add(case.case_id)
            return True
        for desk in desks:
            if desk.person.account_id in asked:  # meanwhile, further along
                continue
            asked.add(desk.person.account_id)
            for other in sorted(desk.given.values(), key=lambda one: (self._weight(one), one.case_id)):
                self._take_back(other, desk)
                if self._make_room(other, asked):
                    self._give(case, desk)
                    self._moved.add(case.case_id)
                    return True
                self._give(other, desk)
        return False

    def _weight(self, case: Carried) -> Decimal:
        """Return how heavy a case is, worked out once."""
        if case.case_id not in self._weights:
            self._weights[case.case_id] = weight_of(case, self._now)
        return self._weights[case.case_id]

    def _give(self, case: Carried, desk: _Desk) -> None:
        desk.weight += self._weight(case)
        desk.count += 1
        desk.given[case.case_id] = case

    def _take_back(self, case: Carried, desk: _Desk) -> None:
        desk.weight -= self._weight(case)
        desk.count -= 1
        del desk.given[case.case_id]

    def _suggested(self, case: Carried, desk: _Desk | None) -> Suggested:
        why = self._nobody(case) if desk is None else self._why(case, desk)
        to = None if desk is None else desk.person.account_id
        return Suggested(case.case_id, to, why, self._weight(case))

    def _why(self, case: Carried, desk: _Desk) -> str:
        able = len(self._able[case.case_id])
        if desk.person.account_id in case.before:
            return "had the case or the patient before"
        if able == 1:
            return "the only one who can take it"
        if case.case_id in self._moved:
            return f"the room that was left among the {able} who can take it"
        special = "a specialist for it; " if desk.person.is_specialist(case) else ""
        return f"{special}carried least of the {able} who can take it"

    def _nobody(self, case: Carried) -> str:
        able = len(self._able[case.case_id])
        if able:
            who = "the one who can take it carries" if able == 1 else f"all {able} who can take it carry"
            return f"nobody: {who} as many cases as set"
        if not self._desks:
            return "nobody: no one is there to take cases"
        if not any(one.person.serves_unit(case) for one in self._desks.values()):
            return f"nobody: no one serves {f'unit {case.unit}' if case.unit else 'a case without a unit'}"
        return "nobody: those who serve the unit are specialists for other payers or services"
