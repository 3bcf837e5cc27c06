"""Writes the twelve rules as ELM, the JSON that CQL is translated to, for cql-execution.

CQL's `and`, `or`, `not` and comparisons are three-valued, so the trees go over as they stand. Membership is written as
`p = 'a' or p = 'b'` (CQL's `in` says false of a null), and `at least 2 of` as the or of all pairs, over definitions
that are evaluated once per patient: counting in CQL drops nulls.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

from trees import Leaf, Tree

TYPES = "{urn:hl7-org:elm-types:r1}"
MODEL = "https://github.com/cqframework/cql-execution/simple"
COMPARE = {"<": "Less", "<=": "LessOrEqual", ">": "Greater", ">=": "GreaterOrEqual"}

Elm = dict[str, Any]


def library(rules: dict[str, Tree]) -> Elm:
    """Return an ELM library that defines each rule in the context of a patient."""
    patient = definition("Patient", {"type": "SingletonFrom", "operand": retrieve()})
    defined: list[Elm] = []
    for name, tree in rules.items():
        defined.append(definition(name, translate(tree, defined)))
    return {
        "library": {
            "identifier": {"id": "AdmissionRules", "version": "1.0.0"},
            "schemaIdentifier": {"id": "urn:hl7-org:elm", "version": "r1"},
            "usings": {
                "def": [
                    {"localIdentifier": "System", "uri": "urn:hl7-org:elm-types:r1"},
                    {"localIdentifier": "Simple", "uri": MODEL},
                ]
            },
            "statements": {"def": [patient, *defined]},
        }
    }


def definition(name: str, expression: Elm) -> Elm:
    return {"name": name, "context": "Patient", "accessLevel": "Public", "expression": expression}


def retrieve() -> Elm:
    return {"type": "Retrieve", "dataType": f"{{{MODEL}}}Patient"}


def translate(tree: Tree, defined: list[Elm]) -> Elm:
    """Translate a tree; what `at_least` counts becomes definitions of its own, added to ``defined``."""
    if isinstance(tree, Leaf):
        return question(tree)
    children = [translate(child, defined) for child in tree.of]
    if tree.word == "not":
        return {"type": "Not", "operand": children[0]}
    if tree.word != "at_least":
        return joined("And" if tree.word == "all" else "Or", children)
    references = []
    for child in children:
        name = f"part {len(defined)}"
        defined.append(definition(name, child))
        references.append({"type": "ExpressionRef", "name": name})
    return joined("Or", [joined("And", list(some)) for some in combinations(references, tree.count)])


def joined(word: str, parts: list[Elm]) -> Elm:
    """Join with binary And or Or, as ELM has them."""
    whole = parts[0]
    for part in parts[1:]:
        whole = {"type": word, "operand": [whole, part]}
    return whole


def question(leaf: Leaf) -> Elm:
    """Translate one question about a property of the patient."""
    asked: Elm = {
        "type": "Property",
        "path": leaf.fact,
        "source": {"type": "ExpressionRef", "name": "Patient"},
    }
    if leaf.op == "is":
        return asked if leaf.value is True else {"type": "Not", "operand": asked}
    if isinstance(leaf.value, tuple):
        return joined("Or", [compared("Equal", asked, "String", word) for word in leaf.value])
    return compared(COMPARE[leaf.op], asked, "Decimal", str(float(leaf.value)))


def compared(word: str, asked: Elm, kind: str, value: str) -> Elm:
    return {
        "type": word,
        "operand": [asked, {"type": "Literal", "valueType": f"{TYPES}{kind}", "value": value}],
    }
