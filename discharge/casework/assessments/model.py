"""What a questionnaire is made of, in the shape of FHIR R4 Questionnaire; ``fact`` ties an item to the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property
from typing import Literal, TypeAlias

from pydantic import ConfigDict, Field

from discharge.dated import Citation, Strict

ItemType: TypeAlias = Literal[
    "group", "display", "boolean", "decimal", "integer", "date", "dateTime", "string", "text", "choice"
]
Operator: TypeAlias = Literal["exists", "=", "!=", ">", "<", ">=", "<="]
Known: TypeAlias = bool | float | str | list[str]
FactValue: TypeAlias = bool | float | str
Scalar: TypeAlias = bool | int | Decimal | str

UNKNOWN = ("asked-unknown", "asked-declined")
"""Answers that any question takes: asked, and the person does not know or will not say. They chart nothing.

The codes are those of HL7's data-absent-reason.
"""


class Named(Strict):
    """Base of parts whose keys are FHIR's own, in camel case."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, populate_by_name=False, arbitrary_types_allowed=True
    )


class AnswerOption(Named):
    """One answer to choose; ``facts`` are what choosing it says."""

    code: str
    display: str
    facts: dict[str, Scalar] = Field(default_factory=dict)


class EnableWhen(Named):
    """The answer to another question that lets an item be asked."""

    question: str
    operator: Operator
    answer: Scalar


class Item(Named):
    """One question, or a group of them. ``required``: asked for before the questionnaire counts as complete."""

    link_id: str = Field(alias="linkId", pattern=r"^[a-z][a-z0-9_]{0,49}$")
    text: str
    type: ItemType
    required: bool = False
    repeats: bool = False
    answer_option: list[AnswerOption] = Field(default_factory=list, alias="answerOption")
    enable_when: list[EnableWhen] = Field(default_factory=list, alias="enableWhen")
    enable_behavior: Literal["all", "any"] | None = Field(default=None, alias="enableBehavior")
    fact: str | None = None
    unit: str | None = None
    least: int | Decimal | None = None
    most: int | Decimal | None = None
    cite: str | None = None
    item: list[Item] = Field(default_factory=list)

    @property
    def is_question(self) -> bool:
        """Tell whether it takes an answer."""
        return self.type not in ("group", "display")


class Licence(Strict):
    """On which terms the wording may be used."""

    title: str
    note: str | None = None


class Questionnaire(Named):
    """A questionnaire as people write it. ``sensitivity`` usual; sensitive: on no paper unless asked for by name;
    confidential: for a person only, on no paper at all.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    version: str
    purpose: str
    licence: str
    cite: list[str]
    respondents: list[Literal["patient", "caregiver", "family", "staff", "record"]]
    sensitivity: Literal["usual", "sensitive", "confidential"] = "usual"
    for_conditions: list[str] = Field(default_factory=list, description="conditions that call for it")
    for_needs: list[str] = Field(default_factory=list, description="needs that call for it")
    item: list[Item]

    @cached_property
    def flat(self) -> dict[str, Item]:
        """Return every item by linkId, in the order of asking."""
        return {one.link_id: one for one in walk(self.item)}

    @cached_property
    def parents(self) -> dict[str, str]:
        """Return the group of each item that stands in one."""
        return {child.link_id: one.link_id for one in self.flat.values() for child in one.item}

    @property
    def questions(self) -> list[Item]:
        """Return the items that take an answer."""
        return [one for one in self.flat.values() if one.is_question]

    @property
    def facts(self) -> set[str]:
        """Return every fact that an answer may chart."""
        named = {one.fact for one in self.questions if one.fact}
        return named | {
            fact for one in self.questions for option in one.answer_option for fact in option.facts
        }


class QuestionnaireBase(Strict):
    """``base.yaml``: licences and sources that the questionnaires name."""

    title: str
    licences: dict[str, Licence]
    citations: dict[str, Citation]
    answers: dict[str, list[AnswerOption]] = Field(description="lists of answers that items name")


def walk(items: list[Item]) -> Iterator[Item]:
    """Yield items depth first."""
    for one in items:
        yield one
        yield from walk(one.item)
