"""Reviews of the past run again: the same bytes, whatever rules, payers, facts and people changed since."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from intakekit import (
    HOUR,
    MOMENT,
    Resource,
    answer,
    coverage,
    events,
    feed,
    lab,
    library,
    runs,
    take_in,
    written,
)

from discharge.casework import library as libraries
from discharge.casework.events import Event
from discharge.casework.events.record import ReviewRun
from discharge.casework.intake import find_case, recorded_moments, refresh, replay
from discharge.casework.intake.replay import Replay
from discharge.casework.storage import blobs
from discharge.casework.storage.backup import backup, restore
from discharge.casework.storage.engine import Store, open_store
from discharge.casework.storage.tables import ACCESS_LOG, CASES
from discharge.cli.entry import main
from discharge.errors import NotFoundError
from discharge.resources import data_folder

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

LATE, ANSWERED, RULES, PAYERS, COVERED = (MOMENT + number * HOUR for number in (1, 2, 3, 4, 5))


def copied(source: str, target: Path, file: str, old: str, new: str) -> Path:
    """Copy a shipped folder and change one place in one of its files."""
    shutil.copytree(data_folder(source), target)
    text = (target / file).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (target / file).write_text(text.replace(old, new), encoding="utf-8")
    return target


def lived(store: Store, folder: Path) -> None:
    """Let a day go by: late facts, an answer, a rule's threshold, a payer's deadline, another payer."""
    first = [*feed(), coverage("CMS-MA-PLAN")]
    path = written(folder / "first", first)
    take_in(store, path)
    late = lab("late", 70, "2026-06-13T15:00:00-04:00")  # observed before the first review, sent after it
    take_in(store, written(folder / "late", [late]), LATE)
    answer(store, "s1", LATE + HOUR / 2, place="own_home", lives_alone=True)
    take_in(store, path, ANSWERED)
    rules = copied(
        "rules", folder / "rules", "conditions/pneumonia.yaml",
        'vitals.spo2_admit_min, op: "<", value: 90', 'vitals.spo2_admit_min, op: "<", value: 60',
    )  # fmt: skip
    take_in(store, path, RULES, library(rules=rules))
    deadline = "notification: {unit: h, values: {2020-01-01: {value: "
    payers = copied(
        "payer_profiles", folder / "payers", "example_ma_plan.yaml", f"{deadline}24", f"{deadline}12"
    )
    take_in(store, path, PAYERS, library(rules=rules, payers=payers))
    other = written(folder / "other", [*feed(), coverage()])
    take_in(store, other, COVERED, library(rules=rules, payers=payers))
    for gone in (rules, payers, folder / "first", folder / "late", folder / "other"):
        shutil.rmtree(gone)  # replays need nothing but the store
    libraries._loaded.cache_clear()
    library.cache_clear()


@pytest.fixture(scope="module")
def _lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lived")
    with open_store(folder / "store.db") as opened:
        lived(opened, folder)
    return folder / "store.db"


@pytest.fixture
def past(_lived: Path) -> Iterator[Store]:
    """A store with a day behind it."""
    with open_store(_lived) as opened:
        yield opened


def recorded(store: Store, run: ReviewRun) -> bytes:
    """Return a review as it was written; that it comes out again is shown by the first test."""
    with store.read() as connection:
        return blobs.get(connection, run.review_digest)


def again(store: Store, at: datetime, stay: str = "s1") -> Replay:
    return replay(store, find_case(store, stay), at)


def every_review_again(store: Store, *stays: str) -> list[str]:
    reasons = []
    for stay in stays:
        for run in runs(store, stay):
            made = again(store, run.as_of, stay)
            assert made.is_equal is True, (stay, run.reason)
            assert made.is_same_engine
            assert made.edition.edition == run.edition
            reasons.append(f"{stay} {run.reason}")
    return reasons


EVERY = [
    "s1 new", "s1 facts", "s1 casework", "s1 edition", "s1 edition", "s1 facts",
    "s2 new", "s2 edition", "s2 edition", "s3 new",
]  # fmt: skip


def test_every_recorded_review_comes_out_byte_for_byte(past: Store) -> None:
    assert every_review_again(past, "s1", "s2", "s3") == EVERY


def test_so_it_does_carried_over_to_postgresql(
    past: Store, new_database: Callable[..., str], tmp_path: Path
) -> None:
    backup(past, tmp_path / "past.discharge", now=COVERED + HOUR)
    with open_store(new_database("postgresql")) as store:
        restore(tmp_path / "past.discharge", store, now=COVERED + HOUR)
        assert every_review_again(store, "s1") == EVERY[:6]


def test_each_change_shows_in_the_review_made_after_it(past: Store) -> None:
    said = {run.as_of: recorded(past, run) for run in runs(past, "s1")}
    assert len(set(said.values())) == 6
    assert (b"Observation/late" in said[MOMENT], b"Observation/late" in said[LATE]) == (False, True)
    assert (b'"source":"ledger"' in said[LATE], b'"source":"ledger"' in said[ANSWERED]) == (False, True)
    hypoxaemic = [_status(said[at], "hypoxaemia") for at in (ANSWERED, RULES)]
    assert hypoxaemic == ["met", "not_met"]
    editions = [run.edition for run in runs(past, "s1")]
    assert len(set(editions)) == 3
    profiles = [json.loads(said[at])["payer"]["profile"] for at in (PAYERS, COVERED)]
    assert profiles == ["example_ma_plan", "original_medicare"]


def _status(content: bytes, name: str) -> str:
    found = [
        one["status"] for one in json.loads(content)["findings"] if one["criterion"].endswith(f".{name}")
    ]
    return str(found[0]) if found else "none"


def test_between_two_reviews_only_what_was_known_then_is_seen(past: Store) -> None:
    before = again(past, LATE - HOUR / 60)
    assert (before.is_equal, before.recorded) == (None, None)
    assert b"Observation/late" not in before.content
    assert b"Observation/late" in again(past, LATE + HOUR / 60).content
    assert b'"source":"ledger"' not in again(past, LATE + HOUR / 60).content
    answered = again(past, LATE + HOUR / 2 + HOUR / 60)
    assert b'"source":"ledger"' in answered.content
    editions = {again(past, at - HOUR / 60).edition.edition for at in (RULES, PAYERS, COVERED)}
    assert len(editions) == 3


def test_before_it_was_known_there_is_nothing_to_run(past: Store) -> None:
    with pytest.raises(NotFoundError):
        again(past, MOMENT - HOUR)
    with pytest.raises(NotFoundError):
        replay(past, "nobody", MOMENT)
    assert recorded_moments(past, find_case(past, "s3")) == [MOMENT]


def test_the_command_says_whether_the_bytes_are_the_same(
    _lived: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["replay", "s1", "--database", str(_lived)]
    assert main([*asked, "--at", "2026-06-15T07:00", "--out", str(tmp_path / "review.json")]) == 0
    assert "the same bytes as recorded" in capsys.readouterr().err
    assert json.loads((tmp_path / "review.json").read_bytes())["encounter_id"] == "s1"
    assert main([*asked, "--at", "2026-06-15T07:30", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["is_equal"] is None
    assert "2026-06-15T11:00:00+00:00" in told["recorded_as_of"]
    assert main(["replay", "nobody", "--database", str(_lived), "--at", "2026-06-15T07:00"]) == 14
    with open_store(_lived) as store, store.read() as connection:
        reads = connection.execute(sa.select(ACCESS_LOG.c.account_id, ACCESS_LOG.c.case_id)).all()
    assert len(reads) == 2 and {one.account_id.partition(":")[0] for one in reads} == {"operator"}


def authorization(patient: str) -> Resource:
    """Return a payer's approval, by which a feed shows that it brings authorizations."""
    return {"resourceType": "ClaimResponse", "id": f"auth-{patient}", "status": "active", "use": "preauthorization",
            "type": {"coding": [{"code": "institutional"}]}, "outcome": "complete", "preAuthRef": "A-1",
            "patient": {"reference": f"Patient/{patient}"}, "created": "2026-06-15T06:45:00-04:00",
            "insurer": {"identifier": {"value": "X"}}, "request": {"reference": "Claim/1"}}  # fmt: skip


