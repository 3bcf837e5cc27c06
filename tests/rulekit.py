"""A small world for tests of rules: its own facts, value sets and clocks, and packs written to a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pandas as pd

from discharge.packs import Packs, Vocabulary, load_packs, read_packs

HEAD = 'version: "2026.1.0"\ntitle: Test\nlicence: Apache-2.0\nmaintained_by: tests\n'


@dataclass(frozen=True)
class SmallFact:
    name: str
    title: str
    type: str
    unit: str | None = None


@dataclass(frozen=True)
class SmallSet:
    title: str
    prefixes: tuple[str, ...]

    def matches(self, code: str) -> bool:
        return code.startswith(self.prefixes)


_FACTS = [
    SmallFact("vitals.spo2", "Lowest SpO2", "number", "%"),
    SmallFact("vitals.heart_rate", "Heart rate", "number", "/min"),
    SmallFact("vitals.heart_rate_max", "Highest heart rate", "number", "/min"),
    SmallFact("vitals.temperature", "Temperature", "number", "Cel"),
    SmallFact("stay.inpatient_days", "Inpatient days", "number", "d"),
    SmallFact("social.lives_alone", "Lives alone", "flag"),
    SmallFact("social.has_caregiver", "Has a caregiver", "flag"),
    SmallFact("stay.service", "Service", "text"),
    SmallFact("coverage.payer_class", "Payer class", "text"),
    SmallFact("diagnosis.principal", "Principal diagnosis", "text"),
    SmallFact("diagnosis.admission", "Admission diagnosis", "text"),
    SmallFact("diagnosis.codes", "Diagnoses", "codes"),
    SmallFact("stay.admitted_at", "Admitted", "time"),
    SmallFact("stay.discharged_at", "Discharged", "time"),
]
_SETS = {
    "pneumonia": SmallSet("Pneumonia", ("J12", "J13", "J14", "J15", "J18")),
    "heart_failure": SmallSet("Heart failure", ("I50",)),
    "sepsis": SmallSet("Sepsis", ("A40", "A41")),
}
NAMES = Vocabulary({fact.name: fact for fact in _FACTS}, _SETS, frozenset({"moon", "important_message"}))


@dataclass(frozen=True)
class SmallTable:
    """Facts by name for tests; ``t`` is noon of ``day`` (UTC)."""

    values: pd.DataFrame
    t: pd.Series[Any]

    @property
    def index(self) -> pd.Index[Any]:
        return self.values.index

    def column(self, fact: str) -> Any | None:
        return self.values[fact].array if fact in self.values.columns else None

    def evidence(self, fact: str, stay_id: str) -> Sequence[Any]:
        return ()


def table(rows: Sequence[Mapping[str, Any]], day: str = "2026-02-10T12:00") -> SmallTable:
    """Return a table with one stay per mapping; a name left out is not charted."""
    index = pd.Index([f"s{place}" for place in range(len(rows))], name="stay_id")
    columns: dict[str, Any] = {}
    for fact in _FACTS:
        given = [row.get(fact.name) for row in rows]
        if fact.type in ("number", "flag"):
            columns[fact.name] = np.array([np.nan if one is None else float(one) for one in given])
        elif fact.type == "time":
            columns[fact.name] = pd.to_datetime(pd.Series(given, dtype=object), utc=True).array
        else:
            cells = np.empty(len(rows), dtype=object)
            cells[:] = given
            columns[fact.name] = cells
    moment = pd.Timestamp(day, tz="UTC")
    return SmallTable(pd.DataFrame(columns, index=index), pd.Series(moment, index=index))


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write packs: {"pack/name": body}; pack heads are added, and so are id, stage and a case where left out."""
    rules = folder / "rules"
    for name, body in files.items():
        pack, _, stem = name.partition("/")
        home = rules / pack
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "pack.yaml").exists():
            (home / "pack.yaml").write_text(f"id: {pack}\n{HEAD}", encoding="utf-8")
        text = dedent(body).strip("\n") + "\n"
        keys = [line.partition(":")[0] for line in text.splitlines()]
        head = "".join(
            f"{key}: {value}\n"
            for key, value in {"id": f"{pack}.{stem}", "title": stem, "stage": "level_of_care"}.items()
            if key not in keys
        )
        if "cases" not in keys:
            text += "cases: [{name: applies, as_of: 2026-02-10, given: {}, expect: {applies: unknown}}]\n"
        (home / f"{stem}.yaml").write_text(head + text, encoding="utf-8")
    return rules


def packs_of(folder: Path, files: Mapping[str, str]) -> Packs:
    """Write packs and load them."""
    return load_packs(write(folder, files), names=NAMES)


def faults_of(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Write packs and return what is wrong with them."""
    return [str(fault) for fault in read_packs(write(folder, files), names=NAMES)[1]]
