"""What a caller may send: base classes and types that keep out what no database column takes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, Union

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from discharge.casework.events import KINDS, OF_THE_ENGINE, OF_THE_SYSTEM
from discharge.casework.events.base import Short

if TYPE_CHECKING:
    from discharge.casework.events import AnyPayload

FIRST_YEAR, LAST_YEAR = 1900, 2199
LARGEST = 1e12
MOST_EVENTS = 50
DEEPEST = 40
"""Lists and objects within each other; no body of ours needs as many."""

NOT_BY_HAND = OF_THE_ENGINE | OF_THE_SYSTEM | {"released"}
"""Kinds that `POST .../events` does not take; a paper is released by `POST .../releases`, which makes it too."""


def _refused(kind: str, said: str) -> PydanticCustomError:
    return PydanticCustomError(kind, said)


def _check(value: object, depth: int = 0) -> None:
    """Refuse moments of another age, numbers and texts that a database would choke on, and what is nested too deep."""
    if depth > DEEPEST:
        raise _refused("depth", f"nested deeper than {DEEPEST} levels")
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
            raise _refused("text", "holds signs that no text has (NUL or half a surrogate pair)")
    elif isinstance(value, date):  # a datetime is one too
        if not FIRST_YEAR < value.year < LAST_YEAR:
            raise _refused("moment", f"the year has to lie between {FIRST_YEAR} and {LAST_YEAR}")
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, (int, float)):
        if not abs(value) < LARGEST:
            raise _refused("number", "the number is too large")
    elif isinstance(value, Decimal):
        if not abs(value) < Decimal(LARGEST):
            raise _refused("number", "the number is too large")
    elif isinstance(value, dict):
        _check_all(value, depth)
        _check_all(value.values(), depth)
    elif isinstance(value, (list, tuple)):
        _check_all(value, depth)


def _check_all(values: Iterable[object], depth: int) -> None:
    for one in values:
        _check(one, depth + 1)


def sane(value: Any) -> Any:
    """Return a value that can be kept; refuse any other as :func:`_check` does."""
    _check(value)
    return value


When: TypeAlias = Annotated[
    AwareDatetime,
    AfterValidator(sane),
    Field(description="a moment with its offset", examples=["2026-06-15T07:00:00-04:00"]),
]
Word: TypeAlias = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(sane)]
CaseId: TypeAlias = Annotated[
    str, Path(pattern=r"^[0-9a-f]{32}$", description="as the worklist names it", examples=["0" * 32])
]
DigestPath: TypeAlias = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
IdPath: TypeAlias = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]


class Body(BaseModel):
    """Base of request bodies: closed, and free of what can't be kept."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _raw(cls, given: Any) -> Any:
        return sane(given)

    @model_validator(mode="after")
    def _read(self) -> Any:
        _check(self.model_dump())
        return self


if TYPE_CHECKING:
    CasePayload: TypeAlias = AnyPayload
else:
    CasePayload = Annotated[
        Union[tuple(one for kind, one in KINDS.items() if kind not in NOT_BY_HAND)],  # noqa: UP007
        Field(discriminator="kind"),
    ]

EXAMPLES: dict[str, Any] = {
    "note": {
        "summary": "A note",
        "value": {"payloads": [{"kind": "note_added", "text": "Daughter comes at 3 pm to talk about home."}]},
    },
    "notice": {
        "summary": "A notice that was delivered an hour ago",
        "value": {
            "payloads": [{"kind": "notice_delivered", "clock_id": "IM-1", "is_signed": True}],
            "occurred_at": "2026-06-15T07:00:00-04:00",
        },
    },
    "referral": {
        "summary": "First-level review, and a referral to the physician advisor, together",
        "value": {
            "payloads": [
                {"kind": "first_level_reviewed", "outcome": "referred", "review_type": "concurrent"},
                {
                    "kind": "advisor_referred",
                    "referral_id": "ref-1",
                    "question": "Is a continued stay necessary?",
                    "reason": "continued_stay",
                },
            ]
        },
    },
}


class EventsIn(Body):
    """What happened. All of it is recorded, or none."""

    payloads: list[CasePayload] = Field(min_length=1, max_length=MOST_EVENTS)
    occurred_at: AwareDatetime | None = Field(
        default=None, description="when it happened, with its offset; now if not given"
    )
    on_behalf_of: Short | None = Field(
        default=None, description="for whom, where somebody else wrote it down"
    )
