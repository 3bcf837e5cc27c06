"""Reads score tables: items with points, and published bands."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

from discharge.packs.context import FileContext
from discharge.packs.criteria import read_tree
from discharge.packs.model import Band, Score, ScoreItem
from discharge.yaml import YamlPath


def read_score(context: FileContext, name: str, value: object, path: YamlPath) -> Score | None:
    """Return the score at ``path``, or None after faults."""
    table = context.reader.mapping(
        value, path, ("title", "cite", "items", "bands"), ("title", "cite", "items")
    )
    if table is None:
        return None
    cites = context.cites(table.get("cite"), (*path, "cite"))
    title = context.reader.text(table.get("title", name), (*path, "title")) or name
    here = (*path, "items")
    listed = context.reader.items(table.get("items"), here, what="score items") if "items" in table else []
    items = [_item(context, item, (*here, place)) for place, item in enumerate(listed)]
    names = [item.name for item in items if item is not None]
    for twice in sorted({item for item in names if names.count(item) > 1}):
        context.reader.fault(here, f"the item '{twice}' stands twice")
    bands = _bands(context, table["bands"], (*path, "bands"), "name") if "bands" in table else ()
    kept = tuple(item for item in items if item is not None)
    return Score(f"{context.file_id}.{name}", name, title, cites, kept, bands)


def _item(context: FileContext, value: object, path: YamlPath) -> ScoreItem | None:
    by_bands = isinstance(value, dict) and "bands" in value
    keys = ("name", "fact", "unit", "bands") if by_bands else ("name", "when", "points")
    item = context.reader.mapping(value, path, keys, keys)
    if item is None or not all(key in item for key in keys):
        return None
    name = context.reader.text(item["name"], (*path, "name")) or ""
    if not by_bands:
        tree = read_tree(context, item["when"], (*path, "when"))
        points = context.number(item["points"], (*path, "points"))
        return ScoreItem(name, when=tree, points=points) if tree is not None and points is not None else None
    fact = context.fact(item["fact"], (*path, "fact"), "number")
    if fact is not None and item["unit"] != fact.unit:
        context.reader.fault(
            (*path, "unit"), f"the unit '{item['unit']}' isn't that of the fact", f"{fact.unit}"
        )
    bands = _bands(context, item["bands"], (*path, "bands"), "points")
    return ScoreItem(name, fact=fact.name, unit=fact.unit, bands=bands) if fact is not None else None


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
