"""The building blocks of the patient's page, and the chart's words in the patient's words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from discharge.documents.language import Words
from discharge.options import Option
from discharge.plan.model import MedicationLine
from discharge.plan.tables import education_table
from discharge.review.model import Review

_AS_NEEDED = re.compile(r"\b(prn|as needed|if needed|when required)\b", re.IGNORECASE)
_MICROGRAM = re.compile(r"(?<![A-Za-z])[uµμ]g\b")


def msg(text: str) -> str:
    """Return ``text``: it marks a text that stands in a constant and is translated where it is printed."""
    return text


def spoken_name(name: str) -> str:
    """Return a chart's name ("family, given") as people are spoken to.

    >>> spoken_name("Ortega, Carmen"), spoken_name("Sato"), spoken_name("Ortega, Carmen, Jr")
    ('Carmen Ortega', 'Sato', 'Ortega, Carmen, Jr')
    """
    family, _, given = name.partition(", ")
    return f"{given} {family}" if given and "," not in given else name


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a heading for each column."""

    head: list[str]
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the page. ``gloss`` is English, printed small beside ``strong`` for the staff."""

    key: str
    heading: str
    strong: str = ""
    gloss: str = ""
    text: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    table: Table | None = None
    after: list[str] = field(default_factory=list)


def private_files(review: Review) -> set[str]:
    """Return the rule files whose findings stand on no paper."""
    return {name for name, file in review.provenance.files.items() if file.is_sensitive}


def shown_needs(review: Review) -> list[str]:
    """Return the needs that may stand on the page: those that no sensitive rule file concluded."""
    private = private_files(review)
    return [need.need for need in review.needs if need.rule not in private]


def need_names(words: Words, needs: Iterable[str]) -> str:
    """Return needs in the patient's words, as a list inside a sentence."""
    known = education_table().patient.needs
    return words.listed(
        dict.fromkeys(_inside(words, words.say(known[need])) for need in needs if need in known)
    )


def _inside(words: Words, text: str) -> str:
    """A name inside a sentence: without its capital, unless that belongs to the word (IV)."""
    return text if text[:2].isalpha() and text[:2].isupper() else text[:1].lower() + text[1:]


def place_name(words: Words, option: Option) -> tuple[str, str]:
    """Return a place in the patient's words, and its English title where the page is in another language."""
    row = education_table().patient.places.get(option.id)
    name = words.say(row.title) if row is not None else option.title
    return name, "" if words.language.tag == "en" else option.title


def how_often(words: Words, line: MedicationLine) -> str:
    """How often a medicine is charted, in the patient's words; else as the chart has it."""
    times = line.times_per_day
    if times == 1:
        return words.say("once a day")
    if times is not None and times > 1 and times == int(times):
        return words.count("{n} time a day", "{n} times a day", int(times))
    if times is not None and round(times * 7, 6) == 1:
        return words.say("once a week")
    if line.frequency and _AS_NEEDED.search(line.frequency):
        return words.say("when needed: ask your nurse")
    return line.frequency or words.say("ask your nurse")


def dose_shown(words: Words, dose: str | None) -> str:
    """A charted dose with units that a patient can read: ``ug`` is easily taken for ``mg``."""
    if not dose:
        return ""
    return _MICROGRAM.sub("mcg", dose).replace("[iU]", words.say("units")).replace("[IU]", words.say("units"))


def window(words: Words, first: int | None, last: int | None) -> str:
    """A window after leaving; an empty text where none is known."""
    if last is None:
        return ""
    if first is None:
        return words.count(
            "in the first {n} day after you leave", "in the first {n} days after you leave", last
        )
    return words.say(
        "{first} to {last} days after you leave", first=words.number(first), last=words.number(last)
    )
