"""Providers to choose from, kind by kind: those of the paper `choice_list`, with what each can do and was asked."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from threading import Lock

from discharge.api.pages.case.file import CaseFile
from discharge.api.pages.forms import Form, form
from discharge.casework.intake import place_of
from discharge.casework.state.model import ReferralOut
from discharge.documents.choice_list import indicated_kinds
from discharge.documents.provider_words import language_name
from discharge.documents.referral import MOST, referral_table
from discharge.providers import KINDS, NOWHERE, Kind, Listed, Place, Provider, choices
from discharge.providers.matching import capabilities_of
from discharge.providers.table import finding_table
from discharge.review.model import Review

_ABLE = {True: "yes", False: "no", None: "not said"}
_KEPT = 256


@dataclass(frozen=True)
class ProviderRow:
    """A provider of a list. None: nobody has said."""

    key: str
    name: str
    address: str
    phone: str | None
    miles: Decimal | None
    in_network: bool | None
    can_accept: bool | None
    beds: int | None
    reported_at: datetime | None
    able: tuple[tuple[str, str], ...]
    figures: tuple[tuple[str, str, date | None], ...]
    languages: str
    has_interest: bool | None
    asked: str | None
    may_be_asked: bool


@dataclass(frozen=True)
class SourceSeen:
    """A file that the list was made from."""

    title: str
    as_of: date | None
    is_placeholder: bool


@dataclass(frozen=True)
class KindSeen:
    """The list of one kind. ``service`` is what referrals from it are recorded for."""

    kind: Kind
    title: str
    service: str
    why: str
    is_choice: bool
    near: str
    order: str
    rows: tuple[ProviderRow, ...]
    notes: tuple[str, ...]
    sources: tuple[SourceSeen, ...]
    network_note: str
    packet: str | None
    paper: str | None
    given: Form | None
    send: str | None


@dataclass(frozen=True)
class OtherKind:
    """A kind whose list can be looked at though nothing asks for it."""

    title: str
    path: str


def kinds_of(review: Review, planned: str | None) -> dict[Kind, str]:
    """Return the kinds of providers to ask, with what each is asked for: the planned place first, then what fits."""
    table = finding_table()
    options = sorted(review.options, key=lambda one: (one.id != planned, one.rank))
    found: dict[Kind, str] = {}
    for one in options:
        if one.id == planned or one.fit.status == "met":
            for kind in (*(table.options.get(one.id) or []), *table.also.get(one.id, [])):
                found.setdefault(kind, one.id if kind in (table.options.get(one.id) or []) else kind)
    return found


def lists(file: CaseFile, review: Review, planned: str | None, asked: Kind | None) -> tuple[KindSeen, ...]:
    """Return the lists of a case; ``asked`` is a kind that somebody wants to see besides."""
    wanted = kinds_of(review, planned)
    if asked is not None:
        wanted = {asked: wanted.get(asked, _option_of(asked)), **wanted}
    place = _place(file, review)
    return tuple(_list(file, review, kind, service, place) for kind, service in wanted.items())


def others(file: CaseFile, shown: Sequence[KindSeen]) -> tuple[OtherKind, ...]:
    """Return the kinds that have no list on the page."""
    table, known = finding_table(), {one.kind for one in shown}
    base = file.path("referrals")
    mark = "&" if "?" in base else "?"
    return tuple(
        OtherKind(table.kinds[kind].many, f"{base}{mark}kind={kind}#list-{kind}")
        for kind in KINDS
        if kind not in known
    )


def _option_of(kind: Kind) -> str:
    """The place that a kind serves first."""
    found = (name for name, kinds in finding_table().options.items() if kinds and kind in kinds)
    return next(found, kind)


def _most(review: Review, kind: Kind) -> int:
    """As many as the paper lists, so that the page and the paper name the same providers."""
    table = finding_table()
    on_paper = indicated_kinds(review)
    share = int(table.list_size_together.value) // max(1, len(on_paper))
    return min(int(table.list_size.value), share) if kind in on_paper else int(table.list_size.value)


def _list(file: CaseFile, review: Review, kind: Kind, service: str, place: Place) -> KindSeen:
    directory, row = file.desk.library.directory, finding_table().kinds[kind]
    found = choices(
        directory,
        file.profile,
        place,
        kind,
        [need.need for need in review.needs],
        review.as_of.date(),
        stay_id=review.encounter_id,
        now=review.as_of,
        most=_most(review, kind),
    )
    known = {one.key: one for one in directory.by_kind.get(kind, ())}
    needed = [need.need for need in review.needs]
    rows = tuple(_row(file, one, known.get(one.key), kind, service, needed) for one in found.providers)
    return KindSeen(
        kind=kind,
        title=found.title,
        service=service,
        why=next((one.title for one in review.options if one.id == service), ""),
        is_choice=row.choice,
        near=_near(found.radius_miles, place),
        order=found.order_words,
        rows=rows,
        notes=_notes(found.more, found.left_out),
        sources=tuple(SourceSeen(one.title, one.as_of, one.is_placeholder) for one in found.sources),
        network_note=_network(file, found.is_managed, found.network_known),
        given=_given(file, kind, service, found.providers) if row.choice else None,
        packet=_shown(file, f"referral_packet.{kind}") if kind in packet_kinds(review) else None,
        paper=_shown(file, "choice_list") if kind in indicated_kinds(review) else None,
        send=f"send-{kind}" if file.may_write and rows else None,
    )


def packet_kinds(review: Review) -> list[Kind]:
    """Return the kinds for which the paper `referral_packet` is made."""
    table, found = finding_table(), dict[Kind, None]()
    for option in sorted(review.options, key=lambda one: one.rank):
        if option.fit.status == "met":
            found |= dict.fromkeys([*(table.options.get(option.id) or []), *table.also.get(option.id, [])])
    return [kind for kind in found if kind in referral_table().kinds][:MOST]


def _shown(file: CaseFile, paper: str) -> str:
    """Return the page that shows a paper."""
    base = file.path("papers")
    return f"{base}{'&' if '?' in base else '?'}show={paper}#preview"


def _near(miles: int, place: Place) -> str:
    if place.postal_code:
        return f"Within {miles} miles of the middle of the patient's ZIP code"
    if place.state:
        return "In the patient's State; the ZIP code is not charted, so distances are not known"
    return "The patient's address is not charted, so nobody can be listed as near"


def _notes(more: int, left_out: Sequence[str]) -> tuple[str, ...]:
    notes = [f"{one[:1].upper()}{one[1:]}." for one in left_out]
    if more:
        many = "1 more is" if more == 1 else f"{more} more are"
        notes.insert(0, f"{many} in the area; the patient may choose any of them, or one that is not listed.")
    return tuple(notes)


def _network(file: CaseFile, is_managed: bool, is_known: bool) -> str:
    if file.profile is None:
        return "No payer profile matched: who is in a network is not known."
    if not is_managed:
        return "This payer has no network: a provider that takes part in Medicare can take the patient."
    return "" if is_known else "The plan's network is not on record: ask the plan before the patient chooses."


def _row(
    file: CaseFile,
    one: Listed,
    provider: Provider | None,
    kind: Kind,
    service: str,
    needed: Sequence[str],
) -> ProviderRow:
    table = finding_table()
    asked = [name for name in capabilities_of(needed) if kind in table.capabilities[name].kinds]
    known = provider.capabilities if provider is not None else {}
    mine = [sent for sent in file.state.referrals_out.values() if _is_same(sent, one, service)]
    last = max(mine, key=lambda sent: sent.sent.at, default=None)
    return ProviderRow(
        key=one.key,
        name=one.name,
        address=one.address,
        phone=one.phone,
        miles=one.miles,
        in_network=one.in_network,
        can_accept=one.can_accept,
        beds=one.beds_available,
        reported_at=one.reported_at,
        able=tuple((table.capabilities[name].title, _ABLE[known.get(name)]) for name in asked),
        figures=tuple((figure.name, figure.value, figure.published) for figure in one.figures),
        languages=", ".join(language_name(code) for code in one.languages),
        has_interest=one.has_financial_interest,
        asked=None if last is None else (last.answer or "asked, no answer yet").replace("_", " "),
        may_be_asked=all(sent.answer in ("accepted", "declined", "withdrawn") for sent in mine),
    )


def _is_same(sent: ReferralOut, one: Listed, service: str) -> bool:
    return sent.service == service and (sent.provider_id == one.key or sent.provider == one.name)


def _given(file: CaseFile, kind: Kind, service: str, listed: Sequence[Listed]) -> Form | None:
    """The form that records that the list was given; ticks and choice are drawn from the list itself."""
    if not file.may_write or not listed:
        return None
    return form(
        "choice_list_given",
        f"/cases/{file.case_id}/record",
        back=f"/cases/{file.case_id}/referrals#given",
        version=file.version,
        values={"service": service},
        choices={"chosen": [(one.key, one.name) for one in listed], "providers": ()},
        id=f"given-{kind}",
    )


_PLACES: OrderedDict[str, Place] = OrderedDict()
_LOCK = Lock()


def _place(file: CaseFile, review: Review) -> Place:
    """Return where the patient lives, as the review's chart had it; kept by review, since finding it takes a while."""
    if review.patient.patient_id is None:
        return NOWHERE
    key = f"{file.case_id} {review.as_of.isoformat()} {review.provenance.facts_digest}"
    with _LOCK:
        if key in _PLACES:
            return _PLACES[key]
    with file.desk.store.read() as connection:
        found = place_of(connection, review.patient.patient_id, review.as_of)
    with _LOCK:
        _PLACES[key] = found
        while len(_PLACES) > _KEPT:
            _PLACES.popitem(last=False)
    return found
