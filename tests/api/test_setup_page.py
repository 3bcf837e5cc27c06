"""The page behind a one-time link, as a browser without scripts uses it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from apikit import LATER, PASSWORD, TestClient
from argon2 import PasswordHasher
from fastapi import FastAPI

from discharge.api import auth
from discharge.api.auth.limits import RateLimit
from discharge.casework.accounts import links, passwords, people, signin
from discharge.casework.accounts.people import OPERATOR, NewAccount
from discharge.casework.storage.engine import Store, open_store

BASE = "https://ur.example.org"
GIVEN = {"login": "root@example.org", "name": "Rosa <Ott>", "password": PASSWORD, "again": PASSWORD}


class Page(HTMLParser):
    """What a browser sees: tags with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [given for name, given in self.tags if name == tag]

    def entry(self, name: str) -> dict[str, str | None]:
        return next(one for one in self.all("input") if one["name"] == name)

    def said_of(self, name: str) -> str:
        """What the element of that id says."""
        return str(self.entry(name).get("aria-describedby") or "")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "new.db") as found:
        yield found


@pytest.fixture
def client(_app: FastAPI, store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The application over a store in which nobody has an account yet."""
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    before = _app.state.auth
    _app.state.auth = replace(before, store=store, by_address=RateLimit(1000), now=lambda: LATER)
    with_cookies = TestClient(_app, base_url=BASE)
    yield with_cookies
    with_cookies.close()
    _app.state.auth = before


@pytest.fixture
def link(store: Store) -> str:
    found = auth.first_link(store, BASE, now=LATER)
    assert found is not None and found.startswith(f"{BASE}/setup?code=")
    return found


def code_of(link: str) -> str:
    return link.partition("code=")[2]


def sent(client: TestClient, code: str, **others: str) -> Any:
    return client.post("/setup", data={"code": code, **GIVEN, **others})


def test_the_link_opens_a_page_that_makes_the_administrator(
    client: TestClient, store: Store, link: str
) -> None:
    assert client.get(link).status_code == 200
    shown = client.get(link)  # to look at it, twice too, does not spend it
    page = Page(shown.text)
    assert shown.headers["content-type"] == "text/html; charset=utf-8"
    (form,) = page.all("form")
    assert (form["method"], form["action"]) == ("post", "/setup")
    done = sent(client, page.entry("code")["value"] or "")
    assert done.status_code == 200 and "root@example.org" in done.text and "discharge user add" in done.text
    with store.read() as connection:
        (account,) = people.listed(connection)
    assert (account.name, account.roles) == ("Rosa <Ott>", ("administrator",))
    assert signin.verify_password(store, "root@example.org", PASSWORD, now=LATER).id == account.id
    assert "set-cookie" not in done.headers and PASSWORD not in done.text
    for again in (client.get(link), sent(client, code_of(link), login="two")):
        assert again.status_code == 404 and "works once" in again.text


def test_a_page_has_no_script_or_style_of_its_own_and_a_policy_that_refuses_any(
    client: TestClient, link: str
) -> None:
    answer = client.get(link)
    policy = answer.headers["content-security-policy"]
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'"} <= set(
        policy.split("; ")
    )
    assert "unsafe" not in policy
    assert "<style" not in answer.text and "style=" not in answer.text
    for script in re.findall("<script(.*?)</script>", answer.text, re.DOTALL):
        assert re.fullmatch(r' src="/static/[0-9a-f]{12}/[a-z.]+" defer>', script)
    assert (
        answer.headers["cache-control"] == "no-store" and answer.headers["referrer-policy"] == "no-referrer"
    )


def test_every_entry_has_a_label_and_what_is_wrong_stands_beside_it(client: TestClient, link: str) -> None:
    page = Page(client.get(link).text)
    visible = [one for one in page.all("input") if one["type"] != "hidden"]
    assert {one["for"] for one in page.all("label")} == {one["id"] for one in visible}
    assert [one["autocomplete"] for one in visible] == ["username", "name", "new-password", "new-password"]
    wrong = sent(client, code_of(link), login=" ", password="short", again="other")
    page = Page(wrong.text)
    assert wrong.status_code == 422
    assert {name for name in GIVEN if page.entry(name).get("aria-invalid")} == {"login", "password"}
    assert page.said_of("login") == "login-hint login-fault" and 'id="login-fault"' in wrong.text
    assert {one["href"] for one in page.all("a")} == {"#login", "#password", "#main", "/"}
    assert page.entry("name")["value"] == "Rosa <Ott>"  # kept, and escaped
    assert not page.entry("password")["value"] and not page.entry("again")["value"]
    unlike = Page(sent(client, code_of(link), again="another password").text)
    assert unlike.entry("again").get("aria-invalid") and not unlike.entry("password").get("aria-invalid")
    too_long = sent(client, code_of(link), login="x" * 201)
    assert too_long.status_code == 422 and Page(too_long.text).entry("login").get("aria-invalid")
    assert sent(client, code_of(link)).status_code == 200  # nothing of that spent the link


def test_a_colleague_sets_the_password_of_the_account_that_the_link_is_for(
    client: TestClient, store: Store
) -> None:
    with store.write() as connection:
        account = people.add(connection, NewAccount(login="ana", name="Ana"), by=OPERATOR, now=LATER)
        secret = links.make_for(connection, account, now=LATER)
    page = Page(client.get(links.link_to("", secret)).text)
    assert "ana" in page.text
    assert [one["name"] for one in page.all("input")] == ["code", "password", "again"]
    done = sent(client, secret, login="somebody-else")  # the link says whose it is
    assert done.status_code == 200 and "ana" in done.text
    assert signin.verify_password(store, "ana", PASSWORD, now=LATER).login == "ana"


def test_links_that_do_not_hold_and_forms_that_are_none(client: TestClient, _app: FastAPI, link: str) -> None:
    for dead in ("/setup", "/setup?code=" + "x" * 43):
        assert client.get(dead).status_code == 404 and "does not work" in client.get(dead).text
    assert client.post("/setup", json=GIVEN).status_code == 415
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for content in (b"\xff=1", b"code=%FF", b"a=1&" * 1500):
        assert client.post("/setup", content=content, headers=form).status_code == 422, content
    assert client.post("/setup", content=b"code=" + b"x" * 10_000, headers=form).status_code == 413
    assert sent(client, code_of(link), login="a\0b").status_code == 422
    _app.state.auth = replace(_app.state.auth, by_address=RateLimit(1))
    client.get(link)
    slow = client.get(link)
    assert slow.status_code == 429 and int(slow.headers["retry-after"]) > 0 and "Too many tries" in slow.text
    later = LATER + timedelta(days=2)
    _app.state.auth = replace(_app.state.auth, by_address=RateLimit(1000), now=lambda: later)
    assert client.get(link).status_code == 404


def test_the_link_is_in_no_log(client: TestClient, link: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="discharge"):
        client.get(link)
        sent(client, code_of(link), again="no")
    assert "GET setup_page 200" in caplog.text and "POST set_up_by_page 422" in caplog.text
    assert code_of(link) not in caplog.text and "root@" not in caplog.text
