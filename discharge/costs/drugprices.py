"""What drugs cost by the day or by the course, for planning: ``reference/drug_prices.yaml``. US dollars.

Every price is a range and a placeholder: a payer profile or a pharmacy's own quote comes before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache

from discharge import yaml
from discharge.costs.rates import Rate
from discharge.dated import Citation, Strict
from discharge.resources import reference_file


class PriceRange(Strict):
    """A range of prices from one day on."""

    low: Decimal
    high: Decimal
    cite: str
    placeholder: bool
    note: str | None = None


class DatedRange(Strict):
    """Ranges by their first day."""

    values: dict[date, PriceRange]

    def on(self, day: date) -> tuple[date, PriceRange] | None:
        starts = [start for start in self.values if start <= day]
        return (max(starts), self.values[max(starts)]) if starts else None


class DrugPrices(Strict):
    """The whole of ``drug_prices.yaml``: ``day`` at the usual dose, ``course`` for drugs given once or twice."""

    title: str
    licence: str
    read_on: date
    citations: dict[str, Citation]
    unit_day: str
    unit_course: str
    day: dict[str, DatedRange]
    course: dict[str, DatedRange]


@cache
def drug_prices() -> DrugPrices:
    """Return all drug prices, read once."""
    where = "reference/drug_prices.yaml"
    return DrugPrices.model_validate(yaml.load(reference_file("drug_prices.yaml").read_bytes(), where=where))


def drug_day(name: str, day: date) -> tuple[Decimal, Decimal] | None:
    """Return low and high price of a day of ``name`` (as in ``drugs.yaml``); None where not known.

    >>> drug_day("ertapenem", date(2026, 1, 1))
    (Decimal('20.83'), Decimal('60.00'))
    >>> drug_day("ertapenem", date(2023, 1, 1)) is None
    True
    """
    return _ends(drug_prices().day, name, day)


def drug_course(name: str, day: date) -> tuple[Decimal, Decimal] | None:
    """Return low and high price of a whole course of a drug given once or twice; None for others."""
    return _ends(drug_prices().course, name, day)


def drug_rates(name: str, day: date) -> tuple[Rate, Rate] | None:
    """Return the same range as rates, with source and day, to be shown wherever it is used.

    Their names are ``drug.NAME_low`` and ``drug.NAME_high``; their unit says whether it is a day or a course.
    """
    book = drug_prices()
    for table, unit in ((book.day, book.unit_day), (book.course, book.unit_course)):
        found = table[name].on(day) if name in table else None
        if found is not None:
            since, price = found
            cite = book.citations[price.cite]
            low, high = (
                Rate(f"drug.{name}_{end}", value, unit, since, cite, price.placeholder, price.note)
                for end, value in (("low", price.low), ("high", price.high))
            )
            return low, high
    return None


def _ends(table: Mapping[str, DatedRange], name: str, day: date) -> tuple[Decimal, Decimal] | None:
    found = table[name].on(day) if name in table else None
    return None if found is None else (found[1].low, found[1].high)
