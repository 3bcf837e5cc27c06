"""What somebody with bad intent tries at the pages, and gets nothing by."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import BoundedSemaphore
from typing import Any

import pytest
from apikit import LATER, NOW, OTHER_PAYER, PASSWORD, ZONE, Door, TestClient
from argon2 import PasswordHasher
from httpx import Response
from pagekit import Browser, browser

from discharge.api.bodies import sane
from discharge.api.pages.admin.rules import _html
from discharge.api.pages.case.dear import Dear, room_in
from discharge.api.pages.sent import payload_of
from discharge.api.pages.static import asset
from discharge.api.pages.worklist.export import safe
from discharge.api.problems import Refusal
from discharge.casework.accounts import access, passwords, people, tokens
from discharge.casework.accounts.people import OPERATOR, AccountChange, NewAccount
from discharge.casework.events import KINDS

pytestmark = pytest.mark.content

FORM = "application/x-www-form-urlencoded"
HOSTILE = (
    "1e999",
    "-1",
    "9" * 30,
    "9999-12-31T23:59",
    "9999-12-31",
    "0001-01-01T00:00+14:00",
    "a\0b",
    "x" * 5000,
)


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    yield


def version(door: Door, encounter: str = "s1") -> int:
    return int(door.app.state.desk.casework.case(door.case(encounter)).version)


def record(door: Door, who: Browser, kind: str, encounter: str = "s1", **entries: Any) -> Response:
    told = {"version": str(version(door, encounter)), "back": "/worklist", "kind": kind, **entries}
    return who.post(f"/cases/{door.case(encounter)}/record", **told)


def raw(who: Browser, path: str, body: str, media_type: str = FORM) -> Response:
    headers = {"Accept": "text/html", "Content-Type": media_type, "X-CSRF-Token": who.token}
    return who.client.post(path, content=body.encode(), headers=headers)


def reads(door: Door, role: str) -> list[access.Read]:
    with door.store.read() as connection:
        return access.find(connection, access.Asked(account_id=door.seed.accounts[role]))


# --- what a payer may see -----------------------------------------------------------------------------------------


def test_no_form_names_the_bytes_that_a_payer_is_shown(sqlite_door: Door) -> None:
    """A release written by hand could name another patient's review; a paper is released by its own form alone."""
    door = sqlite_door
    nurse, payer = browser(door, "case_manager"), browser(door, "payer")
    own = door.app.state.desk.casework.case(door.case()).state.reviews[-1].digest
    others = door.app.state.desk.casework.case(door.case("s2")).state.reviews[-1].digest
    before = version(door)
    for paper in ("payer_summary", "x\r\nSet-Cookie: a=b"):
        told = {"release_id": "r1", "paper": paper, "media_type": "text/html", "document": others}
        told |= {"payer_profile": "original_medicare", "review_digest": own}
        assert record(door, nurse, "released", **told).status_code == 422
        assert (
            nurse.post(
                f"/cases/{door.case()}/correct", version=str(before), kind="released", **told
            ).status_code
            == 422
        )
    assert version(door) == before
    assert payer.get("/payer/r1").status_code == 404 and payer.get("/payer/r1/paper").status_code == 404


def test_what_the_program_writes_itself_nobody_sends(sqlite_door: Door) -> None:
    door = sqlite_door
    for login in ("supervisor", "administrator", "payer", "auditor"):
        who, before = browser(door, login), version(door)
        for kind in (
            "review_run",
            "stay_opened",
            "facts_received",
            "account_changed",
            "edition_in_force",
            "released",
        ):
            assert record(door, who, kind).status_code in (403, 422)
        assert version(door) == before


def released(door: Door) -> str:
    nurse = browser(door, "case_manager")
    told = {"version": str(version(door)), "document": "payer_summary", "media": "html", "back": "/worklist"}
    assert nurse.post(f"/cases/{door.case()}/papers/release", key="1" * 32, **told).status_code == 303
    state = door.app.state.desk.casework.case(door.case()).state
    return str(next(iter(state.releases)))


