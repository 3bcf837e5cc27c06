"""Diagnoses of the stay and of the active problem list.

A role and a rank belong to one encounter. What is the first diagnosis of a clinic visit is not the stay's, though it
was recorded while the patient was in the house: such a visit (and an ambulatory part of the stay) gives no principal
or admission diagnosis, and one that belongs to no stay gives no code of the stay either. Its codes are known, no more.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from discharge.codes import system_name, undotted, value_set
from discharge.facts.chartrows import Evidence, Positions
from discharge.facts.listing import catalogue
from discharge.facts.status import texts
from discharge.facts.stays import (
    NEVER,
    Columns,
    Flags,
    Ints,
    Objects,
    Stays,
    at_rows,
    flag,
    microseconds,
    nothing,
    spread,
    tuples,
)

_CM = "icd-10-cm"
_LOOKS_CM = re.compile(r"[A-TV-Z][0-9][0-9A-Z](?:\.?[0-9A-Z]{1,4})?")
_OVER = ("resolved", "inactive", "remission")
_INPATIENT = ("IMP", "ACUTE", "NONAC", "OBSENC", "SS")
_AMBULATORY = ("AMB", "VR", "HH")
_HEAD, _PART, _UNNAMED, _OTHER_PART, _VISIT, _OUTSIDE = range(6)  # whose diagnosis, the stay's own first


def diagnoses(stays: Stays, columns: Columns) -> None:
    """Set diagnosis.* and the flags that a diagnosis code makes true."""
    table, place = stays.chart["diagnoses"], stays.place("diagnoses").astype(np.int64)
    at = microseconds(table["recorded_at"])
    system = np.array([_system(text) for text in texts(table["system"])], dtype=object)
    code = np.array([undotted(text) if text else None for text in texts(table["code"])], dtype=object)
    t = (
        np.where(place >= 0, stays.t[np.maximum(place, 0)], NEVER)
        if len(stays)
        else np.full(len(place), NEVER)
    )
    role = texts(table["role"])
    own = (
        (place >= 0)
        & ((at == NEVER) | (at <= t) | np.isin(role, ["principal", "discharge"]))
        & (role != "problem")
    )
    rows, problem_rows, problem_places = np.flatnonzero(own), *_problems(stays, role, at)
    whose = _whose(stays)
    _stay_codes(stays, columns, rows[whose[rows] < _OUTSIDE], system, code)
    _principal(stays, columns, rows[whose[rows] < _VISIT], system, code, whose)
    every = np.concatenate([rows, problem_rows])
    where = np.concatenate([place[rows], problem_places])
    cm = system[every] == _CM
    none = np.zeros(len(stays), dtype=bool)
    columns.put(
        "diagnosis.codes",
        tuples(len(stays), where[cm], code[every[cm]], none),
        spread("diagnoses", len(stays), where[cm], every[cm]),
    )
    _coded_flags(stays, columns, every[cm], where[cm], code)


def _whose(stays: Stays) -> Ints:
    """Return for each diagnosis what its encounter is to the stay that the row was given."""
    table = stays.chart["diagnoses"]
    encounters = stays.chart["encounters"].drop_duplicates("encounter_id")
    named = table["encounter_id"].notna().to_numpy()
    at = pd.Index(encounters["encounter_id"]).get_indexer(pd.Index(table["encounter_id"]))
    at = np.where(named, at, -1)
    stay = at_rows(at, encounters["stay_id"].to_numpy(object))
    member = np.array([isinstance(one, str) for one in stay], dtype=bool)
    kind = at_rows(at, texts(encounters["class_code"]))
    is_head = table["encounter_id"].eq(table["stay_id"]).fillna(False).to_numpy(bool)
    choices = [(~named, _UNNAMED), (is_head, _HEAD), (~member, _OUTSIDE)]
    choices += [(np.isin(kind, _AMBULATORY), _VISIT), (np.isin(kind, _INPATIENT), _PART)]
    tests, words = zip(*choices, strict=True)
    return np.asarray(np.select(tests, words, _OTHER_PART), dtype=np.int64)


def _system(text: str | None) -> str | None:
    return system_name(text) if text else None


def _problems(stays: Stays, role: Objects, at: Ints) -> tuple[Ints, Ints]:
    """Return (row, place) of active problems with every stay of the patient that they were known in."""
    table = stays.chart["diagnoses"]
    over = table["clinical_status"].isin(_OVER).to_numpy()
    row, place = stays.patient_places("diagnoses", np.asarray((role == "problem") & ~over, dtype=bool))
    keep = (at[row] == NEVER) | (at[row] <= stays.t[place])
    return row[keep], place[keep]


def _stay_codes(stays: Stays, columns: Columns, rows: Ints, system: Objects, code: Objects) -> None:
    size, place = len(stays), stays.place("diagnoses").astype(np.int64)
    none = np.zeros(size, dtype=bool)
    cm = rows[system[rows] == _CM]
    columns.put(
        "diagnosis.stay_codes",
        tuples(size, place[cm], code[cm], none),
        spread("diagnoses", size, place[cm], cm),
    )
    named = rows[[text is not None for text in system[rows]]] if len(rows) else rows
    systems = tuples(size, place[named], system[named], none)
    everything = spread("diagnoses", size, place[rows], rows)
    columns.put("diagnosis.coding_systems", systems, everything)
    distinct = tuples(
        size, place[rows], [f"{s}|{c}" for s, c in zip(system[rows], code[rows], strict=True)], none
    )
    columns.put(
        "diagnosis.count", [np.nan if codes is None else float(len(codes)) for codes in distinct], everything
    )


def _best(stays: Stays, rows: Ints, code: Objects, whose: Ints, *first: Ints) -> Positions:
    """Return per stay its own row before a part's, then the one of least ``first``, of lowest rank, of first code."""
    table, place = stays.chart["diagnoses"], stays.place("diagnoses").astype(np.int64)
    rank = np.nan_to_num(table["rank"].to_numpy(np.float64)[rows], nan=np.inf)
    text = np.array([str(c) for c in code[rows]], dtype=str)
    keys = (text, rank, *(key[rows] for key in first), whose[rows], place[rows])
    order = rows[np.lexsort(keys)] if len(rows) else rows
    best = nothing(len(stays))
    best[place[order[::-1]]] = order[::-1]
    return best


