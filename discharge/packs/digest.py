"""Digests of files and packs, and the record of which digest belongs to which version."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from discharge import yaml
from discharge.errors import Fault
from discharge.packs.model import Packs

RECORD = "digests.yaml"


def file_digest(content: bytes) -> str:
    """Return the sha256 of a file's bytes; line ends don't matter.

    >>> file_digest(b"a: 1\\r\\n") == file_digest(b"a: 1\\n")
    True
    """
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def digest_of(parts: Iterable[tuple[str, str]]) -> str:
    """Return the sha256 over (name, digest) pairs, whatever their order."""
    lines = "".join(f"{name} {digest}\n" for name, digest in sorted(parts))
    return hashlib.sha256(lines.encode()).hexdigest()


def recorded(folder: Path) -> dict[str, dict[str, str]]:
    """Return {pack: {version: digest}} as recorded in ``folder/digests.yaml``; empty if there is none.

    Raises:
        FaultsError: the record is no such table.
    """
    path = folder / RECORD
    table = yaml.load(path.read_bytes(), where=str(path)) if path.is_file() else None
    if not isinstance(table, dict):
        return {}
    return {
        str(pack): {str(v): str(d) for v, d in dict(known or {}).items()} for pack, known in table.items()
    }


def check_versions(packs: Packs, folder: Path) -> list[Fault]:
    """Return a fault for each pack whose content isn't what was recorded under its version."""
    known = recorded(folder)
    faults = []
    for pack in packs.packs.values():
        where = f"{folder.name}/{pack.id}/pack.yaml: version"
        digest = known.get(pack.id, {}).get(pack.version)
        if digest is None:
            hint = "run: discharge rules check --record"
            faults.append(Fault(where, f"no digest is recorded for version {pack.version}", hint))
        elif digest != pack.digest:
            what = f"the pack was changed, but its version is still {pack.version}"
            faults.append(Fault(where, what, "raise the version, then run: discharge rules check --record"))
    return faults


def record_versions(packs: Packs, folder: Path, *, replace: bool = False) -> list[Fault]:
    """Record the digest of every pack under its version; return a fault for each that was recorded otherwise.

    A recorded digest is replaced only with ``replace``, which is meant for versions that nobody has used yet.
    """
    known = recorded(folder)
    faults = []
    for pack in packs.packs.values():
        versions = known.setdefault(pack.id, {})
        if versions.get(pack.version, pack.digest) != pack.digest and not replace:
            what = f"version {pack.version} is recorded with another digest"
            faults.append(Fault(f"{folder.name}/{pack.id}/pack.yaml: version", what, "raise the version"))
        else:
            versions[pack.version] = pack.digest
    lines = [
        "# Digest of every published version of every pack. Written by `discharge rules check --record`."
    ]
    for pack_id in sorted(known):
        lines.append(f"{pack_id}:")
        lines += [f'  "{version}": "{digest}"' for version, digest in sorted(known[pack_id].items())]
    part = folder / (RECORD + ".part")
    part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    part.replace(folder / RECORD)
    return faults
