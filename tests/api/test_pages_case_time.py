"""The pages of a case in time: trends, an earlier moment, comparisons, the ledger and its corrections, papers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from apikit import LATER, NOW, PASSWORD, Door, TestClient

from discharge.api.pages.case import compare as compare_page
from discharge.api.pages.case.plot import Axis, Dot, Level, plot
from discharge.api.pages.case.readings import Reading
from discharge.api.pages.case.thresholds import Threshold, _concerns, threshold_of, thresholds
from discharge.casework.intake import replay, what_if
from discharge.errors import NotFoundError
from discharge.review.findings import OPS
from discharge.review.model import Review

pytestmark = pytest.mark.content
HTML = {"accept": "text/html"}


class Person:
    """Somebody at a browser without script."""

    def __init__(self, door: Door, login: str = "case_manager") -> None:
        self.door = door
        self.client = TestClient(door.app, base_url="http://127.0.0.1:8400", follow_redirects=False)
        sent = {"login": login, "password": PASSWORD, "next": "/help"}
        assert self.client.post("/sign-in", data=sent, headers=HTML).status_code == 303

    def get(self, path: str, encounter: str = "s1", **headers: str) -> Any:
        return self.client.get(f"/cases/{self.door.case(encounter)}{path}", headers=HTML | headers)

    def post(self, path: str, encounter: str = "s1", **sent: str) -> Any:
        case = self.door.case(encounter)
        page = self.get("/ledger", encounter).text
        token = re.search(r'csrf-token" content="(\w+)"', page)
        assert token is not None
        version = str(self.door.app.state.desk.casework.case(case).version)
        given = {
            "csrf_token": token[1],
            "version": version,
            "back": f"/cases/{case}/ledger",
            "form": "f",
            **{name.replace("__", "."): value for name, value in sent.items()},
        }
        return self.client.post(f"/cases/{case}{path}", data=given, headers=HTML)


@pytest.fixture
def person(open_door: Callable[..., Door]) -> Person:
    return Person(open_door("sqlite"))


def _events(person: Person, encounter: str = "s1") -> list[Any]:
    found: list[Any] = person.door.app.state.desk.casework.events(person.door.case(encounter))
    return found


def _review(person: Person, encounter: str = "s1") -> Review:
    found = person.door.app.state.desk.casework.review(person.door.case(encounter))
    assert found is not None
    return found


# --- trends -----------------------------------------------------------------------------------------------------


def test_trends_show_readings_and_the_thresholds_of_the_review_alone(person: Person) -> None:
    page = person.get("/trends")
    assert page.status_code == 200
    assert "86 %" not in page.text.partition("Figures by day")[0]  # the first saturation is not the last
    assert "93 %" in page.text
    tests = {
        fact.test for finding in _review(person).findings for fact in finding.facts if threshold_of(fact.test)
    }
    listed = set(re.findall(r'popovertarget="level-[^"]+">([^<]+)</button>', page.text))
    assert listed
    assert listed <= tests
    assert "style=" not in page.text
    assert "<style" not in page.text


def test_every_reading_of_one_concept_stands_on_its_own_page(person: Person) -> None:
    page = person.get("/trends?of=spo2").text
    rows = page.partition("Every reading of this stay")[2]
    assert rows.index("93 %") < rows.index("86 %")
    assert "▼ below 90 %" in rows
    assert person.get("/trends?of=nothing").status_code == 404


def test_a_stay_without_readings_says_so(person: Person) -> None:
    assert "No reading of this stay is charted yet" in person.get("/trends", "s2").text


@pytest.mark.parametrize("op", [op for op in OPS if op not in ("==", "!=")])
def test_tests_as_reviews_word_them_are_read_back(op: str) -> None:
    assert threshold_of(f"{OPS[op]} 1,250.5 mmol/L") == (op, 1250.5)


def test_a_reading_is_beyond_only_on_the_side_that_worries_and_in_the_hours_looked_at() -> None:
    def level(op: str, concern: bool | None, how: str = "lowest") -> Threshold:
        words = f"{OPS[op]} 90 %"
        return Threshold(
            "spo2", op, 90.0, words, "the last 24 h", how, NOW - timedelta(days=1), NOW, concern, ()
        )

    def reading(hours: float, value: float) -> Reading:
        at = NOW - timedelta(hours=hours)
        return Reading(at, value, at, "", "")

    below, ready = level("<", True), level(">=", False)
    assert below.is_beyond(89)
    assert not below.is_beyond(90)
    assert ready.is_beyond(89)
    assert (below.said, ready.said) == ("▼ below 90 %", "▼ not at least 90 %")
    assert not level("<", None).is_beyond(89)
    series = [reading(30, 80), reading(20, 85), reading(1, 95)]
    assert below.counted(series) == series[1:]
    assert level("<", True, "last").counted(series) == series[2:]


def test_stretches_without_readings_are_gaps() -> None:
    axis = Axis(NOW - timedelta(days=3), NOW, "America/New_York")
    dots = [Dot(NOW - timedelta(hours=hours), 90.0 + hours / 10) for hours in (60, 58, 20, 19)]
    svg = plot(axis, dots, [Level(92.0, NOW - timedelta(days=1), NOW)], timedelta(hours=12), "A title & more")
    line = re.search(r'class="line" d="([^"]+)"', svg)
    assert line is not None
    assert (line[1].count("M"), line[1].count("L")) == (2, 2)
    assert "A title &amp; more" in svg
    assert 'class="level"' in svg


def test_what_readiness_asks_for_worries_when_it_fails(person: Person) -> None:
    meant = _concerns(person.door.app.state.desk.library.packs)
    assert meant["level_of_care.stability.unstable_temperature", "vitals.temperature_max_24h", ">"] is True
    assert meant["level_of_care.early_warning.at_most_4", "vitals.news2_last", "<="] is False


def test_thresholds_lie_over_the_hours_they_look_at(person: Person) -> None:
    review = _review(person)
    start, end = review.stay.arrival, review.as_of
    assert start is not None
    found = thresholds(review, person.door.app.state.desk.library.packs, start, end)
    assert found
    first = timedelta(days=1)
    for one in (one for some in found.values() for one in some):
        assert start <= one.start <= one.end <= end
        assert one.span == "the stay" or one.end - one.start <= first


# --- an earlier moment ------------------------------------------------------------------------------------------


def test_a_moment_before_the_case_was_known_is_told_on_a_page(person: Person) -> None:
    page = person.get("?at=2026-06-14T07:00")
    assert page.status_code == 200
    assert "was not known yet" in page.text
    assert "Mon Jun 15, 2026 07:00 EDT" in page.text


@pytest.mark.parametrize(
    ("at", "says"),
    [("tomorrow", "not a date"), ("2027-01-01T00:00", "still to come"), ("9999-99-99T00:00", "not a date")],
)
def test_no_moment_and_one_to_come_are_refused_in_words(person: Person, at: str, says: str) -> None:
    page = person.get(f"/trends?at={at}")
    assert page.status_code == 422
    assert says in page.text


def test_the_moment_of_a_review_shows_the_review_on_record_and_keeps_to_it(person: Person) -> None:
    for tab in ("/trends", "/compare", "/ledger", "/papers"):
        page = person.get(f"{tab}?at=2026-06-15T07:00")  # as the entry of a form writes it
        assert page.status_code == 200
        assert "?at=2026-06-15T11:00:00Z" in page.text
        assert "Back to now" in page.text or "back to now" in page.text.lower()


def test_a_moment_between_reviews_is_reviewed_again(person: Person) -> None:
    at = NOW + timedelta(minutes=10)
    page = person.get("/papers?at=2026-06-15T07:10")
    assert page.status_code == 200
    assert "not on record" in page.text
    again = replay(person.door.store, person.door.case(), at)
    assert Review.model_validate_json(again.content).as_of == at


def test_what_was_written_later_is_not_there_earlier(person: Person) -> None:
    assert (
        person.post("/record", kind="note_added", key="a" * 32, text="Daughter comes at three.").status_code
        == 303
    )
    assert "Daughter comes at three." in person.get("/ledger").text
    assert "Daughter comes at three." not in person.get("/ledger?at=2026-06-15T07:00").text
    assert (
        "Daughter comes at three." in person.get(f"/ledger?at={LATER.isoformat().replace('+', '%2B')}").text
    )


# --- comparisons ------------------------------------------------------------------------------------------------


def test_the_own_payer_again_makes_no_difference(person: Person) -> None:
    page = person.get("/compare?payer=original_medicare").text
    assert "Nothing differs" in page


def test_another_payer_is_compared_and_nothing_is_recorded(person: Person) -> None:
    before = len(_events(person))
    page = person.get("/compare?payer=example_ma_plan").text
    assert "Nothing differs" not in page
    assert "profile original_medicare" in page
    assert "profile example_ma_plan" in page
    assert "No authorization on file" in page
    assert len(_events(person)) == before
    assert _review(person).payer.profile == "original_medicare"


def test_a_comparison_is_made_once(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def counted(*given: Any, **named: Any) -> Review:
        made.append(named)
        return what_if(*given, **named)

    monkeypatch.setattr(compare_page, "what_if", counted)
    for _ in range(2):
        assert person.get("/compare?payer=self_pay").status_code == 200
    assert len(made) == 1


def test_what_was_left_of_the_real_policy_is_not_known_of_another(person: Person) -> None:
    store, case = person.door.store, person.door.case()
    other = what_if(store, case, NOW, payer="state_medicaid")
    assert other.payer.profile == "state_medicaid"
    assert other.payer.member_id == _review(person).payer.member_id
    same = what_if(store, case, NOW)
    assert same == _review(person)
    for given in ({"payer": "nobody"}, {"edition": "0" * 64}):
        with pytest.raises(NotFoundError):
            what_if(store, case, NOW, **given)


def test_what_cannot_be_compared_is_said_on_the_page(person: Person) -> None:
    for query, says in (
        ("payer=nobody", "no such payer profile"),
        ("edition=nothing", "never in force"),
        ("then=2026-06-01T07:00", "not known yet"),
        ("then=soon", "not a date"),
    ):
        page = person.get(f"/compare?{query}")
        assert page.status_code == 200
        assert says in page.text


# --- ledger -----------------------------------------------------------------------------------------------------


def test_the_ledger_tells_who_did_what_and_filters(person: Person) -> None:
    person.post("/record", kind="note_added", key="a" * 32, text="One thing.")
    page = person.get("/ledger").text
    assert page.index("A note was added") < page.index("The engine reviewed the stay") or "option" in page
    for words in ("The stay came to be known", "One thing.", "The case_manager, RN", "hash"):
        assert words in page
    only = person.get("/ledger?kind=note_added").text.partition('<ol class="entries"')[2]
    assert "One thing." in only
    assert "The stay came to be known" not in only
    assert "No entry fits" in person.get("/ledger?actor=nobody").text


def test_an_entry_is_said_right_with_its_own_form(person: Person) -> None:
    person.post("/record", kind="note_added", key="a" * 32, text="Son comes.")
    wrong = _events(person)[-1]
    form = person.get(f"/ledger?correct={wrong.event_id}").text
    assert 'id="say-right"' in form
    assert "Son comes.</textarea>" in form
    sent = {"kind": "note_added", "text": "Daughter comes.", "correct__event_id": wrong.event_id}
    refused = person.post("/correct", key="b" * 32, **sent)
    assert refused.status_code == 422
    assert "Why it was wrong" in refused.text or "reason" in refused.text
    assert person.post("/correct", key="c" * 32, correct__reason="misheard", **sent).status_code == 303
    assert person.post("/correct", key="c" * 32, correct__reason="misheard", **sent).status_code == 303
    said = [one.payload for one in _events(person) if one.kind == "corrected"]
    assert [(one.event_id, one.reason) for one in said] == [(wrong.event_id, "misheard")]
    assert said[0].replacement == {"kind": "note_added", "text": "Daughter comes.", "about": None}
    page = person.get("/ledger?kind=note_added").text
    assert "No longer holds: said anew by The case_manager: misheard" in page
    assert page.index("It now says") < page.index("Daughter comes.") < page.index("Son comes.")


def test_an_entry_is_taken_back(person: Person) -> None:
    person.post("/record", kind="note_added", key="a" * 32, text="Wrong patient.")
    wrong = _events(person)[-1]
    sent = {"kind": "corrected", "event_id": wrong.event_id, "reason": "another patient"}
    assert person.post("/record", key="b" * 32, **sent).status_code == 303
    assert "taken back by The case_manager: another patient" in person.get("/ledger?kind=note_added").text
    assert person.door.app.state.desk.casework.case(person.door.case()).state.notes == []


def test_what_a_feed_brought_and_what_others_wrote_is_not_offered(person: Person) -> None:
    person.post("/record", kind="note_added", key="a" * 32, text="Mine.")
    mine = _events(person)[-1]
    opened = _events(person)[0]
    assert "correct it at its source" in person.get(f"/ledger?correct={opened.event_id}").text
    auditor = Person(person.door, "auditor")
    page = auditor.get(f"/ledger?correct={mine.event_id}").text
    assert 'id="say-right"' not in page
    assert ">Correct<" not in page


# --- papers -----------------------------------------------------------------------------------------------------


def test_papers_are_listed_and_shown_in_a_frame_of_ours_only(person: Person) -> None:
    page = person.get("/papers")
    assert "Clinical summary for the payer" in page.text
    assert "in English" in page.text
    assert page.headers["x-frame-options"] == "DENY"
    paper = person.get("/papers/payer_summary.html")
    assert paper.headers["x-frame-options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in paper.headers["content-security-policy"]
    assert "script-src" not in paper.headers["content-security-policy"]
    saved = person.get("/papers/payer_summary.html?save=true")
    assert saved.headers["content-disposition"] == 'attachment; filename="payer_summary.html"'
    assert person.get("/papers/nothing.html").status_code == 404


def test_a_paper_is_released_once_and_shown_as_released(person: Person) -> None:
    sent = {"kind": "released", "document": "payer_summary", "media": "html", "key": "a" * 32}
    for _ in range(2):
        assert person.post("/papers/release", **sent).status_code == 303
    released = [one for one in _events(person) if one.kind == "released"]
    assert len(released) == 1
    assert released[0].payload.payer_profile == "original_medicare"
    assert "from this review" in person.get("/papers").text
    assert "Nothing was released by then" in person.get("/papers?at=2026-06-15T07:00").text


def test_papers_of_the_patient_or_without_a_payer_are_not_released(person: Person) -> None:
    sent = {"kind": "released", "media": "pdf"}
    refused = person.post("/papers/release", document="patient_plan.en", key="a" * 32, **sent)
    assert refused.status_code == 422
    assert "not for payers" in refused.text
    assert "nobody to release to" in person.get("/papers", "s2").text
    assert (
        person.post("/papers/release", "s2", document="payer_summary", key="b" * 32, **sent).status_code
        == 422
    )
    assert not [one for one in _events(person, "s2") if one.kind == "released"]


def test_a_stale_case_is_warned_of(person: Person) -> None:
    wanted = "something came since" in person.get("/papers").text.lower()
    assert not wanted
    answer = person.door.record(
        {"kind": "notice_delivered", "clock_id": "IM-1", "is_signed": True}, occurred_at=NOW.isoformat()
    )
    assert answer.status_code == 201
    assert "review the case again before you send one" in person.get("/papers").text
