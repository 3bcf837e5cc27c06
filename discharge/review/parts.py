"""Puts the Review of one stay together from what the rooms found."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any

import orjson
import pandas as pd

from discharge import __version__, wording
from discharge.clocks import Clock
from discharge.costs.seen import rates_behind
from discharge.costs.stay import StayMoney
from discharge.costs.waiting import WaitingCost
from discharge.criteria import Findings, missing_facts
from discharge.denial import DenialRisk, summarize
from discharge.denial_history import NO_HISTORY, DenialHistory
from discharge.facts import FactTable, catalogue
from discharge.inference import Conclusion, Conclusions
from discharge.needs import Need, because_of
from discharge.negotiation import Negotiation
from discharge.options import Option
from discharge.packs import Packs
from discharge.payers import PayerMatch
from discharge.plan import MedicationLists, Plan
from discharge.providers import NO_DIRECTORY, Directory, Place
from discharge.review.course import course_seen
from discharge.review.findings import FindingBook, citation, scalar
from discharge.review.model import (
    CitationSeen,
    ConclusionSeen,
    Condition,
    Denial,
    FileSeen,
    Finding,
    Gap,
    LevelOfCare,
    PackSeen,
    Provenance,
    Review,
    Status,
    Task,
)
from discharge.review.stay import Identities, patient, payer, request, review_type, stay
from discharge.social import safety_flags, suggested_codes
from discharge.stayview import StayView

LEVEL: Mapping[str, str] = {
    "admission": "level_of_care.summary.admission",
    "continued_stay": "level_of_care.summary.continued_stay",
    "discharge_ready": "level_of_care.summary.discharge_ready",
    "two_midnight_benchmark": "level_of_care.two_midnight_benchmark.benchmark",
    "two_midnight_presumption": "level_of_care.two_midnight_presumption.presumption",
}
SETS_SHOWN = 3
DECISION_SUPPORT = (
    "Decision support: advice to people. It never denies, sends nothing, and states no legal conclusion."
)

_SAID: Mapping[str, tuple[str, str, str]] = {  # met, not met, unknown
    "admission": (
        "Admission criteria are met",
        "Admission criteria are not met",
        "Whether admission criteria are met is not known",
    ),
    "continued_stay": (
        "another day is supported",
        "another day is not supported",
        "whether another day is supported is not known",
    ),
    "discharge_ready": (
        "ready for discharge",
        "not ready for discharge",
        "readiness for discharge is not known",
    ),
}
_WORDS: tuple[Status, ...] = ("met", "not_met", "unknown")


@dataclass(frozen=True)
class Batch:
    """What is known of many stays at once, asked stay by stay from here on."""

    packs: Packs
    facts: FactTable
    findings: Findings
    conclusions: Conclusions
    matches: Mapping[str, PayerMatch]
    who: Identities
    procedures: Mapping[str, tuple[str, ...]]
    as_of: pd.Timestamp
    zone: str
    history: DenialHistory = NO_HISTORY
    directory: Directory = NO_DIRECTORY
    medications: Mapping[str, MedicationLists] = field(default_factory=dict)

    @cached_property
    def book(self) -> FindingBook:
        return FindingBook(self.packs, self.findings, self.facts)

    def view(self, stay_id: str) -> StayView:
        """Return one stay as the rooms after inference see it."""
        book = self.book
        known: dict[str, tuple[Any, ...]] = {}

        def evidence(fact: str) -> tuple[Any, ...]:
            if fact not in known:
                known[fact] = book.evidence(fact, stay_id)
            return known[fact]

        return StayView(
            stay_id=stay_id,
            facts=FactRow(book, stay_id),
            conclusions=self.open_conclusions(stay_id),
            findings=lambda full_id: book.status(full_id, stay_id),
            payer=self.matches[stay_id].profile,
            t=self.facts.t[stay_id],
            as_of=self.as_of,
            zone=self.zone,
            applies=lambda file_id: book.applies(file_id, stay_id),
            unknown_facts=lambda full_id: book.open_facts(full_id, stay_id),
            evidence=evidence,
            scores=lambda full_id: book.score_ends(full_id, stay_id),
        )

    def place(self, stay_id: str) -> Place:
        """Return where the patient of a stay lives, as far as the chart says."""
        patient = self.who.patients.get(self.who.encounter(stay_id).get("patient_id") or "", {})
        return Place(patient.get("postal_code"), patient.get("state"))

    def open_conclusions(self, stay_id: str) -> tuple[Conclusion, ...]:
        """Return the conclusions of a stay that may be written down: without those of confidential packs."""
        hidden = self.packs.confidential_files
        return tuple(one for one in self.conclusions.of(stay_id) if one.file_id not in hidden)

    def conditions(self, stay_id: str) -> list[str]:
        """Return the ids of the condition files that apply to a stay."""
        files = (file for file in self.packs.condition_files if file.applies.condition is not None)
        return [file.id for file in files if self.book.applies(file.id, stay_id) == "met"]

    def missing(self, full_id: str, stay_id: str) -> list[list[str]]:
        """Return the smallest sets of facts that would settle a criterion; none for one that is known or not there."""
        if full_id not in self.packs.criteria or self.book.status(full_id, stay_id) != "unknown":
            return []
        sets = missing_facts(self.packs, self.findings, self.facts, full_id, stay_id)
        return sorted((sorted(one) for one in sets), key=_easiest_first)


def _easiest_first(facts: list[str]) -> tuple[int, int, list[str]]:
    """Few facts first, and those that charts usually carry before those that somebody must be asked for."""
    return len(facts), sum(bool(catalogue()[fact].source.get("assessed")) for fact in facts), facts


@dataclass(frozen=True)
class FactRow(Mapping[str, Any]):
    """One row of a fact table as a mapping, read only where asked."""

    book: FindingBook
    stay_id: str

    def __getitem__(self, fact: str) -> Any:
        return self.book.value(fact, self.stay_id)

    def __iter__(self) -> Iterator[str]:
        return iter(self.book.facts.columns)

    def __len__(self) -> int:
        return len(self.book.facts.columns)


@dataclass(frozen=True)
class Found:
    """What the rooms after inference found of one stay."""

    money: StayMoney
    clocks: list[Clock]
    risks: list[DenialRisk]
    needs: list[Need]
    options: list[Option]
    plan: Plan
    waiting: WaitingCost | None = None
    negotiation: Negotiation | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


def assemble(batch: Batch, view: StayView, found: Found) -> Review:
    """Return the Review of one stay."""
    care = level_of_care(batch, view)
    conditions = _conditions(batch, view)
    findings = _findings(batch, view, conditions, found)
    scores = batch.book.scores([finding.criterion for finding in findings], view.stay_id)
    shown = [
        *(key for finding in findings for key in finding.citations),
        *(key for score in scores for key in score.cite),
    ]
    shown += [key for one in conditions if one.course is not None for key in one.course.cite]
    concluded = [_concluded(batch, one) for one in batch.open_conclusions(view.stay_id)]
    shown += [key for one in concluded for key in one.citations]
    match = batch.matches[view.stay_id]
    drg = found.money.drg
    return Review(
        encounter_id=view.stay_id,
        patient=patient(view, batch.who),
        as_of=view.local(view.as_of),
        reference_time=view.local(view.t),
        review_type=review_type(view),
        stay=stay(view, batch.who, drg.ms_drg, None if drg.gmlos_days is None else float(drg.gmlos_days)),
        payer=payer(view, batch.who, match),
        diagnosis=batch.who.diagnoses.get(view.stay_id) or view.text("diagnosis.principal"),
        request=request(view, care, batch.who),
        conditions=conditions,
        conditions_note=_conditions_note(batch, view, conditions),
        level_of_care=care,
        findings=findings,
        conclusions=concluded,
        scores=scores,
        denial=Denial(summary=summarize(found.risks), risks=found.risks),
        money=found.money,
        gaps=list(_gaps(view)),
        suggested_codes=suggested_codes(view, batch.packs),
        safety=safety_flags(view, batch.conclusions.of(view.stay_id), batch.packs),
        needs=found.needs,
        options=found.options,
        waiting=found.waiting,
        negotiation=found.negotiation,
        recommended=found.plan.recommended,
        plan=found.plan,
        clocks=found.clocks,
        tasks=list(_tasks(view)),
        provenance=_provenance(batch, view, match, findings, shown, found),
        notices=_notices(batch, findings),
    )


def level_of_care(batch: Batch, view: StayView) -> LevelOfCare:
    """Return the statuses asked first, in a sentence too, with what would settle the unknown ones."""
    said: dict[str, Status] = {
        name: batch.book.status(full_id, view.stay_id) for name, full_id in LEVEL.items()
    }
    sentence = "; ".join(words[_WORDS.index(said[name])] for name, words in _SAID.items()) + "."
    foreign = [name for name, full_id in LEVEL.items() if _is_foreign(batch, full_id, view.stay_id)]
    missing = {
        name: batch.missing(full_id, view.stay_id)[:SETS_SHOWN]
        for name, full_id in LEVEL.items()
        if name not in foreign
    }
    return LevelOfCare(
        **said,
        statement=sentence,
        does_not_apply=foreign,
        missing={name: sets for name, sets in missing.items() if sets},
    )


def _is_foreign(batch: Batch, full_id: str, stay_id: str) -> bool:
    """Whether the rule does not hold for this payer, as the presumption doesn't outside Original Medicare."""
    file_id = full_id.rpartition(".")[0]
    return file_id in batch.packs.files and batch.book.applies(file_id, stay_id) == "not_met"


