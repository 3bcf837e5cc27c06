"""The care half of the discharge plan: needs with the services planned for them, medicines, tests, visits, contacts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from discharge import wording
from discharge.documents.common import Cell, Column, Grid, Line, capped
from discharge.facts import catalogue
from discharge.needs import EvidenceSeen, Need
from discharge.plan.model import Appointment, MedicationLine, MedicationStatus, MonitoringLine, Service
from discharge.review.model import Review

EVIDENCE_SHOWN = 2
MEDICINES_SHOWN = 24
CONTACTS_SHOWN = 8
NOT_CHARTED = "not charted"
NEEDS = (Column("Need", 20), Column("Evidence in the chart", 48), Column("Service planned", 32))
MEDICINES = (Column("Medicine", 32), Column("Dose, route, frequency", 30), Column("On which list", 38))
MONITORING = (
    Column("Test or check", 32),
    Column("How often", 20),
    Column("For", 22),
    Column("Who reads it", 26),
)
VISITS = (Column("Visit", 32), Column("When", 24), Column("Booked", 16), Column("Because", 28))
ON_LIST: dict[MedicationStatus, tuple[int, str]] = {
    "new": (0, "new: not on the home list"),
    "changed": (1, "changed"),
    "stopped": (2, "stopped"),
    "home": (3, "home list; what becomes of it is not charted"),
    "discharge": (4, "discharge list"),
    "unknown": (5, "? not charted for where it was prescribed"),
    "inpatient": (6, "hospital only"),
}
STATES = {"met": "on record", "not_met": "not done", "unknown": f"? {NOT_CHARTED}"}


def needs_and_services(review: Review, private: set[str]) -> Grid:
    """Return each need with its evidence and the services for it; start, frequency and duration as far as charted."""
    zone = review.provenance.zone
    services: dict[str, list[Service]] = {}
    for one in review.plan.services:
        services.setdefault(one.need, []).append(one)
    rows = [
        [
            Cell(need.title, strong=True),
            Cell(_evidence(need, zone, need.rule in private)),
            _services(services.pop(need.need, []), zone, need.rule in private),
        ]
        for need in review.needs
    ]
    rows += [
        [Cell(one[0].title, strong=True), Cell(""), _services(one, zone, False)] for one in services.values()
    ]
    return Grid(NEEDS, rows)


def _services(services: Sequence[Service], zone: str, is_private: bool) -> Cell:
    if is_private:
        return Cell("")
    if not services:
        return Cell(f"? {NOT_CHARTED}")
    said = [service_words(one, zone) for one in services]
    text = "\n".join(dict.fromkeys(words for words, _ in said))
    return Cell(text, "; ".join(dict.fromkeys(note for _, note in said if note)))


def service_words(service: Service, zone: str) -> tuple[str, str]:
    """Return what is known of a service, and what isn't."""
    start = f"from {wording.day(service.start, zone)}" if service.start is not None else None
    asked = {"start": start, "frequency": service.frequency, "duration": service.duration}
    known = [part for part in (service.detail, service.provider, *asked.values()) if part]
    unknown = [name for name, part in asked.items() if not part]
    return wording.joined(known), f"{wording.joined(unknown)} {NOT_CHARTED}" if unknown else ""


def _evidence(need: Need, zone: str, is_private: bool) -> str:
    """One line per fact behind a need: what it says, and when it was charted last."""
    if is_private:
        return ""
    latest: dict[str, EvidenceSeen] = {}
    for one in need.evidence:
        latest[one.fact] = one
    shown = [line for one in latest.values() if (line := _fact_line(one, zone))]
    return "\n".join(capped(shown, EVIDENCE_SHOWN))


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


def medicines(review: Review) -> Grid:
    """Return the list to reconcile, what changes first; drugs of this stay only stand in one line under it."""
    plan = review.plan
    lines = sorted(plan.medications, key=lambda one: (ON_LIST[one.status][0], one.name))
    listed = [one for one in lines if one.status != "inpatient"]
    hospital = [one.name for one in lines if one.status == "inpatient"]
    left_out = plan.medications_left_out
    if left_out:
        hospital.append(f"and {left_out} more in the review")
    more = (
        [f"{len(listed) - MEDICINES_SHOWN} more are in the review."] if len(listed) > MEDICINES_SHOWN else []
    )
    more += [f"Given in hospital only: {wording.joined(hospital)}."] if hospital else []
    return Grid(MEDICINES, [_medicine(one) for one in listed[:MEDICINES_SHOWN]], " ".join(more))


