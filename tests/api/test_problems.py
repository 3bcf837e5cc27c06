"""One shape for every error, headers on every answer, limits, and the rules and payers that anybody may read."""

from __future__ import annotations

import io
import json
import logging
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import small_feed
from apikit import NOW, Door, note

from discharge.api.auth.policy import POLICY
from discharge.errors import StoreError

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

SECURITY = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}


def is_problem(answer: Any, status: int, name: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"urn:discharge:problem:{name}" and body["status"] == status and body["title"]
    assert body["instance"] == f"urn:discharge:request:{answer.headers['x-request-id']}"
    for header, value in SECURITY.items():
        assert answer.headers[header] == value
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_every_error_has_one_shape(sqlite_door: Door) -> None:
    door = sqlite_door
    is_problem(door.client.get("/nowhere"), 404, "not-found")
    is_problem(door.client.delete("/v1/health"), 405, "method-not-allowed")
    is_problem(door.get("/worklist", None), 401, "not-signed-in")
    assert "bearer" in door.get("/worklist", None).headers["www-authenticate"].lower()
    is_problem(door.get("/worklist", "administrator"), 403, "forbidden")
    is_problem(door.get("/worklist?limit=x"), 422, "invalid")
    is_problem(door.get(f"/cases/{'0' * 32}"), 404, "not-found")
    is_problem(door.record(note(), tag='"0"'), 412, "conflict")
    path, headers = f"/cases/{door.case()}/events", {"Content-Type": "application/json", "If-Match": '"1"'}
    for body in (b"{", b"[]", b"\xff\xfe", b"", b'{"payloads": "\\ud800"}'):
        is_problem(door.ask("POST", path, headers=headers, content=body), 422, "invalid")


def test_a_request_id_that_is_given_is_kept_if_it_looks_like_one(sqlite_door: Door) -> None:
    kept = sqlite_door.get("/health", None, headers={"X-Request-Id": "from-proxy-0001"})
    assert kept.headers["x-request-id"] == "from-proxy-0001"
    made = sqlite_door.get("/health", None, headers={"X-Request-Id": "a b\tc"})
    assert made.headers["x-request-id"] != "a b\tc"


def test_a_defect_is_owned_up_to_and_tells_nothing_of_the_patient(
    sqlite_door: Door, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("Rossi, Anna, MRN-p1")

    monkeypatch.setattr(sqlite_door.app.state.desk.casework, "worklist", fails, raising=False)
    answer = sqlite_door.get("/worklist")
    is_problem(answer, 500, "internal")
    assert "Rossi" not in answer.text and "Traceback" not in answer.text
    assert "RuntimeError" in caplog.text and "Rossi" not in caplog.text


def test_a_database_that_is_gone_is_a_503(sqlite_door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise StoreError("the store failed: disk I/O error")

    monkeypatch.setattr(sqlite_door.app.state.desk.casework, "worklist", fails, raising=False)
    is_problem(sqlite_door.get("/worklist"), 503, "store-failed")


def test_a_body_that_is_too_large_is_not_read(open_door: Callable[..., Door]) -> None:
    door = open_door("sqlite", body_limit_bytes=1000, feed_limit_bytes=5000)
    path, headers = f"/cases/{door.case()}/events", {"If-Match": '"1"', "Content-Type": "application/json"}
    is_problem(door.ask("POST", path, headers=headers, content=b" " * 1001), 413, "too-large")

    def in_parts() -> Iterator[bytes]:
        for _ in range(20):
            yield b" " * 100

    is_problem(door.ask("POST", path, headers=headers, content=in_parts()), 413, "too-large")
    feed = {"Content-Type": "application/x-ndjson"}
    is_problem(
        door.ask("POST", "/admissions", "administrator", headers=feed, content=b" " * 6000), 413, "too-large"
    )
    below = door.ask("POST", "/admissions", "administrator", headers=feed, content=b" " * 2000)
    is_problem(below, 422, below.json()["type"].rpartition(":")[2])


def test_the_access_line_holds_neither_address_nor_query(
    sqlite_door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "discharge.api.access")
    sqlite_door.get("/worklist?search=Rossi")
    sqlite_door.get(f"/cases/{sqlite_door.case()}/plan")
    sqlite_door.client.get("/Rossi/Anna")
    lines = [one.getMessage() for one in caplog.records if one.name == "discharge.api.access"]
    assert lines[0].startswith("GET worklist 200 ")
    assert lines[1].startswith("GET case_plan 200 ")
    assert lines[2].startswith("GET - 404 ") and "Rossi" not in caplog.text


def test_the_description_is_behind_the_sign_in_and_names_every_route(sqlite_door: Door) -> None:
    assert sqlite_door.get("/openapi.json", None).status_code == 401
    for path in ("/docs", "/redoc", "/openapi.json", "/v1/docs"):
        assert sqlite_door.client.get(path).status_code == 404
    document = sqlite_door.get("/openapi.json", "auditor").json()
    operations = [
        (path, method, one) for path, some in document["paths"].items() for method, one in some.items()
    ]
    not_described = {one for one in POLICY if one.startswith("page_")} | {
        "openapi",
        "setup_page",
        "set_up_by_page",
    }
    assert len(operations) + len(not_described) == len(POLICY)
    for path, method, one in operations:
        told = set(one["responses"])
        assert {"500", "503"} <= told, (path, method)
        if "requestBody" in one:
            assert {"413", "422"} <= told, (path, method)
        for status, answer in one["responses"].items():
            if status >= "400":
                assert list(answer["content"]) == ["application/problem+json"], (path, method, status)
    assert "HTTPValidationError" not in document["components"]["schemas"]


# --- rules, payers, questions without a feed --------------------------------------------------------------------


def test_rules_and_payers_are_told_with_version_and_digest(sqlite_door: Door) -> None:
    door, library = sqlite_door, sqlite_door.app.state.desk.library
    packs = door.get("/rules").json()
    assert packs["digest"] == library.packs.digest and len(packs["packs"]) == len(library.packs.packs)
    pack = door.get("/rules/cms_medicare").json()
    assert pack["version"] == library.packs.packs["cms_medicare"].version
    name = pack["contents"][0]["file"]
    file = door.get(f"/rules/cms_medicare/{name}").json()
    assert file["page"].startswith("# ") and file["citations"]
    assert door.get("/rules/cms_medicare/no_such").status_code == 404
    assert door.get("/payers").json()["digest"] == library.payers.digest
    assert door.get("/payers/original_medicare").json()["policy"]["payer_class"] == "medicare_ffs"
    assert door.get("/payers/nobody").status_code == 404


def test_questionnaires_are_told_as_fhir(sqlite_door: Door) -> None:
    listed = sqlite_door.get("/questionnaires").json()["questionnaires"]
    one = sqlite_door.get(f"/questionnaires/{listed[0]['questionnaire']}").json()
    assert one["resourceType"] == "Questionnaire" and one["item"]
    assert sqlite_door.get("/questionnaires/no_such").status_code == 404


def test_named_facts_are_reviewed_without_a_feed(sqlite_door: Door) -> None:
    body = {
        "facts": [{"vitals.spo2_admit_min": 86, "patient.age_years": 71}],
        "payer": "original_medicare",
        "as_of": NOW.isoformat(),
    }
    answer = sqlite_door.ask("POST", "/evaluate", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["reviews"][0]["payer"]["profile"] == "original_medicare"
    body["facts"] = [{"vitals.spo2_admit_mni": "SECRET-VALUE"}]
    wrong = sqlite_door.ask("POST", "/evaluate", json=body)
    is_problem(wrong, 422, "facts-invalid")
    assert "spo2_admit_min" in wrong.text
    body["payer"] = "nobody"
    assert sqlite_door.ask("POST", "/evaluate", json=body).status_code == 422


def test_the_ledger_is_proved_over_http(door: Door) -> None:
    head = door.get("/audit/head", "auditor").json()
    assert door.record(note()).status_code == 201
    proof = door.get("/audit/verify", "auditor", params=head).json()
    assert proof["holds"] and proof["first_break"] is None and proof["head"]["seq"] == head["seq"] + 1
    other = door.get("/audit/verify", "auditor", params={"seq": head["seq"], "hash": "0" * 64}).json()
    assert not other["holds"] and other["first_break"]["seq"] == head["seq"]
    assert door.get("/audit/verify", "auditor", params={"seq": 1}).status_code == 422


# --- a feed over HTTP -------------------------------------------------------------------------------------------


def packed(folder: Path, name: str = "{}") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, name.format(file.name))
    return content.getvalue()


def test_a_feed_is_taken_in_and_the_same_feed_changes_nothing(door: Door, tmp_path: Path) -> None:
    headers = {"Content-Type": "application/zip"}
    feed = packed(small_feed.write_tables(tmp_path / "feed"))
    for _ in range(2):
        answer = door.ask("POST", "/admissions", "administrator", headers=headers, content=feed)
        assert answer.status_code == 200, answer.text
        assert answer.json()["stays_seen"] == 3 and answer.json()["stays_new"] == 0
        assert answer.json()["patients_changed"] == 0
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": []}
    empty = door.ask("POST", "/admissions", "administrator", json=bundle)
    assert empty.status_code == 422 and empty.headers["content-type"] == "application/problem+json"
    early = door.ask(
        "POST",
        "/admissions",
        "administrator",
        headers=headers,
        content=feed,
        params={"as_of": "2026-06-01T00:00:00Z"},
    )
    is_problem(early, 422, "usage")


@pytest.mark.parametrize("kind", ["not a zip", "leads out"])
def test_a_zip_that_is_none_or_leads_out_of_itself_is_refused(
    sqlite_door: Door, tmp_path: Path, kind: str
) -> None:
    folder = tmp_path / "feed"
    folder.mkdir()
    (folder / "a.csv").write_text(json.dumps([]))
    content = b"no" if kind == "not a zip" else packed(folder, "../../{}")
    answer = sqlite_door.ask(
        "POST", "/admissions", "administrator", headers={"Content-Type": "application/zip"}, content=content
    )
    is_problem(answer, 422, "feed-unreadable")


def test_other_kinds_of_content_are_no_feed(sqlite_door: Door) -> None:
    answer = sqlite_door.ask(
        "POST", "/admissions", "administrator", headers={"Content-Type": "text/html"}, content=b"x"
    )
    is_problem(answer, 415, "unsupported-media-type")
