"""People of the second level (42 CFR 482.30): who takes part in the care, who is who, and when one is not enough."""

from __future__ import annotations

from datetime import datetime

from discharge.casework.events.base import Clinician
from discharge.casework.state.model import CaseState, Consultation, Referral
from discharge.review.model import Review


def last_views(one: Referral, at: datetime | None = None) -> list[Consultation]:
    """Return the last word of each practitioner who was asked, of those asked up to ``at``."""
    found: list[Consultation] = []
    for asked in sorted(one.consultations, key=lambda view: view.made.at):
        if at is None or asked.made.at <= at:
            found = [view for view in found if not is_same(view.practitioner, asked.practitioner)]
            found.append(asked)
    return found


def needs_second(one: Referral, at: datetime | None = None) -> bool:
    """Tell whether a finding at ``at`` needs two physicians: a practitioner's last word up to then is against it."""
    return any(asked.view == "disagrees" for asked in last_views(one, at))


def is_same(one: Clinician, other: Clinician) -> bool:
    """Tell whether two names are one person: by number where both have one, else by name without titles."""
    if one.npi is not None and other.npi is not None:
        return one.npi == other.npi
    return plain_name(one.name) == plain_name(other.name)


_TITLES = frozenset({"dr", "doctor", "md", "do", "prof", "np", "pa", "rn", "mr", "mrs", "ms"})


def plain_name(name: str) -> tuple[str, ...]:
    """Return the words of a name without titles, in no order.

    >>> plain_name("Dr. Ann Lee, MD") == plain_name("Lee, Ann")
    True
    """
    words = "".join(char if char.isalnum() or char == "-" else " " for char in name.casefold()).split()
    return tuple(sorted(word for word in words if word not in _TITLES))


def involved(state: CaseState, review: Review | None) -> list[Clinician]:
    """Return who is known to take part in the care: the attending, those consulted, asked or approving the plan."""
    names: list[Clinician] = []
    for contact in review.plan.contacts if review is not None else ():
        if contact.role == "attending" and contact.name and contact.name.strip():
            names.append(Clinician(name=contact.name.strip()[:200]))
    for one in state.referrals.values():
        names += [asked.practitioner for asked in one.consultations]
    names += [one.answered_by for one in state.physician_questions.values() if one.answered_by is not None]
    names += [one.approved_by for one in state.plans.values() if one.approved_by is not None]
    return names
