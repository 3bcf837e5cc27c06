"""The page of the payer's side of a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fastapi import APIRouter, Response
from markupsafe import Markup

from discharge import wording
from discharge.api.pages.case.file import CaseFile, OurCase
from discharge.api.pages.case.making import Maker
from discharge.api.pages.case.payer import offers
from discharge.api.pages.case.payer.chances import DenialSeen, denials
from discharge.api.pages.case.payer.days import COVERS, Course, course
from discharge.api.pages.case.payer.offers import Offers
from discharge.api.pages.case.payer.picture import drawn
from discharge.api.pages.case.payer.said import LETTERS, Entry, entries
from discharge.api.pages.case.payer.terms import Paying, paying
from discharge.api.pages.case.shell import case_page
from discharge.api.pages.forms import Form, wordings
from discharge.casework.state.model import Outcome, ReleaseSeen
from discharge.casework.work.authorizations import AuthorizationStanding
from discharge.casework.work.clocks import payer_class_of
from discharge.casework.work.code_44 import Condition, condition_code_44, status_now
from discharge.casework.work.conventions import conventions
from discharge.casework.work.counted import CaseClock
from discharge.clocks import clock_table

router = APIRouter(include_in_schema=False)
_SECTIONS = ("payer_decisions", "payer_appeals", "claim_appeal")
_OF_PAYER = ("NOTIFY", "REVIEW", "AUTH-END", "P2P", "PAYER-QUESTION", "AUTH-ANSWER", "IDN")
_STATUS = {"requested": "waiting for an answer", "approved": "approved", "modified": "approved with changes",
           "partial": "approved in part", "denied": "denied", "pended": "pended, no answer yet",
           "cancelled": "cancelled"}  # fmt: skip
_TONES = {"approved": "good", "denied": "high", "partial": "moderate", "modified": "moderate"}


@dataclass(frozen=True)
class RequestSeen:
    """A request as it stands, with everything said of it and what can be recorded now."""

    standing: AuthorizationStanding
    title: str
    status: str
    tone: str
    figures: list[tuple[str, str]]
    entries: list[Entry]
    clocks: list[CaseClock]
    offers: Offers


@dataclass(frozen=True)
class PaperSeen:
    """A paper released to the payer. ``path`` is where it can be read; None where it can't be read here."""

    paper: str
    at: datetime
    by: str
    payer: str
    form: str
    path: str


@dataclass(frozen=True)
class CodeSeen:
    """The conditions of condition code 44; ``is_asked`` where a physician advised the change."""

    conditions: list[Condition]
    cite: str
    is_asked: bool


@dataclass(frozen=True)
class PayerPage:
    """What the page prints."""

    paying: Paying
    course: Course | None
    picture: Markup | None
    covers: list[tuple[str, str, str]]
    letters: list[tuple[str, str]]
    clocks: list[CaseClock]
    requests: list[RequestSeen]
    nothing_asked: str
    first: Form | None
    is_first_open: bool
    denials: list[DenialSeen]
    any_denial: Form | None
    loose: list[Entry]
    loose_forms: tuple[Form, ...]
    papers: list[PaperSeen]
    code_44: CodeSeen | None
    outcome: Outcome | None
    outcome_words: str
    outcome_form: Form | None
    is_past: bool


@router.get("/cases/{case_id}/payer", name="page_case_payer")
def case_payer(file: OurCase) -> Response:
    """Show what was asked of the payer and answered, day by day, and what can be recorded now."""
    return case_page(file, "payer", "payer.html", body(file), styles=("work.css",), scripts=("work.js",))


def body(file: CaseFile) -> PayerPage:
    """Return everything that the page prints."""
    said = entries(file)
    clocks = [one for one in file.work.clocks if _is_of_payer(one)]
    drawing = course(
        file.state, file.review, file.profile, file.work.authorizations, [one.mark for one in said],
        file.now, file.work.zone, _service_words(),
    )  # fmt: skip
    maker = Maker(file, "payer")
    offered = offers.opened(
        [
            *((f"r/{id}", offers.of_request(maker, id)) for id in file.state.authorizations),
            *((f"d/{id}", offers.of_denial(maker, id)) for id in file.state.denials),
        ]
    )
    first = offers.first_request(maker)
    outcome = file.state.outcome
    return PayerPage(
        paying=paying(file),
        course=drawing,
        picture=_picture(file, drawing, clocks),
        covers=[(cover, *COVERS[cover]) for cover in COVERS if _has(drawing, cover)],
        letters=[
            (letter, words) for letter, words in LETTERS.items() if any(one.letter == letter for one in said)
        ],
        clocks=clocks,
        requests=[_request(file, one, said, clocks, offered) for one in file.work.authorizations],
        nothing_asked=_nothing_asked(file),
        first=first,
        is_first_open=not file.state.authorizations and _must_ask(file),
        denials=denials(file, said, clocks, offered),
        any_denial=offers.any_denial(maker),
        loose=[
            one
            for one in said
            if one.authorization_id is None and one.denial_id is None and one.letter != "S"
        ],
        loose_forms=offers.unlinked(maker),
        papers=[_paper(file, one) for one in file.state.releases.values()],
        code_44=_code_44(file),
        outcome=outcome,
        outcome_words=_outcome_words(outcome.outcome) if outcome is not None else "",
        outcome_form=offers.outcome(maker) if outcome is None else None,
        is_past=file.is_past,
    )


