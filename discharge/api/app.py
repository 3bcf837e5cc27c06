"""Puts the server together: ``create_app`` returns the ASGI application that `discharge serve` runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from starlette.responses import Response

from discharge import __version__
from discharge.api import auth
from discharge.api.front import Front
from discharge.api.pages import ROUTERS as PAGES
from discharge.api.pages import setup
from discharge.api.pages.case.then import NotThenError, not_then_page
from discharge.api.pages.sent import read_form
from discharge.api.problems import add_problems, open_problems
from discharge.api.refresher import Refresher
from discharge.api.routes import ROUTERS
from discharge.api.schema import described
from discharge.api.settings import ServeSettings
from discharge.api.state import Desk, OurDesk
from discharge.api.strict import no_strays
from discharge.casework.library import Library, load_library
from discharge.casework.service import Casework
from discharge.casework.storage.engine import Store, open_store

PREFIX = "/v1"
FEED_PATH = f"{PREFIX}/admissions"


class Health(BaseModel):
    """The server answers and reaches its database."""

    status: str = "ok"
    version: str


def create_app(
    settings: ServeSettings, *, store: Store | None = None, library: Library | None = None
) -> FastAPI:
    """Return the application. It opens the store and loads the rules unless they are given.

    Raises:
        StoreError: the database can't be opened.
        RuleError, PayerError: rules or payer profiles are malformed.
    """
    store = store or open_store(settings.database)
    library = library or load_library(
        rules=settings.rules,
        payers=settings.payers,
        denial_history=settings.denial_history,
        providers=settings.providers,
        zone=settings.zone,
    )
    app = FastAPI(
        title="Discharge",
        version=__version__,
        openapi_url=None,  # served below, behind the sign-in
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(read_form), Depends(auth.guarded), Depends(no_strays)],
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.desk = Desk(settings, store, library, Casework(store, library))
    app.get(f"{PREFIX}/health", name="health", tags=["server"], responses=open_problems())(health)
    app.get(f"{PREFIX}/openapi.json", name="openapi", include_in_schema=False)(_openapi_of(app))
    auth.install(app, store, settings.auth, now=settings.clock)
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX)
    for router in PAGES:
        app.include_router(router)
    add_problems(app)
    app.add_exception_handler(NotThenError, not_then_page)

    def limit_of(method: str, path: str) -> int:
        if path == setup.PATH:
            return setup.LARGEST_BODY
        is_feed = method == "POST" and path.rstrip("/") == FEED_PATH
        return settings.feed_limit_bytes if is_feed else settings.body_limit_bytes

    app.add_middleware(Front, limit_of=limit_of)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Keep the reviews fresh while the server runs."""
    desk: Desk = app.state.desk
    refresher = None
    if desk.settings.refresh_seconds is not None:
        refresher = Refresher(desk, desk.settings.refresh_seconds)
        refresher.start()
    yield
    if refresher is not None:
        await run_in_threadpool(refresher.stop)


def health(desk: OurDesk) -> Health:
    """Tell whether the server and its database answer. Needs no sign-in and tells nothing of any patient."""
    with desk.store.read():
        return Health(version=__version__)


def _openapi_of(app: FastAPI) -> Any:
    def openapi() -> Response:
        """Return this description."""
        return Response(described(app), media_type="application/json")

    return openapi
