"""Oxygen and ventilation."""

from __future__ import annotations

import numpy as np

from discharge.codes import value_set
from discharge.facts.answers import answered, latest
from discharge.facts.chartrows import Evidence
from discharge.facts.observations import Readings, Window, number_of
from discharge.facts.procedures import Performed
from discharge.facts.stays import DAY, HOUR, Columns, Flags, Floats, Ints, Stays, flag, nothing, pick

_SUPPORT = (
    "high_flow",
    "niv",
    "ventilator",
    "tracheostomy",
)  # devices that count even where a flow of 0 is charted
_ROOM_AIR_H = 4  # a saturation is on room air by an oxygen record at most this old; our own judgement
_SILENT_H = 24
_FIO2_H = 1


def oxygen(
    stays: Stays,
    columns: Columns,
    readings: Readings,
    found: dict[str, Window],
    done: Performed,
    rows: Ints,
    concept: Ints,
) -> None:
    """Set respiratory.* that are not one concept's statistic."""
    device, words = answered(stays, rows, concept, "oxygen_device", "oxygen_device")
    recent = device.where(device.time >= stays.t[device.stay] - DAY)
    text, row = latest(recent, words, len(stays))
    columns.put("respiratory.oxygen_device", text, row)
    flow = readings.of("oxygen_flow")
    spo2, records = readings.of("spo2"), _records(flow, device, words)
    _on_oxygen(stays, columns, records, spo2)
    _flow_change(stays, columns, flow)
    _room_air(stays, columns, spo2, records)
    _ratio(stays, columns, readings, found)
    _ventilation(stays, columns, device, words, done)


def asof(stays: Readings, at: Readings, hours: float) -> Ints:
    """Return for each reading of ``at`` the place in ``stays`` of its stay's latest, -1 if over ``hours`` older."""
    if not len(stays.stay) or not len(at.stay):
        return np.full(len(at.stay), -1)
    base = min(stays.time.min(), at.time.min())
    span = int(max(stays.time.max(), at.time.max()) - base) // 1000 + 1
    key = stays.stay * span + (stays.time - base) // 1000
    wanted = at.stay * span + (at.time - base) // 1000
    place = np.searchsorted(key, wanted, side="right") - 1
    near = np.maximum(place, 0)
    good = (place >= 0) & (stays.stay[near] == at.stay) & (at.time - stays.time[near] <= hours * HOUR)
    return np.where(good, place, -1)


def _records(flow: Readings, device: Readings, words: tuple[str, ...]) -> Readings:
    """Merge flow and device into one series whose value says oxygen (1) or room air (0).

    At one time the flow decides, except that a device of respiratory support always counts.
    """
    room = np.array([word == "room_air" for word in words] + [False])
    support = np.array([word in _SUPPORT for word in words] + [False])
    number = device.value.astype(np.int64)
    by_device = np.where(room[number], 0.0, 1.0)
    # Sorted last counts at equal times: plain devices, then flows, then support.
    rank = np.concatenate([np.where(support[number], 2, 0), np.ones(len(flow.stay), dtype=np.int64)])
    joined = Readings(
        *(
            np.concatenate(pair)
            for pair in (
                (device.stay, flow.stay),
                (device.concept, flow.concept),
                (device.time, flow.time),
                (by_device, (flow.value > 0).astype(np.float64)),
                (device.row, flow.row),
            )
        )
    )
    return joined.where(np.lexsort((joined.value, rank, joined.time, joined.stay)))


def _on_oxygen(stays: Stays, columns: Columns, records: Readings, spo2: Readings) -> None:
    on, rows = np.full(len(stays), np.nan), nothing(len(stays))
    # Oxygen was charted, and the last day has saturations without it: the patient came off it.
    weaned = spo2.where(spo2.time >= stays.t[spo2.stay] - DAY)
    weaned = weaned.where(np.isin(weaned.stay, records.stay))
    on[weaned.stay], rows[weaned.stay] = 0.0, weaned.row
    recent = records.where(records.time >= stays.t[records.stay] - DAY)
    on[recent.stay], rows[recent.stay] = recent.value, recent.row
    columns.put("respiratory.on_oxygen", on, Evidence("observations", rows))


def _flow_change(stays: Stays, columns: Columns, flow: Readings) -> None:
    recent = flow.time >= stays.t[flow.stay] - DAY
    now, before = (np.full(len(stays), np.nan) for _ in range(2))
    now_rows, before_rows = nothing(len(stays)), nothing(len(stays))
    for part, values, rows in (
        (flow.where(recent), now, now_rows),
        (flow.where(~recent), before, before_rows),
    ):
        values[part.stay] = part.value
        rows[part.stay] = part.row
    both = ~np.isnan(now - before)
    evidence = (
        Evidence("observations", np.where(both, rows, -1).astype(np.int32))
        for rows in (now_rows, before_rows)
    )
    columns.put("respiratory.oxygen_flow_change_24h", now - before, *evidence)