@pytest.fixture
def fresh(new_database: Callable[..., str]) -> Iterator[Store]:
    """An empty store."""
    with open_store(new_database("sqlite")) as opened:
        yield opened


def test_what_feeds_bring_of_others_counts_from_then_on_and_not_before(fresh: Store, tmp_path: Path) -> None:
    path = written(tmp_path, feed(without=["p3", "s3", "o10"]))
    take_in(fresh, path)
    before = [one.payload.visible_digest for one in _facts(fresh)]
    minute = HOUR / 60
    unchanged = again(fresh, LATE - minute).content
    assert take_in(fresh, written(tmp_path / "other", [authorization("p2")]), LATE).reviewed == 1
    assert [one.payload.visible_digest for one in _facts(fresh)] == before  # nothing came of p1
    assert again(fresh, LATE - minute).content == unchanged
    assert take_in(fresh, path, ANSWERED).reasons == {"facts": 1}  # silence about p1 says something since
    assert len({one.payload.visible_digest for one in _facts(fresh)}) == 2
    assert again(fresh, MOMENT).is_equal
    assert again(fresh, ANSWERED).is_equal
    assert again(fresh, LATE, "s2").is_equal
    assert again(fresh, MOMENT, "s2").is_equal


def visits(patient: str, weeks: int) -> list[Resource]:
    """Return a patient's weekly clinic visits up to the morning: nobody's history is cut off in those weeks."""
    days = [MOMENT - (7 * week + 1) * 24 * HOUR for week in range(weeks)]
    return [
        {"resourceType": "Encounter", "id": f"visit-{place}", "status": "finished", "class": {"code": "AMB"},
         "subject": {"reference": f"Patient/{patient}"},
         "period": {"start": day.isoformat(), "end": (day + HOUR).isoformat()}} for place, day in enumerate(days)
    ]  # fmt: skip


