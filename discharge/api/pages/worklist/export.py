"""The list, or the selected of it, as an Excel file or CSV: all rows that fit, in the order of the page.

Texts are texts in both: nothing that a chart says can become a formula. Dollars are numbers, times the facility's.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from discharge.api.auth.principal import log_read
from discharge.api.pages.sent import last, sent_form
from discharge.api.pages.worklist.asked import asked_of
from discharge.api.pages.worklist.bulk import picked
from discharge.api.pages.worklist.listing import around, order_of, says, settled
from discharge.api.pages.worklist.page import Reader
from discharge.api.pages.worklist.rows import PRIVATE, Known, barrier_title, row_of, why
from discharge.api.problems import Refusal
from discharge.api.state import OurDesk
from discharge.casework.census import some
from discharge.casework.query import WorklistRow
from discharge.wording import plural

router = APIRouter(include_in_schema=False)
MOST = 100_000
Value: TypeAlias = str | int | float | Decimal | datetime | None
Kind: TypeAlias = Literal["text", "number", "share", "usd", "time"]
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # the wide forms too
_FORMATS: Mapping[Kind, dict[str, object]] = {
    "text": {"text_wrap": True, "valign": "top"},
    "number": {"num_format": "0.0", "valign": "top"},
    "share": {"num_format": "0%", "valign": "top"},
    "usd": {"num_format": "$#,##0.00", "valign": "top"},
    "time": {"num_format": "yyyy-mm-dd hh:mm", "valign": "top", "align": "left"},
}


@dataclass(frozen=True)
class Column:
    """A column: its heading, what kind of value it holds, and how wide it is in Excel."""

    title: str
    kind: Kind
    width: int


COLUMNS = (
    Column("Place", "number", 6),
    Column("Urgency", "text", 9),
    Column("Next step", "text", 50),
    Column("Why", "text", 36),
    Column("Due", "time", 17),
    Column("Unit", "text", 18),
    Column("Bed", "text", 8),
    Column("Patient", "text", 22),
    Column("MRN", "text", 14),
    Column("Encounter", "text", 16),
    Column("Payer", "text", 30),
    Column("Status", "text", 12),
    Column("Admitted", "time", 17),
    Column("Day", "text", 8),
    Column("Usual days (GMLOS)", "number", 10),
    Column("Expected discharge", "time", 17),
    Column("Denial risk", "text", 10),
    Column("Probability of a denial", "share", 11),
    Column("Exposure", "usd", 13),
    Column("Expected loss", "usd", 13),
    Column("First cause", "text", 30),
    Column("Ready for discharge", "text", 13),
    Column("Barriers", "text", 30),
    Column("Open tasks", "number", 8),
    Column("Whose", "text", 18),
    Column("New data since the review", "text", 12),
)


@dataclass(frozen=True)
class Sheet:
    """What is written: values by row, and what the file says of itself."""

    rows: Sequence[Sequence[Value]]
    about: Sequence[tuple[str, str]]
    zone: str


@router.post("/worklist/export", name="page_worklist_export")
def export(request: Request, desk: OurDesk, who: Reader) -> Response:
    """Return the list, or the selected cases, as a file; on record in the access log."""
    sent = sent_form(request)
    kind = last(sent, "format")
    if kind not in ("xlsx", "csv"):
        raise Refusal(422, "invalid", "A list is exported as xlsx or csv.")
    now, zone = desk.now(), desk.settings.zone
    chosen = [one.case_id for one in picked(sent)]
    is_selected = "case" in sent or last(sent, "key") != ""
    with desk.store.read() as connection:
        near = around(connection, desk, who, now)
        asked = settled(asked_of(sent), near)
        ids = chosen if is_selected else order_of(connection, desk, who, asked, near, MOST)
        found = some(connection, ids, now=now)
    if is_selected and not found:
        raise Refusal(422, "invalid", "No patient is selected. Go back and select some.")
    listed = [found[one] for one in ids if one in found]
    log_read(request, who, [one.case_id for one in listed])
    told = (
        f"{plural(len(listed), 'patient')}, selected by hand"
        if is_selected
        else says(len(listed), asked, near)
    )
    at = now.astimezone(ZoneInfo(zone))
    sheet = Sheet(
        [values(place, one, near.known) for place, one in enumerate(listed, 1)],
        [
            ("Worklist", told),
            ("As of", f"{at:%Y-%m-%d %H:%M %Z}"),
            ("Times", f"of {zone}"),
            ("Made by", who.account.name),
            ("Holds", "patients' data: keep it as such, and delete it when it is no longer needed"),
            ("Is", "advice to people, never a denial; empty: not known"),
        ],
        zone,
    )
    body, media = (as_xlsx(sheet), _XLSX) if kind == "xlsx" else (as_csv(sheet), "text/csv; charset=utf-8")
    name = f"worklist-{at:%Y-%m-%d-%H%M}.{kind}"
    return Response(body, 200, {"Content-Disposition": f'attachment; filename="{name}"'}, media)


def values(place: int, case: WorklistRow, known: Known) -> list[Value]:
    """Return a case as the values of :data:`COLUMNS`; what a sensitive rule asks stands in no file."""
    row = row_of(case, known)
    return [
        place,
        row.urgency,
        PRIVATE if row.is_private else case.next_step,
        "" if row.is_private else why(case, known),
        case.due_at,
        case.unit,
        case.bed,
        case.name,
        case.mrn,
        case.encounter_id,
        case.payer_title,
        "discharged" if case.in_house is False else case.status,
        case.admitted_at,
        row.day if case.admitted_at is not None else None,
        case.gmlos_days,
        case.expected_discharge_at,
        case.risk_band,
        case.risk_probability,
        case.exposure_usd,
        case.expected_loss_usd,
        case.top_cause,
        {"met": "yes", "not_met": "no"}.get(case.discharge_ready or "", "not known"),
        "; ".join(barrier_title(one) for one in dict.fromkeys(case.barrier_causes)),
        case.open_tasks,
        "" if case.assignee is None else known.names.get(case.assignee, "somebody no longer here"),
        "yes" if case.is_stale else "",
    ]


def as_csv(sheet: Sheet) -> bytes:
    """Return the rows as CSV in UTF-8, with the mark by which Excel knows it."""
    made = io.StringIO(newline="")
    writer = csv.writer(made, lineterminator="\r\n")
    writer.writerow([one.title for one in COLUMNS])
    for row in sheet.rows:
        writer.writerow(list(_texts(row, sheet.zone)))
    return made.getvalue().encode("utf-8-sig")


def _texts(row: Sequence[Value], zone: str) -> Iterator[str]:
    for value in row:
        if isinstance(value, datetime):
            yield value.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes")
        elif isinstance(value, str):
            yield safe(value)
        else:
            yield "" if value is None else str(value)


def safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    >>> safe("=1+1"), safe("Rossi, Anna")
    ("'=1+1", 'Rossi, Anna')
    """
    return f"'{text}" if text[:1] in ("\t", "\r", "\n") or text.lstrip().startswith(_FORMULA) else text


