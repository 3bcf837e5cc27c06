"""`discharge store migrate`, `backup`, `restore` and `rebuild`."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from discharge.cli.database import Database, opened
from discharge.cli.options import ZONE, Json, Zone, facility_zone, folder_or
from discharge.cli.progress import watching

if TYPE_CHECKING:
    from discharge.casework.library import Library
    from discharge.casework.storage.backup import Kept
    from discharge.casework.storage.engine import Store

app = typer.Typer(no_args_is_help=True, help="Keep the store: migrate, back up, restore, rebuild.")


@app.command("migrate")
def migrate(database: Database = None, as_json: Json = False) -> None:
    """Bring a store that an older version made to this version. Make a backup of its files first.

    All of it happens or nothing. A store of this version is left as it is.
    """
    from discharge.casework.storage.migrate import migrate_store

    before, after = migrate_store(database, now=datetime.now(tz=UTC))
    if as_json:
        typer.echo(json.dumps({"before": before, "after": after}))
    else:
        typer.echo(f"already at {after}" if before == after else f"migrated from {before} to {after}")


@app.command("backup")
def backup(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; only you may read it.")],
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Write all that is kept to one file, as it stands at this moment; work may go on meanwhile.

    The ledger is verified first. The head that is printed proves later what was in the backup.
    """
    from discharge.casework.storage.backup import backup as write

    with opened(database) as store, watching(as_json) as progress:
        _tell("backed up", write(store, target, now=datetime.now(tz=UTC), progress=progress), as_json)


@app.command("restore")
def restore(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `store backup` wrote.")],
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Fill a new, empty store from a backup, of either kind of database. Then run `discharge store rebuild`.

    The file is checked by its digest and its ledger is verified before anything is kept.
    """
    from discharge.casework.storage.backup import restore as read

    with opened(database, create=True) as store, watching(as_json) as progress:
        _tell("restored", read(source, store, now=datetime.now(tz=UTC), progress=progress), as_json)
    if not as_json:
        typer.echo("Now run `discharge store rebuild`.")


@app.command("rebuild")
def rebuild(database: Database = None, zone: Zone = ZONE, as_json: Json = False) -> None:
    """Throw the projections (worklist, tasks, clocks, authorizations) away and write them again from the ledger.

    With the rules and payers in force in the store; nobody else writes meanwhile. Nothing that is kept is touched.
    """
    import sqlalchemy as sa

    from discharge.casework.service import Casework
    from discharge.casework.storage.tables import STAYS

    facility_zone(zone)
    with opened(database) as store, watching(as_json) as progress:
        with store.read() as connection:
            cases = connection.scalar(sa.select(sa.func.count()).select_from(STAYS))
        service = Casework(store, _library(store, zone))
        began = time.monotonic()
        done = service.rebuild(lambda cases_done, _: progress("rebuild", cases_done, cases))
        seconds = time.monotonic() - began
    if as_json:
        typer.echo(json.dumps({"cases": done.cases, "events": done.events, "seconds": round(seconds, 3)}))
    else:
        typer.echo(f"rebuilt {done.cases} cases from {done.events} events in {seconds:.1f} s")


def _library(store: Store, zone: str) -> Library:
    """Return the rules and payers in force in the store, or the shipped ones where none were used yet."""
    from discharge.casework.intake.in_force import edition_in_force
    from discharge.casework.library import library_of, load_library
    from discharge.casework.storage import blobs

    with store.read() as connection:
        edition = edition_in_force(connection)
        archive = None if edition is None else blobs.get(connection, edition.files)
    if archive is not None:
        return library_of(archive, zone=zone)
    rules, payers = folder_or(None, "rules", "--rules"), folder_or(None, "payer_profiles", "--payers")
    return load_library(rules=rules, payers=payers, zone=zone)


def _tell(done: str, kept: Kept, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"rows": kept.rows, "head": str(kept.head)}))
    else:
        rows = ", ".join(f"{count} {name}" for name, count in kept.rows.items() if name != "ledger_head")
        typer.echo(f"{done}: {rows}. Head: {kept.head}")
