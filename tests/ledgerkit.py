"""Events to write in tests, processes that write them, and a hand that alters what nobody may alter."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel
from sqlalchemy.engine import Connection

from discharge.casework import ledger
from discharge.casework.events import KINDS, SYSTEM, Actor, Draft, Event, Payload
from discharge.casework.events.record import EditionInForce, FactsReceived, NoteAdded, StayOpened
from discharge.casework.storage import blobs
from discharge.casework.storage.engine import Store, open_store
from discharge.casework.storage.tables import (
    ACCESS_LOG,
    ACCOUNTS,
    CHART_DELTAS,
    FEED_RUNS,
    METADATA,
    SAVED_FILTERS,
    STAYS,
    TOKENS,
    Instant,
)
from discharge.errors import ConflictError

NURSE = Actor(id="nurse-1", name="A. Nurse", roles=("case_manager",), credentials="RN")
DOCTOR = Actor(id="doctor-1", name="B. Doctor", roles=("physician_advisor",), credentials="MD")
MOMENT = datetime(2026, 6, 15, 11, 0, tzinfo=UTC)
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    ["discharge.casework.ledger", "discharge.casework.storage.engine", "psycopg", "pyarrow", "pytest"]
)


def note(text: str, *, event_id: str | None = None, actor: Actor = NURSE, at: datetime = MOMENT) -> Draft:
    """A note as a draft."""
    return Draft(payload=NoteAdded(text=text), actor=actor, occurred_at=at, event_id=event_id)


def notes(store: Store, stream: str, *texts: str, now: datetime = MOMENT) -> list[Event]:
    """Notes written one by one, each in its own transaction."""
    written = []
    for text in texts:
        with store.write() as connection:
            written += ledger.append(connection, stream, [note(text)], now=now)
    return written


def rows_of(store: Store, *tables: sa.Table) -> dict[str, list[dict[str, Any]]]:
    """All rows of tables, in the order of their keys."""
    with store.read() as connection:
        return {
            table.name: [
                dict(row)
                for row in connection.execute(
                    sa.select(table).order_by(*table.primary_key.columns)
                ).mappings()
            ]
            for table in tables
        }


def fill(store: Store, now: datetime = MOMENT, cases: int = 5) -> None:
    """A small store with something in every table that is kept."""
    with store.write() as connection:
        edition = blobs.put(connection, "edition", b"rules of the day" * 50)
        said = EditionInForce(
            edition="e" * 64, rules={"a": "1"}, rules_digest="f" * 64, payers={}, payers_digest="0" * 64,
            history_digest=None, providers_digest=None, engine_version="1", files=edition,
        )  # fmt: skip
        ledger.append(connection, SYSTEM, [Draft(payload=said, actor=DOCTOR, occurred_at=now)], now=now)
        for number in range(cases):
            _fill_case(connection, f"case-{number}", number, now)
        put(connection, ACCOUNTS, now, [{"id": name, "login": name, "roles": "[]"} for name in ("u1", "u2")])
        put(connection, TOKENS, now, [{"id": "t1", "account_id": "u1", "scopes": "[]"}])
        reads = [{"account_id": "u1", "case_id": f"case-{number}"} for number in range(2)]
        put(connection, ACCESS_LOG, now, reads)
        put(connection, SAVED_FILTERS, now, [{"id": "f1", "account_id": "u1", "query": "unit=4%20West"}])
        put(connection, FEED_RUNS, now, [{"ingest_id": "i1", "outcome": "feed-unreadable"}])


def put(connection: Connection, table: sa.Table, now: datetime, rows: list[dict[str, Any]]) -> None:
    """Rows with something in every column that must be filled."""
    by_kind = {Instant: now, sa.String: "x", sa.Text: "[]", sa.Integer: 1, sa.BigInteger: 1, sa.Boolean: True}
    needed = {
        column.name: by_kind[type(column.type)]
        for column in table.columns
        if not column.nullable and column is not table.autoincrement_column
    }
    connection.execute(table.insert(), [needed | row for row in rows])


def _fill_case(connection: Connection, case_id: str, number: int, now: datetime) -> None:
    delta = blobs.put(connection, "delta", f"rows of {case_id}, with é and zeros \0".encode() * 20)
    opened = StayOpened(encounter_id=f"enc-{number}", patient_id=f"pat-{number}")
    facts = FactsReceived(ingest_id="i1", delta=delta, rows=3, visible_digest="b" * 64)
    drafts = [Draft(payload=said, actor=NURSE, occurred_at=now) for said in (opened, facts)]
    ledger.append(connection, case_id, [*drafts, note("seen by the nurse — done")], now=now)
    put(
        connection,
        STAYS,
        now,
        [{"case_id": case_id, "encounter_id": f"enc-{number}", "patient_id": f"p{number}"}],
    )
    row = {"patient_id": f"p{number}", "digest": delta, "recorded_at": now + timedelta(microseconds=7)}
    put(connection, CHART_DELTAS, now, [row])


# --- one payload of every kind ---------------------------------------------------------------------------------


def one_of_each_kind() -> list[Payload]:
    """A payload of every kind with every field filled, made from its JSON Schema."""
    return [kind.model_validate(_example(kind.model_json_schema(), kind)) for kind in KINDS.values()]


def _example(schema: dict[str, Any], kind: type[BaseModel]) -> Any:
    definitions = kind.model_json_schema().get("$defs", {})

    def made(part: dict[str, Any]) -> Any:
        if "$ref" in part:
            return made(definitions[part["$ref"].rpartition("/")[2]])
        for name in ("const", "enum"):
            if name in part:
                return part[name] if name == "const" else part[name][0]
        if "anyOf" in part:
            return made(part["anyOf"][0])
        if part.get("type") == "object":
            return {name: made(value) for name, value in part.get("properties", {}).items()}
        if part.get("type") == "array":
            items = part.get("prefixItems") or ([part["items"]] if "items" in part else [])
            return [made(one) for one in items]
        return _plain(part)

    return made(schema)


def _plain(part: dict[str, Any]) -> Any:
    if part.get("type") == "string":
        by_format = {"date-time": "2026-06-15T07:00:00.000001-04:00", "date": "2026-06-15"}
        patterns = {r"^[0-9a-f]{64}$": "a" * 64, r"^[0-9]{10}$": "1234567890"}
        return by_format.get(part.get("format", ""), patterns.get(part.get("pattern", ""), "x1"))
    return {"integer": 3, "number": 2.5, "boolean": True}.get(part.get("type", ""), 1)


# --- writers ----------------------------------------------------------------------------------------------------


def append_with_retries(store: Store, stream: str, text: str) -> int:
    """Append one note at the version last seen, as often as it takes; returns how often somebody else was first."""
    lost = 0
    seen = 0
    while True:
        try:
            with store.write() as connection:
                ledger.append(connection, stream, [note(text)], now=MOMENT, expected_version=seen)
                return lost
        except ConflictError as error:
            assert error.expected == seen
            assert len(error.changed) == min(error.found - seen, 50)
            seen = error.found
            lost += 1


def append_some(database: str, stream: str, texts: Sequence[str]) -> None:
    """What each of several processes does."""
    with open_store(database) as store:
        for text in texts:
            append_with_retries(store, stream, text)


def append_for_ever(database: str, stream: str, start: int, told: Pipe) -> None:
    """Append one event after another, and tell each id once its transaction is committed."""
    with open_store(database) as store:
        number = start
        while True:
            with store.write() as connection:
                content = f"paper {number}".encode()
                facts = FactsReceived(
                    ingest_id="i1",
                    delta=blobs.put(connection, "delta", content),
                    rows=1,
                    visible_digest="b" * 64,
                )
                drafts = [Draft(payload=facts, actor=NURSE, occurred_at=MOMENT), note(f"{number}")]
                written = ledger.append(connection, stream, drafts, now=MOMENT)
            told.send([one.event_id for one in written])
            number += 1


# --- a hand that alters -----------------------------------------------------------------------------------------


@contextmanager
def tampering(store: Store) -> Iterator[Connection]:
    """A connection of somebody who owns the database and has dropped what refuses changes."""
    with store.write() as connection:
        for table in ("events", "blobs"):
            if store.dialect == "sqlite":
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_update")
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_delete")
            else:
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_change ON {table}")
        yield connection


def everything(store: Store) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables."""
    return rows_of(store, *METADATA.sorted_tables)
