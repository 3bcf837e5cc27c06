"""What the member has paid and used already, from eligibility answers and coverages, and the charges of the stay."""

from __future__ import annotations

import numpy as np

from discharge.facts.chartrows import Evidence
from discharge.facts.stays import DAY, NEVER, Columns, Floats, Ints, Stays, as_times, microseconds, nothing

POLICY = ("deductible_usd", "out_of_pocket_limit_usd")
LEFT = (
    "deductible_left_usd",
    "out_of_pocket_left_usd",
    "out_of_pocket_spent_usd",
    "part_b_deductible_left_usd",
    "snf_days_used",
    "inpatient_days_used",
    "reserve_days_left",
)
CHARGES = "stay.charges_usd"
_OLDEST = 60 * DAY  # an answer from longer before the arrival says little of what is left


def money(stays: Stays, columns: Columns, primary: Ints) -> None:
    """Set the amounts of :data:`POLICY` and :data:`LEFT` and the charges; ``primary`` is each stay's coverage row.

    An eligibility answer counts from at most 60 days before the arrival on, up to t, and within the calendar year of
    t, since deductibles begin anew; an answer about another coverage than the primary one doesn't count. The newest
    one is taken, else what the coverage itself says.
    """
    rows, places, at = _answers(stays, primary)
    items = stays.chart["assessments"]["item"].to_numpy(dtype=object)[rows]
    numbers = stays.chart["assessments"]["value"].to_numpy(np.float64)[rows]
    for short in (*POLICY, *LEFT):
        name = f"coverage.{short}"
        own, fits = _on_coverage(stays, short, primary)
        value = np.where(fits, own, np.nan)
        here = np.flatnonzero((items == name) & (numbers >= 0))
        here = here[np.lexsort((rows[here], at[here], places[here]))]
        value[places[here]] = numbers[here]  # the last of equal places is the newest
        answered = nothing(len(stays))
        answered[places[here]] = rows[here]
        kept = np.where((answered < 0) & ~np.isnan(value), primary, -1).astype(np.int32)
        columns.put(name, value, Evidence("assessments", answered), Evidence("coverages", kept))
    _charges(stays, columns)


def _answers(stays: Stays, primary: Ints) -> tuple[Ints, Ints, Ints]:
    """Return rows of answers that count, the places of their stays and their times."""
    table = stays.chart["assessments"]
    names = {f"coverage.{short}" for short in (*POLICY, *LEFT)}
    keep = table["item"].isin(names).to_numpy(bool)
    rows, places = stays.patient_places("assessments", keep)
    at = microseconds(table["assessed_at"])[rows]
    fits = _is_fresh(stays, places, at)
    coverages = stays.chart["coverages"]["row_id"].to_numpy(dtype=object)
    about, known = table["value_text"].to_numpy(dtype=object)[rows], set(coverages)
    own = [coverages[row] if row >= 0 else None for row in primary[places]]
    fits &= np.array([of not in known or of == mine for of, mine in zip(about, own, strict=True)], dtype=bool)
    return rows[fits], places[fits], at[fits]


def _is_fresh(stays: Stays, places: Ints, at: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    t = stays.t[places]
    local = [as_times(moments).tz_convert(stays.zone).year.to_numpy() for moments in (at, t)]
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = (
        (at != NEVER) & (at <= t) & (at >= stays.arrival[places] - _OLDEST) & (local[0] == local[1])
    )
    return found


def _on_coverage(
    stays: Stays, short: str, primary: Ints
) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Return the amount on each stay's coverage, and whether it counts: checked when an answer would."""
    table = stays.chart["coverages"]
    has = primary >= 0
    if not len(table) or not has.any():
        return np.full(len(stays), np.nan), np.zeros(len(stays), bool)
    rows = np.maximum(primary, 0)
    own = table[short].to_numpy(np.float64)[rows]
    checked = microseconds(table["checked_at"])[rows]
    places = np.arange(len(stays))
    fresh = (checked == NEVER) | _is_fresh(stays, places, checked)
    if short in POLICY:
        fresh = np.ones(len(stays), bool)
    return own, has & fresh & (own >= 0)


def _charges(stays: Stays, columns: Columns) -> None:
    """The latest total known: a claim is often made out after the patient has left."""
    table, place = stays.chart["assessments"], stays.place("assessments").astype(np.int64)
    number = table["value"].to_numpy(np.float64)
    rows = np.flatnonzero((table["item"] == CHARGES).to_numpy(bool) & (place >= 0) & (number >= 0))
    at = microseconds(table["assessed_at"])[rows]
    rows, at = rows[at <= stays.moment], at[at <= stays.moment]
    rows = rows[np.lexsort((rows, at, place[rows]))]
    value, found = np.full(len(stays), np.nan), nothing(len(stays))
    value[place[rows]] = number[rows]
    found[place[rows]] = rows
    columns.put(CHARGES, value, Evidence("assessments", found))
