"""A hospital's own list of providers, as CSV: whom it works with, what they can do, and what they said they can take.

Lines that begin with ``#`` say something of the whole list: ``# complete: snf, irf`` that it names every one of these
kinds that the hospital can use, ``# date: 2026-06-01`` of which day it is. ``COLUMNS`` are all columns; only id, kind
and name have to be filled. An empty cell means "not known", never "no".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from discharge.errors import Fault
from discharge.packs.names import nearest
from discharge.providers.care_compare import QualityRow, clean_ccn, figure, position, postal_code, state
from discharge.providers.files import LEFT_OPEN, ROW_OUT, CellReader, Loaded, Sheet
from discharge.providers.model import (
    CAPABILITIES,
    KINDS,
    Capability,
    DirectoryError,
    Provider,
    Quality,
    Source,
)

COLUMNS: Mapping[str, str] = {
    "id": "the hospital's own id of the provider (required)",
    "kind": "one of " + ", ".join(KINDS) + " (required)",
    "name": "name as patients know it (required)",
    "ccn": "CMS certification number, six characters; joins the row to CMS's files",
    "address": "street",
    "city": "city",
    "state": "two letters",
    "zip": "five digits",
    "latitude": "degrees north",
    "longitude": "degrees east (below zero in America)",
    "phone": "telephone",
    "beds": "licensed or certified beds",
    "networks": "ids of payer profiles it is in the network of, with ; between; 'none' for none; empty: not known",
    "capabilities": "what it can do and cannot: iv; wound; no dialysis. Of " + ", ".join(CAPABILITIES),
    "languages": "languages spoken by staff, BCP 47 with ; between: es; pt-BR",
    "accepting": "yes or no: takes new patients, as it said at reported_at",
    "beds_available": "free beds, as it said at reported_at",
    "reported_at": "when it said so: 2026-06-15T06:30, in the facility's zone or with an offset",
    "financial_interest": "yes or no: a financial interest between hospital and provider that has to be disclosed",
    "asked_to_be_listed": "yes or no; home health agencies have to ask the hospital to be listed",
    "stars": "overall rating, 1 to 5, where no file of CMS gives it",
    "stars_published": "day of that rating: 2026-01-01",
}
REQUIRED = ("id", "kind", "name")
_STARS = QualityRow(title="Overall", of="stars")
_OWN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_PAYER = re.compile(r"[a-z][a-z0-9_]*")


def is_own_list(headers: tuple[str, ...]) -> bool:
    """Whether a file is a hospital's own list."""
    return set(REQUIRED) <= set(headers)


@dataclass
class _List:
    title: str
    zone: str
    faults: list[Fault]


def read_own_list(sheet: Sheet, zone: str) -> Loaded:
    """Return the providers of a hospital's own list; times without offset are of ``zone``."""
    faults: list[Fault] = []
    for header in sheet.headers:
        if header not in COLUMNS:
            faults.append(
                Fault(f"{sheet.name}: line 1", f"no column '{header[:40]}'", nearest(header, COLUMNS))
            )
    complete, day = _said(sheet, faults)
    own = _List(f"{sheet.name} (the hospital's own list)", zone, faults)
    found: list[Provider] = []
    seen: set[tuple[str, str | None]] = set()
    for where, cells in sheet.rows(faults):
        read = CellReader(where, cells, faults)
        one = _provider(own, read)
        if one is None:
            continue
        for name, mark in (("id", one.own_id), ("ccn", one.ccn and f"CCN {one.ccn}")):
            if mark is not None and (one.kind, mark) in seen:
                read.fault(name, f"one line for each; {ROW_OUT}", f"the same {name} and kind stand twice")
                break
        else:
            seen |= {(one.kind, one.own_id), (one.kind, f"CCN {one.ccn}")}
            found.append(one)
    return Loaded(Source(own.title, day, len(found)), found, faults, complete)


def _said(sheet: Sheet, faults: list[Fault]) -> tuple[frozenset[str], date | None]:
    """What the list says of itself."""
    complete: set[str] = set()
    day = None
    for line in sheet.said:
        word, _, rest = line.lstrip("# ").partition(":")
        if word.strip().lower() == "complete":
            for name in re.split(r"[,;\s]+", rest.strip().lower()):
                if name in KINDS:
                    complete.add(name)
                elif name:
                    faults.append(
                        Fault(f"{sheet.name}: # complete", f"no kind '{name[:40]}'", nearest(name, KINDS))
                    )
        elif word.strip().lower() == "date":
            try:
                day = date.fromisoformat(rest.strip())
            except ValueError:
                faults.append(Fault(f"{sheet.name}: # date", "not a day", "YYYY-MM-DD"))
    return frozenset(complete), day


