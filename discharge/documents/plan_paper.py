"""The discharge plan for the chart: needs with their evidence, the places compared, what is in the way, what to do.

Internal to the hospital, yet without denial risks and the hospital's own cost: the chart is no place for either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from discharge import wording
from discharge.costs.amounts import Range
from discharge.costs.horizon import NOT_PRICED_YET
from discharge.documents.common import (
    Line,
    Note,
    RuleLine,
    banner,
    footer,
    rules_used,
    sources,
    stay_lines,
)
from discharge.facts import catalogue
from discharge.needs import EvidenceSeen, Need
from discharge.options import Option
from discharge.review.model import Finding, Review
from discharge.stayview import Status

EVIDENCE_SHOWN = 4
FIT = {"met": "✓ fits", "not_met": "✗ does not fit", "unknown": "? not known"}
COVERED = {"met": "✓ covered", "not_met": "✗ not covered", "unknown": "? not settled"}
ELIGIBLE = {"met": "✓ eligible", "not_met": "✗ not eligible", "unknown": "? not known"}
STATES = {
    "running": "due",
    "late": "overdue",
    "stopped": "stands still",
    "met": "✓ done",
    "not_started": "not yet due",
    "unknown": "? not charted",
}


@dataclass(frozen=True, slots=True)
class NeedLine:
    """A need and the chart rows behind it."""

    title: str
    evidence: list[str]
    rule: str


@dataclass(frozen=True, slots=True)
class OptionLine:
    """A place compared with the others."""

    title: str
    reason: str
    fit: str
    eligible: str
    covered: str
    payer_cost: str
    payer_range: str
    patient_cost: str
    patient_range: str


@dataclass(frozen=True, slots=True)
class BarrierLine:
    """Something in the way of a place."""

    what: str
    option: str
    remedy: str
    who: str


@dataclass(frozen=True, slots=True)
class TaskLine:
    """Something to do."""

    what: str
    who: str
    by: str
    state: str


@dataclass(frozen=True, slots=True)
class PlanPaper:
    """Everything that ``discharge_plan.html`` prints."""

    title: str
    encounter_id: str
    footer: str
    line: str
    banner: list[Note]
    patient: list[Line]
    stay: list[Line]
    decision: list[Line]
    needs: list[NeedLine]
    no_needs: str
    options: list[OptionLine]
    unfit: list[str]
    no_options: str
    cost_note: str
    barriers: list[BarrierLine]
    tasks: list[TaskLine]
    advice: list[str]
    questions: list[str]
    unknown: list[str]
    rules: list[RuleLine]
    sources: list[Line]


def plan_paper(review: Review) -> PlanPaper:
    """Return the discharge plan of a review."""
    zone, plan = review.provenance.zone, review.plan
    titles = {need.need: need.title for need in review.needs}
    private = {name for name, file in review.provenance.files.items() if file.is_sensitive}
    files = {need.rule for need in review.needs}
    files |= {
        rule.partition(" ")[0]
        for option in review.options
        for rule in (*option.fit.rules, *option.eligibility.rules)
    }
    files -= private
    return PlanPaper(
        title="Discharge plan (draft)",
        encounter_id=review.encounter_id,
        footer=footer(review),
        line=f"From the chart as it was on {wording.when(review.as_of, zone)}; {review.level_of_care.statement}",
        banner=banner(review, files, "Draft for the care team, the patient and the family to complete."),
        patient=_patient(review),
        stay=stay_lines(review),
        decision=_decision(review),
        needs=[_need(need, zone, need.rule in private) for need in review.needs],
        no_needs="No need is shown by what is charted so far; what is not charted is listed below.",
        options=[_option(option, titles) for option in review.options if option.fit.status != "not_met"],
        unfit=[option.title for option in review.options if option.fit.status == "not_met"],
        no_options=plan.reason,
        cost_note=_cost_note(review),
        barriers=list(_barriers(review)),
        tasks=list(_tasks(review, private)),
        advice=list(dict.fromkeys(one.text for one in plan.advice if one.rule not in private)),
        questions=[gap.question for gap in review.gaps if gap.rule_file not in private],
        unknown=plan.unknown,
        rules=rules_used(review, files),
        sources=sources(review, [one for one in _behind(review) if one.rule_file not in private]),
    )


def _behind(review: Review) -> list[Finding]:
    """The findings that needs and places rest on themselves."""
    names = {one.criterion for need in review.needs for one in need.because}
    for option in review.options:
        names |= {one.criterion for one in (*option.fit.because, *option.eligibility.because)}
    return [finding for finding in review.findings if finding.criterion in names]


def _patient(review: Review) -> list[Line]:
    patient, stay = review.patient, review.stay
    age = wording.NOT_KNOWN if patient.age_years is None else f"{int(patient.age_years)} years"
    place = wording.joined([part for part in (stay.unit, wording.bed(stay.bed)) if part])
    return [
        Line("Name", patient.name or wording.NOT_KNOWN),
        Line("MRN", patient.mrn or wording.NOT_KNOWN),
        Line("Age and sex", f"{age}, {patient.sex or 'sex not known'}"),
        Line("Unit", place or wording.NOT_KNOWN),
        Line(
            "Payer",
            review.payer.title or "no payer profile matched",
            "" if review.payer.matched else review.payer.reason,
        ),
    ]


def _decision(review: Review) -> list[Line]:
    plan, zone = review.plan, review.provenance.zone
    leaving = plan.expected_discharge
    titles = {option.id: option.title for option in review.options}
    others = wording.joined([titles[one] for one in plan.alternatives]) or "none that fits what is charted"
    lines = [Line("Recommended", plan.recommended_title or "nothing yet", plan.reason)]
    if plan.likely is not None and plan.likely != plan.recommended:
        lines.append(Line("Likely, once charted", titles.get(plan.likely, plan.likely.replace("_", " "))))
    lines += [
        Line(
            "Hospital care goes on first",
            {"met": "yes", "not_met": "no", "unknown": "not known"}[plan.stay_on],
        ),
        Line("Other places", others),
        Line("Expected discharge", wording.day(leaving.at, zone), leaving.basis),
        Line("Ready for discharge", wording.status(review.level_of_care.discharge_ready)),
    ]
    return lines


def _need(need: Need, zone: str, is_private: bool) -> NeedLine:
    """A need with one line per fact behind it: what it says, and when it was charted last."""
    if is_private:
        return NeedLine(need.title, [], "")
    latest: dict[str, EvidenceSeen] = {}
    for one in need.evidence:
        latest[one.fact] = one
    shown = [line for one in latest.values() if (line := _fact_line(one, zone))]
    if len(shown) > EVIDENCE_SHOWN:
        shown = [*shown[:EVIDENCE_SHOWN], f"and {len(shown) - EVIDENCE_SHOWN} more facts in the review"]
    return NeedLine(need.title, shown, need.rule)


def _fact_line(seen: EvidenceSeen, zone: str) -> str:
    """The fact in words; nothing for a flag that says no, which is no evidence of a need."""
    fact = catalogue()[seen.fact]
    said = seen.value
    if fact.type == "flag":
        if seen.value in ("0", "no", "False"):
            return ""
        said = "yes"
    elif fact.type == "number":
        said = wording.value(float(seen.value), fact.unit)
    at = f" ({wording.charted(seen.at, zone)})" if seen.at is not None else ""
    return f"{fact.title}: {said}{at}"


def _option(option: Option, needs: Mapping[str, str]) -> OptionLine:
    left = [needs.get(one, one.replace("_", " ")).lower() for one in option.leaves]
    remarks = [f"leaves {wording.joined(left)} unmet"] if left else []
    return OptionLine(
        title=option.title,
        reason="; ".join(dict.fromkeys([*remarks, *option.fit.notes, *option.coverage.notes])),
        fit=_said(FIT, option.fit.status),
        eligible=_said(ELIGIBLE, option.eligibility.status),
        covered=_said(COVERED, option.coverage.status),
        payer_cost="not priced" if NOT_PRICED_YET in option.cost.not_priced else _cost(option.cost.payer),
        payer_range=_range(option.cost.payer),
        patient_cost="not priced" if NOT_PRICED_YET in option.cost.not_priced else _cost(option.cost.patient),
        patient_range=_range(option.cost.patient),
    )


def _said(words: dict[str, str], status: Status) -> str:
    return words[status]


def _cost(amount: Range) -> str:
    return wording.usd(amount.expected)


def _range(amount: Range) -> str:
    if amount.low is None or amount.high is None or amount.low == amount.high:
        return ""
    return f"{wording.usd(amount.low)} to {wording.usd(amount.high)}"


def _cost_note(review: Review) -> str:
    days = sorted({option.cost.horizon_days for option in review.options})
    over = (
        f"Expected cost over {' or '.join(map(str, days))} days, the same for every place. " if days else ""
    )
    estimates = sorted({name for option in review.options for name in option.cost.placeholders})
    if not estimates:
        return over
    named = [name for name in estimates if "." not in name.split(" ")[0]]
    rest = len(estimates) - len(named)
    more = f" and {wording.plural(rest, 'planning figure')} named in the review" if rest else ""
    return f"{over}Estimates, not final rates: {wording.joined(named)}{more}."


def _barriers(review: Review) -> Iterator[BarrierLine]:
    for option in review.options:
        for one in option.barriers:
            who = wording.who(one.who)
            yield BarrierLine(one.cause.replace("_", " "), option.title, one.remedy or "", who)


def _tasks(review: Review, private: set[str]) -> Iterator[TaskLine]:
    zone = review.provenance.zone
    for order in review.plan.orders_needed:
        if order.status != "met":
            state = "not ordered" if order.status == "not_met" else "? not charted"
            yield TaskLine(
                f"{order.title} (for {order.for_.lower()})", "physician", "before discharge", state
            )
    for task in (task for task in review.tasks if task.rule_file not in private):
        yield TaskLine(task.title, wording.who(task.owner), wording.short_when(task.due_at, zone), "to do")
    for clock in review.clocks:
        form = f" ({clock.form})" if clock.form else ""
        by = wording.short_when(clock.due_at, zone) + (" (expected)" if clock.is_expected else "")
        yield TaskLine(clock.title + form, wording.who(clock.owner), by, STATES[clock.status])
