"""`discharge rules check`, `coverage`, `test`, `list`, `docs` and `diagnoses`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from discharge.cli.options import (
    FORMATS,
    ZONE,
    Feeds,
    Format,
    Json,
    Mapping,
    Payers,
    Rules,
    Zone,
    facility_zone,
    folder_or,
    moment,
    one_of,
)
from discharge.errors import Fault, FaultsError, OutputError, PayerError, RuleCasesFailedError, RuleError

app = typer.Typer(no_args_is_help=True, help="Check, test and list the rules and payer profiles.")

WHOLE_FEED = "2250-01-01T00:00"  # feeds with shifted dates lie up to two centuries ahead

Files = Annotated[
    list[Path] | None,
    typer.Option("--file", metavar="FILE", help="Tell of this rule file only; may be given several times."),
]


@app.command("check")
def check(
    rules: Rules = None,
    payers: Payers = None,
    record: Annotated[
        bool, typer.Option("--record", help="Record each pack's digest under its version.")
    ] = False,
    files: Files = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DAY", help="Citations get old by this day. Default: today."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Load every rule and payer profile and name every fault: file, path in it, and the nearest right name.

    Beyond form: rules that can never fire, repeat or contradict others; criteria, scores and value sets that nothing
    uses; codes that the ICD-10-CM list does not know; thresholds without a case on each side; citations missing, or not
    read for a year. A pack whose content changed under an unchanged version is a fault, where its folder keeps a
    digests.yaml. Notes are told and fail nothing. Exit 5 for a fault in rules, 6 in payer profiles.

    \b
    Examples:
      discharge rules check
      discharge rules check --rules my_rules --payers my_payers
      discharge rules check --file rules/conditions/copd.yaml
    """
    from discharge.casetests import sound_part
    from discharge.cli import rule_words
    from discharge.packs import check_versions, read_packs, record_versions
    from discharge.packs.digest import RECORD
    from discharge.payers import check_rule_packs, read_payers
    from discharge.rulecheck import check_all, in_files

    folder = folder_or(rules, "rules", "--rules")
    packs, rule_faults = read_packs(folder)
    profiles, payer_faults = read_payers(folder_or(payers, "payer_profiles", "--payers"))
    sound = sound_part(packs, rule_faults)
    if record and not rule_faults:
        rule_faults = record_versions(packs, folder)
    elif not rule_faults and not files and (folder / RECORD).is_file():
        rule_faults = check_versions(packs, folder)
    # A user's own rules need not serve the shipped payers.
    if not rule_faults and not files and (rules is None or payers is not None):
        payer_faults = [*payer_faults, *check_rule_packs(profiles, packs)]
    day = moment(as_of, "UTC").date()
    findings = check_all(sound, day, is_shipped=rules is None, files=files)
    faults = [*rule_faults, *(one.as_fault() for one in findings if one.severity == "fault"), *payer_faults]
    if files:
        faults = in_files(faults, files)
    if as_json:
        sys.stdout.write(rule_words.faults_json(faults, findings) + "\n")
    else:
        rule_words.print_notes(findings)
    if faults:
        kind: type[FaultsError] = PayerError if set(faults) <= set(payer_faults) else RuleError
        raise kind(faults)
    if not as_json:
        rule_words.print_checked(packs, profiles)


@app.command("coverage")
def coverage(rules: Rules = None, files: Files = None, as_json: Json = False) -> None:
    """Run all cases and say what they reach: statuses of criteria, branches that decide, rules, score items and bands.

    \b
    Examples:
      discharge rules coverage
      discharge rules coverage --file rules/conditions/copd.yaml
    """
    from discharge.casetests import sound_part
    from discharge.cli import rule_words
    from discharge.cli.words import to_json
    from discharge.packs import read_packs
    from discharge.rulecheck import coverage_of

    packs, faults = read_packs(folder_or(rules, "rules", "--rules"))
    found = coverage_of(sound_part(packs, faults), files)
    if as_json:
        sys.stdout.write(to_json(found) + "\n")
    else:
        rule_words.print_coverage(found)
    if faults and not files:
        raise RuleError(faults)


