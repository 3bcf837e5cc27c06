"""Each way in which a FHIR record can be unusable: its code, its place, and that the rest is read."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from discharge.errors import FeedEmptyError, FeedError, FeedNotFoundError, UsageError
from discharge.feeds import CODES, Spool

pytestmark = pytest.mark.content  # reads what the test itself writes: the wheel changes nothing

Feed = Callable[..., Spool]


def _quantity(value: Any, code: str | None) -> dict[str, Any]:
    return {"value": value} | ({"code": code} if code else {})


CASES: dict[str, Any] = {
    "not_utf8": lambda m, _: b'{"resourceType": "Observation", "id": "\xff"}',
    "invalid_json": lambda m, _: b'{"resourceType": "Observation", ',
    "not_an_object": lambda m, _: b"[1, 2]",
    "unknown_resource_type": lambda m, name: {"resourceType": "Observaton", "id": name},
    "missing_id": lambda m, _: m.without(m.patient(), "id"),
    "encounter_without_period": lambda m, name: m.without(m.encounter(name), "period"),
    "end_before_start": lambda m, name: m.encounter(
        name, period={"start": "2025-06-02", "end": "2025-06-01"}
    ),
    "future_date": lambda m, name: m.observation(name, effectiveDateTime="2199-01-01T00:00:00Z"),
    "bad_date": lambda m, name: m.observation(name, effectiveDateTime="June 10th"),
    "observation_without_unit": lambda m, name: m.observation(name, valueQuantity=_quantity(80, None)),
    "unit_not_convertible": lambda m, name: m.observation(name, valueQuantity=_quantity(80, "kg")),
    "implausible_value": lambda m, name: m.observation(name, valueQuantity=_quantity(8000, "/min")),
    "value_not_numeric": lambda m, name: m.without(
        m.observation(name, valueString="pending"), "valueQuantity"
    ),
    "unknown_patient": lambda m, name: m.without(
        m.observation(name, subject={"reference": "Patient/nobody"}), "encounter"
    ),
    "unknown_encounter": lambda m, name: m.observation(name, encounter={"reference": "Encounter/none"}),
    "missing_required_value": lambda m, name: m.without(m.observation(name), "subject", "encounter"),
    "invalid_structure": lambda m, name: m.observation(name, valueQuantity="80/min", code=["x"]),
}


@pytest.fixture(scope="module")
def spoilt(feed_of_module: Feed, make: Any) -> Spool:
    """One record of each bad kind, each with an id of its own, between good ones."""
    broken = [case(make, f"x{place}") for place, case in enumerate(CASES.values())]
    return feed_of_module(make.patient(), make.encounter(), *broken, make.observation("fine"))


@pytest.mark.parametrize("code", CASES)
def test_a_broken_record_is_rejected_by_its_code_in_its_place(code: str, spoilt: Spool) -> None:
    rejects = spoilt.rejects()
    there = rejects[rejects["line"] == 3 + list(CASES).index(code)]
    assert there["code"].tolist() == [code]
    assert there["source"].tolist() == ["feed.ndjson"]


def test_no_other_record_is_rejected(spoilt: Spool) -> None:
    assert len(spoilt.rejects()) == len(CASES)
    assert spoilt.account.records_used == 3
    assert spoilt.chart(0)["observations"]["row_id"].tolist() == ["Observation/fine"]


def test_a_record_about_another_patient_than_its_encounter_is_rejected(feed: Feed, make: Any) -> None:
    spool = feed(
        make.patient(),
        make.patient("p2"),
        make.encounter(),
        make.observation(subject={"reference": "Patient/p2"}),
    )
    assert spool.rejects()["code"].tolist() == ["patient_mismatch"]


def test_messages_never_hold_the_value(feed: Feed, make: Any) -> None:
    secret = "SECRET-4711"
    spool = feed(
        make.patient(),
        make.encounter(),
        make.without(make.observation(valueString=secret), "valueQuantity"),
        make.observation("o2", effectiveDateTime=secret),
        make.observation("o3", valueQuantity={"value": 80, "code": secret}),
        make.patient("p2", birthDate=secret),
        {"resourceType": secret, "id": "x"},
    )
    rejects = spool.rejects()
    assert len(rejects) == 5
    assert not rejects.astype(str).apply(lambda column: column.str.contains(secret)).to_numpy().any()


def test_a_fault_in_a_field_that_can_be_spared_loses_the_field_alone(feed: Feed, make: Any) -> None:
    spool = feed(make.patient(birthDate="long ago"), make.encounter())
    assert (spool.account.records_rejected, spool.account.parts_rejected) == (0, 1)
    assert spool.rejects()["field"].tolist() == ["Patient.birthDate"]
    assert spool.chart(0)["patients"]["birth_date"].isna().all()


def test_what_depends_on_a_rejected_encounter_is_rejected_too(feed: Feed, make: Any) -> None:
    lost = make.without(make.encounter("e2"), "period")
    spool = feed(
        make.patient(), make.encounter(), lost, make.observation(encounter={"reference": "Encounter/e2"})
    )
    assert sorted(spool.rejects()["code"]) == ["encounter_without_period", "unknown_encounter"]


def test_known_types_that_are_not_used_are_counted_by_type(feed: Feed, make: Any) -> None:
    spool = feed(
        make.patient(),
        make.encounter(),
        {"resourceType": "CareTeam"},
        make.observation(status="entered-in-error"),
    )
    assert spool.account.records_not_used == {"CareTeam": 1, "Observation entered in error": 1}


def test_identical_copies_are_used_once_whatever_the_order_of_their_keys(feed: Feed, make: Any) -> None:
    copy = dict(reversed(make.observation().items())) | {"meta": {"lastUpdated": "2025-06-12T00:00:00Z"}}
    spool = feed(make.patient(), make.encounter(), make.observation(), copy)
    assert spool.account.records_not_used == {"identical copies": 1}
    assert len(spool.chart(0)["observations"]) == 1


def test_conflicting_versions_are_all_rejected_where_nothing_orders_them(feed: Feed, make: Any) -> None:
    other = make.observation(valueQuantity={"value": 90, "code": "/min"})
    spool = feed(make.patient(), make.encounter(), make.observation(), other)
    assert spool.rejects()["code"].tolist() == ["duplicate_conflict"] * 2
    assert spool.rejects()["line"].tolist() == [3, 4]
    assert spool.chart(0)["observations"].empty


@pytest.mark.parametrize("stamps", [("2025-06-11T00:00:00Z", "2025-06-12T00:00:00Z"), ("9", "10")])
def test_of_ordered_versions_the_newest_is_used(stamps: tuple[str, str], feed: Feed, make: Any) -> None:
    key = "lastUpdated" if "T" in stamps[0] else "versionId"
    old = make.observation(meta={key: stamps[0]})
    new = make.observation(meta={key: stamps[1]}, valueQuantity={"value": 90, "code": "/min"})
    spool = feed(make.patient(), make.encounter(), new, old)
    assert spool.rejects()[["code", "line"]].values.tolist() == [["superseded", 4]]
    assert spool.chart(0)["observations"]["value"].tolist() == [90]


def test_a_truncated_gzip_file_is_read_up_to_the_damage(feed: Feed, make: Any, tmp_path: Path) -> None:
    records = [make.patient(), make.encounter(), *(make.observation(f"o{n}") for n in range(20000))]
    whole = gzip.compress("\n".join(map(json.dumps, records)).encode())
    path = tmp_path / "cut.ndjson.gz"
    path.write_bytes(whole[: len(whole) // 2])
    spool = feed(paths=[path])
    rejects = spool.rejects()
    assert rejects["code"].tolist() == ["truncated_gzip"]
    assert int(rejects["line"].iloc[0]) == spool.account.records_used + 1 > 1000


def test_an_empty_file_beside_a_good_one_is_a_reject(feed: Feed, make: Any, tmp_path: Path) -> None:
    (tmp_path / "empty.ndjson").touch()
    (tmp_path / "good.ndjson").write_text(json.dumps(make.patient()) + "\n" + json.dumps(make.encounter()))
    spool = feed(paths=[tmp_path / "empty.ndjson", tmp_path / "good.ndjson"])
    assert spool.rejects()[["source", "code"]].values.tolist() == [["empty.ndjson", "empty_file"]]


def test_an_error_of_ours_is_a_reject_that_names_its_type(
    feed: Feed, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(record: Any) -> None:
        raise RuntimeError("with patient data")

    monkeypatch.setitem(feeds_fhir()._READERS, "Observation", fail)
    rejects = feed(make.patient(), make.encounter(), make.observation()).rejects()
    assert rejects["code"].tolist() == ["internal_error"]
    assert "RuntimeError" in rejects["message"].iloc[0]
    assert "patient data" not in rejects["message"].iloc[0]


def feeds_fhir() -> Any:
    from discharge.feeds import fhir

    return fhir


def test_whole_feed_failures_say_what_was_looked_for(feed: Feed, make: Any, tmp_path: Path) -> None:
    with pytest.raises(FeedNotFoundError, match=r"one.*two"):
        feed(paths=[tmp_path / "one", tmp_path / "two"])
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "LICENSE").write_text("MIT")
    with pytest.raises(FeedError, match="ndjson"):
        feed(paths=[tmp_path / "folder"])
    (tmp_path / "empty.ndjson").touch()
    with pytest.raises(FeedEmptyError):
        feed(paths=[tmp_path / "empty.ndjson"])
    with pytest.raises(FeedEmptyError, match="no hospital stay"):
        feed(make.patient())
    with pytest.raises(UsageError, match="HL7 v2 is not supported yet"):
        feed(make.patient(), format="hl7v2")


def test_every_code_says_what_it_means_and_what_to_do() -> None:
    assert all(entry.meaning and entry.remedy for entry in CODES.values())
