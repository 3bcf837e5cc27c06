"""Reads formulas: a sum of products of variables, each held between limits so that every total is bounded."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from discharge.packs.context import FileContext
from discharge.packs.criteria import read_tree
from discharge.packs.names import nearest
from discharge.packs.scoretable import Formula, Term, Variable
from discharge.packs.tree import Tree
from discharge.yaml import YamlPath

MOST_VARIABLES = 10  # bounds are looked for at every corner of the missing ones

_Form = Literal["value", "ln", "minus_from"]


def read_formula(context: FileContext, value: object, path: YamlPath) -> Formula | None:
    """Return the formula at ``path``, or None after faults."""
    table = context.reader.mapping(value, path, ("variables", "terms"), ("variables", "terms"))
    if table is None or not {"variables", "terms"} <= set(table):
        return None
    here = (*path, "variables")
    named = context.reader.mapping(table["variables"], here) or {}
    if len(named) > MOST_VARIABLES:
        context.reader.fault(here, f"{len(named)} variables", f"at most {MOST_VARIABLES}")
    variables = [_variable(context, name, one, (*here, name)) for name, one in named.items()]
    names = list(named)
    listed = context.reader.items(table["terms"], (*path, "terms"), what="terms")
    terms = [_term(context, one, (*path, "terms", place), names) for place, one in enumerate(listed)]
    for place, name in enumerate(names):
        if not any(term and (place in term.of or (term.above or (-1,))[0] == place) for term in terms):
            context.reader.fault((*here, name), f"no term uses the variable '{name}'")
    if not variables or None in variables or None in terms:
        return None
    return Formula(tuple(one for one in variables if one), tuple(one for one in terms if one))


def _variable(context: FileContext, name: str, value: object, path: YamlPath) -> Variable | None:
    given = value if isinstance(value, dict) else {}
    if "when" in given:
        table = context.reader.mapping(value, path, ("when",)) or {}
        tree = read_tree(context, table["when"], (*path, "when"))
        return Variable(name, when=tree) if tree is not None else None
    by_score = "score" in given
    wanted = ("score",) if by_score else ("fact", "unit", "min", "max")
    possible = ("of", "replaced_when", *(("min", "max") if by_score else ()))
    table = context.reader.mapping(value, path, (*wanted, *possible), wanted) or {}
    if not all(key in table for key in wanted):
        return None
    low, high = (context.number(table[key], (*path, key)) if key in table else None for key in ("min", "max"))
    form, base = _form(context, table.get("of", "value"), (*path, "of"))
    if form == "ln" and (low is None or low <= 0):
        context.reader.fault((*path, "min"), "a logarithm needs a min above 0")
        return None
    if low is not None and high is not None and low >= high:
        context.reader.fault(path, f"min {low} is not below max {high}")
    replaced_when, replaced_by = _replaced(context, table.get("replaced_when"), (*path, "replaced_when"))
    source = _source(context, table, path, by_score=by_score)
    if source is None or form is None or (not by_score and (low is None or high is None)):
        return None
    return Variable(
        name,
        **source,
        low=low,
        high=high,
        form=form,
        base=base,
        replaced_when=replaced_when,
        replaced_by=replaced_by,
    )


def _source(
    context: FileContext, table: dict[str, Any], path: YamlPath, *, by_score: bool
) -> dict[str, Any] | None:
    if by_score:
        score = context.full(table["score"], (*path, "score"), "score")
        return None if score is None else {"score": score}
    fact = context.fact(table["fact"], (*path, "fact"), "number")
    if fact is not None and table["unit"] != fact.unit:
        context.reader.fault(
            (*path, "unit"), f"the unit '{table['unit']}' isn't that of the fact", f"{fact.unit}"
        )
    return None if fact is None else {"fact": fact.name, "unit": fact.unit}


def _form(context: FileContext, value: object, path: YamlPath) -> tuple[_Form | None, Decimal]:
    if value == "ln":
        return "ln", Decimal(0)
    if value == "value":
        return "value", Decimal(0)
    if isinstance(value, dict):
        table = context.reader.mapping(value, path, ("minus_from",), ("minus_from",)) or {}
        base = context.number(table.get("minus_from"), (*path, "minus_from"))
        return (None, Decimal(0)) if base is None else ("minus_from", base)
    context.reader.fault(path, f"'{value}' isn't possible here", "ln, value or {minus_from: 137}")
    return None, Decimal(0)


def _replaced(context: FileContext, value: object, path: YamlPath) -> tuple[Tree | None, Decimal]:
    nothing = None, Decimal(0)
    if value is None:
        return nothing
    table = context.reader.mapping(value, path, ("when", "value"), ("when", "value"))
    if table is None or not {"when", "value"} <= set(table):
        return nothing
    tree = read_tree(context, table["when"], (*path, "when"))
    number = context.number(table["value"], (*path, "value"))
    return nothing if number is None else (tree, number)


def _term(context: FileContext, value: object, path: YamlPath, names: list[str]) -> Term | None:
    table = context.reader.mapping(value, path, ("times", "of", "only_above"), ("times",))
    if table is None or "times" not in table:
        return None
    times = context.number(table["times"], (*path, "times"))
    listed = context.reader.texts(table["of"], (*path, "of"), what="variables") if "of" in table else ()
    places = [_place(context, name, (*path, "of", turn), names) for turn, name in enumerate(listed)]
    above = None
    if "only_above" in table:
        above = _above(context, table["only_above"], (*path, "only_above"), names)
        if above is None:
            return None
    if times is None or None in places:
        return None
    return Term(times, tuple(place for place in places if place is not None), above)


def _above(
    context: FileContext, value: object, path: YamlPath, names: list[str]
) -> tuple[int, Decimal] | None:
    table = context.reader.mapping(value, path, ("variable", "value"), ("variable", "value"))
    if table is None or not {"variable", "value"} <= set(table):
        return None
    place = _place(context, table["variable"], (*path, "variable"), names)
    number = context.number(table["value"], (*path, "value"))
    return None if place is None or number is None else (place, number)


def _place(context: FileContext, name: object, path: YamlPath, names: list[str]) -> int | None:
    if isinstance(name, str) and name in names:
        return names.index(name)
    context.reader.fault(path, f"no variable '{name}' in this formula", nearest(name, names))
    return None
