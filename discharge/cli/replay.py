"""`discharge replay`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from discharge.cli.database import Database, opened, operator
from discharge.cli.options import ZONE, Json, Zone, facility_zone, moment
from discharge.errors import StoreError

if TYPE_CHECKING:
    from discharge.casework.intake import Replay as Again

At = Annotated[
    str,
    typer.Option(
        "--at", metavar="TIME", help="The moment: 2026-06-15T07:00 (facility's zone), or with an offset."
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Where the review is written. Default: standard output."),
]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("replay")(replay)


def replay(
    case: Annotated[str, typer.Argument(metavar="CASE", help="A case id, or the encounter_id of the stay.")],
    at: At,
    out: Out = None,
    database: Database = None,
    zone: Zone = ZONE,
    as_json: Json = False,
) -> None:
    """Run a review again as of a past moment, with the rules, payers and facts of that moment.

    Says whether the bytes are those that were recorded then, where a review was recorded as of exactly that moment.
    Exit 12 if they differ. The access log names the user of this machine as the reader.

    \b
    Example:
      discharge replay enc-1042 --at 2026-06-15T07:00 --out review.json
    """
    from discharge.casework.accounts import access
    from discharge.casework.intake import find_case, recorded_moments
    from discharge.casework.intake import replay as again
    from discharge.run.folder import writing

    as_of = moment(at, facility_zone(zone)).to_pydatetime()
    with opened(database) as store:
        case_id = find_case(store, case)
        with store.write() as connection:
            access.write(connection, account_id=operator(), token_id=None, action="discharge replay", read=case_id,
                         now=datetime.now(UTC))  # fmt: skip
        made = again(store, case_id, as_of)
        moments = sorted({one.isoformat() for one in recorded_moments(store, case_id)})
    if out is not None:
        with writing(out.name):
            out.write_bytes(made.content + b"\n")
    elif not as_json:
        sys.stdout.write(made.content.decode() + "\n")
    if as_json:
        said = {
            "case_id": case_id,
            "at": made.as_of.isoformat(),
            "is_equal": made.is_equal,
            "edition": made.edition.edition,
            "engine_version_then": made.engine_version_then,
            "is_same_engine": made.is_same_engine,
            "recorded_as_of": moments,
            "review": json.loads(made.content) if out is None else None,
        }
        sys.stdout.write(json.dumps(said, indent=2) + "\n")
    _tell(made, moments, as_json)


def _tell(made: Again, moments: Sequence[str], as_json: bool) -> None:
    """Say whether the bytes are those recorded.

    Raises:
        StoreError: they are not.
    """
    engine = (
        ""
        if made.is_same_engine
        else f" It was made by version {made.engine_version_then} of this program, which is another."
    )
    if made.is_equal is False:
        raise StoreError(f"the review differs from the one recorded as of {made.as_of.isoformat()}.{engine}")
    if not as_json:
        found = (
            f"the same bytes as recorded as of {made.as_of.isoformat()}."
            if made.is_equal
            else f"no review was recorded as of {made.as_of.isoformat()}; there are: {', '.join(moments)}."
        )
        sys.stderr.write(f"discharge: {found}{engine}\n")
