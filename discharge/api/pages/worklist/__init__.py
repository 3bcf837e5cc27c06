"""The census worklist, the page that case managers open every morning.

asked    what is asked for, from the address or the form
rows     a case as a row: every word of it worked out here, none in the template
page     the page, its next rows, and search
news     what changed since the page was made
bulk     the same done to each of the selected cases
export   the list as an Excel file or CSV
saved    filters kept under a name
"""

from __future__ import annotations

from fastapi import APIRouter

from discharge.api.pages.worklist import bulk, export, news, page, saved

ROUTERS: tuple[APIRouter, ...] = tuple(one.router for one in (page, news, bulk, export, saved))
