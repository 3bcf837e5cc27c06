"""The whole pipeline on one page: a chart as of a moment becomes a Review for each stay.

A daily census, one question at the bedside and a feed of a million stays all come through here; one admission is a
table of one. No clock is read: ``as_of`` is the only time there is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from discharge.chart import Chart, Scope
from discharge.clocks import clocks
from discharge.costs.stay import stay_money
from discharge.costs.waiting import waiting_cost
from discharge.criteria import evaluate_criteria
from discharge.denial import denial_risks
from discharge.denial_history import NO_HISTORY, DenialHistory
from discharge.drg import procedure_codes
from discharge.facts import FactTable, extract
from discharge.inference import Engine, infer
from discharge.needs import needs, open_needs
from discharge.negotiation import negotiate
from discharge.options import options
from discharge.packs import Packs
from discharge.payers import (
    PayerMatch,
    PayerProfile,
    Payers,
    coverage_facts,
    covered_by,
    profile_facts,
    stay_matches,
)
from discharge.plan import NO_MEDICATIONS, medication_lists, plan
from discharge.providers import NO_DIRECTORY, Directory, Place
from discharge.review.model import Review
from discharge.review.parts import Batch, Found, assemble
from discharge.review.stay import Identities, named_match


@dataclass(frozen=True)
class Reviews:
    """Reviews ordered by ``encounter_id``, the encounter that stands for the stay.

    ``places`` say where the patients live, for papers that list providers; they stand in no review.
    """

    reviews: list[Review]
    places: Mapping[str, Place] = field(default_factory=dict, repr=False)


def review(
    chart: Chart,
    *,
    as_of: pd.Timestamp,
    packs: Packs,
    payers: Payers,
    zone: str,
    history: DenialHistory = NO_HISTORY,
    directory: Directory = NO_DIRECTORY,
    engine: Engine = "durable",
    stays: Collection[str] | None = None,
    scope: Scope | None = None,
    payer: PayerProfile | None = None,
) -> Reviews:
    """Review every stay of ``chart`` that was known at ``as_of`` (aware); days and midnights are those of ``zone``.

    ``history`` holds the hospital's own denials, if it gave them; ``directory`` the providers that may take a patient.
    ``stays``, where given, are the only ones reviewed: others of the chart are read as history.
    ``scope`` is what the feed brings for all its patients, where the chart is of some (None: what the chart holds).
    ``payer``, where given, is taken as everybody's only coverage: a comparison, never a review to be kept.

    Raises:
        EngineError: the rules engine failed or contradicted itself.
    """
    known = chart.as_of(as_of) if payer is None else covered_by(chart.as_of(as_of), payer)
    facts = extract(known, as_of=as_of, zone=zone, scope=scope)
    matches = stay_matches(payers, facts, known)
    facts = coverage_facts(payers, facts, known)
    findings = evaluate_criteria(packs, facts, zone=zone)
    conclusions = infer(packs, findings, engine=engine)
    who = Identities.of(known)
    procedures = procedure_codes(known)
    batch = Batch(packs, facts, findings, conclusions, matches, who, procedures, as_of, zone, history)
    batch = replace(batch, medications=medication_lists(known), directory=directory)
    wanted = sorted(stay for stay in facts.index if stays is None or stay in stays)
    return Reviews([_review(batch, stay) for stay in wanted], {stay: batch.place(stay) for stay in wanted})


def evaluate_facts(
    rows: Sequence[Mapping[str, object]],
    payer: str | None = None,
    *,
    as_of: pd.Timestamp,
    packs: Packs,
    payers: Payers,
    zone: str,
    history: DenialHistory = NO_HISTORY,
) -> Reviews:
    """Review named facts with no chart. What the profile of ``payer`` says fills in facts that are not given.

    Raises:
        FactError: a name or value that the catalogue does not have.
        UsageError: no such payer profile.
    """
    match = named_match(payers, payer)
    facts = FactTable.from_named([{**profile_facts(match.profile), **row} for row in rows], as_of)
    findings = evaluate_criteria(packs, facts, zone=zone)
    matches: dict[str, PayerMatch] = dict.fromkeys(facts.index, match)
    batch = Batch(
        packs, facts, findings, infer(packs, findings), matches, Identities.of(None), {}, as_of, zone, history
    )
    return Reviews([_review(batch, stay_id) for stay_id in facts.index])


def _review(batch: Batch, stay_id: str) -> Review:
    """Everything after inference looks at one stay at a time; what is dear is remembered by what it depends on."""
    view = batch.view(stay_id)
    money = stay_money(view, batch.procedures.get(stay_id))
    running = clocks(view)
    risks = denial_risks(view, batch.packs, money, clocks_found=running, history=batch.history)
    needed = needs(view, batch.packs)
    ranked = options(view, needed, money, directory=batch.directory, place=batch.place(stay_id))
    planned = plan(
        view,
        needed,
        ranked,
        running,
        money,
        open_needs=open_needs(view, batch.packs),
        medications=batch.medications.get(stay_id, NO_MEDICATIONS),
        conditions=batch.conditions(stay_id),
        attending=batch.who.encounter(stay_id).get("attending"),
    )
    waiting = waiting_cost(view, ranked, money)
    agreed = negotiate(view, ranked, money)
    found = Found(money, running, risks, needed, ranked, planned, waiting, agreed)
    return assemble(batch, view, found)
