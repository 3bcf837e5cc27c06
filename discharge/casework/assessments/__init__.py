"""Assessments as questionnaires in data: asked in part, resumed, taken back, and charted for the next review.

The questionnaires lie in ``reference/questionnaires``: in own words or of public-domain instruments, in the shape of
FHIR R4. An answer of :data:`UNKNOWN` says that the person was asked and does not know or will not say.
"""

from __future__ import annotations

from discharge.casework.assessments.answers import check_answers, enabled, facts_of
from discharge.casework.assessments.fhir import questionnaire_resource, response_resource
from discharge.casework.assessments.load import load_questionnaires, questionnaire_base, questionnaires
from discharge.casework.assessments.model import UNKNOWN, Item, Known, Questionnaire
from discharge.casework.assessments.standing import AssessmentStanding, charted_answers, standing

__all__ = [
    "UNKNOWN", "AssessmentStanding", "Item", "Known", "Questionnaire", "charted_answers", "check_answers", "enabled",
    "facts_of", "load_questionnaires", "questionnaire_base", "questionnaire_resource", "questionnaires",
    "response_resource", "standing",
]  # fmt: skip
