"""What is read from FHIR: forms of files and references, values, stays; and that order and workers don't matter."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from discharge.chart import Chart
from discharge.feeds import Spool

pytestmark = pytest.mark.content  # reads what the test itself writes: the wheel changes nothing

Feed = Callable[..., Spool]
MRN = {"system": "urn:mrn", "value": "12"}


def same(one: Chart, other: Chart) -> None:
    for table in one.tables:
        pd.testing.assert_frame_equal(one[table], other[table])


SUBJECTS: list[dict[str, Any]] = [
    {"reference": "Patient/p1"},
    {"reference": "https://fhir.example.org/r4/Patient/p1"},
    {"reference": "Patient/p1/_history/3"},
    {"identifier": MRN},
    {"type": "Patient", "identifier": {"value": "12"}},
    {"reference": "Patient?identifier=urn:mrn|12"},
    {"reference": "Patient?identifier=urn:mrn%7C12"},
    {"reference": "#inner"},
]


@pytest.fixture(scope="module")
def referring(feed_of_module: Feed, make: Any) -> pd.DataFrame:
    """An observation for each form of reference; each stands before the patient."""
    contained = [{"resourceType": "Patient", "id": "inner", "identifier": [MRN]}]
    found = [
        make.without(make.observation(f"o{place}", subject=subject, contained=contained), "encounter")
        for place, subject in enumerate(SUBJECTS)
    ]
    chart = feed_of_module(*found, make.encounter(), make.patient(identifier=[MRN])).chart(0)
    return chart["observations"].set_index("row_id")


@pytest.mark.parametrize(
    "place",
    range(len(SUBJECTS)),
    ids=lambda place: str(SUBJECTS[place].get("reference", "identifier")),
)
def test_references_of_every_form_lead_to_the_patient(place: int, referring: pd.DataFrame) -> None:
    assert referring.loc[f"Observation/o{place}", ["patient_id", "stay_id"]].tolist() == ["p1", "e1"]
    assert len(referring) == len(SUBJECTS)


@pytest.mark.parametrize("kind", ["collection", "searchset", "transaction", "batch"])
@pytest.mark.parametrize("name", ["bundle.json", "bundle.ndjson"])
def test_bundles_are_read_with_their_full_urls(
    kind: str, name: str, feed: Feed, make: Any, tmp_path: Path
) -> None:
    entries = [
        {"fullUrl": "urn:uuid:AA", "resource": make.without(make.patient(), "id")},
        {"fullUrl": "urn:uuid:bb", "resource": make.encounter(subject={"reference": "urn:uuid:aa"})},
        {
            "resource": {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [
                    {
                        "resource": make.without(
                            make.observation(encounter={"reference": "urn:uuid:bb"}), "subject"
                        )
                    }
                ],
            }
        },
        {"request": {"method": "DELETE", "url": "Patient/9"}},
    ]
    bundle = {"resourceType": "Bundle", "type": kind, "entry": entries}
    path = tmp_path / name
    path.write_text(json.dumps(bundle, indent=1 if name.endswith(".json") else None))
    spool = feed(paths=[path])
    assert spool.account.records_not_used == {"Bundle entry without resource": 1}
    assert spool.account.records_used == 3
    assert spool.chart(0)["observations"]["stay_id"].tolist() == ["e1"]


def test_gzip_is_told_by_content_and_a_json_file_may_hold_lines(feed: Feed, make: Any) -> None:
    records = [make.patient(), make.encounter(), make.observation()]
    for name in ("feed.ndjson.gz", "feed.json", "feed.jsonl"):
        assert feed(*records, name=name).account.records_used == 3


def test_values_of_every_kind(feed: Feed, make: Any) -> None:
    def value(name: str, code: str = "1-1", **more: Any) -> Any:
        return make.without(make.observation(name, code, **more), "valueQuantity")

    spool = feed(
        make.patient(),
        make.encounter(),
        make.observation("fahrenheit", "8310-5", valueQuantity={"value": 100.4, "code": "[degF]"}),
        make.observation(
            "bound", "6598-7", valueQuantity={"value": 0.01, "code": "ng/mL", "comparator": "<"}
        ),
        value("integer", "9269-2", valueInteger=14),
        value("number", "9269-2", valueString=" 13 "),
        value("coded", valueCodeableConcept={"coding": [{"code": "x", "display": "Word"}]}),
        value("text", valueString="some words"),
        value("truth", valueBoolean=True),
        value("time", valueDateTime="2025-06-10"),
        value("ratio", valueRatio={"numerator": {"value": 1}, "denominator": {"value": 4}}),
        value("range", valueRange={"low": {"value": 1, "code": "mg"}, "high": {"value": 2, "code": "mg"}}),
        value("absent", dataAbsentReason={"text": "unknown"}),
        value("sampled", valueSampledData={"data": "1 2 3"}),
    )
    rows = spool.chart(0)["observations"].set_index("row_id")
    rows.index = rows.index.str.removeprefix("Observation/")
    assert spool.account.records_used == 14 and len(rows) == 10
    assert rows.loc["fahrenheit", ["value", "unit", "concept"]].tolist() == [38.0, "Cel", "temperature"]
    assert rows.loc["bound", "value_text"] == "<"
    assert rows.loc[["integer", "number", "truth", "ratio"], "value"].tolist() == [14, 13, 1, 0.25]
    assert rows.loc[["coded", "text", "time", "range"], "value_text"].tolist() == [
        "Word",
        "some words",
        "2025-06-10",
        "1 to 2 mg",
    ]


def test_components_are_rows_and_one_bad_component_costs_itself_alone(feed: Feed, make: Any) -> None:
    def part(code: str, value: float) -> Any:
        return {
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueQuantity": {"value": value, "code": "mm[Hg]"},
        }

    pressure = make.without(
        make.observation(code="85354-9", component=[part("8480-6", 120), part("8462-4", 9000)]),
        "valueQuantity",
    )
    spool = feed(make.patient(), make.encounter(), pressure)
    assert spool.chart(0)["observations"][["row_id", "concept", "value"]].values.tolist() == [
        ["Observation/o1#1", "systolic_bp", 120.0]
    ]
    assert spool.rejects()[["code", "field"]].values.tolist() == [
        ["implausible_value", "Observation.component[1].valueQuantity"]
    ]
    assert (spool.account.records_used, spool.account.parts_rejected) == (3, 1)


def test_times_without_offset_are_the_facilitys(feed: Feed, make: Any) -> None:
    stay = make.encounter(period={"start": "2025-06-10T08:00:00", "end": "2025-06-12"})
    row = feed(make.patient(), stay, zone="America/New_York").chart(0)["encounters"].iloc[0]
    assert row["start"] == pd.Timestamp("2025-06-10T12:00Z")
    assert row["end"] == pd.Timestamp("2025-06-13T03:59:59Z")  # a date alone means the whole day


def test_diagnoses_get_role_rank_and_the_time_they_were_known(feed: Feed, make: Any) -> None:
    def condition(name: str, **more: Any) -> Any:
        code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": name}]}
        return {
            "resourceType": "Condition",
            "id": name,
            "code": code,
            "subject": {"reference": "Patient/p1"},
            **more,
        }

    def use(name: str, role: str, rank: int) -> Any:
        return {
            "condition": {"reference": f"Condition/{name}"},
            "use": {"coding": [{"code": role}]},
            "rank": rank,
        }

    here = {"encounter": {"reference": "Encounter/e1"}}
    stay = make.encounter(
        period={"start": "2025-06-01T00:00:00Z", "end": "2025-06-05T00:00:00Z"},
        diagnosis=[use("J18.9", "DD", 1), use("R05", "AD", 1), use("I10", "CM", 2)],
    )
    problem = condition(
        "I10", recordedDate="2020-01-01", category=[{"coding": [{"code": "problem-list-item"}]}]
    )
    chart = feed(
        make.patient(),
        stay,
        condition("J18.9", **here),
        condition("R05", **here),
        condition("N39", **here),
        problem,
    ).chart(0)
    rows = chart["diagnoses"].sort_values(["code", "role"])
    assert rows[["code", "role"]].values.tolist() == [
        ["I10", "comorbidity"],
        ["I10", "problem"],
        ["J18.9", "principal"],
        ["N39", "encounter"],
        ["R05", "admission"],
    ]
    known = rows.set_index(["code", "role"])["known_at"].dt.strftime("%Y-%m-%d")
    assert known["J18.9", "principal"] == "2025-06-05"  # no date: known when the stay ends
    assert known["R05", "admission"] == known["N39", "encounter"] == "2025-06-01"
    assert known["I10", "problem"] == "2020-01-01"


def test_drug_route_and_name_come_from_medication_and_request(feed: Feed, make: Any) -> None:
    refs = {"subject": {"reference": "Patient/p1"}}
    drug = {"resourceType": "Medication", "id": "m", "code": {"text": "Ceftriaxone"}}
    ask = {
        "resourceType": "MedicationRequest",
        "id": "r",
        "status": "active",
        "intent": "order",
        "authoredOn": "2025-06-10T08:30:00Z",
        "medicationReference": {"reference": "Medication/m"},
        "encounter": {"reference": "Encounter/e1"},
        "dosageInstruction": [{"text": "1 g IV Q12H", "route": {"text": "IV"}}],
        **refs,
    }
    give = {
        "resourceType": "MedicationAdministration",
        "id": "a",
        "status": "completed",
        "effectiveDateTime": "2025-06-10T09:00:00Z",
        "context": {"reference": "Encounter/e1"},
        "request": {"reference": "MedicationRequest/r"},
        "medicationCodeableConcept": {"coding": [{"system": "urn:local", "code": "CTX1"}]},
        **refs,
    }
    rows = feed(give, ask, drug, make.encounter(), make.patient()).chart(0)["medications"]
    assert rows["route"].tolist() == ["iv", "iv"]
    assert rows["ingredients"].tolist() == ["ceftriaxone", "ceftriaxone"]
    assert rows["times_per_day"].tolist()[1] == 2


def test_an_inpatient_order_gives_the_order_time_and_nothing_else_does(feed: Feed, make: Any) -> None:
    order = {
        "resourceType": "ServiceRequest",
        "id": "s",
        "status": "active",
        "intent": "order",
        "authoredOn": "2025-06-10T10:00:00Z",
        "code": {"text": "Admit to Inpatient"},
        "subject": {"reference": "Patient/p1"},
        "encounter": {"reference": "Encounter/e1"},
    }
    assert feed(make.patient(), make.encounter()).chart(0).stays["inpatient_order_at"].isna().all()
    found = feed(make.patient(), make.encounter(), order).chart(0).stays["inpatient_order_at"]
    assert found.tolist() == [pd.Timestamp("2025-06-10T10:00Z")]


@pytest.fixture(scope="module")
def records(make: Any) -> list[Any]:
    """Nine records of two patients, with copies and one that is broken."""
    return [
        make.patient(),
        make.patient("p2"),
        make.encounter(),
        make.encounter("e2", "p2"),
        make.encounter(
            "ed", code="EMER", period={"start": "2025-06-10T02:00:00Z", "end": "2025-06-10T08:00:00Z"}
        ),
        make.observation(),
        make.observation("o2"),
        make.observation("o2"),
        make.observation("o3", valueString="x"),
    ]


@pytest.fixture(scope="module")
def in_order(records: list[Any], feed_of_module: Feed) -> Chart:
    return feed_of_module(*records).chart(0)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(9)))
@example(order=list(reversed(range(9))))
def test_order_of_lines_does_not_matter(
    order: list[int], feed: Feed, records: list[Any], in_order: Chart
) -> None:
    same(in_order, feed(*(records[place] for place in order)).chart(0))


def test_two_workers_read_what_one_reads(feed: Feed, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from discharge.feeds import files, finish

    monkeypatch.setattr(finish, "ROWS_PER_BATCH", 40)
    monkeypatch.setattr(files, "BLOCK_BYTES", 2000)
    records = [make.patient(f"p{n}") for n in range(30)] + [
        make.encounter(f"e{n}", f"p{n}") for n in range(30)
    ]
    records += [
        make.observation(
            f"o{n}", subject={"reference": f"Patient/p{n}"}, encounter={"reference": f"Encounter/e{n}"}
        )
        for n in range(30)
    ]
    records += [b"broken"]
    one, two = feed(*records), feed(*reversed(records), workers=2)
    assert one.batches() == two.batches() and len(one.batches()) > 1
    for batch in one.batches():
        same(one.chart(batch), two.chart(batch))
    assert one.account == two.account
    assert sum(len(one.chart(batch).stays) for batch in one.batches()) == one.encounters_read == 30


def test_progress_counts_the_records(feed: Feed, make: Any) -> None:
    seen: list[int] = []
    feed(make.patient(), make.encounter(), progress=seen.append)
    assert seen[-1] == 2


def test_a_preauthorization_becomes_an_authorization(feed: Feed, make: Any) -> None:
    ask = {"resourceType": "Claim", "id": "c", "use": "preauthorization", "created": "2025-06-10T09:00:00Z"}
    action = [
        {
            "url": "http://x/reviewAction",
            "extension": [
                {"url": "http://x/reviewActionCode", "valueCodeableConcept": {"coding": [{"code": "A3"}]}}
            ],
        }
    ]
    answer = {
        "resourceType": "ClaimResponse",
        "id": "r",
        "use": "preauthorization",
        "patient": {"reference": "Patient/p1"},
        "outcome": "complete",
        "created": "2025-06-11T09:00:00Z",
        "request": {"reference": "Claim/c"},
        "preAuthRef": "A1",
        "item": [{"adjudication": [{"extension": action}]}],
    }
    row = feed(make.patient(), make.encounter(), ask, answer).chart(0)["authorizations"].iloc[0]
    assert row[["status", "decision_code", "stay_id"]].tolist() == ["denied", "A3", "e1"]
    assert (row["requested_at"].hour, row["known_at"].day) == (9, 11)
