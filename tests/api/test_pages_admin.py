"""The administrator's pages: people, feeds, rules, editions, audit; and what every page shares."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from apikit import LATER, NOW, PASSWORD, ZONE, Door, Seed, TestClient
from argon2 import PasswordHasher
from httpx import Response

from discharge.api.app import create_app
from discharge.api.settings import ServeSettings
from discharge.casework.accounts import passwords, people
from discharge.casework.library import Library
from discharge.casework.storage.engine import Store
from discharge.resources import data_folder

pytestmark = pytest.mark.content
HTML = {"Accept": "text/html"}
BASE = "http://127.0.0.1:8400"


class Browser:
    """Somebody signed in, as a browser: cookies, HTML, and the session's token with every form."""

    def __init__(self, door: Door, role: str) -> None:
        self.client = TestClient(door.app, base_url=BASE, follow_redirects=False)
        assert self.post("/sign-in", login=role, password=PASSWORD).status_code == 303
        found = re.search(r'csrf-token" content="([0-9a-f]{64})"', self.get("/account").text)
        assert found is not None
        self.token = found[1]

    def get(self, path: str) -> Response:
        return self.client.get(path, headers=HTML)

    def post(self, path: str, **data: Any) -> Response:
        given = {"csrf_token": getattr(self, "token", ""), **data}
        return self.client.post(path, data=given, headers=HTML)


@pytest.fixture
def door(_seeded_sqlite: tuple[str, Seed], library: Library, tmp_path: Path) -> Iterator[Door]:
    source, seed = _seeded_sqlite
    file = tmp_path / "store.db"
    shutil.copy(source, file)
    folders = {"rules": data_folder("rules"), "payers": data_folder("payer_profiles")}
    settings = ServeSettings(zone=ZONE, database=file, refresh_seconds=None, clock=lambda: LATER, **folders)
    app = create_app(settings, library=library)
    with TestClient(app, base_url=BASE, follow_redirects=False) as client:
        yield Door(app, client, str(file), seed)
    app.state.desk.store.close()


@pytest.fixture
def root(door: Door) -> Browser:
    return Browser(door, "administrator")


def _account(store: Store, login: str) -> Any:
    with store.read() as connection:
        return people.find_login(connection, login)


