"""Totals of rules, and what of them the cases reach."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from discharge.packs import Packs
from discharge.rulecheck.branches import Branch, branches
from discharge.rulecheck.caserun import run_all
from discharge.rulecheck.check import shown_end
from discharge.yaml import path_text


def coverage_of(packs: Packs, files: Iterable[Path] | None = None) -> dict[str, Any]:
    """Return totals, what is reached of each kind, and everything unreached: of all files, or of some."""
    ends = tuple(shown_end(path) for path in files or ())
    chosen = [file for file in packs.files.values() if not ends or file.path.endswith(ends)]
    ids = {file.id for file in chosen}
    run = run_all(packs)
    by_file = {file.id: branches(run, [file]) for file in chosen}
    found = [one for of in by_file.values() for one in of]
    citations = [one for file in chosen for one in file.citations.values()]
    verified = sum(one.verified for one in citations)
    return {
        "totals": {
            "packs": len({file.pack for file in chosen}),
            "files": len(chosen),
            "criteria": sum(len(file.criteria) for file in chosen),
            "rules": sum(len(file.rules) for file in chosen),
            "scores": sum(len(file.scores) for file in chosen),
            "cases": sum(len(file.cases) for file in chosen),
            "citations": len(citations),
            "citations_verified": verified,
            "share_verified": round(verified / len(citations), 4) if citations else 1.0,
            "branches": len(found),
            "branches_reached": sum(one.is_reached for one in found),
        },
        "kinds": {
            kind: {"all": len(of), "reached": sum(one.is_reached for one in of)}
            for kind, of in _by_kind(found).items()
        },
        "by_file": {
            file.id: {"branches": len(of), "branches_reached": sum(one.is_reached for one in of)}
            for file in chosen
            for of in [by_file[file.id]]
        },
        "unreached": [
            {"file": one.file.path, "path": path_text(one.path), "kind": one.kind, "missing": one.missing}
            for one in found
            if not one.is_reached
        ],
        "cases_unread": [f"{file.path}:{case.line}" for file, case in run.broken if file.id in ids],
    }


def _by_kind(found: list[Branch]) -> dict[str, list[Branch]]:
    kinds: dict[str, list[Branch]] = {}
    for one in found:
        kinds.setdefault(one.kind, []).append(one)
    return kinds
