"""Papers at the HTTP door: what they are told beside the review, and a machine that can't print."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from apikit import LATER, Door
from intakekit import feed, take_in, written

from discharge.api import documents
from discharge.casework.intake import place_of
from discharge.documents import Paper, PaperContext, paper
from discharge.providers import NOWHERE, Place
from discharge.review.model import Review

HOUR = timedelta(hours=1)


def test_papers_with_lists_know_where_the_patient_lives(
    sqlite_door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    door, seen = sqlite_door, list[PaperContext]()
    moved = feed(p1={"address": [{"state": "NY", "postalCode": "10001"}]})
    only = [one for one in moved if one["resourceType"] == "Patient" and one["id"] == "p1"]
    take_in(door.store, written(tmp_path, only), LATER, door.app.state.desk.library)
    with door.store.read() as connection:
        assert place_of(connection, "p1", LATER) == Place("10001", "NY")
        assert place_of(connection, "p1", LATER - HOUR) == NOWHERE  # not known yet
        assert place_of(connection, "nobody", LATER) == NOWHERE

    def build(review: Review, context: PaperContext) -> None:
        seen.append(context)

    monkeypatch.setattr(documents, "PAPERS", [Paper("seen", build, "none")])
    assert door.get(f"/cases/{door.case()}/documents").json()["papers"] == []
    assert [one.place for one in seen] == [Place("10001", "NY")]
    assert "10001" not in repr(seen)


def test_a_machine_without_a_font_says_what_to_do(sqlite_door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    door, path = sqlite_door, f"/cases/{sqlite_door.case()}/documents/payer_summary"
    monkeypatch.setattr(paper, "_FONT_FOLDERS", ())
    monkeypatch.delenv("FONTCONFIG_PATH", raising=False)
    paper._need_fonts.cache_clear()
    try:
        for answer in (
            door.get(f"{path}.pdf"),
            door.ask(
                "POST",
                f"/cases/{door.case()}/releases",
                headers={"If-Match": door.version()},
                json={"document": "payer_summary", "form": "pdf"},
            ),
        ):
            assert answer.status_code == 503, answer.text
            told = answer.json()
            assert told["type"] == "urn:discharge:problem:output-failed"
            assert "fonts-dejavu-core" in told["detail"] and ".html" in told["detail"]
    finally:
        paper._need_fonts.cache_clear()
    assert door.get(f"{path}.html").status_code == 200
    assert all(one["payload"]["kind"] != "released" for one in _events(door))


def test_a_full_disk_is_told_without_naming_a_folder(
    sqlite_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    from discharge.api.routes import papers
    from discharge.errors import OutputError

    def full(*_: object) -> None:
        raise OutputError("the disk of the spool folder /var/tmp/x is full")

    monkeypatch.setattr(papers, "sheet", full)
    answer = sqlite_door.get(f"/cases/{sqlite_door.case()}/documents/payer_summary.html")
    assert answer.status_code == 503 and "/var" not in answer.text and "space" in answer.json()["detail"]


def _events(door: Door) -> list[dict[str, dict[str, str]]]:
    found: list[dict[str, dict[str, str]]] = door.get(f"/cases/{door.case()}/events").json()["events"]
    return found
