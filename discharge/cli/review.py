"""`discharge review` and `discharge explain`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from discharge.cli.options import (
    FORMATS,
    ZONE,
    AsOf,
    Delimiter,
    DenialHistoryFile,
    Encoding,
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
    text_form,
)
from discharge.errors import UsageError

KINDS = ("html", "pdf")

Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the results; made if absent.")]
Documents = Annotated[
    str,
    typer.Option("--documents", metavar="html,pdf", help="Also papers for every stay: all that apply to it."),
]
PaperNames = Annotated[
    str,
    typer.Option("--papers", metavar="NAME,NAME", help="Of the papers only these; a wrong name lists them."),
]
Workers = Annotated[
    int, typer.Option("--workers", metavar="N", min=1, help="Processes; the results are the same.")
]
InHouse = Annotated[bool, typer.Option("--in-house", help="Only patients in the house at --as-of.")]


ProviderFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--providers",
        metavar="FILE.csv",
        help="Providers, beside the shipped extract: a file of CMS or the hospital's own list. May be repeated.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command("review")(review)
    app.command("explain")(explain)


def review(
    feeds: Feeds,
    out: Out,
    as_of: AsOf = None,
    format: Format = "auto",
    rules: Rules = None,
    payers: Payers = None,
    denial_history: DenialHistoryFile = None,
    providers: ProviderFiles = None,
    documents: Documents = "",
    papers: PaperNames = "",
    workers: Workers = 1,
    in_house: InHouse = False,
    zone: Zone = ZONE,
    mapping: Mapping = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    as_json: Json = False,
) -> None:
    """Review every stay of a feed and write today's worklist.

    Patients in the house at --as-of get an admission or concurrent review, those already discharged a
    retrospective one; stays that begin later are counted as not yet known. In DIR are then worklist.csv and
    .parquet (most urgent first), reviews.ndjson (everything, with its reasons), rejects.csv (what could not be
    used, where and why), run.json (the account) and, with --documents, documents/.

    \b
    Examples:
      discharge review examples/feed --as-of 2026-06-15T07:00 --out out --documents html,pdf
      discharge review census.csv encounters.parquet --mapping ours.yaml --in-house --out today
      discharge review /data/fhir --workers 4 --json --out out > account.json
    """
    from discharge.cli import words
    from discharge.cli.progress import watching
    from discharge.run import RunSettings, run_review

    kinds = tuple(one_of("--documents", kind, KINDS) for kind in _listed(documents))
    encoding, delimiter = text_form(encoding, delimiter)
    settings = RunSettings(
        as_of=moment(as_of, facility_zone(zone)),
        zone=zone,
        format=one_of("--format", format, FORMATS),
        mapping=mapping,
        encoding=encoding,
        delimiter=delimiter,
        rules=folder_or(rules, "rules", "--rules"),
        payers=folder_or(payers, "payer_profiles", "--payers"),
        denial_history=denial_history,
        providers=_providers(providers, zone),
        documents=kinds,
        papers=_papers(papers, kinds),
        workers=workers,
        in_house=in_house,
    )
    with watching(as_json) as progress:
        account, worklist = run_review(feeds, out, settings, progress=progress)
    if as_json:
        sys.stdout.write(account.model_dump_json(indent=2) + "\n")
    else:
        words.print_run(account, worklist, out)


def _providers(given: list[Path] | None, zone: str) -> tuple[Path, ...]:
    """Return the files given; say on standard error how much of them can't be used. A run goes on without it.

    Raises:
        DirectoryError: a file that can't be read at all.
    """
    from discharge.providers import load_directory

    files = tuple(given or ())
    faults = load_directory(files, zone=zone, with_shipped=False).faults if files else ()
    if faults:
        said = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        typer.echo(f"discharge: --providers: {said}; `discharge providers check FILE` names them", err=True)
    return files


def _listed(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _papers(text: str, kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Return the papers asked for; none means all.

    Raises:
        UsageError: names that no paper has, all at once, or papers asked for in no kind.
    """
    from discharge.documents import PAPERS

    names, known = _listed(text), [paper.name for paper in PAPERS]
    if wrong := [name for name in names if name not in known]:
        said = ", ".join(f"'{name}'" for name in wrong)
        raise UsageError(f"--papers: there is no paper {said}; there are {', '.join(known)}")
    if names and not kinds:
        raise UsageError("--papers: say in which form too: --documents html, pdf or html,pdf")
    return names


def explain(
    encounter: Annotated[str, typer.Argument(metavar="ENCOUNTER", help="encounter_id, as in the worklist.")],
    run: Annotated[Path, typer.Option("--run", metavar="DIR", help="Folder that `discharge review` wrote.")],
    as_json: Json = False,
) -> None:
    """Print why a stay got its review: conclusion, rule, citation, criteria, facts, chart rows.

    \b
    Example:
      discharge explain enc-1042 --run out
    """
    from discharge.explain import explain as in_words
    from discharge.explain import find_review

    found = find_review(run, encounter)
    if found is None:
        raise UsageError(
            f"no review of encounter '{encounter}' in {run}; worklist.csv lists the encounters reviewed"
        )
    sys.stdout.write((found.model_dump_json(indent=2) if as_json else in_words(found)) + "\n")
