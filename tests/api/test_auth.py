"""Signing in over HTTP: sessions, cookies, CSRF, tokens, one-time links, accounts, access log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from authkit import (
    BASE,
    PASSWORD,
    QUICK,
    Clock,
    account,
    client_of,
    hearing,
    ledger_text,
    new_store,
    signed_in,
    small_app,
    token,
    told,
)
from fastapi import FastAPI
from starlette.testclient import TestClient

from discharge.api import auth
from discharge.casework.accounts import passwords
from discharge.casework.accounts.limits import LIMITS
from discharge.casework.storage.engine import Store

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

CASE = "/v1/cases/c1"
WRITE = "/v1/cases/c1/events"


@pytest.fixture(autouse=True)
def _quick_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASHER", QUICK)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with new_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def app(store: Store, clock: Clock) -> FastAPI:
    return small_app(store, clock)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with client_of(app) as opened:
        yield opened


def problem(answer: object, status: int) -> dict[str, object]:
    assert answer.status_code == status, answer.text  # type: ignore[attr-defined]
    assert answer.headers["content-type"] == "application/problem+json"  # type: ignore[attr-defined]
    body: dict[str, object] = answer.json()  # type: ignore[attr-defined]
    assert body["status"] == status
    return body


# --- sessions ---------------------------------------------------------------------------------------------------


def test_a_person_signs_in_reads_and_signs_out(client: TestClient, store: Store, clock: Clock) -> None:
    ana = account(store, clock, "ana", "case_manager", credentials="RN")
    problem(client.get(CASE), 401)
    header = signed_in(client, "ANA")
    assert client.get(CASE).json() == {"by": ana.id, "kind": "person"}
    shown = client.get("/v1/session").json()
    assert shown["csrf_token"] == header["X-CSRF-Token"] and shown["credentials"] == "RN"
    assert shown["permissions"] == ["cases:read", "cases:write", "evaluate", "rules:read"]
    kept = dict(client.cookies)
    assert client.delete("/v1/session", headers=header).status_code == 204
    assert not client.cookies
    client.cookies.update(kept)  # the cookie as a thief has it
    problem(client.get(CASE), 401)


def test_the_cookie_is_for_the_server_alone(
    client: TestClient, app: FastAPI, store: Store, clock: Clock
) -> None:
    account(store, clock, "ana", "case_manager")
    sent = {"login": "ana", "password": PASSWORD}
    loopback = client.post("/v1/session", json=sent).headers["set-cookie"].lower()
    assert "httponly" in loopback and "samesite=lax" in loopback and "path=/" in loopback
    assert f"max-age={12 * 3600}" in loopback and "secure" not in loopback
    for base in ("https://127.0.0.1", "https://discharge.example.org", "http://discharge.example.org"):
        with client_of(app, base) as other:
            assert "; secure" in other.post("/v1/session", json=sent).headers["set-cookie"].lower(), base
    proxied = auth.AuthSettings(public_url="https://ur.example.org")  # the proxy speaks http to this machine
    with client_of(small_app(store, clock, proxied)) as other:
        assert "; secure" in other.post("/v1/session", json=sent).headers["set-cookie"].lower()


def test_a_form_of_another_site_signs_nobody_in(client: TestClient, store: Store, clock: Clock) -> None:
    """A page elsewhere can send a browser's form, but not JSON under its own name."""
    account(store, clock, "ana", "case_manager")
    sent = json.dumps({"login": "ana", "password": PASSWORD})
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        problem(client.post("/v1/session", content=sent, headers={"Content-Type": kind}), 422)
    assert not client.cookies


def test_what_no_database_takes_is_refused_before_it(client: TestClient, store: Store, clock: Clock) -> None:
    root = token(store, clock, account(store, clock, "root", "administrator", "auditor"))
    for body in (r'{"login": "a\u0000b", "name": "x"}', r'{"login": "x", "name": "\ud800"}'):
        headers = root | {"Content-Type": "application/json"}
        problem(client.post("/v1/accounts", content=body, headers=headers), 422)
    for path in (
        "/v1/accounts/%00",
        "/v1/tokens?account_id=%00",
        "/v1/access-log?case_id=%00",
        "/v1/access-log?since=x",
    ):
        problem(client.get(path, headers=root), 422)
    sent = client.post(
        "/v1/session",
        content=rb'{"login": "\ud800", "password": "\ud800"}',
        headers={"Content-Type": "application/json"},
    )
    problem(sent, 422)


