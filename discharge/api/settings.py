"""How a server is set up: what `discharge serve` was told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from discharge.api.auth.settings import AuthSettings


def _clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class ServeSettings:
    """What a server needs to know; all else is in the database.

    ``database`` is a path or URL (None: the default of :func:`discharge.casework.storage.engine.default_database`);
    ``zone`` the facility's; ``auth`` says how people sign in, and at which address they reach the server.
    """

    zone: str
    rules: Path
    payers: Path
    database: str | Path | None = None
    denial_history: Path | None = None
    providers: tuple[Path, ...] = ()
    next_rules: Path | None = None
    next_payers: Path | None = None
    """A candidate that pages compare with what is in force; reviews are never made with it unless asked to try."""
    body_limit_bytes: int = 2_000_000
    feed_limit_bytes: int = 4_000_000_000
    refresh_seconds: float | None = 60.0
    """How often stale and due cases are reviewed again; None: never by itself."""
    auth: AuthSettings = field(default_factory=AuthSettings)
    notice: str | None = None
    """What every page says quietly at its foot, e.g. that the data is a demonstration's."""
    clock: Callable[[], datetime] = _clock
    """The present, aware. Tests give another."""
