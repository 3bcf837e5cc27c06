"""`discharge audit verify` and `discharge audit head`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Annotated

import typer

from discharge.cli.database import Database, opened
from discharge.cli.options import Json
from discharge.cli.progress import watching
from discharge.errors import LedgerBrokenError, UsageError

if TYPE_CHECKING:
    from discharge.casework.ledger import Head

app = typer.Typer(
    no_args_is_help=True, help="Prove that nothing in the ledger was altered, removed or reordered."
)

_HEAD = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")


@app.command("verify")
def verify(
    anchor: Annotated[
        str | None,
        typer.Option(
            "--head", metavar="SEQ:HASH", help="A head kept elsewhere, from `discharge audit head`."
        ),
    ] = None,
    skips_blobs: Annotated[
        bool, typer.Option("--events-only", help="Do not read the reviews and papers that events name.")
    ] = False,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Walk the whole ledger; say that it holds, or name the first place where it does not and leave with 13.

    Without --head this finds every change but one: the last events cut off, or all rewritten from some place on, by
    somebody who also rewrote the head. A head kept elsewhere finds that too.

    \b
    Examples:
      discharge audit verify
      discharge audit verify --head "$(cat /mnt/elsewhere/head.txt)"
    """
    from discharge.casework import ledger

    kept = None if anchor is None else _read_head(anchor)
    with opened(database) as store, watching(as_json) as progress, store.read() as connection:
        found = ledger.verify(connection, kept, progress, with_blobs=not skips_blobs)
    if found.first_break is not None:
        raise LedgerBrokenError(
            f"the ledger is broken at event {found.first_break.seq}: {found.first_break.what}."
            f" The {found.events} events before it hold."
        )
    if as_json:
        said = {"events": found.events, "head": str(found.head), "anchor": anchor, "broken": False}
        typer.echo(json.dumps(said))
    else:
        typer.echo(f"{found.events} events hold. Head: {found.head}")


@app.command("head")
def head(database: Database = None, as_json: Json = False) -> None:
    """Print place and hash of the last event. Keep it where whoever runs the database can't write.

    \b
    Example, every night:
      discharge audit head >> /mnt/elsewhere/heads.txt
    """
    from discharge.casework import ledger

    with opened(database) as store, store.read() as connection:
        found = ledger.head(connection)
    typer.echo(json.dumps({"seq": found.seq, "hash": found.hash}) if as_json else str(found))


def _read_head(text: str) -> Head:
    from discharge.casework.ledger import Head

    matched = _HEAD.fullmatch(text.strip())
    if matched is None:
        raise UsageError("--head: write SEQ:HASH as `discharge audit head` prints it")
    return Head(int(matched[1]), matched[2])
