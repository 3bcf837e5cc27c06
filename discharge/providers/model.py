"""What is known of the providers that may take a patient, and of where the patient lives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias, get_args

from discharge.errors import Fault, FaultsError
from discharge.payers.schema import NetworkKind
from discharge.stayview import Result, Status

Kind: TypeAlias = NetworkKind  # the kinds that a payer profile lists its network by
KINDS: tuple[Kind, ...] = get_args(Kind)
Capability: TypeAlias = Literal["iv", "wound", "vent", "dialysis", "bariatric", "behavioural"]
CAPABILITIES: tuple[Capability, ...] = get_args(Capability)


class DirectoryError(FaultsError):
    """A file of providers that can't be read at all, or has other columns."""

    exit_code = 2
    problem = "providers-invalid"


class Place(NamedTuple):
    """Where the patient lives, as the chart says; for distances only, never in a log or an error."""

    postal_code: str | None
    state: str | None


NOWHERE = Place(None, None)


class Availability(Result):
    """What is known of providers of an option. Counts are of those near the patient.

    ``status`` is met when one is known that can take this patient, not_met only where the hospital's own list is
    declared complete and none can. ``in_network`` and ``can_accept`` are None where nobody has said.
    """

    status: Status
    known: int
    in_network: int | None
    can_accept: int | None
    nearest_miles: Decimal | None
    note: str


@dataclass(frozen=True, slots=True)
class Quality:
    """One published figure of a provider: what it is, in words, with the day of its file (None: not stated).

    ``use`` tells measures of quality from those of resource use; 42 CFR 482.43 asks for both.
    """

    name: str
    value: str
    published: date | None
    use: Literal["quality", "resource"] = "quality"


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider. ``None`` always means "not known".

    ``key`` is its CMS certification number, else the hospital's own id. ``capabilities`` maps a capability to yes or
    no; one that is absent is not known. ``networks`` are ids of payer profiles, None where the list doesn't say.
    """

    key: str
    kind: Kind
    name: str
    ccn: str | None = None
    own_id: str | None = None
    address: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    phone: str | None = None
    beds: int | None = None
    networks: frozenset[str] | None = None
    capabilities: Mapping[Capability, bool] = field(default_factory=dict)
    languages: frozenset[str] | None = None
    accepting: bool | None = None
    beds_available: int | None = None
    reported_at: datetime | None = None
    has_financial_interest: bool | None = None
    asked_to_be_listed: bool | None = None
    quality: tuple[Quality, ...] = ()
    serves: frozenset[str] | None = None
    sources: tuple[str, ...] = ()

    @property
    def is_own(self) -> bool:
        """Whether the hospital's own list names it."""
        return self.own_id is not None


@dataclass(frozen=True, slots=True)
class Source:
    """A file that a directory was made from. ``as_of`` is the day of its data, None where not stated."""

    title: str
    as_of: date | None
    rows: int
    note: str = ""
    is_placeholder: bool = False


@dataclass(frozen=True, eq=False)
class Directory:
    """Providers, built once per run and never changed.

    ``complete`` are kinds of which the hospital says that its own list names every one it can use. ``faults`` name
    what in the files could not be used. Two directories are never equal, so that one can stand for itself in a cache.
    """

    providers: tuple[Provider, ...] = ()
    sources: tuple[Source, ...] = ()
    complete: frozenset[str] = frozenset()
    digest: str | None = None
    faults: tuple[Fault, ...] = ()

    @cached_property
    def by_kind(self) -> Mapping[str, tuple[Provider, ...]]:
        """Return the providers of each kind, in the directory's order."""
        found: dict[str, list[Provider]] = {}
        for one in self.providers:
            found.setdefault(one.kind, []).append(one)
        return {kind: tuple(ones) for kind, ones in found.items()}


NO_DIRECTORY = Directory()
