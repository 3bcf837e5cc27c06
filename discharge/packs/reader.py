"""Reads parts of a YAML document into typed values; everything wrong becomes a fault of the document."""

from __future__ import annotations

import types
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from discharge.packs.names import nearest
from discharge.yaml import Document, YamlPath

M = TypeVar("M", bound=BaseModel)


class Reader:
    """Typed access to one document. Each method notes a fault and returns None where the value won't do."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def fault(self, path: YamlPath, what: str, expected: str = "") -> None:
        self.document.faults.append(self.document.fault(path, what, expected))

    def mapping(
        self, value: object, path: YamlPath, allowed: Sequence[str] = (), required: Iterable[str] = ()
    ) -> dict[str, Any] | None:
        """Return a mapping with text keys, all of them in ``allowed`` (any key if that is empty)."""
        if not isinstance(value, dict):
            self.fault(path, f"{_kind(value)} where 'key: value' pairs belong", _keys_hint(allowed))
            return None
        for key in value:
            if allowed and key not in allowed:
                hint = "quote a text that holds a comma" if " " in str(key) else nearest(key, allowed)
                self.fault((*path, str(key)), f"unknown key '{key}'", hint)
            elif not isinstance(key, str):
                self.fault((*path, str(key)), f"the name '{key}' is no text", "names are words in snake_case")
        for key in required:
            if key not in value:
                self.fault(path, f"the key '{key}' is missing")
        return {key: child for key, child in value.items() if isinstance(key, str)}

    def items(self, value: object, path: YamlPath, *, what: str = "entries") -> list[Any]:
        """Return a list that is not empty, or [] after a fault."""
        if not isinstance(value, list):
            self.fault(path, f"{_kind(value)} where a list of {what} belongs")
            return []
        if not value:
            self.fault(path, f"an empty list of {what}")
        return value

    def text(self, value: object, path: YamlPath) -> str | None:
        """Return a text that is not empty."""
        if isinstance(value, str) and value.strip():
            return value
        if value is None or isinstance(value, str):
            self.fault(path, "an empty text")
        else:
            self.fault(path, f"{_kind(value)} where text belongs", _quote_hint(value))
        return None

    def choice(self, value: object, path: YamlPath, names: Sequence[str], *, what: str) -> str | None:
        """Return one of ``names``."""
        if isinstance(value, str) and value in names:
            return value
        self.fault(path, f"no {what} '{value}'", nearest(value, names))
        return None

    def texts(self, value: object, path: YamlPath, *, what: str) -> tuple[str, ...]:
        """Return a list of texts."""
        found = [
            self.text(item, (*path, place)) for place, item in enumerate(self.items(value, path, what=what))
        ]
        return tuple(item for item in found if item is not None)

    def model(self, model: type[M], value: object, path: YamlPath) -> M | None:
        """Return ``value`` as a pydantic model; its errors become faults with path and nearest right name."""
        try:
            return model.model_validate(value)
        except ValidationError as error:
            for problem in error.errors(include_url=False):
                self._model_fault(model, value, path, problem)
            return None

    def _model_fault(self, model: type[BaseModel], value: object, path: YamlPath, problem: Any) -> None:
        place, found = _real_path(value, problem["loc"])
        where = (*path, *place)
        kind: str = problem["type"]
        last = str(problem["loc"][-1]) if problem["loc"] else ""
        if last == "[key]":  # the name itself is wrong, not what stands under it
            found = problem["input"]
        if kind == "extra_forbidden":
            self.fault(where, f"unknown key '{last}'", nearest(last, _fields_at(model, place[:-1])))
        elif kind == "missing":
            self.fault(where, f"the key '{last}' is missing")
        elif kind == "literal_error":
            names = [word.strip("'") for word in problem["ctx"]["expected"].replace(" or ", ", ").split(", ")]
            self.fault(where, f"'{found}' isn't possible here", nearest(found, names))
        elif kind == "string_type":
            self.fault(where, f"{_kind(found)} where text belongs", _quote_hint(found))
        elif kind == "value_error":
            self.fault(where, str(problem["ctx"]["error"]))
        else:
            self.fault(where, f"{_kind(found)} won't do here: {problem['msg']}")


def _real_path(value: object, loc: Sequence[str | int]) -> tuple[YamlPath, object]:
    """Drop the names of union members that pydantic puts between the keys of the document."""
    place: list[str | int] = []
    for part in loc:
        if isinstance(value, dict):
            keys = {str(key): key for key in value}
            if str(part) in keys:
                value = value[keys[str(part)]]
                place.append(str(part))
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
            place.append(part)
    return tuple(place), value


def _fields_at(model: type[BaseModel], place: YamlPath) -> list[str]:
    """Return the keys that the model allows at ``place`` inside it."""
    here: Any = model
    for part in place:
        fields = _model_in(here)
        if fields is not None:
            named = {field.alias or name: field for name, field in fields.model_fields.items()}
            here = named[str(part)].annotation if str(part) in named else None
        else:
            here = _item_type(here)
    found = _model_in(here)
    return [field.alias or name for name, field in found.model_fields.items()] if found is not None else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, types.UnionType):
        return next((found for arm in get_args(annotation) if (found := _model_in(arm)) is not None), None)
    return None


def _item_type(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, types.UnionType):
        arms = [arm for arm in get_args(annotation) if get_origin(arm) in (dict, list)]
        annotation = arms[0] if arms else None
    arguments = get_args(annotation)
    return arguments[-1] if arguments else None


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, dict):
        return "'key: value' pairs"
    if isinstance(value, list):
        return "a list"
    return f"'{value}'"


def _quote_hint(value: object) -> str:
    return "" if isinstance(value, (dict, list, type(None))) else f'quote it: "{value}"'


def _keys_hint(allowed: Sequence[str]) -> str:
    return "keys: " + ", ".join(allowed) if allowed else ""
