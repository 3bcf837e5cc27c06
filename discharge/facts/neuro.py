"""Consciousness."""

from __future__ import annotations

import numpy as np
import pandas as pd

from discharge.facts.answers import answered, latest
from discharge.facts.chartrows import Evidence
from discharge.facts.observations import Readings
from discharge.facts.stays import DAY, HOUR, Columns, Flags, Ints, Stays, flag, pick, spread

_FULL_GCS = 15
_FEWEST_CHECKS = 3


def neuro(stays: Stays, columns: Columns, readings: Readings, rows: Ints, concept: Ints) -> None:
    """Set neuro.* that are not one concept's statistic."""
    level, words = answered(stays, rows, concept, "consciousness", "consciousness")
    recent = level.where(level.time >= stays.t[level.stay] - DAY)
    text, row = latest(recent, words, len(stays))
    columns.put("neuro.consciousness", text, row)
    gcs = readings.of("gcs")
    alert = np.array([word == "alert" for word in words] + [False])[level.value.astype(np.int64)]
    series = [(level, ~alert), (gcs, gcs.value < _FULL_GCS)]
    _altered(stays, columns, "neuro.altered_mental_status_24h", series, from_arrival=False)
    _altered(stays, columns, "neuro.altered_mental_status_admit", series, from_arrival=True)
    _checks(stays, columns, [level, gcs])


def _altered(
    stays: Stays, columns: Columns, name: str, series: list[tuple[Readings, Flags]], *, from_arrival: bool
) -> None:
    charted, hit = np.zeros(len(stays), bool), np.zeros(len(stays), bool)
    evidence = []
    for readings, is_altered in series:
        begin = stays.arrival[readings.stay] if from_arrival else stays.t[readings.stay] - DAY
        inside = (readings.time >= begin) & (readings.time <= begin + DAY)
        charted[readings.stay[inside]] = True
        hit[readings.stay[inside & is_altered]] = True
        evidence.append((readings, inside, is_altered))
    rows = []
    for readings, inside, is_altered in evidence:
        # Behind a yes the altered records, behind a no the latest ones.
        keep = inside & (is_altered | ~hit[readings.stay])
        rows.append(Evidence("observations", pick(len(stays), readings.stay[keep], readings.row[keep])))
    columns.put(name, flag(hit, charted), *rows)


def _checks(stays: Stays, columns: Columns, series: list[Readings]) -> None:
    """Set the median hours between different times of a neurological record in the last 24 h."""
    parts = [
        pd.DataFrame({"stay": part.stay, "time": part.time, "row": part.row})[
            part.time >= stays.t[part.stay] - DAY
        ]
        for part in series
    ]
    checks = pd.concat(parts).sort_values(["stay", "time", "row"])
    times = checks.drop_duplicates(["stay", "time"])
    enough = np.bincount(times["stay"], minlength=len(stays)) >= _FEWEST_CHECKS
    gaps = times.groupby("stay")["time"].diff() / HOUR
    median = gaps.groupby(times["stay"]).median().reindex(range(len(stays))).to_numpy(np.float64)
    rows = spread(
        "observations", len(stays), times["stay"].to_numpy(np.int64), times["row"].to_numpy(np.int64)
    )
    columns.put("neuro.neuro_checks_every_h", np.where(enough, median, np.nan), rows)
