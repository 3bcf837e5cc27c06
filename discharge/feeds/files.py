"""Finds the files of a feed and reads them in blocks of whole lines, so that no file need fit in memory."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from discharge.errors import FeedError, FeedNotFoundError
from discharge.feeds.rejects import RecordFault

BLOCK_BYTES = 16 * 1024 * 1024
FHIR_SUFFIXES = (".ndjson", ".jsonl", ".json")
TABULAR_SUFFIXES = (".csv", ".tsv", ".parquet", ".xlsx", ".xls", ".xlsb", ".ods")
_ZIPPABLE = (*FHIR_SUFFIXES, ".csv", ".tsv")


@dataclass(frozen=True, slots=True)
class FeedFile:
    """``source`` is the name written into charts and rejects: the path inside the folder given."""

    path: Path
    source: str
    kind: str  # "fhir" or "tabular"
    sheet: str = ""  # of an Excel file

    @property
    def suffix(self) -> str:
        """The suffix that says the format, without .gz."""
        name = self.path.name.lower().removesuffix(".gz")
        return Path(name).suffix


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a file; ``first`` is the number of the first line. ``fault`` ends the file."""

    file: int
    number: int
    first: int
    data: bytes
    fault: RecordFault | None = None


def find_files(paths: Sequence[Path], format: str) -> list[FeedFile]:
    """Return the files to read, ordered by source; ``format`` is auto, fhir or tabular.

    Raises:
        FeedNotFoundError: names every path that does not exist.
        FeedError: nothing in the folders given looks like a feed.
    """
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise FeedNotFoundError(f"no such file or folder: {', '.join(missing)}")
    found: dict[Path, FeedFile] = {}
    closed: list[str] = []
    for given in paths:
        inside = _inside(given, closed) if given.is_dir() else [given]
        base = given if given.is_dir() else given.parent
        for path in inside:
            kind = _kind(path, format, named=not given.is_dir())
            if kind:
                found.setdefault(path.resolve(), FeedFile(path, path.relative_to(base).as_posix(), kind))
    closed += [str(file.path) for file in found.values() if not os.access(file.path, os.R_OK)]
    if closed:
        raise FeedError(f"no permission to read {', '.join(sorted(closed))}; ask for it, or leave it out")
    if not found:
        raise FeedError(
            f"nothing to read in {', '.join(map(str, paths))}: looked for {_sought(format)}, in all its folders"
        )
    return sorted(found.values(), key=lambda file: (file.source, str(file.path)))


def _inside(folder: Path, closed: list[str]) -> list[Path]:
    """Return every file below ``folder``; folders that can't be looked into are added to ``closed``."""
    walk = os.walk(folder, onerror=lambda error: closed.append(str(error.filename)))
    files = [Path(base) / name for base, _, names in walk for name in names]
    return sorted(path for path in files if path.is_file())


def _kind(path: Path, format: str, *, named: bool) -> str | None:
    name = path.name.lower()
    suffix = Path(name.removesuffix(".gz")).suffix
    if name.startswith(".") or (name.endswith(".gz") and suffix not in _ZIPPABLE):
        suffix = ""
    kind = "fhir" if suffix in FHIR_SUFFIXES else "tabular" if suffix in TABULAR_SUFFIXES else None
    if kind is None and named:
        kind = format if format != "auto" else "fhir"
    return kind if format == "auto" or kind == format else None


def _sought(format: str) -> str:
    fhir = "FHIR R4 as .ndjson, .jsonl or .json (also .gz)"
    tabular = "chart tables as .csv, .tsv (also .gz), .parquet or .xlsx"
    return {"fhir": fhir, "tabular": tabular}.get(format, f"{fhir}, and {tabular}")


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, unpacking gzip by its content and not by its name."""
    with path.open("rb") as raw:
        is_gzip = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        if is_gzip:
            with gzip.GzipFile(fileobj=raw, mode="rb") as unpacked:
                yield cast("IO[bytes]", unpacked)
        else:
            yield raw


def blocks(index: int, file: FeedFile) -> Iterator[Block]:
    """Yield the file's lines in blocks of about ``BLOCK_BYTES``; a damaged gzip yields what came before the damage."""
    first, number, rest = 1, 0, b""
    with open_bytes(file.path) as stream:
        while True:
            data, fault = _read(stream, BLOCK_BYTES)
            if data and number == 0 and not rest:
                data = data.removeprefix(b"\xef\xbb\xbf")
            data = rest + data
            done = fault is not None or len(data) == len(rest)
            cut = len(data) if done and fault is None else data.rfind(b"\n") + 1
            whole, rest = data[:cut], data[cut:]
            if whole or fault:
                yield Block(index, number, first, whole, fault)
                first += whole.count(b"\n")
                number += 1
            if done:
                return


def _read(stream: IO[bytes], size: int) -> tuple[bytes, RecordFault | None]:
    """Read up to ``size`` bytes; smaller steps near damage, so that no whole line before it is lost."""
    parts: list[bytes] = []
    read = 0
    try:
        while read < size:
            part = (
                stream.read1(min(size - read, 65536))
                if hasattr(stream, "read1")
                else stream.read(size - read)
            )
            if not part:
                break
            parts.append(part)
            read += len(part)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return b"".join(parts), RecordFault("truncated_gzip")
    return b"".join(parts), None


def read_all(path: Path) -> tuple[bytes, RecordFault | None]:
    """Return a whole file (one JSON document), unpacked, and the damage found."""
    with open_bytes(path) as stream:
        return _read(stream, 1 << 62)
