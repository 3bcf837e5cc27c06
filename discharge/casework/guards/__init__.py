"""What must hold before an event is written: who may, and what the case's state and the law let happen.

Guards of each theme register themselves by kind of event (:func:`discharge.casework.guards.framework.guard`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from discharge.casework.events import Actor
from discharge.casework.guards import payer_side as payer_side  # each theme registers its guards
from discharge.casework.guards import planning as planning
from discharge.casework.guards import record as record
from discharge.casework.guards import utilization as utilization
from discharge.casework.guards.framework import GUARDS, Context, Guard, guard
from discharge.casework.guards.rights import (
    KIND_RIGHTS,
    Right,
    may_record,
    payer_faults,
    rights_faults,
)
from discharge.casework.state.model import CaseState
from discharge.errors import Fault

__all__ = ["GUARDS", "KIND_RIGHTS", "Context", "Guard", "Right", "check", "guard", "may_record"]

_CLOCKS_DIFFER = timedelta(minutes=2)
"""By how much the clock of a ward's computer may be ahead of the server's."""


def check(state: CaseState, payload: Any, actor: Actor, context: Context) -> list[Fault]:
    """Return everything that speaks against recording ``payload`` on the case now; empty where nothing does.

    A fault's ``where`` is the path in the payload, ``what`` what is wrong, ``expected`` what to do.
    """
    faults = [*rights_faults(payload.kind, actor), *payer_faults(state, actor)]
    if actor.kind in ("person", "machine") and context.occurred_at > context.recorded_at + _CLOCKS_DIFFER:
        faults.append(Fault("$.occurred_at", "this moment has not come yet", "when it happened"))
    if faults:
        return faults
    found = GUARDS.get(payload.kind)
    return list(found(state, payload, actor, context)) if found else []