def test_a_writing_request_with_a_cookie_needs_the_csrf_token(
    client: TestClient, store: Store, clock: Clock
) -> None:
    account(store, clock, "ana", "case_manager")
    header = signed_in(client, "ana")
    assert "X-CSRF-Token" in str(problem(client.post(WRITE), 403)["detail"])
    problem(client.post(WRITE, headers={"X-CSRF-Token": "0" * 64}), 403)
    problem(client.delete("/v1/session"), 403)
    assert client.post(WRITE, headers=header).status_code == 200
    signed_in(client, "ana")  # another session: the old header no longer fits
    problem(client.post(WRITE, headers=header), 403)


def test_a_session_ends_by_idleness_by_age_and_with_the_account(
    client: TestClient, store: Store, clock: Clock
) -> None:
    account(store, clock, "root", "administrator")
    ana = account(store, clock, "ana", "case_manager")
    signed_in(client, "ana")
    clock.go(minutes=29)
    assert client.get(CASE).status_code == 200
    clock.go(minutes=29)
    assert client.get(CASE).status_code == 200
    clock.go(minutes=30)
    problem(client.get(CASE), 401)
    signed_in(client, "ana")
    for _ in range(35):
        clock.go(minutes=20)
        assert client.get(CASE).status_code == 200
    clock.go(minutes=20)
    problem(client.get(CASE), 401)
    signed_in(client, "ana")
    administrator = token(store, clock, account(store, clock, "boss", "administrator"))
    with client_of(client.app) as other:  # type: ignore[arg-type]
        assert other.delete(f"/v1/accounts/{ana.id}", headers=administrator).json()["is_active"] is False
    problem(client.get(CASE), 401)


def test_settings_say_how_long_a_session_lives(store: Store, clock: Clock) -> None:
    account(store, clock, "ana", "case_manager")
    short = auth.AuthSettings(
        session_idle=timedelta(minutes=5), session_life=timedelta(minutes=7), public_url=BASE
    )
    with client_of(small_app(store, clock, short)) as client:
        signed_in(client, "ana")
        for minutes, status in ((4, 200), (2, 200), (1, 401)):
            clock.go(minutes=minutes)
            assert client.get(CASE).status_code == status


def test_too_many_tries_are_held_back(client: TestClient, store: Store, clock: Clock) -> None:
    account(store, clock, "ana", "case_manager")
    wrong = {"login": "ana", "password": "wrong"}
    said = {
        json.dumps(problem(client.post("/v1/session", json=wrong), 401))
        for _ in range(LIMITS.tries_per_minute)
    }
    assert len(said) == 1  # the lock in between shows in nothing
    held = client.post("/v1/session", json=wrong)
    problem(held, 429)
    assert held.headers["retry-after"] == "60"
    clock.go(seconds=60)
    assert problem(client.post("/v1/session", json=wrong | {"password": PASSWORD}), 401)  # locked
    clock.go(minutes=15)
    signed_in(client, "ana")


def test_an_address_is_held_back_whatever_logins_it_tries(client: TestClient) -> None:
    for number in range(LIMITS.tries_per_minute_of_address):
        problem(client.post("/v1/session", json={"login": f"l{number}", "password": "wrong"}), 401)
    problem(client.post("/v1/session", json={"login": "fresh", "password": "wrong"}), 429)


