"""Denial risks of a stay: causes that are present or can't be ruled out, how likely, how dear, and what cures them.

A likelihood never claims more than its basis says. Dollars that can't be told stay unknown; they are never zero.
Advice for people: nothing here denies, and nothing here says that a payer may.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from math import prod
from typing import Literal, TypeAlias

from discharge import yaml
from discharge.clocks import Clock, clocks
from discharge.costs.amounts import Usd, cents
from discharge.costs.horizon import price
from discharge.costs.inputs import price_inputs
from discharge.costs.ledger import service_expected
from discharge.costs.stay import Exposure, StayMoney
from discharge.dated import Citation, Strict
from discharge.denial_history import NO_HISTORY, DenialHistory
from discharge.needs import Because, because_of
from discharge.packs import Packs, RuleFile
from discharge.packs.conclusions import BasisKind, Deadline, DenialCause
from discharge.packs.conclusions import Likelihood as StatedLikelihood
from discharge.payers.schema import BaseRate
from discharge.resources import reference_file
from discharge.stayview import Result, Status, StayView, kleene_all

State: TypeAlias = Literal["present", "possible"]
BandName: TypeAlias = Literal["high", "moderate", "low", "none"]

_STATUS: dict[str, Status] = {"met": "met", "not_met": "not_met"}


class BandRow(Strict):
    """A band of the overall probability: from this share on."""

    name: Literal["high", "moderate", "low"]
    start: Decimal
    cite: str
    placeholder: bool


class DenialTable(Strict):
    """The whole of ``denial.yaml``."""

    citations: dict[str, Citation]
    assumption: str
    bands: list[BandRow]
    post_acute_options: dict[str, str]


class Likelihood(Result):
    """Probability that a cause leads to a denial, and where that number comes from."""

    low: float
    expected: float
    high: float
    kind: BasisKind
    basis: str
    citation: str
    verified: bool
    is_placeholder: bool


class DenialRisk(Result):
    """One cause of denial of one stay.

    ``state`` possible: the cause can't be ruled out, so its likelihood is reduced by the file's own factor, and
    ``missing`` names the facts that would tell. ``exposure_usd`` None: dollars not known, see ``exposure_basis``.
    """

    cause: str
    title: str
    state: State
    carc: list[str]
    rarc: list[str]
    review_actions: list[str]
    group_code: str
    likelihood: Likelihood
    exposure_kind: str
    exposure_usd: Usd | None
    exposure_basis: str
    expected_loss_usd: Usd | None
    modifiable: bool
    fix: str
    owner: str
    due_at: datetime | None
    because: str
    criteria: list[Because]
    missing: list[str]
    rule: str
    version: str


class Probability(Result):
    """Overall probability that some cause leads to a denial."""

    low: float
    expected: float
    high: float


class DenialSummary(Result):
    """All risks of a stay together.

    ``exposure_usd`` counts every kind of dollars once; both sums leave out what isn't known and are None when
    nothing is. ``unknown_exposures`` counts the risks left out. The expected loss is never the exposure.
    """

    band: BandName
    probability: Probability
    exposure_usd: Usd | None
    expected_loss_usd: Usd | None
    unknown_exposures: int
    assumption: str
    band_is_placeholder: bool


@cache
def denial_table() -> DenialTable:
    """Return bands and conventions, read once."""
    path = reference_file("denial.yaml")
    return DenialTable.model_validate(yaml.load(path.read_bytes(), where="reference/denial.yaml"))


def denial_risks(
    view: StayView,
    packs: Packs,
    money: StayMoney,
    *,
    clocks_found: Sequence[Clock] | None = None,
    history: DenialHistory = NO_HISTORY,
) -> list[DenialRisk]:
    """Return the causes of denial that are present or can't be ruled out: present ones first, then the dearest loss.

    ``clocks_found`` are the stay's clocks where the caller has them already; ``history`` the hospital's own denials,
    which go before the payer profile's rates, and these before the rule file's.
    """
    running = clocks(view) if clocks_found is None else clocks_found
    said = {str(getattr(one.payload, "cause", "")): one for one in view.concluded("denial_risk")}
    found = []
    for cause_id, file in packs.denial_causes.items():
        criterion = f"{file.id}.cause"
        applies = _STATUS.get(view.applies(file.id), "unknown")
        status = kleene_all(applies, _STATUS.get(view.findings(criterion), "unknown"))
        if status == "not_met" or file.denial_cause is None:
            continue
        conclusion = said.get(cause_id)
        sentence = str(getattr(conclusion.payload, "because", "")) if conclusion else ""
        pairs = conclusion.because if conclusion else ((criterion, view.findings(criterion)),)
        missing = list(view.unknown_facts(criterion)) if status == "unknown" else []
        likelihood = _likelihood(view, file, file.denial_cause, status, history)
        found.append(
            _risk(view, file, file.denial_cause, likelihood, status, sentence, pairs, missing, money, running)
        )
    return _ranked(found)


def _risk(
    view: StayView,
    file: RuleFile,
    cause: DenialCause,
    likelihood: Likelihood,
    status: Status,
    sentence: str,
    pairs: tuple[tuple[str, str], ...],
    missing: list[str],
    money: StayMoney,
    running: Sequence[Clock],
) -> DenialRisk:
    exposure = _exposure(view, cause, money)
    loss = None
    if exposure.amount_usd is not None:
        loss = cents(exposure.amount_usd * Decimal(str(likelihood.expected)))
    state: State = "present" if status == "met" else "possible"
    otherwise = (
        f"{cause.title} can't be ruled out from the chart." if state == "possible" else f"{cause.title}."
    )
    return DenialRisk(
        cause=cause.id,
        title=cause.title,
        state=state,
        carc=list(cause.carc),
        rarc=list(cause.rarc),
        review_actions=list(cause.review_actions),
        group_code=cause.group_code,
        likelihood=likelihood,
        exposure_kind=cause.exposure,
        exposure_usd=exposure.amount_usd,
        exposure_basis=exposure.basis,
        expected_loss_usd=loss,
        modifiable=cause.modifiable,
        fix=cause.fix,
        owner=cause.owner,
        due_at=_due(view, cause.deadline, running),
        because=sentence if sentence and state == "present" else otherwise,
        criteria=because_of(pairs),
        missing=missing,
        rule=file.id,
        version=file.version,
    )


@dataclass(frozen=True)
class _Stated:
    """A likelihood as one source states it, for a cause that is present."""

    low: float
    expected: float
    high: float
    kind: BasisKind
    basis: str
    citation: str
    verified: bool
    is_placeholder: bool


def _likelihood(
    view: StayView, file: RuleFile, cause: DenialCause, status: Status, history: DenialHistory
) -> Likelihood:
    stated = _by_history(view, cause, history) or _by_profile(view, cause) or _by_rules(view, file, cause)
    factor = 1.0 if status == "met" else float(cause.when_unknown.value)
    basis, placeholder = stated.basis, stated.is_placeholder
    if status != "met":
        basis += f"; times {cause.when_unknown.value} because the cause can't be ruled out"
        placeholder = placeholder or cause.when_unknown.placeholder
    return Likelihood(
        low=round(stated.low * factor, 4),
        expected=round(stated.expected * factor, 4),
        high=round(stated.high * factor, 4),
        kind=stated.kind,
        basis=basis,
        citation=stated.citation,
        verified=stated.verified,
        is_placeholder=placeholder,
    )


def _by_history(view: StayView, cause: DenialCause, history: DenialHistory) -> _Stated | None:
    found = history.find(cause.id, view.payer.id if view.payer else None, view.payer_class)
    if found is None:
        return None
    payer, share = found
    low, high = share.limits
    basis = (
        f"this hospital's own denials: {share.denied} of {share.stays} stays with this cause (payer: {payer})"
    )
    return _Stated(low, share.expected, high, "hospital_history", basis, "hospital history", True, False)


def _by_profile(view: StayView, cause: DenialCause) -> _Stated | None:
    rate = view.payer.cause_denial_rates.get(cause.id) if view.payer else None
    if view.payer is None or rate is None:
        return None
    return _range(rate, "payer_profile", view.payer.citations.get(rate.cite))


def _by_rules(view: StayView, file: RuleFile, cause: DenialCause) -> _Stated:
    stated = cause.likelihood.get(view.payer_class or "any", cause.likelihood["any"])
    return _range(stated, stated.kind, file.citations.get(stated.cite))


def _range(rate: BaseRate | StatedLikelihood, kind: BasisKind, source: Citation | None) -> _Stated:
    """Expect the middle of a range that is written down."""
    low, high = float(rate.low), float(rate.high)
    title = source.title if source else rate.cite
    verified = source.verified if source else False
    return _Stated(low, (low + high) / 2, high, kind, rate.basis, title, verified, rate.placeholder)


def _exposure(view: StayView, cause: DenialCause, money: StayMoney) -> Exposure:
    if cause.exposure != "post_acute":
        return money.exposures[cause.exposure]
    option = _option_of(view, cause.id)
    if option is None:
        return Exposure(amount_usd=None, basis="the service at stake is not known")
    cost = price(price_inputs(view, option, "not_met" if cause.group_code == "PR" else "met", money))
    who = "the patient would be left to pay" if cause.group_code == "PR" else "the payer would pay"
    amount = service_expected(cost, "patient" if cause.group_code == "PR" else "payer")
    if amount is None:
        return Exposure(amount_usd=None, basis=f"what {who} for {option} is not known")
    return Exposure(amount_usd=amount, basis=f"what {who} for {option} over {cost.horizon_days} d")


def _option_of(view: StayView, cause: str) -> str | None:
    """The destination a cause is about: that of a barrier with this cause, else by the cause's first word."""
    for barrier in view.concluded("barrier"):
        if str(getattr(barrier.payload, "cause", "")) == cause:
            return str(getattr(barrier.payload, "option", ""))
    table = denial_table().post_acute_options
    return next((option for start, option in table.items() if cause.lower().startswith(start)), None)


