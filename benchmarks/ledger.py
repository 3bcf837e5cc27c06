"""The ledger at the size of a hospital's years: appending, verifying, rebuilding, and the worklist's answers.

    python benchmarks/ledger.py --events 1000000 --cases 10000 --json out/bench-ledger.json
    python benchmarks/ledger.py --database postgresql://USER@HOST/EMPTY_DATABASE

First the example feed is ingested into a store of its own; its stays, with their real reviews, are the pattern of all
cases. Each case gets a stay, rows, a review, and then what people and the engine do over days: notes, tasks, questions,
authorizations, barriers, appointments, reviews run again. Timed are the calls alone, not the making of the events.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from discharge.casework import ledger
from discharge.casework.events import ENGINE, FEED, SYSTEM, Actor, Clinician, Draft, Payload
from discharge.casework.events.planning import AppointmentMade, BarrierCleared, BarrierOpened
from discharge.casework.events.record import (
    Assigned,
    FactsReceived,
    NoteAdded,
    StayOpened,
    TaskAdded,
    TaskSettled,
)
from discharge.casework.events.utilization import (
    AuthorizationRequested,
    FirstLevelReviewed,
    PhysicianAnswered,
    PhysicianAsked,
)
from discharge.casework.library import Library, load_library
from discharge.casework.query import Filters, Page
from discharge.casework.service import Casework
from discharge.casework.storage import blobs
from discharge.casework.storage.engine import Store, open_store
from discharge.casework.storage.tables import BLOBS, CASES, STAYS
from discharge.resources import data_folder

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "feed"
AS_OF = datetime(2026, 6, 15, 11, tzinfo=UTC)
ZONE = "America/New_York"
CASES_A_TRANSACTION = 250
EVENTS_A_VISIT = 10
ASKED = 60
PEOPLE = [
    Actor(id=f"nurse-{number}", name=f"Nurse {number}", roles=("case_manager",)) for number in range(40)
]
WORDS = (
    "family called, bed at the facility from Thursday, oxygen weaned to two litres, ride asked for, plan told"
)


class Pattern(NamedTuple):
    """The events of one real stay."""

    opened: StayOpened
    facts: FactsReceived
    review: Payload


class Watch:
    """Seconds of the clock and of this process's CPU; the second is fairer on a busy machine."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    def __enter__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter() - self._began[0]
        self.cpu += time.process_time() - self._began[1]

    def rates(self, name: str, count: int) -> dict[str, float]:
        found = {
            f"{name}_seconds": round(self.wall, 1),
            f"{name}_per_second": round(count / self.wall, 1),
            f"{name}_per_cpu_second": round(count / self.cpu, 1),
        }
        say("  " + ", ".join(f"{key} {value:,}" for key, value in found.items()))
        return found


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def example_store(folder: Path, library: Library) -> Store:
    """The example feed, ingested."""
    from discharge.casework.intake import IngestSettings, ingest

    store = open_store(folder / "example.db")
    settings = IngestSettings(as_of=AS_OF, zone=ZONE)
    ingest(store, [EXAMPLE], settings, library, now=lambda: AS_OF, progress=lambda *_: None)
    return store


def patterns(store: Store) -> list[Pattern]:
    found: dict[str, dict[str, Any]] = {}
    with store.read() as connection:
        for event in ledger.all_events(connection):
            if event.stream != SYSTEM:
                found.setdefault(event.stream, {}).setdefault(event.kind, event.payload)
    kinds = ("stay_opened", "facts_received", "review_run")
    return [Pattern(*(one[kind] for kind in kinds)) for one in found.values() if set(kinds) <= set(one)]


def copy_blobs(source: Store, target: Store) -> None:
    """Reviews, rows and the edition, which the copies of the patterns name too."""
    with source.read() as reading, target.write() as writing:
        for kind in ("review", "delta", "edition"):
            digests = list(reading.scalars(sa.select(BLOBS.c.digest).where(BLOBS.c.kind == kind)))
            for start in range(0, len(digests), 50):
                blobs.put_many(
                    writing, kind, [blobs.get(reading, one) for one in digests[start : start + 50]]
                )
        edition = [event for event in ledger.events_of(reading, SYSTEM) if event.kind == "edition_in_force"]
        draft = Draft(payload=edition[-1].payload, actor=ENGINE, occurred_at=AS_OF)
        ledger.append(writing, SYSTEM, [draft], now=AS_OF)


