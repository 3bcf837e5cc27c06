"""The head of a case, Today, Criteria and Denial risk, without a browser: what is shown, offered and recorded."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import pytest
from apikit import LATER, NOW, PASSWORD, Door, TestClient
from httpx import Response

from discharge.api.pages.case.conclusions import score_lines, whys
from discharge.api.pages.case.criteria import areas_of
from discharge.api.pages.case.evidence import fact_line
from discharge.api.pages.case.tree import Node, Trees
from discharge.casework.events import ENGINE, StayOpened
from discharge.facts import catalogue
from discharge.review.model import FactSeen, Review

pytestmark = pytest.mark.content

HTML = {"Accept": "text/html"}
PAGES = ("", "criteria", "denials")
AREAS = 200_000


class _Forms(HTMLParser):
    """The entries of each form, as a browser would send them untouched; "" is where it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self._select = self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self.found.append({"": given.get("action", "")})
        elif tag == "select" and name:
            self._select = name
            self.found[-1].setdefault(name, "")
        elif tag == "option" and "selected" in given and self._select:
            self.found[-1][self._select] = given["value"]
        elif tag == "textarea":
            self._text = name
            self.found[-1][name] = ""
        elif tag == "input" and name and self.found and given.get("type") not in ("checkbox", "range"):
            before, value = self.found[-1].get(name), given.get("value", "")
            self.found[-1][name] = value if before is None else f"{before}\n{value}"

    def handle_data(self, data: str) -> None:
        if self._text:
            self.found[-1][self._text] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._text = ""


@dataclass
class Reader:
    """Somebody signed in with a browser, on a case."""

    door: Door
    client: TestClient
    case_id: str
    text: str = ""

    def open(self, tab: str = "", query: str = "", **headers: str) -> str:
        path = f"/cases/{self.case_id}" + (f"/{tab}" if tab else "") + query
        answer = self.client.get(path, headers=HTML | headers)
        assert answer.status_code == 200, answer.text[:300]
        self.text = answer.text
        return self.plain()

    def plain(self) -> str:
        """The page as somebody reads it."""
        body = re.sub(r"<(script|style)\b.*?</\1>", " ", self.text, flags=re.S)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())

    def forms(self) -> list[dict[str, str]]:
        parser = _Forms()
        parser.feed(self.text)
        return parser.found

    def form(self, kind: str, **such: str) -> dict[str, str]:
        for one in self.forms():
            if one.get("kind") == kind and such.items() <= one.items():
                return one
        raise AssertionError(f"no form for {kind} {such}")

    def kinds(self) -> set[str]:
        return {one["kind"] for one in self.forms() if "kind" in one}

    def send(self, form: dict[str, str], *, htmx: bool = True, **entries: str) -> Response:
        said: dict[str, Any] = {name: value for name, value in form.items() if name} | entries
        if "asks" in said:  # sent as often as there are facts
            said["asks"] = said["asks"].split("\n")
        return self.client.post(form[""], data=said, headers=HTML | ({"HX-Request": "true"} if htmx else {}))

    def last(self, kind: str) -> Any:
        found = self.door.app.state.desk.casework.events(self.case_id)
        return [one for one in found if one.kind == kind][-1].payload

    @property
    def review(self) -> Review:
        found = self.door.app.state.desk.casework.review(self.case_id)
        assert found is not None
        return found  # type: ignore[no-any-return]


def reader(door: Door, login: str = "case_manager", encounter: str = "s1") -> Reader:
    client = TestClient(door.app, base_url="http://127.0.0.1:8400", follow_redirects=False)
    answer = client.post("/sign-in", data={"login": login, "password": PASSWORD, "next": "/account"})
    assert answer.status_code == 303
    return Reader(door, client, door.case(encounter))


# --- the head ---------------------------------------------------------------------------------------------------


def test_the_head_says_who_where_payer_day_and_what_comes_next(sqlite_door: Door) -> None:
    one = reader(sqlite_door)
    for tab in PAGES:
        text = one.open(tab)
        head = text[: text.index("Pages of this case") if "Pages of this case" in text else 2000]
        for part in ("Rossi, Anna", "78 y, female, MRN MRN-p1", "4 West, bed 12", "Original Medicare", "day 2",
                     "usual 2.2", "MS-DRG 195", "inpatient, 2 midnights", "Nobody has this case",
                     "Reviewed Jun 15, 07:00 EDT", "Important Message from Medicare, first copy"):  # fmt: skip
            assert part in head, (tab, part)
        assert len(one.text.encode()) < AREAS


