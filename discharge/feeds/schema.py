"""The published schema of tabular feeds: what `discharge feed schema` prints."""

from __future__ import annotations

from typing import Any

from discharge.chart import TABLES
from discharge.feeds.rejects import CODES

_KINDS = {
    "text": "text",
    "number": "decimal number",
    "time": "ISO 8601 time; without offset it is the facility's own",
    "date": "ISO 8601 date",
    "flag": "true or false",
}


def feed_schema() -> dict[str, Any]:
    """Return every table with its columns (kind, meaning, required), and the reject codes; JSON-able.

    One file per table, named as the table; or one Excel sheet per table; other names by a column mapping.
    """
    return {
        "tables": {
            table: {
                name: {
                    "kind": column.kind,
                    "format": _KINDS[column.kind],
                    "required": column.required,
                    "doc": column.doc,
                }
                for name, column in columns.items()
                if name != "source"
            }
            for table, columns in TABLES.items()
        },
        "formats": [".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet", ".xlsx"],
        "reject_codes": {
            code: {"meaning": entry.meaning, "remedy": entry.remedy} for code, entry in CODES.items()
        },
    }
