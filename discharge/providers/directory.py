"""A directory from files: the shipped extract, over it CMS's files, over these the hospital's own list."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from discharge import yaml
from discharge.dated import Strict
from discharge.errors import Fault, FaultsError
from discharge.providers.care_compare import (
    is_general,
    is_measures,
    is_served_zips,
    named_columns,
    read_general,
    read_measures,
    read_served,
)
from discharge.providers.files import Loaded, Sheet, read_sheet
from discharge.providers.model import Directory, DirectoryError, Provider, Quality, Source
from discharge.providers.own_list import is_own_list, read_own_list, whole_file_fault
from discharge.resources import reference_file

_ADDED = {"capabilities", "quality", "sources"}
_KEPT = {"key", "kind"}


class ExtractSource(Strict):
    """What ``shipped.csv`` is: ``shipped.source.yaml``."""

    title: str
    publisher: str
    document: str
    licence: str
    region: str
    rows: int
    read_on: date
    as_of: date | None
    placeholder: bool
    verified: bool
    note: str
    left_out: dict[str, int]
    faults_of_the_source: str
    columns: dict[str, str]


@cache
def extract_source() -> ExtractSource:
    """Return title, licence, dates and known faults of the shipped extract."""
    where = "reference/providers/shipped.source.yaml"
    path = reference_file("providers/shipped.source.yaml")
    return ExtractSource.model_validate(yaml.load(path.read_bytes(), where=where))


@cache
def shipped_directory() -> Directory:
    """Return the shipped regional extract, read once."""
    return load_directory()


def load_directory(
    files: Sequence[Path] = (), *, zone: str = "America/New_York", with_shipped: bool = True
) -> Directory:
    """Return a directory of the shipped extract and ``files`` (CSV of CMS, or a hospital's own list), in any order.

    Rows that can't be used are named in its ``faults``; the rest goes on. Times without offset are of ``zone``.

    Raises:
        DirectoryError: files that can't be read or have other columns, all at once.
    """
    sheets, wrong = [], list[Fault]()
    for path in files:
        try:
            sheets.append(_known(read_sheet(path)))
        except FaultsError as error:
            wrong += error.faults
    if wrong:
        raise DirectoryError(wrong)
    loaded = [_shipped()] if with_shipped else []
    loaded += [read_general(sheet, named_columns(sheet.headers)) for sheet in sheets if _is_general(sheet)]
    own = [read_own_list(sheet, zone) for sheet in sheets if is_own_list(sheet.headers)]
    merged = _merged([*(one for part in [*loaded, *own] for one in part.providers)])
    by_ccn = {one.ccn: one for one in merged if one.ccn is not None}
    measures = [
        read_measures(sheet, named_columns(sheet.headers), by_ccn)
        for sheet in sheets
        if not is_own_list(sheet.headers) and is_measures(named_columns(sheet.headers))
    ]
    served = [read_served(sheet, named_columns(sheet.headers)) for sheet in sheets if _is_served(sheet)]
    merged = _merged([*merged, *(one for part in measures for one in part.providers)])
    every = [*loaded, *own, *measures, *served]
    return Directory(
        providers=tuple(sorted(_serving(merged, served), key=lambda one: (one.kind, one.name, one.key))),
        sources=tuple(part.source for part in every),
        complete=frozenset(kind for part in own for kind in part.complete),
        digest=_digest(sheets, with_shipped),
        faults=tuple(fault for part in every for fault in part.faults),
    )


def _known(sheet: Sheet) -> Sheet:
    """Return a sheet whose columns are of a file we know, else raise."""
    columns = named_columns(sheet.headers)
    if not (
        is_own_list(sheet.headers) or is_general(columns) or is_measures(columns) or is_served_zips(columns)
    ):
        raise whole_file_fault(sheet)
    return sheet


def _is_general(sheet: Sheet) -> bool:
    return not is_own_list(sheet.headers) and is_general(named_columns(sheet.headers))


def _is_served(sheet: Sheet) -> bool:
    return not is_own_list(sheet.headers) and is_served_zips(named_columns(sheet.headers))


def _shipped() -> Loaded:
    about = extract_source()
    sheet = read_sheet(reference_file("providers/shipped.csv"))
    title = f"{about.document}, {about.region}"
    loaded = read_general(sheet, named_columns(sheet.headers), title=title)
    loaded.source = Source(title, about.as_of, len(loaded.providers), about.note, about.placeholder)
    return loaded


def _digest(sheets: Iterable[Sheet], with_shipped: bool) -> str:
    """One digest of all files, whatever their order."""
    digests = sorted(sheet.digest for sheet in sheets)
    if with_shipped:
        content = reference_file("providers/shipped.csv").read_bytes()
        digests.insert(0, hashlib.sha256(content).hexdigest())
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _merged(providers: Iterable[Provider]) -> list[Provider]:
    """Return each provider once: what a later file says goes before what an earlier one said."""
    found: dict[tuple[str, str], Provider] = {}
    for one in providers:
        place = (one.kind, one.key)
        found[place] = _over(found[place], one) if place in found else one
    return list(found.values())


def _over(earlier: Provider, later: Provider) -> Provider:
    changes: dict[str, Any] = {
        one.name: getattr(later, one.name)
        for one in fields(Provider)
        if one.name not in _ADDED | _KEPT and getattr(later, one.name) is not None
    }
    if later.latitude is None and later.postal_code not in (None, earlier.postal_code):
        changes |= {"latitude": None, "longitude": None}  # it has moved
    quality: dict[str, Quality] = {one.name: one for one in (*earlier.quality, *later.quality)}
    sources = tuple(dict.fromkeys((*earlier.sources, *later.sources)))
    return replace(
        earlier,
        **changes,
        capabilities={**earlier.capabilities, **later.capabilities},
        quality=tuple(quality.values()),
        sources=sources,
    )


def _serving(providers: Iterable[Provider], served: Iterable[Loaded]) -> Iterable[Provider]:
    zips: dict[str, frozenset[str]] = {}
    for part in served:
        for ccn, digits in part.serves.items():
            zips[ccn] = zips.get(ccn, frozenset()) | digits
    for one in providers:
        yield replace(one, serves=zips[one.ccn]) if one.ccn in zips else one
