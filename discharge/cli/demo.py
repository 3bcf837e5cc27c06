"""`discharge demo`: the pages and the door for programs, on a demonstration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from discharge.cli.options import ZONE, Payers, Rules, Zone, facility_zone, folder_or, moment
from discharge.cli.progress import watching
from discharge.cli.serve import PORT, listening_at, run, usual_processes
from discharge.errors import UsageError

if TYPE_CHECKING:
    from discharge.api.demo import Demo, Person
    from discharge.api.settings import ServeSettings

NOTICE = "Demonstration: the patients and the people who work here are made up."

Feed = Annotated[Path, typer.Argument(metavar="FEED", help="A folder or file, as for `discharge ingest`.")]
Opens = Annotated[
    str,
    typer.Option("--as-of", metavar="TIME", help='Where the clock begins: "it is now", as the feed has it.'),
]
Store = Annotated[
    Path,
    typer.Option("--database", metavar="FILE", help="The demonstration's store; made if it is not there."),
]
Port = Annotated[
    int, typer.Option("--port", metavar="N", min=0, max=65535, help="Where to listen; 0 takes a free one.")
]
Password = Annotated[
    str | None,
    typer.Option(
        "--password", metavar="WORDS", help="One for all accounts. Default: words of this store's own."
    ),
]
Workers = Annotated[
    int, typer.Option("--workers", metavar="N", min=1, help="Processes that review at the first start.")
]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("demo")(demo)


def demo(
    feed: Feed,
    as_of: Opens,
    database: Store = Path("out/demo.db"),
    port: Port = PORT,
    password: Password = None,
    rules: Rules = None,
    payers: Payers = None,
    zone: Zone = ZONE,
    workers: Workers = 2,
) -> None:
    """Try the program: a feed, a clock that stands at the feed's moment, an account for each role, a day of work.

    The first start takes the feed in (a minute or two for the example) and records what made-up people do on the last
    working day before. Later starts go on where the last one ended. Listens on this machine alone. Not for real
    patients: the password of all accounts is printed.

    \b
    Examples:
      discharge demo examples/feed --as-of 2026-06-15T07:00
      discharge demo examples/feed --as-of 2026-06-15T07:00 --database /tmp/demo.db --port 8500
    """
    from dataclasses import replace

    from discharge.api.auth.settings import auth_settings
    from discharge.api.demo import DemoAsked, DemoClock, open_demo
    from discharge.api.settings import ServeSettings
    from discharge.casework.library import load_library

    if "://" in str(database):
        raise UsageError("--database: a demonstration is a SQLite file; name a path")
    listening = listening_at("127.0.0.1", port)
    settings = ServeSettings(
        zone=facility_zone(zone),
        rules=folder_or(rules, "rules", "--rules"),
        payers=folder_or(payers, "payer_profiles", "--payers"),
        database=database,
        auth=auth_settings(f"http://127.0.0.1:{listening.getsockname()[1]}"),
        notice=NOTICE,
    )
    with listening:
        library = load_library(rules=settings.rules, payers=settings.payers, zone=settings.zone)
        opens = moment(as_of, zone).to_pydatetime()
        asked = DemoAsked(feed, opens, database, settings, password, workers)
        if not database.exists():
            typer.echo(f"discharge: making the demonstration at {database}; this takes a minute or two, once")
        with watching(False) as progress:
            ready = open_demo(asked, library, progress=progress)
        clock = DemoClock(ready.starts)
        _tell(ready, feed, settings)
        run(replace(settings, clock=clock), listening, library, processes=usual_processes())


def _tell(ready: Demo, feed: Path, settings: ServeSettings) -> None:
    """Say what this is, what its clock reads, and who may sign in."""
    from zoneinfo import ZoneInfo

    start = ready.starts.astimezone(ZoneInfo(settings.zone))
    what = "the example feed" if feed.as_posix().rstrip("/").endswith("examples/feed") else f"{feed}"
    typer.echo(
        f"discharge: demonstration of {what}; its clock reads {start:%b} {start.day}, {start:%Y %H:%M %Z}."
        " Patients and people are made up."
    )
    width = max(len(one.login) for one in ready.people)
    typer.echo(f"discharge: sign in with one of these logins; the password of all is: {ready.password}")
    for one in ready.people:
        typer.echo(f"  {one.login:<{width}}  {_role(one)}")


def _role(one: Person) -> str:
    words = one.role.replace("_", " ")
    return f"{words} of {', '.join(one.payer_ids)}" if one.payer_ids else words
