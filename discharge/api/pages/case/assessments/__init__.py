"""Assessments: which questionnaires are called for, and each question by question, saved in part and taken up again."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from discharge.api.bodies import CaseId
from discharge.api.pages.case.assessments.given import changed_answers
from discharge.api.pages.case.assessments.questions import ASIDES, Question, questions
from discharge.api.pages.case.file import CaseFile, OurCase
from discharge.api.pages.case.record import Refused, Writer, write
from discharge.api.pages.case.shell import case_page
from discharge.api.pages.frame import is_htmx, shown
from discharge.api.pages.sent import last, local, sent_form
from discharge.api.state import OurDesk
from discharge.casework.accounts.rights import permission_to_write
from discharge.casework.assessments import (
    AssessmentStanding,
    Questionnaire,
    check_answers,
    questionnaire_base,
    questionnaires,
    standing,
)
from discharge.casework.events.planning import AssessmentAnswered
from discharge.errors import Fault, NotFoundError
from discharge.facts import catalogue

router = APIRouter(include_in_schema=False)
FORM = "assess"
Named = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
RESPONDENTS = {
    "patient": "Patient",
    "caregiver": "Caregiver",
    "family": "Family",
    "staff": "Staff: seen or known by us",
    "record": "Record: read from papers",
}
SENSITIVITY = {
    "usual": "",
    "sensitive": "Sensitive: its name stands in no list of tasks.",
    "confidential": "For a person only: it stands on no paper and in no list of tasks.",
}


@dataclass(frozen=True)
class Line:
    """A questionnaire in the list."""

    standing: AssessmentStanding
    path: str
    purpose: str
    total: int
    by: str | None
    settles: tuple[str, ...]
    private: str


@dataclass(frozen=True)
class Lines:
    """Questionnaires that belong together."""

    id: str
    title: str
    says: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class AssessmentsPage:
    """The list; groups without a line are left out."""

    groups: tuple[Lines, ...]
    has_review: bool


@dataclass(frozen=True)
class AssessmentPage:
    """One questionnaire. ``has_faults`` is of the form; ``respondents`` are (value, label)."""

    questionnaire: Questionnaire
    standing: AssessmentStanding
    private: str
    licence: str
    sources: tuple[str, ...]
    questions: tuple[Question, ...]
    asides: tuple[tuple[str, str], ...]
    respondents: tuple[tuple[str, str], ...]
    respondent: str
    respondent_words: str
    last_by: str | None
    settles: tuple[str, ...]
    action: str
    list_path: str
    version: int
    key: str


@dataclass(frozen=True)
class RefusedAnswers(Refused):
    """Faults of answers, each by the words of its question."""

    questionnaire: Questionnaire

    @property
    def by_entry(self) -> list[tuple[str, str, Fault]]:
        """Return each fault with id and words of its question."""
        found = []
        for one in self.faults:
            link_id = one.where.removeprefix("$.answers.")
            item = self.questionnaire.flat.get(link_id)
            if item is not None:
                found.append((f"{FORM}-answers-{link_id}", item.text, one))
            elif one.where == "$.respondent":
                found.append((f"{FORM}-respondent", "Who answered", one))
            else:
                found.append(("", "", one))
        return found


@router.get("/cases/{case_id}/assessments", name="page_assessments")
def assessments(file: OurCase) -> Response:
    """List the questionnaires: those called for, those partly answered, and the others."""
    found = [_line(file, one) for one in standing(file.state, file.review)]
    page = AssessmentsPage(tuple(one for one in _grouped(found) if one.lines), file.review is not None)
    return case_page(file, "assessments", "assessments.html", page, styles=("plan.css",))


def _line(file: CaseFile, one: AssessmentStanding) -> Line:
    whole = questionnaires()[one.questionnaire]
    return Line(
        standing=one,
        path=file.path(f"assessments/{one.questionnaire}"),
        purpose=whole.purpose,
        total=one.answered + len(one.open_questions),
        by=_last_by(file, one.questionnaire),
        settles=_titles(one.settles),
        private=SENSITIVITY[whole.sensitivity],
    )


def _last_by(file: CaseFile, name: str) -> str | None:
    said = file.state.assessments.get(name)
    last_one = (
        max(said.answered_at.values(), key=lambda one: one.at, default=None) if said is not None else None
    )
    return last_one.by if last_one is not None else None


def _titles(facts: Sequence[str]) -> tuple[str, ...]:
    known = catalogue()
    return tuple(known[name].title if name in known else name for name in facts)


def _grouped(found: Sequence[Line]) -> tuple[Lines, ...]:
    begun = tuple(one for one in found if one.standing.state == "in_progress")
    rest = [one for one in found if one.standing.state == "not_started"]
    due = tuple(one for one in rest if one.standing.is_called_for)
    helps = tuple(one for one in rest if not one.standing.is_called_for and one.settles)
    others = tuple(one for one in rest if not one.standing.is_called_for and not one.settles)
    done = tuple(one for one in found if one.standing.state == "complete")
    return (
        Lines(
            "begun", "Partly answered", "Begun and not complete: take them up where they were left.", begun
        ),
        Lines("due", "Called for", "A condition or a need of this patient asks for them.", due),
        Lines(
            "helps",
            "Would settle what the review misses",
            "Their answers chart facts that are unknown.",
            helps,
        ),
        Lines("others", "Others", "Nothing in the review asks for them.", others),
        Lines("done", "Complete", "Can be opened and changed: an answer goes into the next review.", done),
    )


@router.get("/cases/{case_id}/assessments/{questionnaire}", name="page_assessment")
def assessment(file: OurCase, questionnaire: Named) -> Response:
    """Show a questionnaire with what was answered, by whom and when."""
    whole = _whole(questionnaire)
    said = file.state.assessments.get(whole.id)
    stands = next(one for one in standing(file.state, file.review) if one.questionnaire == whole.id)
    base = questionnaire_base()
    page = AssessmentPage(
        questionnaire=whole,
        standing=stands,
        private=SENSITIVITY[whole.sensitivity],
        licence=base.licences[whole.licence].title,
        sources=tuple(base.citations[name].title for name in whole.cite),
        questions=questions(file, whole, stands.settles),
        asides=ASIDES,
        respondents=tuple((one, RESPONDENTS[one]) for one in whole.respondents),
        respondent=said.respondent if said is not None and said.respondent in whole.respondents else "",
        respondent_words=RESPONDENTS.get(said.respondent, said.respondent) if said is not None else "",
        last_by=_last_by(file, whole.id),
        settles=_titles(stands.settles),
        action=f"/cases/{file.case_id}/assessments/{whole.id}",
        list_path=f"/cases/{file.case_id}/assessments",
        version=file.version,
        key=uuid.uuid4().hex,
    )
    return case_page(file, "assessments", "assessment.html", page, styles=("plan.css",), scripts=("plan.js",))


def _whole(name: str) -> Questionnaire:
    found = questionnaires().get(name)
    if found is None:
        raise NotFoundError("no questionnaire of this name")
    return found


@router.post("/cases/{case_id}/assessments/{questionnaire}", name="page_assess")
def assess(case_id: CaseId, questionnaire: Named, request: Request, desk: OurDesk, who: Writer) -> Response:
    """Save answers, all or a part; or say at each question what is wrong."""
    whole, sent = _whole(questionnaire), sent_form(request)
    who.require(permission_to_write("assessment_answered"))
    state = desk.casework.case(case_id).state
    said = state.assessments.get(whole.id)
    known = said.answers if said is not None else {}
    answers, faults = changed_answers(whole, sent, known, desk.settings.zone)
    is_complete = last(sent, "is_complete") == "true"
    respondent = last(sent, "respondent")
    if respondent not in whole.respondents:
        faults.insert(0, Fault("$.respondent", "not said", "who gave the answers"))
    if not answers and not faults and not is_complete:
        faults.append(Fault("$", "no answer was changed", "answer at least one question"))
    faults += (
        check_answers(
            whole, last(sent, "questionnaire_version"), answers, is_complete=is_complete, earlier=known
        )
        if not faults or answers
        else []
    )
    if faults:
        page = RefusedAnswers(
            FORM, "assessment_answered", _once(faults), (), None, local(last(sent, "back"), "/"), whole
        )
        template = "_refused.html" if is_htmx(request) else "refused.html"
        return shown(request, who, template, page, title="Nothing was recorded yet", status=422)
    payload = AssessmentAnswered.model_validate(
        {
            "questionnaire": whole.id,
            "version": whole.version,
            "answers": answers,
            "respondent": respondent,
            "is_complete": is_complete,
        }
    )
    return write(request, desk, who, case_id, payload)


def _once(faults: Sequence[Fault]) -> list[Fault]:
    """The first fault of each place: one that can't be read is no missing one besides."""
    found: dict[str, Fault] = {}
    for one in faults:
        found.setdefault(re.sub(r"^\$\.answers$", "$", one.where), one)
    return list(found.values())
