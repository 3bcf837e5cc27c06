"""What people said of a case on Today, and the forms that say more: questions, notes, first level, passing it on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from discharge.api.pages.case.criteria import ABOUT
from discharge.api.pages.case.file import CaseFile
from discharge.api.pages.case.header import base, colleagues
from discharge.api.pages.case.support import answered_after_review
from discharge.api.pages.forms import YES_NO, Entry, Form, form
from discharge.api.pages.words import words
from discharge.casework.events import Clinician
from discharge.casework.state.model import FirstLevel, Note, Question, Referral
from discharge.facts import catalogue
from discharge.worklist.steps import Step

_NOTES_SHOWN = 5
_ESCALATE_TO = (
    ("case_manager", "Case manager"),
    ("physician_advisor", "Physician advisor"),
    ("supervisor", "Supervisor"),
)
_LONGEST_LINE = 200


@dataclass(frozen=True)
class Answered:
    """What an answer says of a fact."""

    title: str
    value: str


@dataclass(frozen=True)
class QuestionSeen:
    """A question to the physician; ``form`` records the answer to an open one."""

    id: str
    question: Question
    facts: tuple[str, ...]
    said: tuple[Answered, ...]
    is_late: bool
    is_new: bool
    form: Form | None


@dataclass(frozen=True)
class NoteSeen:
    """A note, and what it is about in words (None: the case)."""

    note: Note
    about: str | None
    path: str | None


@dataclass(frozen=True)
class Said:
    """What the page prints of it. ``comments`` counts those on criteria since the last first-level review."""

    questions: tuple[QuestionSeen, ...]
    open_questions: int
    notes: tuple[NoteSeen, ...]
    older_notes: tuple[NoteSeen, ...]
    note_form: Form | None
    first_level: FirstLevel | None
    first_levels: int
    comments: int
    first_level_form: Form | None
    referrals: tuple[Referral, ...]
    advisor_why: str | None
    advisor_form: Form | None
    escalate_form: Form | None
    hand_over_form: Form | None


def said_of(file: CaseFile, steps: Sequence[Step], titles: dict[str, str]) -> Said:
    """Return what was said; ``titles`` are those of the review's criteria."""
    state = file.state
    questions = tuple(_questions(file))
    notes = [
        _note(file, one, titles) for one in sorted(state.notes, key=lambda one: one.made.at, reverse=True)
    ]
    comments = _comments(file, titles)
    suggested = next((one for one in file.work.queue if one.referral_id is None), None)
    return Said(
        questions=questions,
        open_questions=sum(one.question.answered is None for one in questions),
        notes=tuple(notes[:_NOTES_SHOWN]),
        older_notes=tuple(notes[_NOTES_SHOWN:]),
        note_form=_form(file, "note_added", "#notes", id="note"),
        first_level=max(state.first_level, key=lambda one: one.made.at, default=None),
        first_levels=len(state.first_level),
        comments=len(comments),
        first_level_form=_first_level(file, comments),
        referrals=tuple(sorted(state.referrals.values(), key=lambda one: one.asked.at, reverse=True)),
        advisor_why=suggested.question if suggested is not None else None,
        advisor_form=_form(
            file,
            "advisor_referred",
            "#level-one",
            id="refer",
            values={"question": suggested.question, "reason": suggested.reason} if suggested else None,
        ),
        escalate_form=_form(file, "escalated", "#pass-on", id="escalate", choices={"to_role": _ESCALATE_TO}),
        hand_over_form=_hand_over(file, steps),
    )


def _form(file: CaseFile, kind: str, part: str, **more: Any) -> Form | None:
    if not file.may_write:
        return None
    return form(kind, f"{base(file)}/record", back=base(file) + part, version=file.version, **more)


# --- questions to the physician ---------------------------------------------------------------------------------


