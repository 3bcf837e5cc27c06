"""Which encounters are hospital stays, and what belongs to them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from discharge.errors import FeedError
from discharge.feeds import FeedTablesError, chart_from_tables

pytestmark = pytest.mark.content  # reads what the test itself writes: the wheel changes nothing


def rows(*entries: str) -> pd.DataFrame:
    """Each entry: name class start end [part_of] [bed]; `-` is nothing; days of June 2025."""
    table = []
    for entry in entries:
        name, code, start, end, *more = entry.split()
        above, bed = [*more, "-", "-"][:2]
        given: dict[str, Any] = {
            "encounter_id": name,
            "patient_id": "p",
            "class_code": code,
            "start": f"2025-06-{start}T00:00Z",
        }
        given |= {
            "end": None if end == "-" else f"2025-06-{end}T00:00Z",
            "part_of": None if above == "-" else above,
            "bed": None if bed == "-" else bed,
        }
        table.append(given)
    return pd.DataFrame(table)


def stays(*entries: str, is_a_patient_each: bool = False) -> dict[str, str | None]:
    given = rows(*entries)
    if is_a_patient_each:
        given["patient_id"] = given["encounter_id"]
    frame = chart_from_tables({"encounters": given})["encounters"]
    return {
        name: stay if isinstance(stay, str) else None
        for name, stay in zip(frame["encounter_id"], frame["stay_id"], strict=True)
    }


def test_hospital_classes_are_stays() -> None:
    codes = ["IMP", "ACUTE", "NONAC", "OBSENC", "SS", "I"]
    found = stays(*(f"{code} {code} 01 05" for code in codes), is_a_patient_each=True)
    assert found == {code: code for code in codes}


def test_other_classes_are_stays_only_with_a_bed() -> None:
    codes = ["EMER", "AMB", "VR", "HH"]
    without = stays(*(f"{code} {code} 01 05" for code in codes), is_a_patient_each=True)
    assert without == dict.fromkeys(codes)
    with_bed = stays(*(f"{code} {code} 01 05 - 4E-10" for code in codes), is_a_patient_each=True)
    assert with_bed == {code: code for code in codes}


def test_a_stay_that_is_part_of_its_emergency_visit_takes_it_in() -> None:
    assert stays("ed EMER 01 02", "a IMP 02 05 ed") == {"a": "a", "ed": "a"}


def test_parts_of_a_stay_share_it() -> None:
    assert stays("a OBSENC 02 05", "ed EMER 01 02 a", "icu ACUTE 03 04 a") == {
        "a": "a",
        "ed": "a",
        "icu": "a",
    }


def test_observation_that_led_to_an_inpatient_stay_belongs_to_it() -> None:
    assert stays("o OBSENC 01 03", "a IMP 02 05 o", "ed EMER 01 01 o") == {"a": "a", "o": "a", "ed": "a"}


def test_a_readmission_that_names_the_stay_before_is_a_stay_of_its_own() -> None:
    assert stays("a IMP 01 05", "b IMP 10 12 a") == {"a": "a", "b": "b"}


def test_an_emergency_visit_joins_the_stay_that_it_touches_and_no_other() -> None:
    found = stays("ed EMER 01 02", "a IMP 02 05", "late EMER 20 21", "open EMER 08 -", "b IMP 10 12")
    assert found == {"ed": "a", "a": "a", "late": None, "open": None, "b": "b"}


def test_a_cycle_of_parts_ends() -> None:
    found = stays("a IMP 01 05 b", "b ACUTE 02 04 a")
    assert set(found.values()) <= {"a", "b"}


def test_what_did_not_take_place_is_no_stay() -> None:
    frame = rows("a IMP 01 05").assign(status="cancelled")
    assert not chart_from_tables({"encounters": frame})["encounters"]["is_stay"].any()


def test_rows_find_their_stay_by_encounter_and_else_by_time() -> None:
    encounters = rows("ed EMER 01 02", "a IMP 02 05 ed", "clinic AMB 20 20", "b IMP 25 -")
    observations = pd.DataFrame(
        {
            "patient_id": ["p", None, "p", "p", "p", "q"],
            "encounter_id": [None, "ed", None, "clinic", None, None],
            "code": "8867-4",
            "value": 80,
            "unit": "/min",
            "effective_at": [f"2025-06-{day}T12:00Z" for day in ("01", "01", "10", "20", "30", "03")],
        }
    )
    chart = chart_from_tables({"encounters": encounters, "observations": observations})
    found = chart["observations"]["stay_id"].astype(object).where(lambda s: s.notna(), None).tolist()
    assert found == ["a", "a", None, None, "b", None]
    assert chart["observations"]["patient_id"].tolist() == ["p", "p", "p", "p", "p", "q"]
    assert chart["observations"]["concept"].tolist() == ["heart_rate"] * 6


def test_tables_of_another_schema_are_refused_with_every_fault() -> None:
    with pytest.raises(FeedTablesError) as caught:
        chart_from_tables({"encounter": pd.DataFrame(), "observations": pd.DataFrame({"cod": ["x"]})})
    assert isinstance(caught.value, FeedError)
    assert "did you mean encounters?" in str(caught.value) and "did you mean code?" in str(caught.value)
    with pytest.raises(FeedTablesError, match=r"encounters\.start"):
        chart_from_tables({"encounters": pd.DataFrame({"encounter_id": ["a"], "patient_id": ["p"]})})


def test_a_chart_of_nothing_has_every_table() -> None:
    chart = chart_from_tables({})
    assert chart.stays.empty and "stay_id" in chart["observations"]
