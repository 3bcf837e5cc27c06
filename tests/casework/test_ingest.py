"""A feed into the store, on both kinds of database: nothing twice, nothing lost, nothing reviewed for nothing."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import small_feed
from intakekit import (
    HOUR,
    MOMENT,
    answer,
    events,
    feed,
    kept,
    lab,
    library,
    reasons,
    runs,
    take_in,
    written,
)
from storekit import KINDS

from discharge.casework import ledger
from discharge.casework.intake import feed_runs, find_case, refresh, review_cases
from discharge.casework.intake.reviewer import Reviewer
from discharge.casework.service import Casework
from discharge.casework.storage import blobs
from discharge.casework.storage.engine import Store, open_store
from discharge.errors import FeedEmptyError, FeedError, NotFoundError, UsageError
from discharge.resources import data_folder
from discharge.run import RunSettings, run_review

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

LATE = "2026-06-15T06:30:00-04:00"
LATER = MOMENT + HOUR


@pytest.fixture
def lite(new_database: Callable[..., str]) -> Iterator[Store]:
    """An empty store, where the kind of database doesn't matter."""
    with open_store(new_database("sqlite")) as opened:
        yield opened


@pytest.fixture(scope="session")
def _fed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fed")
    with open_store(folder / "fed.db") as opened:
        take_in(opened, written(folder, feed()))
    return folder / "fed.db"


@pytest.fixture
def fed(_fed: Path, tmp_path: Path) -> Iterator[Store]:
    """A store that has the made feed already."""
    with open_store(shutil.copy(_fed, tmp_path / "fed.db")) as opened:
        yield opened


