"""What reviews are made with: rules, payers, denial history and provider lists, and the archive that holds them.

The archive is every file that was read, in one canonical run of bytes. Kept in the store beside the reviews, it makes
a later replay independent of what lies on disk by then.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from discharge import __version__
from discharge.casework.events import EditionInForce
from discharge.denial_history import DenialHistory, history_or_none
from discharge.errors import StoreError
from discharge.packs import Packs, load_packs
from discharge.packs.digest import file_digest
from discharge.payers import Payers, load_payers
from discharge.providers import Directory, load_directory

_RULES, _PAYERS, _HISTORY, _PROVIDERS = "rules", "payers", "history", "providers"


@dataclass(frozen=True)
class Library:
    """What a review is made with. ``archive`` holds the bytes of every file; ``edition`` names them by digest.

    ``edition.edition`` stands for the files and the version of the engine together: reference data (rates, drugs,
    codes) come with the engine.
    """

    packs: Packs
    payers: Payers
    history: DenialHistory
    directory: Directory
    zone: str
    edition: EditionInForce
    archive: bytes


def load_library(
    *,
    rules: Path,
    payers: Path,
    denial_history: Path | None = None,
    providers: Sequence[Path] = (),
    zone: str,
) -> Library:
    """Read rules, payer profiles, denial history and provider lists from disk; times without offset are of ``zone``.

    The files are read once, into the archive, and loaded from it: what is archived is what reviews are made with.

    Raises:
        RuleError, PayerError, FaultsError: malformed files, all faults at once.
    """
    if not rules.is_dir() or not payers.is_dir():  # let the loaders say so in their own words
        load_packs(rules, with_cases=False)
        load_payers(payers)
    history = [denial_history] if denial_history is not None else []
    unreadable = [path for path in [*history, *providers] if not path.is_file()]
    if unreadable:
        load_directory([path for path in providers if path in unreadable], zone=zone)
        history_or_none(denial_history, load_packs(rules, with_cases=False), load_payers(payers))
    return library_of(_packed(rules, payers, history, providers), zone=zone)


def library_of(archive: bytes, *, zone: str) -> Library:
    """Return the library that ``archive`` holds, loaded by this engine; the last few are remembered.

    Raises:
        StoreError: not an archive of ours.
        RuleError, PayerError, FaultsError: files that this engine refuses.
    """
    return _loaded(hashlib.sha256(archive).hexdigest(), zone, _Bytes(archive))


class _Bytes:
    """Bytes that all look alike to a cache: the digest beside them is the key."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Bytes)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=4)
def _loaded(digest: str, zone: str, archive: _Bytes) -> Library:
    with tempfile.TemporaryDirectory(prefix="discharge-") as folder:
        root = Path(folder)
        _unpack(archive.content, root)
        packs = load_packs(_only(root / _RULES), with_cases=False)
        payers = load_payers(_only(root / _PAYERS))
        told = sorted((root / _HISTORY).iterdir()) if (root / _HISTORY).is_dir() else []
        history = history_or_none(told[0] if told else None, packs, payers)
        lists = (
            sorted((root / _PROVIDERS).iterdir(), key=lambda one: int(one.name))
            if (root / _PROVIDERS).is_dir()
            else []
        )
        directory = load_directory([_only(one) for one in lists], zone=zone)
        edition = EditionInForce(
            edition=hashlib.sha256(f"{__version__}\n{digest}".encode()).hexdigest(),
            rules={pack.id: pack.version for pack in packs.packs.values()},
            rules_digest=packs.digest,
            payers={one.id: one.digest for one in payers.profiles.values()},
            payers_digest=payers.digest,
            history_digest=file_digest(told[0].read_bytes()) if told else None,
            providers_digest=directory.digest,
            engine_version=__version__,
            files=digest,
        )
    return Library(packs, payers, history, directory, zone, edition, archive.content)


def _only(folder: Path) -> Path:
    """Return the one entry of a folder of the archive."""
    found = list(folder.iterdir()) if folder.is_dir() else []
    if len(found) != 1:
        raise StoreError(f"the archive of an edition holds no {folder.name}, or more than one set of them")
    return found[0]


def _packed(rules: Path, payers: Path, history: Sequence[Path], providers: Sequence[Path]) -> bytes:
    """Return the archive: members in order of their names, with no time, owner or mode of this machine.

    Folders keep their name: messages and evidence name files by it.
    """
    members: dict[str, Path] = {}
    for path in _yaml(rules, "*/*.yaml"):
        members[f"{_RULES}/{rules.resolve().name}/{path.parent.name}/{path.name}"] = path
    for path in _yaml(payers, "*.yaml"):
        members[f"{_PAYERS}/{payers.resolve().name}/{path.name}"] = path
    members |= {f"{_HISTORY}/{path.name}": path for path in history}
    members |= {f"{_PROVIDERS}/{number}/{path.name}": path for number, path in enumerate(providers)}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(members):
            content = members[name].read_bytes()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _yaml(folder: Path, pattern: str) -> Iterator[Path]:
    for path in folder.glob(pattern):
        hidden = any(part.startswith((".", "_")) for part in path.relative_to(folder).parts[:-1])
        if path.is_file() and not hidden:
            yield path


def _unpack(content: bytes, folder: Path) -> None:
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            archive.extractall(folder, filter="data")
    except tarfile.TarError as error:
        raise StoreError(
            f"the archive of an edition can't be read ({type(error).__name__}); restore a backup"
        ) from error
