"""The routes under ``/v1``, a module per concern. Who may call each is told in :mod:`discharge.api.auth.policy`."""

from __future__ import annotations

from fastapi import APIRouter

from discharge.api.routes import (
    admissions,
    assignments,
    audit,
    cases,
    lists,
    papers,
    questionnaires,
    released,
    reports,
    reviews,
    rules,
    work,
)

ROUTERS: tuple[APIRouter, ...] = tuple(
    one.router
    for one in (
        admissions,
        assignments,
        lists,
        cases,
        reviews,
        work,
        papers,
        released,
        reports,
        rules,
        questionnaires,
        audit,
    )
)
