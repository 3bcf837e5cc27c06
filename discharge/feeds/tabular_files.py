"""Rows of CSV, TSV, Parquet and Excel files: (line, cells), with what is broken as faults in place of cells."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow.parquet as pq
from charset_normalizer import from_bytes
from python_calamine import CalamineWorkbook

from discharge.feeds.files import FeedFile, open_bytes
from discharge.feeds.rejects import RecordFault

Cells: TypeAlias = "list[Any] | RecordFault"
_Lines: TypeAlias = "list[tuple[int, str]]"
EXCEL = (".xlsx", ".xls", ".xlsb", ".ods")
_SAMPLE = 256 * 1024
_QUOTED_LINES = 200  # a quoted value over more lines than this is an unclosed quote
_DELIMITERS = ",;\t|"
_ENOUGH = 60  # letters beyond ASCII from which an encoding can be told
_ONE_BYTE = ("cp1252", "cp1250", "cp1251", "iso8859_2", "cp1253", "cp1254", "cp437", "cp850", "mac_roman")
_BROKEN = re.compile("[\ud800-\udfff]")  # bytes that are not of the encoding, kept by surrogateescape


def sheets(path: Path) -> list[str]:
    """Return the names of an Excel file's sheets; none where it can't be read as Excel."""
    try:
        return list(CalamineWorkbook.from_path(str(path)).sheet_names)
    except Exception:  # noqa: BLE001 - calamine has no one error of its own
        return []


def sniff(file: FeedFile, encoding: str | None, delimiter: str | None) -> tuple[str, str]:
    """Return the encoding and delimiter of a text file: what is given, else what is found.

    UTF-8 (with or without mark) wins where the file is valid, and where single lines are broken though others hold
    valid UTF-8 beyond ASCII; else charset-normalizer decides. The delimiter is the one that splits the header most.
    """
    if encoding is None:
        encoding = _encoding(file.path)
    head = _head(file.path).decode(encoding, errors="replace").lstrip("\ufeff").split("\n", 1)[0]
    if delimiter is None:
        delimiter = "\t" if file.suffix == ".tsv" else max(_DELIMITERS, key=head.count)
    return encoding, delimiter


def _head(path: Path) -> bytes:
    try:
        with open_bytes(path) as stream:
            return stream.read(_SAMPLE)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return b""


def _encoding(path: Path) -> str:
    """Return the encoding, judged by every line of the file in one cheap pass."""
    sample = _head(path)
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if sample.startswith(mark):
            return name
    broken, beyond_ascii = bytearray(), False
    try:
        with open_bytes(path) as stream:
            for line in stream:
                if line.isascii():
                    continue
                try:
                    line.decode("utf-8")
                    beyond_ascii = True
                except UnicodeDecodeError:
                    if len(broken) < _SAMPLE:
                        broken += line
    except (EOFError, zlib.error, gzip.BadGzipFile):
        pass  # the rows say where the file is damaged
    if not broken or beyond_ascii:
        return "utf-8"
    return _guessed(bytes(broken))


def _guessed(sample: bytes) -> str:
    """Return the encoding of lines that are not UTF-8.

    From a handful of letters nobody can tell, and a wrong guess of two bytes a letter swallows delimiters; the
    commonest encoding of exports, Windows-1252, is taken then. Guesses are of one byte a letter.
    """
    beyond = sum(byte >= 0x80 for byte in sample)
    if beyond >= _ENOUGH:
        best = from_bytes(sample, cp_isolation=list(_ONE_BYTE)).best()
        if best is not None:
            return best.encoding
    try:
        sample.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def rows(file: FeedFile, encoding: str, delimiter: str) -> Iterator[tuple[int, Cells]]:
    """Yield (line, cells) of a file; the header comes first."""
    if file.suffix == ".parquet":
        yield from _parquet_rows(file.path)
    elif file.suffix in EXCEL:
        yield from _excel_rows(file.path, file.sheet)
    else:
        yield from _text_rows(file.path, encoding, delimiter)


def _parquet_rows(path: Path) -> Iterator[tuple[int, Cells]]:
    try:
        with pq.ParquetFile(path) as parquet:
            yield 0, list(parquet.schema_arrow.names)
            line = 1
            for batch in parquet.iter_batches(65536):
                for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    yield line, list(cells)
                    line += 1
    except (OSError, ValueError):  # pyarrow's ArrowInvalid is a ValueError
        yield 1, RecordFault("unreadable_file", "", "Parquet")


def _excel_rows(path: Path, sheet: str) -> Iterator[tuple[int, Cells]]:
    try:
        found = (
            CalamineWorkbook.from_path(str(path)).get_sheet_by_name(sheet).to_python(skip_empty_area=False)
        )
    except Exception:  # noqa: BLE001 - calamine has no one error of its own
        yield 1, RecordFault("unreadable_file", "", "Excel")
        return
    for line, cells in enumerate(found, 1):
        if any(cell != "" for cell in cells):
            yield line, cells


def _text_rows(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, Cells]]:
    """Yield the rows of a delimited text; a quote never closed costs its own line and no other."""
    waiting: _Lines = []  # lines of a quoted value that goes on
    for number, line in _lines(path, encoding):
        if isinstance(line, RecordFault):
            yield from _alone(waiting, delimiter)
            yield number, line
            return
        if not waiting and '"' not in line:
            yield from _joined([(number, line)], delimiter)
            continue
        waiting.append((number, line))
        if sum(text.count('"') for _, text in waiting) % 2 == 0:
            yield from _joined(waiting, delimiter)
            waiting = []
        elif len(waiting) > _QUOTED_LINES:
            yield waiting[0][0], RecordFault("wrong_columns", "", "a quote is opened and never closed")
            waiting = yield from _again(waiting[1:], delimiter)
    while waiting:
        yield waiting[0][0], RecordFault("wrong_columns", "", "a quote is opened and never closed")
        waiting = yield from _again(waiting[1:], delimiter)


def _again(lines: _Lines, delimiter: str) -> Generator[tuple[int, Cells], None, _Lines]:
    """Read lines taken for a quoted value once more, each from its own start; return those that still wait."""
    waiting: _Lines = []
    for entry in lines:
        waiting.append(entry)
        if sum(text.count('"') for _, text in waiting) % 2 == 0:
            yield from _joined(waiting, delimiter)
            waiting = []
    return waiting


def _alone(lines: _Lines, delimiter: str) -> Iterator[tuple[int, Cells]]:
    for entry in lines:
        yield from _joined([entry], delimiter)


def _joined(lines: _Lines, delimiter: str) -> Iterator[tuple[int, Cells]]:
    text = "".join(line for _, line in lines)
    if not text.strip():
        return
    number = lines[0][0]
    if not text.isascii() and _BROKEN.search(text):
        yield number, RecordFault("not_utf8")
        return
    if len(lines) == 1 and '"' not in text:
        yield number, text.rstrip("\r\n").split(delimiter)
        return
    try:
        cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except (csv.Error, StopIteration):
        yield number, RecordFault("wrong_columns", "", "not a line of delimited text")
        return
    yield number, cells


def _lines(path: Path, encoding: str) -> Iterator[tuple[int, str | RecordFault]]:
    number = 0
    with open_bytes(path) as raw:
        text = io.TextIOWrapper(raw, encoding=encoding, errors="surrogateescape", newline="\n")
        try:
            for line in text:
                number += 1
                yield number, line.removeprefix("\ufeff") if number == 1 else line
        except (EOFError, zlib.error, gzip.BadGzipFile):
            yield number + 1, RecordFault("truncated_gzip")
        except UnicodeError:
            yield number + 1, RecordFault("not_utf8", "", f"the rest can't be read as {encoding}")
