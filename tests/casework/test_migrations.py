"""From the first released schema to this one, with everything there."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from ledgerkit import notes, rows_of
from sqlalchemy.engine import Connection
from storekit import KINDS

from discharge.casework import ledger
from discharge.casework.storage import migrate as migrating
from discharge.casework.storage import schema
from discharge.casework.storage.engine import Store, connect_store, open_store
from discharge.casework.storage.tables import METADATA, Instant
from discharge.cli.entry import main
from discharge.errors import StoreError

FIRST = json.loads((Path(__file__).parent / "data" / "first_schema.json").read_text())


def read(kind: sa.types.TypeEngine[Any], value: object) -> object:
    """A value of the fixture as its column wants it."""
    if isinstance(kind, sa.LargeBinary) and isinstance(value, str):
        return base64.b64decode(value)
    if isinstance(kind, (sa.DateTime, Instant)) and isinstance(value, str):
        return datetime.fromisoformat(value)
    return value


def insert_first_rows(connection: Connection) -> None:
    """The fixture's rows into tables as they are in the database, not as the program thinks of them."""
    is_sqlite = connection.dialect.name == "sqlite"
    connection.exec_driver_sql("DELETE FROM ledger_head")
    for name, rows in FIRST["tables"].items():
        table = sa.Table(name, sa.MetaData(), autoload_with=connection)
        for row in rows:
            values = {column: read(table.c[column].type, value) for column, value in row.items()}
            if is_sqlite:  # which keeps moments in UTC without saying so
                values = {
                    key: value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value
                    for key, value in values.items()
                }
            connection.execute(table.insert().values(values))


@pytest.fixture(params=KINDS)
def first(request: pytest.FixtureRequest, new_database: Callable[..., str]) -> str:
    """A database as the first release made it, with rows."""
    database = new_database(request.param, migrated=False)
    with connect_store(database, create=True) as store, store.write() as connection:
        assert schema.migrate(connection, FIRST["revision"]) == (None, FIRST["revision"])
        insert_first_rows(connection)
    return database


def expected(name: str) -> list[dict[str, object]]:
    table = METADATA.tables[name]
    return [
        {key: read(table.c[key].type, value) for key, value in row.items()} for row in FIRST["tables"][name]
    ]


def test_a_store_of_the_first_release_is_migrated_with_everything_there(
    first: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["store", "migrate", "--database", first]) == 0
    assert "from 0001 to 0004" in capsys.readouterr().out
    assert main(["audit", "verify", "--database", first]) == 0
    with open_store(first) as store:
        found = rows_of(store, *(METADATA.tables[name] for name in FIRST["tables"]))
        for name in set(found) - {"events", "ledger_head"}:
            kept = [{key: row[key] for key in FIRST["tables"][name][0]} for row in found[name]]
            assert kept == expected(name)
        *kept, migration = found["events"]
        assert kept == expected("events")
        assert migration["kind"] == "store_kept"
        notes(store, "case-1", "work goes on")
    assert main(["store", "migrate", "--database", first]) == 0
    assert "already at 0004" in capsys.readouterr().out
    with open_store(first) as store, store.read() as connection:
        assert ledger.verify(connection).events == len(kept) + 2


def test_the_fixture_has_rows_of_what_the_first_release_kept() -> None:
    assert set(FIRST["tables"]) == {"events", "ledger_head", "blobs", "chart_deltas", "stays"}
    assert all(FIRST["tables"].values())


def test_an_older_store_is_not_touched_but_by_migrate(first: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(StoreError, match=r"older version \(0001.*discharge store migrate"):
        open_store(first)
    assert main(["audit", "verify", "--database", first]) == 12
    assert "discharge store migrate" in capsys.readouterr().err


def test_a_migration_that_fails_changes_nothing(first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("at the last step")

    with monkeypatch.context() as failing:
        failing.setattr(migrating.ledger, "append", fail)
        with pytest.raises(RuntimeError):
            migrating.migrate_store(first, now=datetime(2026, 6, 15, tzinfo=UTC))
    with connect_store(first) as store, store.read() as connection:
        assert schema.revision(connection) == "0001"
        assert "accounts" not in sa.inspect(connection).get_table_names()
    assert migrating.migrate_store(first, now=datetime(2026, 6, 15, tzinfo=UTC)) == ("0001", "0004")


def test_there_is_nothing_to_migrate_where_there_is_no_store(
    new_database: Callable[..., str], tmp_path: Path
) -> None:
    assert main(["store", "migrate", "--database", str(tmp_path / "none.db")]) == 12
    assert main(["store", "migrate", "--database", new_database("postgresql", migrated=False)]) == 12


def test_the_migrated_schema_is_the_one_that_the_program_thinks_of(store: Store) -> None:
    with store.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_a_column_more_would_be_noticed(store: Store) -> None:
    with store.write() as connection:
        connection.exec_driver_sql("ALTER TABLE stays ADD COLUMN more INTEGER")
    with store.read() as connection:
        (found,) = compare_metadata(MigrationContext.configure(connection), METADATA)
    assert found[0] == "remove_column"
