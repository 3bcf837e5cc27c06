"""A score as it is told to somebody who wants to work it out: its items, what they ask for, points and bands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from discharge.packs import Packs, Score
    from discharge.packs.amounts import Band

_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_SOURCE = re.compile(r" ?\[\[\d+\]\]\([^)]*\)")
_MARKS = re.compile(r"\*{1,2}([^*]+)\*{1,2}|\\([^\w\s])")


def told(packs: Packs, score: Score) -> dict[str, Any]:
    """Return what a score asks for and how it is worked out, for programs."""
    from discharge.facts import catalogue
    from discharge.review.findings import citation
    from discharge.ruledocs.scores import formula_sum, inline
    from discharge.ruledocs.trees import Teller

    teller = Teller(packs, packs.files[score.id.rpartition(".")[0]])
    owner = score.id.rpartition(".")[0]
    sources = [citation(packs, f"{owner}.{key}") for key in score.cites]
    return {
        "id": score.id,
        "title": score.title,
        "version": score.version,
        "kind": "inputs only" if score.inputs_only else "computed",
        "total": "sum" if score.combine == "sum" else "highest item",
        "round": score.round,
        "range": None
        if score.range is None
        else {"min": float(score.range.low), "max": float(score.range.high)},
        "valid_when": None if score.valid_when is None else _bare(inline(teller, score.valid_when)),
        "formula": None if score.formula is None else _bare(formula_sum(score)),
        "items": [_part(packs, teller, part) for part in score.parts],
        "bands": _bands(score.bands),
        "band_sets": {name: _bands(one.bands) for name, one in score.band_sets.items()},
        "facts": [
            {
                "fact": name,
                "title": catalogue()[name].title,
                "type": catalogue()[name].type,
                "unit": catalogue()[name].unit,
                "meaning": catalogue()[name].meaning,
            }
            for name in packs.facts_of_score(score.id)
        ],
        "sources": [
            {"title": one.title, "url": one.url, "verified": one.verified}
            for one in sources
            if one is not None
        ],
    }


def lines(one: dict[str, Any]) -> Iterator[str]:
    """Yield the same for a person."""
    yield one["title"] + (f" ({one['version']})" if one["version"] else "") + f", {one['id']}"
    how = "The highest item counts" if one["total"] == "highest item" else "The points are added"
    if one["formula"] is not None:
        how = f"Total = {one['formula']}"
    if one["kind"] == "inputs only":
        how = "The total is taken from the chart, not computed"
    if one["range"] is not None:
        how += f"; from {one['range']['min']:g} to {one['range']['max']:g}"
    if one["round"] is not None:
        how += "; rounded to the nearest whole number" if one["round"] == "nearest" else "; rounded down"
    yield f"  {how}."
    if one["valid_when"] is not None:
        yield f"  Only where: {one['valid_when']}"
    yield "  Items:"
    for item in one["items"]:
        only = f" (only where: {item['only_when']})" if item["only_when"] is not None else ""
        yield f"    {item['name']}{only}"
        for way in item["points"]:
            yield "      " + _way(way["when"], way["points"])
        yield f"      facts: {', '.join(item['facts'])}"
    for name, bands in (("Bands", one["bands"]), *one["band_sets"].items()):
        if bands:
            yield f"  {name}: " + "; ".join(f"{band['name']} ({band['totals']})" for band in bands)
    yield "  Facts:"
    for fact in one["facts"]:
        yield f"    {fact['fact']}: {fact['title']} [{fact['unit'] or fact['type']}]" + _meaning(fact)
    for source in one["sources"]:
        checked = "" if source["verified"] else " (not yet checked against the source)"
        yield f"  Source: {source['title']}{checked}" + (f" {source['url']}" if source["url"] else "")
    yield ""
    yield f"`discharge score {one['id'].rpartition('.')[2]} --facts FILE.json` works it out."


def _way(when: str, points: str) -> str:
    if points.removeprefix("−").replace(".", "", 1).isdigit():
        return f"{points:>3}  {when}"
    return f"     {when}" + (f" ({points})" if points else "")


def _part(packs: Packs, teller: Any, part: Any) -> dict[str, Any]:
    from discharge.packs import ScoreItem
    from discharge.ruledocs.scores import inline, item_points, variable_source
    from discharge.ruledocs.trees import facts_within

    if isinstance(part, ScoreItem):
        only, ways = part.only_when, [(when, points) for when, points in item_points(teller, part)]
    else:
        _, source, held = variable_source(teller, part)
        only, ways = None, [(source, f"held between {held}" if held else "")]
    asked = dict.fromkeys(part.facts)
    for tree in part.trees:
        asked.update(dict.fromkeys(sorted(facts_within(packs, tree))))
    if part.score is not None:
        asked.update(dict.fromkeys(packs.facts_of_score(part.score)))
    return {
        "name": part.name,
        "only_when": None if only is None else _bare(inline(teller, only)),
        "points": [{"when": _bare(when), "points": _bare(points)} for when, points in ways],
        "facts": list(asked),
    }


def _bands(bands: Sequence[Band]) -> list[dict[str, Any]]:
    from discharge.ruledocs.scores import band_words

    return [
        {
            "name": band.name,
            "totals": band_words(band, None),
            "from": None if band.start is None else float(band.start),
            "below": None if band.below is None else float(band.below),
        }
        for band in bands
    ]


def _meaning(fact: dict[str, Any]) -> str:
    said = fact["meaning"] or ""
    return f"; {said}" if said and said != fact["title"] else ""


def _bare(markdown: str) -> str:
    """Return a line of a page without its links and marks."""
    text = _LINK.sub(r"\1", _SOURCE.sub("", markdown))
    return _MARKS.sub(lambda found: found[1] or found[2], text)
