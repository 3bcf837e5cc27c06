"""One question to the advisor: what is asked, what it rests on, who was heard, and the decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from discharge.api.pages.advisor.evidence import Evidence, Points, evidence_of, points_of
from discharge.api.pages.advisor.queue import next_path
from discharge.api.pages.advisor.talk import Talk, about, talk_of
from discharge.api.pages.case.file import CaseFile, OurCase
from discharge.api.pages.forms import Form, form
from discharge.api.pages.frame import shown
from discharge.casework.events import Clinician
from discharge.casework.events.utilization import PractitionerConsulted
from discharge.casework.state.model import Referral
from discharge.casework.work.advisor import QueueItem, queue_items, role_at_issue

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Other:
    """Another referral of the case."""

    referral_id: str
    question: str
    is_open: bool
    path: str


@dataclass(frozen=True)
class Forms:
    """What may be recorded here now; None: not by this account, or not at this point."""

    consult: Form | None = None
    decide: Form | None = None
    note: Form | None = None
    status: Form | None = None
    calls: tuple[Form, ...] = ()


@dataclass(frozen=True)
class MatterPage:
    """The page of one referral. ``item`` is None once it is decided; ``next_path`` leads on in the queue."""

    file: CaseFile
    referral_id: str
    referral: Referral
    item: QueueItem | None
    days: float | None
    evidence: Evidence | None
    points: Points | None
    talk: tuple[Talk, ...]
    call_at: datetime | None
    others: tuple[Other, ...]
    forms: Forms
    next_path: str | None
    may_decide: bool


@dataclass(frozen=True)
class NoMatterPage:
    """A case that was never referred. ``item`` is the question that ought to be asked, if any."""

    file: CaseFile
    item: QueueItem | None


@router.get("/advisor/{case_id}", name="page_advisor_case")
def matter(file: OurCase, referral: Annotated[str | None, Query(max_length=64)] = None) -> Response:
    """Show a referral of the case: the one that is named, else the first due, else the last decided."""
    items = queue_items(file.state, file.review, file.now)
    # The bed, not the name: titles stay in the history of a shared workstation.
    title = f"Advisor, {file.row.bed or file.row.unit or file.row.encounter_id}"
    styles = ("case.css", "advisor.css")
    chosen = _chosen(file, items, referral)
    if chosen is None:
        page = NoMatterPage(file, next((one for one in items if one.referral_id is None), None))
        return shown(file.request, file.who, "advisor_none.html", page, title=title, styles=styles)
    found = _page(file, items, chosen)
    return shown(
        file.request, file.who, "advisor_case.html", found, title=title, styles=styles, scripts=("case.js",)
    )


def _chosen(file: CaseFile, items: list[QueueItem], named: str | None) -> str | None:
    known = file.state.referrals
    if named in known:
        return named
    open_one = next((one.referral_id for one in items if one.referral_id is not None), None)
    return open_one or next(iter(reversed(known)), None)


def _path(file: CaseFile, referral_id: str) -> str:
    return f"/advisor/{file.case_id}?referral={referral_id}"


def _page(file: CaseFile, items: list[QueueItem], chosen: str) -> MatterPage:
    review, referral = file.review, file.state.referrals[chosen]
    item = next((one for one in items if one.referral_id == chosen), None)
    role = None if review is None else role_at_issue(review, referral.reason)
    evidence = None if review is None or role is None else evidence_of(file, review, role)
    following = None if file.is_past else next_path(file.desk, file.now, (file.case_id, chosen))
    calls = [one for one in file.state.calls.values() if one.held is None and one.at is not None]
    return MatterPage(
        file=file,
        referral_id=chosen,
        referral=referral,
        item=item,
        days=None if review is None else review.stay.days,
        evidence=evidence,
        points=None if review is None else points_of(file, review, evidence),
        talk=tuple(talk_of(file.state, chosen, referral, _notes(file))),
        call_at=min((one.at for one in calls if one.at is not None), default=None),
        others=tuple(
            Other(key, one.question, one.is_open, _path(file, key))
            for key, one in file.state.referrals.items()
            if key != chosen
        ),
        forms=_forms(file, chosen, referral, following),
        next_path=following,
        may_decide=file.who.may("advisor:write"),
    )


def _notes(file: CaseFile) -> dict[str, str]:
    """Return what was noted of each consultation, which the folded state leaves out."""
    said = {
        one.event_id: one.payload for one in file.events if isinstance(one.payload, PractitionerConsulted)
    }
    return {key: one.note for key, one in said.items() if one.note and key not in file.state.corrected}


def _forms(file: CaseFile, chosen: str, referral: Referral, following: str | None) -> Forms:
    if not file.may_write:
        return Forms()
    record, here = f"/cases/{file.case_id}/record", _path(file, chosen)
    note = form(
        "note_added",
        record,
        back=f"{here}#talk",
        version=file.version,
        values={"about": about(chosen)},
        hide=("about",),
    )
    if not file.who.may("advisor:write"):
        return Forms(note=note)
    own = Clinician(name=file.who.account.name, credentials=file.who.account.credentials)
    status = form(
        "status_determined",
        record,
        back=here,
        version=file.version,
        values={"determined_by": own},
    )
    calls = tuple(
        _call_form(file, key, own, here) for key, one in file.state.calls.items() if one.held is None
    )
    if not referral.is_open:
        return Forms(note=note, status=status, calls=calls)
    attending = Clinician(name=file.row.attending[:200]) if file.row.attending else None
    consult = form(
        "practitioner_consulted",
        record,
        back=f"{here}#talk",
        version=file.version,
        values={"referral_id": chosen, "practitioner": attending},
        hide=("referral_id",),
    )
    decide = form(
        "advisor_decided",
        record,
        back=following or "/advisor",
        version=file.version,
        values={"referral_id": chosen, "physician": own},
        hide=("referral_id",),
    )
    return Forms(consult, decide, note, status, calls)


def _call_form(file: CaseFile, call_id: str, own: Clinician, here: str) -> Form:
    return form(
        "peer_to_peer_held",
        f"/cases/{file.case_id}/record",
        back=f"{here}#talk",
        version=file.version,
        values={"call_id": call_id, "physician": own},
        id=f"held-{call_id}",
    )
