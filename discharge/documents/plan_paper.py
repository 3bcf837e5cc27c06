"""The discharge plan for the chart: where to and why, what is in the way, the care planned, the places compared.

Its first page is for the nurse at seven; the cost pages at its end stay inside the hospital. Denial risks are on none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from discharge import wording
from discharge.clocks import Clock
from discharge.documents import plan_care
from discharge.documents.common import (
    Cell,
    Column,
    Grid,
    Line,
    Note,
    banner,
    barrier_title,
    capped,
    footer,
    packs_used,
    sources,
    stay_lines,
)
from discharge.documents.plan_costs import Money, money
from discharge.options import Option, OptionBarrier
from discharge.pictures import Picture, stay_picture
from discharge.providers import Availability
from discharge.readmission import ReadmissionRisk
from discharge.review.model import Finding, Review

OWN = ("stay", "home", "outpatient")  # places for which nobody has to be found
ADVICE_SHOWN = 6
QUESTIONS_SHOWN = 3
UNKNOWN_SHOWN = 8
SOURCES_SHOWN = 5
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
PRESSING = ("late", "running", "unknown")
PLACES = (
    Column("Place", 45),
    Column("Fits", 12),
    Column("Eligible", 12),
    Column("Covered", 13),
    Column("Days to arrange", 9),
    Column("Back in 30 days", 9),
)
BARRIERS = (
    Column("Barrier", 27),
    Column("Place", 19),
    Column("What removes it", 38),
    Column("Who, by when", 16),
)
TASKS = (Column("What", 46), Column("Who", 18), Column("By", 20, "when"), Column("State", 16))


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom to ask, and what."""

    who: str
    questions: list[str]


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
    stay_picture: Picture | None
    barriers: Grid
    tasks: Grid
    needs: Grid
    medicines: Grid
    monitoring: Grid
    visits: Grid
    arrangements: list[Line]
    advice: list[str]
    questions: list[Asked]
    unknown: list[str]
    places: Grid
    no_places: str
    readmission: str
    money: Money
    rules: list[Line]
    sources: list[Line]


def plan_paper(review: Review) -> PlanPaper:
    """Return the discharge plan of a review."""
    zone, plan = review.provenance.zone, review.plan
    private = {name for name, file in review.provenance.files.items() if file.is_sensitive}
    files = _files(review) - private
    advice = list(dict.fromkeys(one.text for one in plan.advice if one.rule not in private))
    return PlanPaper(
        title="Discharge plan (draft)",
        encounter_id=review.encounter_id,
        footer=footer(review),
        line=f"From the chart as it was on {wording.when(review.as_of, zone)}; {review.level_of_care.statement}",
        banner=banner(review, files, "Draft for the care team, the patient and the family to complete."),
        patient=_patient(review),
        stay=stay_lines(review),
        decision=_decision(review),
        stay_picture=stay_picture(review),
        barriers=Grid(BARRIERS, list(_barriers(review, private))),
        tasks=_tasks(review, private),
        needs=plan_care.needs_and_services(review, private),
        medicines=plan_care.medicines(review),
        monitoring=plan_care.monitoring(review),
        visits=plan_care.visits(review),
        arrangements=plan_care.arrangements(review),
        advice=capped(advice, ADVICE_SHOWN),
        questions=[
            Asked(who, capped(asked, QUESTIONS_SHOWN)) for who, asked in plan_care.owners(review, private)
        ],
        unknown=capped(plan.unknown, UNKNOWN_SHOWN),
        places=_places(review),
        no_places=plan.reason,
        readmission="" if plan.readmission is None else plan.readmission.basis,
        money=money(review),
        rules=packs_used(review, files),
        sources=sources(
            review, [one for one in _behind(review) if one.rule_file not in private], most=SOURCES_SHOWN
        ),
    )


