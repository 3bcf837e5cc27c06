"""The option that says where the store is, and the store opened for the length of a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from discharge.casework.storage.engine import Store

VARIABLE = "DISCHARGE_DATABASE"

Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="FILE|URL",
        envvar=VARIABLE,
        show_envvar=True,
        help="The store: a SQLite file, or postgresql://USER@HOST/NAME. Default: a file in the user's data folder.",
    ),
]


@contextmanager
def opened(database: str | None, *, create: bool = False) -> Iterator[Store]:
    """Give the store open; make it where there is none if ``create``.

    Raises:
        StoreError: it can't be opened, or is of another version than this program.
    """
    from discharge.casework.storage.engine import open_store

    with open_store(database, create=create) as store:
        yield store


def operator() -> str:
    """Return who gives commands on this machine, as the access log names him."""
    import getpass
    import os

    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        name = str(os.getuid())
    return f"operator:{name}"[:64]
