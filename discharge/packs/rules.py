"""Reads the rules of a file: ``when`` and ``then``."""

from __future__ import annotations

from typing import Any

from discharge.packs.conclusions import KINDS, Clock, DenialRisk, DocumentationGap, Payload, Task
from discharge.packs.context import FileContext
from discharge.packs.model import Conclusion, Rule
from discharge.packs.names import nearest
from discharge.packs.when import read_when
from discharge.yaml import YamlPath

# durable_rules: at most 64 rules may match one fact, the catch-all among them, each alternative counting as a rule;
# and a fact has 255 properties, its id and the catch-all's among them.
MAX_RULES = 63
MAX_PROPERTIES = 253


def read_rules(context: FileContext, value: object) -> tuple[Rule, ...]:
    """Return the rules that could be read."""
    if value is None:
        return ()
    listed = context.reader.items(value, ("rules",), what="rules")
    rules = [_rule(context, rule, ("rules", place), place) for place, rule in enumerate(listed)]
    found = tuple(rule for rule in rules if rule is not None)
    _limits(context, found)
    return found


def _limits(context: FileContext, rules: tuple[Rule, ...]) -> None:
    ways = sum(len(rule.when) for rule in rules)
    if ways > MAX_RULES:
        what = f"{len(rules)} rules with {ways} ways to hold, where the rules engine takes {MAX_RULES} in one file"
        context.reader.fault(("rules",), what, "make two files of it")
    asked = {test.subject for rule in rules for option in rule.when for test in option}
    if len(asked) > MAX_PROPERTIES:
        what = f"the rules look at {len(asked)} statuses, where the rules engine takes {MAX_PROPERTIES} in one file"
        context.reader.fault(("rules",), what, "make two files of it")


def _rule(context: FileContext, value: object, path: YamlPath, index: int) -> Rule | None:
    table = context.reader.mapping(value, path, ("when", "then", "cite"), ("when", "then"))
    if table is None:
        return None
    cites = context.cites(table.get("cite"), (*path, "cite"))
    when = read_when(context, table["when"], (*path, "when")) if "when" in table else None
    then = _then(context, table["then"], (*path, "then")) if "then" in table else ()
    if when is None or not then:
        return None
    return Rule(f"{context.file_id}#{index}", context.file_id, index, when, then, cites)


def _then(context: FileContext, value: Any, path: YamlPath) -> tuple[Conclusion, ...]:
    """Read one mapping of kinds to payloads, or a list of such."""
    if isinstance(value, list):
        parts = [_then(context, part, (*path, place)) for place, part in enumerate(value)]
        return tuple(one for part in parts for one in part)
    table = context.reader.mapping(value, path)
    if table is None:
        return ()
    if not table:
        context.reader.fault(path, "a rule that concludes nothing")
    found = []
    for kind, inner in table.items():
        here = (*path, kind)
        if kind not in KINDS:
            context.reader.fault(here, f"unknown kind of conclusion '{kind}'", nearest(kind, KINDS))
            continue
        payload = context.reader.model(KINDS[kind], inner, here)
        if payload is not None:
            _check_payload(context, payload, here)
            found.append(Conclusion(kind, payload))
    return tuple(found)


def _check_payload(context: FileContext, payload: Payload, path: YamlPath) -> None:
    match payload:
        case DocumentationGap():
            context.fact(payload.ask, (*path, "ask"))
        case DenialRisk():
            context.references.append(((*path, "cause"), "cause", payload.cause))
        case Clock():
            check_clock(context, payload.clock, (*path, "clock"))
        case Task(cite=cite) if cite is not None:
            context.cites(cite, (*path, "cite"))
        case _:
            pass


def check_clock(context: FileContext, name: str, path: YamlPath) -> None:
    """Note a fault where there is no such clock (any name will do while the table of clocks isn't there)."""
    clocks = context.names.clocks
    if clocks is not None and name not in clocks:
        context.reader.fault(path, f"no clock '{name}'", nearest(name, sorted(clocks)))
