"""CMS's published files of nursing homes, home health, hospice, rehabilitation and long-term hospitals, with ratings.

Also the shipped extract, files of measures (a row for each provider and measure) and files of the ZIPs an agency
serves.
Columns are named in ``reference/providers/care_compare.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Literal

from pydantic import Field

from discharge import yaml
from discharge.dated import Citation, Strict
from discharge.errors import Fault
from discharge.providers.files import ROW_OUT, CellReader, Loaded, Sheet, date_in_name
from discharge.providers.geography import zip_digits
from discharge.providers.model import KINDS, Kind, Provider, Quality, Source
from discharge.resources import reference_file

CCN = re.compile(r"[0-9A-Z]{3}[0-9]{3}")
STATE = re.compile(r"[A-Z]{2}")
NORTH, SOUTH, WEST, EAST = 72.0, -15.0, -180.0, -60.0  # the States and territories
PACIFIC = (140.0, 180.0)  # Guam and the Marianas lie east of the date line


class QualityRow(Strict):
    """A published figure: its words, the columns that carry it, and the codes or endings of codes in measure files."""

    title: str
    columns: list[str] = Field(default_factory=list)
    measures: list[str] = Field(default_factory=list)
    ending: str | None = None
    of: Literal["stars", "percent", "ratio"]
    use: Literal["quality", "resource"] = "quality"


class ColumnTable(Strict):
    """The whole of ``care_compare.yaml``."""

    title: str
    citations: dict[str, Citation]
    columns: dict[str, list[str]]
    kinds_by_column: dict[str, Kind]
    kinds_by_name: dict[str, Kind]
    kinds_by_ccn: dict[Kind, list[list[int]]]
    rehabilitation_unit_letters: str
    quality: dict[str, QualityRow]


@cache
def column_table() -> ColumnTable:
    """Return the table of columns, read once."""
    path = reference_file("providers/care_compare.yaml")
    return ColumnTable.model_validate(
        yaml.load(path.read_bytes(), where="reference/providers/care_compare.yaml")
    )


def named_columns(headers: Sequence[str]) -> dict[str, str]:
    """Return our names of columns with the header that a file has for each."""
    return {
        name: next(known for known in aliases if known in headers)
        for name, aliases in column_table().columns.items()
        if any(known in headers for known in aliases)
    }


def is_general(columns: Mapping[str, str]) -> bool:
    """Whether a file names providers, a row for each."""
    return {"ccn", "name"} <= columns.keys() and "measure" not in columns


def is_measures(columns: Mapping[str, str]) -> bool:
    """Whether a file has a row for each provider and measure."""
    return {"ccn", "measure", "score"} <= columns.keys()


def is_served_zips(columns: Mapping[str, str]) -> bool:
    """Whether a file says which ZIPs an agency serves."""
    return {"ccn", "zip"} <= columns.keys() and "name" not in columns and "measure" not in columns


def clean_ccn(text: str | None) -> str | None:
    """Return a CMS certification number; a leading zero that a spreadsheet has eaten is put back.

    >>> clean_ccn("15009"), clean_ccn("05t038"), clean_ccn("1234567"), clean_ccn(None)
    ('015009', '05T038', None, None)
    """
    found = (text or "").strip().upper()
    if found.isascii() and found.isdigit() and len(found) == 5:
        found = "0" + found
    return found if CCN.fullmatch(found) else None


def kind_of_ccn(ccn: str) -> Kind | None:
    """Return the kind that a CCN's number stands for.

    >>> kind_of_ccn("225001"), kind_of_ccn("22T071"), kind_of_ccn("223026"), kind_of_ccn("22A001")
    ('snf', 'irf', 'irf', None)
    """
    table = column_table()
    if ccn[2] in table.rehabilitation_unit_letters:
        return "irf"
    if not ccn[2].isdigit():
        return None
    number = int(ccn[2:])
    for kind, ranges in table.kinds_by_ccn.items():
        if any(low <= number <= high for low, high in ranges):
            return kind
    return None


def kind_of_sheet(sheet: Sheet) -> Kind | None:
    """Return the kind of which a whole file is, by a column only one kind has, or by its name."""
    table = column_table()
    by_column = next((kind for name, kind in table.kinds_by_column.items() if name in sheet.headers), None)
    name = re.sub(r"[^a-z0-9]+", "_", sheet.name.lower())
    return by_column or next((kind for word, kind in table.kinds_by_name.items() if word in name), None)


@dataclass
class _File:
    """What the rows of one general file have in common."""

    sheet: Sheet
    columns: Mapping[str, str]
    kind: Kind | None
    published: date | None
    faults: list[Fault]
    title: str

    def reader(self, where: str, cells: dict[str, str]) -> CellReader:
        own = {name: cells[header] for name, header in self.columns.items()}
        return CellReader(where, {**cells, **own}, self.faults)


def read_general(sheet: Sheet, columns: Mapping[str, str], *, title: str | None = None) -> Loaded:
    """Return the providers of a file that names them; nursing homes that Medicare doesn't pay are left aside."""
    faults: list[Fault] = []
    published = _published(sheet, columns, faults)
    shown = title or f"{sheet.name} (CMS)"
    file = _File(sheet, columns, kind_of_sheet(sheet), published, faults, shown)
    found, seen, aside = [], set(), 0
    for where, cells in sheet.rows(faults):
        read = file.reader(where, cells)
        if (read.text("type") or "").lower() == "medicaid":
            aside += 1
            continue
        one = _provider(file, read)
        if one is None:
            continue
        if (one.kind, one.key) in seen:
            read.fault("ccn", f"one line for each; {ROW_OUT}", "the same provider stands twice")
            continue
        seen.add((one.kind, one.key))
        found.append(one)
    note = f"{aside} that Medicaid alone pays left aside" if aside else ""
    return Loaded(Source(shown, published, len(found), note), found, faults)


