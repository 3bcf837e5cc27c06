"""`discharge serve` as a process of its own: first start, sign-in, an orderly end, and being killed while it writes."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import serving
import sqlalchemy as sa
from apikit import Door, Seed, TestClient, new_key, note

from discharge.casework import ledger
from discharge.casework.state import fold
from discharge.casework.storage.engine import open_store
from discharge.casework.storage.tables import CASES
from discharge.resources import data_folder

KILLS = 8
SMALL_PACK = "social"
"""A pack that loads by itself and fast: what the server reviews with is not what is tested here."""


class Served:
    """A running server. Its standard output and error go to files beside the database."""

    def __init__(self, database: str, folder: Path, *options: str) -> None:
        self.rules = folder / "rules"
        if not self.rules.exists():
            shutil.copytree(data_folder("rules") / SMALL_PACK, self.rules / SMALL_PACK)
        self.out, self.err = folder / "out.txt", folder / "err.txt"
        self.command = [
            sys.executable, "-m", "discharge", "serve", "--database", database, "--port", "0",
            "--rules", str(self.rules), "--refresh-seconds", "0", *options,
        ]  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None
        self.url = ""
        self.start()

    def start(self) -> None:
        with self.out.open("wb") as out, self.err.open("ab") as err:
            self.process = subprocess.Popen(self.command, stdout=out, stderr=err)
        while (found := re.search(r"serving (http://\S+)/v1 ", self.out.read_text())) is None:
            assert self.process.poll() is None, self.err.read_text()
            threading.Event().wait(0.02)
        self.url = found[1]

    def kill(self, number: int) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    made: list[Served] = []

    def make(database: str, *options: str) -> Served:
        made.append(Served(database, tmp_path, *options))
        return made[-1]

    yield make
    for one in made:
        if one.process is not None and one.process.poll() is None:
            one.kill(signal.SIGKILL)


def test_the_first_start_gives_a_link_with_which_one_signs_in(
    serve: Callable[..., Served], tmp_path: Path
) -> None:
    served = serve(str(tmp_path / "new.db"))
    link = re.search(r"http://\S+/setup\?code=(\S+)", served.out.read_text())
    assert link is not None and link[0].startswith(served.url)
    with httpx.Client(base_url=f"{served.url}/v1", timeout=60) as client:
        assert client.get("/health").json()["status"] == "ok"
        assert client.get("/accounts").status_code == 401
        body = {
            "link": link[1],
            "login": "root@example.org",
            "name": "Root",
            "password": "correct horse battery",
        }
        made = client.post("/setup", json=body)
        assert made.status_code == 200, made.text
        assert made.json()["roles"] == ["administrator"] and client.get("/accounts").status_code == 200
        assert httpx.post(f"{served.url}/v1/setup", json=body, timeout=60).status_code != 200
        account = {"login": "ana", "name": "Ana", "roles": ["case_manager"]}
        assert client.post("/accounts", json=account).status_code == 403  # no CSRF token
        headers = {"X-CSRF-Token": made.json()["csrf_token"]}
        assert client.post("/accounts", json=account, headers=headers).status_code == 201
        client.get("/rules?search=Rossi")
    port = served.url.rpartition(":")[2]
    command = [*served.command[:5], str(tmp_path / "two.db"), "--port", port]
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == 2 and "give another" in second.stderr and not (tmp_path / "two.db").exists()
    assert served.kill(signal.SIGTERM) == 0
    assert served.out.read_text().rstrip().endswith("discharge: ended")
    logged = served.err.read_text()
    assert "GET health 200" in logged and "Rossi" not in logged and "code=" not in logged
    assert "Traceback" not in logged
    if os.name == "posix":
        assert (tmp_path / "new.db").stat().st_mode & 0o077 == 0


class Writer(threading.Thread):
    """Writes notes to one case, one after another, each until it is answered; never with another key."""

    def __init__(self, url: str, seed: Seed, encounter: str, tag: str) -> None:
        super().__init__(daemon=True)
        self.case_id, self.tag = seed.cases[encounter], tag
        self.url = f"{url}/v1/cases/{self.case_id}/events"
        self.bearer = f"Bearer {seed.tokens['case_manager']}"
        self.ends = threading.Event()
        self.said: list[str] = []
        self.wrong: list[str] = []
        self.replayed = self.lost = 0
        self.waits = False
        # A client of its own: reading certificates anew for each call took longer than the answer.
        limits = httpx.Limits(max_keepalive_connections=0)
        self.client = httpx.Client(verify=False, limits=limits, timeout=120)

    def run(self) -> None:
        while not self.ends.is_set() and not self.wrong:
            self.said.append(f"note {len(self.said)}")
            headers = {"Authorization": self.bearer, "If-Match": self.tag, "Idempotency-Key": new_key()}
            payloads = [note(self.said[-1]), note(self.said[-1] + " again")]
            answer = self.answered(headers, {"payloads": payloads})
            if answer.status_code != 201:
                self.wrong.append(answer.text)
                return
            self.replayed += "idempotency-replayed" in answer.headers
            self.tag = answer.headers["etag"]

    def answered(self, headers: dict[str, str], body: dict[str, Any]) -> httpx.Response:
        while True:
            self.waits = True
            try:
                return self.client.post(self.url, headers=headers, json=body)
            except httpx.TransportError:
                self.lost += 1
            finally:
                self.waits = False


@pytest.mark.content
def test_killed_at_any_moment_it_writes_everything_once(
    seeded: Callable[[str], tuple[str, Seed]], tmp_path: Path
) -> None:
    database, seed = seeded("sqlite")
    with open_store(database) as store, store.read() as connection:
        rows = connection.execute(sa.select(CASES.c.encounter_id, CASES.c.version))
        versions = {str(name): int(version) for name, version in rows}
    shutil.copytree(data_folder("rules") / SMALL_PACK, tmp_path / "rules" / SMALL_PACK)
    command = [sys.executable, str(Path(serving.__file__)), database, str(tmp_path / "rules")]
    with (tmp_path / "err.txt").open("wb") as err:
        nursery = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=err, text=True)
    assert nursery.stdout is not None
    try:
        url = f"http://127.0.0.1:{int(nursery.stdout.readline())}"
        child = int(nursery.stdout.readline())
        writers = [Writer(url, seed, name, f'"{versions[name]}"') for name in ("s1", "s2")]
        for one in writers:
            one.start()
        moments = random.Random(7)
        for _ in range(KILLS):
            done = sum(len(one.said) for one in writers)
            while sum(len(one.said) for one in writers) < done + 3 and not any(one.wrong for one in writers):
                threading.Event().wait(0.02)  # the new server answers
            threading.Event().wait(moments.uniform(0.0, 0.2))
            while not any(one.waits for one in writers) and not any(one.wrong for one in writers):
                threading.Event().wait(0.001)  # killed while it answers somebody
            os.kill(child, signal.SIGKILL)
            child = int(nursery.stdout.readline())
        for one in writers:
            one.ends.set()
        for one in writers:
            one.join(120)
            assert not one.is_alive() and not one.wrong, one.wrong
        os.kill(child, signal.SIGTERM)
        assert nursery.wait(60) == 0
    finally:
        nursery.kill()
        nursery.wait()
        nursery.stdout.close()
    assert sum(one.lost for one in writers) >= KILLS
    with open_store(database) as store, store.read() as connection:
        assert ledger.verify(connection).first_break is None
        for one in writers:
            events = ledger.events_of(connection, one.case_id)
            told = [event.payload.text for event in events if event.kind == "note_added"]
            assert told == [text for said in one.said for text in (said, f"{said} again")]
            kept = connection.scalar(sa.select(CASES.c.version).where(CASES.c.case_id == one.case_id))
            assert kept == fold(events).version == events[-1].version


@pytest.mark.content
def test_a_case_that_people_changed_is_reviewed_again_in_the_background(
    open_door: Callable[..., Door],
) -> None:
    door = open_door("sqlite", refresh_seconds=0.1)
    delivered = {"kind": "notice_delivered", "clock_id": "IM-1", "is_signed": True}
    with TestClient(door.app) as client:
        door.client = client
        assert door.record(delivered, role="case_manager").status_code == 201
        for _ in range(600):
            reviews = door.get(f"/cases/{door.case()}/reviews").json()["reviews"]
            if reviews[0]["reason"] != "new":
                break
            threading.Event().wait(0.1)
        assert reviews[0]["reason"] in ("casework", "due", "facts") and reviews[1]["reason"] == "new"
    assert not any(one.name == "discharge-refresh" for one in threading.enumerate())
