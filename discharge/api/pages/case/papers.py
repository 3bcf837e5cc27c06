"""The papers of a case: looked at, printed, downloaded, and released to the stay's payer."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from discharge.api.auth.principal import log_read
from discharge.api.bodies import CaseId
from discharge.api.casefile import reviewed, written_before
from discharge.api.documents import FOR_PAYERS, MEDIA, STYLE, Form, Sheet, released, sheet, sheets
from discharge.api.pages.case.file import CaseFile, OurCase
from discharge.api.pages.case.record import Writer, event_id_of, gone_back, refused, write
from discharge.api.pages.case.shell import case_page
from discharge.api.pages.sent import last, sent_form
from discharge.api.state import OurDesk
from discharge.casework.accounts.rights import permission_to_write
from discharge.casework.state.model import ReleaseSeen
from discharge.documents.language import LANGUAGES
from discharge.errors import Fault, NotAllowedError, NotFoundError

router = APIRouter(include_in_schema=False)
_NAME = r"[a-z_]{1,40}(\.[A-Za-z0-9_-]{1,40})?"
_READER = {
    "payer_summary": "the payer",
    "letter_payer": "the payer",
    "discharge_plan": "the team",
    "negotiation": "the hospital only",
    "patient_plan": "the patient",
    "letter_patient": "the patient",
    "choice_list": "the patient",
    "letter_pharmacy": "a pharmacy",
    "letter_home_health": "a home health agency",
    "referral_packet": "the provider that is asked",
}
_FRAMED = STYLE.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
_FORMS: tuple[tuple[Form, str], ...] = (("pdf", "PDF"), ("html", "HTML"))


@dataclass(frozen=True)
class PaperSeen:
    """A paper that applies to the stay."""

    name: str
    title: str
    reader: str
    language: str | None
    may_be_released: bool
    show_path: str
    html_path: str
    pdf_path: str
    is_shown: bool


@dataclass(frozen=True)
class ReleaseRow:
    """A release on record, as corrections left it."""

    paper: str
    payer: str
    at: datetime
    by: str
    media: str
    document: str
    is_of_this_review: bool


@dataclass(frozen=True)
class ReleaseForm:
    """The entries of a release. ``why_not`` says why none is offered."""

    action: str
    back: str
    version: int
    key: str
    payer: str
    papers: tuple[tuple[str, str], ...]
    media: tuple[tuple[Form, str], ...] = _FORMS


@dataclass(frozen=True)
class PapersPage:
    """Papers, the one looked at, and releases."""

    papers: tuple[PaperSeen, ...]
    shown: PaperSeen | None
    made_from: datetime | None
    is_on_record: bool
    is_stale: bool
    releases: tuple[ReleaseRow, ...]
    release: ReleaseForm | None
    why_not: str


@router.get("/cases/{case_id}/papers", name="page_papers")
def papers(file: OurCase, show: Annotated[str | None, Query(pattern=f"^{_NAME}$")] = None) -> Response:
    """Show which papers the stay has, one of them, and what was released."""
    review = file.review
    found = () if review is None else tuple(_seen(file, one, show) for one in sheets(file.desk, review))
    form, why_not = _release_form(file, found)
    page = PapersPage(
        papers=found,
        shown=next((one for one in found if one.is_shown), None),
        made_from=None if review is None else review.as_of,
        is_on_record=file.digest is not None,
        is_stale=file.row.is_stale and not file.is_past,
        releases=tuple(_released(file, found, one) for one in reversed(file.state.releases.values())),
        release=form,
        why_not=why_not,
    )
    return case_page(file, "papers", "papers.html", page, styles=("papers.css",), scripts=("papers.js",))


def _seen(file: CaseFile, one: Sheet, show: str | None) -> PaperSeen:
    name, _, suffix = one.name.partition(".")
    language = LANGUAGES.get(suffix)
    base = file.path("papers")
    mark = "&" if file.is_past else "?"
    return PaperSeen(
        name=one.name,
        title=one.page.title,
        reader=_READER.get(name, "the team"),
        language=None if language is None else language.english,
        may_be_released=name in FOR_PAYERS,
        show_path=f"{base}{mark}show={one.name}#preview",
        html_path=file.path(f"papers/{one.name}.html"),
        pdf_path=file.path(f"papers/{one.name}.pdf"),
        is_shown=one.name == (show or "payer_summary"),
    )


def _payer(file: CaseFile, profile: str) -> str:
    known = file.desk.library.payers.profiles.get(profile)
    return profile if known is None else known.title


def _released(file: CaseFile, found: tuple[PaperSeen, ...], one: ReleaseSeen) -> ReleaseRow:
    titles = {paper.name: paper.title for paper in found}
    return ReleaseRow(
        paper=titles.get(one.paper, one.paper.replace("_", " ")),
        payer=_payer(file, one.payer_profile),
        at=one.made.at,
        by=one.made.by,
        media="PDF" if one.media_type == MEDIA["pdf"] else "HTML",
        document=one.document,
        is_of_this_review=one.review_digest == file.digest,
    )


def _release_form(file: CaseFile, found: tuple[PaperSeen, ...]) -> tuple[ReleaseForm | None, str]:
    """Return the form of a release, or why there is none."""
    if file.is_past:
        return None, "Papers are released from the present, not from an earlier moment."
    if not file.may_write or not file.who.may(permission_to_write("released")):
        return None, "Your account may read papers and not release them."
    if file.review is None or file.review.payer.profile is None:
        return None, "No payer profile matched the stay, so there is nobody to release to."
    choices = tuple((one.name, one.title) for one in found if one.may_be_released)
    if not choices:
        return None, "The stay has no paper for the payer."
    action = f"/cases/{file.case_id}/papers/release"
    payer = _payer(file, file.review.payer.profile)
    back = f"/cases/{file.case_id}/papers#releases"
    return ReleaseForm(action, back, file.version, uuid.uuid4().hex, payer, choices), ""


@router.get("/cases/{case_id}/papers/{document}.{form}", name="page_paper")
def paper(
    file: OurCase,
    document: Annotated[str, Path(pattern=f"^{_NAME}$")],
    form: Form,
    save: bool = False,
) -> Response:
    """Return a paper as a file; in a browser it may stand in a frame of ours and look like itself, no more."""
    if file.review is None:
        raise NotFoundError("the case has no review yet, and papers are made from one")
    content = sheet(file.desk, file.review, document).content(form)
    how = "attachment" if save else "inline"
    headers = {
        "Content-Security-Policy": _FRAMED,
        "X-Frame-Options": "SAMEORIGIN",
        "Content-Disposition": f'{how}; filename="{document}.{form}"',
    }
    return Response(content, 200, headers, MEDIA[form])


@router.post("/cases/{case_id}/papers/release", name="page_release")
def release(case_id: CaseId, request: Request, desk: OurDesk, who: Writer) -> Response:
    """Release a paper of the review on record to the stay's payer, and go back; or say in the form why not."""
    sent = sent_form(request)
    who.require(permission_to_write("released"))
    event_id = event_id_of(sent, who)
    before = written_before(desk, case_id, None if event_id is None else [event_id])
    if before is not None:
        return gone_back(request, sent, "released", before[-1].version, f"/cases/{case_id}/papers")
    media = last(sent, "media")
    if media not in MEDIA:
        return refused(request, who, [Fault("media", "nothing is chosen", "PDF or HTML")])
    try:
        found = reviewed(desk, case_id)
        said = released(
            desk, found.review, found.digest, last(sent, "document"), "pdf" if media == "pdf" else "html"
        )
    except NotAllowedError as error:
        log_read(request, who, case_id)
        return refused(request, who, error.faults)
    return write(request, desk, who, case_id, said)
