"""Who may do what, cell by cell, against the real application: role x endpoint x own or other, and narrower tokens.

The expected table below is written out by hand, so that a change of rights or of the table of routes shows here.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, get_args

import pytest
from apikit import LATER, OTHER_PAYER, ROLES, ZONE, Door, Seed, TestClient, note
from fastapi.routing import APIRoute, iter_route_contexts
from httpx import Response

from discharge.api.app import create_app
from discharge.api.auth.policy import POLICY
from discharge.api.auth.policy_pages import PAGES as BROWSED
from discharge.api.auth.principal import guarded
from discharge.api.pages.sent import read_form
from discharge.api.settings import ServeSettings
from discharge.casework.accounts import people, tokens
from discharge.casework.accounts.people import OPERATOR, NewAccount
from discharge.casework.accounts.rights import PERMISSIONS, Permission
from discharge.casework.library import Library
from discharge.resources import data_folder

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

LETTERS = dict(zip("caspum", ROLES, strict=True))
"""case_manager, physician_advisor, supervisor, payer, auditor, administrator"""
EVERYBODY = "caspum"
NOBODY_ELSE = "open to all"


@dataclass(frozen=True)
class Cell:
    """A route, who may use it, a request that fits, and what comes back when it may be used."""

    name: str
    allowed: str
    request: str
    answers: tuple[int, ...] = (200,)
    more: dict[str, Any] = field(default_factory=dict)


def _json(value: Any) -> dict[str, Any]:
    return {"json": value}


TAG = {"headers": {"If-Match": '"1"'}}  # of a version long gone: whoever may write is told 412
NOTE = _json({"payloads": [note()]}) | TAG
FEED = {"content": b"", "headers": {"Content-Type": "text/plain"}}  # whoever may send a feed is told 415
ACCOUNT = _json({"login": "new", "name": "New", "roles": []})
TOKEN = _json({"name": "t", "scopes": ["cases:read"]})
ANSWER = _json({"answer": {"kind": "payer_asked", "question_id": "q-1", "question": "On oxygen?"}})
FACTS = _json({"facts": [{"no.such_fact": 1}]})  # whoever may ask is told so, which is quicker than a review
ASSIGNMENT = _json({"assignments": [{"case_id": "0" * 32, "assignee": "nobody", "version": 1}]})
HELD = {"headers": {"If-None-Match": "*"}}  # whoever may read is told 304, which is quicker than papers
PASSWORDS = _json({"password": "x", "new_password": "twelve letters"})

TABLE = [
    Cell("health", NOBODY_ELSE, "GET /health"),
    Cell("sign_in", NOBODY_ELSE, "POST /session", (401,), _json({"login": "x", "password": "x"})),
    Cell("set_up", NOBODY_ELSE, "POST /setup", (401,), _json({"link": "x", "password": "x"})),
    Cell("setup_page", NOBODY_ELSE, "GET /setup", (404,)),
    Cell("set_up_by_page", NOBODY_ELSE, "POST /setup", (404,), {"data": {"code": "x"}}),
    Cell("oidc_login", NOBODY_ELSE, "GET /oidc/login", (404,)),
    Cell("oidc_callback", NOBODY_ELSE, "GET /oidc/callback", (404,)),
    Cell("openapi", EVERYBODY, "GET /openapi.json"),
    Cell("session", EVERYBODY, "GET /session"),
    Cell("sign_out", EVERYBODY, "DELETE /session", (409,)),
    Cell("change_password", EVERYBODY, "PUT /session/password", (409,), PASSWORDS),
    Cell("tokens", EVERYBODY, "GET /tokens"),
    Cell("revoke_token", EVERYBODY, "DELETE /tokens/none", (404,)),
    Cell("accounts", "m", "GET /accounts"),
    Cell("account", "m", "GET /accounts/none", (404,)),
    Cell("add_account", "m", "POST /accounts", (201, 409), ACCOUNT),
    Cell("change_account", "m", "PATCH /accounts/none", (404,), _json({"name": "Other"})),
    Cell("disable_account", "m", "DELETE /accounts/none", (404,)),
    Cell("account_link", "m", "POST /accounts/none/link", (404,)),
    Cell("access_log", "um", "GET /access-log"),
    Cell("audit_head", "um", "GET /audit/head"),
    Cell("audit_verify", "um", "GET /audit/verify"),
    Cell("admissions", "casu", "GET /admissions"),
    Cell("receive_feed", "m", "POST /admissions", (415,), FEED),
    Cell("worklist", "casu", "GET /worklist"),
    Cell("cases", "casu", "GET /cases"),
    Cell("tasks", "casu", "GET /tasks"),
    Cell("clocks", "casu", "GET /clocks"),
    Cell("authorizations", "casu", "GET /authorizations"),
    Cell("advisor_queue", "casu", "GET /advisor-queue"),
    Cell("suggested_assignments", "s", "GET /assignments/suggested"),
    Cell("hand_over", "cas", "GET /assignments/hand-over"),  # one's own cases
    Cell("assign", "s", "POST /assignments", (200,), ASSIGNMENT),
    Cell("case", "casu", "GET /cases/{case}"),
    Cell("case_events", "casu", "GET /cases/{case}/events"),
    Cell("record_events", "cas", "POST /cases/{case}/events", (412,), NOTE),
    Cell("case_reviews", "casu", "GET /cases/{case}/reviews"),
    Cell("review_now", "cas", "POST /cases/{case}/reviews", (412,), TAG),
    Cell("case_review", "casu", "GET /cases/{case}/reviews/{digest}"),
    Cell("case_replay", "casu", "GET /cases/{case}/replay", (422,)),
    Cell("case_plan", "casu", "GET /cases/{case}/plan"),
    Cell("case_tasks", "casu", "GET /cases/{case}/tasks"),
    Cell("case_clocks", "casu", "GET /cases/{case}/clocks"),
    Cell("case_authorizations", "casu", "GET /cases/{case}/authorizations"),
    Cell("case_assessments", "casu", "GET /cases/{case}/assessments"),
    Cell("case_next_steps", "casu", "GET /cases/{case}/next-steps"),
    Cell("case_documents", "casu", "GET /cases/{case}/documents", (304,), HELD),
    Cell("case_document", "casu", "GET /cases/{case}/documents/payer_summary.html", (304,), HELD),
    Cell(
        "release_paper",
        "cas",
        "POST /cases/{case}/releases",
        (412,),
        _json({"document": "payer_summary"}) | TAG,
    ),
    Cell("evaluate", "cas", "POST /evaluate", (422,), FACTS),
    Cell("released", "p", "GET /released"),
    Cell("release", "p", "GET /released/{release}"),
    Cell("released_document", "p", "GET /released/{release}/document"),
    Cell("answer_release", "p", "POST /released/{release}/answers", (201, 409), ANSWER),
    Cell("load_report", "su", "GET /reports/load"),
    Cell("delays_report", "su", "GET /reports/delays"),
    Cell("outcomes_report", "su", "GET /reports/outcomes"),
    Cell("rules", "casum", "GET /rules"),
    Cell("rule_pack", "casum", "GET /rules/cms_medicare"),
    Cell("rule_file", "casum", "GET /rules/cms_medicare/none", (404,)),
    Cell("payers", "casum", "GET /payers"),
    Cell("payer", "casum", "GET /payers/original_medicare"),
    Cell("questionnaires", "casum", "GET /questionnaires"),
    Cell("questionnaire", "casum", "GET /questionnaires/none", (404,)),
]
NOT_BY_TOKEN = Cell(
    "issue_token", EVERYBODY, "POST /tokens", (403,), TOKEN
)  # for oneself; tested in test_auth.py


PAGES = {"setup_page", "set_up_by_page"}
"""Routes that stand outside of /v1 and answer with HTML."""


@dataclass(frozen=True)
class House:
    """The application with one paper released to one of two payers; and what stands in for {names} in a path."""

    door: Door
    names: dict[str, str]

    def ask(self, cell: Cell, bearer: str | None) -> Response:
        method, _, path = cell.request.partition(" ")
        more = dict(cell.more)
        headers = dict(more.pop("headers", {}))
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        prefix = "" if cell.name in PAGES else "/v1"
        return self.door.client.request(method, prefix + path.format(**self.names), headers=headers, **more)


@pytest.fixture(scope="module")
def house(
    _seeded_sqlite: tuple[str, Seed], library: Library, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """One application for all tests here: they ask for rights, and leave the case as it is but for its version."""
    source, seed = _seeded_sqlite
    file = tmp_path_factory.mktemp("policy") / "store.db"
    shutil.copy(source, file)
    folders = {"rules": data_folder("rules"), "payers": data_folder("payer_profiles")}
    settings = ServeSettings(zone=ZONE, database=file, refresh_seconds=None, clock=lambda: LATER, **folders)
    app = create_app(settings, library=library)
    door = Door(app, TestClient(app), str(file), seed)
    released = door.ask(
        "POST",
        f"/cases/{door.case()}/releases",
        json={"document": "payer_summary", "form": "html", "release_id": "rel-1"},
        headers={"If-Match": door.version()},
    )
    assert released.status_code == 201, released.text
    digest = door.get(f"/cases/{door.case()}/reviews").json()["reviews"][0]["digest"]
    yield House(door, {"case": door.case(), "release": "rel-1", "digest": digest})
    door.client.close()
    app.state.desk.store.close()


def test_every_route_of_the_app_is_in_the_table_and_behind_the_guard(house: House) -> None:
    app = house.door.app
    assert [one.dependency for one in app.router.dependencies[:2]] == [read_form, guarded]  # before all else
    names = [one.name for one in iter_route_contexts(app.routes)]
    assert len(names) == len(set(names))
    assert set(names) == set(POLICY)
    assert {one.name for one in [*TABLE, NOT_BY_TOKEN]} == set(POLICY) - set(BROWSED)  # test_policy_pages.py
    for one in iter_route_contexts(app.routes):
        assert isinstance(one.original_route, APIRoute), f"{one.name} has no dependencies, so no guard"


def test_each_role_may_what_the_table_says_and_nothing_else(house: House) -> None:
    wrong = []
    for cell in TABLE:
        for role in (None, *ROLES):
            answer = house.ask(cell, None if role is None else house.door.seed.tokens[role])
            expected: tuple[int, ...] = cell.answers
            if cell.allowed != NOBODY_ELSE and role is None:
                expected = (401,)
            elif cell.allowed != NOBODY_ELSE and role not in {LETTERS[one] for one in cell.allowed}:
                expected = (403,)
            if answer.status_code not in expected:
                wrong.append(
                    f"{cell.name} as {role}: {answer.status_code}, not {expected}: {answer.text[:200]}"
                )
            if answer.status_code >= 400 and cell.name not in PAGES:
                assert answer.headers["content-type"] == "application/problem+json"
            if answer.status_code in (401, 403):
                assert house.door.case() not in answer.text
    assert wrong == []


def _token(house: House, role: str, scopes: set[Permission]) -> str:
    with house.door.store.write() as connection:
        account = people.get(connection, house.door.seed.accounts[role])
        _, written = tokens.issue(connection, account, name="n", scopes=scopes, by=OPERATOR, now=LATER)
    return written


def test_a_token_with_a_narrower_scope_may_no_more_than_its_scope(house: House) -> None:
    """For each route: the role's token without the scope is refused, and one with nothing but the scope is let in."""
    narrow: dict[tuple[str, frozenset[Permission]], str] = {}
    wrong = []
    for cell in TABLE:
        asked = POLICY[cell.name]
        if asked not in get_args(Permission):
            continue
        role = LETTERS[cell.allowed[0]]
        alone, others = frozenset({asked}), PERMISSIONS[role] - {asked}
        for scopes, expected in ((alone, cell.answers), (others, (403,))):
            if not scopes:
                continue
            if (role, scopes) not in narrow:
                narrow[role, scopes] = _token(house, role, set(scopes))
            answer = house.ask(cell, narrow[role, scopes])
            if answer.status_code not in expected:
                wrong.append(
                    f"{cell.name} as {role} with {sorted(scopes)}: {answer.status_code}, not {expected}"
                )
    assert wrong == []


