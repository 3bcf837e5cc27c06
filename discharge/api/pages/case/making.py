"""Forms of a page of a case, each with an id of its own that comes back to its place on the page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from discharge.api.pages.case.file import CaseFile
from discharge.api.pages.forms import Form, form


class Maker:
    """Makes the forms of one page; ``tab`` is its end of the address."""

    def __init__(self, file: CaseFile, tab: str) -> None:
        self.file = file
        self.tab = tab
        self._made: dict[str, int] = {}

    def make(
        self,
        kind: str,
        anchor: str,
        *,
        title: str | None = None,
        must: tuple[str, ...] = (),
        help: str | None = None,
        **more: Any,
    ) -> Form:
        """Return a form that comes back to ``anchor`` of the page; ``must`` names entries that are needed here."""
        number = self._made[kind] = self._made.get(kind, 0) + 1
        file = self.file
        made = form(
            kind,
            f"/cases/{file.case_id}/record",
            back=f"/cases/{file.case_id}/{self.tab}#{anchor}",
            version=file.version,
            id=f"{kind.replace('_', '-')}-{number}",
            **more,
        )
        entries = tuple(replace(one, required=True) if one.name in must else one for one in made.entries)
        return replace(
            made,
            title=made.title if title is None else title,
            help=made.help if help is None else help,
            entries=entries,
        )
