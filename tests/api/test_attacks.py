"""What somebody with bad intent tries at the HTTP door, and gets nothing by."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from apikit import LATER, NOW, OTHER_PAYER, PASSWORD, Door, new_key, note
from argon2 import PasswordHasher
from httpx import Response

from discharge.api.auth.oidc import Oidc
from discharge.api.auth.settings import OidcSettings
from discharge.casework.accounts import access, links, passwords, people, tokens
from discharge.casework.accounts.people import OPERATOR, AccountChange, NewAccount
from discharge.errors import NotSignedInError

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

ZIP = "application/zip"
LINES = "application/x-ndjson"


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    yield


def release(door: Door, encounter: str = "s1") -> dict[str, Any]:
    """Release a paper of a case and return its event."""
    headers = {"If-Match": door.version(encounter)}
    path = f"/cases/{door.case(encounter)}/releases"
    made = door.ask("POST", path, headers=headers, json={"document": "payer_summary", "form": "html"})
    assert made.status_code == 201, made.text
    event: dict[str, Any] = made.json()["events"][0]
    return event


def correct(door: Door, event_id: str, replacement: dict[str, Any] | None) -> Response:
    said = {"kind": "corrected", "event_id": event_id, "reason": "it was wrong", "replacement": replacement}
    return door.record(said)


def reads(door: Door, role: str, allowed: bool) -> list[access.Read]:
    asked = access.Asked(account_id=door.seed.accounts[role], allowed=allowed)
    with door.store.read() as connection:
        return access.find(connection, asked)


def narrow(door: Door, role: str, *scopes: Any) -> tuple[dict[str, str], str]:
    """Give the account of a role one more token; return its header and id."""
    with door.store.write() as connection:
        account = people.get(connection, door.seed.accounts[role])
        token, text = tokens.issue(connection, account, name="narrow", scopes=scopes, by=OPERATOR, now=NOW)
    return {"Authorization": f"Bearer {text}"}, token.id


def test_a_correction_shows_a_payer_no_other_bytes(sqlite_door: Door) -> None:
    """The digest of another patient's review in a corrected release would be a way out of the house."""
    door = sqlite_door
    made = release(door)
    other = door.get(f"/cases/{door.case('s2')}/reviews").json()["reviews"][0]["digest"]
    swapped = {**made["payload"], "document": other, "media_type": "application/json"}
    for replacement in (swapped, {**made["payload"], "paper": 'a"\r\nX-Evil: 1'}, made["payload"]):
        assert correct(door, made["event_id"], replacement).status_code == 409
    taken = correct(door, made["event_id"], None)
    assert taken.status_code == 201
    again = {"kind": "corrected", "event_id": made["event_id"], "reason": "no", "replacement": swapped}
    assert correct(door, taken.json()["events"][0]["event_id"], again).status_code == 409


def test_a_release_taken_back_is_gone_for_the_payer_however_it_was_taken_back(sqlite_door: Door) -> None:
    door = sqlite_door
    made = release(door)
    path = f"/released/{made['payload']['release_id']}"
    assert door.get(path, "payer").status_code == 200
    first = correct(door, made["event_id"], None).json()["events"][0]["event_id"]
    assert door.get(path, "payer").status_code == 404
    second = correct(door, first, None).json()["events"][0]["event_id"]  # it was not taken back after all
    assert door.get(path, "payer").status_code == 200
    assert correct(door, second, None).status_code == 201
    assert door.get(path, "payer").status_code == 404
    assert door.get("/released", "payer").json()["total"] == 0
    assert door.get(f"/cases/{door.case()}").json()["state"]["releases"] == {}


