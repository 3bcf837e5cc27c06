"""The payer's side of a case and its work, without a browser: what is shown, what is offered, what is recorded."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from apikit import LATER, NOW, PASSWORD, Door, TestClient
from httpx import Response
from workkit import ZONE, Said, asked, at, case, decided, denied, payer, review, shipped

from discharge.api.pages.case.payer.days import Course, Mark, course
from discharge.api.pages.case.payer.picture import drawn
from discharge.api.pages.case.payer.terms import terms_on
from discharge.casework.events import Event
from discharge.casework.work.authorizations import authorizations
from discharge.casework.work.clocks import case_clocks

pytestmark = pytest.mark.content

WORDS = {"inpatient_acute": "Inpatient stay"}
NOON = "2026-06-04T12:00"


# --- the days ---------------------------------------------------------------------------------------------------


def days(*said: Said, profile: Any = None, stay: dict[str, Any] | None = None, now: str = NOON) -> Course:
    """The course of a stay of the example plan since Mon 1 Jun 2026, after what was said."""
    state, looked, plan = case(*said), review(stay=stay), profile or shipped()
    moment = at(now)
    found = course(
        state, looked, plan, authorizations(state, looked, plan, moment), [], moment, ZoneInfo(ZONE), WORDS
    )
    assert found is not None
    return found


def covers(found: Course, lane: int = 0) -> dict[int, str]:
    return {day.day: cover for day, cover in sorted(found.lanes[lane].days.items())}


FIRST = date(2026, 6, 1)


def test_a_part_of_the_days_is_given_and_the_rest_refused_or_never_asked_for() -> None:
    found = days(
        asked("2026-06-01T12:00", days_asked=3, first_day=FIRST),
        decided("2026-06-02T12:00", "partial", days_approved=1, valid_from=FIRST, valid_through=FIRST),
    )
    assert covers(found, 1) == {1: "used", 2: "denied", 3: "denied"}
    assert covers(found) == {1: "used", 2: "denied", 3: "denied", 4: "uncovered"}
    assert found.counts == {"used": 1, "denied": 2, "uncovered": 1}


def test_days_asked_and_not_answered_are_no_refusal_and_no_approval() -> None:
    request = asked("2026-06-01T12:00", days_asked=2, first_day=FIRST)
    assert covers(days(request)) == {1: "asked", 2: "asked", 3: "uncovered", 4: "uncovered"}
    pended = days(request, decided("2026-06-02T12:00", "pended"))
    assert covers(pended)[2] == "asked"


def test_days_given_beyond_today_are_not_used_yet() -> None:
    found = days(
        asked("2026-06-01T12:00", days_asked=6, first_day=FIRST),
        decided("2026-06-01T15:00", days_approved=6, valid_from=FIRST),
    )
    assert covers(found, 1) == {1: "used", 2: "used", 3: "used", 4: "given", 5: "given", 6: "given"}


def test_a_request_without_a_number_of_days_claims_none() -> None:
    assert covers(days(asked("2026-06-01T12:00")), 1) == {}


def test_what_was_withdrawn_is_neither_asked_nor_denied() -> None:
    found = days(
        asked("2026-06-01T12:00", days_asked=2, first_day=FIRST), decided("2026-06-01T15:00", "cancelled")
    )
    assert covers(found, 1) == {}


def test_a_payer_that_wants_no_request_leaves_no_day_uncovered() -> None:
    silent = payer("medicare_ffs")
    assert set(covers(days(profile=silent)).values()) == {"unknown"}
    assert set(covers(days(profile=shipped("original_medicare"))).values()) <= {"free", "unknown"}
    assert set(covers(days()).values()) == {"uncovered"}, "the example plan wants to be asked"


def test_the_day_of_discharge_is_no_day_of_the_stay() -> None:
    found = days(stay={"discharged": at("2026-06-03T10:00"), "is_in_house": False})
    assert list(covers(found)) == [1, 2]


def test_a_long_stay_is_drawn_from_its_end() -> None:
    found = days(now="2027-01-04T12:00")
    assert len(found.days) == 90 and found.left_out > 100
    assert found.days[-1] == date(2027, 1, 6)


def test_nothing_known_is_nothing_drawn() -> None:
    state = case()
    assert course(state, None, None, [], [], at(NOON), ZoneInfo(ZONE), WORDS) is None


def test_the_drawing_keeps_to_the_content_policy_and_holds_no_markup_of_others() -> None:
    said = [
        asked("2026-06-01T12:00", days_asked=3, first_day=FIRST, number="<b>7&"),
        decided("2026-06-02T12:00", "denied"),
        denied("2026-06-02T13:00", "2026-06-02T12:00", authorization_id="a1"),
    ]
    state, looked, plan, moment = case(*said), review(), shipped(), at(NOON)
    marks = [Mark(at("2026-06-02T12:00"), "D", 'Denied <script>alert("x")</script>', True, "a1")]
    standings = authorizations(state, looked, plan, moment)
    found = course(state, looked, plan, standings, marks, moment, ZoneInfo(ZONE), WORDS)
    assert found is not None
    svg = drawn(found, case_clocks(state, looked, plan, moment))
    assert " style=" not in svg and "<script" not in svg and "<b>" not in svg and "&lt;b&gt;7&amp;" in svg
    assert "The payer&#x27;s clocks" in svg or "The payer's clocks" in svg
    assert [row.cover for row in found.rows] == ["denied", "denied", "denied", "uncovered"]


def test_terms_stand_with_their_source_and_say_when_they_are_placeholders() -> None:
    terms = {one.name: one for one in terms_on(shipped(), date(2026, 6, 15))}
    assert terms["Prior authorization standard"].value == "7 days"
    assert "422.568" in terms["Prior authorization standard"].source
    assert not terms["Prior authorization standard"].verified
    assert terms["Notification"].is_placeholder and terms["Notification"].value == "24 hours"
    earlier = {one.name: one.value for one in terms_on(shipped(), date(2025, 6, 15))}
    assert earlier["Prior authorization standard"] == "14 days"


# --- the pages --------------------------------------------------------------------------------------------------


class _Forms(HTMLParser):
    """Reads the forms of a page as a browser would send them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append({"": given.get("action", "")})
        elif tag == "select":
            self._select = given["name"]
            self.found[-1].setdefault(given["name"], "")
        elif tag == "option" and "selected" in given and self._select:
            self.found[-1][self._select] = given["value"]
        elif tag == "textarea":
            self.found[-1].setdefault(given["name"], "")
        elif tag == "input" and self.found and given.get("name"):
            is_sent = given.get("type") != "checkbox" or "checked" in given
            if is_sent:
                self.found[-1][given["name"]] = given.get("value", "")


