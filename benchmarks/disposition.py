"""Does the place ranked first agree with where the patient went? Top-1 and top-2 on a feed that records it.

    python benchmarks/disposition.py --feed FOLDER --json out/bench-disposition.json

Each stay is reviewed by itself, one hour before its recorded end, so that neither the disposition nor anything later is
known. Where the patient went says what was done, not what was right. The rules were set from published sources before
this was run, and are not changed to agree with it. Deaths, departures against advice, transfers to other hospitals and
stays with no usable disposition are counted and left out.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from discharge.chart import Chart
from discharge.codes import disposition
from discharge.feeds import read_feed
from discharge.packs import load_packs
from discharge.payers import load_payers
from discharge.resources import data_folder
from discharge.review import review
from discharge.review.model import Review

ZONE = "America/New_York"
BEFORE = pd.Timedelta(hours=1)
# The recorded disposition that each place would have been coded as.
PLACES = {
    "home": "home",
    "outpatient": "home",
    "home_infusion": "home",
    "home_infusion_self": "home",
    "infusion_suite": "home",
    "long_acting": "home",
    "oral_step_down": "home",
    "behavioural_partial": "home",
    "home_health": "home_health",
    "snf": "snf",
    "irf": "irf",
    "ltch": "ltch",
    "hospice_home": "hospice",
    "hospice_inpatient": "hospice",
}
SCORED = tuple(dict.fromkeys(PLACES.values()))


@dataclass(frozen=True)
class Compared:
    """One stay: where it went, our places in order, and what kept us from settling."""

    recorded: str
    ranked: tuple[str, ...]
    recommended: str | None
    fit: str
    missing: tuple[str, ...]


def one_patient(chart: Chart, patient_id: str) -> Chart:
    """Return the rows of one patient."""
    mine = set(chart["encounters"].loc[chart["encounters"]["patient_id"] == patient_id, "encounter_id"])
    return Chart(
        {
            name: (
                table[table["patient_id"] == patient_id]
                if "patient_id" in table
                else table[table["encounter_id"].isin(mine)]
            ).reset_index(drop=True)
            for name, table in chart.tables.items()
        }
    )


def compared(feed: Path) -> Iterator[Compared | str]:
    """Yield each stay compared, or the name of why it is left out."""
    packs = load_packs(data_folder("rules"), with_cases=False)
    payers = load_payers(data_folder("payer_profiles"))
    with tempfile.TemporaryDirectory() as folder:
        spool = read_feed([feed], zone=ZONE, as_of=pd.Timestamp("2250-01-01", tz="UTC"), spool=Path(folder))
        for number in spool.batches():
            chart = spool.chart(number)
            for stay in chart.stays.itertuples(index=False):
                went = (
                    disposition(stay.discharge_disposition)
                    if isinstance(stay.discharge_disposition, str)
                    else None
                )
                if went not in SCORED or pd.isna(stay.end):
                    yield str(went)
                    continue
                moment = pd.Timestamp(stay.end) - BEFORE
                done = review(
                    one_patient(chart, stay.patient_id),
                    as_of=moment,
                    packs=packs,
                    payers=payers,
                    zone=ZONE,
                ).reviews
                mine = [one for one in done if one.encounter_id == stay.encounter_id]
                yield _compare(went, mine[0]) if mine else "not known an hour before its end"


def _compare(went: str, found: Review) -> Compared:
    ranked = [option for option in found.options if option.id in PLACES]
    places = tuple(dict.fromkeys(PLACES[option.id] for option in ranked))
    right = next((option for option in ranked if PLACES[option.id] == went), None)
    missing = _missing(found, [one.criterion for one in right.fit.because]) if right else ()
    return Compared(went, places, found.recommended, right.fit.status if right else "not shown", missing)


def _missing(found: Review, asked: list[str]) -> tuple[str, ...]:
    """Return the facts that are not charted beneath criteria that aren't met."""
    known = {finding.criterion: finding for finding in found.findings}
    facts: dict[str, None] = {}
    seen: set[str] = set()
    while asked:
        name = asked.pop()
        if name in seen or name not in known or known[name].status == "met":
            continue
        seen.add(name)
        facts |= dict.fromkeys(fact.name for fact in known[name].facts if fact.value is None)
        asked += known[name].parts
    return tuple(facts)


def table(rows: Sequence[Compared]) -> list[dict[str, object]]:
    """Return a row per recorded place, and one for all: stays, top-1, top-2, and always saying home."""
    out: list[dict[str, object]] = []
    for place in (*SCORED, "all"):
        mine = [row for row in rows if place in ("all", row.recorded)]
        if not mine:
            continue
        out.append(
            {
                "recorded": place,
                "stays": len(mine),
                "top1": sum(row.ranked[:1] == (row.recorded,) for row in mine),
                "top2": sum(row.recorded in row.ranked[:2] for row in mine),
                "always_home": sum(row.recorded == "home" for row in mine),
                "recommended": sum(row.recommended is not None for row in mine),
            }
        )
    return out


def disagreements(rows: Sequence[Compared]) -> list[tuple[tuple[str, str, str], int, list[tuple[str, int]]]]:
    """Return the commonest (recorded, ours first, fit of the recorded place) with the facts that were missing."""
    wrong = [row for row in rows if row.ranked[:1] != (row.recorded,)]
    pairs = Counter((row.recorded, (row.ranked or ("none",))[0], row.fit) for row in wrong)
    out = []
    for pair, count in pairs.most_common(8):
        facts = Counter(
            fact
            for row in wrong
            if (row.recorded, (row.ranked or ("none",))[0], row.fit) == pair
            for fact in row.missing
        )
        out.append((pair, count, facts.most_common(5)))
    return out


def main() -> None:
    """Print the table and the disagreements."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--feed", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    found = list(compared(asked.feed))
    rows = [one for one in found if isinstance(one, Compared)]
    left_out = Counter(one for one in found if isinstance(one, str))
    print(f"{len(rows)} stays compared; left out: {dict(left_out)}")
    print("| recorded | stays | first agrees | first or second agrees | always home | recommended at all |")
    print("|---|---|---|---|---|---|")
    for line in table(rows):
        print("| " + " | ".join(str(value) for value in line.values()) + " |")
    for (recorded, ours, fit), count, facts in disagreements(rows):
        why = ", ".join(f"{fact} ({times})" for fact, times in facts) or "nothing missing"
        print(f"{count} x went to {recorded}, first place {ours}; {recorded} {fit}: {why}")
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(
            json.dumps(
                {"table": table(rows), "left_out": left_out, "stays": [asdict(row) for row in rows]}, indent=1
            )
        )


if __name__ == "__main__":
    main()
