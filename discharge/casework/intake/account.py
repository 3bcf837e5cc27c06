"""What became of a feed, in numbers."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class IngestAccount(BaseModel):
    """What became of a feed. ``records_read = used + rejected + not used``; ``stays_seen = new + changed + unchanged``.

    Stays are those of the feed's patients that are known at ``as_of``. Reviews are more than new and changed ones:
    ``reviewed`` is the sum of ``reasons``, of which ``reviewed_outside_feed`` are of patients of whom nothing came.
    """

    model_config = ConfigDict(extra="forbid")

    ingest_id: str
    as_of: str
    zone: str
    edition: str
    records_read: int
    records_used: int
    records_rejected: int
    records_not_used: dict[str, int] = Field(description="by resource type or table")
    reject_codes: dict[str, int] = Field(description="rejects by code, commonest first")
    feed_notes: list[str]
    patients_seen: int
    patients_changed: int = Field(description="of whom rows were new, other than before, or taken back")
    rows_changed: int
    encounters_rejected: int
    stays_seen: int
    stays_new: int
    stays_changed: int
    stays_unchanged: int
    stays_not_yet_known: int
    reviewed: int
    reasons: dict[str, int] = Field(description="reviews by reason: new, facts, edition, due, casework")
    reviewed_outside_feed: int

    def adds_up(self) -> bool:
        """Tell whether nothing is lost, of records and of stays."""
        records = self.records_used + self.records_rejected + sum(self.records_not_used.values())
        stays = self.stays_new + self.stays_changed + self.stays_unchanged
        return (
            records == self.records_read
            and stays == self.stays_seen
            and self.reviewed == sum(self.reasons.values())
        )
