"""A case in time, in the browser: trends, an earlier moment, another payer, the ledger put right, a paper released."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from web.kit import Site, check, enter

from discharge.casework.events import Released

pytestmark = pytest.mark.content


def _case(site: Site) -> str:
    """Return a case that has two reviews on record and a payer to release to."""
    for case_id in site.cases(in_house=True):
        if len(site.events(case_id, "review_run")) > 1 and site.casework.case(case_id).row.payer_profile:
            return case_id
    raise AssertionError("the demonstration has no such case")


def _enter(page: Page, site: Site) -> None:
    """Be signed in; a review that is run on request takes its time on a machine that is busy."""
    page.set_default_timeout(60_000)
    enter(page, site, "case_manager")


def test_trends_and_the_case_as_it_was(site: Site, page: Page) -> None:
    case = _case(site)
    _enter(page, site)
    page.goto(f"/cases/{case}/trends")
    level = page.locator(".levels button").first
    level.focus()
    page.keyboard.press("Enter")  # the rule behind a threshold, by keyboard
    expect(page.locator(".help:popover-open")).to_contain_text("Looks at")
    page.keyboard.press("Escape")
    page.locator(".trend h4 a").first.click()
    expect(page.get_by_role("table", name="Every reading of this stay")).to_be_visible()
    check(page)

    page.goto(f"/cases/{case}/trends")
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")  # the first moment on record
    page.wait_for_url(re.compile(r"at="))
    expect(page.get_by_role("link", name="Papers")).to_have_attribute("href", re.compile(r"\?at="))
    check(page)
    page.get_by_role("link", name="Papers").click()
    expect(page.get_by_text("Papers are released from the present")).to_be_visible()
    assert not page.get_by_role("button", name="Release to the payer").count()
    page.keyboard.press("]")  # a moment later
    page.wait_for_url(lambda url: "papers" in url)


def test_another_payer_beside_the_real_one(site: Site, page: Page) -> None:
    case = _case(site)
    before = len(site.events(case))
    _enter(page, site)
    page.goto(f"/cases/{case}/compare")
    own = site.casework.case(case).row.payer_profile
    other = "original_medicare" if own != "original_medicare" else "example_ma_plan"
    page.get_by_label("As if the stay were covered by").select_option(other)
    page.get_by_role("button", name="Compare payers").click()
    expect(page.get_by_role("heading", name="What was compared")).to_be_visible(timeout=60_000)
    expect(page.get_by_text(f"profile {other}")).to_be_visible()
    expect(page.get_by_text("≠ differs").first).to_be_visible()
    check(page)
    assert len(site.events(case)) == before


def test_a_wrong_note_is_put_right(site: Site, page: Page) -> None:
    case = _case(site)
    _enter(page, site)
    wrong = site.casework.record(
        case,
        [_note("Son comes at three.")],
        actor=_actor(site, "case_manager"),
        now=site.clock(),
    ).events[-1]
    page.goto(f"/cases/{case}/ledger?kind=note_added")
    entry = page.locator(f"#entry-{wrong.seq}")
    entry.get_by_role("link", name="Correct").click()
    form = page.locator("#say-right")
    form.get_by_label("Note").fill("Daughter comes at three.")
    form.get_by_label("Why it was wrong").fill("Misheard.")
    check(page)
    form.get_by_role("button", name="Record the correction").click()
    expect(page.get_by_role("status").filter(has_text="The correction is recorded")).to_be_visible()
    said = site.events(case, "corrected")[-1].payload
    assert said.event_id == wrong.event_id
    assert said.replacement["text"] == "Daughter comes at three."
    assert "Daughter comes at three." in [one.text for one in site.casework.case(case).state.notes]
    page.goto(f"/cases/{case}/ledger?kind=note_added")
    expect(page.locator(f"#entry-{wrong.seq}")).to_contain_text("No longer holds")
    check(page)


def test_a_paper_is_looked_at_and_released(site: Site, page: Page) -> None:
    case = _case(site)
    before = len(site.events(case, "released"))
    _enter(page, site)
    page.goto(f"/cases/{case}/papers")
    expect(page.frame_locator("#paper-frame").locator("h1")).to_contain_text("Clinical summary")
    page.get_by_label("As", exact=True).select_option("html")
    page.get_by_role("button", name="Release to the payer").click()
    expect(page.get_by_role("status").filter(has_text="The paper is released")).to_be_visible()
    released = site.events(case, "released")
    assert len(released) == before + 1
    said = released[-1].payload
    assert isinstance(said, Released)
    assert said.review_digest == site.casework.case(case).state.reviews[-1].digest
    expect(page.locator(".releases li").first).to_contain_text("from this review")
    check(page)


def _note(text: str) -> object:
    from discharge.casework.events import NoteAdded

    return NoteAdded(text=text)


def _actor(site: Site, login: str) -> object:
    from discharge.casework.accounts import people

    with site.store.read() as connection:
        account = people.find_login(connection, login)
    assert account is not None
    return account.actor()
