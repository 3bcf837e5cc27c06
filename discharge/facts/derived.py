"""Facts worked out of other facts, after assessments had their say on those."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from discharge.facts.answers import plain
from discharge.facts.chartrows import Evidence
from discharge.facts.observations import number_of
from discharge.facts.stays import Columns, Ints, Stays, flag, microseconds, pick
from discharge.reference import load_yaml

DERIVED = frozenset(
    (
        "respiratory.oxygen_above_baseline",
        "function.therapy_disciplines",
        "social.from_nursing_facility",
        "orders.inpatient_order_signed",
        "documents.expectation_documented",
        "condition.line_in_place",
        "condition.urine_ketones",
    )
)


def derived(stays: Stays, columns: Columns, rows: Ints, concept: Ints) -> None:
    """Set the facts of :data:`DERIVED`."""
    _above_baseline(columns)
    _disciplines(columns)
    source = columns.values["stay.admit_source"]
    home = np.asarray(source == "snf")
    columns.put(
        "social.from_nursing_facility", flag(home, np.zeros(len(stays), bool)), because=["stay.admit_source"]
    )
    _order_signed(stays, columns)
    midnights = columns.number("stay.expected_midnights")
    columns.put(
        "documents.expectation_documented",
        flag(~np.isnan(midnights), np.zeros(len(stays), bool)),
        because=["stay.expected_midnights"],
    )
    lines = ["treatment.has_central_line", "treatment.has_picc"]
    central, picc = (columns.number(name) for name in lines)
    columns.put(
        "condition.line_in_place",
        flag((central == 1) | (picc == 1), (central == 0) & (picc == 0)),
        because=lines,
    )
    _ketones(stays, columns, rows, concept)


def _above_baseline(columns: Columns) -> None:
    because = ["respiratory.on_oxygen", "respiratory.has_home_oxygen"]
    on, home = (columns.number(name) for name in because)
    columns.put("respiratory.oxygen_above_baseline", flag((on == 1) & (home == 0), on == 0), because=because)


def _disciplines(columns: Columns) -> None:
    wanted = [f"function.{name}_ordered" for name in ("pt", "ot", "slp")]
    columns.put("function.therapy_disciplines", sum(columns.number(name) for name in wanted), because=wanted)


def _order_signed(stays: Stays, columns: Columns) -> None:
    ordered = ~np.asarray(columns.values["stay.inpatient_order_at"].isna())
    kept = np.isin(np.arange(len(stays)), stays.place("orders"))
    columns.put("orders.inpatient_order_signed", flag(ordered, kept), because=["stay.inpatient_order_at"])


def _ketones(stays: Stays, columns: Columns, rows: Ints, concept: Ints) -> None:
    """Take the latest urine ketones: plus signs as charted, in words or as a number of plus signs."""
    table = stays.chart["observations"]
    scale: Mapping[str, object] = load_yaml("answers.yaml")["urine_ketones"]
    rows = rows[concept[rows] == number_of("urine_ketones")]
    rows = rows[microseconds(table["effective_at"])[rows] >= stays.arrival[stays.place("observations")[rows]]]
    words = table["value_text"].iloc[rows].to_numpy(dtype=object)
    told = [
        float(str(scale[plain(w)])) if isinstance(w, str) and plain(w) in scale else np.nan for w in words
    ]
    number = table["value"].to_numpy(np.float64)[rows]
    value = np.where(np.isnan(told), np.where((number >= 0) & (number <= 4), number, np.nan), told)
    rows, value = rows[~np.isnan(value)], value[~np.isnan(value)]
    place, time = (
        stays.place("observations")[rows].astype(np.int64),
        microseconds(table["effective_at"])[rows],
    )
    order = np.lexsort((value, time, place))
    column = np.full(len(stays), np.nan)
    column[place[order]] = value[order]
    columns.put(
        "condition.urine_ketones",
        column,
        Evidence("observations", pick(len(stays), place[order], rows[order])),
    )
