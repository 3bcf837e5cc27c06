"""Words of the papers about providers: languages by name, days as people write them."""

from __future__ import annotations

from datetime import date

from babel import Locale, UnknownLocaleError

from discharge import wording


def language_name(code: str) -> str:
    """Return the English name of a BCP 47 code, the code itself where it has none.

    >>> language_name("es"), language_name("pt-BR"), language_name("qqq")
    ('Spanish', 'Portuguese (Brazil)', 'qqq')
    """
    try:
        name = Locale.parse(code.replace("_", "-"), sep="-").get_display_name("en")
    except (UnknownLocaleError, ValueError):
        return code
    return name or code


def written_day(day: date | None) -> str:
    """Return a calendar day in words.

    >>> from datetime import date
    >>> written_day(date(2026, 1, 5)), written_day(None)
    ('5 Jan 2026', 'not known')
    """
    return wording.NOT_KNOWN if day is None else f"{day.day} {day:%b %Y}"