def test_the_weeks_that_others_cover_are_those_of_the_feed_and_not_of_the_batch(
    fresh: Store, tmp_path: Path
) -> None:
    few = feed(without=["p3", "s3", "o10"])
    take_in(fresh, written(tmp_path, few))
    take_in(fresh, written(tmp_path / "more", [*few, *visits("p2", 60)]), LATE)
    # Of p1 nothing came, but that she was nowhere in those weeks is known since: her review is another.
    first, last = again(fresh, MOMENT), again(fresh, LATE)
    assert first.is_equal and last.is_equal
    said = [json.loads(one.content)["provenance"]["facts_digest"] for one in (first, last)]
    assert said[0] != said[1] and runs(fresh, "s1")[-1].reason == "facts"


def _facts(store: Store) -> list[Event]:
    return [one for one in events(store, "s1") if one.kind == "facts_received"]


def test_what_people_do_between_two_reviews_of_one_minute_has_an_order(fresh: Store, tmp_path: Path) -> None:
    take_in(fresh, written(tmp_path, feed(without=["p2", "s2", "p3", "s3", "o10"])))
    answer(fresh, "s1", MOMENT, place="own_home", lives_alone=True)
    assert refresh(fresh, library(), as_of=MOMENT, now=lambda: MOMENT) == 1
    answer(fresh, "s1", MOMENT, place="own_home", lives_alone=False)  # after the last review
    first, last = runs(fresh, "s1")
    assert first.as_of == last.as_of == MOMENT
    made = again(fresh, MOMENT)
    assert made.is_equal is True
    assert made.recorded != recorded(fresh, first)
    assert made.recorded == recorded(fresh, last)


def test_a_review_that_is_due_is_made_with_no_new_facts(fresh: Store, tmp_path: Path) -> None:
    take_in(fresh, written(tmp_path, feed(without=["p2", "s2", "p3", "s3", "o10"])))
    with fresh.write() as connection:  # the payer's rhythm asks for one an hour from now
        connection.execute(CASES.update().values(next_review_at=LATE))
    early = LATE - HOUR / 60
    assert refresh(fresh, library(), as_of=early, now=lambda: early) == 0
    assert refresh(fresh, library(), as_of=LATE, now=lambda: LATE) == 1
    assert refresh(fresh, library(), as_of=LATE, now=lambda: LATE) == 0
    assert [run.reason for run in runs(fresh, "s1")] == ["new", "due"]
    assert again(fresh, LATE).is_equal is True
