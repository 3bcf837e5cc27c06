"""Options that several commands share, and how their text is read."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from discharge.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

ZONE = "America/New_York"

AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="TIME",
        help="Review the chart as known then: 2026-06-15T07:00 (facility's zone), or with an offset. Default: now.",
    ),
]
Rules = Annotated[
    Path | None, typer.Option("--rules", metavar="DIR", help="Rule packs instead of the shipped ones.")
]
Payers = Annotated[
    Path | None, typer.Option("--payers", metavar="DIR", help="Payer profiles instead of the shipped.")
]
DenialHistoryFile = Annotated[
    Path | None,
    typer.Option(
        "--denial-history",
        metavar="FILE.csv",
        help="The hospital's own denials (cause,payer,stays,denied); goes before published rates.",
    ),
]
Zone = Annotated[
    str, typer.Option("--zone", metavar="NAME", help="Time zone of the facility (midnights are local).")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Feeds = Annotated[
    list[Path],
    typer.Argument(
        metavar="FEED...", help="Files or folders: NDJSON (also .gz), Bundles, CSV, Parquet, Excel."
    ),
]
Format = Annotated[
    str, typer.Option("--format", metavar="auto|fhir|tabular", help="What the feed is; found out if auto.")
]
Mapping = Annotated[
    Path | None,
    typer.Option(
        "--mapping", metavar="FILE", help="Column names of a tabular feed, where they differ from ours."
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        "--encoding", metavar="NAME", help="Of CSV and TSV files, such as cp1252; found out if not given."
    ),
]
Delimiter = Annotated[
    str | None,
    typer.Option("--delimiter", metavar="SIGN", help="Of CSV files: , ; | or tab; found out if not given."),
]
FORMATS = ("auto", "fhir", "tabular")


def facility_zone(name: str) -> str:
    """Return ``name`` if it is a time zone, else raise UsageError."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise UsageError(f"--zone: no time zone '{name}'; give an IANA name such as {ZONE}") from None
    return name


def moment(text: str | None, zone: str) -> pd.Timestamp:
    """Return ``--as-of`` as a UTC timestamp; without it, the present minute. A time without offset is the facility's.

    Raises:
        UsageError: not a time.
    """
    import pandas as pd

    if text is None:
        return pd.Timestamp.now(tz="UTC").floor("min")
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--as-of: '{text}' is not a time; write 2026-06-15T07:00 or 2026-06-15T07:00-04:00"
        ) from None
    if read.tzinfo is None:
        read = read.replace(tzinfo=ZoneInfo(zone))
    try:
        return pd.Timestamp(read).tz_convert("UTC").as_unit("us")
    except (OverflowError, ValueError):
        raise UsageError(f"--as-of: the year of '{text}' is out of range") from None


def text_form(encoding: str | None, delimiter: str | None) -> tuple[str | None, str | None]:
    """Return encoding and delimiter of text feeds as asked for, the delimiter as one sign.

    Raises:
        UsageError: Python knows no such encoding, or the delimiter is not one sign.
    """
    if encoding is not None:
        try:
            "".encode(encoding)
        except LookupError:
            raise UsageError(
                f"--encoding: no encoding '{encoding}'; give a name such as utf-8, cp1252 or latin-1"
            ) from None
    sign = {"tab": "\t", "\\t": "\t"}.get(delimiter or "", delimiter)
    if sign is not None and (len(sign) != 1 or sign in '"\r\n'):
        raise UsageError("--delimiter: one sign is expected, such as ';' or tab")
    return encoding, sign


def one_of(option: str, value: str, allowed: tuple[str, ...]) -> str:
    """Return ``value`` if allowed, else raise UsageError with what is."""
    if value not in allowed:
        raise UsageError(f"{option}: '{value}' is not one of {', '.join(allowed)}")
    return value


def folder_or(given: Path | None, shipped: str, option: str) -> Path:
    """Return the folder given, or the shipped one.

    Raises:
        UsageError: what was given is no folder.
    """
    from discharge.resources import data_folder

    if given is None:
        return data_folder(shipped)
    if not given.is_dir():
        raise UsageError(f"{option}: {given} is not a folder")
    if not any(given.rglob("*.yaml")):
        raise UsageError(f"{option}: there is no .yaml file in {given}; give the folder that holds them")
    return given