@pytest.fixture(scope="module")
def _fed_postgresql(new_module_database: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    url = new_module_database("postgresql")
    with open_store(url) as opened:
        take_in(opened, written(tmp_path_factory.mktemp("fed"), feed()))
    return url


@pytest.fixture(params=KINDS)
def both_fed(request: pytest.FixtureRequest, new_database: Callable[..., str]) -> Iterator[Store]:
    """A store that has the made feed already, once on each kind of database."""
    if request.param == "sqlite":
        yield request.getfixturevalue("fed")
        return
    url = new_database("postgresql", template=request.getfixturevalue("_fed_postgresql"))
    with open_store(url) as opened:
        yield opened


def review_of(store: Store, encounter: str, at: datetime = MOMENT) -> bytes:
    """Return the bytes of the last review recorded as of a moment."""
    digest = [run.review_digest for run in runs(store, encounter) if run.as_of == at][-1]
    with store.read() as connection:
        return blobs.get(connection, digest)


def test_stays_known_at_the_moment_get_a_case_and_a_review(store: Store, tmp_path: Path) -> None:
    account = take_in(store, written(tmp_path, feed()))
    assert (account.stays_new, account.reviewed, account.stays_not_yet_known) == (3, 3, 1)
    assert account.records_read == account.records_used == 21
    assert account.adds_up()
    assert [event.kind for event in events(store, "s1")] == ["stay_opened", "facts_received", "review_run"]
    with pytest.raises(NotFoundError):
        find_case(store, "s4")
    with store.read() as connection:
        assert ledger.verify(connection).first_break is None


def test_the_same_feed_twice_writes_nothing(both_fed: Store, tmp_path: Path) -> None:
    store, path = both_fed, written(tmp_path, feed())
    before = kept(store)
    shuffled = written(tmp_path / "again", reversed(feed()), "another_name")
    for again in (path, shuffled):
        account = take_in(store, again)
        assert (account.stays_unchanged, account.reviewed, account.rows_changed) == (3, 0, 0)
    take_in(store, path, MOMENT + timedelta(minutes=5))  # time passed, nothing came of it
    assert kept(store) == before


def test_each_feed_has_a_line_in_the_log_with_what_became_of_it(lite: Store, tmp_path: Path) -> None:
    account = take_in(lite, written(tmp_path, feed()))
    broken = tmp_path / "broken.ndjson"
    broken.write_bytes(b"")
    with pytest.raises(FeedError):
        take_in(lite, broken, MOMENT + timedelta(minutes=5))
    with lite.read() as connection:
        runs = {one.outcome: one for one in feed_runs(connection)}
    assert runs.keys() == {"taken_in", "feed-empty"}
    assert runs["taken_in"].account == account
    assert (runs["feed-empty"].account, runs["feed-empty"].is_taken_in) == (None, False)


def test_only_the_stay_of_which_something_changed_is_reviewed_again(fed: Store, tmp_path: Path) -> None:
    account = take_in(fed, written(tmp_path, [*feed(), lab("new", 84, LATE)]), LATER)
    assert (account.stays_changed, account.stays_unchanged, account.reviewed) == (1, 2, 1)
    assert (account.patients_changed, account.rows_changed) == (1, 1)
    assert reasons(fed, "s1") == ["new", "facts"]
    assert reasons(fed, "s2") == reasons(fed, "s3") == ["new"]


def test_a_review_is_the_same_bytes_whoever_else_is_in_the_feed(
    fed: Store, lite: Store, tmp_path: Path
) -> None:
    asked = RunSettings(
        as_of=pd.Timestamp(MOMENT),
        zone=small_feed.ZONE,
        rules=data_folder("rules"),
        payers=data_folder("payer_profiles"),
    )
    run_review([written(tmp_path, feed())], tmp_path / "out", asked)
    lines = (tmp_path / "out" / "reviews.ndjson").read_bytes().splitlines()
    assert sorted(lines) == sorted(review_of(fed, stay) for stay in ("s1", "s2", "s3"))
    mine = [
        one for one in feed() if not any(other in repr(one) for other in ("'p2'", "/p2'", "'p3'", "/p3'"))
    ]
    assert take_in(lite, written(tmp_path / "alone", mine)).reviewed == 1
    assert review_of(lite, "s1") in lines


def test_what_a_later_feed_leaves_out_stays_known(fed: Store, tmp_path: Path) -> None:
    account = take_in(fed, written(tmp_path, feed(without=["o0", "o5", "c1", "p2", "s2"])), LATER)
    assert account.reviewed == 0
    assert account.rows_changed == 0


def test_rows_that_refer_to_stays_of_the_store_are_used(both_fed: Store, tmp_path: Path) -> None:
    store = both_fed
    account = take_in(store, written(tmp_path / "late", [lab("new", 84, LATE)]), LATER)
    assert (account.records_used, account.records_rejected, account.reviewed) == (1, 0, 1)
    assert b"Rossi" in review_of(store, "s1", LATER)
    path = tmp_path / "observations.csv"
    path.write_text(
        "encounter_id,code,system,value,unit,effective_at\ns1,59408-5,loinc,82,%,2026-06-15T07:30:00-04:00\n"
        "nobody,59408-5,loinc,82,%,2026-06-15T07:30:00-04:00\n",
        encoding="utf-8",
    )
    account = take_in(store, path, LATER)
    assert (account.records_used, account.records_rejected, account.reviewed) == (1, 1, 1)
    assert account.reject_codes == {"unknown_encounter": 1}
    assert b"Rossi" in review_of(store, "s1", LATER)
    assert reasons(store, "s1") == ["new", "facts", "facts"]


def test_a_feed_about_nobody_known_and_without_stay_is_refused(fed: Store, tmp_path: Path) -> None:
    stranger = {"resourceType": "Patient", "id": "p9"}
    with pytest.raises(FeedEmptyError):
        take_in(fed, written(tmp_path / "late", [stranger]), LATER)


def test_a_corrected_row_supersedes_the_old_one(fed: Store, tmp_path: Path) -> None:
    corrected = lab("o0", 99, "2026-06-13T14:32:00-04:00", status="corrected")
    assert b'"value":86.0' in review_of(fed, "s1")
    assert take_in(fed, written(tmp_path / "late", [corrected]), LATER).reviewed == 1
    assert b'"value":86.0' not in review_of(fed, "s1", LATER)


def test_records_entered_in_error_are_taken_back(fed: Store, tmp_path: Path) -> None:
    words: list[dict[str, Any]] = [
        {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"},
         "verificationStatus": {"coding": [{"code": "entered-in-error"}]}},
        {"resourceType": "Observation", "id": "o0", "status": "entered-in-error",
         "subject": {"reference": "Patient/p1"}},
    ]  # fmt: skip
    rows = [f"{word['resourceType']}/{word['id']}".encode() for word in words]
    assert all(row in review_of(fed, "s1") for row in rows)
    account = take_in(fed, written(tmp_path / "late", words), LATER)
    assert (account.rows_changed, account.reviewed) == (2, 1)
    assert not any(row in review_of(fed, "s1", LATER) for row in rows)


def test_a_part_that_a_record_lost_is_lost(fed: Store, tmp_path: Path) -> None:
    def pressure(*parts: tuple[str, int]) -> dict[str, Any]:
        loinc = "http://loinc.org"
        return {"resourceType": "Observation", "id": "bp", "status": "final", "effectiveDateTime": LATE,
                "code": {"coding": [{"system": loinc, "code": "85354-9"}]},
                "subject": {"reference": "Patient/p1"}, "encounter": {"reference": "Encounter/s1"},
                "component": [{"code": {"coding": [{"system": loinc, "code": code}]},
                               "valueQuantity": {"value": value, "unit": "mm[Hg]", "code": "mm[Hg]"}}
                              for code, value in parts]}  # fmt: skip

    take_in(fed, written(tmp_path, [pressure(("8462-4", 50), ("8480-6", 81))]), LATER)
    assert b"Observation/bp#2" in review_of(fed, "s1", LATER)
    take_in(fed, written(tmp_path, [pressure(("8462-4", 50))]), LATER + HOUR)
    assert b"Observation/bp#2" not in review_of(fed, "s1", LATER + HOUR)


def _table(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(key for row in rows for key in row)))
        writer.writeheader()
        writer.writerows(rows)