def _conditions(batch: Batch, view: StayView) -> list[Condition]:
    """Conditions whose criteria apply, with the diagnosis facts and codes that say so."""
    found = []
    for file in batch.packs.condition_files:
        if batch.book.applies(file.id, view.stay_id) == "met" and file.applies.condition is not None:
            matches = batch.packs.names.value_sets[file.applies.condition].matches
            given = [
                view.text("diagnosis.principal"),
                view.text("diagnosis.admission"),
                *(view.codes("diagnosis.codes") or ()),
            ]
            codes = list(dict.fromkeys(code for code in given if code and matches(code)))
            course = course_seen(file)
            found.append(
                Condition(id=file.id, title=file.title, matched_on=codes[:SETS_SHOWN], course=course)
            )
    return found


def _conditions_note(batch: Batch, view: StayView, conditions: list[Condition]) -> str | None:
    if conditions:
        return None
    statuses = {batch.book.applies(file.id, view.stay_id) for file in batch.packs.condition_files}
    if "unknown" in statuses:
        return "No diagnosis is charted that would choose condition criteria; generic criteria used."
    return "No condition criteria apply; generic criteria used."


def _findings(batch: Batch, view: StayView, conditions: list[Condition], found: Found) -> list[Finding]:
    """Criteria that something in the review rests on, and all that they are made of."""
    roles = {full_id: name for name, full_id in LEVEL.items()}
    for condition in conditions:
        file = batch.packs.files[condition.id]
        roles |= {full_id: role for role, full_id in file.roles.items()}
    others = [name for one in view.conclusions for name, _ in one.because]
    others += [one.criterion for risk in found.risks for one in risk.criteria]
    return batch.book.findings_of(roles, others, view.stay_id, view.evidence)