def _questions(file: CaseFile) -> Iterator[QuestionSeen]:
    """Yield open questions first, then the answered ones, the last first."""
    reviewed_at = file.state.reviews[-1].made.recorded_at if file.state.reviews else None
    ordered = sorted(
        file.state.physician_questions.items(),
        key=lambda pair: (pair[1].answered is not None, -pair[1].asked.at.timestamp()),
    )
    for number, (question_id, one) in enumerate(ordered, 1):
        yield QuestionSeen(
            id=f"question-{number}",
            question=one,
            facts=tuple(_title(fact) for fact in one.asks),
            said=tuple(Answered(_title(fact), _value(value)) for fact, value in one.facts.items()),
            is_late=one.answered is None and one.due_at is not None and one.due_at < file.now,
            is_new=answered_after_review(one, reviewed_at),
            form=_answer(file, number, question_id, one) if one.answered is None else None,
        )


def _title(fact: str) -> str:
    return catalogue()[fact].title if fact in catalogue() else words(fact.rpartition(".")[2])


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return {"true": "yes", "false": "no"}.get(str(value), words(str(value)))


def _answer(file: CaseFile, number: int, question_id: str, question: Question) -> Form | None:
    """The form of the answer, with an entry for each fact asked for that can be charted as yes, no or a number."""
    known = Clinician(name=question.to) if question.to else None
    made = _form(
        file,
        "physician_answered",
        f"#question-{number}",
        values={"question_id": question_id, "answered_by": known},
        hide=("question_id", "facts"),
        id=f"answer-{number}",
    )
    if made is None:
        return None
    return replace(made, entries=(*made.entries, *_fact_entries(question)))


def _fact_entries(question: Question) -> Iterator[Entry]:
    for name in question.asks:
        fact = catalogue().get(name)
        if fact is None or not fact.is_assessable:
            continue
        if fact.type == "flag":
            hint = "Counts as charted in the next review. Leave it open if the answer does not say."
            yield Entry(f"facts.{name}", fact.title, "choice", hint, options=YES_NO)
        elif fact.type == "number":
            unit = f" ({fact.unit})" if fact.unit and fact.unit not in ("1", "{score}") else ""
            yield Entry(f"facts.{name}", fact.title + unit, "number", "Counts as charted in the next review.")


# --- notes and levels -------------------------------------------------------------------------------------------


def _note(file: CaseFile, note: Note, titles: dict[str, str]) -> NoteSeen:
    if note.about is None:
        return NoteSeen(note, None, None)
    if note.about.startswith(ABOUT):
        name = note.about.removeprefix(ABOUT)
        return NoteSeen(note, titles.get(name, words(name.rpartition(".")[2])), None)
    return NoteSeen(note, words(note.about.rpartition(":")[2]), None)


def _comments(file: CaseFile, titles: dict[str, str]) -> dict[str, str]:
    """Return what was said of each criterion since the last first-level review."""
    since: datetime | None = max((one.made.recorded_at for one in file.state.first_level), default=None)
    found: dict[str, list[str]] = {}
    for one in file.state.notes:
        name = (one.about or "").removeprefix(ABOUT)
        is_comment = one.about is not None and one.about.startswith(ABOUT) and name in titles
        if is_comment and (since is None or one.made.recorded_at > since):
            found.setdefault(name, []).append(one.text)
    return {name: "\n".join(texts)[:4000] for name, texts in found.items()}


def _first_level(file: CaseFile, comments: dict[str, str]) -> Form | None:
    if file.review is None or file.digest is None:
        return None
    made = _form(
        file,
        "first_level_reviewed",
        "#level-one",
        values={"review_type": file.review.review_type, "review_digest": file.digest},
        hide=("review_digest", "criteria"),
        id="first-level",
    )
    if made is None:
        return None
    more = (Entry(f"criteria.{name}", "", "hidden", value=text) for name, text in comments.items())
    return replace(made, entries=(*made.entries, *more))


def _hand_over(file: CaseFile, steps: Sequence[Step]) -> Form | None:
    me, holder = file.who.account.id, file.state.assignee
    if not file.may_write or (holder not in (None, me) and not file.who.may("assign:write")):
        return None
    gone = {holder} if holder is not None else {me}
    pressing = [one.text[:_LONGEST_LINE] for one in steps if one.urgency in ("now", "today")]
    return _form(
        file,
        "handed_over",
        "#pass-on",
        id="hand-over-form",
        choices={"to": [one for one in colleagues(file) if one[0] not in gone]},
        values={"open_items": pressing},
    )
