"""The walk in docs/api.md is run as it stands there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from apikit import NOW, PASSWORD, Door, TestClient
from argon2 import PasswordHasher

from discharge.casework.accounts import passwords, people
from discharge.casework.accounts.people import OPERATOR, NewAccount
from discharge.casework.storage.engine import Store

DOCS = Path(__file__).parents[2] / "docs/api.md"
BLOCK = re.compile(r"```http\n(.*?)```\n```answer\n(.*?)```", re.DOTALL)
NAME = re.compile(r"\{(\w+)\}")


class Names(dict[str, str]):
    """The values that answers gave; the first time a name is met in an answer, it takes the value there."""

    def put(self, text: str) -> str:
        """Put values in the place of names; JSON's braces are no names."""
        return NAME.sub(lambda found: self[found[1]], text)

    def fits(self, told: object, found: object, where: str = "$") -> None:
        """Hold an answer to what the page says of it: at least these fields, with these values."""
        if told == "...":
            assert found is not None, where
        elif isinstance(told, dict):
            assert isinstance(found, dict), where
            for name, one in told.items():
                assert name in found, f"{where}.{name} is not there: {sorted(found)}"
                self.fits(one, found[name], f"{where}.{name}")
        elif isinstance(told, list):
            assert isinstance(found, list) and len(found) == len(told), f"{where}: {found}"
            for place, one in enumerate(told):
                self.fits(one, found[place], f"{where}[{place}]")
        elif isinstance(told, str) and (name := NAME.fullmatch(told.strip('"'))):
            assert self.setdefault(name[1], str(found).strip('"')) == str(found).strip('"'), where
        else:
            assert found == told, where


def account(store: Store, login: str, name: str, **given: Any) -> None:
    with store.write() as connection:
        made = people.add(connection, NewAccount(login=login, name=name, **given), by=OPERATOR, now=NOW)
        kept = passwords.hashed(PASSWORD)
        people.set_password(connection, made.id, kept, by=OPERATOR, now=NOW)


def test_the_walk_is_true(sqlite_door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    door = sqlite_door
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    account(door.store, "ana@example.org", "Ana Diaz", roles=["case_manager"], credentials="RN")
    account(door.store, "kim@plan.example", "Kim Lo", roles=["payer"], payer_ids=["original_medicare"])
    client, names = TestClient(door.app, base_url="https://ur.example.org"), Names()
    steps = BLOCK.findall(DOCS.read_text(encoding="utf-8"))
    assert len(steps) == 11 and DOCS.read_text(encoding="utf-8").count("```http") == len(steps)
    for asked, told in steps:
        head, _, body = asked.partition("\n\n")
        line, *headers = names.put(head).strip().split("\n")
        method, path = line.split(" ")
        sent = dict(one.split(": ", 1) for one in headers)
        more = {"json": json.loads(body)} if body.strip() else {}
        answer = client.request(method, path, headers=sent, **more)
        status, *lines = told.strip().split("\n")
        assert answer.status_code == int(status), f"{line}: {answer.text[:500]}"
        for one in lines:
            if one.startswith("{"):
                names.fits(json.loads(one), answer.json(), line)
            else:
                name, _, value = one.partition(": ")
                names.fits(value, answer.headers[name], f"{line} {name}")
    client.close()
    kinds = [one["payload"]["kind"] for one in door.get(f"/cases/{door.case()}/events").json()["events"]]
    assert kinds[-3:] == ["note_added", "released", "payer_asked"]