def test_an_account_is_added_changed_linked_and_disabled(
    door: Door, root: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    added = root.post(
        "/admin/people", login="Ana@x.org", name="Ana <Diaz>", roles="case_manager", units="4W\n5W"
    )
    account = _account(door.store, "ana@x.org")
    assert added.headers["location"] == f"/admin/people/{account.id}?done=person_added.0"
    assert (account.roles, account.units) == (("case_manager",), ("4W", "5W"))
    page = root.get(added.headers["location"]).text
    assert "Ana &lt;Diaz&gt;" in page and "make a one-time link" in page
    path = f"/admin/people/{account.id}"
    link = re.search(r"/setup\?code=([\w.-]+)", root.post(f"{path}/link").text)
    assert link is not None
    opened = door.client.post(
        "/setup",
        data={"code": link[1], "password": "four words are better", "again": "four words are better"},
    )
    assert opened.status_code == 200 and _account(door.store, "ana@x.org").has_password
    changed = root.post(path, name="Ana Diaz", roles=["case_manager", "supervisor"], capacity="30")
    assert changed.status_code == 303
    assert _account(door.store, "ana@x.org").roles == ("case_manager", "supervisor")
    assert (_account(door.store, "ana@x.org").units, _account(door.store, "ana@x.org").capacity) == ((), 30)
    assert root.post(f"{path}/active", is_active="false").status_code == 303
    assert not _account(door.store, "ana@x.org").is_active
    assert "disabled" in root.get("/admin/people").text


def test_what_is_wrong_with_an_account_is_said_at_its_entry_and_nothing_changes(
    door: Door, root: Browser
) -> None:
    wrong = root.post("/admin/people", login="payer", name="")
    assert wrong.status_code == 422 and 'id="name-fault"' in wrong.text
    taken = root.post("/admin/people", login="payer", name="Other")
    assert taken.status_code == 422 and "another account has this login" in taken.text.lower()
    mixed = root.post("/admin/people", login="two", name="Two", roles=["payer", "case_manager"])
    assert mixed.status_code == 422 and _account(door.store, "two") is None
    own = door.seed.accounts["administrator"]
    last = root.post(f"/admin/people/{own}/active", is_active="false")
    assert last.status_code == 422 and _account(door.store, "administrator").is_active
    assert root.get("/admin/people/nobody").status_code == 404


def test_feeds_are_told_in_numbers(root: Browser) -> None:
    page = root.get("/admin/feeds").text
    assert "taken in" in page and "Mon Jun 15, 2026 07:00 EDT" in page
    assert "not known yet: fewer than three feeds" in page


def test_rules_and_payers_are_shown_in_words(root: Browser) -> None:
    page = root.get("/rules").text
    assert "/rules/conditions" in page and "/payers/original_medicare" in page
    file = root.get("/rules/conditions/heart_failure").text
    assert "Supports admission" in file and "tested by 0" not in file and "&lt;a id" not in file
    for href in set(re.findall(r'href="(/rules/[^"#]+)', file)):
        assert root.get(href).status_code == 200, href
    for anchor in set(re.findall(r'href="#([^"]+)', file)):
        assert f'id="{anchor}"' in file, anchor
    payer = root.get("/payers/example_ma_plan").text
    assert "no real payer has this policy" in payer and "prior authorization standard" in payer
    assert root.get("/payers/none").status_code == 404


def test_a_candidate_edition_is_compared_and_tried_before_it_is_switched_on(
    door: Door, root: Browser, tmp_path: Path
) -> None:
    payers = tmp_path / "next" / "payer_profiles"
    shutil.copytree(data_folder("payer_profiles"), payers)
    profile = payers / "original_medicare.yaml"
    text = profile.read_text("utf-8")
    profile.write_text(
        text.replace("title: Original Medicare", "title: Original Medicare of next year"), "utf-8"
    )
    assert "Only one edition is known" in root.get("/rules/change").text
    desk = door.app.state.desk
    door.app.state.desk = replace(desk, settings=replace(desk.settings, next_payers=payers))
    page = root.get("/rules/change").text
    assert "payers/original_medicare.yaml" in page and "Original Medicare of next year" in page
    events = _head(door)
    done = root.post("/rules/change", before="loaded", after="next").text
    assert re.search(r"\d+ patients, the most urgent first, were reviewed with both\. 0 of them", done)
    assert _head(door) == events  # nothing was recorded
    profile.write_text("id: [", "utf-8")
    broken = root.get("/rules/change")
    assert (
        broken.status_code == 200
        and "can&#39;t be loaded" in broken.text
        and "original_medicare.yaml" in broken.text
    )


def _head(door: Door) -> Any:
    return door.get("/audit/head", "auditor").json()


def test_the_audit_page_proves_the_ledger_and_shows_who_read_what(door: Door, root: Browser) -> None:
    door.get(f"/cases/{door.case()}", "case_manager")
    door.get(f"/cases/{door.case()}", "payer")
    page = root.get("/admin/audit").text
    assert _head(door)["hash"] in page and door.case()[:8] in page and "refused" in page
    assert f"/cases/{door.case()}" not in page  # an administrator can't open it
    assert f"/cases/{door.case()}" in Browser(door, "auditor").get("/admin/audit").text
    only = root.get(f"/admin/audit?account_id={door.seed.accounts['payer']}&outcome=refused").text
    assert only.count("✗ refused") == 1
    checked = root.post("/admin/audit/check").text
    assert f"All {_head(door)['seq']} events were read" in checked


def test_a_password_is_changed_and_other_browsers_are_signed_out(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    one, other = Browser(door, "auditor"), Browser(door, "auditor")
    new = "another long password"
    assert "not your present password" in one.post("/account/password", old="x", new=new, again=new).text
    assert "not the same" in one.post("/account/password", old=PASSWORD, new=new, again="y").text
    assert one.post("/account/password", old=PASSWORD, new="short", again="short").status_code == 422
    assert "is changed" in one.post("/account/password", old=PASSWORD, new=new, again=new).text
    assert one.get("/account").status_code == 200
    assert other.get("/account").headers["location"] == "/sign-in?next=/account"


def test_a_form_is_written_once_faults_stay_in_the_form_and_a_change_meanwhile_is_told(door: Door) -> None:
    nurse = Browser(door, "case_manager")
    case, key = door.case(), "a" * 32
    version = door.app.state.desk.casework.case(case).version
    note = {
        "kind": "note_added",
        "form": "note",
        "back": f"/cases/{case}#notes",
        "key": key,
        "version": version,
    }
    empty = nurse.client.post(
        f"/cases/{case}/record",
        data={**note, "text": " ", "csrf_token": nurse.token},
        headers={"HX-Request": "true"},
    )
    assert empty.status_code == 422 and 'data-entry="note-text"' in empty.text
    for _ in range(2):
        done = nurse.post(f"/cases/{case}/record", **note, text="Daughter comes at three.")
        assert done.headers["location"] == f"/cases/{case}?done=note_added.{version + 1}#notes"
    events = door.app.state.desk.casework.events(case, version)
    assert [one.payload.text for one in events] == ["Daughter comes at three."]
    late = nurse.post(f"/cases/{case}/record", **{**note, "key": "b" * 32}, text="Mine too.")
    assert late.status_code == 412 and "The case_manager: note added" in late.text
    assert f'value="{version + 1}"' in late.text  # sent again, it fits
    elsewhere = nurse.post(
        f"/cases/{case}/record",
        **{**note, "key": "c" * 32, "version": version + 1, "back": "//evil.example/"},
        text="Once more.",
    )
    assert elsewhere.headers["location"].startswith(f"/cases/{case}?done=")


def test_nobody_is_sent_to_a_stranger_after_signing_in(door: Door) -> None:
    for after in ("//evil.example/", "/\\evil.example", "https://evil.example/"):
        answer = door.client.post("/sign-in", data={"login": "auditor", "password": PASSWORD, "next": after})
        assert answer.headers["location"] == "/"


def test_tries_to_sign_in_are_limited_and_told(door: Door) -> None:
    for _ in range(30):
        answer = door.client.post("/sign-in", data={"login": "auditor", "password": "wrong"}, headers=HTML)
        if answer.status_code == 429:
            break
    assert (
        answer.status_code == 429
        and "Too many tries" in answer.text
        and int(answer.headers["retry-after"]) > 0
    )


def test_styles_and_scripts_are_kept_by_the_browser_and_no_other_file_is_given(door: Door) -> None:
    page = door.client.get("/sign-in", headers=HTML).text
    for path in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        found = door.client.get(path)
        assert found.status_code == 200 and "immutable" in found.headers["cache-control"]
    for path in ("/static/x/..%2f..%2fpyproject.toml", "/static/x/htmx.LICENSE.txt", "/static/x/none.css"):
        assert door.client.get(path).status_code == 404


def test_a_feed_later_than_usual_is_told(door: Door) -> None:
    from discharge.api.pages.admin.feeds import usual_gap

    hours = [NOW - timedelta(hours=one) for one in (1, 2, 3, 9)]
    assert usual_gap(hours) == timedelta(hours=1)
    assert usual_gap(hours[:2]) is None
