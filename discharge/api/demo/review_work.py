"""Utilization review of the demonstration's day: notices, first and second level, questions to physicians."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from discharge.api.demo.acts import Act, Day, Staff, Stay
from discharge.api.demo.staff import ATTENDINGS, SECOND_ADVISOR
from discharge.casework.events import Clinician, Payload
from discharge.casework.events.record import (
    Assigned,
    Escalated,
    HandedOver,
    NoteAdded,
    TaskAdded,
    TaskSettled,
)
from discharge.casework.events.utilization import (
    AdvisorDecided,
    AdvisorReferred,
    FirstLevelReviewed,
    NoticeDelivered,
    PhysicianAnswered,
    PhysicianAsked,
    PractitionerConsulted,
)
from discharge.casework.work.advisor import DecisionName, ReferralReason, queue_items, referral_due
from discharge.review.model import Gap

_IN_SCOPE = {"admission": "admission", "concurrent": "continued_stay"}
_RATIONALE = {
    "approved": "The record as a whole supports inpatient care: risk on arrival and treatment are documented.",
    "more_information": "Please ask the attending for the expected course, and why care can't be given elsewhere.",
    "status_change_advised": "The treatment could have been given under observation; talk to the attending today.",
    "not_necessary": "The attending agrees: hospital care was not needed for the treatment that was given.",
}


def assignments(stays: Sequence[Stay], staff: Staff, day: Day) -> Iterator[Act]:
    """The supervisor gives each stay to the manager of its unit."""
    for stay in stays:
        says = Assigned(assignee=stay.manager.id, reason="By unit", basis="rule")
        yield Act(day.at(7, 20), stay.case_id, staff.supervisor, (says,))


def notices(stays: Sequence[Stay], day: Day) -> Iterator[Act]:
    """Two of three patients who are owed the Important Message get it on the morning round."""
    owed = [one for one in stays if any(clock.clock_id == "IM-1" for clock in one.review.clocks)]
    for place, stay in enumerate(owed):
        if place % 3 == 2:
            continue
        note = "Declined to sign. Explained again at the bedside with the charge nurse as witness; copy left."
        says = NoticeDelivered(
            clock_id="IM-1",
            recipient="representative" if place % 5 == 4 else "patient",
            is_signed=place % 10 != 3,
            refusal_note=note if place % 10 == 3 else None,
        )
        yield Act(day.at(9, 3 * place), stay.case_id, stay.manager, (says,))


def first_level(stays: Sequence[Stay], staff: Staff, day: Day) -> Iterator[Act]:
    """Stays that meet the criteria are approved, those that ought to be referred are; some are left for later."""
    approved = referred = 0
    for stay in stays:
        kind = stay.review.review_type
        found = getattr(stay.review.level_of_care, _IN_SCOPE[kind])
        when = day.at(7, 40 + 2 * stay.number)
        reason = referral_due(stay.state, stay.review, day.at(8))
        if reason is not None:
            if referred % 4 != 3:
                yield from _referred(stay, staff, day, when, referred, reason)
            referred += 1
        elif found == "met":
            if approved % 10 < 7:
                says = FirstLevelReviewed(outcome="approved", review_type=kind, review_digest=stay.digest)
                yield Act(when, stay.case_id, stay.manager, (says,))
            approved += 1


def _referred(
    stay: Stay, staff: Staff, day: Day, when: datetime, place: int, reason: ReferralReason
) -> Iterator[Act]:
    question = queue_items(stay.state, stay.review, when)[0].question
    kind = stay.review.review_type
    says = (
        FirstLevelReviewed(outcome="referred", review_type=kind, review_digest=stay.digest),
        AdvisorReferred(
            referral_id="r-1", question=question, reason=reason, due_at=day.at(11, days=day.to_opening)
        ),
    )
    yield Act(when, stay.case_id, stay.manager, says)
    decision: tuple[DecisionName | None, ...] = (
        "approved",
        None,
        "status_change_advised",
        None,
        "more_information",
        None,
        "not_necessary",
        None,
    )
    yield from _decided(stay, staff, day.at(13, 10 * place), decision[place % 8])


def _decided(stay: Stay, staff: Staff, when: datetime, decision: DecisionName | None) -> Iterator[Act]:
    if decision is None:
        return
    physician = Clinician(name=staff.advisor.name, credentials=staff.advisor.credentials)
    if decision == "not_necessary":
        asked = PractitionerConsulted(
            referral_id="r-1",
            practitioner=_attending(stay),
            view="agrees",
            note="Agrees that the care could have been given outside the hospital.",
        )
        yield Act(when, stay.case_id, staff.advisor, (asked,))
    says = AdvisorDecided(
        referral_id="r-1",
        decision=decision,
        physician=physician,
        second_physician=SECOND_ADVISOR if decision == "not_necessary" else None,
        rationale=_RATIONALE[decision],
    )
    yield Act(when.replace(second=30), stay.case_id, staff.advisor, (says,))


def questions(stays: Sequence[Stay], day: Day) -> Iterator[Act]:
    """Questions that the reviews draft for the physician are asked; more than half are answered by the evening."""
    place, opening = 0, day.to_opening
    for stay in stays:
        gaps = [one for one in stay.review.gaps if one.of == "physician"][:2]
        for number, gap in enumerate(gaps, 1):
            when = day.at(8, 15 + 3 * place)
            who = _attending(stay)
            says = PhysicianAsked(
                question_id=f"q-{number}",
                to=f"{who.name}, {who.credentials}",
                question=gap.question,
                asks=(gap.ask,),
                due_at=day.at(12, days=opening) if place % 3 else day.at(15),
            )
            yield Act(when, stay.case_id, stay.manager, (says,))
            if place % 12 not in (1, 4, 5, 7, 9):
                yield Act(
                    day.at(11, 5 * place),
                    stay.case_id,
                    stay.manager,
                    (_answer(gap, f"q-{number}", who, stay),),
                )
            place += 1


def _answer(gap: Gap, question_id: str, who: Clinician, stay: Stay) -> PhysicianAnswered:
    """The physician's word. Only an expectation goes into the next review: no measurement is made up."""
    if gap.ask == "stay.expected_midnights":
        nights = float(max(2, int(stay.review.stay.days or 0) + 2))
        words = f"I expect the patient to need hospital care over {nights:.0f} midnights in all."
        return PhysicianAnswered(
            question_id=question_id, answered_by=who, answer=words, facts={gap.ask: nights}
        )
    words = "Seen. I will put it into today's progress note."
    return PhysicianAnswered(question_id=question_id, answered_by=who, answer=words)