def test_another_payer_finds_nothing_of_a_release(sqlite_door: Door) -> None:
    door = sqlite_door
    release_id = released(door)
    mine, other = browser(door, "payer"), browser(door, OTHER_PAYER)
    told = mine.get("/payer").text
    assert release_id in told
    name = door.app.state.desk.casework.case(door.case()).row.name
    nobody = other.get("/payer/none").text
    for path in ("", "/paper", "/paper?save=true", "/packet"):
        assert mine.get(f"/payer/{release_id}{path}").status_code == 200
        answer = other.get(f"/payer/{release_id}{path}")
        assert answer.status_code == 404 and name not in answer.text and release_id not in answer.text
        assert len(answer.text) == len(nobody)  # the same words: nothing tells that it is there
    answer = other.post(f"/payer/{release_id}/answer", kind="payer:ask", question="x")
    assert answer.status_code == 404
    assert release_id not in other.get("/payer").text


def test_a_payer_s_user_whose_profile_changes_sees_nothing_more(sqlite_door: Door) -> None:
    door = sqlite_door
    release_id = released(door)
    payer = browser(door, "payer")
    assert payer.get(f"/payer/{release_id}").status_code == 200
    with door.store.write() as connection:
        asked = AccountChange(payer_ids=["example_ma_plan"])
        people.change(connection, door.seed.accounts["payer"], asked, by=OPERATOR, now=LATER)
    assert payer.get(f"/payer/{release_id}").status_code == 404
    assert payer.post(f"/payer/{release_id}/answer", kind="payer:ask", question="x").status_code == 404


# --- forms ----------------------------------------------------------------------------------------------------------


def test_no_form_of_a_case_breaks_the_server(sqlite_door: Door) -> None:
    """A moment of the year 9999 would stand in the ledger for good, and every list that counts to it would break."""
    for kind, model in KINDS.items():
        names = [name for name in model.model_fields if name != "kind"]
        given: list[dict[str, list[str]]] = [{name: [value] for name in names} for value in HOSTILE]
        for name in names:
            given += [{name: ["a"], f"{name}.b": ["c"]}, {f"{name}.b": ["c"], name: ["a"]}]
            given += [{name: [""], f"{name}.b": ["c"], f"{name}.b.c": ["d"]}]
        for one in given:
            payload, faults = payload_of({"kind": [kind], **one}, ZONE)
            assert (payload is None) is bool(faults)
            assert payload is None or sane(payload.model_dump()), (kind, one)
    door = sqlite_door
    who, task = browser(door, "supervisor"), {"task_id": "t1", "title": "Call the family"}
    for due_at in ("9999-12-31T23:59", "0001-01-01T00:00+14:00"):
        assert record(door, who, "task_added", **task, due_at=due_at).status_code == 422
    body = f"kind=note_added&text=a&text.b=c&version={version(door)}"
    assert raw(who, f"/cases/{door.case()}/record", body).status_code == 422
    assert who.get(f"/cases/{door.case()}").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        "kind=note_added&text=%ff",
        "kind=note_added&text=%ED%A0%80",
        "kind=note_added&text=%00",
        "a=1&" * 1500,
        "",
        "&&=",
    ],
)
def test_a_form_that_is_none_is_refused(sqlite_door: Door, body: str) -> None:
    who = browser(sqlite_door, "case_manager")
    assert raw(who, f"/cases/{sqlite_door.case()}/record", f"{body}&version=1").status_code == 422


def test_signs_that_no_text_has_break_no_page(door: Door) -> None:
    """PostgreSQL takes no NUL in any text."""
    nurse, head = browser(door, "case_manager"), browser(door, "administrator")
    supervisor = browser(door, "supervisor")
    given: list[Response] = [
        record(door, nurse, "note_added", text="a\0b"),
        nurse.post("/worklist/search", search="a\0b", unit="\0", manager="\0", payer="\0", barrier="\0"),
        nurse.get("/worklist?unit=%00&manager=%00&payer=%00&barrier=%00"),
        nurse.post("/worklist/filters", name="a\0b", unit="\0"),
        nurse.post("/worklist/filters/%00/drop"),
        nurse.get(f"/cases/{door.case()}/ledger?kind=%00&actor=%00&correct=%00"),
        nurse.get(f"/cases/{door.case()}/compare?payer=%00"),
        nurse.get(f"/cases/{door.case()}/compare?edition=%00"),
        nurse.get("/advisor?payer=%00"),
        supervisor.get("/assign?of=%00"),
        head.post("/admin/people", login="a\0b", name="x"),
        head.post("/admin/people", login="ab", name="x\0y", roles="case_manager"),
        head.post("/admin/people", login="ac", name="x", credentials="x\0y", roles="case_manager"),
        head.post(f"/admin/people/{door.seed.accounts['auditor']}", name="x\0y", roles="auditor"),
        head.get("/rules/change?before=%00"),
        browser(door, "auditor").post("/sign-in", login="a\0b", password="x\0y"),
    ]
    assert [one.status_code for one in given if one.status_code >= 500] == []


