"""Accounts: who there is, what each does here, and the one-time link by which a password is set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Depends, Request, Response
from pydantic import ValidationError

from discharge.api.auth.principal import Auth, Principal, auth_of, needs
from discharge.api.bodies import IdPath
from discharge.api.pages.case.record import gone_back
from discharge.api.pages.frame import shown
from discharge.api.pages.sent import fault_of, last, sent_form
from discharge.api.state import OurDesk
from discharge.casework.accounts import links, people
from discharge.casework.accounts.limits import LIMITS
from discharge.casework.accounts.model import Account
from discharge.casework.accounts.people import AccountChange, NewAccount
from discharge.casework.events.base import Role
from discharge.errors import NotAllowedError

router = APIRouter(include_in_schema=False, prefix="/admin/people")
Administrator = Annotated[Principal, Depends(needs("accounts:write"))]

ROLES: Mapping[Role, str] = {
    "case_manager": "reviews stays, plans discharges, writes to payers",
    "physician_advisor": "decides what a nurse's review refers; a physician",
    "supervisor": "as a case manager, and assigns cases and sees the board",
    "payer": "of a payer: sees what was released to it, and answers",
    "auditor": "reads everything, writes nothing",
    "administrator": "accounts, feeds, rules; sees no patient",
}


@dataclass(frozen=True)
class PersonRow:
    """An account in the list."""

    account: Account
    standing: str


@dataclass(frozen=True)
class Entries:
    """What the form of an account shows, and what is wrong with it, by entry."""

    values: Mapping[str, Sequence[str]]
    faults: Mapping[str, str]
    roles: Mapping[str, str]
    profiles: Sequence[tuple[str, str]]
    is_new: bool

    def value(self, name: str) -> str:
        """Return the one value of an entry, or none."""
        return next(iter(self.values.get(name, ())), "")


@dataclass(frozen=True)
class PeoplePage:
    """All accounts, and the form of a new one."""

    rows: list[PersonRow]
    entries: Entries


@dataclass(frozen=True)
class PersonPage:
    """One account, the form that changes it, and its one-time link right after it was made."""

    row: PersonRow
    entries: Entries
    is_self: bool
    link: str | None
    link_ends_at: datetime | None


@router.get("", name="page_people")
def all_people(request: Request, desk: OurDesk, who: Administrator) -> Response:
    """List all accounts by login, the disabled ones too."""
    return _people(request, desk, who, {}, {})


@router.post("", name="page_person_add")
def add(request: Request, desk: OurDesk, who: Administrator) -> Response:
    """Add an account."""
    sent, auth = sent_form(request), auth_of(request)
    try:
        new = NewAccount.model_validate(_given(sent, {"login", *_FIELDS}))
        with auth.store.write() as connection:
            account = people.add(connection, new, by=who.actor, now=auth.now())
    except (ValidationError, NotAllowedError) as error:
        return _people(request, desk, who, sent, _faults(error), status=422)
    return gone_back(request, {"back": [f"/admin/people/{account.id}"]}, "person_added", 0, "/admin/people")


@router.get("/{account_id}", name="page_person")
def person(account_id: IdPath, request: Request, desk: OurDesk, who: Administrator) -> Response:
    """Show one account."""
    return _person(request, desk, who, account_id)


@router.post("/{account_id}", name="page_person_change")
def change(account_id: IdPath, request: Request, desk: OurDesk, who: Administrator) -> Response:
    """Change an account; a change of rights holds at once, for open sessions too."""
    sent, auth = sent_form(request), auth_of(request)
    try:
        asked = AccountChange.model_validate(_given(sent, _FIELDS, whole=True))
        with auth.store.write() as connection:
            people.change(connection, account_id, asked, by=who.actor, now=auth.now())
    except (ValidationError, NotAllowedError) as error:
        return _person(request, desk, who, account_id, sent=sent, faults=_faults(error), status=422)
    return gone_back(request, {"back": [f"/admin/people/{account_id}"]}, "person_changed", 0, "/admin/people")


@router.post("/{account_id}/active", name="page_person_disable")
def disable(account_id: IdPath, request: Request, desk: OurDesk, who: Administrator) -> Response:
    """Disable an account, or let it in again. It stays on record either way."""
    is_active, auth = last(sent_form(request), "is_active") == "true", auth_of(request)
    try:
        with auth.store.write() as connection:
            asked = AccountChange(is_active=is_active)
            people.change(connection, account_id, asked, by=who.actor, now=auth.now())
    except NotAllowedError as error:
        return _person(request, desk, who, account_id, faults=_faults(error), status=422)
    done = "person_enabled" if is_active else "person_disabled"
    return gone_back(request, {"back": [f"/admin/people/{account_id}"]}, done, 0, "/admin/people")


@router.post("/{account_id}/link", name="page_person_link")
def link(account_id: IdPath, request: Request, desk: OurDesk, who: Administrator) -> Response:
    """Make a one-time link by which the owner sets a password. It is shown this once."""
    auth, now = auth_of(request), auth_of(request).now()
    try:
        with auth.store.write() as connection:
            of = people.get(connection, account_id)
            secret = links.make_for(connection, of, now=now)
            people.tell(connection, of, "link_issued", by=who.actor, now=now)
    except NotAllowedError as error:
        return _person(request, desk, who, account_id, faults=_faults(error), status=422)
    made = links.link_to(auth.settings.public_url, secret)
    return _person(request, desk, who, account_id, link=made, ends_at=now + LIMITS.link_life)


_FIELDS = frozenset({"name", "roles", "credentials", "payer_ids", "units", "specialties", "capacity"})
_LISTS = frozenset({"roles", "payer_ids"})
_LINES = frozenset({"units", "specialties"})


def _given(
    sent: Mapping[str, Sequence[str]], names: frozenset[str] | set[str], *, whole: bool = False
) -> Any:
    """Return the entries as the account's fields; ``whole``: an empty entry takes away what was there."""
    given: dict[str, Any] = {}
    for name in names:
        texts = [one.strip() for one in sent.get(name, ()) if one.strip()]
        if name in _LISTS:
            given[name] = texts
        elif name in _LINES:
            given[name] = [line.strip() for one in texts for line in one.splitlines() if line.strip()]
        elif texts:
            given[name] = texts[-1]
        elif whole:
            given[name] = None if name in ("credentials", "capacity") else ""
    return given