def _files(review: Review) -> set[str]:
    """The rule files behind needs and places."""
    return {need.rule for need in review.needs} | {
        rule.partition(" ")[0]
        for option in review.options
        for rule in (*option.fit.rules, *option.eligibility.rules)
    }


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
    others = (
        wording.joined([titles[one] for one in plan.alternatives], most=4) or "none that fits what is charted"
    )
    lines = [Line("Recommended", plan.recommended_title or "nothing yet", plan.reason)]
    if plan.likely is not None and plan.likely != plan.recommended:
        lines.append(Line("Likely, once charted", titles.get(plan.likely, plan.likely.replace("_", " "))))
    goes_on = {"met": "goes on first", "not_met": "need not go on", "unknown": "is not known to go on"}[
        plan.stay_on
    ]
    lines += [
        Line("Other places", others),
        Line(
            "Ready for discharge",
            wording.status(review.level_of_care.discharge_ready),
            f"hospital care {goes_on}",
        ),
        Line("Expected discharge", wording.day(leaving.at, zone), leaving.basis),
        _length(review),
        _readmission(plan.readmission),
    ]
    if review.negotiation is not None:
        lines.append(
            Line(
                "Where the benefit ends",
                "an agreement is worked out",
                "see the cost pages and the negotiation paper",
            )
        )
    return lines


def _length(review: Review) -> Line:
    stay = review.plan.length_of_stay
    if stay.days is None:
        return Line("Length of stay", wording.NOT_KNOWN)
    if stay.gmlos_days is None or stay.over_days is None:
        return Line("Length of stay", f"{stay.days} days", "the mean of the MS-DRG is not known")
    against = f"{stay.over_days} beyond" if stay.over_days > 0 else f"{-stay.over_days} before"
    drg = f"{'working' if stay.is_working else 'final'} MS-DRG {stay.ms_drg}"
    return Line(
        "Length of stay", f"{stay.days} days", f"{against} the geometric mean of {stay.gmlos_days} d ({drg})"
    )


def _readmission(risk: ReadmissionRisk | None) -> Line:
    """The risk with its range, and what it rests on."""
    label = "Back within 30 days"
    if risk is None or risk.expected is None:
        return Line(label, wording.NOT_KNOWN, risk.basis if risk is not None else "")
    return Line(label, share_words(risk), risk.basis.partition(":")[0])


def share_words(risk: ReadmissionRisk) -> str:
    """Return the risk in percent, with its range where it has one."""
    if risk.expected is None:
        return wording.NOT_KNOWN
    said = percent(risk.expected)
    if risk.low is None or risk.high is None or risk.low == risk.high:
        return said
    return f"{said} ({percent(risk.low)} to {percent(risk.high)})"


def percent(share: Decimal) -> str:
    """Return a share of one in percent.

    >>> percent(Decimal("0.124")), percent(Decimal("0.085"))
    ('12%', '9%')
    """
    return f"{float(share) * 100 + 1e-9:.0f}%"


def _barriers(review: Review, private: set[str]) -> Iterator[list[Cell]]:
    """Barriers of the chosen place with owner and day, then those of the others, once for each cause."""
    plan, zone = review.plan, review.provenance.zone
    places: dict[tuple[str, str | None], list[str]] = {}
    first: dict[tuple[str, str | None], OptionBarrier] = {}
    for option in review.options:
        if option.id != plan.recommended and option.fit.status != "not_met":
            for one in (one for one in option.barriers if one.rule not in private):
                places.setdefault((one.cause, one.who), []).append(option.title)
                first.setdefault((one.cause, one.who), one)
    for planned in plan.barriers:
        if planned.barrier.rule not in private:
            due = "day not set" if planned.due_at is None else wording.day(planned.due_at, zone)
            also = places.pop((planned.barrier.cause, planned.barrier.who), [])
            where = "the chosen one" + (f"; also {wording.joined(also)}" if also else "")
            yield _barrier(planned.barrier, where, f"{wording.who(planned.owner)}, {due}", strong=True)
    for key, others in places.items():
        yield _barrier(first[key], wording.joined(others), wording.who(key[1]))


def _barrier(one: OptionBarrier, place: str, who: str, *, strong: bool = False) -> list[Cell]:
    return [Cell(barrier_title(one.cause), strong=strong), Cell(place), Cell(one.remedy or ""), Cell(who)]


