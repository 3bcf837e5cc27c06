"""Assign: what is suggested is accepted in whole or in part, and a shift's cases are handed over with words."""

from __future__ import annotations

import re
from typing import Any

import pytest
from apikit import Door
from pagekit import browser

from discharge.casework import ledger

pytestmark = pytest.mark.content


def events(door: Door, encounter: str, kind: str) -> list[Any]:
    with door.store.read() as connection:
        return [one for one in ledger.events_of(connection, door.case(encounter)) if one.kind == kind]


def picks(page: str) -> dict[str, str]:
    """Return what the boxes send, by case."""
    return {one.partition(".")[0]: one for one in re.findall(r'name="pick" value="([^"]+)"', page)}


def test_some_of_the_suggestions_are_accepted(sqlite_door: Door) -> None:
    supervisor = browser(sqlite_door, "supervisor")
    page = supervisor.get("/assign").text
    offered = picks(page)
    assert sqlite_door.case("s1") in offered and sqlite_door.case("s2") in offered
    assert "carried least of the 2 who can take it" in page
    key = re.search(r'name="key" value="([^"]+)"', page)
    answer = supervisor.post("/assign", pick=offered[sqlite_door.case("s1")], key=key[1] if key else "")
    assert answer.status_code == 200 and "1 case assigned." in answer.text
    (event,) = events(sqlite_door, "s1", "assigned")
    assert event.payload.basis == "balanced" and event.payload.assignee in offered[sqlite_door.case("s1")]
    assert events(sqlite_door, "s2", "assigned") == []
    assert sqlite_door.case("s1") not in picks(answer.text)
    again = supervisor.post("/assign", pick=offered[sqlite_door.case("s1")], key=key[1] if key else "")
    assert "1 case assigned." in again.text and len(events(sqlite_door, "s1", "assigned")) == 1, "sent twice"


def test_a_case_that_changed_meanwhile_is_told_and_the_others_go_through(sqlite_door: Door) -> None:
    supervisor = browser(sqlite_door, "supervisor")
    offered = picks(supervisor.get("/assign").text)
    assert (
        sqlite_door.record({"kind": "note_added", "text": "Family called."}, encounter="s2").status_code
        == 201
    )
    answer = supervisor.post("/assign", pick=list(offered.values()), key="a" * 32)
    assert "somebody recorded something on it meanwhile" in answer.text and "Okafor" in answer.text
    assert len(events(sqlite_door, "s1", "assigned")) == 1 and events(sqlite_door, "s2", "assigned") == []


def test_nothing_ticked_is_said(sqlite_door: Door) -> None:
    answer = browser(sqlite_door, "supervisor").post("/assign", key="a" * 32)
    assert answer.status_code == 422 and "No case is ticked" in answer.text


def test_only_those_who_are_here_are_given_cases(sqlite_door: Door) -> None:
    supervisor = browser(sqlite_door, "supervisor")
    here = sqlite_door.seed.accounts["supervisor"]
    page = supervisor.get(f"/assign?present={here}").text
    assert {one.rpartition(".")[2] for one in picks(page).values()} == {here}
    assert f'name="present" value="{here}"' in page and "the only one who can take it" in page


def test_a_shift_is_handed_over_with_words(sqlite_door: Door) -> None:
    door = sqlite_door
    mine = door.seed.accounts["case_manager"]
    for encounter in ("s1", "s2"):
        taken = {"kind": "assigned", "assignee": mine}
        assert door.record(taken, encounter=encounter).status_code == 201
    supervisor = browser(door, "supervisor")
    offered = picks(supervisor.get(f"/assign?of={mine}").text)
    assert set(offered) == {door.case("s1"), door.case("s2")}
    silent = supervisor.post("/assign", of=mine, pick=list(offered.values()), key="a" * 32)
    assert silent.status_code == 422 and "needs words" in silent.text
    own = {f"summary.{door.case('s1')}": "Daughter comes at three."}
    answer = supervisor.post(
        "/assign", of=mine, pick=list(offered.values()), key="b" * 32, summary="Nothing new.", **own
    )
    assert answer.status_code == 200 and "2 cases handed over." in answer.text
    said = {name: events(door, name, "handed_over")[0].payload for name in ("s1", "s2")}
    assert said["s1"].summary == "Daughter comes at three." and said["s2"].summary == "Nothing new."
    assert said["s1"].to == door.seed.accounts["supervisor"] and said["s1"].open_items
    assert "has no case to hand over" in supervisor.get(f"/assign?of={mine}").text


def test_it_is_the_supervisors_alone(sqlite_door: Door) -> None:
    for role in ("case_manager", "payer", "auditor"):
        who = browser(sqlite_door, role)
        assert who.get("/assign").status_code == 403
        assert who.post("/assign", pick="x", key="a" * 32).status_code == 403