def test_a_person_changes_the_password_and_other_sessions_end(
    client: TestClient, app: FastAPI, store: Store, clock: Clock
) -> None:
    ana = account(store, clock, "ana", "case_manager")
    header = signed_in(client, "ana")
    new = {"password": PASSWORD, "new_password": "twelve letters"}
    with client_of(app) as other:
        signed_in(other, "ana")
        problem(client.put("/v1/session/password", json=new | {"password": "wrong"}, headers=header), 401)
        problem(client.put("/v1/session/password", json=new | {"new_password": "short"}, headers=header), 409)
        problem(client.put("/v1/session/password", json=new, headers=token(store, clock, ana)), 409)
        assert client.put("/v1/session/password", json=new, headers=header).status_code == 204
        problem(other.get(CASE), 401)
    assert client.get(CASE).status_code == 200
    problem(client.post("/v1/session", json={"login": "ana", "password": PASSWORD}), 401)


# --- tokens -----------------------------------------------------------------------------------------------------


def test_a_token_speaks_for_its_account_within_its_scopes(
    client: TestClient, store: Store, clock: Clock
) -> None:
    ana = account(store, clock, "ana", "case_manager")
    reader = token(store, clock, ana, "cases:read")
    assert client.get(CASE, headers=reader).json() == {"by": ana.id, "kind": "machine"}
    refused = problem(client.post(WRITE, headers=reader), 403)
    assert "scope cases:write" in str(refused["detail"])
    assert client.post(WRITE, headers=token(store, clock, ana)).status_code == 200  # and no CSRF token
    signed_in(client, "ana")
    problem(
        client.get(CASE, headers={"Authorization": "Bearer dsc_00_xx"}), 401
    )  # the token counts, not the cookie


def test_a_token_is_made_shown_once_used_and_revoked(client: TestClient, store: Store, clock: Clock) -> None:
    account(store, clock, "ana", "case_manager")
    header = signed_in(client, "ana")
    asked = {"name": "mine", "scopes": ["cases:read"], "expires_at": "2026-06-16T11:00:00Z"}
    made = client.post("/v1/tokens", json=asked, headers=header)
    assert made.status_code == 201 and made.headers["cache-control"] == "no-store"
    bearer = {"Authorization": f"Bearer {made.json()['token']}"}
    listed = client.get("/v1/tokens")
    assert [one["name"] for one in listed.json()["tokens"]] == ["mine"]
    assert made.json()["token"] not in listed.text and "secret" not in listed.text
    client.cookies.clear()
    assert client.get(CASE, headers=bearer).status_code == 200
    clock.go(hours=23, minutes=59)
    assert client.get(CASE, headers=bearer).status_code == 200
    clock.go(minutes=1)
    problem(client.get(CASE, headers=bearer), 401)
    header = signed_in(client, "ana")
    second = client.post("/v1/tokens", json={"name": "two", "scopes": ["cases:read"]}, headers=header).json()
    assert client.delete(f"/v1/tokens/{second['token_id']}", headers=header).json()["revoked_at"]
    problem(client.get(CASE, headers={"Authorization": f"Bearer {second['token']}"}), 401)


def test_nobody_makes_a_token_beyond_what_is_theirs(client: TestClient, store: Store, clock: Clock) -> None:
    ana, bo = (
        account(store, clock, "ana", "case_manager"),
        account(store, clock, "bo", "supervisor"),
    )
    machine = account(store, clock, "feed", "administrator", password=False)
    root = token(store, clock, account(store, clock, "root", "administrator"))
    asked = {"name": "x", "scopes": ["cases:read"]}
    own = token(store, clock, ana)
    problem(client.post("/v1/tokens", json=asked, headers=own), 403)  # a token makes no tokens
    problem(client.post("/v1/tokens", json=asked | {"account_id": bo.id}, headers=own), 403)
    problem(
        client.post("/v1/tokens", json=asked | {"account_id": bo.id}, headers=root), 409
    )  # bo is a person
    for_machine = {"name": "feed", "scopes": ["feeds:write"], "account_id": machine.id}
    made = client.post("/v1/tokens", json=for_machine, headers=root)
    assert made.status_code == 201 and made.json()["account_id"] == machine.id
    wider = for_machine | {"scopes": ["cases:read"]}
    assert problem(client.post("/v1/tokens", json=wider, headers=root), 409)["faults"]
    header = signed_in(client, "ana")
    assert problem(client.post("/v1/tokens", json=asked | {"scopes": ["audit:read"]}, headers=header), 409)[
        "faults"
    ]
    problem(client.post("/v1/tokens", json=asked | {"scopes": ["everything"]}, headers=header), 422)
    problem(client.delete(f"/v1/tokens/{made.json()['token_id']}", headers=own), 404)
    problem(client.get("/v1/tokens", params={"account_id": bo.id}, headers=own), 403)
    assert client.get("/v1/tokens", params={"account_id": machine.id}, headers=root).json()["tokens"]


