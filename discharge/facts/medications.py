"""Treatment from drugs administered, by class and route.

A flag is true when such a dose was given. It is false only when the stay has administrations charted in the window
and none of them could be such a dose: one without a route, or of a drug that isn't known, might be, and then the
flag is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from discharge.drugs import classes_of, parts_of
from discharge.facts.chartrows import Evidence, Positions
from discharge.facts.listing import Fact, catalogue
from discharge.facts.status import texts
from discharge.facts.stays import (
    HOUR,
    NEVER,
    Columns,
    Flags,
    Floats,
    Ints,
    Objects,
    Stays,
    as_times,
    flag,
    microseconds,
    nothing,
    spread,
    tuples,
)

NOT_GIVEN = ("not-done", "entered-in-error", "on-hold", "unknown")
_NOT_A_DRUG = ("flush", "iv_fluid")
_INFUSION_DOSES = (
    6  # IV doses of insulin in 24 h that only an infusion with hourly changes explains; our own judgement
)


@dataclass(frozen=True)
class Doses:
    """Doses given in the stays by t. Arrays are aligned; ``classes`` and ``ingredient`` are per distinct drug."""

    place: Ints
    row: Ints
    start: Ints
    end: Ints
    drug: Ints  # number of the distinct drug, -1 for none known
    classes: tuple[frozenset[str], ...]
    ingredient: tuple[str, ...]
    name: Objects
    route: Ints  # number of the distinct route, -1 where none is charted
    routes: tuple[str, ...]
    is_infusion: Flags

    def within(self, stays: Stays, hours: float | None) -> Flags:
        """Return the doses of the last ``hours`` up to t (whole stay for None); infusions that reach in count."""
        if hours is None:
            return np.ones(len(self.row), dtype=bool)
        return np.asarray(self.end >= stays.t[self.place] - int(hours * HOUR))

    def of(self, wanted: list[str]) -> tuple[Flags, Flags]:
        """Return (is of a class wanted, might be): for no class, anything but flushes and plain fluids."""
        if wanted:
            per_drug = [bool(known & set(wanted)) for known in self.classes]
        else:
            per_drug = [not known & set(_NOT_A_DRUG) for known in self.classes]
        hit = np.array([*per_drug, not wanted], dtype=bool)[self.drug]
        return hit, hit | (self.drug < 0)

    def by(self, routes: list[str]) -> tuple[Flags, Flags]:
        """Return (was given by a route wanted, might have been)."""
        hit = np.array([*(route in routes for route in self.routes), False])[self.route]
        return hit, hit | (self.route < 0)


def doses(stays: Stays) -> Doses:
    """Return every dose given in the stays by t, ordered by (stay, start, row)."""
    table, place = stays.chart["medications"], stays.place("medications").astype(np.int64)
    start, end = microseconds(table["start"]), microseconds(table["end"])
    t = (
        np.where(place >= 0, stays.t[np.maximum(place, 0)], NEVER)
        if len(stays)
        else np.full(len(place), NEVER)
    )
    given = table["kind"].eq("administration").fillna(False).to_numpy(bool)
    given = given & ~table["status"].isin(NOT_GIVEN).to_numpy()
    rows = np.flatnonzero(given & (start != NEVER) & (start <= t))
    rows = rows[np.lexsort((rows, start[rows], place[rows]))]
    drug, ingredient = pd.factorize(table["ingredients"].iloc[rows])
    names = tuple(str(text) for text in ingredient)
    classes = tuple(classes_of(text) for text in names)
    route = texts(table["route"].iloc[rows])
    only_iv = np.array(["only_iv" in known for known in classes] + [False])[drug]
    route[only_iv & (route == None)] = "iv"  # noqa: E711
    route_number, routes = pd.factorize(route)
    infusion = table["is_continuous"].iloc[rows].fillna(False).to_numpy(bool)
    return Doses(
        place[rows],
        rows,
        start[rows],
        np.maximum(np.where(end == NEVER, start, end)[rows], start[rows]),
        drug.astype(np.int64),
        classes,
        names,
        texts(table["name"].iloc[rows]),
        route_number.astype(np.int64),
        tuple(str(text) for text in routes),
        infusion,
    )


def treatment(stays: Stays, columns: Columns) -> None:
    """Set every fact that says ``given``, and those worked out of doses and home prescriptions."""
    found = doses(stays)
    for fact in catalogue().values():
        if "given" in fact.source:
            _given(stays, columns, found, fact, fact.source["given"])
    _oral_form(stays, columns, found)
    _titrated(columns)
    _home_opioid(stays, columns)


def _given(stays: Stays, columns: Columns, found: Doses, fact: Fact, how: Mapping[str, Any]) -> None:
    inside = found.within(stays, how.get("hours"))
    is_drug, may_be_drug = found.of(how["class"])
    is_route, may_be_route = found.by(how["route"])
    hit, maybe = inside & is_drug & is_route, inside & may_be_drug & may_be_route
    if how.get("infusion"):
        hit = _infused(found, hit, len(stays))
    any_hit, any_maybe = _any(stays, found, hit), _any(stays, found, maybe)
    told = any_hit | (_any(stays, found, inside) & ~any_maybe)
    rows = Evidence("medications", _latest(found, hit, len(stays)))
    give = how.get("give", "flag")
    if give == "flag":
        columns.put(fact.name, flag(any_hit, told), rows)
        return
    rows = spread("medications", len(stays), found.place[hit], found.row[hit])
    if give == "codes":
        columns.put(fact.name, tuples(len(stays), found.place[hit], _names(found, hit), told), rows)
    elif give == "first":
        first, earliest = np.full(len(stays), NEVER), nothing(len(stays))
        first[found.place[hit][::-1]] = found.start[hit][::-1]
        earliest[found.place[hit][::-1]] = found.row[hit][::-1]
        columns.put(fact.name, as_times(first), Evidence("medications", earliest))
    else:
        count = {"count": _count, "days": _days, "interval": _interval}[give](stays, found, hit)
        columns.put(fact.name, np.where(any_hit | told, count, np.nan), rows)


def _infused(found: Doses, hit: Flags, size: int) -> Flags:
    """Keep IV doses that are infusions, or that came at six or more different times."""
    times = pd.DataFrame({"place": found.place[hit], "start": found.start[hit]}).drop_duplicates()
    often = np.bincount(times["place"], minlength=size) >= _INFUSION_DOSES
    return hit & (found.is_infusion | often[found.place])


def _any(stays: Stays, found: Doses, keep: Flags) -> Flags:
    return np.bincount(found.place[keep], minlength=len(stays)) > 0


def _latest(found: Doses, keep: Flags, size: int) -> Positions:
    rows = nothing(size)
    rows[found.place[keep]] = found.row[keep]
    return rows


def _names(found: Doses, keep: Flags) -> list[str]:
    """Return the ingredients of the doses, or the name as charted in lower case for a drug not known."""
    named = np.array([*found.ingredient, ""], dtype=object)[found.drug[keep]]
    charted = (str(text).lower() if text else "not named" for text in found.name[keep])
    return [known or other for known, other in zip(named, charted, strict=True)]


def _count(stays: Stays, found: Doses, hit: Flags) -> Floats:
    """Count different times of dosing: two drugs of one nebulization are one dose."""
    times = pd.DataFrame({"place": found.place[hit], "start": found.start[hit]}).drop_duplicates()
    return np.bincount(times["place"], minlength=len(stays)).astype(np.float64)


def _days(stays: Stays, found: Doses, hit: Flags) -> Floats:
    days = pd.DataFrame(
        {"place": found.place[hit], "day": stays.local_day(found.start[hit])}
    ).drop_duplicates()
    return np.bincount(days["place"], minlength=len(stays)).astype(np.float64)


def _interval(stays: Stays, found: Doses, hit: Flags) -> Floats:
    """Return the median hours between different times of dosing; NaN with fewer than two."""
    times = pd.DataFrame({"place": found.place[hit], "start": found.start[hit]}).drop_duplicates()
    gaps = times.groupby("place")["start"].diff()
    median = (gaps / HOUR).groupby(times["place"]).median()
    return median.reindex(range(len(stays))).to_numpy(np.float64)


def _oral_form(stays: Stays, columns: Columns, found: Doses) -> None:
    """Set oral_equivalent_available by every IV drug of the last 24 h that isn't a fluid or flush."""
    is_drug, _ = found.of([])
    is_iv, _ = found.by(["iv"])
    hit = found.within(stays, 24) & is_drug & is_iv
    forms = [[drug.has_oral_form for drug in parts_of(name)] or [None] for name in found.ingredient]
    none_oral = np.array([any(form is False for form in own) for own in forms] + [False])[found.drug]
    all_oral = np.array([all(form is True for form in own) for own in forms] + [False])[found.drug]
    no, unsure = _any(stays, found, hit & none_oral), _any(stays, found, hit & ~none_oral & ~all_oral)
    yes = _any(stays, found, hit) & ~no & ~unsure
    rows = spread("medications", len(stays), found.place[hit], found.row[hit])
    columns.put("treatment.oral_equivalent_available", flag(yes, no), rows)


