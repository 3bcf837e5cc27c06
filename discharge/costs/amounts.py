"""Money: rounding by the payment rules' convention, and the shapes in which amounts are shown."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from pydantic import PlainSerializer

from discharge.stayview import Result

ZERO = Decimal("0.00")
ONE = Decimal(1)
_CENT = Decimal("0.01")
_FOUR = Decimal("0.0001")

Usd = Annotated[Decimal, PlainSerializer(lambda amount: f"{amount:.2f}", return_type=str, when_used="json")]
"""US dollars; a string with two decimals in JSON."""


class Range(Result):
    """Low, expected and high amount; None where it can't be told."""

    low: Usd | None = None
    expected: Usd | None = None
    high: Usd | None = None


def cents(amount: Decimal) -> Decimal:
    """Round to cents, half up.

    >>> cents(Decimal("2.345")), cents(Decimal("-2.345"))
    (Decimal('2.35'), Decimal('-2.35'))
    """
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)


def middle(low: Decimal, high: Decimal) -> Decimal:
    """Return the middle of a range, in cents."""
    return cents((low + high) / 2)


def four_decimals(number: Decimal) -> Decimal:
    """Round a fraction, share or factor to four decimals, half up.

    >>> four_decimals(Decimal(4) / 7)
    Decimal('0.5714')
    """
    return number.quantize(_FOUR, rounding=ROUND_HALF_UP)


def wage_adjusted(base: Decimal, labor_share: Decimal, wage_index: Decimal) -> Decimal:
    """Apply the wage index to the labor part of ``base``; each part is rounded to cents.

    >>> wage_adjusted(Decimal("2343.95"), Decimal("0.749"), Decimal("0.92"))
    Decimal('2203.50')
    """
    labor = cents(base * labor_share)
    return cents(labor * wage_index) + (base - labor)
