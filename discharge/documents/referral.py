"""The referral packet: what a facility or agency has to know to say whether it can take the patient, and no more.

What may be said is named in ``reference/providers/referral.yaml``, kind by kind; whatever isn't named there can't get
in. Social findings, safety, denial risks, prices, the problem list and the list of medicines never do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from pydantic import Field

from discharge import wording, yaml
from discharge.dated import Citation, Strict
from discharge.documents.common import Line, Note, footer
from discharge.documents.paper import PaperContext
from discharge.documents.provider_words import language_name, written_day
from discharge.facts import catalogue
from discharge.options import Option
from discharge.providers import Kind
from discharge.providers.table import finding_table
from discharge.reference import load_yaml
from discharge.resources import reference_file
from discharge.review.model import Review

MOST = 3
_CODE = re.compile(r"\(?([A-Z][0-9][0-9A-Z](?:\.?[0-9A-Z]{1,4})?)\)?$")
_FLAGS = {"1": "yes", "0": "no"}


class ConsentRow(Strict):
    """Diagnoses that wait for the patient's consent."""

    prefixes: list[str]
    title: str
    cite: str


class SectionRow(Strict):
    """Facts that belong together."""

    title: str
    facts: list[str]
    ask: list[str] = Field(default_factory=list)
    ask_for: list[str] = Field(default_factory=list)


class KindRow(Strict):
    """What one kind of provider is told: these needs and these sections."""

    needs: list[str]
    sections: list[str]


class ReferralTable(Strict):
    """The whole of ``referral.yaml``."""

    title: str
    citations: dict[str, Citation]
    consent: list[ConsentRow]
    sections: dict[str, SectionRow]
    kinds: dict[Kind, KindRow]


@dataclass(frozen=True, slots=True)
class Section:
    """Facts under a heading; ``open_`` are those a provider asks for and this review doesn't know."""

    title: str
    lines: list[Line]
    open_: list[str]


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """A service asked for; empty text where the chart doesn't say."""

    title: str
    start: str
    frequency: str
    duration: str
    detail: str


@dataclass(frozen=True, slots=True)
class ReferralPage:
    """Everything that ``referral_packet.html`` prints. ``suffix`` is the kind of provider."""

    title: str
    suffix: str
    encounter_id: str
    footer: str
    line: str
    banner: list[Note]
    patient: list[Line]
    stay: list[Line]
    services: list[ServiceLine]
    sections: list[Section]
    to_add: list[str]
    to_fill: list[str] = field(default_factory=list)


@cache
def referral_table() -> ReferralTable:
    """Return the table, read once."""
    path = reference_file("providers/referral.yaml")
    return ReferralTable.model_validate(
        yaml.load(path.read_bytes(), where="reference/providers/referral.yaml")
    )


def referral_packets(review: Review, context: PaperContext) -> list[ReferralPage] | None:
    """Return a packet for each kind of provider that an option needs which fits what is charted; None without any."""
    table = finding_table()
    wanted: dict[Kind, Option] = {}
    for option in sorted(review.options, key=lambda one: one.rank):
        for kind in (*(table.options.get(option.id) or []), *table.also.get(option.id, [])):
            if option.fit.status == "met" and kind in referral_table().kinds:
                wanted.setdefault(kind, option)
    pages = [_page(review, kind, option) for kind, option in list(wanted.items())[:MOST]]
    return pages or None


def _page(review: Review, kind: Kind, option: Option) -> ReferralPage:
    row, words = referral_table().kinds[kind], finding_table().kinds[kind].one
    known = known_facts(review)
    needed = {need.need for need in review.needs}
    sections = [_section(referral_table().sections[name], known, needed) for name in row.sections]
    held = consent_wanted(review)
    return ReferralPage(
        title=f"Referral: {words}",
        suffix=kind,
        encounter_id=review.encounter_id,
        footer=footer(review),
        line=f"From the chart as it was on {wording.when(review.as_of, review.provenance.zone)}",
        banner=list(_banner(held)),
        patient=_patient(review, known),
        stay=_stay(review, held),
        services=list(_services(review, option, row)),
        sections=[one for one in sections if one.lines],
        to_add=[title for one in sections for title in one.open_],
        to_fill=[
            "To (the provider the patient chose)",
            "From (name, role, telephone)",
            "Allergies",
            "Attending physician who orders and signs",
            "Goals and preferences the patient wants shared",
            "Answer wanted by",
        ],
    )


