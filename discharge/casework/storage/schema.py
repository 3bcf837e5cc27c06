"""The schema's versions: what the store has, what this program wants, and the way from one to the other."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from discharge.errors import StoreError

_VERSION = sa.table("alembic_version", sa.column("version_num"))
_MIGRATING = 0x44495343
"""Number of the lock under which PostgreSQL's tables are made ("DISC")."""


def head() -> str:
    """Return the revision that this program wants."""
    return str(_scripts().get_current_head())


def revision(connection: Connection) -> str | None:
    """Return the store's revision; None where it has no tables of ours."""
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    found = connection.scalar(sa.select(_VERSION.c.version_num))
    return None if found is None else str(found)


def check(connection: Connection) -> None:
    """Raise StoreError unless the store is of the revision that this program wants."""
    found = revision(connection)
    if found == head():
        return
    if found is None:
        raise StoreError("this database holds no store; `discharge ingest` or `serve` makes one")
    if found not in known():
        raise StoreError(
            f"this store is of a newer version ({found}) than this program knows ({head()});"
            " upgrade the program, nothing was touched"
        )
    raise StoreError(
        f"this store is of an older version ({found}; this program wants {head()});"
        " make a backup of its files, then run `discharge store migrate`"
    )


def create(connection: Connection) -> None:
    """Make the tables in an empty database; do nothing where another process has just made them.

    Raises:
        StoreError: the database holds tables that are not ours.
    """
    _alone(connection)
    if revision(connection) is not None:
        return
    others = sa.inspect(connection).get_table_names()
    if others:
        raise StoreError(
            f"this database is not empty and is no store (it has a table '{sorted(others)[0]}');"
            " give an empty database"
        )
    _upgrade(connection, "head")


def migrate(connection: Connection, to: str = "head") -> tuple[str | None, str]:
    """Bring the tables to revision ``to`` in the caller's transaction; return the revisions before and after.

    Raises:
        StoreError: the store is newer than this program.
    """
    _alone(connection)
    before = revision(connection)
    if before is not None and before not in known():
        check(connection)
    _upgrade(connection, to)
    return before, str(revision(connection))


def _alone(connection: Connection) -> None:
    """Let one process at a time make tables. On SQLite a writer is alone already."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))


def _upgrade(connection: Connection, to: str) -> None:
    scripts = _scripts()

    def steps(found: object, _: MigrationContext) -> object:
        return scripts._upgrade_revs(to, found)  # type: ignore[arg-type]

    with EnvironmentContext(Config(), scripts, fn=steps, destination_rev=to) as environment:
        environment.configure(connection=connection, transactional_ddl=True)
        environment.run_migrations()


def known() -> frozenset[str]:
    """Return the revisions that this program knows."""
    return frozenset(str(one.revision) for one in _scripts().walk_revisions())


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(Path(__file__).resolve().parent / "migrations"))
