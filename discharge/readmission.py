"""How likely the patient is to come back within 30 days, by the HOSPITAL score or LACE, as their studies found.

A score that is still open gives a range; the study's own average then stands as the expected figure. No score was
made for hospice, and staying is no discharge.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from discharge import yaml
from discharge.dated import Citation, Strict
from discharge.resources import reference_file
from discharge.stayview import Result, StayView


def _quoted(value: Any) -> Any:
    if not isinstance(value, (str, Decimal)):
        raise ValueError(f'a share without quotes: write "{value}"')
    return Decimal(value)


Share = Annotated[Decimal, BeforeValidator(_quoted), Field(ge=0, le=1)]


class Mean(Strict):
    """The share of a study's whole cohort."""

    share: Share
    cite: str


class RiskBand(Strict):
    """The share of patients with so many points: ``from`` and more, fewer than ``below``."""

    start: int = Field(alias="from")
    below: int
    band: str
    share: Share
    cite: str
    placeholder: bool = False


class ScoreRow(Strict):
    """One score of ``readmission.yaml``; used from the day it was published."""

    score: str
    title: str
    outcome: str
    cohort: str
    first_day: date
    mean: Mean
    bands: list[RiskBand]

    def band_of(self, points: float) -> RiskBand | None:
        return next((one for one in self.bands if one.start <= points < one.below), None)


class RiskTable(Strict):
    """The whole of ``readmission.yaml``, scores in the order in which they are preferred."""

    title: str
    citations: dict[str, Citation]
    scores: dict[str, ScoreRow]


class ReadmissionRisk(Result):
    """Shares of one within 30 days; all None where no score can be made.

    ``basis`` says which score, what it counts and what is open. ``cite`` are keys of ``reference/readmission.yaml``.
    """

    score: str | None
    points_low: float | None
    points_high: float | None
    low: Decimal | None
    expected: Decimal | None
    high: Decimal | None
    band: str | None
    basis: str
    cite: list[str]


def no_risk(basis: str) -> ReadmissionRisk:
    """Return that no figure is given, and why."""
    return ReadmissionRisk(
        score=None,
        points_low=None,
        points_high=None,
        low=None,
        expected=None,
        high=None,
        band=None,
        basis=basis,
        cite=[],
    )


NO_SCORE = no_risk("No readmission score can be made from the chart.")
NOT_DISCHARGED = no_risk("Staying is no discharge.")
HOSPICE = no_risk("Neither score was made for patients in hospice care.")


@cache
def risk_table() -> RiskTable:
    """Return the shares by score, read once."""
    path = reference_file("readmission.yaml")
    return RiskTable.model_validate(yaml.load(path.read_bytes(), where="reference/readmission.yaml"))


def readmission_risk(view: StayView) -> ReadmissionRisk:
    """Return the patient's risk after discharge: by the first score that is settled, else by the narrowest range."""
    ends = tuple((name, view.scores(row.score)) for name, row in risk_table().scores.items())
    return _risk(ends, view.day)


@lru_cache(maxsize=8192)
def _risk(ends: tuple[tuple[str, tuple[float, float] | None], ...], day: date) -> ReadmissionRisk:
    found = list(_risks(ends, day))
    settled = [one for one in found if one.low == one.high]
    if settled:
        return settled[0]
    return min(found, key=_width, default=NO_SCORE)


def _width(risk: ReadmissionRisk) -> Decimal:
    return (risk.high or Decimal(1)) - (risk.low or Decimal(0))


def _risks(ends: tuple[tuple[str, tuple[float, float] | None], ...], day: date) -> Iterator[ReadmissionRisk]:
    for name, points in ends:
        row = risk_table().scores[name]
        if points is None or day < row.first_day:
            continue
        bands = [row.band_of(end) for end in points]
        if bands[0] is not None and bands[1] is not None:
            yield _of(name, row, points, bands[0], bands[1])


def _of(
    name: str, row: ScoreRow, points: tuple[float, float], lowest: RiskBand, highest: RiskBand
) -> ReadmissionRisk:
    low, high = lowest.share, highest.share
    is_open = low != high
    shown = f"{points[0]:g}" if points[0] == points[1] else f"{points[0]:g} to {points[1]:g}"
    basis = f"{row.title}, {shown} points: {row.outcome}, as among {row.cohort}"
    if is_open:
        basis += "; points are still open, so the expected figure is their average within the range"
    if lowest.placeholder or highest.placeholder:
        basis += "; between the published ends the share is worked out, not published"
    cites = [lowest.cite, highest.cite, *([row.mean.cite] if is_open else [])]
    return ReadmissionRisk(
        score=name,
        points_low=points[0],
        points_high=points[1],
        low=low,
        expected=min(max(row.mean.share, low), high),
        high=high,
        band=lowest.band if lowest.band == highest.band else None,
        basis=f"{basis}.",
        cite=list(dict.fromkeys(cites)),
    )