def _faults(error: ValidationError | NotAllowedError) -> dict[str, str]:
    found = error.faults if isinstance(error, NotAllowedError) else [fault_of(one) for one in error.errors()]
    told: dict[str, str] = {}
    for one in found:
        words = f"{one.what}; expected: {one.expected}" if one.expected else one.what
        told.setdefault(one.where.partition(".")[0], f"{words[:1].upper()}{words[1:]}.")
    return told


def _entries(
    desk: OurDesk, values: Mapping[str, Sequence[str]], faults: Mapping[str, str], is_new: bool
) -> Entries:
    profiles = [(one.id, one.title) for one in desk.library.payers.profiles.values()]
    roles = {one: ROLES[one] for one in get_args(Role)}
    return Entries(values, faults, roles, profiles, is_new)


def _people(
    request: Request,
    desk: OurDesk,
    who: Principal,
    sent: Mapping[str, Sequence[str]],
    faults: Mapping[str, str],
    *,
    status: int = 200,
) -> Response:
    auth = auth_of(request)
    with auth.store.read() as connection:
        rows = [_row(auth, one) for one in people.listed(connection)]
    page = PeoplePage(rows, _entries(desk, sent, faults, True))
    return shown(
        request, who, "admin/people.html", page, title="People", status=status, styles=("admin.css",)
    )


def _person(
    request: Request,
    desk: OurDesk,
    who: Principal,
    account_id: str,
    *,
    sent: Mapping[str, Sequence[str]] | None = None,
    faults: Mapping[str, str] | None = None,
    link: str | None = None,
    ends_at: datetime | None = None,
    status: int = 200,
) -> Response:
    auth = auth_of(request)
    with auth.store.read() as connection:
        account = people.get(connection, account_id)
    values = sent if sent is not None else _values(account)
    entries = _entries(desk, values, faults or {}, False)
    page = PersonPage(_row(auth, account), entries, account.id == who.account.id, link, ends_at)
    title = f"Account {account.login}"
    return shown(request, who, "admin/person.html", page, title=title, status=status, styles=("admin.css",))


def _values(account: Account) -> dict[str, list[str]]:
    return {
        "login": [account.login],
        "name": [account.name],
        "credentials": [account.credentials or ""],
        "roles": list(account.roles),
        "payer_ids": list(account.payer_ids),
        "units": ["\n".join(account.units)],
        "specialties": ["\n".join(account.specialties)],
        "capacity": ["" if account.capacity is None else str(account.capacity)],
    }


def _row(auth: Auth, account: Account) -> PersonRow:
    if not account.is_active:
        return PersonRow(account, "disabled")
    if account.locked_until is not None and auth.now() < account.locked_until:
        return PersonRow(account, "locked for a while: too many wrong passwords")
    if not account.has_password and account.oidc_subject is None:
        return PersonRow(account, "can't sign in yet: no password set; give a link")
    return PersonRow(account, "can sign in")
