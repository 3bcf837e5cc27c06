"""Who may do what: the permissions of each role, and the permission that writing each kind of event takes.

This is the only place. The API's table of routes (:mod:`discharge.api.auth.policy`) names permissions from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias, get_args

from discharge.casework.events.base import Role

Permission: TypeAlias = Literal[
    "cases:read",
    "cases:write",
    "advisor:write",
    "assign:write",
    "released:read",
    "released:write",
    "evaluate",
    "rules:read",
    "feeds:write",
    "reports:read",
    "audit:read",
    "accounts:write",
]
EVERY_PERMISSION: tuple[Permission, ...] = get_args(Permission)

_CASE_MANAGER: frozenset[Permission] = frozenset({"cases:read", "cases:write", "evaluate", "rules:read"})

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    "case_manager": _CASE_MANAGER,
    "physician_advisor": _CASE_MANAGER | {"advisor:write"},
    "supervisor": _CASE_MANAGER | {"assign:write", "reports:read"},
    # Only of members of its own payer profiles, and only what was released.
    "payer": frozenset({"released:read", "released:write"}),
    "auditor": frozenset({"cases:read", "audit:read", "reports:read", "rules:read"}),
    # No patient data: the access log names accounts and cases, never a patient.
    "administrator": frozenset({"accounts:write", "rules:read", "feeds:write", "audit:read"}),
}

BY_KIND: Mapping[str, Permission] = {
    "practitioner_consulted": "advisor:write",
    "advisor_decided": "advisor:write",
    "assigned": "assign:write",
}
"""Kinds of events that take more than ``cases:write``. Taking a case oneself takes no more than that."""


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """Return everything that an account with ``roles`` may do.

    >>> sorted(permissions_of(["payer"]))
    ['released:read', 'released:write']
    """
    return frozenset(one for role in roles for one in PERMISSIONS[role])


def permission_to_write(kind: str) -> Permission:
    """Return the permission that writing an event of ``kind`` to a case takes."""
    return BY_KIND.get(kind, "cases:write")