def _banner(held: str | None) -> Iterator[Note]:
    yield Note("Draft for the case manager to check. Nothing is sent by this program.", strong=True)
    if held is not None:
        yield Note(
            f"Hold: the diagnosis is about {held}. It is left out until the patient's consent is on file.",
            strong=True,
        )
    yield Note(
        "Only what the provider needs to answer. The list of medicines and the discharge summary go with the patient."
    )


def consent_wanted(review: Review) -> str | None:
    """Return what the diagnosis is about where it waits for the patient's consent."""
    found = _CODE.search((review.diagnosis or "").strip())
    if found is None:
        return None
    code = found[1].replace(".", "")
    return next(
        (
            row.title
            for row in referral_table().consent
            if any(code.startswith(prefix) for prefix in row.prefixes)
        ),
        None,
    )


def known_facts(review: Review) -> Mapping[str, Line]:
    """Return the facts of the review's findings and needs that some packet may name, as lines."""
    allowed = {fact for section in referral_table().sections.values() for fact in section.facts}
    zone, titles = review.provenance.zone, catalogue()
    found: dict[str, Line] = {}
    for need in review.needs:
        for seen in need.evidence:
            if seen.fact in allowed and seen.fact in titles:
                fact = titles[seen.fact]
                value = (
                    _FLAGS.get(seen.value, seen.value)
                    if fact.type == "flag"
                    else _number(seen.value, fact.unit)
                )
                found[seen.fact] = Line(fact.title, value, wording.charted(seen.at, zone))
    for finding in review.findings:
        for known in finding.facts:
            if known.name in allowed and known.value is not None:
                value = wording.value(known.value, known.unit)
                found[known.name] = Line(known.title, value, wording.charted(known.at, zone))
    return found


def _number(text: str, unit: str | None) -> str:
    try:
        return wording.value(float(text), unit)
    except ValueError:
        return text


def _section(row: SectionRow, known: Mapping[str, Line], needed: set[str]) -> Section:
    titles = catalogue()
    asked = row.ask if not row.ask_for or needed.intersection(row.ask_for) else []
    return Section(
        title=row.title,
        lines=[_spoken(fact, known[fact]) for fact in row.facts if fact in known],
        open_=[titles[fact].title for fact in asked if fact not in known],
    )


def _spoken(fact: str, line: Line) -> Line:
    """A language by its name."""
    return Line(line.label, language_name(line.value), line.note) if fact == "patient.language" else line


def _patient(review: Review, known: Mapping[str, Line]) -> list[Line]:
    patient, payer = review.patient, review.payer
    age = "" if patient.age_years is None else f" ({int(patient.age_years)} years)"
    return [
        Line("Name", patient.name or wording.NOT_KNOWN),
        Line("Date of birth", written_day(patient.birth_date) + age),
        Line("Sex", patient.sex or wording.NOT_KNOWN),
        Line("Plan", payer.title or "no payer profile matched"),
        Line("Member number", payer.member_id or wording.NOT_KNOWN),
    ]


def _stay(review: Review, held: str | None) -> list[Line]:
    stay, zone = review.stay, review.provenance.zone
    expected = stay.expected_discharge
    diagnosis = "left out until the patient consents" if held else review.diagnosis or wording.NOT_KNOWN
    return [
        Line("Diagnosis", diagnosis),
        Line("Admitted", wording.day(stay.inpatient_order or stay.admitted or stay.arrival, zone)),
        Line("Expected discharge", wording.day(expected.at, zone), expected.basis),
    ]


def _services(review: Review, option: Option, row: KindRow) -> Iterator[ServiceLine]:
    """Yield the needs that the place meets and this kind of provider is told of, with what the plan says of them."""
    zone = review.provenance.zone
    planned = {service.need: service for service in review.plan.services}
    for need in review.needs:
        if need.need in row.needs and need.need in option.meets:
            service = planned.get(need.need)
            start = None if service is None else service.start
            yield ServiceLine(
                title=need.title,
                start="" if start is None else wording.day(start, zone),
                frequency=(service and service.frequency) or "",
                duration=(service and service.duration) or "",
                detail=_tests(review)
                if need.need == "monitoring_labs"
                else (service and service.detail) or "",
            )


def _tests(review: Review) -> str:
    """The blood tests that the plan asks for while a drug runs by vein."""
    known = load_yaml("opat_labs.yaml")["tests"]
    lines = [line for line in getattr(review.plan, "monitoring", []) if line.test in known]
    return "; ".join(f"{line.title} {line.frequency or ''}".strip() for line in lines)