def _room_air(stays: Stays, columns: Columns, spo2: Readings, records: Readings) -> None:
    spo2 = spo2.where(spo2.time >= stays.t[spo2.stay] - DAY)
    near, ever = asof(records, spo2, _ROOM_AIR_H), asof(records, spo2, np.inf)
    said = records.value[np.maximum(near, 0)] == 0 if len(records.stay) else np.zeros(len(near), bool)
    silent = (ever >= 0) & (asof(records, spo2, _SILENT_H) < 0)
    _lowest(stays, columns, "respiratory.spo2_room_air_min_24h", spo2.where(((near >= 0) & said) | silent))


def _lowest(stays: Stays, columns: Columns, name: str, part: Readings) -> None:
    part = part.where(
        np.lexsort((-part.time, -part.value, part.stay))
    )  # the earliest of the lowest comes last
    column = np.full(len(stays), np.nan)
    column[part.stay] = part.value
    columns.put(name, column, Evidence("observations", pick(len(stays), part.stay, part.row)))


def _ratio(stays: Stays, columns: Columns, readings: Readings, found: dict[str, Window]) -> None:
    """Take the charted ratio, or PaO2 over the FiO2 of the hour before, lowest of the first 24 h."""
    number = number_of("pf_ratio")
    charted, rows = found["admit"].lowest[number], found["admit"].rows["lowest"][number]
    pao2, fio2 = readings.of("pao2"), readings.of("fio2")
    arrival = stays.arrival[pao2.stay]
    pao2 = pao2.where((pao2.time >= arrival) & (pao2.time <= arrival + DAY))
    place = asof(fio2, pao2, _FIO2_H)
    pairs = pao2.where(place >= 0)
    worked_out = pairs.value / (fio2.value[place[place >= 0]] / 100)
    pairs = Readings(pairs.stay, pairs.concept, pairs.time, worked_out, pairs.row)
    name = "respiratory.pf_ratio_admit_min"
    _lowest(stays, columns, name, pairs)
    own = columns.number(name)
    (evidence,) = columns.rows[name]
    use = ~np.isnan(charted) & ~(own < charted)
    columns.put(
        name,
        np.where(use, charted, own),
        Evidence("observations", np.where(use, rows, evidence.positions).astype(np.int32)),
    )


def _ventilation(
    stays: Stays, columns: Columns, device: Readings, words: tuple[str, ...], done: Performed
) -> None:
    size, arrival = len(stays), stays.arrival
    recent = device.time >= stays.t[device.stay] - DAY
    early = (device.time >= arrival[device.stay]) & (device.time <= arrival[device.stay] + DAY)
    kept = np.bincount(done.place, minlength=size) > 0
    names_of = np.array([*words, ""], dtype=object)[device.value.astype(np.int64)]

    def either(
        kinds: dict[str, str], on_time: Flags, procedures: Flags
    ) -> tuple[Flags, Floats, tuple[Evidence, Evidence]]:
        by_device = on_time & np.isin(names_of, list(kinds))
        by_procedure = procedures & np.any([done.groups[group] for group in kinds.values()], axis=0)
        rows, procedure_rows = pick(size, device.stay[by_device], device.row[by_device]), nothing(size)
        procedure_rows[done.place[by_procedure]] = done.row[by_procedure]
        charted = (np.bincount(device.stay[on_time], minlength=size) > 0) | kept
        yes = (rows >= 0) | (procedure_rows >= 0)
        return (
            yes,
            flag(yes, charted),
            (Evidence("observations", rows), Evidence("procedures", procedure_rows)),
        )

    last_day = done.within(stays, 24)
    for name, device_word, group in (
        ("high_flow_24h", "high_flow", "high_flow"),
        ("niv_24h", "niv", "noninvasive_ventilation"),
        ("invasive_ventilation_24h", "ventilator", "invasive_ventilation"),
    ):
        _, column, evidence = either({device_word: group}, recent, last_day)
        columns.put(f"respiratory.{name}", column, *evidence)
    both = {"niv": "noninvasive_ventilation", "ventilator": "invasive_ventilation"}
    first_day = done.start <= arrival[done.place] + DAY
    yes, column, evidence = either(both, early, first_day)
    at_home = _coded(columns, "ventilator_dependence", size)
    columns.put("respiratory.new_ventilation_admit", np.where(yes & at_home, np.nan, column), *evidence)


def _coded(columns: Columns, name: str, size: int) -> Flags:
    """Say which stays carry a code of the value set."""
    codes = columns.values.get("diagnosis.codes")
    chosen = value_set(name)
    if codes is None:
        return np.zeros(size, dtype=bool)
    return np.array(
        [own is not None and any(chosen.matches(code) for code in own) for own in codes], dtype=bool
    )
