"""What `discharge feed` prints."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from discharge import wording
from discharge.cli.words import WIDTH, say, to_json

if TYPE_CHECKING:
    import pandas as pd

    from discharge.feeds import Spool


def feed_json(spool: Spool, rejects: pd.DataFrame) -> str:
    """Return account and rejects as JSON."""
    codes = rejects["code"].value_counts().sort_index().to_dict()
    return to_json(
        {
            "account": asdict(spool.account),
            "reject_codes": codes,
            "rejects": rejects.to_dict(orient="records"),
        }
    )


def print_feed(spool: Spool, rejects: pd.DataFrame, shown: int) -> None:
    """Print the account, what is not used, and the first ``shown`` rejects."""
    account = spool.account
    say(
        f"{wording.plural(account.records_read, 'record')} read: {account.records_used:,} used,"
        f" {account.records_rejected:,} rejected, {sum(account.records_not_used.values()):,} not used.",
        f"{wording.plural(spool.encounters_read, 'hospital stay')}.",
    )
    for kind, count in sorted(account.records_not_used.items()):
        say(f"  not used: {count:,} of {kind}")
    for reject in rejects.head(shown).to_dict(orient="records"):
        place = f"{reject['source']}:{reject['line']}"
        say(
            *textwrap.wrap(
                f"{place} {reject['field']} {reject['code']}: {reject['message']}",
                WIDTH,
                subsequent_indent="    ",
            )
        )
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
