"""Reads scores: items with points or a formula, and published bands."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any, Literal, cast

from discharge.packs.context import FileContext
from discharge.packs.criteria import read_tree
from discharge.packs.formula import read_formula
from discharge.packs.scoretable import Band, BandSet, Range, Score, ScoreItem, Span
from discharge.packs.tree import Tree
from discharge.yaml import YamlPath

KEYS = (
    "title",
    "version",
    "cite",
    "unit",
    "inputs_only",
    "combine",
    "round",
    "range",
    "valid_when",
    "items",
    "formula",
    "bands",
    "band_sets",
)
_NAME = "name"


def read_score(context: FileContext, name: str, value: object, path: YamlPath) -> Score | None:
    """Return the score at ``path``, or None after faults."""
    reader = context.reader
    by = "formula" if isinstance(value, dict) and "formula" in value else "items"
    table = reader.mapping(value, path, KEYS, ("title", "cite", by))
    if table is None:
        return None
    if by == "formula" and "items" in table:
        reader.fault((*path, "items"), "items beside a formula", "one of the two")
    combine = reader.choice(
        table.get("combine", "sum"), (*path, "combine"), ("sum", "max"), what="way to combine items"
    )
    rounding = table.get("round")
    if rounding is not None:
        reader.choice(rounding, (*path, "round"), ("nearest", "down"), what="way to round")
    score = Score(
        id=f"{context.file_id}.{name}",
        name=name,
        title=reader.text(table.get("title", name), (*path, "title")) or name,
        cites=context.cites(table.get("cite"), (*path, "cite")),
        items=_items(context, table["items"], (*path, "items")) if "items" in table else (),
        bands=_bands(context, table["bands"], (*path, "bands"), "name") if "bands" in table else (),
        version=reader.text(table["version"], (*path, "version")) if "version" in table else None,
        unit=reader.text(table.get("unit", "{score}"), (*path, "unit")) or "{score}",
        inputs_only=_flag(context, table, "inputs_only", path),
        combine="max" if combine == "max" else "sum",
        round=cast(Literal["nearest", "down"] | None, rounding),
        range=_range(context, table["range"], (*path, "range")) if "range" in table else None,
        valid_when=_tree(context, table, "valid_when", path),
        formula=read_formula(context, table["formula"], (*path, "formula")) if by == "formula" else None,
        band_sets=_band_sets(context, table["band_sets"], (*path, "band_sets"))
        if "band_sets" in table
        else {},
    )
    if score.inputs_only and (len(score.items) != 1 or score.items[0].span is None):
        hint = "{name, fact, unit, value: true, min, max}"
        reader.fault((*path, "inputs_only"), "a score of inputs only has one item, of kind value", hint)
    return score


def _flag(context: FileContext, table: dict[str, Any], key: str, path: YamlPath) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        context.reader.fault((*path, key), f"'{value}' where true or false belongs")
    return value is True


def _tree(context: FileContext, table: dict[str, Any], key: str, path: YamlPath) -> Tree | None:
    return read_tree(context, table[key], (*path, key)) if key in table else None


def _range(context: FileContext, value: object, path: YamlPath) -> Range | None:
    table = context.reader.mapping(value, path, ("min", "max", "clamp"), ("min", "max"))
    if table is None or not {"min", "max"} <= set(table):
        return None
    low, high = (context.number(table[key], (*path, key)) for key in ("min", "max"))
    if low is None or high is None:
        return None
    if low >= high:
        context.reader.fault(path, f"an empty range: {low} is not below {high}")
    return Range(low, high, _flag(context, table, "clamp", path))


def _items(context: FileContext, value: object, path: YamlPath) -> tuple[ScoreItem, ...]:
    listed = context.reader.items(value, path, what="score items")
    items = [_item(context, item, (*path, place)) for place, item in enumerate(listed)]
    names = [item.name for item in items if item is not None]
    for twice in sorted({item for item in names if names.count(item) > 1}):
        context.reader.fault(path, f"the item '{twice}' stands twice")
    return tuple(item for item in items if item is not None)


def _item(context: FileContext, value: object, path: YamlPath) -> ScoreItem | None:
    given = value if isinstance(value, dict) else {}
    kind = next((kind for kind in _KINDS if kind in given), "when")
    if kind == "bands" and "when" in given:
        kind = "when"
    wanted, possible, read = _KINDS[kind]
    item = context.reader.mapping(value, path, (_NAME, "only_when", *wanted, *possible), (_NAME, *wanted))
    if item is None or not all(key in item for key in (_NAME, *wanted)):
        return None
    name = context.reader.text(item[_NAME], (*path, _NAME)) or ""
    only_when = _tree(context, item, "only_when", path)
    found = read(context, item, path)
    return None if found is None else ScoreItem(name, only_when=only_when, **found)


def _when_item(context: FileContext, item: dict[str, Any], path: YamlPath) -> dict[str, Any] | None:
    tree = read_tree(context, item["when"], (*path, "when"))
    points = context.number(item["points"], (*path, "points"))
    return {"when": tree, "points": points} if tree is not None and points is not None else None


def _number_fact(context: FileContext, item: dict[str, Any], path: YamlPath) -> dict[str, Any] | None:
    fact = context.fact(item["fact"], (*path, "fact"), "number")
    if fact is not None and item["unit"] != fact.unit:
        context.reader.fault(
            (*path, "unit"), f"the unit '{item['unit']}' isn't that of the fact", f"{fact.unit}"
        )
    return {"fact": fact.name, "unit": fact.unit} if fact is not None else None


def _bands_item(context: FileContext, item: dict[str, Any], path: YamlPath) -> dict[str, Any] | None:
    found = _number_fact(context, item, path)
    bands = _bands(context, item["bands"], (*path, "bands"), "points")
    return None if found is None else {**found, "bands": bands}


def _value_item(context: FileContext, item: dict[str, Any], path: YamlPath) -> dict[str, Any] | None:
    found = _number_fact(context, item, path)
    if item["value"] is not True:
        context.reader.fault((*path, "value"), f"'{item['value']}' where true belongs", "value: true")
    numbers = {
        key: context.number(item[key], (*path, key)) for key in ("min", "max", "times", "plus") if key in item
    }
    low, high = numbers["min"], numbers["max"]
    if found is None or low is None or high is None:
        return None
    if low >= high:
        context.reader.fault(path, f"min {low} is not below max {high}")
    times, plus = numbers.get("times", Decimal(1)), numbers.get("plus", Decimal(0))
    if times is None or plus is None:
        return None
    return {**found, "span": Span(low, high, times, plus)}


def _count_item(context: FileContext, item: dict[str, Any], path: YamlPath) -> dict[str, Any] | None:
    here = (*path, "count")
    listed = context.reader.items(item["count"], here, what="criteria")
    trees = [read_tree(context, tree, (*here, place)) for place, tree in enumerate(listed)]
    bands = _bands(context, item["bands"], (*path, "bands"), "points") if "bands" in item else ()
    if not trees or None in trees:
        return None
    return {"count": tuple(trees), "bands": bands}


def _score_item(context: FileContext, item: dict[str, Any], path: YamlPath) -> dict[str, Any] | None:
    score = context.full(item["score"], (*path, "score"), "score")
    bands = _bands(context, item["bands"], (*path, "bands"), "points") if "bands" in item else ()
    return None if score is None else {"score": score, "bands": bands}


def _mean_item(context: FileContext, item: dict[str, Any], path: YamlPath) -> dict[str, Any] | None:
    here = (*path, "mean_of")
    facts = []
    for place, one in enumerate(context.reader.items(item["mean_of"], here, what="facts")):
        table = context.reader.mapping(one, (*here, place), ("fact",), ("fact",)) or {}
        if "fact" in table:
            facts.append(context.fact(table["fact"], (*here, place, "fact"), "text"))
    words = _words(context, item["points_of"], (*path, "points_of"))
    if not facts or None in facts or words is None:
        return None
    return {"mean_of": tuple(fact.name for fact in facts if fact is not None), **words}


def _word_item(context: FileContext, item: dict[str, Any], path: YamlPath) -> dict[str, Any] | None:
    fact = context.fact(item["fact"], (*path, "fact"), "text")
    words = _words(context, item["points_of"], (*path, "points_of"))
    return {"mean_of": (fact.name,), **words} if fact is not None and words is not None else None


def _words(context: FileContext, value: object, path: YamlPath) -> dict[str, Any] | None:
    table = context.reader.mapping(value, path)
    if not table:
        if table is not None:
            context.reader.fault(path, "no word and its points", '{"06": 4, other: 0}')
        return None
    points = {word: context.number(given, (*path, word)) for word, given in table.items()}
    other = points.pop("other", None)
    kept = tuple((word, number) for word, number in points.items() if number is not None)
    return {"words": kept, "other": other} if kept else None


_Read = Callable[[FileContext, dict[str, Any], YamlPath], dict[str, Any] | None]
_KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...], _Read]] = {  # by its key: keys required, possible
    "count": (("count",), ("bands",), _count_item),
    "score": (("score",), ("bands",), _score_item),
    "mean_of": (("mean_of", "points_of"), (), _mean_item),
    "points_of": (("fact", "points_of"), (), _word_item),
    "value": (("fact", "unit", "value", "min", "max"), ("times", "plus"), _value_item),
    "bands": (("fact", "unit", "bands"), (), _bands_item),
    "when": (("when", "points"), (), _when_item),
}


def _band_sets(context: FileContext, value: object, path: YamlPath) -> dict[str, BandSet]:
    found = {}
    for name, one in (context.reader.mapping(value, path) or {}).items():
        here = (*path, name)
        table = context.reader.mapping(one, here, ("cite", "bands"), ("cite", "bands"))
        if table is not None and "bands" in table:
            cites = context.cites(table.get("cite"), (*here, "cite"))
            found[name] = BandSet(name, cites, _bands(context, table["bands"], (*here, "bands"), "name"))
    return found


def _bands(context: FileContext, value: object, path: YamlPath, gives: str) -> tuple[Band, ...]:
    listed = context.reader.items(value, path, what="bands")
    found = [_band(context, band, (*path, place), gives) for place, band in enumerate(listed)]
    bands = [band for band in found if band is not None]
    ordered = sorted(bands, key=lambda band: (band.start is not None, band.start or Decimal(0)))
    for one, other in pairwise(ordered):
        if one.below is None or other.start is None or one.below > other.start:
            context.reader.fault(
                path, "two bands overlap", "each from (>=) and below (<), apart from the next"
            )
    return tuple(bands)


def _band(context: FileContext, value: Any, path: YamlPath, gives: str) -> Band | None:
    band = context.reader.mapping(value, path, ("from", "below", gives), (gives,))
    if band is None or gives not in band:
        return None
    start, below = (
        context.number(band[key], (*path, key)) if key in band else None for key in ("from", "below")
    )
    if "from" not in band and "below" not in band:
        context.reader.fault(path, "a band without limits", "from (>=) and/or below (<)")
    if start is not None and below is not None and start >= below:
        context.reader.fault(path, "an empty band: from is not below 'below'")
    if gives == "name":
        return Band(start, below, name=context.reader.text(band["name"], (*path, "name")) or "")
    points = context.number(band["points"], (*path, "points"))
    return Band(start, below, points=points) if points is not None else None