def test_a_page_to_go_back_to_is_ours_and_breaks_no_header(sqlite_door: Door) -> None:
    door = sqlite_door
    nurse = browser(door, "case_manager")
    for back in (
        "//evil.test",
        "/\\evil.test",
        "https://evil.test",
        "javascript:alert(1)",
        "/a\r\nX: b",
        "/\t/evil.test",
    ):
        answer = record(door, nurse, "note_added", text="x", back=back)
        assert answer.status_code == 303 and answer.headers["location"].startswith(f"/cases/{door.case()}?")
    told = {"text": "x", "version": str(version(door)), "kind": "note_added", "back": "/cases/\u2603 x"}
    answer = nurse.post(f"/cases/{door.case()}/record", htmx=True, **told)
    assert answer.status_code == 204 and answer.headers["hx-redirect"].startswith(
        "/cases/%E2%98%83%20x?done="
    )
    odd = {"Accept": "text/html", "HX-Request": "true", "HX-Current-URL": "http://[bad"}
    assert (
        nurse.client.post("/worklist/search", data={"csrf_token": nurse.token}, headers=odd).status_code
        == 200
    )


def test_a_token_without_a_scope_can_t_use_it_by_a_form_either(sqlite_door: Door) -> None:
    door = sqlite_door
    taken = {"kind": "assigned", "assignee": door.seed.accounts["case_manager"], "basis": "by_hand"}
    made = door.record(taken, role="supervisor").json()["events"][0]["event_id"]
    with door.store.write() as connection:
        account = people.get(connection, door.seed.accounts["supervisor"])
        scopes = ["cases:read", "cases:write"]
        _, text = tokens.issue(connection, account, name="narrow", scopes=scopes, by=OPERATOR, now=NOW)
    before = version(door)
    for path, asked in (
        ("record", {"kind": "corrected", "event_id": made, "reason": "x"}),
        (
            "correct",
            {"kind": "assigned", "assignee": "", "correct.event_id": made, "correct.reason": "x"},
        ),
        (
            "record",
            {"kind": "assigned", "assignee": door.seed.accounts["physician_advisor"], "basis": "by_hand"},
        ),
    ):
        headers = {"Accept": "text/html", "Authorization": f"Bearer {text}"}
        told = {"version": str(before), **asked}
        answer = door.client.post(f"/cases/{door.case()}/{path}", data=told, headers=headers)
        assert answer.status_code == 403 and "assign:write" in answer.text
    assert version(door) == before


@pytest.mark.parametrize(
    "text", ["=1+1", " =1", "\t=1", "\n=1", "\r@x", "+1", "-1", "@x", "\uff1d1", "\u00a0=1"]
)
def test_no_text_of_a_list_becomes_a_formula(text: str) -> None:
    assert safe(text) == f"'{text}"


# --- sessions -------------------------------------------------------------------------------------------------------


