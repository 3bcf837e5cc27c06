"""The pages by the names of their routes, and the permission that each takes; a part of the one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from discharge.casework.accounts.rights import Permission

Asked: TypeAlias = Permission | Literal["open", "signed-in"]

NOT_USE = frozenset({"page_worklist_news"})
"""Routes that a page asks by itself, again and again: they tell nothing of somebody being there, nor keep a session."""

PAGES: Mapping[str, Asked] = {
    "page_static": "open",
    "page_sign_in": "open",
    "page_signed_in": "open",
    "page_sign_out": "signed-in",
    "page_home": "signed-in",
    "page_help": "signed-in",
    "page_account": "signed-in",
    "page_change_password": "signed-in",
    # census
    "page_worklist": "cases:read",
    "page_worklist_search": "cases:read",
    "page_worklist_rows": "cases:read",
    "page_worklist_news": "cases:read",
    "page_worklist_export": "cases:read",
    "page_worklist_bulk": "cases:write",
    "page_filter_save": "cases:read",
    "page_filter_drop": "cases:read",
    # one case
    "page_case": "cases:read",
    "page_criteria": "cases:read",
    "page_denials": "cases:read",
    "page_trends": "cases:read",
    "page_compare": "cases:read",
    "page_ledger": "cases:read",
    "page_correct": "cases:write",
    "page_papers": "cases:read",
    "page_paper": "cases:read",
    "page_release": "cases:write",
    "page_plan": "cases:read",
    "page_plan_draft": "cases:write",
    "page_plan_picture": "cases:read",
    "page_assessments": "cases:read",
    "page_assessment": "cases:read",
    "page_assess": "cases:write",
    "page_referrals": "cases:read",
    "page_referrals_send": "cases:write",
    "page_case_payer": "cases:read",
    "page_work": "cases:read",
    "page_record": "cases:write",
    "page_review_now": "cases:write",
    # physician advisor
    "page_advisor": "cases:read",
    "page_advisor_case": "cases:read",
    # payer
    "page_payer": "released:read",
    "page_payer_release": "released:read",
    "page_payer_paper": "released:read",
    "page_payer_packet": "released:read",
    "page_payer_answer": "released:write",
    # supervisor
    "page_board": "reports:read",
    "page_board_cases": "reports:read",
    "page_assign": "assign:write",
    "page_assigned": "assign:write",
    # administrator and auditor
    "page_people": "accounts:write",
    "page_person_add": "accounts:write",
    "page_person": "accounts:write",
    "page_person_change": "accounts:write",
    "page_person_disable": "accounts:write",
    "page_person_link": "accounts:write",
    "page_feeds": "feeds:write",
    "page_rules": "rules:read",
    "page_rule_pack": "rules:read",
    "page_rule_file": "rules:read",
    "page_payer_profile": "rules:read",
    "page_edition_change": "rules:read",
    "page_edition_try": "rules:read",
    "page_audit": "audit:read",
    "page_audit_check": "audit:read",
}
