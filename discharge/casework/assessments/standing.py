"""Where each questionnaire of a case stands, and what its answers chart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from discharge.casework.assessments.answers import charted_items, enabled, misfit
from discharge.casework.assessments.load import questionnaires
from discharge.casework.assessments.model import FactValue, Known, Questionnaire
from discharge.casework.state.model import Answers, CaseState, Trace
from discharge.review.model import Review
from discharge.stayview import Result


class AssessmentStanding(Result):
    """Where one questionnaire of a case stands. ``is_called_for``: a condition or need of the review asks for it.

    ``settles`` are facts that the review misses and that questions still open would chart.
    """

    questionnaire: str
    title: str
    version: str
    sensitivity: str
    state: Literal["not_started", "in_progress", "complete"]
    answered: int = Field(description="open questions with an answer")
    open_questions: list[str] = Field(description="linkIds that may be asked and have no answer, in order")
    required_open: list[str] = Field(description="those of them that completing asks for")
    last_answer_at: datetime | None
    respondent: str | None
    is_called_for: bool
    settles: list[str]


def standing(
    state: CaseState, review: Review | None = None, *, only_begun: bool = False
) -> list[AssessmentStanding]:
    """Return where every questionnaire stands: begun ones first, then those called for, then by what they settle."""
    missing = _missing(review)
    found = [
        _one(one, state.assessments.get(one.id), review, missing)
        for one in questionnaires().values()
        if not only_begun or one.id in state.assessments
    ]
    rank = {"in_progress": 0, "not_started": 1, "complete": 2}
    return sorted(
        found, key=lambda one: (rank[one.state], not one.is_called_for, -len(one.settles), one.questionnaire)
    )


def _one(
    questionnaire: Questionnaire, said: Answers | None, review: Review | None, missing: set[str]
) -> AssessmentStanding:
    answers = said.answers if said is not None else {}
    open_ = enabled(questionnaire, answers)
    asked = [item for item in questionnaire.questions if item.link_id in open_]
    unanswered = [item for item in asked if not _is_answered(item.link_id, questionnaire, answers)]
    required = [item.link_id for item in unanswered if item.required]
    charts = {item.fact for item in unanswered if item.fact} | {
        fact for item in unanswered for option in item.answer_option for fact in option.facts
    }
    times = [trace.at for trace in said.answered_at.values()] if said is not None else []
    complete = (
        said is not None and said.is_complete and not required and said.version == questionnaire.version
    )
    begun = bool(answers)
    return AssessmentStanding(
        questionnaire=questionnaire.id,
        title=questionnaire.title,
        version=questionnaire.version,
        sensitivity=questionnaire.sensitivity,
        state="complete" if complete else "in_progress" if begun else "not_started",
        answered=len(asked) - len(unanswered),
        open_questions=[item.link_id for item in unanswered],
        required_open=required,
        last_answer_at=max(times, default=None),
        respondent=said.respondent if said is not None else None,
        is_called_for=_is_called_for(questionnaire, review),
        settles=sorted(charts & missing),
    )


def _is_answered(link_id: str, questionnaire: Questionnaire, answers: dict[str, Known]) -> bool:
    """An answer to an older version that no longer fits counts as none."""
    answer = answers.get(link_id)
    return answer is not None and misfit(questionnaire.flat[link_id], answer) is None


def _is_called_for(questionnaire: Questionnaire, review: Review | None) -> bool:
    if review is None:
        return False
    needs = {one.need for one in review.needs}
    # A condition is named by pack and file: conditions.hiv.
    conditions = {one.id.rpartition(".")[2] for one in review.conditions}
    return bool(conditions & set(questionnaire.for_conditions) or needs & set(questionnaire.for_needs))


def _missing(review: Review | None) -> set[str]:
    """Facts whose absence the review complains of."""
    if review is None:
        return set()
    level = {fact for sets in review.level_of_care.missing.values() for one in sets for fact in one}
    return level | {gap.ask for gap in review.gaps}


def charted_answers(
    state: CaseState, zone: ZoneInfo
) -> Iterator[tuple[str, bool | float | str | datetime, Trace]]:
    """Yield (fact, value, event) for all answers of a case; a bare day is the midnight in ``zone`` that begins it."""
    for name, said in state.assessments.items():
        questionnaire = questionnaires().get(name)
        if questionnaire is None:  # answered under an edition that had it
            continue
        for link_id, fact, value in charted_items(questionnaire, said.answers):
            made = said.answered_at.get(link_id)
            if made is not None:
                yield fact, _typed(questionnaire, link_id, value, zone), made


def _typed(
    questionnaire: Questionnaire, link_id: str, value: FactValue, zone: ZoneInfo
) -> bool | float | str | datetime:
    if questionnaire.flat[link_id].type != "date" or not isinstance(value, str):
        return value
    return datetime.combine(date.fromisoformat(value), time(), tzinfo=zone)
