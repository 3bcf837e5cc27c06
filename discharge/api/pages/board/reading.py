"""What the board reads: columns of all cases, and states of those of which a payer said or cost something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.engine import Connection

from discharge.api.pages.kept import Kept, KeptByStore
from discharge.casework.projection import unpacked
from discharge.casework.state.model import CaseState
from discharge.casework.storage import blobs
from discharge.casework.storage.engine import Store
from discharge.casework.storage.tables import CASES, EVENTS, STATES
from discharge.costs.amounts import Range
from discharge.costs.stay import StayMoney
from discharge.costs.waiting import WaitingCost
from discharge.review.model import LevelOfCare, Payer, Provenance, Review, Stay

TELLING = (
    "authorization_requested", "decision_received", "denial_received", "appeal_filed", "appeal_decided",
    "peer_to_peer_held", "avoidable_day_recorded", "delay_attributed", "outcome_recorded",
)  # fmt: skip
"""Kinds of events that the board's sums rest on; a case without any of them is not read beyond its columns."""
_COLUMNS = (
    "case_id", "version", "patient_id", "unit", "payer_profile", "payer_title", "admitted_at", "discharged_at",
    "in_house", "gmlos_days", "next_review_at", "review_digest",
)  # fmt: skip
_AT_ONCE = 500
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Row:
    """A case by its columns."""

    case_id: str
    version: int
    patient_id: str
    unit: str | None
    payer_profile: str | None
    payer_title: str | None
    admitted_at: datetime | None
    discharged_at: datetime | None
    in_house: bool | None
    gmlos_days: float | None
    next_review_at: datetime | None
    review_digest: str | None


_STATES: KeptByStore[CaseState] = KeptByStore(5000)
_REVIEWS: Kept[Review] = Kept(5000)


def rows(connection: Connection) -> list[Row]:
    """Return every case."""
    asked = sa.select(*(CASES.c[name] for name in _COLUMNS)).order_by(CASES.c.case_id)
    return [Row(*row) for row in connection.execute(asked)]


def states(store: Store, connection: Connection, known: Iterable[Row]) -> Iterator[tuple[Row, CaseState]]:
    """Give the states of cases with an event of TELLING."""
    asked = sa.select(EVENTS.c.stream).where(EVENTS.c.kind.in_(TELLING)).distinct()
    telling, kept = set(connection.scalars(asked)), _STATES.of(store)
    wanted = [row for row in known if row.case_id in telling]
    missing = {row.case_id: row for row in wanted if kept.get((row.case_id, row.version)) is None}
    found: dict[str, CaseState] = {}
    ids = list(missing)
    for start in range(0, len(ids), _AT_ONCE):
        some = STATES.c.case_id.in_(ids[start : start + _AT_ONCE])
        for case_id, content in connection.execute(sa.select(STATES.c.case_id, STATES.c.state).where(some)):
            found[case_id] = kept.put((case_id, missing[case_id].version), unpacked(content))
    for row in wanted:
        state = found.get(row.case_id) or kept.get((row.case_id, row.version))
        if state is not None:
            yield row, state


def priced_by(connection: Connection, digest: str | None) -> Review | None:
    """Return the parts of a review that price days and tell readiness; the other parts are not there.

    Reading a whole review takes five times as long, and a board reads hundreds.
    """
    if digest is None:
        return None
    found = _REVIEWS.get(digest)
    if found is not None:
        return found
    said = orjson.loads(blobs.get(connection, digest))
    waiting = said["waiting"]
    parts: dict[str, Any] = {
        "encounter_id": said["encounter_id"],
        "as_of": datetime.fromisoformat(said["as_of"]),
        "stay": Stay.model_validate_json(orjson.dumps(said["stay"])),
        "payer": Payer.model_validate(said["payer"]),
        "level_of_care": LevelOfCare.model_validate(said["level_of_care"]),
        "waiting": None if waiting is None else _part(WaitingCost, avoidable_day=_ranges(waiting)),
        "money": _part(StayMoney, exposures={}),
        "provenance": _part(Provenance, zone=said["provenance"]["zone"]),
    }
    return _REVIEWS.put(digest, _part(Review, **parts))


def _part(model: type[Model], **given: Any) -> Model:
    """Return a model of which only some fields are there; asking for another is an error."""
    return model.model_construct(None, **given)


def _ranges(waiting: dict[str, Any]) -> dict[str, Range]:
    prices = waiting["avoidable_day"]
    return {purse: Range.model_validate_json(orjson.dumps(one)) for purse, one in prices.items()}
