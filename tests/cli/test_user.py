"""`discharge user`: accounts, links and tokens from the command line; a password is never an argument."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from authkit import PASSWORD, QUICK, new_store, told

from discharge.casework.accounts import links, passwords, people, signin, tokens
from discharge.cli import main


@pytest.fixture(autouse=True)
def _quick_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASHER", QUICK)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    new_store(tmp_path).close()
    monkeypatch.setenv("DISCHARGE_DATABASE", str(tmp_path / "auth.db"))
    return tmp_path


def now() -> datetime:
    return datetime.now(UTC)


def run(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(["user", *arguments]) == code
    said = capsys.readouterr()
    return said.out if code == 0 else said.err


def add(capsys: pytest.CaptureFixture[str], *more: str, login: str = "ana") -> str:
    return run(capsys, "add", login, "--name", "Ana Diaz", "--role", "case_manager", *more)


def test_an_account_is_added_with_a_password_from_standard_input(
    database: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    shown = json.loads(
        add(capsys, "--password", "--unit", "5W", "--credentials", "RN", "--capacity", "9", "--json")
    )
    assert (shown["login"], shown["units"], shown["capacity"]) == ("ana", ["5W"], 9)
    with new_store_at(database) as store:
        assert signin.verify_password(store, "ana", PASSWORD, now=now()).id == shown["account_id"]
        assert told(store) == ["user_added"]
    assert PASSWORD not in json.dumps(shown)


def new_store_at(folder: Path) -> object:
    from discharge.casework.storage.engine import open_store

    return open_store(folder / "auth.db")


def test_a_short_password_is_refused_and_not_repeated(
    database: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("hunter2\n"))
    said = run(capsys, "add", "ana", "--name", "A", "--role", "auditor", "--password", code=16)
    assert "too short" in said and "hunter2" not in said
    assert run(capsys, "list") == ""


def test_no_option_takes_a_password(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run(capsys, "add", "ana", "--name", "A", "--role", "auditor", f"--password={PASSWORD}", code=2)
    assert PASSWORD not in said


def test_accounts_are_listed_and_disabled(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add(capsys)
    assert "disabled" not in run(capsys, "list")
    assert run(capsys, "disable", "ANA").rstrip().endswith("ana disabled")
    assert "disabled" in run(capsys, "list")
    assert json.loads(run(capsys, "list", "--json"))[0]["is_active"] is False
    assert "no account has this login" in run(capsys, "disable", "bo", code=14)


def test_a_link_sets_a_password_or_makes_the_first_administrator(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = run(capsys, "link", "--public-url", "https://ur.example.org/").strip()
    assert first.startswith("https://ur.example.org/setup?code=")
    add(capsys)
    assert "accounts already" in run(capsys, "link", code=2)
    secret = run(capsys, "link", "ana").strip().partition("code=")[2]
    with new_store_at(database) as store:
        links.set_up(store, secret, PASSWORD, login=None, name=None, now=now())
        assert signin.verify_password(store, "ana", PASSWORD, now=now()).login == "ana"
        assert told(store) == ["user_added", "link_issued", "setup_link_used", "password_changed"]


def test_a_token_is_printed_once(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add(capsys)
    written = run(capsys, "token", "ana", "--scope", "cases:read", "--days", "7").strip()
    with new_store_at(database) as store, store.read() as connection:
        token, account = tokens.find(connection, written, now=now()) or pytest.fail("not found")
        assert account.login == "ana" and token.scopes == {"cases:read"}
        assert token.expires_at is not None and (token.expires_at - token.created_at).days == 7
        assert people.listed(connection)[0].has_password is False
    assert "no right to audit:read" in run(capsys, "token", "ana", "--scope", "audit:read", code=16)
    assert "--scope" in run(capsys, "token", "ana", "--scope", "all", code=2)
    assert "--role" in run(capsys, "add", "bo", "--name", "Bo", "--role", "nurse", code=2)
    assert "payer profile" in run(capsys, "add", "bo", "--name", "Bo", "--role", "payer", code=16)
