"""Takes every fact from a chart, for all its stays at once: a table is sorted once, never once per fact."""

from __future__ import annotations

import numpy as np
import pandas as pd

from discharge.chart import Chart, Scope
from discharge.facts.answers import answer_flags
from discharge.facts.assessments import assessments
from discharge.facts.authorization import authorization
from discharge.facts.coverage import coverage
from discharge.facts.derived import DERIVED, derived
from discharge.facts.diagnoses import diagnoses
from discharge.facts.history import history
from discharge.facts.listing import catalogue
from discharge.facts.medications import treatment
from discharge.facts.midnights import benchmark, midnights
from discharge.facts.neuro import neuro
from discharge.facts.observations import measure, numeric, usable_rows, windows
from discharge.facts.oxygen import oxygen
from discharge.facts.patient import patient
from discharge.facts.places import places
from discharge.facts.procedures import procedure_facts
from discharge.facts.records import records
from discharge.facts.status import status
from discharge.facts.stays import NEVER, Columns, Stays, as_times, microseconds
from discharge.facts.table import FactTable, typed_columns
from discharge.facts.trends import trends


def extract(chart: Chart, *, as_of: pd.Timestamp, zone: str, scope: Scope | None = None) -> FactTable:
    """Return the facts of every stay of ``chart`` that had begun by ``as_of``, as they were known then.

    ``zone`` is the facility's IANA zone: midnights and days are local. The moment looked at, t, is the discharge
    for a stay that had ended by ``as_of``, else ``as_of``. Not charted is unknown (NaN, NaT, None); a missing row
    says "no" only inside a table that the chart demonstrably keeps for the stay. ``scope`` is what
    the feed brings for all its patients, where this chart is a part of it; None: what this chart holds.

    Coverage facts of a payer profile stay unknown here; the payers' room sets them.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: no such zone.
    """
    moment = as_of.tz_localize("UTC") if as_of.tzinfo is None else as_of.tz_convert("UTC")
    stays = _stays(_known(chart, moment), moment, zone, scope)
    columns = Columns(len(stays))
    for step in (patient, status, midnights, places, history, coverage, authorization):
        step(stays, columns)
    rows, concept = usable_rows(stays)
    readings = numeric(stays, rows, concept)
    found = windows(stays, readings)
    measure(found, columns)
    answer_flags(stays, rows, concept, columns)
    diagnoses(stays, columns)
    treatment(stays, columns)
    done = procedure_facts(stays, columns)
    records(stays, columns)
    neuro(stays, columns, readings, rows, concept)
    oxygen(stays, columns, readings, found, done, rows, concept)
    trends(stays, columns, readings, found)
    assessments(stays, columns, set(catalogue()) - DERIVED)
    benchmark(stays, columns)
    derived(stays, columns, rows, concept)
    assessments(stays, columns, DERIVED)
    return _table(stays, columns)


def _known(chart: Chart, moment: pd.Timestamp) -> Chart:
    """Return the chart as it was known at ``moment``; the chart itself where it holds nothing later."""
    later = any((frame["known_at"] > moment).any() for frame in chart.tables.values())
    return chart.as_of(moment) if later else chart


def _stays(chart: Chart, moment: pd.Timestamp, zone: str, scope: Scope | None) -> Stays:
    encounters = chart["encounters"]
    rows = np.flatnonzero((encounters["is_stay"].astype(bool) & ~(encounters["start"] > moment)).to_numpy())
    rows = rows[np.argsort(encounters["stay_id"].iloc[rows].to_numpy(dtype=object), kind="stable")]
    if scope is None:
        starts = microseconds(encounters["start"])
        rows_of = {name: len(frame) for name, frame in chart.tables.items()}
        scope = Scope.of(rows_of, starts[starts != NEVER])
    heads = encounters.iloc[rows].reset_index(drop=True)
    return Stays(
        chart,
        moment,
        zone,
        heads,
        rows.astype(np.int32),
        scope,
    )


def _table(stays: Stays, columns: Columns) -> FactTable:
    found = {name: column for name, column in columns.values.items() if not name.startswith("_")}
    t = pd.Series(as_times(stays.t), index=stays.ids, name="t")
    table = typed_columns(found, stays.ids)
    return FactTable(stays.ids, table, t, stays.chart, columns.rows, columns.because)
