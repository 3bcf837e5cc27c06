"""What would have to be charted for a fuller plan, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from discharge.costs.stay import StayMoney
from discharge.needs import OpenNeed, need_words
from discharge.options import Option
from discharge.plan.model import Plan
from discharge.stayview import StayView


def unknown(
    view: StayView, ranked: Sequence[Option], open_needs: Sequence[OpenNeed], money: StayMoney, plan: Plan
) -> list[str]:
    """Return what the plan lacks, each once: needs, fit, payer, day, then what a plan carries."""
    lines = (
        [f"which of these are needed: {need_words([one.need for one in open_needs])}"] if open_needs else []
    )
    lines += [f"whether {one.title.lower()} fits" for one in ranked if one.fit.status == "unknown"]
    if view.payer is None:
        lines.append("who pays: no payer profile matched")
    if plan.expected_discharge.at is None:
        lines.append("when the patient can leave")
    if money.unknown_because:
        lines.append(f"what the stay pays: {money.unknown_because}")
    return [*lines, *_carried(plan)]


def _carried(plan: Plan) -> Iterator[str]:
    if plan.goals == "unknown":
        yield "the patient's goals"
    if plan.choice_list_given == "unknown":
        yield "whether the list of providers was given"
    if not plan.medications:
        yield "which medicines were taken at home and which go home: no list is charted"
    elif not any(line.status in ("discharge", "new", "changed") for line in plan.medications):
        yield "which medicines go home: no discharge prescription is charted"
    if plan.medications_reconciled == "unknown":
        yield "whether the medicines were reconciled"
    open_tests = [line.title for line in plan.monitoring if line.frequency is None]
    if open_tests:
        yield f"how often to test: {', '.join(open_tests)}"
    if any(
        line.reader == "infectious_disease" and line.is_reader_named == "unknown" for line in plan.monitoring
    ):
        yield "who reads the tests during infusion"
    if plan.appointments and plan.appointments_booked != "met":
        yield "when the follow-up visits are: none is booked in the chart"
    if plan.transport.mode is None:
        yield "how the patient travels"
    if plan.education_done == "unknown":
        yield "whether patient and caregiver were taught"
    if plan.services:
        yield "which provider gives each service: the patient chooses"
