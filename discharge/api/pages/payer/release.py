"""One release: the paper as it was released, its proof, what passed about it, and the payer's answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from discharge.api.auth.principal import Principal, log_read, needs
from discharge.api.bodies import IdPath
from discharge.api.documents import STYLE
from discharge.api.pages.case.record import event_id_of, refused
from discharge.api.pages.forms import Form, form
from discharge.api.pages.frame import is_htmx, shown
from discharge.api.pages.payer.inbox import DECISIONS, PAPERS, WAITING, Turn, answer_due, turn_of
from discharge.api.pages.payer.member import Member, member_of
from discharge.api.pages.payer.packet import Proof, packet_of, proof_of
from discharge.api.pages.payer.said import Asked, Told, Word, told
from discharge.api.pages.sent import last, payload_of, sent_form
from discharge.api.pages.words import words
from discharge.api.releases import Release, check_authorization, own_release, releases
from discharge.api.state import OurDesk
from discharge.casework.events import ADVERSE_DECISIONS
from discharge.casework.storage import blobs
from discharge.errors import Fault, NotAllowedError

router = APIRouter(include_in_schema=False)
Reader = Annotated[Principal, Depends(needs("released:read"))]
Writer = Annotated[Principal, Depends(needs("released:write"))]
_FRAMED = STYLE.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
_PDF = "frame-ancestors 'self'; base-uri 'none'"
"""A browser's own viewer shows a PDF; it needs scripts and styles of its own, and the paper has none."""


@dataclass(frozen=True)
class Way:
    """A way to answer: the kind of event, and what of it the way itself says."""

    kind: str
    fixed: Mapping[str, list[str]]
    needs_request: bool = False


WAYS: Mapping[str, Way] = {
    "payer:approve": Way("decision_received", {"decision": ["approved"]}, needs_request=True),
    "payer:pend": Way("decision_received", {"decision": ["pended"]}, needs_request=True),
    "payer:ask": Way("payer_asked", {}),
    "payer:call": Way("peer_to_peer_scheduled", {}),
    "payer:adverse": Way("decision_received", {}, needs_request=True),
}
_ADVERSE = tuple((name, DECISIONS[name]) for name in ("denied", "partial", "modified"))


@dataclass(frozen=True)
class Other:
    """Another release of the same stay to this payer."""

    release_id: str
    paper: str
    released_at: datetime


@dataclass(frozen=True)
class ReleasePage:
    """A release as its page shows it. ``forms`` is empty for whoever may not answer."""

    release_id: str
    paper: str
    media_type: str
    profile: str
    released_at: datetime
    member: Member
    asked: tuple[Asked, ...]
    due_at: datetime | None
    turn: Turn
    words: tuple[Word, ...]
    decisions: Mapping[str, str]
    forms: tuple[Form, ...]
    others: tuple[Other, ...]
    proof: Proof


@router.get("/payer/{release_id}", name="page_payer_release")
def released(release_id: IdPath, request: Request, desk: OurDesk, who: Reader) -> Response:
    """Show a release. What was released to another payer is not there."""
    found = own_release(desk, request, release_id, who)
    said = found.said
    with desk.store.read() as connection:
        all_of_stay = [
            one for one in releases(connection, [said.payer_profile]) if one.case_id == found.case_id
        ]
        between = told(connection, [found])[found.case_id, said.payer_profile]
        member = member_of(connection, said.review_digest)
    profile = desk.library.payers.profiles.get(said.payer_profile)
    turn, _ = turn_of(found, between)
    page = ReleasePage(
        release_id=said.release_id,
        paper=_paper(found),
        media_type=said.media_type,
        profile=said.payer_profile if profile is None else profile.title,
        released_at=found.released_at,
        member=member,
        asked=tuple(sorted(between.asked, key=lambda one: one.status not in WAITING)),
        due_at=answer_due(between.asked),
        turn=turn,
        words=tuple(reversed(between.words)),
        decisions=DECISIONS,
        forms=_forms(found, between) if who.may("released:write") else (),
        others=tuple(
            Other(one.said.release_id, _paper(one), one.released_at)
            for one in all_of_stay
            if one.said.release_id != said.release_id
        ),
        proof=proof_of(desk, found),
    )
    # No name in the title: titles stay in the history of a shared workstation.
    return shown(request, who, "payer_release.html", page, title="Released paper", styles=("payer.css",))


def _paper(one: Release) -> str:
    return PAPERS.get(one.said.paper.partition(".")[0], one.said.paper)