def as_xlsx(sheet: Sheet) -> bytes:
    """Return the rows as an Excel file, made in memory: no patient's data lies in a temporary file."""
    import xlsxwriter

    made = io.BytesIO()
    plain = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(made, plain) as book:
        formats = {kind: book.add_format(given) for kind, given in _FORMATS.items()}
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        page = book.add_worksheet("Worklist")
        for place, column in enumerate(COLUMNS):
            title = f"{column.title} ({sheet.zone})" if column.kind == "time" else column.title
            page.write_string(0, place, title, bold)
            page.set_column(place, place, column.width)
        for line, row in enumerate(sheet.rows, 1):
            for place, (column, value) in enumerate(zip(COLUMNS, row, strict=True)):
                _write(page, line, place, value, formats[column.kind], sheet.zone)
        page.freeze_panes(1, 0)
        page.autofilter(0, 0, max(1, len(sheet.rows)), len(COLUMNS) - 1)
        page.set_landscape()
        page.repeat_rows(0)
        page.fit_to_pages(1, 0)
        about = book.add_worksheet("About")
        about.set_column(0, 0, 12)
        about.set_column(1, 1, 90)
        for line, (what, told) in enumerate(sheet.about):
            about.write_string(line, 0, what, bold)
            about.write_string(line, 1, told, formats["text"])
    return made.getvalue()


def _write(page: object, line: int, place: int, value: Value, form: object, zone: str) -> None:
    """Write a cell as what it is; what is not known stays empty."""
    from xlsxwriter.worksheet import Worksheet

    assert isinstance(page, Worksheet)
    if value is None or value == "":
        return
    if isinstance(value, datetime):  # Excel's times have no zone: the heading says which it is
        page.write_datetime(line, place, value.astimezone(ZoneInfo(zone)).replace(tzinfo=None), form)
    elif isinstance(value, str):
        page.write_string(line, place, value, form)
    else:
        page.write_number(line, place, float(value), form)
