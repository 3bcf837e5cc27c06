"""Files of providers: rows with their line, headers in one form, cells as numbers, days and answers."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeAlias

from discharge.errors import Fault
from discharge.packs.names import nearest
from discharge.providers.model import DirectoryError, Provider, Source

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_AND_YEAR = re.compile(r"(?<![a-z])(" + "|".join(_MONTHS) + r")[a-z]*[ _-]?(20[0-9]{2})", re.IGNORECASE)
_YEAR_AND_MONTH = re.compile(r"(?<![0-9])(20[0-9]{2})[_-](0[1-9]|1[0-2])(?![0-9])")
EMPTY = {"", "-", "--", "n/a", "na", "not available", "not applicable", "null", "none"}
ROW_OUT = "the row is left out"
LEFT_OPEN = "left as not known"


@dataclass
class Loaded:
    """What came of one file. ``serves`` maps a CCN to the ZIPs that it says it serves."""

    source: Source
    providers: list[Provider] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    complete: frozenset[str] = frozenset()
    serves: Mapping[str, frozenset[str]] = field(default_factory=dict)


Cells: TypeAlias = dict[str, str]


@dataclass(frozen=True)
class Sheet:
    """A CSV file as read. ``headers`` are in one form; ``said`` are its lines that begin with ``#``."""

    name: str
    headers: tuple[str, ...]
    lines: Sequence[tuple[int, list[str]]]
    said: Sequence[str]
    digest: str

    def rows(self, faults: list[Fault]) -> Iterator[tuple[str, Cells]]:
        """Yield each row with its place; a row of another length is a fault."""
        for number, cells in self.lines:
            where = f"{self.name}: line {number}"
            if len(cells) != len(self.headers):
                what, expected = f"{len(cells)} cells", f"{len(self.headers)}; {ROW_OUT}"
                faults.append(Fault(where, what, expected))
            else:
                yield (
                    where,
                    {header: cell.strip() for header, cell in zip(self.headers, cells, strict=True)},
                )


def header_form(text: str) -> str:
    """Return a header in the one form that headers are compared in.

    >>> header_form("CMS Certification Number (CCN)"), header_form("City/Town")
    ('cms_certification_number_ccn', 'city_town')
    """
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def read_sheet(path: Path) -> Sheet:
    """Read a CSV file in UTF-8 or, as old files of CMS are, cp1252.

    Raises:
        DirectoryError: no such file, or no CSV with a header.
    """
    try:
        content = path.read_bytes()
    except OSError:
        raise DirectoryError([Fault(path.name, "the file can't be read", "a CSV file")]) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        lines = [(reader.line_num, cells) for cells in reader]
    except csv.Error:
        raise DirectoryError([Fault(path.name, "not CSV", "commas between cells, quotes closed")]) from None
    said = [",".join(cells).strip(" ,") for _, cells in lines if _is_said(cells)]
    kept = [(n, cells) for n, cells in lines if not _is_said(cells) and any(cell.strip() for cell in cells)]
    if not kept:
        raise DirectoryError([Fault(path.name, "the file is empty", "a header and a line for each provider")])
    headers = tuple(header_form(cell) for cell in kept[0][1])
    if twice := sorted({name for name in headers if name and headers.count(name) > 1}):
        raise DirectoryError(
            [Fault(path.name, f"the column '{name}' stands twice", "each once") for name in twice]
        )
    return Sheet(path.name, headers, kept[1:], said, hashlib.sha256(content).hexdigest())


def _is_said(cells: list[str]) -> bool:
    return bool(cells) and cells[0].lstrip().startswith("#")


def date_in_name(name: str) -> date | None:
    """Return the month that a file's name gives, as its first day.

    >>> date_in_name("NH_ProviderInfo_Jan2026.csv"), date_in_name("hospice-2025-11.csv"), date_in_name("ours.csv")
    (datetime.date(2026, 1, 1), datetime.date(2025, 11, 1), None)
    """
    if found := _MONTH_AND_YEAR.search(name):
        return date(int(found[2]), _MONTHS.index(found[1].lower()) + 1, 1)
    if found := _YEAR_AND_MONTH.search(name):
        return date(int(found[1]), int(found[2]), 1)
    return None


@dataclass
class CellReader:
    """Reads the cells of one row; what is wrong is named and left as not known. Values are never quoted."""

    where: str
    cells: Cells
    faults: list[Fault]

    def text(self, name: str) -> str | None:
        """Return a cell, None where it is empty or says that it is not available."""
        found = " ".join(self.cells.get(name, "").split())
        return None if found.lower() in EMPTY else found

    def fault(self, name: str, expected: str, what: str = "not understood") -> None:
        self.faults.append(Fault(f"{self.where}: {name}", what, expected))

    def number(self, name: str, low: float, high: float) -> float | None:
        """Return a number between ``low`` and ``high``."""
        text = self.text(name)
        if text is None:
            return None
        if re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,20})?", text) and low <= float(text) <= high:
            return float(text)
        self.fault(name, f"a number from {low:g} to {high:g}; {LEFT_OPEN}")
        return None

    def count(self, name: str) -> int | None:
        """Return a whole number from 0."""
        text = self.text(name)
        if text is None:
            return None
        if re.fullmatch(r"[0-9]{1,5}(\.0+)?", text):
            return int(float(text))
        self.fault(name, f"a whole number from 0; {LEFT_OPEN}")
        return None

    def answer(self, name: str) -> bool | None:
        """Return yes or no."""
        text = self.text(name)
        if text is None:
            return None
        if text.lower() in ("yes", "y", "true", "1"):
            return True
        if text.lower() in ("no", "n", "false", "0"):
            return False
        self.fault(name, f"yes or no; {LEFT_OPEN}")
        return None

    def one_of(self, name: str, allowed: Sequence[str], otherwise: str = LEFT_OPEN) -> str | None:
        """Return a word that is allowed; the fault names the nearest, and says what becomes of the rest."""
        text = self.text(name)
        if text is None or text.lower() in allowed:
            return text.lower() if text else None
        near = nearest(text.lower(), list(allowed)) or f"one of: {', '.join(allowed)}"
        self.fault(name, f"{near}; {otherwise}", f"no {name} of that name")
        return None
