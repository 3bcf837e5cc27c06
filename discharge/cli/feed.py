"""`discharge feed check` and `discharge feed schema`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import typer

from discharge.cli.options import (
    FORMATS,
    ZONE,
    AsOf,
    Delimiter,
    Encoding,
    Feeds,
    Format,
    Json,
    Mapping,
    Zone,
    facility_zone,
    moment,
    one_of,
    text_form,
)
from discharge.errors import FeedRejectsError

app = typer.Typer(
    no_args_is_help=True, help="Look at a feed before a run, and at the schema of tabular feeds."
)

SHOWN = 20


@app.command("check")
def check(
    feeds: Feeds,
    as_of: AsOf = None,
    format: Format = "auto",
    zone: Zone = ZONE,
    mapping: Mapping = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    as_json: Json = False,
) -> None:
    """Read a feed, review nothing, and say what could not be used and why. Exit 10 if anything was rejected.

    \b
    Example:
      discharge feed check examples/feed
    """
    from discharge.cli import feed_words as words
    from discharge.feeds import check_feed, read_feed

    encoding, delimiter = text_form(encoding, delimiter)
    with tempfile.TemporaryDirectory(prefix="discharge-") as spool:
        read = read_feed(
            feeds,
            format=one_of("--format", format, FORMATS),
            mapping=mapping,
            encoding=encoding,
            delimiter=delimiter,
            zone=facility_zone(zone),
            as_of=moment(as_of, zone),
            spool=Path(spool),
        )
        rejects = read.rejects()
        if as_json:
            sys.stdout.write(words.feed_json(check_feed(read), rejects) + "\n")
        else:
            words.print_feed(check_feed(read), rejects, SHOWN)
    if len(rejects):
        raise FeedRejectsError(
            f"{len(rejects):,} records would be rejected; the rest of the feed can be reviewed"
        )


@app.command("schema")
def schema(as_json: Json = False) -> None:
    """Print the tables and columns that a tabular feed may have: one file per table, CSV, Parquet or Excel.

    \b
    Example:
      discharge feed schema --json > schema.json
    """
    from discharge.cli import feed_words as words
    from discharge.cli.words import to_json
    from discharge.feeds import feed_schema

    published = feed_schema()
    if as_json:
        sys.stdout.write(to_json(published) + "\n")
    else:
        words.print_schema(published)
