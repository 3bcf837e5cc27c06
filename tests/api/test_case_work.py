"""Reviews, papers, what follows for a case, and the payer's door, on both kinds of database."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from apikit import LATER, NOW, OTHER_PAYER, Door, new_key, note

from discharge.casework.accounts import access
from discharge.casework.intake.reviewer import Reviewer
from discharge.casework.storage.tables import REPLIES

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here


def test_reviews_on_record_are_listed_and_come_byte_for_byte(door: Door) -> None:
    path = f"/cases/{door.case()}/reviews"
    listed = door.get(path).json()["reviews"]
    assert [one["reason"] for one in listed] == ["new"]
    one = door.get(f"{path}/{listed[0]['digest']}")
    assert one.content == door.app.state.desk.casework.review_bytes(door.case())
    assert one.json()["encounter_id"] == "s1"
    tag = one.headers["etag"]
    assert door.get(f"{path}/{listed[0]['digest']}", headers={"If-None-Match": tag}).status_code == 304
    assert door.get(f"/cases/{door.case('s2')}/reviews/{listed[0]['digest']}").status_code == 404


def test_a_review_is_run_now_and_once(door: Door) -> None:
    path, key = f"/cases/{door.case()}/reviews", new_key()
    assert door.ask("POST", path).status_code == 428
    lost = door.ask("POST", path, headers={"If-Match": '"0"'})
    assert lost.status_code == 412 and lost.json()["changed"]
    headers = {"If-Match": door.version(), "Idempotency-Key": key}
    made = door.ask("POST", path, headers=headers)
    assert made.status_code == 201, made.text
    assert made.json()["review"]["reason"] == "asked"
    assert door.ask("POST", path, headers=headers).content == made.content
    listed = door.get(path).json()["reviews"]
    assert [one["reason"] for one in listed] == ["asked", "new"]


def test_a_review_is_one_even_if_the_server_was_killed_before_it_answered(sqlite_door: Door) -> None:
    door, path = sqlite_door, f"/cases/{sqlite_door.case()}/reviews"
    headers = {"If-Match": door.version(), "Idempotency-Key": new_key()}
    made = door.ask("POST", path, headers=headers)
    assert door.record(note()).status_code == 201  # somebody went on from there
    with door.store.write() as connection:
        connection.execute(sa.delete(REPLIES))  # as if the server had been killed before it answered
    again = door.ask("POST", path, headers=headers)
    assert (again.status_code, again.json()) == (201, made.json())
    assert again.headers["etag"] == made.headers["etag"] and again.headers["idempotency-replayed"] == "true"
    assert [one["reason"] for one in door.get(path).json()["reviews"]] == ["asked", "new"]
    other = f"/cases/{door.case('s2')}/reviews"
    headers["If-Match"] = door.version("s2")
    assert door.ask("POST", other, headers=headers).status_code == 422  # the key of another case's review


def test_a_review_is_not_written_over_what_somebody_did_while_it_ran(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, tag, ran = f"/cases/{door.case()}/reviews", door.version(), list[int]()
    review = Reviewer.review

    def slow(self: Reviewer, *given: Any, **more: Any) -> Any:
        if not ran:
            ran.append(door.record(note(), tag=tag).status_code)
        return review(self, *given, **more)

    monkeypatch.setattr(Reviewer, "review", slow)
    lost = door.ask("POST", path, headers={"If-Match": tag})
    assert ran == [201] and lost.status_code == 412
    assert [one["kind"] for one in lost.json()["changed"]] == ["note_added"]
    assert len(door.get(path).json()["reviews"]) == 1


def test_a_past_minute_is_run_again_byte_equal(door: Door) -> None:
    door.ask("POST", f"/cases/{door.case()}/reviews", headers={"If-Match": door.version()})
    answer = door.get(f"/cases/{door.case()}/replay", params={"at": NOW.isoformat()})
    assert answer.status_code == 200, answer.text
    assert answer.json()["is_equal"] is True and answer.json()["review"]["encounter_id"] == "s1"
    early = door.get(f"/cases/{door.case()}/replay", params={"at": "2020-01-01T00:00:00Z"})
    assert early.status_code == 404


def test_what_follows_is_worked_out_for_this_moment(door: Door) -> None:
    door.record({"kind": "task_added", "task_id": "t-1", "title": "Call the daughter"})
    for name in ("tasks", "clocks", "authorizations", "assessments", "next-steps"):
        answer = door.get(f"/cases/{door.case()}/{name}")
        assert answer.status_code == 200, (name, answer.text)
        assert answer.headers["etag"] == door.version()
        assert answer.json()["at"] == LATER.isoformat().replace("+00:00", "Z")
    tasks = door.get(f"/cases/{door.case()}/tasks").json()["tasks"]
    assert any(one["title"] == "Call the daughter" for one in tasks)
    assert door.get(f"/cases/{door.case()}/clocks").json()["clocks"]
    assert door.get(f"/cases/{door.case()}/next-steps").json()["steps"]
    assert door.get(f"/cases/{door.case()}/plan").json()["drafted"]
    listed = door.get("/tasks").json()["items"]
    assert any(one["title"] == "Call the daughter" and one["encounter_id"] == "s1" for one in listed)
    assert door.get("/clocks").json()["total"] > 0


def test_the_advisors_queue_shows_who_waits(door: Door) -> None:
    asked = {"kind": "advisor_referred", "referral_id": "r-1", "question": "Inpatient?", "reason": "unknown"}
    assert door.record(asked).status_code == 201
    listed = door.get("/advisor-queue", "physician_advisor").json()
    waits = {one["case"]["encounter_id"]: one["items"] for one in listed["items"]}
    assert [one["referral_id"] for one in waits["s1"]] == ["r-1"]


def test_reports_are_numbers_for_supervisors(door: Door) -> None:
    load = door.get("/reports/load", "supervisor").json()
    assert any(one["of"] is None and one["cases"] for one in load["people"])
    for name in ("delays", "outcomes"):
        answer = door.get(f"/reports/{name}", "supervisor")
        assert answer.status_code == 200 and answer.json()["cases"] == 3, answer.text
        assert "Rossi" not in answer.text
    span = {"since": "2026-06-15T00:00:00Z", "until": "2026-06-14T00:00:00Z"}
    assert door.get("/reports/delays", "supervisor", params=span).status_code == 422


# --- papers and the payer's door --------------------------------------------------------------------------------


def released(door: Door, form: str = "html", **body: Any) -> dict[str, Any]:
    """Release the payer's summary of s1; returns the payload."""
    answer = door.ask(
        "POST",
        f"/cases/{door.case()}/releases",
        headers={"If-Match": door.version()},
        json={"document": "payer_summary", "form": form, **body},
    )
    assert answer.status_code == 201, answer.text
    payload: dict[str, Any] = answer.json()["events"][0]["payload"]
    return payload


