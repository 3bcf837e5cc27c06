"""One fact that an event charts."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, TypeAlias

from discharge.casework.state.model import Trace

Value: TypeAlias = bool | float | str | datetime


class Line(NamedTuple):
    """A fact of the catalogue, its value, and the event that says so (which also tells when)."""

    fact: str
    value: Value
    made: Trace
