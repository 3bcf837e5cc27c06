"""The reconciliation list from a chart: side by side, and nothing called stopped that no order stops."""

from __future__ import annotations

import pandas as pd
import pytest
from small_feed import AS_OF, ZONE, tables

from discharge.feeds import chart_from_tables
from discharge.plan import medication_lists
from discharge.plan.medications import INPATIENT_SHOWN

pytestmark = pytest.mark.content  # reads what the test itself writes: the wheel changes nothing

AT = pd.Timestamp(AS_OF, tz=ZONE).tz_convert("UTC")


def row(name, category, *, kind="request", dose=None, per_day=None, route="oral", status="active", **more):
    return {
        "encounter_id": "s1",
        "kind": kind,
        "name": name,
        "dose": dose,
        "dose_unit": "mg" if dose else None,
        "times_per_day": per_day,
        "route": route,
        "category": category,
        "status": status,
        "start": "2026-06-13T18:00:00-04:00",
        **more,
    }


def listed(*rows):
    frames = {name: pd.DataFrame(given).replace("", None) for name, given in tables().items()}
    frames["medications"] = pd.DataFrame(list(rows))
    found = medication_lists(chart_from_tables(frames).as_of(AT))
    return found.get("s1")


def statuses(*rows):
    return {line.name: line.status for line in listed(*rows).lines}


def test_lists_side_by_side():
    found = statuses(
        row("Metformin", "community", dose=500, per_day=2),
        row("Metformin", "discharge", dose=1000, per_day=2),
        row("Lisinopril", "community", dose=10, per_day=1),
        row("Lisinopril", "discharge", dose=10, per_day=1),
        row("Apixaban", "discharge", dose=5, per_day=2),
        row("Atorvastatin", "community", dose=20, per_day=1),
        row("Ibuprofen", "community", dose=400, status="stopped"),
        row("Ceftriaxone", "inpatient", dose=2000, per_day=1, route="iv"),
        row("Naproxen", None, dose=250),
    )
    assert found == {
        "Metformin": "changed",
        "Lisinopril": "discharge",
        "Apixaban": "new",
        "Atorvastatin": "home",
        "Ibuprofen": "stopped",
        "Ceftriaxone": "inpatient",
        "Naproxen": "unknown",
    }


def test_a_changed_drug_shows_what_it_was():
    lines = listed(
        row("Metformin", "community", dose=500, per_day=2),
        row("Metformin", "discharge", dose=1000, per_day=2),
    ).lines
    assert [(line.dose, line.frequency, line.before) for line in lines] == [
        ("1000 mg", "twice a day", "500 mg, oral, twice a day")
    ]


def test_what_is_not_charted_is_no_change():
    lines = listed(row("Metformin", "community"), row("Metformin", "discharge", dose=500, per_day=2)).lines
    assert lines[0].status == "discharge"


def test_without_a_home_list_nothing_is_new():
    assert statuses(row("Apixaban", "discharge", dose=5)) == {"Apixaban": "discharge"}


def test_a_home_course_that_was_completed_is_asked_about():
    assert statuses(row("Amoxicillin", "community", status="completed")) == {"Amoxicillin": "unknown"}


def test_dose_and_frequency_are_the_charts_own_or_absent():
    one = listed(row("Warfarin", "community", rate_text="as the clinic says")).lines[0]
    assert (one.dose, one.frequency) == (None, "as the clinic says")
    assert listed(row("Warfarin", "community")).lines[0].frequency is None


@pytest.mark.parametrize(
    ("more", "is_listed"),
    [
        ({"start": "2025-01-10T09:00:00-05:00"}, True),
        ({"start": "2025-01-10T09:00:00-05:00", "end": "2025-02-10T09:00:00-05:00"}, False),
        ({"start": "2025-01-10T09:00:00-05:00", "status": "stopped"}, False),
    ],
)
def test_home_prescriptions_written_outside_the_stay_count_while_they_run(more, is_listed):
    patient = tables()["encounters"][0]["patient_id"]
    encounter = next(one for one in tables()["encounters"] if one["encounter_id"] == "s1")
    given = row("Lisinopril", "community", dose=10) | {
        "encounter_id": None,
        "patient_id": encounter["patient_id"],
    }
    assert patient
    found = listed(given | more)
    assert (found is not None and bool(found.lines)) is is_listed


def test_fluids_and_flushes_are_no_medicines_and_long_lists_are_counted():
    many = [row(f"drug {number:02}", None, kind="administration") for number in range(INPATIENT_SHOWN + 3)]
    found = listed(*many, row("sodium chloride 0.9%", "inpatient", route="iv"))
    assert len(found.lines) == INPATIENT_SHOWN and found.left_out == 3
    assert all(line.name.startswith("drug") for line in found.lines)


def test_of_many_doses_of_one_drug_one_line_remains():
    doses = [
        row("Cefazolin", None, kind="administration", start=f"2026-06-14T{hour:02}:00:00-04:00", route="iv")
        for hour in (2, 10, 18)
    ]
    assert len(listed(*doses).lines) == 1


def test_a_row_known_later_is_not_there_yet():
    later = row("Apixaban", "discharge", dose=5, start="2026-06-16T09:00:00-04:00")
    assert listed(later) is None
