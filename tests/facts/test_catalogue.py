"""The catalogue, and facts given by name."""

from __future__ import annotations

import pandas as pd
import pytest

from discharge.codes import value_sets
from discharge.errors import FactError
from discharge.facts import FactTable, catalogue, groups
from discharge.reference import load_yaml

AS_OF = pd.Timestamp("2026-02-10T07:00", tz="UTC")


def test_there_are_facts_of_every_group_and_each_says_what_it_is() -> None:
    facts = catalogue()
    assert len(facts) > 450
    assert {fact.group for fact in facts.values()} == set(groups())
    for fact in facts.values():
        assert fact.title and fact.meaning and fact.how, fact.name
        assert (fact.unit is not None) == (fact.type == "number"), fact.name


def test_what_facts_refer_to_is_there() -> None:
    procedures, flags = load_yaml("procedures.yaml")["groups"], load_yaml("answers.yaml")["flags"]
    for fact in catalogue().values():
        source = fact.source
        assert source.get("coded", "sepsis") in value_sets(), fact.name
        assert source.get("performed", {"group": "surgery"})["group"] in procedures, fact.name
        assert source.get("answered", {"list": "homeless"})["list"] in flags, fact.name
        assert set(source.get("because", ())) <= set(catalogue()), fact.name


@pytest.mark.parametrize(
    ("name", "kind", "unit"),
    [
        ("vitals.spo2_admit_min", "number", "%"),
        ("labs.ph_last_stay", "number", "[pH]"),
        ("stay.inpatient_days", "number", "d"),
        ("treatment.iv_antibiotics", "codes", None),
        ("diagnosis.principal", "text", None),
        ("documents.moon_given_at", "time", None),
        ("coverage.follows_two_midnight_benchmark", "flag", None),
    ],
)
def test_types_and_units(name: str, kind: str, unit: str | None) -> None:
    assert (catalogue()[name].type, catalogue()[name].unit) == (kind, unit)


def test_named_facts_become_a_table() -> None:
    table = FactTable.from_named(
        [
            {
                "labs.bun_admit_max": {"value": 7, "unit": "mmol/L"},
                "stay.is_inpatient": True,
                "diagnosis.codes": ["J189"],
                "patient.sex": "male",
            },
            {
                "patient.age_years": 70,
                "stay.discharged_at": "2026-02-09T12:00-05:00",
                "labs.bun_admit_max": None,
            },
        ],
        AS_OF,
    )
    values = table.values
    assert values["labs.bun_admit_max"].tolist()[0] == 19.6 and pd.isna(values["labs.bun_admit_max"].iloc[1])
    assert values["stay.is_inpatient"].iloc[0] == 1.0 and values["diagnosis.codes"].tolist() == [
        ("J189",),
        None,
    ]
    assert table.t.tolist() == [AS_OF, pd.Timestamp("2026-02-09T17:00", tz="UTC")]
    assert values["patient.sex"].tolist() == ["male", None]
    assert list(values.columns) == list(catalogue())
    assert {str(values[name].dtype) for name in values} == {"float64", "object", "datetime64[us, UTC]"}


def test_all_faults_come_at_once_and_repeat_no_value() -> None:
    given = {
        "vitals.spo2_min_admit": 4711,
        "labs.bun_admit_max": {"value": 4712, "unit": "kPa"},
        "stay.is_inpatient": "secret",
        "patient.age_years": "secret",
        "diagnosis.codes": "secret",
        "stay.discharged_at": "secret",
        "patient.sex": 4713,
        "labs.sodium_first": float("nan"),
        "labs.potassium_first": {"value": 4, "units": "mmol/L"},
    }
    with pytest.raises(FactError) as caught:
        FactTable.from_named([given], AS_OF)
    assert len(caught.value.faults) == len(given)
    text = str(caught.value)
    assert "vitals.spo2_admit_min" in text  # the nearest right name
    assert not any(word in text for word in ("4711", "4712", "4713", "secret"))


def test_a_unit_of_a_fact_without_concept_converts_too() -> None:
    table = FactTable.from_named([{"stay.hours_in_hospital": {"value": 2, "unit": "d"}}], AS_OF)
    assert table.values["stay.hours_in_hospital"].tolist() == [48.0]


def test_with_columns_and_take() -> None:
    table = FactTable.from_named([{"patient.age_years": 1}, {"patient.age_years": 2}], AS_OF)
    other = table.with_columns(**{"coverage.payer_class": ["medicaid", None]}).take(
        ["case-0002", "case-0001"]
    )
    assert other.values["patient.age_years"].tolist() == [2.0, 1.0]
    assert other.values["coverage.payer_class"].tolist() == [None, "medicaid"]
    assert table.values["coverage.payer_class"].tolist() == [None, None]
    with pytest.raises(KeyError):
        table.take(["case-0003"])
