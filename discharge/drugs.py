"""Drugs as charted -> canonical ingredients and classes, from ``reference/drugs.yaml``.

The name is read first and the code only where the name says nothing: in third-party feeds the code is often a
product of another strength, sometimes of another drug, while the name is what the clinicians saw.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from discharge.reference import load_yaml

_WORD = re.compile(r"[a-z0-9]+(?:\.[0-9]+)?%?")


@dataclass(frozen=True, slots=True)
class Drug:
    """One ingredient or fixed combination; ``classes`` as used by value sets and facts.

    ``has_oral_form``: the same ingredient can be given by mouth for the same purpose; None where not settled.
    """

    name: str
    classes: frozenset[str]
    has_oral_form: bool | None


@cache
def drugs() -> Mapping[str, Drug]:
    """Return every drug by canonical name."""
    return {
        name: Drug(name, frozenset(row.get("is", ())), row.get("oral"))
        for name, row in load_yaml("drugs.yaml")["drugs"].items()
    }


def drugs_of_class(name: str) -> tuple[str, ...]:
    """Return canonical names of the drugs of class ``name``, sorted."""
    return tuple(sorted(drug.name for drug in drugs().values() if name in drug.classes))


@cache
def classes_of(ingredients: str | None) -> frozenset[str]:
    """Return the classes of ``ingredients`` as :func:`drug_ingredients` gives them; those of each part if mixed.

    >>> "antibiotic" in classes_of("piperacillin / tazobactam")
    True
    >>> classes_of(None)
    frozenset()
    """
    return frozenset(name for drug in parts_of(ingredients) for name in drug.classes)


@cache
def parts_of(ingredients: str | None) -> tuple[Drug, ...]:
    """Return the drugs that ``ingredients`` names; unknown ones are left out."""
    if not ingredients:
        return ()
    table = drugs()
    if ingredients in table:
        return (table[ingredients],)
    return tuple(table[part] for part in ingredients.split(" / ") if part in table)


@cache
def drug_ingredients(system: str | None, code: str | None, name: str | None) -> str | None:
    """Return canonical ingredients, lower case, joined by ' / '; None for a drug that the table doesn't have.

    >>> drug_ingredients(None, None, "HYDROmorphone (Dilaudid)")
    'hydromorphone'
    >>> drug_ingredients(None, None, "Piperacillin/Tazobactam (Zosyn)")
    'piperacillin / tazobactam'
    >>> drug_ingredients("http://www.nlm.nih.gov/research/umls/rxnorm", "11124", None)
    'vancomycin'
    >>> drug_ingredients(None, None, "Zzyzx 5 mg") is None
    True
    """
    found = _from_words(name) if name else None
    if found is None and code:
        # Formulary codes and names may stand in the code as well (MIMIC-IV).
        found = _by_code().get(code) or _from_words(code)
    return found


@cache
def _by_code() -> dict[str, str]:
    rows = load_yaml("drugs.yaml")["drugs"].items()
    return {code: name for name, row in rows for key in ("rxnorm", "local") for code in row.get(key, ())}


@cache
def _synonyms() -> dict[tuple[str, ...], str]:
    table: dict[tuple[str, ...], str] = {}
    for name, row in load_yaml("drugs.yaml")["drugs"].items():
        for text in (name, *row.get("names", ())):
            table[_words(text)] = name
    return table


@cache
def _longest() -> int:
    return max(len(words) for words in _synonyms())


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.lower().replace(",", " ")))


def _from_words(text: str) -> str | None:
    """Find the longest known names inside ``text``, word by word."""
    words, table = _words(text), _synonyms()
    found: list[str] = []
    place = 0
    while place < len(words):
        for length in range(min(_longest(), len(words) - place), 0, -1):
            name = table.get(words[place : place + length])
            if name is not None:
                found.append(name)
                place += length
                break
        else:
            place += 1
    # "in NS" names what carries the drug; alone it is the treatment.
    active = [name for name in found if "iv_fluid" not in drugs()[name].classes]
    return " / ".join(sorted(set(active or found))) or None
