"""Planning in the browser: a plan up to its approval, an assessment in two sittings, referrals and their answers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from web.kit import PASSWORD, Site, check, enter, expect_trouble, sign_in

from discharge.casework.state.model import CaseState

pytestmark = pytest.mark.content


def _case(site: Site, wanted: Any) -> str:
    """Return the first case in the house whose state is as wanted."""
    found = (one for one in site.cases(in_house=True) if wanted(site.casework.case(one).state))
    return next(found)


def _state(site: Site, case_id: str) -> CaseState:
    return site.casework.case(case_id).state


def _open(page: Page, form: str) -> Any:
    """Unfold a form of the page and return it."""
    found = page.locator(f"#{form}")
    if not found.is_visible():
        page.locator(f"details:has(> #{form}) > summary").click()
    return found


def test_a_plan_from_draft_to_approval(site: Site, page: Page) -> None:
    case_id = _case(site, lambda state: not state.plans)
    sign_in(page, "case_manager")
    page.goto(f"/cases/{case_id}/plan")
    expect(page.get_by_role("heading", name="Places side by side")).to_be_visible()
    card = page.locator("li.place").first
    place = card.get_by_role("heading").inner_text()
    card.get_by_role("button", name="Draft the plan for this place").click()
    page.wait_for_url(re.compile("done=plan_drafted"))
    expect(page.get_by_role("region", name="Text of the plan")).to_contain_text(f"Place: {place}")
    form = _open(page, "plan-changed")
    form.get_by_label("Plan", exact=False).nth(0).fill("Home on Friday with her daughter.")
    form.get_by_label("What changed and why").fill("The daughter has moved in.")
    form.get_by_role("button").click()
    page.wait_for_url(re.compile("done=plan_changed"))
    form = _open(page, "plan-agreed")
    form.get_by_label("Who", exact=True).select_option("patient")
    form.get_by_label("Agrees with the plan").select_option("true")
    form.get_by_role("button").click()
    page.wait_for_url(re.compile("done=plan_agreed"))
    expect_trouble(page, "422")
    form = _open(page, "plan-approved")
    form.get_by_label("Physician", exact=True).fill("L. Stone")
    form.get_by_role("button").click()
    expect(form.locator(".faults")).to_contain_text("approved by a physician")
    form.get_by_label("Physician: credentials").fill("MD")
    form.get_by_role("button").click()
    page.wait_for_url(re.compile("done=plan_approved"))
    expect(page.locator(".plan-now")).to_contain_text("L. Stone")
    check(page)
    plan = list(_state(site, case_id).plans.values())[-1]
    assert (plan.text, plan.agreed) == ("Home on Friday with her daughter.", {"patient": True})
    assert plan.approved_by is not None and plan.approved_by.name == "L. Stone"


def test_the_text_of_a_plan_survives_the_end_of_the_session(site: Site, page: Page) -> None:
    case_id = _case(site, lambda state: state.plans)
    enter(page, site, "case_manager")
    page.goto(f"/cases/{case_id}/plan")
    form = _open(page, "plan-changed")
    form.locator("textarea[name=text]").fill("Long text that nobody wants to write twice.")
    form.get_by_label("What changed and why").fill("After the family meeting.")
    page.context.clear_cookies()
    expect_trouble(page, "401")
    form.get_by_role("button").click()
    asked = page.get_by_role("dialog", name="Your sign-in has ended")
    asked.get_by_label("Password").fill(PASSWORD)
    asked.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile("done=plan_changed"))
    last = list(_state(site, case_id).plans.values())[-1]
    assert last.text == "Long text that nobody wants to write twice."


def test_an_assessment_in_two_sittings(site: Site, page: Page) -> None:
    case_id = _case(site, lambda state: "home_infusion" not in state.assessments)
    enter(page, site, "case_manager")
    page.goto(f"/cases/{case_id}/assessments")
    page.get_by_role("link", name="Treatment by vein at home").click()
    agreed = page.get_by_role("group", name="Did infectious diseases and addiction medicine agree")
    expect(agreed).to_be_hidden()  # it is asked only where the patient injects drugs
    page.get_by_role("group", name="Does the patient inject drugs?").get_by_label("Yes").check()
    expect(agreed).to_be_visible()
    check(page)
    agreed.get_by_label("No", exact=True).check()
    doses = page.get_by_label("How many doses a day?", exact=False).first
    doses.fill("99")
    page.get_by_label("Who answered").select_option("patient")
    expect_trouble(page, "422")
    page.get_by_role("button", name="Save what is answered").click()
    expect(page.locator("#assess .form-faults")).to_contain_text("How many doses a day?")
    assert (
        site.events(case_id, "assessment_answered")[-1:] == []
        or "home_infusion" not in _state(site, case_id).assessments
    )
    doses.fill("3")
    page.get_by_role("button", name="Save what is answered").click()
    page.wait_for_url(re.compile("done=assessment_answered"))
    said = _state(site, case_id).assessments["home_infusion"]
    assert said.answers == {"injects": True, "line_agreed": False, "doses_a_day": 3.0}
    assert (said.respondent, said.is_complete) == ("patient", False)
    expect(agreed.get_by_label("No", exact=True)).to_be_checked()
    expect(page.locator("#what").locator("..")).to_contain_text("3 of 25 questions answered")
    page.get_by_role("group", name="Does the patient inject drugs?").get_by_label("No", exact=True).check()
    expect(agreed).to_be_hidden()
    for words in ("Is the home safe for it", "Is the patient willing to give the doses?"):
        page.get_by_role("group", name=words).get_by_label("Yes").check()
    page.get_by_role("button", name="Save as complete").click()
    expect(page.get_by_text("Earlier answers (1)").first).to_be_visible()
    said = _state(site, case_id).assessments["home_infusion"]
    assert said.is_complete and said.answers["injects"] is False and said.answers["line_agreed"] is False


def test_providers_are_asked_and_answer(site: Site, page: Page) -> None:
    case_id = _case(site, lambda state: state.plans and not state.referrals_out)
    enter(page, site, "case_manager")
    page.goto(f"/cases/{case_id}/referrals?kind=snf")
    lists = page.locator("section.card:has(> #list-snf)")
    ticks = lists.get_by_role("checkbox", name=re.compile("^Ask "))
    ticks.nth(0).check()
    ticks.nth(1).check()
    check(page)
    lists.get_by_label("Answer wanted by").fill("2026-06-16T12:00")
    lists.get_by_role("button", name="Record the referrals").click()
    page.wait_for_url(re.compile("done=referral_sent"))
    sent = [one.payload for one in site.events(case_id, "referral_sent")]
    assert len(sent) == 2 and all(one.answer_due_at is not None for one in sent)
    page.locator("summary", has_text="Record the answer of").first.click()
    form = page.locator("form[id^=answer-]").first
    form.get_by_label("Answer", exact=True).select_option("accepted")
    form.get_by_label("Can start").fill("2026-06-17T10:00")
    form.get_by_role("button").click()
    page.wait_for_url(re.compile("done=referral_answered"))
    expect(
        page.get_by_role("heading", name=re.compile("2 asked, 1 without an answer, 1 accepted"))
    ).to_be_visible()
    page.goto(f"/cases/{case_id}/referrals?kind=snf")
    given = _open(page, "given-snf")
    given.get_by_label("Quality data shared").select_option("true")
    given.get_by_label("Chosen by the patient").select_option(index=1)
    given.get_by_role("button").click()
    page.wait_for_url(re.compile("done=choice_list_given"))
    check(page)
    said = site.events(case_id, "choice_list_given")[-1].payload
    assert said.service == "snf" and said.chosen == said.providers[0] and said.quality_data_shared is True
