"""Who may record which kind of event: one table.

A right asks for one of ``roles``; the engine, a feed or a machine acts without a role only where the table names it.
``physician`` opens the kind to any person who works on cases and whose credentials are those of a physician. What the
law asks beyond that (a named physician, a consultation first) is for the kind's guard.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from discharge.casework.events import KINDS, OF_THE_SYSTEM, Actor, Clinician, Role
from discharge.casework.events.base import ActorKind
from discharge.casework.state.model import CaseState
from discharge.errors import Fault


class Right(NamedTuple):
    """Roles of people and machines that may record a kind, and the kinds of actors that may without a role."""

    roles: frozenset[Role] = frozenset()
    without_role: frozenset[ActorKind] = frozenset()
    physician: bool = False


_STAFF: frozenset[Role] = frozenset({"case_manager", "physician_advisor", "supervisor"})
_ADVISOR: frozenset[Role] = frozenset({"physician_advisor"})
_ASSIGNERS: frozenset[Role] = frozenset({"supervisor"})
_PAYER: frozenset[Role] = frozenset({"payer"})
_ENGINE: frozenset[ActorKind] = frozenset({"engine"})
_ARRIVES: frozenset[ActorKind] = frozenset({"engine", "feed"})

_SPECIAL: dict[str, Right] = {
    "stay_opened": Right(without_role=_ARRIVES),
    "facts_received": Right(without_role=_ARRIVES),
    "review_run": Right(without_role=_ENGINE),
    "edition_in_force": Right(without_role=_ENGINE),
    "feed_keeps": Right(without_role=_ENGINE),
    "store_kept": Right(without_role=_ENGINE),
    "account_changed": Right(frozenset({"administrator"}), _ENGINE),
    "assigned": Right(_STAFF, _ENGINE),
    "escalated": Right(_STAFF, _ENGINE),
    "task_added": Right(_STAFF, _ENGINE),
    "first_level_reviewed": Right(_STAFF, _ENGINE),
    "advisor_referred": Right(_STAFF, _ENGINE),
    "status_determined": Right(_ADVISOR, physician=True),
    "practitioner_consulted": Right(_STAFF),
    "advisor_decided": Right(_ADVISOR),
    "decision_received": Right(_STAFF | _PAYER),
    "payer_asked": Right(_STAFF | _PAYER),
    "peer_to_peer_scheduled": Right(_STAFF | _PAYER),
}

KIND_RIGHTS: dict[str, Right] = {kind: _SPECIAL.get(kind, Right(_STAFF)) for kind in KINDS}


def may_record(kind: str, actor: Actor) -> bool:
    """Tell whether ``actor`` may record an event of ``kind`` at all."""
    right = KIND_RIGHTS[kind]
    if actor.kind in right.without_role:
        return True
    if actor.kind in ("engine", "feed"):
        return False
    roles = set(actor.roles)
    return bool(roles & right.roles) or (right.physician and bool(roles & _STAFF) and is_physician(actor))


def is_physician(actor: Actor) -> bool:
    """Tell whether a person's credentials are those of a doctor of medicine or osteopathy."""
    return actor.kind == "person" and Clinician(name=actor.name, credentials=actor.credentials).is_physician


def payer_faults(state: CaseState, actor: Actor) -> Iterator[Fault]:
    """Yield what keeps a payer's user from this case: only a release to a profile of theirs opens it."""
    if "payer" in actor.roles and not set(actor.roles) & _STAFF:
        told = {one.payer_profile for one in state.releases.values()}
        if not told & set(actor.payer_ids):
            yield Fault("$", "nothing of this case was released to this payer", "answer what was released")


def rights_faults(kind: str, actor: Actor) -> Iterator[Fault]:
    """Yield what keeps ``actor`` from recording ``kind`` on a case."""
    if kind in OF_THE_SYSTEM:
        yield Fault("$.kind", f"{kind} belongs to no case", "it is written by the program itself")
    elif not may_record(kind, actor):
        right = KIND_RIGHTS[kind]
        who = [*sorted(right.roles), *(["a physician"] if right.physician else [])]
        yield Fault(
            "$.kind", f"this account may not record {kind}", f"this takes {' or '.join(who) or 'the engine'}"
        )
