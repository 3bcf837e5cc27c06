"""What `discharge feed` prints."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from discharge import wording
from discharge.cli.words import WIDTH, say, to_json

if TYPE_CHECKING:
    import pandas as pd

    from discharge.feeds import FeedReport


CODES_SHOWN = 10


def feed_json(report: FeedReport, rejects: pd.DataFrame) -> str:
    """Return the report on a feed as JSON, with every reject."""
    codes = rejects["code"].value_counts().sort_index().to_dict()
    counted = report.to_json()
    return to_json(
        {
            **counted,
            "reject_counts": counted["rejects"],
            "reject_codes": codes,
            "rejects": rejects.astype(object).where(rejects.notna(), None).to_dict(orient="records"),
        }
    )


def print_feed(report: FeedReport, rejects: pd.DataFrame, shown: int) -> None:
    """Print the account, what is not used or not recognised, and the first ``shown`` rejects."""
    account = report.account
    say(
        f"{wording.plural(account.records_read, 'record')} read: {account.records_used:,} used,"
        f" {account.records_rejected:,} rejected, {sum(account.records_not_used.values()):,} not used.",
        f"{wording.plural(report.stays, 'hospital stay')}.",
    )
    for kind, count in sorted(account.records_not_used.items()):
        say(f"  not used: {count:,} of {kind}")
    for note in report.notes:
        say(f"  note: {note}")
    unknown = report.unrecognised
    if len(unknown):
        say(f"Observations whose code no fact reads: {int(unknown['count'].sum()):,}. Commonest codes:")
        for one in unknown.head(CODES_SHOWN).to_dict(orient="records"):
            say(f"  {one['count']:>9,}  {one['code']} ({one['system'] or 'no system'})")
    for reject in rejects.head(shown).to_dict(orient="records"):
        place = f"{reject['source']}:{reject['line']}"
        said = " ".join(
            part for part in (place, reject["field"], f"{reject['code']}:", reject["message"]) if part
        )
        say(*textwrap.wrap(said, WIDTH, subsequent_indent="    "))
    if len(rejects) > shown:
        say(f"... and {len(rejects) - shown:,} more; `discharge review` writes them all to rejects.csv")


def print_schema(schema: Mapping[str, Any]) -> None:
    """Print the tables and columns of tabular feeds."""
    for table, columns in schema["tables"].items():
        say("", table)
        for name, column in columns.items():
            mark = "*" if column["required"] else " "
            say(f"  {mark} {name:<24}{column['kind']:<8}{column['doc']}")
    say("", "One file a table (patients.csv, encounters.parquet, a sheet of a workbook); * must be filled.")
    say("Times without offset are in the facility's zone (--zone).")