def _titrated(columns: Columns) -> None:
    """An insulin infusion is titrated as well."""
    name, insulin = "treatment.titrated_infusion_24h", "treatment.insulin_infusion_24h"
    others, own = columns.number(name), columns.number(insulin)
    either = flag((others == 1) | (own == 1), (others == 0) & (own == 0))
    columns.put(name, either, *columns.rows.get(name, ()), because=[insulin])


def _home_opioid(stays: Stays, columns: Columns) -> None:
    """Set home_opioid from community prescriptions of the patient begun by t and not stopped before arrival."""
    table = stays.chart["medications"]
    home = (
        (table["kind"].eq("request") & table["category"].isin(["community", "outpatient"]))
        .fillna(False)
        .to_numpy(bool)
    )
    home = home & ~table["status"].isin(["entered-in-error", "cancelled", "draft", "stopped"]).to_numpy()
    row, place = stays.patient_places("medications", home)
    start, end = microseconds(table["start"]), microseconds(table["end"])
    keep = (start[row] == NEVER) | (start[row] <= stays.t[place])
    keep &= (end[row] == NEVER) | (end[row] >= stays.arrival[place])
    row, place = row[keep], place[keep]
    number, names = pd.factorize(table["ingredients"].iloc[row])
    opioid = np.array(["opioid" in classes_of(str(text)) for text in names] + [False])[number]
    yes = np.bincount(place[opioid], minlength=len(stays)) > 0
    unsure = np.bincount(place[number < 0], minlength=len(stays)) > 0
    kept = np.bincount(place, minlength=len(stays)) > 0
    rows = spread("medications", len(stays), place[opioid], row[opioid])
    columns.put("treatment.home_opioid", flag(yes, kept & ~unsure), rows)
