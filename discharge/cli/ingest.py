"""`discharge ingest`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from discharge.cli.database import Database, opened
from discharge.cli.options import (
    FORMATS,
    ZONE,
    Delimiter,
    DenialHistoryFile,
    Encoding,
    Feeds,
    Format,
    Json,
    Mapping,
    Payers,
    Rules,
    Zone,
    facility_zone,
    folder_or,
    moment,
    one_of,
    text_form,
)
from discharge.cli.review import ProviderFiles, Workers

if TYPE_CHECKING:
    from datetime import datetime

    from discharge.casework.intake import IngestAccount

NOTES = 5
Now = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="TIME",
        help='Stands for "it is now": 2026-06-15T07:00 (facility\'s zone), or with an offset. Default: now.',
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("ingest")(ingest)


def ingest(
    feeds: Feeds,
    as_of: Now = None,
    database: Database = None,
    format: Format = "auto",
    rules: Rules = None,
    payers: Payers = None,
    denial_history: DenialHistoryFile = None,
    providers: ProviderFiles = None,
    workers: Workers = 1,
    zone: Zone = ZONE,
    mapping: Mapping = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    as_json: Json = False,
) -> None:
    """Take a feed into the store, and review the stays that are new, changed or due.

    Give the same feed twice and nothing happens; give a newer one and only what changed is reviewed again. What a
    later feed leaves out stays known. An ingest that was killed is finished by running it again.

    \b
    Examples:
      discharge ingest examples/feed --as-of 2026-06-15T07:00
      discharge ingest /data/fhir --database postgresql://discharge@db/discharge --workers 4 --json
    """
    from discharge.casework.intake import IngestSettings
    from discharge.casework.intake import ingest as take_in
    from discharge.casework.library import load_library
    from discharge.cli.progress import watching

    encoding, delimiter = text_form(encoding, delimiter)
    settings = IngestSettings(
        zone=facility_zone(zone),
        as_of=None if as_of is None else moment(as_of, zone).to_pydatetime(),
        format=one_of("--format", format, FORMATS),
        mapping=mapping,
        encoding=encoding,
        delimiter=delimiter,
        workers=workers,
    )
    library = load_library(
        rules=folder_or(rules, "rules", "--rules"),
        payers=folder_or(payers, "payer_profiles", "--payers"),
        denial_history=denial_history,
        providers=tuple(providers or ()),
        zone=zone,
    )
    with opened(database, create=True) as store, watching(as_json) as progress:
        account = take_in(store, feeds, settings, library, now=_now, progress=progress)
    sys.stdout.write(
        account.model_dump_json(indent=2) + "\n"
        if as_json
        else "".join(f"{line}\n" for line in told(account))
    )


def _now() -> datetime:
    from datetime import UTC, datetime

    return datetime.now(UTC)


def told(account: IngestAccount) -> Iterator[str]:
    """Give the account in words."""
    from discharge.wording import joined, plural

    unused = sum(account.records_not_used.values())
    yield (
        f"{plural(account.records_read, 'record')} read: {account.records_used:,} used,"
        f" {account.records_rejected:,} rejected, {unused:,} of kinds that no fact needs."
    )
    if account.reject_codes:
        commonest = list(account.reject_codes.items())[:3]
        yield "  Commonest rejects: " + joined([f"{code} ({count:,})" for code, count in commonest]) + "."
    yield from (f"  Note: {note}" for note in account.feed_notes[:NOTES])
    if len(account.feed_notes) > NOTES:
        yield f"  ... and {len(account.feed_notes) - NOTES} more notes; --json has them all"
    yield (
        f"{plural(account.patients_seen, 'patient')}: {account.patients_changed:,} with new or changed rows"
        f" ({account.rows_changed:,})."
    )
    yield (
        f"{plural(account.stays_seen, 'hospital stay')}: {account.stays_new:,} new, {account.stays_changed:,} changed,"
        f" {account.stays_unchanged:,} unchanged. {account.stays_not_yet_known:,} not yet known then,"
        f" {account.encounters_rejected:,} rejected."
    )
    reasons = [f"{count:,} {_REASONS.get(reason, reason)}" for reason, count in account.reasons.items()]
    yield f"{plural(account.reviewed, 'review')} written" + (f": {joined(reasons)}." if reasons else ".")
    yield f"As of {account.as_of} ({account.zone})."


_REASONS = {
    "new": "of new stays",
    "facts": "for changed facts",
    "edition": "for changed rules, payers or lists",
    "due": "due by the payer's cadence",
    "casework": "for what people recorded",
}
