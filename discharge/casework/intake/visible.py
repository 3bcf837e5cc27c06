"""The chart of some patients, and what of it a stay's review can see at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from discharge.casework.charting import charted
from discharge.casework.intake.rows import COLUMNS, Row, Rows, digest_of, frame_of, plain_rows
from discharge.casework.state import CaseState
from discharge.chart import TABLES, Chart, Scope
from discharge.feeds.charts import assemble


@dataclass(frozen=True)
class StaySeen:
    """A stay that is known at the moment; ``members`` are the encounters that belong to it."""

    encounter_id: str
    patient_id: str
    digest: str
    members: frozenset[str]


def chart_of(rows: Iterable[Rows], states: Iterable[CaseState], *, zone: str) -> Chart:
    """Return the chart of patients: their rows, and beside them what people charted in their cases."""
    patients, worked = list(rows), [charted(state, zone=zone) for state in states]
    tables = {}
    for table in TABLES:
        frames = [frame_of(table, (row for one in patients for row in one.get(table, {}).values()))]
        frames += [one[table] for one in worked if table in one and len(one[table])]
        tables[table] = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    return assemble(tables)


def stays_seen(known: Chart, scope: Scope) -> list[StaySeen]:
    """Return the stays of a chart as of a moment, each with the digest of all that bears on it.

    That is everything of its patient but what belongs to stays that began after it had ended: a new admission does
    not make a past stay another one. Files' names are left out. Of what feeds bring (``scope``) that
    counts which makes silence say something: authorizations at all, and since when encounters are covered.
    """
    encounters = known["encounters"]
    if encounters.empty:
        return []
    owners = encounters.drop_duplicates("encounter_id").set_index("encounter_id")["patient_id"]
    by_patient: dict[str, list[tuple[str | None, str, Row]]] = {}
    for table in TABLES:
        frame = known[table]
        names = [*(name for name in COLUMNS[table] if name not in ("source", "on_ward")), "stay_id"]
        stays = plain_rows(table, frame, ["stay_id"])
        patients = frame["patient_id"] if "patient_id" in frame else owners.reindex(frame["encounter_id"])
        for patient, (stay,), row in zip(patients, stays, plain_rows(table, frame, names), strict=True):
            by_patient.setdefault(patient, []).append((stay, table, row))
    members = encounters[encounters["stay_id"].notna()].groupby("stay_id")["encounter_id"].agg(frozenset)
    begins = known.stays.set_index("encounter_id")["start"].dropna()
    since = scope.since(begins.to_numpy("datetime64[us]").astype(np.int64))
    covered = dict(zip(begins.index, since.tolist(), strict=True))
    has_authorizations = "authorizations" in scope.tables
    found = []
    for patient, group in known.stays.groupby("patient_id", sort=True):
        later = _later(group)
        for stay in group["encounter_id"]:
            bears = [
                (table, row) for other, table, row in by_patient[str(patient)] if other not in later[stay]
            ]
            silence = ("scope", (has_authorizations, covered.get(stay)))
            digest = digest_of([silence, *bears])
            found.append(StaySeen(stay, str(patient), digest, members.get(stay, frozenset())))
    return sorted(found, key=lambda one: one.encounter_id)


def _later(stays: pd.DataFrame) -> Mapping[str, frozenset[str]]:
    """Return for each stay of one patient those that began after it had ended."""
    rows: Sequence[tuple[Any, ...]] = list(
        stays[["encounter_id", "start", "end"]].itertuples(index=False, name=None)
    )
    return {
        name: frozenset(other for other, start, _ in rows if not pd.isna(end) and start > end)
        for name, _, end in rows
    }