def _medicine(line: MedicationLine) -> list[Cell]:
    taken = wording.joined([part for part in (line.dose, line.route, line.frequency) if part])
    before = f"before: {line.before}" if line.before else ""
    return [Cell(line.name), Cell(taken or f"? {NOT_CHARTED}"), Cell(ON_LIST[line.status][1], before)]


def monitoring(review: Review) -> Grid:
    """Return tests and checks after the stay, with who reads them."""
    return Grid(MONITORING, [_watched(one, _conditions(review)) for one in review.plan.monitoring])


def _watched(line: MonitoringLine, conditions: set[str]) -> list[Cell]:
    named = {"met": "named", "not_met": "nobody named", "unknown": "? nobody named in the chart"}
    reads = wording.who(line.reads)
    return [
        Cell(line.title),
        Cell(line.frequency or f"? {NOT_CHARTED}"),
        Cell(_because(line.for_, conditions)),
        Cell(reads, named[line.is_reader_named]),
    ]


def visits(review: Review) -> Grid:
    """Return the visits wanted, with their windows."""
    zone = review.provenance.zone
    return Grid(VISITS, [_visit(one, zone, _conditions(review)) for one in review.plan.appointments])


def _conditions(review: Review) -> set[str]:
    return {one.id.rpartition(".")[2] for one in review.conditions}


def _because(text: str, conditions: set[str]) -> str:
    """A condition is not named again: some may stand on no more paper than they must."""
    return "the condition treated" if text.replace(" ", "_") in conditions else text


def _visit(line: Appointment, zone: str, conditions: set[str]) -> list[Cell]:
    booked = "not booked in the chart" if line.at is None else wording.short_when(line.at, zone)
    because = _because(line.because, conditions)
    return [Cell(line.title), Cell(window(line)), Cell(booked), Cell(because)]


def window(line: Appointment) -> str:
    """Return when a visit is wanted, in days after discharge."""
    if line.within_days is None:
        return f"? {NOT_CHARTED}"
    if line.from_days:
        return f"{line.from_days} to {line.within_days} days after discharge"
    return f"within {wording.plural(line.within_days, 'day')}"


def arrangements(review: Review) -> list[Line]:
    """Return goals, choice, transport, teaching, contacts, and what to do if the plan falls through."""
    plan = review.plan
    ride = plan.transport
    titles = list(dict.fromkeys(topic.title for topic in plan.education))
    people = [f"{one.title}: {one.name} ({one.for_})" for one in plan.contacts if one.name]
    nameless = [f"{one.title} ({one.for_})" for one in plan.contacts if not one.name]
    people += [f"Name not charted: {'; '.join(nameless)}"] if nameless else []
    return [
        Line("Patient's goals", STATES[plan.patient_goals.recorded], plan.patient_goals.ask),
        Line("List of providers given", STATES[plan.choice_list_given]),
        Line("Medicines reconciled", STATES[plan.medications_reconciled]),
        Line("Transport", ride.title, wording.joined([ride.why, f"order {STATES[ride.ordered]}"])),
        Line(
            "Teaching",
            wording.joined(titles) or "none follows from what is charted",
            STATES[plan.education_done],
        ),
        Line("Whom to call", "\n".join(capped(people, CONTACTS_SHOWN)) or NOT_CHARTED),
        Line("If it falls through", "\n".join(plan.contingency) or "no fallback is known"),
    ]


def owners(review: Review, private: set[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield whom to ask, and their questions."""
    asked: dict[str, list[str]] = {}
    for gap in review.gaps:
        if gap.rule_file not in private:
            asked.setdefault(gap.of or "", []).append(gap.question)
    for of in sorted(asked, key=lambda one: (not one, one)):
        yield wording.who(of or None), list(dict.fromkeys(asked[of]))
