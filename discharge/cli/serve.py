"""`discharge serve`: the pages and the door for programs, with the embedded database unless told otherwise."""

from __future__ import annotations

import gc
import logging
import os
import socket
import sys
from dataclasses import replace
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
from discharge.cli.processes import serve_in
from discharge.errors import UsageError

if TYPE_CHECKING:
    from discharge.api.settings import ServeSettings
    from discharge.casework.library import Library
    from discharge.casework.storage.engine import Store

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


Processes = Annotated[
    int | None,
    typer.Option(
        "--processes", metavar="N", min=1, max=16, help="How many answer; default: one a core, at most 4."
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
    processes: Processes = None,
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
        run(settings, listening, proxy=proxy, processes=processes or usual_processes())


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


def usual_processes() -> int:
    """Return how many processes answer unless it is said: one a core of this machine, at most 4."""
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 4)


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def run(
    settings: ServeSettings,
    listening: socket.socket,
    library: Library | None = None,
    proxy: str = "",
    processes: int = 1,
    *,
    warms: bool = True,
) -> None:
    """Serve on a socket that is bound, until Ctrl-C or SIGTERM; ``library`` is loaded unless it is given.

    ``proxy`` is the one address whose word about a request's origin is taken; none: nobody's. Of several
    ``processes`` the first reviews again what has come due; each takes its share of the tries to sign in.
    ``warms``: makes first what takes long the first time.
    """
    from discharge.casework.library import load_library
    from discharge.casework.storage.engine import open_store

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    for name in ("alembic", "httpx", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.WARNING)
    with open_store(settings.database) as store:
        library = library or load_library(
            rules=settings.rules,
            payers=settings.payers,
            denial_history=settings.denial_history,
            providers=settings.providers,
            zone=settings.zone,
        )
        _announce(settings, store)
    if processes == 1:
        _answer(settings, listening, library, proxy, warms=warms)
    else:
        serve_in(
            processes,
            lambda number: _answer(
                _share(settings, number, processes), listening, library, proxy, warms=warms
            ),
        )
    typer.echo("discharge: ended")


def _announce(settings: ServeSettings, store: Store) -> None:
    from discharge.api import auth

    url = settings.auth.public_url
    if link := auth.first_link(store, url, now=settings.clock()):
        typer.echo(f"discharge: nobody has an account yet; make the first administrator once at {link}")
    typer.echo(f"discharge: the pages are at {url}/")
    typer.echo(f"discharge: serving {url}/v1 from {store.url_shown}")
    sys.stdout.flush()


def _share(settings: ServeSettings, number: int, processes: int) -> ServeSettings:
    """Return the settings of one of several processes: all of them together allow what one would."""
    auth = replace(
        settings.auth,
        tries_per_minute=max(1, settings.auth.tries_per_minute // processes),
        tries_per_minute_of_address=max(1, settings.auth.tries_per_minute_of_address // processes),
    )
    return replace(settings, auth=auth, refresh_seconds=settings.refresh_seconds if number == 0 else None)


def _answer(
    settings: ServeSettings, listening: socket.socket, library: Library, proxy: str, *, warms: bool
) -> None:
    """Answer on the socket in this process until it is told to end."""
    import uvicorn

    from discharge.api.app import create_app
    from discharge.api.pages.warm import warm

    app = create_app(settings, library=library)
    try:
        if warms:
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
        app.state.desk.store.close()


def _settle() -> None:
    """Spare rules and payers, which stay until the end, from every later search for cycles.

    Reviews come and go by the thousand objects and hold no cycles; with Python's own settings a search through all
    that is kept halts every request for half a second, every few seconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTS)
