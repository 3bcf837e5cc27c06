"""Text as Markdown that reads well on a code host and in an editor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from discharge import wording

_SIGNS = re.compile(r"([\\`*<>\[\]|])|(?<!\w)_|_(?!\w)")


def plain(text: str) -> str:
    """Return text with the signs that Markdown would take for its own made harmless, on one line.

    >>> plain("pH < 7.30 | x_y")
    'pH \\\\< 7.30 \\\\| x_y'
    """
    return _SIGNS.sub(lambda found: "\\" + found[0], " ".join(text.split()))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table; cells are Markdown already."""
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


def number(value: Decimal | float | int) -> str:
    """Return a number as written in the rule, without zeros at its end that say nothing.

    >>> number(Decimal("7.30")), number(Decimal("100")), number(Decimal("-10"))
    ('7.30', '100', '−10')
    """
    shown = f"{value:f}" if isinstance(value, Decimal) else f"{value:.10g}"
    return shown.replace("-", "−")


def unit(name: str | None, *, is_one: bool = False) -> str:
    """Return a unit as people write it.

    >>> unit("{disciplines}"), unit("{disciplines}", is_one=True), unit("a", is_one=True)
    ('disciplines', 'discipline', 'year')
    """
    if name is None or name == "{score}":
        return ""
    shown = wording.UNITS.get(name, name)
    shown = _UNITS.get(name, re.sub(r"\{(.*?)\}", lambda found: found[1].replace("_", " "), shown))
    return shown.removesuffix("s") if is_one and (name[0] == "{" or name in ("a", "d", "h")) else shown


_UNITS = {
    "/min": "a minute",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
    "deg": "degrees",
    "10*9/L": "10⁹/L",
    "ug/kg/min": "µg/kg/min",
}


def amount(value: Decimal | float | int, name: str | None) -> str:
    """Return a number with its unit: ``24 hours``.

    >>> amount(Decimal("1"), "d"), amount(Decimal("90"), "%"), amount(Decimal("2"), "{score}")
    ('1 day', '90 %', '2')
    """
    return f"{number(value)} {unit(name, is_one=value == 1)}".rstrip()


def code(text: str) -> str:
    """Return an ICD-10-CM code, or the beginning of one, with its dot.

    >>> code("I639"), code("I63"), code("vancomycin")
    ('I63.9', 'I63', 'vancomycin')
    """
    return f"{text[:3]}.{text[3:]}" if _ICD.fullmatch(text) else text


_ICD = re.compile(r"[A-Z][0-9][0-9A-Z][0-9A-Z]{1,4}")


def day(value: date) -> str:
    """Return a day: ``1 Oct 2026``."""
    return f"{value.day} {value:%b %Y}"


def human(name: str) -> str:
    """Return an identifier as words: ``needs_oxygen`` -> ``Needs oxygen``."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def lower(text: str) -> str:
    """Return a title as it stands inside a sentence; abbreviations and names keep their capitals.

    >>> lower("Heart rate"), lower("A test"), lower("PaO2 below 60"), lower("Medicare Part B"), lower("IV drug")
    ('heart rate', 'a test', 'PaO2 below 60', 'Medicare Part B', 'IV drug')
    """
    first = re.split(r"[^A-Za-z0-9]", text, maxsplit=1)[0]
    keeps = first in _NAMES or not (first == "A" or first[1:].islower())
    return text if keeps else text[:1].lower() + text[1:]


_NAMES = frozenset(
    """Medicare Medicaid Original Part Barthel Glasgow Braden Morse Hestia Oakland Charlson Elixhauser Katz Child
    Canadian Rockall English Alvarado Ranson Rome Wells Geneva Bishop Apgar Duke Richmond""".split()  # noqa: SIM905
)


def listed(words: Sequence[str], joint: str = "or") -> str:
    """Return words as a list in a sentence.

    >>> listed(["a", "b", "c"])
    'a, b or c'
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {joint} {words[-1]}"


def sentence(text: str) -> str:
    """Return text with a full stop at its end."""
    text = text.strip()
    return text if not text or text[-1] in ".?!:" else f"{text}."
