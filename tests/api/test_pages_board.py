"""The board: every figure is the sum of the cases that it opens, and what can't be told is counted beside."""

from __future__ import annotations

import html
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from apikit import LATER, Door
from pagekit import Browser, browser

from discharge.api.pages.board.board import Board, board_of
from discharge.api.pages.board.figures import Figure, Figures
from discharge.api.pages.board.reading import Row, priced_by, rows, states
from discharge.api.pages.board.span import readmissions
from discharge.casework.accounts import access
from discharge.casework.projection import profile_of
from discharge.casework.work.delays import payer_delay, payer_delays, priced

pytestmark = pytest.mark.content

KIM = {"name": "Kim Lo", "credentials": "MD"}


def asked(authorization: str, service: str = "snf") -> dict[str, Any]:
    return {
        "kind": "authorization_requested", "authorization_id": authorization, "service": service,
        "payer_profile": "original_medicare", "days_asked": 3,
    }  # fmt: skip


def denied(
    denial: str, authorization: str | None = None, usd: str | None = "1000.00", **more: Any
) -> dict[str, Any]:
    said = {
        "kind": "denial_received",
        "denial_id": denial,
        "of": "days",
        "notice_at": "2026-06-15T06:00:00-04:00",
    }
    return said | {"authorization_id": authorization, "amount_usd": usd} | more


@pytest.fixture
def house(sqlite_door: Door) -> Door:
    """Two denials on s1 (one overturned by a call, one without dollars), and a day lost."""
    door = sqlite_door
    said = (
        asked("a-1"),
        {"kind": "decision_received", "authorization_id": "a-1", "decision": "denied", "clinician": KIM},
        denied("d-1", "a-1", cause="auth_denied"),
        denied("d-2", usd=None),
        {"kind": "peer_to_peer_held", "call_id": "c-1", "outcome": "upheld", "physician": KIM},
        {
            "kind": "avoidable_day_recorded", "record_id": "x-1", "day": "2026-06-14", "days": "0.5",
            "reason": "imaging",
        },
        {"kind": "assigned", "assignee": door.seed.accounts["case_manager"]},
    )  # fmt: skip
    assert door.record(*said, role="supervisor").status_code == 201
    call = [
        {"kind": "peer_to_peer_scheduled", "call_id": "c-2", "authorization_id": "a-1",
         "at": "2026-06-15T09:00:00-04:00", "physician": "Kim Lo"},
        {"kind": "peer_to_peer_held", "call_id": "c-2", "outcome": "overturned", "physician": KIM},
    ]  # fmt: skip
    assert door.record(*call).status_code == 201
    return door


def board(door: Door, days: int = 30) -> Board:
    return board_of(door.app.state.desk, days)


