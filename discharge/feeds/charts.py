"""Puts a :class:`~discharge.chart.Chart` together from tables: types, defaults, concepts, stays."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

import pandas as pd

from discharge.chart import DTYPES, TABLES, Chart
from discharge.codes import concept_for, concepts, convert, drug_ingredients, route_name, system_name
from discharge.errors import Fault, FaultsError, FeedError
from discharge.feeds.lists import class_code, pattern, words
from discharge.feeds.stays import assign_stays, look_up, resolve_stays, stay_spans

# The row's own time: when it happened, and when it was known where the feed says nothing better.
OWN_TIME: Mapping[str, str] = {
    "encounters": "start",
    "segments": "start",
    "coverages": "start",
    "diagnoses": "recorded_at",
    "observations": "effective_at",
    "medications": "start",
    "procedures": "start",
    "orders": "ordered_at",
    "documents": "written_at",
    "assessments": "assessed_at",
    "authorizations": "requested_at",
}


class FeedTablesError(FaultsError, FeedError):
    """Tables given to :func:`chart_from_tables` that are not of the published schema; carries every fault."""


def chart_from_tables(tables: Mapping[str, pd.DataFrame]) -> Chart:
    """Return the Chart of ``tables`` (any of :data:`discharge.chart.TABLES`, any of their columns).

    Times without offset are taken as UTC; text that is a time is read. ``known_at`` is the row's own time where
    absent, an authorization's the decision, else the request. Observations get their concept, in the concept's
    unit; medications their ingredients and route; encounters their ``is_stay`` and ``stay_id``, every row of a table
    with ``encounter_id`` its ``stay_id`` (:mod:`discharge.feeds.stays`). Rows are ordered by ``row_id``.

    Raises:
        FeedTablesError: an unknown table or column, a required value that is missing, a unit that does not
            convert. All faults at once.
    """
    faults = _check_names(tables)
    if faults:
        raise FeedTablesError(faults)
    typed = {
        name: _complete(name, tables[name]) if name in tables else _typed(name, pd.DataFrame())
        for name in TABLES
    }
    faults = [fault for name, frame in typed.items() for fault in _missing(name, frame)]
    typed["observations"], units = _with_concepts(typed["observations"])
    if faults or units:
        raise FeedTablesError(faults + units)
    typed["medications"] = _with_ingredients(typed["medications"])
    typed["encounters"]["class_code"] = (
        typed["encounters"]["class_code"].map(class_code, na_action="ignore").astype("str")
    )
    return assemble(typed)


def assemble(tables: Mapping[str, pd.DataFrame]) -> Chart:
    """Return the Chart of complete, typed tables: patients filled in, stays found, ``known_at`` defaults set."""
    encounters = resolve_stays(tables["encounters"], tables["segments"])
    encounters = encounters.drop(columns="on_ward", errors="ignore")
    patients = _by_encounter(encounters, "patient_id")
    stays = _by_encounter(encounters, "stay_id")
    spans = stay_spans(encounters, tables["segments"])
    done: dict[str, pd.DataFrame] = {}
    for name, frame in tables.items():
        if name == "encounters":
            frame = encounters
        elif name == "segments":
            frame = frame.assign(stay_id=look_up(frame["encounter_id"], stays).astype("str"))
        elif "encounter_id" in frame:
            frame = frame.assign(
                patient_id=frame["patient_id"].fillna(look_up(frame["encounter_id"], patients))
            )
            frame = frame.assign(stay_id=assign_stays(frame, OWN_TIME[name], stays, spans))
        frame = frame.assign(known_at=_known_at(name, frame, encounters))
        done[name] = frame.sort_values("row_id", kind="stable", ignore_index=True)
    done["encounters"] = _with_order_times(done["encounters"], done["orders"])
    return Chart(done)


def _by_encounter(encounters: pd.DataFrame, column: str) -> pd.Series[Any]:
    series = encounters.set_index("encounter_id")[column]
    return series[~series.index.duplicated()]


def _known_at(name: str, frame: pd.DataFrame, encounters: pd.DataFrame) -> pd.Series[Any]:
    known = frame["known_at"]
    if name in OWN_TIME:
        known = known.fillna(frame[OWN_TIME[name]])
    if (
        name == "authorizations"
    ):  # asked for first; a decision later than the review is not looked at by the facts
        known = known.fillna(frame["decided_at"])
    if name == "diagnoses":
        start, end = (
            look_up(frame["encounter_id"], _by_encounter(encounters, column)) for column in ("start", "end")
        )
        late = frame["role"].isin(["principal", "discharge"])
        known = known.fillna(end.where(late)).fillna(start.where(~late | end.isna()))
    return known.astype("datetime64[us, UTC]")


def _with_order_times(encounters: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Fill the inpatient order and observation times of stays from standing orders; never from the stay's start."""
    standing = orders[~orders["status"].isin(words("orders_not_standing")) & orders["stay_id"].notna()]
    text = standing["name"].str.lower()
    for column, kind in (
        ("inpatient_order_at", "inpatient_order"),
        ("observation_start_at", "observation_order"),
    ):
        named = text.str.contains(pattern(f"{kind}_words").pattern, regex=True).fillna(False).astype(bool)
        hits = standing[named | standing["code"].isin(words(f"{kind}_codes"))]
        first = hits.groupby("stay_id")["ordered_at"].min()
        found = look_up(encounters["encounter_id"], first).astype("datetime64[us, UTC]")
        encounters = encounters.assign(
            **{column: encounters[column].fillna(found.where(encounters["is_stay"]))}
        )
    return encounters


