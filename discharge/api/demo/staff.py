"""Who works in the demonstration: one account for each role, a second case manager and a second payer to compare with.

The people are made up. Their password is one for all and comes from ids that are in the store alone, so that it can be
shown at each start and is written down nowhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discharge.casework.accounts import passwords, people
from discharge.casework.accounts.model import Account
from discharge.casework.accounts.people import NewAccount
from discharge.casework.events import SYSTEM, Actor, Clinician, Role
from discharge.casework.storage.engine import Store
from discharge.casework.storage.tables import ACCOUNTS, EVENTS

MAKER = Actor(id="demonstration", name="Demonstration")
"""Who makes the accounts. A store in which it stands is a demonstration."""
ATTENDINGS = (
    Clinician(name="Ingrid Halvorsen", credentials="MD"),
    Clinician(name="Tomas Reyes", credentials="DO"),
    Clinician(name="Priya Raman", credentials="MD"),
)
"""Physicians of the demonstration who answer and approve; the feed's own are not given words."""
PLAN_PHYSICIAN = Clinician(name="Walter Brandt", credentials="MD")
SECOND_ADVISOR = Clinician(name="Helen Osei", credentials="MD")
_WORDS = """
amber anchor apple arrow autumn basin beacon birch breeze bridge cedar cello clover coast cobalt copper coral cotton
dawn delta ember falcon fern field flint forest garden ginger glacier granite harbor hazel island ivory jasper juniper
lantern lemon linen maple meadow mint mosaic north ocean olive orchard pebble pine plain prairie quartz river saddle
sierra silver spruce summit timber valley willow winter
"""


@dataclass(frozen=True)
class Person:
    """An account of the demonstration: its login, and what is said of it at the start."""

    login: str
    name: str
    role: Role
    credentials: str | None = None
    payer_ids: tuple[str, ...] = ()
    capacity: int | None = None


def people_of(payers: Sequence[str]) -> list[Person]:
    """Return the people; ``payers`` are the profiles whose reviewers sign in, at most two."""
    staff = [
        Person("case_manager", "Ana Diaz", "case_manager", "RN", capacity=30),
        Person("case_manager_2", "Ben Carter", "case_manager", "RN", capacity=30),
        Person("physician_advisor", "Carla Weiss", "physician_advisor", "MD"),
        Person("supervisor", "Dana Kim", "supervisor", "RN"),
    ]
    reviewers = (("payer", "Erin Blake", "RN"), ("payer_2", "Felix Stone", "RN"))
    staff += [
        Person(login, name, "payer", credentials, (profile,))
        for (login, name, credentials), profile in zip(reviewers, payers, strict=False)
    ]
    return [
        *staff,
        Person("auditor", "Grace Hill", "auditor"),
        Person("administrator", "Hugo Lind", "administrator"),
    ]


def add_people(connection: Connection, staff: Sequence[Person], *, now: datetime) -> None:
    """Add the accounts, without a password yet, in the caller's transaction."""
    for one in staff:
        new = NewAccount(
            login=one.login,
            name=one.name,
            roles=[one.role],
            credentials=one.credentials,
            payer_ids=list(one.payer_ids),
            capacity=one.capacity,
        )
        people.add(connection, new, by=MAKER, now=now)


def set_password(store: Store, password: str | None, *, now: datetime) -> str:
    """Give every account of the demonstration the password, the store's own unless given; return it.

    Raises:
        NotAllowedError: it is shorter or longer than the house allows.
    """
    accounts = _made(store)
    chosen = password or _own_password(accounts)
    with store.read() as connection:
        rows = connection.execute(sa.select(ACCOUNTS.c.id, ACCOUNTS.c.password_hash))
        kept = {str(row.id): row.password_hash for row in rows}
    other = [one for one in accounts if not (kept[one.id] and passwords.is_right(chosen, kept[one.id]))]
    for one in other:
        hashed = passwords.hashed(chosen)
        with store.write() as connection:
            people.set_password(connection, one.id, hashed, by=MAKER, now=now)
    return chosen


def is_demonstration(store: Store) -> bool:
    """Tell whether the store was made as a demonstration."""
    asked = sa.select(EVENTS.c.seq).where(EVENTS.c.stream == SYSTEM, EVENTS.c.actor_id == MAKER.id).limit(1)
    with store.read() as connection:
        return connection.execute(asked).first() is not None


def is_empty(store: Store) -> bool:
    """Tell whether nothing was ever written to the store."""
    with store.read() as connection:
        return connection.execute(sa.select(EVENTS.c.seq).limit(1)).first() is None


def accounts_by_login(store: Store) -> dict[str, Account]:
    """Return the accounts of the demonstration by login."""
    return {one.login: one for one in _made(store)}


def _made(store: Store) -> list[Account]:
    """Return the accounts that the demonstration made, in the order in which it made them."""
    logins = [one.login for one in people_of(("", ""))]
    with store.read() as connection:
        known = {one.login: one for one in people.listed(connection)}
    return [known[login] for login in logins if login in known]


def _own_password(accounts: Sequence[Account]) -> str:
    """Return five words that the random ids of the accounts choose: the same at every start of this store."""
    words = _WORDS.split()
    drawn = hashlib.sha256("".join(one.id for one in accounts).encode()).digest()
    return " ".join(words[byte % len(words)] for byte in drawn[:5])
