"""Shows the rates behind amounts: value, day, source."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from discharge.costs.drugprices import drug_rates
from discharge.costs.ledger import OptionCost, RateSeen
from discharge.costs.rates import Rate, RateTable, planning_rate, planning_table, rate_book
from discharge.costs.terms import Terms, payer_terms
from discharge.payers import PayerProfile

_CONTRACT = "contract."
_DRUG = "drug."


def rates_seen(names: Iterable[str], terms: Terms | None, day: date) -> dict[str, RateSeen]:
    """Return what stands behind names of rates, in their order, as used on ``day`` under ``terms``.

    A name is one of ``rates.yaml`` (a rate or a table), ``contract.NAME`` of the payer profile, or ``drug.NAME_low``
    and ``drug.NAME_high`` of ``drug_prices.yaml``.
    """
    return {name: _seen(name, terms, day) for name in dict.fromkeys(names)}


def rates_behind(costs: Iterable[OptionCost], payer: PayerProfile | None) -> dict[str, RateSeen]:
    """Return the rates behind all amounts of a stay's options."""
    terms, found = payer_terms(payer), dict[str, RateSeen]()
    for cost in costs:
        for name in cost.rates:
            if name not in found:
                found[name] = _seen(name, terms, cost.rates_since)
    return found


@lru_cache(maxsize=16384)
def _seen(name: str, terms: Terms | None, day: date) -> RateSeen:
    if name.startswith(_CONTRACT):
        return _contract(name, terms, day)
    if name.startswith(_DRUG):
        ends = drug_rates(name.removeprefix(_DRUG).removesuffix("_low").removesuffix("_high"), day)
        found = next((one for one in ends or () if one.name == name), None)
        return _shown(found) if found is not None else _unknown(name)
    if name in rate_book().tables:
        return _shown(planning_table(name, day))
    return _shown(planning_rate(name, day) if terms is None else terms.rate(name, day))


def _shown(found: Rate | RateTable) -> RateSeen:
    return RateSeen(
        value=found.value if isinstance(found, Rate) else None,
        unit=found.unit,
        since=found.since,
        source=found.citation.title if found.citation else None,
        verified=found.citation is not None and found.citation.verified,
        placeholder=found.placeholder,
        note=found.note,
    )


def _contract(name: str, terms: Terms | None, day: date) -> RateSeen:
    fee = terms.fee(name.removeprefix(_CONTRACT), day) if terms is not None else None
    if fee is None or terms is None:
        return _unknown(name)
    return RateSeen(
        value=fee.usd,
        unit="1" if fee.name == "share_of_medicare" else "USD",
        since=None,
        source=f"contract in the payer profile {terms.profile}",
        verified=False,
        placeholder=fee.placeholder,
    )


def _unknown(name: str) -> RateSeen:
    return RateSeen(
        value=None,
        unit="",
        since=None,
        source=None,
        verified=False,
        placeholder=True,
        note=f"{name}: not found",
    )