def test_a_payer_sees_what_was_released_to_it_and_no_other_payer_does(house: House) -> None:
    own, other = house.door.seed.tokens["payer"], house.door.seed.tokens[OTHER_PAYER]
    cells = {one.name: one for one in TABLE}
    assert [one["release_id"] for one in house.ask(cells["released"], own).json()["items"]] == ["rel-1"]
    assert house.ask(cells["released"], other).json()["items"] == []
    for name in ("release", "released_document", "answer_release"):
        assert house.ask(cells[name], own).status_code in (200, 201, 409), name
        assert house.ask(cells[name], other).status_code == 404, name
    for name, cell in cells.items():  # and nothing of a case by any other door
        if "{case}" in cell.request:
            assert house.ask(cell, other).status_code == 403, name
            assert house.ask(cell, own).status_code == 403, name


KINDS = [
    ("cas", note()),
    ("cas", {"kind": "assigned", "assignee": "{own}"}),
    ("s", {"kind": "assigned", "assignee": "{other}", "basis": "balanced"}),
    ("s", {"kind": "assigned", "assignee": None}),
    (
        "a",
        {
            "kind": "advisor_decided",
            "referral_id": "none",
            "decision": "approved",
            "physician": {"name": "Dr. Ode", "credentials": "MD"},
            "rationale": "x",
        },
    ),
]