def test_nobody_is_signed_in_by_a_form_of_another_site(sqlite_door: Door) -> None:
    client = TestClient(sqlite_door.app, base_url="https://discharge.example.org", follow_redirects=False)
    said = {"login": "case_manager", "password": PASSWORD}
    for site in ("cross-site", "same-site"):
        answer = client.post("/sign-in", data=said, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 403 and "set-cookie" not in answer.headers
    answer = client.post("/sign-in", data=said, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 303
    assert {"secure", "httponly", "samesite=lax"} <= set(answer.headers["set-cookie"].lower().split("; "))


def test_a_page_that_asks_by_itself_keeps_no_session(open_door: Callable[..., Door]) -> None:
    at = [LATER]
    door = open_door("sqlite", clock=lambda: at[0])
    nurse = browser(door, "case_manager")
    for _ in range(6):  # polling goes on; 30 minutes without use end the session
        answer = nurse.post("/worklist/news", htmx=True, seq="0", at=NOW.isoformat())
        assert answer.status_code in (200, 204)
        at[0] += timedelta(minutes=5)
    assert nurse.post("/worklist/news", htmx=True, seq="0").status_code == 401
    assert nurse.get("/worklist").headers["location"].startswith("/sign-in")


def test_signing_out_ends_every_tab(sqlite_door: Door) -> None:
    nurse = browser(sqlite_door, "case_manager")
    cookie = nurse.client.cookies["discharge_session"]
    assert nurse.get("/sign-out").status_code == 405 and nurse.get("/account").status_code == 200
    assert nurse.post("/sign-out").status_code == 303
    nurse.client.cookies.set("discharge_session", cookie)
    assert nurse.get("/worklist").headers["location"] == "/sign-in?next=/worklist"
    assert nurse.post("/worklist/search", htmx=True).status_code == 401


# --- what is kept, logged and made ----------------------------------------------------------------------------------


def test_the_patient_named_as_due_next_is_in_the_access_log(sqlite_door: Door) -> None:
    """It may stand far behind the rows that are shown."""
    door = sqlite_door
    who = browser(door, "supervisor")
    assert who.get("/worklist?manager=all&from=3").status_code == 200
    page = who.get("/worklist?manager=all&from=1").text
    with door.store.read() as connection:
        for row in reads(door, "supervisor")[:1]:
            logged = set(access.cases_of(connection, row))
    assert {one for one in door.seed.cases.values() if one in page} == logged


def test_a_row_of_dear_requests_stops_no_other(sqlite_door: Door) -> None:
    dear, go, began = Dear[int](4, most_waiting=2), threading.Event(), threading.Event()

    def make() -> int:
        began.set()
        go.wait(10)
        return 1

    threads = [threading.Thread(target=dear.once, args=(key, make)) for key in "ab"]
    threads[0].start()
    assert began.wait(10)
    threads[1].start()
    while dear._queue._value:
        pass
    with pytest.raises(Refusal) as refused:
        dear.once("c", make)
    assert refused.value.status == 429
    go.set()
    for one in threads:
        one.join(10)
    assert dear.once("c", make) == 1
    queue = BoundedSemaphore(1)
    with room_in(queue), pytest.raises(Refusal), room_in(queue):
        pass
    with room_in(queue):
        pass


def test_a_script_of_another_edition_is_not_kept(sqlite_door: Door) -> None:
    now = asset("app.js")
    assert "immutable" in sqlite_door.client.get(now).headers["cache-control"]
    other = sqlite_door.client.get("/static/000000000000/app.js")
    assert other.status_code == 200 and other.headers["cache-control"] == "no-store"


def test_no_html_of_a_rule_file_reaches_the_page() -> None:
    for bad in (
        "<script>x</script>",
        "<img src=x onerror=y>",
        "<form action='https://evil.test'>",
        "<div style='a'>",
    ):
        for text in (
            f"# T\n\n{bad}",
            f"# T\n\n{bad}\n\nend",
            f"# T\n\na {bad} b",
            f"# T\n\n[x](javascript:a) {bad}",
        ):
            assert bad not in _html(text, "own") and 'href="javascript' not in _html(text, "own")


def test_what_people_write_is_text_on_every_page(sqlite_door: Door) -> None:
    door = sqlite_door
    bad = "\"'><script>alert(1)</script><img src=x onerror=a()>{{7*7}}"
    nurse = browser(door, "case_manager")
    record(door, nurse, "note_added", text=bad)
    record(door, nurse, "task_added", task_id="t1", title=bad[:100])
    record(door, nurse, "barrier_opened", barrier_id="b1", cause="placement", note=bad)
    record(door, nurse, "physician_asked", question_id="q1", question=bad, asked_of=bad)
    with door.store.write() as connection:
        people.add(
            connection, NewAccount(login="<b>x", name=bad, roles=["case_manager"]), by=OPERATOR, now=NOW
        )
    nurse.post("/worklist/filters", name="<script>x</script>", unit=bad)
    base, seen = f"/cases/{door.case()}", 0
    tabs = (
        "",
        "/criteria",
        "/payer",
        "/denials",
        "/plan",
        "/referrals",
        "/work",
        "/ledger",
        "/trends",
        "/papers",
    )
    for path in [f"{base}{tab}" for tab in tabs] + ["/worklist?unit=<script>", "/advisor"]:
        text = nurse.get(path).text
        assert "<script>" not in text and "<img src=x" not in text and "49}" not in text, path
        seen += "&lt;script&gt;" in text
    assert seen >= 3
    assert "<script>" not in nurse.post("/worklist/search", search=bad, unit=bad).text
    head = browser(door, "administrator")
    for path in ("/admin/people", "/admin/audit"):
        assert "<script>" not in head.get(path).text
    assert "<script>" not in head.post("/admin/people", login=bad, name=bad, credentials=bad).text
