"""The stay itself: its times, class, status, source and destination."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from discharge.codes import discharge_status, disposition
from discharge.facts.chartrows import Evidence
from discharge.facts.stays import (
    NEVER,
    Columns,
    Flags,
    Ints,
    Objects,
    Stays,
    as_times,
    flag,
    microseconds,
    only,
)
from discharge.facts.words import admit_source

INPATIENT = ("IMP", "ACUTE", "NONAC")
_FACILITIES = ("snf", "other_facility", "psych", "hospital")


def status(stays: Stays, columns: Columns) -> None:
    """Set stay.* facts that come from the encounters, and what midnights are counted from."""
    heads, head = stays.heads, stays.head_evidence()
    gone = stays.end != NEVER
    for name in ("class_code", "service", "priority"):
        columns.put(f"stay.{name}", texts(heads[name]), head)
    for name, moments in (
        ("arrival_at", stays.arrival),
        ("admitted_at", stays.start),
        ("discharged_at", stays.end),
    ):
        columns.put(f"stay.{name}", as_times(moments), head)
    columns.put("stay.arrival_at", as_times(stays.arrival), _arrival_rows(stays))
    columns.put("stay.reviewed_at", as_times(np.full(len(stays), stays.moment)))
    columns.put("stay.expected_discharge_at", heads["expected_discharge_at"].array, head)
    columns.put("stay.expected_midnights", heads["expected_midnights"].to_numpy(np.float64), head)
    columns.put("stay.is_in_house", flag(~gone, gone), head)
    columns.put("stay.is_discharged", flag(gone, ~gone), head)
    priority = texts(heads["priority"])
    columns.put("stay.is_elective", flag(priority == "EL", np.isin(priority, ["EM", "UR"])), head)
    _source(stays, columns)
    _destination(stays, columns)
    _order(stays, columns)


def texts(series: pd.Series[Any]) -> Objects:
    """Return a text column as objects, None for missing."""
    return only(series.notna().to_numpy(), series.to_numpy(dtype=object))


def _arrival_rows(stays: Stays) -> Evidence:
    encounters = stays.chart["encounters"]
    place = stays.place("encounters")
    starts = microseconds(encounters["start"])
    rows = np.flatnonzero((place >= 0) & (starts == np.where(place >= 0, stays.arrival[place], 0)))
    chosen = stays.head_rows.copy()
    chosen[place[rows]] = rows
    return Evidence("encounters", chosen)


def _source(stays: Stays, columns: Columns) -> None:
    charted = texts(stays.heads["admit_source"])
    source = np.array([admit_source(text) if text else None for text in charted], dtype=object)
    known, head = np.array([text is not None for text in source], dtype=bool), stays.head_evidence()
    columns.put("stay.admit_source", source, head)
    facility = np.isin(source, _FACILITIES)
    columns.put(
        "stay.came_from_facility", flag(facility, np.isin(source, ["community", "clinic", "born"])), head
    )
    columns.put("stay.transferred_in", flag(source == "hospital", known & (source != "hospital")), head)


def _destination(stays: Stays, columns: Columns) -> None:
    gone, head = stays.end != NEVER, stays.head_evidence()
    charted = texts(stays.heads["discharge_disposition"])
    left = np.array([disposition(text) if text else None for text in charted], dtype=object)
    left[~gone] = None
    known = np.array([text is not None for text in left], dtype=bool)
    columns.put("stay.discharge_disposition", left, head)
    status = np.array([discharge_status(text) if text else None for text in charted], dtype=object)
    status[~gone] = None
    columns.put("stay.discharge_status", status, head)
    elsewhere = ~gone | known
    columns.put("stay.left_ama", flag(left == "ama", elsewhere), head)
    columns.put("stay.has_acute_transfer", flag(left == "acute_transfer", elsewhere), head)
    death = _deaths(stays)
    died = (left == "expired") | ((death != NEVER) & (death >= stays.arrival) & (death <= stays.t) & gone)
    columns.put("stay.died", flag(died, elsewhere), head)
    deceased = died | ((death != NEVER) & (death <= stays.t))
    columns.put("patient.is_deceased", flag(deceased, np.ones(len(stays), dtype=bool)), head)


def _deaths(stays: Stays) -> Ints:
    patients = stays.chart["patients"].drop_duplicates("patient_id").set_index("patient_id")
    return microseconds(patients["deceased_at"].reindex(stays.heads["patient_id"]))


def _parts(stays: Stays) -> pd.DataFrame:
    """Return every encounter and segment of the stays with class and times (us), begun by t."""
    frames = []
    for table in ("encounters", "segments"):
        frame, place = stays.chart[table], stays.place(table)
        start, end = microseconds(frame["start"]), microseconds(frame["end"])
        part = pd.DataFrame({"place": place, "class": texts(frame["class_code"]), "start": start, "end": end})
        part = part.assign(table=table, row=np.arange(len(frame)))
        frames.append(part[(part["place"] >= 0) & (part["start"] != NEVER)])
    parts = pd.concat(frames, ignore_index=True)
    begun = parts["start"].to_numpy(np.int64) <= stays.t[parts["place"].to_numpy(np.int64)]
    found: pd.DataFrame = parts.loc[begun]
    return found


def _first(parts: pd.DataFrame, wanted: tuple[str, ...], size: int) -> Ints:
    chosen = parts[parts["class"].isin(wanted)]
    first = np.full(size, np.iinfo(np.int64).max)
    np.minimum.at(first, chosen["place"].to_numpy(np.int64), chosen["start"].to_numpy())
    return np.where(first == np.iinfo(np.int64).max, NEVER, first)


def _order(stays: Stays, columns: Columns) -> None:
    """Set inpatient and observation status and their beginnings."""
    heads, head, size = stays.heads, stays.head_evidence(), len(stays)
    parts = _parts(stays)
    order = _by_t(microseconds(heads["inpatient_order_at"]), stays)
    observed = _by_t(microseconds(heads["observation_start_at"]), stays)
    in_class, observation_class = _first(parts, INPATIENT, size), _first(parts, ("OBSENC",), size)
    observed = np.where(observed != NEVER, observed, observation_class)
    inpatient_from = np.where(order != NEVER, order, in_class)
    is_inpatient = inpatient_from != NEVER
    columns.put("stay.inpatient_order_at", as_times(order), head)
    columns.put("stay.observation_start_at", as_times(observed), head)
    not_inpatient = ~is_inpatient & (observed != NEVER)
    columns.put("stay.is_inpatient", flag(is_inpatient, not_inpatient), head)
    columns.put("stay.is_observation", flag(not_inpatient, is_inpatient), head)
    columns.values["_inpatient_from"] = inpatient_from
    columns.values["_observed_from"] = observed


def _by_t(moments: Ints, stays: Stays) -> Ints:
    late: Flags = (moments != NEVER) & (moments > stays.t)
    return np.where(late, NEVER, moments)