def _published(sheet: Sheet, columns: Mapping[str, str], faults: list[Fault]) -> date | None:
    """The day of a file: its own column of dates (the latest), else the month in its name."""
    if "date" not in columns:
        return date_in_name(sheet.name)
    place = sheet.headers.index(columns["date"])
    days = [day for _, cells in sheet.lines if place < len(cells) and (day := _day(cells[place])) is not None]
    return max(days, default=None) or date_in_name(sheet.name)


def _day(text: str) -> date | None:
    """A day as CMS writes it: 2026-01-01 or 01/31/2026."""
    found = re.fullmatch(r"\s*([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})\s*", text)
    try:
        if found:
            return date(int(found[3]), int(found[1]), int(found[2]))
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None


def _provider(file: _File, read: CellReader) -> Provider | None:
    ccn, name = clean_ccn(read.text("ccn")), read.text("name")
    if ccn is None:
        read.fault("ccn", f"six characters such as 225001; {ROW_OUT}")
        return None
    if name is None:
        read.fault("name", f"the provider's name; {ROW_OUT}", "empty")
        return None
    given = read.cells.get("kind")
    named = next((one for one in KINDS if one == given), None)
    kind = named or file.kind or kind_of_ccn(ccn)
    if kind is None:
        read.fault("ccn", f"a file or number of a known kind of provider; {ROW_OUT}", "kind not known")
        return None
    latitude, longitude = position(read)
    return Provider(
        key=ccn,
        kind=kind,
        name=name,
        ccn=ccn,
        address=read.text("address"),
        city=read.text("city"),
        state=state(read),
        postal_code=postal_code(read),
        latitude=latitude,
        longitude=longitude,
        phone=read.text("phone"),
        beds=read.count("beds"),
        quality=_quality(read, file.published),
        sources=(file.title,),
    )


def position(read: CellReader) -> tuple[float | None, float | None]:
    """Return latitude and longitude, both or neither; outside the States and territories is a fault."""
    latitude = read.number("latitude", SOUTH, NORTH)
    longitude = read.number("longitude", -180.0, 180.0)
    if longitude is not None and not (WEST <= longitude <= EAST or PACIFIC[0] <= longitude <= PACIFIC[1]):
        read.fault("longitude", "degrees east, so below zero in America; left as not known")
        longitude = None
    if latitude is None or longitude is None:
        return None, None
    return latitude, longitude


