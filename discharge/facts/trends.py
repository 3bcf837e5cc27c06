"""Trends of laboratory values, pressure and weight."""

from __future__ import annotations

import numpy as np
import pandas as pd

from discharge.facts.chartrows import Evidence
from discharge.facts.observations import Readings, Window, number_of
from discharge.facts.stays import DAY, NEVER, Columns, Floats, Ints, Stays, flag, microseconds, nothing, pick

_CLEARED = 2.0  # mmol/L: lactate, Surviving Sepsis Campaign 2021 as in clinical.md 6.1
_BASELINE_FROM, _BASELINE_TO = 365 * DAY, 7 * DAY
_FEWEST = 3


def trends(stays: Stays, columns: Columns, readings: Readings, found: dict[str, Window]) -> None:
    """Set trend.* and condition.weight_change_kg."""
    stay = found["stay"]
    _creatinine(stays, columns, readings, stay, found["admit"])
    _hemoglobin(columns, found["24h"], readings, stays)
    _falling(stays, columns, readings.of("wbc"))
    _pressure(stays, columns, readings.of("systolic_bp"))
    lactate = number_of("lactate")
    last = stay.last[lactate]
    columns.put(
        "trend.lactate_is_cleared", flag(last < _CLEARED, last >= _CLEARED), _row(stay, "last", lactate)
    )
    _weight(columns, stay, readings, stays)


def _row(window: Window, how: str, concept: int) -> Evidence:
    return Evidence("observations", window.rows[how][concept])


def _creatinine(stays: Stays, columns: Columns, readings: Readings, stay: Window, admit: Window) -> None:
    number = number_of("creatinine")
    before, before_rows = _earlier(stays, "creatinine")
    baseline = np.where(np.isnan(before), stay.lowest[number], before)
    rows = np.where(np.isnan(before), stay.rows["lowest"][number], before_rows).astype(np.int32)
    columns.put("trend.creatinine_baseline", baseline, Evidence("observations", rows))
    ratios = {
        "creatinine_ratio_baseline": (stay, "last"),
        "creatinine_admit_ratio_baseline": (admit, "highest"),
    }
    for name, (window, how) in ratios.items():
        value = getattr(window, how)[number]
        ratio = np.divide(value, baseline, out=np.full(len(stays), np.nan), where=baseline > 0)
        columns.put(f"trend.{name}", ratio, _row(window, how, number), because=["trend.creatinine_baseline"])
    part = readings.of("creatinine")
    latest = np.full(len(stays), NEVER)
    latest[part.stay] = part.time
    part = part.where(part.time >= latest[part.stay] - 2 * DAY)
    count = np.bincount(part.stay, minlength=len(stays))
    low = part.where(np.lexsort((-part.time, -part.value, part.stay)))
    lowest, rows = np.full(len(stays), np.nan), nothing(len(stays))
    lowest[low.stay], rows[low.stay] = low.value, low.row
    now = np.full(len(stays), np.nan)
    now[part.stay] = part.value
    rise = np.where(count >= 2, np.round(now - lowest, 9), np.nan)
    last_rows = pick(len(stays), part.stay, part.row)
    columns.put(
        "trend.creatinine_rise_48h", rise, Evidence("observations", rows), Evidence("observations", last_rows)
    )


def _earlier(stays: Stays, concept: str) -> tuple[Floats, Ints]:
    """Return the patient's lowest value from 365 to 7 days before arrival, and its row."""
    table = stays.chart["observations"]
    rows = np.flatnonzero(table["concept"].eq(concept).fillna(False).to_numpy(bool))
    value = table["value"].to_numpy(np.float64)
    rows = rows[~np.isnan(value[rows])]
    people = pd.DataFrame({"patient_id": table["patient_id"].iloc[rows].to_numpy(), "row": rows})
    mine = pd.DataFrame({"patient_id": stays.heads["patient_id"], "place": np.arange(len(stays))})
    pairs = people.merge(mine, on="patient_id")
    row, place = pairs["row"].to_numpy(np.int64), pairs["place"].to_numpy(np.int64)
    time = microseconds(table["effective_at"])[row]
    arrival = stays.arrival[place]
    keep = (time != NEVER) & (time >= arrival - _BASELINE_FROM) & (time <= arrival - _BASELINE_TO)
    row, place, time = row[keep], place[keep], time[keep]
    order = np.lexsort((-time, -value[row], place))
    lowest, chosen = np.full(len(stays), np.nan), np.full(len(stays), -1)
    lowest[place[order]], chosen[place[order]] = value[row[order]], row[order]
    return lowest, chosen


def _hemoglobin(columns: Columns, window: Window, readings: Readings, stays: Stays) -> None:
    number = number_of("hemoglobin")
    part = readings.of("hemoglobin")
    count = np.bincount(part.stay[part.time >= stays.t[part.stay] - DAY], minlength=len(stays))
    drop = np.where(count >= 2, np.round(window.highest[number] - window.last[number], 9), np.nan)
    columns.put(
        "trend.hemoglobin_drop_24h", drop, _row(window, "highest", number), _row(window, "last", number)
    )


def _falling(stays: Stays, columns: Columns, part: Readings) -> None:
    """Compare the latest white count with the one before, on different times."""
    last = np.append(part.stay[1:] != part.stay[:-1], True) if len(part.stay) else np.zeros(0, bool)
    place, end = part.stay[last], np.flatnonzero(last)
    begin = np.searchsorted(part.stay, place)
    before = np.array(
        [_before(part, b, e) for b, e in zip(begin.tolist(), end.tolist(), strict=True)], dtype=np.int64
    )
    two = before >= 0
    told = np.full(len(stays), np.nan)
    told[place[two]] = (part.value[end[two]] < part.value[before[two]]).astype(np.float64)
    rows = (pick(len(stays), place[two], part.row[at[two]]) for at in (end, before))
    columns.put("trend.wbc_is_falling", told, *(Evidence("observations", row) for row in rows))


def _before(part: Readings, begin: int, end: int) -> int:
    earlier = np.flatnonzero(part.time[begin:end] < part.time[end])
    return begin + int(earlier[-1]) if len(earlier) else -1


def _pressure(stays: Stays, columns: Columns, part: Readings) -> None:
    recent = part.time >= stays.t[part.stay] - DAY
    before = part.where(~recent)
    count = np.bincount(before.stay, minlength=len(stays))
    median = (
        pd.Series(before.value).groupby(before.stay).median().reindex(range(len(stays))).to_numpy(np.float64)
    )
    lowest = columns.number("vitals.systolic_bp_min_24h")
    fall = np.where(count >= _FEWEST, median - lowest, np.nan)
    columns.put("trend.sbp_fall_from_baseline", fall, because=["vitals.systolic_bp_min_24h"])


def _weight(columns: Columns, window: Window, readings: Readings, stays: Stays) -> None:
    number = number_of("weight")
    part = readings.of("weight")
    inside = part.time >= stays.arrival[part.stay]
    times = pd.DataFrame({"stay": part.stay[inside], "time": part.time[inside]}).drop_duplicates()
    two = np.bincount(times["stay"], minlength=len(stays)) >= 2
    change = np.where(two, np.round(window.last[number] - window.first[number], 9), np.nan)
    evidence = (_row(window, "first", number), _row(window, "last", number))
    columns.put("condition.weight_change_kg", change, *evidence)
