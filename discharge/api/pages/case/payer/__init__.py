"""The payer's side of a case: who pays, what was asked and answered, days covered, denials, appeals, papers released.

days, picture   the stay's days and what the payer said of each, as data and as a drawing
said            what was said of one request, in order
offers          the forms that make sense now
page            all of it together
"""

from __future__ import annotations

from discharge.api.pages.case.payer.page import router

__all__ = ["router"]