def postal_code(read: CellReader) -> str | None:
    """Return five digits of the ZIP."""
    text = read.text("zip")
    digits = zip_digits(text)
    if text is not None and (digits is None or len(digits) != 5):
        read.fault("zip", "five digits, or nine; left as not known")
        return None
    return digits


def state(read: CellReader) -> str | None:
    """Return two letters of the State."""
    text = read.text("state")
    if text is not None and not STATE.fullmatch(text.upper()):
        read.fault("state", "two letters; left as not known")
        return None
    return text.upper() if text else None


def _quality(read: CellReader, published: date | None) -> tuple[Quality, ...]:
    found = []
    for row in column_table().quality.values():
        header = next((name for name in row.columns if name in read.cells), None)
        if header is not None and (value := figure(row, read.text(header))) is not None:
            found.append(Quality(row.title, value, published, row.use))
    return tuple(found)


def figure(row: QualityRow, text: str | None) -> str | None:
    """Return a published figure in words, None where it isn't one (CMS writes footnotes in its place).

    >>> stars = QualityRow(title="Overall rating", of="stars")
    >>> figure(stars, "4"), figure(stars, "3.5"), figure(stars, "9"), figure(stars, "Not Available")
    ('4 of 5', '3.5 of 5', None, None)
    """
    if text is None or not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", text):
        return None
    amount = float(text)
    if row.of == "stars":
        return f"{amount:g} of 5" if 1 <= amount <= 5 else None
    if row.of == "percent":
        return f"{amount:.1f}%" if amount <= 100 else None
    return f"{amount:.2f}"


def read_measures(sheet: Sheet, columns: Mapping[str, str], known: Mapping[str, Provider]) -> Loaded:
    """Return the measures of a file as additions to providers ``known`` by CCN; others are passed by."""
    faults: list[Fault] = []
    published = _published(sheet, columns, faults)
    found: dict[str, list[Quality]] = {}
    for where, cells in sheet.rows(faults):
        read = CellReader(where, {name: cells[header] for name, header in columns.items()}, faults)
        code = (read.text("measure") or "").upper()
        row = next((one for one in column_table().quality.values() if _is_measure(one, code)), None)
        ccn = clean_ccn(read.text("ccn"))
        value = figure(row, read.text("score")) if row is not None else None
        if row is not None and ccn is not None and ccn in known and value is not None:
            found.setdefault(ccn, []).append(Quality(row.title, value, published, row.use))
    more = [
        Provider(key=ccn, kind=known[ccn].kind, name=known[ccn].name, ccn=ccn, quality=tuple(measures))
        for ccn, measures in found.items()
    ]
    return Loaded(Source(f"{sheet.name} (CMS measures)", published, len(more)), more, faults)


def _is_measure(row: QualityRow, code: str) -> bool:
    return code in row.measures or (row.ending is not None and code.endswith(row.ending))


def read_served(sheet: Sheet, columns: Mapping[str, str]) -> Loaded:
    """Return which ZIPs each agency of a file serves."""
    faults: list[Fault] = []
    found: dict[str, set[str]] = {}
    for where, cells in sheet.rows(faults):
        read = CellReader(where, {name: cells[header] for name, header in columns.items()}, faults)
        ccn, digits = clean_ccn(read.text("ccn")), zip_digits(read.text("zip"))
        if ccn is None or digits is None or len(digits) != 5:
            faults.append(Fault(where, "no CCN or no ZIP", f"six characters and five digits; {ROW_OUT}"))
        else:
            found.setdefault(ccn, set()).add(digits)
    source = Source(f"{sheet.name} (ZIP codes served)", _published(sheet, columns, faults), len(found))
    return Loaded(source, faults=faults, serves={ccn: frozenset(digits) for ccn, digits in found.items()})
