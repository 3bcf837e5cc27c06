"""What goes between hospital and payer, and the notice that the patient is owed: from sign-in to the ledger."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from web.kit import OPENS, Site, check, enter, expect_trouble, scrolls_sideways, sign_in

from discharge.casework.work.conventions import conventions

pytestmark = pytest.mark.content


def form(page: Page, kind: str, **such: str) -> Locator:
    """The first form of a kind in the page's body, brought into sight by opening what it is folded into."""
    entries = "".join(f":has(input[name={name}][value='{value}'])" for name, value in such.items())
    found = page.locator(f".case-body form:has(input[name=kind][value={kind}]){entries}").first
    for fold in found.locator("xpath=ancestor::details").all():
        if fold.get_attribute("open") is None:
            fold.locator("> summary").click()
    return found


def record(page: Page, form: Locator, said: str) -> None:
    """Send a form and wait for the page to say that it was recorded."""
    with page.expect_navigation():
        form.locator("button[type=submit]").click()
    expect(page.locator("#said")).to_contain_text(said)


def asked_nothing(site: Site) -> str:
    """An inpatient of the example plan of whom the plan was asked nothing yet."""
    for case_id in site.cases(in_house=True, payer_profile="example_ma_plan"):
        state = site.casework.case(case_id).state
        if not state.authorizations and not state.denials:
            return case_id
    raise AssertionError("the demonstration has no such stay")


def test_from_the_request_to_the_appeal(site: Site, tab: Callable[..., Page]) -> None:
    """The nurse asks, the plan refuses, the physicians speak, the denial is appealed: each step is the one on offer."""
    case_id = asked_nothing(site)
    page = sign_in(tab(), "case_manager")
    page.goto(f"/cases/{case_id}/payer")
    expect(page.get_by_text("wants to be asked for this stay, and no request is on record")).to_be_visible()
    asking = form(page, "authorization_requested")
    asking.get_by_label("Days asked for").fill("3")
    asking.get_by_label("Reference number").fill("REF-2041")
    record(page, asking, "The request is recorded.")
    request = site.events(case_id, "authorization_requested")[-1].payload
    assert (request.service, request.days_asked, request.payer_profile) == (
        "inpatient_acute",
        3,
        "example_ma_plan",
    )

    site.clock.on(minutes=20)
    page.reload()
    expect(page.get_by_text("The payer has not answered.")).to_be_visible()
    decision = form(page, "decision_received", authorization_id=request.authorization_id)
    decision.get_by_label("Decision", exact=True).select_option("denied")
    decision.get_by_label("Reason in the payer's words").fill("Could be cared for under observation.")
    decision.get_by_label("When did it come?").fill("2026-06-15T07:10")
    record(page, decision, "The decision is recorded.")
    refused = site.events(case_id, "decision_received")[-1]
    assert refused.payload.decision == "denied" and refused.payload.clinician is None
    assert refused.occurred_at == OPENS.replace(minute=10) and refused.recorded_at == site.clock.now
    expect(page.get_by_text("No clinician named on an adverse decision")).to_be_visible()

    expect(page.get_by_text("A physician can still speak with the payer's.")).to_be_visible()
    call = form(page, "peer_to_peer_scheduled")
    call.get_by_label("Day and time of the call").fill("2026-06-15T07:30")
    call.get_by_label("Physician of the hospital").fill("Carla Weiss, MD")
    record(page, call, "The call is recorded.")
    site.clock.on(minutes=20)

    advisor = enter(tab(), site, "physician_advisor")
    advisor.goto(f"/cases/{case_id}/payer")
    expect(advisor.get_by_text("The time of the call is past.")).to_be_visible()
    held = form(advisor, "peer_to_peer_held")
    expect(held.get_by_label("Physician of the hospital who called", exact=True)).to_have_value("Carla Weiss")
    held.get_by_label("Outcome").select_option("upheld")
    record(advisor, held, "The outcome of the call is recorded.")
    said = site.events(case_id, "peer_to_peer_held")[-1]
    assert said.payload.physician.credentials == "MD" and "physician_advisor" in said.actor.roles

    page.reload()
    denial = form(page, "denial_received", authorization_id=request.authorization_id)
    denial.get_by_label("What is denied").select_option("service")
    denial.get_by_label("Date on the notice").fill("2026-06-15T07:10")
    record(page, denial, "The denial is recorded.")
    appeal = form(page, "appeal_filed")
    expect(appeal.get_by_label("Level of appeal")).to_have_value("reconsideration")
    appeal.get_by_label("Expedited appeal").check()
    record(page, appeal, "The appeal is recorded.")
    filed = site.events(case_id, "appeal_filed")[-1].payload
    assert (
        filed.is_expedited
        and filed.denial_id == site.events(case_id, "denial_received")[-1].payload.denial_id
    )
    running = {
        one.clock_id: one.side
        for one in site.casework.work(case_id, now=site.clock.now).clocks
        if one.subject_id == filed.denial_id
    }
    assert "payer" in running.values(), "the plan's time to decide runs"

    page.get_by_text("The same as a table").click()
    rows = page.get_by_role("region", name="The timeline as a table")
    expect(rows.get_by_role("row", name="Mon Jun 15")).to_contain_text("Appeal filed: Reconsideration")
    check(page)
    page.set_viewport_size({"width": 640, "height": 800})
    assert scrolls_sideways(page) is None


