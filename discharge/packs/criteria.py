"""Reads criterion trees, checking names, types and units against the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from discharge.packs.context import FileContext, told
from discharge.packs.names import nearest
from discharge.packs.tree import (
    OPS,
    ROLES,
    All,
    AnyOf,
    AtLeast,
    ConditionsApplyLeaf,
    CriterionLeaf,
    ElapsedLeaf,
    FlagLeaf,
    KnownLeaf,
    Not,
    NumberLeaf,
    Op,
    OtherLeaf,
    RoleLeaf,
    ScoreLeaf,
    SetLeaf,
    TextLeaf,
    Threshold,
    Tree,
)
from discharge.yaml import YamlPath

_SHAPES = (
    "all",
    "any",
    "not",
    "at_least",
    "known",
    "elapsed",
    "score",
    "criterion",
    "role",
    "conditions_apply",
    "fact",
)


def read_tree(context: FileContext, value: object, path: YamlPath) -> Tree | None:
    """Return the tree at ``path``, or None after faults."""
    node = context.reader.mapping(value, path)
    if node is None:
        return None
    shapes = [shape for shape in _SHAPES if shape in node]
    if len(shapes) != 1:
        if shapes:
            context.reader.fault(path, "more than one question in one place: " + ", ".join(shapes))
        else:
            first = next(iter(node), "")
            hint = nearest(first, _SHAPES) or "one of: " + ", ".join(_SHAPES)
            context.reader.fault(path, f"neither a node nor a leaf: '{first}'", hint)
        return None
    return _READ[shapes[0]](context, node, path)


def _keys(context: FileContext, node: dict[str, Any], path: YamlPath, *allowed: str) -> None:
    context.reader.mapping(node, path, (*allowed, "text", "cite"))


def _children(context: FileContext, value: object, path: YamlPath) -> tuple[Tree, ...] | None:
    listed = context.reader.items(value, path, what="criteria")
    trees = [read_tree(context, child, (*path, place)) for place, child in enumerate(listed)]
    return tuple(tree for tree in trees if tree is not None) if trees and None not in trees else None


def _all_or_any(context: FileContext, node: dict[str, Any], path: YamlPath) -> Tree | None:
    key = "all" if "all" in node else "any"
    _keys(context, node, path, key)
    children = _children(context, node[key], (*path, key))
    if children is None:
        return None
    return (All if key == "all" else AnyOf)(children, **told(context, node, path))


def _not(context: FileContext, node: dict[str, Any], path: YamlPath) -> Tree | None:
    _keys(context, node, path, "not")
    child = read_tree(context, node["not"], (*path, "not"))
    return Not((child,), **told(context, node, path)) if child is not None else None


def _at_least(context: FileContext, node: dict[str, Any], path: YamlPath) -> Tree | None:
    _keys(context, node, path, "at_least", "of")
    children = _children(context, node.get("of"), (*path, "of"))
    count = node["at_least"]
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        context.reader.fault((*path, "at_least"), f"'{count}' where a count from 1 belongs")
        return None
    if children is not None and count > len(children):
        context.reader.fault((*path, "at_least"), f"at least {count} of only {len(children)}")
        return None
    return AtLeast(children, count, **told(context, node, path)) if children is not None else None


def _threshold(
    context: FileContext, node: dict[str, Any], path: YamlPath, unit: str | None
) -> Threshold | None:
    """Read op and value/unit/cite or parameter; ``unit`` is the only right one (None if not known)."""
    op = context.reader.choice(node.get("op"), (*path, "op"), OPS, what="operator")
    if "parameter" in node:
        parameter = context.parameter(node["parameter"], (*path, "parameter"), unit)
        for key in ("value", "unit"):
            if key in node:
                context.reader.fault((*path, key), f"'{key}' beside a parameter", "the parameter carries it")
        if op is None or parameter is None:
            return None
        return Threshold(cast(Op, op), unit or "", parameter=parameter)
    if "value" not in node:
        context.reader.fault(path, "the key 'value' (or 'parameter') is missing")
        return None
    value = context.number(node["value"], (*path, "value"))
    if "unit" not in node:
        context.reader.fault(
            path, "a number without unit: the key 'unit' is missing", f"unit: {unit}" if unit else ""
        )
    elif unit is not None and node["unit"] != unit:
        context.reader.fault((*path, "unit"), f"the unit '{node['unit']}' isn't that of the fact", f"{unit}")
    if node.get("cite") is None:
        context.cites(None, path, required=True)
    return Threshold(cast(Op, op), unit or "", value=value) if op is not None and value is not None else None


def _fact(context: FileContext, node: dict[str, Any], path: YamlPath) -> Tree | None:
    if "in_value_set" in node:
        return _in_value_set(context, node, path)
    fact = context.fact(node["fact"], (*path, "fact"))
    kind = fact.type if fact is not None else _probable_type(node)
    if kind == "flag":
        return _flag(context, node, path)
    if kind == "text":
        return _text(context, node, path)
    if kind in ("time", "codes"):
        right = "known or elapsed" if kind == "time" else "known or in_value_set"
        context.reader.fault(path, f"the fact '{node['fact']}' is a {kind}", f"ask with {right}")
        return None
    if "other" in node:
        return _other(context, node, path)
    _keys(context, node, path, "fact", "op", "value", "unit", "parameter", "other")
    threshold = _threshold(context, node, path, fact.unit if fact is not None else None)
    if fact is None or threshold is None:
        return None
    return NumberLeaf(fact.name, threshold, **told(context, node, path))


def _probable_type(node: dict[str, Any]) -> str:
    """Guess the type of a fact that isn't known from what is asked of it, so that one slip gives one fault."""
    if "is" in node:
        return "flag"
    return "text" if isinstance(node.get("value"), (str, list)) else "number"


