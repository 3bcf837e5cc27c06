"""The example feed is what `make run` promises: enough patients, units and payers, and small enough to ship."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from discharge.facts import extract
from discharge.feeds import read_feed
from discharge.payers import load_payers, stay_matches
from discharge.resources import data_folder

FEED = Path(__file__).parent.parent / "examples" / "feed"
AS_OF = pd.Timestamp("2026-06-15T07:00", tz="America/New_York").tz_convert("UTC")
ZONE = "America/New_York"


@pytest.fixture(scope="module")
def spool(tmp_path_factory):
    return read_feed([FEED], as_of=AS_OF, zone=ZONE, spool=tmp_path_factory.mktemp("spool"))


@pytest.mark.slow
def test_two_hundred_patients_over_eight_units_and_all_seven_profiles(spool):
    payers = load_payers(data_folder("payer_profiles"))
    profiles, units, in_house, unmatched = set(), set(), 0, 0
    for batch in spool.batches():
        chart = spool.chart(batch).as_of(AS_OF)
        facts = extract(chart, as_of=AS_OF, zone=ZONE)
        here = set(facts.values.index[facts.values["stay.is_in_house"] == 1])
        in_house += len(here)
        stays = chart.stays
        units |= set(stays.loc[stays["stay_id"].isin(here), "unit"])
        matches = {stay: match for stay, match in stay_matches(payers, facts, chart).items() if stay in here}
        profiles |= {match.profile.id for match in matches.values() if match.profile}
        unmatched += sum(match.profile is None and bool(match.reason) for match in matches.values())
    assert in_house >= 200
    assert len(units) == 8
    assert profiles == set(payers.profiles)
    assert unmatched == 31, "VA, CHIP and the uncovered newborns have no profile, and say so"


@pytest.mark.slow
def test_every_record_is_used(spool):
    account = spool.account
    assert account.records_rejected == 0
    assert account.records_read == account.records_used + sum(account.records_not_used.values())


def test_it_is_small_and_carries_its_licence():
    files = list(FEED.iterdir())
    assert sum(path.stat().st_size for path in files) < 12_000_000
    assert "MIT" in (FEED / "LICENSE").read_text("utf-8")
