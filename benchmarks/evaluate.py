"""Times `evaluate` in a warm process: named facts as JSON in, a review as JSON out. Prints one line of JSON.

What a service does once, loading rules and payers, is done before; `first_ms` is the first question after that.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import time
from pathlib import Path

import orjson
import pandas as pd

from discharge.packs import load_packs
from discharge.payers import load_payers
from discharge.resources import data_folder
from discharge.review import evaluate_facts

ZONE = "America/New_York"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=Path, default=Path(__file__).resolve().parent / "stay.json")
    parser.add_argument("--payer", default="original_medicare")
    parser.add_argument("--as-of", default="2026-06-15T07:00")
    parser.add_argument("--times", type=int, default=50)
    asked = parser.parse_args()
    content = asked.facts.read_bytes()
    as_of = pd.Timestamp(asked.as_of, tz=ZONE).tz_convert("UTC")
    packs, payers = (
        load_packs(data_folder("rules"), with_cases=False),
        load_payers(data_folder("payer_profiles")),
    )

    def once() -> float:
        began = time.perf_counter()
        facts = orjson.loads(content)
        found = evaluate_facts([facts], asked.payer, as_of=as_of, zone=ZONE, packs=packs, payers=payers)
        found.reviews[0].model_dump_json()
        return (time.perf_counter() - began) * 1000

    first = once()
    spent = sorted(once() for _ in range(asked.times))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures = {
        "median_ms": round(statistics.median(spent), 2),
        "first_ms": round(first, 2),
        "fastest_ms": round(spent[0], 2),
        "slowest_ms": round(spent[-1], 2),
        "times": asked.times,
        "peak_rss_mb": round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
