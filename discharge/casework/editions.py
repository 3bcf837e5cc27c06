"""Editions of rules and payers: those that were in force, and what differs between two of them, value by value."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy.engine import Connection

from discharge.casework import ledger
from discharge.casework.events import SYSTEM, EditionInForce
from discharge.casework.library import Library, library_of
from discharge.casework.storage import blobs
from discharge.errors import NotFoundError
from discharge.yaml import load

Kind: TypeAlias = Literal["added", "gone", "changed"]
_NAMES = ("id", "name", "pack", "title")
_LONGEST = 200


@dataclass(frozen=True)
class SwitchedOn:
    """An edition and since when it was in force."""

    since: datetime
    edition: EditionInForce


@dataclass(frozen=True)
class ValueChange:
    """A place in a file and what stands there in each edition; None: nothing."""

    where: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class FileChange:
    """A file that differs. ``cases`` is how many of the file's own cases differ; they are not told one by one."""

    path: str
    title: str
    kind: Kind
    values: Sequence[ValueChange]
    cases: int


def editions(connection: Connection) -> list[SwitchedOn]:
    """Return the editions that were switched on, the newest first."""
    found = [
        SwitchedOn(one.occurred_at, one.payload)
        for one in ledger.events_of(connection, SYSTEM)
        if isinstance(one.payload, EditionInForce)
    ]
    return found[::-1]


def library_on_record(connection: Connection, edition: str, *, zone: str) -> Library:
    """Return the library of an edition that was once in force, loaded by this engine.

    Raises:
        NotFoundError: no such edition is on record.
        RuleError, PayerError, FaultsError: this engine refuses its files.
    """
    for one in editions(connection):
        if one.edition.edition == edition:
            return library_of(blobs.get(connection, one.edition.files), zone=zone)
    raise NotFoundError("no edition of this digest was in force here")


def changes(before: bytes, after: bytes) -> list[FileChange]:
    """Return what differs between the archives of two editions, in the order of their files' names."""
    old, new = _members(before), _members(after)
    found = []
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) != new.get(path):
            found.append(_changed(path, old.get(path), new.get(path)))
    return found


def _members(archive: bytes) -> dict[str, bytes]:
    """Return the files by their place within rules, payers, ...; the folder's own name does not count."""
    found = {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as members:
        for one in members:
            content = members.extractfile(one)
            kind, _, rest = one.name.partition("/")
            path = f"{kind}/{rest.partition('/')[2]}" if kind in ("rules", "payers") else one.name
            if content is not None:
                found[path] = content.read()
    return found


def _changed(path: str, before: bytes | None, after: bytes | None) -> FileChange:
    old, new = _parsed(path, before), _parsed(path, after)
    title = str((new or old or {}).get("title", path.rpartition("/")[2]))
    if before is None or after is None:
        return FileChange(path, title, "added" if before is None else "gone", (), 0)
    cases = len({*_told(old.get("cases"))} ^ {*_told(new.get("cases"))})
    values = list(_differences("", {**old, "cases": None}, {**new, "cases": None}))
    return FileChange(path, title, "changed", values, cases)


def _parsed(path: str, content: bytes | None) -> Mapping[str, Any]:
    """Return a file's values; a list of providers and the like has none that are told here."""
    if content is None or not path.endswith((".yaml", ".yml")):
        return {}
    found = load(content, where=path)
    return found if isinstance(found, dict) else {}


def _told(cases: object) -> Iterator[str]:
    yield from (repr(one) for one in cases) if isinstance(cases, list) else ()


def _differences(where: str, before: Any, after: Any) -> Iterator[ValueChange]:
    """Yield each place where two values differ, as deep as both are alike in shape."""
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(one for one in after if one not in before)]:
            yield from _differences(f"{where}.{key}" if where else str(key), before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list) and _are_named(before) and _are_named(after):
        yield from _differences(where, _by_name(before), _by_name(after))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences(f"{where}[{place}]", old, new)
    else:
        yield ValueChange(where, _text(before), _text(after))


def _are_named(values: list[Any]) -> bool:
    return all(isinstance(one, dict) and any(name in one for name in _NAMES) for one in values)


def _by_name(values: list[Any]) -> dict[str, Any]:
    return {str(next(one[name] for name in _NAMES if name in one)): one for one in values}


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, dict):
        told = ", ".join(f"{key}: {_text(one)}" for key, one in value.items())
    elif isinstance(value, list):
        told = ", ".join(str(_text(one)) for one in value)
    else:
        told = str(value)
    return told if len(told) <= _LONGEST else told[: _LONGEST - 3] + "..."
