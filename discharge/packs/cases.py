"""Reads the cases beside rules. They are run by :mod:`discharge.casetests`."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from discharge.packs.context import FileContext
from discharge.packs.model import Case
from discharge.packs.names import STATUSES, nearest
from discharge.yaml import YamlPath

_KEYS = ("name", "as_of", "given", "expect", "missing")
_EXPECTED = ("concludes", "not_concludes", "applies", "band")
NOT_VALID = "not_valid"  # what is expected of a score that must not be given


def read_cases(context: FileContext, value: object) -> tuple[Case, ...]:
    """Return the cases that could be read; a file without cases is a fault."""
    listed = context.reader.items(value, ("cases",), what="cases")
    found = [_case(context, case, ("cases", place)) for place, case in enumerate(listed)]
    names = [case.name for case in found if case is not None]
    for twice in sorted({name for name in names if names.count(name) > 1}):
        context.reader.fault(("cases",), f"two cases are named '{twice}'")
    return tuple(case for case in found if case is not None)


def _case(context: FileContext, value: object, path: YamlPath) -> Case | None:
    table = context.reader.mapping(value, path, _KEYS, ("name", "as_of", "given", "expect"))
    if table is None or not {"name", "as_of", "given", "expect"} <= set(table):
        return None
    reader = context.reader
    name = reader.text(table["name"], (*path, "name")) or ""
    as_of = _moment(context, table["as_of"], (*path, "as_of"))
    given = reader.mapping(table["given"], (*path, "given")) or {}
    for fact in given:
        context.fact(fact, (*path, "given", fact))
    expect = reader.mapping(table["expect"], (*path, "expect")) or {}
    if not expect:
        reader.fault((*path, "expect"), "nothing is expected")
    for key, wanted in expect.items():
        _expectation(context, key, wanted, (*path, "expect", key))
    missing = reader.texts(table["missing"], (*path, "missing"), what="facts") if "missing" in table else ()
    for place, fact in enumerate(missing):
        context.fact(fact, (*path, "missing", place))
    facts = {fact: plain(one) for fact, one in given.items()}
    return Case(
        name,
        as_of,
        facts,
        {key: plain(one) for key, one in expect.items()},
        missing,
        reader.document.line_of(path),
    )


def _moment(context: FileContext, value: object, path: YamlPath) -> str:
    if isinstance(value, date):
        return value.isoformat()
    try:
        return datetime.fromisoformat(str(value)).isoformat()
    except ValueError:
        context.reader.fault(path, f"'{value}' is no day or moment", "such as 2026-02-10 or 2026-02-10T07:00")
        return "1970-01-01"


def _expectation(context: FileContext, key: str, wanted: Any, path: YamlPath) -> None:
    reader = context.reader
    if key in ("concludes", "not_concludes"):
        for place, name in enumerate(reader.texts(wanted, path, what="conclusions") if wanted != [] else ()):
            context.references.append(((*path, place), "conclusion name", name))
    elif key == "applies" or key in context.criteria:
        reader.choice(wanted, path, STATUSES, what="status")
    elif key == "band":
        _bands(context, wanted, path)
    elif key in context.scores or key.count(".") >= 2:
        context.full(key, path, "score")
        if wanted == NOT_VALID:
            return
        ends = wanted if isinstance(wanted, list) else [wanted, wanted]
        if len(ends) != 2 or not all(isinstance(e, (int, Decimal)) and not isinstance(e, bool) for e in ends):
            reader.fault(path, "a total, [lowest, highest] or not_valid belongs here")
    else:
        reader.fault(
            path, f"no criterion '{key}' in this file", nearest(key, [*context.criteria, *_EXPECTED])
        )


def _bands(context: FileContext, wanted: Any, path: YamlPath) -> None:
    """Check what bands are expected: the name of one, or for each set of bands its name."""
    for name, band in (context.reader.mapping(wanted, path) or {}).items():
        here = (*path, name)
        score = context.read_scores.get(name)
        if context.full(name, here, "score") is None or score is None:
            continue
        possible = {"": [one.name for one in score.bands]}
        possible |= {key: [one.name for one in one_set.bands] for key, one_set in score.band_sets.items()}
        for key, one in (band if isinstance(band, dict) else {"": band}).items():
            if key not in possible:
                context.reader.fault((*here, key), f"no set of bands '{key}'", nearest(key, possible))
            else:
                place = (*here, key) if key else here
                context.reader.choice(one, place, [*possible[key], "unknown"], what="band")


def plain(value: Any) -> Any:
    """Return a YAML value as JSON would have it: days as text, decimals as float."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value
