"""What the commands print for people. A run's rows name the stay by MRN, unit and bed, never by the patient's name."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from discharge import wording

if TYPE_CHECKING:
    import pyarrow as pa

    from discharge.run import RunAccount

WIDTH = 100
MOST_URGENT = 10
NOTES = 5


def to_json(value: object) -> str:
    """Return ``value`` as indented JSON."""
    import orjson

    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS, default=str).decode()


def say(*lines: str) -> None:
    """Print lines on stdout."""
    sys.stdout.write("\n".join(lines) + "\n")


def print_run(account: RunAccount, worklist: pa.Table, out: Path) -> None:
    """Print the account in words, the most urgent rows, and where the files are."""
    say(*_account(account), "")
    rows = worklist.slice(0, MOST_URGENT).to_pylist()
    if rows:
        say(f"Most urgent {wording.plural(len(rows), 'stay')} of {account.reviewed:,}", "")
        for row in rows:
            say(*_row(row, account.zone, datetime.fromisoformat(account.as_of)), "")
    say(*_files(account, out))


def _account(account: RunAccount) -> Iterator[str]:
    unused = sum(account.records_not_used.values())
    yield (
        f"{wording.plural(account.records_read, 'record')} read: {account.records_used:,} used,"
        f" {account.records_rejected:,} rejected, {unused:,} of kinds that no fact needs."
    )
    if account.reject_codes:
        commonest = list(account.reject_codes.items())[:3]
        yield (
            "  Commonest rejects: "
            + wording.joined([f"{code} ({count:,})" for code, count in commonest])
            + "."
        )
    yield from (f"  Note: {note}" for note in account.feed_notes[:NOTES])
    if len(account.feed_notes) > NOTES:
        yield f"  ... and {len(account.feed_notes) - NOTES} more notes in run.json"
    yield (
        f"{wording.plural(account.encounters_read, 'hospital stay')}: {account.reviewed:,} reviewed,"
        f" {account.rejected:,} rejected, {account.not_yet_known:,} not yet known then"
        + (f", {account.not_in_house:,} not in the house" if account.not_in_house else "")
        + f". {wording.plural(account.context_encounters, 'other encounter')} read as history."
    )
    for name, title in (("admission", "Admission criteria"), ("discharge_ready", "Ready for discharge")):
        found = account.findings.get(name, {})
        yield (
            f"{title}: "
            + wording.joined([f"{found.get(key, 0):,} {word}" for key, word in _SHORT.items()])
            + "."
        )
    bands = [f"{account.risk_bands.get(band, 0):,} {band}" for band in ("high", "moderate", "low", "none")]
    yield f"Denial risk: {wording.joined(bands)}."
    yield f"A payer profile matched {account.payer_matched:,} of {account.reviewed:,}."
    yield (
        f"As of {account.as_of} ({account.zone}), in {account.seconds:.1f} s,"
        f" {account.encounters_per_second:.1f} stays a second, {account.peak_rss_mb:,.0f} MB at most."
    )


_SHORT = {"met": "met", "not_met": "not met", "unknown": "not known"}


def _row(row: Mapping[str, Any], zone: str, as_of: datetime) -> Iterator[str]:
    place = wording.joined([part for part in (row["unit"], wording.bed(row["bed"])) if part])
    who = f"MRN {row['mrn']}" if row["mrn"] else row["encounter_id"]
    day = f"day {row['day']}, {row['status']}" if row["day"] is not None else row["status"]
    head = wording.joined([who, place or "unit not charted", row["payer"] or "no payer profile matched", day])
    late = " (overdue)" if row["due_at"] and row["due_at"] < as_of else ""
    due = f" By {wording.short_when(row['due_at'], zone)}{late}." if row["due_at"] else ""
    yield f"{row['rank']:>3}. {row['urgency'].upper():<6} {head}"
    yield from textwrap.wrap(
        row["next_step"] + due, WIDTH, initial_indent=" " * 12, subsequent_indent=" " * 12
    )
    why = row["_why"]
    if row["top_cause"]:
        why += f"; denial risk {row['risk_band']}: {row['top_cause']}"
        why += f"; {_dollars(row)}"
    yield from textwrap.wrap(f"Why: {why}.", WIDTH, initial_indent=" " * 12, subsequent_indent=" " * 12)


def _dollars(row: Mapping[str, Any]) -> str:
    if row["exposure_usd"] is None:
        return "dollars exposed not known"
    return (
        f"{wording.usd(row['exposure_usd'])} exposed, {wording.usd(row['expected_loss_usd'])} expected loss"
    )


_MEANING = {
    "worklist.csv": "every stay, most urgent first (also worklist.parquet)",
    "reviews.ndjson": "a full review a line, with its reasons",
    "rejects.csv": "what could not be used, where and why",
    "documents": "the papers of each stay, by encounter",
    "run.json": "this account, with the versions and digests of rules and payers",
}


def _files(account: RunAccount, out: Path) -> Iterator[str]:
    yield f"Files in {out}:"
    for name, meaning in _MEANING.items():
        if name in account.files:
            yield f"  {name:<16}{meaning}"
    yield f"Why a stay got its review: discharge explain ENCOUNTER --run {out}"


def fact_listing(search: str | None) -> list[dict[str, Any]]:
    """Return the fact catalogue as plain rows, those with ``search`` in name, title or meaning."""
    from dataclasses import asdict

    from discharge.facts import catalogue

    rows = [asdict(fact) for fact in catalogue().values()]
    if search is None:
        return rows
    wanted = search.casefold()
    return [row for row in rows if wanted in f"{row['name']} {row['title']} {row['meaning']}".casefold()]


def fact_lines(listing: list[dict[str, Any]]) -> str:
    """Return the listing as text: name, type and unit, meaning, how it is read."""
    lines = [f"{wording.plural(len(listing), 'fact')}", ""]
    for row in listing:
        unit = f", {row['unit']}" if row["unit"] else ""
        lines.append(f"{row['name']}  ({row['type']}{unit})")
        told = row["meaning"] or row["title"]
        lines += textwrap.wrap(told, WIDTH, initial_indent="    ", subsequent_indent="    ")
        if row["how"]:
            lines += textwrap.wrap(
                f"From: {row['how']}", WIDTH, initial_indent="    ", subsequent_indent="    "
            )
    return "\n".join(lines)
