"""Writes the regional extract of providers that ships: ``discharge/reference/providers/shipped.csv``.

``python scripts/provider_extract.py FOLDER`` reads the four ``providers_*.csv.gz`` files (CMS provider files as carried
by Synthea, see ``shipped.source.yaml``) and keeps one State. Equal files give equal bytes. What it leaves out or
blanks is counted on standard output and written down in the source file by hand.
"""

from __future__ import annotations

import csv
import gzip
import math
import re
import sys
from pathlib import Path
from statistics import median

STATE = "MA"
FILES = {
    "snf": "providers_nursing.csv.gz",
    "home_health": "providers_home_health_agencies.csv.gz",
    "ltch": "providers_longterm.csv.gz",
    "hospice": "providers_hospice.csv.gz",
}
COLUMNS = ("kind", "ccn", "name", "address", "city", "state", "zip", "latitude", "longitude", "phone", "beds")
# A position this far from the middle of its three-digit ZIP area is a fault of the source's geocoding
# (places in England stand for towns of the same name).
FARTHEST_MILES = 45.0
OUT = Path(__file__).resolve().parent.parent / "discharge" / "reference" / "providers" / "shipped.csv"


def main(folder: Path) -> None:
    """Write the extract and print what became of the rows."""
    said = {"read": 0, "without CCN": 0, "same CCN twice": 0, "position left out": 0}
    kept: dict[tuple[str, str], dict[str, str]] = {}
    for kind, name in FILES.items():
        with gzip.open(folder / name, "rt", encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["state"] == STATE]
        for row in sorted(rows, key=lambda one: (one["ccn"], len(one["zip"]), one["npi"], one["zip"])):
            said["read"] += 1
            if not re.fullmatch(r"[0-9]{6}", row["ccn"]):
                said["without CCN"] += 1
            elif (kind, row["ccn"]) in kept:  # the first has the five-digit ZIP, whose city fits its street
                said["same CCN twice"] += 1
            else:
                kept[kind, row["ccn"]] = slim(kind, row)
    said["position left out"] = blank_far_positions(list(kept.values()))
    with OUT.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept[key] for key in sorted(kept))
    said["written"] = len(kept)
    print(said)


def slim(kind: str, row: dict[str, str]) -> dict[str, str]:
    """Return a row with our columns; positions to five decimals (about a metre)."""
    digits = re.sub(r"[^0-9]", "", row["phone"])[:10]
    return {
        "kind": kind,
        "ccn": row["ccn"],
        "name": " ".join(row["name"].split()),
        "address": " ".join(row["address"].split()),
        "city": " ".join(row["city"].split()),
        "state": row["state"],
        "zip": row["zip"][:5],
        "latitude": f"{float(row['lat']):.5f}" if row["lat"] else "",
        "longitude": f"{float(row['lon']):.5f}" if row["lon"] else "",
        "phone": f"{digits[:3]}-{digits[3:6]}-{digits[6:]}" if len(digits) == 10 else "",
        "beds": row["bed_count"],
    }


def blank_far_positions(rows: list[dict[str, str]]) -> int:
    """Blank positions far from the middle of their ZIP area; return how many."""
    areas: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        if row["latitude"]:
            areas.setdefault(row["zip"][:3], []).append((float(row["latitude"]), float(row["longitude"])))
    middles = {
        area: (median(at for at, _ in found), median(at for _, at in found)) for area, found in areas.items()
    }
    blanked = 0
    for row in rows:
        if (
            row["latitude"]
            and miles((float(row["latitude"]), float(row["longitude"])), middles[row["zip"][:3]])
            > FARTHEST_MILES
        ):
            row["latitude"] = row["longitude"] = ""
            blanked += 1
    return blanked


def miles(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the great-circle distance."""
    (lat1, lon1), (lat2, lon2) = (tuple(map(math.radians, place)) for place in (one, other))
    half = (
        math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 3958.8 * 2 * math.asin(math.sqrt(half))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
