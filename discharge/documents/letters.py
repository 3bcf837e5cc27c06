"""Letters of a negotiation: to the payer, the pharmacy, the home health agency and the patient. Drafts, never sent.

Each holds what its reader needs and no more. The payer sees its own costs alone; pharmacy and agency see neither the
patient's name nor what anybody else pays; the patient sees what the patient may pay. The hospital's cost is in none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from discharge import wording
from discharge.costs.amounts import Range
from discharge.documents.common import Line, footer
from discharge.documents.patient_words import spoken_name
from discharge.negotiation import Arrangement, Negotiation
from discharge.negotiation.table import arrangement_table
from discharge.negotiation.words import usd
from discharge.review.model import Review

DRAFT = "DRAFT. Not sent. A person checks it, completes it, signs it and sends it."
YES = {"met": "yes", "not_met": "no", "unknown": "not known"}
FIT = {
    "met": "The chart shows that the patient can be cared for there.",
    "unknown": "Whether the patient can be cared for there is still being checked.",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A row of a letter's table: what, and what the reader pays."""

    what: str
    amount: str
    between: str = ""


@dataclass(frozen=True, slots=True)
class PayerLetter:
    """Everything that ``letter_payer.html`` prints."""

    title: str
    encounter_id: str
    footer: str
    mark: str
    made: str
    plan: str
    member: list[Line]
    place: str
    asked: str
    clinical: list[Line]
    fit: str
    costs: list[Choice]
    cost_sentences: list[str]
    estimates: str
    answer_by: str
    term: str


@dataclass(frozen=True, slots=True)
class ProviderLetter:
    """Everything that ``letter_pharmacy.html`` and ``letter_home_health.html`` print."""

    title: str
    encounter_id: str
    footer: str
    mark: str
    made: str
    reference: str
    course: list[Line]
    tests: str
    first_day: str


@dataclass(frozen=True, slots=True)
class PatientLetter:
    """Everything that ``letter_patient.html`` prints."""

    title: str
    encounter_id: str
    footer: str
    mark: str
    made: str
    name: str
    why: list[str]
    at_place: str
    ways: list[Choice]
    others: list[Choice]
    ceiling: list[str]
    asked_plan: bool
    has_plan: bool


def letter_payer(review: Review) -> PayerLetter | None:
    """Return the request to the payer; None where no arrangement asks the payer for anything."""
    found = _with_letter(review, "payer")
    if found is None:
        return None
    zone, patient = review.provenance.zone, review.patient
    born = wording.NOT_KNOWN if patient.birth_date is None else _day(patient.birth_date)
    asked = [one for one in found.arrangements if "payer" in one.letters]
    term = "" if found.answer_by is None else wording.when(found.answer_by, zone)
    return PayerLetter(
        title="Request for a single-case agreement or a benefit exception (draft)",
        encounter_id=review.encounter_id,
        footer=footer(review),
        mark=DRAFT,
        made=wording.day(review.as_of, zone),
        plan=review.payer.title or wording.NOT_KNOWN,
        member=[
            Line("Member", patient.name or wording.NOT_KNOWN),
            Line("Date of birth", born),
            Line("Member number", review.payer.member_id or wording.NOT_KNOWN),
            Line("Authorization number", review.request.authorization or "none on file"),
        ],
        place=_lower(found.option_title),
        asked=_either([f"a {_lower(one.title)}" for one in asked]),
        clinical=_clinical(review, found),
        fit=FIT[_fit(review, found)],
        costs=_payer_costs(found, asked),
        cost_sentences=list(_payer_sentences(found, asked[0], is_fit=_fit(review, found) == "met")),
        estimates=(
            f"Estimates over {found.horizon_days} days from today, for this member's care after today. They take "
            "published or planning prices where none is agreed; the provider's own price replaces them."
        ),
        answer_by="" if found.course.first_day is None else _day(found.course.first_day),
        term=term,
    )


def letter_pharmacy(review: Review) -> ProviderLetter | None:
    """Return the request for a price; None where no arrangement needs a pharmacy."""
    found = _with_letter(review, "pharmacy")
    if found is None:
        return None
    return _provider_letter(review, found, "Request for a price: infusion at home (draft)", _treatment(found))