# --- one-time link ----------------------------------------------------------------------------------------------


def test_the_first_administrator_comes_in_by_a_link_once(
    client: TestClient, store: Store, clock: Clock
) -> None:
    link = auth.first_link(store, BASE + "/", now=clock()) or pytest.fail("no link")
    assert link.startswith(f"{BASE}/setup?code=")
    secret = link.partition("code=")[2]
    sent = {"link": secret, "password": PASSWORD, "login": "root", "name": "Root"}
    assert problem(client.post("/v1/setup", json=sent | {"password": "short"}), 409)["faults"]
    made = client.post("/v1/setup", json=sent)
    assert made.status_code == 200 and made.json()["roles"] == ["administrator"]
    assert client.get("/v1/accounts").status_code == 200  # signed in by it
    client.cookies.clear()
    refused = problem(client.post("/v1/setup", json=sent | {"login": "again"}), 401)
    assert "used before" in str(refused["detail"])
    assert auth.first_link(store, BASE, now=clock()) is None
    assert told(store) == ["user_added", "setup_link_used"]


def test_a_new_colleague_sets_the_password_by_a_link(client: TestClient, store: Store, clock: Clock) -> None:
    account(store, clock, "root", "administrator")
    header = signed_in(client, "root")
    made = client.post(
        "/v1/accounts", json={"login": "Ana", "name": "Ana Diaz", "roles": ["case_manager"]}, headers=header
    )
    assert made.status_code == 201 and made.json()["has_password"] is False
    assert client.get(made.headers["location"]).json() == made.json()
    link = client.post(f"{made.headers['location']}/link", headers=header)
    assert link.status_code == 201 and link.headers["cache-control"] == "no-store"
    client.cookies.clear()
    clock.go(hours=23)
    sent = {"link": link.json()["secret"], "password": "twelve letters"}
    assert client.post("/v1/setup", json=sent).json()["login"] == "ana"
    problem(client.post("/v1/setup", json=sent), 401)
    signed_in(client, "ana", "twelve letters")


# --- accounts ---------------------------------------------------------------------------------------------------


def test_accounts_are_listed_changed_and_disabled(client: TestClient, store: Store, clock: Clock) -> None:
    root = account(store, clock, "root", "administrator")
    ana = account(store, clock, "ana", "case_manager", units=["5W"])
    header = token(store, clock, root)
    listed = client.get("/v1/accounts", headers=header)
    assert [one["login"] for one in listed.json()["accounts"]] == ["ana", "root"]
    assert "argon2" not in listed.text
    path = f"/v1/accounts/{ana.id}"
    changed = client.patch(path, json={"roles": ["supervisor"], "capacity": 9}, headers=header).json()
    assert (changed["roles"], changed["capacity"], changed["units"]) == (["supervisor"], 9, ["5W"])
    assert client.patch(path, json={"capacity": None}, headers=header).json()["capacity"] is None
    problem(client.patch(path, json={"login": "other"}, headers=header), 422)
    problem(client.patch(path, json={"roles": ["payer"]}, headers=header), 409)
    problem(client.get("/v1/accounts/none", headers=header), 404)
    problem(client.delete(f"/v1/accounts/{root.id}", headers=header), 409)  # the last administrator
    assert client.delete(path, headers=header).json()["is_active"] is False
    problem(client.post(f"{path}/link", headers=header), 409)
    assert client.patch(path, json={"is_active": True}, headers=header).json()["is_active"] is True
    problem(client.post("/v1/accounts", json={"login": "ANA", "name": "x", "roles": []}, headers=header), 409)