@app.command("test")
def test(rules: Rules = None, payers: Payers = None, as_json: Json = False) -> None:
    """Run the cases that stand beside the rules and payer profiles. Exit 9 if one does not hold.

    \b
    Example:
      discharge rules test --rules my_rules
    """
    from discharge.casetests import run_cases, run_payer_cases
    from discharge.cli import rule_words
    from discharge.packs import load_packs
    from discharge.payers import load_payers

    results = run_cases(load_packs(folder_or(rules, "rules", "--rules")))
    results += run_payer_cases(load_payers(folder_or(payers, "payer_profiles", "--payers")))
    if as_json:
        sys.stdout.write(rule_words.cases_json(results) + "\n")
    faults = [Fault(one.where, f"case '{one.name}': {wrong}") for one in results for wrong in one.wrong]
    if faults:
        raise RuleCasesFailedError(faults)
    if not as_json:
        typer.echo(f"{len(results):,} cases run, all hold.")


@app.command("docs")
def docs(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder of the pages; made if it isn't there.")
    ],
    rules: Rules = None,
) -> None:
    """Write the rules in words: a page per rule file, one per pack, and an index, as Markdown.

    \b
    Example:
      discharge rules docs --out docs/rules
    """
    from discharge.packs import load_packs
    from discharge.ruledocs import write

    packs = load_packs(folder_or(rules, "rules", "--rules"))
    try:
        changed, pages = write(packs, out)
    except OSError as error:
        raise OutputError(f"--out: cannot write pages to {out}: {error.strerror}") from None
    typer.echo(f"{pages:,} pages in {out}, {changed:,} changed.")


@app.command("diagnoses")
def diagnoses(
    feeds: Feeds,
    rules: Rules = None,
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="TIME", help="As known then. Default: the whole feed.")
    ] = WHOLE_FEED,
    zone: Zone = ZONE,
    format: Format = "auto",
    mapping: Mapping = None,
    most: Annotated[
        int, typer.Option("--top", metavar="N", min=0, help="So many codes left out are shown.")
    ] = 25,
    as_json: Json = False,
) -> None:
    """Say for how many stays of each feed some condition's criteria match, and the commonest codes that none has.

    The principal diagnosis counts. Stays of which the feed marks none are counted apart, by any of their ICD-10-CM
    codes, and so are stays with no such code. Codes are printed, no patients.

    \b
    Example:
      discharge rules diagnoses examples/feed
    """
    from discharge.cli import rule_words
    from discharge.cli.words import to_json
    from discharge.feeds import read_feed
    from discharge.packs import load_packs
    from discharge.rulecheck.diagnoses import diagnosis_share

    packs = load_packs(folder_or(rules, "rules", "--rules"), with_cases=False)
    when, where = moment(as_of, zone), facility_zone(zone)
    found = []
    for feed in feeds:
        with tempfile.TemporaryDirectory(prefix="discharge-") as spool:
            asked = one_of("--format", format, FORMATS)
            read = read_feed([feed], format=asked, mapping=mapping, zone=where, as_of=when, spool=Path(spool))
            found.append(diagnosis_share(feed.name, read, packs, when, where).as_dict(most))
    if as_json:
        sys.stdout.write(to_json({"conditions": len(packs.condition_files), "feeds": found}) + "\n")
    else:
        rule_words.print_diagnoses(len(packs.condition_files), found)


@app.command("list")
def list_rules(rules: Rules = None, payers: Payers = None, as_json: Json = False) -> None:
    """List the rule packs, their files and the payer profiles with versions and digests.

    \b
    Example:
      discharge rules list --json
    """
    from discharge.cli import rule_words
    from discharge.cli.words import to_json
    from discharge.packs import load_packs
    from discharge.payers import load_payers

    packs = load_packs(folder_or(rules, "rules", "--rules"))
    profiles = load_payers(folder_or(payers, "payer_profiles", "--payers"))
    if as_json:
        sys.stdout.write(to_json(rule_words.listing(packs, profiles)) + "\n")
    else:
        rule_words.print_listing(packs, profiles)
