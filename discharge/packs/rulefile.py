"""Reads one rule file; everything wrong with it becomes faults, all at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from discharge.dated import Citation, Dated
from discharge.packs.cases import read_cases
from discharge.packs.conclusions import DenialCause
from discharge.packs.context import FileContext
from discharge.packs.course import read_course
from discharge.packs.criteria import read_tree, value_set
from discharge.packs.model import Applies, Criterion, Pack, RuleFile
from discharge.packs.names import PAYER_CLASSES, STAGES, STATUSES, Vocabulary, nearest
from discharge.packs.reader import Reader
from discharge.packs.rules import check_clock, read_rules
from discharge.packs.scores import read_score
from discharge.packs.scoretable import Score
from discharge.packs.tree import ROLES, RoleName
from discharge.yaml import Document, YamlPath

KEYS = (
    "id",
    "title",
    "stage",
    "summary",
    "generic",
    "sensitive",
    "applies_to",
    "by",
    "citations",
    "parameters",
    "scores",
    "criteria",
    "roles",
    "rules",
    "explain",
    "denial_cause",
    "course",
    "cases",
)
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def read_rule_file(
    document: Document, pack: Pack, stem: str, digest: str, names: Vocabulary, *, with_cases: bool = True
) -> tuple[RuleFile | None, FileContext]:
    """Return the file (None where it can't be read at all) and what it refers to in others."""
    reader = Reader(document)
    file_id = f"{pack.id}.{stem}"
    context = FileContext(reader, names, file_id)
    if document.value is None:
        if not document.faults:
            reader.fault((), "the file is empty")
        return None, context
    table = reader.mapping(document.value, (), KEYS, ("id", "title", "stage", "cases"))
    if table is None:
        return None, context
    if "id" in table and table["id"] != file_id:
        reader.fault(("id",), f"the id '{table['id']}' isn't that of the file's place", f"id: {file_id}")
    if not with_cases:
        table = {key: value for key, value in table.items() if key != "cases"}
    file = _assemble(context, table, pack, stem, digest)
    _check_used(context)
    return file, context


def _assemble(context: FileContext, table: dict[str, Any], pack: Pack, stem: str, digest: str) -> RuleFile:
    reader = context.reader
    context.citations = _citations(context, table.get("citations"))
    _parameters(context, table)
    context.scores = _names(context, table, "scores")
    context.criteria = _names(context, table, "criteria")
    stage = reader.choice(table.get("stage", STAGES[0]), ("stage",), STAGES, what="stage") or STAGES[0]
    scores = context.read_scores = _scores(context, table)
    criteria = _criteria(context, table)
    applies = _applies(context, table.get("applies_to"))
    for key in ("generic", "sensitive"):
        if not isinstance(table.get(key, False), bool):
            reader.fault((key,), f"'{table[key]}' where true or false belongs")
    generic = table.get("generic", False)
    return RuleFile(
        id=context.file_id,
        pack=pack.id,
        version=pack.version,
        title=reader.text(table.get("title", stem), ("title",)) or stem,
        stage=stage,
        path=context.reader.document.where,
        digest=digest,
        applies=applies,
        generic=generic is True,
        is_sensitive=table.get("sensitive") is True,
        summary=reader.text(table["summary"], ("summary",)) if "summary" in table else None,
        citations=cast(Mapping[str, Citation], context.citations),
        parameters=context.parameters,
        scores=scores,
        criteria=criteria,
        roles=_roles(context, table, applies.condition is not None or generic is True),
        rules=read_rules(context, table.get("rules")),
        explain=_explain(context, table.get("explain")),
        denial_cause=_denial_cause(context, table, pack, stage),
        course=read_course(context, table.get("course"), applies.condition) if "course" in table else None,
        cases=read_cases(context, table.get("cases")) if "cases" in table else (),
    )


def _names(context: FileContext, table: dict[str, Any], key: str) -> tuple[str, ...]:
    """Return the names defined under ``key``; each must be a plain word."""
    value = table.get(key)
    if value is None:
        if key in table:
            context.reader.fault((key,), f"no {key}")
        return ()
    defined = context.reader.mapping(value, (key,)) or {}
    for name in defined:
        if not _NAME.fullmatch(name):
            context.reader.fault((key, name), f"the name '{name}'", "names are words in snake_case")
    return tuple(defined)


def _citations(context: FileContext, value: object) -> dict[str, Citation]:
    if value is None:
        return {}
    table = context.reader.mapping(value, ("citations",)) or {}
    found = {key: context.reader.model(Citation, one, ("citations", key)) for key, one in table.items()}
    # A citation that is itself faulty still counts as there: one fault, not one per use.
    return {key: one or Citation(title=key, verified=False) for key, one in found.items()}


def _parameters(context: FileContext, table: dict[str, Any]) -> None:
    by = table.get("by")
    if by is not None:
        context.fact(by, ("by",), "time")
    for name in _names(context, table, "parameters"):
        path: YamlPath = ("parameters", name)
        dated = context.reader.model(Dated, table["parameters"][name], path)
        if dated is None:
            continue
        if dated.by is None and isinstance(by, str):
            dated = dated.model_copy(update={"by": by})
        elif dated.by is not None:
            context.fact(dated.by, (*path, "by"), "time")
        if not dated.values:
            context.reader.fault((*path, "values"), "no value at all")
        if dated.unit is None:
            context.reader.fault(path, "a number without unit: the key 'unit' is missing")
        for day, one in dated.values.items():
            here = (*path, "values", str(day))
            context.cites(one.cite, (*here, "cite"), required=one.value is not None)
            if one.value is not None:
                context.number(one.value, (*here, "value"))
        context.parameters[name] = dated


def _scores(context: FileContext, table: dict[str, Any]) -> dict[str, Score]:
    found = {
        name: read_score(context, name, table["scores"][name], ("scores", name)) for name in context.scores
    }
    return {name: score for name, score in found.items() if score is not None}


def _criteria(context: FileContext, table: dict[str, Any]) -> dict[str, Criterion]:
    found: dict[str, Criterion] = {}
    for name in context.criteria:
        if name in context.scores:
            context.reader.fault(("criteria", name), f"'{name}' is a score as well", "give it another name")
        tree = read_tree(context, table["criteria"][name], ("criteria", name))
        if tree is not None:
            found[name] = Criterion(f"{context.file_id}.{name}", name, context.file_id, tree)
    return found


def _applies(context: FileContext, value: object) -> Applies:
    if value is None:
        return Applies()
    path: YamlPath = ("applies_to",)
    table = context.reader.mapping(value, path, ("payer_class", "condition"))
    if not table:
        return Applies()
    classes: tuple[str, ...] | None = None
    if "payer_class" in table:
        classes = context.reader.texts(table["payer_class"], (*path, "payer_class"), what="payer classes")
        for place, name in enumerate(classes):
            here = (*path, "payer_class", place)
            context.reader.choice(name, here, PAYER_CLASSES, what="payer class")
    condition = None
    if "condition" in table:
        here = (*path, "condition")
        inner = context.reader.mapping(table["condition"], here, ("value_set",), ("value_set",)) or {}
        if "value_set" in inner:
            condition = value_set(context, inner["value_set"], (*here, "value_set"))
    return Applies(classes, condition)


def _roles(context: FileContext, table: dict[str, Any], allowed: bool) -> dict[RoleName, str]:
    if "roles" not in table:
        return {}
    if not allowed:
        hint = "add applies_to.condition, or generic: true"
        context.reader.fault(
            ("roles",), "roles in a file that is neither about a condition nor generic", hint
        )
    roles = context.reader.mapping(table["roles"], ("roles",), ROLES) or {}
    found: dict[RoleName, str] = {}
    for role, name in roles.items():
        if name in context.criteria and role in ROLES:
            found[role] = f"{context.file_id}.{name}"
        elif role in ROLES:
            hint = nearest(name, context.criteria)
            context.reader.fault(("roles", role), f"no criterion '{name}' in this file", hint)
    return found


def _explain(context: FileContext, value: object) -> dict[str, str]:
    if value is None:
        return {}
    table = context.reader.mapping(value, ("explain",), STATUSES) or {}
    found = {}
    for status, sentence in table.items():
        path: YamlPath = ("explain", status)
        text = context.reader.text(sentence, path)
        for name in _PLACEHOLDER.findall(text or ""):
            if name in context.parameters:
                context.used_parameters.add(name)
            elif name != "missing" and name not in context.scores:
                context.fact(name, path)
        found[status] = text or ""
    return found


def _denial_cause(context: FileContext, table: dict[str, Any], pack: Pack, stage: str) -> DenialCause | None:
    if "denial_cause" not in table:
        return None
    path: YamlPath = ("denial_cause",)
    if pack.id != "denials" or stage != "denial":
        context.reader.fault(path, "a denial cause belongs in pack 'denials', stage 'denial'")
    if "cause" not in context.criteria:
        context.reader.fault(path, "the criterion 'cause' is missing: met when the danger is there")
    cause = context.reader.model(DenialCause, table["denial_cause"], path)
    if cause is None:
        return None
    for name, likelihood in cause.likelihood.items():
        here = (*path, "likelihood", name)
        context.reader.choice(name, here, ("any", *PAYER_CLASSES), what="payer class")
        context.cites(likelihood.cite, (*here, "cite"))
    context.cites(cause.when_unknown.cite, (*path, "when_unknown", "cite"))
    if cause.deadline is not None:
        here = (*path, "deadline")
        context.cites(cause.deadline.cite, (*here, "cite"))
        if cause.deadline.start is not None:
            context.fact(cause.deadline.start, (*here, "from"), "time")
        if cause.deadline.clock is not None:
            check_clock(context, cause.deadline.clock, (*here, "clock"))
    return cause


def _check_used(context: FileContext) -> None:
    for key in context.citations:
        if key not in context.used_citations:
            context.reader.fault(("citations", key), f"the citation '{key}' is never used")
    for name in context.parameters:
        if name not in context.used_parameters:
            context.reader.fault(("parameters", name), f"the parameter '{name}' is never used")
