"""A payer's nurse, a physician advisor and a supervisor at work, from the sign-in to what stands in the ledger."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from web.kit import Site, check, enter, expect_trouble, scrolls_sideways, sign_in

from discharge.api.pages.advisor.queue import queue_of
from discharge.api.releases import releases
from discharge.casework.accounts import people
from discharge.casework.events.utilization import AdvisorReferred

pytestmark = pytest.mark.content
expect.set_options(timeout=15_000)  # workers share few cores, and an answer writes to the ledger first


def test_a_payers_nurse_reads_a_summary_and_approves(site: Site, page: Page) -> None:
    sign_in(page, "payer")
    expect(page).to_have_url(re.compile("/payer$"))
    page.locator(".inbox tbody a").first.click()
    release = page.url.rpartition("/")[2]
    paper = page.frame_locator("iframe")
    expect(paper.get_by_role("heading", name="Clinical summary for the payer")).to_be_visible()
    with page.expect_download() as packet:
        page.get_by_role("link", name="Download the packet").click()
    assert packet.value.suggested_filename == f"release-{release}.zip"
    page.get_by_text("Approve", exact=True).click()
    form = page.locator("#payer-approve")
    assert form.locator("[name=authorization_id]").input_value(), "the one that waits is chosen already"
    form.get_by_label("Days approved").fill("2")
    form.get_by_role("button", name="Record the approval").click()
    expect(page.get_by_role("status")).to_contain_text("Your approval is recorded.")
    expect(page.get_by_role("heading", name="Said so far").locator("..")).to_contain_text("Approved, 2 days")
    with site.store.read() as connection:
        payer = people.find_login(connection, "payer")
        assert payer is not None
        (found,) = (one for one in releases(connection, payer.payer_ids) if one.said.release_id == release)
    said = site.events(found.case_id, "decision_received")[-1]
    assert (said.payload.decision, said.payload.days_approved, said.actor.id) == ("approved", 2, payer.id)


def test_a_denial_without_a_clinician_is_not_taken_and_nothing_is_lost(site: Site, page: Page) -> None:
    expect_trouble(page, "422")
    enter(page, site, "payer")
    page.goto("/payer")
    page.locator(".inbox tbody a").first.click()
    page.get_by_text("Deny, or approve only a part").click()
    form = page.locator("#payer-adverse")
    form.get_by_label("Decision").select_option("denied")
    form.get_by_label("Reason", exact=True).fill("Care at this level is not shown after the first day.")
    page.evaluate("document.getElementById('payer-adverse').noValidate = true")
    form.get_by_role("button", name="Record the decision").click()
    expect(form.locator(".form-faults")).to_contain_text("an adverse decision needs a named clinician")
    expect(form.get_by_label("Reason", exact=True)).to_have_value(re.compile("Care at this level"))
    check(page)
    form.get_by_label("Clinician who decided", exact=True).fill("Kim Lo")
    form.get_by_label("Clinician who decided: credentials").fill("MD")
    form.get_by_role("button", name="Record the decision").click()
    expect(page.get_by_role("status")).to_contain_text("Your decision is recorded.")


def ask_advisor(site: Site, count: int) -> None:
    """Refer stays that nobody asked about yet, due before all others."""
    with site.store.read() as connection:
        manager = people.find_login(connection, "case_manager")
    assert manager is not None
    due = site.clock() - timedelta(days=5)
    for row in queue_of(site.desk, site.clock())[1][:count]:
        asked = AdvisorReferred(referral_id="w-1", question="Is it supported?", reason="other", due_at=due)
        site.casework.record(row.case_id, [asked], actor=manager.actor(), now=site.clock())


def test_an_advisor_decides_and_comes_to_the_next_question(site: Site, page: Page) -> None:
    ask_advisor(site, 2)
    first, second = queue_of(site.desk, site.clock())[0][:2]
    sign_in(page, "physician_advisor")
    expect(page).to_have_url(re.compile("/advisor$"))
    page.locator(".queue tbody a").first.click()
    expect(page).to_have_url(re.compile(re.escape(first.row.case_id)))
    page.get_by_text("Add to the talk log").click()
    page.locator("#note-added").get_by_label("Note").fill("The attending expects two more nights.")
    page.locator("#note-added").get_by_role("button").click()
    expect(page.locator(".talk")).to_contain_text("The attending expects two more nights.")
    form = page.locator("#advisor-decided")
    form.get_by_label("Decision").select_option("approved")
    form.get_by_label("Rationale").fill("The risk on arrival is documented.")
    form.get_by_role("button", name="Record the decision").click()
    expect(page.get_by_role("status")).to_contain_text("Your decision is recorded.")
    expect(page).to_have_url(re.compile(re.escape(second.row.case_id)))
    said = site.events(first.row.case_id, "advisor_decided")[-1]
    assert (said.payload.decision, said.payload.physician.name) == ("approved", "Carla Weiss")


def test_a_supervisor_opens_a_figure_and_assigns(site: Site, page: Page) -> None:
    sign_in(page, "supervisor")
    expect(page).to_have_url(re.compile("/board$"))
    figure = page.get_by_role("link", name=re.compile("^Cases of Nobody"))
    count = int(figure.inner_text())
    figure.click()
    expect(page.locator("tbody tr")).to_have_count(count)
    check(page)
    page.goto("/assign")
    page.get_by_role("button", name="Tick none").click()
    box = page.locator("input[name=pick]").first
    pick = box.get_attribute("value") or ""
    box.check()
    page.get_by_role("button", name="Assign the ticked cases").click()
    expect(page.get_by_role("status").first).to_contain_text("1 case assigned.")
    case_id, _, assignee = pick.split(".", 2)
    said = site.events(case_id, "assigned")[-1]
    assert (said.payload.assignee, said.payload.basis) == (assignee, "balanced")


@pytest.mark.parametrize(
    ("login", "path"),
    [
        ("payer", "/payer"),
        ("physician_advisor", "/advisor"),
        ("supervisor", "/board"),
        ("supervisor", "/assign"),
    ],
)
def test_nothing_scrolls_sideways_when_it_is_enlarged(site: Site, page: Page, login: str, path: str) -> None:
    enter(page, site, login)
    for width in (640, 820):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(path)
        assert (wide := scrolls_sideways(page)) is None, wide
