"""Lists, cases and events over HTTP, on both kinds of database."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from apikit import LATER, Door, new_key, note

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here


def test_the_worklist_shows_stays_most_urgent_first_and_in_pages(door: Door) -> None:
    whole = door.get("/worklist").json()
    assert "items" in whole, whole
    assert whole["total"] == len(whole["items"]) == 3
    first = door.get("/worklist", params={"limit": 2})
    body = first.json()
    assert [one["case_id"] for one in body["items"]] == [one["case_id"] for one in whole["items"][:2]]
    link = first.headers["link"]
    assert link.startswith("</v1/worklist?limit=2&cursor=") and link.endswith('>; rel="next"')
    rest = door.client.get(
        link[1 : link.index(">")], headers={"Authorization": f"Bearer {door.seed.tokens['auditor']}"}
    )
    assert [one["case_id"] for one in rest.json()["items"]] == [whole["items"][2]["case_id"]]
    assert rest.json()["next_cursor"] is None and "link" not in rest.headers
    assert sum(whole["urgency_counts"].values()) == 3


def test_the_worklist_can_be_filtered(door: Door) -> None:
    def found(**wanted: Any) -> set[str]:
        answer = door.get("/worklist", params=wanted)
        assert answer.status_code == 200, answer.text
        return {one["encounter_id"] for one in answer.json()["items"]}

    assert found(unit="4 West") == {"s1", "s3"}
    assert found(in_house=True) == {"s1", "s2"}
    assert found(search="rossi") == {"s1"}
    assert found(payer_profile="original_medicare") == {"s1"}
    assert found(assignee="none") == {"s1", "s2", "s3"}
    assert found(due_before="1950-01-01T00:00:00Z") == set()


@pytest.mark.parametrize(
    "wanted",
    [
        {"risk_band": "huge"},
        {"uint": "4 West"},
        {"limit": 201},
        {"limit": 0},
        {"cursor": "7"},
        {"search": "\x00"},
    ],
)
def test_a_filter_that_is_not_understood_is_refused(sqlite_door: Door, wanted: dict[str, Any]) -> None:
    answer = sqlite_door.get("/worklist", params=wanted)
    assert answer.status_code == 422 and answer.json()["faults"][0]["where"] == f"query.{next(iter(wanted))}"


def test_a_case_is_found_by_its_encounter(door: Door) -> None:
    assert [one["case_id"] for one in door.get("/cases?encounter_id=s2").json()["items"]] == [door.case("s2")]
    assert door.get("/cases?encounter_id=nobody").json()["items"] == []


def test_admissions_list_the_stays_that_are_known(door: Door) -> None:
    listed = door.get("/admissions").json()
    assert {one["encounter_id"] for one in listed["items"]} == {"s1", "s2", "s3"}


def test_a_case_carries_its_version_and_is_not_sent_twice(door: Door) -> None:
    path = f"/cases/{door.case()}"
    answer = door.get(path)
    tag = answer.headers["etag"]
    assert tag == f'"{answer.json()["version"]}"' and answer.json()["state"]["encounter_id"] == "s1"
    again = door.get(path, headers={"If-None-Match": tag})
    assert again.status_code == 304 and again.content == b"" and again.headers["etag"] == tag
    assert door.get(path, headers={"If-None-Match": '"0"'}).status_code == 200
    door.record(note())
    assert door.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_what_happened_is_recorded_and_told(door: Door) -> None:
    before = int(door.version().strip('"'))
    said = door.record(note("A first word."), note("A second."), occurred_at="2026-06-15T06:00:00-04:00")
    assert said.status_code == 201, said.text
    body = said.json()
    assert body["version"] == before + 2 and said.headers["etag"] == f'"{before + 2}"'
    told = door.client.get(
        said.headers["location"], headers={"Authorization": f"Bearer {door.seed.tokens['case_manager']}"}
    ).json()
    assert [one["payload"]["text"] for one in told["events"]] == ["A first word.", "A second."]
    event = told["events"][0]
    assert event["actor"]["id"] == door.seed.accounts["case_manager"]
    assert event["occurred_at"] == "2026-06-15T10:00:00Z"
    assert event["recorded_at"] == LATER.isoformat().replace("+00:00", "Z")


def test_events_come_in_pages(door: Door) -> None:
    door.record(note("one"), note("two"), note("three"))
    path, seen, after = f"/cases/{door.case()}/events", [], 0
    while True:
        page = door.get(path, params={"after": after, "limit": 2}).json()
        seen += [one["version"] for one in page["events"]]
        if page["next_after"] is None:
            break
        after = page["next_after"]
    assert seen == list(range(1, page["version"] + 1))


def test_a_write_has_to_name_the_version_that_was_seen(door: Door) -> None:
    path, body = f"/cases/{door.case()}/events", {"payloads": [note()]}
    before = door.version()
    for tag, status in ((None, 428), ("*", 428), ('"0"', 412), ('"99999"', 412), ("7", 412), ('W/"7"', 412)):
        headers = {"If-Match": tag} if tag else {}
        answer = door.ask("POST", path, headers=headers, json=body)
        assert answer.status_code == status, (tag, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
    assert door.version() == before


def test_the_loser_of_two_writers_is_told_what_changed(door: Door) -> None:
    seen = door.version()
    assert door.record(note("one word"), tag=seen).status_code == 201
    lost = door.record(note("another word"), tag=seen)
    assert lost.status_code == 412 and lost.json()["type"] == "urn:discharge:problem:conflict"
    assert [one["kind"] for one in lost.json()["changed"]] == ["note_added"]
    assert "one word" not in lost.text and "another word" not in lost.text


def test_what_the_state_forbids_is_refused_with_every_fault(door: Door) -> None:
    answer = door.record({"kind": "plan_approved", "plan_id": "p-1", "physician": {"name": "Dora"}})
    assert answer.status_code == 409 and answer.json()["faults"]
    assert answer.json()["type"] == "urn:discharge:problem:not-allowed"


@pytest.mark.parametrize(
    "payload",
    [
        {"kind": "review_run"},
        {"kind": "edition_in_force"},
        {"kind": "account_changed", "what": "user_added", "subject": "x"},
        {"kind": "released"},
        {"kind": "nonsense-kind"},
        {"kind": "note_added", "text": "SECRET-VALUE\x00"},
        {"kind": "note_added", "text": "SECRET-VALUE", "SECRET": 1},
        {"kind": "assigned", "assignee": "SECRET-VALUE !"},
        {"kind": "escalated", "to_role": "SECRET-VALUE", "reason": "x"},
        {"kind": "task_added", "task_id": "t", "title": "x", "due_at": "0001-01-01T00:00:00+14:00"},
        {"kind": "authorization_requested", "authorization_id": "a", "service": "snf", "payer_profile": None,
         "days_asked": 10**30},
    ],
)  # fmt: skip
def test_what_is_not_an_act_of_people_is_not_taken_and_not_repeated(
    sqlite_door: Door, payload: dict[str, Any]
) -> None:
    answer = sqlite_door.record(payload)
    assert answer.status_code == 422, answer.text
    assert "SECRET-VALUE" not in answer.text and "nonsense-kind" not in answer.text
    assert answer.json()["faults"]


def test_a_kind_that_takes_more_rights_is_refused_without_them(door: Door) -> None:
    me, other = door.seed.accounts["case_manager"], door.seed.accounts["supervisor"]
    assert door.record({"kind": "assigned", "assignee": other}).status_code == 403
    taken = door.record({"kind": "assigned", "assignee": me})
    assert taken.status_code == 201, taken.text
    given = door.record({"kind": "assigned", "assignee": me}, role="supervisor", encounter="s2")
    assert given.status_code == 201, given.text
    assert {one["encounter_id"] for one in door.get(f"/worklist?assignee={me}").json()["items"]} == {
        "s1",
        "s2",
    }


def test_a_case_is_given_only_to_somebody_who_takes_cases(sqlite_door: Door) -> None:
    me, payer = (sqlite_door.seed.accounts[one] for one in ("case_manager", "payer"))
    assert sqlite_door.record({"kind": "assigned", "assignee": me}).status_code == 201
    for taker in (payer, "0" * 32):
        refused = sqlite_door.record({"kind": "handed_over", "to": taker, "summary": "Family meets at noon."})
        assert refused.status_code == 409 and taker not in refused.text, refused.text
        assert refused.json()["faults"][0]["expected"] == "a case manager or supervisor"
        given = {"kind": "assigned", "assignee": taker}
        assert sqlite_door.record(given, role="supervisor", encounter="s2").status_code == 409
    events = sqlite_door.get(f"/cases/{sqlite_door.case('s1')}/events").json()["events"]
    taken = next(one["event_id"] for one in events if one["payload"]["kind"] == "assigned")
    instead = {"kind": "assigned", "assignee": payer}
    wrong = {"kind": "corrected", "event_id": taken, "reason": "Misread.", "replacement": instead}
    corrected = sqlite_door.record(wrong, role="supervisor")
    assert corrected.status_code == 409, corrected.text
    assert corrected.json()["faults"][0]["expected"] == "a case manager or supervisor"
    supervisor = sqlite_door.seed.accounts["supervisor"]
    handed = sqlite_door.record({"kind": "handed_over", "to": supervisor, "summary": "Family meets at noon."})
    assert handed.status_code == 201, handed.text


def test_ids_of_another_shape_are_refused_and_unknown_ones_not_found(sqlite_door: Door) -> None:
    for part in ("", "/events", "/plan", "/tasks", "/reviews", "/documents"):
        assert sqlite_door.get(f"/cases/not-an-id{part}").status_code == 422
        missing = sqlite_door.get(f"/cases/{'0' * 32}{part}")
        assert missing.status_code == 404 and missing.json()["type"] == "urn:discharge:problem:not-found"


# --- the same request twice -------------------------------------------------------------------------------------


def test_the_same_request_is_done_once_and_answered_the_same(door: Door) -> None:
    key, tag = new_key(), door.version()
    first = door.record(note(), key=key, tag=tag)
    again = door.record(note(), key=key, tag=tag)
    assert first.status_code == again.status_code == 201 and first.content == again.content
    assert first.headers["etag"] == again.headers["etag"]
    assert "idempotency-replayed" not in first.headers and again.headers["idempotency-replayed"] == "true"
    assert int(door.version().strip('"')) == int(tag.strip('"')) + 1


def test_a_key_is_good_for_one_request_of_one_account(door: Door) -> None:
    key, tag = new_key(), door.version()
    assert door.record(note("one"), key=key, tag=tag).status_code == 201
    other = door.record(note("two"), key=key)
    assert other.status_code == 422 and other.json()["type"] == "urn:discharge:problem:key-reused"
    assert door.record(note("one"), key=key, encounter="s2").status_code == 422
    assert door.record(note("one"), key=key, role="supervisor").status_code == 201


def test_a_refused_request_leaves_its_key_unused(door: Door) -> None:
    key = new_key()
    assert door.record(note(), key=key, tag='"0"').status_code == 412
    assert door.record(note(), key=key).status_code == 201


def test_an_answer_that_was_lost_is_made_again_from_the_ledger(door: Door) -> None:
    from sqlalchemy import delete

    from discharge.casework.storage.tables import REPLIES

    key, tag = new_key(), door.version()
    first = door.record(note("one"), note("two"), key=key, tag=tag)
    with door.store.write() as connection:
        connection.execute(delete(REPLIES))
    again = door.record(note("one"), note("two"), key=key, tag=tag)
    assert again.status_code == 201 and again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    with door.store.write() as connection:
        connection.execute(delete(REPLIES))
    assert door.record(note("one"), note("other"), key=key, tag=tag).status_code == 422


def test_the_same_request_at_one_moment_is_done_once(door: Door) -> None:
    key, tag = new_key(), door.version()
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda: answers.append(door.record(note(), key=key, tag=tag)))
        for _ in range(6)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [one.status_code for one in answers] == [201] * 6, [one.text for one in answers]
    assert len({one.json()["events"][0]["event_id"] for one in answers}) == 1
    assert int(door.version().strip('"')) == int(tag.strip('"')) + 1


def test_parallel_writers_lose_no_update(door: Door) -> None:
    before = int(door.version().strip('"'))

    def write(number: int) -> None:
        while True:
            status = door.record(note(f"from {number}")).status_code
            if status == 201:
                return
            assert status == 412

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    told = door.get(f"/cases/{door.case()}/events?after={before}").json()["events"]
    assert {one["payload"]["text"] for one in told} == {f"from {number}" for number in range(8)}
    assert len(told) == 8