def test_papers_are_made_from_the_review_on_record(door: Door) -> None:
    listed = door.get(f"/cases/{door.case()}/documents").json()
    papers = {one["document"]: one for one in listed["papers"]}
    assert papers["payer_summary"]["may_be_released"] and not papers["discharge_plan"]["may_be_released"]
    page = door.get(papers["payer_summary"]["links"]["html"].removeprefix("/v1"))
    assert page.headers["content-type"].startswith("text/html") and "Rossi" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    pdf = door.get(papers["payer_summary"]["links"]["pdf"].removeprefix("/v1"))
    assert pdf.headers["content-type"] == "application/pdf" and pdf.content.startswith(b"%PDF")
    assert door.get(f"/cases/{door.case()}/documents/no_such_paper.html").status_code == 404
    assert door.get(f"/cases/{door.case()}/documents/payer_summary.doc").status_code == 422


def test_a_release_keeps_the_bytes_that_the_payer_sees(door: Door) -> None:
    shown = door.get(f"/cases/{door.case()}/documents/payer_summary.html").content
    release = released(door)["release_id"]
    door.ask("POST", f"/cases/{door.case()}/reviews", headers={"If-Match": door.version()})
    listed = door.get("/released", "payer").json()
    assert [one["release_id"] for one in listed["items"]] == [release] and listed["total"] == 1
    paper = door.get(f"/released/{release}/document", "payer")
    assert paper.content == shown and paper.headers["content-type"].startswith("text/html")


def test_another_payer_sees_nothing_of_it(door: Door) -> None:
    release = released(door)["release_id"]
    assert door.get("/released", OTHER_PAYER).json() == {"items": [], "total": 0, "next_cursor": None}
    for path in (f"/released/{release}", f"/released/{release}/document"):
        theirs, nobodys = door.get(path, OTHER_PAYER), door.get(path.replace(release, "nothing"), OTHER_PAYER)
        assert theirs.status_code == nobodys.status_code == 404
        assert theirs.json()["detail"] == nobodys.json()["detail"]
    body = {"answer": {"kind": "payer_asked", "question_id": "q", "question": "Why?"}}
    assert door.ask("POST", f"/released/{release}/answers", OTHER_PAYER, json=body).status_code == 404
    for path in ("/worklist", f"/cases/{door.case()}", f"/cases/{door.case()}/documents"):
        assert door.get(path, "payer").status_code == 403


