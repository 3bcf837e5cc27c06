"""Amounts in a payer profile: quoted decimals in the file, ``Decimal`` here; one figure, or dated ones."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from discharge.dated import Dated, Strict
from discharge.packs.names import nearest

_AMOUNT_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ABOUT = ("cite", "placeholder", "note")


def quoted(value: object) -> object:
    """Accept a decimal written as text; a bare number could lose its digits on the way."""
    if isinstance(value, str):
        try:
            return Decimal(value)
        except InvalidOperation:
            raise ValueError(f"'{value}' is no decimal number") from None
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        raise ValueError(f'an amount without quotes: write "{value}"')
    return value


def _money_dated(value: Any) -> Any:
    """Turn quoted amounts of a dated value into decimals."""
    if isinstance(value, Dated) or not isinstance(value, dict) or not isinstance(value.get("values"), dict):
        return value
    if value.get("unit") is None:
        raise ValueError("an amount without unit: the key 'unit' is missing (USD, or 1 for a ratio)")
    values = {
        day: {**one, "value": quoted(one["value"])} if isinstance(one, dict) and "value" in one else one
        for day, one in value["values"].items()
    }
    return {**value, "values": values}


QuotedDecimal = Annotated[Decimal, BeforeValidator(quoted)]
MoneyDated = Annotated[Dated, BeforeValidator(_money_dated)]


class Amount(Strict):
    """One figure; ``value`` None says that it isn't known. A figure that changes on days stands in ``dated``."""

    value: QuotedDecimal | None = None
    dated: MoneyDated | None = None
    cite: str | None = None
    placeholder: bool = False
    note: str | None = None

    def on(self, day: date) -> Decimal | None:
        """Return the figure in force on ``day``; None before the first one and where it isn't known."""
        if self.dated is None:
            return self.value
        found = self.dated.on(day)
        return Decimal(found.value) if found and isinstance(found.value, (int, Decimal)) else None


def _amounts(value: Any) -> Any:
    """Read {name: "1.00", ..., cite, placeholder}: what the group says of itself holds for each amount.

    An amount is "1.00", {value: "1.00", cite: ...}, or dated: {unit: USD, values: {2026-01-01: {value: "1.00"}}}.
    """
    if not isinstance(value, dict) or "amounts" in value:
        return value
    about = {key: value[key] for key in _ABOUT if key in value}
    amounts = {}
    for name, one in value.items():
        if name in _ABOUT:
            continue
        if not isinstance(name, str) or not _AMOUNT_NAME.fullmatch(name):
            raise ValueError(f"'{name}' is no name of an amount")
        if not isinstance(one, dict):
            quoted(one)
            one = {"value": one}
        elif "values" in one:
            one = {"dated": one}
        amounts[name] = {**about, **one}
    return {"amounts": amounts}


class AmountGroup(Strict):
    """Named amounts (names end in their unit: ``copay_usd_per_day``, ``coinsurance``)."""

    amounts: dict[str, Amount] = Field(default_factory=dict)

    def get(self, name: str, day: date = date.max) -> Decimal | None:
        """Return an amount (of a dated one that of ``day``), None where the profile is silent or doesn't know."""
        found = self.amounts.get(name)
        return None if found is None else found.on(day)

    @property
    def placeholders(self) -> list[str]:
        """Names of amounts that are proposed, estimated or judged, on any day."""
        return [
            name
            for name, one in self.amounts.items()
            if one.placeholder or (one.dated and any(each.placeholder for each in one.dated.values.values()))
        ]


def only(*names: str) -> BeforeValidator:
    """Return a check that a group of amounts holds no other names than these."""

    def check(value: Any) -> Any:
        for name in value if isinstance(value, dict) and "amounts" not in value else ():
            if name not in names and name not in _ABOUT:
                raise ValueError(f"unknown amount '{name}': {nearest(name, names)}")
        return value

    return BeforeValidator(check)


Amounts = Annotated[AmountGroup, BeforeValidator(_amounts)]
