"""`discharge providers list` and `discharge providers check`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from discharge.cli.options import ZONE, Json, Payers, Zone, facility_zone, folder_or
from discharge.errors import UsageError

if TYPE_CHECKING:
    from discharge.payers import PayerProfile
    from discharge.providers import ChoiceList, Directory, Listed, Place

app = typer.Typer(
    no_args_is_help=True, help="Providers that may take a patient: list them, check a file of them."
)

SHOWN = 20

Files = Annotated[
    list[Path] | None,
    typer.Option("--providers", metavar="FILE.csv", help="Beside the shipped extract; may be repeated."),
]


@app.command("list")
def list_(
    kind: Annotated[str, typer.Option("--kind", metavar="KIND", help="snf, irf, home_health, ...")],
    near: Annotated[str, typer.Option("--near", metavar="ZIP", help="ZIP code of the patient's area.")],
    payer: Annotated[
        str | None, typer.Option("--payer", metavar="ID", help="Payer profile, for its network.")
    ] = None,
    providers: Files = None,
    payers: Payers = None,
    most: Annotated[int, typer.Option("--most", metavar="N", min=1, help="At most so many.")] = SHOWN,
    zone: Zone = ZONE,
    as_json: Json = False,
) -> None:
    """List providers of a kind near a ZIP code, nearest first.

    Distances are from the middle of the ZIP code, found from the providers in it, so they are approximate.

    \b
    Examples:
      discharge providers list --kind snf --near 02155
      discharge providers list --kind irf --near 02155 --providers ours.csv --payer example_ma_plan --json
    """
    from datetime import UTC, datetime

    from discharge.cli.options import one_of
    from discharge.providers import KINDS, Place, choices, load_directory
    from discharge.providers.geography import zip_digits

    one_of("--kind", kind, KINDS)
    if zip_digits(near) is None:
        raise UsageError("--near: not a ZIP code; give five digits, or the first three")
    directory = load_directory(providers or (), zone=facility_zone(zone))
    now = datetime.now(UTC)
    found = choices(
        directory,
        _profile(payer, payers),
        Place(near, None),
        next(one for one in KINDS if one == kind),
        [],
        now.date(),
        now=now,
        order="distance",
        most=most,
    )
    if as_json:
        sys.stdout.write(found.model_dump_json(indent=2) + "\n")
        return
    for one in found.providers:
        sys.stdout.write(_line(one) + "\n")
    where = f"within {found.radius_miles} miles (approximate)"
    more = f"; {found.more} more" if found.more else ""
    sys.stdout.write(f"{len(found.providers)} {found.title.lower()} {where}{more}.\n")
    for said in (*found.left_out, *_doubts(directory, found, Place(near, None))):
        sys.stdout.write(f"{said}.\n")


def _line(one: Listed) -> str:
    network = {True: "in network", False: "out of network", None: "network not known"}[one.in_network]
    takes = {True: "takes patients", False: "full", None: "capacity not known"}[one.can_accept]
    miles = "   ?" if one.miles is None else f"{one.miles:>4}"
    figures = ", ".join(f"{figure.name} {figure.value}" for figure in one.figures)
    parts = [one.phone or "", network, takes, figures]
    return f"{miles} mi  {one.key:<8} {one.name}\n            {one.address}\n            " + "; ".join(
        part for part in parts if part
    )


def _doubts(directory: Directory, found: ChoiceList, place: Place) -> list[str]:
    """What to mind: places that could not be told apart, sources of unknown year, faults in the files."""
    from discharge.providers.geography import position_of_zip

    used = {source.title for source in found.sources}
    said = [
        f"{source.title}: {source.note.strip().rstrip('.')}"
        for source in directory.sources
        if source.is_placeholder and source.title in used
    ]
    if position_of_zip(directory, place.postal_code) is None:
        said.insert(0, "Nobody in the files is in that ZIP area, so distances are not known")
    elif not found.providers:
        said.insert(0, "That none is listed does not mean that there is none")
    if directory.faults:
        said.append(
            f"{len(directory.faults)} faults in the files; `discharge providers check FILE` names them"
        )
    return said


def _profile(name: str | None, folder: Path | None) -> PayerProfile | None:
    from discharge.packs.names import nearest
    from discharge.payers import load_payers

    if name is None:
        return None
    profiles = load_payers(folder_or(folder, "payer_profiles", "--payers")).profiles
    if name not in profiles:
        raise UsageError(f"--payer: no profile '{name}'; {nearest(name, profiles)}")
    return profiles[name]


@app.command("check")
def check(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE.csv]", help="A file of CMS or the hospital's own list.", show_default=False
        ),
    ] = None,
    payers: Payers = None,
    zone: Zone = ZONE,
    as_json: Json = False,
) -> None:
    """Read a file of providers and name everything in it that could not be used. Without a file: the columns.

    \b
    Examples:
      discharge providers check                  the columns of a hospital's own list
      discharge providers check ours.csv
    """
    from discharge.errors import FeedRejectsError
    from discharge.providers import load_directory
    from discharge.providers.own_list import COLUMNS

    if file is None:
        for name, meaning in COLUMNS.items():
            sys.stdout.write(f"{name:<20} {meaning}\n")
        return
    directory = load_directory([file], zone=facility_zone(zone), with_shipped=False)
    unknown = _unknown_networks(directory, payers)
    said = _account(directory, unknown)
    if as_json:
        sys.stdout.write(json.dumps(said, indent=2) + "\n")
    else:
        for fault in directory.faults:
            sys.stdout.write(f"{fault}\n")
        for name in unknown:
            sys.stdout.write(f"{file.name}: networks: no payer profile '{name}'\n")
        kinds = ", ".join(f"{count} {kind}" for kind, count in said["kinds"].items()) or "no provider"
        sys.stdout.write(f"{kinds}; {len(directory.faults)} faults.\n")
    if directory.faults or unknown:
        count = len(directory.faults) + len(unknown)
        raise FeedRejectsError(f"{file.name}: {count} faults; what they concern is left out or not known")


def _unknown_networks(directory: Directory, folder: Path | None) -> list[str]:
    """Names in the column networks that no payer profile has."""
    from discharge.payers import load_payers

    named = {name for one in directory.providers for name in one.networks or ()}
    if not named:
        return []
    return sorted(named - set(load_payers(folder_or(folder, "payer_profiles", "--payers")).profiles))


def _account(directory: Directory, unknown: list[str]) -> dict[str, Any]:
    source = directory.sources[0]
    return {
        "file": source.title,
        "as_of": None if source.as_of is None else source.as_of.isoformat(),
        "kinds": {kind: len(found) for kind, found in directory.by_kind.items()},
        "complete": sorted(directory.complete),
        "faults": [
            {"where": fault.where, "what": fault.what, "expected": fault.expected}
            for fault in directory.faults
        ],
        "unknown_networks": unknown,
    }