def _concluded(batch: Batch, one: Conclusion) -> ConclusionSeen:
    rule = batch.packs.files[one.file_id].rules[one.rule_index]
    cites = dict.fromkeys(f"{one.file_id}.{key}" for key in rule.cites)
    for name, _ in one.because:
        cites.update(dict.fromkeys(batch.book.citations_of(name)))
    return ConclusionSeen(
        name=one.name,
        kind=one.kind,
        payload={name: scalar(value, "") for name, value in one.payload.model_dump(mode="json").items()},
        rule_file=one.file_id,
        rule_index=one.rule_index,
        version=one.version,
        because=[(one.criterion, one.status) for one in because_of(one.because)],
        citations=list(cites),
    )


def _gaps(view: StayView) -> Iterator[Gap]:
    asked = set()
    for one in view.concluded("documentation_gap"):
        ask = str(getattr(one.payload, "ask", ""))
        if ask not in asked:
            asked.add(ask)
            fact = catalogue().get(ask)
            title = fact.title if fact is not None else ask
            question = getattr(one.payload, "question", None) or f"Please chart: {title}."
            yield Gap(
                ask=ask,
                title=title,
                of=getattr(one.payload, "of", None),
                question=question,
                rule_file=one.file_id,
            )


def _tasks(view: StayView) -> Iterator[Task]:
    asked = set()
    for one in view.concluded("task"):
        task: Any = one.payload
        if task.task not in asked:
            asked.add(task.task)
            hours = None if task.due_in is None else float(task.due_in) * (24 if task.unit == "d" else 1)
            due = None if hours is None else view.local_after(view.local(view.t), timedelta(hours=hours))
            yield Task(task=task.task, title=task.title, owner=task.owner, due_at=due, rule_file=one.file_id)


