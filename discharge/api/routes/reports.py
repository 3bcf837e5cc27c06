"""Reports across cases, in numbers alone: who carries how much, what waiting for payers cost, how rules fared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from discharge.api.auth.principal import Principal, needs
from discharge.api.bodies import When
from discharge.api.problems import problems
from discharge.api.state import Desk, OurDesk
from discharge.casework.projection import profile_of, unpacked
from discharge.casework.state.model import CaseState
from discharge.casework.storage.tables import CASES, STATES
from discharge.casework.work.caseload import load, read_cases, read_people
from discharge.casework.work.delays import Case, PayerDelays, payer_delays
from discharge.casework.work.outcomes import RuleOutcome, outcomes_by_rule, review_to_join
from discharge.errors import UsageError

router = APIRouter(tags=["reports"])
ReportReader = Annotated[Principal, Depends(needs("reports:read"))]
USUAL_SPAN = timedelta(days=90)
LONGEST_SPAN = timedelta(days=400)
_AT_ONCE = 500


class LoadOut(BaseModel):
    """What a person or a unit carries; `of` is an account or a unit, none: nobody's, or on no unit."""

    of: str | None
    name: str | None
    cases: int
    weight: Decimal = Field(description="in points of the house; they compare and say nothing else")
    overdue: int = Field(description="tasks past their time")
    capacity: int | None


class LoadsOut(BaseModel):
    """Load of people and of units."""

    at: datetime
    people: list[LoadOut]
    units: list[LoadOut]


class Span(BaseModel):
    """Of which admissions a report tells."""

    since: datetime
    until: datetime
    cases: int = Field(description="admitted in that time, or admission not charted")


class DelaysOut(Span):
    """What waiting for payers after clinical readiness came to, by payer, in days and dollars."""

    payers: list[PayerDelays]


class OutcomesOut(Span):
    """What became of the cases in which each rule file had a say."""

    rules: list[RuleOutcome]


Since = Annotated[
    When | None, Query(description="admitted from then on; 90 days before `until` if not given")
]
Until = Annotated[When | None, Query(description="admitted before then; now if not given")]


@router.get("/reports/load", responses=problems())
def load_report(desk: OurDesk, who: ReportReader) -> LoadsOut:
    """Tell who carries how much, and which unit."""
    now = desk.now()
    with desk.store.read() as connection:
        found = load(read_cases(connection, now), read_people(connection), now)
    return LoadsOut(
        at=now,
        people=[LoadOut(**asdict(one)) for one in found.people],
        units=[LoadOut(**asdict(one)) for one in found.units],
    )


@router.get("/reports/delays", responses=problems())
def delays_report(desk: OurDesk, who: ReportReader, since: Since = None, until: Until = None) -> DelaysOut:
    """Tell what waiting for each payer came to. What can't be told is counted beside the sums, never as zero."""
    now = desk.now()
    states = _Admitted(desk, since, until, now)
    found = payer_delays(_waiting(desk, states), now)
    return DelaysOut(since=states.since, until=states.until, cases=states.count, payers=found)


@router.get("/reports/outcomes", responses=problems())
def outcomes_report(
    desk: OurDesk, who: ReportReader, since: Since = None, until: Until = None
) -> OutcomesOut:
    """Tell what became of cases by rule file, version and payer."""
    states = _Admitted(desk, since, until, desk.now())
    joined = ((one, desk.casework.review(one.case_id, digest)) for one, digest in _joined(states))
    found = outcomes_by_rule(joined, states.until.date())
    return OutcomesOut(since=states.since, until=states.until, cases=states.count, rules=found)


class _Admitted:
    """The states of the cases admitted in a span of time, some in memory at a time; ``count`` once they are read."""

    def __init__(self, desk: Desk, since: datetime | None, until: datetime | None, now: datetime) -> None:
        self.desk = desk
        self.until = until or now
        self.since = since or self.until - USUAL_SPAN
        self.count = 0
        if not timedelta() < self.until - self.since <= LONGEST_SPAN:
            raise UsageError(f"since has to lie before until, by {LONGEST_SPAN.days} days at most")

    def __iter__(self) -> Iterator[CaseState]:
        within = (CASES.c.admitted_at >= self.since) & (CASES.c.admitted_at < self.until)
        asked = sa.select(CASES.c.case_id).where(within | CASES.c.admitted_at.is_(None))
        with self.desk.store.read() as connection:
            ids = list(connection.scalars(asked.order_by(CASES.c.case_id)))
            for start in range(0, len(ids), _AT_ONCE):
                some = STATES.c.case_id.in_(ids[start : start + _AT_ONCE])
                rows = connection.scalars(sa.select(STATES.c.state).where(some).order_by(STATES.c.case_id))
                for content in rows.all():
                    self.count += 1
                    yield unpacked(content)


def _waiting(desk: Desk, states: _Admitted) -> Iterator[Case]:
    """Give the cases of which a payer was asked something or to whom time was attributed, with what prices them."""
    for state in states:
        if state.authorizations or state.denials or state.delays:
            yield state, desk.casework.review(state.case_id), profile_of(state, desk.library)


def _joined(states: _Admitted) -> Iterator[tuple[CaseState, str]]:
    for state in states:
        digest = review_to_join(state)
        if digest is not None:
            yield state, digest
