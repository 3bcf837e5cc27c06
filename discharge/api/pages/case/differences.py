"""What differs between two reviews of one stay, side by side; what is alike is counted and not repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from discharge import wording
from discharge.api.pages.words import percent, usd
from discharge.clocks import Clock
from discharge.costs.amounts import Range
from discharge.denial import DenialRisk
from discharge.options import Option
from discharge.review.model import Finding, Review

_LEVELS = (
    ("admission", "Admission"),
    ("continued_stay", "Continued stay"),
    ("discharge_ready", "Ready for discharge"),
    ("two_midnight_benchmark", "Two-midnight benchmark"),
    ("two_midnight_presumption", "Two-midnight presumption"),
)
_NOT_THERE = "not there"
_TESTS_SHOWN = 3


@dataclass(frozen=True)
class Side:
    """What one review was made with, in words, with the digests that name it."""

    what: str
    as_of: datetime
    payer: str
    payer_id: str | None
    payer_digest: str | None
    rules: str
    engine: str


@dataclass(frozen=True)
class Status:
    """A status on both sides; None: the rule does not hold for the payer, or the criterion is not looked at."""

    title: str
    left: str | None
    right: str | None

    @property
    def differs(self) -> bool:
        """Tell whether it is another one."""
        return self.left != self.right


@dataclass(frozen=True)
class Changed:
    """A finding that is another one, with its rule and what it looked at on each side."""

    status: Status
    rule: str
    why_left: tuple[str, ...]
    why_right: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """Something in words on both sides."""

    title: str
    left: str
    right: str
    detail: str = ""

    @property
    def differs(self) -> bool:
        """Tell whether it is another one."""
        return self.left != self.right


@dataclass(frozen=True)
class Purses:
    """What an option costs payer, patient and hospital, whether it is covered, and its place in the order."""

    payer: str
    patient: str
    hospital: str
    coverage: str
    rank: int
    is_recommended: bool


@dataclass(frozen=True)
class Place:
    """An option on both sides; None: it is not offered."""

    title: str
    left: Purses | None
    right: Purses | None

    @property
    def differs(self) -> bool:
        """Tell whether it is another one."""
        return self.left != self.right


@dataclass(frozen=True)
class Differences:
    """All that is compared. Of findings, risks, clocks and options only what differs, with how many are alike.

    ``one_sided`` are findings that only one of the reviews looked at.
    """

    left: Side
    right: Side
    levels: tuple[Status, ...]
    findings: tuple[Changed, ...]
    one_sided: tuple[Changed, ...]
    findings_alike: int
    denial: tuple[Line, ...]
    risks: tuple[Line, ...]
    risks_alike: int
    clocks: tuple[Line, ...]
    clocks_alike: int
    options: tuple[Place, ...]
    options_alike: int
    plan: tuple[Line, ...]

    @property
    def is_none(self) -> bool:
        """Tell whether nothing differs."""
        parts = (self.findings, self.one_sided, self.risks, self.clocks, self.options)
        lines = (*self.denial, *self.plan)
        return (
            not any(parts)
            and not any(one.differs for one in self.levels)
            and not any(one.differs for one in lines)
        )


def differences(left: Review, right: Review, what: str, than: str) -> Differences:
    """Return what differs between two reviews; ``what`` and ``than`` name them for people."""
    findings, findings_alike = _findings(left, right)
    risks, risks_alike = _risks(left, right)
    clocks, clocks_alike = _clocks(left, right)
    options, options_alike = _options(left, right)
    return Differences(
        left=_side(left, what),
        right=_side(right, than),
        levels=tuple(Status(title, _level(left, name), _level(right, name)) for name, title in _LEVELS),
        findings=tuple(one for one in findings if one.status.left and one.status.right),
        one_sided=tuple(one for one in findings if not (one.status.left and one.status.right)),
        findings_alike=findings_alike,
        denial=_denial(left, right),
        risks=risks,
        risks_alike=risks_alike,
        clocks=clocks,
        clocks_alike=clocks_alike,
        options=options,
        options_alike=options_alike,
        plan=_plan(left, right),
    )


def _side(review: Review, what: str) -> Side:
    seen = review.provenance
    return Side(
        what=what,
        as_of=review.as_of,
        payer=review.payer.title or f"no payer profile ({review.payer.reason})",
        payer_id=review.payer.profile,
        payer_digest=seen.payer_digest,
        rules=", ".join(f"{one.pack} {one.version}" for one in seen.rules),
        engine=seen.engine_version,
    )


def _level(review: Review, name: str) -> str | None:
    care = review.level_of_care
    return None if name in care.does_not_apply else str(getattr(care, name))


def _findings(left: Review, right: Review) -> tuple[list[Changed], int]:
    before = {one.criterion: one for one in left.findings}
    after = {one.criterion: one for one in right.findings}
    found, alike = [], 0
    for name in dict.fromkeys([*before, *after]):
        one, other = before.get(name), after.get(name)
        here = one or other
        assert here is not None
        if one is not None and other is not None and one.status == other.status:
            alike += 1
            continue
        file = (left if one is not None else right).provenance.files.get(here.rule_file)
        rule = here.rule_file if file is None else f"{file.title}, {file.pack} {file.version}"
        status = Status(here.title, one.status if one else None, other.status if other else None)
        found.append(Changed(status, rule, _why(one, before), _why(other, after)))
    return found, alike


def _why(finding: Finding | None, known: Mapping[str, Finding]) -> tuple[str, ...]:
    """Return what a finding looked at: its tests, else the findings that it rests on."""
    if finding is None:
        return ()
    tests = [
        f"{one.title}: {wording.value(one.value, one.unit)} ({one.test})"
        for one in finding.facts
        if one.status == finding.status
    ] or [f"{one.title}: {wording.value(one.value, one.unit)} ({one.test})" for one in finding.facts]
    parts = [
        f"{known[name].title}: {wording.status(known[name].status)}"
        for name in finding.parts
        if name in known
    ]
    said = tests or parts
    more = len(said) - _TESTS_SHOWN
    return (*said[:_TESTS_SHOWN], *([f"and {more} more"] if more > 0 else []))


def _denial(left: Review, right: Review) -> tuple[Line, ...]:
    def lines(review: Review) -> dict[str, str]:
        total = review.denial.summary
        return {
            "Risk of denial": f"{total.band}, {percent(total.probability.expected)}",
            "Exposure": usd(total.exposure_usd),
            "Expected loss": usd(total.expected_loss_usd),
        }

    one, other = lines(left), lines(right)
    return tuple(Line(name, one[name], other[name]) for name in one)


def _risks(left: Review, right: Review) -> tuple[tuple[Line, ...], int]:
    def said(risk: DenialRisk | None) -> str:
        if risk is None:
            return "no risk found"
        state = "present" if risk.state == "present" else "can't be ruled out"
        return (
            f"{state}; likelihood {percent(risk.likelihood.expected)}; exposure {usd(risk.exposure_usd)};"
            f" expected loss {usd(risk.expected_loss_usd)}"
        )

    def named(review: Review) -> dict[str, tuple[str, DenialRisk]]:
        return {one.cause: (one.title, one) for one in review.denial.risks}

    before, after = named(left), named(right)
    lines = []
    for cause in dict.fromkeys([*before, *after]):
        one, other = before.get(cause), after.get(cause)
        title, risk = one or other or ("", None)
        fix = "" if risk is None else risk.fix
        lines.append(Line(title, said(one and one[1]), said(other and other[1]), fix))
    return _split(lines)


def _clocks(left: Review, right: Review) -> tuple[tuple[Line, ...], int]:
    def said(clocks: Sequence[Clock]) -> str:
        if not clocks:
            return _NOT_THERE
        zone = left.provenance.zone
        return "; ".join(
            f"{one.status.replace('_', ' ')}, "
            + (f"due {wording.charted(one.due_at, zone)}" if one.due_at else "no time told")
            for one in clocks
        )

    def named(review: Review) -> dict[tuple[str, str], list[Clock]]:
        found: dict[tuple[str, str], list[Clock]] = {}
        for one in review.clocks:
            found.setdefault((one.clock_id, one.title), []).append(one)
        return found

    before, after = named(left), named(right)
    return _split(
        [
            Line(key[1], said(before.get(key, ())), said(after.get(key, ())))
            for key in dict.fromkeys([*before, *after])
        ]
    )


def _split(lines: Sequence[Line]) -> tuple[tuple[Line, ...], int]:
    found = tuple(one for one in lines if one.differs)
    return found, len(lines) - len(found)


def _options(left: Review, right: Review) -> tuple[tuple[Place, ...], int]:
    def purses(option: Option | None, review: Review) -> Purses | None:
        if option is None:
            return None
        cost = option.cost
        return Purses(
            payer=_amount(cost.payer),
            patient=_amount(cost.patient),
            hospital=_amount(cost.hospital),
            coverage=option.coverage.status,
            rank=option.rank,
            is_recommended=review.recommended == option.id,
        )

    before, after = {one.id: one for one in left.options}, {one.id: one for one in right.options}
    every = []
    for name in dict.fromkeys([*before, *after]):
        title = (before.get(name) or after[name]).title
        every.append(Place(title, purses(before.get(name), left), purses(after.get(name), right)))
    found = tuple(one for one in every if one.differs)
    return found, len(every) - len(found)


def _amount(range: Range) -> str:
    """Return an expected amount with its range where it has one."""
    if range.expected is None:
        return wording.NOT_KNOWN
    if range.low is None or range.high is None or _rounded(range.low) == _rounded(range.high):
        return usd(range.expected)
    return f"{usd(range.expected)} ({usd(range.low)} to {usd(range.high)})"


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1))


def _plan(left: Review, right: Review) -> tuple[Line, ...]:
    def lines(review: Review) -> dict[str, str]:
        plan, stay, zone = review.plan, review.stay, review.provenance.zone
        leaving = plan.expected_discharge
        return {
            "Recommended": plan.recommended_title or "nothing can be recommended",
            "Why": plan.reason,
            "Hospital care goes on first": wording.status(plan.stay_on),
            "Days so far": wording.NOT_KNOWN if stay.days is None else f"{stay.days:.1f}",
            "Expected discharge": f"{wording.day(leaving.at, zone)} ({leaving.basis})",
        }

    one, other = lines(left), lines(right)
    return tuple(Line(name, one[name], other[name]) for name in one)
