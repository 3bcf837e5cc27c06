"""The languages that patients' papers are in: gettext catalogues read as they are, dates and money by Babel.

English stands in the code; ``templates/locale/LANGUAGE/discharge.po`` holds the others. A catalogue whose header
``X-Reviewed-By`` is empty has not been checked by a qualified translator, and every page made from it says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from gettext import c2py
from io import BytesIO

from discharge.errors import OutputError
from discharge.resources import data_folder

_REVIEWED = re.compile(r'^"X-Reviewed-By:\s*(.*?)\\n"', re.MULTILINE)
_HTML_LANG = re.compile(r'<html lang="([^"]+)"')
_PROBE = '<html lang="{lang}"><body style="font: 40px {family}">{sign}</body></html>'


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its tag, the locale of its dates and money, and what its letters need on paper.

    ``signs`` are two letters of its own script; where both look the same on paper there is no font for it.
    """

    tag: str
    locale: str
    english: str
    family: str = '"DejaVu Sans", "Liberation Sans", Arial, sans-serif'
    signs: tuple[str, str] = ("ñ", "ç")
    package: str = "fonts-dejavu-core"


LANGUAGES: dict[str, Language] = {
    one.tag: one
    for one in (
        Language("en", "en_US", "English"),
        Language("es", "es_US", "Spanish"),
        Language("ca", "ca_ES", "Catalan"),
        Language(
            "ja",
            "ja_JP",
            "Japanese",
            '"Noto Sans CJK JP", "Noto Sans JP", "Hiragino Sans", "Yu Gothic", sans-serif',
            ("本", "語"),
            "fonts-noto-cjk",
        ),
        Language(
            "ko",
            "ko_KR",
            "Korean",
            '"Noto Sans CJK KR", "Noto Sans KR", "Apple SD Gothic Neo", "Malgun Gothic", sans-serif',
            ("한", "글"),
            "fonts-noto-cjk",
        ),
        Language(
            "hi",
            "hi_IN",
            "Hindi",
            '"Lohit Devanagari", "Noto Sans Devanagari", "Kohinoor Devanagari", "Mangal", sans-serif',
            ("क", "म"),
            "fonts-lohit-deva",
        ),
    )
}


def language_of(tag: str | None) -> Language | None:
    """Return the language of a BCP 47 tag where there is a catalogue; None for another or for none.

    >>> language_of("es-MX").tag, language_of("EN").tag, language_of("so") is None, language_of(None) is None
    ('es', 'en', True, True)
    """
    return LANGUAGES.get(re.split(r"[-_]", tag or "")[0].lower())


def english_name(tag: str) -> str:
    """Return the English name of any language, or the tag itself.

    >>> english_name("so"), english_name("vi-VN"), english_name("x-unheard")
    ('Somali', 'Vietnamese', 'x-unheard')
    """
    from babel import Locale

    names = Locale("en").languages
    return str(names.get(re.split(r"[-_]", tag)[0].lower(), tag))


@dataclass(frozen=True)
class Words:
    """Texts, dates and amounts in one language. A text that a catalogue lacks stays English."""

    language: Language
    texts: dict[str, tuple[str, ...]]
    plural: Callable[[int], int]
    reviewed_by: str

    @property
    def needs_review(self) -> bool:
        """Whether no qualified translator has put a name to the catalogue; English is the original."""
        return self.language.tag != "en" and not self.reviewed_by

    def say(self, text: str, **values: object) -> str:
        """Return a text with its values put in."""
        found = self.texts.get(text, (text,))[0]
        return found.format(**values) if values else found

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """Return a text in the form that goes with ``number``, which it gets as ``{n}``."""
        forms = self.texts.get(one, (one, many))
        found = forms[min(self.plural(number), len(forms) - 1)]
        return found.format(n=self.number(number), **values)

    def day(self, moment: date) -> str:
        """Return a calendar day in full."""
        from babel.dates import format_date

        return format_date(moment, "long", locale=self.language.locale)

    def number(self, value: float) -> str:
        """Return a number."""
        from babel.numbers import format_decimal

        return format_decimal(value, format="#,##0.##", locale=self.language.locale)

    def money(self, amount: Decimal) -> str:
        """Return dollars without cents, with the sign in front: it is a US bill in every language."""
        from babel.numbers import format_decimal

        return "$" + format_decimal(amount.quantize(Decimal(1)), format="#,##0", locale=self.language.locale)

    def listed(self, items: Iterable[str]) -> str:
        """Return items as a list inside a sentence."""
        from babel.lists import format_list

        return format_list(list(items), style="standard", locale=self.language.locale)


@cache
def words_in(tag: str) -> Words:
    """Return the words of a language, its catalogue read once.

    Raises:
        OutputError: there is no such catalogue.
    """
    language = LANGUAGES.get(tag)
    if language is None:
        raise OutputError(f"no catalogue for the language '{tag}'; there are: {', '.join(LANGUAGES)}")
    if tag == "en":
        return Words(language, {}, c2py("n != 1"), "")
    return _catalogue(language)


def _catalogue(language: Language) -> Words:
    from babel.messages.pofile import read_po

    raw = (data_folder("templates") / "locale" / language.tag / "discharge.po").read_bytes()
    catalogue = read_po(BytesIO(raw), locale=language.tag)
    texts: dict[str, tuple[str, ...]] = {}
    for message in catalogue:
        forms = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        key = message.id[0] if isinstance(message.id, (tuple, list)) else message.id
        said = tuple(form for form in forms if form)
        if key and len(said) == len(forms):
            texts[str(key)] = said
    reviewed = _REVIEWED.search(raw.decode("utf-8"))
    return Words(language, texts, c2py(catalogue.plural_expr), reviewed[1] if reviewed else "")


@cache
def has_font(tag: str) -> bool:
    """Return whether this machine has a font for a language: whether two of its letters look different on paper."""
    language = LANGUAGES.get(tag)
    return language is None or len({_drawn(language, sign) for sign in language.signs}) > 1


def _drawn(language: Language, sign: str) -> bytes:
    import plutoprint

    book = plutoprint.Book(plutoprint.PageSize(120, 120), plutoprint.PageMargins(0))
    book.load_html(_PROBE.format(lang=language.tag, family=language.family.replace('"', "'"), sign=sign))
    stream = BytesIO()
    book.write_to_png_stream(stream)
    return stream.getvalue()


def missing_font(html: str) -> str | None:
    """Return what to install before a page can be printed in its language; None where nothing is missing."""
    found = _HTML_LANG.search(html[:200])
    language = LANGUAGES.get(found[1]) if found else None
    if language is None or has_font(language.tag):
        return None
    return (
        f"a PDF in {language.english} would print as empty boxes, for want of a font: install the package"
        f" {language.package} (Debian, Ubuntu), or take the HTML page"
    )
