"""Who gets which case: suggestions, hand-over, and assigning many with an answer for each."""

from __future__ import annotations

from typing import Any

import pytest
from apikit import Door, new_key, note

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here


def suggested(door: Door, **params: Any) -> list[dict[str, Any]]:
    answer = door.get("/assignments/suggested", "supervisor", params=params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def assign(door: Door, items: list[dict[str, Any]], key: str | None = None) -> Any:
    asked = [{name: one[name] for name in ("case_id", "assignee", "version")} for one in items]
    headers = {} if key is None else {"Idempotency-Key": key}
    return door.ask("POST", "/assignments", "supervisor", json={"assignments": asked}, headers=headers)


def kinds(door: Door, case_id: str) -> list[str]:
    return [one["payload"]["kind"] for one in door.get(f"/cases/{case_id}/events").json()["events"]]


def test_a_suggestion_is_applied_as_it_is_and_nothing_is_recorded_before(door: Door) -> None:
    items = suggested(door)
    assert {one["case_id"] for one in items} <= set(door.seed.cases.values()) and items
    takers = {door.seed.accounts["case_manager"], door.seed.accounts["supervisor"]}
    assert {one["assignee"] for one in items} == takers  # shared out, not all to one
    assert all(one["why"] and one["assignee_name"] for one in items)
    assert all("assigned" not in kinds(door, one["case_id"]) for one in items)
    done = assign(door, items)
    assert done.status_code == 200 and done.json()["written"] == len(items), done.text
    for one, told in zip(items, done.json()["items"], strict=True):
        assert told == {
            "case_id": one["case_id"], "outcome": "written", "version": one["version"] + 1, "problem": None
        }  # fmt: skip
        event = door.get(f"/cases/{one['case_id']}/events").json()["events"][-1]
        assert event["payload"]["assignee"] == one["assignee"] and event["payload"]["basis"] == "balanced"
        assert event["actor"]["id"] == door.seed.accounts["supervisor"]
    assert suggested(door) == []


def test_each_case_is_answered_for_itself(sqlite_door: Door) -> None:
    door = sqlite_door
    items = suggested(door)
    assert len(items) >= 2
    changed, free, *_ = items
    encounter = next(name for name, case_id in door.seed.cases.items() if case_id == changed["case_id"])
    assert door.record(note(), encounter=encounter).status_code == 201
    missing = {"case_id": "0" * 32, "assignee": free["assignee"], "version": 1}
    nobody = free | {"assignee": door.seed.accounts["auditor"]}
    answer = assign(door, [changed, nobody, missing, free]).json()
    assert (answer["written"], answer["refused"]) == (1, 3)
    conflict, not_a_taker, not_there, written = answer["items"]
    assert conflict["problem"]["type"].endswith(":conflict") and conflict["problem"]["status"] == 412
    assert [one["kind"] for one in conflict["problem"]["changed"]] == ["note_added"]
    assert not_a_taker["problem"]["faults"][0]["where"] == "assignee"
    assert not_there["problem"]["status"] == 404
    assert written["outcome"] == "written"
    assert kinds(door, changed["case_id"])[-1] == "note_added"


def test_sent_again_it_is_done_once_even_if_nobody_heard_the_answer(sqlite_door: Door) -> None:
    import sqlalchemy as sa

    from discharge.casework.storage.tables import REPLIES

    door, key = sqlite_door, new_key()
    items = suggested(door)
    first = assign(door, items, key)
    again = assign(door, items, key)
    assert again.json() == first.json() and again.headers["idempotency-replayed"] == "true"
    with door.store.write() as connection:  # as if the server had been killed before it answered
        connection.execute(sa.delete(REPLIES))
    assert assign(door, items, key).json() == first.json()
    assert all(kinds(door, one["case_id"]).count("assigned") == 1 for one in items)
    assert assign(door, items[:1], key).status_code == 422  # the key of something else


def test_hand_over_is_suggested_for_oneself_and_for_others_by_who_assigns(sqlite_door: Door) -> None:
    door = sqlite_door
    own, other = door.seed.accounts["case_manager"], door.seed.accounts["supervisor"]
    assert door.record({"kind": "assigned", "assignee": own}).status_code == 201
    mine = door.get("/assignments/hand-over")
    assert [(one["case_id"], one["assignee"]) for one in mine.json()["items"]] == [(door.case(), other)]
    assert mine.json()["items"][0]["version"] == int(door.version().strip('"'))
    of_another = {"of": own}
    assert door.get("/assignments/hand-over", "supervisor", params=of_another).json() == mine.json()
    assert door.get("/assignments/hand-over", "physician_advisor", params=of_another).status_code == 403
    nobody = door.get("/assignments/hand-over", params={"present": own}).json()["items"]
    assert nobody[0]["assignee"] is None and nobody[0]["why"].startswith("nobody:")


def test_a_suggestion_is_a_read_of_patients(sqlite_door: Door) -> None:
    door = sqlite_door
    items = suggested(door)
    asked = {"case_id": items[0]["case_id"], "limit": 1}
    (row,) = door.get("/access-log", "auditor", params=asked).json()["reads"]
    assert (row["action"], row["count"]) == ("suggested_assignments", len(items))
