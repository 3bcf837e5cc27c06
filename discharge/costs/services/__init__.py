"""What the services of each destination are: how much of them over the horizon, and what a payer would allow.

A destination is a list of bundles (:mod:`case`); :mod:`discharge.costs.settle` says who pays them.
"""

from __future__ import annotations

from discharge.costs.catalog import option_table
from discharge.costs.services.case import Bundle, Case, Part, PriceInputs
from discharge.costs.services.facility import FACILITIES
from discharge.costs.services.home import HOMES, side_bundles
from discharge.costs.services.infusion import INFUSIONS, infusion_sides

__all__ = ["NO_PUBLIC_PRICE", "Bundle", "Case", "Part", "PriceInputs", "bundles_of"]

NO_PUBLIC_PRICE = "not priced: no public price is known for this kind of place"
_MAIN = {**FACILITIES, **HOMES, **INFUSIONS}


def bundles_of(case: Case) -> list[Bundle]:
    """Return the bundles of a case's destination: its own service first, then what goes with it.

    Where the own service has no known price, the ledger's purses of payer and patient are lost, with the reason.
    """
    main = _MAIN[case.inputs.option](case)
    found = list(main) if main is not None else []
    if main is None:
        is_priced = option_table().options[case.inputs.option].priced
        reason = f"{case.name}: no rate is known for this day" if is_priced else NO_PUBLIC_PRICE
        case.ledger.lose("payer", reason)
        case.ledger.lose("patient", reason)
        case.take()
    return [*found, *infusion_sides(case), *side_bundles(case)]
