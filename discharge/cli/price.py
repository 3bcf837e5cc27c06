"""`discharge price`: any payment formula, worked out from figures given, with its steps, rates and sources."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from discharge.cli.options import ZONE, Json
from discharge.errors import UsageError

if TYPE_CHECKING:
    from discharge.cli.pricing.answer import Answer, PriceKind
    from discharge.costs.rates import Rate

WIDTH = 100


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("price")(price)


def price(
    kind: Annotated[
        str | None,
        typer.Argument(metavar="[KIND]", help="What to price; without it, the kinds and their keys."),
    ] = None,
    pairs: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Figures, such as weight=1.2838.")
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(
            "--on",
            metavar="DATE",
            help="Day of discharge, or first day of service: 2026-06-15. Default: today.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Work out what Medicare pays or a patient owes, step by step, from the dated rates this program uses.

    Every rate is printed with its first day, its source, and whether the source was read. A rate that is not known
    on the day is said, never guessed. The figures are Original Medicare's; a plan may pay otherwise.

    \b
    Examples:
      discharge price
      discharge price ipps drg=291 wage_index=1.0369 --on 2025-11-03
      discharge price transfer drg=871 los=2 to=snf --on 2025-11-03
      discharge price snf hipps=JAPB1 area=rural days=42 --on 2026-02-01
      discharge price inpatient-days days=95 --on 2026-02-01 --json
    """
    from discharge.cli.pricing.after import AFTER_KINDS
    from discharge.cli.pricing.hospital import HOSPITAL_KINDS

    kinds = {**HOSPITAL_KINDS, **AFTER_KINDS}
    if kind is None:
        _print(_listed(kinds) if as_json else _list_lines(kinds), as_json)
        return
    chosen = kinds.get(kind)
    if chosen is None:
        from discharge.packs.names import nearest

        hint = nearest(kind, kinds)
        raise UsageError(
            f"there is nothing to price named '{kind}'; {hint or '`discharge price` lists the kinds'}"
        )
    day, answer = _priced(kind, chosen, on, pairs or [])
    _print(_told(kind, chosen, day, answer) if as_json else _lines(chosen, day, answer), as_json)


def _priced(kind: str, chosen: PriceKind, on: str | None, pairs: Sequence[str]) -> tuple[date, Answer]:
    from discharge.cli.pricing.answer import Rates
    from discharge.cli.pricing.keys import read_values

    day = _day(on)
    fault = () if day is not None else (f"--on: '{on}' is not a day; write 2026-06-15",)
    values, rates = read_values(kind, chosen.keys, pairs, *fault), Rates()
    assert day is not None  # else it was refused with the keys
    try:
        answer = chosen.price(day, values, rates)
    except ValueError as error:
        raise UsageError(f"`discharge price {kind}`: {error}") from None
    if answer is not None:
        return day, answer
    missing = "; ".join(_known_days(name) for name in rates.missing) or "a rate it needs"
    asked = min(rates.missing.values(), default=day)
    raise UsageError(f"`discharge price {kind}`: not known here for {asked.isoformat()}: {missing}")


def _known_days(name: str) -> str:
    """Say from when to when a rate is known, gaps left out."""
    from discharge.costs.rates import rate_book

    book = rate_book()
    found: dict[date, bool] = {}
    if name in book.rates:
        found = {start: one.value is not None for start, one in book.rates[name].values.items()}
    elif name in book.tables:
        found = {start: row.rows is not None for start, row in book.tables[name].values.items()}
    spans: list[tuple[date, date | None]] = []
    starts = sorted(found)
    for place, start in enumerate(starts):
        if not found[start]:
            continue
        end = starts[place + 1] if place + 1 < len(starts) else None
        if spans and spans[-1][1] == start:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    said = [
        f"from {start.isoformat()}" + (f" to {(end - timedelta(days=1)).isoformat()}" if end else "")
        for start, end in spans
    ]
    return f"{name} (known {' and '.join(said)})" if said else name


