"""Which encounters are hospital stays, and which stay every encounter and row belongs to.

An encounter **can be a stay** when it took place (status neither planned, cancelled nor entered in error) and

* its class is IMP, ACUTE, NONAC, OBSENC or SS, or
* whatever its class (MIMIC writes EMER and AMB for whole hospital encounters), it held a bed or a ward other than an
  emergency department, clinic or lounge.

Of encounters linked by ``part_of`` (in either direction) the one that **is** the stay is the uppermost that can be
one; an ICU part (ACUTE) below it shares its stay. An inpatient encounter (IMP, NONAC) that is part of an emergency or
observation encounter stays the head: the visit led to the stay, it does not contain it. One that begins when the
encounter above has ended is a stay of its own too (a readmission that names the stay before). An emergency or
observation encounter of the same patient that overlaps or touches an inpatient stay in time belongs to that stay
though nothing links them. ``stay_id`` is the head's ``encounter_id``; encounters that belong to no stay are context.

A row whose encounter belongs to no stay, or that names none, is given the stay of its patient in whose span
[arrival, end] its time lies; arrival is the first start of anything in the stay. Other rows keep no stay: history.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from discharge.feeds.lists import is_ward_name, words

FOREVER = pd.Timestamp("2260-01-01", tz="UTC")
_INPATIENT = ("IMP", "ACUTE", "NONAC")
_NEVER_PART = ("IMP", "NONAC")  # never part of a visit that is no inpatient encounter


def resolve_stays(encounters: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    """Return ``encounters`` with ``is_stay`` (bool) and ``stay_id`` (str, NaN for context) added.

    ``on_ward`` (boolean, optional) says that the encounter held a ward or bed; where it is missing the beds and units
    of encounters and segments are looked at.
    """
    frame = encounters.reset_index(drop=True)
    able = _can_be_stay(frame, segments)
    head = _join_by_time(_heads(frame, able), frame)
    names = frame["encounter_id"].to_numpy(dtype=object)
    stay = pd.Series([names[h] if h >= 0 else None for h in head], index=frame.index, dtype="str")
    return frame.assign(is_stay=head == np.arange(len(frame)), stay_id=stay)


def _can_be_stay(frame: pd.DataFrame, segments: pd.DataFrame) -> np.ndarray[Any, Any]:
    by_class = frame["class_code"].isin(words("stay_classes"))
    wards = segments.loc[segments["unit"].map(is_ward_name, na_action="ignore").eq(True), "encounter_id"]
    in_bed = frame["bed"].notna() & ~frame["unit"].map(is_ward_name, na_action="ignore").eq(False)
    on_ward = in_bed | frame["encounter_id"].isin(wards)
    if "on_ward" in frame:  # what the Location resources say goes before names
        on_ward = frame["on_ward"].fillna(on_ward.astype("boolean")).astype(bool)
    happened = ~frame["status"].isin(words("not_happened"))
    result: np.ndarray[Any, Any] = ((by_class | on_ward) & happened).to_numpy()
    return result


def _heads(frame: pd.DataFrame, able: np.ndarray[Any, Any]) -> list[int]:
    """Return for each encounter the position of its head by ``part_of`` alone, -1 for none."""
    chains = _chains(frame)
    classes = frame["class_code"].tolist()
    starts = frame["start"].astype("int64").tolist()
    ends = frame["end"].fillna(FOREVER).astype("int64").tolist()
    head = [place if able[place] else -1 for place in range(len(frame))]
    for place, above in chains.items():
        for upper in above:
            if able[upper]:
                if able[place] and starts[place] >= ends[upper]:
                    break
                if (
                    head[place] >= 0
                    and classes[head[place]] in _NEVER_PART
                    and classes[upper] not in _INPATIENT
                ):
                    break
                head[place] = upper
    names = frame["encounter_id"].tolist()
    for place in sorted(chains, key=lambda p: (starts[p], names[p])):
        if head[place] == place:
            _lead_to(place, chains[place], head, classes)
    return head


def _chains(frame: pd.DataFrame) -> dict[int, list[int]]:
    """Return for each encounter that is part of another one of its patient the positions above it, nearest first."""
    linked = frame[frame["part_of"].notna()]
    if linked.empty:
        return {}
    position = {name: place for place, name in enumerate(frame["encounter_id"])}
    patient = frame["patient_id"].tolist()
    parent = {
        place: position[above]
        for place, above in zip(linked.index, linked["part_of"], strict=True)
        if above in position and patient[position[above]] == patient[place]
    }
    chains: dict[int, list[int]] = {}
    for place in parent:
        chain: list[int] = []
        here = parent.get(place)
        while here is not None and here != place and here not in chain:  # a cycle ends where it began
            chain.append(here)
            here = parent.get(here)
        chains[place] = chain
    return chains


def _lead_to(stay: int, above: list[int], head: list[int], classes: list[Any]) -> None:
    """Give the visits that led to ``stay`` (it is part of them) to it, unless they belong to a stay already."""
    for upper in above:
        gives_way = head[upper] == upper and classes[stay] in _NEVER_PART and classes[upper] not in _INPATIENT
        if head[upper] >= 0 and not gives_way:
            break
        if gives_way:
            head[:] = [stay if h == upper else h for h in head]
        head[upper] = stay


def _join_by_time(head: list[int], frame: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Join emergency and observation encounters to the inpatient stay of the same patient that they overlap."""
    found = np.asarray(head, dtype="int64")
    place = np.arange(len(frame))
    is_head = found == place
    joins = frame["class_code"].isin(words("joins_by_time")).to_numpy() & ((found < 0) | is_head)
    joins &= ~frame["status"].isin(words("not_happened")).to_numpy()
    stays = frame["class_code"].isin(words("inpatient_classes")).to_numpy() & is_head
    columns = frame[["patient_id", "start", "end"]].assign(place=place)
    pairs = columns[joins].merge(columns[stays], on="patient_id", suffixes=("", "_stay"))
    end = pairs["end"].fillna(pairs["start"])  # an emergency visit left open does not reach into later years
    overlap = (pairs["start"] <= pairs["end_stay"].fillna(FOREVER)) & (end >= pairs["start_stay"])
    pairs = pairs[overlap].sort_values(["place", "start_stay", "place_stay"]).drop_duplicates("place")
    moved = place.copy()
    moved[pairs["place"].to_numpy(dtype="int64")] = pairs["place_stay"].to_numpy(dtype="int64")
    # A member follows its head; an encounter without a head may have found one of its own.
    return np.where(found >= 0, moved[np.maximum(found, 0)], np.where(moved != place, moved, -1))