def letter_home_health(review: Review) -> ProviderLetter | None:
    """Return the question to the home health agency; None where no arrangement needs one."""
    found = _with_letter(review, "home_health")
    if found is None:
        return None
    visits = [
        Line(line.name.capitalize(), line.quantity)
        for line in _way(found, "home_health").lines
        if line.quantity and line.provider == arrangement_table().providers["visits"]
    ]
    services = [
        *_treatment(found),
        *visits,
        Line("Asked of the nurse", "teach the patient, care for the line, draw the tests, watch for harm"),
    ]
    return _provider_letter(review, found, "Question to a home health agency (draft)", services)


def letter_patient(review: Review) -> PatientLetter | None:
    """Return the letter to the patient, in plain words; None where there is nothing to tell."""
    found = _with_letter(review, "patient")
    if found is None:
        return None
    return PatientLetter(
        title="Your care after the hospital, and what it may cost you (draft)",
        encounter_id=review.encounter_id,
        footer=footer(review),
        mark="DRAFT. Not sent. Someone from the hospital must check it and sign it first.",
        made=wording.day(review.as_of, review.provenance.zone),
        name=spoken_name(review.patient.name or "Patient"),
        why=_why(review, found),
        at_place=f"If you {_could(found.option, found.option_title)}",
        ways=[
            Choice(one.plain, *_whole_dollars(one.patient))
            for one in found.arrangements
            if one.plain and one.letters
        ],
        others=[
            Choice(_elsewhere(review, one.plain), *_whole_dollars(one.patient))
            for one in found.arrangements
            if one.plain and one.kind != "agreement"
        ],
        ceiling=_ceiling(found),
        has_plan=not _no_plan(review),
        asked_plan=any("payer" in one.letters for one in found.arrangements),
    )


def _with_letter(review: Review, letter: str) -> Negotiation | None:
    found = review.negotiation
    if found is None or not any(letter in one.letters for one in found.arrangements):
        return None
    return found


def _way(found: Negotiation, letter: str) -> Arrangement:
    return next(one for one in found.arrangements if letter in one.letters)


def _provider_letter(review: Review, found: Negotiation, title: str, course: list[Line]) -> ProviderLetter:
    first = found.course.first_day
    return ProviderLetter(
        title=title,
        encounter_id=review.encounter_id,
        footer=footer(review),
        mark=DRAFT,
        made=wording.day(review.as_of, review.provenance.zone),
        reference=review.encounter_id,
        course=course,
        tests=", ".join(found.course.tests),
        first_day="" if first is None else _day(first),
    )


def _treatment(found: Negotiation) -> list[Line]:
    course = found.course
    drugs = ", ".join(course.drugs) or "to be filled in from the order"
    days = "to be filled in from the order" if course.days is None else wording.plural(course.days, "day")
    lines = [
        Line("Drug, by vein", drugs, "dose, strength and interval: see the order, to be attached"),
        Line("Days still to come", days),
    ]
    if course.first_day is not None:
        until = "" if course.last_day is None else f" to {_day(course.last_day)}"
        lines.append(Line("Dates", f"{_day(course.first_day)}{until}", "expected, not fixed"))
    lines.append(Line("Line", course.line or "to be filled in"))
    return lines


def _clinical(review: Review, found: Negotiation) -> list[Line]:
    course = found.course
    lines = [Line("Diagnosis", review.diagnosis or wording.NOT_KNOWN)]
    if course.drugs or course.days is not None:
        lines += _treatment(found)
        lines.append(Line("Weekly tests", ", ".join(course.tests) or "as ordered"))
        lines.append(Line("Written plan for treatment by vein", YES[course.plan_written]))
        lines.append(Line("Clinician named to watch over it", YES[course.monitor_named]))
    ready = {"met": "yes", "not_met": "not yet", "unknown": "not known"}[review.level_of_care.discharge_ready]
    lines.append(Line("Ready to leave the hospital", ready))
    return lines


def _fit(review: Review, found: Negotiation) -> str:
    return next((one.fit.status for one in review.options if one.id == found.option), "unknown")