def _day(text: str | None) -> date | None:
    """Return the day, None where the text isn't one."""
    if text is None:
        return datetime.now(tz=ZoneInfo(ZONE)).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _print(shown: object, as_json: bool) -> None:
    from discharge.cli import words

    if as_json:
        text = words.to_json(shown)
    else:
        assert isinstance(shown, Iterator)
        text = "\n".join(shown)
    sys.stdout.write(text.rstrip("\n") + "\n")


def _listed(kinds: dict[str, PriceKind]) -> list[dict[str, Any]]:
    return [
        {
            "kind": name,
            "title": one.title,
            "keys": [{"key": key.name, "told": key.told, "required": key.is_required} for key in one.keys],
        }
        for name, one in kinds.items()
    ]


def _list_lines(kinds: dict[str, PriceKind]) -> Iterator[str]:
    for name, one in kinds.items():
        yield f"{name}: {one.title}"
        for key in one.keys:
            yield from textwrap.wrap(
                f"{key.name}: {key.told}", WIDTH, initial_indent="    ", subsequent_indent="        "
            )
        yield ""
    yield "`discharge price KIND KEY=VALUE... --on DATE` works one out."


def _told(kind: str, chosen: PriceKind, day: date, answer: Answer) -> dict[str, Any]:
    return {
        "kind": kind,
        "title": chosen.title,
        "on": day.isoformat(),
        "amount_usd": f"{answer.amount:.2f}",
        "also_usd": {name: f"{amount:.2f}" for name, amount in answer.also.items()},
        "steps": [
            {"name": step.name, "figures": step.figures, "value": str(step.value)} for step in answer.steps
        ],
        "rates": [_rate_told(one) for one in answer.rates],
        "placeholders": _placeholders(answer),
        "notes": answer.notes,
    }


def _placeholders(answer: Answer) -> list[str]:
    return [one.label for one in answer.rates if one.placeholder] + answer.estimates


def _rate_told(one: Rate) -> dict[str, Any]:
    return {
        "name": one.name,
        "value": None if one.value is None else str(one.value),
        "unit": one.unit,
        "since": one.since.isoformat() if one.since else None,
        "source": one.citation.title if one.citation else None,
        "url": one.citation.url if one.citation else None,
        "verified": one.verified,
        "placeholder": one.placeholder,
        "note": one.note,
    }


def _lines(chosen: PriceKind, day: date, answer: Answer) -> Iterator[str]:
    yield f"{chosen.title}, {day.isoformat()}: ${answer.amount:,.2f}"
    yield from (f"  {name}: ${amount:,.2f}" for name, amount in answer.also.items())
    if _placeholders(answer):
        yield "  An estimate: it stands on placeholders, marked below."
    yield ""
    yield "Steps"
    for step in answer.steps:
        yield from _wrapped(f"{step.name}: {step.figures} = {_figure(step.value)}")
    yield ""
    yield "Rates"
    for one in answer.rates:
        yield from _wrapped(_rate_line(one))
    notes = [*answer.notes, *(f"PLACEHOLDER: {text}" for text in answer.estimates)]
    if notes:
        yield ""
        yield "Notes"
    for note in notes:
        yield from _wrapped(note)


def _rate_line(one: Rate) -> str:
    unit = "" if one.unit == "1" else f" {one.unit}"
    marks = [
        "" if one.verified else "not yet checked against the source",
        "PLACEHOLDER" if one.placeholder else "",
    ]
    said = ", ".join(mark for mark in marks if mark)
    note = f"; {one.note}" if one.note else ""
    since = f" from {one.since.isoformat()}" if one.since else ""
    source = f" {one.citation.title}" if one.citation else ""
    return f"{one.name}: {one.value}{unit}{since}.{source}{f' ({said})' if said else ''}{note}"


def _figure(value: Decimal) -> str:
    return f"{value:,}"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="      ")