def test_kinds_of_events_take_their_own_right(house: House) -> None:
    """Beside ``cases:write``; what is let in may still be refused by the case's state (409), but never as a right."""
    door, wrong = house.door, []
    for allowed, payload in KINDS:
        for role in ROLES:
            own, other = door.seed.accounts[role], door.seed.accounts["auditor"]
            sent = dict(payload)
            if sent.get("assignee"):
                sent["assignee"] = sent["assignee"].format(own=own, other=other)
            answer = door.record(sent, role=role, tag=door.version())
            is_let_in = answer.status_code in (201, 409, 422)
            if is_let_in != (role in {LETTERS[one] for one in allowed}) or answer.status_code == 422:
                wrong.append(
                    f"{payload['kind']} {payload.get('assignee')} as {role}: {answer.status_code} {answer.text[:150]}"
                )
    assert wrong == []


def test_own_and_other_tokens(house: House) -> None:
    door = house.door
    with door.store.write() as connection:
        machine = people.add(
            connection, NewAccount(login="m", name="M", roles=["auditor"]), by=OPERATOR, now=LATER
        )
        kept, _ = tokens.issue(connection, machine, name="m", scopes=["audit:read"], by=OPERATOR, now=LATER)
    for role in ROLES:
        own, other = door.seed.accounts[role], machine.id
        expected = 200 if role == "administrator" else 403
        assert door.get("/tokens", role, params={"account_id": own}).status_code == 200
        assert door.get("/tokens", role, params={"account_id": other}).status_code == expected
        if role != "administrator":
            assert door.ask("DELETE", f"/tokens/{kept.id}", role).status_code == 404
        listed = door.get("/tokens", role).json()["tokens"]
        assert {one["account_id"] for one in listed} == {own}
    assert door.ask("DELETE", f"/tokens/{kept.id}", "administrator").json()["revoked_at"]
    asked = {"name": "t", "scopes": ["audit:read"]}
    for role in ROLES:
        expected = 201 if role == "administrator" else 403
        assert (
            door.ask("POST", "/tokens", role, json=asked | {"account_id": machine.id}).status_code == expected
        )
        assert (
            door.ask("POST", "/tokens", role, json=asked).status_code == 403
        )  # a token makes none for itself


def test_a_case_that_is_not_there_is_a_404_and_a_stranger_is_told_nothing(house: House) -> None:
    missing = "0" * 32
    for path in ("", "/events", "/reviews", "/plan", "/tasks", "/clocks", "/documents"):
        assert house.door.get(f"/cases/{missing}{path}").status_code == 404, path
        assert house.door.get(f"/cases/{missing}{path}", "administrator").status_code == 403, path
        assert house.door.get(f"/cases/{missing}{path}", None).status_code == 401, path
    assert house.door.get("/released/none", "payer").status_code == 404


def test_what_may_not_be_read_is_in_the_access_log(house: House) -> None:
    case = house.door.case()
    for role in ("payer", "administrator"):
        house.door.get(f"/cases/{case}", role)
    house.door.get(f"/cases/{case}", "auditor")
    rows = house.door.get("/access-log", "auditor", params={"case_id": case, "limit": 3}).json()["reads"]
    by_role = {account_id: role for role, account_id in house.door.seed.accounts.items()}
    shown = [(by_role[one["account_id"]], one["action"], one["allowed"]) for one in rows]
    assert shown == [("auditor", "case", True), ("administrator", "case", False), ("payer", "case", False)]
