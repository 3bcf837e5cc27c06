"""The medication reconciliation list: what was taken at home, given here, and prescribed for afterwards, side by side.

It says what the chart says. A drug that no list carries on is never called stopped unless an order says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd

from discharge.chart import Chart
from discharge.drugs import classes_of
from discharge.plan.model import MedicationLine, MedicationStatus

HOME = ("community", "outpatient")
INPATIENT_SHOWN = 25
_ENDED = ("stopped", "cancelled")
_VOID = ("entered-in-error", "draft", "not-done", "unknown")
_NO_DRUG = frozenset({"flush", "iv_fluid"})
_COLUMNS = [
    "row_id",
    "kind",
    "name",
    "ingredients",
    "route",
    "dose",
    "dose_unit",
    "rate_text",
    "times_per_day",
    "category",
    "status",
    "start",
    "end",
]
_PER_DAY = {1.0: "once a day", 2.0: "twice a day"}


class MedicationLists(NamedTuple):
    """The list of one stay, and how many hospital drugs are not on it."""

    lines: tuple[MedicationLine, ...]
    left_out: int = 0


class _Row(NamedTuple):
    """One prescription or dose, as charted."""

    key: str
    name: str
    dose: str | None
    route: str | None
    frequency: str | None
    times: float | None
    where: str  # home, inpatient, discharge, unknown
    ended: bool
    row_id: str | None


NO_MEDICATIONS = MedicationLists(())


def medication_lists(chart: Chart) -> Mapping[str, MedicationLists]:
    """Return the list of every stay of a chart; stays with no medication charted are left out."""
    table = chart["medications"]
    kept = table[~table["status"].isin(_VOID) & (table["name"].notna() | table["ingredients"].notna())]
    wanted = pd.concat([kept[kept["stay_id"].notna()][["stay_id", *_COLUMNS]], _at_home(chart, kept)])
    found: dict[str, list[_Row]] = {}
    for stay_id, one in _records(wanted):
        found.setdefault(stay_id, []).append(_row(one))
    return {stay_id: _reconciled(rows) for stay_id, rows in found.items()}


def _at_home(chart: Chart, kept: pd.DataFrame) -> pd.DataFrame:
    """Home prescriptions written outside any stay, given to each stay of the patient that they reach into."""
    loose = kept[kept["stay_id"].isna() & kept["category"].isin(HOME) & kept["kind"].eq("request")]
    stays = chart.stays[["stay_id", "patient_id", "start", "end"]]
    stays = stays.rename(columns={"start": "from", "end": "to"})
    both = loose.drop(columns="stay_id").merge(stays, on="patient_id")
    reaches = ~(both["start"] > both["to"].fillna(both["from"])) & ~(both["end"] < both["from"])
    over = both["status"].isin([*_ENDED, "completed"]) & ~(both["end"] >= both["from"])
    return both[reaches & ~over][["stay_id", *_COLUMNS]]


def _records(wanted: pd.DataFrame) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield rows by stay, the latest first; of the doses or orders of one drug on one list only the last."""
    named = wanted["ingredients"].where(wanted["ingredients"].notna(), wanted["name"].str.lower())
    where = wanted["category"].where(wanted["kind"].ne("administration"), "inpatient").fillna("")
    wanted = wanted.assign(named=named, where=where)
    order = ["stay_id", "start", "row_id"]
    wanted = wanted.sort_values(order, ascending=[True, False, True], kind="stable")
    wanted = wanted.drop_duplicates(["stay_id", "named", "where", "kind"])
    plain = wanted.astype(object).where(wanted.notna(), None)
    names = list(plain.columns)
    for row in plain.itertuples(index=False, name=None):
        one = dict(zip(names, row, strict=True))
        yield str(one["stay_id"]), one


def _row(one: Mapping[str, Any]) -> _Row:
    category = one["category"]
    where = "unknown"
    if one["kind"] == "administration" or category == "inpatient":
        where = "inpatient"
    elif category in HOME:  # a course that was completed may be taken again or not: the chart doesn't say
        where = "unknown" if one["status"] == "completed" else "home"
    elif category == "discharge":
        where = "discharge"
    is_order = one["kind"] == "request"
    return _Row(
        key=str(one["named"]),
        name=str(one["name"] or one["named"]),
        dose=_dose(one["dose"], one["dose_unit"]),
        route=one["route"],
        frequency=_frequency(one["times_per_day"], one["rate_text"]) if is_order else None,
        times=one["times_per_day"] if is_order else None,
        where=where,
        ended=is_order and one["status"] in _ENDED,
        row_id=one["row_id"],
    )


def _dose(amount: float | None, unit: str | None) -> str | None:
    return None if amount is None else f"{amount:.10g} {(unit or '').strip('{}')}".strip()


def _frequency(times: float | None, words: str | None) -> str | None:
    """How often, in words; else the words of the chart.

    >>> _frequency(2.0, "5mg PO BID"), _frequency(3.0, None), _frequency(0.5, "q48h"), _frequency(None, None)
    ('twice a day', '3 times a day', 'q48h', None)
    """
    if times is not None and times in _PER_DAY:
        return _PER_DAY[times]
    if times is not None and times > 1 and times == int(times):
        return f"{int(times)} times a day"
    return words


def _reconciled(rows: list[_Row]) -> MedicationLists:
    """Put the lists side by side, one line a drug: prescribed for home first, then home, then hospital only."""
    by_place: dict[str, dict[str, _Row]] = {"discharge": {}, "home": {}, "unknown": {}, "inpatient": {}}
    for row in rows:
        place = by_place[row.where]
        held = place.get(row.key)
        if held is None or (held.ended and not row.ended) or (held.frequency is None and row.frequency):
            place[row.key] = row
    has_home = bool(by_place["home"])
    lines = [
        _prescribed(row, by_place["home"].get(row.key), has_home) for row in by_place["discharge"].values()
    ]
    done = set(by_place["discharge"])
    for where in ("home", "unknown", "inpatient"):
        named = sorted((one for key, one in by_place[where].items() if key not in done), key=_by_name)
        status: Any = where
        wanted = [one for one in named if where != "inpatient" or not classes_of(one.key) & _NO_DRUG]
        lines += [_line(one, "stopped" if one.ended and where == "home" else status) for one in wanted]
        done |= set(by_place[where])
    lines.sort(key=lambda line: line.status == "inpatient")
    hospital = sum(line.status == "inpatient" for line in lines)
    extra = max(hospital - INPATIENT_SHOWN, 0)
    return MedicationLists(tuple(lines[: len(lines) - extra]), extra)


def _by_name(row: _Row) -> str:
    return row.name.lower()


def _prescribed(row: _Row, home: _Row | None, has_home: bool) -> MedicationLine:
    """A drug of the discharge list beside the one at home."""
    if row.ended:
        return _line(row, "stopped")
    if home is None:
        return _line(row, "new" if has_home else "discharge")
    pairs = ((home.dose, row.dose), (home.route, row.route), (home.frequency, row.frequency))
    if any(old is not None and now is not None and old != now for old, now in pairs):
        before = ", ".join(part for part in (home.dose, home.route, home.frequency) if part)
        return _line(row, "changed", before)
    return _line(row, "discharge")


def _line(row: _Row, status: MedicationStatus, before: str | None = None) -> MedicationLine:
    return MedicationLine(
        name=row.name,
        drug=row.key,
        dose=row.dose,
        route=row.route,
        frequency=row.frequency,
        times_per_day=row.times,
        status=status,
        before=before,
        row_id=row.row_id,
    )