def test_tables_without_row_ids_never_write_over_other_rows(lite: Store, tmp_path: Path) -> None:
    take_in(lite, small_feed.write_tables(tmp_path / "one"))
    tables = small_feed.tables()
    _table(tmp_path / "two", "observations", [
        {"encounter_id": "s1", "code": "59408-5", "system": "loinc", "value": 82, "unit": "%",
         "effective_at": LATE, "status": "final"}, tables["observations"][0]])  # fmt: skip
    account = take_in(lite, tmp_path / "two", LATER)
    assert (account.records_used, account.rows_changed, account.reviewed) == (2, 1, 1)
    assert review_of(lite, "s1").count(b'"observations/') < review_of(lite, "s1", LATER).count(
        b'"observations/'
    )


def test_a_ward_that_gets_its_end_is_one_ward(lite: Store, tmp_path: Path) -> None:
    start, end = "2026-06-13T14:10:00-04:00", "2026-06-15T05:00:00-04:00"
    first = {"encounter_id": "s1", "unit": "ICU", "is_intensive_care": "true", "start": start, "end": ""}
    small_feed.write_tables(tmp_path / "one")
    _table(tmp_path / "one", "segments", [first])
    take_in(lite, tmp_path / "one")
    _table(tmp_path / "two", "segments", [{**first, "end": end}])
    account = take_in(lite, tmp_path / "two", LATER)
    assert account.rows_changed == 2  # the row with the end came, the one without it went


def test_time_alone_makes_what_was_charted_ahead_visible(lite: Store, tmp_path: Path) -> None:
    ahead = lab("ahead", 80, "2026-06-15T09:00:00-04:00")
    path = written(tmp_path, [*feed(), ahead])
    take_in(lite, path)
    assert b"Observation/ahead" not in review_of(lite, "s1")
    account = take_in(lite, path, MOMENT + 2 * HOUR)
    assert b"Observation/ahead" in review_of(lite, "s1", MOMENT + 2 * HOUR)
    assert (account.rows_changed, account.stays_changed, account.reviewed) == (0, 1, 1)
    facts = [event.payload for event in events(lite, "s1") if event.kind == "facts_received"]
    assert [(one.delta is None, one.rows) for one in facts] == [(False, facts[0].rows), (True, 0)]
    tomorrow = take_in(lite, path, MOMENT + 30 * HOUR)
    assert tomorrow.stays_new == 1  # s4 was admitted by then
    assert tomorrow.stays_not_yet_known == 0


def test_an_earlier_moment_is_refused(fed: Store, tmp_path: Path) -> None:
    path = written(tmp_path, feed())
    with pytest.raises(UsageError, match="earlier than 2026-06-15T11:00"):
        take_in(fed, path, MOMENT - HOUR / 60)


def test_another_edition_reviews_the_house_again_and_nobody_else(fed: Store, tmp_path: Path) -> None:
    path = written(tmp_path, feed())
    rules = tmp_path / "rules"
    shutil.copytree(data_folder("rules"), rules)
    one = rules / "conditions" / "pneumonia.yaml"
    one.write_text(one.read_text(encoding="utf-8") + "\n# reworded\n", encoding="utf-8")
    other = library(rules=rules)
    account = take_in(fed, path, LATER, other)
    assert account.reasons == {"edition": 2}
    assert reasons(fed, "s3") == ["new"]  # discharged
    assert take_in(fed, path, LATER, other).reviewed == 0
    with fed.read() as connection:
        switched = [event.kind for event in ledger.events_of(connection, "system")]
    assert switched == ["edition_in_force", "feed_keeps", "edition_in_force"]