@dataclass
class Browser:
    """Somebody signed in with a browser, on a case."""

    door: Door
    client: TestClient
    case_id: str
    page: str = ""
    forms: list[dict[str, str]] = field(default_factory=list)

    def open(self, tab: str, query: str = "") -> str:
        answer = self.client.get(f"/cases/{self.case_id}/{tab}{query}", headers={"Accept": "text/html"})
        assert answer.status_code == 200, answer.status_code
        parser = _Forms()
        parser.feed(answer.text)
        self.page = answer.text
        self.forms = [one for one in parser.found if one[""].endswith("/record")]
        return answer.text

    def offered(self) -> list[str]:
        """The kinds of record that the body of the page offers."""
        head = ("assigned", "handed_over", "note_added")
        return [one["kind"] for one in self.forms if one["kind"] not in head]

    def form(self, kind: str, **such: str) -> dict[str, str]:
        """The first form of a kind whose hidden entries are as named."""
        for one in self.forms:
            if one["kind"] == kind and such.items() <= one.items():
                return dict(one)
        raise AssertionError(f"no form for {kind} {such}")

    def send(self, form: dict[str, str], htmx: bool = True, **entries: str) -> Response:
        said = {name: value for name, value in form.items() if name} | entries
        headers = {"Accept": "text/html"} | ({"HX-Request": "true"} if htmx else {})
        return self.client.post(form[""], data=said, headers=headers)

    def last(self, kind: str) -> Event:
        found: list[Event] = self.door.app.state.desk.casework.events(self.case_id)
        return [one for one in found if one.kind == kind][-1]


def browser(door: Door, login: str = "case_manager", encounter: str = "s1") -> Browser:
    client = TestClient(door.app, base_url="http://127.0.0.1:8400", follow_redirects=False)
    answer = client.post("/sign-in", data={"login": login, "password": PASSWORD, "next": "/account"})
    assert answer.status_code == 303
    return Browser(door, client, door.case(encounter))


