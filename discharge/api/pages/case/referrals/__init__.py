"""Referrals: who may take the patient, what list was given, who was asked and what they answered."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Response

from discharge.api.pages.case.file import CaseFile, OurCase
from discharge.api.pages.case.plan.follow import service_title, short
from discharge.api.pages.case.referrals import send
from discharge.api.pages.case.referrals.listing import KindSeen, OtherKind, lists, others
from discharge.api.pages.case.shell import case_page
from discharge.api.pages.forms import Form, form
from discharge.casework.work.planning import (
    ChoiceView,
    PlanningView,
    ReferralView,
    SearchView,
    TransferView,
    planning,
)
from discharge.costs.catalog import option_table
from discharge.needs import need_table
from discharge.providers import Kind

router = APIRouter(include_in_schema=False)
router.include_router(send.router)


@dataclass(frozen=True)
class Answered:
    """A referral; ``answer`` is the form for what the provider says, None where nothing can be written."""

    view: ReferralView
    answer: Form | None


@dataclass(frozen=True)
class Search:
    """All that were asked for one service."""

    title: str
    view: SearchView
    referrals: tuple[Answered, ...]


@dataclass(frozen=True)
class Given:
    """A list that was given, with providers by name."""

    view: ChoiceView
    service: str
    names: tuple[str, ...]
    chosen: str | None


@dataclass(frozen=True)
class Moved:
    """A service that goes from one provider to another."""

    view: TransferView
    service: str


@dataclass(frozen=True)
class ReferralsPage:
    """What the page prints."""

    has_review: bool
    left: bool
    place: str | None
    searches: tuple[Search, ...]
    moved: tuple[Moved, ...]
    given: tuple[Given, ...]
    lists: tuple[KindSeen, ...]
    others: tuple[OtherKind, ...]
    has_directory: bool
    another: Form | None
    record_path: str
    send_path: str
    version: int
    keys: dict[str, str]


@router.get("/cases/{case_id}/referrals", name="page_referrals")
def referrals(file: OurCase, kind: Annotated[Kind | None, Query()] = None) -> Response:
    """Show the referrals with their answers, and the providers to choose from."""
    review = file.review
    planned = planning(file.state, review, file.now)
    chosen = next((one.option for one in reversed(planned.plans) if one.option), None)
    place = chosen or (review.plan.recommended if review is not None else None)
    shown = lists(file, review, place, kind) if review is not None else ()
    row = option_table().options.get(place or "")
    page = ReferralsPage(
        has_review=review is not None,
        left=review is not None and review.stay.discharged is not None,
        place=row.title if row is not None else None,
        searches=_searches(file, planned),
        moved=tuple(Moved(one, service_title(one.service)) for one in planned.transfers),
        given=_given(file, planned),
        lists=shown,
        others=others(file, shown) if review is not None else (),
        has_directory=bool(file.desk.library.directory.providers),
        another=_another(file, place),
        record_path=f"/cases/{file.case_id}/record",
        send_path=f"/cases/{file.case_id}/referrals/send",
        version=file.version,
        keys={one.kind: uuid.uuid4().hex for one in shown},
    )
    return case_page(file, "referrals", "referrals.html", page, styles=("plan.css",))


def _searches(file: CaseFile, planned: PlanningView) -> tuple[Search, ...]:
    """The searches, those that still wait first."""
    found = [
        Search(
            service_title(one.service),
            one,
            tuple(
                Answered(view, _answer(file, view))
                for view in sorted(planned.referrals, key=lambda view: (not view.is_open, view.sent_at))
                if view.service == one.service
            ),
        )
        for one in planned.searches
    ]
    return tuple(sorted(found, key=lambda one: one.view.open == 0))


def _answer(file: CaseFile, view: ReferralView) -> Form | None:
    if not file.may_write:
        return None
    return form(
        "referral_answered",
        f"/cases/{file.case_id}/record",
        back=f"/cases/{file.case_id}/referrals#referrals",
        version=file.version,
        values={"referral_id": view.referral_id},
        hide=["referral_id"],
        id=f"answer-{short(view.referral_id)}",
    )


def _given(file: CaseFile, planned: PlanningView) -> tuple[Given, ...]:
    """The lists that were given, the last first."""
    if not planned.choices:
        return ()
    names = {one.key: one.name for one in file.desk.library.directory.providers}
    return tuple(
        Given(
            one,
            service_title(one.service),
            tuple(names.get(key, key) for key in one.providers),
            names.get(one.chosen, one.chosen) if one.chosen is not None else None,
        )
        for one in reversed(planned.choices)
    )


def _another(file: CaseFile, place: str | None) -> Form | None:
    """The form for a provider or service that is on no list: any kind, medical or social."""
    if not file.may_write:
        return None
    names = dict.fromkeys([*option_table().options, *need_table().needs])
    return form(
        "referral_sent",
        f"/cases/{file.case_id}/record",
        back=f"/cases/{file.case_id}/referrals#referrals",
        version=file.version,
        values={"service": place},
        choices={"service": [(name, service_title(name)) for name in names if name not in ("stay", "home")]},
    )
