"""The command line. Heavy imports wait inside the commands, so that `discharge --help` is quick.

The clock is read here and nowhere below: a missing ``--as-of`` becomes the present minute.
"""

from __future__ import annotations

from discharge.cli.entry import app, main

__all__ = ["app", "main"]
