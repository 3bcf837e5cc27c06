"""How statuses, times, amounts and values are written for people: on paper, in the worklist and on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

STATUS = {"met": "✓ met", "not_met": "✗ not met", "unknown": "? not known"}
UNITS = {
    "Cel": "°C",
    "mm[Hg]": "mmHg",
    "{score}": "",
    "1": "",
    "a": "years",
    "d": "days",
    "h": "hours",
    "[pH]": "",
    "{INR}": "",
    "10*3/uL": "10³/µL",
}
NOT_KNOWN = "not known"
_BRACES = str.maketrans("", "", "{}")  # round UCUM annotations, as in {doses}/d
WHO = {  # people and houses that something is up to, where the name with spaces for underscores would not be understood
    "him": "health information management",
    "qio": "quality improvement organization",
    "patient": "patient or family",
    "facility": "receiving facility or agency",
}


FEW = 4  # titles named in a note; beyond, their number


def not_checked(titles: Sequence[str], used: int, where: str) -> str:
    """Say which of the rule files used were not checked against their sources; of many, how many and ``where``.

    >>> not_checked(["Sepsis"], 3, "the table says which")
    'Not yet checked against their sources: Sepsis.'
    >>> not_checked(["A", "B", "C", "D", "E"], 9, "the table says which")
    'Not yet checked against their sources: 5 of the 9 rule files used (the table says which).'
    """
    few = joined(titles) if len(titles) <= FEW else f"{len(titles)} of the {used} rule files used ({where})"
    return f"Not yet checked against their sources: {few}."


def status(value: str) -> str:
    """Return a status as sign and word, so that it never rests on the sign alone.

    >>> status("unknown")
    '? not known'
    """
    return STATUS.get(value, value)


def who(name: str | None) -> str:
    """Return in words who something is up to: an owner of a task, a clock, a barrier or a denial cause.

    >>> who("him"), who("case_manager"), who(None)
    ('health information management', 'case manager', 'not assigned')
    """
    return "not assigned" if name is None else WHO.get(name, name.replace("_", " "))


def when(moment: datetime | None, zone: str) -> str:
    """Return a moment in the facility's zone, with the zone.

    >>> from datetime import UTC
    >>> when(datetime(2026, 6, 15, 11, 0, tzinfo=UTC), "America/New_York")
    '15 Jun 2026 07:00 EDT'
    """
    if moment is None:
        return NOT_KNOWN
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b %Y %H:%M %Z}"


def short_when(moment: datetime | None, zone: str) -> str:
    """Return a moment without its year: ``Mon 15 Jun 07:00 EDT``."""
    if moment is None:
        return NOT_KNOWN
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %H:%M %Z}"


def charted(moment: datetime | None, zone: str) -> str:
    """Return a moment as an evidence table shows it: ``15 Jun 07:00 EDT``."""
    if moment is None:
        return ""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b %H:%M %Z}"


def day(moment: datetime | None, zone: str) -> str:
    """Return the facility's calendar day of a moment."""
    if moment is None:
        return NOT_KNOWN
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b %Y}"


def usd(amount: Decimal | None) -> str:
    """Return dollars without cents.

    >>> usd(Decimal("14210.49")), usd(Decimal("0.20")), usd(None)
    ('$14,210', 'under $1', 'not known')
    """
    if amount is None:
        return NOT_KNOWN
    return "under $1" if 0 < amount < 1 else f"${amount:,.0f}"


def number(value: float) -> str:
    """Return a number with no more digits than a chart has.

    >>> number(86.0), number(7.25), number(37.777777)
    ('86', '7.25', '37.78')
    """
    return f"{round(value, 2):,.12g}"


def value(value: object, unit: str | None) -> str:
    """Return a fact's value in words with its unit.

    >>> value(True, None), value(86.0, "%"), value(None, "%"), value(["a", "b"], None)
    ('yes', '86 %', 'not known', 'a, b')
    """
    if value is None:
        return NOT_KNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        shown = unit_of(unit or "")
        shown = shown.removesuffix("s") if value == 1 and shown in ("years", "days", "hours") else shown
        return f"{number(float(value))} {shown}".rstrip()
    if isinstance(value, (list, tuple)):
        return joined([str(one) for one in value], most=4)
    return str(value)


def unit_of(code: str) -> str:
    """Return a UCUM unit as people read it.

    >>> unit_of("{doses}/d")
    'doses/d'
    """
    return UNITS.get(code, code.translate(_BRACES))


def joined(items: Sequence[str], most: int | None = None) -> str:
    """Return items with commas; beyond ``most`` the rest is counted."""
    if most is not None and len(items) > most:
        return ", ".join(items[:most]) + f" and {len(items) - most} more"
    return ", ".join(items)


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun.

    >>> plural(1, "stay"), plural(1200, "stay")
    ('1 stay', '1,200 stays')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def bed(name: str | None) -> str:
    """Return a bed in words; feeds write both ``12`` and ``Bed 4E-06``.

    >>> bed("12"), bed("Bed 4E-06"), bed(None)
    ('bed 12', 'Bed 4E-06', '')
    """
    if not name:
        return ""
    return name if name.lower().startswith("bed") else f"bed {name}"
