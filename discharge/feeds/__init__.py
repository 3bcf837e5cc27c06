"""Feeds: files of a hospital -> Chart and rejects.

``read_feed`` reads FHIR R4 or tables of any size into a spool of batches; ``chart_from_tables`` makes a chart of
tables in memory; ``check_feed`` reports on a feed; ``feed_schema`` is the published schema of tabular feeds.
"""

from discharge.feeds.charts import FeedTablesError, chart_from_tables
from discharge.feeds.check import FeedReport, check_feed
from discharge.feeds.known import Known, KnownSource
from discharge.feeds.reading import FORMATS, read_feed
from discharge.feeds.rejects import CODES, RejectCode
from discharge.feeds.schema import feed_schema
from discharge.feeds.spool import Account, BatchKey, Spool

__all__ = [
    "CODES",
    "FORMATS",
    "Account",
    "BatchKey",
    "FeedReport",
    "FeedTablesError",
    "Known",
    "KnownSource",
    "RejectCode",
    "Spool",
    "chart_from_tables",
    "check_feed",
    "feed_schema",
    "read_feed",
]
