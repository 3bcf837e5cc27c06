"""What a running server holds in memory: open store, rules and the one door to case work. Nothing else is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from discharge.api.settings import ServeSettings
from discharge.casework.library import Library
from discharge.casework.service import Casework
from discharge.casework.storage.engine import Store


@dataclass(frozen=True)
class Desk:
    """Everything a route needs; one per application, at ``app.state.desk``."""

    settings: ServeSettings
    store: Store
    library: Library
    casework: Casework

    def now(self) -> datetime:
        """Return the present moment (UTC)."""
        return self.settings.clock()


def desk_of(connection: HTTPConnection) -> Desk:
    """Return the desk of the application that serves ``connection``."""
    return cast(Desk, connection.app.state.desk)


OurDesk = Annotated[Desk, Depends(desk_of)]
