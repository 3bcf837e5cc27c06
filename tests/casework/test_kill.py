"""An ingest that is killed, again and again, and run to its end holds what an undisturbed one holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.content  # judged once, in the checkout: packaging changes nothing here

TESTS = Path(__file__).parents[1]
KILLS = 8


def test_killed_at_any_moment_nothing_is_lost_and_nothing_doubled(
    new_database: Callable[..., str], tmp_path: Path
) -> None:
    databases = [new_database(kind) for kind in ("sqlite", "sqlite", "postgresql")]  # the first undisturbed
    asked = [sys.executable, str(TESTS / "kill_driver.py"), str(KILLS), "20260615", str(tmp_path), *databases]
    done = subprocess.run(
        asked, capture_output=True, text=True, check=False, timeout=600,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert told["killed"] == KILLS
    whole, *others = told["stores"]
    assert whole["break"] is None
    assert len(whole["reviews"]) == 18
    assert max(Counter(map(tuple, whole["kinds"])).values()) == 1
    for other in others:
        assert other == whole
