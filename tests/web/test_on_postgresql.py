"""The same pages on a store that was carried over to PostgreSQL: every page answers, and a day's work is written."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect
from storekit import _postgresql_template, _shared, _sqlite_template, new_database, postgresql  # noqa: F401
from web.every_page import PAGES, address
from web.kit import OPENS, Clock, Site, enter, put_in, sign_in

from discharge.casework.library import Library
from discharge.casework.storage.backup import backup, restore
from discharge.casework.storage.engine import open_store

pytestmark = pytest.mark.content


@pytest.fixture
def site(
    _server: tuple[FastAPI, str],
    made_store: Path,
    tmp_path: Path,
    web_library: Library,
    new_database: Callable[..., str],  # noqa: F811 - the fixture
) -> Iterator[Site]:
    """The server over the demonstration's store, carried over by a backup as a hospital would."""
    app, url = _server
    shutil.copy(made_store, tmp_path / "store.db")
    there, clock = new_database("postgresql"), Clock()
    with open_store(tmp_path / "store.db") as before, open_store(there) as store:
        backup(before, tmp_path / "backup", now=OPENS)
        restore(tmp_path / "backup", store, now=OPENS)
    put_in(app, there, clock, web_library)
    app.state.desk.casework.rebuild()
    yield Site(app, url, tmp_path / "store.db", clock)
    app.state.desk.store.close()


def test_every_page_answers_and_a_morning_is_written(site: Site, tab: Callable[..., Page]) -> None:
    assert site.store.dialect == "postgresql"
    for login in dict.fromkeys(sheet.login for sheet in PAGES if sheet.login is not None):
        page = enter(tab(), site, login)
        for sheet in PAGES:
            if sheet.login == login:
                where = address(site, sheet)
                assert where is not None
                assert page.request.get(where).status == 200, sheet.route

    nurse = sign_in(tab(), "case_manager")
    first = nurse.locator("tr.case").first
    case_id, name = first.get_attribute("data-case"), first.get_by_role("link").inner_text()
    assert case_id is not None
    with nurse.expect_response("**/worklist/search") as found:
        nurse.get_by_label("Search").press_sequentially(name.split(",")[0][:6])
    assert found.value.status == 200
    expect(nurse.locator(f"#p-{case_id}")).to_have_text(name)
    nurse.locator(f"#p-{case_id}").click()
    expect(nurse).to_have_url(f"{site.url}/cases/{case_id}")
    notes = nurse.locator("#notes")
    notes.locator("summary").first.click()
    notes.get_by_label("Note").fill("Daughter comes at three.")
    notes.get_by_role("button", name="Record the note").click()
    expect(nurse.get_by_role("status").filter(has_text="The note is recorded.")).to_be_visible()
    written = site.events(case_id, "note_added")[-1]
    assert written.payload.text == "Daughter comes at three."  # type: ignore[union-attr]