def _provenance(
    batch: Batch,
    view: StayView,
    match: PayerMatch,
    findings: list[Finding],
    cites: list[str],
    found: Found,
) -> Provenance:
    citations = {}
    for key in sorted(set(cites)):
        source = citation(batch.packs, key)
        if source is not None:
            read_on = source.read_on.isoformat() if source.read_on else None
            citations[key] = CitationSeen(
                title=source.title, url=source.url, read_on=read_on, verified=source.verified
            )
    return Provenance(
        engine_version=__version__,
        zone=batch.zone,
        rules=[
            PackSeen(pack=one.id, version=one.version, digest=one.digest)
            for one in batch.packs.packs.values()
        ],
        payer_id=match.profile.id if match.profile else None,
        payer_digest=match.profile.digest if match.profile else None,
        denial_history_digest=batch.history.digest,
        providers_digest=batch.directory.digest,
        facts_digest=_facts_digest(batch.facts.known(view.stay_id)),
        files=_files(batch, view, findings),
        citations=citations,
        rates=rates_behind((option.cost for option in found.options), view.payer),
    )


def _facts_digest(known: Iterable[tuple[str, Any]]) -> str:
    types = catalogue()
    said = {name: scalar(value, types[name].type) for name, value in known}
    return hashlib.sha256(orjson.dumps(said)).hexdigest()


def _files(batch: Batch, view: StayView, findings: list[Finding]) -> dict[str, FileSeen]:
    """The rule files that findings and conclusions come from."""
    open_ = {finding.rule_file for finding in findings if not finding.verified}
    names = {finding.rule_file for finding in findings} | {one.file_id for one in view.conclusions}
    files = {name: batch.packs.files[name] for name in sorted(names)}
    return {
        name: FileSeen(
            title=file.title,
            pack=file.pack,
            version=file.version,
            verified=name not in open_,
            is_sensitive=file.is_sensitive,
        )
        for name, file in files.items()
    }


def _notices(batch: Batch, findings: list[Finding]) -> list[str]:
    used = {batch.packs.files[one.rule_file].title for one in findings}
    unchecked = sorted({batch.packs.files[one.rule_file].title for one in findings if not one.verified})
    if not unchecked:
        return [DECISION_SUPPORT]
    return [DECISION_SUPPORT, wording.not_checked(unchecked, len(used), "provenance.files says which")]
