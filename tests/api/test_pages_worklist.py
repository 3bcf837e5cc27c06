"""The worklist without a browser: what is listed, searched, kept, exported, done to many, and told as news."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import python_calamine
import sqlalchemy as sa
from apikit import LATER, Door, TestClient, note
from httpx import Response

from discharge.api.auth.principal import SESSION_COOKIE
from discharge.api.pages.worklist.asked import Asked, asked_of, due_before
from discharge.api.pages.worklist.export import COLUMNS, as_csv, as_xlsx
from discharge.api.pages.worklist.export import Sheet as Exported
from discharge.casework.accounts import access, sessions
from discharge.casework.storage.tables import AGENDA, CASES, SAVED_FILTERS, SESSIONS

pytestmark = pytest.mark.content
HTML = {"Accept": "text/html"}
HTMX = HTML | {"HX-Request": "true"}


class Browser:
    """Somebody who is signed in, with the token that forms carry."""

    def __init__(self, door: Door, login: str) -> None:
        self.door = door
        self.client = TestClient(door.app, base_url="http://127.0.0.1:8400", follow_redirects=False)
        with door.store.write() as connection:
            account = door.seed.accounts[login]
            secret = sessions.start(connection, account, life=timedelta(hours=12), now=LATER)
        self.client.cookies.set(SESSION_COOKIE, secret)
        self.token = sessions.csrf_token(secret)

    def get(self, path: str, **more: Any) -> Response:
        return self.client.get(path, headers=HTML, **more)

    def post(self, path: str, entries: dict[str, Any] | None = None, *, part: bool = True) -> Response:
        sent = {"csrf_token": self.token, **(entries or {})}
        return self.client.post(path, data=sent, headers=HTMX if part else HTML)

    def picked(self, *encounters: str) -> list[str]:
        """What the boxes of these cases send."""
        page = self.get("/worklist?manager=all&where=any").text
        boxes = dict(re.findall(r'name="case" value="([0-9a-f]{32})\.(\d+)"', page))
        return [f"{case}.{boxes[case]}" for case in (self.door.case(one) for one in encounters)]


@pytest.fixture
def browser(sqlite_door: Door) -> Iterator[Callable[[str], Browser]]:
    made: list[Browser] = []

    def open_as(login: str = "case_manager") -> Browser:
        made.append(Browser(sqlite_door, login))
        return made[-1]

    yield open_as
    for one in made:
        one.client.close()


def names(answer: Response) -> list[str]:
    """The patients shown, in their order."""
    assert answer.status_code == 200, answer.text[:500]
    return re.findall(r'id="p-[0-9a-f]{32}">([^<]+)</a>', answer.text)


def change(door: Door, encounter: str, **values: Any) -> None:
    """Write into the row of a case what no feed of these tests brings."""
    with door.store.write() as connection:
        connection.execute(sa.update(CASES).where(CASES.c.case_id == door.case(encounter)).values(**values))
        connection.execute(sa.delete(AGENDA).where(AGENDA.c.case_id == door.case(encounter)))


def test_the_page_shows_everybodys_cases_in_the_house_to_who_has_none(
    browser: Callable[..., Browser],
) -> None:
    page = browser().get("/worklist")
    assert sorted(names(page)) == ["Okafor, Ben", "Rossi, Anna"]
    assert "2 patients, in the house" in page.text
    assert "Silva" not in page.text
    with browser().door.store.read() as connection:
        last = access.find(connection, access.Asked(), most=1)[0]
        assert last.action == "page_worklist"
        assert last.count == 2


def test_the_page_shows_ones_own_cases_to_who_has_some(browser: Callable[..., Browser]) -> None:
    nurse = browser()
    assert nurse.post("/worklist/bulk", {"act": "take", "case": nurse.picked("s2")}).status_code == 200
    assert names(nurse.get("/worklist")) == ["Okafor, Ben"]
    assert len(names(nurse.get("/worklist?manager=all"))) == 2
    assert names(nurse.get("/worklist?manager=none")) == ["Rossi, Anna"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("unit=4+West", {"Rossi, Anna"}),
        ("unit=unknown", set()),
        ("payer=original_medicare", {"Rossi, Anna"}),
        ("payer=unknown", {"Okafor, Ben"}),
        ("where=left", {"Silva, Carla"}),
        ("where=any", {"Okafor, Ben", "Rossi, Anna", "Silva, Carla"}),
        ("risk=nonsense", {"Okafor, Ben", "Rossi, Anna"}),
        ("search=rossi", {"Okafor, Ben", "Rossi, Anna"}),
    ],
)
def test_filters_of_the_address(browser: Callable[..., Browser], query: str, found: set[str]) -> None:
    page = browser().get(f"/worklist?manager=all&{query}")
    assert set(names(page)) == found
    assert ("No patient fits" in page.text) == (not found)


def test_search_is_sent_by_form_and_its_words_stand_in_no_address(browser: Callable[..., Browser]) -> None:
    nurse = browser()
    found = nurse.post("/worklist/search", {"search": "mrn-p1", "manager": "all", "unit": "4 West"})
    assert names(found) == ["Rossi, Anna"]
    assert found.headers["hx-push-url"] == "/worklist?manager=all&unit=4+West"
    assert "mrn-p1" not in str(found.headers).lower()
    assert nurse.client.get("/worklist/search?search=rossi", headers=HTML).status_code == 405
    whole = nurse.post("/worklist/search", {"search": "rossi", "manager": "all"}, part=False)
    assert names(whole) == ["Rossi, Anna"]
    assert "<h1>" in whole.text


def test_groups_have_a_heading_with_count_and_dollars(browser: Callable[..., Browser]) -> None:
    nurse = browser()
    for by, heading in (
        ("unit", "2 East"),
        ("payer", "Payer not known"),
        ("manager", "Nobody's"),
        ("ready", "Not ready|Readiness not known"),
        ("urgency", "Now|Today|Soon|Watch"),
    ):
        page = html.unescape(nurse.get(f"/worklist?manager=all&group={by}").text)
        heads = re.findall(
            r'scope="rowgroup">([^<]+?) <span class="sum">(\d+) patients?.*?expected loss', page
        )
        assert any(re.fullmatch(heading, title) for title, _ in heads), (by, heads)
        assert sum(int(count) for _, count in heads) == 2


def test_clear_cases_are_one_line_and_why_is_in_words(browser: Callable[..., Browser]) -> None:
    nurse = browser()
    change(
        nurse.door, "s2", urgency=4, next_step="Nothing is asked now.", next_why="no deadline", due_at=None
    )
    titles = nurse.door.app.state.desk.library.packs.files
    named = next(one for one in titles.values() if not one.is_sensitive)
    change(nurse.door, "s1", next_why=f"{named.id}")
    page = nurse.get("/worklist?manager=all").text
    assert len(re.findall(r'class="case clear"', page)) == 1
    assert named.id not in page
    assert named.title.split(" ")[0] in page
    assert 'aria-pressed="false" title="nothing is asked of anybody"' in page
    assert names(nurse.get("/worklist?manager=all&urgency=clear")) == ["Okafor, Ben"]


def test_what_a_sensitive_rule_asks_is_not_for_paper(browser: Callable[..., Browser]) -> None:
    nurse = browser()
    files = nurse.door.app.state.desk.library.packs.files
    private = next(one for one in files.values() if one.is_sensitive)
    change(nurse.door, "s1", next_why=private.id, next_step="Ask about it alone.")
    page = nurse.get("/worklist?manager=all").text
    assert 'class="step private"' in page
    text = nurse.post("/worklist/export", {"manager": "all", "format": "csv"}).content.decode("utf-8-sig")
    assert "Ask about it alone" not in text
    assert "See the case (not for paper)" in text


# --- saved filters ----------------------------------------------------------------------------------------------


def test_a_filter_is_kept_without_words_searched_for_and_taken_away(browser: Callable[..., Browser]) -> None:
    nurse = browser()
    entries = {"name": " My  unit ", "manager": "all", "unit": "4 West", "search": "rossi"}
    kept = nurse.post("/worklist/filters", entries)
    assert 'href="/worklist?manager=all&amp;unit=4+West">My unit</a>' in kept.text
    with nurse.door.store.read() as connection:
        (row,) = connection.execute(sa.select(SAVED_FILTERS)).mappings().all()
    assert "rossi" not in str(dict(row)).lower()
    assert nurse.post("/worklist/filters", entries | {"unit": "2 East"}, part=False).status_code == 303
    page = nurse.get("/worklist").text
    assert page.count(">My unit</a>") == 1
    assert "unit=2+East" in page
    other = browser("supervisor")
    assert "My unit" not in other.get("/worklist").text
    assert other.post(f"/worklist/filters/{row['id']}/drop").status_code == 404
    assert "My unit" not in nurse.post(f"/worklist/filters/{row['id']}/drop").text
    assert nurse.post("/worklist/filters", {"name": " "}).status_code == 422


# --- export -----------------------------------------------------------------------------------------------------


def test_the_list_is_exported_with_numbers_as_numbers_and_formulas_as_text(
    browser: Callable[..., Browser],
) -> None:
    nurse = browser()
    change(nurse.door, "s1", name="=cmd|' /C calc'!A0", bed="+12", unit="@x")
    sent = {"manager": "all", "where": "here", "format": "csv"}
    answer = nurse.post("/worklist/export", sent, part=False)
    assert answer.headers["content-disposition"] == 'attachment; filename="worklist-2026-06-15-0720.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    (row,) = [one for one in rows if one["Encounter"] == "s1"]
    assert (row["Patient"], row["Bed"], row["Unit"]) == ("'=cmd|' /C calc'!A0", "'+12", "'@x")
    assert float(row["Exposure"]) > 0
    assert row["Admitted"] == "2026-06-13T14:10-04:00"
    assert len(rows) == 2
    book = python_calamine.CalamineWorkbook.from_filelike(
        io.BytesIO(nurse.post("/worklist/export", sent | {"format": "xlsx"}, part=False).content)
    )
    lines = book.get_sheet_by_name("Worklist").to_python()
    assert [str(one).partition(" (America")[0] for one in lines[0]] == [
        one.title.partition(" (America")[0] for one in COLUMNS
    ]
    cells = dict(zip([one.title for one in COLUMNS], next(one for one in lines if "s1" in one), strict=True))
    assert cells["Patient"] == "=cmd|' /C calc'!A0"
    assert isinstance(cells["Exposure"], float)
    assert cells["Admitted"] == datetime(2026, 6, 13, 14, 10)
    about = dict(one[:2] for one in book.get_sheet_by_name("About").to_python())
    assert about["Worklist"] == "2 patients, in the house"
    with nurse.door.store.read() as connection:
        assert access.find(connection, access.Asked(), most=1)[0].count == 2


def test_only_the_selected_are_exported(browser: Callable[..., Browser]) -> None:
    nurse = browser()
    entries = {"case": nurse.picked("s2"), "format": "csv", "key": "a" * 32}
    rows = list(
        csv.DictReader(io.StringIO(nurse.post("/worklist/export", entries).content.decode("utf-8-sig")))
    )
    assert [one["Patient"] for one in rows] == ["Okafor, Ben"]
    assert nurse.post("/worklist/export", {"format": "csv", "key": "a" * 32}).status_code == 422
    assert nurse.post("/worklist/export", {"format": "pdf"}).status_code == 422


def test_an_empty_list_is_a_file_with_headings() -> None:
    empty = Exported([], [("Worklist", "0 patients")], "America/New_York")
    assert as_csv(empty).decode("utf-8-sig").startswith("Place,Urgency,")
    assert as_xlsx(empty).startswith(b"PK")


# --- bulk -------------------------------------------------------------------------------------------------------


def events(door: Door, encounter: str, kind: str) -> list[Any]:
    return [one for one in door.app.state.desk.casework.events(door.case(encounter)) if one.kind == kind]


def test_each_of_the_selected_is_written_or_refused_for_itself(browser: Callable[..., Browser]) -> None:
    nurse = browser()
    cases = nurse.picked("s1", "s2")
    nurse.door.record(note(), encounter="s1")
    entries = {"act": "note", "text": "Ask about home.", "case": cases, "key": "b" * 32}
    answer = nurse.post("/worklist/bulk", entries)
    assert answer.headers["hx-trigger"] == "worklist-changed"
    assert "1 patient given the note. 1 patient not:" in answer.text
    assert "Rossi, Anna</a>: somebody changed the case since you saw it" in answer.text
    assert f'data-written="{nurse.door.case("s2")}"' in answer.text
    (written,) = events(nurse.door, "s2", "note_added")
    assert (written.payload.text, written.actor.name) == ("Ask about home.", "The case_manager")
    again = nurse.post("/worklist/bulk", entries)
    assert "1 patient given the note" in again.text
    assert len(events(nurse.door, "s2", "note_added")) == 1


def test_a_task_is_added_with_its_time_in_the_facilitys_zone(browser: Callable[..., Browser]) -> None:
    nurse = browser()
    entries = {
        "act": "task",
        "title": "Call family",
        "due_at": "2026-06-15T15:00",
        "case": nurse.picked("s1", "s2"),
    }
    assert "2 patients given the task." in nurse.post("/worklist/bulk", entries).text
    for encounter in ("s1", "s2"):
        (task,) = events(nurse.door, encounter, "task_added")
        assert task.payload.due_at == datetime(2026, 6, 15, 19, tzinfo=UTC)
    bad = nurse.post("/worklist/bulk", entries | {"title": ""})
    assert bad.status_code == 422
    assert "Task: this is missing." in bad.text


def test_who_may_assign(browser: Callable[..., Browser]) -> None:
    nurse, lead = browser(), browser("supervisor")
    to = nurse.door.seed.accounts["case_manager"]
    assert (
        nurse.post(
            "/worklist/bulk", {"act": "assign", "assignee": to, "case": nurse.picked("s1")}
        ).status_code
        == 403
    )
    advisor = nurse.door.seed.accounts["physician_advisor"]
    wrong = lead.post("/worklist/bulk", {"act": "assign", "assignee": advisor, "case": lead.picked("s1")})
    assert wrong.status_code == 422
    done = lead.post("/worklist/bulk", {"act": "assign", "assignee": to, "case": lead.picked("s1", "s2")})
    assert "2 patients assigned." in done.text
    assert sorted(names(nurse.get("/worklist"))) == ["Okafor, Ben", "Rossi, Anna"]
    assert nurse.post("/worklist/bulk", {"act": "take"}).status_code == 422
    assert "Assign to" not in nurse.get("/worklist").text
    assert "Assign to" in lead.get("/worklist").text


def test_who_reads_only_is_offered_nothing_to_write(browser: Callable[..., Browser]) -> None:
    auditor = browser("auditor")
    page = auditor.get("/worklist").text
    assert 'name="case"' not in page
    assert 'value="take"' not in page
    assert auditor.post("/worklist/bulk", {"act": "take"}).status_code == 403
    assert browser("administrator").get("/worklist").status_code == 403
    assert browser("payer").get("/worklist").status_code == 403


# --- news -------------------------------------------------------------------------------------------------------


def news(nurse: Browser, page: str, **more: Any) -> Response:
    entries = dict(re.findall(r'form="news" name="(\w+)"(?: id="[\w-]+")? value="([^"]*)"', page))
    ids = " ".join(re.findall(r'data-case="([0-9a-f]{32})"', page))
    return nurse.post("/worklist/news", {**entries, "manager": "all", "ids": ids, **more})


def test_news_tells_what_changed_and_whether_the_order_holds(browser: Callable[..., Browser]) -> None:
    nurse = browser()
    page = nurse.get("/worklist?manager=all").text
    assert news(nurse, page).status_code == 204
    nurse.door.record(note(), encounter="s2")
    told = news(nurse, page)
    assert names(told) == ["Okafor, Ben"]
    assert "1 patient changed since 07:20 EDT" in told.text
    assert 'data-resort="false"' in told.text
    seq = re.search(r'data-seq="(\d+)"', told.text)
    at = re.search(r'data-at="([^"]+)"', told.text)
    assert seq and at
    assert news(nurse, page, seq=seq[1], at=at[1]).status_code == 204
    shown = re.findall(r'data-case="([0-9a-f]{32})"', page)
    turned = news(nurse, page, ids=" ".join(reversed(shown)))
    assert 'data-resort="true"' in turned.text
    alone = nurse.door.case("s1")
    assert "1 new here" in news(nurse, page, ids=alone, total="1").text
    first = shown[0] == alone
    assert ("new here" in news(nurse, page, ids=alone, total="2").text) == (not first)
    gone = news(nurse, page, unit="4 West")
    assert f'data-gone="{nurse.door.case("s2")}"' in gone.text


def test_news_of_the_hour_alone(browser: Callable[..., Browser]) -> None:
    nurse = browser()
    page = nurse.get("/worklist?manager=all").text
    with nurse.door.store.read() as connection:
        turns = connection.scalar(
            sa.select(sa.func.min(AGENDA.c.from_at)).where(
                AGENDA.c.from_at > LATER, AGENDA.c.case_id == nurse.door.case()
            )
        )
    app = nurse.door.app
    desk, auth = app.state.desk, app.state.auth
    later = turns + timedelta(minutes=1)
    app.state.desk = replace(desk, settings=replace(desk.settings, clock=lambda: later))
    with nurse.door.store.write() as connection:  # the session would have ended by then
        connection.execute(sa.update(SESSIONS).values(expires_at=later + timedelta(hours=1), seen_at=later))
    app.state.auth = replace(auth, now=lambda: later)
    try:
        assert "Rossi, Anna" in names(news(nurse, page))
    finally:
        app.state.desk, app.state.auth = desk, auth


def test_asking_for_news_does_not_keep_a_session(browser: Callable[..., Browser]) -> None:
    nurse = browser()
    page = nurse.get("/worklist").text

    def seen() -> Any:
        with nurse.door.store.read() as connection:
            return connection.scalar(sa.select(sa.func.max(SESSIONS.c.seen_at)))

    app = nurse.door.app
    auth, before = app.state.auth, seen()
    app.state.auth = replace(auth, now=lambda: LATER + timedelta(minutes=3))
    try:
        assert news(nurse, page).status_code == 204
        assert seen() == before
        nurse.get("/worklist")
        assert seen() == LATER + timedelta(minutes=3)
        app.state.auth = replace(auth, now=lambda: LATER + timedelta(hours=13))
        assert news(nurse, page).status_code == 401
    finally:
        app.state.auth = auth


# --- what is asked ----------------------------------------------------------------------------------------------


def test_what_is_asked_is_read_back_from_its_address() -> None:
    asked = Asked(manager="all", unit="4 West", due="noon", group="payer", search="rossi")
    assert asked.query == "manager=all&unit=4+West&due=noon&group=payer"
    assert asked_of({"due": "never", "group": ["payer"], "unit": " 4 West "}) == Asked(
        unit="4 West", group="payer"
    )


def test_when_something_is_due() -> None:
    now = datetime(2026, 6, 15, 16, 30, tzinfo=UTC)  # half past twelve in New York
    found = {
        due: due_before(due, now, "America/New_York")
        for due in ("overdue", "noon", "today", "24h", "72h", "")
    }
    told = {
        due: None if at is None else at.astimezone(UTC).replace(microsecond=0) for due, at in found.items()
    }
    assert told == {
        "overdue": now,
        "noon": datetime(2026, 6, 16, 16, tzinfo=UTC),
        "today": datetime(2026, 6, 16, 4, tzinfo=UTC),
        "24h": now + timedelta(hours=24),
        "72h": now + timedelta(hours=72),
        "": None,
    }


def test_late_is_said_of_what_is_late_for_certain(
    sqlite_door: Door, browser: Callable[[str], Browser]
) -> None:
    passed = LATER - timedelta(hours=3)
    with sqlite_door.store.write() as connection:
        connection.execute(sa.delete(AGENDA))
        connection.execute(sa.update(CASES).values(due_at=passed, urgency=2))
        mine = CASES.c.case_id == sqlite_door.case("s1")
        connection.execute(sa.update(CASES).where(mine).values(urgency=0))
    nurse = browser("case_manager")
    page = nurse.get("/worklist?manager=all&where=any").text
    rows = {one[0]: one[1] for one in re.findall(r'<tr id="c-([0-9a-f]{32})"(.*?)</tr>', page, re.DOTALL)}
    certain = rows.pop(sqlite_door.case("s1"))
    assert 'class="when late"' in certain and ">3 h late<" in certain
    assert rows and all("late" not in one and ">time passed<" in one for one in rows.values())
    assert "<strong>1</strong> past due" in page
    overdue = nurse.get("/worklist?manager=all&where=any&due=overdue").text
    assert re.findall(r'<tr id="c-([0-9a-f]{32})"', overdue) == [sqlite_door.case("s1")]
    assert "1 patient, " in overdue
