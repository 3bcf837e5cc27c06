"""Papers of a stay: the payer summary and the discharge plan, as HTML and PDF.

File names come from the encounter id, never from a patient's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from discharge.documents.paper import file_safe, to_html, to_pdf
from discharge.documents.plan_paper import plan_paper
from discharge.documents.summary import payer_summary
from discharge.review.model import Review

__all__ = ["Printer", "file_safe", "payer_summary", "plan_paper"]


class Printer:
    """Writes the papers of reviews into ``folder``, in the kinds asked for (``html``, ``pdf``)."""

    def __init__(self, folder: Path, kinds: Sequence[str]) -> None:
        self.folder = folder
        self.kinds = tuple(kinds)

    def print(self, review: Review) -> None:
        """Write payer summary and discharge plan of one stay.

        Raises:
            OSError: the disk refuses.
            OutputError: there is no font for PDF.
        """
        made_at = review.as_of.isoformat()
        name = file_safe(review.encounter_id)
        summary, plan = payer_summary(review), plan_paper(review)
        papers = (("payer_summary", summary.title, summary), ("discharge_plan", plan.title, plan))
        for template, title, page in papers:
            html = to_html(template, page)
            place = self.folder / f"{name}.{template}"
            if "html" in self.kinds:
                place.with_name(place.name + ".html").write_text(html, encoding="utf-8")
            if "pdf" in self.kinds:
                place.with_name(place.name + ".pdf").write_bytes(to_pdf(html, title=title, made_at=made_at))
