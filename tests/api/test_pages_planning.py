"""Discharge plan, assessments and referrals without a browser: what is shown, what is recorded, what is refused."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from apikit import Door
from pagekit import Browser, browser, sent

from discharge.api.pages.case.assessments.given import changed_answers
from discharge.api.pages.case.plan.draft import MOST, draft_text
from discharge.api.pages.case.plan.drawing import PICTURES, _is_there
from discharge.api.pages.case.plan.places import chosen
from discharge.api.pages.case.referrals.listing import kinds_of, packet_kinds
from discharge.api.pages.forms import wordings
from discharge.api.pages.words import usd
from discharge.casework.assessments import Known, questionnaires
from discharge.casework.events import KINDS
from discharge.casework.service import Casework
from discharge.documents.paper import PaperContext
from discharge.documents.referral import referral_packets
from discharge.review.model import Review

pytestmark = pytest.mark.content

PLANNING = (
    "plan_drafted", "plan_changed", "plan_agreed", "plan_approved", "goal_set", "goal_settled", "barrier_opened",
    "barrier_cleared", "appointment_made", "appointment_settled", "transport_arranged", "service_monitored",
    "choice_list_given", "referral_sent", "referral_answered", "assessment_answered",
)  # fmt: skip


@pytest.fixture
def nurse(sqlite_door: Door) -> Browser:
    return browser(sqlite_door, "case_manager")


@pytest.fixture
def review(sqlite_door: Door) -> Review:
    found = sqlite_door.app.state.desk.casework.review(sqlite_door.case())
    assert found is not None
    return found  # type: ignore[no-any-return]


def _page(door: Door, who: Browser, tab: str, encounter: str = "s1") -> str:
    answer = who.get(f"/cases/{door.case(encounter)}/{tab}")
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


def _events(door: Door, kind: str, encounter: str = "s1") -> list[Any]:
    return [one for one in door.app.state.desk.casework.events(door.case(encounter)) if one.kind == kind]


def _drafted(door: Door, nurse: Browser) -> str:
    """Draft the plan without a place; return the page of the plan."""
    form = sent(_page(door, nurse, "plan"), "draft-plan")
    assert nurse.post(f"/cases/{door.case()}/plan/draft", **form).status_code == 303
    return _page(door, nurse, "plan")


# --- words and pieces ---------------------------------------------------------------------------------------------


def test_every_form_of_planning_has_words_for_fields_that_are_there() -> None:
    for kind in PLANNING:
        told = wordings()[kind]
        names = {name.partition(".")[0] for name in told.get("fields", {})}
        assert names <= KINDS[kind].model_fields.keys(), kind
        assert told["done"] and told["button"], kind


def test_a_saving_has_its_sign_before_the_dollar() -> None:
    assert (usd(Decimal("-1200.4")), usd(Decimal("-0.2")), usd(Decimal("12"))) == (
        "\u2212$1,200",
        "$0",
        "$12",
    )


def test_the_picture_is_offered_exactly_where_it_can_be_drawn(review: Review, sqlite_door: Door) -> None:
    left = sqlite_door.app.state.desk.casework.review(sqlite_door.case("s3"))
    for one in (review, left, review.model_copy(update={"options": []})):
        for name, draws in PICTURES.items():
            assert _is_there(one, name) == (draws(one) is not None), name


def test_four_places_stand_side_by_side_and_staying_is_one_of_them(review: Review) -> None:
    first = chosen(review, None, None)
    assert len(first) == min(4, len(review.options)) and "stay" in {one.id for one in first}
    last = review.options[-1].id
    assert chosen(review, last, None)[0].id == last  # what people plan for goes before what is only likely
    assert last in {one.id for one in chosen(review, None, last)}


def test_the_draft_says_what_is_not_known_and_no_price(review: Review) -> None:
    text = draft_text(review, "snf")
    assert text.startswith("Place: Skilled nursing facility\n")
    assert "Not known yet:" in text and "$" not in text
    long = review.plan.model_copy(update={"unknown": [f"whether {number} is known" for number in range(400)]})
    assert len(draft_text(review.model_copy(update={"plan": long}), None)) <= MOST


def test_packets_are_linked_exactly_where_the_paper_is_made(review: Review) -> None:
    options = [
        one.model_copy(update={"fit": one.fit.model_copy(update={"status": "met"})}) for one in review.options
    ]
    fits = review.model_copy(update={"options": options})
    made = referral_packets(fits, PaperContext())
    assert made is not None and packet_kinds(fits) == [one.suffix for one in made]
    assert packet_kinds(review) == [] and referral_packets(review, PaperContext()) is None
    assert list(kinds_of(review, "snf")) == ["snf"]


@pytest.mark.parametrize(
    ("link_id", "entries", "expected"),
    [
        ("doses_a_day", {"answers": ["2,5"]}, 2.5),
        ("doses_a_day", {"answers": [""], "aside": ["asked-unknown"]}, "asked-unknown"),
        ("home_safe", {"answers": ["false"]}, False),
        ("home_safe", {"answers": ["asked-declined"]}, "asked-declined"),
        ("drug", {"answers": [" cefazolin "]}, "cefazolin"),
        ("line", {"answers": ["picc"]}, "picc"),
    ],
)
def test_an_entry_becomes_the_answer_that_it_means(
    link_id: str, entries: dict[str, list[str]], expected: Known
) -> None:
    whole = questionnaires()["home_infusion"]
    form = {f"asked.{link_id}": ["1"]} | {f"{name}.{link_id}": values for name, values in entries.items()}
    assert changed_answers(whole, form, {}, "America/New_York") == ({link_id: expected}, [])
    assert changed_answers(whole, form, {link_id: expected}, "America/New_York") == ({}, [])


def test_an_emptied_entry_takes_the_answer_back_and_a_closed_question_does_not() -> None:
    whole, known = questionnaires()["home_infusion"], {"drug": "cefazolin"}
    assert changed_answers(whole, {"asked.drug": ["1"], "answers.drug": [""]}, known, "UTC")[0] == {
        "drug": None
    }
    assert changed_answers(whole, {"answers.drug": [""]}, known, "UTC") == ({}, [])


@pytest.mark.parametrize("text", ["many", "nan", "inf"])
def test_what_is_no_number_is_said_at_its_question(text: str) -> None:
    whole = questionnaires()["home_infusion"]
    form = {"asked.doses_a_day": ["1"], "answers.doses_a_day": [text]}
    answers, faults = changed_answers(whole, form, {}, "UTC")
    assert answers == {} and [(one.where, one.expected) for one in faults] == [
        ("$.answers.doses_a_day", "a number")
    ]
    both = form | {"answers.doses_a_day": ["2"], "aside.doses_a_day": ["asked-unknown"]}
    assert changed_answers(whole, both, {}, "UTC")[1][0].expected == "one of the two"


# --- the plan -----------------------------------------------------------------------------------------------------


def test_a_plan_is_drafted_changed_agreed_and_approved(sqlite_door: Door, nurse: Browser) -> None:
    page = _drafted(sqlite_door, nurse)
    drafted = _events(sqlite_door, "plan_drafted")[0].payload
    assert drafted.option is None and drafted.text.startswith("Place: not decided yet")
    record = f"/cases/{sqlite_door.case()}/record"
    changed = sent(page, "plan-changed") | {
        "option": "home_health",
        "text": "Home on Friday.",
        "reason": "Agreed.",
    }
    assert nurse.post(record, **changed).status_code == 303
    agreed = sent(_page(sqlite_door, nurse, "plan"), "plan-agreed") | {"by": "family", "agrees": "false"}
    assert nurse.post(record, **agreed).status_code == 303
    page = _page(sqlite_door, nurse, "plan")
    assert "does not agree" in page and "not everybody agrees" in page and "Home on Friday." in page
    approved = sent(page, "plan-approved") | {"physician.name": "L. Stone", "physician.credentials": "RN"}
    assert nurse.post(record, htmx=True, **approved).status_code == 422
    approved |= {"physician.credentials": "MD"}
    assert nurse.post(record, **approved).status_code == 303
    last = sqlite_door.app.state.desk.casework.case(sqlite_door.case()).state.plans[drafted.plan_id]
    assert (last.option, last.text, last.approved_by.name) == ("home_health", "Home on Friday.", "L. Stone")


def test_a_physician_who_is_signed_in_approves_as_themselves(sqlite_door: Door, nurse: Browser) -> None:
    _drafted(sqlite_door, nurse)
    page = _page(sqlite_door, browser(sqlite_door, "physician_advisor"), "plan")
    assert sent(page, "plan-approved")["physician.credentials"] == "MD"


def test_the_same_draft_sent_twice_is_one_plan(sqlite_door: Door, nurse: Browser) -> None:
    form = sent(_page(sqlite_door, nurse, "plan"), "draft-plan")
    path = f"/cases/{sqlite_door.case()}/plan/draft"
    assert [nurse.post(path, **form).status_code for _ in range(2)] == [303, 303]
    assert len(_events(sqlite_door, "plan_drafted")) == 1
    stranger = form | {"review_digest": "f" * 64, "key": "e" * 32}
    assert nurse.post(path, htmx=True, **stranger).status_code == 422


def test_goals_barriers_visits_rides_and_services_are_recorded(sqlite_door: Door, nurse: Browser) -> None:
    record = f"/cases/{sqlite_door.case()}/record"
    for form, entries in (
        ("goal-set", {"text": "Walk to the gate", "domain": "function"}),
        ("barrier-opened", {"text": "No ramp", "cause": "no_home", "owner": "patient"}),
        ("appointment-made", {"with_whom": "Clinic", "purpose": "Visit", "at": "2026-06-25T09:00"}),
        ("transport-arranged", {"mode": "taxi", "pickup_at": "2026-06-20T09:00"}),
        ("service-monitored", {"service": "pt", "is_given": "false", "concern": "Nobody came"}),
    ):
        filled = sent(_page(sqlite_door, nurse, "plan"), form)
        filled.pop("is_confirmed", None)
        assert nurse.post(record, **filled | entries).status_code == 303, form
    page = _page(sqlite_door, nurse, "plan")
    for words in ("Walk to the gate", "No ramp", "Clinic", "not confirmed", "Nobody came"):
        assert words in page
    confirm = re.search(r'id="(confirm-ride-[0-9a-f]+)"', page)
    assert confirm is not None and nurse.post(record, **sent(page, confirm[1])).status_code == 303
    ride = list(sqlite_door.app.state.desk.casework.case(sqlite_door.case()).state.rides.values())
    assert [(one.mode, one.is_confirmed) for one in ride] == [("taxi", True)]


def test_a_picture_is_an_image_that_runs_nothing(sqlite_door: Door, nurse: Browser) -> None:
    page = _page(sqlite_door, nurse, "plan")
    source = re.search(r'<img src="([^"]+costs\.svg[^"]*)" alt="[^"]{20,}"', page)
    assert source is not None
    answer = nurse.get(source[1])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert (
        answer.headers["cache-control"] == "private, max-age=3600" and "prefers-color-scheme" in answer.text
    )
    assert nurse.get(f"/cases/{sqlite_door.case('s3')}/plan/waiting.svg").status_code == 404


def test_a_place_that_is_folded_away_can_be_put_beside_the_others(sqlite_door: Door, nurse: Browser) -> None:
    review = sqlite_door.app.state.desk.casework.review(sqlite_door.case("s3"))
    assert {one.id for one in chosen(review, None, review.options[-1].id)} >= {review.options[-1].id}
    page = _page(sqlite_door, nurse, "plan?beside=none_such")
    assert page.count('<li class="place') == 4  # what is not there changes nothing
    assert nurse.get(f"/cases/{sqlite_door.case()}/plan?beside=1").status_code == 422


def test_states_are_written_where_there_is_nothing(
    sqlite_door: Door, nurse: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = _page(sqlite_door, nurse, "plan", "s3")
    assert "The patient left the hospital on" in left and "What waiting costs" not in left
    assert "the patient has left" in _page(sqlite_door, nurse, "referrals", "s3")
    monkeypatch.setattr(Casework, "review", lambda *_: None)
    for tab in ("plan", "assessments", "referrals"):
        assert "has no review yet" in _page(sqlite_door, nurse, tab), tab


def test_who_only_reads_and_an_earlier_moment_have_no_forms(sqlite_door: Door, nurse: Browser) -> None:
    _drafted(sqlite_door, nurse)
    auditor = browser(sqlite_door, "auditor")
    for tab in ("plan", "assessments/function", "referrals"):
        for who, mark in ((auditor, ""), (nurse, "?at=2026-06-15T11:10:00Z")):
            page = _page(sqlite_door, who, tab + mark)
            assert not re.search(r'hx-post="[^"]*/(record|draft|send)"', page.partition("case-body")[2]), tab
            assert "Save what is answered" not in page


# --- assessments --------------------------------------------------------------------------------------------------


def _assess(door: Door, who: Browser, *, htmx: bool = False, **entries: str) -> Any:
    """Answer questions of `home_infusion` as its form does."""
    page = _page(door, who, "assessments/home_infusion")
    form = {
        name: value
        for name, value in sent(page, "assess").items()
        if "." not in name or name.startswith("asked.")
    }
    answers = {f"answers.{name}": value for name, value in entries.items() if name[0] != "_"}
    given = {"respondent": "patient"} | {name[1:]: value for name, value in entries.items() if name[0] == "_"}
    kept = {name: value for name, value in form.items() if not name.startswith("asked.")}
    asked = {f"asked.{name}": "1" for name in entries if name[0] != "_"}
    path = f"/cases/{door.case()}/assessments/home_infusion"
    return who.post(path, htmx=htmx, **kept, **asked, **answers, **given)


def test_answers_are_saved_in_part_and_taken_up_again(sqlite_door: Door, nurse: Browser) -> None:
    first = _assess(sqlite_door, nurse, drug="cefazolin", injects="false")
    assert first.status_code == 303 and "done=assessment_answered" in first.headers["location"]
    assert _assess(sqlite_door, nurse, drug="ceftriaxone").status_code == 303
    page = _page(sqlite_door, nurse, "assessments/home_infusion")
    assert "2 of 24 questions answered" in page and "in progress" in page
    assert 'value="ceftriaxone"' in page and "Earlier answers (1)" in page and "cefazolin" in page
    assert "The case_manager (patient)" in page
    assert "Partly answered (1)" in _page(sqlite_door, nurse, "assessments")
    said = [one.payload.answers for one in _events(sqlite_door, "assessment_answered")]
    assert said == [{"drug": "cefazolin", "injects": False}, {"drug": "ceftriaxone"}]


def test_each_fault_stands_at_its_question(sqlite_door: Door, nurse: Browser) -> None:
    refused = _assess(sqlite_door, nurse, htmx=True, doses_a_day="99", line_agreed="true", _respondent="")
    assert refused.status_code == 422
    for entry, words in (
        ("assess-answers-doses_a_day", "How many doses a day?"),
        ("assess-answers-line_agreed", "Did infectious diseases"),
        ("assess-respondent", "Who answered"),
    ):
        assert f'data-entry="{entry}"' in refused.text and words in refused.text
    missing = _assess(sqlite_door, nurse, htmx=True, drug="cefazolin", _is_complete="true")
    assert missing.status_code == 422 and 'data-entry="assess-answers-home_safe"' in missing.text
    nothing = _assess(sqlite_door, nurse, htmx=True)
    assert nothing.status_code == 422 and "answer at least one question" in nothing.text
    assert _events(sqlite_door, "assessment_answered") == []
    done = _assess(sqlite_door, nurse, home_safe="true", willing="asked-declined", _is_complete="true")
    assert done.status_code == 303 and _events(sqlite_door, "assessment_answered")[0].payload.is_complete


def test_each_questionnaire_opens_and_names_what_it_charts(sqlite_door: Door, nurse: Browser) -> None:
    listed = _page(sqlite_door, nurse, "assessments")
    for name in ("daily_living", "safety_screen", "social_history"):
        assert f"/assessments/{name}" in listed
        assert "Charts: " in _page(sqlite_door, nurse, f"assessments/{name}")
    assert "For a person only" in _page(sqlite_door, nurse, "assessments/safety_screen")
    assert nurse.get(f"/cases/{sqlite_door.case()}/assessments/none_such").status_code == 404


# --- referrals ----------------------------------------------------------------------------------------------------


@pytest.fixture
def placed(sqlite_door: Door, monkeypatch: pytest.MonkeyPatch) -> Door:
    """The patient lives where the shipped directory knows providers."""
    from discharge.api.pages.case.referrals import listing
    from discharge.providers import Place

    monkeypatch.setattr(listing, "_place", lambda *_: Place("02169", "MA"))
    return sqlite_door


def test_several_providers_are_asked_at_once_and_answer(placed: Door, nurse: Browser) -> None:
    page = _page(placed, nurse, "referrals?kind=snf")
    keys = re.findall(r'form="send-snf" name="ticked" value="([^"]+)"', page)
    path = f"/cases/{placed.case()}/referrals/send"
    form: dict[str, Any] = sent(page, "send-snf") | {"answer_due_at": "2026-06-16T12:00"}
    assert "nobody is ticked" in nurse.post(path, htmx=True, **form).text
    assert nurse.post(path, htmx=True, **form, ticked=["none-such"]).status_code == 422
    assert nurse.post(path, **form, ticked=keys[:2]).status_code == 303
    assert nurse.post(path, **form, ticked=keys[:2]).status_code == 303  # the same form again
    asked = _events(placed, "referral_sent")
    assert [one.payload.provider_id for one in asked] == keys[:2]
    assert {one.payload.service for one in asked} == {"snf"} and asked[0].payload.answer_due_at is not None
    page = _page(placed, nurse, "referrals?kind=snf")
    assert "2 asked, 2 without an answer" in page and "asked, no answer yet" in page
    assert keys[0] not in re.findall(r'name="ticked" value="([^"]+)"', page)  # it has not answered yet
    answers = re.findall(r'id="(answer-[0-9a-f]{10})"', page)
    record = f"/cases/{placed.case()}/record"
    for form_id, said in zip(answers, ("accepted", "declined"), strict=True):
        form = sent(_page(placed, nurse, "referrals"), form_id) | {"answer": said}
        assert nurse.post(record, **form).status_code == 303
    assert "1 accepted, 1 declined" in _page(placed, nurse, "referrals")


def test_the_list_is_recorded_as_given_with_what_was_chosen(placed: Door, nurse: Browser) -> None:
    page = _page(placed, nurse, "referrals?kind=snf")
    keys = re.findall(r'name="providers" value="([^"]+)"', page)
    form: dict[str, Any] = {
        name: value for name, value in sent(page, "given-snf").items() if name != "providers"
    }
    given = form | {
        "providers": keys[:5],
        "chosen": keys[1],
        "quality_data_shared": "true",
        "network_told": "false",
    }
    record = f"/cases/{placed.case()}/record"
    assert nurse.post(record, htmx=True, **given | {"chosen": keys[9]}).status_code == 422
    assert nurse.post(record, **given).status_code == 303
    said = _events(placed, "choice_list_given")[0].payload
    assert (said.service, list(said.providers), said.chosen) == ("snf", keys[:5], keys[1])
    assert (said.quality_data_shared, said.network_told, said.financial_interest_disclosed) == (
        True,
        False,
        None,
    )
    assert "5 providers" in _page(placed, nurse, "referrals")


def test_another_service_is_asked_by_name(sqlite_door: Door, nurse: Browser) -> None:
    form = sent(_page(sqlite_door, nurse, "referrals"), "referral-sent")
    said = form | {"service": "food", "provider": "Meals on Wheels"}
    assert nurse.post(f"/cases/{sqlite_door.case()}/record", **said).status_code == 303
    assert "Food: 1 asked" in _page(sqlite_door, nurse, "referrals")
