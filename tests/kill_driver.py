"""Ingests a feed of some stays into stores, killing the process that does it; prints what became of the stores.

Run by tests/casework/test_kill.py in a process of its own: each ingest is a fork of this one, which has the rules
loaded already and has started no thread.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
from intakekit import MOMENT, feed, library, take_in, written
from small_feed import ZONE, tables

import discharge.casework.intake.ingest as ingesting
from discharge.casework.ledger import all_events, verify
from discharge.casework.storage.engine import open_store
from discharge.feeds import chart_from_tables
from discharge.review import review

PATIENTS = 6  # of each of the three stays that are known at the moment


def several(folder: Path) -> Path:
    """Write the made feed several times over, with other names."""
    text = [json.dumps(one) for one in feed()]
    found = []
    for copy in range(PATIENTS):
        for line in text:
            resource = json.loads(line)
            resource["id"] += f"-{copy}"
            for name in ("subject", "encounter"):
                if name in resource:
                    resource[name]["reference"] += f"-{copy}"
            found.append(resource)
    return written(folder, found)


def reviewed_once() -> None:
    """Review the made feed in memory, so that every fork has what the first review of a process works out."""
    found = library()
    chart = chart_from_tables({name: pd.DataFrame(rows).replace("", None) for name, rows in tables().items()})
    review(chart, as_of=pd.Timestamp(MOMENT), packs=found.packs, payers=found.payers, zone=ZONE)


def started(database: str, path: Path) -> int:
    """Ingest in a fork and return its process id."""
    child = os.fork()
    if child:
        return child
    try:
        ingesting.PATIENTS_AT_ONCE = 2  # many transactions, of which a kill cuts one
        with open_store(database) as store:
            take_in(store, path)
        os._exit(0)
    except BaseException as error:  # noqa: BLE001 - told to the test by the exit code
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        os._exit(1)


def ended(child: int) -> int:
    """Return how a child ended: its exit code, or minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def content(database: str) -> dict[str, Any]:
    """Return what a store holds, without what differs between any two runs."""
    with open_store(database) as store, store.read() as connection:
        events = list(all_events(connection))
        found = verify(connection)
    encounters = {one.stream: one.payload.encounter_id for one in events if one.kind == "stay_opened"}
    return {
        "break": None if found.first_break is None else found.first_break.what,
        "kinds": sorted((encounters.get(one.stream, one.stream), one.kind) for one in events),
        "reviews": sorted(
            (encounters[one.stream], one.payload.review_digest) for one in events if one.kind == "review_run"
        ),
        "deltas": sorted(
            (encounters[one.stream], one.payload.delta) for one in events if one.kind == "facts_received"
        ),
    }


def main() -> None:
    kills, chance, folder = int(sys.argv[1]), random.Random(int(sys.argv[2])), Path(sys.argv[3])
    whole, *others = sys.argv[4:]
    path = several(folder)
    reviewed_once()
    began = time.monotonic()
    assert ended(started(whole, path)) == 0
    seconds = time.monotonic() - began
    killed = 0
    tries = 0
    while killed < kills:
        child = started(others[tries % len(others)], path)  # now one database, now the other
        tries += 1
        time.sleep(chance.uniform(0, 0.9 * seconds))
        os.kill(child, signal.SIGKILL)
        code = ended(child)
        assert code in (0, -signal.SIGKILL), code
        killed += code != 0
        if code == 0:  # the store has it all: the next one has less to do, and is killed sooner
            seconds /= 2
    for other in others:
        assert ended(started(other, path)) == 0
    stores = [content(one) for one in (whole, *others)]
    print(json.dumps({"killed": killed, "stores": stores}))


if __name__ == "__main__":
    main()
