"""One entry of a payer profile on one day, by its dotted path (what the cases of profiles ask for)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from discharge.dated import Dated
from discharge.payers.amounts import Amount, AmountGroup
from discharge.payers.schema import Authorization, PayerProfile, value_on


def answer(profile: PayerProfile, ask: str, as_of: date | datetime | str) -> dict[str, Any]:
    """Return what stands at ``ask`` on the day of ``as_of``.

    A dated value gives value, unit and placeholder; an amount value and placeholder; a table its keys; anything
    else ``value``. ``authorizations.snf`` is the entry of that service.

    Raises:
        KeyError: nothing of that name is there, or no value holds on that day; its argument names the part.
    """
    here: Any = profile
    parts = ask.split(".")
    while parts:
        name = ".".join(parts)
        if isinstance(here, dict) and name in here:  # names of planning values hold dots
            here, parts = here[name], []
        else:
            here, parts = _step(here, parts[0]), parts[1:]
    if isinstance(here, Amount) and here.dated is not None:
        here = here.dated
    if isinstance(here, Dated):
        found = value_on(here, _day(as_of))
        return {"value": found.value, "unit": here.unit, "placeholder": found.placeholder}
    if isinstance(here, Amount):
        return {"value": here.value, "placeholder": here.placeholder}
    if isinstance(here, BaseModel):
        return {name: getattr(here, name) for name in type(here).model_fields}
    return dict(here) if isinstance(here, dict) else {"value": here}


def _step(here: Any, part: str) -> Any:
    if isinstance(here, AmountGroup):
        here = here.amounts
    if isinstance(here, dict) and part in here:
        return here[part]
    if isinstance(here, list):
        for one in here:
            if isinstance(one, Authorization) and one.service == part:
                return one
    if isinstance(here, BaseModel) and part in type(here).model_fields:
        return getattr(here, part)
    raise KeyError(part)


def _day(as_of: date | datetime | str) -> date:
    if isinstance(as_of, str):
        return datetime.fromisoformat(as_of).date()
    return as_of.date() if isinstance(as_of, datetime) else as_of