def test_what_people_record_asks_for_another_review(fed: Store, tmp_path: Path) -> None:
    store, path = fed, written(tmp_path, feed())
    answer(store, "s1", MOMENT + HOUR / 2, place="own_home", lives_alone=True)
    account = take_in(store, path, LATER)
    assert account.reasons == {"casework": 1}
    assert b'"source":"ledger"' in review_of(store, "s1", LATER)
    assert take_in(store, path, LATER).reviewed == 0


def test_refresh_reviews_what_is_stale_with_no_feed(fed: Store, tmp_path: Path) -> None:
    assert refresh(fed, library(), as_of=LATER, now=lambda: LATER) == 0
    answer(fed, "s2", LATER, place="own_home", lives_alone=True)
    assert refresh(fed, library(), as_of=LATER, now=lambda: LATER) == 1
    assert refresh(fed, library(), as_of=LATER, now=lambda: LATER) == 0
    assert reasons(fed, "s2") == ["new", "casework"]


def test_a_review_that_is_asked_for_is_made(fed: Store, tmp_path: Path) -> None:
    case = find_case(fed, "s1")
    assert review_cases(fed, library(), [case], as_of=LATER, now=lambda: LATER, reason="asked") == 1
    assert reasons(fed, "s1") == ["new", "asked"]
    assert reasons(fed, "s2") == ["new"]
    with pytest.raises(NotFoundError):
        review_cases(fed, library(), ["nobody"], as_of=LATER, now=lambda: LATER, reason="asked")


def test_a_case_changed_during_its_review_is_reviewed_again(
    both_fed: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = both_fed
    real, calls = Reviewer.review, []

    def slow(self: Reviewer, *asked: Any) -> Any:
        made = real(self, *asked)
        calls.append(1)
        if len(calls) == 1:
            answer(store, "s1", LATER, place="own_home", lives_alone=True)
        return made

    monkeypatch.setattr(Reviewer, "review", slow)
    account = take_in(store, written(tmp_path, [lab("new", 84, LATE)]), LATER)
    assert (len(calls), account.reviewed, account.stays_changed) == (2, 1, 1)
    assert b'"source":"ledger"' in review_of(store, "s1", LATER)
    assert len(runs(store, "s1")) == 2
    assert Casework(store, library()).case(find_case(store, "s1")).state.is_stale is False


def test_a_visit_that_becomes_part_of_a_stay_keeps_its_case(lite: Store, tmp_path: Path) -> None:
    first = feed(s1={"class": {"code": "OBSENC"}})
    take_in(lite, written(tmp_path, first))
    case = find_case(lite, "s1")
    inpatient = {"resourceType": "Encounter", "id": "s1b", "status": "in-progress", "class": {"code": "IMP"},
                 "subject": {"reference": "Patient/p1"}, "period": {"start": "2026-06-15T06:00:00-04:00"}}  # fmt: skip
    ended = {"class": {"code": "OBSENC"}, "status": "finished",
             "period": {"start": "2026-06-13T14:10:00-04:00", "end": "2026-06-15T06:00:00-04:00"}}  # fmt: skip
    account = take_in(lite, written(tmp_path, [*feed(s1=ended), inpatient]), LATER)
    assert (account.stays_new, account.stays_changed) == (0, 1)
    assert find_case(lite, "s1b") == case
    assert Casework(lite, library()).case(case).state.encounter_id == "s1b"


def test_a_new_admission_leaves_the_past_stay_alone(fed: Store, tmp_path: Path) -> None:
    back = {"resourceType": "Encounter", "id": "s5", "status": "in-progress", "class": {"code": "IMP"},
            "subject": {"reference": "Patient/p3"}, "period": {"start": LATE}}  # fmt: skip
    account = take_in(fed, written(tmp_path / "late", [back]), LATER)
    assert account.reasons == {"new": 1}
    assert reasons(fed, "s3") == ["new"]


def test_workers_make_the_same_reviews(
    fed: Store, lite: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("discharge.casework.intake.reviewer._WORTH_SENDING", 1)
    account = take_in(lite, written(tmp_path, feed()), workers=2)
    assert account.reviewed == 3
    for stay in ("s1", "s2", "s3"):
        assert review_of(lite, stay) == review_of(fed, stay)
