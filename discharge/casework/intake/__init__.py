"""What arrives: feeds into the store, reviews of what changed, and reviews of the past run again."""

from discharge.casework.intake.account import IngestAccount
from discharge.casework.intake.by_hand import review_by_hand
from discharge.casework.intake.feed_runs import FeedRun, feed_runs
from discharge.casework.intake.ingest import IngestSettings, ingest
from discharge.casework.intake.place import place_of
from discharge.casework.intake.refresh import refresh
from discharge.casework.intake.replay import Replay, find_case, recorded_moments, replay, what_if
from discharge.casework.intake.review_cases import ByHand, review_cases

__all__ = [
    "ByHand",
    "FeedRun",
    "IngestAccount",
    "IngestSettings",
    "Replay",
    "feed_runs",
    "find_case",
    "ingest",
    "place_of",
    "recorded_moments",
    "refresh",
    "replay",
    "review_by_hand",
    "review_cases",
    "what_if",
]
