"""What `discharge rules` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from discharge import wording
from discharge.cli.words import say, to_json

if TYPE_CHECKING:
    from discharge.casetests import CaseResult
    from discharge.errors import Fault
    from discharge.packs import Packs
    from discharge.payers import Payers

DIGEST_SHOWN = 12


def faults_json(faults: Sequence[Fault]) -> str:
    """Return faults as JSON."""
    return to_json({"ok": not faults, "faults": [asdict(fault) for fault in faults]})


def cases_json(results: Sequence[CaseResult]) -> str:
    """Return the outcome of cases as JSON."""
    failed = [result for result in results if not result.ok]
    return to_json({"ok": not failed, "cases": len(results), "failed": [asdict(result) for result in failed]})


def listing(packs: Packs, payers: Payers) -> dict[str, Any]:
    """Return packs, rule files and payer profiles with versions and digests."""
    return {
        "packs": [
            {
                "pack": one.id,
                "title": one.title,
                "version": one.version,
                "digest": one.digest,
                "licence": one.licence,
            }
            for one in packs.packs.values()
        ],
        "rules": [
            {
                "id": file.id,
                "title": file.title,
                "pack": file.pack,
                "version": file.version,
                "stage": file.stage,
                "digest": file.digest,
                "criteria": len(file.criteria),
                "rules": len(file.rules),
                "cases": len(file.cases),
                "is_verified": all(citation.verified for citation in file.citations.values()),
            }
            for file in packs.files.values()
        ],
        "payers": [
            {
                "id": one.id,
                "title": one.title,
                "payer_class": one.payer_class,
                "is_fictional": one.fictional,
                "digest": one.digest,
            }
            for one in payers.profiles.values()
        ],
    }


def print_listing(packs: Packs, payers: Payers) -> None:
    """Print the listing: each pack with its files, then the payer profiles."""
    every = listing(packs, payers)
    for pack in every["packs"]:
        say(f"{pack['pack']} {pack['version']}  {pack['digest'][:DIGEST_SHOWN]}  {pack['title']}")
        for rule in every["rules"]:
            if rule["pack"] == pack["pack"]:
                mark = " " if rule["is_verified"] else "*"
                say(f"  {mark} {rule['id']:<48} {rule['cases']:>3} cases  {rule['title']}")
    say("", "Payer profiles")
    for payer in every["payers"]:
        say(f"    {payer['id']:<32} {payer['digest'][:DIGEST_SHOWN]}  {payer['title']}")
    say("", "* rests on at least one citation that nobody has checked against its source yet")


def print_checked(packs: Packs, payers: Payers) -> None:
    """Say that everything is well formed, and how much that is."""
    say(
        f"{wording.plural(len(packs.packs), 'pack')}, {wording.plural(len(packs.files), 'rule file')},"
        f" {wording.plural(len(packs.criteria), 'criterion', 'criteria')},"
        f" {wording.plural(len(payers.profiles), 'payer profile')}: no fault."
    )
