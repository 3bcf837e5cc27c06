"""What a check of rules found: a fault that must be mended, or a note."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from discharge.errors import Fault
from discharge.yaml import YamlPath, path_text

Severity: TypeAlias = Literal["fault", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """``file`` and ``path`` in it, ``what`` is wrong there, and what to do (``todo``). Notes don't fail."""

    check: str
    severity: Severity
    file: str
    path: str
    what: str
    todo: str = ""

    def as_fault(self) -> Fault:
        """Return the finding as the fault of a file.

        >>> str(Finding("unused", "fault", "rules/a/b.yaml", "criteria.x", "nothing uses it").as_fault())
        'rules/a/b.yaml: criteria.x: nothing uses it'
        """
        return Fault(f"{self.file}: {self.path}" if self.path else self.file, self.what, self.todo)


def fault(check: str, file: str, path: YamlPath, what: str, todo: str = "") -> Finding:
    """Return a finding that fails the check."""
    return Finding(check, "fault", file, path_text(path), what, todo)


def note(check: str, file: str, path: YamlPath, what: str, todo: str = "") -> Finding:
    """Return a finding that is told and counted, and fails nothing."""
    return Finding(check, "note", file, path_text(path), what, todo)


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings by file, each file's in the order in which the checks found them."""
    return sorted(dict.fromkeys(findings), key=lambda one: (one.file, one.severity))
