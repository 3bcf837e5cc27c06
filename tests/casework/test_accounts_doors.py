"""Sessions, API tokens, one-time links and the access log. On both databases."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from discharge.casework import ledger
from discharge.casework.accounts import access, links, passwords, people, sessions, tokens
from discharge.casework.accounts.access import Asked
from discharge.casework.accounts.limits import LIMITS
from discharge.casework.accounts.model import Account
from discharge.casework.accounts.people import OPERATOR, AccountChange, NewAccount
from discharge.casework.storage.engine import Store
from discharge.casework.storage.tables import LINKS, SESSIONS, TOKENS
from discharge.errors import NotAllowedError, NotFoundError, NotSignedInError

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

IDLE, LIFE = timedelta(minutes=30), timedelta(hours=12)
TICK = timedelta(microseconds=1)


@pytest.fixture(autouse=True)
def _quick_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def ana(store: Store, now: datetime) -> Account:
    with store.write() as connection:
        new = NewAccount(login="ana", name="Ana Diaz", roles=["case_manager"])
        return people.add(connection, new, by=OPERATOR, now=now)


def started(store: Store, account: Account, now: datetime) -> str:
    with store.write() as connection:
        return sessions.start(connection, account.id, life=LIFE, now=now)


# --- sessions ---------------------------------------------------------------------------------------------------


def test_a_session_is_kept_as_a_hash_and_found_by_its_secret(
    store: Store, now: datetime, ana: Account
) -> None:
    secret = started(store, ana, now)
    session, account = sessions.find(store, secret, idle=IDLE, now=now) or pytest.fail("not found")
    assert account == ana and session.ends_at == now + IDLE
    with store.read() as connection:
        row = connection.execute(sa.select(SESSIONS)).mappings().one()
    assert secret not in {row["id_hash"], row["csrf_hash"]} and len(secret) >= 43
    assert sessions.csrf_token(secret) not in row.values()
    assert sessions.find(store, secret + "x", idle=IDLE, now=now) is None


def test_a_session_ends_when_idle_and_in_any_case_after_its_life(
    store: Store, now: datetime, ana: Account
) -> None:
    secret = started(store, ana, now)
    assert sessions.find(store, secret, idle=IDLE, now=now + IDLE - TICK) is not None  # seen: lives on
    busy, moment = started(store, ana, now), now
    while moment < now + LIFE:
        assert sessions.find(store, busy, idle=IDLE, now=moment) is not None
        moment += timedelta(minutes=20)
    assert sessions.find(store, busy, idle=IDLE, now=now + LIFE) is None
    idle = started(store, ana, now)
    assert sessions.find(store, idle, idle=IDLE, now=now + IDLE) is None


def test_a_session_ends_with_its_account_and_with_a_new_password(
    store: Store, now: datetime, ana: Account
) -> None:
    secret, other = started(store, ana, now), started(store, ana, now)
    kept = passwords.digest(other)
    with store.write() as connection:
        people.set_password(
            connection, ana.id, passwords.hashed("twelve letters"), by=OPERATOR, now=now, keep=kept
        )
    assert sessions.find(store, secret, idle=IDLE, now=now) is None
    assert sessions.find(store, other, idle=IDLE, now=now) is not None
    with store.write() as connection:
        people.disable(connection, ana.id, by=OPERATOR, now=now)
        people.change(connection, ana.id, AccountChange(is_active=True), by=OPERATOR, now=now)
    assert sessions.find(store, other, idle=IDLE, now=now) is None  # it does not come back


def test_a_change_of_rights_holds_at_once(store: Store, now: datetime, ana: Account) -> None:
    secret = started(store, ana, now)
    with store.write() as connection:
        people.change(connection, ana.id, AccountChange(roles=["auditor"]), by=OPERATOR, now=now)
    _, account = sessions.find(store, secret, idle=IDLE, now=now) or pytest.fail("not found")
    assert account.roles == ("auditor",)


def test_a_csrf_token_belongs_to_its_session(store: Store, now: datetime, ana: Account) -> None:
    one, two = started(store, ana, now), started(store, ana, now)
    session, _ = sessions.find(store, one, idle=IDLE, now=now) or pytest.fail("not found")
    assert sessions.is_csrf(session, sessions.csrf_token(one))
    assert not sessions.is_csrf(session, sessions.csrf_token(two))
    assert not sessions.is_csrf(session, None) and not sessions.is_csrf(session, "")


# --- tokens -----------------------------------------------------------------------------------------------------


def issued(store: Store, account: Account, now: datetime, **more: object) -> tuple[str, str]:
    with store.write() as connection:
        token, written = tokens.issue(
            connection, account, name="feed", scopes=["cases:read"], by=OPERATOR, now=now, **more
        )
    return token.id, written


def is_found(store: Store, written: str, now: datetime) -> bool:
    with store.read() as connection:
        return tokens.find(connection, written, now=now) is not None


def test_a_token_is_shown_once_and_kept_as_a_hash(store: Store, now: datetime, ana: Account) -> None:
    token_id, written = issued(store, ana, now)
    assert written.startswith(f"dsc_{token_id}_")
    secret = written.removeprefix(f"dsc_{token_id}_")
    with store.read() as connection:
        row = connection.execute(sa.select(TOKENS)).mappings().one()
        token, account = tokens.find(connection, written, now=now) or pytest.fail("not found")
        told = ledger.events_of(connection, "system")[-1]
    assert secret not in str(dict(row)) and secret not in told.model_dump_json()
    assert account == ana and token.scopes == {"cases:read"}
    assert (told.payload.what, told.payload.scopes) == ("token_issued", ("cases:read",))
    assert told.payload.expires_at == token.expires_at == now + LIMITS.token_life


def test_a_spoilt_token_is_none(store: Store, now: datetime, ana: Account) -> None:
    _, written = issued(store, ana, now)
    assert is_found(store, written, now)
    for spoilt in ("", "dsc", "dsc__", "Bearer x", "{}x", "xyz_{}", "dsc_0000000000000000_{}"):
        assert not is_found(store, spoilt.format(written), now), spoilt


def test_a_token_ends_by_time_by_revocation_and_with_its_account(
    store: Store, now: datetime, ana: Account
) -> None:
    ends = now + timedelta(days=1)
    _, short = issued(store, ana, now, expires_at=ends)
    assert is_found(store, short, ends - TICK) and not is_found(store, short, ends)
    revoked_id, revoked = issued(store, ana, now)
    with store.write() as connection:
        assert tokens.revoke(connection, revoked_id, by=OPERATOR, now=now).revoked_at == now
        tokens.revoke(connection, revoked_id, by=OPERATOR, now=ends)
        events = [one.payload.what for one in ledger.events_of(connection, "system")]
        assert tokens.get(connection, revoked_id).revoked_at == now
    assert not is_found(store, revoked, now) and events.count("token_revoked") == 1
    with store.write() as connection:
        people.disable(connection, ana.id, by=OPERATOR, now=now)
    assert not is_found(store, short, now)


def test_a_token_can_be_given_no_more_than_its_account_has(store: Store, now: datetime, ana: Account) -> None:
    for scopes, said in (
        ([], "at least one"),
        (["accounts:write"], "no right to accounts:write"),
        (["all"], "no such scope"),
    ):
        with pytest.raises(NotAllowedError, match=said), store.write() as connection:
            tokens.issue(connection, ana, name="x", scopes=scopes, by=OPERATOR, now=now)  # type: ignore[arg-type]
    with pytest.raises(NotAllowedError, match="expires_at"):
        issued(store, ana, now, expires_at=now)
    with store.read() as connection:
        assert tokens.listed(connection) == []


# --- one-time links ---------------------------------------------------------------------------------------------


def test_the_first_administrator_is_made_once(store: Store, now: datetime) -> None:
    lost = links.make_first(store, now=now) or pytest.fail("no link")
    secret = links.make_first(store, now=now) or pytest.fail("no link")
    with pytest.raises(NotSignedInError):
        links.set_up(store, lost, "twelve letters", login="root", name="Root", now=now)
    with pytest.raises(NotAllowedError, match="too short"):
        links.set_up(store, secret, "short", login="root", name="Root", now=now)
    with pytest.raises(NotAllowedError, match="login"):
        links.set_up(store, secret, "twelve letters", login=None, name="Root", now=now)
    made = links.set_up(store, secret, "twelve letters", login="root", name="Root", now=now)
    assert made.roles == ("administrator",) and made.has_password
    with pytest.raises(NotSignedInError, match="used before"):
        links.set_up(store, secret, "twelve letters", login="again", name="Again", now=now)
    assert links.make_first(store, now=now) is None
    with store.read() as connection:
        assert len(people.listed(connection)) == 1
        events = ledger.events_of(connection, "system")
        kept = [dict(row) for row in connection.execute(sa.select(LINKS)).mappings()]
    assert [one.payload.what for one in events] == ["user_added", "setup_link_used"]
    assert secret not in str(kept) and all(secret not in one.model_dump_json() for one in events)


def test_a_link_used_by_two_at_once_makes_one_administrator(store: Store, now: datetime) -> None:
    secret = links.make_first(store, now=now) or pytest.fail("no link")
    together = threading.Barrier(4)
    outcomes: list[str] = []

    def use(number: int) -> None:
        together.wait()
        try:
            made = links.set_up(store, secret, "twelve letters", login=f"root{number}", name="R", now=now)
            outcomes.append(made.login)
        except NotSignedInError:
            outcomes.append("refused")

    threads = [threading.Thread(target=use, args=[number]) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert outcomes.count("refused") == 3
    with store.read() as connection:
        assert len(people.listed(connection)) == 1


def test_a_first_link_does_not_hold_once_there_is_an_account(store: Store, now: datetime) -> None:
    secret = links.make_first(store, now=now) or pytest.fail("no link")
    with store.write() as connection:
        people.add(connection, NewAccount(login="ana", name="Ana"), by=OPERATOR, now=now)
    with pytest.raises(NotSignedInError, match="accounts already"):
        links.set_up(store, secret, "twelve letters", login="root", name="Root", now=now)
    with store.read() as connection:
        assert [one.login for one in people.listed(connection)] == ["ana"]


def test_a_link_expires(store: Store, now: datetime) -> None:
    secret = links.make_first(store, now=now) or pytest.fail("no link")
    late = now + LIMITS.link_life
    with pytest.raises(NotSignedInError):
        links.set_up(store, secret, "twelve letters", login="root", name="Root", now=late)
    assert links.set_up(store, secret, "twelve letters", login="root", name="Root", now=late - TICK).is_active


def test_a_link_sets_the_password_of_its_account_once(store: Store, now: datetime, ana: Account) -> None:
    with store.write() as connection:
        secret = links.make_for(connection, ana, now=now)
    assert links.set_up(store, secret, "twelve letters", login=None, name=None, now=now).has_password
    with pytest.raises(NotSignedInError):
        links.set_up(store, secret, "other twelve letters", login=None, name=None, now=now)


def test_a_link_does_nothing_for_a_disabled_account(store: Store, now: datetime, ana: Account) -> None:
    with store.write() as connection:
        secret = links.make_for(connection, ana, now=now)
        disabled = people.disable(connection, ana.id, by=OPERATOR, now=now)
        with pytest.raises(NotAllowedError):
            links.make_for(connection, disabled, now=now)
    with pytest.raises(NotSignedInError):
        links.set_up(store, secret, "twelve letters", login=None, name=None, now=now)


def test_a_link_of_another_purpose_is_none(store: Store, now: datetime) -> None:
    with store.write() as connection:
        state = links.make(connection, "oidc", {"nonce": "n"}, life=LIFE, now=now)
    with pytest.raises(NotSignedInError):
        links.set_up(store, state, "twelve letters", login="root", name="Root", now=now)
    with store.write() as connection:
        assert links.use(connection, "setup", state, now=now) is None
        assert links.use(connection, "oidc", state, now=now) == {"nonce": "n"}
        assert links.use(connection, "oidc", state, now=now) is None


# --- access log -------------------------------------------------------------------------------------------------


def logged(store: Store, now: datetime, read: str | list[str], **more: object) -> None:
    given = {"account_id": "a1", "token_id": None, "action": "case", "now": now, "read": read} | more
    with store.write() as connection:
        access.write(connection, **given)  # type: ignore[arg-type]


def test_who_saw_a_case_is_found_in_lists_too(store: Store, now: datetime) -> None:
    logged(store, now, "c1")
    logged(store, now, ["c2", "c1"], action="worklist", account_id="a2")
    logged(store, now, ["c3"], action="worklist")
    logged(store, now, [], action="worklist")
    logged(store, now, "c2", allowed=False)
    with store.read() as connection:
        every = access.find(connection, Asked())
        of_c1 = access.find(connection, Asked(case_id="c1"))
        assert [access.cases_of(connection, one) for one in every] == [
            ["c2"],
            [],
            ["c3"],
            ["c1", "c2"],
            ["c1"],
        ]
        assert [one.count for one in every] == [1, 0, 1, 2, 1]
        assert [(one.account_id, one.action) for one in of_c1] == [("a2", "worklist"), ("a1", "case")]
        assert [one.case_id for one in access.find(connection, Asked(allowed=False))] == ["c2"]
        assert len(access.find(connection, Asked(account_id="a2"))) == 1
        assert access.find(connection, Asked(until=now)) == []
        assert len(access.find(connection, Asked(since=now))) == 5


def test_the_log_is_paged(store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_AT_ONCE", 2)
    for number in range(7):
        logged(store, now, f"c{number}")
    with store.read() as connection:
        first = access.find(connection, Asked(), most=3)
        rest = access.find(connection, Asked(), before=first[-1].id, most=10)
    assert [one.case_id for one in first + rest] == [f"c{number}" for number in range(6, -1, -1)]


def test_an_unknown_token_is_not_found(store: Store, now: datetime) -> None:
    with pytest.raises(NotFoundError), store.write() as connection:
        tokens.revoke(connection, "nothing", by=OPERATOR, now=now)