def _forms(found: Release, between: Told) -> tuple[Form, ...]:
    """Return the ways to answer. A decision needs a request of the hospital that it decides."""
    address = f"/payer/{found.said.release_id}"
    choices: dict[str, Sequence[tuple[str, str]]] = {
        "authorization_id": [(one.authorization_id, _named(one)) for one in between.asked],
        "decision": _ADVERSE,
    }
    waiting = [one for one in between.asked if one.status in WAITING]
    likely = between.asked if len(between.asked) == 1 else waiting
    only = likely[0].authorization_id if len(likely) == 1 else None
    return tuple(
        form(
            way.kind,
            f"{address}/answer",
            back=address,
            version=None,
            wording=name,
            values={"authorization_id": only} if only else {},
            hide=() if len(between.asked) > 1 else ("authorization_id",),
            choices=choices,
        )
        for name, way in WAYS.items()
        if between.asked or not way.needs_request
    )


def _named(one: Asked) -> str:
    """Return a request in words, as its choice in a form."""
    days = "" if one.days_asked is None else f", {one.days_asked} days asked"
    stands = "waiting" if one.status in WAITING else DECISIONS.get(one.status, one.status).lower()
    return f"{words(one.service)}{'' if one.number is None else f', {one.number}'}{days}, {stands}"


@router.get("/payer/{release_id}/paper", name="page_payer_paper")
def paper(
    release_id: IdPath,
    request: Request,
    desk: OurDesk,
    who: Reader,
    save: Annotated[bool, Query(description="to a file")] = False,
) -> Response:
    """Return the released paper byte for byte; it may be shown within the page of its release."""
    found = own_release(desk, request, release_id, who)
    said = found.said
    with desk.store.read() as connection:
        content = blobs.get(connection, said.document)
    form_ = said.media_type.rpartition("/")[2]
    headers = {
        "Content-Security-Policy": _PDF if form_ == "pdf" else _FRAMED,
        "X-Frame-Options": "SAMEORIGIN",
        "Content-Disposition": f'{"attachment" if save else "inline"}; filename="{said.paper}.{form_}"',
    }
    return Response(content, 200, headers, said.media_type)


@router.get("/payer/{release_id}/packet", name="page_payer_packet")
def packet(release_id: IdPath, request: Request, desk: OurDesk, who: Reader) -> Response:
    """Return the paper with everything by which it can be checked, as a zip."""
    found = own_release(desk, request, release_id, who)
    name = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in found.said.release_id)
    headers = {"Content-Disposition": f'attachment; filename="release-{name}.zip"'}
    return Response(packet_of(desk, found), 200, headers, "application/zip")


@router.post("/payer/{release_id}/answer", name="page_payer_answer")
def answer(release_id: IdPath, request: Request, desk: OurDesk, who: Writer) -> Response:
    """Record the payer's answer and go back to the release; or say in the form why not.

    A payer sees no version of the case, so none is asked for.
    """
    sent = sent_form(request)
    found = own_release(desk, request, release_id, who)
    name = last(sent, "kind")
    way = WAYS.get(name)
    if way is None:
        return refused(request, who, [Fault("kind", "no such answer", "one that the page offers")])
    payload, faults = payload_of({**sent, "kind": [way.kind], **way.fixed}, desk.settings.zone)
    if payload is not None:
        faults = _faults(way, payload)
    if payload is None or faults:
        return refused(request, who, faults)
    event_id = event_id_of(sent, who)
    try:
        check_authorization(
            desk,
            found,
            payload.authorization_id,
            where="authorization_id",
            expected="one of those that this page lists",
        )
        desk.casework.record(
            found.case_id,
            [payload],
            actor=who.actor,
            now=desk.now(),
            event_ids=None if event_id is None else [event_id],
        )
    except NotAllowedError as error:
        log_read(request, who, found.case_id)
        return refused(request, who, error.faults)
    path = f"/payer/{found.said.release_id}?done={name}"
    if is_htmx(request):
        return Response(status_code=204, headers={"HX-Redirect": path})
    return RedirectResponse(path, 303)


def _faults(way: Way, payload: Any) -> list[Fault]:
    """Return what the way asks for beyond the kind of event: each offers a part of its decisions alone."""
    if way is WAYS["payer:adverse"] and payload.decision not in ADVERSE_DECISIONS:
        return [Fault("decision", "this is no adverse decision", "the form for it")]
    return []
