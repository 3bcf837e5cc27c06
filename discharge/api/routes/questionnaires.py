"""Questionnaires of the assessments, as FHIR R4 Questionnaire."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from discharge.api.auth.principal import Principal, needs
from discharge.api.problems import problems
from discharge.casework.assessments import questionnaire_resource
from discharge.casework.assessments import questionnaires as all_questionnaires
from discharge.errors import NotFoundError

router = APIRouter(tags=["assessments"])
Reader = Annotated[Principal, Depends(needs("rules:read"))]


class QuestionnaireOut(BaseModel):
    """A questionnaire; `GET /v1/questionnaires/{questionnaire}` returns its questions."""

    questionnaire: str = Field(examples=["social_history"])
    title: str
    version: str
    purpose: str
    sensitivity: str
    respondents: list[str]
    questions: int


class QuestionnairesOut(BaseModel):
    """All questionnaires that there are."""

    questionnaires: list[QuestionnaireOut]


@router.get("/questionnaires", responses=problems())
def questionnaires(who: Reader) -> QuestionnairesOut:
    """List the questionnaires."""
    listed = [
        QuestionnaireOut(
            questionnaire=one.id,
            title=one.title,
            version=one.version,
            purpose=one.purpose,
            sensitivity=one.sensitivity,
            respondents=list(one.respondents),
            questions=len(one.questions),
        )
        for one in all_questionnaires().values()
    ]
    return QuestionnairesOut(questionnaires=listed)


@router.get("/questionnaires/{questionnaire}", responses=problems(404))
def questionnaire(
    questionnaire: Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$")], who: Reader
) -> dict[str, Any]:
    """Return a questionnaire as a FHIR R4 Questionnaire resource."""
    found = all_questionnaires().get(questionnaire)
    if found is None:
        raise NotFoundError("there is no such questionnaire; GET /v1/questionnaires lists them")
    return questionnaire_resource(found)
