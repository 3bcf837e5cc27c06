"""What `discharge rules` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from discharge import wording
from discharge.cli.words import say, to_json

if TYPE_CHECKING:
    from discharge.casetests import CaseResult
    from discharge.errors import Fault
    from discharge.packs import Packs
    from discharge.payers import Payers
    from discharge.rulecheck import Finding

DIGEST_SHOWN = 12


def faults_json(faults: Sequence[Fault], findings: Sequence[Finding]) -> str:
    """Return faults, and all findings of the checks (notes too), as JSON."""
    return to_json(
        {
            "ok": not faults,
            "faults": [asdict(fault) for fault in faults],
            "notes": sum(one.severity == "note" for one in findings),
            "findings": [asdict(one) for one in findings],
        }
    )


def print_notes(findings: Sequence[Finding]) -> None:
    """Print the notes, and how many of each kind there are."""
    notes = [one for one in findings if one.severity == "note"]
    if not notes:
        return
    say(*(f"note: {one.as_fault()}" for one in notes), "")
    kinds = Counter(one.check for one in notes)
    listed = [f"{count:,} {kind}" for kind, count in sorted(kinds.items())]
    say(f"{wording.plural(len(notes), 'note')}: {wording.joined(listed)}.")


def print_coverage(found: Mapping[str, Any]) -> None:
    """Print totals, what is reached of each kind, and everything that is not."""
    for one in found["unreached"]:
        say(f"{one['file']}: {one['path']}: {one['missing']}")
    totals = found["totals"]
    say(
        *([""] if found["unreached"] else []),
        f"{wording.plural(totals['packs'], 'pack')}, {wording.plural(totals['files'], 'rule file')},"
        f" {wording.plural(totals['criteria'], 'criterion', 'criteria')},"
        f" {wording.plural(totals['rules'], 'rule')}, {wording.plural(totals['scores'], 'score')},"
        f" {wording.plural(totals['cases'], 'case')}.",
        f"{wording.plural(totals['citations'], 'citation')}, {totals['citations_verified']:,} read in the source"
        f" ({totals['share_verified']:.0%}).",
    )
    for kind, count in found["kinds"].items():
        say(f"  {kind:<20} {count['reached']:>6,} of {count['all']:,} reached")
    say(f"Branches: {totals['branches_reached']:,} of {totals['branches']:,} reached by a case.")


def print_diagnoses(conditions: int, feeds: Sequence[Mapping[str, Any]]) -> None:
    """Print for each feed how many stays have criteria for their diagnosis, and the commonest codes that have none."""
    say(f"{wording.plural(conditions, 'condition')} with criteria of their own.")
    for one in feeds:
        say("", f"{one['feed']}: {wording.plural(one['stays'], 'hospital stay')}")
        say(
            f"  {one['principal_diagnosis']:,} with an ICD-10-CM principal diagnosis:"
            f" {one['principal_diagnosis_covered']:,} covered{_percent(one['share_of_principal_covered'])}"
        )
        if one["other_codes_only"]:
            say(
                f"  {one['other_codes_only']:,} with no principal diagnosis marked, judged by any ICD-10-CM code:"
                f" {one['other_codes_only_covered']:,} covered{_percent(one['share_of_other_codes_only_covered'])}"
            )
        say(f"  {one['no_icd_10_cm_code']:,} with no ICD-10-CM code at all, left out of both shares")
        for key, title in (
            ("left_out", "Commonest principal diagnoses without criteria"),
            ("left_out_without_principal", "Codes of stays without principal diagnosis that nothing matches"),
        ):
            if one[key]:
                say(f"  {title}:")
                say(*(f"    {row['code']:<8} {row['stays']:>4}  {row['title'] or ''}" for row in one[key]))


def _percent(share: float | None) -> str:
    return "" if share is None else f" ({share:.1%})"


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
