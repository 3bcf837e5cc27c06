"""The pages without a browser: a signed-in client that sends forms as a person's browser does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from apikit import PASSWORD, Door, TestClient
from httpx import Response


@dataclass
class Browser:
    """Somebody signed in with a browser."""

    client: TestClient
    token: str = ""

    def get(self, path: str, **headers: str) -> Response:
        return self.client.get(path, headers={"Accept": "text/html", **headers})

    def post(self, path: str, *, htmx: bool = False, **entries: Any) -> Response:
        headers = {"Accept": "text/html"} | ({"HX-Request": "true"} if htmx else {})
        return self.client.post(path, data={"csrf_token": self.token, **entries}, headers=headers)


def browser(door: Door, login: str) -> Browser:
    """Sign in as a person does."""
    client = TestClient(door.app, base_url="http://127.0.0.1:8400", follow_redirects=False)
    one = Browser(client)
    answer = one.post("/sign-in", login=login, password=PASSWORD, next="/account")
    assert answer.status_code == 303, answer.text
    one.token = re.search(r'csrf-token" content="([^"]+)"', one.get("/account").text)[1]  # type: ignore[index]
    return one


def sent(page: str, form: str) -> dict[str, str]:
    """Return the entries of a form as the page fills them in."""
    body = re.search(rf'<form[^>]* id="{form}".*?</form>', page, re.DOTALL)
    assert body is not None, f"the page has no form {form}"
    found = {}
    for tag in re.findall(r"<input[^>]*>", body[0]):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name is not None:
            found[name[1]] = value[1] if value is not None else ""
    return {name: value for name, value in found.items() if name != "csrf_token"}