def _other(context: FileContext, node: dict[str, Any], path: YamlPath) -> Tree | None:
    _keys(context, node, path, "fact", "op", "other")
    op = context.reader.choice(node.get("op"), (*path, "op"), OPS, what="operator")
    fact = context.fact(node["fact"], (*path, "fact"), "number")
    other = context.fact(node["other"], (*path, "other"), "number")
    if fact is None or other is None or op is None:
        return None
    if fact.unit != other.unit:
        context.reader.fault(
            (*path, "other"), f"'{other.name}' is in {other.unit}, '{fact.name}' in {fact.unit}"
        )
    return OtherLeaf(fact.name, cast(Op, op), other.name, **told(context, node, path))


def _flag(context: FileContext, node: dict[str, Any], path: YamlPath) -> Tree | None:
    if "op" in node and "is" not in node:
        context.reader.fault(path, f"the fact '{node['fact']}' is a flag", "ask with is: true or is: false")
        return None
    _keys(context, node, path, "fact", "is")
    wanted = node.get("is")
    if not isinstance(wanted, bool):
        context.reader.fault(
            (*path, "is"), f"'{wanted}' where true or false belongs", "is: true or is: false"
        )
        return None
    return FlagLeaf(node["fact"], wanted, **told(context, node, path))


def _text(context: FileContext, node: dict[str, Any], path: YamlPath) -> Tree | None:
    _keys(context, node, path, "fact", "op", "value")
    op, value = node.get("op"), node.get("value")
    if context.reader.choice(op, (*path, "op"), ("==", "!=", "in"), what="operator for text") is None:
        return None
    if op == "in":
        values = context.reader.texts(value, (*path, "value"), what="texts")
    else:
        one = context.reader.text(value, (*path, "value"))
        values = (one,) if one is not None else ()
    leaf = TextLeaf(node["fact"], tuple(sorted(values)), op == "!=", **told(context, node, path))
    return leaf if values else None


