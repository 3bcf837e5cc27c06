"""`discharge score`: the instruments there are, and one of them worked out from named facts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from discharge.cli.options import ZONE, AsOf, Json, Rules, Zone, facility_zone, folder_or, moment
from discharge.errors import UsageError

if TYPE_CHECKING:
    from discharge.packs import Packs, Score


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("score")(score)


def score(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]", help="A score: its name, or in full as in the list. None: list them."
        ),
    ] = None,
    facts: Annotated[
        str | None,
        typer.Option(
            "--facts", metavar="FILE.json", help="One object of named facts, or a list of them; - is stdin."
        ),
    ] = None,
    as_of: AsOf = None,
    rules: Rules = None,
    zone: Zone = ZONE,
    as_json: Json = False,
) -> None:
    """List the scores, tell what one asks for, or work one out: its total or range, and what is missing.

    Without --facts, the items of a score, their facts, units, points and bands are printed; with it, the score
    is worked out. A fact not given is not known: it widens the total, it never counts as zero.

    \b
    Examples:
      discharge score
      discharge score curb_65
      discharge score glasgow_blatchford --facts stay.json
      echo '{"patient.age_years": 71}' | discharge score curb_65 --facts - --json
    """
    from discharge.cli import words
    from discharge.packs import load_packs

    packs = load_packs(folder_or(rules, "rules", "--rules"), with_cases=False)
    if name is None:
        if facts is not None:
            raise UsageError("--facts: say which score, such as `discharge score curb_65 --facts stay.json`")
        listing = [_listed(packs, one) for one in _ordered(packs)]
        said = words.to_json(listing) if as_json else "\n".join(_list_lines(listing))
        sys.stdout.write(said + "\n")
        return
    found = _named(packs, name)
    if facts is None:
        from discharge.cli import score_words

        told = score_words.told(packs, found)
        sys.stdout.write((words.to_json(told) if as_json else "\n".join(score_words.lines(told))) + "\n")
        return
    answers = _answers(packs, found, facts, as_of, zone)
    if as_json:
        shown: object = answers[0] if len(answers) == 1 else answers
        sys.stdout.write(words.to_json(shown) + "\n")
    else:
        sys.stdout.write("\n\n".join("\n".join(_lines(answer)) for answer in answers) + "\n")


def _ordered(packs: Packs) -> list[Score]:
    """The instruments first, then the scores of other packs; those of confidential packs too: they are no one's."""
    return sorted(packs.scores.values(), key=lambda one: (not one.id.startswith("instruments."), one.id))


def _listed(packs: Packs, one: Score) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "version": one.version,
        "kind": "inputs only" if one.inputs_only else "computed",
        "facts": list(packs.facts_of_score(one.id)),
    }


def _list_lines(listing: list[dict[str, Any]]) -> Iterator[str]:
    from discharge import wording

    for one in listing:
        version = f" ({one['version']})" if one["version"] else ""
        kind = "; the total is taken from the chart, not computed" if one["kind"] == "inputs only" else ""
        yield one["id"]
        yield f"    {one['title']}{version}{kind}"
    yield ""
    count = wording.plural(len(listing), "score")
    yield f"{count}. `discharge score NAME` tells what one asks for; with --facts FILE.json it is worked out."


def _named(packs: Packs, name: str) -> Score:
    from discharge.packs import nearest

    if name in packs.scores:
        return packs.scores[name]
    same = [one for one in packs.scores.values() if one.name == name]
    if len(same) == 1:
        return same[0]
    if same:
        listed = ", ".join(one.id for one in same)
        raise UsageError(f"more than one score is named '{name}'; give one in full: {listed}")
    known = [one.name for one in packs.scores.values()]
    hint = nearest(name, [*packs.scores, *known])
    raise UsageError(f"there is no score '{name}'; {hint + ' ' if hint else ''}`discharge score` lists them")


def _answers(packs: Packs, found: Score, facts: str, as_of: str | None, zone: str) -> list[dict[str, Any]]:
    from discharge.cli.ask import read_facts
    from discharge.criteria import evaluate_criteria
    from discharge.facts import FactTable, catalogue
    from discharge.review.findings import citation
    from discharge.review.scores import ScoreBook

    table = FactTable.from_named(read_facts(facts), moment(as_of, facility_zone(zone)))
    book = ScoreBook(packs, evaluate_criteria(packs, table, zone=zone))
    answers = []
    for row in range(len(table.index)):
        shown = book.score(found.id, row)
        sources = [citation(packs, key) for key in shown.cite]
        answer = shown.model_dump(mode="json")
        answer["missing"] = [{"fact": fact, "title": catalogue()[fact].title} for fact in shown.missing]
        answer["sources"] = [
            {"title": one.title, "url": one.url, "verified": one.verified}
            for one in sources
            if one is not None
        ]
        answers.append(answer)
    return answers


def _lines(answer: dict[str, Any]) -> Iterator[str]:
    version = f" ({answer['version']})" if answer["version"] else ""
    head = f"{answer['title']}{version}: "
    if not answer["valid"]:
        yield head + "not valid for this patient, so no total is given"
    elif answer["total"] is not None:
        yield head + f"{answer['total']:g}" + (f", {answer['band']}" if answer["band"] else "")
    else:
        band = f", {answer['band']} either way" if answer["band"] else ""
        yield head + f"{answer['low']:g} to {answer['high']:g}, inputs are missing{band}"
    yield from (f"  by {name}: {band or 'not known yet'}" for name, band in answer["band_sets"].items())
    for item in answer["items"]:
        yield f"  {item['name']}: {_interval(item)}"
    if answer["missing"]:
        yield "  Missing:"
        yield from (f"    {one['title']} ({one['fact']})" for one in answer["missing"])
    for one in answer["sources"]:
        checked = "" if one["verified"] else " (not yet checked against the source)"
        yield f"  Source: {one['title']}{checked}" + (f" {one['url']}" if one["url"] else "")


def _interval(item: dict[str, Any]) -> str:
    if item["low"] is None or item["high"] is None:
        return "not valid"
    low, high = (f"{round(item[end], 4):g}" for end in ("low", "high"))
    return low if low == high else f"{low} to {high}"