def test_another_payer_learns_nothing_and_is_on_record(sqlite_door: Door) -> None:
    door = sqlite_door
    release_id = release(door)["payload"]["release_id"]
    said = {"answer": {"kind": "payer_asked", "question_id": "q-1", "question": "Is there oxygen?"}}
    key = {"Idempotency-Key": new_key()}
    assert (
        door.ask("POST", f"/released/{release_id}/answers", "payer", headers=key, json=said).status_code
        == 201
    )

    def told(name: str) -> list[tuple[int, dict[str, Any]]]:
        path = f"/released/{name}"
        answers = [
            door.get(path, OTHER_PAYER),
            door.get(f"{path}/document", OTHER_PAYER),
            door.ask("POST", f"{path}/answers", OTHER_PAYER, headers=key, json=said),
        ]
        assert not any("etag" in one.headers for one in answers)
        return [(one.status_code, {**one.json(), "instance": ""}) for one in answers]

    assert told(release_id) == told("none-such")
    assert {one[0] for one in told(release_id)} == {404}
    assert door.get("/released", OTHER_PAYER).json()["total"] == 0
    refused = [one.case_id for one in reads(door, OTHER_PAYER, False)]
    assert refused.count(door.case()) == 6 and refused.count(None) == 3


def test_every_look_at_a_case_is_on_record_the_refused_ones_too(sqlite_door: Door) -> None:
    door = sqlite_door
    case = door.case()
    held = {"If-None-Match": door.version()}
    before = len(reads(door, "case_manager", True))
    assert door.get(f"/cases/{case}", headers=held).status_code == 304
    assert door.record(note(), tag='"0"').status_code == 412  # tells what changed
    assert (
        door.record({"kind": "task_settled", "task_id": "none", "outcome": "done"}, tag='"2"').status_code
        >= 409
    )
    after = reads(door, "case_manager", True)[: -before or None]
    assert [one.action for one in after] == ["record_events", "record_events", "case"]
    behind = {"If-Match": '"0"'}
    asked = {"document": "payer_summary", "form": "html"}
    assert door.ask("POST", f"/cases/{case}/reviews", headers=behind).status_code == 412
    assert door.ask("POST", f"/cases/{case}/releases", headers=behind, json=asked).status_code == 412
    last = reads(door, "case_manager", True)[:2]
    assert [one.action for one in last] == ["release_paper", "review_now"]
    for role in ("payer", "administrator"):
        for path in ("/worklist", "/tasks", f"/cases/{case}"):
            assert door.get(path, role).status_code == 403
        assert [(one.case_id, one.action) for one in reads(door, role, False)] == [
            (case, "case"),
            (None, "tasks"),
            (None, "worklist"),
        ]


def test_a_token_without_a_scope_can_t_use_it_by_a_correction(sqlite_door: Door) -> None:
    door = sqlite_door
    taken = {"kind": "assigned", "assignee": door.seed.accounts["case_manager"], "basis": "by_hand"}
    made = door.record(taken, role="supervisor").json()["events"][0]
    header, _ = narrow(door, "supervisor", "cases:read", "cases:write")
    for replacement in (None, {**taken, "assignee": door.seed.accounts["physician_advisor"]}):
        said = {"kind": "corrected", "event_id": made["event_id"], "reason": "x", "replacement": replacement}
        answer = door.ask(
            "POST",
            f"/cases/{door.case()}/events",
            None,
            headers={**header, "If-Match": door.version()},
            json={"payloads": [said]},
        )
        assert answer.status_code == 403 and "assign:write" in answer.json()["detail"]


def test_a_narrow_token_ends_no_other_token(sqlite_door: Door) -> None:
    door = sqlite_door
    header, own = narrow(door, "case_manager", "rules:read")
    _, other = narrow(door, "case_manager", "cases:read")
    assert door.ask("DELETE", f"/tokens/{other}", None, headers=header).status_code == 403
    wider = {"name": "wider", "scopes": ["cases:read"]}
    assert door.ask("POST", "/tokens", None, headers=header, json=wider).status_code == 403
    assert door.ask("DELETE", f"/tokens/{own}", None, headers=header).json()["revoked_at"]