def look_up(keys: pd.Series[Any], values: pd.Series[Any]) -> pd.Series[Any]:
    """Return ``values`` (indexed by unique key) for each of ``keys``, with the index of ``keys``."""
    return values.reindex(keys.to_numpy()).set_axis(keys.index)


def stay_spans(encounters: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    """Return a row per stay: stay_id, patient_id, arrival, until (UTC; far future while in the house)."""
    members = encounters.loc[encounters["stay_id"].notna(), ["encounter_id", "stay_id", "start", "end"]]
    parts = segments[["encounter_id", "start", "end"]].merge(
        members[["encounter_id", "stay_id"]], on="encounter_id"
    )
    times = pd.concat([members[["stay_id", "start", "end"]], parts[["stay_id", "start", "end"]]])
    spans = times.groupby("stay_id", sort=True).agg(arrival=("start", "min"), until=("end", "max"))
    heads = encounters.loc[encounters["is_stay"], ["stay_id", "patient_id", "end"]].set_index("stay_id")
    spans = spans.join(heads, how="inner")
    spans["until"] = spans["until"].where(spans["end"].notna(), FOREVER)
    return spans.drop(columns="end").reset_index()


def assign_stays(
    rows: pd.DataFrame, time: str, by_encounter: pd.Series[Any], spans: pd.DataFrame
) -> pd.Series[Any]:
    """Return the stay of each row: its encounter's, else the stay of its patient whose span holds column ``time``."""
    stay = look_up(rows["encounter_id"], by_encounter).astype("str")
    loose = rows.index[stay.isna() & rows["patient_id"].notna() & rows[time].notna()]
    if len(loose) == 0 or len(spans) == 0:
        return stay
    wanted = (
        rows.loc[loose, ["patient_id", time]].rename(columns={time: "at"}).rename_axis("row").reset_index()
    )
    near = pd.merge_asof(
        wanted.sort_values("at"),
        spans.sort_values(["arrival", "stay_id"]),
        left_on="at",
        right_on="arrival",
        by="patient_id",
    )
    inside = near[near["at"] <= near["until"]].set_index("row")["stay_id"]
    stay.loc[inside.index] = inside
    return stay