def _provider(own: _List, read: CellReader) -> Provider | None:
    own_id, name = read.text("id"), read.text("name")
    word = read.one_of("kind", KINDS, ROW_OUT)
    kind = next((one for one in KINDS if one == word), None)
    if own_id is None or not _OWN_ID.fullmatch(own_id):
        read.fault("id", f"letters, digits, dot, dash or underscore, at most 40; {ROW_OUT}")
    if name is None:
        read.fault("name", f"the provider's name; {ROW_OUT}", "empty")
    if kind is None and read.text("kind") is None:
        read.fault("kind", f"{', '.join(KINDS)}; {ROW_OUT}", "empty")
    if own_id is None or not _OWN_ID.fullmatch(own_id) or name is None or kind is None:
        return None
    ccn = clean_ccn(read.text("ccn"))
    if ccn is None and read.text("ccn") is not None:
        read.fault("ccn", f"six characters such as 225001; {LEFT_OPEN}")
    latitude, longitude = position(read)
    accepting, free, at = _capacity(own, read)
    return Provider(
        key=ccn or own_id,
        kind=kind,
        name=name,
        ccn=ccn,
        own_id=own_id,
        address=read.text("address"),
        city=read.text("city"),
        state=state(read),
        postal_code=postal_code(read),
        latitude=latitude,
        longitude=longitude,
        phone=read.text("phone"),
        beds=read.count("beds"),
        networks=_networks(read),
        capabilities=_capabilities(read),
        languages=_languages(read),
        accepting=accepting,
        beds_available=free,
        reported_at=at,
        has_financial_interest=read.answer("financial_interest"),
        asked_to_be_listed=read.answer("asked_to_be_listed"),
        quality=_stars(read),
        sources=(own.title,),
    )


def _parts(read: CellReader, name: str) -> list[str] | None:
    text = read.text(name)
    return None if text is None else [part for part in re.split(r"\s*[;|]\s*", text.lower()) if part]


def _networks(read: CellReader) -> frozenset[str] | None:
    """Ids of payer profiles. ``none`` is an answer here, an empty cell isn't."""
    if read.cells.get("networks", "").strip().lower() == "none":
        return frozenset()
    parts = _parts(read, "networks")
    if parts is None:
        return None
    if wrong := [part for part in parts if not _PAYER.fullmatch(part)]:
        read.fault("networks", f"ids of payer profiles with ; between; {LEFT_OPEN}", f"{len(wrong)} not ids")
        return None
    return frozenset(parts)


def _capabilities(read: CellReader) -> dict[Capability, bool]:
    found: dict[Capability, bool] = {}
    for part in _parts(read, "capabilities") or []:
        word = part.removeprefix("no ").strip()
        known = next((name for name in CAPABILITIES if name == word), None)
        if known is None:
            read.fault("capabilities", nearest(word, CAPABILITIES), f"no capability '{word[:40]}'")
        elif known in found and found[known] == part.startswith("no "):
            read.fault("capabilities", f"one or the other; {LEFT_OPEN}", f"both '{known}' and 'no {known}'")
            del found[known]
        else:
            found[known] = not part.startswith("no ")
    return found


def _languages(read: CellReader) -> frozenset[str] | None:
    parts = _parts(read, "languages")
    if parts is None:
        return None
    if not all(_LANGUAGE.fullmatch(part) for part in parts):
        read.fault("languages", f"BCP 47 with ; between, such as es; pt-BR; {LEFT_OPEN}")
        return None
    return frozenset(parts)


def _capacity(own: _List, read: CellReader) -> tuple[bool | None, int | None, datetime | None]:
    """What a provider said it can take. Without its time it is worth nothing."""
    accepting, free, text = read.answer("accepting"), read.count("beds_available"), read.text("reported_at")
    at = None
    if text is not None:
        try:
            at = datetime.fromisoformat(text)
            at = at.replace(tzinfo=ZoneInfo(own.zone)) if at.tzinfo is None else at
            at.timestamp()
        except (ValueError, OverflowError):
            at = None
            read.fault("reported_at", f"a time such as 2026-06-15T06:30; {LEFT_OPEN}", "not a time")
    elif accepting is not None or free is not None:
        read.fault("reported_at", "when that was said; capacity without its time is not used", "empty")
    return accepting, free, at


def _stars(read: CellReader) -> tuple[Quality, ...]:
    text = read.text("stars")
    value = figure(_STARS, text)
    if text is not None and value is None:
        read.fault("stars", f"1 to 5; {LEFT_OPEN}")
    if value is None:
        return ()
    published = None
    if (day := read.text("stars_published")) is not None:
        try:
            published = date.fromisoformat(day)
        except ValueError:
            read.fault("stars_published", f"YYYY-MM-DD; {LEFT_OPEN}", "not a day")
    return (Quality(_STARS.title, value, published),)


def whole_file_fault(sheet: Sheet) -> DirectoryError:
    """Return the error for a file that is neither of CMS's nor a hospital's own list."""
    wanted = f"a hospital's own list has at least {', '.join(REQUIRED)}; a file of CMS a CCN and a name"
    return DirectoryError([Fault(f"{sheet.name}: line 1", "these columns are of no known file", wanted)])
