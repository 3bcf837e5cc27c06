"""What every kind of event shares: who did it, for whom, when it happened and when it was written down."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

Text: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Short: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Id: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
Digest: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Moment: TypeAlias = AwareDatetime

Role: TypeAlias = Literal[
    "case_manager", "physician_advisor", "supervisor", "payer", "auditor", "administrator"
]
ActorKind: TypeAlias = Literal["person", "machine", "engine", "feed"]


class Closed(BaseModel):
    """Base of what is written in the ledger: closed and unchangeable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Payload(Closed):
    """Base of what an event says; ``kind`` tells which class it is of."""


class Clinician(Closed):
    """A clinician by name, as 42 CFR 482.30 and the State laws on utilization review ask for an adverse step."""

    name: Short
    credentials: Short | None = Field(default=None, description="MD, DO, RN, ...")
    npi: Annotated[str, StringConstraints(pattern=r"^[0-9]{10}$")] | None = None

    @property
    def is_physician(self) -> bool:
        """Tell whether the credentials name a doctor of medicine or osteopathy."""
        words = (self.credentials or "").upper().replace(".", "").replace(",", " ").split()
        return bool({"MD", "DO"} & set(words))


class Actor(Closed):
    """Who did it: a person signed in, a machine with a token, the engine, or a feed."""

    id: Id
    name: Short
    kind: ActorKind = "person"
    roles: tuple[Role, ...] = ()
    credentials: Short | None = None
    payer_ids: tuple[str, ...] = Field(
        default=(), description="payer profiles of whose members a payer's user may know"
    )


ENGINE = Actor(id="engine", name="Discharge", kind="engine")
FEED = Actor(id="feed", name="Admission feed", kind="feed")

SYSTEM = "system"
"""The stream of events that belong to no case: rules in force, accounts, backups."""


class Span(Closed):
    """From a moment to a moment; None is open."""

    start: datetime | None = None
    end: datetime | None = None
