"""Accounts: added, changed, disabled; each change an event; passwords, failures and locks. On both databases."""

from __future__ import annotations

import re
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from discharge.casework import ledger
from discharge.casework.accounts import passwords, people, rights, signin
from discharge.casework.accounts.limits import LIMITS
from discharge.casework.accounts.model import Account
from discharge.casework.accounts.people import OPERATOR, AccountChange, NewAccount
from discharge.casework.events import Event
from discharge.casework.storage.engine import Store
from discharge.casework.storage.tables import ACCOUNTS
from discharge.errors import NotAllowedError, NotFoundError, NotSignedInError

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _quick_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing is slow on purpose; here it need not be."""
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def added(store: Store, now: datetime, login: str = "ana@example.org", **more: object) -> Account:
    new = NewAccount.model_validate({"login": login, "name": "Ana Diaz", "roles": ["case_manager"]} | more)
    with store.write() as connection:
        return people.add(connection, new, by=OPERATOR, now=now, password_hash=passwords.hashed(PASSWORD))


def told(store: Store) -> list[Event]:
    with store.read() as connection:
        return ledger.events_of(connection, "system")


def test_an_account_comes_back_as_it_was_added(store: Store, now: datetime) -> None:
    made = added(store, now, " Ana@Example.ORG ", units=["5W", "5W", "4E"], capacity=12, credentials="RN")
    with store.read() as connection:
        assert people.get(connection, made.id) == made
        assert people.find_login(connection, "ANA@example.org") == made
    assert (made.login, made.units, made.capacity) == ("ana@example.org", ("4E", "5W"), 12)
    assert made.actor().credentials == "RN" and made.actor().kind == "person"
    assert made.permissions == rights.PERMISSIONS["case_manager"]


def test_each_change_is_an_event_in_the_same_transaction(store: Store, now: datetime) -> None:
    made = added(store, now)
    with store.write() as connection:
        people.change(connection, made.id, AccountChange(roles=["supervisor"]), by=OPERATOR, now=now)
        people.set_password(connection, made.id, passwords.hashed("another long one"), by=OPERATOR, now=now)
        people.disable(connection, made.id, by=OPERATOR, now=now)
    payloads = [one.payload for one in told(store)]
    assert [one.what for one in payloads] == [
        "user_added",
        "user_changed",
        "password_changed",
        "user_disabled",
    ]
    assert {one.subject for one in payloads} == {made.id}
    assert [one.roles for one in payloads][:2] == [("case_manager",), ("supervisor",)]
    with pytest.raises(RuntimeError), store.write() as connection:
        people.change(connection, made.id, AccountChange(is_active=True), by=OPERATOR, now=now)
        raise RuntimeError
    assert len(told(store)) == 4


def test_no_event_holds_a_password_or_hash(store: Store, now: datetime) -> None:
    made = added(store, now)
    with store.read() as connection:
        kept = connection.execute(
            sa.select(ACCOUNTS.c.password_hash).where(ACCOUNTS.c.id == made.id)
        ).scalar_one()
    text = "".join(one.model_dump_json() for one in told(store))
    assert kept.startswith("$argon2id$") and PASSWORD not in kept
    assert PASSWORD not in text and kept not in text and "argon2" not in text


def test_a_login_is_one_accounts_alone(store: Store, now: datetime) -> None:
    added(store, now)
    with pytest.raises(NotAllowedError, match="another account"):
        added(store, now, "ANA@EXAMPLE.ORG")
    assert len(told(store)) == 1


def test_what_does_not_go_together_is_refused(store: Store, now: datetime) -> None:
    for given, said in (
        ({"roles": ["payer"]}, "without a payer profile"),
        ({"roles": ["payer", "case_manager"], "payer_ids": ["x"]}, "beside another role"),
        ({"roles": ["case_manager"], "payer_ids": ["x"]}, "not a payer's user"),
        ({"login": "two words"}, "spaces"),
    ):
        with pytest.raises(NotAllowedError, match=said):
            added(store, now, **given)
    assert told(store) == []


def test_the_last_administrator_stays(store: Store, now: datetime) -> None:
    first = added(store, now, "first", roles=["administrator"])
    second = added(store, now, "second", roles=["administrator"])
    with store.write() as connection:
        people.disable(connection, second.id, by=OPERATOR, now=now)
    for change in (AccountChange(is_active=False), AccountChange(roles=["auditor"])):
        with pytest.raises(NotAllowedError, match="last administrator"), store.write() as connection:
            people.change(connection, first.id, change, by=OPERATOR, now=now)
    with store.write() as connection:
        assert (
            people.change(connection, first.id, AccountChange(name="Other"), by=OPERATOR, now=now).name
            == "Other"
        )


def test_two_administrators_cannot_disable_each_other_at_once(store: Store, now: datetime) -> None:
    accounts = [added(store, now, login, roles=["administrator"]) for login in ("first", "second")]
    together = threading.Barrier(2)
    refused: list[NotAllowedError] = []

    def disable(account: Account) -> None:
        together.wait()
        try:
            with store.write() as connection:
                people.disable(connection, account.id, by=OPERATOR, now=now)
        except NotAllowedError as error:
            refused.append(error)

    threads = [threading.Thread(target=disable, args=[one]) for one in accounts]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with store.read() as connection:
        assert [one.is_active for one in people.listed(connection)].count(True) == 1
    assert len(refused) == 1


def test_an_unknown_account_is_not_found(store: Store, now: datetime) -> None:
    with pytest.raises(NotFoundError), store.write() as connection:
        people.disable(connection, "nobody", by=OPERATOR, now=now)


def test_a_right_password_signs_in_whatever_the_spelling_of_the_login(store: Store, now: datetime) -> None:
    made = added(store, now)
    assert signin.verify_password(store, "Ana@example.org", PASSWORD, now=now).id == made.id


def refusal(store: Store, login: str, password: str, now: datetime) -> str:
    with pytest.raises(NotSignedInError) as caught:
        signin.verify_password(store, login, password, now=now)
    return str(caught.value)


def test_every_refusal_reads_the_same(store: Store, now: datetime) -> None:
    made = added(store, now)
    said = {refusal(store, "nobody@example.org", PASSWORD, now), refusal(store, made.login, "wrong", now)}
    for _ in range(LIMITS.failures):
        said.add(refusal(store, made.login, "wrong", now))
    said.add(refusal(store, made.login, PASSWORD, now))  # locked by now
    with store.write() as connection:
        people.disable(connection, made.id, by=OPERATOR, now=now)
    said.add(refusal(store, made.login, PASSWORD, now))
    assert len(said) == 1


def test_an_unknown_login_costs_a_hash_like_a_known_one(
    store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(store, now)
    added(store, now, "machine")
    with store.write() as connection:
        connection.execute(
            sa.update(ACCOUNTS).where(ACCOUNTS.c.login == "machine").values(password_hash=None)
        )
    counted: list[str] = []
    hasher = passwords.HASHER

    class Counting:
        def __getattr__(self, name: str) -> object:
            return getattr(hasher, name)

        def verify(self, kept: str, password: str) -> bool:
            counted.append(kept)
            return hasher.verify(kept, password)

    monkeypatch.setattr(passwords, "HASHER", Counting())
    for login in ("ana@example.org", "nobody", "machine"):
        refusal(store, login, "not the password", now)
    assert len(counted) == 3 and all(one.startswith("$argon2id$v=19$m=8,t=1,p=1$") for one in counted)


def test_failures_lock_and_the_lock_ends(store: Store, now: datetime) -> None:
    made = added(store, now)
    for _ in range(LIMITS.failures - 1):
        refusal(store, made.login, "wrong", now)
    signin.verify_password(store, made.login, PASSWORD, now=now)  # clears the count
    for _ in range(LIMITS.failures):
        refusal(store, made.login, "wrong", now)
    refusal(store, made.login, PASSWORD, now + LIMITS.lock - timedelta(microseconds=1))
    assert signin.verify_password(store, made.login, PASSWORD, now=now + LIMITS.lock).id == made.id
    with store.read() as connection:
        assert people.get(connection, made.id).locked_until is None


def test_failures_side_by_side_are_each_counted(store: Store, now: datetime) -> None:
    made = added(store, now)
    together = threading.Barrier(LIMITS.failures)

    def fail() -> None:
        together.wait()
        refusal(store, made.login, "wrong", now)

    threads = [threading.Thread(target=fail) for _ in range(LIMITS.failures)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with store.read() as connection:
        assert people.get(connection, made.id).locked_until == now + LIMITS.lock


def test_a_new_password_unlocks(store: Store, now: datetime) -> None:
    made = added(store, now)
    for _ in range(LIMITS.failures):
        refusal(store, made.login, "wrong", now)
    with store.write() as connection:
        people.set_password(connection, made.id, passwords.hashed("a brand new one"), by=OPERATOR, now=now)
    assert signin.verify_password(store, made.login, "a brand new one", now=now).id == made.id
    refusal(store, made.login, PASSWORD, now)


def test_a_hash_is_made_again_when_parameters_change(
    store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = added(store, now)
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher())
    refusal(store, made.login, "wrong", now)
    question = sa.select(ACCOUNTS.c.password_hash).where(ACCOUNTS.c.id == made.id)
    with store.read() as connection:
        assert "m=8," in connection.execute(question).scalar_one()
    signin.verify_password(store, made.login, PASSWORD, now=now)
    with store.read() as connection:
        kept = connection.execute(question).scalar_one()
    assert kept.startswith("$argon2id$") and "m=65536,t=3,p=4" in kept
    signin.verify_password(store, made.login, PASSWORD, now=now)


@pytest.mark.parametrize(("length", "fits"), [(11, False), (12, True), (200, True), (201, False)])
def test_a_password_has_its_length(length: int, fits: bool) -> None:
    if fits:
        assert passwords.is_right("x" * length, passwords.hashed("x" * length))
        return
    with pytest.raises(NotAllowedError) as caught:
        passwords.hashed("Q" * length)
    assert "Q" * length not in str(caught.value)


def test_a_password_counts_whatever_the_keyboard() -> None:
    assert passwords.is_right("cafe\u0301 au lait noir", passwords.hashed("caf\u00e9 au lait noir"))


def test_roles_have_the_rights_that_the_house_wrote_down() -> None:
    manager = {"cases:read", "cases:write", "evaluate", "rules:read"}
    assert {role: set(given) for role, given in rights.PERMISSIONS.items()} == {
        "case_manager": manager,
        "physician_advisor": manager | {"advisor:write"},
        "supervisor": manager | {"assign:write", "reports:read"},
        "payer": {"released:read", "released:write"},
        "auditor": {"cases:read", "audit:read", "reports:read", "rules:read"},
        "administrator": {"accounts:write", "rules:read", "feeds:write", "audit:read"},
    }
    assert rights.permission_to_write("advisor_decided") == "advisor:write"
    assert rights.permission_to_write("note_added") == "cases:write"


def test_a_disabled_account_has_no_rights(store: Store, now: datetime) -> None:
    made = added(store, now)
    with store.write() as connection:
        assert people.disable(connection, made.id, by=OPERATOR, now=now).permissions == frozenset()


def test_the_guide_shows_the_rights_and_numbers_that_hold() -> None:
    guide = Path(__file__).resolve().parents[2] / "docs" / "accounts.md"
    if not guide.is_file():
        pytest.skip("the guide is in the checkout alone")
    text = guide.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", text, re.MULTILINE)
    assert {role: set(given.replace("`", "").split()) for role, given in rows} == {
        role: set(given) for role, given in rights.PERMISSIONS.items()
    }
    minutes, hours = timedelta(minutes=1), timedelta(hours=1)
    for said in (
        f"at least {LIMITS.password_least} characters",
        f"After {LIMITS.failures} wrong passwords",
        f"locked for {LIMITS.lock // minutes} minutes",
        f"lasts {LIMITS.session_life // hours} hours at most and ends after {LIMITS.session_idle // minutes} minutes",
    ):
        assert said in text
