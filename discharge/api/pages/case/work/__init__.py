"""What is to be done for a case: tasks, notices and clocks of both sides; and the days that were lost.

tasks     open and settled tasks, each with the forms that settle it
notices   notices that are owed or were given, and all clocks with pause and resume
lost      avoidable days with their price, and whose delay it was
page      all of it together
"""

from __future__ import annotations

from discharge.api.pages.case.work.page import router

__all__ = ["router"]
