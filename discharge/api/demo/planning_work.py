"""Discharge planning of the demonstration's day: assessments, plans, choice, referrals, goals, rides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, Literal

from discharge.api.demo.acts import Act, Day, Stay
from discharge.api.demo.staff import ATTENDINGS
from discharge.casework.assessments import questionnaires
from discharge.casework.events.planning import (
    Answer,
    AppointmentMade,
    AssessmentAnswered,
    BarrierCleared,
    BarrierOpened,
    ChoiceListGiven,
    GoalSet,
    PlanAgreed,
    PlanApproved,
    PlanChanged,
    PlanDrafted,
    ReferralAnswered,
    ReferralSent,
    TransportArranged,
)
from discharge.providers import ChoiceList
from discharge.providers.choice import Listed
from discharge.providers.model import Kind

PLAN = "plan-1"
Choices = Callable[[Stay, Kind], ChoiceList]
"""The list of providers of a kind for a stay."""
_KINDS: dict[str, Kind] = {"home_health": "home_health", "snf": "snf"}
_GOALS: tuple[tuple[str, Literal["function", "health", "caregiver", "access"]], ...] = (
    ("Walk to the mailbox without help", "function"),
    ("Sleep in the own bed again", "health"),
    ("Someone to shop while walking is hard", "caregiver"),
    ("A ride to the clinic each week", "access"),
)


def planning(stays: Sequence[Stay], day: Day, choices: Choices) -> Iterator[Act]:
    """Stays that are likely to need something after the hospital: each is further along than the one before it."""
    place = 0
    for stay in stays:
        likely = stay.review.recommended or stay.review.plan.likely
        if likely in _KINDS or stay.review.recommended:
            yield from _Planned(stay, day, place, likely or "home", choices).acts()
            place += 1


class _Planned:
    """One stay's planning; the stage says how far it gets on this day."""

    def __init__(self, stay: Stay, day: Day, place: int, option: str, choices: Choices) -> None:
        self.stay, self.day, self.place, self.option, self.choices = stay, day, place, option, choices
        self.stage = place % 5

    def acts(self) -> Iterator[Act]:
        """Yield what is done, in the order in which it is done."""
        yield self._act(9, 30, *self._asked())
        if self.stage >= 1:
            text, domain = _GOALS[self.place % len(_GOALS)]
            yield self._act(
                10,
                0,
                PlanDrafted(plan_id=PLAN, review_digest=self.stay.digest, option=self.option),
                GoalSet(goal_id="g-1", text=text, domain=domain, target_date=self._later(14)),
            )
        if self.stage >= 2 and self.option in _KINDS:
            yield from self._referred(self.choices(self.stay, _KINDS[self.option]).providers)
        if self.stage >= 3:
            yield self._act(14, 0, PlanAgreed(plan_id=PLAN, by="patient", agrees=self.place % 15 != 13,
                                              note=self._doubt()))  # fmt: skip
        if self.stage == 4:
            yield from self._settled()

    def _asked(self) -> Iterator[Any]:
        """Two interviews, begun and not finished; the words of patient and nurse, as far as they go."""
        forms = questionnaires()
        alone = self.place % 3 == 0
        home: dict[str, Answer] = {
            "place": "own_home",
            "lives_alone": alone,
            "refrigerator": True,
            "phone": True,
        }
        if self.stage >= 2:
            home |= {"needs_interpreter": False, "food": self.place % 7 == 0, "rides": self.place % 4 == 2}
        yield AssessmentAnswered(
            questionnaire="social_history",
            version=forms["social_history"].version,
            answers=home,
            respondent="patient",
        )
        if self.stage >= 1:
            able: dict[str, Answer] = {"independent_before": True, "own_medicines": self._who(alone)}
            if self.stage >= 2:
                able |= {"walks_alone": self.place % 2 == 0, "swallows": True, "can_communicate": True}
            yield AssessmentAnswered(
                questionnaire="function", version=forms["function"].version, answers=able, respondent="staff"
            )

    @staticmethod
    def _who(alone: bool) -> str:
        return "patient" if alone else "caregiver"

    def _referred(self, listed: Sequence[Listed]) -> Iterator[Act]:
        """The list is given, the one chosen and one more are asked; who answers, answers in the afternoon."""
        if len(listed) < 2:
            return
        chosen, second = listed[0], listed[1]
        yield self._act(
            11,
            0,
            ChoiceListGiven(
                service=self.option,
                providers=tuple(one.key for one in listed),
                quality_data_shared=True,
                network_told=True,
                financial_interest_disclosed=True,
                chosen=chosen.key,
            ),
        )
        due = self.day.at(13, days=self.day.to_opening)
        sent = [
            ReferralSent(
                referral_id=f"s-{number}", service=self.option, provider=one.name[:200], provider_id=one.key,
                answer_due_at=due,
            )
            for number, one in enumerate((chosen, second), 1)
        ]  # fmt: skip
        yield self._act(11, 20, *sent)
        if self.stage >= 3:
            why = "Nobody free this week."
            yield self._act(13, 0, ReferralAnswered(referral_id="s-2", answer="declined", reason=why))
        if self.stage == 4:
            start = self.day.at(10, days=self.day.to_opening + 1)
            yield self._act(
                13, 30, ReferralAnswered(referral_id="s-1", answer="accepted", can_start_at=start)
            )

    def _settled(self) -> Iterator[Act]:
        """A ride, a first visit, something that stood in the way; the physician approves."""
        visit = self.day.at(10, 30, days=10)
        leaves = self.day.at(13, days=self.day.to_opening + 1)
        yield self._act(
            14,
            30,
            AppointmentMade(appointment_id="ap-1", with_whom="Primary care clinic", purpose="Visit after the hospital",
                            at=visit, needs_transport=self.place % 2 == 0),
            TransportArranged(transport_id="ride-1", mode="wheelchair_van", pickup_at=leaves,
                              vendor="Hospital's contract carrier"),
            BarrierOpened(barrier_id="b-1", text="Nobody at home to open the door before six in the evening",
                          owner="case_manager", due_at=self.day.at(12, days=self.day.to_opening)),
        )  # fmt: skip
        if self.place % 2:
            yield self._act(
                15, 0, BarrierCleared(barrier_id="b-1", how="A neighbor has the key and will be there.")
            )
        else:
            text = "First visit moved to the evening, when family is at home."
            yield self._act(15, 0, PlanChanged(plan_id=PLAN, text=text, reason="Nobody at home by day"))
        who = ATTENDINGS[self.stay.number % len(ATTENDINGS)]
        yield self._act(15, 40, PlanApproved(plan_id=PLAN, physician=who))

    def _doubt(self) -> str | None:
        words = "Would rather go to the daughter's home; wants to talk again on Monday."
        return words if self.place % 15 == 13 else None

    def _later(self, days: int) -> date:
        return self.day.date + timedelta(days=days)

    def _act(self, hour: int, minute: int, *says: Any) -> Act:
        return Act(self.day.at(hour, minute + 2 * self.place), self.stay.case_id, self.stay.manager, says)
