"""Cases reviewed with another edition of rules and payers, to see what switching it on would change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import sqlalchemy as sa

from discharge.casework.intake.deltas import stored_rows
from discharge.casework.intake.in_force import scope_of
from discharge.casework.intake.reviewer import run
from discharge.casework.intake.visible import chart_of
from discharge.casework.library import Library
from discharge.casework.projection import unpacked
from discharge.casework.storage.engine import Store
from discharge.casework.storage.tables import CASES, STATES
from discharge.review.model import Review


@dataclass(frozen=True)
class Tried:
    """A case reviewed with both editions, of the same chart and moment."""

    case_id: str
    before: Review
    after: Review


def tried(
    store: Store, case_ids: Sequence[str], before: Library, after: Library, *, as_of: datetime
) -> list[Tried]:
    """Review cases as of a moment with two libraries. Nothing is recorded. A stay not known then is left out."""
    with store.read() as connection:
        asked = sa.select(CASES.c.case_id, CASES.c.encounter_id, CASES.c.patient_id)
        rows = connection.execute(asked.where(CASES.c.case_id.in_(case_ids))).all()
        patients = sorted({row.patient_id for row in rows})
        stored = stored_rows(connection, patients)
        theirs = sa.select(STATES.c.state).join(CASES, CASES.c.case_id == STATES.c.case_id)
        states = [unpacked(one) for one in connection.scalars(theirs.where(CASES.c.patient_id.in_(patients)))]
    chart = chart_of(stored.values(), states, zone=before.zone)
    wanted = {row.encounter_id: row.case_id for row in rows}
    moment, scope = pd.Timestamp(as_of).tz_convert("UTC").as_unit("us"), scope_of(store)
    old, new = (
        {one.encounter_id: one for one in run(each, chart, wanted.keys(), moment, scope)}
        for each in (before, after)
    )
    return [Tried(wanted[name], old[name], new[name]) for name in sorted(old.keys() & new.keys())]
