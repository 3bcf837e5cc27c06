"""`discharge rules check`, `test` and `list`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from discharge.cli.options import Json, Payers, Rules, folder_or
from discharge.errors import Fault, FaultsError, PayerError, RuleCasesFailedError, RuleError

app = typer.Typer(no_args_is_help=True, help="Check, test and list the rules and payer profiles.")


@app.command("check")
def check(
    rules: Rules = None,
    payers: Payers = None,
    record: Annotated[
        bool, typer.Option("--record", help="Record each pack's digest under its version.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Load every rule and payer profile and name every fault: file, path in it, and the nearest right name.

    A pack whose content changed under an unchanged version is a fault, where its folder keeps a digests.yaml.

    \b
    Examples:
      discharge rules check
      discharge rules check --rules my_rules --payers my_payers
    """
    from discharge.cli import rule_words
    from discharge.packs import check_versions, read_packs, record_versions
    from discharge.packs.digest import RECORD
    from discharge.payers import check_rule_packs, read_payers

    folder = folder_or(rules, "rules", "--rules")
    packs, rule_faults = read_packs(folder)
    profiles, payer_faults = read_payers(folder_or(payers, "payer_profiles", "--payers"))
    if record and not rule_faults:
        rule_faults = record_versions(packs, folder)
    elif not rule_faults and (folder / RECORD).is_file():
        rule_faults = check_versions(packs, folder)
    # A user's own rules need not serve the shipped payers.
    if not rule_faults and (rules is None or payers is not None):
        payer_faults = [*payer_faults, *check_rule_packs(profiles, packs)]
    if as_json:
        sys.stdout.write(rule_words.faults_json([*rule_faults, *payer_faults]) + "\n")
    if rule_faults or payer_faults:
        kind: type[FaultsError] = RuleError if rule_faults else PayerError
        raise kind([*rule_faults, *payer_faults])
    if not as_json:
        rule_words.print_checked(packs, profiles)


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