def _in_value_set(context: FileContext, node: dict[str, Any], path: YamlPath) -> Tree | None:
    _keys(context, node, path, "fact", "in_value_set")
    fact = context.fact(node["fact"], (*path, "fact"), "codes", "text")
    name = value_set(context, node["in_value_set"], (*path, "in_value_set"))
    if fact is None or name is None:
        return None
    return SetLeaf(fact.name, name, **told(context, node, path))


def value_set(context: FileContext, name: object, path: YamlPath) -> str | None:
    """Return the name of a value set that exists."""
    if isinstance(name, str) and name in context.names.value_sets:
        return name
    context.reader.fault(path, f"no value set '{name}'", nearest(name, context.names.value_sets))
    return None


def _known(context: FileContext, node: dict[str, Any], path: YamlPath) -> Tree | None:
    _keys(context, node, path, "known")
    fact = context.fact(node["known"], (*path, "known"))
    return KnownLeaf(fact.name, **told(context, node, path)) if fact is not None else None


def _elapsed(context: FileContext, node: dict[str, Any], path: YamlPath) -> Tree | None:
    _keys(context, node, path, "elapsed", "op", "value", "unit", "parameter")
    here = (*path, "elapsed")
    span = context.reader.mapping(node["elapsed"], here, ("from", "to"), ("from", "to"))
    if span is None or "from" not in span or "to" not in span:
        return None
    start = context.fact(span["from"], (*here, "from"), "time")
    end = span["to"]
    if end != "t":
        found = context.fact(end, (*here, "to"), "time")
        end = found.name if found is not None else None
    unit = node.get("unit")
    if "parameter" in node:
        parameter = context.parameters.get(str(node["parameter"]))
        unit = parameter.unit if parameter is not None else "h"
    if unit not in ("h", "d"):
        context.reader.fault((*path, "unit"), f"the unit '{unit}' of elapsed time", "h or d")
        return None
    threshold = _threshold(context, node, path, str(unit))
    if start is None or end is None or threshold is None:
        return None
    return ElapsedLeaf(start.name, end, threshold, **told(context, node, path))


def _score(context: FileContext, node: dict[str, Any], path: YamlPath) -> Tree | None:
    _keys(context, node, path, "score", "op", "value", "unit", "parameter")
    name = context.full(node["score"], (*path, "score"), "score")
    threshold = _threshold(context, node, path, "{score}")
    if name is None or threshold is None:
        return None
    return ScoreLeaf(name, threshold, **told(context, node, path))


def _criterion(context: FileContext, node: dict[str, Any], path: YamlPath) -> Tree | None:
    _keys(context, node, path, "criterion")
    name = context.full(node["criterion"], (*path, "criterion"), "criterion")
    return CriterionLeaf(name, **told(context, node, path)) if name is not None else None


def _role(context: FileContext, node: dict[str, Any], path: YamlPath) -> Tree | None:
    _keys(context, node, path, "role", "combine")
    role = context.reader.choice(node["role"], (*path, "role"), ROLES, what="role")
    combine = context.reader.choice(
        node.get("combine"), (*path, "combine"), ("any", "all"), what="way to combine"
    )
    if role is None or combine is None:
        return None
    return RoleLeaf(role, combine, **told(context, node, path))  # type: ignore[arg-type]


def _conditions_apply(context: FileContext, node: dict[str, Any], path: YamlPath) -> Tree | None:
    _keys(context, node, path, "conditions_apply")
    if node["conditions_apply"] is not True:
        context.reader.fault(
            (*path, "conditions_apply"), "only true is possible", "{not: {conditions_apply: true}}"
        )
        return None
    return ConditionsApplyLeaf(**told(context, node, path))


_READ: dict[str, Callable[[FileContext, dict[str, Any], YamlPath], Tree | None]] = {
    "all": _all_or_any,
    "any": _all_or_any,
    "not": _not,
    "at_least": _at_least,
    "known": _known,
    "elapsed": _elapsed,
    "score": _score,
    "criterion": _criterion,
    "role": _role,
    "conditions_apply": _conditions_apply,
    "fact": _fact,
}
