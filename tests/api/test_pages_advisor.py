"""The physician advisor's pages: who may decide, what is asked for first, and where one goes next."""

from __future__ import annotations

from typing import Any

import pytest
from apikit import Door
from pagekit import Browser, browser, sent

from discharge.casework import ledger

pytestmark = pytest.mark.content


def referred(door: Door, encounter: str, referral: str, **more: Any) -> None:
    asked = {
        "kind": "advisor_referred", "referral_id": referral, "question": f"Is {encounter} supported?",
        "reason": "continued_stay",
    }  # fmt: skip
    assert door.record(asked | more, encounter=encounter).status_code == 201


@pytest.fixture
def house(sqlite_door: Door) -> Door:
    """Two open questions, the one on s2 due first."""
    referred(sqlite_door, "s1", "r-1", due_at="2026-06-15T16:00:00-04:00")
    referred(sqlite_door, "s2", "r-2", due_at="2026-06-15T12:00:00-04:00")
    return sqlite_door


def event(door: Door, kind: str, encounter: str = "s1") -> list[Any]:
    with door.store.read() as connection:
        return [one for one in ledger.events_of(connection, door.case(encounter)) if one.kind == kind]


def record(who: Browser, door: Door, encounter: str, entries: dict[str, str]) -> Any:
    return who.post(f"/cases/{door.case(encounter)}/record", htmx=True, **entries)


def test_the_queue_tells_question_due_dollars_payer_and_evidence(house: Door) -> None:
    text = browser(house, "physician_advisor").get("/advisor").text
    first, second = text.index("Is s2 supported?"), text.index("Is s1 supported?")
    assert first < second, "the first due first"
    assert f"/advisor/{house.case('s2')}?referral=r-2" in text
    assert "asked by The case_manager" in text and "Original Medicare" in text
    assert "Okafor" not in browser(house, "physician_advisor").get("/advisor?payer=original_medicare").text


def test_a_case_manager_reads_it_and_may_not_decide(house: Door) -> None:
    manager = browser(house, "case_manager")
    assert "A physician advisor decides" in manager.get("/advisor").text
    page = manager.get(f"/advisor/{house.case()}").text
    assert 'id="advisor-decided"' not in page and 'id="practitioner-consulted"' not in page
    note = sent(page, "note-added") | {"text": "The attending calls at ten."}
    assert record(manager, house, "s1", note).status_code == 204
    (written,) = event(house, "note_added")
    assert written.payload.about == "referral:r-1"
    assert "The attending calls at ten." in manager.get(f"/advisor/{house.case()}").text
    decided = {"kind": "advisor_decided", "referral_id": "r-1", "decision": "approved", "rationale": "x", "form": "f",
               "physician.name": "A", "physician.credentials": "MD", "version": "9", "key": "a" * 32}  # fmt: skip
    assert record(manager, house, "s1", decided).status_code == 403
    assert event(house, "advisor_decided") == []


def test_a_finding_needs_the_practitioner_first_and_a_second_physician_where_he_disagrees(
    house: Door,
) -> None:
    advisor = browser(house, "physician_advisor")
    path = f"/advisor/{house.case()}?referral=r-1"
    decide = sent(advisor.get(path).text, "advisor-decided")
    assert decide["physician.name"] == "The physician_advisor" and decide["physician.credentials"] == "MD"
    finding = decide | {"decision": "not_necessary", "rationale": "Nothing of it needs a hospital."}
    bare = record(advisor, house, "s1", finding)
    assert bare.status_code == 422 and "was not asked first" in bare.text
    asked = sent(advisor.get(path).text, "practitioner-consulted")
    asked |= {"practitioner.name": "Ingrid Halvorsen", "practitioner.credentials": "MD", "view": "disagrees",
              "note": "Wants one more day of oxygen."}  # fmt: skip
    assert record(advisor, house, "s1", asked).status_code == 204
    page = advisor.get(path).text
    assert "Wants one more day of oxygen." in page and "disagrees: hospital care is needed" in page
    again = sent(page, "advisor-decided") | {"decision": "not_necessary", "rationale": "Nothing of it."}
    alone = record(advisor, house, "s1", again)
    assert alone.status_code == 422 and 'data-entry="advisor-decided-second_physician"' in alone.text
    second = again | {"second_physician.name": "Helen Osei", "second_physician.credentials": "MD"}
    assert record(advisor, house, "s1", second).status_code == 204
    (written,) = event(house, "advisor_decided")
    assert written.payload.second_physician.name == "Helen Osei"


def test_after_a_decision_comes_the_next_question_and_then_the_queue(house: Door) -> None:
    advisor = browser(house, "physician_advisor")
    for encounter, referral, following in (
        ("s2", "r-2", f"/advisor/{house.case()}?referral=r-1"),
        ("s1", "r-1", "/advisor"),
    ):
        page = advisor.get(f"/advisor/{house.case(encounter)}?referral={referral}").text
        entries = sent(page, "advisor-decided") | {
            "decision": "approved",
            "rationale": "Supported by the record.",
        }
        answer = record(advisor, house, encounter, entries)
        assert answer.status_code == 204
        assert answer.headers["hx-redirect"].startswith(following)
    queue = advisor.get(answer.headers["hx-redirect"]).text
    assert "Your decision is recorded." in queue and "No question waits for you" in queue
    page = advisor.get(f"/advisor/{house.case()}?referral=r-1").text
    assert "Supported by the record." in page and 'id="advisor-decided"' not in page


def test_more_information_keeps_the_question_open_and_says_so(house: Door) -> None:
    advisor = browser(house, "physician_advisor")
    entries = sent(advisor.get(f"/advisor/{house.case()}?referral=r-1").text, "advisor-decided")
    assert (
        record(
            advisor, house, "s1", entries | {"decision": "more_information", "rationale": "Course?"}
        ).status_code
        == 204
    )
    queue = advisor.get("/advisor").text
    assert queue.index("More was asked for") < queue.index("Is s1 supported?")
    assert 'id="advisor-decided"' in advisor.get(f"/advisor/{house.case()}?referral=r-1").text


def test_a_case_that_nobody_referred_leads_to_the_case(sqlite_door: Door) -> None:
    text = browser(sqlite_door, "physician_advisor").get(f"/advisor/{sqlite_door.case('s2')}").text
    assert "No question was asked" in text and f'href="/cases/{sqlite_door.case("s2")}"' in text