def _check_names(tables: Mapping[str, pd.DataFrame]) -> list[Fault]:
    faults = [_unknown(name, list(TABLES), "table") for name in tables if name not in TABLES]
    for name in set(tables) & set(TABLES):
        known = [*TABLES[name], "on_ward"] if name == "encounters" else list(TABLES[name])
        faults += [
            _unknown(f"{name}.{c}", known, "column") for c in map(str, tables[name].columns) if c not in known
        ]
    return sorted(faults, key=str)


def _unknown(where: str, known: list[str], kind: str) -> Fault:
    near = difflib.get_close_matches(where.rsplit(".", 1)[-1], known, n=1)
    return Fault(
        where, f"unknown {kind}", f"did you mean {near[0]}?" if near else f"one of {', '.join(sorted(known))}"
    )


def _complete(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.reset_index(drop=True)
    if "row_id" not in frame:
        key = {"patients": "patient_id", "encounters": "encounter_id"}.get(name)
        frame = frame.assign(
            row_id=frame[key] if key and key in frame else [f"{name}/{i:06d}" for i in range(len(frame))]
        )
    if "source" not in frame:
        frame = frame.assign(source=name)
    return _typed(name, frame)


def _typed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return ``frame`` with exactly the table's columns (and ``on_ward``), cast; missing columns are missing values."""
    columns = {
        column: cast_column(frame[column], spec.kind)
        if column in frame
        else pd.Series(pd.NA if spec.kind == "flag" else None, index=frame.index, dtype=DTYPES[spec.kind])
        for column, spec in TABLES[name].items()
    }
    if "on_ward" in frame:
        columns["on_ward"] = frame["on_ward"].astype("boolean")
    return pd.DataFrame(columns, index=frame.index)


def cast_column(series: pd.Series[Any], kind: str) -> pd.Series[Any]:
    """Return ``series`` as the dtype of ``kind``; naive times are UTC."""
    if kind == "time":
        if not isinstance(series.dtype, pd.DatetimeTZDtype):
            series = pd.to_datetime(series, utc=True, format="ISO8601" if _is_text(series) else None)
        return series.astype("datetime64[us, UTC]")
    if kind == "date":
        return pd.to_datetime(series).astype("datetime64[us]")
    if kind == "number":
        return pd.to_numeric(series).astype("float64")
    return series.astype(DTYPES[kind])  # type: ignore[call-overload,no-any-return]


def _is_text(series: pd.Series[Any]) -> bool:
    return bool(series.map(lambda value: isinstance(value, str)).any())


def _missing(name: str, frame: pd.DataFrame) -> list[Fault]:
    return [
        Fault(f"{name}.{column}", f"{int(frame[column].isna().sum())} rows without a value", "it is required")
        for column, spec in TABLES[name].items()
        if spec.required and frame[column].isna().any()
    ]


def _with_concepts(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """Fill ``concept`` from the code and convert values into the concept's unit, each distinct case once."""
    frame = frame.copy()
    codes = frame.loc[frame["concept"].isna() & frame["code"].notna(), ["system", "code"]].drop_duplicates()
    found = {
        (s, c): concept_for(s if isinstance(s, str) else "loinc", c) for s, c in codes.itertuples(index=False)
    }
    names = pd.Series(
        [
            getattr(found.get((s, c)), "name", None)
            for s, c in zip(frame["system"], frame["code"], strict=True)
        ],
        index=frame.index,
        dtype="str",
    )
    frame["concept"] = frame["concept"].fillna(names)
    faults = []
    numeric = frame[frame["value"].notna() & frame["concept"].isin(list(concepts()))]
    for (name, unit), group in numeric.groupby(["concept", "unit"], dropna=False):
        concept = concepts()[str(name)]
        if concept.kind != "number":
            continue
        given = str(unit) if isinstance(unit, str) else concept.unit
        values = [convert(value, given, concept) for value in group["value"]]
        if any(value is None for value in values):
            faults.append(
                Fault(
                    "observations.unit", f"a unit of {name} does not convert", f"a unit like {concept.unit}"
                )
            )
            continue
        frame.loc[group.index, "value"] = values
        frame.loc[group.index, "unit"] = concept.unit
    return frame, faults


def _with_ingredients(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.copy()
    blank = frame["ingredients"].isna()
    frame["ingredients"] = frame["ingredients"].where(
        ~blank,
        pd.Series(
            [
                _ingredients(*row) if empty else None
                for empty, row in zip(
                    blank, frame[["system", "code", "name"]].itertuples(index=False, name=None), strict=True
                )
            ],
            index=frame.index,
            dtype="str",
        ),
    )
    frame["route"] = frame["route"].map(route_name, na_action="ignore").astype("str")
    return frame


def _ingredients(system: object, code: object, name: object) -> str | None:
    text = [value if isinstance(value, str) else None for value in (system, code, name)]
    return drug_ingredients(system_name(text[0]), text[1], text[2])
