"""Who may open and send what of the pages, role by role, in a browser's session; written out by hand."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from apikit import LATER, OTHER_PAYER, PASSWORD, ROLES, ZONE, Door, Seed, TestClient
from httpx import Response

from discharge.api.app import create_app
from discharge.api.auth.policy_pages import PAGES
from discharge.api.settings import ServeSettings
from discharge.casework.library import Library
from discharge.resources import data_folder

pytestmark = pytest.mark.content

LETTERS = dict(zip("caspum", ROLES, strict=True))
"""case_manager, physician_advisor, supervisor, payer, auditor, administrator"""
EVERYBODY = "caspum"
OF_CASES = "casu"
WRITERS = "cas"
HTML = {"Accept": "text/html"}
BASE = "http://127.0.0.1:8400"

TABLE: dict[str, tuple[str, str]] = {
    "page_sign_out": (EVERYBODY, "POST /sign-out"),
    "page_home": (EVERYBODY, "GET /"),
    "page_help": (EVERYBODY, "GET /help"),
    "page_account": (EVERYBODY, "GET /account"),
    "page_change_password": (EVERYBODY, "POST /account/password"),
    "page_plan": (OF_CASES, "GET /cases/{case}/plan"),
    "page_plan_picture": (OF_CASES, "GET /cases/{case}/plan/costs.svg"),
    "page_plan_draft": (WRITERS, "POST /cases/{case}/plan/draft"),
    "page_assessments": (OF_CASES, "GET /cases/{case}/assessments"),
    "page_assessment": (OF_CASES, "GET /cases/{case}/assessments/function"),
    "page_assess": (WRITERS, "POST /cases/{case}/assessments/function"),
    "page_referrals": (OF_CASES, "GET /cases/{case}/referrals"),
    "page_referrals_send": (WRITERS, "POST /cases/{case}/referrals/send"),
    "page_worklist": (OF_CASES, "GET /worklist"),
    "page_worklist_search": (OF_CASES, "POST /worklist/search"),
    "page_worklist_rows": (OF_CASES, "POST /worklist/rows"),
    "page_worklist_news": (OF_CASES, "POST /worklist/news"),
    "page_worklist_export": (OF_CASES, "POST /worklist/export"),
    "page_worklist_bulk": (WRITERS, "POST /worklist/bulk"),
    "page_filter_save": (OF_CASES, "POST /worklist/filters"),
    "page_filter_drop": (OF_CASES, "POST /worklist/filters/none/drop"),
    "page_case": (OF_CASES, "GET /cases/{case}"),
    "page_criteria": (OF_CASES, "GET /cases/{case}/criteria"),
    "page_denials": (OF_CASES, "GET /cases/{case}/denials"),
    "page_trends": (OF_CASES, "GET /cases/{case}/trends"),
    "page_compare": (OF_CASES, "GET /cases/{case}/compare"),
    "page_ledger": (OF_CASES, "GET /cases/{case}/ledger"),
    "page_correct": (WRITERS, "POST /cases/{case}/correct"),
    "page_papers": (OF_CASES, "GET /cases/{case}/papers"),
    "page_paper": (OF_CASES, "GET /cases/{case}/papers/payer_summary.html"),
    "page_release": (WRITERS, "POST /cases/{case}/papers/release"),
    "page_case_payer": (OF_CASES, "GET /cases/{case}/payer"),
    "page_work": (OF_CASES, "GET /cases/{case}/work"),
    "page_record": (WRITERS, "POST /cases/{case}/record"),
    "page_review_now": (WRITERS, "POST /cases/{case}/review"),
    "page_advisor": (OF_CASES, "GET /advisor"),
    "page_advisor_case": (OF_CASES, "GET /advisor/{case}"),
    "page_payer": ("p", "GET /payer"),
    "page_payer_release": ("p", "GET /payer/none"),
    "page_payer_paper": ("p", "GET /payer/none/paper"),
    "page_payer_packet": ("p", "GET /payer/none/packet"),
    "page_payer_answer": ("p", "POST /payer/none/answer"),
    "page_board": ("su", "GET /board"),
    "page_board_cases": ("su", "GET /board/cases"),
    "page_assign": ("s", "GET /assign"),
    "page_assigned": ("s", "POST /assign"),
    "page_people": ("m", "GET /admin/people"),
    "page_person_add": ("m", "POST /admin/people"),
    "page_person": ("m", "GET /admin/people/none"),
    "page_person_change": ("m", "POST /admin/people/none"),
    "page_person_disable": ("m", "POST /admin/people/none/active"),
    "page_person_link": ("m", "POST /admin/people/none/link"),
    "page_feeds": ("m", "GET /admin/feeds"),
    "page_audit": ("um", "GET /admin/audit"),
    "page_audit_check": ("um", "POST /admin/audit/check"),
    "page_rules": ("casum", "GET /rules"),
    "page_rule_pack": ("casum", "GET /rules/cms_medicare"),
    "page_rule_file": ("casum", "GET /rules/cms_medicare/none"),
    "page_payer_profile": ("casum", "GET /payers/original_medicare"),
    "page_edition_change": ("casum", "GET /rules/change"),
    "page_edition_try": ("casum", "POST /rules/change"),
}
OPEN = {"page_static", "page_sign_in", "page_signed_in"}


@dataclass
class Browsers:
    """The application, and a browser signed in for each role."""

    door: Door
    clients: dict[str, TestClient]
    tokens: dict[str, str]
    names: dict[str, str] = field(default_factory=dict)

    def ask(self, role: str | None, asked: str, *, token: str | None = None) -> Response:
        method, _, path = asked.partition(" ")
        client = self.door.client if role is None else self.clients[role]
        data = None if method == "GET" else {"csrf_token": token or self.tokens.get(role or "", "")}
        return client.request(method, path.format(**self.names), data=data, headers=HTML)


@pytest.fixture(scope="module")
def browsers(
    _seeded_sqlite: tuple[str, Seed], library: Library, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browsers]:
    source, seed = _seeded_sqlite
    file = tmp_path_factory.mktemp("pages") / "store.db"
    shutil.copy(source, file)
    folders = {"rules": data_folder("rules"), "payers": data_folder("payer_profiles")}
    settings = ServeSettings(zone=ZONE, database=file, refresh_seconds=None, clock=lambda: LATER, **folders)
    app = create_app(settings, library=library)
    door = Door(app, TestClient(app, base_url=BASE, follow_redirects=False), str(file), seed)
    clients, tokens = {}, {}
    for role in (*ROLES, OTHER_PAYER):
        clients[role], tokens[role] = signed_in(door, role)
    yield Browsers(door, clients, tokens, {"case": door.case()})
    for one in (door.client, *clients.values()):
        one.close()
    app.state.desk.store.close()


def signed_in(door: Door, role: str) -> tuple[TestClient, str]:
    """A browser in which ``role`` is signed in, and the CSRF token of its session."""
    client = TestClient(door.app, base_url=BASE, follow_redirects=False)
    sent = client.post("/sign-in", data={"login": role, "password": PASSWORD}, headers=HTML)
    assert (sent.status_code, sent.headers["location"]) == (303, "/")
    found = re.search(
        r'name="csrf-token" content="([0-9a-f]{64})"', client.get("/account", headers=HTML).text
    )
    assert found is not None
    return client, found[1]


def test_the_table_names_every_page() -> None:
    assert set(TABLE) | OPEN == set(PAGES)


def test_each_role_opens_what_the_table_says_and_nothing_else(browsers: Browsers) -> None:
    wrong = []
    for name, (allowed, asked) in TABLE.items():
        if name == "page_sign_out":
            continue  # it would end the sessions of this test; below
        for role in ROLES:
            status = browsers.ask(role, asked).status_code
            may = role in {LETTERS[one] for one in allowed}
            if (status == 403) == may or status >= 500:
                wrong.append(f"{name} as {role}: {status}")
    assert wrong == []


def test_nobody_is_sent_to_sign_in_and_comes_back_to_the_page(browsers: Browsers) -> None:
    for name, (_, asked) in TABLE.items():
        answer = browsers.ask(None, asked)
        assert answer.status_code == 303, name
        expected = (
            "/sign-in" if asked.startswith("POST") else f"/sign-in?next={asked[4:].format(**browsers.names)}"
        )
        assert answer.headers["location"].split("%3F")[0] == expected.split("?at", maxsplit=1)[0], name
    part = browsers.door.client.get("/help", headers={"HX-Request": "true"})
    assert (
        part.status_code == 401
    )  # a part of a page is told, so that the page can ask to sign in over itself


def test_no_form_is_taken_without_the_token_of_the_session(browsers: Browsers) -> None:
    for name, (allowed, asked) in TABLE.items():
        if asked.startswith("POST"):
            role = LETTERS[allowed[0]]
            other = browsers.tokens["payer" if role != "payer" else "auditor"]
            assert browsers.ask(role, asked, token=other).status_code == 403, name
            assert browsers.ask(role, asked, token="x").status_code == 403, name


def test_every_page_has_the_policy_and_no_script_or_style_within(browsers: Browsers) -> None:
    for name, (allowed, asked) in TABLE.items():
        if not asked.startswith("GET"):
            continue
        answer = browsers.ask(LETTERS[allowed[0]], asked)
        if answer.status_code != 200 or "text/html" not in answer.headers["content-type"]:
            continue
        if name == "page_paper":  # a paper shown within a page looks like itself and may do nothing at all
            assert "script" not in answer.headers["content-security-policy"]
            continue
        assert "script-src 'self'" in answer.headers["content-security-policy"], name
        assert "<style" not in answer.text and ' style="' not in answer.text, name
        assert not re.search(r"<script(?! src=\"/static/)", answer.text), name
        assert not re.search(r"\son[a-z]+=", answer.text), name


def test_sign_out_ends_the_session(browsers: Browsers) -> None:
    client, token = signed_in(browsers.door, "auditor")
    assert (
        client.post("/sign-out", data={"csrf_token": token}, headers=HTML).headers["location"] == "/sign-in"
    )
    assert client.get("/help", headers=HTML).headers["location"] == "/sign-in?next=/help"
