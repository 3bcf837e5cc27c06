"""Admissions: who is known, and the feed that makes them known."""

from __future__ import annotations

import gzip
import tempfile
import zipfile
import zlib
from datetime import datetime, timedelta
from lzma import LZMAError
from pathlib import Path
from typing import Annotated

import anyio
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.concurrency import run_in_threadpool

from discharge.api.auth.principal import Principal, needs
from discharge.api.bodies import When
from discharge.api.problems import Refusal, problems
from discharge.api.state import Desk, OurDesk
from discharge.casework.intake import IngestAccount, IngestSettings, ingest
from discharge.errors import FeedError, UsageError

router = APIRouter(tags=["admissions"])
FeedWriter = Annotated[Principal, Depends(needs("feeds:write"))]
NAMES = {
    "application/x-ndjson": "feed.ndjson",
    "application/fhir+ndjson": "feed.ndjson",
    "application/json": "feed.json",
    "application/fhir+json": "feed.json",
    "application/zip": "feed.zip",
}
MOST_FILES = 10_000
_TOO_MUCH = "there is more in it than a feed may hold; send it in parts"
_CLOCKS_DIFFER = timedelta(minutes=2)
_PIECE = 1 << 20
_BINARY = {"schema": {"type": "string", "format": "binary"}}
"""A ZIP holds the files of a feed, FHIR or tables."""


@router.post(
    "/admissions",
    responses=problems(409, 413, 415),
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "FHIR R4 as NDJSON, a Bundle, or a ZIP of the feed's files (NDJSON, CSV, Parquet, Excel)",
            "content": dict.fromkeys(NAMES, _BINARY),
        }
    },
)
async def receive_feed(
    desk: OurDesk,
    request: Request,
    who: FeedWriter,
    as_of: Annotated[When | None, Query(description="take it to be this moment; now if not given")] = None,
    content_type: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> IngestAccount:
    """Take in a feed. The same feed twice changes nothing; stays that changed are reviewed again."""
    name = NAMES.get((content_type or "").partition(";")[0].strip().lower())
    if name is None:
        raise Refusal(415, "unsupported-media-type", f"Content-Type has to be one of {', '.join(NAMES)}.")
    with tempfile.TemporaryDirectory(prefix="discharge-feed-") as folder:
        place = Path(folder) / name
        async with await anyio.open_file(place, "wb") as file:
            async for chunk in request.stream():
                await file.write(chunk)
        return await run_in_threadpool(_taken_in, desk, place, as_of)


def _taken_in(desk: Desk, place: Path, as_of: datetime | None) -> IngestAccount:
    limit = desk.settings.feed_limit_bytes
    if as_of is not None and as_of > desk.now() + _CLOCKS_DIFFER:
        raise UsageError("as_of has not come yet; the feeds of today would be refused as late from then on")
    feed = _unpacked(place, limit) if place.suffix == ".zip" else place
    _refuse_too_much(feed, limit)
    settings = IngestSettings(zone=desk.settings.zone, as_of=as_of)
    try:
        return ingest(desk.store, [feed], settings, desk.library, now=desk.settings.clock)
    except FeedError as error:
        if str(place.parent) not in str(error):
            raise
        said = str(error).replace(f"{place.parent}/", "")  # where it lies here is nobody's business
        raise FeedError(said) from None


def _unpacked(packed: Path, limit: int) -> Path:
    """Unpack the files of a feed beside it, and nowhere else.

    Raises:
        FeedError: no ZIP, names that lead elsewhere, or more in it than a feed may hold.
    """
    target = packed.parent / "feed"
    try:
        with zipfile.ZipFile(packed) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
            if len(members) > MOST_FILES or sum(one.file_size for one in members) > limit:
                raise FeedError(_TOO_MUCH)
            for one in members:
                if not (target / one.filename).resolve().is_relative_to(target.resolve()):
                    raise FeedError("the ZIP holds a file whose name leads out of it")
            archive.extractall(target)
    except (
        zipfile.BadZipFile,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        zlib.error,
        LZMAError,
    ):
        raise FeedError("the body is not a ZIP that can be read (damaged, or with a password)") from None
    return target


def _refuse_too_much(feed: Path, limit: int) -> None:
    """Refuse files that unpack to more than a feed may hold: readers unpack gzip and workbooks by themselves.

    Raises:
        FeedError: more than ``limit`` bytes in all.
    """
    left = limit
    for path in [feed] if feed.is_file() else [one for one in feed.rglob("*") if one.is_file()]:
        left -= _unpacked_size(path, left)
        if left < 0:
            raise FeedError(_TOO_MUCH)


def _unpacked_size(path: Path, enough: int) -> int:
    """Return how many bytes a file comes to; counting ends above ``enough``. Damage is the reader's to tell."""
    with path.open("rb") as file:
        begins = file.read(4)
    if begins == b"PK\x03\x04":
        try:
            with zipfile.ZipFile(path) as archive:
                return sum(one.file_size for one in archive.infolist())
        except (zipfile.BadZipFile, RuntimeError, ValueError):
            return path.stat().st_size
    if not begins.startswith(b"\x1f\x8b"):
        return path.stat().st_size
    size = 0
    try:
        with gzip.open(path) as packed:
            while size <= enough and (piece := packed.read(_PIECE)):
                size += len(piece)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        pass
    return size
