"""One case in a browser: what is missing today, the criteria with their evidence, the fix of a risk; to the ledger."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from web.kit import Site, check, enter, expect_trouble, scrolls_sideways, sign_in

pytestmark = pytest.mark.content


def unfolded(found: Locator) -> Locator:
    """A form, once what it is folded into is open."""
    for fold in found.locator("xpath=ancestor::details").all():
        if fold.get_attribute("open") is None:
            fold.locator("> summary").click()
    return found


def send(page: Page, form: Locator, said: str) -> None:
    with page.expect_navigation():
        form.locator("button[type=submit]").click()
    expect(page.locator("#said")).to_contain_text(said)


def undecided(site: Site) -> str:
    """A patient in the house of whom it is not known whether another day is supported."""
    found = site.cases(in_house=True, continued_stay="unknown")
    assert found, "the demonstration has no such stay"
    return found[0]


def test_from_what_is_missing_to_a_new_review(site: Site, page: Page) -> None:
    """The nurse finds what is missing, asks, records the answer, and the next review counts it."""
    case_id = undecided(site)
    sign_in(page, "case_manager")
    page.goto(f"/cases/{case_id}")
    expect(page.get_by_role("heading", name="What is needed to support today")).to_be_visible()
    asking = unfolded(page.locator("#ask-continued-stay"))
    asking.get_by_label("Who is asked").fill("Dr. Lee")
    send(page, asking, "The question is recorded.")
    asked = site.events(case_id, "physician_asked")[-1].payload
    assert asked.to == "Dr. Lee" and asked.asks and "another hospital day" in asked.question

    expect_trouble(page, "422")
    answer = unfolded(page.locator("#questions form").first)
    fact = answer.locator("select").first
    fact.select_option("true")
    answer.locator("[name=answer]").fill(" ")
    answer.locator("button[type=submit]").click()
    expect(answer.locator(".form-faults")).to_contain_text("this is missing")
    expect(fact).to_have_value("true")
    answer.locator("[name=answer]").fill("Yes, since last night.")
    check(page)
    send(page, answer, "The answer is recorded.")
    assert list(site.events(case_id, "physician_answered")[-1].payload.facts.values()) == ["true"]

    expect(page.locator(".case-seen")).to_contain_text("Something came since the last review")
    check(page)
    before = len(site.events(case_id, "review_run"))
    with page.expect_navigation():
        page.get_by_role("button", name="Review now").click()
    expect(page.locator("#said")).to_contain_text("The case was reviewed again")
    assert len(site.events(case_id, "review_run")) == before + 1
    assert not site.casework.case(case_id).state.is_stale


def test_criteria_by_hand_eye_and_keyboard(site: Site, page: Page) -> None:
    """Evidence is seen on hover, on focus and on click; a comment stays with its criterion."""
    case_id = site.cases(in_house=True, continued_stay="met")[0]
    enter(page, site, "case_manager")
    page.goto(f"/cases/{case_id}/criteria")
    expect(page.locator("details.crit").first).to_be_visible()
    page.get_by_role("button", name="Unfold all").click()
    evidence = page.locator(".fact .seen-at").first
    shown = evidence.locator(".evidence")
    expect(shown).to_be_hidden()
    evidence.hover()
    expect(shown).to_be_visible()
    expect(shown).to_contain_text(re.compile("from .+, row .+"))
    page.mouse.move(0, 0)
    expect(shown).to_be_hidden()
    page.keyboard.press("Tab")
    evidence.locator("button").focus()
    expect(shown).to_be_visible()
    page.keyboard.press("Escape")
    expect(shown).to_be_hidden()
    page.keyboard.press("Enter")
    expect(shown).to_be_visible()
    page.keyboard.press("Escape")

    criterion = page.locator("details.crit").first
    name = (criterion.get_attribute("id") or "").removeprefix("c-")
    criterion.locator(":scope > .crit-in > .crit-foot .comment-on").click()
    form = page.locator("#comment")
    expect(form).to_be_visible()
    form.get_by_label("Note").fill("Family confirms.")
    check(page)
    send(page, form, "The note is recorded.")
    assert site.events(case_id, "note_added")[-1].payload.about == f"criterion:{name}"
    expect(page.locator(f'[id="c-{name}"] blockquote')).to_contain_text("Family confirms.")

    page.get_by_role("link", name="Conclusions and why").click()
    expect(page.get_by_text(re.compile(r"\d+ conclusions of the rules"))).to_be_visible()
    check(page)
    page.keyboard.press("[")
    page.wait_for_url(f"**/cases/{case_id}")


def test_a_risk_with_its_fix_made_a_task(site: Site, page: Page) -> None:
    """The nurse sees why a patient is at risk and makes the fix a task."""
    case_id = (
        site.cases(in_house=True, risk_band="high") or site.cases(in_house=True, risk_band="moderate")
    )[0]
    enter(page, site, "case_manager")
    page.goto(f"/cases/{case_id}")
    page.get_by_role("link", name=re.compile("likelihood, dollars")).click()
    expect(page.get_by_role("heading", name="On record now", exact=True)).to_be_visible()
    form = unfolded(page.locator("form[id^=task-]").first)
    fix = form.get_by_label("What is to be done").input_value()
    send(page, form, "The task is added.")
    assert site.events(case_id, "task_added")[-1].payload.title == fix
    expect(page.get_by_text("A task for it is on the list (open).")).to_be_visible()


def test_small_and_dark(site: Site, page: Page) -> None:
    """At 200 percent and in the dark nothing is lost, and the page does not scroll sideways."""
    enter(page, site, "case_manager")
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 640, "height": 900})
    for part in ("", "/criteria", "/denials"):
        page.goto(f"/cases/{undecided(site)}{part}")
        assert (wide := scrolls_sideways(page)) is None, wide