def visit(number: int, case: int, pattern: Pattern, at: datetime, chance: random.Random) -> list[Draft]:
    """Ten events of one day of a case; the first day opens it."""
    actor = chance.choice(PEOPLE)
    name = f"{case}-{number}"

    def by(who: Actor, *said: Payload) -> list[Draft]:
        return [Draft(payload=one, actor=who, occurred_at=at) for one in said]

    words = WORDS.split(", ")
    first = NoteAdded(text=f"{chance.choice(words)}; {chance.choice(words)}")
    if number == 0:
        opened = pattern.opened.model_copy(update={"encounter_id": f"enc-{case}"})
        begun = [*by(FEED, opened, pattern.facts), *by(ENGINE, pattern.review)]
        asked = AuthorizationRequested(
            authorization_id=f"a{case}", service="inpatient_acute", payer_profile=None, days_asked=3
        )
        barrier = BarrierOpened(barrier_id=f"b{case}", cause="SNF_bed", text="no bed yet")
        acts = (
            Assigned(assignee=actor.id),
            first,
            asked,
            barrier,
            TaskAdded(task_id=f"t{name}", title="Call family"),
        )
        return [
            *begun,
            *by(actor, *acts, FirstLevelReviewed(outcome="approved", review_type="admission")),
            *by(actor, first),
        ]
    passed = FactsReceived(
        ingest_id=f"i{number}", delta=None, rows=0, visible_digest=pattern.facts.visible_digest
    )
    day = [*by(FEED, passed), *by(ENGINE, pattern.review)]
    question = PhysicianAsked(
        question_id=f"q{name}", to="attending", question="Is oxygen still needed at rest?"
    )
    answer = PhysicianAnswered(
        question_id=f"q{name}", answered_by=Clinician(name=f"Dr {case % 50}", credentials="MD"), answer="No."
    )
    task = TaskAdded(task_id=f"t{name}", title="Send referral")
    acts = [first, question, answer, task, TaskSettled(task_id=f"t{name}", outcome="done"), first]
    if number == 3 and chance.random() < 0.7:
        acts[0] = BarrierCleared(barrier_id=f"b{case}", how="bed found")
    seen = AppointmentMade(
        appointment_id=f"p{name}",
        with_whom="Primary care",
        purpose="after discharge",
        at=at + timedelta(days=9),
    )
    return [*day, *by(actor, *acts, seen if number == 2 else first), *by(actor, first)]


