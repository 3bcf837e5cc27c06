"""Loads a folder of rule packs, with every fault of every file at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from discharge import yaml
from discharge.dated import Strict
from discharge.errors import Fault, RuleError
from discharge.packs.context import FileContext
from discharge.packs.digest import RECORD, digest_of, file_digest
from discharge.packs.graph import check_cycles
from discharge.packs.model import Pack, Packs, RuleFile
from discharge.packs.names import STAGES, Vocabulary, nearest, shipped_vocabulary
from discharge.packs.reader import Reader
from discharge.packs.rulefile import read_rule_file

PACK_FILE = "pack.yaml"
_TOP_LEVEL = re.compile(rb"^[^\s#-]", re.MULTILINE)


class _PackHead(Strict):
    id: str
    version: str = Field(pattern=r"^[0-9]{4}\.[0-9]+\.[0-9]+$")
    title: str
    licence: str
    maintained_by: str
    note: str | None = None
    confidential: bool = False


class _Loading:
    """Files read so far, with what is needed to check them against one another."""

    def __init__(self, folder: Path, names: Vocabulary, with_cases: bool) -> None:
        self.folder = folder
        self.names = names
        self.with_cases = with_cases
        self.packs: dict[str, Pack] = {}
        self.files: dict[str, RuleFile] = {}
        self.contexts: dict[str, FileContext] = {}
        self.unread: set[str] = set()  # files that exist but couldn't be read: names in them aren't unknown
        self.faults: list[Fault] = []

    def where(self, path: Path) -> str:
        return f"{self.folder.name}/{path.relative_to(self.folder).as_posix()}"


def load_packs(folder: Path, *, names: Vocabulary | None = None, with_cases: bool = True) -> Packs:
    """Load and check every pack in ``folder``; ``names`` are those of this installation by default.

    Without cases it takes a third of the time: they are most of the text, and a review needs none of them.

    Raises:
        RuleError: with every fault of every file.
    """
    packs, faults = read_packs(folder, names=names, with_cases=with_cases)
    if faults:
        raise RuleError(faults)
    return packs


def read_packs(
    folder: Path, *, names: Vocabulary | None = None, with_cases: bool = True
) -> tuple[Packs, list[Fault]]:
    """Load what can be loaded of ``folder``, and return it with all faults."""
    loading = _Loading(folder, names or shipped_vocabulary(), with_cases)
    if not folder.is_dir():
        loading.faults.append(Fault(str(folder), "no such folder of rules"))
    else:
        for path in sorted(folder.iterdir()):
            if path.is_dir() and not path.name.startswith((".", "_")):
                _read_pack(loading, path)
            elif path.suffix in (".yaml", ".yml") and path.name != RECORD:
                loading.faults.append(
                    Fault(loading.where(path), "a rule file outside any pack", "move it into one")
                )
    _check_references(loading)
    ordered = sorted(loading.files.values(), key=lambda file: (STAGES.index(file.stage), file.id))
    files = {file.id: file for file in ordered}
    packs = Packs(
        loading.packs, files, digest_of((p.id, p.digest) for p in loading.packs.values()), loading.names
    )
    for context in loading.contexts.values():
        loading.faults.extend(context.reader.document.faults)
    if not loading.faults:
        loading.faults.extend(check_cycles(packs))
    return packs, loading.faults


def _read_pack(loading: _Loading, folder: Path) -> None:
    contents: dict[Path, bytes] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix == ".yaml" and path.is_file():
            contents[path] = path.read_bytes()
        elif not path.name.startswith((".", "_")) and path.suffix != ".md":
            loading.faults.append(Fault(loading.where(path), "no rule file", "a pack holds *.yaml only"))
    digests = {path: file_digest(content) for path, content in contents.items()}
    digest = digest_of((path.name, one) for path, one in digests.items())
    pack = _read_head(loading, folder, contents.pop(folder / PACK_FILE, None), digest)
    loading.packs[pack.id] = pack
    for path, content in contents.items():
        text = content if loading.with_cases else without_cases(content)
        document = yaml.read(text, where=loading.where(path))
        file, context = read_rule_file(
            document, pack, path.stem, digests[path], loading.names, with_cases=loading.with_cases
        )
        loading.contexts[context.file_id] = context
        if file is None:
            loading.unread.add(context.file_id)
        else:
            loading.files[file.id] = file


def without_cases(content: bytes) -> bytes:
    r"""Return a rule file with its cases cut off, where they stand last, as they do in every shipped file.

    >>> without_cases(b"id: a\ncases:\n  - {name: b}\n")
    b'id: a\ncases: []\n'
    """
    head, key, rest = content.partition(b"\ncases:")
    return head + b"\ncases: []\n" if key and not _TOP_LEVEL.search(rest) else content


def _read_head(loading: _Loading, folder: Path, content: bytes | None, digest: str) -> Pack:
    where = loading.where(folder / PACK_FILE)
    head = None
    if content is None:
        hint = "id, version, title, licence, maintained_by"
        loading.faults.append(Fault(where, "a pack without pack.yaml", hint))
    else:
        document = yaml.read(content, where=where)
        if not document.faults:
            head = Reader(document).model(_PackHead, document.value, ())
        if head is not None and head.id != folder.name:
            hint = f"id: {folder.name}"
            document.faults.append(document.fault(("id",), "the id isn't the folder's name", hint))
        loading.faults.extend(document.faults)
    if head is None:
        return Pack(folder.name, "0.0.0", folder.name, "", "", digest)
    about = (head.version, head.title, head.licence, head.maintained_by)
    return Pack(folder.name, *about, digest, head.note, is_confidential=head.confidential)


def _check_references(loading: _Loading) -> None:
    """Check what files say of one another: criteria, scores, conclusions and causes."""
    criteria = {one.id for file in loading.files.values() for one in file.criteria.values()}
    scores = {one.id for file in loading.files.values() for one in file.scores.values()}
    # A criterion that couldn't be read has its own fault; naming it is none.
    for context in loading.contexts.values():
        criteria |= {f"{context.file_id}.{name}" for name in context.criteria}
        scores |= {f"{context.file_id}.{name}" for name in context.scores}
    causes = {file.denial_cause.id for file in loading.files.values() if file.denial_cause is not None}
    concluded = Packs({}, loading.files, "", loading.names).conclusion_stages()
    known = {"criterion": criteria, "score": scores, "cause": causes, "conclusion name": set(concluded)}
    for file in loading.files.values():
        _check_confidence(loading, file)
    for context in loading.contexts.values():
        for path, what, name in context.references:
            if what != "cause":
                _check_no_leak(loading, context, path, name)
            if what == "conclusion":
                _check_concluded(loading, context, path, name, concluded)
            elif name not in known[what] and name.rpartition(".")[0] not in loading.unread:
                context.reader.fault(path, f"no {what} '{name}'", nearest(name, sorted(known[what])))


def _check_confidence(loading: _Loading, file: RuleFile) -> None:
    """A confidential pack concludes safety flags only, and nobody else does: so nothing of it can leave by a paper."""
    is_confidential = loading.packs[file.pack].is_confidential
    reader = loading.contexts[file.id].reader
    for rule in file.rules:
        for one in rule.then:
            if is_confidential != (one.kind == "safety_flag"):
                what = f"a {one.kind} in a pack that {'is' if is_confidential else 'is not'} confidential"
                reader.fault(("rules", rule.index), what, "safety_flag belongs there, and nothing else")


def _check_no_leak(loading: _Loading, context: FileContext, path: yaml.YamlPath, name: str) -> None:
    owner = name.split(".", maxsplit=1)[0]
    if (
        owner in loading.packs
        and loading.packs[owner].is_confidential
        and context.file_id.split(".")[0] != owner
    ):
        context.reader.fault(path, f"'{name}' belongs to a confidential pack", "no other pack may look at it")


def _check_concluded(
    loading: _Loading, context: FileContext, path: yaml.YamlPath, name: str, stages: Mapping[str, int]
) -> None:
    file = loading.files.get(context.file_id)
    if name not in stages:
        context.reader.fault(path, f"no rule concludes '{name}'", nearest(name, sorted(stages)))
    elif file is not None and stages[name] >= STAGES.index(file.stage):
        what = f"'{name}' is concluded in stage {STAGES[stages[name]]}, not before this one ({file.stage})"
        context.reader.fault(path, what, "rules see conclusions of earlier stages only")