def _attending(stay: Stay) -> Clinician:
    return ATTENDINGS[stay.number % len(ATTENDINGS)]


def beside(stays: Sequence[Stay], staff: Staff, day: Day) -> Iterator[Act]:
    """Notes, tasks, a hand-over and a call for help, on the first stays of the list."""
    for place, stay in enumerate(stays[:12]):
        when = day.at(10, 7 * place)
        says: Payload
        match place % 6:
            case 0:
                says = NoteAdded(text="Family meeting asked for; the daughter can come after three.")
            case 1:
                says = TaskAdded(task_id="t-1", title="Call the unit's physical therapist about today's session",
                                 owner_role="case_manager", due_at=day.at(14))  # fmt: skip
                done = TaskSettled(task_id="added:t-1", outcome="done")
                yield Act(day.at(14, 5 + place), stay.case_id, stay.manager, (done,))
            case 2:
                says = TaskAdded(task_id="t-1", title="Bring the transport form to the bedside",
                                 assignee=stay.manager.id, due_at=day.at(12, days=day.to_opening))  # fmt: skip
            case 3:
                says = NoteAdded(text="Talked with the bedside nurse: no change of plan today.", about="plan")
            case 4:
                says = Escalated(to_role="supervisor", reason="Payer's line was not answered three times this morning.",
                                 due_at=day.at(14, days=day.to_opening))  # fmt: skip
            case _:
                other = next(one for one in staff.managers if one.id != stay.manager.id)
                says = HandedOver(to=other.id, summary="The other ward's team knows the family from an earlier stay.",
                                  open_items=("First-level review of Monday",))  # fmt: skip
        yield Act(when, stay.case_id, stay.manager, (says,))