# --- what is closed, what is logged -----------------------------------------------------------------------------


def test_a_route_that_is_not_in_the_table_is_closed_to_all(
    client: TestClient, store: Store, clock: Clock
) -> None:
    problem(client.get("/v1/forgotten"), 401)
    every = account(
        store, clock, "all", "case_manager", "physician_advisor", "supervisor", "auditor", "administrator"
    )
    problem(client.get("/v1/forgotten", headers=token(store, clock, every)), 403)


def test_reads_and_refused_reads_are_in_the_access_log(
    client: TestClient, store: Store, clock: Clock
) -> None:
    ana, root = (
        account(store, clock, "ana", "case_manager"),
        account(store, clock, "root", "administrator"),
    )
    auditor = token(store, clock, account(store, clock, "aud", "auditor"))
    signed_in(client, "ana")
    client.get(CASE)
    client.cookies.clear()
    clock.go(minutes=1)
    reader = token(store, clock, root)
    problem(client.get(CASE, headers=reader), 403)
    problem(client.get("/v1/access-log", headers=token(store, clock, ana)), 403)
    rows = client.get("/v1/access-log", headers=auditor).json()["reads"]
    shown = [(one["account_id"], one["action"], one["case_id"], one["allowed"], one["count"]) for one in rows]
    assert shown == [(root.id, "case", "c1", False, 1), (ana.id, "case", "c1", True, 1)]
    assert rows[0]["token_id"] and rows[1]["token_id"] is None
    only = client.get("/v1/access-log", params={"allowed": False, "case_id": "c1"}, headers=auditor).json()
    assert len(only["reads"]) == 1
    page = client.get("/v1/access-log", params={"limit": 1}, headers=auditor).json()
    rest = client.get("/v1/access-log", params={"before": page["next_before"]}, headers=auditor).json()
    assert [one["account_id"] for one in rest["reads"]] == [ana.id]


def test_no_secret_is_logged_recorded_or_answered(client: TestClient, store: Store, clock: Clock) -> None:
    """A whole life of accounts, with every logger at its most talkative."""
    secrets: list[str] = []
    bodies: list[str] = []
    with hearing() as heard:
        link = (auth.first_link(store, BASE, now=clock()) or "").partition("code=")[2]
        sent = {"link": link, "password": PASSWORD, "login": "root", "name": "Root"}
        bodies.append(client.post("/v1/setup", json=sent | {"password": "hunter2!"}).text)
        made = client.post("/v1/setup", json=sent)
        header = {"X-CSRF-Token": made.json()["csrf_token"]}
        cookie = client.cookies["discharge_session"]
        issued = client.post(
            "/v1/tokens", json={"name": "t", "scopes": ["rules:read"]}, headers=header
        ).json()["token"]
        bodies.append(client.post("/v1/setup", json=sent).text)
        bodies.append(client.post("/v1/session", json={"login": "root", "password": "wr0ng-secret"}).text)
        bodies.append(client.post("/v1/session", json={"login": "root", "password": ["wr0ng-secret"]}).text)
        bodies.append(client.post("/v1/session", json={"login": "root", "pass": "wr0ng-secret"}).text)
        bodies.append(client.get(CASE, headers={"Authorization": f"Bearer {issued}"}).text)
        bodies.append(client.get(CASE, headers={"Authorization": f"Bearer {issued}x"}).text)
        bodies.append(client.post("/v1/tokens", headers=header, json={"name": "t", "scopes": [issued]}).text)
        bodies.append(client.get("/v1/accounts").text)
        secrets += [
            link,
            PASSWORD,
            "hunter2!",
            "wr0ng-secret",
            cookie,
            issued.split("_", 2)[2],
            header["X-CSRF-Token"],
        ]
    everywhere = "\n".join([*heard.lines, *bodies, ledger_text(store)])
    assert "user_added" in everywhere and len(bodies) == 9
    assert [one for one in secrets if one in everywhere] == []
