"""The pictures of a review, each at an address of its own: drawn when a browser shows it, and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Response

from discharge.api.pages.case.file import CaseFile, OurCase
from discharge.costs.ledger import PURSES
from discharge.errors import NotFoundError
from discharge.pictures import Picture, compared, cost_picture, stay_picture, waiting_picture
from discharge.review.model import Review

router = APIRouter(include_in_schema=False)
PICTURES: Mapping[str, Callable[[Review], Picture | None]] = {
    "costs": cost_picture,
    "waiting": waiting_picture,
    "stay": stay_picture,
}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
# The drawings are black on white, for paper. On a dark page ink and ground change places; patterns stay readable.
_DARK = (
    "<style>@media (prefers-color-scheme: dark) {"
    'svg [stroke="#111"] { stroke: #e9ebee } svg [fill="#111"], svg text { fill: #e9ebee }'
    'svg [fill="#fff"] { fill: #1d2125 } svg [stroke="#ddd"] { stroke: #3a4149 }'
    'svg [fill="#c9c9c9"] { fill: #5a636c } svg [fill="#e8e8e8"] { fill: #3a4149 }'
    'svg [fill="#3d3d3d"] { fill: #b4bcc5 } }</style>'
)


@dataclass(frozen=True)
class Drawn:
    """A picture as a page shows it; its figures stand in a table beside it."""

    path: str
    alt: str


def drawn(file: CaseFile, review: Review, name: str, alt: str) -> Drawn | None:
    """Return where a picture of the review is; None where there is none to draw."""
    if not _is_there(review, name):
        return None
    base = file.path(f"plan/{name}.svg")
    return Drawn(base if file.digest is None else f"{base}?review={file.digest[:16]}", alt)


def _is_there(review: Review, name: str) -> bool:
    """Tell whether there is something to draw, without drawing it."""
    if name == "costs":
        return bool(compared(review))
    if name == "stay":
        return review.plan.length_of_stay.days is not None and review.reference_time is not None
    points = review.waiting.points if review.waiting is not None else []
    return len(points) > 1 and any(
        all(getattr(point, purse) is not None for point in points) for purse in PURSES
    )


@router.get("/cases/{case_id}/plan/{picture}.svg", name="page_plan_picture")
def picture(
    file: OurCase, picture: Annotated[str, Path(pattern="^(costs|waiting|stay)$")], review: str = ""
) -> Response:
    """Return a picture of the review that the case has, for the browser to keep for an hour."""
    found = PICTURES[picture](file.review) if file.review is not None else None
    if found is None:
        raise NotFoundError("this case has no such picture")
    end = found.svg.index(">", found.svg.index("<svg")) + 1
    is_kept = bool(review) and file.digest is not None and file.digest.startswith(review)
    headers = {
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "private, max-age=3600" if is_kept else "no-store",
    }
    return Response(found.svg[:end] + _DARK + found.svg[end:], 200, headers, "image/svg+xml")
