"""Questionnaires and answers as FHIR R4 resources (https://hl7.org/fhir/R4/questionnaire.html)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from discharge.casework.assessments.answers import enabled, is_unknown
from discharge.casework.assessments.load import questionnaire_base
from discharge.casework.assessments.model import EnableWhen, Item, Known, Questionnaire

_URL = "urn:discharge:questionnaire:"
_CODES = "urn:discharge:questionnaire-answer"
_FACT = "urn:discharge:fact"
_UNIT = "http://hl7.org/fhir/StructureDefinition/questionnaire-unit"
_LEAST = "http://hl7.org/fhir/StructureDefinition/minValue"
_MOST = "http://hl7.org/fhir/StructureDefinition/maxValue"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_LABEL = {
    "usual": ("N", "normal"),
    "sensitive": ("R", "restricted"),
    "confidential": ("V", "very restricted"),
}
_VALUE = {
    "boolean": "Boolean",
    "decimal": "Decimal",
    "integer": "Integer",
    "date": "Date",
    "dateTime": "DateTime",
    "string": "String",
    "text": "String",
    "choice": "Coding",
}


def canonical_url(questionnaire: Questionnaire) -> str:
    """Return the canonical address of a questionnaire with its version."""
    return f"{_URL}{questionnaire.id}|{questionnaire.version}"


def questionnaire_resource(questionnaire: Questionnaire) -> dict[str, Any]:
    """Return a questionnaire as a FHIR R4 Questionnaire, ready for JSON."""
    licence = questionnaire_base().licences[questionnaire.licence]
    return {
        "resourceType": "Questionnaire",
        "id": questionnaire.id.replace("_", "-"),
        "meta": {"security": [_label(questionnaire)]},
        "url": f"{_URL}{questionnaire.id}",
        "version": questionnaire.version,
        "name": "".join(word.capitalize() for word in questionnaire.id.split("_")),
        "title": questionnaire.title,
        "status": "active",
        "subjectType": ["Patient"],
        "purpose": questionnaire.purpose,
        "copyright": licence.title + (f" {licence.note}" if licence.note else ""),
        "item": [_item(one, questionnaire) for one in questionnaire.item],
    }


def _label(questionnaire: Questionnaire) -> dict[str, str]:
    code, display = _LABEL[questionnaire.sensitivity]
    return {"system": _CONFIDENTIALITY, "code": code, "display": display}


def _item(item: Item, whole: Questionnaire) -> dict[str, Any]:
    made: dict[str, Any] = {}
    extension = _extensions(item)
    if extension:
        made["extension"] = extension
    made |= {"linkId": item.link_id, "text": item.text, "type": item.type}
    if item.enable_when:
        made["enableWhen"] = [_when(when, whole) for when in item.enable_when]
        if len(item.enable_when) > 1:
            made["enableBehavior"] = item.enable_behavior
    if item.is_question:
        made["required"] = item.required
        made["repeats"] = item.repeats
    if item.answer_option:
        made["answerOption"] = [
            {"valueCoding": {"system": _CODES, "code": one.code, "display": one.display}}
            for one in item.answer_option
        ]
    if item.item:
        made["item"] = [_item(one, whole) for one in item.item]
    return made


def _extensions(item: Item) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if item.fact:
        found.append({"url": _FACT, "valueString": item.fact})
    if item.unit:
        coding = {"system": "http://unitsofmeasure.org", "code": item.unit}
        found.append({"url": _UNIT, "valueCoding": coding})
    kind = "valueInteger" if item.type == "integer" else "valueDecimal"
    for url, bound in ((_LEAST, item.least), (_MOST, item.most)):
        if bound is not None:
            found.append({"url": url, kind: int(bound) if item.type == "integer" else float(bound)})
    return found


def _when(when: EnableWhen, whole: Questionnaire) -> dict[str, Any]:
    other = whole.flat[when.question]
    if when.operator == "exists":
        answer: dict[str, Any] = {"answerBoolean": when.answer}
    elif other.type == "choice":
        answer = {"answerCoding": {"system": _CODES, "code": when.answer}}
    else:
        value = float(when.answer) if isinstance(when.answer, Decimal) else when.answer
        answer = {f"answer{_VALUE[other.type]}": value}
    return {"question": when.question, "operator": when.operator, **answer}


def response_resource(
    questionnaire: Questionnaire,
    answers: Mapping[str, Known],
    *,
    patient_id: str | None,
    encounter_id: str | None,
    authored: datetime | None,
    is_complete: bool,
) -> dict[str, Any]:
    """Return answers as a FHIR R4 QuestionnaireResponse; an answer to a question that is closed is left out."""
    open_ = enabled(questionnaire, answers)
    made: dict[str, Any] = {
        "resourceType": "QuestionnaireResponse",
        "meta": {"security": [_label(questionnaire)]},
        "questionnaire": canonical_url(questionnaire),
        "status": "completed" if is_complete else "in-progress",
    }
    if patient_id is not None:
        made["subject"] = {"reference": f"Patient/{patient_id}"}
    if encounter_id is not None:
        made["encounter"] = {"reference": f"Encounter/{encounter_id}"}
    if authored is not None:
        made["authored"] = authored.isoformat()
    items = _answered(questionnaire.item, answers, open_)
    if items:
        made["item"] = items
    return made


def _answered(items: Sequence[Item], answers: Mapping[str, Known], open_: set[str]) -> list[dict[str, Any]]:
    found = []
    for item in items:
        if item.link_id not in open_:
            continue
        made: dict[str, Any] = {"linkId": item.link_id, "text": item.text}
        answer = answers.get(item.link_id)
        if item.is_question and answer is not None:
            several = answer if isinstance(answer, list) else [answer]
            made["answer"] = [_value(item, one) for one in several]
        inner = _answered(item.item, answers, open_)
        if inner:
            made["item"] = inner
        if "answer" in made or inner:
            found.append(made)
    return found


def _value(item: Item, answer: bool | float | str) -> dict[str, Any]:
    if is_unknown(answer):
        absent = {"extension": [{"url": _ABSENT, "valueCode": answer}]}
        if item.type == "choice":
            return {"valueCoding": absent}
        return {f"_value{_VALUE[item.type]}": absent}
    if item.type == "choice":
        display = next(one.display for one in item.answer_option if one.code == answer)
        return {"valueCoding": {"system": _CODES, "code": answer, "display": display}}
    return {f"value{_VALUE[item.type]}": int(answer) if item.type == "integer" else answer}
