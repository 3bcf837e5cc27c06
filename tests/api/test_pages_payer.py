"""The payer's portal: what a payer's user sees of a stay, what is recorded, and that nobody else's member is found."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from apikit import OTHER_PAYER, Door
from fastapi.routing import iter_route_contexts
from httpx import Response
from pagekit import Browser, browser

from discharge.casework import ledger
from discharge.casework.accounts import access
from discharge.casework.events import FIRST_HASH

pytestmark = pytest.mark.content

RELEASE = "rel-1"
ASKED = {
    "kind": "authorization_requested",
    "authorization_id": "a-1",
    "service": "inpatient_acute",
    "payer_profile": "original_medicare",
    "days_asked": 3,
    "number": "REF-77",
}
OF_ANOTHER = {
    "kind": "authorization_requested",
    "authorization_id": "a-2",
    "service": "snf",
    "payer_profile": "example_ma_plan",
    "number": "OTHER-99",
}
PERSON = re.compile(r"Rossi|Anna\b|MRN-p1|1EG4TE5MK73|1948-02-03|REF-77", re.IGNORECASE)
"""The patient of s1 and what is on record of the stay."""


def release(door: Door, release_id: str = RELEASE, form: str = "html") -> None:
    answer = door.ask(
        "POST",
        f"/cases/{door.case()}/releases",
        json={"document": "payer_summary", "form": form, "release_id": release_id},
        headers={"If-Match": door.version()},
    )
    assert answer.status_code == 201, answer.text


@pytest.fixture
def house(sqlite_door: Door) -> Door:
    """A stay of which one payer was asked and given a paper; another payer was asked for something of it too."""
    assert sqlite_door.record(ASKED, OF_ANOTHER).status_code == 201
    release(sqlite_door)
    return sqlite_door


def events(door: Door, kind: str) -> list[Any]:
    with door.store.read() as connection:
        return [one for one in ledger.events_of(connection, door.case()) if one.kind == kind]


def reads(door: Door, role: str, *, allowed: bool) -> list[access.Read]:
    with door.store.read() as connection:
        return access.find(connection, access.Asked(account_id=door.seed.accounts[role], allowed=allowed))


KEY = {"key": "a" * 32, "form": "f"}


def test_a_payer_finds_its_release_reads_it_and_approves(house: Door) -> None:
    payer = browser(house, "payer")
    inbox = payer.get("/payer").text
    assert f'href="/payer/{RELEASE}"' in inbox and "REF-77" in inbox and "OTHER-99" not in inbox
    assert "No answer yet" in inbox and "Rossi" in inbox
    page = payer.get(f"/payer/{RELEASE}").text
    assert 'value="a-1"' in page and "a-2" not in page and "OTHER-99" not in page
    assert house.case() not in page, "a payer has no use for the case's id"
    answer = payer.post(
        f"/payer/{RELEASE}/answer", kind="payer:approve", authorization_id="a-1", days_approved="2", **KEY
    )
    assert answer.status_code == 303 and answer.headers["location"] == f"/payer/{RELEASE}?done=payer:approve"
    assert (
        payer.post(
            f"/payer/{RELEASE}/answer", kind="payer:approve", authorization_id="a-1", days_approved="2", **KEY
        ).status_code
        == 303
    ), "sent twice"
    (event,) = events(house, "decision_received")
    assert (event.payload.decision, event.payload.days_approved) == ("approved", 2)
    assert event.actor.roles == ("payer",)
    assert "Your approval is recorded" in payer.get(answer.headers["location"]).text
    assert "Approved, 2 days" in payer.get("/payer").text
    shown = {(one.action, one.case_id or "list") for one in reads(house, "payer", allowed=True)}
    assert {("page_payer", "list"), ("page_payer_release", house.case())} <= shown


def test_the_paper_is_the_released_bytes_and_may_stand_in_our_own_frame_alone(house: Door) -> None:
    payer = browser(house, "payer")
    (event,) = events(house, "released")
    paper = payer.get(f"/payer/{RELEASE}/paper")
    assert hashlib.sha256(paper.content).hexdigest() == event.payload.document
    assert paper.headers["x-frame-options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in paper.headers["content-security-policy"]
    assert "script-src" not in paper.headers["content-security-policy"]
    assert paper.headers["content-disposition"].startswith("inline")
    saved = payer.get(f"/payer/{RELEASE}/paper?save=true")
    assert saved.headers["content-disposition"] == 'attachment; filename="payer_summary.html"'


def test_the_packet_can_be_checked_with_what_is_in_it(house: Door, tmp_path: Path) -> None:
    answer = browser(house, "payer").get(f"/payer/{RELEASE}/packet")
    assert answer.headers["content-disposition"] == f'attachment; filename="release-{RELEASE}.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packet:
        packet.extractall(tmp_path)
    (event,) = events(house, "released")
    told = json.loads((tmp_path / "packet.json").read_text())
    assert told["event"]["hash"] == event.hash and told["event"]["anchor"] == f"{event.seq}:{event.hash}"
    assert told["review"]["sha256"] == event.payload.review_digest and told["made_by"]["packs"]
    assert re.fullmatch("[0-9a-f]{64}", told["made_by"]["edition"])
    assert event.previous_hash != FIRST_HASH
    subprocess.run(["sha256sum", "--quiet", "--check", "SHA256SUMS"], cwd=tmp_path, check=True)
    steps = (tmp_path / "CHECK.txt").read_text()
    command = re.search(r"^ +(\{ printf .*sha256sum)$", steps, re.MULTILINE)[1]  # type: ignore[index]
    printed = subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert printed.stdout.split()[0] == event.hash, "the written step gives the hash that it names"
    payload = json.loads((tmp_path / "event.json").read_text())["payload"]
    assert payload["document"] == told["paper"]["sha256"]
    assert (
        "Anna" not in steps + (tmp_path / "packet.json").read_text() + (tmp_path / "event.json").read_text()
    )


def test_an_adverse_answer_needs_a_reason_and_a_licensed_clinician_by_name(house: Door) -> None:
    payer = browser(house, "payer")
    sent = {"kind": "payer:adverse", "authorization_id": "a-1", "decision": "denied", "form": "payer-adverse"}
    bare = payer.post(f"/payer/{RELEASE}/answer", htmx=True, key="b" * 32, **sent)
    assert bare.status_code == 422
    assert 'data-entry="payer-adverse-reason"' in bare.text and "payer-adverse-clinician" in bare.text
    nameless = payer.post(
        f"/payer/{RELEASE}/answer",
        htmx=True,
        key="b" * 32,
        reason="Not shown.",
        **sent | {"clinician.name": "Kim Lo"},
    )
    assert nameless.status_code == 422 and "payer-adverse-clinician-credentials" in nameless.text
    approved = payer.post(
        f"/payer/{RELEASE}/answer", htmx=True, key="b" * 32, **sent | {"decision": "approved"}
    )
    assert approved.status_code == 422 and events(house, "decision_received") == []
    whole = sent | {"reason": "Not shown.", "clinician.name": "Kim Lo", "clinician.credentials": "MD"}
    answer = payer.post(f"/payer/{RELEASE}/answer", htmx=True, key="c" * 32, **whole)
    assert answer.status_code == 204 and answer.headers["hx-redirect"].startswith(f"/payer/{RELEASE}?done=")
    (event,) = events(house, "decision_received")
    assert event.payload.clinician.name == "Kim Lo" and event.payload.reason == "Not shown."


def test_a_question_is_answered_on_the_page_and_comes_back_to_the_top(house: Door) -> None:
    payer = browser(house, "payer")
    asked = payer.post(
        f"/payer/{RELEASE}/answer",
        kind="payer:ask",
        authorization_id="a-1",
        question_id="q-1",
        question="On oxygen?",
        **KEY,
    )
    assert asked.status_code == 303
    assert "You asked for more" in payer.get("/payer").text
    assert "has not answered yet" in payer.get(f"/payer/{RELEASE}").text
    reply = {"kind": "payer_answered", "question_id": "q-1", "text": "On room air since Sunday."}
    assert house.record(reply).status_code == 201
    assert "On room air since Sunday." in payer.get(f"/payer/{RELEASE}").text
    inbox = payer.get("/payer").text
    assert inbox.index("The hospital answered your question") < inbox.index("group-open")
    call = payer.post(
        f"/payer/{RELEASE}/answer", kind="payer:call", authorization_id="a-1", call_id="c-1", at="2026-06-15T15:30",
        physician="Physician advisor", payer_physician="Kim Lo", key="d" * 32, form="f",
    )  # fmt: skip
    assert call.status_code == 303
    (event,) = events(house, "peer_to_peer_scheduled")
    assert event.payload.at.isoformat() == "2026-06-15T15:30:00-04:00", "read in the facility's zone"
    pended = payer.post(
        f"/payer/{RELEASE}/answer", kind="payer:pend", authorization_id="a-1", key="e" * 32, form="f"
    )
    assert pended.status_code == 303 and "Pended" in payer.get("/payer").text


def test_what_was_asked_of_another_payer_is_refused_in_the_same_words_as_nothing(house: Door) -> None:
    payer = browser(house, "payer")
    answers = {
        payer.post(
            f"/payer/{RELEASE}/answer",
            htmx=True,
            kind="payer:approve",
            authorization_id=one,
            key="f" * 32,
            form="f",
        ).text
        for one in ("a-2", "a-3")
    }
    assert len(answers) == 1 and "nothing was asked of this payer" in answers.pop()
    assert events(house, "decision_received") == []


def test_what_the_hospital_wrote_down_shows_no_words_of_the_hospital(house: Door) -> None:
    said = {
        "kind": "decision_received", "authorization_id": "a-1", "decision": "denied", "reason": "Fax. Ask Bo about it.",
    }  # fmt: skip
    other = said | {"authorization_id": "a-2", "reason": "Also not ours."}
    assert house.record(said, other).status_code == 201
    page = browser(house, "payer").get(f"/payer/{RELEASE}").text
    assert "Denied" in page and "written down by the hospital" in page
    assert "Ask Bo" not in page and "not ours" not in page


def test_a_release_that_was_taken_back_is_not_there(house: Door) -> None:
    (event,) = events(house, "released")
    payer = browser(house, "payer")
    gone = {"kind": "corrected", "event_id": event.event_id, "reason": "Wrong paper.", "replacement": None}
    assert house.record(gone).status_code == 201
    assert payer.get(f"/payer/{RELEASE}").status_code == 404
    assert "Nothing has been released to you yet" in payer.get("/payer").text


def test_another_payers_release_and_none_at_all_are_the_same(house: Door) -> None:
    other = browser(house, OTHER_PAYER)
    for path in ("", "/paper", "/packet"):
        pages = [other.get(f"/payer/{one}{path}") for one in (RELEASE, "rel-9")]
        assert [one.status_code for one in pages] == [404, 404]
        assert pages[0].text == pages[1].text.replace("rel-9", RELEASE) or _plain(pages[0]) == _plain(
            pages[1]
        )
        assert pages[0].headers.keys() == pages[1].headers.keys()
    for one in (RELEASE, "rel-9"):
        sent = other.post(
            f"/payer/{one}/answer", kind="payer:ask", question_id="q-1", question="Who is it?", **KEY
        )
        assert sent.status_code == 404
    assert events(house, "payer_asked") == []
    refused = reads(house, OTHER_PAYER, allowed=False)
    assert len(refused) == 8 and {one.case_id for one in refused} == {house.case(), None}
    assert "Nothing has been released to you yet" in other.get("/payer").text


def _plain(answer: Response) -> str:
    """Return a page without what differs between any two answers."""
    return re.sub(r'(csrf-token" content|name="csrf_token" value)="[^"]*"', "", answer.text)


IDS = {
    "case_id": "{case}", "release_id": RELEASE, "digest": "{digest}", "document": "payer_summary", "form": "html",
    "account_id": "{account}", "encounter_id": "s1", "payer_id": "original_medicare", "profile": "original_medicare",
    "profile_id": "original_medicare", "pack": "cms_medicare", "authorization_id": "a-1", "name": "payer_summary.html",
}  # fmt: skip
ENDS_SESSION = {"sign_out", "page_sign_out"}
SEARCHES = (
    "?search=Rossi&q=Rossi&unit=4+West&case_id={case}&format=csv&of={account}&at=2026-06-15T07:00:00-04:00"
)


def test_by_no_door_does_another_payer_learn_of_the_patient(house: Door) -> None:
    """Every route of the application, as its path names the stay and with searches for it, asked by another payer."""
    other = browser(house, OTHER_PAYER)
    digest = house.get(f"/cases/{house.case()}/reviews").json()["reviews"][0]["digest"]
    facts = {"case": house.case(), "digest": digest, "account": house.seed.accounts["case_manager"]}
    told = re.compile(rf"{PERSON.pattern}|{facts['case']}|{digest}", re.IGNORECASE)
    asked, faults = 0, []
    for route in iter_route_contexts(house.app.routes):
        filled = re.sub(r"\{(\w+)(:path)?\}", lambda name: IDS.get(name[1], "x"), route.path).format(**facts)
        for method in sorted((route.methods or set()) - {"HEAD"}):
            for answer in _asked(other, method, filled, facts, route.name):
                asked += 1
                said = answer.text + "\n" + "\n".join(f"{k}: {v}" for k, v in answer.headers.items())
                if found := told.search(said):
                    faults.append(f"{method} {route.path} ({answer.status_code}) tells {found[0]!r}")
                if answer.status_code >= 500:
                    faults.append(f"{method} {route.path} fails: {answer.status_code}")
        if route.name in ENDS_SESSION:
            other = browser(house, OTHER_PAYER)
    assert faults == [] and asked > 150
    assert events(house, "payer_asked") == [] and events(house, "decision_received") == []


def _asked(other: Browser, method: str, path: str, facts: dict[str, str], name: str) -> list[Response]:
    """Ask as a browser, as htmx and as a program; writing with what the routes of the payer's door take."""
    search = SEARCHES.format(**facts)
    if method == "GET":
        as_program = {"Accept": "application/json"}
        kinds = ({"Accept": "text/html"}, {"Accept": "text/html", "HX-Request": "true"}, as_program)
        return [other.client.get(path + query, headers=one) for one in kinds for query in ("", search)]
    form = {"csrf_token": other.token, "kind": "payer:ask", "question_id": "q-1", "question": "Who?", "search": "Rossi",
            "key": "a" * 32, "form": "f", "back": f"/cases/{facts['case']}", "version": "1"}  # fmt: skip
    body = {"answer": {"kind": "payer_asked", "question_id": "q-1", "question": "Who?"}}
    writing = {"X-CSRF-Token": other.token}
    answers = [other.client.request(method, path, json=body, headers=writing)]
    if method == "POST" and name not in ENDS_SESSION:
        for one in ({"Accept": "text/html"}, {"Accept": "text/html", "HX-Request": "true"}):
            answers.append(other.client.post(path, data=form, headers=one))
    return answers


def test_the_payer_itself_learns_of_no_other_patient(house: Door) -> None:
    """Its own door shows the released stay and nothing of the stays that were not released."""
    payer = browser(house, "payer")
    for path in ("/payer", f"/payer/{RELEASE}", f"/payer/{RELEASE}/paper"):
        text = payer.get(path).text
        assert "Rossi" in text
        assert not re.search(r"Okafor|Silva|Novak|MRN-p[234]", text)
        assert not any(case in text for name, case in house.seed.cases.items() if name != "s1")
