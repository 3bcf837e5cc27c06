"""The real feeds: whole, counted, and with the number of hospital stays that their makers state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from discharge.feeds import Spool, check_feed

pytestmark = [pytest.mark.slow, pytest.mark.sweep, pytest.mark.content]


@pytest.mark.parametrize(
    ("name", "as_of", "stays"),
    [("mimic-iv-on-fhir-demo", "2202-01-01", 275), ("clinosim-2025", "2026-01-01", 410)],
)
def test_every_stay_is_found(
    name: str, as_of: str, stays: int, feed: Callable[..., Spool], shared: Path
) -> None:
    import pandas as pd

    spool = feed(paths=[shared / name], as_of=pd.Timestamp(as_of, tz="UTC"))
    assert spool.encounters_read == stays
    assert spool.account.records_rejected < spool.account.records_read / 500
    assert sum(len(spool.chart(batch).stays) for batch in spool.batches()) == stays
    report = check_feed(spool)
    assert report.stays == stays and not report.units.empty
