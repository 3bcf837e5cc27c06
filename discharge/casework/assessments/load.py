"""Reads questionnaires strictly: everything wrong in all files comes at once, with file, line and path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from discharge import yaml
from discharge.casework.assessments.model import (
    UNKNOWN,
    EnableWhen,
    Item,
    Questionnaire,
    QuestionnaireBase,
    Scalar,
)
from discharge.errors import FaultsError
from discharge.facts import Fact, catalogue
from discharge.packs.names import nearest
from discharge.packs.reader import Reader
from discharge.resources import reference_files
from discharge.yaml import YamlPath

_FACT_TYPES: Mapping[str, tuple[str, ...]] = {
    "boolean": ("flag",),
    "integer": ("number",),
    "decimal": ("number",),
    "date": ("time",),
    "dateTime": ("time",),
    "string": ("text",),
    "text": ("text",),
    "choice": ("text",),
}
_ORDERED = ("integer", "decimal", "date", "dateTime")


@cache
def questionnaire_base() -> QuestionnaireBase:
    """Return the licences and sources that the shipped questionnaires name."""
    path = reference_files("questionnaires")[0]
    value = yaml.load(path.read_bytes(), where="reference/questionnaires/base.yaml")
    return QuestionnaireBase.model_validate(value)


@cache
def questionnaires() -> Mapping[str, Questionnaire]:
    """Return the shipped questionnaires by id, in the order of their files.

    Raises:
        FaultsError: one is malformed (a defect of the installation).
    """
    return load_questionnaires(reference_files("questionnaires")[1:], questionnaire_base())


def load_questionnaires(paths: Sequence[Path], base: QuestionnaireBase) -> dict[str, Questionnaire]:
    """Read the questionnaires of ``paths``.

    Raises:
        FaultsError: everything wrong in all of them.
    """
    found: dict[str, Questionnaire] = {}
    faults = []
    for path in paths:
        document = yaml.read_file(path, where=f"reference/questionnaires/{path.name}")
        reader = Reader(document)
        is_readable = not document.faults
        whole = _with_lists(reader, document.value, base, ())
        one = reader.model(Questionnaire, whole, ()) if is_readable else None
        if one is not None:
            _Check(reader, one, base).run()
            if one.id != path.stem:
                reader.fault(("id",), f"the id '{one.id}' is not the file's name", path.stem)
            found[one.id] = one
        faults += document.faults
    if faults:
        raise FaultsError(faults)
    return found


def _with_lists(reader: Reader, value: object, base: QuestionnaireBase, path: YamlPath) -> object:
    """Return ``value`` with the answers written out where an item names a list of them."""
    if isinstance(value, list):
        return [_with_lists(reader, one, base, (*path, place)) for place, one in enumerate(value)]
    if not isinstance(value, dict):
        return value
    made = {key: _with_lists(reader, one, base, (*path, str(key))) for key, one in value.items()}
    if "answerList" in made:
        name = made.pop("answerList")
        if isinstance(name, str) and name in base.answers and "answerOption" not in made:
            made["answerOption"] = [one.model_dump() for one in base.answers[name]]
        else:
            what = f"no list of answers '{name}', or answers written out beside it"
            reader.fault((*path, "answerList"), what, nearest(name, base.answers))
    return made


class _Check:
    """What types alone can't tell: names that must exist, and answers that must fit."""

    def __init__(self, reader: Reader, one: Questionnaire, base: QuestionnaireBase) -> None:
        self._reader, self._one, self._base = reader, one, base
        self._places: dict[str, YamlPath] = {}
        self._order: dict[str, int] = {}
        self._facts: dict[str, str] = {}

    def run(self) -> None:
        one, fault = self._one, self._reader.fault
        if one.licence not in self._base.licences:
            fault(("licence",), f"no licence '{one.licence}'", nearest(one.licence, self._base.licences))
        self._cited(one.cite, ("cite",))
        if not one.item:
            fault(("item",), "a questionnaire without questions")
        for item, path in _placed(one.item, ("item",)):
            if item.link_id in self._places:
                fault((*path, "linkId"), f"the linkId '{item.link_id}' stands twice", "one for each item")
                continue
            self._places[item.link_id] = path
            self._order[item.link_id] = len(self._order)
        for item, path in _placed(one.item, ("item",)):
            self._item(item, path)

    def _cited(self, names: Sequence[str], path: YamlPath) -> None:
        for name in names:
            if name not in self._base.citations:
                self._reader.fault(path, f"no citation '{name}'", nearest(name, self._base.citations))

    def _item(self, item: Item, path: YamlPath) -> None:
        fault = self._reader.fault
        if item.cite is not None:
            self._cited([item.cite], (*path, "cite"))
        if item.type == "group" and not item.item:
            fault(path, "a group without items")
        if item.type != "group" and item.item:
            fault((*path, "item"), f"a {item.type} with items under it", "only a group has items")
        if not item.is_question and (item.required or item.repeats or item.fact):
            fault(path, f"a {item.type} takes no answer", "drop required, repeats and fact")
        if (item.type == "choice") != bool(item.answer_option):
            fault(path, "a choice has answers to choose from, and nothing else has", "answerOption")
        if item.repeats and item.type != "choice":
            fault((*path, "repeats"), "only a choice can be answered several times")
        if (item.least is not None or item.most is not None) and item.type not in ("integer", "decimal"):
            fault(path, "least and most belong to numbers")
        self._options(item, path)
        if item.fact is not None:
            self._fact(item, item.fact, (*path, "fact"))
        if item.enable_behavior is None and len(item.enable_when) > 1:
            fault(
                path, "several conditions, and no word on how they go together", "enableBehavior: all or any"
            )
        for place, when in enumerate(item.enable_when):
            self._when(item, when, (*path, "enableWhen", place))

    def _options(self, item: Item, path: YamlPath) -> None:
        seen: set[str] = set()
        mine: set[str] = set()
        for place, option in enumerate(item.answer_option):
            where = (*path, "answerOption", place)
            if option.code in seen or option.code in UNKNOWN:
                self._reader.fault(where, f"the answer '{option.code}' stands twice")
            seen.add(option.code)
            for name, value in option.facts.items():
                self._option_fact(name, value, (*where, "facts", name))
                mine.add(name)
        for name in sorted(mine):
            self._once(name, item, path)

    def _option_fact(self, name: str, value: Scalar, path: YamlPath) -> None:
        fact = self._known(name, path)
        if fact is None:
            return
        fits = {"flag": isinstance(value, bool), "text": isinstance(value, str)}
        number = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
        if not fits.get(fact.type, number if fact.type == "number" else False):
            self._reader.fault(path, f"{value!r} is no {fact.type}", f"{name} is a {fact.type}")

    def _fact(self, item: Item, name: str, path: YamlPath) -> None:
        self._once(name, item, path)
        fact = self._known(name, path)
        if fact is None:
            return
        if fact.type not in _FACT_TYPES.get(item.type, ()):
            self._reader.fault(path, f"a {item.type} can't chart {name}, which is a {fact.type}")
        if fact.type == "number" and item.unit != fact.unit:
            self._reader.fault(path, f"the unit '{item.unit}' is not that of {name}", f"unit: {fact.unit}")
        if item.repeats:
            self._reader.fault(
                path, "a question with several answers can't chart one fact", "facts of options"
            )

    def _known(self, name: str, path: YamlPath) -> Fact | None:
        fact = catalogue().get(name)
        if fact is None:
            self._reader.fault(path, f"no fact '{name}'", nearest(name, catalogue()))
        elif not fact.is_assessable:
            self._reader.fault(path, f"{name} is worked out and can't be charted directly")
            return None
        return fact

    def _once(self, name: str, item: Item, path: YamlPath) -> None:
        first = self._facts.setdefault(name, item.link_id)
        if first != item.link_id:
            self._reader.fault(path, f"{name} is also charted by '{first}'", "one question for each fact")

    def _when(self, item: Item, when: EnableWhen, path: YamlPath) -> None:
        other = self._one.flat.get(when.question)
        if other is None:
            hint = nearest(when.question, self._one.flat)
            self._reader.fault((*path, "question"), f"no item '{when.question}'", hint)
            return
        if self._order[when.question] >= self._order[item.link_id]:
            self._reader.fault(
                (*path, "question"), f"'{when.question}' is asked later", "an earlier question"
            )
        if not other.is_question:
            self._reader.fault((*path, "question"), f"'{when.question}' takes no answer")
        elif not _fits(when, other):
            what = f"'{when.operator} {when.answer}' can't be asked of a {other.type}"
            self._reader.fault((*path, "answer"), what, _wanted(when, other))


def _fits(when: EnableWhen, other: Item) -> bool:
    if when.operator == "exists":
        return isinstance(when.answer, bool)
    if when.operator not in ("=", "!=") and other.type not in _ORDERED:
        return False
    if other.type == "choice":
        return when.answer in [option.code for option in other.answer_option]
    if other.type == "boolean":
        return isinstance(when.answer, bool)
    if other.type in ("integer", "decimal"):
        return isinstance(when.answer, (int, Decimal)) and not isinstance(when.answer, bool)
    return isinstance(when.answer, str)


def _wanted(when: EnableWhen, other: Item) -> str:
    if other.type == "choice":
        return nearest(when.answer, [option.code for option in other.answer_option])
    return "true or false" if other.type == "boolean" or when.operator == "exists" else "a value of its type"


def _placed(items: Sequence[Item], path: YamlPath) -> Iterator[tuple[Item, YamlPath]]:
    for place, one in enumerate(items):
        where: tuple[Any, ...] = (*path, place)
        yield one, where
        yield from _placed(one.item, (*where, "item"))
