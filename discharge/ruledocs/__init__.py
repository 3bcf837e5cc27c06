"""Rule packs as pages that a nurse can read: Markdown, the same bytes for the same rules."""

from discharge.ruledocs.book import pages, stale, write

__all__ = ["pages", "stale", "write"]