def _principal(
    stays: Stays, columns: Columns, rows: Ints, system: Objects, code: Objects, whose: Ints
) -> None:
    table = stays.chart["diagnoses"]
    role, rank = texts(table["role"]), table["rank"].to_numpy(np.float64)
    cm = rows[system[rows] == _CM]
    named = role == "principal"
    ranked = (role == "discharge") & (rank == 1)
    chosen = _best(stays, cm[(named | ranked)[cm]], code, whose, (~named).astype(np.int64))
    columns.put("diagnosis.principal", at_rows(chosen, code), Evidence("diagnoses", chosen))
    told = chosen >= 0
    columns.put("diagnosis.principal_is_known", flag(told, ~told), Evidence("diagnoses", chosen))
    at_admission = _best(stays, cm[role[cm] == "admission"], code, whose)
    reasons = texts(stays.heads["reason_code"])
    by_reason = np.array(
        [undotted(t) if t and _LOOKS_CM.fullmatch(t.strip().upper()) else None for t in reasons], object
    )
    admission = np.where(at_admission >= 0, at_rows(at_admission, code), by_reason)
    rest: Flags = at_admission < 0
    columns.put(
        "diagnosis.admission",
        admission,
        Evidence("diagnoses", at_admission),
        Evidence("encounters", np.where(rest, stays.head_rows, -1).astype(np.int32)),
    )


def _coded_flags(stays: Stays, columns: Columns, rows: Ints, place: Ints, code: Objects) -> None:
    """A code in the value set makes the fact true (or false, ``coded_means``); its absence says nothing."""
    number, distinct = pd.factorize(code[rows])
    for fact in catalogue().values():
        if "coded" not in fact.source:
            continue
        chosen = value_set(fact.source["coded"])
        member = np.array([chosen.matches(text) for text in distinct], dtype=bool)
        if not member.any():
            continue
        hit = member[number] & (number >= 0)
        latest = nothing(len(stays))
        latest[place[hit]] = rows[hit]
        means = 1.0 if fact.source.get("coded_means", True) else 0.0
        before = columns.number(fact.name)
        told = (latest >= 0) & np.isnan(before)
        evidence = Evidence("diagnoses", np.where(told, latest, -1).astype(np.int32))
        columns.put(fact.name, np.where(told, means, before), *columns.rows.get(fact.name, ()), evidence)
