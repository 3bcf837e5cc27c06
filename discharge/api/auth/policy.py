"""Every route by its name, and the permission that it takes. A route that is not here is closed to all."""

from __future__ import annotations

from collections.abc import Mapping

from discharge.api.auth.policy_pages import PAGES, Asked

"""``open``: no sign-in at all. ``signed-in``: anybody signed in; what is shown or done is the account's own, unless
the route asks for more."""

POLICY: Mapping[str, Asked] = {
    **PAGES,
    "health": "open",
    "sign_in": "open",
    "set_up": "open",
    "setup_page": "open",
    "set_up_by_page": "open",
    "oidc_login": "open",
    "oidc_callback": "open",
    "session": "signed-in",
    "sign_out": "signed-in",
    "accounts": "accounts:write",
    "account": "accounts:write",
    "add_account": "accounts:write",
    "change_account": "accounts:write",
    "disable_account": "accounts:write",
    "account_link": "accounts:write",
    "change_password": "signed-in",
    "tokens": "signed-in",
    "issue_token": "signed-in",
    "revoke_token": "signed-in",
    "access_log": "audit:read",
    "openapi": "signed-in",
    "admissions": "cases:read",
    "receive_feed": "feeds:write",
    "worklist": "cases:read",
    "cases": "cases:read",
    "case": "cases:read",
    "case_events": "cases:read",
    "record_events": "cases:write",
    "case_reviews": "cases:read",
    "case_review": "cases:read",
    "review_now": "cases:write",
    "case_replay": "cases:read",
    "case_plan": "cases:read",
    "case_documents": "cases:read",
    "case_document": "cases:read",
    "release_paper": "cases:write",
    "case_tasks": "cases:read",
    "case_clocks": "cases:read",
    "case_authorizations": "cases:read",
    "case_assessments": "cases:read",
    "case_next_steps": "cases:read",
    "tasks": "cases:read",
    "clocks": "cases:read",
    "authorizations": "cases:read",
    "advisor_queue": "cases:read",
    "suggested_assignments": "assign:write",
    "hand_over": "cases:write",  # of another: assign:write
    "assign": "assign:write",
    "load_report": "reports:read",
    "delays_report": "reports:read",
    "outcomes_report": "reports:read",
    "evaluate": "evaluate",
    "payers": "rules:read",
    "payer": "rules:read",
    "rules": "rules:read",
    "rule_pack": "rules:read",
    "rule_file": "rules:read",
    "questionnaires": "rules:read",
    "questionnaire": "rules:read",
    "released": "released:read",
    "release": "released:read",
    "released_document": "released:read",
    "answer_release": "released:write",
    "audit_head": "audit:read",
    "audit_verify": "audit:read",
}


def permission_of_route(name: str) -> Asked | None:
    """Return what the route ``name`` asks for; None where it is not in the table."""
    return POLICY.get(name)
