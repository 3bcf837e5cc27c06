"""Rows as HTML. Many people look at the same rows, and a row without change is not printed again."""

from __future__ import annotations

from markupsafe import Markup

from discharge.api.pages.frame import environment
from discharge.api.pages.kept import Kept
from discharge.api.pages.worklist.rows import Row

_PRINTED: Kept[Markup] = Kept(5000)


def printed(zone: str, row: Row, *, may_write: bool) -> Markup:
    """Return a row as HTML, with times in ``zone``; with a box to select it where its reader may write."""

    def made() -> Markup:
        template = environment(zone).get_template("pages/_worklist_row.html")
        return Markup(template.render(one=row, may_write=may_write))  # escaped by the template

    return _PRINTED.once((zone, may_write, row), made)
