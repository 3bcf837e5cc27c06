"""A case manager's morning on the worklist: by keys, in bulk, with news, in print, at the end of the session."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect
from web.kit import PASSWORD, Site, check, enter, expect_trouble, scrolls_sideways, sign_in

from discharge.casework.accounts import people
from discharge.casework.events.record import NoteAdded
from discharge.casework.storage.tables import AGENDA, CASES, SESSIONS

pytestmark = pytest.mark.content
OpenTab = Callable[..., Page]


def case_at(page: Page) -> str | None:
    """The case of the row that has the focus."""
    found: str | None = page.evaluate("document.activeElement.closest('tr.case')?.dataset.case ?? null")
    return found


def shown(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('tr.case')].map((one) => one.dataset.case)"
    )
    return found


def ask_for_news(page: Page) -> int:
    """Ask now instead of waiting for twenty seconds."""
    with page.expect_response("**/worklist/news") as told:
        page.evaluate("htmx.trigger(document.getElementById('news'), 'submit')")
    return told.value.status


def account(site: Site, login: str) -> people.Account:
    with site.store.read() as connection:
        found = people.find_login(connection, login)
    assert found is not None
    return found


def test_by_keys_from_sign_in_to_a_case(site: Site, tab: OpenTab) -> None:
    page = sign_in(tab(), "case_manager")
    assert page.url.endswith("/worklist")
    expect(page.get_by_label("Whose")).to_have_value("mine")
    mine = shown(page)
    assert mine == site.cases(assignee=account(site, "case_manager").id, in_house=True) or len(mine) > 3
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert case_at(page) == mine[1]
    page.keyboard.press("k")
    assert case_at(page) == mine[0]
    page.keyboard.press("x")
    expect(page.locator("#picked-count")).to_have_text("1 selected")
    page.keyboard.press("x")
    expect(page.locator("#picked")).to_be_hidden()
    page.keyboard.press("/")
    row = page.locator("tr.case").nth(2)
    name = row.locator("th a").inner_text()
    page.get_by_label("Whose").select_option("all")
    page.get_by_label("Search").fill(name.split(",")[0])
    expect(page.get_by_role("link", name=name)).to_be_visible()
    expect(page.locator("#says")).to_contain_text("as searched for")
    assert name.split(",")[0] not in page.url
    assert page.url.endswith("/worklist?manager=all&where=here")
    page.get_by_label("Search").press("Escape")
    assert case_at(page) == shown(page)[0]
    check(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    at = case_at(page)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"/cases/{at}$"))


def test_in_bulk_each_is_written_and_told(site: Site, tab: OpenTab) -> None:
    page = enter(tab(), site, "case_manager_2")
    page.goto("/worklist?manager=none")
    wanted = shown(page)[:2]
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("b")
    me = account(site, "case_manager_2")
    other = account(site, "case_manager")
    site.casework.record(wanted[0], [NoteAdded(text="Seen.")], actor=other.actor(), now=site.clock())
    page.keyboard.press("Enter")
    expect(page.locator("#outcome")).to_contain_text("1 patient taken. 1 patient not:")
    expect(page.locator("#outcome")).to_contain_text("somebody changed the case since you saw it")
    (taken,) = site.events(wanted[1], "assigned")[-1:]
    assert (taken.payload.assignee, taken.actor.id) == (me.id, me.id)
    assert site.casework.case(wanted[0]).state.assignee is None
    expect(page.locator(f"#c-{wanted[1]}")).to_have_class(re.compile("gone"))
    expect(page.locator("#picked-count")).to_have_text("1 selected")
    page.get_by_text("Add a task").click()
    page.get_by_label("Task").fill("Call the family")
    page.get_by_label("Due (optional)").fill("2026-06-15T15:00")
    page.get_by_role("button", name="Add the task to each").click()
    expect(page.locator("#outcome")).to_contain_text("1 patient given the task.")
    (task,) = site.events(wanted[0], "task_added")[-1:]
    assert task.payload.title == "Call the family"
    assert task.payload.due_at == datetime(2026, 6, 15, 19, tzinfo=UTC)
    # The bar of the selected covers a part of the row beneath it, which scrolls free.
    check(page, leave_out=("target-size",))


def test_news_comes_in_place_and_nothing_moves(site: Site, tab: OpenTab) -> None:
    page = enter(tab(viewport={"width": 1440, "height": 400}), site, "case_manager")
    page.goto("/worklist?manager=mine")
    rows = shown(page)
    assert len(rows) > 8
    assert ask_for_news(page) == 204
    for _ in range(6):
        page.keyboard.press("j")
    page.keyboard.press("x")
    page.locator("#unfold").check()
    page.locator(f"#p-{rows[5]}").focus()
    assert page.evaluate("window.scrollY") > 0
    place = page.locator(f"#p-{rows[5]}").bounding_box()
    nurse = account(site, "case_manager_2")
    for case in (rows[5], rows[7]):
        site.casework.record(case, [NoteAdded(text="Called.")], actor=nurse.actor(), now=site.clock())
    assert ask_for_news(page) == 200
    expect(page.locator("#changes-text")).to_contain_text("2 patients changed since 07:00 EDT.")
    expect(page.locator(f"#c-{rows[7]}")).to_have_class(re.compile("changed"))
    assert (
        page.locator(f"#c-{rows[5]} .pick input")
        .input_value()
        .endswith(f".{site.casework.case(rows[5]).version}")
    )
    assert page.locator(f"#c-{rows[5]} .pick input").is_checked()
    assert (case_at(page), shown(page)) == (rows[5], rows)
    after = page.locator(f"#p-{rows[5]}").bounding_box()
    assert place is not None and after is not None
    assert abs(after["y"] - place["y"]) <= 2  # under her fingers nothing moved, whatever came above
    assert page.locator("#unfold").is_checked()
    expect(page.locator("#resort")).to_be_hidden()
    with site.store.write() as connection:  # as if a feed had brought what makes it the last
        calm = {"urgency": 4, "next_step": "Nothing is asked now.", "next_why": "", "due_at": None}
        connection.execute(sa.update(CASES).where(CASES.c.case_id == rows[0]).values(calm))
        connection.execute(sa.delete(AGENDA).where(AGENDA.c.case_id == rows[0]))
    page.evaluate(
        "document.getElementById('news-seq').value = document.getElementsByName('made_seq')[0].value - 1"
    )
    site.casework.record(rows[6], [NoteAdded(text="Again.")], actor=nurse.actor(), now=site.clock())
    assert ask_for_news(page) == 200
    expect(page.locator("#resort")).to_be_visible()
    page.keyboard.press("r")
    expect(page.locator("tr.case").last).to_have_attribute("data-case", rows[0])
    assert case_at(page) == rows[5]
    assert page.locator(f"#c-{rows[5]} .pick input").is_checked()
    expect(page.locator("#count-clear")).to_contain_text("1 clear")
    expect(page.locator("tr.clear th .two").first).to_be_visible()
    page.keyboard.press("e")
    expect(page.locator("tr.clear th .two").first).to_be_hidden()


def test_a_session_that_ends_stops_the_news_and_keeps_what_is_selected(site: Site, tab: OpenTab) -> None:
    page = enter(tab(), site, "case_manager")
    expect_trouble(page, "401")
    page.goto("/worklist")
    page.locator("tr.case .pick input").nth(1).check()
    with site.store.write() as connection:
        connection.execute(sa.delete(SESSIONS))
    assert ask_for_news(page) == 401
    again = page.get_by_role("dialog", name="Your sign-in has ended")
    expect(again).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("htmx.trigger(document.getElementById('news'), 'submit')")
    again.get_by_label("Password").fill(PASSWORD)
    again.get_by_role("button", name="Sign in").click()
    expect(again).to_be_hidden()
    assert page.locator("tr.case .pick input").nth(1).is_checked()
    assert ask_for_news(page) == 204
    assert len([one for one in asked if one.endswith("/worklist/news")]) <= 2


def test_filters_kept_groups_export_and_print(site: Site, tab: OpenTab) -> None:
    page = enter(tab(), site, "supervisor")
    page.goto("/worklist")
    page.get_by_label("Unit").select_option(index=1)
    page.get_by_label("Group by").select_option("payer")
    expect(page.locator("tr.group").first).to_be_visible()
    unit = page.get_by_label("Unit").input_value()
    page.get_by_text("Keep this filter").click()
    page.get_by_label("Name of the filter").fill("By payer")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_role("link", name="By payer")).to_be_visible()
    page.goto("/worklist")
    page.get_by_role("link", name="By payer").click()
    expect(page.get_by_label("Unit")).to_have_value(unit)
    listed = shown(page)
    assert listed
    assert sorted(listed) == sorted(site.cases(unit=unit, in_house=True))
    with page.expect_download() as down:
        page.get_by_role("button", name="CSV").first.click()
    text = down.value.path().read_text("utf-8-sig")
    assert len(list(csv.DictReader(io.StringIO(text)))) == len(listed)
    with page.expect_download() as down:
        page.get_by_role("button", name="Excel").first.click()
    assert down.value.suggested_filename.endswith(".xlsx")
    page.emulate_media(media="print")
    expect(page.locator(".printed")).to_contain_text("Printed by")
    expect(page.locator("thead .notes")).to_be_visible()
    expect(page.locator("#ask")).to_be_hidden()
    page.emulate_media(media="screen")
    for width in (820, 640):
        page.set_viewport_size({"width": width, "height": 900})
        assert (width, scrolls_sideways(page)) == (width, None)
        check(page)
