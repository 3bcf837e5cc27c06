"""`discharge evaluate`, `facts` and `schema review`: questions without a feed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from discharge.cli.options import (
    ZONE,
    AsOf,
    DenialHistoryFile,
    Json,
    Payers,
    Rules,
    Zone,
    facility_zone,
    folder_or,
    moment,
)
from discharge.errors import FeedError, FeedNotFoundError, UsageError

schema_app = typer.Typer(no_args_is_help=True, help="Print published schemas.")


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command("evaluate")(evaluate)
    app.command("facts")(facts)


def evaluate(
    facts: Annotated[
        str,
        typer.Option(
            "--facts", metavar="FILE.json", help="One object of named facts, or a list of them; - is stdin."
        ),
    ],
    payer: Annotated[
        str | None, typer.Option("--payer", metavar="ID", help="A payer profile; see `rules list`.")
    ] = None,
    as_of: AsOf = None,
    rules: Rules = None,
    payers: Payers = None,
    denial_history: DenialHistoryFile = None,
    zone: Zone = ZONE,
    as_json: Json = False,
) -> None:
    """Review named facts with no feed: the same pipeline, for a quick question or a test.

    A fact not given is not known. A number may be given in another unit: {"value": 24, "unit": "mg/dL"}.

    \b
    Examples:
      discharge evaluate --facts stay.json --payer original_medicare --as-of 2026-06-15T07:00
      echo '{"vitals.spo2_admit_min": 86}' | discharge evaluate --facts - --json
    """
    from discharge.denial_history import history_or_none
    from discharge.explain import summarize
    from discharge.packs import load_packs
    from discharge.payers import load_payers
    from discharge.review import evaluate_facts

    packs = load_packs(folder_or(rules, "rules", "--rules"), with_cases=False)
    profiles = load_payers(folder_or(payers, "payer_profiles", "--payers"))
    reviews = evaluate_facts(
        read_facts(facts),
        payer,
        as_of=moment(as_of, facility_zone(zone)),
        zone=zone,
        packs=packs,
        payers=profiles,
        history=history_or_none(denial_history, packs, profiles),
    ).reviews
    if not as_json:
        sys.stdout.write("\n\n".join(summarize(review) for review in reviews) + "\n")
    elif len(reviews) == 1:
        sys.stdout.write(reviews[0].model_dump_json(indent=2) + "\n")
    else:
        sys.stdout.write("[" + ",\n".join(review.model_dump_json(indent=2) for review in reviews) + "]\n")


def read_facts(given: str) -> list[dict[str, object]]:
    """Return the rows of named facts in a file, or on stdin (-)."""
    import orjson

    if given == "-":
        content = sys.stdin.buffer.read()
    else:
        path = Path(given)
        if not path.is_file():
            raise FeedNotFoundError(f"--facts: there is no file {given}")
        try:
            content = path.read_bytes()
        except OSError as error:
            raise FeedError(f"--facts: {given} can't be read: {os.strerror(error.errno or 0)}") from None
    try:
        read = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"--facts: not JSON at line {error.lineno}, column {error.colno}") from None
    rows = read if isinstance(read, list) else [read]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise UsageError(
            '--facts: expected an object of named facts such as {"patient.age_years": 71}, or a list of them'
        )
    return rows


def facts(
    search: Annotated[
        str | None,
        typer.Option("--search", metavar="WORD", help="Only facts with WORD in name, title or meaning."),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the fact catalogue: everything that rules can ask about a stay, and how it is read from the chart.

    \b
    Examples:
      discharge facts --search oxygen
      discharge facts --json
    """
    from discharge.cli import words

    listing = words.fact_listing(search)
    if not listing:
        raise UsageError(f"no fact has '{search}' in its name, title or meaning")
    sys.stdout.write(words.to_json(listing) + "\n" if as_json else words.fact_lines(listing) + "\n")


@schema_app.command("review")
def schema_review() -> None:
    """Print the JSON Schema of a review (a line of reviews.ndjson).

    \b
    Example:
      discharge schema review > review.schema.json
    """
    from discharge.cli import words
    from discharge.review.model import Review

    sys.stdout.write(words.to_json(Review.model_json_schema(mode="serialization")) + "\n")
