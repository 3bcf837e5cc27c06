"""The papers of a case, made from the review on record; never from a new one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from discharge.api.problems import Refusal
from discharge.api.releases import case_of_release
from discharge.api.state import Desk
from discharge.casework.events.utilization import Released
from discharge.casework.intake import place_of
from discharge.casework.storage import blobs
from discharge.documents import PAPERS, Paper, PaperContext
from discharge.documents.paper import Page, to_html, to_pdf
from discharge.errors import Fault, NotAllowedError, NotFoundError, OutputError
from discharge.providers import Place
from discharge.review.model import Review

Form: TypeAlias = Literal["html", "pdf"]
MEDIA: dict[Form, Literal["text/html", "application/pdf"]] = {"html": "text/html", "pdf": "application/pdf"}
FOR_PAYERS = ("payer_summary", "letter_payer")
"""Papers that may be released. The others are the team's or the patient's; `negotiation` is the hospital's own."""
STYLE = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'none';"
    " base-uri 'none'"
)
"""What a paper shown in a browser may do: look like itself."""


@dataclass(frozen=True)
class Sheet:
    """A page that can be printed; ``name`` is the paper's, with a suffix where it has several (``patient_plan.es``)."""

    name: str
    paper: Paper
    page: Page
    made_at: str

    def html(self) -> str:
        """Return the page as HTML."""
        return to_html(self.paper.template, self.page)

    def content(self, form: Form) -> bytes:
        """Return the page's bytes.

        Raises:
            Refusal: 503, this machine has no font for a PDF of it.
        """
        html = self.html()
        if form == "html":
            return html.encode()
        try:
            return to_pdf(html, title=self.page.title, made_at=self.made_at)
        except OutputError as error:
            detail = f"{error}. Until then take the paper's .html form."
            raise Refusal(503, "output-failed", detail) from None


def sheets(desk: Desk, review: Review, only: str | None = None) -> Iterator[Sheet]:
    """Yield the pages that apply to the stay; ``only`` those of one paper."""
    profile = desk.library.payers.profiles.get(review.payer.profile or "")
    context = PaperContext(directory=desk.library.directory, place=_place(desk, review), payer=profile)
    for paper in PAPERS:
        if only in (None, paper.name):
            built = paper.build(review, context)
            pages: Sequence[Page] = (
                () if built is None else built if isinstance(built, Sequence) else (built,)
            )
            for page in pages:
                suffix = getattr(page, "suffix", None) if isinstance(built, Sequence) else None
                yield Sheet(
                    f"{paper.name}.{suffix}" if suffix else paper.name, paper, page, review.as_of.isoformat()
                )


def _place(desk: Desk, review: Review) -> Place | None:
    """Return where the patient lives, as the review's chart had it."""
    if review.patient.patient_id is None:
        return None
    with desk.store.read() as connection:
        return place_of(connection, review.patient.patient_id, review.as_of)


def sheet(desk: Desk, review: Review, name: str) -> Sheet:
    """Return the page called ``name``.

    Raises:
        NotFoundError: the stay has no such paper.
    """
    for one in sheets(desk, review, name.partition(".")[0]):
        if one.name == name:
            return one
    raise NotFoundError("this stay has no such paper; GET .../documents lists those it has")


def released(
    desk: Desk, review: Review, digest: str, document: str, form: Form, release_id: str | None = None
) -> Released:
    """Return the payload that releases a paper to the stay's payer, once its bytes are kept.

    ``digest`` is the review's; ``release_id`` None: one is made.

    Raises:
        NotAllowedError: no payer profile matched, the paper is not for payers, or the id was used before.
        NotFoundError: the stay has no such paper.
        Refusal: 503, this machine has no font for a PDF of it.
    """
    if review.payer.profile is None:
        what = "no payer profile matched the stay"
        raise _cannot("document", what, "a coverage whose payer has a profile")
    if document.partition(".")[0] not in FOR_PAYERS:
        raise _cannot("document", "this paper is not for payers", "one of " + ", ".join(FOR_PAYERS))
    content = sheet(desk, review, document).content(form)
    with desk.store.write() as connection:
        # An id of another release, of any case, would lead the payer's answers astray.
        if release_id and case_of_release(connection, release_id) is not None:
            raise _cannot("release_id", "this id was used for another release", "a new id, or none")
        kept = blobs.put(connection, "document", content)
    return Released(
        release_id=release_id or uuid.uuid4().hex,
        paper=document,
        media_type=MEDIA[form],
        document=kept,
        payer_profile=review.payer.profile,
        review_digest=digest,
    )


def _cannot(where: str, what: str, expected: str) -> NotAllowedError:
    return NotAllowedError([Fault(where, what, expected)])