def batches(count: int, cases: list[str], models: list[Pattern]) -> Iterator[list[tuple[str, list[Draft]]]]:
    """Events of all cases, day by day, as a hospital writes them."""
    chance = random.Random(17)
    for number in range(max(1, count // (len(cases) * EVENTS_A_VISIT))):
        at = AS_OF + timedelta(hours=8 * number)
        for start in range(0, len(cases), CASES_A_TRANSACTION):
            yield [
                (case, visit(number, place, models[place % len(models)], at, chance))
                for place, case in enumerate(cases[start : start + CASES_A_TRANSACTION], start)
            ]


def append_all(store: Store, count: int, cases: list[str], models: list[Pattern]) -> tuple[int, Watch]:
    watch, done = Watch(), 0
    for batch in batches(count, cases, models):
        with watch, store.write() as connection:
            written = ledger.append_many(connection, batch, now=batch[0][1][0].occurred_at)
        if done % 100_000 > (done + len(written)) % 100_000:
            say(f"  {done + len(written):,} events")
        done += len(written)
    stays = [
        {"case_id": case, "encounter_id": f"enc-{place}", "patient_id": f"pat-{place}", "opened_at": AS_OF}
        for place, case in enumerate(cases)
    ]
    with store.write() as connection:
        connection.execute(STAYS.insert(), stays)
    return done, watch


def common(store: Store, column: sa.Column[Any]) -> Any:
    """The value that most cases have."""
    counted = sa.select(column).where(column.is_not(None)).group_by(column).order_by(sa.func.count().desc())
    with store.read() as connection:
        return connection.scalar(counted.limit(1))


def percentiles(wall: list[float], cpu: list[float]) -> dict[str, float]:
    return {
        f"{name}{kind}": sorted(spent)[int(share * len(spent))]
        for kind, spent in (("", wall), ("_cpu", cpu))
        for name, share in (("p50", 0.5), ("p95", 0.95))
    }


def worklists(service: Casework, now: datetime) -> list[dict[str, Any]]:
    store = service.store
    asked = {
        "all": Filters(),
        "in house": Filters(in_house=True),
        "unit": Filters(unit=common(store, CASES.c.unit)),
        "payer": Filters(payer_profile=common(store, CASES.c.payer_profile)),
        "assignee": Filters(assignee=PEOPLE[3].id),
        "nobody's": Filters(assignee="none"),
        "risk band": Filters(risk_band=common(store, CASES.c.risk_band)),
        "due within a day": Filters(due_before=now + timedelta(days=1)),
        "barrier": Filters(barrier="SNF_bed"),
        "search": Filters(search="enc-77"),
        "unit, payer, in house": Filters(
            unit=common(store, CASES.c.unit),
            payer_profile=common(store, CASES.c.payer_profile),
            in_house=True,
        ),
    }
    found = []
    for name, filters in asked.items():
        for cursor in (None, "5000") if name == "all" else (None,):
            wall: list[float] = []
            cpu: list[float] = []
            total = 0
            for place in range(ASKED):
                watch = Watch()
                with watch:
                    page = service.worklist(
                        filters, now=now + timedelta(minutes=place), page=Page(50, cursor)
                    )
                wall.append(1000 * watch.wall)
                cpu.append(1000 * watch.cpu)
                total = page.total
            figures = {f"{name}_ms": round(value, 1) for name, value in percentiles(wall, cpu).items()}
            title = name if cursor is None else f"{name}, from row {cursor}"
            found.append({"filter": title, "cases": total} | figures)
            say(f"  worklist {title}: {total} cases, {figures}")
    return found


def run(store: Store, source: Store, library: Library, count: int, cases: int) -> dict[str, Any]:
    copy_blobs(source, store)
    chance = random.Random(3)
    names = [f"{chance.getrandbits(128):032x}" for _ in range(cases)]
    done, watch = append_all(store, count, names, patterns(source))
    figures: dict[str, Any] = {"database": store.dialect, "events": done, "cases": cases}
    figures |= watch.rates("append", done)
    for name, with_blobs in (("verify", True), ("verify_events_only", False)):
        watch = Watch()
        with watch, store.read() as connection:
            found = ledger.verify(connection, with_blobs=with_blobs)
        if found.first_break is not None:
            raise SystemExit(f"the ledger is broken: {found.first_break}")
        figures |= watch.rates(name, found.events)
    service = Casework(store, library)
    watch = Watch()
    with watch:
        rebuilt = service.rebuild(
            lambda done, events: say(f"  rebuilt {done} cases") if done % 1000 == 0 else None
        )
    figures |= watch.rates("rebuild", rebuilt.events)
    figures["rebuild_cases_per_cpu_second"] = round(rebuilt.cases / watch.cpu, 1)
    figures["worklist"] = worklists(service, AS_OF + timedelta(days=3))
    return figures


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--events", type=int, default=1_000_000)
    options.add_argument("--cases", type=int, default=10_000)
    options.add_argument(
        "--database", action="append", help="an empty one; default: a SQLite file, thrown away"
    )
    options.add_argument(
        "--example", type=Path, help="a store into which the example feed was ingested before"
    )
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    library = load_library(rules=data_folder("rules"), payers=data_folder("payer_profiles"), zone=ZONE)
    with tempfile.TemporaryDirectory(prefix="discharge-bench-") as name:
        source = open_store(given.example) if given.example else example_store(Path(name), library)
        results = []
        for database in given.database or [str(Path(name) / "ledger.db")]:
            with open_store(database) as store:
                say(store.dialect)
                results.append(run(store, source, library, given.events, given.cases))
        source.close()
    said = json.dumps({"cores": os.cpu_count(), "runs": results}, indent=2)
    print(said)
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(said + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