def test_a_request_and_its_answer_are_recorded_when_they_happened(sqlite_door: Door) -> None:
    one = browser(sqlite_door)
    one.open("payer")
    sent = one.form("authorization_requested")
    assert sent["service"] == "inpatient_acute" and sent["payer_profile"] == "original_medicare"
    answer = one.send(sent, days_asked="3", number="REF-1", occurred_at="2026-06-14T09:30")
    assert answer.status_code == 204
    assert answer.headers["hx-redirect"].startswith(
        f"/cases/{one.case_id}/payer?done=authorization_requested."
    )
    assert answer.headers["hx-redirect"].endswith("#requests")
    event = one.last("authorization_requested")
    assert event.occurred_at == datetime(2026, 6, 14, 13, 30, tzinfo=UTC), "the facility's time"
    assert event.recorded_at == LATER and event.payload.days_asked == 3
    id = event.payload.authorization_id
    text = one.open("payer")
    assert "REF-1" in text and "The payer has not answered." in text
    decision = one.form("decision_received", authorization_id=id)
    assert one.send(decision, decision="denied", reason="Not needed").status_code == 204
    said = one.last("decision_received").payload
    assert (said.decision, said.days_approved, said.clinician, said.valid_from) == (
        "denied",
        None,
        None,
        None,
    )
    text = one.open("payer")
    assert "No clinician is named." in text
    assert "peer_to_peer_scheduled" in one.offered() and "denial_received" in one.offered()


def test_what_has_not_happened_yet_is_refused_at_its_entry(sqlite_door: Door) -> None:
    one = browser(sqlite_door)
    one.open("payer")
    form = one.form("authorization_requested")
    later = (LATER + timedelta(hours=5)).astimezone(ZoneInfo(ZONE)).strftime("%Y-%m-%dT%H:%M")
    for text, said in (
        (later, "has not come yet"),
        ("yesterday", "not a date and time"),
        ("0001-01-01T00:00", "not a date"),
    ):
        answer = one.send(form, occurred_at=text)
        assert answer.status_code == 422 and said in answer.text
        assert f'data-entry="{form["form"]}-occurred_at"' in answer.text
    assert "authorization_requested" not in {
        event.kind for event in sqlite_door.app.state.desk.casework.events(one.case_id)
    }


def test_forms_follow_the_state(sqlite_door: Door) -> None:
    one = browser(sqlite_door)
    one.open("payer")
    assert sorted(one.offered()) == ["authorization_requested", "denial_received"]
    sqlite_door.record(
        {
            "kind": "authorization_requested",
            "authorization_id": "a-1",
            "service": "snf",
            "payer_profile": None,
        }
    )
    sqlite_door.record(
        {
            "kind": "payer_asked",
            "question_id": "q-1",
            "authorization_id": "a-1",
            "question": "How far does she walk?",
        }
    )
    text = one.open("payer")
    assert "The payer waits for an answer." in text and "Answer: How far does she walk?" in text
    assert "days_authorized" not in one.offered() and "appeal_filed" not in one.offered()
    assert one.send(one.form("payer_answered", question_id="q-1"), text="Ten meters.").status_code == 204
    sqlite_door.record(
        {"kind": "decision_received", "authorization_id": "a-1", "decision": "approved", "days_approved": 5}
    )
    one.open("payer")
    assert "days_authorized" in one.offered()
    assert one.send(one.form("days_authorized", authorization_id="a-1"), days="2").status_code == 204
    assert "2 days added" in one.open("payer")


def test_an_appeal_is_filed_at_the_first_level_and_decided(sqlite_door: Door) -> None:
    one = browser(sqlite_door)
    one.open("payer")
    form = one.form("denial_received")
    answer = one.send(form, of="claim", notice_at="2026-06-14T08:00", carc="50", amount_usd="1200.50")
    assert answer.status_code == 204
    text = one.open("payer")
    assert "The denial stands, and no appeal is open." in text
    appeal = one.form("appeal_filed")
    assert appeal["level"] == "redetermination"
    assert one.send(appeal).status_code == 204
    assert one.last("appeal_filed").payload.level == "redetermination"
    one.open("payer")
    assert one.send(one.form("appeal_decided"), outcome="overturned", amount_usd="1200.50").status_code == 204
    text = one.open("payer")
    assert "$1,200" in text and "Overturned: won" in text
    assert "appeal_decided" not in one.offered()


def test_a_stay_without_payer_is_asked_for_with_nobody_named(sqlite_door: Door) -> None:
    one = browser(sqlite_door, encounter="s2")
    text = one.open("payer")
    assert "No payer profile is matched" in text
    sent = one.form("authorization_requested")
    assert sent["payer_profile"] == ""
    assert one.send(sent, service="inpatient_acute").status_code == 204
    assert one.last("authorization_requested").payload.payer_profile is None


