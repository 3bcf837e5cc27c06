"""The plan that the engine drafts, as text that people then work on: what the chart says, and what it does not."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest

from discharge.api.bodies import CaseId
from discharge.api.pages.case.record import Writer, refused, write
from discharge.api.pages.sent import payload_of, sent_form
from discharge.api.state import OurDesk
from discharge.casework.events.planning import PlanDrafted
from discharge.errors import Fault, NotFoundError
from discharge.needs import need_table, need_words
from discharge.options import Option
from discharge.plan.model import Appointment, Service
from discharge.reference import load_yaml
from discharge.review.model import Review
from discharge.wording import who

router = APIRouter(include_in_schema=False)
MOST = 3900
_CUT = "\n(Shortened: the rest is on the page of the discharge plan.)"


@router.post("/cases/{case_id}/plan/draft", name="page_plan_draft")
def draft(case_id: CaseId, request: HttpRequest, desk: OurDesk, who: Writer) -> Response:
    """Take up the plan that the engine drafted for a place, as the text that people then work on."""
    payload, faults = payload_of(sent_form(request), desk.settings.zone)
    if faults:
        return refused(request, who, faults)
    if not isinstance(payload, PlanDrafted):
        return refused(request, who, [Fault("$", "this is no draft of a plan", "the button of the page")])
    try:
        review = desk.casework.review(case_id, payload.review_digest)
    except NotFoundError:
        review = None
    if review is None:
        what = "the case has no such review any more"
        return refused(request, who, [Fault("$", what, "open the page again")])
    made = payload.model_copy(
        update={"plan_id": payload.plan_id or uuid.uuid4().hex, "text": draft_text(review, payload.option)}
    )
    return write(request, desk, who, case_id, made)


def draft_text(review: Review, option_id: str | None) -> str:
    """Return the plan for a place in plain lines, within what an event holds. Nothing of prices, nothing sensitive."""
    option = next((one for one in review.options if one.id == option_id), None)
    lines: list[str] = []
    for title, texts in _parts(review, option):
        if len(texts) == 1:
            lines.append(f"{title}: {texts[0]}")
        elif texts:
            lines += [f"{title}:", *(f"- {one}" for one in texts)]
    text = "\n".join(lines)
    return text if len(text) <= MOST else text[: MOST - len(_CUT)].rsplit("\n", 1)[0] + _CUT


def _parts(review: Review, option: Option | None) -> Iterator[tuple[str, list[str]]]:
    plan = review.plan
    private = {name for name, file in review.provenance.files.items() if file.is_sensitive}
    open_to_all = {one.need for one in review.needs if one.rule not in private}
    yield "Place", [option.title if option is not None else "not decided yet"]
    leaving = plan.expected_discharge
    if leaving.at is None:
        yield "Expected discharge", ["not known"]
    else:
        yield "Expected discharge", [f"{leaving.at.day} {leaving.at:%b %Y} ({leaving.basis})"]
    if option is not None:
        meets = [one for one in option.meets if one in open_to_all]
        leaves = [one for one in option.leaves if one in open_to_all]
        yield "Needs that it meets", [need_words(meets)] if meets else []
        yield "Needs to be met otherwise", [need_words(leaves)] if leaves else []
    yield "Services", _services(review, option, open_to_all)
    yield "Still to be ordered", [one.title for one in plan.orders_needed if one.status != "met"]
    yield "In the way", _barriers(option)
    yield "Visits", [_visit(one) for one in plan.appointments]
    yield "Tests and checks", list(dict.fromkeys(_test(one.title, one.frequency) for one in plan.monitoring))
    yield "Way home", [f"{plan.transport.title} ({plan.transport.why})"]
    yield "Teaching", list(dict.fromkeys(one.title for one in plan.education))
    other = _otherwise(review, option)
    yield "If it falls through", [other] if other else []
    yield "Not known yet", list(plan.unknown)


def _services(review: Review, option: Option | None, shown: set[str]) -> list[str]:
    rows = need_table().needs
    if option is None or option.id == review.plan.recommended:
        return [_service(one) for one in review.plan.services if one.need in shown]
    return [rows[one].title for one in option.meets if one in shown and one in rows]


def _service(one: Service) -> str:
    said = [part for part in (one.detail, one.frequency, one.duration) if part]
    return f"{one.title}: {', '.join(said)}" if said else f"{one.title}: details not charted"


def _barriers(option: Option | None) -> list[str]:
    if option is None:
        return []
    names = load_yaml("barriers.yaml")["barriers"]
    return [
        f"{names.get(one.cause, one.cause)} ({who(one.who)}): {one.remedy or 'how is to be settled'}"
        for one in option.barriers
    ]


def _visit(one: Appointment) -> str:
    if one.within_days is None:
        return one.title
    start = f"{one.from_days} to " if one.from_days is not None else "within "
    return f"{one.title}, {start}{one.within_days} days after discharge"


def _test(title: str, frequency: str | None) -> str:
    return f"{title}, {frequency}" if frequency else title


def _otherwise(review: Review, option: Option | None) -> str | None:
    """The next place that isn't known to be wrong."""
    if option is None:
        return None
    rest = (
        one.title
        for one in review.options
        if one.id not in (option.id, "stay") and one.fit.status != "not_met"
    )
    return next(rest, None)
