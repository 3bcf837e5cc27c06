"""Styles and scripts of the pages, each at an address that changes with its content, so browsers may keep it."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Response

from discharge.errors import NotFoundError
from discharge.resources import data_folder

router = APIRouter(include_in_schema=False)
_MEDIA = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_KEPT = "public, max-age=31536000, immutable"


@cache
def _files() -> dict[str, tuple[bytes, str]]:
    """Return content and digest of each file, by name. No name from a request ever becomes a path."""
    found = {}
    for path in sorted(Path(data_folder("templates"), "static").iterdir()):
        if path.suffix in _MEDIA:
            content = path.read_bytes()
            found[path.name] = (content, hashlib.sha256(content).hexdigest()[:12])
    return found


def asset(name: str) -> str:
    """Return the address of a file of `templates/static`.

    Raises:
        KeyError: there is none.
    """
    return f"/static/{_files()[name][1]}/{name}"


@router.get("/static/{digest}/{name}", name="page_static")
def static(digest: str, name: str) -> Response:
    """Return a style or a script."""
    content, own = _files().get(name, (None, ""))
    if content is None:
        raise NotFoundError("no such file")
    # Of another edition, before or after this server's: given, but not to be kept under that address.
    headers = {"Cache-Control": _KEPT if digest == own else "no-store"}
    return Response(content, 200, headers, _MEDIA[Path(name).suffix])
