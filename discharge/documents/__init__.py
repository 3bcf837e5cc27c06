"""Papers of a stay, as HTML and PDF. ``PAPERS`` lists them; each builder says whether its paper applies.

File names come from the encounter id, never from a patient's name: ``<encounter>.<paper>.html``, and for a paper of
several pages ``<encounter>.<paper>.<suffix>.html``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from discharge.documents.choice_list import choice_list
from discharge.documents.language import missing_font
from discharge.documents.letters import letter_home_health, letter_patient, letter_payer, letter_pharmacy
from discharge.documents.negotiation_paper import negotiation_paper
from discharge.documents.paper import Page, Paper, PaperContext, file_safe, to_html, to_pdf
from discharge.documents.patient_plan import patient_plans
from discharge.documents.plan_paper import plan_paper
from discharge.documents.referral import referral_packets
from discharge.documents.summary import payer_summary
from discharge.review.model import Review

__all__ = ["PAPERS", "Paper", "PaperContext", "Printer", "file_safe", "payer_summary", "plan_paper"]

PAPERS: tuple[Paper, ...] = (
    Paper("payer_summary", lambda review, context: payer_summary(review), "payer_summary"),
    Paper("discharge_plan", lambda review, context: plan_paper(review), "discharge_plan"),
    Paper("patient_plan", patient_plans, "patient_plan"),
    Paper("negotiation", lambda review, context: negotiation_paper(review), "negotiation"),
    Paper("letter_payer", lambda review, context: letter_payer(review), "letter_payer"),
    Paper("letter_pharmacy", lambda review, context: letter_pharmacy(review), "letter_pharmacy"),
    Paper("letter_home_health", lambda review, context: letter_home_health(review), "letter_home_health"),
    Paper("letter_patient", lambda review, context: letter_patient(review), "letter_patient"),
    Paper("choice_list", choice_list, "choice_list"),
    Paper("referral_packet", referral_packets, "referral_packet"),
)


class Printer:
    """Writes the papers of reviews into ``folder``, in the kinds asked for (``html``, ``pdf``).

    ``papers`` are names of :data:`PAPERS`; empty means all that apply to a stay.
    """

    def __init__(self, folder: Path, kinds: Sequence[str], papers: Sequence[str] = ()) -> None:
        self.folder = folder
        self.kinds = tuple(kinds)
        self.papers = tuple(paper for paper in PAPERS if not papers or paper.name in papers)

    def print(self, review: Review, context: PaperContext | None = None) -> None:
        """Write the papers of one stay.

        Raises:
            OSError: the disk refuses.
            OutputError: there is no font for PDF.
        """
        made_at = review.as_of.isoformat()
        stem = file_safe(review.encounter_id)
        for paper in self.papers:
            for name, page in _pages(paper, review, context or PaperContext()):
                html = to_html(paper.template, page)
                place = self.folder / f"{stem}.{name}"
                if "html" in self.kinds:
                    place.with_name(place.name + ".html").write_text(html, encoding="utf-8")
                if "pdf" in self.kinds:
                    _write_pdf(place, html, page.title, made_at)


def _write_pdf(place: Path, html: str, title: str, made_at: str) -> None:
    """Write the PDF; where the page's language has no font here, the page as HTML and a note in the PDF's place."""
    if missing := missing_font(html):
        place.with_name(place.name + ".html").write_text(html, encoding="utf-8")
        place.with_name(place.name + ".pdf.missing.txt").write_text(missing + "\n", encoding="utf-8")
        return
    place.with_name(place.name + ".pdf").write_bytes(to_pdf(html, title=title, made_at=made_at))


def _pages(paper: Paper, review: Review, context: PaperContext) -> Iterator[tuple[str, Page]]:
    """Yield each page with the middle of its file name."""
    built = paper.build(review, context)
    if built is None:
        return
    if not isinstance(built, Sequence):
        yield paper.name, built
        return
    for page in built:
        yield f"{paper.name}.{getattr(page, 'suffix')}", page  # noqa: B009 - only pages of several have it