def _picture(file: CaseFile, drawing: Course | None, clocks: Sequence[CaseClock]) -> Markup | None:
    if drawing is None:
        return None
    counting = [one for one in clocks if one.status != "stopped"]
    return Markup(drawn(drawing, counting, "then" if file.is_past else "now"))


def _is_of_payer(clock: CaseClock) -> bool:
    rule = clock_table().clocks.get(clock.clock_id)
    is_named = clock.clock_id in _OF_PAYER or (rule is not None and rule.section in _SECTIONS)
    return is_named and (clock.due_at is not None or clock.met_at is not None or clock.side == "payer")


def _has(drawing: Course | None, cover: str) -> bool:
    return drawing is not None and any(cover in lane.days.values() for lane in drawing.lanes)


def _service_words() -> Mapping[str, str]:
    found: Mapping[str, str] = wordings()["authorization_requested"]["fields"]["service"]["options"]
    return found


# --- a request -----------------------------------------------------------------------------------------------------


def _request(
    file: CaseFile,
    one: AuthorizationStanding,
    said: Sequence[Entry],
    clocks: Sequence[CaseClock],
    offered: Mapping[str, Offers],
) -> RequestSeen:
    service = _service_words().get(one.service, one.service.replace("_", " "))
    title = f"{service}, number {one.number}" if one.number else service
    return RequestSeen(
        standing=one,
        title=title,
        status=_STATUS.get(one.status, one.status),
        tone=_TONES.get(one.status, ""),
        figures=_figures(one),
        entries=[entry for entry in said if entry.authorization_id == one.authorization_id],
        clocks=[clock for clock in clocks if clock.subject_id == one.authorization_id],
        offers=offered[f"r/{one.authorization_id}"],
    )


def _figures(one: AuthorizationStanding) -> list[tuple[str, str]]:
    """Days as the engine counts them; used, left and beyond are of the hospital stay alone."""
    rows: list[tuple[str, Any]] = [
        ("Days asked", one.days_asked),
        ("Approved", one.days_approved),
        ("Refused", one.days_refused),
        ("Used", one.days_used),
        ("Left", one.days_left),
        ("Not covered", one.days_beyond),
    ]
    always = ("Days asked", "Approved")
    found = [(name, _days(value)) for name, value in rows if value is not None or name in always]
    if one.valid_through is not None:
        found.append(("Approved through", _date(one.valid_through.date())))
    return found


def _days(value: int | None) -> str:
    return "not known" if value is None else str(value)


def _date(value: date) -> str:
    return f"{value:%b} {value.day}"


def _must_ask(file: CaseFile) -> bool:
    """Whether the payer wants to be asked for this stay."""
    stay, profile = (file.review.stay, file.profile) if file.review is not None else (None, None)
    if stay is None or profile is None or stay.is_in_house is False:
        return False
    return any(
        profile.requires_authorization(service) is True
        for status, service in (("inpatient", "inpatient_acute"), ("observation", "observation"))
        if stay.status == status
    )


def _nothing_asked(file: CaseFile) -> str:
    """Why no request is on record, as far as that is known."""
    if file.review is None:
        return "The stay has not been reviewed, so who pays is not known. Nothing was asked of a payer."
    if file.profile is None:
        return f"No payer profile is matched: {file.review.payer.reason}. Nothing was asked of a payer."
    if file.profile.payer_class == "self_pay":
        return "The patient pays alone. There is nobody to ask."
    if _must_ask(file):
        return f"{file.profile.title} wants to be asked for this stay, and no request is on record."
    services = {"inpatient": "inpatient_acute", "observation": "observation"}
    asks = file.profile.requires_authorization(services.get(file.review.stay.status, ""))
    if asks is False:
        return f"{file.profile.title} asks for no authorization of this stay, and none was asked for."
    return (
        f"Whether {file.profile.title} wants to be asked for this stay is not known. No request is on record."
    )


# --- papers, code 44, outcome --------------------------------------------------------------------------------------


def _paper(file: CaseFile, one: ReleaseSeen) -> PaperSeen:
    profile = file.desk.library.payers.profiles.get(one.payer_profile)
    form = {"text/html": "page", "application/pdf": "PDF", "application/json": "data"}
    return PaperSeen(
        paper=one.paper.replace("_", " "),
        at=one.made.at,
        by=one.made.by,
        payer=profile.title if profile is not None else one.payer_profile,
        form=form.get(one.media_type, one.media_type),
        path=file.path("papers"),
    )


def _code_44(file: CaseFile) -> CodeSeen | None:
    """Condition code 44 concerns an inpatient of Original Medicare who is still here."""
    rule = conventions().condition_code_44
    if payer_class_of(file.review, file.profile) not in rule.payer_classes:
        return None
    is_gone = file.review is not None and file.review.stay.discharged is not None
    if is_gone or status_now(file.state, file.review) != "inpatient":
        return None
    found = condition_code_44(file.state, file.review, file.now)
    advised = any(
        one.decision in ("status_change_advised", "not_necessary") for one in file.state.referrals.values()
    )
    return CodeSeen(found, conventions().cited(rule.cite).title, advised)


def _outcome_words(outcome: str) -> str:
    found: Mapping[str, str] = wordings()["outcome_recorded"]["fields"]["outcome"]["options"]
    return wording.joined([str(found.get(outcome, outcome))])