def test_a_payer_that_no_profile_matches_says_why(sqlite_door: Door) -> None:
    text = reader(sqlite_door, encounter="s2").open()
    assert "no payer profile matched (payer NOBODY-KNOWS has no profile)" in text
    assert "usual stay not known" in text


def test_a_case_is_taken_given_up_and_handed_over(sqlite_door: Door) -> None:
    one = reader(sqlite_door)
    me = sqlite_door.seed.accounts["case_manager"]
    one.open("criteria")
    taken = one.send(one.form("assigned", form="take-case"), htmx=False)
    assert taken.status_code == 303 and taken.headers["location"].startswith(
        f"/cases/{one.case_id}/criteria?"
    )
    assert one.last("assigned").assignee == me
    text = one.open()
    assert "Your case" in text and "Take the case" not in text
    handed = one.form("handed_over")
    assert (
        one.send(handed, to=sqlite_door.seed.accounts["supervisor"], summary="Daughter decides.").status_code
        == 204
    )
    assert one.last("handed_over").summary == "Daughter decides."
    assert "Case of The supervisor" in one.open()
    assert "handed_over" not in one.kinds(), "only who has it hands it over"
    two = reader(sqlite_door, "supervisor")
    two.open()
    assert two.send(two.form("assigned", form="give-up-case")).status_code == 204
    assert two.last("assigned").assignee is None
    two.open()
    assert two.send(two.form("assigned", form="give-case"), assignee=me).status_code == 204
    assert two.last("assigned").assignee == me


def test_who_may_only_read_is_offered_nothing(sqlite_door: Door) -> None:
    one = reader(sqlite_door, "auditor")
    for tab in PAGES:
        one.open(tab)
        assert one.kinds() == set(), tab


def test_an_earlier_moment_is_said_and_offers_nothing(sqlite_door: Door) -> None:
    one = reader(sqlite_door)
    for tab in PAGES:
        text = one.open(tab, f"?at={NOW:%Y-%m-%dT%H:%M:%SZ}")
        assert "You see the case as it stood at Mon Jun 15, 2026 07:00 EDT" in text
        assert one.kinds() == set() and "Comment on" not in text
        assert f"/cases/{one.case_id}/criteria?at=" in one.text, "the moment goes with one from page to page"


def test_a_stay_that_was_never_reviewed_says_so_and_claims_nothing(sqlite_door: Door) -> None:
    desk = sqlite_door.app.state.desk
    desk.casework.record(
        "a" * 32, [StayOpened(encounter_id="new-1", patient_id="p-new")], actor=ENGINE, now=LATER
    )
    one = reader(sqlite_door)
    one.case_id = "a" * 32
    assert "This stay was not reviewed yet" in one.open() and "Name not known" in one.plain()
    assert "first_level_reviewed" not in one.kinds() and "note_added" in one.kinds()
    assert "no criterion was looked at" in one.open("criteria")
    assert "That is not the same as no risk" in one.open("denials")


# --- today ------------------------------------------------------------------------------------------------------


def test_what_is_missing_becomes_a_question_then_an_answer_then_a_fact(sqlite_door: Door) -> None:
    one = reader(sqlite_door)
    text = one.open()
    missing = one.review.level_of_care.missing["continued_stay"]
    for facts in missing:
        for fact in facts:
            assert catalogue()[fact].title in text
    asking = one.form("physician_asked", form="ask-continued-stay")
    assert "Please chart, with the time, what would settle whether another hospital day" in asking["question"]
    assert one.send(asking, to="").status_code == 422, "somebody has to be asked"
    assert one.send(asking, to="Dr. A. Lee").status_code == 204
    asked = one.last("physician_asked")
    assert set(asked.asks) == {fact for facts in missing for fact in facts}
    assert "1 open" in one.open() and "no answer yet" in one.text
    assert not [form for form in one.forms() if form.get("form") == "ask-continued-stay"], (
        "it is asked already"
    )
    answer = one.form("physician_answered")
    fact = asked.asks[0]
    assert answer[f"facts.{fact}"] == "" and answer["answered_by.name"] == "Dr. A. Lee"
    sent = one.send(
        answer,
        answer="Confused since midnight.",
        **{f"facts.{fact}": "true", "answered_by.credentials": "MD"},
    )
    assert sent.status_code == 204, sent.text
    assert one.last("physician_answered").facts == {fact: "true"}
    text = one.open()
    assert f"{catalogue()[fact].title}: yes" in text and "not counted yet: review now" in text
    assert "Something came since the last review" in text
    assert one.send(one.form("review_run")).status_code == 204
    text = one.open()
    assert "Something came since" not in text and "not counted yet" not in text
    assert "Another hospital day ? not known" not in text, "the answer settled it"


