"""Small feeds made by hand, and a reader that counts what became of every record."""

from __future__ import annotations

import gzip
import itertools
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from discharge.feeds import Spool, read_feed

Json = dict[str, Any]
AS_OF = pd.Timestamp("2025-06-15T07:00", tz="UTC")
LOINC = "http://loinc.org"


def patient(name: str = "p1", **more: Any) -> Json:
    return {"resourceType": "Patient", "id": name, "gender": "female", "birthDate": "1950-02-03", **more}


def encounter(name: str = "e1", who: str = "p1", code: str = "IMP", **more: Any) -> Json:
    period = {"start": "2025-06-10T08:00:00Z"}
    subject = {"reference": f"Patient/{who}"}
    return {
        "resourceType": "Encounter",
        "id": name,
        "status": "in-progress",
        "class": {"code": code},
        "subject": subject,
        "period": period,
        **more,
    }


def observation(name: str = "o1", code: str = "8867-4", **more: Any) -> Json:
    base: Json = {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
    }
    base |= {"subject": {"reference": "Patient/p1"}, "encounter": {"reference": "Encounter/e1"}}
    base |= {"effectiveDateTime": "2025-06-10T09:00:00Z", "valueQuantity": {"value": 80, "code": "/min"}}
    return base | more


def without(resource: Json, *names: str) -> Json:
    return {key: value for key, value in resource.items() if key not in names}


@pytest.fixture
def feed(tmp_path: Path) -> Callable[..., Spool]:
    """Write resources (or raw lines) as one NDJSON file and read it; or read the paths given."""
    return reader(tmp_path)


@pytest.fixture(scope="module")
def feed_of_module(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Spool]:
    """The same, for a feed that several tests look at."""
    return reader(tmp_path_factory.mktemp("feeds"))


def reader(folder: Path) -> Callable[..., Spool]:
    """Return what reads feeds with its spools in ``folder``."""
    number = itertools.count()

    def read(*records: Any, paths: Iterable[Path] | None = None, **options: Any) -> Spool:
        turn = folder / f"turn{next(number)}"
        spool = turn / "spool"
        spool.mkdir(parents=True)
        if paths is None:
            text = b"\n".join(r if isinstance(r, bytes) else json.dumps(r).encode() for r in records) + b"\n"
            name = options.pop("name", "feed.ndjson")
            path = turn / name
            path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
            paths = [path]
        result = read_feed(list(paths), **{"as_of": AS_OF, "spool": spool, **options})
        account = result.account
        assert account.records_read == account.records_used + account.records_rejected + sum(
            account.records_not_used.values()
        )
        assert len(result.rejects()) == account.records_rejected + account.parts_rejected
        return result

    return read


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared feeds beside the checkout; tests of real feeds are left out where it is not."""
    folder = Path(os.environ.get("DISCHARGE_SHARED", Path(__file__).resolve().parents[3] / "shared"))
    feeds = folder / "data" / "feeds"
    if not feeds.is_dir():
        pytest.skip(f"no shared feeds at {feeds}; set DISCHARGE_SHARED")
    return feeds


@pytest.fixture(scope="session")
def make() -> Any:
    """The builders of resources."""

    class Make:
        patient = staticmethod(patient)
        encounter = staticmethod(encounter)
        observation = staticmethod(observation)
        without = staticmethod(without)

    return Make