def test_the_notice_is_given_and_its_clock_is_met(site: Site, tab: Callable[..., Page]) -> None:
    """A notice that is not signed needs a word on why; what was entered stays, and then the clock is met."""
    for case_id in site.cases(in_house=True):
        owed = {one.clock: one for one in site.casework.work(case_id, now=site.clock.now).clocks}
        if "IM-1" in owed and owed["IM-1"].status == "running":
            break
    else:
        raise AssertionError("nobody in the demonstration is owed the first Important Message")
    page = sign_in(tab(), "case_manager")
    page.goto(f"/cases/{case_id}/work#notices")
    given = form(page, "notice_delivered", clock_id="IM-1")
    given.get_by_label("Signed?").select_option("false")
    given.get_by_label("Given to").select_option("representative")
    expect_trouble(page, "422")
    given.locator("button[type=submit]").click()
    why = given.get_by_label("If not signed: why, and who was there")
    expect(why).to_be_focused()
    expect(given.get_by_label("Given to")).to_have_value("representative")
    assert not [one for one in site.events(case_id, "notice_delivered") if one.payload.clock_id == "IM-1"]
    why.fill("Declined to sign; explained again with the charge nurse as witness.")
    record(page, given, "The delivery is recorded.")
    said = site.events(case_id, "notice_delivered")[-1].payload
    assert (said.clock_id, said.recipient, said.is_signed) == ("IM-1", "representative", False)
    now = {one.clock: one.status for one in site.casework.work(case_id, now=site.clock.now).clocks}
    assert now["IM-1"] == "met"
    settled = page.get_by_role("list", name="Notices that were given or are no longer owed")
    expect(settled).to_contain_text("charge nurse as witness")


def test_a_task_is_done_with_one_key_press_and_set_aside_with_a_reason(
    site: Site, tab: Callable[..., Page]
) -> None:
    """Both by keyboard alone; what was done goes below the fold with who and when."""
    case_id = site.cases(in_house=True, payer_profile="original_medicare")[0]
    page = enter(tab(), site, "case_manager")
    page.goto(f"/cases/{case_id}/work")
    tasks = page.get_by_role("list", name="Open tasks, the first due first").get_by_role("listitem")
    before = tasks.count()
    title = tasks.first.locator("strong").inner_text()
    tasks.first.get_by_role("button", name="Done").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("The task is settled.")
    settled = site.events(case_id, "task_settled")[-1]
    assert settled.payload.outcome == "done" and tasks.count() == before - 1
    page.locator("summary", has_text="Done (").press("Enter")
    expect(
        page.get_by_role("listitem").filter(has_text=title).filter(has_text=settled.actor.name)
    ).to_be_visible()
    summary = tasks.first.locator("summary")
    summary.press("Enter")
    aside = form(page, "task_settled", outcome="set_aside")
    aside.get_by_label("Why it need not be done").fill("The daughter has told us.")
    record(page, aside, "The task is settled.")
    assert site.events(case_id, "task_settled")[-1].payload.reason == "The daughter has told us."


def test_a_clock_stands_still_only_where_its_rule_lets_it_and_runs_again(
    site: Site, tab: Callable[..., Page]
) -> None:
    """The form says when the rule allows a pause; a clock whose rule knows none has no form."""
    allowed = conventions().pauses
    for case_id in site.cases(in_house=True):
        clocks = site.casework.work(case_id, now=site.clock.now).clocks
        found = next((one for one in clocks if one.clock_id in allowed and one.status == "running"), None)
        if found is not None:
            break
    else:
        raise AssertionError("no clock of the demonstration can be paused")
    page = enter(tab(), site, "case_manager")
    page.goto(f"/cases/{case_id}/work#clocks")
    kinds = page.locator(".case-body form:has(input[name=kind][value=clock_paused]) input[name=clock]")
    assert {one.partition("/")[0] for one in kinds.evaluate_all("all => all.map((one) => one.value)")} <= set(
        allowed
    )
    pause = form(page, "clock_paused", clock=found.clock)
    expect(pause).to_contain_text(allowed[found.clock_id].when)
    pause.get_by_label("Reason").fill("The plan waits for the operation note.")
    record(page, pause, "The clock stands still.")
    still = {one.clock: one for one in site.casework.work(case_id, now=site.clock.now).clocks}[found.clock]
    assert still.status == "paused" and still.pause_reason == "The plan waits for the operation note."
    record(page, form(page, "clock_resumed", clock=found.clock), "The clock runs again.")
    assert site.casework.case(case_id).state.pauses[found.clock][-1].ended is not None
