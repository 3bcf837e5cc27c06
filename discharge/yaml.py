"""Reads YAML that people write, strictly, and remembers on which line everything stands.

Typed are only what can't be misread: canonical whole numbers (``3``, ``-1``), decimals (``0.5``, as
``Decimal``), ``true``, ``false``, ``null``, ``~`` and nothing (None), and ISO days (``2026-01-01``, as ``date``).
All else stays text: ``01``, ``0120``, ``16:00``, ``NO``, ``yes``, ``1e5``, ``0x10``, ``1_000``. Quoted scalars
are always text. Duplicate keys, anchors, merge keys and tags are refused.

>>> load("{code: 0120, days: 3, share: 0.50, from: 2026-01-01, answer: NO}", where="example")
{'code': '0120', 'days': 3, 'share': Decimal('0.50'), 'from': datetime.date(2026, 1, 1), 'answer': 'NO'}
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import yaml as pyyaml

from discharge.errors import Fault, FaultsError

# libyaml is ten times as fast; PyYAML may have been built without it.
_BaseLoader: Any = getattr(pyyaml, "CBaseLoader", pyyaml.BaseLoader)

Key: TypeAlias = str | int | date
YamlPath: TypeAlias = tuple[str | int, ...]  # keys of mappings as text, places in lists as whole numbers

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,18}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_MAX_DEPTH = 60


class _Loader(_BaseLoader):  # type: ignore[misc]
    """Composes nodes only: no tag is ever resolved, so every scalar comes as it was written."""


def path_text(path: Sequence[str | int]) -> str:
    """Write a path as people read it.

    >>> path_text(("criteria", "low", "any", 0, "op"))
    'criteria.low.any[0].op'
    """
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


@dataclass(slots=True)
class Document:
    """One YAML file as read: ``value`` (None when unreadable), all ``faults`` of form, and lines by path."""

    where: str
    value: object = None
    faults: list[Fault] = field(default_factory=list)
    lines: dict[YamlPath, int] = field(default_factory=dict)

    def line_of(self, path: Sequence[str | int]) -> int:
        """Return the line (from 1) on which ``path``, or the nearest part of it that exists, stands."""
        parts = tuple(path)
        while parts and parts not in self.lines:
            parts = parts[:-1]
        return self.lines.get(parts, 1)

    def place(self, path: Sequence[str | int]) -> str:
        """Return ``file:line: path`` for a fault's ``where``."""
        text = path_text(path)
        return f"{self.where}:{self.line_of(path)}" + (f": {text}" if text else "")

    def fault(self, path: Sequence[str | int], what: str, expected: str = "") -> Fault:
        """Make a fault that stands at ``path`` of this file."""
        return Fault(self.place(path), what, expected)


def load(text: str | bytes, *, where: str) -> object:
    """Read one document.

    Raises:
        FaultsError: everything wrong with its form, each with file and line.
    """
    document = read(text, where=where)
    if document.faults:
        raise FaultsError(document.faults)
    return document.value


def read_file(path: Path, *, where: str | None = None) -> Document:
    """Read the file ``path``; faults name it ``where`` (the path by default). Never raises for its content."""
    return read(path.read_bytes(), where=where or str(path))


def read(text: str | bytes, *, where: str) -> Document:
    """Read one document and return it with all faults of form instead of raising them."""
    document = Document(where)
    try:
        written = text if isinstance(text, str) else text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        document.faults.append(Fault(f"{where}:{line}", "not UTF-8 text", "save the file as UTF-8"))
        return document
    try:
        node = pyyaml.compose(written, Loader=_Loader)
    except pyyaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = " ".join(part for part in (error.context, error.problem) if part)
        document.faults.append(Fault(f"{where}:{line}", f"not YAML: {what}"))
    except (pyyaml.YAMLError, RecursionError) as error:
        what = str(error).splitlines()[0] if isinstance(error, pyyaml.YAMLError) else "nested too deeply"
        document.faults.append(Fault(where, f"not YAML: {what}"))
    else:
        if node is not None:
            document.value = _Builder(document).build(node, ())
    return document


class _Builder:
    """Turns composed nodes into plain values, noting lines and faults."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._seen: set[int] = set()

    def build(self, node: Any, path: YamlPath) -> object:
        document = self._document
        document.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in self._seen:
            document.faults.append(document.fault(path, "an anchor used again (*name)", "write it out"))
            return None
        self._seen.add(id(node))
        if not isinstance(node, pyyaml.ScalarNode) and len(path) > _MAX_DEPTH:
            self._fault(node, path, "nested too deeply", f"at most {_MAX_DEPTH} levels")
            return None
        if isinstance(node, pyyaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, pyyaml.SequenceNode):
            self._untagged(node, path, "tag:yaml.org,2002:seq")
            return [self.build(child, (*path, place)) for place, child in enumerate(node.value)]
        self._untagged(node, path, "tag:yaml.org,2002:str")
        return self._scalar(node, path)

    def _mapping(self, node: Any, path: YamlPath) -> dict[Key, object]:
        self._untagged(node, path, "tag:yaml.org,2002:map")
        result: dict[Key, object] = {}
        first_line: dict[Key, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = self._scalar(key_node, path) if isinstance(key_node, pyyaml.ScalarNode) else None
            if isinstance(key, bool) or not isinstance(key, (str, int, date)):
                self._fault(key_node, path, "a key must be text, a whole number or a day", "quote it")
                continue
            if key == "<<":
                self._fault(key_node, path, "a merge key (<<)", "write the keys out")
                continue
            if key in result:
                what = f"the key '{key}' stands twice"
                self._fault(key_node, (*path, str(key)), what, f"first on line {first_line[key]}")
                continue
            first_line[key] = line
            self._document.lines[(*path, str(key))] = line
            result[key] = self.build(value_node, (*path, str(key)))
        return result

    def _scalar(self, node: Any, path: YamlPath) -> str | int | Decimal | bool | date | None:
        text: str = node.value
        if node.style:  # quoted or block: text, whatever it looks like
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text):
            return Decimal(text)
        if _DAY.fullmatch(text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                self._fault(node, path, f"'{text}' is no day of the calendar", "YYYY-MM-DD")
        return text

    def _untagged(self, node: Any, path: YamlPath, plain: str) -> None:
        if node.tag not in (plain, "!"):
            self._fault(node, path, f"a tag ({node.tag})", "tags aren't used in these files")

    def _fault(self, node: Any, path: YamlPath, what: str, expected: str = "") -> None:
        text = path_text(path)
        where = f"{self._document.where}:{node.start_mark.line + 1}" + (f": {text}" if text else "")
        self._document.faults.append(Fault(where, what, expected))