def test_nobody_else_speaks_for_an_account_once_it_has_an_owner(sqlite_door: Door) -> None:
    """An administrator's token from before the first password would speak in the owner's name for a year."""
    door = sqlite_door
    with door.store.write() as connection:
        new = NewAccount(login="late", name="Dr Late", roles=["physician_advisor"], credentials="MD")
        account = people.add(connection, new, by=OPERATOR, now=NOW)
        _, text = tokens.issue(connection, account, name="x", scopes=["cases:read"], by=OPERATOR, now=NOW)
        older, newer = (links.make_for(connection, account, now=LATER) for _ in range(2))
    header = {"Authorization": f"Bearer {text}"}
    assert door.get("/worklist", None, headers=header).status_code == 200
    with pytest.raises(NotSignedInError):
        links.set_up(door.store, older, PASSWORD, login=None, name=None, now=LATER)
    links.set_up(door.store, newer, PASSWORD, login=None, name=None, now=LATER)
    assert door.get("/worklist", None, headers=header).status_code == 401
    with door.store.write() as connection:
        left = links.make_for(connection, account, now=LATER)
        people.set_password(connection, account.id, passwords.hashed(PASSWORD), by=OPERATOR, now=LATER)
    with pytest.raises(NotSignedInError):
        links.set_up(door.store, left, PASSWORD, login=None, name=None, now=LATER)


def test_a_session_and_its_rights_end_with_the_account(sqlite_door: Door) -> None:
    door = sqlite_door
    mine = door.client
    mine.cookies.set("discharge_session", "chosen-by-somebody-else")
    answer = mine.post("/v1/session", json={"login": "case_manager", "password": PASSWORD})
    assert answer.status_code == 200
    assert "chosen-by-somebody-else" not in answer.headers["set-cookie"]
    assert (
        "httponly" in answer.headers["set-cookie"].lower() and "lax" in answer.headers["set-cookie"].lower()
    )
    session = answer.cookies["discharge_session"]
    mine.cookies.clear()
    headers = {"Cookie": f"discharge_session={session}"}
    path = f"/v1/cases/{door.case()}/events"
    assert mine.post(path, json={}, headers=headers).status_code == 403  # no X-CSRF-Token
    assert mine.get("/v1/worklist", headers=headers).status_code == 200
    with door.store.write() as connection:
        payer = AccountChange(roles=["payer"], payer_ids=["example_ma_plan"])
        people.change(connection, door.seed.accounts["case_manager"], payer, by=OPERATOR, now=LATER)
    assert mine.get("/v1/worklist", headers=headers).status_code == 403
    with door.store.write() as connection:
        people.disable(connection, door.seed.accounts["case_manager"], by=OPERATOR, now=LATER)
    assert mine.get("/v1/worklist", headers=headers).status_code == 401


