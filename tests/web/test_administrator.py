"""An administrator brings somebody in and looks at what is in force; an auditor sees who looked at what."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from web.kit import Site, check, enter, sign_in

pytestmark = pytest.mark.content


def test_a_nurse_is_brought_in_and_signs_in(site: Site, tab: Callable[..., Page]) -> None:
    page = sign_in(tab(), "administrator")
    page.goto("/admin/people")
    page.locator("summary", has_text="Add").first.click()
    page.get_by_label("Login").fill("new_nurse")
    page.get_by_label("Name").first.fill("Nina New")
    page.get_by_label("Case manager").first.check()
    check(page)
    page.get_by_role("button", name="Add the account").click()
    page.get_by_role("button", name="Make a one-time link").click()
    link = page.locator("code.secret").inner_text()
    check(page)

    nurse = tab()
    nurse.goto(f"/setup?{link.partition('/setup?')[2]}")  # the link names the server's own address
    for entry in nurse.locator("input[type=password]").all():
        entry.fill("four words are better")
    nurse.get_by_role("button", name="Set the password").click()
    expect(nurse.get_by_role("heading", name="Your password is set")).to_be_visible()
    nurse.goto("/sign-in")
    nurse.get_by_label("Login").fill("new_nurse")
    nurse.get_by_label("Password").fill("four words are better")
    nurse.get_by_role("button", name="Sign in").click()
    expect(nurse).to_have_url(re.compile("/worklist$"))
    expect(nurse.locator("#says")).to_contain_text("in the house")
    assert nurse.request.get("/admin/people").status == 403


def test_an_auditor_sees_who_looked_at_a_case(site: Site, tab: Callable[..., Page]) -> None:
    nurse = enter(tab(), site, "case_manager")
    nurse.goto("/worklist")
    nurse.locator("tr.case a").first.click()
    expect(nurse).to_have_url(re.compile("/cases/[0-9a-f]{32}$"))
    case_id = nurse.url.rpartition("/")[2]
    page = sign_in(tab(), "auditor")
    page.goto("/admin/audit")
    expect(page.get_by_role("main")).to_contain_text("Ana Diaz")
    row = page.get_by_role("row").filter(has_text="Ana Diaz").first
    expect(row).to_contain_text("page case")
    expect(row).to_contain_text(case_id[:8])
    expect(row).to_contain_text("shown")
    assert page.request.get(f"/cases/{case_id}/work").status == 200, "an auditor reads"