def test_a_first_level_review_takes_the_comments_along(sqlite_door: Door) -> None:
    one = reader(sqlite_door)
    criterion = one.review.findings[0].criterion
    one.open("criteria", f"?comment={criterion}", **{"HX-Request": "true"})
    assert "<html" not in one.text
    assert one.send(one.form("note_added"), text="Family confirms.").status_code == 204
    assert one.last("note_added").about == f"criterion:{criterion}"
    assert "Family confirms." in one.open("criteria", f"?open={criterion}")
    assert "1 comment on criteria goes with the next review" in one.open()
    review = one.form("first_level_reviewed")
    assert review["review_type"] == "concurrent" and review[f"criteria.{criterion}"] == "Family confirms."
    refused = one.send(review, outcome="approved")
    assert refused.status_code == 422 and "say why" in refused.text, (
        "approved against what is known takes a reason"
    )
    assert one.send(review, outcome="referred", comment="Please look.").status_code == 204
    event = one.last("first_level_reviewed")
    assert event.criteria == {criterion: "Family confirms."} and event.review_digest is not None
    assert "To be referred" in one.open()
    refer = one.form("advisor_referred")
    assert refer["reason"] == "continued_stay"
    assert one.send(refer).status_code == 204
    assert one.last("advisor_referred").question == "Does the patient still need hospital care?"
    assert "waits for the advisor" in one.open()


def test_no_name_that_only_we_know_is_shown_to_a_nurse(sqlite_door: Door) -> None:
    text = reader(sqlite_door, encounter="s2").open()
    assert "Settle the level of care. Chart: Principal diagnosis." in text
    names = set(re.findall(r"\b[a-z_]+\.[a-z0-9_]+\b", text)) & {*catalogue()}
    assert not names


def test_a_note_and_an_escalation_are_recorded(sqlite_door: Door) -> None:
    one = reader(sqlite_door)
    one.open()
    assert one.send(one.form("note_added"), text="Daughter <b>comes</b> at three.").status_code == 204
    one.open()
    assert "Daughter &lt;b&gt;comes&lt;/b&gt; at three." in one.text
    assert one.send(one.form("escalated"), to_role="supervisor", reason="No bed.").status_code == 204
    assert one.last("escalated").to_role == "supervisor"


# --- criteria ---------------------------------------------------------------------------------------------------


def test_every_criterion_of_the_review_stands_in_some_area(sqlite_door: Door) -> None:
    for encounter in ("s1", "s2", "s3"):
        one = reader(sqlite_door, encounter=encounter)
        areas = areas_of(one.review)
        shown = set[str]()
        for area in sorted(set(areas.values())):
            one.open("criteria", f"?area={area}")
            assert len(one.text.encode()) < AREAS
            shown |= set(re.findall(r'id="c-([^"]+)"', one.text))
        assert shown == set(areas), (encounter, set(areas) - shown)


def test_a_filter_keeps_the_way_down_and_says_what_it_leaves_out(sqlite_door: Door) -> None:
    one = reader(sqlite_door)
    whole = one.open("criteria")
    all_of_them = set(re.findall(r'id="c-([^"]+)"', one.text))
    text = one.open("criteria", "?show=unknown")
    kept = set(re.findall(r'id="c-([^"]+)"', one.text))
    unknown = {each.criterion for each in one.review.findings if each.status == "unknown"}
    assert kept < all_of_them and unknown & all_of_them <= kept
    assert f"{len(kept)} of {len(all_of_them)} criteria; {len(all_of_them) - len(kept)} left out" in text
    assert "left out by the filter" not in whole


