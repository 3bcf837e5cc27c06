"""What takes seconds the first time is done before anybody asks: templates, papers, pictures, the board."""

from __future__ import annotations

import logging

from discharge.api.documents import sheets
from discharge.api.pages.board.board import board_of
from discharge.api.pages.frame import environment
from discharge.api.problems import place_of
from discharge.api.state import Desk
from discharge.casework.query import Filters, Page
from discharge.pictures import cost_picture, stay_picture, waiting_picture

LOG = logging.getLogger("discharge.api")
_DAYS = 30


def warm(desk: Desk) -> None:
    """Compile the templates, and make papers, pictures and board once, for the most urgent case there is.

    A fault is logged by kind and place, and left to whoever opens the page.
    """
    try:
        made = environment(desk.settings.zone)
        for name in made.list_templates(filter_func=lambda one: one.startswith("pages/")):
            made.get_template(name)
        board_of(desk, _DAYS)
        rows = desk.casework.worklist(Filters(in_house=True), now=desk.now(), page=Page(size=1)).rows
        review = desk.casework.review(rows[0].case_id) if rows else None
        if review is not None:
            for sheet in sheets(desk, review):
                sheet.html()
            pictures = (cost_picture(review), waiting_picture(review), stay_picture(review))
            _ = [one.svg for one in pictures if one is not None]
    except Exception as error:  # noqa: BLE001 - a server that is slow at first is better than none
        LOG.error("warm: %s", place_of(error))