@pytest.mark.parametrize("email", ["ａna@example.org", "ana@example.org\u200b", "\u212aim@example.org"])
def test_an_e_mail_that_only_looks_like_a_login_ties_nothing(
    email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    oidc = Oidc(OidcSettings("https://sign.example.org", "us"))
    claims = {"email": email, "email_verified": True, "sub": "x", "iss": "https://sign.example.org"}
    claims |= {"aud": "us", "nonce": "n", "exp": LATER.timestamp() + 60, "iat": LATER.timestamp()}
    monkeypatch.setattr(oidc, "_claims", lambda written, now: claims)
    assert oidc._checked("", "n", LATER).email is None
    claims["email"] = "ana@example.org"
    assert oidc._checked("", "n", LATER).email == "ana@example.org"


@pytest.mark.parametrize("depth", [100, 300, 600, 900, 20_000])
def test_deep_json_is_refused_and_is_no_defect(sqlite_door: Door, depth: int) -> None:
    deep = "[" * depth + "]" * depth
    json_type = {"Content-Type": "application/json"}
    bodies = {
        "/session": f'{{"login":"x","password":{deep}}}',
        "/evaluate": f'{{"facts":[{{"patient.age_years":{deep}}}]}}',
        f"/cases/{sqlite_door.case()}/events": '{"payloads":[{"kind":"corrected","event_id":"x","reason":"r",'
        f'"replacement":{{"a":{deep}}}}}]}}',
    }
    for path, body in bodies.items():
        answer = sqlite_door.ask("POST", path, content=body, headers={**json_type, "If-Match": '"1"'})
        assert answer.status_code == 422, (path, answer.status_code)
        assert answer.headers["content-type"] == "application/problem+json"


def test_half_a_surrogate_pair_is_refused_wherever_it_stands(sqlite_door: Door) -> None:
    for body in ('{"facts":[{"\\ud800":1}]}', '{"\\ud800":1}', '{"facts":[{"patient.age_years":"\\ud800"}]}'):
        for headers in ({}, {"Idempotency-Key": new_key()}):
            told = {**headers, "Content-Type": "application/json"}
            assert sqlite_door.ask("POST", "/evaluate", content=body, headers=told).status_code == 422


def packed(files: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", how) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def fed(door: Door, kind: str, content: bytes, **rest: Any) -> Response:
    headers = {"Content-Type": kind}
    return door.ask("POST", "/admissions", "administrator", content=content, headers=headers, **rest)


def test_a_feed_that_unpacks_to_more_than_a_feed_is_refused(open_door: Any) -> None:
    door: Door = open_door("sqlite", feed_limit_bytes=200_000)
    bomb = gzip.compress(b"\n" * 10_000_000)
    assert len(bomb) < 200_000
    sheets = packed({"xl/worksheets/sheet1.xml": b" " * 10_000_000})
    for kind, content in (
        (LINES, bomb),
        ("application/json", bomb),
        (ZIP, packed({"Patient.ndjson": b"\n" * 10_000_000})),
        (ZIP, packed({"Patient.ndjson.gz": bomb})),
        (ZIP, packed({"patients.xlsx": sheets})),
    ):
        answer = fed(door, kind, content)
        assert answer.status_code == 422 and "more in it" in answer.json()["detail"], answer.text


def test_a_zip_writes_nowhere_else_and_tells_nothing_of_this_machine(
    sqlite_door: Door, tmp_path: Path
) -> None:
    for name in ("../../outside.csv", f"{tmp_path}/outside.csv", "a/../../../outside.csv"):
        assert fed(sqlite_door, ZIP, packed({name: b"x"})).status_code == 422
    assert not list(tmp_path.rglob("outside.csv"))
    assert "/" not in fed(sqlite_door, ZIP, packed({"notes.txt": b"x"})).json()["detail"].split(":")[0]
    good = packed({"Patient.ndjson": b'{"resourceType": "Patient"}\n' * 40})
    for place in range(45, 75, 3):  # in the packed bytes: zlib itself complains about some
        damaged = bytearray(good)
        damaged[place] ^= 0xFF
        assert fed(sqlite_door, ZIP, bytes(damaged)).status_code == 422


def test_damage_that_zlib_finds_is_no_defect(sqlite_door: Door) -> None:
    good = bytearray(packed({"Patient.ndjson": b"\n" * 5000}))
    good[44] = 0x07  # a block of a kind that there is not
    with pytest.raises(zlib.error):
        zipfile.ZipFile(io.BytesIO(bytes(good))).read("Patient.ndjson")
    assert fed(sqlite_door, ZIP, bytes(good)).status_code == 422


def test_a_feed_can_t_be_of_tomorrow(sqlite_door: Door) -> None:
    """Every feed of today would be refused as late after it."""
    answer = fed(sqlite_door, LINES, b"{}\n", params={"as_of": "2100-01-01T00:00:00Z"})
    assert answer.status_code == 422 and "not come yet" in answer.json()["detail"]
