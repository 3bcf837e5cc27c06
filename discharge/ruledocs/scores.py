"""Scores as tables of points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from discharge.packs import Score
from discharge.packs.amounts import Band
from discharge.ruledocs.markdown import amount, human, listed, number, plain, table, unit
from discharge.ruledocs.trees import Teller

_FORMS = {"value": "{0}", "ln": "ln({0})", "minus_from": "({1} − {0})"}


def score_lines(teller: Teller, score: Score) -> Iterator[str]:
    """Yield one score: title, items with points, and the published bands."""
    yield f'### <a id="score-{score.name}"></a>{plain(score.title)}'
    yield ""
    version = f" Version: {plain(score.version)}." if score.version else ""
    yield f"`{score.id}`{teller.cited(score.cites)}.{version}"
    yield ""
    yield from _how(score)
    if score.valid_when is not None:
        yield "Given only where this holds:"
        yield ""
        yield from teller.lines(score.valid_when)
        yield ""
    if score.formula is None:
        yield from table(["Item", "When", "Points"], _rows(teller, score))
    else:
        yield from _formula(teller, score)
    yield from _published(teller, score)


def _how(score: Score) -> Iterator[str]:
    if score.inputs_only:
        yield "Only a total that somebody charted is used: the licence of the instrument does not allow its items here."
        yield ""
    if score.combine == "max":
        yield "The total is the highest of the items, not their sum."
        yield ""
    if score.round is not None:
        yield "The total is rounded " + (
            "to the nearest whole number." if score.round == "nearest" else "down."
        )
        yield ""
    if score.range is not None:
        yield f"Totals run from {number(score.range.low)} to {number(score.range.high)}."
        yield ""


def _rows(teller: Teller, score: Score) -> Iterator[Sequence[str]]:
    for item in score.items:
        name = plain(human(item.name))
        if item.only_when is not None:
            name += f" (only when: {inline(teller, item.only_when)})"
        for when, points in item_points(teller, item):
            yield name, when, points
            name = ""


def item_points(teller: Teller, item: Any) -> Iterator[tuple[str, str]]:
    """Yield what an item asks and the points that it brings, one pair for each way."""
    if item.when is not None:
        yield inline(teller, item.when), number(item.points)
    elif item.count:
        which = "; ".join(inline(teller, tree) for tree in item.count)
        yield f"How many of these are met: {which}", "as below" if item.bands else "one for each"
        yield from ((band_words(band, None), number(band.points)) for band in item.bands)
    elif item.score is not None:
        yield f"Total of {teller.link(item.score, 'score')}", "as below" if item.bands else "the total"
        yield from ((band_words(band, None), number(band.points)) for band in item.bands)
    elif item.mean_of:
        facts = listed([teller.fact(name) for name in item.mean_of], "and")
        yield ("Mean of " if len(item.mean_of) > 1 else "") + facts, "as below"
        for points, words in _by_points(item.words):
            yield listed([f"“{plain(word)}”" for word in words]), points
        if item.other is not None:
            yield "anything else", number(item.other)
    elif item.span is not None:
        yield f"{teller.fact(item.fact)}, in {unit(item.unit) or 'points'}", _line(item.span)
    else:
        fact = teller.fact(item.fact)
        yield from ((f"{fact}: {band_words(band, item.unit)}", number(band.points)) for band in item.bands)


def _by_points(words: Sequence[tuple[str, Decimal]]) -> Iterator[tuple[str, list[str]]]:
    found: dict[Decimal, list[str]] = {}
    for word, points in words:
        found.setdefault(points, []).append(word)
    yield from ((number(points), of) for points, of in found.items())


def _line(span: Any) -> str:
    times = "the value" if span.times == 1 else f"{number(span.times)} × the value"
    plus = "" if not span.plus else f" {'+' if span.plus > 0 else '−'} {number(abs(span.plus))}"
    return f"{times}{plus} (value held between {number(span.low)} and {number(span.high)})"


def inline(teller: Teller, tree: Any) -> str:
    """Return a tree on one line, for a cell of a table."""
    lines = [line.strip().removeprefix("- ") for line in teller.lines(tree)]
    depths = [len(line) - len(line.lstrip()) for line in teller.lines(tree)]
    text = lines[0]
    for line, depth, before in zip(lines[1:], depths[1:], depths, strict=False):
        text += f" {line}" if depth > before else f"; {line}"
    return text


def band_words(band: Band, in_unit: str | None) -> str:
    """Return the limits of a band in words."""
    if band.start is None:
        return f"below {amount(band.below or 0, in_unit)}"
    if band.below is None:
        return f"{amount(band.start, in_unit)} or more"
    if band.below - band.start == 1 and in_unit in (None, "a", "{score}"):
        return amount(band.start, in_unit)
    return f"{number(band.start)} to below {amount(band.below, in_unit)}"


def _formula(teller: Teller, score: Score) -> Iterator[str]:
    formula = score.formula
    if formula is None:
        return
    yield "Total = " + formula_sum(score)
    yield ""
    yield from table(
        ["Variable", "Where from", "Held between"],
        (variable_source(teller, one) for one in formula.variables),
    )


def formula_sum(score: Score) -> str:
    """Return a formula as a sum in words; empty where the score has none."""
    formula = score.formula
    if formula is None:
        return ""
    parts = []
    for term in formula.terms:
        factors = [human(formula.variables[place].name).lower() for place in term.of]
        times = [] if abs(term.times) == 1 and factors else [number(abs(term.times))]
        said = " × ".join([*times, *(f"*{plain(one)}*" for one in factors)])
        if term.above is not None:
            limit = human(formula.variables[term.above[0]].name).lower()
            said += f" (only where *{plain(limit)}* is above {number(term.above[1])})"
        parts.append(("− " if term.times < 0 else "+ ") + said)
    return " ".join(parts).removeprefix("+ ")


def variable_source(teller: Teller, one: Any) -> Sequence[str]:
    """Return the name of a variable, where it comes from, and the limits that it is held between."""
    if one.when is not None:
        return plain(human(one.name)), f"1 where: {inline(teller, one.when)}; else 0", ""
    source = teller.fact(one.fact) if one.fact is not None else f"total of {teller.link(one.score, 'score')}"
    shown = unit(one.unit)
    source = _FORMS[one.form].format(f"{source}{f', {shown}' if shown else ''}", number(one.base))
    if one.replaced_when is not None:
        source += f"; {number(one.replaced_by)} where: {inline(teller, one.replaced_when)}"
    ends = [number(end) for end in (one.low, one.high) if end is not None]
    return plain(human(one.name)), source, " and ".join(ends)


def _published(teller: Teller, score: Score) -> Iterator[str]:
    if score.bands:
        yield from table(
            ["Total", "Published band"], ((band_words(one, None), plain(one.name)) for one in score.bands)
        )
    for name, other in score.band_sets.items():
        yield f"Other published bands: {plain(human(name))}{teller.cited(other.cites)}"
        yield ""
        yield from table(["Total", "Band"], ((band_words(one, None), plain(one.name)) for one in other.bands))