def test_a_withdrawn_release_is_gone(door: Door) -> None:
    payload = released(door)
    events = door.get(f"/cases/{door.case()}/events").json()["events"]
    event_id = events[-1]["event_id"]
    answer = door.record({"kind": "corrected", "event_id": event_id, "reason": "the wrong paper"})
    assert answer.status_code == 201, answer.text
    assert door.get(f"/released/{payload['release_id']}", "payer").status_code == 404


def test_only_papers_for_payers_are_released(door: Door) -> None:
    path, headers = f"/cases/{door.case()}/releases", {"If-Match": door.version()}
    answer = door.ask("POST", path, headers=headers, json={"document": "negotiation"})
    assert answer.status_code == 409 and "payer_summary" in answer.text
    path, headers = f"/cases/{door.case('s3')}/releases", {"If-Match": door.version("s3")}
    answer = door.ask("POST", path, headers=headers, json={"document": "payer_summary"})
    assert answer.status_code == 409 and "payer" in answer.json()["faults"][0]["what"]


def test_the_payer_answers_and_the_hospital_sees_it(door: Door) -> None:
    asked = {
        "kind": "authorization_requested", "authorization_id": "a-1", "service": "inpatient_acute",
        "payer_profile": "original_medicare", "days_asked": 3,
    }  # fmt: skip
    assert door.record(asked).status_code == 201
    release = released(door)["release_id"]
    seen = door.get(f"/released/{release}", "payer").json()
    assert [one["authorization_id"] for one in seen["authorizations"]] == ["a-1"]
    path, key = f"/released/{release}/answers", new_key()
    body = {
        "answer": {
            "kind": "decision_received",
            "authorization_id": "a-1",
            "decision": "approved",
            "days_approved": 3,
        }
    }
    first = door.ask("POST", path, "payer", json=body, headers={"Idempotency-Key": key})
    again = door.ask("POST", path, "payer", json=body, headers={"Idempotency-Key": key})
    assert first.status_code == 201, first.text
    assert first.content == again.content and again.headers["idempotency-replayed"] == "true"
    last = door.get(f"/cases/{door.case()}/events").json()["events"][-1]
    assert last["payload"]["decision"] == "approved" and last["actor"]["id"] == door.seed.accounts["payer"]
    body["answer"]["authorization_id"] = "somebody-elses"
    assert door.ask("POST", path, "payer", json=body).status_code == 409
    other = {"answer": note()}
    assert door.ask("POST", path, "payer", json=other).status_code == 422


def test_every_read_of_a_patient_is_in_the_access_log(door: Door) -> None:
    def last() -> access.Read:
        with door.store.read() as connection:
            return access.find(connection, access.Asked(), most=1)[0]

    release = released(door)["release_id"]
    case = door.case()
    for path in ("", "/events", "/plan", "/tasks", "/clocks", "/authorizations", "/assessments", "/next-steps",
                 "/reviews", "/documents", "/documents/payer_summary.html"):  # fmt: skip
        before = last().id
        assert door.get(f"/cases/{case}{path}", "auditor").status_code == 200
        assert last().id == before + 1 and last().case_id == case, path
        assert last().account_id == door.seed.accounts["auditor"]
    for path, role in (("/worklist", "auditor"), ("/admissions", "auditor"), ("/tasks", "auditor"),
                       ("/released", "payer")):  # fmt: skip
        door.get(path, role)
        with door.store.read() as connection:
            row = last()
            assert case in access.cases_of(connection, row), path
            assert row.account_id == door.seed.accounts[role]
    door.get(f"/released/{release}/document", "payer")
    assert last().case_id == case and last().action == "released_document"


@pytest.mark.parametrize("path", ["", "/events", "/documents/payer_summary.html", "/plan"])
def test_patient_data_is_never_kept_by_caches(sqlite_door: Door, path: str) -> None:
    answer = sqlite_door.get(f"/cases/{sqlite_door.case()}{path}")
    assert answer.headers["cache-control"] == "no-store"
