"""`discharge user`: accounts, for whoever may run commands on the machine of the store."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from discharge.cli.database import Database, opened
from discharge.cli.options import Json, one_of
from discharge.errors import Fault, NotAllowedError, NotFoundError, UsageError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from discharge.casework.accounts.model import Account

app = typer.Typer(
    no_args_is_help=True, help="Accounts of people and machines: add, list, disable, give links and tokens."
)

Login = Annotated[str, typer.Argument(metavar="LOGIN", help="An e-mail address or a short name.")]
PublicUrl = Annotated[
    str, typer.Option("--public-url", metavar="URL", help="How people reach the server; for the link.")
]
PUBLIC_URL = "http://127.0.0.1:8400"


@app.command("add")
def add(
    login: Login,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="As it stands in the ledger.")],
    roles: Annotated[
        list[str],
        typer.Option("--role", metavar="ROLE", help="case_manager, supervisor, ...; may be repeated."),
    ],
    credentials: Annotated[
        str | None, typer.Option("--credentials", metavar="TEXT", help="RN, MD, ...")
    ] = None,
    payers: Annotated[
        list[str] | None, typer.Option("--payer", metavar="ID", help="Payer profile of a payer's user.")
    ] = None,
    units: Annotated[
        list[str] | None, typer.Option("--unit", metavar="UNIT", help="Unit served; none: all.")
    ] = None,
    specialties: Annotated[
        list[str] | None,
        typer.Option("--specialty", metavar="NAME", help="Payer profile, payer class or service; none: all."),
    ] = None,
    capacity: Annotated[
        int | None, typer.Option("--capacity", metavar="N", min=0, max=1000, help="Cases at once.")
    ] = None,
    with_password: Annotated[
        bool,
        typer.Option(
            "--password", help="Ask for a password; without a terminal, read it from standard input."
        ),
    ] = False,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Add an account. Without --password it signs in by `user link`, by hospital sign-on, or by tokens alone.

    \b
    Examples:
      discharge user add ana@example.org --name "Ana Diaz" --credentials RN --role case_manager --unit 5W
      discharge user add root --name "Rosa Ott" --role administrator --password < password.txt
      discharge user add plan --name "Example plan" --role payer --payer example_ma_plan
    """
    from pydantic import ValidationError

    from discharge.casework.accounts import passwords, people
    from discharge.casework.events.base import Role

    for role in roles:
        one_of("--role", role, get_args(Role))
    given = {"login": login, "name": name, "roles": roles, "credentials": credentials, "capacity": capacity}
    given |= {"payer_ids": payers or [], "units": units or [], "specialties": specialties or []}
    try:
        new = people.NewAccount.model_validate(given)
    except ValidationError as error:
        faults = [Fault(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors()]
        raise NotAllowedError(faults) from None
    kept = passwords.hashed(_password()) if with_password else None
    with opened(database, create=True) as store, store.write() as connection:
        account = people.add(connection, new, by=people.OPERATOR, now=_now(), password_hash=kept)
    _show(account, as_json, "added")


@app.command("list")
def list_(database: Database = None, as_json: Json = False) -> None:
    """List all accounts by login, the disabled ones too."""
    from discharge.casework.accounts import people

    with opened(database) as store, store.read() as connection:
        found = people.listed(connection)
    if as_json:
        typer.echo(json.dumps([_told(one) for one in found], indent=2))
        return
    for one in found:
        state = "" if one.is_active else "  disabled"
        typer.echo(f"{one.id}  {one.login:<32} {one.name:<28} {', '.join(one.roles) or 'no role'}{state}")


@app.command("disable")
def disable(login: Login, database: Database = None, as_json: Json = False) -> None:
    """Disable an account: its sessions end and its tokens stop at once. Nothing of it is removed."""
    from discharge.casework.accounts import people

    with opened(database) as store, store.write() as connection:
        account = people.disable(connection, _found(connection, login).id, by=people.OPERATOR, now=_now())
    _show(account, as_json, "disabled")


@app.command("link")
def link(
    login: Annotated[
        str | None, typer.Argument(metavar="[LOGIN]", help="None: the link for the first administrator.")
    ] = None,
    public_url: PublicUrl = PUBLIC_URL,
    database: Database = None,
) -> None:
    """Print a link, good once and for a day, by which the owner of an account sets a password.

    \b
    Examples:
      discharge user link                     the first administrator, while there is no account at all
      discharge user link ana@example.org     a new or forgotten password
    """
    from discharge.casework.accounts import links, people

    with opened(database, create=login is None) as store:
        if login is None:
            secret = links.make_first(store, now=_now())
            if secret is None:
                raise UsageError("there are accounts already; name the LOGIN whose password is to be set")
        else:
            with store.write() as connection:
                account = _found(connection, login)
                secret = links.make_for(connection, account, now=_now())
                people.tell(connection, account, "link_issued", by=people.OPERATOR, now=_now())
    typer.echo(links.link_to(public_url, secret))


@app.command("token")
def token(
    login: Login,
    scopes: Annotated[
        list[str],
        typer.Option("--scope", metavar="SCOPE", help="cases:read, feeds:write, ...; may be repeated."),
    ],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What the token is for.")] = "token",
    days: Annotated[
        int | None,
        typer.Option("--days", metavar="N", min=1, max=3650, help="Until it ends; a year if not said."),
    ] = None,
    database: Database = None,
) -> None:
    """Make an API token of an account and print it. It is shown this once; programs send it as Bearer.

    \b
    Example:
      discharge user token admission-feed --scope feeds:write --name "HL7 interface"
    """
    from discharge.casework.accounts import people, tokens
    from discharge.casework.accounts.rights import EVERY_PERMISSION

    for scope in scopes:
        one_of("--scope", scope, EVERY_PERMISSION)
    wanted = [one for one in EVERY_PERMISSION if one in scopes]
    now = _now()
    ends = None if days is None else now + timedelta(days=days)
    with opened(database) as store, store.write() as connection:
        account = _found(connection, login)
        _, shown_once = tokens.issue(
            connection, account, name=name, scopes=wanted, by=people.OPERATOR, now=now, expires_at=ends
        )
    typer.echo(shown_once)


def _found(connection: Connection, login: str) -> Account:
    from discharge.casework.accounts import people

    account = people.find_login(connection, login)
    if account is None:
        raise NotFoundError("no account has this login; `discharge user list` shows them all")
    return account


def _password() -> str:
    """Ask for a password twice, or read the first line of standard input. It is never an argument."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def _show(account: Account, as_json: bool, done: str) -> None:
    if as_json:
        typer.echo(json.dumps(_told(account)))
    else:
        typer.echo(f"{account.id}  {account.login} {done}")


def _told(account: Account) -> dict[str, Any]:
    return {
        "account_id": account.id,
        "login": account.login,
        "name": account.name,
        "credentials": account.credentials,
        "roles": account.roles,
        "payer_ids": account.payer_ids,
        "units": account.units,
        "specialties": account.specialties,
        "capacity": account.capacity,
        "is_active": account.is_active,
    }


def _now() -> datetime:
    return datetime.now(UTC)