def shown_sum(page: str, unit: str) -> tuple[int, Decimal]:
    """Return how many cases a page of cases lists, and the sum of what it says that they add."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    lines = [one for one in body.split("<tr>") if "/cases/" in one]
    if unit == "cases":
        return len(lines), Decimal(len(lines))
    cells = [html.unescape(re.findall(r'<td class="num">([^<]*)</td>', one)[-1]) for one in lines]
    return len(lines), sum((Decimal(re.sub(r"[$,]", "", one)) for one in cells), Decimal(0))


def opened(who: Browser, one: Figure, days: int = 30) -> str:
    answer = who.get(f"/board/cases?figure={quote(one.key)}&days={days}")
    assert answer.status_code == 200, one.key
    return answer.text


def test_every_figure_of_the_board_opens_exactly_the_cases_that_it_counts(house: Door) -> None:
    supervisor, found = browser(house, "supervisor"), board(house)
    page = supervisor.get("/board").text
    linked = {html.unescape(one) for one in re.findall(r"/board/cases\?figure=([^&\"]+)&", page)}
    assert linked == {quote(key) for key, one in found.figures.items() if one.count}, (
        "each is on the page, once it has a case"
    )
    assert len(linked) > 20
    for one in (one for one in found.figures.values() if one.count):
        text = opened(supervisor, one)
        count, total = shown_sum(text, one.unit)
        assert count == one.count, one.key
        assert (
            abs(total - one.value) <= Decimal("0.5") * count if one.unit == "usd" else total == one.value
        ), one.key
        assert all(f"/cases/{case_id}" in text for case_id in one.parts)


def test_denials_tell_what_became_of_them_and_what_is_not_known(house: Door) -> None:
    (row,) = board(house).payers
    assert (row.denials.value, row.overturned.value, row.upheld.value, row.open.value) == (2, 1, 0, 1)
    assert (row.denied.count, row.answered.count if row.answered else 0) == (1, 1)
    assert row.rate is not None and row.rate.is_small, "one case says little"
    assert (row.usd.value, row.untold.value) == (Decimal("1000.00"), 1)
    causes = {one.name: one.denials.value for one in board(house).causes}
    assert causes == {"Authorization was refused": 1, "Cause not recorded": 1}


def test_load_length_and_reviews_count_everybody_once(house: Door) -> None:
    found = board(house)
    by_person = {one.name: one.cases.count for one in found.people}
    assert by_person["The case_manager"] == 1 and "Nobody" in by_person
    assert sum(by_person.values()) == sum(one.cases.count for one in found.units)
    whole, *units = found.stays
    assert whole.cases.count == whole.within.count + whole.beyond.count + whole.unknown.count == 2
    assert whole.cases.count == sum(one.cases.count for one in units)
    every = found.reviews[0]
    assert every.on_time.count + every.late.count + every.unknown.count == whole.cases.count


def test_avoidable_days_have_their_reason_and_a_price_or_say_that_none_is_known(house: Door) -> None:
    (row,) = board(house).avoidable
    assert (row.name, row.days.value) == ("Waiting for imaging", Decimal("0.5"))
    assert row.usd.count + row.unpriced.count == 1


def test_the_parts_of_a_review_that_the_board_reads_give_what_the_whole_gives(house: Door) -> None:
    desk = house.app.state.desk
    with house.store.read() as connection:
        found = list(states(house.store, connection, rows(connection)))
        assert found
        for row, state in found:
            parts, whole = priced_by(connection, row.review_digest), desk.casework.review(row.case_id)
            assert priced(state, parts).records == priced(state, whole).records
            profile = profile_of(state, desk.library)
            assert payer_delay(state, parts, profile, LATER) == payer_delay(state, whole, profile, LATER)
            (told,) = payer_delays([(state, whole, profile)], LATER)
            (row_of_board,) = board(house).delays
            assert row_of_board.days.value == told.days and row_of_board.unknown.count == told.unknown_cases


def test_the_board_names_nobody_and_the_lists_are_on_record(house: Door) -> None:
    supervisor = browser(house, "supervisor")
    page = supervisor.get("/board?days=7").text
    assert not re.search("Rossi|Okafor|MRN-", page) and not any(
        case in page for case in house.seed.cases.values()
    )
    found = board(house, 7)
    opened(supervisor, found.stays[0].cases, 7)
    with house.store.read() as connection:
        read = access.find(
            connection, access.Asked(account_id=house.seed.accounts["supervisor"], allowed=True)
        )
        assert set(access.cases_of(connection, read[0])) == set(found.stays[0].cases.parts)
    assert browser(house, "case_manager").get("/board").status_code == 403
    assert browser(house, "auditor").get("/board").status_code == 200
    assert supervisor.get("/board/cases?figure=none&days=7").status_code == 404


def test_a_new_event_is_on_the_board_at_once(house: Door) -> None:
    before = board(house)
    assert board(house) is before, "worked out once"
    assert house.record(denied("d-3"), encounter="s2").status_code == 201
    assert sum(one.denials.value for one in board(house).payers) == 3


def test_readmissions_say_what_is_too_early_and_what_nobody_knows() -> None:
    until = datetime(2026, 6, 15, tzinfo=UTC)
    since = until - timedelta(days=90)

    def stay(name: str, patient: str, begun: date, left: date | None) -> Row:
        at = [
            None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)
            for day in (begun, left)
        ]
        return Row(name, 1, patient, None, None, None, at[0], at[1], left is None, None, None, None)

    known = [
        stay("old", "p1", date(2026, 4, 1), date(2026, 4, 10)),
        stay("again", "p1", date(2026, 5, 1), date(2026, 5, 3)),
        stay("late", "p1", date(2026, 6, 10), None),
        stay("said", "p2", date(2026, 4, 1), date(2026, 4, 3)),
        stay("silent", "p3", date(2026, 4, 1), date(2026, 4, 3)),
        stay("young", "p4", date(2026, 6, 1), date(2026, 6, 3)),
        stay("before", "p5", date(2026, 1, 1), date(2026, 1, 3)),
    ]
    found = readmissions(Figures(), known, {"said": False}, since, until)
    assert {
        "ended": set(found.ended.parts), "back": set(found.back.parts), "not": set(found.not_back.parts),
        "early": set(found.too_early.parts), "unknown": set(found.unknown.parts),
    } == {
        "ended": {"old", "again", "said", "silent", "young"}, "back": {"old"}, "not": {"said"}, "early": {"young"},
        "unknown": {"again", "silent"},
    }  # fmt: skip