def test_a_stay_that_is_over_says_how_it_was_paid(sqlite_door: Door) -> None:
    one = browser(sqlite_door, encounter="s3")
    one.open("payer")
    sent = one.form("outcome_recorded")
    answer = one.send(sent, outcome="partly_denied", denied_usd="300", carc="50\n197", disposition="06")
    assert answer.status_code == 204
    said = one.last("outcome_recorded").payload
    assert said.carc == ("50", "197") and said.paid_usd is None and said.readmitted_within_30_days is None
    assert "Paid in part" in one.open("payer")


@pytest.mark.parametrize("tab", ["payer", "work"])
def test_nothing_is_offered_of_the_past_or_to_who_may_not_write(sqlite_door: Door, tab: str) -> None:
    sqlite_door.record(
        {
            "kind": "authorization_requested",
            "authorization_id": "a-1",
            "service": "snf",
            "payer_profile": None,
        }
    )
    one = browser(sqlite_door)
    text = one.open(tab, f"?at={NOW.strftime('%Y-%m-%dT%H:%M:%SZ')}")
    assert one.forms == [] and "a-1" not in text
    other = browser(sqlite_door, "auditor")
    other.open(tab)
    assert other.forms == []
    for login, status in (("administrator", 403), ("payer", 403)):
        nobody = browser(sqlite_door, login)
        answer = nobody.client.get(f"/cases/{one.case_id}/{tab}", headers={"Accept": "text/html"})
        assert answer.status_code == status


def test_a_notice_is_delivered_and_its_clock_is_met(sqlite_door: Door) -> None:
    one = browser(sqlite_door)
    one.open("work")
    form = one.form("notice_delivered", clock_id="IM-1")
    refused = one.send(form, is_signed="false")
    assert refused.status_code == 422 and f'data-entry="{form["form"]}-refusal_note"' in refused.text
    assert (
        one.send(form, is_signed="false", refusal_note="Declined; charge nurse as witness.").status_code
        == 204
    )
    clocks = {
        clock.clock: clock.status
        for clock in sqlite_door.app.state.desk.casework.work(one.case_id, now=LATER).clocks
    }
    assert clocks["IM-1"] == "met"
    text = one.open("work")
    assert "Declined; charge nurse as witness." in text
    assert all(form.get("clock_id") != "IM-1" for form in one.forms)


def test_tasks_are_added_done_and_set_aside_with_a_reason(sqlite_door: Door) -> None:
    one = browser(sqlite_door)
    one.open("work")
    mine = sqlite_door.seed.accounts["case_manager"]
    sent = one.form("task_added")
    assert (
        one.send(sent, title="Call the daughter", due_at="2026-06-15T15:00", assignee=mine).status_code == 204
    )
    text = one.open("work")
    assert "Call the daughter" in text
    task = f"added:{one.last('task_added').payload.task_id}"
    assert one.send(one.form("task_settled", task_id=task, outcome="done")).status_code == 204
    one.open("work")
    form = one.form("task_settled", outcome="set_aside")
    assert one.send(form).status_code == 422
    assert one.send(form, reason="Asked already").status_code == 204
    text = one.open("work")
    assert "Asked already" in text and "The case_manager" in text
    assert re.search(r"Done \(\d+\)", text) and "Set aside (1)" in text


def test_a_lost_day_is_chosen_and_priced_as_the_engine_prices_it(sqlite_door: Door) -> None:
    one = browser(sqlite_door)
    one.open("work")
    assert (
        one.send(
            one.form("avoidable_day_recorded"), day="2026-06-14", reason="imaging", days="0.5"
        ).status_code
        == 204
    )
    assert one.last("avoidable_day_recorded").payload.owner is None
    text = one.open("work")
    assert "Waiting for imaging" in text and "Priced by the review of Jun 15, 07:00 EDT" in text
    again = one.send(one.form("avoidable_day_recorded"), day="2026-06-14", reason="imaging", days="1")
    assert again.status_code == 422 and "counted already" in again.text
    sent = one.form("delay_attributed")
    assert one.send(sent, to="family", reason="patient_choice", start="2026-06-14T20:00").status_code == 204
    one.open("work")
    known = one.last("delay_attributed").payload.record_id
    change = one.form("delay_attributed", record_id=known)
    assert change["start"].startswith("2026-06-14T20:00"), "what is on record stands in the form"
    assert one.send(change, end="2026-06-15T06:00").status_code == 204
    state = sqlite_door.app.state.desk.casework.case(one.case_id).state
    assert len(state.delays) == 1 and state.delays[known].end is not None
