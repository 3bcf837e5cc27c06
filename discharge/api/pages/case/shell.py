"""What stands round every page of a case: who, where, payer, day, status, clocks, and the way to its other pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi.responses import HTMLResponse

from discharge.api.pages.case.file import CaseFile
from discharge.api.pages.case.header import HeaderPage, header_of
from discharge.api.pages.frame import shown


@dataclass(frozen=True)
class Tab:
    """A page of the case; ``name`` is the end of its address."""

    name: str
    title: str
    path: str
    is_here: bool


TABS = (
    ("", "Today"),
    ("criteria", "Criteria"),
    ("trends", "Trends"),
    ("payer", "Payer"),
    ("denials", "Denial risk"),
    ("plan", "Discharge plan"),
    ("assessments", "Assessments"),
    ("referrals", "Referrals"),
    ("work", "Tasks and notices"),
    ("papers", "Papers"),
    ("compare", "Compare"),
    ("ledger", "Ledger"),
)


@dataclass(frozen=True)
class CasePage:
    """A page of a case: ``body`` is what its own template prints, ``head`` what stands over it on every page."""

    file: CaseFile
    head: HeaderPage
    tabs: tuple[Tab, ...]
    body: Any


def case_page(
    file: CaseFile,
    tab: str,
    template: str,
    body: Any,
    *,
    status: int = 200,
    said: str | None = None,
    styles: tuple[str, ...] = (),
    scripts: tuple[str, ...] = (),
) -> HTMLResponse:
    """Return a page of the case; ``template`` (in ``templates/pages/case``) extends ``pages/case/_case.html``.

    In the template ``page.body`` is ``body``, ``page.file`` the case.
    """
    tabs = tuple(Tab(name, title, file.path(name), name == tab) for name, title in TABS)
    title = next(one.title for one in tabs if one.is_here)
    # The bed, not the name: titles stay in the history of a shared workstation.
    place = file.row.bed or file.row.unit or file.row.encounter_id
    return shown(
        file.request,
        file.who,
        f"case/{template}",
        CasePage(file, header_of(file, file.path(tab)), tabs, body),
        title=f"{title}, {place}",
        status=status,
        said=said,
        styles=("case.css", "as_of.css", *styles),
        scripts=("case.js", "as_of.js", *scripts),
    )
