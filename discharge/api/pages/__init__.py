"""The pages that people open, over the same services as the API. Who may open each: :mod:`discharge.api.auth.policy`.

frame        what every page shares: sign-in, places to go, time, content policy
forms, sent  a form for each kind of event, and back into the event
case         the pages of one case
worklist, advisor, payer, board, admin   the pages of each role
"""

from __future__ import annotations

from fastapi import APIRouter

from discharge.api.pages import assign, home, setup, sign_in, static
from discharge.api.pages.admin import audit, change, feeds, people, rules
from discharge.api.pages.advisor import matter as advisor_matter
from discharge.api.pages.advisor import queue as advisor_queue
from discharge.api.pages.board import pages as board_pages
from discharge.api.pages.case import (
    assessments,
    compare,
    criteria,
    denials,
    ledger,
    papers,
    plan,
    record,
    referrals,
    today,
    trends,
)
from discharge.api.pages.case import payer as case_payer
from discharge.api.pages.case import work as case_work
from discharge.api.pages.payer import inbox as payer_inbox
from discharge.api.pages.payer import release as payer_release
from discharge.api.pages.worklist import ROUTERS as WORKLIST

ROUTERS: tuple[APIRouter, ...] = (
    tuple(
        one.router
        for one in (
            setup,
            people,
            feeds,
            audit,
            change,
            rules,
            case_payer,
            case_work,
            static,
            sign_in,
            home,
            record,
            today,
            plan,
            assessments,
            referrals,
            payer_inbox,
            payer_release,
            advisor_queue,
            advisor_matter,
            board_pages,
            assign,
            trends,
            papers,
            compare,
            ledger,
            denials,
            criteria,
        )
    )
    + WORKLIST
)
