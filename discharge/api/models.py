"""What the routes of cases answer with. Rows of lists are those of the projections, as case work gives them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from discharge.casework.events import Event

EXAMPLE_CASE = "3f1c0b6e7f1c4a2c8d3e5f0c6b6e7f1c"


class RecordedOut(BaseModel):
    """What was recorded; ``version`` is the case's now, for the next If-Match."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"case_id": EXAMPLE_CASE, "version": 8, "events": []}]}
    )

    case_id: str
    version: int
    events: list[Event]


class EventsOut(BaseModel):
    """Events of a case in their order."""

    case_id: str
    version: int = Field(description="of the case, at the end of its events")
    events: list[Event]
    next_after: int | None = Field(
        default=None, description="`after` of the next page; none: this is the last"
    )
