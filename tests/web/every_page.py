"""Every page there is, once: for the tests that look at all of them and for the pictures in the docs.

A page is named by its route; the address comes from the route itself, its parts from :func:`values`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from web.kit import Site

from discharge.api.releases import releases
from discharge.casework.accounts import people
from discharge.casework.storage.tables import EVENTS


@dataclass(frozen=True)
class Sheet:
    """A page: its route, who looks at it (None: nobody signed in), what it is, and what is asked of it."""

    route: str
    login: str | None
    words: str
    query: str = ""
    name: str = ""

    @property
    def file(self) -> str:
        """Return the name under which pictures of it are kept."""
        return self.name or self.route.removeprefix("page_")


PAGES = (
    Sheet("page_sign_in", None, "Sign-in"),
    Sheet("page_worklist", "case_manager", "The census worklist, the most urgent first"),
    Sheet("page_case", "case_manager", "A case: what is needed today to support the stay"),
    Sheet("page_criteria", "case_manager", "Criteria as a tree, each with the chart rows behind it"),
    Sheet("page_denials", "case_manager", "Denial risks, each with what would mend it"),
    Sheet("page_trends", "case_manager", "Vital signs, laboratory values and oxygen over the stay"),
    Sheet("page_plan", "case_manager", "Places side by side with what they cost, and the plan"),
    Sheet("page_assessments", "case_manager", "Assessments, begun and left open"),
    Sheet("page_assessment", "case_manager", "An assessment being answered"),
    Sheet("page_referrals", "case_manager", "Choice list, referrals and their answers"),
    Sheet("page_case_payer", "case_manager", "What the payer was asked and what it said"),
    Sheet("page_work", "case_manager", "Tasks, notices, notes"),
    Sheet("page_papers", "case_manager", "Papers to read, print and release"),
    Sheet("page_ledger", "case_manager", "Everything that happened, as it was written down"),
    Sheet(
        "page_compare", "case_manager", "The same stay under another payer or another edition of the rules"
    ),
    Sheet("page_advisor", "physician_advisor", "The physician advisor's queue"),
    Sheet("page_advisor_case", "physician_advisor", "One question to the advisor, with the evidence"),
    Sheet("page_payer", "payer", "What was released to a payer"),
    Sheet("page_payer_release", "payer", "One release, and the payer's answer"),
    Sheet("page_board", "supervisor", "The supervisor's board"),
    Sheet("page_board_cases", "supervisor", "The cases behind a figure", query="?figure=review-on-time/all"),
    Sheet("page_assign", "supervisor", "Who has which case, and who should get the next"),
    Sheet("page_people", "administrator", "Accounts"),
    Sheet("page_person", "administrator", "One account"),
    Sheet("page_feeds", "administrator", "Feeds and their health"),
    Sheet("page_rules", "administrator", "Rules and payers in force"),
    Sheet("page_rule_pack", "administrator", "One pack of rules"),
    Sheet("page_rule_file", "administrator", "One rule"),
    Sheet("page_payer_profile", "administrator", "One payer's profile"),
    Sheet("page_edition_change", "administrator", "What another edition would change"),
    Sheet("page_audit", "auditor", "Who looked at what, and the ledger's head"),
    Sheet("page_help", "case_manager", "Terms and keys"),
    Sheet("page_account", "case_manager", "One's own account"),
)

NO_PAGE = {
    "page_static": "styles and scripts",
    "page_home": "leads to the first place of whoever is signed in",
    "page_paper": "a paper of the stay, not a page",
    "page_payer_paper": "a paper of the stay, not a page",
    "page_payer_packet": "a file",
    "page_plan_picture": "a picture on the plan's page",
}
"""GET routes of pages that are no page of their own, and why."""


def routes(app: FastAPI) -> dict[str, str]:
    """Return the addresses of all GET routes of pages, by name."""
    found = {}
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and route.name.startswith("page_") and "GET" in route.methods:
            found[route.name] = route.path
    return found


def address(site: Site, sheet: Sheet) -> str | None:
    """Return the address of a page of this store; None where the route is not there."""
    path = routes(site.app).get(sheet.route)
    if path is None:
        return None
    if sheet.route.startswith("page_advisor_"):
        known = values(site) | {"case_id": _asked_case(site)}
    else:
        known = values(site)
    return path.format(**{name.split(":")[0]: one for name, one in known.items()}) + sheet.query


def values(site: Site) -> dict[str, Any]:
    """Return what stands in the places of addresses: a case with much work on it, a release, a rule, a person."""
    rules = site.desk.library.packs
    pack = rules.packs["level_of_care"]
    with site.store.read() as connection:
        person = people.listed(connection)[0].id
        mine = next(one for one in people.listed(connection) if one.login == "payer")
        release = releases(connection, mine.payer_ids)[0]
    return {
        "case_id": busiest(site),
        "questionnaire": "function",
        "release_id": release.said.release_id,
        "pack": pack.id,
        "file": "delay",
        "payer": "example_ma_plan",
        "account_id": person,
    }


def busiest(site: Site) -> str:
    """Return the case in the house with the most kinds of events: something of everything is on its pages."""
    kinds = sa.func.count(sa.distinct(EVENTS.c.kind))
    asked = sa.select(EVENTS.c.stream).group_by(EVENTS.c.stream).order_by(kinds.desc(), EVENTS.c.stream)
    inside = set(site.cases(in_house=True))
    with site.store.read() as connection:
        return next(one for one in connection.scalars(asked) if one in inside)


def _asked_case(site: Site) -> str:
    """Return a case of which the physician advisor was asked and has not answered."""
    return next(
        case_id
        for case_id in site.cases(in_house=True, advisor_queue=True)
        if any(one.is_open for one in site.casework.case(case_id).state.referrals.values())
    )