def test_evidence_names_value_test_time_and_row(sqlite_door: Door) -> None:
    text = reader(sqlite_door).open("criteria")
    assert "Oxygen saturation by pulse oximetry, lowest in the first 24 h: 86 % asked: below 90 %" in text
    assert (
        "Jun 13, 14:32 EDT spo2 86 % ; charted Sat Jun 13, 2026 14:32 EDT; from observations.csv, row" in text
    )


def test_conclusions_and_scores_are_all_told(sqlite_door: Door) -> None:
    one = reader(sqlite_door)
    found = whys(one.review, areas_of(one.review))
    assert sum(len(why.conclusions) for why in found) == len(one.review.conclusions)
    text = one.open("criteria", "?area=why")
    assert all(" ".join(each.says.split()) in text for why in found for each in why.conclusions)
    text = one.open("criteria", "?area=scores")
    for line in score_lines(one.review):
        assert f"{line.title}" in text and line.points in text


def test_a_tree_says_how_parts_are_joined_only_of_the_edition_it_was_found_with(sqlite_door: Door) -> None:
    review, packs = reader(sqlite_door).review, sqlite_door.app.state.desk.library.packs
    top = review.findings[0].criterion

    def joints(node: Node) -> set[str]:
        return {node.joint, *(joint for part in node.parts for joint in joints(part))}

    assert "needs one of" in joints(Trees(review, packs).roots([top])[0])
    files = {
        name: one.model_copy(update={"version": "1999.1"}) for name, one in review.provenance.files.items()
    }
    other = review.model_copy(update={"provenance": review.provenance.model_copy(update={"files": files})})
    assert joints(Trees(other, packs).roots([top])[0]) == {""}


def test_a_fact_that_is_not_charted_is_not_given_a_value() -> None:
    line = fact_line(
        FactSeen(name="labs.x", title="X", value=None, unit="mmol/L", test="above 2 mmol/L", status="unknown")
    )
    assert (line.value, line.is_known, line.asked) == ("not known", False, "above 2 mmol/L")
    flag = FactSeen(name="z", title="Z", value=True, unit=None, test="yes", status="met")
    assert (fact_line(flag).value, fact_line(flag).asked, fact_line(flag).is_tested) == ("yes", "", True)
    only = fact_line(FactSeen(name="y", title="Y", value=None, unit=None, test="charted", status="not_met"))
    assert (only.value, only.is_known, only.asked) == ("not charted", False, "")


def test_a_criterion_that_is_not_there_opens_nothing(sqlite_door: Door) -> None:
    one = reader(sqlite_door)
    one.open("criteria", "?comment=no.such&open=no.such&area=no_such")
    assert "note_added" not in one.kinds()


# --- denial risk ------------------------------------------------------------------------------------------------


def test_each_risk_tells_cause_likelihood_dollars_and_fix(sqlite_door: Door) -> None:
    one = reader(sqlite_door)
    text = one.open("denials")
    for risk in one.review.denial.risks:
        for part in (risk.title, risk.because, risk.fix, risk.exposure_basis, risk.likelihood.basis,
                     "CARC " + ", ".join(risk.carc)):  # fmt: skip
            assert " ".join(part.split()) in text, (risk.cause, part)


def test_a_fix_becomes_a_task_once(sqlite_door: Door) -> None:
    one = reader(sqlite_door)
    one.open("denials")
    form = one.form("task_added")
    assert one.send(form).status_code == 204
    task = one.last("task_added")
    assert task.title in {risk.fix[:200] for risk in one.review.denial.risks}
    assert "A task for it is on the list (open)" in one.open("denials")
    assert not [each for each in one.forms() if each.get("title") == task.title]


def test_a_payers_user_and_a_stranger_see_no_page(sqlite_door: Door) -> None:
    for login in ("payer", "other_payer", "administrator"):
        client = reader(sqlite_door, login).client
        for tab in PAGES:
            answer = client.get(f"/cases/{sqlite_door.case()}/{tab}".rstrip("/"), headers=HTML)
            assert answer.status_code in (403, 404) and "Rossi" not in answer.text
