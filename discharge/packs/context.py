"""What the parts of one rule file share while it is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from discharge.dated import Dated
from discharge.packs.names import FactLike, Vocabulary, nearest
from discharge.packs.reader import Reader
from discharge.packs.scoretable import Score
from discharge.yaml import YamlPath


@dataclass
class FileContext:
    """Names that hold in one file, and what it refers to elsewhere (checked when all files are there)."""

    reader: Reader
    names: Vocabulary
    file_id: str
    criteria: Collection[str] = ()
    scores: Collection[str] = ()
    read_scores: Mapping[str, Score] = field(default_factory=dict)
    parameters: dict[str, Dated] = field(default_factory=dict)
    citations: Collection[str] = ()
    used_citations: set[str] = field(default_factory=set)
    used_parameters: set[str] = field(default_factory=set)
    references: list[tuple[YamlPath, str, str]] = field(default_factory=list)  # path, what, full name

    def fact(self, name: object, path: YamlPath, *types: str) -> FactLike | None:
        """Return the fact ``name``; a fault if there is none, or it has another type than one of ``types``."""
        fact = self.names.facts.get(name) if isinstance(name, str) else None
        if fact is None:
            known = self.names.facts_of_type(*types) if types else self.names.facts
            hint = nearest(name, known) or nearest(name, self.names.facts)
            self.reader.fault(path, f"no fact '{name}' in the catalogue", hint)
        elif types and fact.type not in types:
            wanted = " or ".join(types)
            self.reader.fault(path, f"the fact '{name}' is a {fact.type}, where a {wanted} belongs")
        return fact

    def cites(self, value: object, path: YamlPath, *, required: bool = False) -> tuple[str, ...]:
        """Return citation keys (one, or a list) that the file has."""
        if value is None:
            if required:
                self.reader.fault(path, "a number without citation: the key 'cite' is missing")
            return ()
        keys = value if isinstance(value, list) else [value]
        for key in keys:
            if isinstance(key, str) and key in self.citations:
                self.used_citations.add(key)
            else:
                hint = nearest(key, self.citations) or "add it to citations"
                self.reader.fault(path, f"no citation '{key}' in this file", hint)
        return tuple(key for key in keys if isinstance(key, str))

    def number(self, value: object, path: YamlPath) -> Decimal | None:
        """Return an exact number."""
        if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            return Decimal(value)
        hint = "take the quotes away" if isinstance(value, str) else ""
        self.reader.fault(path, f"'{value}' where a number belongs", hint)
        return None

    def parameter(self, name: object, path: YamlPath, unit: str | None) -> str | None:
        """Return the full name of a parameter of this file; its unit must be ``unit``."""
        if not isinstance(name, str) or name not in self.parameters:
            self.reader.fault(path, f"no parameter '{name}' in this file", nearest(name, self.parameters))
            return None
        self.used_parameters.add(name)
        has = self.parameters[name].unit
        if unit is not None and has != unit:
            self.reader.fault(path, f"the parameter '{name}' is in {has}", f"here the unit is {unit}")
        return f"{self.file_id}.{name}"

    def full(self, name: object, path: YamlPath, what: str) -> str | None:
        """Return the full name of a criterion or score, of this file or (named in full) of another."""
        local = self.criteria if what == "criterion" else self.scores
        if not isinstance(name, str):
            self.reader.fault(path, f"no {what} '{name}'", nearest(name, local))
            return None
        if name in local:
            return f"{self.file_id}.{name}"
        if name.count(".") < 2:
            hint = nearest(name, local) or f"a {what} of another file is named pack.file.name"
            self.reader.fault(path, f"no {what} '{name}' in this file", hint)
            return None
        self.references.append((path, what, name))
        return name


def told(context: FileContext, leaf: dict[str, Any], path: YamlPath) -> dict[str, Any]:
    """Read the keys that every node may have: ``text`` and ``cite``."""
    text = leaf.get("text")
    return {
        "text": context.reader.text(text, (*path, "text")) if text is not None else None,
        "cites": context.cites(leaf.get("cite"), (*path, "cite")),
    }