def _due(view: StayView, deadline: Deadline | None, running: Iterable[Clock]) -> datetime | None:
    if deadline is None:
        return None
    if deadline.clock is not None:
        return next((clock.due_at for clock in running if clock.clock_id == deadline.clock), None)
    start = view.time(deadline.start) if deadline.start else None
    if start is None or deadline.hours is None:
        return None
    return view.local_after(start, timedelta(hours=float(deadline.hours)))


def _ranked(risks: list[DenialRisk]) -> list[DenialRisk]:
    """Present causes before those that merely can't be ruled out; in each by expected loss, then likelihood.

    A chart that never keeps, say, authorizations leaves many causes open; they must not hide what is really there.
    Unknown dollars are ranked as the largest known ones of the stay.
    """
    largest = max((risk.exposure_usd for risk in risks if risk.exposure_usd is not None), default=Decimal(1))

    def key(risk: DenialRisk) -> tuple[bool, Decimal, float, str]:
        loss = risk.expected_loss_usd
        if loss is None:
            loss = largest * Decimal(str(risk.likelihood.expected))
        return (risk.state == "possible", -loss, -risk.likelihood.expected, risk.cause)

    return sorted(risks, key=key)


def summarize(risks: Sequence[DenialRisk]) -> DenialSummary:
    """Return the band, the overall probability and the dollars of all risks of a stay together."""
    table = denial_table()
    overall = Probability(
        low=_combined(risk.likelihood.low for risk in risks),
        expected=_combined(risk.likelihood.expected for risk in risks),
        high=_combined(risk.likelihood.high for risk in risks),
    )
    band: BandName = "none"
    if risks:
        held = [row for row in table.bands if overall.expected >= row.start]
        band = held[0].name if held else "low"
    kinds: dict[tuple[str, str], list[DenialRisk]] = {}
    for risk in risks:
        if risk.exposure_usd is not None:
            kinds.setdefault((risk.exposure_kind, risk.exposure_basis), []).append(risk)
    exposure = loss = None
    if kinds:
        amounts = [(max(r.exposure_usd or Decimal(0) for r in group), group) for group in kinds.values()]
        exposure = sum((amount for amount, _ in amounts), Decimal(0))
        loss = sum((_loss(amount, group) for amount, group in amounts), Decimal(0))
    return DenialSummary(
        band=band,
        probability=overall,
        exposure_usd=exposure,
        expected_loss_usd=loss,
        unknown_exposures=sum(risk.exposure_usd is None for risk in risks),
        assumption=table.assumption,
        band_is_placeholder=any(row.placeholder for row in table.bands),
    )


def _combined(shares: Iterable[float]) -> float:
    return round(1 - prod(1 - share for share in shares), 4)


def _loss(amount: Decimal, risks: Sequence[DenialRisk]) -> Decimal:
    """The same dollars can be lost once only, whichever cause takes them."""
    return cents(amount * Decimal(str(_combined(risk.likelihood.expected for risk in risks))))
