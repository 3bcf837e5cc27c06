"""`discharge clocks`: the table of notices and deadlines, and one of them counted from a moment."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from discharge import wording
from discharge.cli.options import ZONE, Json, Zone, facility_zone
from discharge.errors import UsageError

if TYPE_CHECKING:
    from discharge.clocks import ClockRule, Deadline, FixedDay

WIDTH = 100
SECTIONS = {
    "notices": "Notices to the patient",
    "status_change": "Change of status",
    "discharge_appeal": "Appeal of a hospital discharge",
    "service_appeal": "Appeal of the end of a service",
    "claim_appeal": "Appeals of an Original Medicare claim",
    "payer_decisions": "Decisions of payers",
    "payer_appeals": "Appeals to payers",
    "post_acute": "Care after the hospital",
    "dme": "Equipment and transport",
}
WORDS = {
    "calendar_days": "{0} calendar days",
    "days_before": "{0} calendar days before",
    "hours": "{0} hours",
    "noon": "noon of the day + {0}",
    "noon_next_day": "noon of the next day",
    "close_of_business": "close of business of the day + {0}",
    "hours_after_midnight": "{0} hours from the midnight after",
    "business_days": "{0} business days",
    "months": "{0} months",
    "months_or_first": "{0} months",
    "moment": "at that time",
}


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("clocks")(clocks)


def clocks(
    clock_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One clock, such as MOON; without it, the table.")
    ] = None,
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="When it starts: 2026-10-30T14:00 (facility's zone)."),
    ] = None,
    notice: Annotated[
        bool, typer.Option("--notice", help="--from is the date of a notice; presume its receipt.")
    ] = False,
    search: Annotated[
        str | None, typer.Option("--search", metavar="WORD", help="Only rows that have WORD.")
    ] = None,
    zone: Zone = ZONE,
    as_json: Json = False,
) -> None:
    """List notices, decision clocks and appeals, or count one of them from a moment.

    A date is an aid, no legal advice: its row names the source, and whether that was read.

    \b
    Examples:
      discharge clocks --search appeal
      discharge clocks MOON --from 2026-03-10T08:15
      discharge clocks FFS-REDET --from 2026-01-12 --notice
    """
    from discharge.clocks import clock_table, deadlines

    table = clock_table()
    if clock_id is None:
        if start is not None or notice:
            raise UsageError("--from belongs to one clock: give its ID; `discharge clocks` lists them")
        listed = {name: rule for name, rule in table.clocks.items() if _has(name, rule, search)}
        days = {name: day for name, day in table.days.items() if _told(f"{name} {day.title}", search)}
        if not listed and not days:
            raise UsageError(f"no clock has '{search}' in its id, title or start")
        rows = {
            "clocks": [_row(name, rule) for name, rule in listed.items()],
            "days": [{"id": name, **day.model_dump()} for name, day in days.items()],
        }
        text = _json(rows) if as_json else _table(listed) + "\n" + "\n".join(_days(days))
    else:
        rule = table.clocks.get(clock_id.upper())
        if rule is None:
            raise UsageError(f"no clock '{clock_id}'; `discharge clocks` lists them")
        if start is None:
            text = (
                _json(_row(clock_id.upper(), rule)) if as_json else "\n".join(_whole(clock_id.upper(), rule))
            )
        else:
            if notice and rule.presumed is None:
                raise UsageError(f"--notice: receipt is not presumed for {clock_id.upper()}")
            found = deadlines(clock_id.upper(), _moment(start, facility_zone(zone)), is_notice=notice)
            shown = [asdict(one) for one in found]
            text = _json(shown) if as_json else "\n\n".join("\n".join(_counted(one)) for one in found)
    sys.stdout.write(text.rstrip("\n") + "\n")


def _moment(text: str, zone: str) -> datetime:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--from: '{text}' is not a time; write 2026-10-30T14:00 or 2026-10-30") from None
    home = ZoneInfo(zone)
    return read.replace(tzinfo=home) if read.tzinfo is None else read.astimezone(home)


def _has(name: str, rule: ClockRule, search: str | None) -> bool:
    return _told(f"{name} {rule.title} {rule.starts} {rule.form or ''}", search)


def _told(text: str, search: str | None) -> bool:
    return search is None or search.lower() in text.lower()


def _json(value: object) -> str:
    from discharge.cli.words import to_json

    return to_json(value)


def _row(name: str, rule: ClockRule) -> dict[str, Any]:
    from discharge.clocks import clock_table

    citation = clock_table().citations[rule.cite]
    return {
        "id": name,
        "section": rule.section,
        "title": rule.title,
        "form": rule.form,
        "who": rule.who,
        "payer_classes": rule.payer_classes,
        "starts": rule.starts,
        "due": _due(rule),
        "deadline_of_payer": rule.deadline,
        "roll": rule.roll,
        "consequence": rule.consequence,
        "citation": citation.title,
        "verified": citation.verified,
    }


def _due(rule: ClockRule) -> str:
    """The latest due times in words."""
    if rule.due_by is not None:
        said = [f"{kind.replace('_', ' ')} {_latest(dated)}" for kind, dated in rule.due_by.values.items()]
        return "; ".join(said)
    if not rule.due:
        return "as the payer says"
    said = [_latest(rule.due)] if len(rule.due) == 1 else _dated(rule)
    return ", ".join(said)


def _latest(dated: dict[date, Any]) -> str:
    count = dated[max(dated)]
    if count.count == "calendar_days" and count.value == 0:
        return "the same day"
    return WORDS[count.count].format(abs(count.value)) + (" before" if count.value < 0 else "")


def _dated(rule: ClockRule) -> list[str]:
    return [f"{_latest({day: count})} from {day:%d %b %Y}" for day, count in sorted(rule.due.items())]


def _table(listed: dict[str, ClockRule]) -> str:
    lines: list[str] = []
    for section, title in SECTIONS.items():
        rows = {name: rule for name, rule in listed.items() if rule.section == section}
        if rows:
            lines += [title, *(line for name, rule in rows.items() for line in _short(name, rule)), ""]
    return "\n".join(lines)


def _days(days: dict[str, FixedDay]) -> Iterator[str]:
    from discharge.clocks import clock_table

    if days:
        yield "Days of the calendar"
    for name, day in days.items():
        when = f"{day.day:%d %b} of every year from {day.day:%Y} on" if day.yearly else f"{day.day:%d %b %Y}"
        yield from _wrapped(f"  {name:<20}{when}: {day.title}", 22)
        citation = clock_table().citations[day.cite]
        read = "" if citation.verified else " [not yet verified]"
        yield from _wrapped(f"{'':22}{citation.title}{read}", 24)


def _short(name: str, rule: ClockRule) -> Iterator[str]:
    from discharge.clocks import clock_table

    yield from _wrapped(f"  {name:<20}{rule.title} ({wording.who(rule.who)})", 22)
    citation = clock_table().citations[rule.cite]
    read = "" if citation.verified else " [not yet verified]"
    yield from _wrapped(f"{'':22}from: {rule.starts}; due: {_due(rule)}; {citation.title}{read}", 24)


def _whole(name: str, rule: ClockRule) -> Iterator[str]:
    from discharge.clocks import clock_table
    from discharge.clocks.running import ROLLS

    citation = clock_table().citations[rule.cite]
    yield f"{name}: {rule.title}" + (f" ({rule.form})" if rule.form else "")
    for label, said in (
        ("who", wording.who(rule.who)),
        ("payers", ", ".join(rule.payer_classes) if rule.payer_classes else "all"),
        ("starts", rule.starts),
        ("by facts", ", ".join(rule.starting_facts)),
        ("due", _due(rule)),
        ("payer's own", rule.deadline or ""),
        ("extension", f"{rule.extension.value} days, by {rule.extension.by}" if rule.extension else ""),
        ("stops", f"{rule.stops.from_} until {rule.stops.until}" if rule.stops else ""),
        ("weekends", ROLLS[rule.roll]),
        ("met by", rule.met_by or ""),
        ("if missed", rule.consequence),
        ("source", citation.title + ("" if citation.verified else " [not yet verified]")),
        ("note", citation.note or ""),
    ):
        if said:
            yield from _wrapped(f"  {label:<12}{said}", 14)


def _counted(one: Deadline) -> Iterator[str]:
    kind = f", {one.kind.replace('_', ' ')}" if one.kind else ""
    yield f"{one.clock_id}: {one.title}{kind}"
    for label, at in (
        ("starts", one.trigger_at),
        ("opens", one.opens_at if one.opens_at != one.trigger_at else None),
        ("50 percent", one.warn_half_at),
        ("80 percent", one.warn_urgent_at),
    ):
        if at is not None:
            yield f"  {label:<12}{_when(at)}"
    yield f"  {'due':<12}{_when(one.due_at) if one.due_at else 'not set by this table for that day'}"
    if one.extended_due_at:
        yield f"  {'extended':<12}{_when(one.extended_due_at)}, where notice of it is given in time"
    if one.possible_due_at:
        yield f"  {'possible':<12}{_when(one.possible_due_at)}, do not rely on it"
    for day, amount in one.amounts_usd.items():
        said = f"at least ${amount:,}" if amount is not None else "not known"
        yield f"  {'amount':<12}{said} for filings from {day:%d %b %Y} on"
    yield from _wrapped(f"  {'if missed':<12}{one.consequence}", 14)
    yield from _wrapped(
        f"  {'source':<12}{one.citation}" + ("" if one.verified else " [not yet verified]"), 14
    )


def _when(at: datetime) -> str:
    return f"{at:%a %d %b %Y %H:%M %Z}"


def _wrapped(text: str, indent: int) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=" " * indent, break_long_words=False)
