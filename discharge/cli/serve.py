"""`discharge serve`: the pages and the door for programs, with the embedded database unless told otherwise."""

from __future__ import annotations

import gc
import logging
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from discharge.cli.database import Database
from discharge.cli.options import (
    ZONE,
    DenialHistoryFile,
    Payers,
    Rules,
    Zone,
    facility_zone,
    folder_or,
)
from discharge.errors import UsageError

if TYPE_CHECKING:
    from discharge.api.settings import ServeSettings
    from discharge.casework.library import Library

PORT = 8400
GRACE_SECONDS = 20
_ENDED_BY_SIGNAL = (130, 143)
_COLLECTS = (10_000, 5, 1_000)
"""When Python looks for cycles: often among what is young, seldom among all, which halts every request."""

PublicUrl = Annotated[
    str | None,
    typer.Option(
        "--public-url", metavar="URL", help="How people reach the server, where a proxy is between."
    ),
]
Proxy = Annotated[
    str,
    typer.Option(
        "--proxy", metavar="ADDRESS", help="The proxy's own address; people's are taken from its headers."
    ),
]
NextRules = Annotated[
    Path | None,
    typer.Option(
        "--next-rules", metavar="FOLDER", help="Rules to compare with those in force, before a switch."
    ),
]
NextPayers = Annotated[
    Path | None, typer.Option("--next-payers", metavar="FOLDER", help="The same for payer profiles.")
]
RefreshSeconds = Annotated[
    float,
    typer.Option(
        "--refresh-seconds",
        metavar="N",
        min=0,
        help="How often stale and due cases are reviewed again; 0: never by itself.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("serve")(serve)


def serve(
    database: Database = None,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option("--port", metavar="N", min=0, max=65535, help="Where to listen; 0 takes a free one."),
    ] = PORT,
    public_url: PublicUrl = None,
    proxy: Proxy = "",
    rules: Rules = None,
    payers: Payers = None,
    denial_history: DenialHistoryFile = None,
    providers: Annotated[
        list[Path] | None,
        typer.Option("--providers", metavar="FILE", help="Provider lists, as for `discharge review`."),
    ] = None,
    next_rules: NextRules = None,
    next_payers: NextPayers = None,
    zone: Zone = ZONE,
    refresh_seconds: RefreshSeconds = 60.0,
) -> None:
    """Serve the pages, and case work under /v1 for programs. Ends on Ctrl-C or SIGTERM when open requests are answered.

    The first start prints a link, good once, with which the first administrator is made. Listens on this machine
    alone unless --host says otherwise; then put a proxy with TLS before it and name it with --public-url and --proxy.

    \b
    Examples:
      discharge serve
      discharge serve --database postgresql://discharge@db/discharge --host 0.0.0.0 --public-url https://ur.example.org
    """
    from discharge.api.auth.settings import auth_settings
    from discharge.api.settings import ServeSettings

    listening = listening_at(host, port)
    port = listening.getsockname()[1]
    settings = ServeSettings(
        zone=facility_zone(zone),
        rules=folder_or(rules, "rules", "--rules"),
        payers=folder_or(payers, "payer_profiles", "--payers"),
        database=database,
        denial_history=denial_history,
        providers=tuple(providers or ()),
        next_rules=folder_or(next_rules, "rules", "--next-rules") if next_rules else None,
        next_payers=folder_or(next_payers, "payer_profiles", "--next-payers") if next_payers else None,
        refresh_seconds=refresh_seconds or None,
        auth=auth_settings(public_url or f"http://{_shown(host)}:{port}"),
    )
    with listening:
        run(settings, listening, proxy=proxy)


def listening_at(host: str, port: int) -> socket.socket:
    """Return the socket, bound, so that a port that is taken is told before anything is opened."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind)
    except OSError:
        raise UsageError(f"--host: '{host}' is no address of this machine") from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen()  # whoever asks before all is loaded waits instead of being refused
    except OSError as error:
        bound.close()
        raise UsageError(
            f"--host, --port: can't listen on {host}:{port} ({error.strerror}); give another"
        ) from None
    return bound


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def run(
    settings: ServeSettings, listening: socket.socket, library: Library | None = None, proxy: str = ""
) -> None:
    """Serve on a socket that is bound, until Ctrl-C or SIGTERM; ``library`` is loaded unless it is given.

    ``proxy`` is the one address whose word about a request's origin is taken; none: nobody's.
    """
    import uvicorn

    from discharge.api import auth
    from discharge.api.app import create_app
    from discharge.api.pages.warm import warm

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    for name in ("alembic", "httpx", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.WARNING)
    app = create_app(settings, library=library)
    store = app.state.desk.store
    try:
        if link := auth.first_link(store, settings.auth.public_url, now=settings.clock()):
            typer.echo(f"discharge: nobody has an account yet; make the first administrator once at {link}")
        typer.echo(f"discharge: the pages are at {settings.auth.public_url}/")
        typer.echo(f"discharge: serving {settings.auth.public_url}/v1 from {store.url_shown}")
        sys.stdout.flush()
        warm(app.state.desk)
        _settle()
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,  # uvicorn's own shows query strings; discharge.api.front writes the line
            server_header=False,
            proxy_headers=bool(proxy),
            forwarded_allow_ips=proxy or None,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        uvicorn.Server(config).run(sockets=[listening])
    except SystemExit as end:  # uvicorn raises the signal again once all is ended
        if end.code not in _ENDED_BY_SIGNAL:
            raise
    except KeyboardInterrupt:
        pass
    finally:
        store.close()
    typer.echo("discharge: ended")


def _settle() -> None:
    """Spare rules and payers, which stay until the end, from every later search for cycles.

    Reviews come and go by the thousand objects and hold no cycles; with Python's own settings a search through all
    that is kept halts every request for half a second, every few seconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTS)
