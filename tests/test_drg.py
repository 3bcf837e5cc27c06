"""MS-DRG: Table 5 as shipped, grouping by the day's version, and what can't be grouped."""

from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
from views import view

from discharge.chart import Chart, empty
from discharge.drg import drg_table, procedure_codes, stay_drg, table_source

SEPSIS = {
    "diagnosis.principal": "A419",
    "diagnosis.stay_codes": ("A419", "J189", "R6520"),
    "patient.age_years": 70.6,
    "patient.sex": "female",
}


def test_table_5_as_published():
    table = drg_table()
    assert len(table) == table_source().rows
    assert table["481"].weight == Decimal("2.0945")
    assert (table["481"].gmlos_days, table["481"].special_pay, table["481"].post_acute_transfer) == (
        Decimal("4.3"),
        True,
        True,
    )
    assert (table["189"].weight, table["189"].post_acute_transfer) == (Decimal("1.2354"), False)
    assert table["541"].weight == Decimal("0.7874")  # with the cap, not 0.7715
    assert table["999"].weight is None
    assert sum(row.post_acute_transfer for row in table.values()) == 285
    assert sum(row.special_pay for row in table.values()) == 49


def test_working_drg_of_a_patient_in_the_house():
    drg = stay_drg(view(SEPSIS))
    assert (drg.ms_drg, drg.status, drg.weight, drg.gmlos_days) == (
        "871",
        "working",
        Decimal("1.9425"),
        Decimal("4.8"),
    )
    assert (drg.grouper_version, drg.is_placeholder) == ("43.1", False)


@pytest.mark.parametrize(
    ("discharged", "version", "placeholder"),
    [
        ("2022-01-01T10:00", "40.0", True),
        ("2025-09-30T10:00", "42.1", True),
        ("2025-10-01T10:00", "43.0", False),
        ("2026-03-31T10:00", "43.0", False),
        ("2026-04-01T10:00", "43.1", False),
        ("2026-10-01T10:00", "44.0", True),
        ("2180-05-05T10:00", "43.1", True),
    ],
)
def test_version_by_day_of_discharge(discharged, version, placeholder):
    drg = stay_drg(view(SEPSIS | {"stay.discharged_at": discharged}, as_of="2190-01-01T00:00"))
    assert (drg.ms_drg, drg.status) == ("871", "final")
    assert (drg.grouper_version, drg.is_placeholder) == (version, placeholder)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"diagnosis.principal": None}, "no principal diagnosis"),
        ({"diagnosis.principal": "ZZZZ"}, "not an ICD-10-CM code"),
        ({"diagnosis.principal": "V0001XA"}, "do not group"),
        ({"diagnosis.principal": "4280"}, "not an ICD-10-CM code"),
        ({"patient.age_years": float("nan")}, "age"),
    ],
)
def test_what_cannot_be_grouped_is_unknown_with_a_reason(change, reason):
    drg = stay_drg(view(SEPSIS | change))
    assert drg.ms_drg is None
    assert drg.weight is None
    assert reason in drg.unknown_because


def test_admission_diagnosis_stands_in_only_while_in_the_house():
    facts = SEPSIS | {"diagnosis.principal": None, "diagnosis.admission": "A419"}
    working = stay_drg(view(facts))
    assert working.ms_drg == "871"
    assert "stands in" in working.assumptions[0]
    gone = stay_drg(view(facts | {"stay.discharged_at": "2026-06-10T10:00"}))
    assert gone.ms_drg is None


def test_disposition_and_procedures_matter():
    dead = {"stay.discharged_at": "2026-06-10T10:00", "stay.discharge_disposition": "expired"}
    infarct = {"diagnosis.principal": "I2109", "patient.age_years": 70.0, "patient.sex": "male"}
    assert stay_drg(view(infarct | dead)).ms_drg == "285"
    assert stay_drg(view(infarct | dead | {"stay.discharge_disposition": "home"})).ms_drg == "282"
    hip = {"diagnosis.principal": "S72001A", "patient.age_years": 80.0, "patient.sex": "female"}
    assert stay_drg(view(hip)).ms_drg == "536"
    assert stay_drg(view(hip), ("0SRB02A",)).ms_drg == "522"


def test_procedure_codes_per_stay():
    rows = pd.DataFrame(
        {
            "code": ["0SRB02A", "0SRB02A", "387713003", "0BJ08ZZ", "0BJ08ZZ"],
            "system": ["icd-10-pcs", "icd-10-pcs", "snomed", "icd-10-pcs", "icd-10-pcs"],
            "status": ["completed", "completed", "completed", "not-done", "completed"],
            "stay_id": ["E1", "E1", "E1", "E1", "E2"],
        }
    )
    chart = Chart(
        {"procedures": empty("procedures").assign(stay_id=pd.Series(dtype="str")).merge(rows, how="right")}
    )
    assert procedure_codes(chart) == {"E1": ("0SRB02A",), "E2": ("0BJ08ZZ",)}


def test_source_says_licence_and_dates():
    source = table_source()
    assert "public domain" in source.licence
    assert (source.effective_from, source.effective_to) == (date(2025, 10, 1), date(2026, 9, 30))
