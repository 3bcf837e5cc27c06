"""The demonstration: made once, opened again, and no door into a store of real patients."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import small_feed
import sqlalchemy as sa
from argon2 import PasswordHasher
from sqlalchemy.engine import Connection

from discharge import cli
from discharge.api.app import create_app
from discharge.api.demo import Demo, DemoAsked, DemoClock, open_demo
from discharge.api.settings import ServeSettings
from discharge.casework import ledger
from discharge.casework.accounts import passwords, people, signin
from discharge.casework.accounts.people import OPERATOR, NewAccount
from discharge.casework.library import Library
from discharge.casework.storage.engine import open_store
from discharge.casework.storage.tables import EVENTS
from discharge.errors import FeedError, UsageError
from discharge.resources import data_folder

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

OPENS = datetime(2026, 6, 15, 7, 0, tzinfo=ZoneInfo(small_feed.ZONE))


@pytest.fixture(scope="module", autouse=True)
def _quick_passwords() -> Iterator[None]:
    kept = passwords.HASHER
    passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    yield
    passwords.HASHER = kept


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, library: Library) -> tuple[DemoAsked, Demo]:
    """A demonstration of the small feed."""
    folder = tmp_path_factory.mktemp("demo")
    database = folder / "demo.db"
    settings = ServeSettings(
        zone=small_feed.ZONE,
        rules=data_folder("rules"),
        payers=data_folder("payer_profiles"),
        database=database,
        refresh_seconds=None,
    )
    feed = small_feed.write_tables(folder / "feed")
    asked = DemoAsked(feed, OPENS, database, settings, workers=1)
    return asked, open_demo(asked, library)


@pytest.fixture
def asked(made: tuple[DemoAsked, Demo], tmp_path: Path) -> DemoAsked:
    """The same, on a copy of its store."""
    database = tmp_path / "demo.db"
    shutil.copy(made[0].database, database)
    return replace(made[0], database=database, settings=replace(made[0].settings, database=database))


def test_it_opens_at_the_feeds_moment_with_a_person_for_each_role(made: tuple[DemoAsked, Demo]) -> None:
    asked, demo = made
    assert demo.was_made and demo.acts > 0 and demo.refused == 0
    assert demo.starts == OPENS
    roles = {one.role for one in demo.people}
    assert roles >= {"case_manager", "physician_advisor", "supervisor", "auditor", "administrator"}
    with open_store(asked.database) as store:
        for one in demo.people:
            account = signin.verify_password(store, one.login, demo.password, now=OPENS)
            assert account.roles == (one.role,)


def test_what_its_people_do_is_in_the_ledger_in_the_order_of_time(made: tuple[DemoAsked, Demo]) -> None:
    with open_store(made[0].database) as store, store.read() as connection:
        rows = connection.execute(
            sa.select(EVENTS.c.recorded_at, EVENTS.c.occurred_at).order_by(EVENTS.c.seq)
        ).all()
        assert ledger.verify(connection).first_break is None
    times = [row.recorded_at for row in rows]
    assert times == sorted(times)
    assert all(row.occurred_at <= row.recorded_at for row in rows)
    assert times[-1] <= OPENS


def test_a_second_start_goes_on_where_the_first_ended(
    asked: DemoAsked, made: tuple[DemoAsked, Demo], library: Library
) -> None:
    later = OPENS + timedelta(hours=3)
    with open_store(asked.database) as store, store.write() as connection:
        _visitor(connection, later)
    again = open_demo(asked, library)
    assert not again.was_made and again.acts == 0
    assert again.password == made[1].password
    assert again.starts == later
    assert (
        open_demo(replace(asked, password="correct horse battery"), library).password
        == "correct horse battery"
    )
    assert open_demo(asked, library).password == made[1].password


def _visitor(connection: Connection, now: datetime) -> None:
    people.add(
        connection, NewAccount(login="visitor", name="Visitor", roles=["auditor"]), by=OPERATOR, now=now
    )


def test_a_store_that_is_no_demonstration_is_left_alone(
    made: tuple[DemoAsked, Demo], tmp_path: Path, library: Library
) -> None:
    real = tmp_path / "real.db"
    with open_store(real) as store, store.write() as connection:
        _visitor(connection, OPENS)
    before = real.read_bytes()
    with pytest.raises(UsageError, match="no demonstration"):
        open_demo(replace(made[0], database=real), library)
    assert real.read_bytes() == before


def test_a_start_that_fails_leaves_nothing_behind(
    made: tuple[DemoAsked, Demo], tmp_path: Path, library: Library
) -> None:
    with pytest.raises(FeedError):
        open_demo(replace(made[0], feed=tmp_path / "none", database=tmp_path / "demo.db"), library)
    assert not list(tmp_path.iterdir())


def test_the_clock_goes_on_from_its_start() -> None:
    clock = DemoClock(OPENS)
    first = clock()
    assert first.tzinfo is UTC
    assert timedelta(0) <= first - OPENS < timedelta(seconds=5)
    assert clock() >= first


def test_the_command_says_what_it_is_and_who_may_sign_in(
    asked: DemoAsked,
    made: tuple[DemoAsked, Demo],
    library: Library,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    served: list[ServeSettings] = []
    monkeypatch.setattr("discharge.casework.library.load_library", lambda **_: library)
    monkeypatch.setattr("discharge.cli.demo.run", lambda settings, *_, **__: served.append(settings))
    told = [
        "demo",
        str(asked.feed),
        "--as-of",
        small_feed.AS_OF,
        "--database",
        str(asked.database),
        "--port",
        "0",
    ]
    assert cli.main(told) == 0
    said = capsys.readouterr()
    assert "its clock reads Jun 15, 2026 07:00 EDT" in said.out
    assert f"the password of all is: {made[1].password}" in said.out
    assert all(one.login in said.out for one in made[1].people)
    assert made[1].password not in said.err
    assert served[0].notice is not None
    assert timedelta(0) <= served[0].clock() - OPENS < timedelta(minutes=1)
    app = create_app(served[0], library=library)
    app.state.desk.store.close()
