"""Reads one tabular file into staged rows, a part at a time."""

from __future__ import annotations

from pathlib import Path

from discharge.feeds.files import FeedFile
from discharge.feeds.record import Reading
from discharge.feeds.rejects import RecordFault
from discharge.feeds.staging import Sink
from discharge.feeds.tabular_files import rows
from discharge.feeds.tabular_plan import TableSource
from discharge.feeds.tabular_rows import RowReader

_ROWS_PER_PART = 50_000
_OF_ONE_ROW = ("wrong_columns", "not_utf8")


def read_table_file(file: FeedFile, source: TableSource, reading: Reading, sink: Sink, staged: Path) -> None:
    """Stage every row of ``file``; what can't be used becomes a reject."""
    body = rows(file, source.encoding, source.delimiter)
    next(body, None)  # the header
    reader = RowReader(source, reading)
    part = 0
    for line, cells in body:
        sink.line, sink.sub = line, 0
        sink.read += 1
        if isinstance(cells, RecordFault):
            # A line is a row of this table; a damaged file may have lost any number of them.
            field = source.table if cells.code in _OF_ONE_ROW else ""
            sink.reject(RecordFault(cells.code, field, cells.detail))
            continue
        mark = sink.mark()
        try:
            reader.stage(cells, sink)
        except RecordFault as fault:
            sink.undo(mark)
            sink.reject(fault)
        except Exception as error:  # noqa: BLE001 - one row must never end the run; the type names no patient
            sink.undo(mark)
            sink.reject(RecordFault("internal_error", source.table, type(error).__name__))
        if sink.read % _ROWS_PER_PART == 0:
            part += 1
            sink.write(staged, f"{sink.file:06d}-t{part:06d}")
