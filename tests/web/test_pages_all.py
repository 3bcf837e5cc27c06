"""Every page there is: readable by everybody, light and dark, on a tablet and at twice the size."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from web.every_page import NO_PAGE, PAGES, Sheet, address, routes
from web.kit import Site, check, scrolls_sideways

from discharge.api.auth.policy_pages import PAGES as POLICY

pytestmark = pytest.mark.content


@pytest.mark.parametrize("sheet", PAGES, ids=lambda one: one.file)
def test_a_page(read_only_site: Site, seat: Callable[[str | None], Page], sheet: Sheet) -> None:
    """axe-core finds nothing; nothing is told on the console, nothing leaves the machine, nothing sticks out."""
    where = address(read_only_site, sheet)
    assert where is not None, "no such route"
    page = seat(sheet.login)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
    answer = page.goto(where)
    assert answer is not None and answer.status == 200
    check(page)
    page.emulate_media(color_scheme="dark")
    for width, height in ((820, 1180), (640, 450)):
        page.set_viewport_size({"width": width, "height": height})
        assert (wide := scrolls_sideways(page)) is None, f"at {width} px: {wide}"
    check(page, only=("color-contrast", "target-size", "scrollable-region-focusable"))


def test_every_page_is_looked_at(read_only_site: Site) -> None:
    """A route that is new is put into the list, and one that is gone leaves it."""
    listed = {one.route for one in PAGES}
    assert listed | NO_PAGE.keys() == routes(read_only_site.app).keys()
    assert not listed & NO_PAGE.keys()
    assert routes(read_only_site.app).keys() <= POLICY.keys()