def _payer_costs(found: Negotiation, asked: list[Arrangement]) -> list[Choice]:
    """What the plan itself would pay: without an agreement, and under each way that it is asked for."""
    base = next(one for one in found.arrangements if one.id == found.baseline)
    rows = [Choice(f"Without an agreement: {_lower(found.baseline_title)}", *_dollars(base.payer))]
    rows += [
        Choice(f"If the plan approves it instead: {_lower(one.option_title)}", *_dollars(one.payer))
        for one in found.if_covered
    ]
    return rows + [Choice(one.title, *_dollars(one.payer)) for one in asked]


def _payer_sentences(found: Negotiation, first: Arrangement, *, is_fit: bool) -> Iterator[str]:
    """What the agreement saves the plan, or that it saves nothing; then against places that it may still approve."""
    what, saving = _lower(first.title), first.saving["payer"].expected
    fits = " It is the care that fits the member." if is_fit else ""
    if saving is None:
        yield "What the plan would pay without an agreement is not known to us; we ask the plan to tell us."
    elif saving > 0:
        yield f"By this estimate the plan pays {usd(saving)} less with a {what} than without."
    else:
        yield (
            f"By this estimate a {what} costs the plan {usd(-saving)} more than it would pay without one. "
            f"We claim no saving.{fits}"
        )
    paid = first.payer.expected
    for one in found.if_covered:
        if paid is not None and one.payer.expected is not None and one.payer.expected > paid:
            less, place = usd(one.payer.expected - paid), _lower(one.option_title)
            yield f"If the plan would otherwise approve {place}, it pays {less} less with a {what}."


def _why(review: Review, found: Negotiation) -> list[str]:
    course, plan = found.course, review.payer.title
    could = _could(found.option, found.option_title)
    said = []
    if course.drugs:
        days = "" if course.days is None else f" for {course.days} more days"
        said.append(f"You still need a drug by vein{days}. The drug is {' and '.join(course.drugs)}.")
    if _fit(review, found) == "met":
        said.append(f"We think that you could {could}.")
    else:
        said.append(f"You may be able to {could}. We still have to check if that is safe for you.")
    if _no_plan(review):
        said.append("We found no health plan for you that would pay for this.")
    else:
        said.append(f"But your health plan does not pay for this. Your plan is: {plan}." if plan else "")
    return [one for one in said if one]


def _no_plan(review: Review) -> bool:
    return review.payer.payer_class == "self_pay" or not review.payer.matched


def _elsewhere(review: Review, plain: str) -> str:
    """Another place in plain words; who has no plan reads nothing of what a plan pays."""
    if _no_plan(review):
        for said in arrangement_table().plain_coverage.values():
            plain = plain.replace(f" {said}", "")
    return f"You {plain}"


def _could(option: str, title: str) -> str:
    """A place in the patient's own words, after "you"."""
    return arrangement_table().plain_places.get(option, _lower(title))


def _ceiling(found: Negotiation) -> list[str]:
    """The patient's ceiling in plain words."""
    amount = found.patient_ceiling.amount
    first = f"If nobody agrees on a price, you would {_could(found.baseline, found.baseline_title)}."
    if amount is None:
        return [first, "We do not know yet what that would cost you. We will ask."]
    if amount == 0:
        more = (
            "That would cost you nothing more than you owe now. So all that you pay for other care is extra."
        )
        return [first, more, "You may still want to leave the hospital. That is for you to choose."]
    even = f"If you pay up to {wording.usd(amount)} for the new care, it costs you no more than that."
    return [first, even, "Above that, it costs you more."]


def _dollars(amount: Range) -> tuple[str, str]:
    if amount.expected is None:
        return "not known", ""
    if amount.low is None or amount.high is None or amount.low == amount.high:
        return usd(amount.expected), ""
    return usd(amount.expected), f"{usd(amount.low)} to {usd(amount.high)}"


def _whole_dollars(amount: Range) -> tuple[str, str]:
    if amount.expected is None:
        return "not known yet", ""
    about = "nothing more" if amount.expected == 0 else f"about {wording.usd(amount.expected)}"
    if amount.low is None or amount.high is None or amount.low == amount.high:
        return about, ""
    return about, f"from {wording.usd(amount.low)} to {wording.usd(amount.high)}"


def _either(items: list[str]) -> str:
    """Return items joined for a request: ``a, b or c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} or {items[-1]}"


def _lower(title: str) -> str:
    return title[:1].lower() + title[1:]


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