def _tasks(review: Review, private: set[str]) -> Grid:
    """What rules ask for and notices by their day, then orders that are missing; what isn't due yet in one line."""
    zone = review.provenance.zone
    dated: list[tuple[bool, float, list[Cell]]] = []
    for task in (task for task in review.tasks if task.rule_file not in private):
        row = [Cell(task.title), Cell(wording.who(task.owner)), _due(task.due_at, zone), Cell("to do")]
        dated.append((task.due_at is None, _stamp(task.due_at), row))
    for clock in (clock for clock in review.clocks if clock.status in PRESSING):
        due = Cell(_due(clock.due_at, zone).text + (" (expected)" if clock.is_expected else ""))
        row = [Cell(_notice(clock)), Cell(wording.who(clock.owner)), due, Cell(STATES[clock.status])]
        dated.append((clock.due_at is None, _stamp(clock.due_at), row))
    rows = [row for _, _, row in sorted(dated, key=lambda one: one[:2])]
    for order in review.plan.orders_needed:
        if order.status != "met":
            state = "not ordered" if order.status == "not_met" else "? not charted"
            what = f"{order.title} (for {order.for_.lower()})"
            rows.append([Cell(what), Cell("physician"), Cell("before discharge"), Cell(state)])
    later = {
        STATES[status]: [_notice(clock) for clock in review.clocks if clock.status == status]
        for status in STATES
        if status not in PRESSING
    }
    more = ". ".join(
        f"{state.capitalize()}: {wording.joined(names)}" for state, names in later.items() if names
    )
    return Grid(TASKS, rows, f"{more}." if more else "")


def _stamp(moment: datetime | None) -> float:
    return 0.0 if moment is None else moment.timestamp()


def _due(moment: datetime | None, zone: str) -> Cell:
    return Cell(wording.short_when(moment, zone))


def _notice(clock: Clock) -> str:
    return clock.title + (f" ({clock.form})" if clock.form else "")


def _places(review: Review) -> Grid:
    titles = {need.need: need.title for need in review.needs}
    fitting = [option for option in review.options if option.fit.status != "not_met"]
    unfit = [option for option in review.options if option.fit.status == "not_met"]
    said = [f"{option.title}{_why_unfit(option)}" for option in unfit]
    more = f"Do not fit what is charted: {'; '.join(said)}." if said else ""
    return Grid(PLACES, [_place(review, option, titles) for option in fitting], more)


def _why_unfit(option: Option) -> str:
    notes = list(dict.fromkeys(option.fit.notes))[:2]
    return f" ({wording.joined(notes)})" if notes else ""


def _place(review: Review, option: Option, needs: Mapping[str, str]) -> list[Cell]:
    left = [needs.get(one, one.replace("_", " ")).lower() for one in option.leaves]
    remarks = [f"leaves {wording.joined(left)} unmet"] if left else []
    nearby = [] if option.id in OWN else [providers_words(option.availability)]
    asked = [_asked(option, review.provenance.zone)]
    said = filter(None, [*remarks, *option.fit.notes, *option.coverage.notes, *asked, *nearby])
    reason = "; ".join(dict.fromkeys(said))
    chosen = " (chosen)" if option.id == review.plan.recommended else ""
    waiting, back = option.waiting_days, option.readmission.expected
    days = f"{waiting.low} to {waiting.high} d" if waiting.low != waiting.high else f"{waiting.low} d"
    return [
        Cell(f"{option.title}{chosen}", reason, strong=True),
        Cell(FIT[option.fit.status]),
        Cell(ELIGIBLE[option.eligibility.status]),
        Cell(COVERED[option.coverage.status]),
        Cell(days),
        Cell("" if option.id == "stay" else wording.NOT_KNOWN if back is None else percent(back)),
    ]


def providers_words(found: Availability) -> str:
    """Return what is known of the providers of a place."""
    if not found.known:
        return "providers: none known"
    network = "network not known" if found.in_network is None else f"{found.in_network} in network"
    beds = "who has room not reported" if found.can_accept is None else f"{found.can_accept} with room"
    near = [] if found.nearest_miles is None else [f"nearest {found.nearest_miles:.0f} miles"]
    return f"providers: {wording.joined([f'{found.known} known nearby', network, beds, *near])}"


def _asked(option: Option, zone: str) -> str:
    """What is known of the payer's leave."""
    asked = option.prior_authorization
    if asked is None or asked.required is False:
        return ""
    if asked.approved == "met":
        return "payer's leave given"
    word = "payer must be asked first" if asked.required else "whether the payer must be asked is not known"
    return word if asked.answer_by is None else f"{word}, answer by {wording.day(asked.answer_by, zone)}"
